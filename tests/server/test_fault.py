"""Faults on purpose: what the caller gets, whether the call was executed, and which call is struck."""
import http.client
import json
import time

import simulator
from simulator import ACCOUNT, TOKEN

TUNNELS = f"/accounts/{ACCOUNT}/cfd_tunnel"


class Fault(simulator.Case):
    ENV = {"ADIT_TEST_TIME_SCALE": "200", "ADIT_TEST_SEED": "5"}

    def faults(self, *specs):
        answer = self.control("POST", "/faults", {"faults": list(specs)})
        self.assertEqual(answer.status, 200, answer.text)

    def outcome(self, method="POST", path=TUNNELS, body=None, timeout=20):
        """What one call on a connection of its own gets, in words."""
        connection = http.client.HTTPConnection(self.sim.address.hostname, self.sim.address.port, timeout=timeout)
        try:
            connection.request(method, "/client/v4" + path, json.dumps(body) if body else None,
                               {"Authorization": "Bearer " + TOKEN})
            answer = connection.getresponse()
            text = answer.read().decode()
        except (ConnectionError, http.client.HTTPException, TimeoutError) as error:
            return type(error).__name__
        finally:
            connection.close()
        kind = answer.getheader("Content-Type", "").partition(";")[0]
        shape = "json" if text.startswith("{") else "html" if text.startswith("<") else "empty" if not text else text
        retry = answer.getheader("Retry-After")
        good = shape == "json" and json.loads(text)["success"]
        return " ".join([str(answer.status), shape, kind, "success" if good else "failure"] + ([retry] if retry else []))

    def tunnels(self):
        return [t["name"] for t in self.control("GET", "/dump").json["tunnels"]]

    def test_what_the_caller_gets(self):
        table = [
            ("429", "429 json application/json failure", False),
            ("429,retry-after=7s", "429 json application/json failure 7", False),
            ("500", "500 json application/json failure", False),
            ("500,executed=yes", "500 json application/json failure", True),
            ("502,body=html", "502 html text/html failure", False),
            ("502,body=html,executed=yes", "502 html text/html failure", True),
            ("503,body=empty", "503 empty application/json failure", False),
            ("503,body=empty,executed=yes", "503 empty application/json failure", True),
            ("failure", "200 json application/json failure", False),
            ("reset", "ConnectionResetError", False),
            ("reset,executed=yes", "ConnectionResetError", True),
            ("lost", "RemoteDisconnected", True),
            ("truncated", "IncompleteRead", True),
            ("stalled,for=100s", "IncompleteRead", True),
            ("content-type", "200 json text/html success", True),
            ("drop-write", "200 json application/json success", False),
        ]
        for number, (spec, outcome, is_executed) in enumerate(table):
            with self.subTest(spec):
                self.faults(spec)
                name = f"t{number}"
                self.assertEqual(self.outcome(body={"name": name}), outcome)
                self.faults()
                self.assertEqual(name in self.tunnels(), is_executed)
                self.assertEqual(self.control("GET", "/requests").json[-1]["fault"], spec.partition(",")[0])

    def test_nobody_listens(self):
        self.faults("refused,for=100s,times=1")  # half a second here
        self.assertEqual(self.outcome(body={"name": "x"}), "ConnectionResetError")
        self.assertEqual(self.outcome(body={"name": "x"}), "ConnectionRefusedError")
        # A connection of before meets nobody either; the control calls still work on it.
        self.assertRaises(ConnectionError, self.sim.send, "GET", "/client/v4/zones", headers={"Authorization": "Bearer " + TOKEN})
        self.sim.connection = None
        until = time.monotonic() + 20
        while (outcome := self.outcome(body={"name": "x"})) == "ConnectionRefusedError" and time.monotonic() < until:
            pass
        self.assertEqual(outcome, "200 json application/json success")
        self.assertEqual(self.tunnels(), ["x"])

    def test_faults_taken_away_end_a_pause(self):
        self.control("GET", "/faults")  # opens the connection that stays
        self.faults("refused,for=24h,times=1")
        self.assertEqual(self.outcome("GET", "/zones"), "ConnectionResetError")
        self.assertEqual(self.outcome("GET", "/zones"), "ConnectionRefusedError")
        self.assertEqual(self.control("DELETE", "/faults").status, 200)
        self.assertEqual(self.outcome("GET", "/zones"), "200 json application/json success")

    def test_which_call_is_struck(self):
        table = [
            (["503,n=2"], [200, 503, 200, 200]),
            (["503,n=3+"], [200, 200, 503, 503]),
            (["503,times=2"], [503, 503, 200, 200]),
            (["503,method=PUT"], [200, 200, 200, 200]),
            (["503,path=/zon*,n=2"], [200, 503, 200, 200]),
            (["503,path=/accounts*"], [200, 200, 200, 200]),
            (["503,n=1", "500,n=2+,times=2"], [503, 500, 500, 200]),
            (["503,p=0"], [200, 200, 200, 200]),
        ]
        for specs, statuses in table:
            with self.subTest(specs):
                self.faults(*specs)
                self.assertEqual([int(self.outcome("GET", "/zones")[:3]) for _ in statuses], statuses)
        self.assertEqual(self.control("GET", "/faults").json, [{"fault": "503,p=0", "seen": 4, "hits": 0}])
        self.assertEqual(self.control("DELETE", "/faults").status, 200)
        self.assertEqual(self.control("GET", "/faults").json, [])

    def test_chance_is_seeded(self):
        def drawn(spec):
            self.faults(spec)
            return [self.outcome("GET", "/zones")[:3] for _ in range(60)]
        once = drawn("503,p=0.3,seed=1")
        self.assertEqual(drawn("503,p=0.3,seed=1"), once)
        self.assertNotEqual(drawn("503,p=0.3,seed=2"), once)
        self.assertTrue(5 < once.count("503") < 35, once)

    def list(self, page):
        answer = self.call("GET", TUNNELS + f"?is_deleted=false&per_page=1000&page={page}")
        return [t["name"] for t in answer.result], answer.json["result_info"]["total_count"]

    def test_pages(self):
        for name in "abcde":
            self.make_tunnel(name)
        order = [n for page in (1, 2, 3) for n in self.pages("small-pages=2")[page - 1][0]]
        a, b, c, d, e = order
        self.assertEqual(sorted(order), list("abcde"))
        table = [
            ("page-missing,n=1", [([], 5), ([c, d], 5), ([e], 5)]),
            ("page-missing,n=2", [([a, b], 5), ([], 5), ([e], 5)]),
            ("page-twice,n=1", [([a, b], 5), ([a, b], 5), ([e], 5)]),
            ("item-appears,n=1", [([a, b], 5), ([b, c], 6), ([e], 5)]),
            ("item-vanishes,n=1", [([a, b], 5), ([d, e], 4), ([e], 5)]),
        ]
        for spec, pages in table:
            with self.subTest(spec):
                self.assertEqual(self.pages("small-pages=2", spec), pages)

    def pages(self, *specs):
        self.faults(*specs)
        return [self.list(page) for page in (1, 2, 3)]

    def test_stale_reads(self):
        self.faults("stale,for=1h,times=1")
        self.assertEqual(self.list(1), ([], 0))  # nothing was written yet: not stale
        self.make_tunnel("a")
        self.make_tunnel("b")
        self.assertEqual(self.list(1), (["a"], 1))
        self.assertEqual(self.list(1)[1], 2)
        self.faults("stale,for=1ms")
        self.make_tunnel("c")
        self.assertIn(self.list(1)[1], (2, 3))

    def test_a_refused_record(self):
        zone = self.zone()
        self.faults("refuse-record=bad.example.com")
        body = {"type": "A", "content": "192.0.2.1", "ttl": 1}
        for name in ("bad.example.com", "bad"):
            self.assertRefused(self.call("POST", f"/zones/{zone}/dns_records", {"name": name, **body}), 400, 1004, 9005)
        good = self.make_record(zone, name="good.example.com", **body)
        batch = {"posts": [{"name": "c.example.com", **body}, {"name": "bad.example.com", **body}]}
        self.assertRefused(self.call("POST", f"/zones/{zone}/dns_records/batch", batch), 400, 1004, 9005)
        self.assertEqual([r["id"] for r in self.control("GET", "/dump").json["records"]], [good["id"]])

    def test_snapshots(self):
        self.make_tunnel("a")
        first = self.control("POST", "/snapshots").json["id"]
        before = self.control("GET", "/dump").text
        self.make_tunnel("b")
        second = self.control("POST", "/snapshots").json["id"]
        self.assertEqual(self.control("POST", "/restore", {"id": first}).status, 200)
        self.assertEqual(self.control("GET", "/dump").text, before)
        self.make_tunnel("b")
        self.assertEqual(self.control("POST", "/restore", {"id": second}).status, 200)
        self.assertEqual(self.tunnels(), ["a", "b"])
        self.assertEqual(self.control("POST", "/restore", {"id": 99}).status, 400)

    def test_what_is_no_fault(self):
        for spec in ("", "418", "503=1", "small-pages", "small-pages=0", "503,n=0", "503,n=x", "503,p=2", "503,when=now",
                     "503,retry-after=1s", "429,body=html", "stalled,for=x", "503,body=xml", "reset,executed=maybe",
                     "503,n", "503,path=zones", "refuse-record=a,n=1", "503," + "x" * 400):
            with self.subTest(spec):
                self.assertEqual(self.control("POST", "/faults", {"faults": [spec]}).status, 400)
        self.assertEqual(self.control("POST", "/faults", {"faults": ["503"] * 65}).status, 400)
        self.assertRaises(RuntimeError, simulator.Simulator, "--fault", "418")
        sim = simulator.Simulator("--fault", "503")
        self.assertEqual(sim.send("GET", "/client/v4/zones").status, 503)
        self.assertEqual(sim.stop(), 0)


if __name__ == "__main__":
    simulator.main()
