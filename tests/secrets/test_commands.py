"""Every command, with secrets in every place where one may come from: none of them comes out anywhere."""

import base64
import json
import os
import pathlib
import re
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

import lab  # noqa: E402
from canary import Canaries  # noqa: E402

# What each command is run with, in an order in which each has something to work on. "with-secret" marks those whose
# standard output is the secret.
RUNS = [
    ("init", ["-C", "fresh"]),
    ("validate", []),
    ("render", []),
    ("explain", ["https://a.example.com/"]),
    ("plan", ["--trace", "trace", "--out", "plan.json"]),
    ("show", ["plan.json"]),
    ("apply", ["plan.json", "--auto-approve", "--trace", "trace"]),
    ("plan", ["--output", "json", "--trace", "trace"]),
    ("drift", ["--trace", "trace"]),
    ("status", ["--output", "json", "--trace", "trace"]),
    ("show", ["--output", "json"]),
    ("state list", []),
    ("state show", ["tunnel/edge/web"]),
    ("state pull", []),
    ("connector", ["edge/web", "--trace", "trace"]),
    ("connector", ["edge/web", "--output", "docker"]),
    ("connector", ["edge/web", "--output", "systemd"]),
    ("connector with-secret", ["edge/web", "--with-secret", "--trace", "trace"]),
    ("token with-secret", ["edge/web", "--trace", "trace"]),
    ("connector", ["edge/web", "--rotate", "--auto-approve", "--trace", "trace"]),
    ("apply", ["--auto-approve", "--output", "json", "--trace", "trace", "-f", "more"]),
    ("history", ["--output", "json"]),
    ("rollback", ["1", "--auto-approve", "--trace", "trace"]),
    ("resume", []),
    ("unlock", ["--auto-approve"]),
    ("state push", ["--force", "pulled.json"]),
    ("state rebuild", ["--force", "--trace", "trace"]),
    ("state mv", ["tunnel/edge/web", "tunnel/edge/new"]),
    ("state rm", ["cname/a.example.com"]),
    ("destroy", ["--auto-approve", "--trace", "trace"]),
    ("completion", ["bash"]),
    ("version", []),
    ("help", ["plan"]),
    ("simulator", None),
]


