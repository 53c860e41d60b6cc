"""Saved plans: applied exactly, with every check that a fresh plan gets, and no more trusted than any other input."""

import json
import unittest

from lab import ACCOUNT, Lab, changes, gateway, route


class PlanFile(Lab):
    def save(self, *arguments, code=0):
        self.adit("plan", "--out", "plan.json", *arguments, code=code)

    def load(self):
        return json.loads((self.folder / "plan.json").read_text())

    def shop(self, *hostnames, port=80, gateway_name="web"):
        self.write("app.yaml", route("app", list(hostnames), [("/", "PathPrefix", "app", port)], gateway=gateway_name))

    def setUp(self):
        super().setUp()
        self.write("gateway.yaml", gateway())
        self.shop("a.example.com", "b.example.com")

    def test_the_connector_gate_holds(self):
        self.write("gateway.yaml", gateway("one"), gateway("two"))
        self.shop("a.example.com", gateway_name="one")
        self.apply()
        self.attach(self.tunnel("lab.edge.one"))
        self.shop("a.example.com", gateway_name="two")
        self.apply(code=3)
        self.save()
        self.adit("apply", "plan.json", code=3)
        self.assertTrue(self.record("a.example.com")["content"].startswith(self.tunnel("lab.edge.one")["id"]))

    def test_forgetting_is_stale_once_it_is_there_again(self):
        self.apply()
        record = self.record("b.example.com")
        self.shop("a.example.com")
        self.api("DELETE", f"/zones/{self.zone_id()}/dns_records/{record['id']}")
        self.save()
        self.assertEqual(changes(self.load())["cname/b.example.com"], ["forget"])
        self.shop("a.example.com", "b.example.com")
        self.apply()
        self.adit("apply", "plan.json", code=5)
        self.assertIn("cname/b.example.com", self.adit("state", "list").out)

    def test_forgetting_is_done_once(self):
        self.apply()
        record = self.record("b.example.com")
        self.api("DELETE", f"/zones/{self.zone_id()}/dns_records/{record['id']}")
        self.shop("a.example.com")
        self.save("--target", "cname/b.example.com")
        self.adit("apply", "plan.json")
        self.adit("apply", "plan.json", code=5)

    def test_recording_is_done_once(self):
        self.apply()
        record = self.record("a.example.com")
        self.api("PATCH", f"/zones/{self.zone_id()}/dns_records/{record['id']}", {"proxied": False})
        self.save("--refresh-only")
        self.adit("apply", "plan.json")
        self.adit("apply", "plan.json", code=5)

    def test_what_is_unknown_stays_an_error(self):
        self.shop("a.example.com", "b.example.net")
        self.apply()
        self.control("POST", "/tokens", {"token": "narrow", "zones": ["example.com"],
                                         "permissions": ["tunnel:write", "dns:write", "zone:read", "account:read"]})
        self.shop("a.example.com", "b.example.net", port=81)
        self.adit("plan", "--out", "plan.json", env={"LAB_TOKEN": "narrow"}, code=1)
        self.adit("apply", "plan.json", env={"LAB_TOKEN": "narrow"}, code=1)

    def test_edits_beside_the_changes_are_noticed(self):
        self.apply()
        self.shop("a.example.com", "b.example.com", port=81)
        self.save()
        for key, value in (("overrides", {}), ("guards", []), ("tunnels", [])):
            plan = self.load()
            plan[key] = [dict(t, rule_order=t["rule_order"][::-1]) for t in plan[key]] if key == "tunnels" else value
            if key == "guards":
                plan["guards"] = [{"message": "x", "override": None}]
            (self.folder / "edited.json").write_text(json.dumps(plan))
            self.forget_requests()
            self.adit("apply", "edited.json", code=4)
            self.assertEqual(self.writes(), [])

    def test_another_layout_is_the_same_plan(self):
        self.save()
        (self.folder / "plan.json").write_text(json.dumps(self.load(), sort_keys=True))
        self.adit("apply", "plan.json")
        self.assertIsNotNone(self.record("a.example.com"))



if __name__ == "__main__":
    unittest.main()
