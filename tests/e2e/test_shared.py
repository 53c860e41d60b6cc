"""One tunnel, several projects: slices, their merge, and who has what."""

import concurrent.futures
import json
import os
import random
import shutil
import signal
import subprocess
import unittest

import lab
import stores
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

    def lose_state(self):
        if isinstance(self.store, stores.File):
            (self.folder / "state.db").unlink()
        else:
            self.store.lose()

    def assert_settled(self, *names):
        for name in names:
            result = self.run_in(name, "plan", "--detailed-exitcode")
            self.assertIn("No changes", result.out, f"{name}: {result!r}")

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


# hostname -> the listener that its Routes name, so that a wildcard is served at one place only
LISTENERS = {"a.example.com": "wild", "b.example.com": "wild", "*.example.com": "wild", "x.apps.example.com": "apps",
             "*.apps.example.com": "apps", "www.example.net": "net", "*.example.net": "any"}
HOSTS = list(LISTENERS)
PATHS = [("/", "PathPrefix"), ("/api", "PathPrefix"), ("/api", "Exact"), ("/api/v1", "PathPrefix"), ("/log.n", "RegularExpression"),
         ("/login", "PathPrefix"), ("/login", "Exact"), ("/l[a-z]*", "RegularExpression")]
EDGE = gateway(listener("any"), listener("wild", "*.example.com", port=444), listener("apps", "*.apps.example.com", port=445),
               listener("net", "www.example.net", port=446))


