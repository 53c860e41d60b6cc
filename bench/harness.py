"""What every case needs: processes that are measured, a simulator, and worlds that were applied once and are kept."""

import contextlib
import dataclasses
import hashlib
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import urllib.parse

SOURCE = pathlib.Path(__file__).resolve().parents[1]
BUILD = SOURCE / "build" / "release"
ADIT, GENERATE, FLOOR = BUILD / "adit", BUILD / "bench" / "generate", BUILD / "bench" / "floor"
WORLDS = SOURCE / "build" / "bench"
MEASURE = SOURCE / "bench" / "measure.py"
ACCOUNT = "0123456789abcdef0123456789abcdef"
TOKEN = "bench-token-of-the-account-that-may-do-everything"
TICKS = os.sysconf("SC_CLK_TCK")


def environment():
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("ADIT_", "CNAP_")) and k != "CI"}
    kept.update(BENCH_TOKEN=TOKEN, HOME=str(WORLDS), LC_ALL="C.UTF-8", NO_COLOR="1")
    return kept


def prepare(build):
    """The programs, built unless they are to be taken as they are, and a place for worlds."""
    if build:
        quiet = {"check": True, "cwd": SOURCE, "stdout": subprocess.DEVNULL}
        subprocess.run(["cmake", "--preset", "release"], **quiet)
        subprocess.run(["cmake", "--build", "--preset", "release", "--target", "bench"], **quiet)
    WORLDS.mkdir(parents=True, exist_ok=True)
    # Ended from outside, no simulator stays behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def say(text):
    print(text, file=sys.stderr, flush=True)


@dataclasses.dataclass
class Run:
    """One process from exec to exit."""

    seconds: float
    cpu: float
    peak: int
    out: str


def run(argv, cwd, keep=True):
    """Run a program and measure it (measure.py). What it prints goes to files, and comes back unless keep is false."""
    names = [WORLDS / f"stdout.{os.getpid()}", WORLDS / f"stderr.{os.getpid()}"]
    argv = [str(argument) for argument in argv]
    # Neither site-packages nor the environment's settings: as small as Python gets.
    with subprocess.Popen([sys.executable, "-I", "-S", MEASURE, *names, *argv], cwd=cwd, env=environment(), text=True,
                          stdout=subprocess.PIPE) as measure:
        try:
            told, _ = measure.communicate()
        except BaseException:
            measure.terminate()
            measure.wait()
            for name in names:
                name.unlink(missing_ok=True)
            raise
    if measure.returncode:
        raise SystemExit(f"{argv[0]}: it could not be measured")
    seconds, cpu, peak, status = told.split()
    code = os.waitstatus_to_exitcode(int(status))
    if code:
        raise SystemExit(f"{' '.join(argv)}: exit {code}\n" + "\n".join(name.read_text()[-2000:] for name in names))
    out = names[0].read_text() if keep else ""
    for name in names:
        name.unlink()
    return Run(float(seconds), float(cpu), int(peak) * 1024, out)


def instructions(argv, cwd, limit_seconds=600):
    """Instructions of one run by callgrind; None where valgrind is missing."""
    valgrind = shutil.which("valgrind")
    if not valgrind:
        return None
    argv = [valgrind, "--tool=callgrind", "--callgrind-out-file=/dev/null", *map(str, argv)]
    done = subprocess.run(argv, cwd=cwd, text=True, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          timeout=limit_seconds, check=False)
    found = re.search(r"Collected : ([0-9]+)", done.stderr)
    if done.returncode or not found:
        raise SystemExit(f"callgrind: {argv}: exit {done.returncode}\n{done.stderr[-2000:]}")
    return int(found[1])


def median(runs, field="seconds"):
    return statistics.median(getattr(one, field) for one in runs)


