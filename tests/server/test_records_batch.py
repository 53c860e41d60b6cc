"""Many DNS records in one call: order, atomicity, the first error, sizes."""
import simulator
from simulator import NOBODY


def a(name, content="192.0.2.1", **more):
    return {"type": "A", "name": name, "content": content, "ttl": 1, **more}


class Batch(simulator.Case):
    def setUp(self):
        super().setUp()
        self.free = f"/zones/{self.zone()}/dns_records"
        self.paid = f"/zones/{self.zone('paid.example')}/dns_records"

    def batch(self, path=None, **lists):
        return self.call("POST", (path or self.free) + "/batch", lists)

    def dump(self):
        return self.control("GET", "/dump").text

    def test_all_four(self):
        made = self.batch(posts=[a("d"), a("p", comment="kept"), a("u", comment="lost")]).result
        self.assertEqual([len(made[k]) for k in ("deletes", "patches", "puts", "posts")], [0, 0, 0, 3])
        deleted, patched, put = made["posts"]
        result = self.batch(deletes=[{"id": deleted["id"]}], patches=[{"id": patched["id"], "content": "192.0.2.2"}],
                            puts=[{"id": put["id"], **a("u", "192.0.2.3")}], posts=[a("n")]).result
        self.assertEqual(result["deletes"], [deleted])
        self.assertEqual((result["patches"][0]["content"], result["patches"][0]["comment"]), ("192.0.2.2", "kept"))
        self.assertEqual((result["puts"][0]["content"], result["puts"][0]["comment"]), ("192.0.2.3", None))
        self.assertEqual(result["posts"][0]["name"], "n.example.com")
        self.assertEqual(self.names(self.call("GET", self.free)), ["n.example.com", "p.example.com", "u.example.com"])

    def test_the_order_is_fixed(self):
        old = self.batch(posts=[a("x")]).result["posts"][0]
        # The JSON says posts first; the deletion still comes first, so that a type can be swapped in one call.
        answer = self.call("POST", self.free + "/batch", {"posts": [{"type": "CNAME", "name": "x", "content": "y.example.net", "ttl": 1}],
                                                          "deletes": [{"id": old["id"]}]})
        self.assertEqual(answer.status, 200, answer.text)
        # A deleted record is gone for the lists that come later.
        gone = answer.result["posts"][0]["id"]
        self.assertRefused(self.batch(patches=[{"id": gone, "comment": "x"}], deletes=[{"id": gone}]), 404, 81044)
        # Patches free a name for the puts, puts free one for the posts.
        one, two = self.batch(posts=[a("one"), a("two")]).result["posts"]
        answer = self.batch(posts=[a("two", "192.0.2.9")], puts=[{"id": two["id"], **a("one")}], patches=[{"id": one["id"], "name": "three"}])
        self.assertEqual(answer.status, 200, answer.text)

    def test_atomic_with_the_first_error_alone(self):
        kept = self.batch(posts=[a("kept")]).result["posts"][0]
        before = self.dump()
        refused = self.batch(deletes=[{"id": kept["id"]}], posts=[a("ok"), a("bad", "nonsense"), a("worse", ttl=2)])
        self.assertRefused(refused, 400, 9005)
        self.assertEqual(len(refused.json["errors"]), 1)
        for lists in ({"deletes": [{"id": kept["id"]}, {"id": NOBODY}]}, {"patches": [{"id": kept["id"], "comment": "x"}, {"id": "nonsense"}]},
                      {"deletes": [{"id": kept["id"]}, {}]}):
            self.assertRefused(self.batch(**lists), 404, 81044)
        self.assertRefused(self.batch(posts=[a("twice"), a("twice")]), 400, 81058)
        self.assertEqual(self.dump(), before)

    def test_sizes(self):
        self.assertEqual(self.batch(posts=[a(f"n{i}") for i in range(200)]).status, 200)
        ids = [{"id": record["id"]} for record in self.call("GET", self.free + "?per_page=200").result]
        before = self.dump()
        self.assertRefused(self.batch(deletes=ids, posts=[a("one-more")]), 400, 9207)
        self.assertEqual(self.dump(), before)
        self.assertEqual(self.batch(deletes=ids).status, 200)
        self.assertRefused(self.batch(self.paid, posts=[a(f"n{i}") for i in range(3501)]), 400, 9207)
        self.assertEqual(self.batch(self.paid, posts=[a(f"n{i}") for i in range(3500)]).status, 200)
        self.assertEqual(self.call("GET", self.paid + "?per_page=5000").json["result_info"]["count"], 3500)

    def test_bad_bodies(self):
        for body in (simulator.MARKER, [], "x", None, {"posts": {}}, {"posts": "x"}, {"posts": [1]}, {"posts": [None]},
                     {"deletes": [{"id": 1}]}, {"puts": [[]]}):
            self.assertRefused(self.call("POST", self.free + "/batch", body), 400, 9207)
        for body in ({}, {"posts": []}, {"posts": None}, {"unknown": [1]}):
            answer = self.call("POST", self.free + "/batch", body)
            self.assertEqual(answer.result, {"deletes": [], "patches": [], "puts": [], "posts": []})
        self.assertRefused(self.call("PUT", self.free + "/batch", {}), 404, 7003)


if __name__ == "__main__":
    simulator.main()