class Conflicts(Shared):
    def setUp(self):
        super().setUp()
        self.platform = lab.route("status", ["status.example.com"], [("/", "PathPrefix", "status", 80)])
        self.shop = lab.route("shop", ["shop.example.com"], [("/", "PathPrefix", "web", 80), ("/api", "PathPrefix", "api", 80)])
        self.blog = lab.route("blog", ["blog.example.com"], [("/", "PathPrefix", "blog", 80)], namespace="blog")
        self.manifests("platform", gateway(), self.platform)
        self.add_project("shop", manifests=[self.shop])
        self.add_project("blog", manifests=[self.blog])
        for name in ("platform", "shop", "blog"):
            self.apply_in(name)

    def everything(self):
        return self.rendered(gateway(), self.platform, self.shop, self.blog)

    def test_who_is_recorded_keeps_the_place(self):
        greedy = lab.route("greedy", ["shop.example.com"],
                           [("/api", "PathPrefix", "other", 80), ("/blog", "PathPrefix", "blog", 80)], namespace="aaa")
        self.manifests("blog", self.blog, greedy)
        plan = self.run_in("blog", "plan")
        self.assertIn("project shop has this hostname and path on the shared Gateway edge/web", plan.out)
        self.apply_in("blog")
        services = {(r.get("hostname"), r.get("path")): r["service"] for r in self.ingress()}
        self.assertEqual(services["shop.example.com", "^/api(?:/|$)"], "http://api.shop.svc:80")
        self.assertEqual(services["shop.example.com", "^/blog(?:/|$)"], "http://blog.aaa.svc:80")
        self.assert_settled("platform", "shop", "blog")
        # given up, it is anybody's
        self.manifests("shop", lab.route("shop", ["shop.example.com"], [("/", "PathPrefix", "web", 80)]))
        self.apply_in("shop")
        self.apply_in("blog")
        services = {(r.get("hostname"), r.get("path")): r["service"] for r in self.ingress()}
        self.assertEqual(services["shop.example.com", "^/api(?:/|$)"], "http://other.aaa.svc:80")
        self.assert_settled("platform", "shop", "blog")

    def test_of_two_newcomers_the_second_is_told(self):
        place = [("/both", "PathPrefix", "both", 80)]
        self.manifests("blog", self.blog, lab.route("late", ["both.example.com"], place, namespace="blog"))
        self.run_in("blog", "plan", "--out", "plan.json")
        self.manifests("shop", self.shop, lab.route("first", ["both.example.com"], place))
        self.apply_in("shop")
        late = self.run_in("blog", "apply", "plan.json", code=5)
        self.assertIn("is not as it was", late.out + late.err)
        self.apply_in("blog")
        services = [r["service"] for r in self.ingress() if r.get("hostname") == "both.example.com"]
        self.assertEqual(services, ["http://both.shop.svc:80"])
        self.assert_settled("platform", "shop", "blog")

    def test_the_owners_route_does_not_take_a_place(self):
        self.manifests("platform", gateway(), self.platform,
                       lab.route("mine", ["shop.example.com"], [("/", "PathPrefix", "mine", 80)], namespace="aaa"))
        plan = self.run_in("platform", "plan")
        self.assertIn("project shop has this hostname and path", plan.out)
        self.assert_settled("platform", "shop", "blog")

    def test_a_tunnel_made_anew_has_everybodys_rules(self):
        old = self.tunnel("platform.edge.web")
        self.api("DELETE", f"/accounts/{ACCOUNT}/cfd_tunnel/{old['id']}")
        missing = self.run_in("shop", "plan", code=1)
        self.assertIn("error[A0608]", missing.err)
        self.apply_in("platform")
        self.assertNotEqual(self.tunnel("platform.edge.web")["id"], old["id"])
        self.assertEqual(self.ingress(), self.everything())
        for name in ("shop", "blog"):
            self.apply_in(name)
        self.assertEqual(self.ingress(), self.everything())
        self.assert_settled("platform", "shop", "blog")
        target = self.tunnel("platform.edge.web")["id"] + ".cfargotunnel.com"
        self.assertEqual({r["content"] for r in self.records()}, {target})

    def test_routes_are_judged_by_the_owners_listeners(self):
        chosen = "{from: Selector, selector: {matchLabels: {team: blog}}}"
        self.manifests("platform", gateway(listener("https", "*.example.com", chosen)),
                       lab.route("status", ["status.example.com"], [("/", "PathPrefix", "status", 80)], namespace="edge"))
        self.apply_in("platform", "--allow-loss", "status.example.com")
        plan = self.run_in("shop", "plan", code=4)
        self.assertIn("NotAllowedByListeners", plan.out)
        label = json.dumps({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "blog", "labels": {"team": "blog"}}})
        self.manifests("blog", self.blog, label + "\n")
        self.assert_settled("blog")

    def test_drift_is_its_projects_and_comes_back_with_any_write(self):
        tunnel = self.tunnel("platform.edge.web")
        config = self.config(tunnel)["config"]
        config["ingress"] = [r for r in config["ingress"] if r.get("hostname") != "blog.example.com"]
        config["ingress"].insert(0, {"hostname": "mine.example.com", "service": "http://mine:80"})
        self.put_config(tunnel, config)
        self.assert_settled("shop")
        self.assertIn("rule/edge/web/blog.example.com", self.run_in("blog", "plan").out)
        owner = self.run_in("platform", "plan", code=4)
        self.assertIn("mine.example.com", owner.out)
        self.assertNotIn("blog.example.com", owner.out)
        self.shop = lab.route("shop", ["shop.example.com"], [("/", "PathPrefix", "web", 8080), ("/api", "PathPrefix", "api", 80)])
        self.manifests("shop", self.shop)
        written = self.apply_in("shop")
        self.assertIn("tunnel/edge/web: puts back what other projects recorded and was not there: rule/edge/web/blog.example.com "
                      "of project blog\n", written.err)
        hosts = [r.get("hostname") for r in self.ingress()]
        self.assertIn("mine.example.com", hosts)
        self.assertIn("blog.example.com", hosts)
        self.assert_settled("blog", "shop")
        quiet = self.apply_in("platform", "--allow-loss", "mine.example.com")
        self.assertNotIn("puts back", quiet.err)
        self.assertEqual(self.ingress(), self.everything())
        self.assert_settled("platform", "shop", "blog")

    def test_disorder_is_found_and_put_right(self):
        tunnel = self.tunnel("platform.edge.web")
        config = self.config(tunnel)["config"]
        shop = [r for r in config["ingress"] if r.get("hostname") == "shop.example.com"]
        rest = [r for r in config["ingress"] if r.get("hostname") != "shop.example.com"]
        config["ingress"] = [*reversed(shop), *rest]
        self.put_config(tunnel, config)
        self.assertIn("its place among the rules", self.run_in("shop", "plan").out)
        self.apply_in("shop")
        self.assertEqual(self.ingress(), self.everything())
        self.assert_settled("platform", "shop", "blog")

    def test_disorder_between_projects_is_the_owners(self):
        tunnel = self.tunnel("platform.edge.web")
        config = self.config(tunnel)["config"]
        config["ingress"] = [config["ingress"][i] for i in (1, 0, *range(2, len(config["ingress"])))]
        self.put_config(tunnel, config)
        self.assertIn("rule_order", self.run_in("platform", "plan").out)
        self.apply_in("platform")
        self.assertEqual(self.ingress(), self.everything())
        self.assert_settled("platform", "shop", "blog")

    def test_saved_plans_outlive_other_projects(self):
        self.manifests("shop", lab.route("shop", ["shop.example.com", "new.example.com"], [("/", "PathPrefix", "web", 81)]))
        self.run_in("shop", "plan", "--out", "plan.json")
        self.manifests("platform", gateway(), lab.route("status", ["status.example.com"], [("/", "PathPrefix", "status", 81)]))
        self.run_in("platform", "plan", "--out", "plan.json")
        self.manifests("blog", lab.route("blog", ["blog.example.com"], [("/b", "PathPrefix", "blog", 82)], namespace="blog"))
        self.apply_in("blog")
        self.run_in("shop", "apply", "plan.json")
        self.run_in("platform", "apply", "plan.json")
        self.assertEqual([r["service"] for r in self.ingress() if "hostname" in r],
                         ["http://status.shop.svc:81", "http://blog.blog.svc:82", "http://web.shop.svc:81", "http://web.shop.svc:81"])
        self.assert_settled("platform", "shop", "blog")
        self.run_in("shop", "apply", "plan.json", code=5)
        # the owner's Gateway is what the plan was judged by
        self.manifests("shop", self.shop)
        self.run_in("shop", "plan", "--out", "plan.json")
        self.manifests("platform", gateway(listener("https", "*.example.com")), self.platform)
        self.apply_in("platform")
        stale = self.run_in("shop", "apply", "plan.json", code=5)
        self.assertIn("project platform changed its Gateway", stale.out + stale.err)
        self.apply_in("shop")
        self.assert_settled("platform", "shop", "blog")

    def test_a_listeners_closing_rule_makes_room_and_comes_back(self):
        edge = gateway(listener("any"), listener("wild", "*.example.com", port=444))
        shop = lab.route("shop", ["*.example.com"], [("/", "PathPrefix", "web", 80)])
        self.manifests("platform", edge, self.platform)
        self.apply_in("platform")
        self.manifests("shop", shop)
        self.apply_in("shop", "--max-rule-percent", "100")
        self.assertEqual(self.ingress(), self.rendered(edge, self.platform, shop, self.blog))
        self.assert_settled("platform", "shop", "blog")
        self.run_in("shop", "destroy", "--auto-approve")
        self.assertEqual(self.ingress(), self.rendered(edge, self.platform, self.blog))
        self.assert_settled("platform", "blog")

    def test_what_is_missing_or_unclear_is_said(self):
        for given, code, text in (("platform/web", 0, "No changes"), ("platform/edge/api", 4, "apply project platform first"),
                                  ("nobody/edge/web", 4, "apply project nobody first")):
            path = self.folder / "shop" / "adit.yaml"
            path.write_text(path.read_text().replace("from: platform/edge/web", f"from: {given}"))
            result = self.run_in("shop", "plan", code=code)
            self.assertIn(text.lower(), (result.out + result.err).lower())
            path.write_text(path.read_text().replace(f"from: {given}", "from: platform/edge/web"))
        self.manifests("shop", self.shop, gateway())
        self.assertIn("error[A0834]", self.run_in("shop", "plan", code=4).err)

    def test_state_commands(self):
        pulled = self.run_in("shop", "state", "pull").out
        self.assertEqual(json.loads(pulled)["gateways"], [{"address": "tunnel/edge/web", "owner": "platform"}])
        (self.folder / "shop" / "state.json").write_text(pulled)
        self.run_in("shop", "state", "push", "state.json")
        self.assert_settled("platform", "shop", "blog")
        self.run_in("platform", "state", "mv", "tunnel/edge/web", "tunnel/edge/other", code=4)
        self.run_in("shop", "state", "rm", "rule/edge/web/shop.example.com^/api(?:/|$)")
        self.apply_in("shop")
        self.assert_settled("platform", "shop", "blog")
        # everything is lost: the owner first
        self.lose_state()
        self.run_in("platform", "state", "rebuild")
        self.run_in("platform", "plan", code=4)
        for name in ("shop", "blog"):
            self.run_in(name, "state", "rebuild")
        for name in ("platform", "shop", "blog"):
            self.apply_in(name)
        self.assertEqual(self.ingress(), self.everything())
        self.assert_settled("platform", "shop", "blog")

    def test_rollback_of_one_project(self):
        before = self.ingress()
        runs = {name: self.run_in(name, "history", "--output", "json").json() for name in ("shop", "platform")}
        self.manifests("shop", lab.route("shop", ["other.example.com"], [("/", "PathPrefix", "web", 81)]))
        self.apply_in("shop", "--max-rule-percent", "100")
        self.manifests("platform", gateway(), lab.route("status", ["status2.example.com"], [("/", "PathPrefix", "status", 82)]))
        self.apply_in("platform", "--max-rule-percent", "100")
        for name in ("shop", "platform"):
            self.assertTrue(runs[name])
            self.run_in(name, "rollback", "1", "--auto-approve", "--max-rule-percent", "100")
            self.run_in(name, "resume")
        self.assertEqual(self.ingress(), before)
        self.manifests("shop", self.shop)
        self.manifests("platform", gateway(), self.platform)
        self.assert_settled("platform", "shop", "blog")

    def test_explain_names_the_project(self):
        result = self.run_in("shop", "explain", "https://blog.example.com/x")
        self.assertIn("project blog: HTTPRoute blog/blog", result.out)
        self.assertIn("2 of 5", result.out)

    def test_a_wrong_document_is_noticed(self):
        """The check of the crowd bites: one rule less, two in the wrong order, one that is nobody's."""
        tunnel = self.tunnel("platform.edge.web")
        right = self.config(tunnel)["config"]["ingress"]
        self.assertEqual(self.ingress(), self.everything())
        for wrong in (right[1:], [right[1], right[0], *right[2:]],
                      [{"hostname": "x.example.com", "service": "http://x:80"}, *right]):
            self.put_config(tunnel, {"ingress": wrong})
            self.assertNotEqual(self.ingress(), self.everything())

    def test_without_refresh(self):
        self.manifests("shop", lab.route("shop", ["shop.example.com"], [("/", "PathPrefix", "web", 81), ("/api", "PathPrefix", "api", 80)]))
        for name, text in (("shop", "1 to change"), ("blog", "No changes"), ("platform", "No changes")):
            self.assertIn(text, self.run_in(name, "plan", "--refresh=false").out)


