"""Ctrl-C: what is under way is finished and recorded, nothing new is started, and the next run completes."""

import signal
import subprocess
import unittest

from lab import ADIT, Lab, gateway, route


class Interrupt(Lab):
    simulator_options = ["--latency", "40s"]  # 200 ms of real time at the lab's scale

    def test_interrupted_and_continued(self):
        hosts = [f"h{i}.example.com" for i in range(3)]
        self.write("gateway.yaml", gateway("one"), gateway("two"))
        self.write("web.yaml", route("a", hosts, [("/", "PathPrefix", "a", 80)], gateway="one"),
                   route("b", ["b.example.net"], [("/", "PathPrefix", "b", 80)], gateway="two"))
        running = subprocess.Popen([ADIT, "apply", "--auto-approve"], cwd=self.folder, env=self.environment(), text=True,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        while not self.writes() and running.poll() is None:
            pass  # each look is a request of its own: no busy clock is needed
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=120)
        self.assertEqual(running.returncode, 130, out + err)
        self.assertIn("Interrupt received. Gracefully shutting down...", err)
        self.assertIn("Applied in part", out)
        names = [t["name"] for t in self.tunnels()]
        recorded = self.adit("state", "list").out
        for name in names:
            self.assertIn("tunnel/edge/" + name.split(".")[-1], recorded)
        self.assertEqual(self.records(), [])
        self.apply()
        self.assertEqual(sorted(t["name"] for t in self.tunnels()), ["lab.edge.one", "lab.edge.two"])
        self.assertEqual(len(self.records()), 3)
        self.assert_no_changes()


if __name__ == "__main__":
    unittest.main()
