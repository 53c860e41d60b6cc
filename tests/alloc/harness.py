"""Fail one allocation of one adit run, run it again, and compare with the run in which none failed.

What nobody saw, because the failed run neither called the API to write nor touched the state, is not run again."""

import collections
import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

import lab  # noqa: E402
import stores  # noqa: E402

INTERPOSER = os.environ["ADIT_INTERPOSER"]
# Ours, the system's, and curl's.
CAUSES = ("out of memory", "Cannot allocate memory", "Out of memory")
# A run that wrote nothing is followed by a whole one so often, and else by a plan.
FULL_RERUN_EVERY = 16
STEPS = {
    "plan": ["plan"],
    "apply": ["apply", "--auto-approve"],
    "destroy": ["destroy", "--auto-approve"],
}


class World(lab.Lab):
    """A folder with manifests, state and a simulator of its own; several at once."""

    zones = ["example.com"]

    def __init__(self, folder):
        super().__init__()
        self.folder = pathlib.Path(folder)
        self.seen = []
        self.store = stores.File(self)

    def runTest(self):
        pass

    def start(self):
        self.start_simulator()
        self.project("  state: state.db\n  dns: {settle: 0s}")

    def environment(self, **more):
        return super().environment(ADIT_TEST_SEED="7", MALLOC_ARENA_MAX="1", **more)

    def run(self, arguments, **env):
        """One run; with env it is under the interposer."""
        preload = ["env", f"LD_PRELOAD={INTERPOSER}"] if env else []
        # The same addresses in every run, so that call stacks can be compared.
        return subprocess.run(["setarch", "-R", *preload, lab.ADIT, *arguments], cwd=self.folder, capture_output=True, text=True, timeout=120,
                              stdin=subprocess.DEVNULL, env=self.environment(ADIT_TEST_TIME_SCALE="100", **env))

    def restore(self, snapshot, is_all):
        """The world as it was before the step: all of it, or the state alone."""
        for path in self.folder.glob("state.db*"):
            path.unlink()
        if is_all:
            self.stop_simulator()
            for path in self.folder.glob("sim.db*"):
                path.unlink()
        for path in snapshot.iterdir():
            if is_all or path.name.startswith("state.db"):
                shutil.copy(path, self.folder / path.name)
        if is_all:
            self.start()

    def called(self):
        """The methods of the calls since it was asked last."""
        methods = [request["method"] for request in self.requests() if request["path"].startswith("/client/v4")]
        self.control("DELETE", "/requests")
        return methods

    def state_bytes(self):
        return {path.name: path.read_bytes() for path in self.folder.glob("state.db*") if not path.name.endswith("-shm")}

    def live(self):
        """What is live, without what differs from run to run."""
        tunnels = {t["name"]: self.config(t)["config"]["ingress"] for t in self.tunnels()} if self.tunnels() else {}
        return tunnels, sorted((r["name"], r["type"], r["comment"]) for r in self.records())


def read_report(path):
    """The interposer's word on a run: allocations, whether one failed, leaks by the number of their allocation."""
    found = {"leak": [], "leak-cxx": []}
    for line in path.read_text().splitlines():
        word, number, *_ = line.split()
        if word in ("leak", "leak-cxx"):
            found[word].append(int(number))
        else:
            found[word] = int(number)
    # RE2 throws out of its constructors without freeing what it made so far, which nobody else can.
    return {**found, "leaks": found["leak"] + ([] if found["thrown"] else found["leak-cxx"])}


def judge(done, report, expected_out, is_written):
    """Why a run that lost an allocation is wrong, or None.

    report: the interposer's, None when it had no time to write one; is_written: the API was asked to change something."""
    if done.returncode < 0 or report is None:
        return "died"
    if done.returncode == 0:
        # Some memory is only a comfort: a cache, the buffer of a stream.
        return None if done.stdout == expected_out else "success with another output"
    # A run that came to its end sums up as ever: 1 where something could not be seen or nothing succeeded.
    is_error = "cannot be seen" in done.stdout or "Resources: 0 added, 0 changed, 0 destroyed;" in done.stdout
    allowed = {3} if is_written else {1}
    if is_written and is_error:
        allowed.add(1)
    if "Applied in part" in done.stdout:
        allowed.add(3)
    if done.returncode not in allowed:
        return "wrong exit code"
    if not any(words in done.stdout + done.stderr for words in CAUSES):
        return "the cause is not told"
    return None


