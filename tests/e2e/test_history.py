"""History, rollback, suspension, and locks that are ended by hand."""

import contextlib
import json
import pathlib
import signal
import sqlite3
import subprocess
import unittest

from lab import ADIT, Lab, changes, gateway, route


class History(Lab):
    def setUp(self):
        super().setUp()
        self.write("gateway.yaml", gateway())
        self.deploy("v1")

    def deploy(self, service, hostnames=("app.example.com", "www.example.com"), code=0):
        self.write("web.yaml", route("web", list(hostnames), [("/", "PathPrefix", service, 80)]))
        return self.apply(code=code)

    def services(self):
        config = self.config(self.tunnel("lab.edge.web"))["config"]
        return {rule.get("hostname"): rule["service"] for rule in config["ingress"]}

    def runs(self):
        return self.adit("history", "--output", "json").json()["runs"]

    def test_runs_are_listed(self):
        self.adit("apply", "--auto-approve")  # nothing to do is no run
        self.write("web.yaml", route("web", ["app.example.com"], [("/", "PathPrefix", "v2", 80)]))
        self.adit("apply", "--auto-approve", env={"GITHUB_ACTOR": "octocat", "GITHUB_SHA": "0123456789abcdef0123"})
        runs = self.runs()
        self.assertEqual([run["run"] for run in runs], [2, 1])
        self.assertEqual((runs[0]["command"], runs[0]["status"], runs[0]["can_roll_back"]), ("apply", "complete", True))
        self.assertTrue(runs[0]["actor"].startswith("octocat@"))
        self.assertEqual((runs[0]["added"], runs[0]["changed"], runs[0]["destroyed"]), (0, 1, 2))
        self.assertEqual((runs[1]["added"], runs[1]["commit"]), (6, None))
        text = self.adit("history").out
        self.assertRegex(text, r"(?m)^ +2  \S+  apply        complete +0 +1 +2  0123456789ab  octocat@")
        self.assertEqual(self.adit("history", "--state", "none.db").out, "No runs yet.\n")

    def test_a_run_is_shown(self):
        run = self.adit("show", "run/1", "--output", "json").json()
        self.assertEqual({c["address"]: (c["action"], c["result"]) for c in run["changes"]}["cname/app.example.com"],
                         ("create", "ok"))
        text = self.adit("show", "run/1").out
        self.assertIn("Run 1: apply, complete", text)
        self.assertIn("  create   cname/app.example.com\n", text)
        self.assertIn("adit rollback 1", text)
        self.assertRegex(self.adit("show", "run/9", code=1).err, r"error\[A0517\]")

    def test_back_and_forth(self):
        first = self.services()
        self.deploy("v2", ["app.example.com", "new.example.com"])
        self.assertIsNone(self.record("www.example.com"))
        result = self.adit("rollback", "1", "--auto-approve")
        self.assertIn("cname/www.example.com will be created", result.out)
        self.assertIn("cname/new.example.com will be destroyed\n  # (because that run did not have it)", result.out)
        self.assertEqual(self.services(), first)
        self.assertIsNone(self.record("new.example.com"))
        self.assertEqual([run["command"] for run in self.runs()], ["rollback 1", "apply", "apply"])
        # again: nothing to do, nothing written
        self.forget_requests()
        self.assertIn("No changes.", self.adit("rollback", "1", "--auto-approve").out)
        self.assertEqual(self.writes(), [])
        # and forward, to the second run
        self.adit("rollback", "2", "--auto-approve")
        self.assertEqual(self.services()["app.example.com"], "http://v2.shop.svc:80")
        # the rollback was a run, too
        self.adit("rollback", "3", "--auto-approve")
        self.assertEqual(self.services(), first)

    def test_it_is_planned_first(self):
        first = self.services()
        self.deploy("v2")
        self.forget_requests()
        plan = self.adit("plan", "--rollback", "1", "--detailed-exitcode", "--out", "back.json", code=2)
        self.assertIn('"http://v2.shop.svc:80" -> "http://v1.shop.svc:80"', plan.out)
        self.assertEqual(self.writes(), [])
        self.assertEqual(len(self.runs()), 2)
        self.assertIsNone(self.adit("history", "--output", "json").json()["suspended"])
        # the plan is the one that rollback itself makes, and the file leads there
        made = self.adit("plan", "--rollback", "1", "--output", "json").json()
        self.assertEqual((made["rollback_run"], made["digest"]), (1, json.loads((self.folder / "back.json").read_text())["digest"]))
        self.assertNotIn("rollback_run", self.plan())
        self.assertIn(" 2 to change", self.adit("show", "back.json").out)
        self.adit("apply", "back.json")
        self.assertEqual(self.services(), first)
        self.assertEqual((self.runs()[0]["command"], self.runs()[0]["status"]), ("rollback 1", "complete"))
        self.assertRegex(self.apply(code=4).err, r"error\[A0853\]: project lab is suspended: rolled back to run 1 by ")
        self.assertRegex(self.adit("apply", "back.json", code=5).err, r"error\[A0701\]")

    def test_a_saved_way_back_or_away_works_while_suspended(self):
        self.deploy("v2")
        self.adit("rollback", "1", "--auto-approve")
        self.adit("plan", "--rollback", "2", "--out", "forth.json")
        self.adit("apply", "forth.json")
        self.assertEqual(self.services()["app.example.com"], "http://v2.shop.svc:80")
        self.adit("plan", "--destroy", "--out", "away.json")
        self.adit("apply", "away.json")
        self.assertEqual(self.records(), [])

    def test_a_plan_goes_one_way(self):
        for options in (["--destroy"], ["--refresh-only"], ["-f", "manifests"]):
            self.assertRegex(self.adit("plan", "--rollback", "1", *options, code=64).err, r"error\[A0807\]")
        self.assertRegex(self.adit("plan", "--rollback", "9", code=4).err, r"error\[A0517\]")
        self.assertRegex(self.adit("plan", "--rollback", "0", code=64).err, r"error\[A0804\]")

    def test_nothing_to_roll_back_suspends_nothing_and_says_so(self):
        out = self.adit("rollback", "1", "--auto-approve").out
        self.assertIn("No changes. Your tunnels are as run 1 left them.", out)
        self.assertIn("the project is not suspended", out)
        self.apply()
        self.deploy("v2")
        self.adit("rollback", "1", "--auto-approve")
        self.assertIn("The project stays suspended.", self.adit("rollback", "1", "--auto-approve").out)

    def test_back_to_nothing(self):
        self.adit("destroy", "--auto-approve")
        self.apply()
        out = self.adit("rollback", "2", "--auto-approve", code=4).out
        self.assertIn("that run had nothing: every tunnel would be deleted", out)
        self.assertNotIn("manifests", out)
        self.adit("rollback", "2", "--auto-approve", "--allow-empty", "--max-delete-percent", "100")
        self.assertEqual(self.tunnels(), [])

    def test_the_project_is_suspended_until_it_is_resumed(self):
        self.deploy("v2")
        self.adit("rollback", "1", "--auto-approve")
        self.forget_requests()
        result = self.apply(code=4)
        self.assertRegex(result.err, r"error\[A0853\]: project lab is suspended: rolled back to run 1 by ")
        self.assertEqual(self.writes(), [])
        self.adit("plan", "--out", "plan.json")
        self.assertRegex(self.adit("apply", "plan.json", code=4).err, r"error\[A0853\]")
        plan = self.adit("plan")
        self.assertIn("The project is suspended", plan.err)
        self.assertIn("will be updated in-place", plan.out)
        self.assertIn("\nSuspended: rolled back to run 1", self.adit("history").out)
        self.assertIn("can be applied again", self.adit("resume").out)
        self.assertIn("is not suspended", self.adit("resume").out)
        self.apply()
        self.assertEqual(self.services()["app.example.com"], "http://v2.shop.svc:80")

    def test_a_refused_rollback_suspends_nothing(self):
        self.deploy("v2", [f"h{i}.example.com" for i in range(14)])
        result = self.adit("rollback", "1", "--auto-approve", code=4)
        self.assertIn("--max-deletes 14", result.out)
        self.assertIsNone(self.adit("history", "--output", "json").json()["suspended"])
        self.assertEqual(len([r for r in self.records() if r["name"].startswith("h")]), 14)
        self.adit("rollback", "1", "--auto-approve", "--max-deletes", "14", "--max-delete-percent", "100",
                  "--max-rule-percent", "100")
        self.assertEqual(sorted(r["name"] for r in self.records()), ["app.example.com", "www.example.com"])

    def test_what_the_run_had_is_not_counted(self):
        """Sixteen rules changed after run 2; going back to it changes all of them, and is no mass change."""
        hostnames = [f"h{i}.example.com" for i in range(14)]
        self.deploy("v1", ["app.example.com", "www.example.com", *hostnames])
        self.write("web.yaml", route("web", ["app.example.com", "www.example.com", *hostnames], [("/", "PathPrefix", "v9", 80)]))
        self.apply(code=4)
        self.apply("--max-rule-percent", "100")
        self.adit("plan", "--rollback", "2", "--out", "back.json")
        self.adit("apply", "back.json")
        self.assertEqual(self.services()["h7.example.com"], "http://v1.shop.svc:80")

    def test_a_gateway_that_is_gone_comes_back(self):
        self.write("gateway.yaml", gateway(), gateway("other"))
        self.write("other.yaml", route("other", ["other.example.net"], [("/", "PathPrefix", "o", 80)], gateway="other"))
        self.apply()
        before = self.dump()
        self.write("gateway.yaml", gateway())
        self.remove("other.yaml")
        self.apply()
        self.assertIsNone(self.tunnel("lab.edge.other"))
        self.adit("rollback", "2", "--auto-approve")
        self.assertEqual(self.record("other.example.net", "example.net")["content"],
                         self.tunnel("lab.edge.other")["id"] + ".cfargotunnel.com")
        self.assertEqual(len(self.dump()["records"]), len(before["records"]))

    def test_what_cannot_be_rolled_back_to(self):
        self.assertRegex(self.adit("rollback", "7", "--auto-approve", code=4).err, r"error\[A0517\]")
        self.assertRegex(self.adit("rollback", "x", "--auto-approve", code=64).err, r"error\[A0856\]")
        self.assertRegex(self.adit("rollback", "1", code=64).err, r"error\[A0850\]")
        self.control("POST", "/rate", {"calls": 1200, "window_ms": 300000})
        zone = self.zone_id()
        self.api("POST", f"/zones/{zone}/dns_records", {"type": "A", "name": "taken.example.com", "content": "203.0.113.7",
                                                        "ttl": 1, "proxied": False})
        self.write("gateway.yaml", gateway(), gateway("second"))
        running = subprocess.Popen([ADIT, "apply", "--auto-approve"], cwd=self.folder, text=True,
                                   env=self.environment(ADIT_TEST_FAILPOINT="kill:journal.outcome:1"),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        running.communicate(timeout=60)
        self.assertEqual(running.returncode, -signal.SIGKILL)
        self.assertRegex(self.adit("rollback", "2", "--auto-approve", code=4).err, r"error\[A0851\]: .*: it has not ended\n")
        self.apply()
        self.assertRegex(self.adit("rollback", "2", "--auto-approve", code=4).err, r"error\[A0851\]: .*: it ended as interrupted\n")
        self.assertEqual([run["status"] for run in self.runs()], ["complete", "interrupted", "complete"])

    def test_what_is_no_longer_kept_is_told(self):
        """As a state does with large projects: only the last of what runs applied stays."""
        database = self.folder / ".adit" / "state.db"
        if not database.exists():
            self.skipTest("skipped: the state is no file")
        self.deploy("v2")
        with contextlib.closing(sqlite3.connect(database)) as state, state:
            state.execute("UPDATE run SET snapshot = NULL WHERE id = 1")
        self.assertEqual([run["can_roll_back"] for run in self.runs()], [True, False])
        result = self.adit("rollback", "1", "--auto-approve", code=4)
        self.assertRegex(result.err, r"error\[A0851\]: run 1 cannot be rolled back to: what it applied is no longer kept\n"
                                     r"  help: Only the last complete runs keep what they applied, as many as fit into 256 MiB\. ")
        self.assertEqual(self.services()["app.example.com"].split("//")[1].split(".")[0], "v2")

    def test_destroy_works_while_suspended(self):
        self.deploy("v2")
        self.adit("rollback", "1", "--auto-approve")
        self.adit("destroy", "--auto-approve")
        self.assertEqual(self.records(), [])


class Unlock(Lab):
    def stopped(self):
        process = subprocess.Popen([ADIT, "apply", "--auto-approve"], cwd=self.folder, text=True,
                                   env=self.environment(ADIT_TEST_FAILPOINT="stop:journal.outcome:1",
                                                        ADIT_TEST_TIME_SCALE="1"),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        status = pathlib.Path(f"/proc/{process.pid}/status")
        while "State:\tT" not in status.read_text():
            self.assertIsNone(process.poll())
        return process

    def real(self, *arguments, code=0):
        """With the clock as it is: a lease lasts its minute."""
        return self.adit(*arguments, code=code, env={"ADIT_TEST_TIME_SCALE": "1"})

    def test_unlock(self):
        self.write("gateway.yaml", gateway())
        self.write("web.yaml", route("web", ["app.example.com"], [("/", "PathPrefix", "web", 80)]))
        self.assertEqual(self.adit("unlock", "--auto-approve").out, "The state is not locked.\n")
        process = self.stopped()
        held = self.real("apply", "--auto-approve", code=5)
        self.assertRegex(held.err, r"error\[A0501\]")
        self.assertIn("adit unlock 1.", held.err)
        told = self.real("unlock", code=64)  # who holds it is told, though nobody can be asked
        self.assertRegex(told.err, r"error\[A0850\]")
        self.assertIn(f"process {process.pid} on", told.out)
        other = self.real("unlock", "7", "--auto-approve", code=5)
        self.assertRegex(other.err, r"error\[A0854\]")
        self.assertRegex(self.real("unlock", "x", "--auto-approve", code=64).err, r"error\[A0855\]")
        out = self.real("unlock", "1", "--auto-approve").out
        self.assertIn(f"process {process.pid} on", out)
        self.assertIn("For        apply", out)
        self.assertTrue(out.endswith("Unlocked.\n"))
        # its holder can record nothing any more, and makes no further call
        self.real("apply", "--auto-approve")
        self.forget_requests()
        process.send_signal(signal.SIGCONT)
        _, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 5, err)
        self.assertEqual(self.writes(), [])
        self.assertIn("No changes.", self.real("plan", "--detailed-exitcode").out)


if __name__ == "__main__":
    unittest.main()
