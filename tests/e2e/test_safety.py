"""What must never happen: what is not seen, contested, excluded or somebody else's is not changed, nor what depends on it."""

import json
import re
import unittest

from lab import ACCOUNT, Lab, changes, gateway, route


class Hidden(Lab):
    """Hostnames whose records cannot be read."""

    def setUp(self):
        super().setUp()
        self.write("gateways.yaml", gateway("one"), gateway("two"))
        self.place("one")
        self.write("other.yaml", route("other", ["o.example.com"], [("/", "PathPrefix", "other", 80)], gateway="two"))
        self.apply()
        self.control("POST", "/tokens", {"token": "narrow", "zones": ["example.com"],
                                         "permissions": ["tunnel:write", "dns:write", "zone:read", "account:read"]})

    def place(self, where):
        self.write("app.yaml", route("app", ["a.example.com", "a.example.net"], [("/", "PathPrefix", "app", 80)],
                                     gateway=where))

    def narrow(self, *arguments, code=1):
        return self.adit("apply", "--auto-approve", *arguments, env={"LAB_TOKEN": "narrow"}, code=code)

    def hostnames(self, name):
        return [r.get("hostname") for r in self.config(self.tunnel(name))["config"]["ingress"]]

    def test_rules_stay_where_an_unseen_record_may_point(self):
        self.place("two")
        self.narrow()
        self.assertIn("a.example.net", self.hostnames("lab.edge.one"))
        self.assertNotIn("a.example.com", self.hostnames("lab.edge.one"))
        self.apply()
        self.assertNotIn("a.example.net", self.hostnames("lab.edge.one"))
        self.assert_no_changes()

    def test_a_tunnel_stays_that_an_unseen_record_may_point_at(self):
        self.write("gateways.yaml", gateway("two"))
        self.remove("app.yaml")
        self.narrow()
        self.assertIsNotNone(self.tunnel("lab.edge.one"))
        self.assertIn("a.example.net", self.hostnames("lab.edge.one"))
        self.assertIsNone(self.record("a.example.com"))
        self.apply()
        self.assertIsNone(self.tunnel("lab.edge.one"))

    def test_a_tunnel_stays_when_its_unseen_hostname_moves(self):
        self.write("gateways.yaml", gateway("two"))
        self.place("two")
        self.narrow()
        self.assertIsNotNone(self.tunnel("lab.edge.one"))
        self.assertIn("a.example.net", self.hostnames("lab.edge.one"))


class Contested(Lab):
    def test_keep_going_leaves_the_tunnel_of_a_contested_hostname(self):
        self.write("gateways.yaml", gateway("one"), gateway("two"))
        self.write("app.yaml", route("app", ["a.example.com", "b.example.com"], [("/", "PathPrefix", "app", 80)], gateway="one"))
        self.apply()
        record = self.record("a.example.com")
        self.api("PATCH", f"/zones/{self.zone_id()}/dns_records/{record['id']}", {"comment": "adit:blog edge/web"})
        self.write("gateways.yaml", gateway("two"))
        self.write("app.yaml", route("app", ["a.example.com", "b.example.com"], [("/", "PathPrefix", "app", 80)], gateway="two"))
        self.apply("--keep-going", code=3)
        self.assertIsNotNone(self.tunnel("lab.edge.one"))
        self.assertIn("a.example.com", [r.get("hostname") for r in self.config(self.tunnel("lab.edge.one"))["config"]["ingress"]])

    def test_another_owners_mark_is_drift(self):
        self.write("gateway.yaml", gateway())
        self.write("app.yaml", route("app", ["a.example.com"], [("/", "PathPrefix", "app", 80)]))
        self.apply()
        record = self.record("a.example.com")
        self.api("PATCH", f"/zones/{self.zone_id()}/dns_records/{record['id']}", {"comment": "adit:blog edge/web"})
        self.assertIn("cname/a.example.com", self.adit("drift", code=2).out)

    def test_a_locally_configured_tunnel_of_the_name(self):
        made = self.api("POST", f"/accounts/{ACCOUNT}/cfd_tunnel", {"name": "lab.edge.web", "config_src": "local"})
        self.write("gateway.yaml", gateway())
        self.write("app.yaml", route("app", ["a.example.com"], [("/", "PathPrefix", "app", 80)]))
        self.forget_requests()
        result = self.apply(code=4)
        self.assertIn("tunnel/edge/web", result.out)
        self.assertEqual(self.writes(), [])
        self.apply("--adopt", "tunnel/edge/web")
        self.assertEqual(self.tunnel("lab.edge.web")["id"], made["id"])
        self.assert_no_changes()


