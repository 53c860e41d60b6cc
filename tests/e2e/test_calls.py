"""How many API calls a command makes: counted by the simulator, exactly."""

import collections
import json
import math
import re
import unittest

from lab import ACCOUNT, Lab, gateway, route

PAGES = {"tunnels": 1000, "zones": 50, "records": 5000}

KINDS = [
    ("tunnels", r"GET /accounts/[^/]+/cfd_tunnel\?"),
    ("config", r"GET /accounts/[^/]+/cfd_tunnel/[^/]+/configurations"),
    ("connections", r"GET /accounts/[^/]+/cfd_tunnel/[^/]+/connections"),
    ("zones", r"GET /zones\?"),
    ("records", r"GET /zones/[^/]+/dns_records\?"),
    ("create", r"POST /accounts/[^/]+/cfd_tunnel$"),
    ("put", r"PUT /accounts/[^/]+/cfd_tunnel/[^/]+/configurations"),
    ("batch", r"POST /zones/[^/]+/dns_records/batch"),
]


def pages(count, kind):
    """Even an empty list takes a call to be seen."""
    return max(1, math.ceil(count / PAGES[kind]))


def kind_of(request):
    text = request["method"] + " " + request["path"].removeprefix("/client/v4")
    return next((kind for kind, pattern in KINDS if re.match(pattern, text)), text)


class Calls(Lab):
    simulator_options = ["--plan", "pro", "--record-limit", "20000", "--rate-limit", "1000000/300s"]
    extra = "  dns: {settle: 0s}\n  budget: {calls: 1000000/300s}\n"

    def environment(self, **more):
        # A faster clock ends calls sooner, and what is asked again would be counted.
        return super().environment(**{"ADIT_TEST_TIME_SCALE": "1", **more})

    def native(self, name, hostnames, port=80):
        """A Tunnel file: one rule and one CNAME per hostname."""
        rules = [{"hostname": h, "service": f"http://origin.default:{port}"} for h in hostnames]
        self.write(f"{name}.yaml", json.dumps({
            "apiVersion": "adit.cnap.tech/v1", "kind": "Tunnel", "metadata": {"name": name}, "spec": {"ingress": rules}}))

    def world(self, tunnels, hosts_per_tunnel, zones=None):
        for t in range(tunnels):
            self.native(f"t{t:03}", [f"h{t:03}-{h:04}.{(zones or self.zones)[(t + h) % len(zones or self.zones)]}"
                                     for h in range(hosts_per_tunnel)])

    def counted(self, *arguments, code=0):
        """Calls by kind that one command makes."""
        self.forget_requests()
        self.adit(*arguments, code=code)
        requests = [r for r in self.requests() if r["path"].startswith("/client/v4")]
        return dict(collections.Counter(kind_of(r) for r in requests))

    def plan_calls(self, ours, zones, lists_zones):
        """What the table allows a plan, by what is live. @param zones  those that hostnames lie in"""
        dump = self.dump()
        ids = {z["name"]: z["id"] for z in dump["zones"]}
        live = [t for t in dump["tunnels"] if not t["deleted_at"]]
        records = collections.Counter(r["zone_id"] for r in dump["records"])
        calls = {"tunnels": pages(len(live), "tunnels"),
                 "records": sum(pages(records[ids[z]], "records") for z in zones)}
        if ours:
            calls["config"] = ours
        if lists_zones:
            calls["zones"] = pages(len(ids), "zones")
        return calls


class Plan(Calls):
    def check(self, tunnels, hosts, zones=None):
        self.world(tunnels, hosts, zones)
        zones = zones or self.zones
        assert tunnels + hosts > len(zones), "each zone has a hostname"
        self.assertEqual(self.counted("plan"), self.plan_calls(0, zones, True), "before anything is there")
        self.apply()
        nothing = self.plan_calls(tunnels, zones, False)
        self.assertEqual(self.counted("plan"), nothing, "every hostname has a recorded CNAME")
        self.assertEqual(self.counted("apply", "--auto-approve"), nothing, "nothing to do")
        self.assertEqual(self.writes(), [])
        self.native("one-more", ["one-more." + zones[0]])
        self.assertEqual(self.counted("plan"), self.plan_calls(tunnels, zones, True), "a hostname that is new")

    def test_a_small_run_takes_from_the_budget_once(self):
        """Each taking is a transaction of the state's file, which counts them at a place of its own."""
        def transactions():
            header = (self.folder / ".adit" / "state.db").read_bytes()[:100]
            return int.from_bytes(header[24:28], "big")

        self.world(2, 2)
        self.apply()
        before = transactions()
        self.forget_requests()
        self.plan()
        self.assertGreater(len(self.requests()), 2)
        self.assertEqual(transactions() - before, 1)

    def test_one_of_each(self):
        self.check(1, 1, ["example.com"])

    def test_some(self):
        self.check(7, 6)

    def test_many_tunnels(self):
        self.check(60, 2)

    def test_two_pages_of_tunnels(self):
        for i in range(1000):
            self.api("POST", f"/accounts/{ACCOUNT}/cfd_tunnel", {"name": f"foreign-{i}", "config_src": "cloudflare"})
        self.check(2, 3)
        self.assertEqual(self.plan_calls(0, [], False)["tunnels"], 2)

    def test_two_pages_of_records(self):
        zone = self.zone_id("example.net")
        for first in range(0, 6000, 3000):
            self.api("POST", f"/zones/{zone}/dns_records/batch", {"posts": [
                {"name": f"foreign-{i}.example.net", "type": "A", "content": "192.0.2.1", "ttl": 1}
                for i in range(first, first + 3000)]})
        self.check(2, 4)
        self.assertEqual(self.plan_calls(0, self.zones, False)["records"], 3)

    def test_zones_that_no_hostname_lies_in(self):
        self.check(2, 2, ["example.com"])

    def test_a_hostname_whose_subdomain_may_be_a_zone_by_now(self):
        self.native("edge", ["a.sub.example.com"])
        self.apply()
        self.assertEqual(self.counted("plan"), self.plan_calls(1, ["example.com"], True))
        self.native("edge", ["*.sub.example.com", "example.net"])
        self.apply("--allow-loss", "a.sub.example.com")
        self.assertEqual(self.counted("plan"), self.plan_calls(1, self.zones, False))


