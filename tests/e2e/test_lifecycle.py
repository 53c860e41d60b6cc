"""Apply, plan again, small edits, moves, removal: what is written, in which order, and what is left alone."""

import json
import unittest

from lab import ACCOUNT, Lab, changes, gateway, route


class Lifecycle(Lab):
    def shop(self, port=8080, path="/api"):
        self.write("gateway.yaml", gateway())
        self.write("web.yaml", route("web", ["app.example.com"], [
            (path, "PathPrefix", "api", port), ("/", "PathPrefix", "web", 80)]))

    def test_apply_then_nothing_to_do(self):
        self.shop()
        plan = self.plan()
        for key in ("format_version", "resource_changes", "resource_drift", "errored", "complete", "applyable", "timestamp",
                    "lineage", "serial", "source_digest", "exposes", "hides", "losses", "refused", "calls", "digest"):
            self.assertIn(key, plan)
        self.assertEqual(plan["format_version"], "1.2")
        self.assertEqual(plan["exposes"], ["app.example.com"])
        for change in plan["resource_changes"]:
            for key in ("address", "mode", "type", "name", "provider_name", "change", "expected"):
                self.assertIn(key, change)
        result = self.apply()
        self.assertIn("Apply complete!", result.out)
        tunnel = self.tunnel("lab.edge.web")
        record = self.record("app.example.com")
        self.assertEqual(record["content"], tunnel["id"] + ".cfargotunnel.com")
        self.assertTrue(record["proxied"])
        self.assertTrue(record["comment"].startswith("adit:lab edge/web"))
        services = [r["service"] for r in self.config(tunnel)["config"]["ingress"]]
        self.assertEqual(services[:2], ["http://api.shop.svc:8080", "http://web.shop.svc:80"])
        self.assertEqual(services[-1], "http_status:404")
        self.assertIn("adit connector tunnel/edge/web", result.out)
        self.assert_no_changes()

    def test_one_port_is_one_rule_and_one_write(self):
        self.shop()
        self.apply()
        self.shop(port=9090)
        self.assertEqual(changes(self.plan()), {"rule/edge/web/app.example.com^/api(?:/|$)": ["update"]})
        self.forget_requests()
        self.assertIn("0 added, 1 changed, 0 destroyed", self.apply().out)
        self.assertEqual(len(self.writes()), 1)
        self.assert_no_changes()

    def test_one_path_is_one_rule_less_and_one_more(self):
        self.shop()
        self.apply()
        self.shop(path="/v2")
        self.assertEqual(changes(self.plan()), {
            "rule/edge/web/app.example.com^/api(?:/|$)": ["delete"],
            "rule/edge/web/app.example.com^/v2(?:/|$)": ["create"]})
        self.forget_requests()
        self.apply()
        self.assertEqual(len(self.writes()), 1)
        self.assert_no_changes()

    def native(self, *rules):
        self.write("tunnel.yaml", json.dumps({
            "apiVersion": "adit.cnap.tech/v1", "kind": "Tunnel", "metadata": {"name": "edge"},
            "spec": {"ingress": list(rules)}}))

    def test_swapped_rules_are_an_order_alone(self):
        one = {"hostname": "a.example.com", "path": "/x", "service": "http://one.default:80"}
        two = {"hostname": "a.example.com", "path": "/y", "service": "http://two.default:80"}
        self.native(one, two)
        self.apply()
        self.native(two, one)
        plan = self.plan()
        self.assertEqual(changes(plan), {"tunnel/edge": ["update"]})
        change = plan["resource_changes"][0]["change"]
        differing = [k for k in change["after"] if change["after"][k] != change["before"].get(k)]
        self.assertEqual(differing, ["rule_order"])
        self.forget_requests()
        self.apply()
        self.assertEqual(len(self.writes()), 1)
        self.assert_no_changes()

    def test_saved_plan_is_applied_once(self):
        self.shop()
        self.adit("plan", "--out", "plan.json")
        self.adit("apply", "plan.json")
        self.forget_requests()
        result = self.adit("apply", "plan.json", code=5)
        self.assertIn("stale", result.err)
        self.assertEqual(self.writes(), [])

    def test_saved_plan_that_was_edited_is_refused(self):
        self.shop()
        self.adit("plan", "--out", "plan.json")
        path = self.folder / "plan.json"
        path.write_text(path.read_text().replace("http://api.shop.svc:8080", "http://evil.shop.svc:8080"))
        self.adit("apply", "plan.json", code=4)
        self.assertEqual(self.writes(), [])

    def test_approved_digest(self):
        self.shop()
        digest = self.plan()["digest"]
        self.adit("apply", "--approve", "0" * 64, code=5)
        self.assertEqual(self.tunnels(), [])
        self.adit("apply", "--approve", digest)
        self.assertIsNotNone(self.tunnel("lab.edge.web"))

    def test_nobody_to_ask(self):
        self.shop()
        self.adit("apply", code=64)
        self.assertEqual(self.requests(), [])

    def test_remove_a_gateway(self):
        self.shop()
        self.write("second.yaml", gateway("other"), route("other", ["other.example.com"], [("/", "PathPrefix", "o", 80)],
                                                          gateway="other"))
        self.apply()
        tunnel = self.tunnel("lab.edge.other")
        self.remove("second.yaml")
        self.forget_requests()
        self.apply()
        writes = self.writes()
        kinds = ["batch" if "dns_records" in p else "config" if "configurations" in p else
                 "connections" if "connections" in p else "delete" if m == "DELETE" else "secret" for m, p in writes]
        self.assertEqual(kinds, ["batch", "config", "secret", "connections", "delete"])
        self.assertIsNone(self.record("other.example.com"))
        self.assertNotIn(tunnel["id"], [t["id"] for t in self.tunnels()])
        self.assertIsNotNone(self.record("app.example.com"))
        self.assert_no_changes()

    def test_destroy(self):
        self.shop()
        self.api("POST", f"/zones/{self.zone_id()}/dns_records",
                 {"type": "A", "name": "foreign.example.com", "content": "192.0.2.1", "ttl": 300})
        self.apply()
        result = self.adit("destroy", "--auto-approve")
        self.assertIn("Destroy complete!", result.out)
        self.assertEqual(self.tunnels(), [])
        self.assertEqual([r["name"] for r in self.records()], ["foreign.example.com"])
        self.assertEqual(self.adit("state", "list").out, "")

    def test_render_is_the_same_for_any_order_of_files(self):
        self.shop()
        first = self.adit("render", "-f", "manifests/gateway.yaml", "-f", "manifests/web.yaml").out
        second = self.adit("render", "-f", "manifests/web.yaml", "-f", "manifests/gateway.yaml").out
        self.assertEqual(first, second)
        self.assertEqual(set(json.loads(first)), {"tunnels", "cnames", "refused", "unattached"})

    def test_target(self):
        self.shop()
        self.apply("--target", "cname/app.example.com")
        self.assertIsNotNone(self.record("app.example.com"))
        self.assertEqual(len(self.config(self.tunnel("lab.edge.web"))["config"]["ingress"]) >= 3, True)

    def test_account_is_found_where_there_is_one(self):
        self.shop()
        text = (self.folder / "adit.yaml").read_text().replace(f'accountId: "{ACCOUNT}", ', "")
        (self.folder / "adit.yaml").write_text(text)
        self.apply()
        self.assertIsNotNone(self.tunnel("lab.edge.web"))


