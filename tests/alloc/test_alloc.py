"""The n-th allocation fails: adit says so, loses nothing, and the next run does the rest.

Every allocation of `plan` fails once. Of `apply` and `destroy`, which make some ten thousand, those are chosen that
stand for all: the first of each path through adit's own functions, and the first of each innermost call stack,
libraries included. ADIT_ALLOC_ALL=1 takes every one of them."""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import harness


class Alloc(unittest.TestCase):
    step = None
    before = []
    is_every = False

    def setUp(self):
        shared = pathlib.Path("/dev/shm")
        folder = tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None, prefix="adit-alloc-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def enumerate(self):
        cases = harness.Enumeration(self.step, self.before, self.folder)
        self.addCleanup(cases.stop)
        cases.prepare()
        total = cases.baseline["count"]
        self.assertGreater(total, 100)
        self.assertEqual(cases.baseline["leaks"], [])
        chosen = range(1, total + 1) if self.is_every or os.environ.get("ADIT_ALLOC_ALL") else cases.sites()
        cases.run(chosen)
        print(f"{self.step}: {len(chosen)} of {total} allocations failed; exit codes {dict(sorted(cases.outcomes.items()))}, "
              f"{cases.reruns} runs repeated, {cases.replans} planned again, {cases.unreached} not reached", file=sys.stderr)
        self.assertFalse(cases.faults, f"{len(cases.faults)} faults, of which:\n" + "\n".join(cases.faults[:100]))
        # The numbers hold from run to run but for the sizes in which answers arrive.
        self.assertLess(cases.unreached, 1 + len(chosen) // 50)


class Plan(Alloc):
    step = "plan"
    is_every = True

    def test_plan(self):
        self.enumerate()


class Apply(Alloc):
    step = "apply"

    def test_apply(self):
        self.enumerate()


class Destroy(Alloc):
    step = "destroy"
    before = [["apply", "--auto-approve"]]

    def test_destroy(self):
        self.enumerate()


class Twin(unittest.TestCase):
    """Programs with planted faults go through the same eyes."""

    def faults(self, name):
        found = set()
        twin = os.environ["ADIT_ALLOC_TWIN"]
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "report"

            def run(number):
                path.unlink(missing_ok=True)
                done = subprocess.run([twin, name], capture_output=True, text=True, env={
                    "LD_PRELOAD": harness.INTERPOSER, "ALLOC_FAIL": str(number), "ALLOC_REPORT": str(path)})
                return done, harness.read_report(path) if path.exists() else None

            good, report = run(0)
            self.assertEqual((good.returncode, report["failed"], report["leaks"]), (0, 0, []))
            for number in range(1, report["count"] + 1):
                done, report = run(number)
                found |= {harness.judge(done, report, good.stdout, False), "leaks" if report and report["leaks"] else None}
        return found - {None}

    def test_twins(self):
        self.assertEqual(self.faults("careful"), set())
        self.assertEqual(self.faults("careless"), {"died"})
        self.assertEqual(self.faults("leaky"), {"leaks"})
        self.assertEqual(self.faults("silent"), {"the cause is not told"})
        self.assertEqual(self.faults("wrong"), {"success with another output"})


if __name__ == "__main__":
    unittest.main()
