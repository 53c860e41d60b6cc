"""Many processes at once: on one account, on one project, and within one budget of calls."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import unittest
from datetime import datetime

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

import lab  # noqa: E402

PROCESSES = 20
BUDGET_CALLS, BUDGET_SECONDS, BUDGET_SHARE = 60, 15, 60

PROJECT = """\
apiVersion: adit.cnap.tech/v1
kind: Project
metadata: {{name: {name}}}
spec:
  accounts: [{{name: main, url: "{url}", accountId: "{account}", tokenEnv: LAB_TOKEN}}]
  sources: [{{path: {name}/}}]
  state: "{state}"
{extra}
"""


class Many(lab.Lab):
    zones = ["example.com", "example.net"]

    def environment(self, **more):
        """A lease of 60 s lasts three seconds: long enough for twenty processes on one disk."""
        return super().environment(**{"ADIT_TEST_TIME_SCALE": "20", **more})

    def make_project(self, number, state, extra="", hostnames=3):
        """A project of its own: one Gateway, some hostnames."""
        name = f"team-{number:02}"
        folder = self.folder / name
        folder.mkdir()
        (folder / "gateway.yaml").write_text(lab.gateway(f"web-{number}"))
        (folder / "route.json").write_text(lab.route(
            "app", [f"h{i}.{name}.example.com" for i in range(hostnames)],
            [("/", "PathPrefix", "web", 80), ("/api", "PathPrefix", "api", 80)], gateway=f"web-{number}"))
        config = self.folder / f"{name}.yaml"
        config.write_text(PROJECT.format(name=name, url=self.url, account=lab.ACCOUNT, state=state, extra=extra))
        return config.name

    def start(self, config, *arguments):
        return subprocess.Popen([lab.ADIT, "apply", "--auto-approve", "--config", config, *arguments], cwd=self.folder,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL,
                                env=self.environment())

    def finish(self, process):
        out, err = process.communicate(timeout=240)
        return process.returncode, out, err

    def assert_no_duplicates(self):
        tunnels = [t["name"] for t in self.tunnels()]
        self.assertEqual(sorted(set(tunnels)), sorted(tunnels))
        records = [(r["type"], r["name"]) for r in self.records()]
        self.assertEqual(sorted(set(records)), sorted(records))
        return tunnels, records

    def calls(self):
        """When each call arrived, in seconds of the simulator's time, and how it was answered."""
        return [(datetime.fromisoformat(r["time"].replace("Z", "+00:00")).timestamp(), r["status"])
                for r in self.requests() if r["path"].startswith("/client/v4")]

    def most_in_a_window(self, calls):
        times = sorted(time for time, _ in calls)
        first = most = 0
        for last, time in enumerate(times):
            while times[first] <= time - BUDGET_SECONDS:
                first += 1
            most = max(most, last - first + 1)
        return most


class Projects(Many):
    def test_twenty_projects_on_one_account(self):
        configs = [self.make_project(i, "state.db") for i in range(PROCESSES)]
        running = [self.start(config, "--lock-timeout", "10m") for config in configs]
        for process in running:
            code, out, err = self.finish(process)
            self.assertEqual(code, 0, out + err)
        tunnels, records = self.assert_no_duplicates()
        self.assertEqual(len(tunnels), PROCESSES)
        self.assertEqual(len(records), 3 * PROCESSES)
        self.forget_requests()
        for config in configs:
            self.assertIn("No changes.", self.adit("plan", "--config", config, "--detailed-exitcode").out)
            listed = self.adit("state", "list", "--config", config).out.splitlines()
            self.assertEqual(len([line for line in listed if line.startswith("cname/")]), 3, listed)
        self.assertEqual(self.writes(), [])

    def test_twenty_processes_on_one_project(self):
        """One of them does it, the others find that it is done or that their plan is out of date; none does it again."""
        config = self.make_project(0, "state.db", hostnames=10)
        running = [self.start(config, "--lock-timeout", "10m") for _ in range(PROCESSES)]
        codes = []
        for process in running:
            code, out, err = self.finish(process)
            codes.append(code)
            self.assertIn(code, (0, 5), out + err)
            if code == 5:
                self.assertRegex(err, r"error\[A0702\]")
        self.assertIn(0, codes)
        tunnels, records = self.assert_no_duplicates()
        self.assertEqual((len(tunnels), len(records)), (1, 10))
        made = [r for r in self.requests() if r["method"] == "POST" and r["path"].endswith("/cfd_tunnel")]
        self.assertEqual(len(made), 1)
        self.assertIn("No changes.", self.adit("apply", "--auto-approve", "--config", config).out)

    def test_without_waiting_one_wins_and_the_others_say_who(self):
        config = self.make_project(0, "state.db", hostnames=10)
        running = [self.start(config) for _ in range(PROCESSES)]
        pids = {process.pid for process in running}
        for process in running:
            code, out, err = self.finish(process)
            self.assertIn(code, (0, 5), out + err)
            if code == 5 and "A0501" in err:
                self.assertTrue(any(f"process {pid} " in err for pid in pids), err)
        self.assertIn("No changes.", self.adit("apply", "--auto-approve", "--config", config).out)
        self.assert_no_duplicates()