class Moves(Lab):
    def place(self, where):
        self.write("gateways.yaml", gateway("one"), gateway("two"))
        self.write("app.yaml", route("app", ["app.example.com"], [("/", "PathPrefix", "app", 80)], gateway=where))

    def check_sequence(self):
        """At no moment does the CNAME point at a tunnel without its rule."""
        rules, cname = {}, None
        for request in self.requests():
            body = request.get("body") or {}
            if isinstance(body, str):
                body = json.loads(body)
            if request["method"] == "PUT" and "configurations" in request["path"]:
                tunnel = request["path"].split("/cfd_tunnel/")[1].split("/")[0]
                rules[tunnel] = {r.get("hostname") for r in body["config"]["ingress"]}
            if request["path"].endswith("/batch"):
                for record in body.get("posts", []) + body.get("patches", []):
                    if "content" in record:
                        cname = record["content"].split(".")[0]
            if cname:
                self.assertIn("app.example.com", rules.get(cname, set()), request)

    def test_move_between_gateways(self):
        self.place("one")
        self.apply()
        old = self.tunnel("lab.edge.one")
        self.place("two")
        self.apply()
        new = self.tunnel("lab.edge.two")
        self.assertEqual(self.record("app.example.com")["content"], new["id"] + ".cfargotunnel.com")
        self.check_sequence()
        self.assertNotIn("app.example.com", [r.get("hostname") for r in self.config(old)["config"]["ingress"]])
        self.assert_no_changes()

    def test_connector_gate(self):
        self.place("one")
        self.apply()
        old, new = self.tunnel("lab.edge.one"), self.tunnel("lab.edge.two")
        self.attach(old)
        self.place("two")
        result = self.apply(code=3)
        self.assertIn("adit connector tunnel/edge/two", result.out)
        self.assertEqual(self.record("app.example.com")["content"], old["id"] + ".cfargotunnel.com")
        self.assertIn("app.example.com", [r.get("hostname") for r in self.config(old)["config"]["ingress"]])
        # one that runs an old configuration does not count
        lagging = self.attach(new, config_version=0)
        self.apply("--connector-timeout", "2s", code=3)
        self.control("DELETE", f"/tunnels/{new['id']}/connectors")
        self.attach(new)
        self.apply()
        self.assertEqual(self.record("app.example.com")["content"], new["id"] + ".cfargotunnel.com")
        self.assertNotIn("app.example.com", [r.get("hostname") for r in self.config(old)["config"]["ingress"]])
        self.assert_no_changes()
        self.assertTrue(lagging)

    def test_gate_can_be_overridden(self):
        self.place("one")
        self.apply()
        self.attach(self.tunnel("lab.edge.one"))
        self.place("two")
        self.apply("--no-connector-gate")
        new = self.tunnel("lab.edge.two")
        self.assertEqual(self.record("app.example.com")["content"], new["id"] + ".cfargotunnel.com")


if __name__ == "__main__":
    unittest.main()