class Enumeration:
    """All cases of one step."""

    def __init__(self, step, before, folder):
        self.arguments = STEPS[step]
        self.folder = pathlib.Path(folder)
        self.before = before
        self.faults = []
        self.outcomes = collections.Counter()
        self.unreached = 0
        self.reruns = self.replans = 0
        self.local = threading.local()
        self.worlds = []
        self.all_worlds = []

    def prepare(self):
        """The world before the step, the run in which nothing fails, and the places that allocate."""
        world = self.new_world()
        for arguments in self.before:
            done = world.run(arguments)
            assert done.returncode == 0, done
        world.stop_simulator()
        self.snapshot = self.folder / "snapshot"
        self.snapshot.mkdir()
        for path in [*world.folder.glob("state.db*"), *world.folder.glob("sim.db*")]:
            shutil.copy(path, self.snapshot / path.name)
        world.start()
        done = world.run(self.arguments, ALLOC_REPORT=str(self.folder / "report"), ALLOC_SITES=str(self.folder / "sites"))
        assert done.returncode == 0, done
        self.out = done.stdout
        self.baseline = read_report(self.folder / "report")
        self.expected = world.live()
        world.restore(self.snapshot, True)
        self.planned = self.plan(world).stdout
        self.worlds.append(world)

    def new_world(self):
        world = World(tempfile.mkdtemp(dir=self.folder, prefix="world-"))
        world.write("web.yaml", lab.gateway(), lab.route("web", ["a.example.com", "b.example.com"], [("/", "PathPrefix", "web", 80)]))
        world.start()
        self.all_worlds.append(world)
        return world

    def sites(self):
        """The first allocation of each path through adit's own functions, and of each innermost call stack."""
        seen, chosen = set(), []
        for line in (self.folder / "sites").read_text().splitlines():
            number, near, far = line.split()
            if not seen >= {near, far}:
                chosen.append(int(number))
            seen |= {near, far}
        return chosen

    def world(self):
        if not hasattr(self.local, "world"):
            self.local.world = self.worlds.pop() if self.worlds else self.new_world()
            self.local.world.restore(self.snapshot, True)
            self.local.state = self.local.world.state_bytes()
        return self.local.world

    def plan(self, world):
        """What the world asks for: the same before and after a run that reached nothing."""
        return world.run(["plan", *(["--destroy"] if self.arguments[0] == "destroy" else [])])

    def fault(self, number, problem, done):
        self.faults.append(f"allocation {number}: {problem}: exit {done.returncode}\n{done.stdout[-300:]}{done.stderr[-600:]}")

    def case(self, number):
        world = self.world()
        path = world.folder / "report"
        path.unlink(missing_ok=True)
        done = world.run(self.arguments, ALLOC_FAIL=str(number), ALLOC_REPORT=str(path))
        report = read_report(path) if path.exists() else None
        methods = world.called()
        is_written = any(method != "GET" for method in methods)
        problem = judge(done, report, self.out, is_written)
        if problem:
            self.fault(number, problem, done)
        if report and report["leaks"]:
            self.fault(number, f"leaks {report['leaks'][:5]}", done)
        if report and not report["failed"]:
            self.unreached += 1
        self.outcomes[done.returncode] += 1
        if is_written or "Applied in part" in done.stdout or (number % FULL_RERUN_EVERY == 0 and self.arguments != ["plan"]):
            self.rerun(world, number)
        elif world.state_bytes() != self.local.state:
            self.replan(world, number)

    def rerun(self, world, number):
        """The same command again does all the rest."""
        self.reruns += 1
        done = world.run(self.arguments)
        if done.returncode != 0:
            self.fault(number, "the next run fails", done)
        elif world.live() != self.expected:
            self.fault(number, f"the next run does not converge: {world.live()} instead of {self.expected}", done)
        world.restore(self.snapshot, True)

    def replan(self, world, number):
        """Nothing was written: what is to be done is what it was."""
        self.replans += 1
        done = self.plan(world)
        if done.returncode != 0 or done.stdout != self.planned:
            self.fault(number, "the next plan is another one", done)
        world.restore(self.snapshot, False)

    def run(self, numbers):
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(self.case, numbers))

    def stop(self):
        for world in self.all_worlds:
            world.stop_simulator()
