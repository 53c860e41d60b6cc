"""What others change: drift, conflicts, takeovers, zones that vanish, keys set by hand, losses."""

import json
import unittest

from lab import ACCOUNT, Lab, changes, gateway, route


class Drift(Lab):
    def setUp(self):
        super().setUp()
        self.write("gateway.yaml", gateway())
        self.write("web.yaml", route("web", ["app.example.com", "b.example.com"], [("/", "PathPrefix", "web", 80)]))
        self.apply()
        self.tunnel_before = self.tunnel("lab.edge.web")

    def patch_record(self, name, body):
        record = self.record(name)
        self.api("PATCH", f"/zones/{self.zone_id()}/dns_records/{record['id']}", body)

    def test_no_drift(self):
        self.assertIn("No drift", self.adit("drift").out)

    def test_three_edits_are_named_and_restored(self):
        self.patch_record("app.example.com", {"proxied": False})
        config = self.config(self.tunnel_before)["config"]
        for rule in config["ingress"]:
            if rule.get("hostname") == "app.example.com" and rule["service"].startswith("http://"):
                rule["service"] = "http://elsewhere.example:1"
        self.put_config(self.tunnel_before, config)
        self.api("PATCH", f"/accounts/{ACCOUNT}/cfd_tunnel/{self.tunnel_before['id']}", {"name": "renamed-by-hand"})
        drift = {d["address"]: d["fields"] for d in self.adit("drift", "--output", "json", code=2).json()["drift"]}
        self.assertEqual(drift["tunnel/edge/web"], ["name"])
        self.assertEqual(drift["rule/edge/web/app.example.com"], ["service"])
        self.assertIn("proxied", drift["cname/app.example.com"])
        self.assertEqual(len(drift), 3)
        self.apply()
        self.assertIsNotNone(self.tunnel("lab.edge.web"))
        self.assertTrue(self.record("app.example.com")["proxied"])
        self.assert_no_changes()

    def test_refresh_only_accepts_drift(self):
        self.patch_record("app.example.com", {"proxied": False})
        self.forget_requests()
        self.apply("--refresh-only")
        self.assertEqual(self.writes(), [])
        self.adit("drift")
        self.assertEqual(changes(self.plan()), {"cname/app.example.com": ["update"]})

    def test_deleted_tunnel_is_made_anew(self):
        self.api("DELETE", f"/accounts/{ACCOUNT}/cfd_tunnel/{self.tunnel_before['id']}")
        result = self.apply()
        new = self.tunnel("lab.edge.web")
        self.assertNotEqual(new["id"], self.tunnel_before["id"])
        self.assertEqual(self.record("app.example.com")["content"], new["id"] + ".cfargotunnel.com")
        self.assertIn("need the new token", result.out)
        self.assert_no_changes()

    def test_deleted_record_is_made_anew(self):
        record = self.record("app.example.com")
        self.api("DELETE", f"/zones/{self.zone_id()}/dns_records/{record['id']}")
        self.assertIn("cname/app.example.com", self.adit("drift", code=2).out)
        self.apply()
        self.assertIsNotNone(self.record("app.example.com"))
        self.assert_no_changes()

    def test_mark_taken_off_is_drift_and_still_ours(self):
        self.patch_record("app.example.com", {"comment": "nice record"})
        self.adit("drift", code=2)
        self.apply()
        self.assertEqual(self.record("app.example.com")["comment"], "adit:lab edge/web nice record")
        self.assert_no_changes()

    def test_another_owners_mark(self):
        self.patch_record("app.example.com", {"comment": "adit:blog edge/web"})
        self.assertIn("project blog", self.apply(code=4).out)
        self.write("web.yaml", route("web", ["b.example.com"], [("/", "PathPrefix", "web", 80)]))
        self.apply()
        self.assertIsNotNone(self.record("app.example.com"))
        self.assertNotIn("app.example.com", self.adit("state", "list").out)

    def test_another_tools_mark(self):
        self.patch_record("app.example.com", {"comment": "external-dns: owner=prod", "content": "other.example.net"})
        self.assertIn("external-dns", self.apply(code=4).out)
        self.write("web.yaml", route("web", ["b.example.com"], [("/", "PathPrefix", "web", 80)]))
        self.assertIn("owner's mark by now (external-dns)", self.apply().err)
        self.assertEqual(self.record("app.example.com")["content"], "other.example.net")
        self.assertNotIn("app.example.com", self.adit("state", "list").out)

    def test_a_record_of_another_type_is_not_deleted(self):
        self.patch_record("app.example.com", {"type": "A", "content": "192.0.2.9", "comment": "mine now"})
        self.write("web.yaml", route("web", ["b.example.com"], [("/", "PathPrefix", "web", 80)]))
        self.assertIn("a record of type A by now", self.apply().err)
        self.assertEqual(self.record("app.example.com")["content"], "192.0.2.9")
        self.assertNotIn("app.example.com", self.adit("state", "list").out)

    def test_another_tools_words_beside_our_mark(self):
        comment = "adit:lab edge/web external-dns: owner=prod"
        self.patch_record("app.example.com", {"comment": comment, "content": "other.example.net"})
        self.apply("--no-connector-gate")
        self.assertEqual(self.record("app.example.com")["comment"], comment)
        self.assert_no_changes()

    def test_unknown_keys_survive(self):
        config = self.config(self.tunnel_before)["config"]
        config["warp-routing"] = {"enabled": True}
        config["x-by-hand"] = {"keep": ["me", 1]}
        self.put_config(self.tunnel_before, config)
        self.assertIn("No changes", self.adit("plan").out)
        self.write("web.yaml", route("web", ["app.example.com", "b.example.com"], [("/", "PathPrefix", "web", 81)]))
        self.apply()
        after = self.config(self.tunnel("lab.edge.web"))["config"]
        self.assertEqual(after["warp-routing"], {"enabled": True})
        self.assertEqual(after["x-by-hand"], {"keep": ["me", 1]})

    def test_ignored_drift(self):
        self.project(extra="  ignore:\n  - {address: 'cname/app.*', field: proxied, reason: test}\n")
        self.patch_record("app.example.com", {"proxied": False})
        self.adit("drift")
        self.assertIn("No changes", self.adit("plan").out)

    def test_foreign_rule_is_drift_and_a_loss(self):
        config = self.config(self.tunnel_before)["config"]
        config["ingress"].insert(0, {"hostname": "hand.example.com", "service": "http://hand.example:80"})
        self.put_config(self.tunnel_before, config)
        result = self.apply(code=4)
        self.assertIn("hand.example.com", result.out)
        self.apply("--allow-loss", "hand.example.com")
        hosts = [r.get("hostname") for r in self.config(self.tunnel_before)["config"]["ingress"]]
        self.assertNotIn("hand.example.com", hosts)

    def test_state_rebuild(self):
        before = json.loads(self.adit("state", "pull").out)
        self.store.lose()
        self.adit("state", "rebuild")
        after = json.loads(self.adit("state", "pull").out)
        self.assertEqual([r["address"] for r in after["resources"]], [r["address"] for r in before["resources"]])
        self.assert_no_changes()

    def test_state_lost_without_rebuild(self):
        self.store.lose()
        self.forget_requests()
        self.apply()
        self.assertEqual(self.writes(), [])
        self.assert_no_changes()

    def test_orphans(self):
        self.store.lose()
        self.write("web.yaml", route("web", ["app.example.com"], [("/", "PathPrefix", "web", 80)]))
        result = self.adit("plan", code=4)  # without a state, its rule counts as somebody else's
        self.assertIn("cname/b.example.com", result.out)
        self.apply("--allow-loss", "b.example.com")
        self.assertIsNotNone(self.record("b.example.com"))
        self.apply("--prune-orphans")
        self.assertIsNone(self.record("b.example.com"))


