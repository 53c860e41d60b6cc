"""SIGKILL at every failpoint that a run passes, and every time that it passes it."""

import collections
import signal
import sqlite3
import tempfile
import unittest

import harness


class Crash(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="adit-crash-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.steps = harness.prepare(cls.folder.name)
        cls.missed = []

    def points(self, step):
        """The failpoints of an uninterrupted run, in order."""
        with tempfile.TemporaryDirectory(prefix="adit-crash-") as folder:
            world = harness.open_case(step, folder)
            self.addCleanup(world.stop)
            done = world.adit("apply", "--auto-approve", ADIT_TEST_FAILPOINT_TRACE=str(world.folder / "points"))
            self.assertEqual(done.returncode, 0, done.stderr)
            world.stop()
            return (world.folder / "points").read_text().split()

    def kill_and_judge(self, case, folder, spoil=None):
        step, point = case
        world = harness.open_case(step, folder)
        try:
            done = world.adit("apply", "--auto-approve", ADIT_TEST_FAILPOINT=f"kill:{point}")
            # How often the shared budget is asked depends on the clock: the last points may not be reached every time.
            if done.returncode == 0:
                self.missed.append(case)
            elif done.returncode != -signal.SIGKILL:
                return [f"it was not killed: {done.returncode}"]
            if spoil:
                spoil(world)
            return harness.judge(step, world)
        finally:
            world.stop()

    def test_every_failpoint(self):
        cases = []
        names = collections.Counter()
        for step in self.steps:
            points = self.points(step)
            names.update(points)
            cases += [(step, number + 1) for number in range(len(points))]
        failed = harness.run_cases(cases, self.kill_and_judge)
        print(f"killed at {len(cases) - len(self.missed)} points: " + ", ".join(f"{name} {count}" for name, count in sorted(names.items())))
        self.assertEqual([(step.name, point, wrong) for (step, point), wrong in failed], [])
        self.assertLess(len(self.missed), len(cases) / 50)
        self.assertGreater(len(cases), 200)

    def test_a_plan_file_is_whole_or_absent(self):
        """The same for the one file that is written beside the state."""
        step = self.steps[1]
        for point in range(1, 5):
            with tempfile.TemporaryDirectory(prefix="adit-crash-") as folder:
                world = harness.open_case(step, folder)
                self.addCleanup(world.stop)
                names = ["file.created", "file.written", "file.synced", "file.renamed"]
                done = world.adit("plan", "--out", "plan.json", ADIT_TEST_FAILPOINT=f"kill:{names[point - 1]}:1")
                self.assertEqual(done.returncode, -signal.SIGKILL)
                self.assertEqual((world.folder / "plan.json").exists(), point == 4)
                if point == 4:
                    self.assertEqual(world.adit("apply", "plan.json").returncode, 0)
                    self.assertEqual(harness.scenario.normal(world.dump()), step.after)
                world.stop()

    def test_what_is_planted_is_found(self):
        """The twin: what a crash must not leave behind is planted, and must be reported."""
        step = self.steps[0]
        middle = len(self.points(step)) // 2
        for spoil in (self.second_tunnel, self.stray_record):
            with tempfile.TemporaryDirectory(prefix="adit-crash-") as folder:
                self.assertTrue(self.kill_and_judge((step, middle), folder, spoil), spoil.__name__)
        with tempfile.TemporaryDirectory(prefix="adit-crash-") as folder:
            world = harness.open_case(step, folder)
            self.addCleanup(world.stop)
            world.adit("apply", "--auto-approve")
            with sqlite3.connect(world.folder / "state.db") as state:
                state.execute("DELETE FROM resource WHERE address IN ('cname/one.example.com', 'rule/edge/b/one.example.com')")
            state.close()
            found = harness.scenario.faults(world.dump(), world.state())
            self.assertTrue(any(fault.startswith("orphan") for fault in found), found)
            self.assertTrue(any("rules recorded" in fault for fault in found), found)

    def second_tunnel(self, world):
        """As if a crash had made a tunnel that nobody remembers."""
        self.post(world, f"/accounts/{harness.lab.ACCOUNT}/cfd_tunnel",
                  {"name": "lab.edge.forgotten", "config_src": "cloudflare", "tunnel_secret": "A" * 43 + "="})

    def stray_record(self, world):
        zone = next(z["id"] for z in world.dump()["zones"] if z["name"] == "example.org")
        self.post(world, f"/zones/{zone}/dns_records",
                  {"type": "CNAME", "name": "stray.example.org", "content": "x.cfargotunnel.com", "comment": "adit:lab edge/a",
                   "proxied": True, "ttl": 1})

    def post(self, world, path, body):
        request = harness.urllib.request.Request(
            world.url + path, data=harness.json.dumps(body).encode(), method="POST",
            headers={"Content-Type": "application/json", "Authorization": f"Bearer {harness.lab.TOKEN}"})
        with harness.urllib.request.urlopen(request) as answer:
            self.assertEqual(answer.status, 200)


if __name__ == "__main__":
    unittest.main()