class Races(Shared):
    """What happens between a plan and its apply, or in the middle of one: saved plans, and processes that are stopped."""

    def setUp(self):
        super().setUp()
        self.platform = lab.route("status", ["status.example.com"], [("/", "PathPrefix", "status", 80)])
        self.shop = lab.route("shop", ["shop.example.com", "both.example.com"], [("/", "PathPrefix", "web", 80)])
        self.less = lab.route("shop", ["shop.example.com"], [("/", "PathPrefix", "web", 80)])
        self.blog = lab.route("blog", ["blog.example.com"], [("/", "PathPrefix", "blog", 80)], namespace="blog")
        self.more = lab.route("more", ["both.example.com"], [("/more", "PathPrefix", "more", 80)], namespace="blog")
        self.manifests("platform", gateway(), self.platform)
        self.add_project("shop", manifests=[self.shop])
        self.add_project("blog", manifests=[self.blog])
        for name in ("platform", "shop", "blog"):
            self.apply_in(name)

    def assert_right(self, *documents):
        self.assertEqual(self.ingress(), self.rendered(gateway(), self.platform, *documents))
        self.assert_settled("platform", "shop", "blog")

    def stopped(self, name, point, *arguments, **env):
        """A process that stands still at a failpoint."""
        process = subprocess.Popen([ADIT, *arguments], cwd=self.folder / name, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   text=True, stdin=subprocess.DEVNULL,
                                   env=self.environment(ADIT_TEST_FAILPOINT=f"stop:{point}", **env))
        self.addCleanup(self.end, process)
        _, status = os.waitpid(process.pid, os.WUNTRACED)
        self.assertTrue(os.WIFSTOPPED(status), status)
        return process

    @staticmethod
    def end(process):
        process.kill()
        process.communicate()

    def go_on(self, process, code=0):
        os.kill(process.pid, signal.SIGCONT)
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, code, out + err)
        return out + err

    def test_a_cname_that_was_to_serve_is_given_up(self):
        self.manifests("blog", self.blog, self.more)
        self.run_in("blog", "plan", "--out", "plan.json")
        self.manifests("shop", self.less)
        self.apply_in("shop")
        self.assertIsNone(self.record("both.example.com"))
        late = self.run_in("blog", "apply", "plan.json", code=5)
        self.assertIn("both.example.com is given up", late.out)
        self.apply_in("blog")
        self.assertEqual(self.record("both.example.com")["comment"], "adit:blog edge/web")
        self.assert_right(self.less, self.blog, self.more)

    def test_a_cname_that_was_to_go_is_used(self):
        self.manifests("shop", self.less)
        self.run_in("shop", "plan", "--out", "plan.json")
        self.manifests("blog", self.blog, self.more)
        self.apply_in("blog")
        late = self.run_in("shop", "apply", "plan.json", code=3)
        self.assertIn("project blog uses the hostname by now", late.out)
        self.assertEqual(self.record("both.example.com")["comment"], "adit:shop edge/web")
        self.apply_in("shop")
        self.apply_in("blog")
        self.assertEqual(self.record("both.example.com")["comment"], "adit:blog edge/web")
        self.assert_right(self.less, self.blog, self.more)

    def test_a_cname_that_was_to_be_handed_over_is_not_wanted(self):
        self.manifests("blog", self.blog, self.more)
        self.apply_in("blog")
        self.manifests("shop", self.less)
        self.run_in("shop", "plan", "--out", "plan.json")
        self.manifests("blog", self.blog)
        self.apply_in("blog")
        late = self.run_in("shop", "apply", "plan.json", code=3)
        self.assertIn("no other project uses the hostname any more", late.out)
        self.apply_in("shop")
        self.assertIsNone(self.record("both.example.com"))
        self.assert_right(self.less, self.blog)

    def test_what_is_written_while_live_is_read_is_not_foreign(self):
        for change, shop in ((self.less, 1), (self.shop, 1)):
            owner = self.stopped("platform", f"call.sent:{shop}", "plan")
            self.manifests("shop", change)
            self.apply_in("shop")
            self.assertIn("No changes", self.go_on(owner))
        self.assert_right(self.shop, self.blog)

    def edit_both(self):
        self.shop = lab.route("shop", ["shop.example.com"], [("/", "PathPrefix", "web", 81)])
        self.blog = lab.route("blog", ["blog.example.com"], [("/", "PathPrefix", "blog", 81)], namespace="blog")
        self.manifests("shop", self.shop)
        self.manifests("blog", self.blog)

    def test_one_writes_at_a_time(self):
        self.edit_both()
        slow = {"ADIT_TEST_TIME_SCALE": "1"}
        # between the check of the live document and the intent to write it, under the lock
        first = self.stopped("shop", "journal.intent:1", "apply", "--auto-approve", "--max-rule-percent", "100", **slow)
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            second = pool.submit(self.run_in, "blog", "apply", "--auto-approve", env=slow)
            with self.assertRaises(concurrent.futures.TimeoutError):
                second.result(timeout=1)
            self.go_on(first)
            second.result(timeout=60)
        self.assert_right(self.shop, self.blog)

    @unittest.skipIf(os.environ.get("LAB_STORE") in ("http", "s3"), "one lock covers the whole document there")
    def test_who_is_stopped_for_long_writes_nothing(self):
        self.edit_both()
        first = self.stopped("shop", "journal.intent:1", "apply", "--auto-approve", "--max-rule-percent", "100")
        self.apply_in("blog")
        version = self.config(self.tunnel("platform.edge.web"))["version"]
        self.assertIn("error[A0502]", self.go_on(first, code=5))
        self.assertEqual(self.config(self.tunnel("platform.edge.web"))["version"], version)
        self.apply_in("shop", "--max-rule-percent", "100")
        self.assert_right(self.shop, self.blog)


