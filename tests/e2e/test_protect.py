"""What adit.cnap.tech/protect keeps: the CNAMEs and the rules that come of a Service, a Route, a Gateway or a Tunnel."""

import json
import unittest

from lab import Lab, gateway, route

PROTECT = "adit.cnap.tech/protect"


def service(name, protect):
    return json.dumps({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": "shop", "annotations": {PROTECT: protect}},
                       "spec": {"ports": [{"port": 80}]}})


def native(paths, protect):
    ingress = [{"hostname": "a.example.com", "path": path, "pathType": "PathPrefix", "service": "http://a:80"} for path in paths]
    return json.dumps({"apiVersion": "adit.cnap.tech/v1", "kind": "Tunnel", "metadata": {"name": "edge", "annotations": {PROTECT: protect}},
                       "spec": {"ingress": ingress}})


class Protected(Lab):
    def setUp(self):
        super().setUp()
        self.write("gateway.yaml", gateway())
        self.write("web.yaml", route("web", ["a.example.com"], [("/", "PathPrefix", "web", 80)]))

    def pay(self, protect=None, path="/pay"):
        self.write("pay.yaml", route("pay", ["a.example.com"], [(path, "PathPrefix", "pay", 80)],
                                     annotations={PROTECT: protect} if protect else None))

    def paths(self, name="lab.edge.web"):
        return [rule.get("path", "") for rule in self.config(self.tunnel(name))["config"]["ingress"] if rule.get("hostname")]

    def assert_kept(self, result):
        self.assertIn("^/pay(?:/|$) is protected: set adit.cnap.tech/protect to \"false\" and apply that first", result.out)
        self.assertIn("^/pay(?:/|$)", self.paths())

    def test_the_rule_of_a_route_whose_hostname_stays(self):
        self.pay("true")
        self.apply()
        self.assert_no_changes()
        self.remove("pay.yaml")
        self.assert_kept(self.apply(code=4))
        self.pay("false")
        self.apply()
        self.remove("pay.yaml")
        self.apply()
        self.assertEqual(self.paths(), [""])
        self.assert_no_changes()

    def test_another_path_is_another_rule(self):
        self.pay("true")
        self.apply()
        self.pay("true", path="/paid")
        self.assert_kept(self.apply(code=4))

    def test_another_backend_is_the_same_rule(self):
        self.pay("true")
        self.apply()
        self.write("pay.yaml", route("pay", ["a.example.com"], [("/pay", "PathPrefix", "cash", 81)], annotations={PROTECT: "true"}))
        self.apply()
        self.assertEqual(self.config(self.tunnel("lab.edge.web"))["config"]["ingress"][0]["service"], "http://cash.shop.svc:81")

    def test_the_rule_of_a_service(self):
        self.pay()
        self.write("service.yaml", service("pay", "true"))
        self.apply()
        self.remove("pay.yaml")
        self.assert_kept(self.apply(code=4))
        self.pay()
        self.write("service.yaml", service("pay", "false"))
        self.apply()
        self.remove("pay.yaml")
        self.apply()
        self.assertEqual(self.paths(), [""])

    def test_what_is_not_protected_goes(self):
        self.pay("true")
        self.write("more.yaml", route("more", ["a.example.com"], [("/more", "PathPrefix", "more", 80)]))
        self.apply()
        self.remove("more.yaml")
        self.apply()
        self.assertEqual(self.paths(), ["^/pay(?:/|$)", ""])

    def test_a_saved_plan_records_it(self):
        self.pay("true")
        self.adit("plan", "--out", "plan.json")
        self.apply("plan.json")
        self.remove("pay.yaml")
        self.assert_kept(self.apply(code=4))

    def test_a_rollback_keeps_it(self):
        self.pay("true")
        self.apply()
        self.write("more.yaml", route("more", ["b.example.com"], [("/", "PathPrefix", "more", 80)]))
        self.apply()
        self.adit("rollback", "1", "--auto-approve")
        self.adit("resume")
        self.remove("pay.yaml")
        self.assert_kept(self.apply(code=4))

    def test_destroy_leaves_it(self):
        self.pay("true")
        self.apply()
        self.assert_kept(self.adit("destroy", "--auto-approve", code=4))

    def test_the_rule_of_a_tunnel(self):
        self.remove("gateway.yaml")
        self.write("web.yaml", native(["/pay", "/"], "true"))
        self.apply()
        self.write("web.yaml", native(["/"], "true"))
        self.assertIn("^/pay(?:/|$) is protected", self.apply(code=4).out)
        self.write("web.yaml", native(["/pay", "/"], "false"))
        self.apply()
        self.write("web.yaml", native(["/"], "false"))
        self.apply()
        self.assertEqual(self.paths("lab.edge"), [""])


if __name__ == "__main__":
    unittest.main()
