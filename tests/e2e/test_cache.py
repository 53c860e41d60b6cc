"""What large inputs leave beside the state is never needed and never believed over the files."""

import contextlib
import sqlite3
import stat
import unittest

import lab
import stores

FILES, ROUTES = 20, 200


class Cache(lab.Lab):
    zones = ["example.com"]
    simulator_options = ["--plan", "pro", "--record-limit", "20000"]

    def setUp(self):
        super().setUp()
        self.project("  state: state/state.db\n  dns: {settle: 0s}")
        (self.folder / "state").mkdir()
        self.path = self.folder / "state" / "adit-cache.db"
        self.write("gateway.yaml", lab.gateway())
        # Over two megabytes, with what makes a document large and says nothing.
        for i in range(FILES):
            self.fill(i)

    def fill(self, number, service="web"):
        routes = []
        for i in range(ROUTES):
            name = f"r-{number}-{i}"
            routes.append(lab.route(name, [f"{name}.example.com"], [("/", "PathPrefix", service, 80)]))
        self.write(f"routes-{number:02}.yaml", *routes, "# " + "x" * 120000 + "\n")

    def planned(self):
        done = self.adit("plan", "--refresh=false", "--output", "json")
        plan = done.json()
        del plan["timestamp"], plan["checksum"]
        self.last = done
        return plan

    def test_the_same_with_and_without(self):
        cold = self.planned()
        self.assertGreaterEqual(len([c for c in cold["resource_changes"] if c["type"] == "rule"]), FILES * ROUTES)
        self.assertEqual(stat.S_IMODE(self.path.stat().st_mode), 0o600)
        errors = self.last.err
        kept = self.path.read_bytes()
        self.assertEqual((self.planned(), self.last.err), (cold, errors))
        # Nothing new: nothing written.
        self.assertEqual(self.path.read_bytes(), kept)
        for damage in (kept[: len(kept) // 2], b"", b"x" * 10000,
                       kept[:200000] + bytes(b ^ 0x20 for b in kept[200000:260000]) + kept[260000:]):
            self.path.write_bytes(damage)
            self.assertEqual((self.planned(), self.last.err), (cold, errors), len(damage))
            self.assertEqual((self.planned(), self.last.err), (cold, errors), len(damage))
        self.path.unlink()
        self.path.mkdir()
        self.assertEqual((self.planned(), self.last.err), (cold, errors))

    def test_what_is_kept_of_one_file_is_not_believed_of_another(self):
        """As when of a commit only the index reached the disk, and the row was taken by another."""
        cold = self.planned()
        with contextlib.closing(sqlite3.connect(self.path)) as db:
            rows = db.execute("SELECT rowid, bytes FROM entry ORDER BY length(bytes) DESC LIMIT 2").fetchall()
            db.executemany("UPDATE entry SET bytes = ? WHERE rowid = ?", [(rows[1][1], rows[0][0]), (rows[0][1], rows[1][0])])
            db.commit()
        self.assertEqual(self.planned(), cold)
        self.assertEqual(self.planned(), cold)

    def test_a_quote_is_read_again(self):
        """What is wrong in a large input is quoted, though its bytes were let go."""
        path = self.folder / "manifests" / "routes-03.yaml"
        path.write_text(path.read_text().replace('"port": 80', '"port": 800000', 1))
        text = self.adit("validate", code=4).err
        self.assertRegex(text, r"routes-03\.yaml:\d+:\d+: error\[A\d+\]")
        self.assertRegex(text, r"\| .*800000")
        found = self.adit("validate", "--output", "json", code=4).json()
        self.assertIn("800000", found["diagnostics"][0]["snippet"]["code"])

    def test_the_files_decide(self):
        self.planned()
        self.fill(7, service="other")
        (self.folder / "manifests" / "routes-03.yaml").unlink()
        warm = self.planned()
        self.path.unlink()
        self.assertEqual(warm, self.planned())
        services = {c["change"]["after"]["service"] for c in warm["resource_changes"] if "/r-7-" in c["address"]}
        self.assertEqual(services, {"http://other.shop.svc:80"})
        self.assertFalse([c for c in warm["resource_changes"] if "/r-3-" in c["address"]])

    def test_a_file_that_is_open_to_others(self):
        """It may have come with a pull request, and say of a file what is not in it."""
        cold = self.planned()
        kept = self.path.read_bytes()
        self.path.chmod(0o644)
        self.fill(7, service="other")
        self.planned()
        self.assertEqual(self.path.read_bytes(), kept)
        self.fill(7)
        # A lie for every file: only one that is asked for it tells it.
        damaged = kept.replace(b"web", b"bad")
        self.path.write_bytes(damaged)
        self.assertEqual(self.planned(), cold)
        self.path.rename(self.path.with_name("other.db"))
        self.path.symlink_to("other.db")
        self.assertEqual(self.planned(), cold)
        self.assertEqual(self.path.with_name("other.db").read_bytes(), damaged)

    def test_another_programs_database(self):
        with sqlite3.connect(self.path) as database:
            database.execute("CREATE TABLE precious(x)")
        database.close()
        self.path.chmod(0o600)
        kept = self.path.read_bytes()
        self.planned()
        self.assertEqual(self.path.read_bytes(), kept)

    def test_of_a_state_elsewhere_it_is_beside_the_project(self):
        """Nobody but the cache needs the folder there."""
        self.project("  dns: {settle: 0s}")
        self.store = stores.Http(self)
        cold = self.planned()
        path = self.folder / ".adit" / "adit-cache.db"
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(path.parent.stat().st_mode), 0o700)
        kept = path.read_bytes()
        self.assertEqual(self.planned(), cold)
        self.assertEqual(path.read_bytes(), kept)

    def test_the_image_of_a_state(self):
        """Only plans that compare with the state alone have one, and it is believed only of the state that it was made of."""
        image = self.path.with_name("adit-cache.state")
        self.adit("apply", "--auto-approve")
        self.adit("plan")
        self.assertFalse(image.exists())
        self.fill(3, "other")
        first = self.planned()
        self.assertEqual(len(first["resource_changes"]), ROUTES)
        self.assertEqual(stat.S_IMODE(image.stat().st_mode), 0o600)
        kept = image.read_bytes()
        self.assertEqual(self.planned(), first)
        for damage in (kept[: len(kept) // 2], b"", kept[:-1] + bytes([kept[-1] ^ 1])):
            image.write_bytes(damage)
            self.assertEqual(self.planned(), first)
            self.assertEqual(image.read_bytes(), kept)
        image.chmod(0o644)
        image.write_bytes(b"somebody's")
        self.assertEqual(self.planned(), first)
        self.assertEqual(image.read_bytes(), b"somebody's")
        image.unlink()
        self.planned()
        # What was applied since is seen, and so is what was done to the state by hand.
        self.adit("apply", "--auto-approve")
        self.assertEqual(self.planned()["resource_changes"], [])
        with sqlite3.connect(self.folder / "state" / "state.db") as database:
            database.execute("UPDATE resource SET fields = replace(fields, 'http://web', 'http://bad')"
                             " WHERE address = 'rule/edge/web/r-0-0.example.com'")
        database.close()
        self.assertIn("A0505", self.adit("plan", "--refresh=false", code=1).err)

    def test_small_inputs_leave_nothing(self):
        for i in range(FILES):
            self.remove(f"routes-{i:02}.yaml")
        self.fill(1)
        self.adit("plan", "--refresh=false")
        self.assertFalse(self.path.exists())


if __name__ == "__main__":
    unittest.main()
