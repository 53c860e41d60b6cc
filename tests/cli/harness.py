"""Running the built adit in a folder of its own, for the end-to-end tests of the command line."""

import json
import os
import pathlib
import resource
import shutil
import subprocess
import tempfile
import unittest

ADIT = os.environ["ADIT_BINARY"]
SOURCE = pathlib.Path(__file__).resolve().parents[2]
SHARED = SOURCE.parent / "shared"

GATEWAY = """\
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: web, namespace: edge}
spec:
  gatewayClassName: cloudflare
  listeners:
  - {name: https, port: 443, protocol: HTTP, hostname: "*.example.com", allowedRoutes: {namespaces: {from: All}}}
"""

ROUTE = """\
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: %(name)s, namespace: app}
spec:
  parentRefs: [{name: web, namespace: edge}]
  hostnames: [%(name)s.example.com]
  rules:
  - matches: [{path: {type: PathPrefix, value: /api}}]
    backendRefs: [{name: %(name)s, port: 8080}]
"""


def route(name):
    return ROUTE % {"name": name}


class Result:
    """What a run printed and answered."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    def json(self):
        return json.loads(self.out)


class Case(unittest.TestCase):
    """A test with a folder of its own; no test sees another's environment."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="adit-cli-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def environment(self, **extra):
        keep = ("PATH", "LANG", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TMPDIR")
        env = {key: os.environ[key] for key in keep if key in os.environ}
        env["HOME"] = str(self.folder)
        env.update(extra)
        return env

    def write(self, name, content):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def run_adit(self, *args, stdin=b"", cwd=None, env=None, timeout=120, text=True):
        done = subprocess.run([ADIT, *map(str, args)], input=stdin, capture_output=True, cwd=cwd or self.folder,
                              env=self.environment(**(env or {})), timeout=timeout)
        if not text:
            return Result(done.returncode, done.stdout, done.stderr)
        return Result(done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8"))

    def expect(self, code, *args, **kwargs):
        result = self.run_adit(*args, **kwargs)
        self.assertEqual(result.code, code, f"adit {' '.join(map(str, args))}\n{result.out}\n{result.err}")
        return result


def is_sanitized():
    """Sanitizers reserve memory of their own; measures of it mean nothing then."""
    return os.environ.get("ADIT_SANITIZE", "") != ""


def peak_children_bytes():
    """The largest resident size of any child that ended so far."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