class Conflicts(Lab):
    def setUp(self):
        super().setUp()
        self.write("gateway.yaml", gateway())
        self.write("web.yaml", route("web", ["app.example.com", "b.example.com"], [("/", "PathPrefix", "web", 80)]))

    def foreign(self, **record):
        body = {"name": "app.example.com", "ttl": 300, "type": "A", "content": "192.0.2.7"}
        body.update(record)
        return self.api("POST", f"/zones/{self.zone_id()}/dns_records", body)

    def test_conflict_writes_nothing(self):
        self.foreign()
        before = self.dump()
        result = self.apply(code=4)
        self.assertIn("cname/app.example.com", result.out)
        self.assertIn("--adopt", result.out)
        self.assertEqual(self.dump(), before)

    def test_keep_going_holds_the_contested_hostname(self):
        record = self.foreign()
        self.apply("--keep-going", code=3)
        self.assertEqual(self.record("app.example.com")["id"], record["id"])
        self.assertIsNotNone(self.record("b.example.com"))

    def test_adopt_an_address_record(self):
        self.foreign()
        self.assertIn("taken over", self.adit("plan", "--adopt", "cname/app.example.com").out)
        self.apply("--adopt", "cname/app.example.com", "--no-connector-gate")
        self.assertEqual(self.record("app.example.com")["type"], "CNAME")
        self.assert_no_changes()

    def test_adopt_a_cname_keeps_its_comment(self):
        record = self.foreign(type="CNAME", content="shop.example.net", comment="old shop")
        self.apply("--adopt", "cname/app.*", "--no-connector-gate")
        after = self.record("app.example.com")
        self.assertEqual(after["id"], record["id"])
        self.assertEqual(after["comment"], "adit:lab edge/web old shop")
        self.assert_no_changes()

    def test_others_are_untouched(self):
        self.foreign(name="mail.example.com")
        self.foreign(name="txt.example.com", type="TXT", content="hello", comment="mine")
        other = self.api("POST", f"/accounts/{ACCOUNT}/cfd_tunnel", {"name": "other.tunnel", "config_src": "cloudflare"})
        self.put_config(other, {"ingress": [{"service": "http_status:403"}]})
        mine = {"mail.example.com", "txt.example.com"}
        records = [r for r in self.records() if r["name"] in mine]
        tunnel, config = self.tunnel("other.tunnel"), self.config(other)
        self.apply()
        self.write("web.yaml", route("web", ["b.example.com"], [("/", "PathPrefix", "web", 80)]))
        self.apply()
        self.adit("destroy", "--auto-approve")
        self.assertEqual([r for r in self.records() if r["name"] in mine], records)
        self.assertEqual(self.tunnel("other.tunnel"), tunnel)
        self.assertEqual(self.config(other), config)


