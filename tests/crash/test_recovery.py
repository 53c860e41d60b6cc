"""What a run says of the operations that an interrupted one left open, and what it leaves open itself."""

import json
import os
import signal
import subprocess
import tempfile
import unittest
import urllib.request

import harness
from harness import lab


class Recovery(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="adit-crash-")
        self.addCleanup(self.folder.cleanup)
        self.world = harness.World(self.folder.name)
        self.world.start()
        self.addCleanup(self.world.stop)
        self.manifest(["one.example.com"])

    def manifest(self, hostnames, gateway="a"):
        self.world.manifests({"gateway.yaml": lab.gateway("a") + "---\n" + lab.gateway("b"),
                              "app.json": lab.route("app", hostnames, [("/", "PathPrefix", "app", 80)], gateway=gateway)})

    def kill(self, point):
        done = self.world.adit("apply", "--auto-approve", ADIT_TEST_FAILPOINT=f"kill:{point}")
        self.assertEqual(done.returncode, -signal.SIGKILL, done.stderr)
        self.assertNotEqual(self.world.open_intents(), [])

    def apply(self, *arguments):
        done = self.world.adit("apply", "--auto-approve", *arguments)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_a_tunnel_whose_creation_was_not_confirmed(self):
        self.kill("journal.outcome:1")
        plan = self.world.adit("plan")
        self.assertIn("  create tunnel/edge/a: found in Cloudflare: it was made; it is recorded\n", plan.stderr)
        ids = [t["id"] for t in self.world.dump()["tunnels"]]
        out = self.apply()
        self.assertIn("An earlier run was interrupted. What became of its operations:\n", out)
        self.assertIn("  create tunnel/edge/a: found in Cloudflare: it was made; it is recorded\n", out)
        self.assertEqual([t["id"] for t in self.world.dump()["tunnels"]], ids)
        self.assertEqual(self.world.open_intents(), [])
        self.assertNotIn("interrupted", self.world.adit("plan").stderr)

    def test_a_tunnel_that_was_not_made(self):
        self.kill("journal.intended:1")
        self.assertEqual(self.world.dump()["tunnels"], [])
        self.assertIn("  create tunnel/edge/a: not found in Cloudflare: it was not made; it is done again\n", self.apply())

    def test_nothing_else_to_do(self):
        """An operation that was not carried out, and is not wanted any more."""
        self.apply()
        self.manifest(["one.example.com", "two.example.com"])
        self.kill("journal.intended:1")
        self.manifest(["one.example.com"])
        self.assertIn("No changes.", self.world.adit("plan").stdout)
        self.assertIn("put-configuration tunnel/edge/a: as before in Cloudflare: it was not done\n", self.apply())
        self.assertEqual(self.world.open_intents(), [])
        self.assertNotIn("interrupted", self.apply())

    def test_a_zone_that_nothing_else_is_in(self):
        """A record that was made in a zone which neither the manifests nor the state name: it is seen all the same."""
        self.apply()
        self.manifest(["one.example.com", "one.example.org"])
        self.kill("journal.outcome:2")
        self.assertIn("one.example.org", [r["name"] for r in self.world.dump()["records"]])
        self.manifest(["one.example.com"])
        out = self.apply()
        self.assertIn("create cname/one.example.org: found in Cloudflare: it was made; nothing in the manifests asks for it\n", out)
        self.assertEqual(self.world.open_intents(), [])

    def test_without_reading_live_it_stays_open(self):
        self.apply()
        self.manifest(["one.example.com", "two.example.com"])
        self.kill("journal.outcome:1")
        left = self.world.open_intents()
        self.assertIn(f"{left[0][1]}: not looked for; it stays open", self.world.adit("plan", "--refresh=false").stderr)
        self.assertIn(f"{left[0][1]}: found in Cloudflare: it was done", self.apply())

    def test_what_cannot_be_seen_stays_open(self):
        self.apply()
        self.manifest(["one.example.com", "one.example.org"])
        self.kill("journal.outcome:2")
        left = self.world.open_intents()
        request = urllib.request.Request(
            self.world.url.removesuffix("/client/v4") + "/_simulator/tokens", method="POST",
            data=json.dumps({"token": "narrow", "zones": ["example.com"], "permissions": [
                "tunnel:write", "dns:write", "zone:read", "account:read"]}).encode(),
            headers={"Content-Type": "application/json"})
        urllib.request.urlopen(request).close()
        done = self.world.adit("apply", "--auto-approve", LAB_TOKEN="narrow")
        self.assertIn("create cname/one.example.org: cannot be seen in Cloudflare; it stays open\n", done.stderr)
        self.assertEqual(self.world.open_intents(), left)
        self.assertIn("create cname/one.example.org: found in Cloudflare: it was made; it is recorded\n", self.apply())

    def test_a_run_that_waited_for_the_one_that_died(self):
        """Live was read before the operations began: their outcome is not known by it."""
        self.apply()
        self.manifest(["one.example.com", "two.example.com"])
        self.world.adit("plan", ADIT_TEST_FAILPOINT_TRACE=str(self.world.folder / "points"))
        reads = (self.world.folder / "points").read_text().split().count("call.answered")
        second = subprocess.Popen(
            [lab.ADIT, "apply", "--auto-approve"], cwd=self.world.folder, text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=self.world.environment(ADIT_TEST_FAILPOINT=f"stop:call.answered:{reads}"))
        self.addCleanup(second.kill)
        os.waitid(os.P_PID, second.pid, os.WSTOPPED)
        self.kill("journal.outcome:1")
        left = self.world.open_intents()
        second.send_signal(signal.SIGCONT)
        out, err = second.communicate(timeout=60)
        self.assertEqual(second.returncode, 5, out + err)
        self.assertIn("A0702", err)
        self.assertEqual(self.world.open_intents(), left)
        self.assertIn(f"{left[0][1]}: found in Cloudflare: it was done", self.apply())


if __name__ == "__main__":
    unittest.main()