class Crashes(Shared):
    """A contributor dies at every boundary of an apply that adds, changes, removes and hands over."""

    def setUp(self):
        super().setUp()
        self.platform = lab.route("status", ["status.example.com"], [("/", "PathPrefix", "status", 80)])
        self.blog = lab.route("blog", ["both.example.com"], [("/blog", "PathPrefix", "blog", 80)], namespace="blog")
        self.ways = [lab.route("shop", ["both.example.com", "one.example.com"], [("/", "PathPrefix", "web", 80)]),
                     lab.route("shop", ["two.example.com"], [("/", "PathPrefix", "web", 81), ("/api", "PathPrefix", "api", 80)])]
        self.manifests("platform", gateway(), self.platform)
        self.add_project("shop", manifests=[self.ways[0]])
        self.add_project("blog", manifests=[self.blog])
        for name in ("platform", "shop", "blog"):
            self.apply_in(name)

    def kill_at(self, point):
        """Exit code of the apply that was to die; 0: it has fewer points than that."""
        return self.run_in("shop", "apply", "--auto-approve", "--max-rule-percent", "100", code=None,
                           env={"ADIT_TEST_FAILPOINT": f"kill:{point}"}).code

    def assert_converges(self, shop, point):
        """Nobody takes the dead project's rules for his own or for nobody's; its next run completes."""
        owner = self.run_in("platform", "plan")
        self.assertIn("No changes", owner.out, f"point {point}: {owner!r}")
        self.blog = lab.route("blog", ["both.example.com"], [("/blog", "PathPrefix", "blog", 1000 + point)], namespace="blog")
        self.manifests("blog", self.blog)
        self.apply_in("blog")
        self.apply_in("shop", "--max-rule-percent", "100")
        self.apply_in("blog")
        self.assert_settled("platform", "shop")
        self.assertEqual(self.ingress(), self.rendered(gateway(), self.platform, shop, self.blog), f"point {point}")
        hosts = {rule["hostname"] for rule in self.ingress() if "hostname" in rule}
        self.assertEqual({r["name"] for r in self.records()}, hosts, f"point {point}")

    @unittest.skipUnless(os.environ.get("LAB_STORE", "sqlite") == "sqlite", "the points are those of the file")
    def test_at_every_point(self):
        points, finished = 0, set()
        for point in range(1, 200):
            for way in (1, 0):
                self.manifests("shop", self.ways[way])
                if self.kill_at(point):
                    points += 1
                else:
                    finished.add(way)
                self.assert_converges(self.ways[way], point)
            if len(finished) == 2:
                break
        self.assertGreater(points, 100)
        print(f"\nshared tunnel: killed at {points} points", flush=True)


