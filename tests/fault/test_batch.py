"""Records that the API refuses, among 200: each is found by bisection, all others are made. Calls are counted from the
simulator's request log."""

import math
import re
import unittest

import harness
import lab

COUNT = 200
EXTRA_CALLS = math.floor(2 * math.log2(COUNT) + 2)


class Batch(lab.Lab):
    zones = ["example.com"]
    simulator_options = ["--rate-limit", "100000/1s", "--record-limit", "210"]
    extra = "  dns: {settle: 0s}"

    def setUp(self):
        super().setUp()
        self.write("gateways.yaml", lab.gateway())
        self.names = [f"h{number:03}.example.com" for number in range(COUNT)]
        hosts = [lab.route(f"r{name[1:4]}", [name], [("/", "PathPrefix", "web", 80)]) for name in self.names]
        for number, text in enumerate(hosts):
            self.write(f"r{number:03}.json", text)
        self.start = self.control("POST", "/snapshots", {})["id"]

    def begin(self, *faults):
        self.control("POST", "/restore", {"id": self.start})
        for file in (self.folder / ".adit").glob("*"):
            file.unlink()
        self.control("POST", "/faults", {"faults": list(faults)})
        self.control("DELETE", "/requests")

    def batches(self):
        return [r for r in self.requests() if r["path"].endswith("/dns_records/batch")]

    def poison(self, places):
        return [f"refuse-record={self.names[place]}" for place in places]

    def check_isolated(self, places):
        self.begin(*self.poison(places))
        done = self.apply(code=3)
        extra = len(self.batches()) - 1
        self.assertLessEqual(extra, EXTRA_CALLS * len(places), places)
        made = {r["name"] for r in self.dump()["records"]}
        bad = {self.names[place] for place in places}
        self.assertEqual(made, set(self.names) - bad)
        reported = [line for line in done.out.splitlines() if line.startswith("failed: ")]
        self.assertEqual(len(reported), len(places), done)
        for line, place in zip(reported, sorted(places)):
            self.assertRegex(line, rf"^failed: cname/h{place:03}\.example\.com \(manifests/r{place:03}\.json:\d+\): .*9005")
        return extra

    def test_one(self):
        extra = [self.check_isolated([place]) for place in (0, 1, 49, 50, 51, 62, 63, 99, 100, 101, 127, 149, 150, 151, 174, 198, 199)]
        print(f"one of {COUNT}: {min(extra)} to {max(extra)} extra calls; the bound is {EXTRA_CALLS}")

    def test_several(self):
        for places in ([0, 1], [0, 199], [99, 100], [63, 151], [10, 20, 30], [0, 100, 199], [197, 198, 199],
                       [0, 1, 2, 3, 4, 5, 6], [3, 31, 77, 100, 143, 144, 199], [24, 49, 74, 99, 124, 149, 174]):
            extra = self.check_isolated(places)
            print(f"{len(places)} of {COUNT}, at {places}: {extra} extra calls; the bound is {EXTRA_CALLS * len(places)}")

    def test_the_next_run_completes(self):
        self.check_isolated([5, 150])
        self.control("DELETE", "/faults")
        self.apply()
        self.assert_no_changes()

    def test_answers_about_more_than_one_record_stop_the_zone(self):
        path = "path=/zones/*/batch,method=POST"
        # A POST that may have been executed is sent once more after a look at the zone.
        for fault, calls in ((f"503,{path}", 2), (f"500,body=empty,{path}", 2), (f"429,retry-after=1h,{path}", 1)):
            with self.subTest(fault):
                self.begin(fault)
                done = self.apply(code=3)
                self.assertEqual(len(self.batches()), calls)
                self.assertEqual(self.dump()["records"], [])
                self.assertEqual(done.out.count("failed: cname/"), COUNT)

    def test_quota_and_permission_stop_the_zone(self):
        self.begin()
        self.control("POST", "/tokens", {"token": "may-not-write-dns", "permissions":
                                         ["tunnel:write", "dns:read", "zone:read", "account:read"]})
        self.adit("apply", "--auto-approve", code=3, env={"LAB_TOKEN": "may-not-write-dns"})
        self.assertEqual([(r["status"], r["code"]) for r in self.batches()], [(403, 10000)])
        path = "path=/zones/*/batch,method=POST"
        for status in (401, 403):
            with self.subTest(status):
                self.begin(f"{status},{path}")
                done = self.apply(code=3)
                self.assertEqual([(r["status"], r["code"]) for r in self.batches()], [(status, 10000)])
                self.assertEqual(done.out.count("failed: cname/"), COUNT)
                # While it is narrowed down for one record: what was made before stays, and nothing more is asked.
                self.begin(*self.poison([150]), f"{status},{path},n=3+")
                done = self.apply(code=3)
                self.assertEqual([r["status"] for r in self.batches()], [400, 200, status], done)
                self.assertEqual(len(self.dump()["records"]), COUNT // 2)
                told = re.findall(r"^(?:failed|skipped): (cname/\S+) ", done.out, re.MULTILINE)
                self.assertEqual(len(set(told)), COUNT // 2, done)
        self.begin()
        zone = self.zone_id()
        for number in range(20):
            self.api("POST", f"/zones/{zone}/dns_records", {"type": "TXT", "name": f"t{number}", "content": "x", "ttl": 1})
        self.control("DELETE", "/requests")
        done = self.apply(code=3)
        self.assertEqual([(r["status"], r["code"], len(r["body"]["posts"])) for r in self.batches()], [(400, 81045, COUNT)], done)


if __name__ == "__main__":
    unittest.main()
