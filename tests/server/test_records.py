"""DNS records: names, contents, TTLs, proxying, comments, tags, settings, conflicts, quotas, PUT and PATCH."""
import simulator
from simulator import ACCOUNT, NOBODY, NO_TUNNEL


class Records(simulator.Case):
    def setUp(self):
        super().setUp()
        self.free, self.paid = self.zone(), self.zone("paid.example")
        self.path = f"/zones/{self.free}/dns_records"
        self.paid_path = f"/zones/{self.paid}/dns_records"

    def post(self, path=None, **body):
        return self.call("POST", path or self.path, {"type": "A", "name": "a", "content": "192.0.2.1", "ttl": 1, **body})

    def made(self, path=None, **body):
        answer = self.post(path, **body)
        self.assertEqual(answer.status, 200, answer.text)
        return answer.result

    def change(self, method, record, body):
        return self.call(method, f"/zones/{record['zone_id']}/dns_records/{record['id']}", body)


class Fields(Records):
    def test_shape(self):
        record = self.made(proxied=True, comment="hello")
        self.assertRegex(record["id"], r"^[0-9a-f]{32}$")
        self.assertRegex(record["created_on"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")
        self.assertEqual(record["modified_on"], record["created_on"])
        self.assertEqual(record["comment_modified_on"], record["created_on"])
        self.assertEqual({k: record[k] for k in ("zone_id", "zone_name", "name", "type", "content", "proxiable", "proxied", "ttl",
                                                 "comment", "tags", "settings", "meta")},
                         {"zone_id": self.free, "zone_name": "example.com", "name": "a.example.com", "type": "A",
                          "content": "192.0.2.1", "proxiable": True, "proxied": True, "ttl": 1, "comment": "hello", "tags": [],
                          "settings": {}, "meta": {}})
        self.assertNotIn("tags_modified_on", record)
        self.assertEqual(self.call("GET", f"{self.path}/{record['id']}").result, record)

    def test_defaults(self):
        record = self.call("POST", self.path, {"type": "A", "name": "a", "content": "192.0.2.1"}).result
        self.assertEqual((record["ttl"], record["proxied"], record["comment"], record["tags"]), (1, False, None, []))
        self.assertNotIn("comment_modified_on", record)

    def test_names(self):
        cases = {
            "www": "www.example.com", "www.example.com": "www.example.com", "@": "example.com", "example.com": "example.com",
            "WWW.Example.COM.": "www.example.com", "*": "*.example.com", "*.a": "*.a.example.com", "_dmarc": "_dmarc.example.com",
            "a.*.b": "a.*.b.example.com", "bücher": "xn--bcher-kva.example.com", "BÜCHER.example.com": "xn--bcher-kva.example.com",
            "notexample.com": "notexample.com.example.com", "xn--bcher-kva": "xn--bcher-kva.example.com",
            "a" * 63: "a" * 63 + ".example.com",
        }
        for name, whole in cases.items():
            record = self.made(name=name)
            self.assertEqual(record["name"], whole)
            self.call("DELETE", f"{self.path}/{record['id']}")
        for name in ("", ".", "a..b", "a b", "a" * 64, ".".join(["a" * 60] * 5), "a,b", "..", "a\nb", "ü" * 300):
            self.assertRefused(self.post(name=name), 400, 9000)

    def test_contents(self):
        cases = [
            ("AAAA", "2001:DB8:0:0:0:0:0:1", "2001:db8::1"), ("CNAME", "Target.Example.NET.", "target.example.net"),
            ("CNAME", f"{NO_TUNNEL}.cfargotunnel.com", f"{NO_TUNNEL}.cfargotunnel.com"), ("CNAME", "@", "example.com"),
            ("CNAME", "bücher.example", "xn--bcher-kva.example"), ("TXT", "v=spf1 -ALL.", "v=spf1 -ALL."), ("NS", "NS1.example.net.", "ns1.example.net"),
            ("PTR", "host.example.net", "host.example.net"),
        ]
        for index, (kind, content, stored) in enumerate(cases):
            self.assertEqual(self.made(type=kind, name=f"n{index}", content=content)["content"], stored)

    def test_bad_contents(self):
        for content in ("", "192.0.2", "192.0.2.256", "::1", "example.com", "192.0.2.1 "):
            answer = self.post(content=content)
            if content:
                self.assertRefused(answer, 400, 9005)
                self.assertEqual(answer.message, "Content for A record must be a valid IPv4 address.")
            else:
                self.assertRefused(answer, 400, 1004, 9007)
        self.assertRefused(self.post(type="AAAA"), 400, 9006)
        for content in ("192.0.2.1", "::1", "a b", "a..b", "x" * 64):
            self.assertRefused(self.post(type="CNAME", content=content), 400, 1004, 9007)
        self.assertRefused(self.post(type="CNAME", content="A.example.com."), 400, 1004, 9039)
        self.assertRefused(self.post(type="TXT", content="x" * 4097), 400, 9015)
        self.made(type="TXT", content="x" * 4096)

    def test_structured_records(self):
        cases = [
            ("CAA", {"flags": 0, "tag": "issue", "value": "letsencrypt.org"}, '0 issue "letsencrypt.org"'),
            ("SRV", {"priority": 10, "weight": 5, "port": 443, "target": "a.example.net"}, "10 5 443 a.example.net"),
            ("TLSA", {"usage": 3, "selector": 1, "matching_type": 1, "certificate": "ab"}, "3 1 1 ab"),
            ("SSHFP", {"algorithm": 4, "type": 2, "fingerprint": "ab"}, "4 2 ab"),
            ("HTTPS", {"priority": 1, "target": ".", "value": 'alpn="h2"'}, '1 . alpn="h2"'),
        ]
        for kind, data, content in cases:
            answer = self.call("POST", self.path, {"type": kind, "name": "s", "ttl": 1, "data": data})
            self.assertEqual((answer.result["content"], answer.result["data"]), (content, data))
        self.assertRefused(self.call("POST", self.path, {"type": "CAA", "name": "c", "ttl": 1, "data": {"flags": 0}}), 400, 1004, 9101)
        self.assertRefused(self.call("POST", self.path, {"type": "CAA", "name": "c", "ttl": 1}), 400, 1004, 9007)
        self.assertEqual(self.made(type="CAA", name="c", content='0 issue "x"')["content"], '0 issue "x"')

    def test_priority(self):
        self.assertEqual(self.made(type="MX", content="Mail.example.net.", priority=10)["priority"], 10)
        self.assertRefused(self.post(type="MX", name="b", content="mail.example.net"), 400, 1004, 9101)
        for priority in (-1, 65536, "x", 1.5):
            self.assertRefused(self.post(type="MX", name="b", content="mail.example.net", priority=priority), 400, 9207)
        self.assertNotIn("priority", self.made(priority=10))

    def test_ttls(self):
        for index, ttl in enumerate((1, 60, 300, 86400)):
            self.assertEqual(self.made(name=f"t{index}", ttl=ttl)["ttl"], ttl)
        for ttl in (0, 2, 30, 59, 86401, -1, 1.5, "300", 2 ** 60):
            answer = self.post(name="t", ttl=ttl)
            self.assertRefused(answer, 400, 9021)
            self.assertTrue(answer.message.startswith("Invalid TTL."))

    def test_enterprise_ttl(self):
        self.control("POST", "/zones", {"name": "big.example", "plan": "enterprise"})
        path = f"/zones/{self.zone('big.example')}/dns_records"
        self.assertEqual(self.made(path, ttl=30)["ttl"], 30)
        self.assertRefused(self.post(path, name="b", ttl=29), 400, 9021)

    def test_proxied_forces_ttl(self):
        self.assertEqual(self.made(proxied=True, ttl=300)["ttl"], 1)
        record = self.made(name="b", ttl=300)
        self.assertEqual(self.change("PATCH", record, {"proxied": True}).result["ttl"], 1)

    def test_what_can_be_proxied(self):
        for kind, content in (("TXT", "x"), ("NS", "ns.example.net"), ("PTR", "p.example.net")):
            refused = self.post(type=kind, content=content, proxied=True)
            self.assertRefused(refused, 400, 1004, 9004)
            self.assertEqual(refused.message, "DNS Validation Error")
            self.assertEqual(refused.json["errors"][0]["error_chain"][0]["message"], "This kind of record cannot be proxied")
            self.assertFalse(self.made(type=kind, name="n" + kind, content=content)["proxiable"])
        self.assertTrue(self.made(type="CNAME", content="x.example.net", proxied=True)["proxied"])
        self.assertTrue(self.made(type="AAAA", name="b", content="::1", proxied=True)["proxied"])

    def test_comments(self):
        self.assertEqual(self.made(name="b", comment="é" * 100)["comment"], "é" * 100)
        refused = self.post(comment="x" * 101)
        self.assertRefused(refused, 400, 9313)
        self.assertEqual(refused.message, "DNS record comment exceeds the maximum length of 100 characters.")
        self.assertEqual(self.made(self.paid_path, comment="x" * 500)["comment"], "x" * 500)
        self.assertRefused(self.post(self.paid_path, name="b", comment="x" * 501), 400, 9313)
        for comment in ("a\nb", "a\rb", 1, ["x"]):
            self.assertRefused(self.post(comment=comment), 400, 9207)
        self.assertIsNone(self.made(name="c", comment="")["comment"])
        self.assertIsNone(self.made(name="d", comment=None)["comment"])

    def test_tags(self):
        refused = self.post(tags=["a:b"])
        self.assertRefused(refused, 400, 1004, 9300)
        self.assertEqual(refused.json["errors"][0]["error_chain"][0]["message"], "DNS record has 1 tags, exceeding the quota of 0.")
        self.assertEqual(self.made(tags=[])["tags"], [])
        record = self.made(self.paid_path, tags=["a:b", "owner", "A:B", "x:" + "é" * 100])
        self.assertEqual(record["tags"], ["a:b", "owner", "x:" + "é" * 100])
        self.assertEqual(record["tags_modified_on"], record["created_on"])
        self.assertEqual(len(self.made(self.paid_path, name="b", tags=[f"t{i}" for i in range(20)])["tags"]), 20)
        self.assertRefused(self.post(self.paid_path, name="c", tags=[f"t{i}" for i in range(21)]), 400, 1004, 9300)
        for tag in ("", ":x", "a b", "é", "x" * 33, "cf-mine", "CF-mine:x", "x:" + "y" * 101):
            self.assertRefused(self.post(self.paid_path, name="c", tags=[tag]), 400, 1004, 9301)
        for tags in ("x", {"a": 1}, [1], [None]):
            self.assertRefused(self.post(self.paid_path, name="c", tags=tags), 400, 9207)

    def test_settings(self):
        self.assertEqual(self.made(settings={"ipv4_only": True, "unknown": 1})["settings"], {"ipv4_only": True})
        self.assertEqual(self.made(name="b", settings={"flatten_cname": True})["settings"], {})
        cname = {"type": "CNAME", "content": "x.example.net"}
        self.assertNotIn("settings", self.made(name="c", **cname))
        self.assertEqual(self.made(name="d", proxied=True, **cname)["settings"], {"flatten_cname": False})
        self.assertRefused(self.post(name="e", settings={"flatten_cname": True}, **cname), 400, 1004, 9303)
        paid = self.made(self.paid_path, name="f", settings={"flatten_cname": True}, **cname)
        self.assertEqual(paid["settings"], {"flatten_cname": True})
        # Cloudflare drops it without a word when the record is proxied.
        self.assertEqual(self.change("PATCH", paid, {"proxied": True}).result["settings"], {"flatten_cname": False})
        for settings in ([], "x", 1, {"flatten_cname": 1}, {"ipv4_only": "x"}):
            self.assertRefused(self.post(name="g", settings=settings, **cname), 400, 9207)

    def test_private_routing(self):
        self.assertTrue(self.made(private_routing=True)["private_routing"])
        self.assertNotIn("private_routing", self.made(name="b", type="TXT", content="x", private_routing=True))

    def test_bad_bodies(self):
        for body in (simulator.MARKER, [], "x", None, {}, {"type": "A"}, {"type": "SPF", "name": "a", "content": "x"},
                     {"type": 1, "name": "a", "content": "x"}, {"type": "A", "name": 1, "content": "x"},
                     {"type": "A", "name": "a", "content": {}}, {"type": "A", "name": "a", "content": "192.0.2.1", "proxied": "yes"},
                     {"type": "CAA", "name": "a", "data": []}):
            answer = self.call("POST", self.path, body)
            self.assertIn((answer.status, answer.code), ((400, 9207), (400, 9000)), (body, answer.text))
        self.assertEqual(self.call("GET", self.path).result, [])

    def test_ids(self):
        for method, body in (("GET", simulator.MARKER), ("PUT", {}), ("PATCH", {}), ("DELETE", simulator.MARKER)):
            refused = self.call(method, f"{self.path}/{NOBODY}", body)
            self.assertRefused(refused, 404, 81044)
            self.assertEqual(refused.message, "Record does not exist.")
            self.assertRefused(self.call(method, f"{self.path}/nonsense", body), 404, 7003)
        record = self.made()
        self.assertRefused(self.call("GET", f"{self.paid_path}/{record['id']}"), 404, 81044)

    def test_delete(self):
        record = self.made()
        self.assertEqual(self.call("DELETE", f"{self.path}/{record['id']}").result, {"id": record["id"]})
        self.assertRefused(self.call("DELETE", f"{self.path}/{record['id']}"), 404, 81044)


class Changes(Records):
    FULL = {"type": "A", "name": "a", "content": "192.0.2.1", "ttl": 300, "comment": "c", "tags": ["x:y"], "settings": {"ipv4_only": True}}

    def setUp(self):
        super().setUp()
        self.record = self.call("POST", self.paid_path, self.FULL).result

    def test_put_resets(self):
        after = self.change("PUT", self.record, {"type": "A", "name": "a", "content": "192.0.2.2"}).result
        self.assertEqual({k: after[k] for k in ("id", "created_on", "ttl", "proxied", "comment", "tags", "settings")},
                         {"id": self.record["id"], "created_on": self.record["created_on"], "ttl": 1, "proxied": False,
                          "comment": None, "tags": [], "settings": {}})

    def test_put_needs_the_whole(self):
        for body in ({"content": "192.0.2.2"}, {"type": "A", "content": "192.0.2.2"}, {"name": "a", "content": "192.0.2.2"}):
            self.assertIn(self.change("PUT", self.record, body).code, (9000, 9207))
        self.assertRefused(self.change("PUT", self.record, {"type": "A", "name": "a"}), 400, 1004, 9007)

    def test_patch_keeps(self):
        for body in ({"content": "192.0.2.2"}, {"comment": "d"}, {"proxied": True}, {"name": "b"}, {}):
            before = self.call("GET", f"{self.paid_path}/{self.record['id']}").result
            after = self.change("PATCH", self.record, body).result
            touched = set(body) | {"modified_on", "comment_modified_on"} | ({"ttl"} if "proxied" in body else set())
            self.assertEqual({k: v for k, v in before.items() if k not in touched},
                             {k: v for k, v in after.items() if k not in touched}, body)

    def test_patch_clears(self):
        after = self.change("PATCH", self.record, {"comment": None, "tags": []}).result
        self.assertEqual((after["comment"], after["tags"]), (None, []))
        after = self.change("PATCH", self.record, {"settings": {"ipv4_only": False}}).result
        self.assertEqual(after["settings"], {})

    def test_types_change(self):
        after = self.change("PATCH", self.record, {"type": "CNAME", "content": "x.example.net", "settings": {}}).result
        self.assertEqual((after["type"], after["content"]), ("CNAME", "x.example.net"))
        self.assertRefused(self.change("PATCH", self.record, {"type": "A"}), 400, 9005)
        after = self.change("PATCH", self.record, {"type": "CAA", "data": {"flags": 0, "tag": "issue", "value": ";"}}).result
        self.assertEqual(after["data"]["tag"], "issue")
        self.assertNotIn("data", self.change("PATCH", self.record, {"type": "TXT", "content": "x"}).result)

    def test_a_refused_change_changes_nothing(self):
        before = self.call("GET", f"{self.paid_path}/{self.record['id']}").result
        for body in ({"content": "x"}, {"ttl": 2}, {"comment": "x" * 501}, {"tags": ["cf-x"]}, {"name": ".."}, [], "x"):
            for method in ("PUT", "PATCH"):
                self.assertEqual(self.change(method, self.record, body).status, 400)
        self.assertEqual(self.call("GET", f"{self.paid_path}/{self.record['id']}").result, before)

    def test_a_record_does_not_stand_in_its_own_way(self):
        self.assertEqual(self.change("PUT", self.record, self.FULL).status, 200)
        cname = self.made(self.paid_path, type="CNAME", name="c", content="x.example.net")
        self.assertEqual(self.change("PATCH", cname, {"content": "y.example.net"}).status, 200)
        self.assertEqual(self.change("PATCH", cname, {"type": "A", "content": "192.0.2.9"}).status, 200)


class Conflicts(Records):
    def test_identical(self):
        record = self.made()
        refused = self.post(ttl=300, comment="other")
        self.assertRefused(refused, 400, 81058)
        self.assertEqual(refused.message, "An identical record already exists.")
        self.made(content="192.0.2.2")
        self.assertRefused(self.change("PATCH", record, {"content": "192.0.2.2"}), 400, 81058)
        self.made(type="TXT", content="x")
        self.assertRefused(self.post(type="TXT", content="x"), 400, 81058)

    def test_cname_against_others(self):
        self.made()
        cname = {"type": "CNAME", "content": "x.example.net"}
        refused = self.post(**cname)
        self.assertRefused(refused, 400, 81053)
        self.assertEqual(refused.message, "An A, AAAA, or CNAME record with that host already exists.")
        self.made(name="c", **cname)
        self.assertRefused(self.post(name="c", type="CNAME", content="y.example.net"), 400, 81053)
        self.assertRefused(self.post(name="c", **cname), 400, 81058)
        refused = self.post(name="c")
        self.assertRefused(refused, 400, 81054)
        self.assertTrue(refused.message.startswith("A CNAME record with that host already exists. For more details"))
        self.assertRefused(self.post(name="c", type="AAAA", content="::1"), 400, 81054)
        self.made(name="c", type="TXT", content="beside a CNAME")
        self.made(name="C.EXAMPLE.COM.", type="MX", content="m.example.net", priority=1)

    def test_ns_excludes_others(self):
        self.made(name="sub", type="NS", content="ns1.example.net")
        self.made(name="sub", type="NS", content="ns2.example.net")
        for kind, content in (("A", "192.0.2.1"), ("CNAME", "x.example.net"), ("TXT", "x")):
            self.assertRefused(self.post(name="sub", type=kind, content=content), 400, 81056)
        self.made(name="a")
        self.assertRefused(self.post(name="a", type="NS", content="ns1.example.net"), 400, 81053)
        self.made(name="t", type="TXT", content="x")
        self.assertRefused(self.post(name="t", type="NS", content="ns1.example.net"), 400, 81056)
        self.made(name="@", type="NS", content="ns1.example.net")
        self.made(name="@")

    def test_combined_length(self):
        self.made(type="TXT", content="a" * 4096)
        self.made(type="TXT", content="b" * 4096)
        self.assertRefused(self.post(type="TXT", content="c"), 400, 83011)

    def test_zones_are_apart(self):
        self.made()
        self.made(self.paid_path)


class Quota(Records):
    OPTIONS = simulator.Case.OPTIONS + ("--record-limit", "3")

    def test_quota(self):
        records = [self.made(name=f"n{i}") for i in range(3)]
        refused = self.post(name="n3")
        self.assertRefused(refused, 400, 81045)
        self.assertEqual(refused.message, "The record quota has been exceeded.")
        self.made(self.paid_path)
        self.assertEqual(self.change("PATCH", records[0], {"comment": "still"}).status, 200)
        self.change("DELETE", records[0], simulator.MARKER)
        self.made(name="n3")
        batch = self.call("POST", self.path + "/batch", {"deletes": [{"id": records[1]["id"]}], "posts": [
            {"type": "A", "name": f"m{i}", "content": "192.0.2.1", "ttl": 1} for i in range(2)]})
        self.assertRefused(batch, 400, 81045)
        self.assertEqual(len(self.call("GET", self.path).result), 3)


class FreeQuota(Records):
    def test_two_hundred(self):
        posts = [{"type": "A", "name": f"n{i}", "content": "192.0.2.1", "ttl": 1} for i in range(200)]
        self.assertEqual(self.call("POST", self.path + "/batch", {"posts": posts}).status, 200)
        self.assertRefused(self.post(), 400, 81045)


class TunnelRoutes(Records):
    def route(self, **body):
        return self.call("PUT", f"/zones/{self.free}/tunnels/{self.tunnel['id']}/routes", {"type": "dns", "user_hostname": "app.example.com", **body})

    def setUp(self):
        super().setUp()
        self.tunnel = self.make_tunnel()
        self.target = self.tunnel["id"] + ".cfargotunnel.com"

    def test_outcomes(self):
        self.assertEqual(self.route().result, {"cname": "new", "name": "app.example.com"})
        record = self.call("GET", self.path).result[0]
        self.assertEqual((record["type"], record["content"], record["proxied"]), ("CNAME", self.target, True))
        self.assertEqual(self.route().result, {"cname": "unchanged", "name": "app.example.com"})
        self.change("PATCH", record, {"content": "elsewhere.example.net"})
        refused = self.route()
        self.assertRefused(refused, 400, 1003)
        self.assertEqual(refused.message, "An A, AAAA, or CNAME record with that host already exists.")
        self.assertEqual(self.route(overwrite_existing=True).result, {"cname": "updated", "name": "app.example.com"})
        self.assertEqual([r["content"] for r in self.call("GET", self.path).result], [self.target])

    def test_overwrites_addresses(self):
        self.made(name="app")
        self.made(name="app", content="192.0.2.2")
        self.made(name="app", type="TXT", content="stays")
        self.assertRefused(self.route(), 400, 1003)
        self.assertEqual(self.route(overwrite_existing=True).status, 200)
        self.assertEqual([r["type"] for r in self.call("GET", self.path).result], ["CNAME", "TXT"])

    def test_refusals(self):
        self.assertRefused(self.route(type="lb"), 400, 1101)
        self.assertRefused(self.route(user_hostname=""), 400, 1101)
        self.assertRefused(self.route(user_hostname=".."), 400, 9000)
        self.assertRefused(self.call("PUT", f"/zones/{self.free}/tunnels/{NO_TUNNEL}/routes", {"type": "dns", "user_hostname": "a"}), 404, 1003)
        self.call("DELETE", f"/accounts/{ACCOUNT}/cfd_tunnel/{self.tunnel['id']}")
        self.assertRefused(self.route(), 404, 1003)


if __name__ == "__main__":
    simulator.main()
