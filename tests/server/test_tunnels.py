"""Tunnels: life cycle, names, secrets, tokens, the list and its filters, both families of paths."""
import base64

import simulator
from simulator import ACCOUNT, NO_TUNNEL, decode_token

BASE = f"/accounts/{ACCOUNT}/cfd_tunnel"
LEGACY = f"/accounts/{ACCOUNT}/tunnels"
SECRET = base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
LATER, EARLIER = "2999-01-01T00:00:00Z", "2001-01-01T00:00:00Z"


class LifeCycle(simulator.Case):
    def test_create(self):
        tunnel = self.make_tunnel("web", config_src="cloudflare")
        self.assertRegex(tunnel["id"], r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
        self.assertRegex(tunnel["created_at"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")
        self.assertEqual(tunnel["conns_inactive_at"], tunnel["created_at"])
        self.assertEqual({k: tunnel[k] for k in ("account_tag", "name", "deleted_at", "connections", "conns_active_at",
                                                 "tun_type", "metadata", "status", "remote_config", "config_src")},
                         {"account_tag": ACCOUNT, "name": "web", "deleted_at": None, "connections": [],
                          "conns_active_at": None, "tun_type": "cfd_tunnel", "metadata": {}, "status": "inactive",
                          "remote_config": True, "config_src": "cloudflare"})
        credentials = tunnel["credentials_file"]
        self.assertEqual((credentials["AccountTag"], credentials["TunnelID"], credentials["TunnelName"]),
                         (ACCOUNT, tunnel["id"], "web"))
        self.assertEqual(len(base64.b64decode(credentials["TunnelSecret"])), 32)
        self.assertEqual(list(decode_token(tunnel["token"]).items()),
                         [("a", ACCOUNT), ("s", credentials["TunnelSecret"]), ("t", tunnel["id"])])

    def test_config_src_is_local_by_default(self):
        tunnel = self.make_tunnel()
        self.assertEqual((tunnel["config_src"], tunnel["remote_config"]), ("local", False))

    def test_own_secret(self):
        tunnel = self.make_tunnel(tunnel_secret=SECRET)
        self.assertEqual(decode_token(tunnel["token"])["s"], SECRET)
        self.assertEqual(self.call("GET", self.tunnel_path(tunnel, "/token")).result, tunnel["token"])

    def test_credentials_come_once(self):
        tunnel = self.make_tunnel()
        for answer in (self.call("GET", self.tunnel_path(tunnel)), self.call("PATCH", self.tunnel_path(tunnel), {})):
            self.assertNotIn("credentials_file", answer.result)
            self.assertNotIn("token", answer.result)

    def test_bad_bodies(self):
        for body in ({}, {"name": ""}, {"name": NO_TUNNEL}, {"name": None}, {"name": "x", "config_src": "remote"},
                     {"name": "x", "tunnel_secret": "!"}, {"name": "x", "tunnel_secret": ""},
                     {"name": "x", "tunnel_secret": base64.b64encode(b"short").decode()}):
            self.assertRefused(self.call("POST", BASE, body), 400, 1101)
        for body in ([], "x", None, 7, {"name": 7}, {"name": ["x"]}, {"name": "x", "config_src": 1},
                     {"name": "x", "tunnel_secret": {}}, simulator.MARKER):
            self.assertRefused(self.call("POST", BASE, body), 400, 9207)
        self.assertEqual(self.call("GET", BASE).result, [])

    def test_names_are_unique_among_the_living(self):
        tunnel = self.make_tunnel()
        refused = self.call("POST", BASE, {"name": "web"})
        self.assertRefused(refused, 409, 1013)
        self.assertEqual(refused.message, "You already have a tunnel with this name. Delete the existing tunnel, or "
                                          "choose a different name for your new tunnel")
        self.make_tunnel("Web")  # another name
        self.assertEqual(self.call("DELETE", self.tunnel_path(tunnel)).status, 200)
        again = self.make_tunnel()
        self.assertNotEqual(again["id"], tunnel["id"])
        self.assertEqual(len(self.call("GET", BASE + "?name=web").result), 2)

    def test_soft_delete(self):
        tunnel = self.make_tunnel()
        deleted = self.call("DELETE", self.tunnel_path(tunnel), {}).result
        self.assertIsNotNone(deleted["deleted_at"])
        self.assertEqual(self.call("GET", self.tunnel_path(tunnel)).result, deleted)
        for method, rest, body in (("DELETE", "", simulator.MARKER), ("PATCH", "", {"name": "y"}), ("GET", "/token", simulator.MARKER),
                                   ("GET", "/configurations", simulator.MARKER), ("DELETE", "/connections", simulator.MARKER),
                                   ("PUT", "/configurations", {"config": {}})):
            self.assertRefused(self.call(method, self.tunnel_path(tunnel, rest), body), 404, 1003)
        self.assertEqual(self.call("GET", self.tunnel_path(tunnel, "/connections")).result, [])

    def test_rename(self):
        tunnel, other = self.make_tunnel("a"), self.make_tunnel("b")
        self.assertEqual(self.call("PATCH", self.tunnel_path(tunnel), {"name": "c"}).result["name"], "c")
        self.assertEqual(self.call("PATCH", self.tunnel_path(tunnel), {"name": "c"}).status, 200)
        self.assertRefused(self.call("PATCH", self.tunnel_path(tunnel), {"name": "b"}), 409, 1013)
        self.assertRefused(self.call("PATCH", self.tunnel_path(tunnel), {"name": ""}), 400, 1101)
        self.assertEqual(self.call("DELETE", self.tunnel_path(other)).status, 200)
        self.assertEqual(self.call("PATCH", self.tunnel_path(tunnel), {"name": "b"}).result["name"], "b")

    def test_rename_is_undone_with_a_bad_secret(self):
        tunnel = self.make_tunnel("a")
        self.assertRefused(self.call("PATCH", self.tunnel_path(tunnel), {"name": "c", "tunnel_secret": "x"}), 400, 1101)
        self.assertEqual(self.call("GET", self.tunnel_path(tunnel)).result["name"], "a")

    def test_rotate(self):
        tunnel = self.make_tunnel()
        answer = self.call("PATCH", self.tunnel_path(tunnel), {"tunnel_secret": SECRET})
        self.assertEqual(answer.status, 200)
        token = self.call("GET", self.tunnel_path(tunnel, "/token")).result
        self.assertEqual(decode_token(token)["s"], SECRET)

    def test_config_src_does_not_change(self):
        tunnel = self.make_tunnel()
        self.assertEqual(self.call("PATCH", self.tunnel_path(tunnel), {"config_src": "cloudflare"}).result["config_src"], "local")

    def test_ids(self):
        self.assertRefused(self.call("GET", f"{BASE}/{NO_TUNNEL}"), 404, 1003)
        self.assertRefused(self.call("GET", f"{BASE}/nonsense"), 404, 7003)
        tunnel = self.make_tunnel()
        self.assertEqual(self.call("GET", f"{BASE}/{tunnel['id'].upper()}").result["id"], tunnel["id"])

    def test_legacy_paths(self):
        answer = self.call("POST", LEGACY, {"name": "old", "tunnel_secret": SECRET})
        self.assertEqual(answer.status, 200)
        tunnel = answer.result
        self.assertIn("credentials_file", tunnel)
        self.assertEqual(self.call("GET", f"{LEGACY}/{tunnel['id']}").result["name"], "old")
        self.assertEqual(self.names(self.call("GET", LEGACY)), ["old"])
        self.assertEqual(self.names(self.call("GET", LEGACY + "?tun_types=cfd_tunnel,warp")), ["old"])
        self.assertEqual(self.names(self.call("GET", LEGACY + "?tun_types=warp_connector")), [])
        self.assertEqual(self.names(self.call("GET", BASE)), ["old"])
        self.assertEqual(self.call("DELETE", f"{LEGACY}/{tunnel['id']}/connections").status, 200)
        self.assertIsNotNone(self.call("DELETE", f"{LEGACY}/{tunnel['id']}").result["deleted_at"])
        self.assertRefused(self.call("PATCH", f"{LEGACY}/{tunnel['id']}", {}), 405, 10000)


class List(simulator.Case):
    def setUp(self):
        super().setUp()
        self.tunnels = {name: self.make_tunnel(name) for name in ("app-a", "app-b", "web", "gone")}
        self.call("DELETE", self.tunnel_path(self.tunnels["gone"]))
        self.sim.attach(self.tunnels["app-a"]["id"])
        connector = self.sim.attach(self.tunnels["app-b"]["id"])
        self.control("DELETE", f"/tunnels/{self.tunnels['app-b']['id']}/connectors/{connector}")

    def listed(self, query):
        return self.names(self.call("GET", f"{BASE}?{query}"))

    def test_filters(self):
        everything = ["app-a", "app-b", "web", "gone"]
        cases = {
            "": everything, "is_deleted=false": everything[:3], "is_deleted=true": ["gone"], "name=web": ["web"],
            "name=we": [], f"uuid={self.tunnels['web']['id']}": ["web"], f"uuid={NO_TUNNEL}": [],
            "include_prefix=app-": everything[:2], "name_prefix=app-": everything[:2], "exclude_prefix=app-": everything[2:],
            "include_prefix=app-&exclude_prefix=app-b": ["app-a"], "status=healthy": ["app-a"], "status=down": ["app-b"],
            "status=inactive": ["web", "gone"], "status=degraded": [], "status=inactive&is_deleted=false": ["web"],
            f"existed_at={LATER}": everything[:3], f"existed_at={EARLIER}": [], f"was_active_at={LATER}": ["app-a"],
            f"was_active_at={EARLIER}": [], f"was_inactive_at={LATER}": everything[1:], f"was_inactive_at={EARLIER}": [],
            "existed_at=2999-01-01T00%3A00%3A00%2B02%3A00": everything[:3], "include_prefix=%25": [],
        }
        for query, names in cases.items():
            self.assertEqual(self.listed(query), names, query)

    def test_bad_filters(self):
        for query in ("is_deleted=maybe", "status=x", "existed_at=yesterday", "was_active_at=1", "per_page=0",
                      "per_page=1001", "page=0", "page=a"):
            self.assertRefused(self.call("GET", f"{BASE}?{query}"), 400, 1101)
        self.assertEqual(self.call("GET", f"{BASE}?per_page=1000").status, 200)

    def test_paging(self):
        first = self.call("GET", f"{BASE}?per_page=3")
        self.assertEqual(first.json["result_info"], {"page": 1, "per_page": 3, "count": 3, "total_count": 4})
        self.assertEqual(self.names(first) + self.listed("per_page=3&page=2"), ["app-a", "app-b", "web", "gone"])
        last = self.call("GET", f"{BASE}?per_page=3&page=3")
        self.assertEqual((last.result, last.json["result_info"]["count"], last.json["result_info"]["total_count"]), ([], 0, 4))
        self.assertEqual(self.call("GET", BASE).json["result_info"]["per_page"], 20)


if __name__ == "__main__":
    simulator.main()
