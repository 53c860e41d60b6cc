"""One tunnel, several projects: slices, their merge, and who has what."""

import concurrent.futures
import json
import os
import pathlib
import random
import shutil
import subprocess
import unittest

import lab
from lab import ACCOUNT, ADIT, TOKEN, Result, changes

OWNER_GATEWAY = """\
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: web, namespace: edge}}
spec:
  gatewayClassName: cloudflare
  listeners:
{listeners}
"""


def listener(name, hostname=None, allowed="{from: All}", port=443):
    host = f', hostname: "{hostname}"' if hostname else ""
    return (f"  - {{name: {name}, port: {port}, protocol: HTTPS{host}, tls: {{certificateRefs: [{{name: unused}}]}}, "
            f"allowedRoutes: {{namespaces: {allowed}}}}}")


def gateway(*listeners):
    return OWNER_GATEWAY.format(listeners="\n".join(listeners or [listener("https")]))


class Shared(lab.Lab):
    """Projects in folders of their own, one state and one account."""

    def setUp(self):
        super().setUp()
        self.add_project("platform")

    def add_project(self, name, extra="", manifests=()):
        folder = self.folder / name
        (folder / "manifests").mkdir(parents=True, exist_ok=True)
        if name != "platform":
            extra += '  gateways: [{from: platform/edge/web}]\n'
        extra += f"  state: {self.folder}/state.db\n  dns: {{settle: 0s}}\n"
        (folder / "adit.yaml").write_text(lab.PROJECT.format(name=name, url=self.url, account=ACCOUNT, extra=extra))
        self.manifests(name, *manifests)

    def manifests(self, name, *documents):
        path = self.folder / name / "manifests" / "all.yaml"
        path.write_text("---\n".join(documents) if documents else "# nothing\n")

    def run_in(self, name, *arguments, code=0, env=None):
        done = subprocess.run([ADIT, *arguments], cwd=self.folder / name, capture_output=True, text=True, timeout=300,
                              env=self.environment(**(env or {})), stdin=subprocess.DEVNULL)
        result = Result(done)
        if code is not None:
            self.assertEqual(result.code, code, f"{name}: {result!r}")
        return result

    def apply_in(self, name, *arguments, code=0):
        return self.run_in(name, "apply", "--auto-approve", *arguments, code=code)

    def assert_settled(self, *names):
        for name in names:
            result = self.run_in(name, "plan", "--detailed-exitcode")
            self.assertIn("No changes.", result.out, f"{name}: {result!r}")

    def ingress(self):
        tunnel = self.tunnel("platform.edge.web")
        ingress = self.config(tunnel)["config"]["ingress"]
        return [{k: v for k, v in rule.items() if v != {}} for rule in ingress]

    def rendered(self, *documents):
        """The document that one project with all the manifests renders."""
        folder = self.folder / "alone"
        shutil.rmtree(folder, True)
        (folder / "manifests").mkdir(parents=True)
        (folder / "adit.yaml").write_text(lab.PROJECT.format(name="platform", url=self.url, account=ACCOUNT, extra=""))
        (folder / "manifests" / "all.yaml").write_text("---\n".join(documents))
        result = self.run_in("alone", "render", "--output", "json")
        documents = result.json()
        return documents["tunnels"][0]["config"]["ingress"]


class Basics(Shared):
    def test_rules_of_three_projects_are_one_document(self):
        edge = gateway(listener("any", port=443), listener("wild", "*.example.com", port=444))
        platform = lab.route("status", ["status.example.com"], [("/", "PathPrefix", "status", 80)])
        shop = lab.route("shop", ["shop.example.com", "*.example.com"],
                         [("/", "PathPrefix", "web", 80), ("/api", "PathPrefix", "api", 80)])
        blog = lab.route("blog", ["blog.example.com", "shop.example.com"],
                         [("/blog", "Exact", "blog", 80), ("/blog", "PathPrefix", "blog", 81)], namespace="blog")
        self.manifests("platform", edge, platform)
        self.add_project("shop", manifests=[shop])
        self.add_project("blog", manifests=[blog])
        self.run_in("shop", "plan", code=4)
        for name in ("platform", "shop", "blog"):
            self.apply_in(name)
        self.assertEqual(self.ingress(), self.rendered(edge, platform, shop, blog))
        self.assert_settled("platform", "shop", "blog")
        marks = {r["name"]: r["comment"] for r in self.records()}
        self.assertEqual(marks, {"status.example.com": "adit:platform edge/web", "shop.example.com": "adit:shop edge/web",
                                 "*.example.com": "adit:shop edge/web", "blog.example.com": "adit:blog edge/web"})
        # shop leaves the hostname that blog has rules for, too
        shop = lab.route("shop", ["*.example.com"], [("/", "PathPrefix", "web", 80)])
        self.manifests("shop", shop)
        self.apply_in("shop", "--max-rule-percent", "100")
        self.assertEqual(self.record("shop.example.com")["comment"], "adit:blog edge/web")
        self.apply_in("blog")
        self.assert_settled("platform", "shop", "blog")
        self.assertEqual(self.ingress(), self.rendered(edge, platform, shop, blog))
        # the owner stays while there are others, then all of it goes
        refused = self.run_in("platform", "destroy", "--auto-approve", code=4)
        self.assertIn("blog, shop", refused.out + refused.err)
        self.run_in("shop", "destroy", "--auto-approve")
        self.assertEqual(self.ingress(), self.rendered(edge, platform, blog))
        self.assert_settled("platform", "blog")
        self.run_in("blog", "destroy", "--auto-approve")
        self.assertEqual(self.ingress(), self.rendered(edge, platform))
        self.assert_settled("platform")
        self.run_in("platform", "destroy", "--auto-approve")
        self.assertEqual(self.tunnels(), [])
        self.assertEqual(self.records(), [])


if __name__ == "__main__":
    unittest.main()