class Simulator:
    """adit simulator in a process of its own, on a free port."""

    def __init__(self, data, zones, plan="enterprise", rate="1000000/300s", options=(), cpus=None):
        argv = [ADIT, "simulator", "--account", ACCOUNT, "--token", TOKEN, "--plan", plan, "--record-limit", "1000000",
                "--rate-limit", rate, *options]
        if data:
            argv += ["--data", data]
        for zone in zones:
            argv += ["--zone", zone]
        self.process = subprocess.Popen([str(argument) for argument in argv], stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True, env=environment())
        line = self.process.stdout.readline()
        if not line.startswith("listening on "):
            raise SystemExit(f"the simulator did not start: {line}")
        if cpus:
            for task in os.listdir(f"/proc/{self.process.pid}/task"):
                os.sched_setaffinity(int(task), cpus)
        self.url = line.split()[-1]
        self.host = urllib.parse.urlsplit(self.url).netloc

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()

    def cpu(self):
        """Seconds of processor time so far."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def call(self, method, path, body=None):
        connection = http.client.HTTPConnection(self.host, timeout=300)
        with contextlib.closing(connection):
            connection.request(method, path, body and json.dumps(body),
                               {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read()

    def forget(self):
        self.call("DELETE", "/_simulator/requests")

    def requests(self):
        """Calls since forget(), without their bodies."""
        found = json.loads(self.call("GET", "/_simulator/requests")[1])
        return [{k: v for k, v in one.items() if k != "body"} for one in found if one["path"].startswith("/client/v4")]


@dataclasses.dataclass(frozen=True)
class World:
    """A generated project; fixture() also makes what is live and recorded."""

    routes: int
    gateways: int = 50
    zones: int = 20
    files: int = 1
    wildcards: float = 5
    prefixes: float = 25

    @property
    def name(self):
        return f"{self.routes}-{self.gateways}-{self.zones}-{self.files}-{self.wildcards:g}-{self.prefixes:g}"

    @property
    def folder(self):
        return WORLDS / self.name

    @property
    def zone_names(self):
        return [f"zone-{i:02}.example" for i in range(self.zones)]

    def generate(self, folder=None, **options):
        argv = [GENERATE, "--out", folder or self.folder]
        options = {**dataclasses.asdict(self), **options}
        for key, value in options.items():
            argv += [f"--{key.replace('_', '-')}", value]
        (folder or self.folder).mkdir(parents=True, exist_ok=True)
        run(argv, WORLDS)

    def simulator(self, **options):
        return Simulator(self.folder / "sim.db", self.zone_names, **options)

    def plan_argv(self, simulator=None, *more):
        return [ADIT, "plan", *(["--url", simulator.url] if simulator else []), *more]

    def apply(self, simulator, *more):
        return run([ADIT, "apply", "--auto-approve", "--url", simulator.url, *more], self.folder, keep=False)

    def fixture(self):
        """Generated, applied and kept, so that as much is live and recorded as desired. Returns the seconds it took."""
        stamp = self.folder / "made"
        made = hashlib.sha256(GENERATE.read_bytes()).hexdigest()
        if stamp.exists() and stamp.read_text() == made:
            self.generate()
            return 0.0
        say(f"  making the world {self.name} ...")
        shutil.rmtree(self.folder, ignore_errors=True)
        self.generate()
        with self.simulator() as simulator:
            seconds = self.apply(simulator).seconds
        stamp.write_text(made)
        say(f"  ... applied in {seconds:.1f} s")
        return seconds

    def forget_cache(self):
        """Leave nothing beside the state but the state: the next run is a cold one."""
        for path in (self.folder / ".adit").iterdir():
            if not path.name.startswith("state.db"):
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def record_answers(self, simulator):
        """Keep the answers to the calls that were made since forget(), each in a file. Returns the calls."""
        answers = self.folder / "answers"
        shutil.rmtree(answers, ignore_errors=True)
        answers.mkdir()
        calls = simulator.requests()
        for i, call in enumerate(calls):
            status, body = simulator.call(call["method"], call["path"])
            if call["method"] != "GET" or status != 200:
                raise SystemExit(f"a plan called {call['method']} {call['path']}: {status}")
            (answers / f"{i:05}.json").write_bytes(body)
        return calls
