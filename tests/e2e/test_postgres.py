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
        for location in ("postgres://x:s3cr3t-canary@h/db?no=such", "postgres://x:a/s3cr3t-canary@h/db",
                         "postgres://x:a@s3cr3t-canary@h/db", "postgres://x:s3cr3t-canary%zz@h/db"):
            result = self.adit("state", "list", "--state", location, code=4)
            self.assertRegex(result.err, r"error\[A0523\]")
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

    def test_a_version_that_never_was(self):
        self.manifests()
        self.apply()
        self.query("UPDATE adit.schema_version SET version = 1")
        self.assertRegex(self.adit("plan", code=1).err, r"error\[A0505\].*never was")
        self.assertRegex(self.adit("apply", "--auto-approve", code=1).err, r"error\[A0505\].*never was")

    def test_a_schema_of_another_program_is_left_alone(self):
        self.manifests()
        self.query("CREATE SCHEMA adit; CREATE TABLE adit.theirs (x int)")
        for command in (["plan"], ["apply", "--auto-approve"]):
            self.assertRegex(self.adit(*command, code=1).err, r"error\[A0505\].*of another program")
        self.assertEqual(self.query("SELECT relname FROM pg_class WHERE relnamespace = 'adit'::regnamespace"), [["theirs"]])

    def role(self, sql):
        """A role that may do nothing but what @p sql grants to it, and that the state is opened as."""
        self.query("DROP ROLE IF EXISTS small; CREATE ROLE small LOGIN; " + sql)
        self.addCleanup(lambda: self.query("DROP SCHEMA IF EXISTS adit CASCADE; DROP OWNED BY small; DROP ROLE small"))
        return {"ADIT_STATE": self.server.url(user="small")}

    def test_a_schema_that_an_administrator_made(self):
        """A role needs no right to make schemas in the database."""
        self.manifests()
        small = self.role("")
        result = self.adit("apply", "--auto-approve", env=small, code=1)
        self.assertRegex(result.err, r"error\[A0522\]")
        self.assertEqual(self.writes(), [])
        self.query("CREATE SCHEMA adit AUTHORIZATION small")
        self.adit("apply", "--auto-approve", env=small)
        self.assertIn("No changes.", self.adit("plan", "--detailed-exitcode", env=small).out)

    def test_a_role_that_only_reads(self):
        self.manifests()
        self.apply()
        small = self.role("GRANT USAGE ON SCHEMA adit TO small; GRANT SELECT ON ALL TABLES IN SCHEMA adit TO small")
        self.assertIn("No changes.", self.adit("plan", "--detailed-exitcode", env=small).out)
        result = self.adit("state", "rm", "cname/h0.example.com", env=small, code=None)
        self.assertNotEqual(result.code, 0)
        self.assertRegex(result.err, r"error\[A0522\].*permission denied")

    def test_a_server_that_takes_no_writes(self):
        self.manifests()
        self.apply()
        small = self.role("GRANT adit TO small; ALTER ROLE small SET default_transaction_read_only = on")
        result = self.adit("state", "rm", "cname/h0.example.com", env=small, code=1)
        self.assertRegex(result.err, r"error\[A0509\].*read-only transaction")
        self.assertIn("target_session_attrs", result.err)
        self.assertIn("No changes.", self.adit("plan", "--detailed-exitcode", env=small).out)

    def test_databases_that_will_not_do(self):
        self.query("DROP DATABASE IF EXISTS latin")
        self.query("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
        self.addCleanup(self.query, "DROP DATABASE latin")
        result = self.adit("state", "list", "--state", self.server.url("latin"), code=1)
        self.assertRegex(result.err, r"error\[A0505\].*UTF8")
        result = self.adit("state", "list", "--state", self.server.url("nowhere"), code=1)
        self.assertRegex(result.err, r'error\[A0520\].*database "nowhere" does not exist')
        result = self.adit("state", "list", "--state", self.server.url(user="nobody"), code=1)
        self.assertRegex(result.err, r'error\[A0520\].*role "nobody" does not exist')
        result = self.adit("state", "list", "--state", self.server.url(sslmode="never"), code=1)
        self.assertRegex(result.err, r'error\[A0520\].*invalid sslmode value: "never"')

    def test_a_name_that_is_no_text(self):
        """Of the user, in the lease."""
        self.manifests()
        done = subprocess.run([lab.ADIT, "apply", "--auto-approve"], cwd=self.folder, stdin=subprocess.DEVNULL, timeout=120,
                              env={**self.environment(), "USER": b"\xff\xfe"}, capture_output=True)
        self.assertEqual(done.returncode, 0, done.stderr)

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

    def start_and_stop(self, point):
        """An apply that is stopped at a failpoint."""
        stopped = subprocess.Popen([lab.ADIT, "apply", "--auto-approve"], cwd=self.folder, text=True,
                                   env=self.environment(ADIT_TEST_FAILPOINT=f"stop:{point}"),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        status = pathlib.Path(f"/proc/{stopped.pid}/status")
        while "State:\tT" not in status.read_text():
            self.assertIsNone(stopped.poll())
        return stopped

    def finish(self, stopped):
        os.kill(stopped.pid, signal.SIGCONT)
        out, err = stopped.communicate(timeout=120)
        return stopped.returncode, out, err

    def assert_settled(self):
        self.assertIn("No changes.", self.adit("plan", "--detailed-exitcode").out)
        self.assertEqual((len(self.tunnels()), len(self.records())), (1, 6))

    def in_transaction(self):
        """The server's processes that have one of adit's open."""
        return self.query("SELECT pid FROM pg_stat_activity WHERE application_name = 'adit' AND state = 'idle in transaction'")

    def test_a_commit_without_an_answer(self):
        """Whether it was recorded is not known, and said so; nothing is made twice."""
        self.manifests()
        stopped = self.start_and_stop("commit.before:9")
        self.server.stop(signal.SIGQUIT)
        self.server.start()
        code, out, err = self.finish(stopped)
        self.assertIn(code, (1, 3), out + err)
        self.assertRegex(err, r"error\[A0521\].*in a commit, and whether that was recorded is not known")
        self.assertEqual(err.count("error[A0521]"), 1)
        self.apply()
        self.assert_settled()

    def test_a_server_that_does_not_answer(self):
        """It is stopped, and its connections stay: no run waits for it for ever."""
        self.manifests()
        stopped = self.start_and_stop("commit.before:9")
        backend = int(self.in_transaction()[0][0])
        os.kill(backend, signal.SIGSTOP)
        try:
            code, out, err = self.finish(stopped)
        finally:
            os.kill(backend, signal.SIGCONT)
        self.assertIn(code, (1, 3), out + err)
        self.assertRegex(err, r"error\[A0521\].*the server does not answer")
        self.apply()
        self.assert_settled()

    def test_a_holder_stopped_for_long_loses_its_transaction(self):
        """The server ends its session; another takes the lease over; what wakes up writes nothing."""
        self.manifests()
        stopped = self.start_and_stop("commit.before:9")
        self.assertTrue(self.in_transaction())
        while self.in_transaction():
            pass  # each look is a request of its own
        self.apply()
        self.assert_settled()
        before = self.adit("state", "pull").out
        self.forget_requests()
        code, out, err = self.finish(stopped)
        self.assertNotEqual(code, 0, out + err)
        self.assertRegex(err, r"error\[A0521\]")
        self.assertEqual(self.writes(), [])
        self.assertEqual(self.adit("state", "pull").out, before)
        self.assert_settled()

    def test_a_holder_stopped_within_a_transaction(self):
        """It holds the project's lock: the others say so and end, and nothing is written twice."""
        self.manifests()
        stopped = self.start_and_stop("commit.before:9")
        writes = len(self.writes())
        other = self.adit("apply", "--auto-approve", code=5)
        self.assertRegex(other.err, r"error\[A0503\]")
        self.assertIn(f"process {stopped.pid} ", other.err)
        self.assertEqual(len(self.writes()), writes)
        code, out, err = self.finish(stopped)
        self.assertIn(code, (0, 1, 5), out + err)
        self.apply()
        self.assert_settled()


    def test_waiting_for_a_holder_stopped_within_a_transaction(self):
        """--lock-timeout is longer than the server waits for a lock: until it ends the stopped one's transaction."""
        self.manifests()
        stopped = self.start_and_stop("commit.before:9")
        done = self.adit("apply", "--auto-approve", "--lock-timeout", "10h", code=None)
        self.assertNotIn("A0503", done.err)
        self.assertIn(done.code, (0, 5), repr(done))  # 5: planned before it was known what the stopped one did
        code, out, err = self.finish(stopped)
        self.assertNotEqual(code, 0, out + err)
        self.apply()
        self.assert_settled()


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
