"""/_simulator/: the request log, the dump, zones and tokens added later; starting with bad options."""
import base64
import json
import subprocess

import simulator
from simulator import ACCOUNT, MARKER, OTHER_ACCOUNT, TOKEN

SECRET = base64.b64encode(b"a secret that must not be seen!!!").decode()


class Log(simulator.Case):
    def log(self, query=""):
        return self.control("GET", "/requests" + query).json

    def test_entries(self):
        self.call("GET", "/zones?name=example.com&page=1")
        self.call("POST", f"/accounts/{ACCOUNT}/cfd_tunnel", {"name": "x"})
        self.call("GET", "/zones", token="unknown")
        self.call("DELETE", "/zones")
        entries = [{k: v for k, v in entry.items() if k != "time"} for entry in self.log()]
        path = f"/client/v4/accounts/{ACCOUNT}/cfd_tunnel"
        self.assertEqual(entries, [
            {"seq": 1, "method": "GET", "path": "/client/v4/zones?name=example.com&page=1", "body": None, "status": 200, "code": 0, "token": "token 1"},
            {"seq": 2, "method": "POST", "path": path, "body": {"name": "x"}, "status": 200, "code": 0, "token": "token 1"},
            {"seq": 3, "method": "GET", "path": "/client/v4/zones", "body": None, "status": 401, "code": 1000, "token": None},
            {"seq": 4, "method": "DELETE", "path": "/client/v4/zones", "body": None, "status": 405, "code": 10000, "token": "token 1"},
        ])

    def test_since_and_clear(self):
        for _ in range(3):
            self.call("GET", "/zones")
        self.assertEqual([e["seq"] for e in self.log("?since=2")], [3])
        self.assertEqual(self.log("?since=99"), [])
        self.assertEqual(self.control("GET", "/requests?since=x").status, 400)
        self.assertEqual(self.control("DELETE", "/requests").status, 200)
        self.assertEqual(self.log(), [])
        self.call("GET", "/zones")
        self.assertEqual([e["seq"] for e in self.log()], [4])

    def test_no_secrets(self):
        tunnel = self.make_tunnel(tunnel_secret=SECRET)
        self.call("PATCH", self.tunnel_path(tunnel), {"tunnel_secret": SECRET, "name": "y"})
        self.call("GET", self.tunnel_path(tunnel, "/token"))
        self.call("POST", f"/zones/{self.zone()}/dns_records/batch", {"posts": [{"deep": [{"tunnel_secret": SECRET}]}]})
        self.control("POST", "/tokens", {"token": "new-and-secret"})
        text = self.control("GET", "/requests").text + self.control("GET", "/dump").text
        for secret in (SECRET, TOKEN, tunnel["token"], "new-and-secret"):
            self.assertNotIn(secret, text)
        self.assertEqual([e["body"]["tunnel_secret"] for e in self.log() if e["body"] and "tunnel_secret" in e["body"]], ["REDACTED"] * 2)

    def test_deeply_nested_bodies(self):
        deep = 1
        for _ in range(60):
            deep = [deep]
        self.call("POST", f"/accounts/{ACCOUNT}/cfd_tunnel", {"name": "x", "deep": deep})
        self.assertEqual(self.log()[-1]["body"]["deep"], deep)


class Dump(simulator.Case):
    def test_what_is_in_it(self):
        tunnel = self.make_tunnel()
        self.call("PUT", self.tunnel_path(tunnel, "/configurations"), {"config": {"ingress": [{"service": "http_status:404"}]}})
        record = self.make_record(self.zone(), type="A", name="a", content="192.0.2.1")
        dump = self.control("GET", "/dump").json
        self.assertEqual(dump["accounts"], [{"id": ACCOUNT, "name": "Acme"}])
        self.assertEqual([(z["name"], z["plan"], z["account_id"]) for z in dump["zones"]],
                         [("example.com", "free", ACCOUNT), ("paid.example", "pro", ACCOUNT)])
        self.assertEqual(dump["tunnels"], [self.call("GET", self.tunnel_path(tunnel)).result])
        self.assertEqual(dump["configurations"], [{"tunnel_id": tunnel["id"], "version": 1, "config": {
            "ingress": [{"originRequest": {}, "service": "http_status:404"}], "warp-routing": {"enabled": False}}}])
        self.assertEqual(dump["records"], [record])

    def test_reading_changes_nothing(self):
        before = self.control("GET", "/dump").text
        self.zone()
        self.call("GET", f"/accounts/{ACCOUNT}/cfd_tunnel")
        self.assertEqual(self.control("GET", "/dump").text, before)