class Crowd:
    """Projects with random Routes; every hostname and path belongs to one project at most."""

    def __init__(self, seed, count):
        self.random = random.Random(seed)
        self.names = [f"team-{i:02}" for i in range(count)]
        places = [(host, path) for host in HOSTS for path in PATHS]
        self.places = {name: [] for name in self.names}
        for place in places:
            self.places[self.random.choice(self.names)].append(place)
        self.documents = {name: [] for name in self.names}

    def edit(self, name):
        routes = {}
        for host, path in self.places[name]:
            if self.random.random() < 0.6:
                routes.setdefault(self.random.choice("pqr"), []).append((host, path))
        self.documents[name] = [self.route(name, key, places) for key, places in sorted(routes.items())]
        self.random.shuffle(self.documents[name])

    def route(self, name, key, places):
        """One Route for each hostname, so that places stay apart."""
        made = []
        for host in sorted({host for host, _ in places}):
            rules = [(path, kind, name, self.random.randint(1000, 1003)) for h, (path, kind) in places if h == host]
            route = json.loads(lab.route(f"{name}-{key}-{HOSTS.index(host)}", [host], rules, namespace=f"ns-{name}"))
            route["spec"]["parentRefs"][0]["sectionName"] = LISTENERS[host]
            if self.random.random() < 0.5:
                route["metadata"]["creationTimestamp"] = f"2026-01-0{self.random.randint(1, 3)}T00:00:00Z"
            made.append(json.dumps(route))
        return "\n---\n".join(made) + "\n"


