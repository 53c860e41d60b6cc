"""Every guard: its refusal names the override and writes nothing, and the override lets that plan through, and no other.

One table; each row is tried directly, under CI=true, and by a saved plan."""

import json
import unittest

from lab import ACCOUNT, Lab, gateway, route

OTHER_ACCOUNT = "fedcba9876543210fedcba9876543210"


def app(hostnames, service="app", where="one", name="app"):
    return route(name, hostnames, [("/", "PathPrefix", service, 80)], gateway=where)


def hosts(count):
    return [f"h{i:02}.example.com" for i in range(count)]


class Many(Lab):
    """Twelve hostnames of which some go."""

    limits = {}
    before, after = 12, 12
    after_service = "app"

    def arrange(self):
        self.extra = "  guard: " + json.dumps(self.limits) + "\n"
        self.project()
        self.write("gateway.yaml", gateway("one"))
        self.write("app.yaml", app(hosts(self.before)))

    def change(self):
        self.write("app.yaml", app(hosts(self.after), self.after_service))


class Guarded:
    """What is tried of each guard. `overrides`: what the refusal has to name, word for word."""

    simulator_options = ["--account", OTHER_ACCOUNT]

    def setUp(self):
        super().setUp()
        self.arrange()
        self.apply()
        self.settle()
        self.change()
        self.forget_requests()
        self.live = self.dump()
        self.history = self.runs()

    def settle(self):
        pass

    def runs(self):
        return self.adit("history", "--output", "json").json()

    def flags(self):
        return [word for override in self.overrides for word in override.split()]

    def assert_refused(self, *arguments, env=None):
        result = self.adit(*arguments, code=4, env=env)
        for override in self.overrides:
            self.assertIn(f"If that is meant: {override}\n", result.out)
        self.assertEqual(result.out.count("If that is meant:"), len(self.overrides), result.out)
        self.assert_untouched()

    def assert_untouched(self):
        self.assertEqual(self.writes(), [])
        self.assertEqual(self.dump(), self.live)
        self.assertEqual(self.runs(), self.history)

    def assert_done(self):
        self.assertNotEqual(self.writes(), [])
        self.forget_requests()
        self.assertRegex(self.adit("plan", "--detailed-exitcode").out, "(?m)^No changes[.,]")

    def test_directly(self):
        for env in ({}, {"CI": "true"}):
            self.assert_refused("plan", env=env)
            self.assert_refused("apply", "--auto-approve", env=env)
            for missing in range(len(self.overrides)):
                others = [w for i, o in enumerate(self.overrides) if i != missing for w in o.split()]
                result = self.adit("apply", "--auto-approve", *others, code=4, env=env)
                self.assertIn(f"If that is meant: {self.overrides[missing]}\n", result.out)
                self.assert_untouched()
        self.adit("plan", *self.flags())
        self.assert_untouched()
        self.adit("apply", "--auto-approve", *self.flags(), env={"CI": "true"})
        self.assert_done()

    def test_by_a_saved_plan(self):
        self.adit("plan", "--out", "refused.json", code=4)
        for env in ({}, {"CI": "true"}):
            self.assert_refused("apply", "--auto-approve", "refused.json", env=env)
        self.adit("plan", "--out", "meant.json", *self.flags())
        self.assert_refused("plan")
        self.assert_refused("apply", "--auto-approve", "refused.json")
        self.adit("apply", "--auto-approve", "meant.json", env={"CI": "true"})
        self.assert_done()


class MaxDeletes(Guarded, Many):
    limits = {"maxDeletes": 3, "maxDeletePercent": 100}
    after = 8
    overrides = ["--max-deletes 4"]


class MaxDeletePercent(Guarded, Many):
    limits = {"maxDeletePercent": 20}
    after = 9
    overrides = ["--max-delete-percent 24"]


class MaxRulePercent(Guarded, Many):
    after_service = "other"
    overrides = ["--max-rule-percent 93"]


class MaxRulePercentOfRulesThatGo(Guarded, Many):
    limits = {"maxDeletePercent": 100, "maxRulePercent": 30}
    after = 8
    overrides = ["--max-rule-percent 31"]


class EmptyProject(Guarded, Lab):
    """Other objects are still there, so that it is not the files that are missing."""

    overrides = ["--allow-empty"]

    def arrange(self):
        self.write("gateway.yaml", gateway("one"))
        self.write("app.yaml", app(["a.example.com", "b.example.com"]))

    def change(self):
        self.remove("app.yaml")


