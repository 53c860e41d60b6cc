"""What the simulator's tests share: a simulator of its own for each test, and a client whose every exchange is
judged against the wire contract where that is at hand."""
import base64
import http.client
import json
import os
import subprocess
import sys
import unittest
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import openapi_check  # noqa: E402

BINARY = None
ACCOUNT = "699d98642c564d2e855e9661899b7252"
OTHER_ACCOUNT = "0123456789abcdef0123456789abcdef"
NOBODY = "ffffffffffffffffffffffffffffffff"
NO_TUNNEL = "ffffffff-ffff-4fff-8fff-ffffffffffff"
TOKEN = "an-all-powerful-token"
MARKER = object()


class Answer:
    def __init__(self, status, headers, text):
        self.status, self.headers, self.text = status, headers, text
        self.json = json.loads(text) if text else None

    @property
    def result(self):
        return self.json["result"]

    @property
    def code(self):
        return self.json["errors"][0]["code"] if self.json["errors"] else 0

    @property
    def message(self):
        return self.json["errors"][0]["message"] if self.json["errors"] else ""

    @property
    def chain(self):
        """Code of the cause below a 1004 or 6003."""
        return self.json["errors"][0].get("error_chain", [{"code": 0}])[0]["code"]


def judge(method, path, body, answer):
    """Assert that an answer keeps the wire contract. An answer that echoes a request which breaks it may too; one of
    thousands of like records is left out, because jsonschema takes seconds for it."""
    plain, _, query = path.partition("?")
    plain = plain.replace(f"/accounts/{ACCOUNT}/tunnels", f"/accounts/{ACCOUNT}/cfd_tunnel")
    if not openapi_check.available() or len(answer.text) > 100000 or (plain.startswith("/zones/") and "/tunnels/" in plain):
        return
    if answer.status == 200 and body is not None and openapi_check.check_request(method, plain, query, body):
        return
    violations = openapi_check.check_response(method, plain, answer.status, answer.json)
    assert not violations, (method, path, violations)


class Simulator:
    """The process, and a keep-alive connection to it."""

    def __init__(self, *options, env=None):
        self.process = subprocess.Popen([BINARY, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        env=dict(os.environ, **(env or {})))
        line = self.process.stdout.readline().decode()
        if not line.startswith("listening on "):
            self.process.wait()
            self.process.stdin.close()
            self.process.stdout.close()
            raise RuntimeError(f"the simulator did not start: {line!r}")
        self.url = line.split()[-1]
        self.address = urllib.parse.urlsplit(self.url)
        self.connection = None

    def connect(self):
        return http.client.HTTPConnection(self.address.hostname, self.address.port, timeout=60)

    def send(self, method, target, body=None, headers=None):
        """One request as it stands. body: bytes or None."""
        if not self.connection:
            self.connection = self.connect()
        self.connection.request(method, target, body, headers or {})
        response = self.connection.getresponse()
        return Answer(response.status, dict((k.lower(), v) for k, v in response.getheaders()),
                      response.read().decode())

    def call(self, method, path, body=MARKER, token=TOKEN, headers=None):
        """One call below /client/v4; its answer must keep the wire contract."""
        all_headers = {"Content-Type": "application/json", **(headers or {})}
        if token:
            all_headers["Authorization"] = "Bearer " + token
        data = None if body is MARKER else json.dumps(body).encode()
        answer = self.send(method, "/client/v4" + path, data, all_headers)
        if method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            judge(method, path, None if body is MARKER else body, answer)
        return answer

    def control(self, method, path, body=MARKER):
        data = None if body is MARKER else json.dumps(body).encode()
        answer = self.send(method, "/_simulator" + path, data)
        return answer

    def attach(self, tunnel_id, **body):
        return self.control("POST", f"/tunnels/{tunnel_id}/connectors", body).json["id"]

    def stop(self):
        if self.connection:
            self.connection.close()
        self.process.stdin.close()
        status = self.process.wait(timeout=60)
        self.process.stdout.close()
        return status

    def kill(self):
        self.connection.close()
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


class Case(unittest.TestCase):
    """A test with a simulator: one account, a Free zone and a Pro zone."""
    OPTIONS = ("--account", f"{ACCOUNT}=Acme", "--zone", "example.com@free", "--zone", "paid.example@pro",
               "--token", TOKEN, "--calls", "100000")
    ENV = {}

    def setUp(self):
        self.sim = Simulator(*self.OPTIONS, env=self.ENV)
        self.addCleanup(self.stop)
        self.call = self.sim.call
        self.control = self.sim.control

    def stop(self):
        if self.sim.process.returncode is None:
            self.assertEqual(self.sim.stop(), 0)

    def zone(self, name="example.com"):
        return self.call("GET", f"/zones?name={name}").result[0]["id"]

    def make_tunnel(self, name="web", **body):
        answer = self.call("POST", f"/accounts/{ACCOUNT}/cfd_tunnel", {"name": name, **body})
        self.assertEqual(answer.status, 200, answer.text)
        return answer.result

    def tunnel_path(self, tunnel, rest=""):
        return f"/accounts/{ACCOUNT}/cfd_tunnel/{tunnel['id']}{rest}"

    def make_record(self, zone, **body):
        answer = self.call("POST", f"/zones/{zone}/dns_records", {"ttl": 1, **body})
        self.assertEqual(answer.status, 200, answer.text)
        return answer.result

    def assertRefused(self, answer, status, code, chain=0):
        self.assertEqual((answer.status, answer.code, answer.chain), (status, code, chain), answer.text)
        self.assertIs(answer.json["success"], False)
        self.assertIsNone(answer.json["result"])

    def names(self, answer, key="name"):
        self.assertEqual(answer.status, 200, answer.text)
        return [item[key] for item in answer.result]


def decode_token(token):
    return json.loads(base64.b64decode(token, validate=True))


def main():
    """Run the tests of the calling file: argv[1] is the simulator's binary, the rest is unittest's."""
    global BINARY
    BINARY = sys.argv[1]
    unittest.main(module="__main__", argv=[sys.argv[0]] + sys.argv[2:])
