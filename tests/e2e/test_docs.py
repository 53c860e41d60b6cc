"""The documents show only what was run: their console blocks are run here, in order, each document in an empty folder.

What stands behind "$ " up to the next one is what the command prints on standard output. A comment "<!-- before: ... -->"
is a script that sets the scene unseen, as somebody else would: it must end with 0, and may leave processes behind. What
differs from run to run is made the same on both sides by VOLATILE and NUMBERED, and by the environment; nothing else may
differ."""

import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import unittest

ADIT = pathlib.Path(os.environ["ADIT_BINARY"])
ROOT = pathlib.Path(__file__).resolve().parents[2]
STEP = re.compile(r"^```console\n(?P<console>.*?)^```$|^<!-- before:\n(?P<before>.*?)^-->$", re.M | re.S)

# A value that comes again must come again on the other side, too: they are numbered as they appear.
NUMBERED = re.compile(r"\b(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{64})\b")
VOLATILE = [
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "TIME"),
    (re.compile(r"\bprocess \d+"), "process PID"),
    (re.compile(r"\b127\.0\.0\.1:\d+"), "127.0.0.1:PORT"),
    (re.compile(r"(?<=@)" + re.escape(socket.gethostname()) + r"\b"), "laptop"),
    (re.compile(r"(?<= on )" + re.escape(socket.gethostname()) + r"\b"), "laptop"),
]


class Side:
    """What a document says, or what was printed, without what differs from run to run."""

    def __init__(self):
        self.known = {}

    def fixed(self, text):
        for pattern, name in VOLATILE:
            text = pattern.sub(name, text)
        text = NUMBERED.sub(lambda match: f"ID {self.known.setdefault(match[0], len(self.known))}", text)
        return text.rstrip("\n")


def steps(document):
    """(is_shown, command, expected) in order."""
    for match in STEP.finditer(document):
        if match["before"]:
            yield False, match["before"], ""
            continue
        for part in re.split(r"^\$ ", match["console"], flags=re.M)[1:]:
            lines = part.split("\n")
            end = 1
            while lines[end - 1].endswith("\\"):
                end += 1
            if heredoc := re.search(r"<<'?(\w+)'?", lines[0]):
                end = lines.index(heredoc[1]) + 1
            yield True, "\n".join(lines[:end]), "\n".join(lines[end:])


class Docs(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="adit-docs-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.env = {k: v for k, v in os.environ.items()
                    if not k.startswith(("ADIT_", "CNAP_", "GITHUB_", "GITLAB_", "BUILD_", "GIT_", "CI_"))}
        self.env.pop("CI", None)
        self.env.update(PATH=f"{ADIT.parent}:{ROOT / 'scripts'}:{self.env['PATH']}", HOME=str(self.folder), USER="sam")
        self.groups = []
        self.addCleanup(self.end)

    def end(self):
        for group in self.groups:
            try:
                os.killpg(group, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def behind(self, script):
        with open(self.folder / ".before.log", "w+") as log:
            process = subprocess.Popen(["bash", "-euc", script], cwd=self.folder, env=self.env, stdin=subprocess.DEVNULL,
                                       stdout=log, stderr=log, start_new_session=True)
            self.groups.append(process.pid)
            code = process.wait(timeout=60)
            log.seek(0)
            self.assertEqual(code, 0, f"{script}\n{log.read()}")

    def shown(self, command):
        process = subprocess.Popen(["bash", "-c", command], cwd=self.folder, env=self.env, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
        self.groups.append(process.pid)
        out, err = process.communicate(timeout=120)
        return out, err

    def check(self, name, least):
        count, said, printed = 0, Side(), Side()
        for is_shown, command, expected in steps((ROOT / name).read_text()):
            if not is_shown:
                self.behind(command)
                continue
            count += 1
            out, err = self.shown(command)
            self.assertEqual(printed.fixed(out), said.fixed(expected), f"{name}: $ {command}\n{err}")
        self.assertGreaterEqual(count, least, f"{name} shows fewer commands than it did")

    def test_readme(self):
        self.check("README.md", 15)

    def test_rollback(self):
        self.check("docs/rollback.md", 25)

    def test_state(self):
        self.check("docs/state.md", 12)

    def test_shared_gateways(self):
        self.check("docs/shared-gateways.md", 9)

    def test_simulator(self):
        self.check("docs/simulator.md", 5)


if __name__ == "__main__":
    unittest.main()