class Commands(lab.Lab):
    def setUp(self):
        super().setUp()
        self.write("web.yaml", lab.gateway(), lab.route("web", ["a.example.com", "b.example.com"],
                                                        [("/", "PathPrefix", "web", 80)]))
        self.write("../more/web.yaml", lab.gateway(), lab.route("web", ["a.example.com"], [("/", "PathPrefix", "web", 80)]))
        (self.folder / "fresh").mkdir()
        self.canaries = Canaries(token=lab.TOKEN, cnap="cnap_pat_canary-of-cnap-Zk3mQ8", cloudflare="canary-of-cloudflare-Vw7",
                                 password="canary-of-postgresql-Lp2")

    def environment(self, **more):
        secrets = getattr(self, "canaries", None)
        if secrets:
            more = {"CNAP_API_TOKEN": secrets.secrets["cnap"], "CLOUDFLARE_API_TOKEN": secrets.secrets["cloudflare"],
                    "PGPASSWORD": secrets.secrets["password"], **more}
        return super().environment(**more)

    def learn_tunnel_secrets(self):
        """What the stand-in gave to the tunnels: a connector's token, and the secret within."""
        for tunnel in self.tunnels():
            token = self.api("GET", f"/accounts/{lab.ACCOUNT}/cfd_tunnel/{tunnel['id']}/token")
            number = len(self.canaries.secrets)
            self.canaries.secrets[f"connector token {number}"] = token
            self.canaries.secrets[f"tunnel secret {number}"] = json.loads(base64.b64decode(token))["s"]

    def run_one(self, name, arguments):
        words = name.removesuffix(" with-secret").split()
        done = self.adit(*words, *arguments, code=None)
        self.assertIn(done.code, (0, 2, 3), f"{name}: {done!r}")
        if name == "state pull":
            (self.folder / "pulled.json").write_text(done.out)
        return done

    def run_simulator(self):
        process = subprocess.Popen([lab.ADIT, "simulator", "--log", "--account", lab.ACCOUNT, "--zone", "example.org",
                                    "--token", lab.TOKEN], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   env=self.environment())
        url = process.stdout.readline().split()[-1]
        self.raw("GET", url + "/zones", token=lab.TOKEN)
        process.terminate()
        out, err = process.communicate()
        return lab.Result(subprocess.CompletedProcess([], process.returncode, out, err))

    def files(self):
        """Everything that adit wrote: the stand-in's data apart."""
        return [path for path in self.folder.rglob("*") if path.is_file() and not path.name.startswith("sim.db")]

    def dump_database(self):
        if "ADIT_STATE" not in self.store.environment():
            return b""
        return subprocess.run(["pg_dump", "--inserts", self.store.environment()["ADIT_STATE"]], check=True,
                              capture_output=True).stdout

    def test_every_command(self):
        kept = []
        for name, arguments in RUNS:
            if name == "state push":
                # A state of its own lineage may come back; its lock is free.
                self.assertTrue((self.folder / "pulled.json").read_text())
            done = self.run_simulator() if arguments is None else self.run_one(name, arguments)
            self.learn_tunnel_secrets()
            kept.append((name, done))
        # Only now are all secrets known.
        for name, done in kept:
            out = "" if name.endswith("with-secret") else done.out
            self.assertEqual(self.canaries.find(out), [], f"{name}: standard output\n{out}")
            self.assertEqual(self.canaries.find(done.err), [], f"{name}: standard error\n{done.err}")
        for path in self.files():
            self.assertEqual(self.canaries.find(path.read_bytes()), [], path)
        self.assertEqual(self.canaries.find(self.dump_database()), [])
        self.assertGreater((self.folder / "trace").stat().st_size, 1000)

    def test_no_command_is_forgotten(self):
        listed = re.search(r"Commands:\n(.*?)\n\n", self.adit("help").out, re.DOTALL).group(1)
        names = {re.split(r"  +", line.strip())[0] for line in listed.splitlines()}
        self.assertEqual(names, {name.removesuffix(" with-secret") for name, _ in RUNS})

    def test_the_exceptions_hold_the_secret(self):
        """The eyes see: where the secret belongs, they find it."""
        self.apply()
        self.learn_tunnel_secrets()
        self.assertEqual(len(self.canaries.find(self.adit("token", "edge/web").out)), 2)
        self.assertTrue(self.canaries.find(self.adit("connector", "edge/web", "--with-secret").out))
        for form in ("plain", base64.b64encode(b"x" + lab.TOKEN.encode() + b"yz").decode(), lab.TOKEN, lab.TOKEN.encode().hex(),
                     "".join(f"%{byte:02X}" for byte in lab.TOKEN.encode())):
            self.assertEqual(bool(self.canaries.find(f"before {form} after")), form != "plain", form)

    def test_failures(self):
        """What goes wrong is told without the secret that it went wrong with."""
        token = lab.TOKEN + "-refused"
        self.canaries.secrets["refused"] = token
        (self.folder / "secret").write_text(token)
        (self.folder / "secret").chmod(0o600)
        url = f"postgres://user:{self.canaries.secrets['password']}@127.0.0.1:1/adit?connect_timeout=1"
        runs = [
            (["plan", "--trace", "trace"], {"LAB_TOKEN": token}),
            (["plan"], {"LAB_TOKEN": token + " with a space"}),
            (["plan", "--url", f"https://user:{token}@127.0.0.1:1/"], {}),
            (["state", "list", "--state", url, "--allow-url", "postgres://127.0.0.1:1"], {}),
            (["state", "list", "--state", url + "%zz"], {}),
        ]
        for arguments, environment in runs:
            done = self.adit(*arguments, code=None, env=environment)
            self.assertNotEqual(done.code, 0, arguments)
            self.assertEqual(self.canaries.find(done.out + done.err), [], f"{arguments}: {done!r}")
        self.assertEqual(self.canaries.find((self.folder / "trace").read_bytes()), [])

    def test_files_and_commands(self):
        """A token from a file or from a program is as secret as one from a variable."""
        (self.folder / "secret").write_text(lab.TOKEN + "\n")
        (self.folder / "secret").chmod(0o600)
        text = (self.folder / "adit.yaml").read_text()
        for source in ("tokenFile: secret", "tokenCommand: [cat, secret]"):
            (self.folder / "adit.yaml").write_text(text.replace("tokenEnv: LAB_TOKEN", source))
            done = self.adit("apply", "--auto-approve", "--trace", "trace")
            self.assertEqual(self.canaries.find(done.out + done.err), [])
            for path in self.files():
                if path.name != "secret":
                    self.assertEqual(self.canaries.find(path.read_bytes()), [], path)


if __name__ == "__main__":
    unittest.main()
