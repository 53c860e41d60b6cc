"""Tokens, connectors and status."""

import base64
import json
import unittest

import yaml

from lab import ACCOUNT, Lab, gateway, route


class Connector(Lab):
    def setUp(self):
        super().setUp()
        self.write("gateway.yaml", gateway())
        self.write("web.yaml", route("web", ["app.example.com"], [("/", "PathPrefix", "web", 80)]))
        self.apply()
        self.live = self.tunnel("lab.edge.web")

    def token(self):
        return self.adit("token", "edge/web").out.strip()

    def test_token(self):
        decoded = json.loads(base64.b64decode(self.token()))
        self.assertEqual(decoded["a"], ACCOUNT)
        self.assertEqual(decoded["t"], self.live["id"])
        self.assertEqual(len(base64.b64decode(decoded["s"])), 32)

    def test_token_in_ci(self):
        self.assertEqual(self.adit("token", "edge/web", env={"CI": "true"}, code=4).out, "")
        self.assertEqual(self.adit("token", "edge/web", "--show-secret", env={"CI": "true"}).out.strip(), self.token())

    def test_unknown_tunnel(self):
        self.assertIn("Did you mean tunnel/edge/web?", self.adit("token", "tunnel/edge/wep", code=1).err)

    def kubernetes(self, *options):
        out = self.adit("connector", "tunnel/edge/web", *options).out
        return out, {d["kind"]: d for d in yaml.safe_load_all(out) if d}

    def test_kubernetes(self):
        out, objects = self.kubernetes()
        self.assertEqual(set(objects), {"Deployment", "PodDisruptionBudget"})
        self.assertNotIn(self.token(), out)
        spec = objects["Deployment"]["spec"]
        self.assertEqual(spec["replicas"], 2)
        pod = spec["template"]["spec"]
        container = pod["containers"][0]
        self.assertTrue(pod["securityContext"]["runAsNonRoot"])
        self.assertTrue(container["securityContext"]["readOnlyRootFilesystem"])
        self.assertEqual(container["readinessProbe"]["httpGet"]["path"], "/ready")
        self.assertEqual(container["livenessProbe"]["httpGet"]["path"], "/ready")
        self.assertIn("podAntiAffinity", pod["affinity"])
        self.assertIn("requests", container["resources"])

    def test_kubernetes_options(self):
        out, objects = self.kubernetes("--with-secret", "--replicas", "3", "--image", "registry.example/cf", "--tag", "1.2",
                                       "--metrics-port", "9000", "--autoscale", "5", "--service-monitor", "-n", "apps")
        self.assertEqual(objects["Secret"]["stringData"]["token"], self.token())
        self.assertEqual(objects["Deployment"]["spec"]["template"]["spec"]["containers"][0]["image"], "registry.example/cf:1.2")
        self.assertEqual(objects["HorizontalPodAutoscaler"]["spec"]["maxReplicas"], 5)
        self.assertEqual(objects["HorizontalPodAutoscaler"]["spec"]["minReplicas"], 3)
        self.assertIn("ServiceMonitor", objects)
        for made in objects.values():
            self.assertEqual(made["metadata"]["namespace"], "apps")
        self.assertIn("0.0.0.0:9000", out)
        _, objects = self.kubernetes("--secret-name", "mine")
        env = objects["Deployment"]["spec"]["template"]["spec"]["containers"][0]["env"][0]
        self.assertEqual(env["valueFrom"]["secretKeyRef"]["name"], "mine")

    def test_other_outputs(self):
        docker = self.adit("connector", "edge/web", "--output", "docker").out
        self.assertIn("docker run", docker)
        self.assertNotIn(self.token(), docker)
        self.assertIn("ExecStart=", self.adit("connector", "edge/web", "--output", "systemd").out)
        self.adit("connector", "edge/web", "--image", "a b", code=64)

    def test_rotate(self):
        before = self.token()
        self.attach(self.live)
        self.adit("connector", "edge/web", "--rotate", code=64)
        self.assertEqual(self.token(), before)
        self.adit("connector", "edge/web", "--rotate", "--auto-approve")
        self.assertNotEqual(self.token(), before)
        self.assertEqual(self.api("GET", f"/accounts/{ACCOUNT}/cfd_tunnel/{self.live['id']}/connections"), [])

    def test_status(self):
        self.assertIn("no connector", self.adit("status").out)
        self.attach(self.live, config_version=0)
        status = self.adit("status", "--output", "json").json()["tunnels"][0]
        self.assertEqual(status["address"], "tunnel/edge/web")
        self.assertEqual(len(status["connectors"]), 1)
        self.assertIn("behind", self.adit("status").out)


if __name__ == "__main__":
    unittest.main()