class Budget(Many):
    simulator_options = ["--rate-limit", f"{BUDGET_CALLS}/{BUDGET_SECONDS}s"]
    extra_budget = f'  budget: {{calls: {BUDGET_CALLS}/{BUDGET_SECONDS}s, share: {BUDGET_SHARE}%}}'

    def apply_all(self, state):
        configs = [self.make_project(i, state.format(i), self.extra_budget) for i in range(PROCESSES)]
        running = [self.start(config, "--lock-timeout", "10m") for config in configs]
        for process in running:
            code, out, err = self.finish(process)
            self.assertEqual(code, 0, out + err)
        return self.calls()

    def test_processes_with_one_store_keep_to_one_budget(self):
        calls = self.apply_all("state.db")
        self.assertGreater(len(calls), 2 * BUDGET_CALLS)
        self.assertEqual([status for _, status in calls if status == 429], [])
        # A call arrives a little after it was taken out of the budget: windows of arrivals may hold more than the share.
        self.assertLess(self.most_in_a_window(calls), BUDGET_CALLS)

    @unittest.skipUnless(os.environ.get("LAB_STORE", "sqlite") == "sqlite", "the twin has a file for each process")
    def test_processes_that_share_nothing_do_not(self):
        """The twin: what the test above looks for does happen when each process counts alone."""
        calls = self.apply_all("state-{}.db")
        self.assertGreater(self.most_in_a_window(calls), BUDGET_CALLS)


class Stopped(Many):
    """A holder that is stopped for longer than its lease lasts, and goes on afterwards."""

    simulator_options = ["--latency", "2s"]

    def wait_for_writes(self, count):
        while len(self.writes()) < count:
            pass

    def start_and_stop(self, config, failpoint):
        """A process that stops itself at a failpoint."""
        process = subprocess.Popen([lab.ADIT, "apply", "--auto-approve", "--config", config], cwd=self.folder, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
                                   env=self.environment(ADIT_TEST_FAILPOINT=f"stop:{failpoint}"))
        while "State:\tT" not in pathlib.Path(f"/proc/{process.pid}/status").read_text():
            self.assertIsNone(process.poll())
        return process

    def test_a_stopped_holder_writes_nothing_more(self):
        config = self.make_project(0, "state.db", hostnames=10)
        stopped = self.start_and_stop(config, "journal.outcome:1")  # made, and not recorded yet
        other = self.start(config, "--lock-timeout", "10m")
        code, out, err = self.finish(other)
        if code == 5:  # the stopped one had not recorded what its first write made
            code, out, err = self.finish(self.start(config, "--lock-timeout", "10m"))
        self.assertEqual(code, 0, out + err)
        self.forget_requests()
        before = self.adit("state", "pull", "--config", config).out
        os.kill(stopped.pid, signal.SIGCONT)
        code, out, err = self.finish(stopped)
        self.assertEqual(code, 5, out + err)
        self.assertRegex(err, r"error\[A0502\]|error\[A0703\]")
        self.assertEqual(self.writes(), [])
        self.assertEqual(self.adit("state", "pull", "--config", config).out, before)
        self.assertIn("No changes.", self.adit("plan", "--config", config, "--detailed-exitcode").out)
        self.assert_no_duplicates()

    @unittest.skipUnless(os.environ.get("LAB_STORE", "sqlite") == "sqlite", "of a file")
    def test_a_holder_stopped_inside_a_commit(self):
        """It keeps the file locked: the others end with 5 and name it, and nothing is written twice."""
        config = self.make_project(0, "state.db", hostnames=10)
        stopped = self.start_and_stop(config, "commit.before:9")
        self.forget_requests()
        code, out, err = self.finish(self.start(config))
        self.assertEqual(code, 5, out + err)
        self.assertRegex(err, r"error\[A0503\]")
        self.assertIn(f"process {stopped.pid} ", err)
        self.assertEqual(self.writes(), [])
        os.kill(stopped.pid, signal.SIGCONT)
        code, out, err = self.finish(stopped)
        self.assertEqual(code, 0, out + err)
        self.assertIn("No changes.", self.adit("plan", "--config", config, "--detailed-exitcode").out)
        self.assert_no_duplicates()

    def test_a_killed_holder_is_taken_over(self):
        config = self.make_project(0, "state.db", hostnames=10)
        killed = self.start(config)
        self.wait_for_writes(2)
        os.kill(killed.pid, signal.SIGKILL)
        self.finish(killed)
        code, out, err = self.finish(self.start(config))
        self.assertEqual(code, 0, out + err)
        self.assertIn("No changes.", self.adit("plan", "--config", config, "--detailed-exitcode").out)
        self.assert_no_duplicates()


if __name__ == "__main__":
    unittest.main()
