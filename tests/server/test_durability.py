"""The data outlives the process, however that ends; ids with a fixed seed; files of others."""
import os
import sqlite3
import stat
import tempfile
import unittest

import simulator
from simulator import ACCOUNT, TOKEN, Simulator

OPTIONS = ("--account", f"{ACCOUNT}=Acme", "--zone", "paid.example@pro", "--token", TOKEN, "--calls", "1000000")
TUNNELS = f"/accounts/{ACCOUNT}/cfd_tunnel"


class Durability(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "data.db")

    def bytes(self):
        with open(self.path, "rb") as file:
            return file.read()

    def start(self, *options, env=None):
        return Simulator("--data", self.path, *OPTIONS, *options, env=env)

    def fill(self, sim):
        zone = sim.call("GET", "/zones").result[0]["id"]
        tunnel = sim.call("POST", TUNNELS, {"name": "web"}).result
        sim.call("PUT", f"{TUNNELS}/{tunnel['id']}/configurations", {"config": {"ingress": [{"service": "http_status:404"}], "x": 1}})
        sim.attach(tunnel["id"])
        sim.call("POST", f"/zones/{zone}/dns_records", {"type": "CNAME", "name": "a", "content": "b.example.net", "ttl": 1, "tags": ["a:b"]})
        return zone, tunnel

    def test_restart(self):
        sim = self.start()
        zone, tunnel = self.fill(sim)
        dump = sim.control("GET", "/dump").text
        self.assertEqual(sim.stop(), 0)
        sim = self.start("--zone", "second.example")
        again = sim.control("GET", "/dump").json
        self.assertEqual([z["name"] for z in again["zones"]], ["paid.example", "second.example"])
        again["zones"].pop()
        self.assertEqual(again, simulator.json.loads(dump))
        self.assertEqual(sim.call("GET", f"{TUNNELS}/{tunnel['id']}/token").result, tunnel["token"])
        self.assertEqual(len(sim.call("GET", f"{TUNNELS}/{tunnel['id']}/connections").result), 1)
        self.assertEqual(sim.stop(), 0)

    def test_seeding_again_changes_nothing(self):
        self.start().stop()
        sim = Simulator("--data", self.path, "--account", f"{ACCOUNT}=Other", "--zone", "paid.example@free", "--token", f"{TOKEN}=zone:read")
        self.assertEqual(sim.call("GET", f"/accounts/{ACCOUNT}").result["name"], "Acme")
        self.assertEqual(sim.call("GET", "/zones").result[0]["plan"]["legacy_id"], "pro")
        self.assertEqual(sim.stop(), 0)

    def test_mode(self):
        self.start().stop()
        self.assertEqual(stat.S_IMODE(os.stat(self.path).st_mode), 0o600)
        self.assertNotIn(TOKEN.encode(), self.bytes())

    def test_killed_while_writing(self):
        answered, kills = [], 6
        for kill in range(kills):
            sim = self.start()
            zone = sim.call("GET", "/zones").result[0]["id"]
            path = f"/client/v4/zones/{zone}/dns_records/batch"
            for index in range(kill * 100, kill * 100 + 5 * kill):
                self.assertEqual(sim.send("POST", path, *self.batch(index)).status, 200)
                answered.append(index)
            # The last one is on its way when the process dies.
            sim.connection.request("POST", path, *self.batch(kill * 100 + 99))
            sim.kill()
            sim = self.start()
            self.check_batches(sim, zone, answered, kill + 1)
            self.assertEqual(sim.stop(), 0)

    def batch(self, index):
        posts = [{"type": "TXT", "name": f"n{index}-{k}", "content": "x", "ttl": 1} for k in range(100 if index % 100 == 99 else 3)]
        return simulator.json.dumps({"posts": posts}).encode(), {"Authorization": "Bearer " + TOKEN}

    def check_batches(self, sim, zone, answered, kills):
        """All that was answered is there; a batch is there whole or not at all."""
        batches = {}
        for record in self.records(sim, zone):
            batches.setdefault(int(record["name"][1:].split("-")[0]), []).append(record["name"])
        for index, names in batches.items():
            self.assertEqual(len(names), 100 if index % 100 == 99 else 3)
        self.assertTrue(set(answered) <= set(batches))
        self.assertLessEqual(len(batches), len(answered) + kills)

    def records(self, sim, zone):
        answer = sim.send("GET", f"/client/v4/zones/{zone}/dns_records?per_page=5000000", headers={"Authorization": "Bearer " + TOKEN})
        return answer.result

    def test_two_processes_on_one_file(self):
        first, second = self.start(), self.start()
        zone, tunnel = self.fill(first)
        self.assertEqual(second.call("GET", f"{TUNNELS}/{tunnel['id']}").status, 200)
        self.assertEqual(second.call("POST", TUNNELS, {"name": "web"}).code, 1013)
        for sim in (first, second):
            self.assertEqual(sim.stop(), 0)

    def test_a_seed_repeats_ids_and_never_within_one_file(self):
        env = {"ADIT_TEST_SEED": "7", "ADIT_TEST_NOW": "1800000000"}
        ids = []
        for name in ("a", "b", "c"):
            sim = self.start(env=env)
            ids.append(sim.call("POST", TUNNELS, {"name": name}).result["id"])
            self.assertEqual(sim.stop(), 0)
        self.assertEqual(len(set(ids)), 3)
        os.unlink(self.path)
        sim = self.start(env=env)
        tunnel = sim.call("POST", TUNNELS, {"name": "a"}).result
        self.assertEqual(tunnel["id"], ids[0])
        self.assertTrue(tunnel["created_at"].startswith("2027-01-15T08:00:0"))
        self.assertEqual(sim.stop(), 0)

    def test_files_of_others(self):
        with open(self.path, "wb") as file:
            file.write(b"not a database, but somebody's notes\n" * 100)
        before = self.bytes()
        with self.assertRaises(RuntimeError):
            self.start()
        self.assertEqual(self.bytes(), before)
        os.unlink(self.path)
        database = sqlite3.connect(self.path)
        database.execute("CREATE TABLE mine (x)")
        database.commit()
        database.close()
        before = self.bytes()
        with self.assertRaises(RuntimeError):
            self.start()
        self.assertEqual(self.bytes(), before)


if __name__ == "__main__":
    simulator.main()
