"""Kill adit at one point of one step, run it again, and compare with the run that nobody interrupted.

A case is cheap: the simulator's database and the state before the step are copied, not made again."""

import concurrent.futures
import contextlib
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

import lab  # noqa: E402
import scenario  # noqa: E402

NO_CHANGES = "No changes. Your tunnels match the manifests."


class World:
    """A folder with manifests, state and a simulator of its own."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.simulator = None

    def start(self):
        zones = [option for zone in scenario.ZONES for option in ("--zone", zone)]
        self.simulator = subprocess.Popen(
            [lab.ADIT, "simulator", "--listen", "127.0.0.1:0", "--data", str(self.folder / "sim.db"), "--account", lab.ACCOUNT,
             "--token", lab.TOKEN, *zones], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=self.environment())
        self.url = self.simulator.stdout.readline().split()[-1]
        (self.folder / "adit.yaml").write_text(lab.PROJECT.format(
            name="lab", url=self.url, account=lab.ACCOUNT,
            extra="  state: state.db\n  dns: {settle: 0s}\n  guard: {maxDeletes: 100, maxDeletePercent: 100, maxRulePercent: 100}"))

    def stop(self):
        if self.simulator:
            self.simulator.kill()
            self.simulator.wait()
            self.simulator.stdout.close()
            self.simulator = None

    def environment(self, **more):
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("ADIT_", "CNAP_")) and k != "CI"}
        kept.update(LAB_TOKEN=lab.TOKEN, HOME=str(self.folder), ADIT_TEST_TIME_SCALE="100")
        kept.update(more)
        return kept

    def manifests(self, files):
        shutil.rmtree(self.folder / "manifests", ignore_errors=True)
        (self.folder / "manifests").mkdir()
        for name, text in files.items():
            (self.folder / "manifests" / name).write_text(text)

    def adit(self, *arguments, wrap=(), binary=lab.ADIT, **env):
        return subprocess.run([*wrap, binary, *arguments], cwd=self.folder, capture_output=True, text=True, timeout=120,
                              stdin=subprocess.DEVNULL, env=self.environment(**env))

    def dump(self):
        with urllib.request.urlopen(self.url.removesuffix("/client/v4") + "/_simulator/dump") as answer:
            return json.loads(answer.read())

    def state(self):
        return json.loads(self.adit("state", "pull").stdout)

    def open_intents(self):
        """[(operation, address)] whose outcome is not recorded."""
        with contextlib.closing(sqlite3.connect(self.folder / "state.db")) as state:
            if not state.execute("SELECT 1 FROM sqlite_master WHERE name = 'intent'").fetchone():
                return []
            return state.execute("SELECT operation, address FROM intent WHERE result IS NULL ORDER BY id").fetchall()

    def copy_to(self, folder):
        """The databases and their journals alone; the simulator must not run."""
        for file in [*self.folder.glob("sim.db*"), *self.folder.glob("state.db*")]:
            shutil.copy(file, folder)


class Step:
    """One apply of the scenario: what was before, what it asks for, and what is live after it."""

    def __init__(self, name, files, before, after):
        self.name, self.files, self.before, self.after = name, files, before, after


def prepare(folder):
    """Walk the scenario once, keeping what each step starts from."""
    steps = []
    world = World(folder)
    for name, files in scenario.STEPS:
        before = pathlib.Path(folder) / f"before-{name}"
        before.mkdir()
        world.copy_to(before)
        world.start()
        world.manifests(files())
        done = world.adit("apply", "--auto-approve")
        assert done.returncode == 0, done.stdout + done.stderr
        dump = world.dump()
        assert not scenario.faults(dump, world.state()), scenario.faults(dump, world.state())
        steps.append(Step(name, files(), before, scenario.normal(dump)))
        world.stop()
    return steps


def open_case(step, folder):
    world = World(folder)
    for file in step.before.iterdir():
        shutil.copy(file, world.folder)
    world.start()
    world.manifests(step.files)
    return world


def finding(operation, address, dump):
    """What must be found of an operation whose outcome is not recorded; None where that takes more than a look."""
    kind, _, name = address.partition("/")
    if operation not in ("create", "delete") or kind == "rule":
        return None
    if kind == "tunnel":
        is_there = "lab." + name.replace("/", ".") in [t["name"] for t in dump["tunnels"] if not t.get("deleted_at")]
    else:
        is_there = name in [r["name"] for r in dump["records"]]
    return "made" if is_there == (operation == "create") else "not-made"


def judge_recovery(told, left, dump):
    """The run must tell of each operation that the killed one left open, and of no other."""
    if [(r["operation"], r["address"]) for r in told] != left:
        return [f"{left} were left open, and it told of {told}"]
    found = [(r["finding"], finding(r["operation"], r["address"], dump)) for r in told]
    return [f"{told}" for got, must in found if got not in ([must] if must else ["made", "not-made"])]


def judge(step, world):
    """Run adit again and look at everything. @return what is wrong"""
    world.stop()  # what the killed run sent is executed by now, or never
    world.start()
    left, dump = world.open_intents(), world.dump()
    done = world.adit("apply", "--auto-approve", "--output", "json")
    if done.returncode != 0:
        return [f"the next run ended with {done.returncode}: {done.stderr[-600:]}"]
    wrong = judge_recovery(json.loads(done.stdout)["recovered"], left, dump)
    if world.open_intents():
        wrong.append(f"still open: {world.open_intents()}")
    dump = world.dump()
    wrong += scenario.faults(dump, world.state())
    if scenario.normal(dump) != step.after:
        wrong.append(f"live differs: {scenario.normal(dump)} is not {step.after}")
    again = world.adit("plan", "--detailed-exitcode")
    if again.returncode != 0 or NO_CHANGES not in again.stdout:
        wrong.append("a further plan has changes: " + again.stdout[-600:])
    return wrong


def run_cases(cases, run, workers=None):
    """Run each case in a folder of its own, several at once. @return [(case, what is wrong)]"""
    def one(case):
        with tempfile.TemporaryDirectory(prefix="adit-crash-") as folder:
            return case, run(case, folder)

    with concurrent.futures.ThreadPoolExecutor(workers or (os.cpu_count() or 1) + 1) as pool:
        return [(case, wrong) for case, wrong in pool.map(one, cases) if wrong]
