"""One call of the scenario goes wrong, or many do; adit converges, or says that it did not and does so in its next run.

A case is cheap: each worker has a simulator of its own, which goes back to the start of a step by itself, and a state
file that is copied."""

import collections
import concurrent.futures
import http.client
import json
import os
import pathlib
import queue
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

import lab  # noqa: E402
import scenario  # noqa: E402

NO_CHANGES = "No changes. Your tunnels match the manifests."
NEVER = 1000000000
EXTRA = "  state: state.db\n  dns: {settle: 0s}\n  guard: {maxDeletes: 100, maxDeletePercent: 100, maxRulePercent: 100}"
SCRATCH = "/dev/shm" if os.path.isdir("/dev/shm") else None

STALE = "stale,for=1h"

KINDS = [
    "429", "429,retry-after=2s",
    "500", "500,body=html", "500,body=empty", "502", "502,body=html", "502,body=empty", "503", "503,body=html", "503,body=empty",
    "500,executed=yes", "502,body=html,executed=yes", "503,body=empty,executed=yes",
    "failure", "refused", "refused,for=2m", "reset", "reset,executed=yes", "lost", "truncated", "stalled", "content-type",
    "page-missing", "page-twice", "item-appears", "item-vanishes", STALE,
]
PAGED = ("page-missing", "page-twice", "item-appears", "item-vanishes")

WORDS = {1: ["error[", "failed: "], 3: ["Applied in part. "], 5: ["error["]}
"""What a run that was disturbed may end with, and what it must say then."""


def conditions(kind):
    """What holds all the time beside a fault: lists in small pages, so that there are pages to disturb."""
    return ["small-pages=2"] if kind.split(",")[0] in PAGED else []