class Visibility(Lab):
    def test_zone_that_cannot_be_seen_any_more(self):
        self.write("gateway.yaml", gateway())
        self.write("web.yaml", route("web", ["a.example.com", "a.example.net"], [("/", "PathPrefix", "web", 80)]))
        self.apply()
        everything = ["tunnel:write", "dns:write", "zone:read", "account:read"]
        self.control("POST", "/tokens", {"token": "narrow", "permissions": everything, "zones": ["example.com"]})
        narrow = {"LAB_TOKEN": "narrow"}
        result = self.adit("plan", env=narrow, code=1)
        self.assertIn("a.example.net", result.err + result.out)
        self.write("web.yaml", route("web", ["a.example.com"], [("/", "PathPrefix", "web", 80)]))
        self.adit("apply", "--auto-approve", env=narrow, code=1)
        self.assertIn("cname/a.example.net", self.adit("state", "list").out)
        self.assertIsNotNone(self.record("a.example.net", "example.net"))

    def test_missing_permissions_are_named(self):
        self.write("gateway.yaml", gateway())
        self.write("web.yaml", route("web", ["a.example.com"], [("/", "PathPrefix", "web", 80)]))
        self.control("POST", "/tokens", {"token": "blind", "permissions": ["tunnel:read", "zone:read", "account:read"]})
        self.assertIn("Zone: DNS", self.adit("plan", env={"LAB_TOKEN": "blind"}, code=1).err)
        self.control("POST", "/tokens", {"token": "reader", "permissions": ["tunnel:read", "dns:read", "zone:read",
                                                                           "account:read"]})
        self.adit("plan", env={"LAB_TOKEN": "reader"})
        result = self.adit("apply", "--auto-approve", env={"LAB_TOKEN": "reader"}, code=1)
        self.assertIn("Account: Cloudflare Tunnel: Edit", result.out + result.err)


