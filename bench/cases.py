"""The cases of bench/run, by name. Each returns rows: timings against the floor, or counts against their limits."""

import contextlib
import datetime
import http.client
import json
import math
import shutil
import socket
import sqlite3
import sys
import time

import harness
from harness import ADIT, ACCOUNT, FLOOR, TOKEN, Simulator, World, median, run

sys.path.append(str(harness.SOURCE / "tests" / "services"))
import postgres  # noqa: E402

MIB = 1 << 20
STRACE = shutil.which("strace") or "strace"


def in_turn(repeat, *programs):
    """Run programs one after the other, `repeat` times: whatever slows the machine slows them all alike."""
    results = [[] for _ in programs]
    for _ in range(repeat):
        for result, program in zip(results, programs, strict=True):
            result.append(program())
    return results


def timing(case, adit, floor, limit, **more):
    return {"case": case, "adit_seconds": median(adit), "floor_seconds": median(floor),
            "ratio": median(adit) / median(floor), "limit": limit, "adit_cpu": median(adit, "cpu"),
            "floor_cpu": median(floor, "cpu"), "peak_bytes": max(one.peak for one in adit), "runs": len(adit), **more}


def count(case, what, value, limit, at_least=False, exact=False):
    """exact: whatever the machine and the world's size, so that it must hold in small worlds, too."""
    good = limit is None or (value >= limit if at_least else value <= limit)
    return {"case": case, "what": what, "value": value, "limit": limit, "at_least": at_least, "exact": exact,
            "good": good}


