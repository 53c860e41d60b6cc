"""States behind a URL: terraform's http backend protocol, plain and GitLab's, and S3, with all that can go wrong there."""

import json
import os
import pathlib
import subprocess
import unittest

import lab
import stores


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
        self.assertEqual(len(self.writes_of_state()), writes)

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

    def test_the_project_file_alone_cannot_choose_the_server(self):
        self.project(extra="  state: https://state.example.com/x")
        os.environ.pop("ADIT_STATE", None)
        self.store.environment = dict
        self.assertRegex(self.adit("plan", code=1).err, r"error\[A0817\]")


class Gitlab(Blob, lab.Lab):
    kind = "gitlab"


class S3(Blob, lab.Lab):
    kind = "s3"

    def test_without_credentials(self):
        self.assertRegex(self.adit("plan", code=1, env={"AWS_ACCESS_KEY_ID": ""}).err, r"error\[A0544\]")
        self.assertRegex(self.adit("plan", "--state", "s3://bucket", code=4).err, r"error\[A0543\]")


if __name__ == "__main__":
    unittest.main()