class ManyZones(Plan):
    zones = [f"zone-{i:03}.example" for i in range(51)]

    def test_some(self):
        self.check(3, 49)

    def test_two_pages_of_tunnels(self):
        self.skipTest("as with few zones")

    test_a_hostname_whose_subdomain_may_be_a_zone_by_now = test_two_pages_of_tunnels
    test_two_pages_of_records = test_two_pages_of_tunnels
    test_many_tunnels = test_two_pages_of_tunnels
    test_one_of_each = test_two_pages_of_tunnels

    def test_zones_that_no_hostname_lies_in(self):
        self.check(2, 2, ["zone-050.example"])
        self.assertEqual(self.plan_calls(0, [], True)["zones"], 2)


class Zones(Calls):
    """Where zones are taken from what is recorded, what does not hold any more is noticed."""

    def test_a_zone_that_is_not_visible_any_more(self):
        self.world(2, 4)
        self.apply()
        self.control("POST", "/tokens", {"token": "of-one-zone-alone", "zones": ["example.com"]})
        self.forget_requests()
        result = self.adit("plan", code=1, env={"LAB_TOKEN": "of-one-zone-alone"})
        self.assertIn("A0603", result.err)
        self.assertEqual([kind_of(r) for r in self.requests()].count("zones"), 1)
        self.assertEqual(self.writes(), [])
        self.assert_no_changes()

    def test_adopted_records_are_known_with_their_zones(self):
        self.world(1, 2)
        self.apply()
        self.adit("state", "rm", "cname/h000-0000.example.com")
        self.adit("apply", "--auto-approve", "--adopt", "cname/h000-0000.example.com")
        self.assertNotIn("zones", self.counted("plan"))


class Writes(Calls):
    zones = ["free.example@free", "paid.example@pro"]

    def check_batches(self, zone, count, batches):
        self.native("edge", [f"h{i:05}.{zone}" for i in range(count)])
        calls = self.counted("apply", "--auto-approve")
        self.assertEqual({k: calls.get(k, 0) for k in ("create", "put", "batch")}, {"create": 1, "put": 1, "batch": batches})
        # the plan's list, and one before the first batch
        self.assertEqual(calls["records"], 2)
        self.assertEqual(calls["config"], 1)
        self.assertNotIn("connections", calls)

    def test_records_of_a_free_zone(self):
        self.check_batches("free.example", 200, 1)

    def test_one_record_more_of_a_free_zone(self):
        self.check_batches("free.example", 201, 2)

    def test_records_of_a_paid_zone(self):
        self.check_batches("paid.example", 3500, 1)

    def test_one_record_more_of_a_paid_zone(self):
        self.check_batches("paid.example", 3501, 2)

    def test_a_paid_zone_is_known_to_be_one(self):
        """Its plan is recorded: where zones are not listed batches are as large."""
        hostnames = [f"h{i:05}.paid.example" for i in range(401)]
        self.native("edge", hostnames)
        self.apply()
        self.native("edge", hostnames[:1])
        calls = self.counted("apply", "--auto-approve", "--allow-loss", "all", "--max-deletes", "1000",
                             "--max-delete-percent", "100", "--max-rule-percent", "100", code=None)
        self.assertEqual(calls.get("batch"), 1, calls)
        self.assertNotIn("zones", calls)

    def test_one_route_is_one_write(self):
        self.native("edge", ["a.free.example", "b.paid.example"])
        self.native("other", ["c.free.example", "d.paid.example"])
        self.apply()
        plan = self.counted("plan")
        self.native("edge", ["a.free.example", "b.paid.example"], port=81)
        self.assertEqual(self.counted("apply", "--auto-approve"), {**plan, "config": plan["config"] + 1, "put": 1})

    def test_one_record_is_one_write(self):
        self.native("edge", ["a.free.example", "b.paid.example"])
        self.apply()
        plan = self.counted("plan")
        record = self.record("a.free.example", "free.example")
        self.api("DELETE", f"/zones/{self.zone_id('free.example')}/dns_records/{record['id']}")
        calls = self.counted("apply", "--auto-approve")
        lookup = f"GET /zones/{self.zone_id('free.example')}/dns_records/{record['id']}"
        # that it is gone is asked once, by its id
        self.assertEqual(calls, {**plan, lookup: 1, "records": plan["records"] + 1, "batch": 1})

    def test_one_read_before_each_write(self):
        for t in range(5):
            self.native(f"t{t}", [f"h{t}-{i}.{z}" for z in ("free.example", "paid.example") for i in range(3)])
        self.apply()
        plan = self.counted("plan")
        for t in range(3):
            self.native(f"t{t}", [f"h{t}-{i}.{z}" for z in ("free.example", "paid.example") for i in range(4)])
        calls = self.counted("apply", "--auto-approve")
        self.assertEqual(calls, {**plan, "zones": 1, "config": plan["config"] + 3, "put": 3,
                                 "records": plan["records"] + 2, "batch": 2})


