"""States behind a URL: terraform's http backend protocol, plain and GitLab's, and S3, with all that can go wrong there."""

import functools
import json
import os
import pathlib
import shutil
import subprocess
import time
import unittest

import lab
import stores
from stores import blobs


class Blob:
    """The cases that hold for each of them."""

    kind = None

    def setUp(self):
        super().setUp()
        self.store = stores.STORES[self.kind](self)
        self.server = self.store.server
        self.write("gateway.yaml", lab.gateway())
        self.manifest("web")

    def manifest(self, service):
        self.write("web.yaml", lab.route("web", ["a.example.com", "b.example.com"], [("/", "PathPrefix", service, 80)]))

    def document(self):
        return json.loads(next(text for name, text in self.server.documents.items() if not name.endswith(".tflock")))

    def is_locked(self):
        return bool(self.server.locks) or any(name.endswith(".tflock") for name in self.server.documents)

    def writes_of_state(self):
        return [entry for entry in self.server.log if entry[0] in ("PUT", "POST") and "lock" not in entry[1]]

    def test_the_document(self):
        self.apply()
        document = self.document()
        self.assertEqual((document["version"], document["outputs"], document["resources"]), (4, {}, []))
        self.assertEqual(document["lineage"], json.loads(self.adit("state", "pull").out)["lineage"])
        self.assertFalse(self.is_locked())
        before = document["serial"]
        self.manifest("other")
        self.apply()
        self.assertGreater(self.document()["serial"], before)
        writes = len(self.writes_of_state())
        self.adit("plan")
        self.adit("state", "list")
        self.adit("history")
        self.adit("drift")
        self.adit("state", "pull")
        self.assertEqual(len(self.writes_of_state()), writes)
        self.assertEqual({entry[0] for entry in self.server.log[-5:]}, {"GET"})

    def test_twenty_runs_are_kept(self):
        """Every write carries the history; two desired states that take turns are in it twice, not twenty times."""
        for i in range(23):
            self.manifest(f"v{i % 2}")
            self.apply()
        runs = self.adit("history", "--output", "json").json()["runs"]
        self.assertEqual([run["run"] for run in runs], list(range(23, 3, -1)))
        self.assertTrue(all(run["can_roll_back"] for run in runs))
        self.assertEqual(len(self.document()["adit"]["tables"]["snapshot"]["rows"]), 2)
        self.assertRegex(self.adit("rollback", "3", "--auto-approve", code=4).err, r"error\[A0517\]: the state \S+ knows no run 3")
        self.assertIn("0 added, 2 changed, 0 destroyed", self.adit("rollback", "4", "--auto-approve").out)

    def test_answers_that_are_lost(self):
        """Each write of the state's once without its answer: nothing is lost, nothing is written twice."""
        self.apply()
        count = len(self.server.log)
        for number in range(1, count + 1):
            with self.subTest(number):
                self.manifest(f"v{number}")
                seen = []

                def fault(*_, number=number, seen=seen):
                    seen.append(1)
                    return "lost" if len(seen) == number else None

                self.server.faults = fault
                self.apply()
                self.server.faults = None
                self.assertIn("No changes.", self.adit("plan", "--detailed-exitcode").out)
                self.assertFalse(self.is_locked())
        self.assertGreater(count, 8)

    def test_a_server_that_fails(self):
        self.apply()
        for number in range(1, len(self.server.log) + 1, 3):
            for fault in (503, 500, "refused"):
                with self.subTest(number=number, fault=fault):
                    self.manifest(f"{fault}-{number}")
                    seen = []

                    def faults(*_, number=number, seen=seen, fault=fault):
                        seen.append(1)
                        return fault if number <= len(seen) < number + 40 else None

                    self.server.faults = faults
                    result = self.apply(code=None)
                    self.assertIn(result.code, (0, 1, 3), repr(result))
                    if result.code:
                        self.assertRegex(result.err, r"error\[A054[02]\]")
                    self.server.faults = None
                    self.adit("apply", "--auto-approve", "--lock-timeout", "10m")
                    self.assertIn("No changes.", self.adit("plan", "--detailed-exitcode").out)

    def test_what_is_no_state_of_ours(self):
        self.apply()
        name = next(iter(self.server.documents))
        good = self.server.documents[name]
        edited = json.loads(good)
        edited["adit"]["tables"]["resource"]["rows"].pop()
        newer = json.loads(good)
        newer["adit"]["schema"] = 99
        for text, code in ((json.dumps(edited), "A0505"), (json.dumps(newer), "A0506"), ("not JSON", "A0505"), (good[:-9], "A0505"),
                           ('{"version": 4, "serial": 7, "lineage": "x", "outputs": {}, "resources": []}', "A0505")):
            with self.subTest(str(text)[:40]):
                text = text.encode() if isinstance(text, str) else text
                self.server.documents[name] = text
                for command in (["plan"], ["apply", "--auto-approve"]):
                    self.assertRegex(self.adit(*command, code=1).err, rf"error\[{code}\]")
                self.assertEqual(self.server.documents[name], text)
        del self.server.documents[name]
        self.adit("state", "rebuild")
        self.assertIn("No changes.", self.adit("plan", "--detailed-exitcode").out)

    def start(self, **env):
        return subprocess.Popen([lab.ADIT, "apply", "--auto-approve"], cwd=self.folder, env=self.environment(**env), text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def test_a_lock_that_is_held(self):
        stopped = self.start(ADIT_TEST_FAILPOINT="stop:journal.outcome:1", ADIT_TEST_TIME_SCALE="1")
        status = pathlib.Path(f"/proc/{stopped.pid}/status")
        while "State:\tT" not in status.read_text():
            self.assertIsNone(stopped.poll())
        self.assertTrue(self.is_locked())
        held = self.adit("apply", "--auto-approve", code=5, env={"ADIT_TEST_TIME_SCALE": "1"})
        self.assertRegex(held.err, r"error\[A0501\]")
        self.assertIn(f"process {stopped.pid} ", held.err)
        # it dies: on the same machine it is taken over at once
        stopped.kill()
        stopped.communicate()
        self.adit("apply", "--auto-approve", env={"ADIT_TEST_TIME_SCALE": "1"})
        self.assertFalse(self.is_locked())
        self.assertEqual(len(self.tunnels()), 1)

    def test_a_holder_that_was_outrun(self):
        """Stopped for longer than its lease lasts, and another took over: it writes nothing more."""
        stopped = self.start(ADIT_TEST_FAILPOINT="stop:journal.outcome:1", ADIT_TEST_TIME_SCALE="20")
        status = pathlib.Path(f"/proc/{stopped.pid}/status")
        while "State:\tT" not in status.read_text():
            self.assertIsNone(stopped.poll())
        done = self.adit("apply", "--auto-approve", "--lock-timeout", "1h", code=None, env={"ADIT_TEST_TIME_SCALE": "20"})
        if done.code == 5:  # what the stopped one had made was not recorded when this plan was made
            done = self.adit("apply", "--auto-approve", "--lock-timeout", "1h", env={"ADIT_TEST_TIME_SCALE": "20"})
        self.assertEqual(done.code, 0, repr(done))
        self.forget_requests()
        before = self.document()
        stopped.send_signal(18)  # SIGCONT
        _, err = stopped.communicate(timeout=120)
        self.assertEqual(stopped.returncode, 5, err)
        self.assertEqual(self.writes(), [])
        self.assertEqual(self.document(), before)

    def holder_that_stops(self, failpoint="stop:journal.outcome:1", **env):
        """A run that holds the lock and is stopped."""
        stopped = self.start(ADIT_TEST_FAILPOINT=failpoint, **{"ADIT_TEST_TIME_SCALE": "1", **env})
        self.addCleanup(stopped.communicate)
        self.addCleanup(stopped.kill)
        status = pathlib.Path(f"/proc/{stopped.pid}/status")
        while "State:\tT" not in status.read_text():
            self.assertIsNone(stopped.poll())
        self.assertTrue(self.is_locked())
        return stopped

    def end(self, process):
        process.kill()
        process.communicate()

    def test_a_lock_that_was_left(self):
        """By a process that died: just after it took the lock, and long ago with its lease. No option is needed."""
        for number in (1, 2, 3):
            with self.subTest(number):
                self.adit("apply", "--auto-approve", code=-9, env={"ADIT_TEST_FAILPOINT": f"kill:store.answered:{number}"})
                self.apply()
                self.assertFalse(self.is_locked())
        self.manifest("other")
        self.end(self.holder_that_stops())
        later = {"ADIT_TEST_NOW": str(int(time.time()) + 600)}
        self.adit("apply", "--auto-approve", env=later)
        self.assertFalse(self.is_locked())

    def test_two_who_take_a_lock_over(self):
        """Both see the same leftover: one is first, the other waits for it."""
        for round in range(4):
            self.manifest(f"v{round}")
            self.end(self.holder_that_stops())
            both = [subprocess.Popen([lab.ADIT, "apply", "--auto-approve", "--lock-timeout", "1h"], cwd=self.folder, text=True,
                                     env=self.environment(ADIT_TEST_TIME_SCALE="50"), stdout=subprocess.PIPE,
                                     stderr=subprocess.PIPE) for _ in range(2)]
            for process in both:
                out, err = process.communicate(timeout=120)
                if process.returncode == 5:  # planned before the other was done
                    self.assertNotRegex(err, "A050[0-9]")
                else:
                    self.assertEqual(process.returncode, 0, out + err)
            self.assertFalse(self.is_locked())
            self.assertIn("No changes.", self.adit("plan", "--detailed-exitcode").out)

    def test_the_lock_of_another_project(self):
        """A dead lease of ours is no reason to take the lock from another project's run, which lives."""
        pace = {"ADIT_TEST_TIME_SCALE": "20"}
        faults = self.end_without_giving_up_the_lease()
        self.adit("apply", "--auto-approve", env=pace)
        self.server.faults = None
        self.assertTrue(faults)
        self.assertFalse(self.is_locked())
        self.project(name="neighbour")
        self.write("web.yaml", lab.gateway("neighbour"), lab.route("web", ["c.example.com"], [("/", "PathPrefix", "n", 80)],
                                                                    gateway="neighbour"))
        neighbour = self.holder_that_stops(**pace)
        self.project()
        self.manifest("other")
        held = self.adit("apply", "--auto-approve", code=5, env=pace)
        self.assertRegex(held.err, r"error\[A0503\]")
        neighbour.send_signal(18)  # SIGCONT
        out, err = neighbour.communicate(timeout=120)
        self.assertEqual(neighbour.returncode, 0, out + err)
        self.apply()
        self.assertIn("No changes.", self.adit("plan", "--detailed-exitcode").out)

    def end_without_giving_up_the_lease(self):
        """Refuses the document whose lease is gone, so that its row stays."""
        seen = []

        def refuse(handler):
            text = json.loads(handler.body or b"{}")
            if "adit" in text and not text["adit"]["tables"]["lease"]["rows"]:
                seen.append(1)
                handler.answer(400)
            else:
                handler.fault = None
                handler.serve()

        self.server.faults = lambda *_: refuse
        return seen

    def leave_lock(self, **info):
        lock = {"ID": "1f0c", "Operation": "OperationTypeApply", "Info": "", "Who": "somebody@else", "Version": "1.9.0",
                "Created": "2020-01-01T00:00:00.123456Z", "Path": "", **info}
        if self.kind == "s3":
            self.server.documents["/bucket/folder/lab.json.tflock"] = json.dumps(lock).encode()
        else:
            self.server.locks[self.store.path] = lock

    def test_a_lock_that_is_not_of_adits(self):
        """Whoever took it had a reason: it is never taken over."""
        self.apply()
        self.manifest("other")
        self.leave_lock()
        before = self.document()
        refused = self.adit("apply", "--auto-approve", "--lock-timeout", "10m", code=5)
        self.assertRegex(refused.err, r"error\[A0503\].* by (somebody@else|root) since 2020-01-01.*lock 1f0c")
        self.assertIn("no lock that adit could tell for its own", refused.err)
        self.assertTrue(self.is_locked())
        self.assertEqual(self.document(), before)
        self.adit("plan")
        self.leave_lock(ID="adit-a b&c/%#")
        self.apply()
        self.assertFalse(self.is_locked())

    def test_a_lock_whose_answers_are_lost(self):
        """It may have been taken: it is given back, and not left to the next."""
        seen = []

        def faults(method, path):
            is_lock = method == "LOCK" or (method in ("PUT", "POST") and path.endswith(("/lock", ".tflock")))
            seen.append(is_lock)
            return "lost" if is_lock else None

        self.server.faults = faults
        self.assertRegex(self.apply(code=1).err, r"error\[A0540\]")
        self.assertGreaterEqual(sum(seen), 5)
        self.assertFalse(self.is_locked())

    def test_a_document_that_vanishes(self):
        """While a run goes on: it says that its lock is lost, and writes nothing to what it did not read."""
        stopped = self.holder_that_stops()
        self.store.lose()
        self.forget_requests()
        stopped.send_signal(18)  # SIGCONT
        _, err = stopped.communicate(timeout=120)
        self.assertEqual(stopped.returncode, 5, err)
        self.assertRegex(err, r"error\[A0502\]")
        self.assertEqual(self.writes(), [])
        self.assertFalse(self.server.documents)

    def test_too_many_requests(self):
        self.apply()
        for number in range(1, len(self.server.log) + 1, 3):
            with self.subTest(number):
                self.manifest(f"v{number}")
                seen = []

                def faults(*_, number=number, seen=seen):
                    seen.append(1)
                    return 429 if number <= len(seen) < number + 3 else None

                self.server.faults = faults
                self.apply()
                self.server.faults = None

    def test_clocks_that_differ(self):
        """The lease goes by the server's clock: who holds it is not outrun because a machine's clock is wrong."""
        for minutes in (-30, 30):
            with self.subTest(minutes):
                self.manifest(f"v{minutes}")
                stopped = self.holder_that_stops(ADIT_TEST_NOW=str(int(time.time()) + 60 * minutes))
                held = self.adit("apply", "--auto-approve", code=5, env={"ADIT_TEST_TIME_SCALE": "1"})
                self.assertRegex(held.err, r"error\[A0501\]")
                self.end(stopped)
                self.apply()

    def test_many_who_begin_at_once(self):
        """Projects in one document that does not exist yet: all of them are in it in the end."""
        started = []
        for number in range(4):
            folder = self.folder / f"p{number}"
            (folder / "manifests").mkdir(parents=True)
            self.project(name=f"p{number}")
            shutil.copy(self.folder / "adit.yaml", folder)
            (folder / "manifests" / "web.yaml").write_text(lab.gateway(f"g{number}") + "---\n" + lab.route(
                "web", [f"p{number}.example.com"], [("/", "PathPrefix", "web", 80)], gateway=f"g{number}"))
            started.append(subprocess.Popen([lab.ADIT, "apply", "--auto-approve", "--lock-timeout", "1h"], cwd=folder, text=True,
                                            env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE))
        for process in started:
            out, err = process.communicate(timeout=120)
            self.assertEqual(process.returncode, 0, out + err)
        projects = self.document()["adit"]["tables"]["meta"]["rows"]
        self.assertEqual([row[0] for row in projects], ["p0", "p1", "p2", "p3"])
        self.assertEqual(len(self.tunnels()), 4)

    def test_an_interruption_ends_the_waiting(self):
        stopped = self.holder_that_stops()
        waiting = subprocess.Popen([lab.ADIT, "apply", "--auto-approve", "--lock-timeout", "1h"], cwd=self.folder, text=True,
                                   env=self.environment(ADIT_TEST_TIME_SCALE="1"), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        count = len(self.server.log)
        while len(self.server.log) < count + 8:
            self.assertIsNone(waiting.poll())
        waiting.send_signal(2)
        _, err = waiting.communicate(timeout=60)
        self.assertEqual(waiting.returncode, 130, err)
        self.end(stopped)

    def test_credentials(self):
        for name in self.store.environment():
            if name.endswith(("PASSWORD", "SECRET_ACCESS_KEY")):
                result = self.adit("plan", code=1, env={name: "wrong-canary"})
                self.assertRegex(result.err, r"error\[A0541\]")
                self.assertNotIn("wrong-canary", result.out + result.err)

    def test_a_project_moves_to_a_file_and_back(self):
        self.apply()
        first = self.adit("state", "pull").out
        (self.folder / "moved.json").write_text(first)
        self.adit("state", "push", "moved.json", "--state", "file.db")
        self.assertEqual(self.adit("state", "pull", "--state", "file.db").out, first)
        self.store.lose()
        self.adit("state", "push", "moved.json")
        self.assertEqual(self.adit("state", "pull").out, first)


class Http(Blob, lab.Lab):
    kind = "http"

    def test_urls_that_cannot_be(self):
        for url in ("http://state.example.com/x", "https://user:canary@state.example.com/x", "https://state.example.com/x?y=z"):
            result = self.adit("plan", "--state", url, code=4)
            self.assertRegex(result.err, r"error\[A0543\]")
            self.assertNotIn("canary", result.err)

    def test_locks_that_say_nothing(self):
        """Whose it is cannot be told: it is nobody's to take."""
        for lock in (b"", b"[]", b'"x"', b"\xff", b'{"ID": 7}', b'{"ID": ""}'):
            with self.subTest(lock):
                self.server.faults = lambda method, *_, lock=lock: (423, lock) if method == "LOCK" else None
                self.assertRegex(self.apply(code=5).err, r"error\[A0503\].*lock of unknown ID")
        self.assertNotIn("UNLOCK", {method for method, _ in self.server.log})
        self.assertFalse(self.server.documents)

    def test_redirects_are_not_followed(self):
        elsewhere = blobs.Server(blobs.Terraform)
        self.addCleanup(elsewhere.close)
        for status in (301, 302, 303, 307, 308):
            self.server.faults = lambda *_, status=status: lambda handler: handler.answer(status, Location=elsewhere.base + "/x")
            refused = self.adit("plan", code=1)
            self.assertRegex(refused.err, rf"error\[A0542\].*HTTP {status}")
            self.assertIn("redirects", refused.err)
        self.assertEqual(elsewhere.log, [])

    def test_the_project_file_alone_cannot_choose_the_server(self):
        self.project(extra="  state: https://state.example.com/x")
        os.environ.pop("ADIT_STATE", None)
        self.store.environment = dict
        self.assertRegex(self.adit("plan", code=1).err, r"error\[A0817\]")


class Gitlab(Blob, lab.Lab):
    kind = "gitlab"


class S3(Blob, lab.Lab):
    kind = "s3"

    def test_another_write_under_way(self):
        """409: perhaps an earlier try of the same write. It is tried again."""
        self.apply()
        for number in range(1, len(self.server.log) + 1, 2):
            with self.subTest(number):
                self.manifest(f"v{number}")
                seen = []

                def faults(method, *_, number=number, seen=seen):
                    seen.append(1)
                    return 409 if method == "PUT" and number <= len(seen) < number + 3 else None

                self.server.faults = faults
                self.apply()
                self.server.faults = None

    def test_no_bucket(self):
        """It is no empty state."""
        self.server.faults = lambda *_: (404, b"<Error><Code>NoSuchBucket</Code></Error>")
        for command in (["plan"], ["apply", "--auto-approve"]):
            result = self.adit(*command, code=1)
            self.assertRegex(result.err, r"error\[A0542\]")
            self.assertIn("AWS_REGION", result.err)

    def test_no_etag(self):
        """Without one no write can be conditional: nothing is written."""
        self.apply()
        before = dict(self.server.documents)
        answer = blobs.S3.answer

        def without(handler, status, body=b"", **headers):
            headers.pop("ETag", None)
            answer(handler, status, body, **headers)

        def fault(handler):
            handler.fault, handler.answer = None, functools.partial(without, handler)
            handler.serve()

        self.manifest("other")
        self.server.faults = lambda *_: fault
        refused = self.apply(code=1)
        self.assertRegex(refused.err, r"error\[A0542\].*no ETag")
        self.assertEqual(self.server.documents, before)

    def test_locks_that_do_not_hold(self):
        """A store whose locks let everybody in: conditional writes keep each other's rows all the same."""
        self.apply()
        name = next(iter(self.server.documents))
        self.manifest("other")
        stopped = self.holder_that_stops()
        self.server.documents.pop(name + ".tflock")
        self.project(name="neighbour")
        self.write("web.yaml", lab.gateway("neighbour"), lab.route("web", ["c.example.com"], [("/", "PathPrefix", "n", 80)],
                                                                    gateway="neighbour"))
        self.apply()
        stopped.send_signal(18)  # SIGCONT
        stopped.communicate(timeout=120)
        self.assertIn("No changes.", self.adit("plan", "--detailed-exitcode").out)
        self.assertEqual([row[0] for row in self.document()["adit"]["tables"]["meta"]["rows"]], ["lab", "neighbour"])

    def test_without_credentials(self):
        self.assertRegex(self.adit("plan", code=1, env={"AWS_ACCESS_KEY_ID": ""}).err, r"error\[A0544\]")
        for url in ("s3://bucket", "s3://bucket/", "s3:///key", "s3://bucket/../other/key", "s3://../key", "s3://bucket/a//b",
                    "s3://bucket/./a", "s3://bucket/folder/", "s3://bucket/a%2e", "s3://user@bucket/a"):
            with self.subTest(url):
                self.assertRegex(self.adit("plan", "--state", url, code=4).err, r"error\[A0543\]")
        self.adit("plan", "--state", "s3://bucket/.a/b..c/...")
        self.assertRegex(self.adit("plan", code=4, env={"AWS_REGION": "example.com/"}).err, r"error\[A0543\]")


if __name__ == "__main__":
    unittest.main()
