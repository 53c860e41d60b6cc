"""Each operation of the wire contract is answered, and answered by its schema; and the judge of that bites."""
import copy
import sys

import simulator
from simulator import ACCOUNT, MARKER, openapi_check


class Contract(simulator.Case):
    def exchanges(self):
        """One exchange for each operation: (method, path, query, body, answer)."""
        zone = self.zone()
        tunnel = self.make_tunnel("first")
        self.sim.attach(tunnel["id"])
        record = self.make_record(zone, type="A", name="a", content="192.0.2.1", proxied=True, comment="x")
        path, records, one = f"/accounts/{ACCOUNT}/cfd_tunnel/{tunnel['id']}", f"/zones/{zone}/dns_records", record["id"]
        cname = {"type": "CNAME", "name": "c.example.com", "content": f"{tunnel['id']}.cfargotunnel.com", "ttl": 1, "proxied": True}
        a = {"type": "A", "name": "a.example.com", "content": "192.0.2.2", "ttl": 300}
        config = {"config": {"ingress": [{"hostname": "a.example.com", "path": "^/x", "service": "http://a", "originRequest": {"noTLSVerify": True}},
                                         {"service": "http_status:404"}]}}
        calls = [
            ("GET", "/accounts", "per_page=5&page=1", MARKER), ("GET", f"/accounts/{ACCOUNT}", "", MARKER),
            ("GET", "/user/tokens/verify", "", MARKER), ("GET", f"/accounts/{ACCOUNT}/tokens/verify", "", MARKER),
            ("POST", f"/accounts/{ACCOUNT}/cfd_tunnel", "", {"name": "second", "config_src": "cloudflare"}),
            ("GET", f"/accounts/{ACCOUNT}/cfd_tunnel", "is_deleted=false&per_page=1000&page=1", MARKER), ("GET", path, "", MARKER),
            ("PATCH", path, "", {"name": "renamed"}), ("GET", path + "/configurations", "", MARKER), ("PUT", path + "/configurations", "", config),
            ("GET", path + "/token", "", MARKER), ("GET", path + "/connections", "", MARKER), ("DELETE", path + "/connections", "", MARKER),
            ("DELETE", path, "cascade=true", MARKER), ("GET", "/zones", "per_page=50&page=1", MARKER), ("GET", f"/zones/{zone}", "", MARKER),
            ("POST", records, "", cname), ("GET", records, "per_page=5000&comment.startswith=x", MARKER), ("GET", f"{records}/{one}", "", MARKER),
            ("PUT", f"{records}/{one}", "", a), ("PATCH", f"{records}/{one}", "", {"comment": "y", "type": "A"}),
            ("POST", records + "/batch", "", {"patches": [{"id": one, **a}], "posts": [{**cname, "name": "d.example.com"}]}),
            ("DELETE", f"{records}/{one}", "", MARKER),
        ]
        for method, target, query, body in calls:
            yield method, target, query, body, self.call(method, target + (f"?{query}" if query else ""), body)

    def test_every_operation(self):
        seen = set()
        for method, path, query, body, answer in self.exchanges():
            self.assertEqual(answer.status, 200, (method, path, answer.text))
            sent = None if body is MARKER else body
            self.assertEqual(openapi_check.check(method, path, query, sent, answer.status, answer.json), [], (method, path))
            seen.add(openapi_check.operation(method, path)["operationId"])
        self.assertEqual(seen, openapi_check.operation_ids())

    def test_the_judge_bites(self):
        tunnel = self.make_tunnel()
        path = f"/accounts/{ACCOUNT}/cfd_tunnel"
        body = {"success": True, "errors": [], "messages": [], "result": [tunnel]}
        self.assertEqual(openapi_check.check("GET", path, "", None, 200, body), [])
        spoilt = []
        for key, value in (("status", "great"), ("deleted_at", "yesterday"), ("id", "x"), ("connections", None), ("remote_config", "yes")):
            wrong = copy.deepcopy(body)
            wrong["result"][0][key] = value
            spoilt.append(("GET", path, "", None, 200, wrong))
        for key in body:
            spoilt.append(("GET", path, "", None, 200, {k: v for k, v in body.items() if k != key}))
        failure = {"success": False, "errors": [], "messages": [], "result": None}
        spoilt += [
            ("GET", path, "", None, 200, {**body, "success": False}), ("GET", path, "", None, 201, body), ("GET", path, "", None, 404, failure),
            ("GET", path, "", None, 404, {**failure, "errors": [{"code": 971, "message": "below 1000"}]}), ("GET", "/nothing", "", None, 200, body),
            ("GET", path, "per_page=1001", None, 200, body), ("GET", path, "is_deleted=maybe", None, 200, body), ("GET", path, "pages=1", None, 200, body),
            ("POST", path, "", {}, 200, {**body, "result": tunnel}), ("POST", path, "", None, 200, {**body, "result": tunnel}),
            ("POST", path, "", {"name": 1}, 200, {**body, "result": tunnel}), ("GET", path, "", {"name": "x"}, 200, body),
        ]
        for exchange in spoilt:
            self.assertNotEqual(openapi_check.check(*exchange), [], exchange)


if __name__ == "__main__":
    if not openapi_check.available():
        print("skipped: the wire contract or python3-jsonschema is not here")
        sys.exit(77)
    simulator.main()
