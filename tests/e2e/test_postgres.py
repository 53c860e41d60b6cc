"""The state in PostgreSQL: what only a server can do to it."""

import json
import os
import pathlib
import signal
import subprocess
import unittest

import lab
from stores import postgres


@unittest.skipUnless(postgres.available(), "skipped: there is no PostgreSQL")
class Postgres(lab.Lab):
    simulator_options = ["--latency", "4s"]

    @classmethod
    def setUpClass(cls):
        cls.server = postgres.Postgres()
        cls.addClassCleanup(cls.server.close)

    def setUp(self):
        super().setUp()
        if self.server.process.poll() is not None:
            self.server.start()
        self.location = self.server.url()
        self.lose()

    def environment(self, **more):
        return super().environment(**{"ADIT_STATE": self.server.url(), **more})

    def query(self, sql):
        return postgres.query(self.location, sql)

    def lose(self):
        self.query("DROP SCHEMA IF EXISTS adit CASCADE")

    def manifests(self, count=6):
        self.write("gateway.yaml", lab.gateway())
        self.write("web.yaml", lab.route("web", [f"h{i}.example.com" for i in range(count)], [("/", "PathPrefix", "web", 80)]))

    def start(self):
        return subprocess.Popen([lab.ADIT, "apply", "--auto-approve"], cwd=self.folder, env=self.environment(), text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def test_the_server_dies_in_the_middle(self):
        """After the first write, after the second..., until the run is through before it happens."""
        writes = 0
        while True:
            writes += 1
            with self.subTest(writes=writes):
                self.manifests()
                running = self.start()
                while len(self.writes()) < writes and running.poll() is None:
                    pass
                is_over = running.poll() is not None
                if not is_over:
                    self.server.stop(signal.SIGQUIT)
                out, err = running.communicate(timeout=120)
                if self.server.process.poll() is not None:
                    self.server.start()
                if not is_over:
                    self.assertIn(running.returncode, (0, 1, 3), out + err)
                    if running.returncode:
                        self.assertRegex(err, r"error\[A052[01]\]")
                    self.apply()
                self.assertIn("No changes.", self.adit("plan", "--detailed-exitcode").out)
                self.assertEqual(len(self.tunnels()), 1)
                self.assertEqual(len(self.records()), 6)
                self.adit("destroy", "--auto-approve")
                self.forget_requests()
            if is_over:
                break
        self.assertGreater(writes, 2)

    def test_a_server_that_is_gone(self):
        self.manifests()
        self.server.stop(signal.SIGQUIT)
        for command in (["plan"], ["apply", "--auto-approve"], ["state", "list"]):
            result = self.adit(*command, code=1)
            self.assertRegex(result.err, r"error\[A0520\]")
        self.assertEqual(self.writes(), [])

    def test_no_password_is_shown(self):
        location = "postgres://nobody:s3cr3t-canary@127.0.0.1:1/postgres"
        result = self.adit("state", "list", "--state", location, code=1)
        self.assertIn("postgres://nobody@127.0.0.1:1/postgres", result.err)
        self.assertNotIn("s3cr3t-canary", result.out + result.err)
        result = self.adit("state", "list", "--state", "postgres://x:s3cr3t-canary@h/db?no=such", code=4)
        self.assertNotIn("s3cr3t-canary", result.out + result.err)

    def test_reading_makes_nothing(self):
        self.manifests()
        self.adit("plan")
        self.adit("drift", code=None)
        self.assertEqual(self.query("SELECT count(*) FROM pg_namespace WHERE nspname = 'adit'"), [["0"]])

    def test_a_newer_schema_and_one_that_is_not_ours(self):
        self.manifests()
        self.apply()
        self.query("UPDATE adit.schema_version SET version = 99")
        self.assertRegex(self.adit("plan", code=1).err, r"error\[A0506\]")
        self.query("UPDATE adit.schema_version SET version = 2; ALTER TABLE adit.meta DROP COLUMN serial")
        self.assertRegex(self.adit("plan", code=1).err, r"error\[A0505\]")

    def test_an_edited_row_is_refused(self):
        self.manifests()
        self.apply()
        self.query("UPDATE adit.resource SET zone_id = 'elsewhere' WHERE kind = 'cname'")
        self.assertRegex(self.adit("plan", code=1).err, r"error\[A0505\].*is damaged")

    def test_a_project_moves_to_a_file_and_back(self):
        self.manifests()
        self.apply()
        first = self.adit("state", "pull").out
        (self.folder / "moved.json").write_text(first)
        self.adit("state", "push", "moved.json", "--state", "file.db")
        self.assertEqual(self.adit("state", "pull", "--state", "file.db").out, first)
        self.assertIn("No changes.", self.adit("plan", "--state", "file.db", "--detailed-exitcode").out)
        self.lose()
        self.adit("state", "push", "moved.json")
        self.assertEqual(self.adit("state", "pull").out, first)
        self.assertIn("No changes.", self.adit("plan", "--detailed-exitcode").out)

    def test_projects_in_one_database_do_not_meet(self):
        self.manifests()
        self.apply()
        mine = self.adit("state", "pull").out
        self.project(name="other")
        self.write("gateway.yaml", lab.gateway("other"))
        self.write("web.yaml", lab.route("web", ["other.example.net"], [("/", "PathPrefix", "web", 80)], gateway="other"))
        self.apply()
        self.assertEqual(json.loads(self.adit("state", "pull").out)["project"], "other")
        self.project()
        self.assertEqual(self.adit("state", "pull").out, mine)

    def test_a_holder_stopped_within_a_transaction(self):
        """It holds the database's lock: the others say so and end, and nothing is written twice."""
        self.manifests()
        stopped = subprocess.Popen([lab.ADIT, "apply", "--auto-approve"], cwd=self.folder, text=True,
                                   env=self.environment(ADIT_TEST_FAILPOINT="stop:commit.before:9"),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        status = pathlib.Path(f"/proc/{stopped.pid}/status")
        while "State:\tT" not in status.read_text():
            self.assertIsNone(stopped.poll())
        writes = len(self.writes())
        other = self.adit("apply", "--auto-approve", code=5)
        self.assertRegex(other.err, r"error\[A0503\]")
        self.assertIn(f"process {stopped.pid} ", other.err)
        self.assertEqual(len(self.writes()), writes)
        os.kill(stopped.pid, signal.SIGCONT)
        out, err = stopped.communicate(timeout=120)
        self.assertIn(stopped.returncode, (0, 1, 5), out + err)
        self.apply()
        self.assertIn("No changes.", self.adit("plan", "--detailed-exitcode").out)
        self.assertEqual((len(self.tunnels()), len(self.records())), (1, 6))


class Trust(lab.Lab):
    """A project file cannot send the store's password to a host of its choice."""

    def test_a_state_on_another_host(self):
        self.write("gateway.yaml", lab.gateway())
        for location in ("postgres://db.example.com/x", "postgres://localhost/x?host=db.example.com",
                         "postgres://u@db.example.com:1/x"):
            with self.subTest(location):
                self.project(extra=f"  state: '{location}'")
                result = self.adit("plan", code=1)
                self.assertRegex(result.err, r"error\[A0817\]")
        self.project(extra="  state: 'postgres://127.0.0.1:1/x'")
        self.assertRegex(self.adit("plan", code=1).err, r"error\[A0520\]")
        self.project(extra="  state: 'postgres://127.0.0.2:1/x'")
        self.assertRegex(self.adit("plan", code=1).err, r"error\[A0817\]")
        self.assertRegex(self.adit("plan", "--allow-url", "postgres://127.0.0.2:1", code=1).err, r"error\[A0520\]")


if __name__ == "__main__":
    unittest.main()
