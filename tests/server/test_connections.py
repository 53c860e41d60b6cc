"""Connectors: what they show, that they keep a tunnel from being deleted, and that they come back."""
import base64

import simulator
from simulator import NO_TUNNEL

NEW_SECRET = base64.b64encode(b"another secret of thirty-two byte").decode()
CONFIG = {"config": {"ingress": [{"service": "http_status:404"}]}}


class Connections(simulator.Case):
    def setUp(self):
        super().setUp()
        self.tunnel = self.make_tunnel()

    def path(self, rest=""):
        return self.tunnel_path(self.tunnel, rest)

    def connectors(self, rest=""):
        return f"/tunnels/{self.tunnel['id']}/connectors{rest}"

    def listed(self):
        return self.call("GET", self.path("/connections")).result

    def versions(self):
        return [connector["config_version"] for connector in self.listed()]

    def show(self):
        return self.call("GET", self.path()).result

    def test_shape(self):
        self.assertEqual(self.listed(), [])
        identity = self.sim.attach(self.tunnel["id"], version="2026.8.1")
        connector, = self.listed()
        self.assertEqual((connector["id"], connector["version"], connector["arch"]), (identity, "2026.8.1", "linux_amd64"))
        self.assertEqual(len(connector["conns"]), 4)
        for connection in connector["conns"]:
            self.assertEqual(connection["id"], connection["uuid"])
            self.assertEqual((connection["client_id"], connection["client_version"], connection["is_pending_reconnect"]),
                             (identity, "2026.8.1", False))
        self.assertEqual(self.show()["connections"], [])

    def test_status(self):
        self.assertEqual(self.show()["status"], "inactive")
        first, second = self.sim.attach(self.tunnel["id"]), self.sim.attach(self.tunnel["id"])
        tunnel = self.show()
        self.assertEqual((tunnel["status"], tunnel["conns_inactive_at"]), ("healthy", None))
        self.assertIsNotNone(tunnel["conns_active_at"])
        self.assertEqual(self.control("DELETE", self.connectors("/" + first)).status, 200)
        self.assertEqual(self.show()["status"], "healthy")
        self.control("DELETE", self.connectors("/" + second))
        tunnel = self.show()
        self.assertEqual((tunnel["status"], tunnel["conns_active_at"]), ("down", None))
        self.assertIsNotNone(tunnel["conns_inactive_at"])

    def test_reported_versions(self):
        for report in ({}, {"config_version": "follow"}, {"config_version": "lag"}, {"config_version": 7}):
            self.sim.attach(self.tunnel["id"], **report)
        self.assertEqual(self.versions(), [0, 0, -1, 7])
        self.call("PUT", self.path("/configurations"), CONFIG)
        self.assertEqual(self.versions(), [1, 1, 0, 7])
        ids = [connector["id"] for connector in self.listed()]
        self.control("PATCH", self.connectors("/" + ids[2]), {"config_version": "follow"})
        self.assertEqual(self.versions(), [1, 1, 1, 7])
        self.assertEqual(self.control("PATCH", self.connectors(), {"config_version": "lag"}).json, {"changed": 4})
        self.assertEqual(self.versions(), [0, 0, 0, 0])

    def test_they_keep_a_tunnel(self):
        self.sim.attach(self.tunnel["id"])
        refused = self.call("DELETE", self.path())
        self.assertRefused(refused, 400, 1022)
        self.assertEqual(refused.message, "Cannot delete tunnel because it has active connections")
        self.assertIsNotNone(self.call("DELETE", self.path("?cascade=true")).result["deleted_at"])
        self.assertEqual(self.listed(), [])

    def test_they_come_back_at_once(self):
        self.sim.attach(self.tunnel["id"])
        before = self.listed()[0]
        answer = self.call("DELETE", self.path("/connections"))
        self.assertEqual((answer.status, answer.result), (200, None))
        after = self.listed()[0]
        self.assertEqual(after["id"], before["id"])
        self.assertFalse({c["id"] for c in before["conns"]} & {c["id"] for c in after["conns"]})
        self.assertRefused(self.call("DELETE", self.path()), 400, 1022)

    def test_they_cannot_come_back_after_a_rotation(self):
        self.sim.attach(self.tunnel["id"])
        self.call("PATCH", self.path(), {"tunnel_secret": NEW_SECRET})
        self.assertEqual(len(self.listed()), 1)
        newer = self.sim.attach(self.tunnel["id"])
        self.call("DELETE", self.path("/connections"))
        self.assertEqual([c["id"] for c in self.listed()], [newer])
        self.control("DELETE", self.connectors())
        self.assertEqual(self.call("DELETE", self.path()).status, 200)

    def test_one_client(self):
        first, second = self.sim.attach(self.tunnel["id"]), self.sim.attach(self.tunnel["id"])
        self.call("PATCH", self.path(), {"tunnel_secret": NEW_SECRET})
        self.call("DELETE", self.path(f"/connections?client_id={first.upper()}"))
        self.assertEqual([c["id"] for c in self.listed()], [second])
        self.assertEqual(self.call("DELETE", self.path(f"/connections?client_id={NO_TUNNEL}")).status, 200)
        self.assertRefused(self.call("DELETE", self.path("/connections?client_id=x")), 400, 1101)
        self.assertEqual([c["id"] for c in self.listed()], [second])

    def test_bad_control_calls(self):
        for body in ({"config_version": "x"}, {"config_version": 1.5}, {"config_version": None}, {"version": 1}):
            self.assertEqual(self.control("POST", self.connectors(), body).status, 400)
        self.assertEqual(self.control("PATCH", self.connectors(), {}).status, 400)
        self.assertEqual(self.control("PATCH", self.connectors("/" + NO_TUNNEL), {"config_version": 1}).status, 404)
        self.assertEqual(self.control("POST", f"/tunnels/{NO_TUNNEL}/connectors", {}).status, 404)
        for _ in range(25):
            self.sim.attach(self.tunnel["id"])
        self.assertEqual(self.control("POST", self.connectors(), {}).status, 400)


if __name__ == "__main__":
    simulator.main()
