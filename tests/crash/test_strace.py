"""SIGKILL at every system call of the release binary that writes, syncs, locks, sends or renames."""

import collections
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import unittest

import harness

RELEASE = os.environ.get("ADIT_RELEASE_BINARY", str(harness.lab.SOURCE / "build/release/adit"))
CALLS = ["pwrite64", "fdatasync", "fsync", "fcntl", "sendto", "rename", "unlink"]


def can_trace():
    done = subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True) if shutil.which("strace") else None
    return bool(done) and done.returncode == 0


@unittest.skipUnless(pathlib.Path(RELEASE).exists(), "skipped: no release binary; cmake --build --preset release makes it")
@unittest.skipUnless(can_trace(), "skipped: strace cannot trace here")
class Strace(unittest.TestCase):
    step_name = None

    def setUp(self):
        if not self.step_name:
            self.skipTest("the base of the others")
        self.folder = tempfile.TemporaryDirectory(prefix="adit-crash-")
        self.addCleanup(self.folder.cleanup)
        self.step = next(step for step in harness.prepare(self.folder.name) if step.name == self.step_name)

    def counted(self):
        """How often an uninterrupted run makes each of the calls."""
        with tempfile.TemporaryDirectory(prefix="adit-crash-") as folder:
            world = harness.open_case(self.step, folder)
            self.addCleanup(world.stop)
            log = world.folder / "calls"
            done = world.adit("apply", "--auto-approve", binary=RELEASE,
                              wrap=["strace", "-f", "-qq", "-o", str(log), "-e", "trace=" + ",".join(CALLS)])
            self.assertEqual(done.returncode, 0, done.stderr)
            world.stop()
            return collections.Counter(re.findall(r"^\d+ +(\w+)\(", log.read_text(), re.M))

    def kill_and_judge(self, case, folder):
        call, number = case
        world = harness.open_case(self.step, folder)
        try:
            done = world.adit("apply", "--auto-approve", binary=RELEASE,
                              wrap=["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}",
                                    "-e", f"inject={call}:signal=KILL:when={number}"])
            # A run may pass a call a few times less than the one that was counted: how answers come in parts differs.
            if done.returncode not in (0, -signal.SIGKILL, 128 + signal.SIGKILL):
                return [f"it was not killed: {done.returncode} {done.stderr[-300:]}"]
            return harness.judge(self.step, world)
        finally:
            world.stop()

    def test_every_call(self):
        counted = self.counted()
        cases = [(call, number + 1) for call in CALLS for number in range(counted[call])]
        failed = harness.run_cases(cases, self.kill_and_judge, workers=2)
        print(f"{self.step_name}: killed at {len(cases)} system calls: " +
              ", ".join(f"{call} {count}" for call, count in sorted(counted.items())))
        self.assertEqual(failed, [])
        self.assertGreater(len(cases), 500)


@unittest.skipUnless(pathlib.Path(RELEASE).exists(), "skipped: no release binary")
class Release(unittest.TestCase):
    def test_it_has_none_of_the_tests_switches(self):
        for trace in (b"ADIT_TEST_", b"journal.intended", b"call.answered", b"commit.before"):
            self.assertNotIn(trace, pathlib.Path(RELEASE).read_bytes())
            self.assertIn(trace, pathlib.Path(harness.lab.ADIT).read_bytes())


class Create(Strace):
    step_name = "create"


class Change(Strace):
    step_name = "change"


class Merge(Strace):
    step_name = "merge"


if __name__ == "__main__":
    unittest.main()