class Urls(Lab):
    def recorded(self):
        return b"".join(path.read_bytes() for path in sorted(self.folder.rglob("state.db*")))

    def test_a_refused_url_leaves_nothing_in_the_state(self):
        self.write("gateway.yaml", gateway())
        self.apply()
        before = self.recorded()
        self.adit("plan", "--url", "https://user:TOPSECRET@127.0.0.1:1", "--account-id", ACCOUNT, code=64)
        self.assertEqual(self.recorded(), before)
        text = (self.folder / "adit.yaml").read_text()
        (self.folder / "adit.yaml").write_text(re.sub(r"http://127[^\s,}\"']*", "https://evil.example/v4", text))
        self.adit("plan", code=1)
        self.assertEqual(self.recorded(), before)


class Refused(Lab):
    """--keep-going, with documents that cannot be read."""

    POLICY = """\
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: SecurityPolicy
metadata: {name: auth, namespace: shop}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: app}]
"""
    SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: app, namespace: shop}
spec: {type: ExternalName, externalName: x.example.org, ports: [{port: %s}]}
"""

    def setUp(self):
        super().setUp()
        self.write("gateway.yaml", gateway())
        self.write("app.yaml", route("app", ["a.example.com"], [("/", "PathPrefix", "app", 80)]))

    def served(self):
        return {r.get("hostname"): r["service"] for r in self.config(self.tunnel("lab.edge.web"))["config"]["ingress"]}

    def test_what_a_broken_policy_closed_stays_closed(self):
        for broken in ("  jwt: {a: 1, a: 2}\n", "  jwt: [\n", "  jwt: *nope\n"):
            self.write("policy.yaml", self.POLICY)
            self.apply()
            self.assertEqual(self.served()["a.example.com"], "http_status:500")
            before = self.dump()
            self.write("policy.yaml", self.POLICY + broken)
            result = self.apply("--keep-going", code=3)
            self.assertIn("every rule and CNAME stays", result.err)
            self.assertEqual(self.dump(), before)

    def test_what_a_broken_service_closed_stays_closed(self):
        self.write("service.yaml", self.SERVICE % 80)
        self.apply()
        before = self.dump()
        self.write("service.yaml", self.SERVICE % "[]")
        self.apply("--keep-going", code=3)
        self.assertEqual(self.dump(), before)

    def test_nothing_new_is_opened(self):
        self.write("policy.yaml", self.POLICY + "  jwt: [\n")
        self.apply("--keep-going", code=3)
        self.assertEqual(self.records(), [])
        self.assertNotIn("a.example.com", self.served() if self.tunnels() else {})

    def test_a_broken_route_holds_its_own_alone(self):
        self.apply()
        self.write("other.yaml", route("other", ["b.example.com"], [("/", "PathPrefix", "other", 80)]))
        self.write("app.yaml", route("app", ["a.example.com"], [("nonsense", "PathPrefix", "app", 80)]))
        self.apply("--keep-going", code=3)
        self.assertEqual(self.served()["a.example.com"], "http://app.shop.svc:80")
        self.assertEqual(self.served()["b.example.com"], "http://other.shop.svc:80")


class Names(Lab):
    extra = '  tunnelName: "{project}.{gateway}"\n'

    def test_a_tunnel_is_not_made_anothers_by_its_name(self):
        self.write("gateway.yaml", gateway())
        self.write("app.yaml", route("app", ["a.example.com"], [("/", "PathPrefix", "app", 80)]))
        self.apply()
        before = self.dump()
        self.write("gateway.yaml", gateway().replace("namespace: edge", "namespace: net"))
        self.write("app.yaml", route("app", ["a.example.com"], [("/", "PathPrefix", "app", 80)]).replace('"edge"', '"net"'))
        result = self.apply(code=4)
        self.assertIn("state mv tunnel/edge/web tunnel/net/web", result.out + result.err)
        self.assertEqual(self.dump(), before)
        self.adit("state", "mv", "tunnel/edge/web", "tunnel/net/web")
        self.apply()
        self.assertEqual(len(self.tunnels()), 1)
        self.assert_no_changes()


class Wildcards(Lab):
    def tunnels_with(self, one, two):
        self.write("tunnels.yaml", *(json.dumps({
            "apiVersion": "adit.cnap.tech/v1", "kind": "Tunnel", "metadata": {"name": name},
            "spec": {"ingress": [dict(zip(("hostname", "path", "service"), rule)) if len(rule) == 3 else
                                 dict(zip(("hostname", "service"), rule)) for rule in rules]}}) + "\n"
            for name, rules in (("one", one), ("two", two))))

    def rules(self, name):
        return [(r.get("hostname"), r.get("path", "")) for r in self.config(self.tunnel(name))["config"]["ingress"]]

    def test_a_wildcard_that_waits_keeps_no_rule_of_a_hostname_that_stays(self):
        web = "http://web.default:80"
        exact = ("x.apps.example.com", web)
        secret = ("x.apps.example.com", "/admin", web)
        wildcard = ("*.apps.example.com", web)
        self.tunnels_with([secret, exact, wildcard], [("b.example.com", web)])
        self.apply()
        self.attach(self.tunnel("lab.one"))
        self.tunnels_with([exact], [("b.example.com", web), wildcard])
        self.apply("--connector-timeout", "2s", code=3)
        rules = self.rules("lab.one")
        self.assertIn(("*.apps.example.com", ""), rules)
        self.assertEqual([path for host, path in rules if host == "x.apps.example.com"], [""])
        self.attach(self.tunnel("lab.two"))
        self.apply()
        self.assertNotIn(("*.apps.example.com", ""), self.rules("lab.one"))
        self.assert_no_changes()


class Zones(Lab):
    zones = ["example.com"]

    def test_a_zone_of_its_own_for_a_subdomain(self):
        self.write("gateway.yaml", gateway())
        self.write("app.yaml", route("app", ["a.sub.example.com"], [("/", "PathPrefix", "app", 80)]))
        self.apply()
        self.control("POST", "/zones", {"name": "sub.example.com", "account": ACCOUNT})
        result = self.apply(code=4)
        self.assertIn("--allow-moved-zone", result.out)
        self.apply("--allow-moved-zone")
        self.assertIsNotNone(self.record("a.sub.example.com", "sub.example.com"))
        self.assert_no_changes()


class Selection(Lab):
    def setUp(self):
        super().setUp()
        self.write("gateway.yaml", gateway())
        self.write("app.yaml", route("app", ["a.example.com", "b.example.com"], [("/", "PathPrefix", "app", 80)]))

    def test_a_tunnel_alone(self):
        result = self.apply("--target", "tunnel/edge/web")
        self.assertIn("1 added, 0 changed, 0 destroyed", result.out)
        self.assertIsNotNone(self.tunnel("lab.edge.web"))
        self.apply()
        self.assert_no_changes()

    def test_a_part_without_changes_says_nothing_of_the_rest(self):
        self.apply("--target", "tunnel/edge/web")
        for command in (("plan",), ("plan", "--destroy"), ("apply", "--auto-approve")):
            out = self.adit(*command, "--target", "cname/nobody.example.com").out
            self.assertIn("No changes in what --target and --exclude leave.", out, command)
            self.assertNotIn("match", out, command)
        self.adit("plan", "--target", "cname/nobody.example.com", "--out", "part.plan")
        self.assertIn("No changes in what --target and --exclude leave.", self.adit("show", "part.plan").out)
        self.assertIn("5 to add", self.adit("plan").out)

    def test_what_is_excluded_takes_along_what_needs_it(self):
        self.apply("--exclude", "tunnel/edge/web")
        self.assertEqual(self.tunnels(), [])
        self.assertEqual(self.records(), [])

    def closed(self, path):
        """A rule that adit cannot render, and closes."""
        return {"matches": [{"path": {"type": "PathPrefix", "value": path}}], "backendRefs": [{"name": "app", "port": 80}],
                "filters": [{"type": "ExtensionRef", "extensionRef": {"group": "x.example", "kind": "Auth", "name": "a"}}]}

    def services(self, hostname):
        return {r.get("path", ""): r["service"] for r in self.config(self.tunnel("lab.edge.web"))["config"]["ingress"]
                if r.get("hostname") == hostname}

    def test_a_wider_rule_takes_along_what_stands_before_it(self):
        self.write("app.yaml", route("app", ["a.example.com"], [("/api", "PathPrefix", "api", 80)]))
        self.apply()
        self.write("app.yaml", route("app", ["a.example.com"], [("/api", "PathPrefix", "api", 80), ("/", "PathPrefix", "app", 80),
                                                                self.closed("/admin")]))
        self.apply("--target", "rule/edge/web/a.example.com")
        self.assertEqual(sorted(self.services("a.example.com").values()),
                         ["http://api.shop.svc:80", "http://app.shop.svc:80", "http_status:500"])

    def test_a_narrower_rule_leaves_the_wider_ones_alone(self):
        self.write("app.yaml", route("app", ["a.example.com"], [("/api", "PathPrefix", "api", 80), ("/", "PathPrefix", "app", 80)]))
        self.apply("--target", "rule/edge/web/a.example.com^/api*")
        self.assertEqual(list(self.services("a.example.com").values()), ["http://api.shop.svc:80"])

    def test_what_is_excluded_is_served_by_no_wider_rule(self):
        self.write("app.yaml", route("app", ["*.example.com"], [("/", "PathPrefix", "app", 80)]))
        self.write("closed.yaml", route("closed", ["a.example.com"], [self.closed("/")]))
        self.apply("--exclude", "rule/edge/web/a.example.com")
        self.assertEqual(self.services("*.example.com"), {})
        self.assertEqual(self.records(), [])
        self.apply()
        self.assertEqual(self.services("a.example.com"), {"": "http_status:500"})
        self.assertIn("No changes, 1 refused", self.adit("plan").out)

    def test_what_closes_a_contested_hostname_is_made(self):
        self.api("POST", f"/zones/{self.zone_id()}/dns_records",
                 {"name": "a.example.com", "ttl": 300, "type": "CNAME", "content": "other.example.net"})
        self.write("app.yaml", route("app", ["*.example.com"], [("/", "PathPrefix", "app", 80)]))
        self.write("closed.yaml", route("closed", ["a.example.com"], [self.closed("/")]))
        self.apply("--keep-going", code=3)
        self.assertEqual(self.services("a.example.com"), {"": "http_status:500"})
        self.assertEqual(self.record("a.example.com")["content"], "other.example.net")

    def test_an_excluded_record_keeps_its_rule_and_its_tunnel(self):
        self.write("gateway.yaml", gateway(), gateway("other"))
        self.apply()
        self.write("gateway.yaml", gateway("other"))
        self.remove("app.yaml")
        self.apply("--exclude", "cname/a.example.com", "--allow-empty")
        self.assertIsNotNone(self.record("a.example.com"))
        self.assertIsNone(self.record("b.example.com"))
        hosts = [r.get("hostname") for r in self.config(self.tunnel("lab.edge.web"))["config"]["ingress"]]
        self.assertIn("a.example.com", hosts)
        self.assertNotIn("b.example.com", hosts)
        # Without its catch-all the tunnel would have one that nobody knows of.
        self.assertIn("rule/edge/web/*\n", self.adit("state", "list").out)

    def test_a_rule_that_goes_takes_its_record_along(self):
        self.apply()
        self.write("app.yaml", route("app", ["b.example.com"], [("/", "PathPrefix", "app", 80)]))
        self.apply("--target", "rule/edge/web/a.example.com")
        self.assertIsNone(self.record("a.example.com"))

    def test_rules_that_are_left_out_keep_their_place(self):
        paths = [("/x", "PathPrefix", "x", 80), ("/", "PathPrefix", "app", 80)]
        self.write("app.yaml", route("app", ["a.example.com"], paths))
        self.apply()
        self.write("app.yaml", route("app", ["a.example.com"], [("/x", "PathPrefix", "x", 81)]),
                   route("new", ["c.example.com"], [("/", "PathPrefix", "new", 80)]))
        self.apply("--target", "rule/edge/web/a.example.com^/x*")
        rules = [(r.get("hostname"), r["service"]) for r in self.config(self.tunnel("lab.edge.web"))["config"]["ingress"]]
        self.assertEqual(rules[:2], [("a.example.com", "http://x.shop.svc:81"), ("a.example.com", "http://app.shop.svc:80")])


class Recorded(Lab):
    def setUp(self):
        super().setUp()
        self.write("gateway.yaml", gateway())
        self.write("app.yaml", route("app", ["a.example.com"], [("/", "PathPrefix", "app", 80)],
                                     annotations={"adit.cnap.tech/protect": "true"}))
        self.apply()

    def test_refresh_only_keeps_the_protection(self):
        record = self.record("a.example.com")
        self.api("PATCH", f"/zones/{self.zone_id()}/dns_records/{record['id']}", {"proxied": False})
        self.apply("--refresh-only")
        self.remove("app.yaml")
        self.assertIn("protected", self.apply(code=4).out)

    def test_without_refresh(self):
        self.write("app.yaml", route("app", ["a.example.com", "b.example.com"], [("/", "PathPrefix", "app", 81)]))
        self.apply("--refresh=false")
        self.assertIsNotNone(self.record("b.example.com"))
        self.assert_no_changes()

    def test_nothing_to_do_as_json(self):
        result = self.apply("--output", "json").json()
        self.assertEqual((result["added"], result["changed"], result["destroyed"], result["changes"]), (0, 0, 0, []))

    def test_ignored_fields_are_not_written_back_with_others(self):
        self.project(extra="  ignore:\n  - {address: 'tunnel/*', field: origin_request, reason: test}\n")
        config = self.config(self.tunnel("lab.edge.web"))["config"]
        config["originRequest"] = {"noTLSVerify": True}
        self.put_config(self.tunnel("lab.edge.web"), config)
        self.write("app.yaml", route("app", ["a.example.com"], [("/", "PathPrefix", "app", 81)]))
        self.apply()
        self.assertEqual(self.config(self.tunnel("lab.edge.web"))["config"]["originRequest"], {"noTLSVerify": True})


if __name__ == "__main__":
    unittest.main()
