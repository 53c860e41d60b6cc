"""Mangled requests: whatever comes in, the simulator answers or hangs up, lives on, and keeps what it holds."""
import json
import random
import socket
import time

import simulator
from simulator import ACCOUNT, NO_TUNNEL, TOKEN

AUTH = f"Authorization: Bearer {TOKEN}\r\n".encode()
ROUNDS = 1500


class Robustness(simulator.Case):
    def setUp(self):
        super().setUp()
        self.tunnel = self.make_tunnel()
        self.zone_id = self.zone()
        self.record = self.make_record(self.zone_id, type="A", name="a", content="192.0.2.1")

    def exchange(self, data, pieces=1):
        """Send raw bytes, read until the other side closes or says nothing more. Returns the status, or None."""
        with socket.create_connection((self.sim.address.hostname, self.sim.address.port), timeout=30) as sock:
            try:
                size = max(1, len(data) // pieces)
                for start in range(0, len(data), size):
                    sock.sendall(data[start:start + size])
                sock.shutdown(socket.SHUT_WR)
                head = sock.recv(65536)
                while sock.recv(65536):
                    pass
            except ConnectionError:
                return None
        return int(head.split(b" ")[1]) if head.startswith(b"HTTP/1.1 ") else None

    def request(self, method, path, body=b"", headers=AUTH):
        return b"%s %s HTTP/1.1\r\nHost: x\r\n%sConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (
            method, path, headers, len(body), body)

    def alive(self):
        self.assertEqual(self.call("GET", f"/zones/{self.zone_id}/dns_records/{self.record['id']}").result["name"], "a.example.com")

    def templates(self):
        tunnel, records = f"/client/v4/accounts/{ACCOUNT}/cfd_tunnel/{self.tunnel['id']}", f"/client/v4/zones/{self.zone_id}/dns_records"
        config = {"config": {"ingress": [{"hostname": "*.a.b", "path": "^/x(/.*)?$", "service": "http://a:80", "originRequest": {
            "access": {"required": True, "teamName": "t", "audTag": ["a"]}, "ipRules": [{"prefix": "10.0.0.0/8", "ports": [1]}]}},
            {"service": "http_status:404"}], "warp-routing": {"enabled": True}}}
        post = {"type": "CNAME", "name": "x.example.com", "content": "y.example.net", "ttl": 300, "proxied": False, "comment": "c",
                "tags": [], "settings": {"flatten_cname": False}}
        return [
            ("GET", f"/client/v4/accounts/{ACCOUNT}/cfd_tunnel?name=web&is_deleted=false&existed_at=2026-01-01T00:00:00Z&page=1", None),
            ("POST", f"/client/v4/accounts/{ACCOUNT}/cfd_tunnel", {"name": "n", "config_src": "cloudflare", "tunnel_secret": "A" * 44}),
            ("PATCH", tunnel, {"name": "web"}), ("PUT", tunnel + "/configurations", config), ("GET", tunnel + "/configurations", None),
            ("DELETE", tunnel + f"/connections?client_id={NO_TUNNEL}", None), ("GET", tunnel + "/token", None),
            ("GET", "/client/v4/zones?name=contains:exa&order=name&match=any&account.name=x", None),
            ("GET", records + "?name.contains=a&comment.present=&tag=a:b&tag.endswith=x:y&search=%25&tag_match=any&order=ttl", None),
            ("POST", records, post), ("PUT", f"{records}/{self.record['id']}", {**post, "type": "A", "name": "a", "content": "192.0.2.1"}),
            ("POST", records + "/batch", {"posts": [post], "patches": [{"id": self.record["id"], "comment": "x"}], "deletes": []}),
            ("POST", records, {"type": "SRV", "name": "_a._b", "data": {"priority": 1, "weight": 2, "port": 3, "target": "x"}}),
            ("POST", f"/_simulator/tunnels/{self.tunnel['id']}/connectors", {"config_version": "lag"}),
            ("POST", "/_simulator/tokens", {"token": "x", "permissions": ["dns:read"], "zones": ["a"]}),
            ("GET", "/_simulator/requests?since=1", None),
        ]

    def mangle_bytes(self, chance, data):
        data = bytearray(data)
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(data) + 1)
            kind = chance.randrange(5)
            if kind == 0 and data:
                data[min(at, len(data) - 1)] ^= 1 << chance.randrange(8)
            elif kind == 1:
                data[at:at] = bytes(chance.randrange(256) for _ in range(chance.randint(1, 8)))
            elif kind == 2:
                del data[at:at + chance.randint(1, 16)]
            elif kind == 3:
                data[at:at] = data[at // 2:at]
            else:
                data[at:at] = chance.choice((b"\0", b"%00", b"%", b"\xff\xfe", b"\r\n", b"\"", b"[[[[", b"{}", b"1e999", b"-0", b"\\u0000",
                                             b"\\ud800", b"//", b"..", b"\xe2\x80\xae", b"' OR 1=1 --"))
        return bytes(data)

    def mangle_value(self, chance, value):
        """A JSON value with one part replaced by something of another kind."""
        odd = [None, True, 0, -1, 1e300, 2 ** 53, "", "x" * 300, [], {}, [[]], {"": {"": []}}, "\u202e", "*", "@", "é" * 70, "a.", [None], "\x7f"]
        if isinstance(value, dict) and value and chance.random() < 0.8:
            key = chance.choice(sorted(value))
            if chance.random() < 0.15:
                return {k: v for k, v in value.items() if k != key}
            return {**value, key: self.mangle_value(chance, value[key])}
        if isinstance(value, list) and value and chance.random() < 0.7:
            at = chance.randrange(len(value))
            return value[:at] + [self.mangle_value(chance, value[at])] + value[at + 1:]
        return chance.choice(odd)

    def test_mangled_requests(self):
        chance = random.Random(20261123)
        templates = self.templates()
        statuses = set()
        for round_number in range(ROUNDS):
            method, path, body = chance.choice(templates)
            if body is not None and chance.random() < 0.6:
                body = self.mangle_value(chance, body)
            text = json.dumps(body).encode() if body is not None else b""
            data = self.request(method.encode(), path.encode(), text)
            if chance.random() < 0.2:
                data = self.request(method.encode(), self.mangle_bytes(chance, path.encode()).replace(b" ", b""), text)
            elif chance.random() < 0.3:
                data = self.request(method.encode(), path.encode(), self.mangle_bytes(chance, text))
            elif chance.random() < 0.2:
                data = self.mangle_bytes(chance, data)
            statuses.add(self.exchange(data))
            if round_number % 100 == 0:
                self.call("GET", "/zones")
        self.assertNotIn(500, statuses)
        self.assertTrue({200, 400, 404} <= statuses)
        self.call("PUT", f"/zones/{self.zone_id}/dns_records/{self.record['id']}", {"type": "A", "name": "a", "content": "192.0.2.77", "ttl": 1})
        self.alive()

    def test_bodies_that_want_too_much(self):
        path = f"/client/v4/accounts/{ACCOUNT}/cfd_tunnel/{self.tunnel['id']}/configurations".encode()
        records = f"/client/v4/zones/{self.zone_id}/dns_records".encode()
        deep, count = 200000, 200000
        bodies = [
            b"[" * deep, b"[" * deep + b"]" * deep, b'{"a":' * deep, b'"' + b"x" * 3000000 + b'"', b'{"config":' + b"[" * 70 + b"]" * 70 + b"}",
            b'{"config":{"ingress":[' + b",".join([b"{}"] * count) + b"]}}", b'{"config":{' + b",".join(b'"k%d":1' % i for i in range(count)) + b"}}",
            b'{"config":{"ingress":[{"path":"' + b"(a{1000}){1000}" + b'","service":"http://a"},{"service":"http_status:404"}]}}',
            b'{"config":{"ingress":[{"path":"' + b"(" * 5000 + b'","service":"http://a"}]}}', b'{"config":{"ingress":[{"service":"' + b"a" * 1000000 + b'"}]}}',
            b'{"posts":[' + b",".join([b"[]"] * count) + b"]}", b'{"config":{"a":' + b"9" * 400000 + b"}}", b"\xef\xbb\xbf{}", b"", b" ", b"\0", b"{}x",
            b'{"name":"\\ud800"}', b'{"name":"a\\u0000b"}', b'{"name":"\xff"}', b"nul", b"1e999", b"{'a':1}", b'{"a":1,}',
        ]
        start = time.monotonic()
        for body in bodies:
            for method, target in ((b"PUT", path), (b"POST", records), (b"POST", records + b"/batch")):
                self.assertIn(self.exchange(self.request(method, target, body)), (200, 400), body[:40])
        self.assertLess(time.monotonic() - start, 120)
        self.alive()

    def test_sizes(self):
        path = f"/client/v4/accounts/{ACCOUNT}/cfd_tunnel".encode()
        head = b"POST %s HTTP/1.1\r\nHost: x\r\n%sConnection: close\r\n" % (path, AUTH)
        self.assertEqual(self.exchange(head + b"Content-Length: 16777217\r\n\r\n"), 413)
        self.assertEqual(self.exchange(head + b"Content-Length: 99999999999999999999\r\n\r\n") in (None, 400, 413), True)
        chunk = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
        self.assertIn(self.exchange(head + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 17), (None, 400))
        self.assertIn(self.exchange(self.request(b"POST", path, b"{", AUTH + b"X-Long: " + b"x" * 200000 + b"\r\n")), (None, 400, 413, 431))
        self.assertIn(self.exchange(self.request(b"GET", path + b"?a=" + b"x" * 200000)), (None, 400, 413, 414))
        self.assertEqual(self.exchange(self.request(b"GET", path + b"?" + b"a=b&" * 300)), 200)
        self.alive()

    def test_requests_that_end_early(self):
        path = f"/client/v4/accounts/{ACCOUNT}/cfd_tunnel".encode()
        whole = self.request(b"POST", path, b'{"name":"early"}')
        for size in range(0, len(whole), 7):
            self.exchange(whole[:size])
        self.assertEqual(self.call("GET", f"/accounts/{ACCOUNT}/cfd_tunnel?name=early").result, [])
        self.assertEqual(self.exchange(whole, pieces=40), 200)
        for garbage in (b"\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00", b"\0" * 1000, b"GET / HTTP/1.1\r\nHost x\r\n\r\n"):
            self.exchange(garbage)
        self.alive()

    def test_sql_in_texts_is_text(self):
        for text in ("'; DROP TABLE tunnel; --", '" OR ""="', "%", "_", "\\"):
            tunnel = self.make_tunnel(text)
            query = simulator.urllib.parse.urlencode({"name": text, "is_deleted": "false"})
            self.assertEqual([t["id"] for t in self.call("GET", f"/accounts/{ACCOUNT}/cfd_tunnel?{query}").result], [tunnel["id"]])

    def test_many_connections(self):
        sockets = [socket.create_connection((self.sim.address.hostname, self.sim.address.port), timeout=30) for _ in range(100)]
        for sock in sockets:
            sock.sendall(b"GET /client/v4/zones HTTP/1.1\r\nHost: x\r\n" + AUTH)
        self.alive()
        for sock in sockets:
            sock.sendall(b"\r\n")
            self.assertTrue(sock.recv(65536).startswith(b"HTTP/1.1 200"))
            sock.close()
        self.alive()


if __name__ == "__main__":
    simulator.main()
