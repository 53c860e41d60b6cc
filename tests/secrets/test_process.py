"""What the running process shows: while adit holds a token and waits for an answer that does not come."""

import os
import pathlib
import resource
import signal
import socket
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

import lab  # noqa: E402
from canary import Canaries  # noqa: E402

NOBODY = 65534


def raise_core_limit():
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))


class Process(lab.Lab):
    def setUp(self):
        super().setUp()
        self.write("web.yaml", lab.gateway(), lab.route("web", ["a.example.com"], [("/", "PathPrefix", "web", 80)]))
        self.canaries = Canaries(token=lab.TOKEN)

    def environment(self, **more):
        # A sanitizer's runtime would catch the signal and forbid the core by itself: what is tested is adit's own doing.
        return super().environment(ASAN_OPTIONS="handle_segv=0:disable_coredump=0", **more)

    def start(self, *arguments, wrap=(), **more):
        process = subprocess.Popen([*wrap, lab.ADIT, *arguments], cwd=self.folder, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, env=self.environment(), preexec_fn=raise_core_limit, **more)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdin.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def hold(self, wrap=()):
        """A plan whose first request was sent, with the token, to a server that says nothing."""
        server = socket.create_server(("127.0.0.1", 0))
        server.settimeout(60)
        self.addCleanup(server.close)
        process = self.start("plan", "--url", f"http://127.0.0.1:{server.getsockname()[1]}/client/v4", wrap=wrap)
        connection = server.accept()[0]
        connection.settimeout(60)
        self.addCleanup(connection.close)
        request = b""
        while b"\r\n\r\n" not in request:
            request += connection.recv(4096)
        self.assertEqual(self.canaries.find(request), ["token"])
        return process

    def hold_without_token(self):
        """One that waits for its standard input."""
        process = self.start("validate", "-f", "-")
        process.stdin.write(b"# a comment\n" * 20000) # more than a pipe holds: it has begun to read
        process.stdin.flush()
        return process

    def proc(self, process, name):
        return (pathlib.Path("/proc") / str(process.pid) / name).read_bytes()

    def core_limit(self, process):
        line = next(line for line in self.proc(process, "limits").decode().splitlines() if line.startswith("Max core file size"))
        return line.split()[4]

    def test_environment_and_arguments(self):
        process = self.hold()
        environment = self.proc(process, "environ")
        self.assertIn(b"LAB_TOKEN=", environment)
        self.assertEqual(self.canaries.find(environment), [])
        self.assertEqual(self.canaries.find(self.proc(process, "cmdline")), [])
        # The eyes see: one that does not read the token still has it.
        self.assertEqual(self.canaries.find(self.proc(self.hold_without_token(), "environ")), ["token"])

    def test_no_core(self):
        process = self.hold()
        self.assertEqual(self.core_limit(process), "0")
        process.send_signal(signal.SIGSEGV)
        _, status = os.waitpid(process.pid, 0)
        process.returncode = -os.WTERMSIG(status)
        self.assertEqual(os.WTERMSIG(status), signal.SIGSEGV)
        self.assertFalse(os.WCOREDUMP(status))
        self.assertEqual(list(self.folder.glob("core*")), [])

    def test_a_core_without_token(self):
        """The twin: a process that holds nothing leaves a core where the machine lets it."""
        process = self.hold_without_token()
        if resource.getrlimit(resource.RLIMIT_CORE)[1] == 0:
            self.skipTest("no process may leave a core here")
        self.assertNotEqual(self.core_limit(process), "0")
        process.send_signal(signal.SIGSEGV)
        _, status = os.waitpid(process.pid, 0)
        process.returncode = -os.WTERMSIG(status)
        pattern = pathlib.Path("/proc/sys/kernel/core_pattern").read_text().strip()
        if pattern.startswith("core"):
            self.assertTrue(os.WCOREDUMP(status))

    def test_others_of_the_user_see_nothing(self):
        """The kernel gives the files of a process that is not dumpable to root."""
        wrap = []
        if os.geteuid() == 0:
            wrap = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
            for path in [self.folder, *self.folder.rglob("*")]:
                os.chown(path, NOBODY, NOBODY)
        process = self.hold(wrap)
        self.assertEqual((pathlib.Path("/proc") / str(process.pid) / "environ").stat().st_uid, 0)
        if os.geteuid() != 0:
            with self.assertRaises(PermissionError):
                self.proc(process, "environ")

    def refused(self, wrap=()):
        text = (self.folder / "adit.yaml").read_text()
        (self.folder / "adit.yaml").write_text(text.replace("tokenEnv: LAB_TOKEN", "tokenFile: secret"))
        done = subprocess.run([*wrap, lab.ADIT, "plan"], cwd=self.folder, capture_output=True, text=True, env=self.environment(),
                              stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 1, done)
        self.assertIn("A0821", done.stderr)
        self.assertIn("chmod 600", done.stderr)
        self.assertEqual(self.canaries.find(done.stdout + done.stderr), [])
        self.forget_requests()
        return done.stderr

    def test_file_that_others_may_read(self):
        (self.folder / "secret").write_text(lab.TOKEN)
        for mode in (0o640, 0o604, 0o620, 0o602, 0o777):
            (self.folder / "secret").chmod(mode)
            self.assertIn("others may read or change it", self.refused())

    @unittest.skipIf(os.geteuid() != 0, "only root can give a file away")
    def test_file_of_another_user(self):
        (self.folder / "secret").write_text(lab.TOKEN)
        (self.folder / "secret").chmod(0o600)
        wrap = ["setpriv", f"--reuid={NOBODY}", "--clear-groups", "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
        self.assertIn("it belongs to another user", self.refused(wrap))


if __name__ == "__main__":
    unittest.main()
