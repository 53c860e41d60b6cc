"""Tokens: what each may do and see, how bad ones are refused, methods and paths that are none."""
import simulator
from simulator import ACCOUNT, MARKER, NOBODY, NO_TUNNEL

TUNNELS = f"/accounts/{ACCOUNT}/cfd_tunnel"
PERMISSIONS = ("account:read", "zone:read", "dns:read", "dns:write", "tunnel:read", "tunnel:write")


class Permissions(simulator.Case):
    OPTIONS = simulator.Case.OPTIONS + tuple(x for p in PERMISSIONS for x in ("--token", f"{p.replace(':', '-')}={p}")) + (
        "--token", "nothing=", "--token", "several=zone:read,dns:read,tunnel:read", "--token",
        "one-zone=zone:read,dns:write,zone/paid.example", "--token", "cfat_account=account:read")

    def setUp(self):
        super().setUp()
        self.tunnel = self.make_tunnel()
        self.records = f"/zones/{self.zone()}/dns_records"
        self.record = self.call("POST", self.records, {"type": "A", "name": "a", "content": "192.0.2.1", "ttl": 1}).result

    def operations(self):
        tunnel, record = f"{TUNNELS}/{self.tunnel['id']}", f"{self.records}/{self.record['id']}"
        return [
            ("account:read", "GET", "/accounts", MARKER), ("account:read", "GET", f"/accounts/{ACCOUNT}", MARKER),
            ("zone:read", "GET", "/zones", MARKER), ("zone:read dns:read", "GET", self.records.rsplit("/", 1)[0], MARKER),
            ("dns:read", "GET", self.records, MARKER), ("dns:read", "GET", record, MARKER),
            ("dns:write", "POST", self.records, {}), ("dns:write", "PUT", record, {}), ("dns:write", "PATCH", record, {}),
            ("dns:write", "POST", self.records + "/batch", {}), ("dns:write", "DELETE", self.records + "/" + NOBODY, MARKER),
            ("dns:write", "PUT", f"{self.records.rsplit('/', 1)[0]}/tunnels/{self.tunnel['id']}/routes", {}),
            ("tunnel:read", "GET", TUNNELS, MARKER), ("tunnel:read", "GET", tunnel, MARKER),
            ("tunnel:read", "GET", tunnel + "/configurations", MARKER), ("tunnel:read", "GET", tunnel + "/connections", MARKER),
            ("tunnel:read", "GET", f"/accounts/{ACCOUNT}/tunnels", MARKER),
            ("tunnel:write", "GET", tunnel + "/token", MARKER), ("tunnel:write", "POST", TUNNELS, {}), ("tunnel:write", "PATCH", tunnel, {}),
            ("tunnel:write", "PUT", tunnel + "/configurations", {"config": {}}), ("tunnel:write", "DELETE", tunnel + "/connections", MARKER),
            ("tunnel:write", "DELETE", f"{TUNNELS}/{NO_TUNNEL}", MARKER), ("tunnel:write", "POST", f"/accounts/{ACCOUNT}/tunnels", {}),
        ]

    def test_each_operation_needs_its_permission(self):
        for needed, method, path, body in self.operations():
            for permission in PERMISSIONS:
                answer = self.call(method, path, body, token=permission.replace(":", "-"))
                allowed = permission in needed or permission.replace("write", "read") in needed
                where = (method, path, permission, answer.text)
                self.assertEqual((answer.status, answer.code) != (403, 10000), allowed, where)
            refused = self.call(method, path, body, token="nothing")
            self.assertRefused(refused, 403, 10000)
            self.assertEqual(refused.message, "Authentication error")

    def test_a_list_of_permissions(self):
        for path in ("/zones", self.records, TUNNELS):
            self.assertEqual(self.call("GET", path, token="several").status, 200)
        self.assertRefused(self.call("POST", TUNNELS, {"name": "x"}, token="several"), 403, 10000)

    def test_a_token_for_one_zone(self):
        self.assertEqual(self.names(self.call("GET", "/zones", token="one-zone")), ["paid.example"])
        self.assertEqual(self.call("GET", "/zones", token="one-zone").json["result_info"]["total_count"], 1)
        self.assertRefused(self.call("GET", self.records, token="one-zone"), 403, 10000)
        self.assertRefused(self.call("POST", self.records, {}, token="one-zone"), 403, 10000)
        self.assertEqual(self.call("GET", f"/zones/{self.zone('paid.example')}/dns_records", token="one-zone").status, 200)

    def test_verify(self):
        answer = self.call("GET", "/user/tokens/verify", token="nothing")
        self.assertEqual((answer.status, answer.result["status"]), (200, "active"))
        self.assertRegex(answer.result["id"], r"^[0-9a-f]{32}$")
        self.assertEqual(answer.json["messages"], [{"code": 10000, "message": "This API Token is valid and active", "type": None}])
        self.assertEqual(self.call("GET", f"/accounts/{ACCOUNT}/tokens/verify", token="nothing").result, answer.result)

    def test_account_owned_tokens_verify_on_the_account_alone(self):
        self.assertRefused(self.call("GET", "/user/tokens/verify", token="cfat_account"), 401, 1000)
        self.assertEqual(self.call("GET", f"/accounts/{ACCOUNT}/tokens/verify", token="cfat_account").status, 200)


