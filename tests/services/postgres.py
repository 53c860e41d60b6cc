#!/usr/bin/env python3
"""A PostgreSQL of a test's own, from Debian's package: on a socket in a folder of its own, in memory where there is room.

postgres.py COMMAND...: start one, run the command with its URL in ADIT_TEST_POSTGRES, stop it, whatever happens. Where
there is no PostgreSQL, the command runs without the variable, and its tests skip."""

import contextlib
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time

USER = "adit"
SETTINGS = {
    "listen_addresses": "",
    "shared_buffers": "16MB",
    "max_connections": "60",
    "max_wal_size": "128MB",
    "autovacuum": "off",
    "logging_collector": "off",
    "log_min_messages": "fatal",
}


def find_binaries():
    """The folder of initdb and postgres; None without the package."""
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


def as_user():
    """PostgreSQL refuses to run as root: as its package's user then."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]


def watch(folder):
    """A process apart that outlives this one, however it ends: then it ends the server and removes the folder."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child:
        os.close(read_end)
        os.waitpid(child, 0)
        return write_end
    if os.fork():
        os._exit(0)
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    os.close(write_end)
    while os.read(read_end, 1):
        pass
    end_server(folder)
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


def server_pid(folder):
    with contextlib.suppress(OSError, ValueError, IndexError):
        return int((folder / "data" / "postmaster.pid").read_text().split()[0])
    return None


def end_server(folder):
    pid = server_pid(folder)
    if pid:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGQUIT)


class Postgres:
    """One server; stop() and start() again as often as a test needs."""

    def __init__(self):
        self.binaries = find_binaries()
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="adit-pg-", dir=memory))
        self.process = None
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(self.folder, user.pw_uid, user.pw_gid)
        self.guard = watch(self.folder)
        self.run("initdb", "--no-sync", "--auth=trust", f"--username={USER}", "--encoding=UTF8", "--locale=C.UTF-8",
                 "--no-instructions", "-D", str(self.folder / "data"))
        self.start()

    def run(self, program, *arguments):
        subprocess.run([*as_user(), self.binaries / program, *arguments], check=True, cwd="/", stdout=subprocess.DEVNULL)

    def start(self):
        options = [part for key, value in SETTINGS.items() for part in ("-c", f"{key}={value}")]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*as_user(), self.binaries / "postgres", "-D", str(self.folder / "data"), "-k", str(self.folder), *options],
                cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log)
        while subprocess.run([self.binaries / "pg_isready", "-q", "-h", self.folder, "-U", USER]).returncode:
            if self.process.poll() is not None:
                raise RuntimeError((self.folder / "log").read_text())
            time.sleep(0.02)  # the server tells nobody that it is ready

    def stop(self, how=signal.SIGINT):
        """SIGINT: in order; SIGQUIT: at once, as after a loss of power."""
        self.process.send_signal(how)
        self.process.wait()

    def close(self):
        if self.process.poll() is None:
            self.stop(signal.SIGQUIT)
        os.close(self.guard)
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database="postgres", user=USER, **more):
        options = "&".join(f"{key}={value}" for key, value in {"host": self.folder, **more}.items())
        return f"postgres://{user}@/{database}?{options}"


def query(url, sql):
    """Rows of texts, by psql."""
    done = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", sql],
                          check=True, capture_output=True, text=True, env={**os.environ, "PGOPTIONS": "-c client_min_messages=error"})
    return [line.split("\t") for line in done.stdout.splitlines()]


def available():
    return find_binaries() is not None and shutil.which("psql") is not None


def main():
    if not available():
        print("there is no PostgreSQL: its tests skip", file=sys.stderr)
        return subprocess.run(sys.argv[1:]).returncode
    server = Postgres()
    try:
        process = subprocess.Popen(sys.argv[1:], env={**os.environ, "ADIT_TEST_POSTGRES": server.url()})
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda number, _: process.send_signal(number))
        code = process.wait()
        return code if code >= 0 else 128 - code
    finally:
        server.close()


if __name__ == "__main__":
    sys.exit(main())