class Bench:
    """A simulator, and for each step of the scenario a project's folder, the data before it and what is live after it."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="adit-fault-", dir=SCRATCH))
        self.connection = None
        zones = [option for zone in scenario.ZONES for option in ("--zone", zone)]
        self.simulator = subprocess.Popen(
            [lab.ADIT, "simulator", "--listen", "127.0.0.1:0", "--account", lab.ACCOUNT, "--token", lab.TOKEN,
             "--rate-limit", "1000000/1s", *zones], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=self.environment())
        self.url = self.simulator.stdout.readline().split()[-1]
        self.address = urllib.parse.urlsplit(self.url)
        self.before, self.after = {}, {}
        for number, (name, files) in enumerate(scenario.STEPS):
            self.prepare(name, files(), scenario.STEPS[number - 1][0] if number else None)

    def prepare(self, name, files, previous):
        folder = self.folder / name
        (folder / "manifests").mkdir(parents=True)
        for file, text in files.items():
            (folder / "manifests" / file).write_text(text)
        (folder / "adit.yaml").write_text(lab.PROJECT.format(name="lab", url=self.url, account=lab.ACCOUNT, extra=EXTRA))
        if previous:
            shutil.copy(self.folder / previous / "state.db", folder)
            shutil.copy(folder / "state.db", folder / "state.before")
        self.before[name] = self.control("POST", "/snapshots")["id"]
        done = self.adit(name, "apply", "--auto-approve")
        assert done.returncode == 0, done.stderr
        self.after[name] = scenario.normal(self.control("GET", "/dump"))

    def close(self):
        self.simulator.kill()
        self.simulator.wait()
        self.simulator.stdout.close()
        if self.connection:
            self.connection.close()
        shutil.rmtree(self.folder, True)

    def environment(self, **more):
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("ADIT_", "CNAP_")) and k != "CI"}
        kept.update(LAB_TOKEN=lab.TOKEN, HOME=str(self.folder), ADIT_TEST_TIME_SCALE="100", **more)
        return kept

    def adit(self, step, *arguments):
        return subprocess.run([lab.ADIT, *arguments], cwd=self.folder / step, capture_output=True, text=True, timeout=120,
                              stdin=subprocess.DEVNULL, env=self.environment())

    def control(self, method, path, body=None):
        """One control call; the simulator may not be listening at the moment."""
        until = time.monotonic() + 60
        while True:
            try:
                if not self.connection:
                    self.connection = http.client.HTTPConnection(self.address.hostname, self.address.port, timeout=60)
                self.connection.request(method, "/_simulator" + path, json.dumps(body) if body is not None else None)
                answer = self.connection.getresponse()
                text = answer.read()
                assert answer.status == 200, text
                return json.loads(text or b"null")
            except (ConnectionError, http.client.HTTPException):
                self.connection.close()
                self.connection = None
                if time.monotonic() > until:
                    raise

    def open(self, step, faults):
        """Back to before the step, with faults from here on."""
        self.control("POST", "/restore", {"id": self.before[step]})
        for file in (self.folder / step).glob("state.db*"):
            file.unlink()
        if (self.folder / step / "state.before").exists():
            shutil.copy(self.folder / step / "state.before", self.folder / step / "state.db")
        self.control("POST", "/faults", {"faults": faults})

    def count(self, step, kind):
        """How many calls of an undisturbed run a fault could strike."""
        self.open(step, [f"{kind},n={NEVER}", *conditions(kind)])
        done = self.adit(step, "apply", "--auto-approve")
        assert done.returncode == 0, done.stderr
        return self.control("GET", "/faults")[0]["seen"]

    def run(self, step, faults):
        """One case. @return (exit code of the disturbed run, faults that struck, what is wrong)"""
        self.open(step, faults)
        first = self.adit(step, "apply", "--auto-approve")
        hits = sum(fault["hits"] for fault in self.control("GET", "/faults"))
        self.control("DELETE", "/faults")
        wrong = []
        if first.returncode:
            wrong += check_end(first)
            second = self.adit(step, "apply", "--auto-approve")
            if second.returncode:
                wrong.append(f"the next run ended with {second.returncode}: {second.stderr[-800:]}")
        return first.returncode, hits, wrong + self.judge(step)

    def judge(self, step):
        """Look at everything. @return what is wrong"""
        dump = self.control("GET", "/dump")
        live = scenario.normal(dump)
        wrong = scenario.faults(dump, json.loads(self.adit(step, "state", "pull").stdout))
        if live != self.after[step]:
            wrong.append(f"live differs: {live} is not {self.after[step]}")
        again = self.adit(step, "plan", "--detailed-exitcode")
        if again.returncode or NO_CHANGES not in again.stdout:
            wrong.append("a further plan has changes: " + again.stdout[-600:] + again.stderr[-600:])
        return wrong


def check_end(done):
    """A run that did not do all must say so, in its exit code and in words."""
    said = done.stdout + done.stderr
    if not any(word in said for word in WORDS.get(done.returncode, [])):
        return [f"exit code {done.returncode} without a word: {said[-1500:]}"]
    return []


def run_cases(cases, workers=None):
    """Run [(step, faults)], several at once. @return [(step, faults, code, hits, what is wrong)] in their order"""
    benches = queue.SimpleQueue()
    made = []

    def one(case):
        step, faults = case
        try:
            bench = benches.get_nowait()
        except queue.Empty:
            bench = Bench()
            made.append(bench)
        try:
            return (step, faults, *bench.run(step, faults))
        finally:
            benches.put(bench)

    try:
        with concurrent.futures.ThreadPoolExecutor(workers or (os.cpu_count() or 1) + 1) as pool:
            return list(pool.map(one, cases))
    finally:
        for bench in made:
            bench.close()


def enumerate_cases(kinds):
    """Each kind alone at every call that it could strike."""
    bench = Bench()
    try:
        return [(step, [f"{kind},n={number}", *conditions(kind)])
                for kind in kinds for step, _ in scenario.STEPS for number in range(1, bench.count(step, kind) + 1)]
    finally:
        bench.close()


def summary(results):
    codes = collections.Counter(code for _, _, code, _, _ in results)
    return (f"{len(results)} cases, {sum(hits for *_, hits, _ in results)} faults struck; " +
            ", ".join(f"{count} ended with {code}" for code, count in sorted(codes.items())))