def world_of(routes):
    return World(routes, files=max(1, routes // 1000))


def cold(routes, repeat):
    """Everything is read: manifests, state, and what is live; 1 % of the routes differ."""
    case, world = f"cold-{routes}", world_of(routes)
    world.fixture()
    world.generate(changes=1)
    with world.simulator() as simulator:
        argv = world.plan_argv(simulator)
        simulator.forget()
        run(argv, world.folder, keep=False)
        calls = len(world.record_answers(simulator))
        floor_argv = [FLOOR, world.folder / "manifests", world.folder / "answers"]
        read = json.loads(run(floor_argv, world.folder).out)
        before = simulator.cpu()

        def plan():
            world.forget_cache()
            return run(argv, world.folder, keep=False)

        adit, floor = in_turn(repeat, plan, lambda: run(floor_argv, world.folder))
        simulator_cpu = (simulator.cpu() - before) / repeat
        counted = harness.instructions(argv, world.folder) if routes <= 1000 else None
        counted_floor = harness.instructions(floor_argv, world.folder) if routes <= 1000 else None
    input_bytes = read["manifest_bytes"] + read["answer_bytes"]
    return [timing(case, adit, floor, 1.5, calls=calls, simulator_cpu=simulator_cpu, instructions=counted,
                   floor_instructions=counted_floor, input_bytes=input_bytes),
            count(case, "peak memory, MiB", max(one.peak for one in adit) / MIB,
                  3 * input_bytes / MIB + 64 if routes < 1000000 else 16 * 1024)]


def growth(repeat, small=10000, large=100000):
    """How much longer ten times as many routes take."""
    rows = [cold(small, repeat)[0], cold(large, repeat)[0]]
    return [count("growth", f"{large} over {small} routes, times", rows[1]["adit_seconds"] / rows[0]["adit_seconds"], 11)]


def warm(routes, files, repeat):
    """One changed file, the others as they were, nothing read over HTTP; against the cold floor."""
    case, world = "warm", World(routes, files=files)
    world.fixture()
    changed = world.folder / "changed"
    world.generate(changed, changes=5)
    with world.simulator() as simulator:
        simulator.forget()
        run(world.plan_argv(simulator), world.folder, keep=False)
        world.record_answers(simulator)
    argv = world.plan_argv(None, "--refresh=false")
    run(argv, world.folder, keep=False)
    floor_argv = [FLOOR, world.folder / "manifests", world.folder / "answers"]
    turns = iter(range(files))

    def plan():
        name = f"manifests/routes-{next(turns):06}.yaml"
        shutil.copyfile(changed / name, world.folder / name)
        return run(argv, world.folder, keep=False)

    adit, floor = in_turn(repeat, plan, lambda: run(floor_argv, world.folder))
    return [timing(case, adit, floor, 0.35, calls=0, simulator_cpu=0.0)]


def round_trips(simulator, calls):
    """Seconds for calls one after the other on one connection."""
    connection = http.client.HTTPConnection(simulator.host)
    connection.connect()
    started = time.perf_counter()
    for call in calls:
        connection.request(call["method"], call["path"], headers={"Authorization": f"Bearer {TOKEN}"})
        connection.getresponse().read()
    seconds = time.perf_counter() - started
    connection.close()
    return seconds


def small(repeat):
    """Twenty routes, everything warm, against a process that only starts; with and without the API's round trips."""
    world = World(20, gateways=2, zones=2)
    world.fixture()
    with world.simulator() as simulator:
        argv = world.plan_argv(simulator)
        run(argv, world.folder)
        simulator.forget()
        run(argv, world.folder)
        calls = simulator.requests()
        trips = sorted(round_trips(simulator, calls) for _ in range(repeat))[repeat // 2]
        offline_argv = world.plan_argv(None, "--refresh=false")
        floor_argv = [FLOOR, "--start", world.folder / ".adit" / "state.db"]
        before = simulator.cpu()
        online, offline, floor = in_turn(repeat, lambda: run(argv, world.folder), lambda: run(offline_argv, world.folder),
                                         lambda: run(floor_argv, world.folder))
        simulator_cpu = (simulator.cpu() - before) / repeat
        counted = [harness.instructions(one, world.folder) for one in (argv, offline_argv, floor_argv)]
    rows = [timing("small", online, floor, 1.5, calls=len(calls), simulator_cpu=simulator_cpu, instructions=counted[0],
                   floor_instructions=counted[2]),
            timing("small, --refresh=false", offline, floor, 1.5, calls=0, simulator_cpu=0.0, instructions=counted[1],
                   floor_instructions=counted[2])]
    rows[0]["floor_seconds"] += trips
    rows[0]["ratio"] = rows[0]["adit_seconds"] / rows[0]["floor_seconds"]
    return rows


def fresh(world, generate=None, **options):
    """The world's folder without state, and a simulator with nothing in it."""
    shutil.rmtree(world.folder, ignore_errors=True)
    world.generate(**(generate or {}))
    return Simulator(None, world.zone_names, **options)


def split(calls):
    reads = [call for call in calls if call["method"] == "GET"]
    return reads, [call for call in calls if call["method"] != "GET"]


def counted_plan(world, simulator, argv=None):
    simulator.forget()
    run(argv or world.plan_argv(simulator), world.folder, keep=False)
    return split(simulator.requests())


def calls_of_reading(world, simulator, zones=True):
    """What a plan may call at most; zones: with the listing of the account's zones."""
    total = math.ceil(world.gateways / 1000) + world.gateways + (math.ceil(world.zones / 50) if zones else 0)
    for zone in json.loads(simulator.call("GET", "/client/v4/zones?per_page=50")[1])["result"]:
        listed = json.loads(simulator.call("GET", f"/client/v4/zones/{zone['id']}/dns_records?per_page=1")[1])
        total += math.ceil(listed["result_info"]["total_count"] / 5000)
    return total


def counted_calls(what, value, limit):
    return count("calls", what, value, limit, exact=True)


def creation(routes, plan, per_batch):
    """Records of one zone and one tunnel: how many writes their creation takes."""
    world = World(routes, gateways=1, zones=1, wildcards=0, prefixes=0)
    with fresh(world, plan=plan) as simulator:
        world.apply(simulator)
        _, writes = split(simulator.requests())
    put = sum(call["method"] == "PUT" for call in writes)
    batches = sum("/dns_records" in call["path"] for call in writes)
    return [counted_calls(f"create {routes} records on {plan}: writes to the zone", batches, math.ceil(routes / per_batch)),
            counted_calls(f"create {routes} records on {plan}: PUTs", put, 1)]


def calls():
    """API calls, counted by the simulator."""
    world = World(300, gateways=5, zones=4, wildcards=5)
    rows = []
    with fresh(world) as simulator:
        world.apply(simulator)
        limit = calls_of_reading(world, simulator, zones=False)
        reads, _ = counted_plan(world, simulator)
        rows.append(counted_calls("plan, all recorded", len(reads), limit))
        reads, writes = counted_plan(world, simulator,
                                     [ADIT, "apply", "--auto-approve", "--url", simulator.url])
        rows += [counted_calls("apply with nothing to do: reads", len(reads), limit),
                 counted_calls("apply with nothing to do: writes", len(writes), 0)]
        first = world.folder / "manifests" / "routes-000000.yaml"
        first.write_text(first.read_text().replace("port: 8080", "port: 8081", 1))
        simulator.forget()
        world.apply(simulator)
        reads, writes = split(simulator.requests())
        rows += [counted_calls("change one route: writes", len(writes), 1),
                 counted_calls("change one route: reads before its PUT, beyond the plan's", len(reads) - limit, 1)]
        bigger = World(301, gateways=5, zones=4)
        bigger.generate(world.folder)
        reads, _ = counted_plan(world, simulator)
        rows.append(counted_calls("plan with a new hostname", len(reads), calls_of_reading(world, simulator)))
    return rows + creation(450, "free", 200) + creation(4000, "pro", 3500)


def call_seconds(call):
    return datetime.datetime.fromisoformat(call["time"].replace("Z", "+00:00")).timestamp()


def busy_share(calls, allowed, window):
    """Calls in whole windows from the first call on, over what those windows allow."""
    times = sorted(call_seconds(call) for call in calls)
    windows = int((times[-1] - times[0]) // window)
    if not windows:
        return 0.0
    return sum(one < times[0] + windows * window for one in times) / (windows * allowed)


def rate(routes, gateways, allowed, window, share=60):
    """A first apply that the rate limit holds back; adit may use `share` percent of the account's calls."""
    world = World(routes, gateways=gateways, zones=20, wildcards=0)
    with fresh(world, {"budget": f"{allowed}/{window}s", "share": share}, rate=f"{allowed}/{window}s") as simulator:
        done = world.apply(simulator)
        made = simulator.requests()
    used = 100 * busy_share(made, allowed * share / 100, window)
    return [count("rate", f"{len(made)} calls, {share} % of {allowed} per {window} s are ours: seconds", done.seconds,
                  math.ceil(len(made) / (allowed * share / 100) / 0.9) * window),
            count("rate", "calls refused with 429", sum(call["status"] == 429 for call in made), 0, exact=True),
            count("rate", "share of the allowed calls used, %", used, 90, at_least=True),
            count("rate", "share of the allowed calls used, %", used, 100)]


def latency(tunnels, milliseconds, repeat, parallelism=10):
    """Many tunnels far away: waiting overlaps."""
    world = World(tunnels, gateways=tunnels, zones=1, wildcards=0)
    world.fixture()
    with world.simulator(options=["--latency", f"{milliseconds}ms"]) as simulator:
        argv = world.plan_argv(simulator, "--parallelism", parallelism)
        simulator.forget()
        runs = [run(argv, world.folder, keep=False) for _ in range(repeat)]
        made = len(simulator.requests()) / repeat
    need = made * milliseconds / 1000 / parallelism
    what = f"plan of {made:.0f} calls of {milliseconds} ms, {parallelism} at once, over {need:.2f} s: times"
    return [count("latency", what, median(runs) / need, 1.3)]


def bytes_written(world, argv):
    """Bytes that a run wrote into the state's file and its journal."""
    log = world.folder / "strace"
    run([STRACE, "-f", "--seccomp-bpf", "-y", "-o", log, "-e", "trace=pwrite64,write", *argv], world.folder, keep=False)
    total = 0
    with open(log, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if "state.db" in line and " = " in line:
                total += int(line.rsplit(" = ", 1)[1].split()[0])
    return total


def rows_that_differ(before, after):
    """Rows of the state that were added, changed or removed; without those of the calls' budget, of which there is one for
    every few seconds that a run takes."""
    total = 0
    tables = "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name <> 'budget'"
    without = "SELECT count(*) FROM (SELECT * FROM {1}.{0} EXCEPT SELECT * FROM {2}.{0})"
    with contextlib.closing(sqlite3.connect(after)) as db:
        db.execute("ATTACH ? AS old", (str(before),))
        for (name,) in db.execute(tables).fetchall():
            counted = [db.execute(without.format(name, *pair)).fetchone()[0] for pair in (("main", "old"), ("old", "main"))]
            total += max(counted)
    return total


@contextlib.contextmanager
def changed_route(world):
    """One route has another port for as long as this lasts."""
    first = world.folder / "manifests" / "routes-000000.yaml"
    kept = first.read_text()
    first.write_text(kept.replace("port: 8080", "port: 8081", 1))
    try:
        yield
    finally:
        first.write_text(kept)


def one_route_change(routes):
    """(rows, bytes) of the state that the apply of one changed route touches."""
    world = world_of(routes)
    world.fixture()
    state_db, before = world.folder / ".adit" / "state.db", world.folder / "state-before.db"
    with world.simulator() as served:
        argv = [ADIT, "apply", "--auto-approve", "--url", served.url]
        # The run after the one that made everything clears that one's journal away.
        with changed_route(world):
            run(argv, world.folder, keep=False)
        run(argv, world.folder, keep=False)
        shutil.copyfile(state_db, before)
        with changed_route(world):
            written = bytes_written(world, argv)
        rows = rows_that_differ(before, state_db)
        run(argv, world.folder, keep=False)
    before.unlink()
    return rows, written


def rows_touched(url):
    """Rows that were ever added, changed or removed, as PostgreSQL counts them; without those of the lease and of the calls'
    budget, of which there is one for every few seconds that a run takes."""
    return int(postgres.query(url, "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables"
                                   " WHERE relname NOT IN ('lease', 'budget')")[0][0])


def on_postgres(routes):
    """(rows that one changed route touches, state list) with all that is live in a world recorded on a server of our own."""
    world = world_of(routes)
    world.fixture()
    server = postgres.Postgres()
    try:
        option = ["--state", server.url()]
        with world.simulator() as served:
            argv = [ADIT, "apply", "--auto-approve", "--url", served.url, *option]
            run(argv, world.folder, keep=False)
            listing = run([ADIT, "state", "list", *option], world.folder, keep=False)
            # The run after the one that recorded everything clears that one's journal away.
            run(argv, world.folder, keep=False)
            before = rows_touched(server.url())
            with changed_route(world):
                run(argv, world.folder, keep=False)
            rows = rows_touched(server.url()) - before
            run(argv, world.folder, keep=False)
        return rows, listing
    finally:
        server.close()


def state_postgres(many, few):
    """The same state on PostgreSQL."""
    if not postgres.available():
        return [count("state-postgres", "there is no PostgreSQL", 0, None)]
    (small_rows, _), (rows, listing) = on_postgres(few), on_postgres(many)
    return [count("state-postgres", f"state list of {many} routes: seconds", listing.seconds, None),
            count("state-postgres", f"state list of {many} routes: peak memory, MiB", listing.peak / MIB, 64),
            count("state-postgres", f"rows that one changed route touches, of {few} routes", small_rows, None),
            count("state-postgres", f"rows that one changed route touches, of {many} routes", rows, small_rows, exact=True)]


def sync_share(routes):
    """Part of a first apply's time that its fsync calls take."""
    world = World(routes, wildcards=0, zones=20)
    with fresh(world) as simulator:
        log = world.folder / "strace"
        done = run([STRACE, "-f", "--seccomp-bpf", "-c", "-w", "-o", log, "-e", "trace=fsync,fdatasync", ADIT, "apply",
                    "--auto-approve", "--url", simulator.url], world.folder, keep=False)
    spent = calls_made = 0
    for line in log.read_text().splitlines():
        fields = line.split()
        if fields and fields[-1] in ("fsync", "fdatasync"):
            spent += float(fields[1])
            calls_made += int(fields[3])
    return 100 * spent / done.seconds, calls_made


def state(many, few, operations):
    """The state of a large project."""
    world = world_of(many)
    world.fixture()
    listing = run([ADIT, "state", "list"], world.folder, keep=False)
    share, syncs = sync_share(operations)
    rows, written = zip(one_route_change(few), one_route_change(many), strict=True)
    return [count("state", f"state list of {many} routes: seconds", listing.seconds, None),
            count("state", f"state list of {many} routes: peak memory, MiB", listing.peak / MIB, 64),
            count("state", f"rows that one changed route touches, of {few} routes", rows[0], None),
            count("state", f"rows that one changed route touches, of {many} routes", rows[1], rows[0], exact=True),
            count("state", f"KiB written for one changed route, of {few} routes", written[0] / 1024, None),
            count("state", f"KiB written for one changed route, of {many} routes", written[1] / 1024, None),
            count("state", f"apply of {operations} records: share of fsync ({syncs} calls), %", share, 10)]


def simulator(requests):
    """Simple requests over one connection; the simulator is kept on one core."""
    path = f"/client/v4/accounts/{ACCOUNT}/cfd_tunnel?per_page=1"
    with Simulator(None, ["zone-00.example"], cpus={0}) as served, \
            socket.create_connection(served.host.split(":")) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        request = f"GET {path} HTTP/1.1\r\nHost: {served.host}\r\nAuthorization: Bearer {TOKEN}\r\n\r\n".encode()
        connection.sendall(request)
        size = len(connection.recv(1 << 16))
        before, started = served.cpu(), time.perf_counter()
        for _ in range(requests):
            connection.sendall(request)
            left = size
            while left > 0:
                left -= len(connection.recv(1 << 16))
        seconds, cpu = time.perf_counter() - started, served.cpu() - before
    return [count("simulator", "requests per second, one connection", requests / seconds, None),
            count("simulator", "requests per second of its processor time", requests / max(cpu, 0.001), 2000,
                  at_least=True)]
