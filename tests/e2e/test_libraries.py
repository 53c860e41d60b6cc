"""Which shared libraries a command loads, as the loader tells it, and what it says when one cannot be loaded."""

import os
import pathlib
import re
import struct
import subprocess
import unittest

import lab
from stores import postgres

# Loaded when a command needs them: the part of their file's name that tells them apart, and the file.
LAZY = {"curl": "libcurl.so.4", "pq": "libpq.so.5", "microhttpd": "libmicrohttpd.so.12"}
# What these bring along, and adit itself has no use for.
WITH_THEM = {"libcrypto.so.3", "libssl.so.3", "libgnutls.so.30", "libgssapi_krb5.so.2"}


def note_of(binary):
    """The notes of libraries that are loaded when needed: the objects of all their texts."""
    out = subprocess.run(["readelf", "-x", ".note.dlopen", binary], capture_output=True, text=True, check=True).stdout
    words = [line[13:48].replace(" ", "") for line in out.splitlines() if line.startswith("  0x")]
    data, texts = bytes.fromhex("".join(words)), []
    while data:
        name_size, text_size, kind = struct.unpack_from("<III", data)
        start = 12 + (name_size + 3 & ~3)
        assert (data[12:12 + name_size], kind) == (b"FDO\0", 0x407C0C0A), data
        texts += lab.json.loads(data[start:start + text_size].rstrip(b"\0"))
        data = data[start + (text_size + 3 & ~3):]
    return texts


class Libraries(lab.Lab):
    def setUp(self):
        super().setUp()
        self.write("web.yaml", lab.gateway(), lab.route("web", ["a.example.com"], [("/", "PathPrefix", "web", 80)]))

    def loaded(self, *arguments, code=0, env=None):
        """Those of LAZY that a command loads."""
        trace = self.folder / "loader"
        self.adit(*arguments, code=code, env={**(env or {}), "LD_DEBUG": "files", "LD_DEBUG_OUTPUT": str(trace)})
        files = set()
        for path in self.folder.glob("loader.*"):
            files |= {pathlib.Path(name).name for name in re.findall(r"calling init: (\S+)", path.read_text())}
            path.unlink()
        self.assertTrue(any(name.startswith("libsqlite3.so") for name in files), files)
        found = {name for name, file in LAZY.items() if file in files}
        if not found:
            self.assertEqual(files & WITH_THEM, set())
        return found

    def test_none(self):
        self.apply()
        for arguments in (["version"], ["--help"], ["validate"], ["render"], ["completion", "bash"], ["state", "list"], ["history"],
                          ["plan", "--refresh=false"]):
            with self.subTest(arguments):
                self.assertEqual(self.loaded(*arguments), set())

    def test_over_http(self):
        for arguments in (["plan"], ["apply", "--auto-approve"], ["drift"]):
            with self.subTest(arguments):
                self.assertEqual(self.loaded(*arguments), {"curl"})

    def test_a_wrong_url_is_wrong_usage_whenever_it_is_noticed(self):
        """A plan loads libcurl, which knows what a URL is, beside the rest; who writes knows before anything is made."""
        self.write("web.yaml", lab.gateway(), "apiVersion: v1\nkind: Service\nmetadata: {}\n")
        for arguments in (["plan"], ["drift"], ["apply", "--auto-approve"], ["destroy", "--auto-approve"]):
            with self.subTest(arguments):
                result = self.adit(*arguments, "--url", "nowhere", code=64)
                self.assertIn("error[A0811]", result.err)
                self.assertEqual("error[A0136]: Service: metadata: required" in result.err, arguments == ["plan"], result.err)
                self.assertFalse((self.folder / ".adit").exists())

    def test_embedded_simulator(self):
        text = (self.folder / "adit.yaml").read_text()
        (self.folder / "adit.yaml").write_text(text.replace(self.url, "dev:"))
        self.assertEqual(self.loaded("plan"), {"curl", "microhttpd"})

    @unittest.skipUnless(postgres.available(), "skipped: there is no PostgreSQL")
    def test_postgres(self):
        server = postgres.Postgres()
        self.addCleanup(server.close)
        self.assertEqual(self.loaded("plan", "--refresh=false", "--state", server.url()), {"pq"})

    def test_noted_for_packagers(self):
        notes = note_of(lab.ADIT)
        self.assertEqual(sorted(name for note in notes for name in note["soname"]), sorted(LAZY.values()))
        for note in notes:
            self.assertEqual(set(note), {"feature", "description", "priority", "soname"})
            self.assertIn(note["priority"], ("required", "recommended", "suggested"))
        needed = subprocess.run(["readelf", "-d", lab.ADIT], capture_output=True, text=True, check=True).stdout
        for file in LAZY.values():
            self.assertNotIn(file, needed)

    def broken(self, name, content):
        """An environment in which a library is something else: the loader looks there first."""
        folder = self.folder / "broken"
        folder.mkdir(exist_ok=True)
        (folder / LAZY[name]).write_bytes(content)
        return {"LD_LIBRARY_PATH": os.pathsep.join(filter(None, [str(folder), os.environ.get("LD_LIBRARY_PATH")]))}

    def faults(self):
        """(name, arguments that need it)"""
        yield "curl", ["plan"]
        yield "curl", ["explain", "https://a.example.com/"]
        yield "curl", ["plan", "--refresh=false", "--state", "http://127.0.0.1:1/state"]
        yield "pq", ["plan", "--state", "postgres:///adit"]
        yield "microhttpd", ["simulator", "--listen", "127.0.0.1:0"]

    def test_missing(self):
        """Nothing else than the cause is told, and what needs nothing of it works."""
        for name, arguments in self.faults():
            with self.subTest(name):
                env = self.broken(name, b"")
                result = self.adit(*arguments, code=1, env=env)
                self.assertRegex(result.err, rf"^error\[A0019\]: {re.escape(LAZY[name])}, which .* needs, cannot be loaded: .*too short\n"
                                             r"  help: Install .*\n")
                self.assertEqual(result.err.count("error["), 1)
                self.assertEqual(self.loaded("validate", env=env), set())

    def test_another_version(self):
        """A library that lacks a function that adit calls: told before anything of it is called."""
        other = next(pathlib.Path(line.split()[2]) for line in
                     subprocess.run(["ldd", lab.ADIT], capture_output=True, text=True, check=True).stdout.splitlines()
                     if "libyaml" in line)
        for name, arguments in self.faults():
            with self.subTest(name):
                result = self.adit(*arguments, code=1, env=self.broken(name, other.read_bytes()))
                self.assertRegex(result.err, r"^error\[A0019\]: .*undefined symbol: \w+\n")


if __name__ == "__main__":
    unittest.main()