class Journal(Calls):
    def written(self):
        """The names of the journal's transactions of an apply, in order."""
        trace = self.folder / "points"
        self.adit("apply", "--auto-approve", env={"ADIT_TEST_FAILPOINT_TRACE": str(trace)})
        return [name for name in trace.read_text().split() if name in ("journal.intent", "journal.outcome")]

    def test_what_comes_about_together_is_written_together(self):
        self.world(40, 2)
        written = self.written()
        # All creations are begun at once, before the first of them is sent.
        self.assertEqual(written[:2], ["journal.intent", "journal.outcome"])
        # One each for 40 creations, 40 configurations and the zones would be 80 intents and as many outcomes, and more.
        self.assertLess(len(written), 80, written)

    def test_one_change_is_written_before_and_after(self):
        self.world(1, 1, ["example.com"])
        self.assertEqual(self.written(), ["journal.intent", "journal.outcome"] * 3)


class Moves(Calls):
    def test_only_who_receives_a_served_hostname_is_asked_for_connectors(self):
        for name in ("old", "new", "other"):
            self.write(f"{name}.yaml", gateway(name))
        for name, target in (("moving", "old"), ("staying", "old"), ("there", "new"), ("else", "other")):
            self.write(f"r-{name}.yaml", route(name, [f"{name}.example.com"], [("/", "PathPrefix", "web", 80)], gateway=target))
        self.apply()
        for name in ("old", "new", "other"):
            self.attach(self.tunnel(f"lab.edge.{name}"))
        plan = self.counted("plan")
        self.write("r-moving.yaml", route("moving", ["moving.example.com"], [("/", "PathPrefix", "web", 80)], gateway="new"))
        self.forget_requests()
        calls = self.counted("apply", "--auto-approve")
        asked = {r["path"] for r in self.requests() if kind_of(r) == "connections"}
        self.assertEqual(asked, {f"/client/v4/accounts/{ACCOUNT}/cfd_tunnel/{self.tunnel('lab.edge.new')['id']}/connections"})
        # the new tunnel's rules, the CNAME, then the old one's rules
        self.assertEqual(calls, {**plan, "config": plan["config"] + 2, "put": 2, "connections": 1,
                                 "records": plan["records"] + 1, "batch": 1})

    def test_a_hostname_that_nobody_serves_moves_without_asking(self):
        for name in ("old", "new"):
            self.write(f"{name}.yaml", gateway(name))
        self.write("r.yaml", route("moving", ["moving.example.com"], [("/", "PathPrefix", "web", 80)], gateway="old"))
        self.apply()
        self.write("r.yaml", route("moving", ["moving.example.com"], [("/", "PathPrefix", "web", 80)], gateway="new"))
        calls = self.counted("apply", "--auto-approve", "--allow-loss", "all", code=None)
        self.assertNotIn("connections", calls)
        self.assertEqual(calls.get("batch"), 1, calls)


class Overlap(Calls):
    simulator_options = [*Calls.simulator_options, "--latency", "20ms"]

    def test_reads_and_writes_of_independent_objects_overlap(self):
        self.world(40, 2)
        self.control("DELETE", "/stats")
        self.apply()
        self.assertEqual(self.control("GET", "/stats")["most_in_flight"], 10)
        self.control("DELETE", "/stats")
        self.adit("plan")
        self.assertEqual(self.control("GET", "/stats")["most_in_flight"], 10)


if __name__ == "__main__":
    unittest.main()
