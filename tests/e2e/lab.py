"""A lab for end-to-end tests: the built adit, a simulator of its own on a free port, and a folder of manifests."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest
import urllib.error
import urllib.request

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tests"))

import openapi_check  # noqa: E402
import stores  # noqa: E402

ADIT = os.environ["ADIT_BINARY"]
ACCOUNT = "0123456789abcdef0123456789abcdef"
TOKEN = "lab-token-of-the-account-that-may-do-everything"

GATEWAY = """\
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: {name}, namespace: edge}}
spec:
  gatewayClassName: cloudflare
  listeners:
  - name: https
    port: 443
    protocol: HTTPS
    tls: {{certificateRefs: [{{name: unused}}]}}
    allowedRoutes: {{namespaces: {{from: All}}}}
"""

PROJECT = """\
apiVersion: adit.cnap.tech/v1
kind: Project
metadata: {{name: {name}}}
spec:
  accounts:
  - {{name: main, url: "{url}", accountId: "{account}", tokenEnv: LAB_TOKEN}}
  sources: [{{path: manifests/}}]
{extra}
"""


def gateway(name="web"):
    return GATEWAY.format(name=name)


def route(name, hostnames, rules, gateway="web", namespace="shop", annotations=None):
    """An HTTPRoute; rules: [(path, type, service, port)] or whole rule objects."""
    made = []
    for rule in rules:
        if isinstance(rule, tuple):
            path, kind, service, port = rule
            rule = {
                "matches": [{"path": {"type": kind, "value": path}}],
                "backendRefs": [{"name": service, "port": port}],
            }
        made.append(rule)
    metadata = {"name": name, "namespace": namespace}
    if annotations:
        metadata["annotations"] = annotations
    return json.dumps(
        {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "HTTPRoute",
            "metadata": metadata,
            "spec": {
                "parentRefs": [{"name": gateway, "namespace": "edge"}],
                "hostnames": hostnames,
                "rules": made,
            },
        },
        indent=1,
    ) + "\n"


class Result:
    def __init__(self, done):
        self.code = done.returncode
        self.out = done.stdout
        self.err = done.stderr

    def json(self):
        return json.loads(self.out)

    def __repr__(self):
        return f"exit {self.code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


class Lab(unittest.TestCase):
    """One simulator and one project folder per test."""

    zones = ["example.com", "example.net"]
    extra = ""
    simulator_options = []
    project_name = "lab"

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="adit-lab-"))
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.seen = []
        self.store = stores.make(self)
        self.start_simulator()
        self.addCleanup(self.check_contract)
        self.project()

    def check_contract(self):
        """Everything that was sent to the simulator keeps the wire contract, where the contract is at hand."""
        if not openapi_check.available() or self.simulator.poll() is not None:
            return
        for request in self.seen + self.requests():
            path, _, query = request["path"].partition("?")
            if not path.startswith("/client/v4") or request["status"] >= 400:
                continue
            found = openapi_check.check_request(request["method"], path.removeprefix("/client/v4"), query,
                                                request.get("body"))
            self.assertEqual(found, [], request)

    def start_simulator(self):
        options = []
        for zone in self.zones:
            options += ["--zone", zone]
        self.simulator = subprocess.Popen(
            [ADIT, "simulator", "--listen", "127.0.0.1:0", "--data", str(self.folder / "sim.db"), "--account", ACCOUNT,
             "--token", TOKEN, *options, *self.simulator_options],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=self.environment(),
        )
        self.addCleanup(self.stop_simulator)
        line = self.simulator.stdout.readline()
        assert line.startswith("listening on "), line
        self.url = line.split()[-1]
        self.base = self.url.removesuffix("/client/v4")

    def stop_simulator(self):
        if self.simulator.poll() is None:
            self.simulator.terminate()
            self.simulator.wait()
        self.simulator.stdout.close()

    def environment(self, **more):
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("ADIT_", "CNAP_")) and k != "CI"}
        kept.update(LAB_TOKEN=TOKEN, HOME=str(self.folder), ADIT_TEST_TIME_SCALE="200")
        kept.update(self.store.environment())
        kept.update(more)
        return kept

    def project(self, extra=None, name=None):
        text = PROJECT.format(name=name or self.project_name, url=self.url, account=ACCOUNT,
                              extra=self.extra if extra is None else extra)
        (self.folder / "adit.yaml").write_text(text)

    def write(self, name, *documents):
        path = self.folder / "manifests" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("---\n".join(documents))

    def remove(self, name):
        (self.folder / "manifests" / name).unlink()

    def adit(self, *arguments, code=0, env=None):
        """Run adit in the project's folder; code=None: any exit code is fine."""
        done = subprocess.run([ADIT, *arguments], cwd=self.folder, capture_output=True, text=True, timeout=300,
                              env=self.environment(**(env or {})), stdin=subprocess.DEVNULL)
        result = Result(done)
        if code is not None:
            self.assertEqual(result.code, code, repr(result))
        return result

    def apply(self, *arguments, code=0):
        return self.adit("apply", "--auto-approve", *arguments, code=code)

    def plan(self, *arguments, code=0):
        return self.adit("plan", "--output", "json", *arguments, code=code).json()

    def assert_no_changes(self):
        self.forget_requests()
        result = self.adit("plan", "--detailed-exitcode")
        self.assertIn("No changes. Your tunnels match the manifests.", result.out)
        self.apply()
        self.assertEqual(self.writes(), [])

    # the API, as somebody else would use it

    def raw(self, method, url, body=None, token=None):
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(url, data=data, method=method, headers={"Content-Type": "application/json"})
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"null")

    def api(self, method, path, body=None):
        status, answer = self.raw(method, self.url + path, body, TOKEN)
        self.assertTrue(answer["success"], (status, answer))
        if openapi_check.available():
            bare, _, query = path.partition("?")
            self.assertEqual(openapi_check.check(method, bare, query, body, status, answer), [])
        return answer["result"]

    def control(self, method, path, body=None):
        status, answer = self.raw(method, self.base + "/_simulator" + path, body)
        self.assertLess(status, 300, answer)
        return answer

    def dump(self):
        return self.control("GET", "/dump")

    def zone_id(self, name="example.com"):
        return next(z["id"] for z in self.api("GET", "/zones?per_page=50") if z["name"] == name)

    def records(self, zone="example.com"):
        return self.api("GET", f"/zones/{self.zone_id(zone)}/dns_records?per_page=5000")

    def record(self, name, zone="example.com"):
        return next((r for r in self.records(zone) if r["name"] == name), None)

    def tunnels(self):
        return self.api("GET", f"/accounts/{ACCOUNT}/cfd_tunnel?is_deleted=false&per_page=1000")

    def tunnel(self, name):
        return next((t for t in self.tunnels() if t["name"] == name), None)

    def config(self, tunnel):
        return self.api("GET", f"/accounts/{ACCOUNT}/cfd_tunnel/{tunnel['id']}/configurations")

    def put_config(self, tunnel, config):
        return self.api("PUT", f"/accounts/{ACCOUNT}/cfd_tunnel/{tunnel['id']}/configurations", {"config": config})

    def requests(self):
        return self.control("GET", "/requests")

    def forget_requests(self):
        self.seen += self.requests()
        self.control("DELETE", "/requests")

    def writes(self):
        return [(r["method"], r["path"]) for r in self.requests()
                if r["method"] != "GET" and r["path"].startswith("/client/v4")]

    def attach(self, tunnel, **more):
        return self.control("POST", f"/tunnels/{tunnel['id']}/connectors", more)


def changes(plan):
    return {c["address"]: c["change"]["actions"] for c in plan["resource_changes"]}


def sources(folder):
    return sorted(p for p in folder.rglob("*") if p.is_file())