class Later(simulator.Case):
    def test_zones(self):
        added = self.control("POST", "/zones", {"name": "new.example", "plan": "business"}).json
        zone, = self.call("GET", "/zones?name=new.example").result
        self.assertEqual(added, {"id": zone["id"], "name": "new.example"})
        self.assertEqual((zone["plan"]["legacy_id"], zone["account"]["id"]), ("business", ACCOUNT))
        self.assertEqual(self.control("POST", "/zones", {"name": "new.example"}).json, added)
        self.assertEqual(self.zone("new.example"), zone["id"])
        for body in (MARKER, [], {}, {"name": 1}, {"name": "UPPER.example"}, {"name": "one"}, {"name": "a..b"}, {"name": "x.example", "plan": "gold"},
                     {"name": "x.example", "account": OTHER_ACCOUNT}):
            self.assertEqual(self.control("POST", "/zones", body).status, 400, body)

    def test_tokens(self):
        self.assertRefused(self.call("GET", "/zones", token="new"), 401, 1000)
        self.control("POST", "/tokens", {"token": "new", "name": "ci", "permissions": ["zone:read"], "zones": ["paid.example"]})
        self.assertEqual(self.names(self.call("GET", "/zones", token="new")), ["paid.example"])
        self.assertEqual(self.control("GET", "/requests").json[-1]["token"], "ci")
        identity = self.call("GET", "/user/tokens/verify", token="new").result["id"]
        self.control("POST", "/tokens", {"token": "new", "permissions": ["zone:read"]})
        self.assertEqual(len(self.call("GET", "/zones", token="new").result), 2)
        self.assertEqual(self.call("GET", "/user/tokens/verify", token="new").result["id"], identity)
        self.control("POST", "/tokens", {"token": TOKEN, "permissions": []})
        self.assertRefused(self.call("GET", "/zones"), 403, 10000)
        for body in (MARKER, [], {}, {"token": ""}, {"token": "a b"}, {"token": 1}, {"token": "x", "permissions": ["root"]},
                     {"token": "x", "permissions": "zone:read"}, {"token": "x", "zones": [1]}):
            self.assertEqual(self.control("POST", "/tokens", body).status, 400, body)

    def test_paths(self):
        self.assertEqual(self.control("GET", "/nothing").status, 404)
        self.assertEqual(self.control("GET", "").status, 404)
        self.assertEqual(self.control("PUT", "/dump").status, 405)
        self.assertIn("error", self.control("PUT", "/dump").json)


class Options(simulator.unittest.TestCase):
    def start(self, *options):
        done = subprocess.run([simulator.BINARY, *options], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stderr.split(" ")[0]

    def test_bad_options(self):
        zone = ("--account", ACCOUNT, "--zone")
        cases = {
            "A0901": [("--listen", "nonsense"), ("--listen", "127.0.0.1"), ("--listen", "127.0.0.1:65536"), ("--listen", "example.com:80"),
                      ("--listen", "[::1:0"), ("--listen", "[]:0"), ("--listen", "")],
            "A0902": [("--listen", "0.0.0.0:0"), ("--listen", "[::]:0"), ("--listen", "192.0.2.1:0")],
            "A0903": [("--account", "x"), ("--account", ACCOUNT + "="), ("--zone", "example.com"), (*zone, "x"), (*zone, "a.b@gold"),
                      (*zone, f"{OTHER_ACCOUNT}/a.b"), (*zone, "a b.c"), ("--token", ""), ("--token", "x=root"), ("--token", "a b"), ("--plan", "gold"),
                      ("--record-limit", "-1"), ("--latency", "-1"), ("--calls", "-1"), ("--window", "-1")],
            "A0905": [("--data", "/nonexistent/folder/x.db"), ("--data", "/dev/null"), ("--data", "/tmp")],
        }
        for code, lists in cases.items():
            for options in lists:
                self.assertEqual(self.start(*options), (1, code), options)

    def test_a_token_is_not_repeated(self):
        done = subprocess.run([simulator.BINARY, "--token", "my-secret=root"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
        self.assertNotIn("my-secret", done.stdout + done.stderr)

    def test_listening(self):
        for listen, host in (("127.0.0.1:0", "127.0.0.1"), ("localhost:0", "127.0.0.1"), ("[::1]:0", "::1")):
            sim = simulator.Simulator("--listen", listen)
            self.assertEqual(sim.address.hostname, host)
            self.assertEqual(sim.send("GET", "/_simulator/dump").status, 200)
            self.assertEqual(sim.stop(), 0)

    def test_a_taken_port(self):
        sim = simulator.Simulator()
        self.assertEqual(self.start("--listen", f"127.0.0.1:{sim.address.port}"), (1, "A0906"))
        self.assertEqual(sim.stop(), 0)

    def test_nothing_configured(self):
        sim = simulator.Simulator()
        self.assertEqual(json.loads(sim.send("GET", "/_simulator/dump").text),
                         {"accounts": [], "zones": [], "tunnels": [], "configurations": [], "records": []})
        self.assertEqual(sim.send("GET", "/client/v4/zones").status, 400)
        self.assertEqual(sim.stop(), 0)


if __name__ == "__main__":
    simulator.main()
