"""guard.tunnelGrace: a tunnel whose Gateway left the input is kept, empty, for a time."""

import json
import time
import unittest

from lab import Lab, changes, gateway, route

HOUR = 3600


class Retire(Lab):
    extra = "  guard: {tunnelGrace: 24h}\n"

    def setUp(self):
        super().setUp()
        self.start = int(time.time())
        self.both()
        self.apply()
        self.id = self.tunnel("lab.edge.two")["id"]

    def adit(self, *arguments, code=0, env=None, hours=0):
        return super().adit(*arguments, code=code, env={"ADIT_TEST_NOW": str(self.start + hours * HOUR), **(env or {})})

    def both(self, **more):
        self.write("gateway.yaml", gateway("one"), gateway("two"))
        self.write("one.yaml", route("one", ["a.example.com"], [("/", "PathPrefix", "a", 80)], gateway="one"))
        self.write("two.yaml", route("two", ["b.example.com"], [("/", "PathPrefix", "b", 80)], gateway="two", **more))

    def leave(self):
        self.write("gateway.yaml", gateway("one"))
        self.remove("two.yaml")

    def retire(self, *arguments):
        self.leave()
        return self.adit("apply", "--auto-approve", *arguments)

    def rules(self):
        return self.config(self.tunnel("lab.edge.two"))["config"]["ingress"]

    def at(self, hours, *arguments, code=0):
        return self.adit(*arguments, code=code, hours=hours)

    def assert_nothing_to_do(self, hours):
        self.forget_requests()
        out = self.at(hours, "plan", "--detailed-exitcode").out
        self.assertIn("No changes. Your tunnels match the manifests.", out)
        self.assertIn("Retired: tunnel/edge/two is kept empty until ", out)
        before = self.adit("state", "pull").out
        self.at(hours, "apply", "--auto-approve")
        self.assertEqual(self.adit("state", "pull").out, before)
        self.assertIn("No drift", self.at(hours, "drift").out)
        self.assertEqual(self.writes(), [])

    def test_kept_empty_then_deleted(self):
        result = self.retire()
        self.assertIn("Retired: tunnel/edge/two is kept empty until ", result.out)
        self.assertNotIn("tunnel/edge/two has no connector", result.out)
        self.assertEqual(self.tunnel("lab.edge.two")["id"], self.id)
        self.assertEqual([rule["service"] for rule in self.rules()], ["http_status:404"])
        self.assertIsNone(self.record("b.example.com"))
        self.assert_nothing_to_do(0)
        self.assert_nothing_to_do(23)
        plan = self.at(23, "plan", "--output", "json").json()
        self.assertEqual([r["address"] for r in plan["retired"]], ["tunnel/edge/two"])
        self.assertFalse(plan["applyable"])
        self.assertEqual(changes(self.at(25, "plan", "--output", "json").json())["tunnel/edge/two"], ["delete"])
        self.at(25, "apply", "--auto-approve")
        self.assertIsNone(self.tunnel("lab.edge.two"))
        self.assertNotIn("edge/two", self.adit("state", "list").out)
        self.assertIn("No changes.", self.at(25, "plan").out)

    def test_the_gateway_comes_back(self):
        self.retire()
        self.both()
        self.at(2, "apply", "--auto-approve")
        self.assertEqual(self.tunnel("lab.edge.two")["id"], self.id)
        self.assertEqual(self.record("b.example.com")["content"], self.id + ".cfargotunnel.com")
        self.assertIn("No changes. Your tunnels match", self.at(2, "plan").out)
        self.assertNotIn("retired_ms", self.adit("state", "pull").out)
        # it is in use again: a time that ran before does not go on
        self.leave()
        self.at(30, "apply", "--auto-approve")
        self.assertEqual(self.tunnel("lab.edge.two")["id"], self.id)

    def test_a_rollback_finds_it(self):
        before = self.rules()
        self.retire()
        self.at(3, "rollback", "1", "--auto-approve")
        self.assertEqual(self.tunnel("lab.edge.two")["id"], self.id)
        self.assertEqual(self.rules(), before)
        # and a rollback to when it was retired does not make it one that is wanted
        self.at(4, "rollback", "2", "--auto-approve")
        self.assertEqual([rule["service"] for rule in self.rules()], ["http_status:404"])
        self.assertIn("retired_ms", self.adit("state", "pull").out)

    def test_by_a_saved_plan(self):
        self.leave()
        self.adit("plan", "--out", "plan.json")
        self.assertIn("Retired: tunnel/edge/two", self.adit("show", "plan.json").out)
        self.assertNotIn("tunnel/edge/two has no connector", self.adit("apply", "--auto-approve", "plan.json").out)
        self.assertEqual(self.tunnel("lab.edge.two")["id"], self.id)
        self.assert_nothing_to_do(1)
        self.assertRegex(self.adit("apply", "--auto-approve", "plan.json", code=5).err, r"error\[A0701\]")

    def test_destroy_takes_it_at_once(self):
        self.retire()
        self.adit("destroy", "--auto-approve")
        self.assertEqual(self.tunnels(), [])
        self.assertEqual(self.adit("state", "list").out, "")

    def test_connectors_hold_it_when_it_is_to_go(self):
        self.attach(self.tunnel("lab.edge.two"))
        self.retire()
        self.assertIn("--allow-live-connectors", self.at(25, "apply", "--auto-approve", code=4).out)
        self.assertIsNotNone(self.tunnel("lab.edge.two"))
        self.at(25, "apply", "--auto-approve", "--allow-live-connectors")
        self.assertIsNone(self.tunnel("lab.edge.two"))

    def test_the_last_gateway(self):
        self.write("gateway.yaml", route("none", ["z.example.com"], [("/", "PathPrefix", "z", 80)], gateway="elsewhere"))
        self.remove("one.yaml")
        self.remove("two.yaml")
        self.assertIn("--allow-empty", self.adit("apply", "--auto-approve", code=4).err)
        self.adit("apply", "--auto-approve", "--allow-empty")
        self.assertEqual(len(self.tunnels()), 2)
        self.assertIn("No changes", self.at(1, "plan", "--allow-empty").out)
        self.at(25, "apply", "--auto-approve", "--allow-empty")
        self.assertEqual(self.tunnels(), [])

    def test_moves_between_stores(self):
        self.retire()
        state = self.adit("state", "pull").out
        self.assertIn("retired_ms", state)
        (self.folder / "state.json").write_text(state)
        self.adit("state", "push", "--force", "state.json")
        self.assertEqual(self.adit("state", "pull").json()["resources"], json.loads(state)["resources"])
        self.at(25, "apply", "--auto-approve")
        self.assertIsNone(self.tunnel("lab.edge.two"))


class AtOnce(Lab):
    def test_without_a_time_of_grace(self):
        self.write("gateway.yaml", gateway("one"), gateway("two"))
        self.apply()
        self.write("gateway.yaml", gateway("one"))
        self.apply()
        self.assertEqual([t["name"] for t in self.tunnels()], ["lab.edge.one"])


if __name__ == "__main__":
    unittest.main()