class BadTokens(simulator.Case):
    def refused(self, headers, path="/zones"):
        return self.call("GET", path, token=None, headers=headers)

    def test_unknown(self):
        for path in ("/user/tokens/verify", "/zones", "/accounts", TUNNELS):
            refused = self.call("GET", path, token="unknown")
            self.assertRefused(refused, 401, 1000)
            self.assertEqual(refused.message, "Invalid API Token")

    def test_malformed(self):
        for header in ("Bearer", "Bearer ", "Basic dXNlcg==", "token", "", "Bearer a b", "Bearer " + "x" * 1025, "Bearer \xe4"):
            refused = self.refused({"Authorization": header})
            self.assertRefused(refused, 400, 6003, 6111)
            self.assertEqual(refused.message, "Invalid request headers")

    def test_scheme_is_not_case_sensitive(self):
        self.assertEqual(self.refused({"Authorization": "bearer " + simulator.TOKEN}).status, 200)

    def test_missing(self):
        self.assertRefused(self.refused({}), 400, 9106)
        refused = self.refused({}, "/user/tokens/verify")
        self.assertRefused(refused, 400, 1001)
        self.assertEqual(refused.message, 'Missing "Authorization" header')

    def test_keys(self):
        key = "0123456789abcdef0123456789abcdef01234"
        self.assertRefused(self.refused({"X-Auth-Email": "a@b.c", "X-Auth-Key": key}), 403, 9103)
        self.assertRefused(self.refused({"X-Auth-Email": "nobody", "X-Auth-Key": key}), 400, 6003, 6102)
        self.assertRefused(self.refused({"X-Auth-Email": "a@b.c", "X-Auth-Key": simulator.TOKEN}), 400, 6003, 6103)
        self.assertRefused(self.refused({"X-Auth-Email": "a@b.c", "X-Auth-Key": key}, "/user/tokens/verify"), 400, 1001)


class Paths(simulator.Case):
    def test_unknown(self):
        for path in ("", "/", "/nothing", "/zones/", f"/zones/{NOBODY}/settings", "/accounts//cfd_tunnel", "/user/tokens", "/zones/%00", "/zones%00x", "/zones?name=example.com%00x",
                     f"{TUNNELS}/{NO_TUNNEL}/other", "/../_simulator/dump"):
            answer = self.sim.send("GET", "/client/v4" + path, headers={"Authorization": "Bearer " + simulator.TOKEN})
            self.assertIn((answer.status, answer.code), ((400, 7003), (404, 7000)), path)
        answer = self.call("GET", "/nothing")
        self.assertEqual([error["code"] for error in answer.json["errors"]], [7003, 7000])

    def test_malformed_ids(self):
        for path in ("/zones/x", "/zones/x/dns_records", "/accounts/x", f"/accounts/{ACCOUNT}x/cfd_tunnel", f"{TUNNELS}/{NOBODY}",
                     f"/accounts/{'g' * 32}/cfd_tunnel"):
            refused = self.call("GET", path)
            self.assertRefused(refused, 404, 7003)
            self.assertEqual(len(refused.json["errors"]), 1)
            self.assertIn(f"Could not route to /client/v4{path}, ", refused.message)

    def test_methods(self):
        cases = {"/zones": ("POST", "PUT", "OPTIONS", "TRACE", "BREW"), TUNNELS: ("PUT", "DELETE"), "/accounts": ("POST",),
                 f"/zones/{NOBODY}/dns_records": ("PUT", "PATCH", "DELETE"), "/user/tokens/verify": ("POST",)}
        for path, methods in cases.items():
            for method in methods:
                refused = self.call(method, path, MARKER)
                self.assertRefused(refused, 405, 10000)
                self.assertEqual(refused.message, f"{method} method not allowed for the api_token authentication scheme")
                self.assertIn("GET", refused.headers["allow"])

    def test_head(self):
        answer = self.sim.send("HEAD", "/client/v4/zones", headers={"Authorization": "Bearer " + simulator.TOKEN})
        self.assertEqual((answer.status, answer.text), (405, ""))

    def test_outside(self):
        for path in ("/", "/client", "/client/v5/zones", "/_simulatorx"):
            self.assertRefused(self.sim.send("GET", path), 404, 7000)

    def test_content_types_are_tolerated(self):
        for index, kind in enumerate(("text/plain", "application/json;version=1", "application/x-www-form-urlencoded", "multipart/form-data")):
            answer = self.call("POST", TUNNELS, {"name": f"t{index}"}, headers={"Content-Type": kind})
            self.assertEqual(answer.status, 200)

    def test_order_of_members(self):
        self.assertTrue(self.call("GET", "/zones").text.startswith('{"result":'))
        self.assertTrue(self.call("GET", TUNNELS).text.startswith('{"success":'))


if __name__ == "__main__":
    simulator.main()