class NothingIsLeft(Lab):
    """Refused before there is a plan: by what is read."""

    def setUp(self):
        super().setUp()
        (self.folder / "more").mkdir()
        self.deploy(gateway("two"))

    def deploy(self, more):
        path = self.folder / "adit.yaml"
        path.write_text(path.read_text().replace("[{path: manifests/}]", "[{path: manifests/}, {path: more/}]"))
        self.write("gateway.yaml", gateway("one"))
        self.write("app.yaml", app(["a.example.com"]))
        (self.folder / "more" / "gateway.yaml").write_text(more)
        self.apply()
        self.forget_requests()
        self.live = self.dump()

    def check(self, code, *more):
        for env in ({}, {"CI": "true"}):
            for arguments in (["plan"], ["plan", "--out", "refused.json"], ["apply", "--auto-approve"]):
                result = self.adit(*arguments, code=4, env=env)
                self.assertIn(f"error[{code}]", result.err)
                self.assertIn("--allow-empty", result.err)
        self.assertFalse((self.folder / "refused.json").exists())
        self.assertEqual(self.writes(), [])
        self.assertEqual(self.dump(), self.live)
        self.adit("plan", "--out", "meant.json", "--allow-empty", *more)
        self.adit("apply", "--auto-approve", "meant.json", env={"CI": "true"})

    def test_a_source_without_files(self):
        (self.folder / "more" / "gateway.yaml").unlink()
        self.check("A0011")
        self.assertEqual([t["name"] for t in self.tunnels()], ["lab.edge.one"])

    def test_a_source_without_objects(self):
        (self.folder / "more" / "gateway.yaml").write_text("# rendered from nothing\n---\n")
        self.check("A0857")
        self.assertEqual([t["name"] for t in self.tunnels()], ["lab.edge.one"])

    def test_no_gateway_is_left(self):
        (self.folder / "more" / "gateway.yaml").write_text(app(["b.example.com"], name="other"))
        self.remove("gateway.yaml")
        self.check("A0201", "--max-delete-percent", "100", "--allow-loss", "a.example.com")
        self.assertEqual(self.tunnels(), [])
        self.assertEqual(self.records(), [])
        self.assertEqual(self.adit("state", "list").out, "")

    def test_an_empty_source_is_nothing_to_a_new_project(self):
        self.adit("destroy", "--auto-approve")
        (self.folder / "more" / "gateway.yaml").write_text("# not yet\n")
        self.apply()


class LiveConnectors(Guarded, Lab):
    overrides = ["--allow-live-connectors"]

    def arrange(self):
        self.write("gateway.yaml", gateway("one"), gateway("two"))
        self.write("app.yaml", app(["a.example.com"]))

    def settle(self):
        self.attach(self.tunnel("lab.edge.two"))

    def change(self):
        self.write("gateway.yaml", gateway("one"))


class Loss(Guarded, Lab):
    overrides = ["--allow-loss a.example.com"]

    def arrange(self):
        self.write("gateway.yaml", gateway("one"))
        self.write("app.yaml", app(["a.example.com"]), app(["b.example.com"], name="other"))

    def change(self):
        rule = {"matches": [{"path": {"type": "PathPrefix", "value": "/"}, "headers": [{"name": "x-beta", "value": "1"}]}],
                "backendRefs": [{"name": "app", "port": 80}]}
        self.write("app.yaml", route("app", ["a.example.com"], [rule], gateway="one"),
                   app(["b.example.com"], name="other"))


class MovedZone(Guarded, Lab):
    zones = ["example.com"]
    overrides = ["--allow-moved-zone"]

    def arrange(self):
        self.write("gateway.yaml", gateway("one"))
        self.write("app.yaml", app(["a.sub.example.com"]))

    def change(self):
        self.control("POST", "/zones", {"name": "sub.example.com", "account": ACCOUNT})


class MovedAccount(Guarded, Lab):
    zones = ["example.com"]
    overrides = ["--allow-moved-account"]

    def arrange(self):
        self.write("gateway.yaml", gateway("one"))

    def change(self):
        path = self.folder / "adit.yaml"
        path.write_text(path.read_text().replace(ACCOUNT, OTHER_ACCOUNT))


class BelowTheLimits(Lab):
    """What the guards let pass without a word."""

    def deploy(self, count, code=0):
        self.write("gateway.yaml", gateway("one"))
        self.write("app.yaml", app(hosts(count)))
        self.apply(code=code)

    def test_two_deletes_are_never_a_percentage(self):
        self.deploy(3)
        self.deploy(1)
        self.assertEqual(len(self.records()), 1)

    def test_three_are(self):
        self.deploy(4)
        self.deploy(1, code=4)
        self.assertEqual(len(self.records()), 4)

    def test_fewer_than_ten_rules_are_never_a_percentage(self):
        self.deploy(4)
        self.write("app.yaml", app(hosts(4), "other"))
        self.apply()

    def test_the_last_hostname_may_go(self):
        self.deploy(1)
        self.remove("app.yaml")
        self.apply()
        self.assertEqual(self.records(), [])

    def test_what_is_taken_out_of_the_input_is_no_loss(self):
        self.deploy(2)
        self.deploy(1)
        self.assertIsNone(self.record("h01.example.com"))


if __name__ == "__main__":
    unittest.main()