class Losses(Lab):
    def live_rule(self):
        return next(r for r in self.config(self.tunnel("lab.edge.web"))["config"]["ingress"]
                    if r.get("hostname") == "app.example.com" and r.get("path", "").startswith("^/api"))

    def setUp(self):
        super().setUp()
        self.write("gateway.yaml", gateway())
        self.rule = {"matches": [{"path": {"type": "PathPrefix", "value": "/api"}}],
                     "backendRefs": [{"name": "api", "port": 80}]}
        self.write("web.yaml", route("web", ["app.example.com"], [self.rule]))
        self.apply()
        self.before = self.live_rule()

    def refused(self):
        self.write("web.yaml", route("web", ["app.example.com"], [self.rule]))
        result = self.apply(code=4)
        self.assertIn("app.example.com^/api", result.out)
        self.assertIn("--allow-loss", result.out)
        self.assertEqual(self.live_rule(), self.before)
        return result

    def test_header_match(self):
        self.rule["matches"][0]["headers"] = [{"name": "x-beta", "value": "1"}]
        self.refused()
        self.apply("--allow-loss", "app.example.com")

    def test_filter(self):
        self.rule["filters"] = [{"type": "RequestHeaderModifier", "requestHeaderModifier": {"remove": ["x"]}}]
        self.refused()

    def test_removed_route_is_no_loss(self):
        self.write("web.yaml", route("other", ["b.example.com"], [("/", "PathPrefix", "web", 80)]))
        self.apply()


class Guards(Lab):
    def test_max_deletes(self):
        hosts = [f"h{i}.example.com" for i in range(12)]
        self.write("gateway.yaml", gateway())
        self.write("web.yaml", route("web", hosts, [("/", "PathPrefix", "web", 80)]))
        self.apply()
        self.write("web.yaml", route("web", hosts[:1], [("/", "PathPrefix", "web", 80)]))
        result = self.apply(code=4)
        for override in ("--max-deletes 11", "--max-delete-percent", "--max-rule-percent"):
            self.assertIn(override, result.out)
        self.assertEqual(len(self.records()), 12)
        self.apply("--max-deletes", "11", "--max-delete-percent", "100", "--max-rule-percent", "100")
        self.assertEqual(len(self.records()), 1)

    def test_live_connectors(self):
        self.write("gateway.yaml", gateway("one"), gateway("two"))
        self.write("a.yaml", route("a", ["a.example.com"], [("/", "PathPrefix", "a", 80)], gateway="one"))
        self.apply()
        self.attach(self.tunnel("lab.edge.two"))
        self.write("gateway.yaml", gateway("one"))
        self.assertIn("--allow-live-connectors", self.apply(code=4).out)
        self.apply("--allow-live-connectors")
        self.assertIsNone(self.tunnel("lab.edge.two"))

    def test_protected(self):
        self.write("gateway.yaml", gateway())
        self.write("a.yaml", route("a", ["a.example.com"], [("/", "PathPrefix", "a", 80)]),
                   route("b", ["b.example.com"], [("/", "PathPrefix", "b", 80)],
                         annotations={"adit.cnap.tech/protect": "true"}))
        self.apply()
        self.write("a.yaml", route("a", ["a.example.com"], [("/", "PathPrefix", "a", 80)]))
        self.assertIn("protected", self.apply(code=4).out)
        self.assertIsNotNone(self.record("b.example.com"))


if __name__ == "__main__":
    unittest.main()
