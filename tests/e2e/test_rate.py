"""The rate limit: kept to without a refusal, used to its share, shared with others, waited out when it is passed."""

import datetime
import json
import os
import pty
import subprocess
import threading
import unittest

from lab import ADIT, ACCOUNT, TOKEN, Lab

CALLS, WINDOW_S, SHARE = 60, 15, 0.6
RESERVE = CALLS - int(CALLS * SHARE)
SCALE = 10


def moment(request):
    return datetime.datetime.fromisoformat(request["time"].replace("Z", "+00:00")).timestamp()


class Rate(Lab):
    zones = ["example.com", "example.net"]
    simulator_options = ["--plan", "pro", "--record-limit", "20000", "--rate-limit", f"{CALLS}/{WINDOW_S}s"]
    extra = f"  dns: {{settle: 0s}}\n  budget: {{calls: {CALLS}/{WINDOW_S}s}}\n"

    def environment(self, **more):
        return super().environment(**{"ADIT_TEST_TIME_SCALE": str(SCALE), **more})

    def world(self, tunnels, hosts):
        for t in range(tunnels):
            rules = [{"hostname": f"h{t:02}-{h:03}.{self.zones[h % 2]}", "service": "http://origin.default:80"}
                     for h in range(hosts)]
            self.write(f"t{t:02}.yaml", json.dumps({
                "apiVersion": "adit.cnap.tech/v1", "kind": "Tunnel", "metadata": {"name": f"t{t:02}"},
                "spec": {"ingress": rules}}))

    def sent(self):
        return [r for r in self.requests() if r["path"].startswith("/client/v4")]

    def stats(self):
        return self.control("GET", "/stats")

    def assert_kept(self):
        """No refusal, and by the simulator's own count the reserve was there at every moment."""
        stats = self.stats()
        self.assertEqual(stats["refused"], 0)
        self.assertGreaterEqual(stats["least_left"], RESERVE)

    def share_used(self, requests):
        """Of the calls that the share allows while tunnels are made and written: nothing else takes as long. The last
        window is not full."""
        ours = [r for r in requests if r["method"] in ("POST", "PUT") and "cfd_tunnel" in r["path"]]
        times = sorted(moment(r) for r in requests if moment(ours[0]) <= moment(r) <= moment(ours[-1]))
        windows = int((times[-1] - times[0]) / WINDOW_S)
        made = sum(t < times[0] + windows * WINDOW_S for t in times)
        return made / (windows * CALLS * SHARE)


class Alone(Rate):
    def test_its_share_is_used_and_never_more(self):
        self.world(50, 20)
        self.apply()
        requests = self.sent()
        # 50 tunnels made, 50 read and 50 written, and some more
        self.assertGreater(len(requests), 4 * CALLS * SHARE)
        self.assert_kept()
        self.assertGreaterEqual(self.share_used(requests), 0.9)
        self.forget_requests()
        self.adit("plan", "--detailed-exitcode")
        self.assertEqual(self.stats()["refused"], 0)

    def test_what_the_server_says_counts_for_more_than_the_project(self):
        self.project("  dns: {settle: 0s}\n")
        self.world(40, 2)
        self.apply()
        requests = self.sent()
        self.assertGreater(len(requests), 3 * CALLS * SHARE)
        self.assert_kept()


class Shared(Rate):
    def test_half_of_it_used_by_somebody_else(self):
        """The other one calls evenly, half of what is allowed, and did so before: adit takes what is left over."""
        self.world(30, 4)
        stop, is_going = threading.Event(), threading.Semaphore(0)
        used = CALLS // 2

        def other():
            while not stop.wait(WINDOW_S / used / SCALE):
                self.raw("GET", f"{self.url}/accounts/{ACCOUNT}", token=TOKEN)
                is_going.release()

        thread = threading.Thread(target=other)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(stop.set)
        for _ in range(used):
            is_going.acquire()
        self.apply()
        stop.set()
        thread.join()
        requests = self.sent()
        self.assertEqual(self.stats()["refused"], 0)
        self.assertEqual(len(self.tunnels()), 30)
        theirs = [r for r in requests if r["path"] == f"/client/v4/accounts/{ACCOUNT}"]
        self.assertGreater(len(theirs), CALLS)

    def test_hardly_anything_left_at_the_start(self):
        self.world(3, 4)
        for _ in range(CALLS - 4):
            self.api("GET", f"/accounts/{ACCOUNT}")
        self.apply()
        self.assertEqual(self.stats()["refused"], 0)


class Blocked(Rate):
    def test_a_block_is_waited_out_and_the_rest_is_done(self):
        self.world(3, 4)
        self.control("POST", "/faults", {"faults": [f"429,retry-after={WINDOW_S}s,n=5+,times=4"]})
        result = self.apply()
        requests = self.sent()
        refused = [r for r in requests if r["status"] == 429]
        self.assertGreater(len(refused), 0)
        # Only what was under way already was refused with the first, and nothing was sent until the block was over.
        first = min(moment(r) for r in refused)
        early = [r for r in requests if first < moment(r) < first + WINDOW_S - 1 and r["status"] != 429]
        self.assertLess(len(early), 10)
        self.assertIn("Apply complete!", result.out)
        self.control("DELETE", "/faults")
        self.assert_no_changes()


class Told(Rate):
    def test_lines_where_there_is_no_terminal(self):
        self.world(20, 2)
        result = self.apply()
        self.assertRegex(result.err, r"waiting \d+ s; \d+ of about \d+ calls made, about \d+ min \d+ s left\n")
        self.assertNotIn("\r", result.err)

    def test_one_line_that_moves_on_a_terminal(self):
        self.world(20, 2)
        master, slave = pty.openpty()
        done = subprocess.Popen([ADIT, "apply", "--auto-approve"], cwd=self.folder, stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=slave, env=self.environment())
        os.close(slave)
        text = b""
        while True:
            try:
                piece = os.read(master, 65536)
            except OSError:
                break
            if not piece:
                break
            text += piece
        os.close(master)
        self.assertEqual(done.wait(), 0)
        self.assertRegex(text.decode(), r"\r\x1b\[K[^\n]*waiting \d+ s; \d+ of about \d+ calls made, about \d+ min \d+ s left")


if __name__ == "__main__":
    unittest.main()