class TwentyProjects(Shared):
    def environment(self, **more):
        """A lease lasts three seconds: twenty processes on two cores must keep theirs."""
        return super().environment(**{"ADIT_TEST_TIME_SCALE": "20", **more})

    seed = int(os.environ.get("ADIT_SHARED_SEED", "7"))
    count = 20

    def setUp(self):
        super().setUp()
        self.manifests("platform", EDGE)
        self.apply_in("platform")
        self.crowd = Crowd(self.seed, self.count)
        for name in self.crowd.names:
            self.add_project(name)
        self.tries = 0

    @unittest.skipUnless(os.environ.get("LAB_STORE", "sqlite") == "sqlite", "copies the file")
    def test_stores_of_their_own_are_caught(self):
        """The twin: projects that know nothing of each other's slices do not end in the right document."""
        for name in self.crowd.names:
            shutil.copy(self.folder / "state.db", self.folder / name / "own.db")
            path = self.folder / name / "adit.yaml"
            path.write_text(path.read_text().replace(f"{self.folder}/state.db", f"{self.folder}/{name}/own.db"))
            self.crowd.edit(name)
            self.manifests(name, *self.crowd.documents[name])
        with concurrent.futures.ThreadPoolExecutor(len(self.crowd.names)) as pool:
            list(pool.map(lambda name: self.apply_in(name, code=None), self.crowd.names))
        with self.assertRaises(AssertionError):
            self.assert_right()

    def until_done(self, name):
        """As CI does it: whoever was beaten to it runs again."""
        for _ in range(12):
            self.tries += 1
            result = self.apply_in(name, "--allow-empty", "--max-rule-percent=100", "--max-deletes=1000", "--max-delete-percent=100",
                                   "--lock-timeout=10h",
                                   code=None)
            if result.code == 0:
                return
            self.assertIn(result.code, (3, 5), f"{name}: {result!r}")
        self.fail(f"{name} never came through: {result!r}")

    def apply_at_once(self, names):
        for name in names:
            self.manifests(name, *self.crowd.documents[name])
        with concurrent.futures.ThreadPoolExecutor(len(names)) as pool:
            list(pool.map(self.until_done, names))

    def expected(self):
        return self.rendered(EDGE, *(d for documents in self.crowd.documents.values() for d in documents))

    def assert_right(self):
        self.assertEqual(self.ingress(), self.expected(), f"seed {self.seed}")
        hosts = {rule["hostname"] for rule in self.ingress() if rule["service"].startswith("http://")}
        self.assertEqual({r["name"] for zone in self.zones for r in self.records(zone)}, hosts)

    def test_at_once_and_at_random(self):
        names = self.crowd.names
        for name in names:
            self.crowd.edit(name)
        self.apply_at_once(names)
        self.assert_right()
        for _ in range(4):
            some = self.crowd.random.sample(names, self.crowd.random.randint(2, 9))
            for name in some:
                self.crowd.edit(name)
            self.apply_at_once(some)
            self.assert_right()
        # handed over CNAMEs are recorded by the next run of who has them now
        for name in names:
            self.until_done(name)
        self.assert_right()
        self.assert_settled("platform", *names)
        print(f"\n20 projects on one tunnel, seed {self.seed}: {self.tries} applies", flush=True)


if __name__ == "__main__":
    unittest.main()
