"""The commands that need no network: what they print, and their exit codes."""

import errno
import json
import os
import pty
import resource
import signal
import subprocess
import sys
import time
import unittest
import urllib.request

from harness import ADIT, GATEWAY, SOURCE, Case, is_sanitized, route

REFUSED_ROUTE = """\
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: beta, namespace: app}
spec:
  parentRefs: [{name: web, namespace: edge}]
  hostnames: [beta.example.com]
  rules:
  - matches: [{headers: [{name: x-beta, value: "1"}]}]
    backendRefs: [{name: beta, port: 80}]
"""

UNATTACHED_ROUTE = route("stray").replace("name: web", "name: elsewhere")


class Usage(Case):
    def test_usage_faults(self):
        for args in ([], ["plna"], ["render", "--nonsense"], ["render", "-f"], ["state"], ["help", "nonsense"],
                     ["completion", "tcsh"], ["explain", "http://["], ["init", "Bad Name"]):
            with self.subTest(args):
                result = self.expect(64, *args)
                self.assertEqual(result.out, "")
                self.assertRegex(result.err, r"^error\[A08\d\d\]: ")

    def test_nothing_to_read(self):
        self.assertIn("-f", self.expect(64, "render").err)

    def test_help(self):
        self.assertIn("validate", self.expect(0, "help").out)
        self.assertEqual(self.expect(0, "--help").out, self.expect(0, "help").out)
        self.assertEqual(self.expect(0, "render", "--help").out, self.expect(0, "help", "render").out)
        self.assertEqual(self.expect(0, "state", "mv", "--help").out, self.expect(0, "help", "state", "mv").out)
        self.assertIn("state mv", self.expect(0, "help", "state").out)
        self.assertIn("--strict", self.expect(0, "help", "validate").out)
        for line in self.expect(0, "help", "simulator").out.splitlines():
            self.assertLessEqual(len(line), 100, line)

    def test_version(self):
        text = self.expect(0, "version").out
        document = self.expect(0, "version", "--output", "json").json()
        self.assertTrue(text.startswith(f"adit {document['version']}\n"))
        self.assertIn("libcurl", document["libraries"])
        self.assertEqual(self.expect(0, "--version").out, text)

    def test_folder_option(self):
        self.write("there/adit.yaml", "apiVersion: adit.cnap.tech/v1\nkind: Project\nmetadata: {name: there}\n"
                                      "spec: {sources: [{path: in.yaml}]}\n")
        self.write("there/in.yaml", GATEWAY)
        document = self.expect(0, "-C", "there", "render").json()
        self.assertEqual(document["tunnels"][0]["name"], "there.edge.web")
        self.expect(1, "-C", "nowhere", "render")


class Streams(Case):
    def setUp(self):
        super().setUp()
        self.write("in/gateway.yaml", GATEWAY)

    def test_full_disk(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([ADIT, "render", "-f", "in"], stdout=full, stderr=subprocess.PIPE, cwd=self.folder,
                                  env=self.environment())
        self.assertEqual(done.returncode, 1)
        self.assertIn(os.strerror(errno.ENOSPC).encode(), done.stderr)

    def test_file_past_its_limit(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

        self.write("adit.yaml", "apiVersion: adit.cnap.tech/v1\nkind: Project\nmetadata: {name: shop}\n"
                                "spec: {sources: [{path: in}], accounts: [{name: main, url: 'dev:', devZones: [example.com]}]}\n")
        done = subprocess.run([ADIT, "plan"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.folder,
                              env=self.environment(), preexec_fn=limit)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn(b"error[A0", done.stderr)

    def test_reader_that_went_away(self):
        read, write = os.pipe()
        os.close(read)
        with os.fdopen(write, "wb") as gone:
            done = subprocess.run([ADIT, "render", "-f", "in"], stdout=gone, stderr=subprocess.PIPE, cwd=self.folder,
                                  env=self.environment())
        self.assertEqual(done.returncode, 1)
        self.assertNotIn(b"Broken pipe", done.stderr)

    def test_closed_descriptors(self):
        def close(number):
            return lambda: os.close(number)

        done = subprocess.run([ADIT, "render", "-f", "in"], stderr=subprocess.PIPE, cwd=self.folder,
                              env=self.environment(), preexec_fn=close(1))
        self.assertEqual(done.returncode, 1)
        done = subprocess.run([ADIT, "render", "-f", "in"], stdout=subprocess.PIPE, cwd=self.folder,
                              env=self.environment(), preexec_fn=close(2))
        self.assertEqual(done.returncode, 0)
        json.loads(done.stdout)
        done = subprocess.run([ADIT, "render", "-f", "-"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              cwd=self.folder, env=self.environment(), preexec_fn=close(0))
        self.assertEqual(done.returncode, 4)
        self.assertIn(b"<stdin>", done.stderr)

    def interrupted(self, times):
        """A command that waits for its standard input, and gets signals: its exit code and standard error."""
        process = subprocess.Popen([ADIT, "validate", "-f", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, cwd=self.folder, env=self.environment())
        for stream in (process.stdin, process.stdout, process.stderr):
            self.addCleanup(stream.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        # More than a pipe holds: when this is written, the command has begun to read, so its handlers stand.
        process.stdin.write(b"# a comment\n" * 20000)
        process.stdin.flush()
        seen = b""
        for _ in range(times):
            process.send_signal(signal.SIGINT)
            # The first may have ended it before the second came.
            while seen.count(b"nterrupt") < _ + 1 and (more := process.stderr.read1()):
                seen += more
        process.stdin.close()
        rest = process.stderr.read()
        return process.wait(60), seen + rest

    def test_interrupt(self):
        code, err = self.interrupted(1)
        self.assertEqual(code, 130)
        self.assertIn(b"Interrupt received. Gracefully shutting down...", err)
        code, err = self.interrupted(2)
        self.assertEqual(code, 130)

    def colored(self, *args, **env):
        """What the command prints to standard error on a terminal."""
        try:
            primary, secondary = pty.openpty()
        except OSError as missing:
            self.skipTest(f"no terminals on this machine: {missing}")
        self.addCleanup(os.close, primary)
        environment = self.environment(TERM="xterm", **env)
        done = subprocess.run([ADIT, *args], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=secondary,
                              cwd=self.folder, env=environment)
        self.assertEqual(done.returncode, 4)
        os.close(secondary)
        out = b""
        try:
            while chunk := os.read(primary, 4096):
                out += chunk
        except OSError:
            pass  # the other side is closed
        return out

    def test_color(self):
        self.write("in/bad.yaml", "a: *x\n")
        self.assertIn(b"\x1b[", self.colored("render", "-f", "in"))
        self.assertNotIn(b"\x1b[", self.colored("render", "-f", "in", "--no-color"))
        self.assertNotIn(b"\x1b[", self.colored("render", "-f", "in", NO_COLOR="1"))
        self.assertNotIn("\x1b[", self.run_adit("render", "-f", "in").err)


class Render(Case):
    def test_document(self):
        self.write("in.yaml", GATEWAY + "---\n" + route("shop"))
        document = self.expect(0, "render", "-f", "in.yaml").json()
        self.assertEqual(list(document), ["tunnels", "cnames", "refused", "unattached"])
        tunnel = document["tunnels"][0]
        self.assertEqual(tunnel["address"], "tunnel/edge/web")
        self.assertEqual(tunnel["name"], "default.edge.web")
        self.assertEqual(tunnel["config"]["ingress"][0], {
            "hostname": "shop.example.com", "path": "^/api(?:/|$)", "service": "http://shop.app.svc:8080"})
        self.assertEqual(tunnel["config"]["ingress"][-1], {"service": "http_status:404"})
        self.assertEqual(document["cnames"][0]["name"], "shop.example.com")
        self.assertEqual(document["cnames"][0]["tunnel"], "tunnel/edge/web")

    def test_same_bytes_in_any_order(self):
        documents = [GATEWAY, REFUSED_ROUTE, UNATTACHED_ROUTE] + [route(f"r{i}") for i in range(20)]
        outputs = set()
        for order in (documents, documents[::-1], documents[7:] + documents[:7]):
            args = []
            for text in order:
                number = documents.index(text)
                self.write(f"in/{number}.yaml", text)
                args += ["-f", f"in/{number}.yaml"]
            outputs.add(self.expect(0, "render", *args).out)
        self.assertEqual(len(outputs), 1)

    def test_text(self):
        self.write("in.yaml", GATEWAY + "---\n" + route("shop"))
        out = self.expect(0, "render", "-f", "in.yaml", "--output", "text").out
        self.assertIn("shop.example.com^/api(?:/|$) -> http://shop.app.svc:8080", out)
        self.assertIn("shop.example.com -> tunnel/edge/web", out)

    def test_refused_and_unattached(self):
        self.write("in.yaml", "---\n".join([GATEWAY, route("shop"), REFUSED_ROUTE, UNATTACHED_ROUTE]))
        document = self.expect(0, "render", "-f", "in.yaml").json()
        self.assertEqual(document["refused"][0]["object"], "HTTPRoute app/beta")
        self.assertEqual(document["refused"][0]["file"], "in.yaml")
        self.assertGreater(document["refused"][0]["line"], 1)
        self.assertEqual(document["unattached"][0]["object"], "HTTPRoute app/stray")
        self.expect(4, "render", "-f", "in.yaml", "--strict")
        self.expect(4, "validate", "-f", "in.yaml", "--strict")
        out = self.expect(0, "validate", "-f", "in.yaml").out
        self.assertIn("HTTPRoute app/beta", out)
        self.assertIn("HTTPRoute app/stray", out)

    @unittest.skipIf(is_sanitized(), "sanitizers are slow")
    def test_many_routes(self):
        count = 20000
        self.write("in/gateway.yaml", GATEWAY)
        self.write("in/routes.yaml", "---\n".join(route(f"r{i}") for i in range(count)))
        before = time.monotonic()
        out = self.expect(0, "render", "-f", "in").out
        elapsed = time.monotonic() - before
        self.assertEqual(out.count('"path":'), count)
        # A second on an idle machine; the test must hold on a busy one.
        self.assertLess(elapsed, 20)
        print(f"render of {count} routes: {elapsed:.2f} s", file=sys.stderr)


class Validate(Case):
    def test_counts(self):
        self.write("in.yaml", "---\n".join([
            GATEWAY, route("shop"), "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n"]))
        result = self.expect(0, "validate", "-f", "in.yaml")
        self.assertIn("Read 3 documents: 1 Gateway, 1 HTTPRoute.", result.out)
        self.assertIn("Skipped: 1 apps/Deployment.", result.out)
        self.assertIn("The manifests are valid", result.out)
        document = self.expect(0, "validate", "-f", "in.yaml", "--output", "json").json()
        self.assertTrue(document["valid"])
        self.assertEqual(document["error_count"], 0)
        self.assertEqual(document["objects"], {"Gateway": 1, "HTTPRoute": 1})
        self.assertEqual(document["skipped"], [{"group": "apps", "kind": "Deployment", "count": 1}])
        self.assertEqual(document["tunnel_count"], 1)
        self.assertEqual(document["cname_count"], 1)

    def test_diagnostic_text(self):
        self.write("in.yaml", GATEWAY.replace("gatewayClassName", "gatewayClasName"))
        result = self.expect(4, "validate", "-f", "in.yaml")
        lines = result.err.splitlines()
        self.assertRegex(lines[0], r"^in\.yaml:5:3: error\[A\d{4}\]: ")
        self.assertEqual(lines[1], "      5 |   gatewayClasName: cloudflare")
        self.assertEqual(lines[2], "        |   ^")
        self.assertRegex(lines[3], r"^  help: ")


class Explain(Case):
    def setUp(self):
        super().setUp()
        self.write("in.yaml", "---\n".join([GATEWAY, route("shop"), REFUSED_ROUTE, route("shop").replace(
            "name: shop, namespace", "name: wide, namespace").replace("value: /api", "value: /")]))

    def explain(self, url):
        return self.expect(0, "explain", url, "-f", "in.yaml", "--output", "json").json()

    def test_rule(self):
        document = self.explain("https://shop.example.com/api/v1?q=1")
        self.assertTrue(document["served"])
        self.assertEqual(document["cname"], "cname/shop.example.com")
        self.assertEqual(document["tunnel"], "tunnel/edge/web")
        self.assertEqual(document["rule"]["object"], "HTTPRoute app/shop")
        self.assertEqual(document["rule"]["file"], "in.yaml")
        self.assertEqual(document["next"]["object"], "HTTPRoute app/wide")
        text = self.expect(0, "explain", "https://shop.example.com/api/v1", "-f", "in.yaml").out
        self.assertIn("HTTPRoute app/shop, rule 1, match 1, in.yaml:", text)

    def test_url_forms(self):
        self.assertEqual(self.explain("shop.example.com/api")["rule"]["object"], "HTTPRoute app/shop")
        self.assertEqual(self.explain("HTTPS://SHOP.Example.COM:8443/api")["host"], "shop.example.com")
        self.assertEqual(self.explain("https://shop.example.com/ap%69")["rule"]["object"], "HTTPRoute app/shop")
        self.assertEqual(self.explain("https://shop.example.com/x/../api")["rule"]["object"], "HTTPRoute app/wide")
        self.assertEqual(self.explain("https://shop.example.com")["path"], "/")

    def test_not_served(self):
        document = self.explain("https://nothing.example.org/")
        self.assertFalse(document["served"])
        self.assertIsNone(document["cname"])
        self.assertIn("no CNAME", self.expect(0, "explain", "nothing.example.org", "-f", "in.yaml").out)

    def test_refused_claim(self):
        document = self.explain("https://beta.example.com/")
        self.assertFalse(document["served"])
        self.assertEqual(document["claims"][0]["object"], "HTTPRoute app/beta")
        self.assertIn("x-beta", document["claims"][0]["reason"])


class Init(Case):
    def test_init(self):
        out = self.expect(0, "init", "my-shop").out
        self.assertIn("adit.yaml", out)
        result = self.expect(0, "validate")
        self.assertEqual(result.err, "")
        self.assertEqual(self.expect(0, "render").json()["tunnels"][0]["name"], "my-shop.edge.web")

    def test_never_overwrites(self):
        for name in ("adit.yaml", "manifests/hello.yaml"):
            with self.subTest(name):
                self.write(f"{name[:4]}/{name}", "mine\n")
                cwd = self.folder / name[:4]
                result = self.expect(1, "init", "x", cwd=cwd)
                self.assertIn(name, result.err)
                self.assertEqual((cwd / name).read_text(), "mine\n")
                self.assertEqual(sum(len(files) for _, _, files in os.walk(cwd)), 1)

    def test_name_from_folder(self):
        folder = self.folder / "My Shop_2"
        folder.mkdir()
        self.expect(0, "init", cwd=folder)
        self.assertIn("name: my-shop-2\n", (folder / "adit.yaml").read_text())


class ProjectFile(Case):
    PROJECT = ("apiVersion: adit.cnap.tech/v1\nkind: Project\nmetadata: {name: %s}\n"
               "spec: {sources: [{path: in.yaml}]}\n")

    def name(self, *args, **kwargs):
        return self.expect(0, "render", *args, **kwargs).json()["tunnels"][0]["name"].split(".")[0]

    def test_found_upward(self):
        self.write("top/adit.yaml", self.PROJECT % "top")
        self.write("top/in.yaml", GATEWAY)
        self.write("top/a/b/x.yaml", GATEWAY)
        self.write("elsewhere/x", "")
        self.assertEqual(self.name(cwd=self.folder / "top/a/b"), "top")
        self.assertEqual(self.name("-f", "../top/a/b/x.yaml", cwd=self.folder / "elsewhere"), "top")
        self.assertEqual(self.name("-f", "-", stdin=GATEWAY.encode(), cwd=self.folder / "top/a"), "top")

    def test_stops_at_the_checkout(self):
        self.write("adit.yaml", self.PROJECT % "outside")
        self.write("checkout/.git/HEAD", "")
        self.write("checkout/in.yaml", GATEWAY)
        self.assertEqual(self.name("-f", "in.yaml", cwd=self.folder / "checkout"), "default")

    def test_config(self):
        self.write("one.yaml", self.PROJECT % "one")
        self.write("two.yaml", self.PROJECT % "two")
        self.write("in.yaml", GATEWAY)
        self.assertEqual(self.name("--config", "one.yaml"), "one")
        self.assertEqual(self.name("--config", "one.yaml", "--config", "two.yaml"), "two")
        self.expect(1, "render", "--config", "nowhere.yaml")

    def test_invalid(self):
        self.write("adit.yaml", self.PROJECT % "ok" + "  sorces: []\n")
        self.assertIn("adit.yaml:", self.expect(4, "render", "-f", "adit.yaml").err)
        self.write("adit.yaml", (self.PROJECT % "ok").replace(
            "spec: {", "spec: {accounts: [{name: a, url: 'http://evil.example.com/'}], "))
        self.write("in.yaml", GATEWAY)
        self.assertIn("url", self.expect(4, "render").err)

    def test_flags_for_one_account(self):
        self.write("in.yaml", GATEWAY)
        self.expect(64, "plan", "-f", "in.yaml", "--url", "ftp://user:password@example.com")
        self.write("adit.yaml", (self.PROJECT % "ok").replace("spec: {", "spec: {accounts: [{name: a, url: 'dev:'},"
                   " {name: b, url: 'dev:', gatewayClasses: [b]}], "))
        self.assertIn("--url", self.expect(64, "plan", env={"ADIT_URL": "cnap"}).err)

    def test_token_goes_to_its_origin_only(self):
        self.write("in.yaml", GATEWAY)
        self.write("adit.yaml", (self.PROJECT % "ok").replace(
            "spec: {", "spec: {accounts: [{name: a, url: 'https://evil.example.com/v4', accountId: "
            + "a" * 32 + ", tokenEnv: T}], "))
        result = self.expect(1, "plan", env={"T": "secret"})
        self.assertIn("A0812", result.err)
        self.assertIn("--allow-url https://evil.example.com", result.err)
        # Another origin that is allowed does not help; nor does one that only begins alike.
        for other in ("https://example.com", "https://evil.example", "https://evil.example.com:8443", "1"):
            self.assertIn("A0812", self.expect(1, "plan", "--allow-url", other, env={"T": "secret"}).err)
            self.assertIn("A0812", self.expect(1, "plan", env={"T": "secret", "ADIT_ALLOW_URL": other}).err)
        self.assertNotIn("A0812", self.run_adit("plan", "--allow-url", "https://evil.example.com/",
                                                env={"T": ""}).err)

    def test_dev_in_ci(self):
        self.write("in.yaml", GATEWAY)
        self.assertIn("A0830", self.expect(1, "plan", "-f", "in.yaml", env={"CI": "true"}).err)
        result = self.expect(0, "plan", "-f", "in.yaml", "--allow-dev", env={"CI": "true"})
        self.assertIn("dev: using the embedded simulator (.adit/dev.db); nothing reaches Cloudflare\n", result.err)
        self.assertEqual(result.err.count("dev: using"), 1)

    def test_shop(self):
        result = self.expect(0, "validate", cwd=SOURCE / "examples/shop")
        self.assertNotIn("warning[", result.err)
        document = self.expect(0, "render", cwd=SOURCE / "examples/shop").json()
        self.assertEqual([t["address"] for t in document["tunnels"]],
                         ["tunnel/bastion", "tunnel/edge/internal", "tunnel/edge/public"])
        self.assertEqual(document["refused"], [])
        self.assertEqual(document["unattached"], [])


class State(Case):
    def test_empty(self):
        self.assertEqual(self.expect(0, "state", "list").out, "")
        self.assertEqual(self.expect(0, "state", "list", "--output", "json").json(), [])
        self.assertFalse((self.folder / ".adit").exists())
        self.assertIn("nothing is recorded at cname/x", self.expect(1, "state", "show", "cname/x").err)
        self.expect(1, "state", "rm", "cname/x")
        self.expect(1, "state", "mv", "cname/x", "cname/y")

    def apply_shop(self):
        self.write("in.yaml", "---\n".join([GATEWAY, route("shop"), route("blog")]))
        self.expect(0, "apply", "-f", "in.yaml", "--auto-approve")

    def addresses(self, *args):
        return self.expect(0, "state", "list", *args).out.splitlines()

    def test_list_and_show(self):
        self.apply_shop()
        self.assertEqual(self.addresses("cname/*"), ["cname/blog.example.com", "cname/shop.example.com"])
        self.assertEqual(self.addresses("tunnel/edge/web"), ["tunnel/edge/web"])
        self.assertEqual([r["address"] for r in self.expect(0, "state", "list", "--output", "json").json()],
                         self.addresses())
        text = self.expect(0, "state", "show", "cname/shop.example.com").out
        self.assertIn('name           = "shop.example.com"\n', text)
        self.assertEqual(text.count("  id "), 1)
        document = self.expect(0, "state", "show", "tunnel/edge/web", "--output", "json").json()
        self.assertEqual(document["values"]["name"], "default.edge.web")
        self.assertIn("Did you mean cname/shop.example.com?",
                      self.expect(1, "state", "show", "cname/shpo.example.com").err)

    def test_rm(self):
        self.apply_shop()
        # All or nothing.
        self.expect(1, "state", "rm", "cname/shop.example.com", "cname/nowhere.example.com")
        self.assertIn("cname/shop.example.com", self.addresses())
        self.assertEqual(self.expect(0, "state", "rm", "cname/*").out,
                         "Removed cname/blog.example.com\nRemoved cname/shop.example.com\n")
        self.assertEqual(self.addresses("cname/*"), [])
        # A tunnel takes its rules along.
        self.expect(0, "state", "rm", "tunnel/edge/web")
        self.assertEqual(self.addresses(), [])
        # What bears the mark is found again.
        self.assertIn("No changes", self.expect(0, "apply", "-f", "in.yaml", "--auto-approve").out
                      + self.expect(0, "plan", "-f", "in.yaml").out)

    def test_mv(self):
        self.apply_shop()
        self.expect(0, "state", "mv", "tunnel/edge/web", "tunnel/edge/front")
        self.assertIn("tunnel/edge/front", self.addresses())
        self.assertFalse([a for a in self.addresses() if "edge/web" in a])
        self.assertIn("is recorded already", self.expect(
            1, "state", "mv", "cname/shop.example.com", "cname/blog.example.com").err)
        self.expect(64, "state", "mv", "cname/shop.example.com", "tunnel/edge/x")
        self.expect(1, "state", "mv", "cname/nowhere.example.com", "cname/x.example.com")

    def test_pull_and_push(self):
        self.apply_shop()
        before = self.expect(0, "state", "pull").out
        self.write("backup.json", before)
        self.expect(0, "state", "rm", "cname/*")
        self.assertIn("--force", self.expect(5, "state", "push", "backup.json").err)
        self.expect(0, "state", "push", "backup.json", "--force")
        self.assertEqual(len(self.addresses()), len(json.loads(before)["resources"]))
        self.assertIn("No changes", self.expect(0, "plan", "-f", "in.yaml").out)
        self.expect(0, "state", "push", "-", "--force", stdin=before.encode())

    def test_push_refuses_nonsense(self):
        self.write("bad.json", "{nonsense")
        self.assertIn("bad.json", self.expect(4, "state", "push", "bad.json").err)
        self.expect(1, "state", "push", "nowhere.json")


class Simulator(Case):
    ACCOUNT = "0123456789abcdef0123456789abcdef"

    def start(self, *args):
        process = subprocess.Popen(
            [ADIT, "simulator", "--account", self.ACCOUNT, "--zone", "example.com", "--token", "t", *args],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.folder, env=self.environment(), text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        line = process.stdout.readline()
        self.assertRegex(line, r"^listening on http://127\.0\.0\.1:\d+/client/v4\n$", process.stderr)
        return process, line.split()[-1]

    def test_serves_and_stops(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            process, url = self.start("--data", "sim.db")
            request = urllib.request.Request(f"{url}/zones", headers={"Authorization": "Bearer t"})
            with urllib.request.urlopen(request) as answer:
                self.assertEqual(json.load(answer)["result"][0]["name"], "example.com")
            process.send_signal(number)
            self.assertEqual(process.wait(30), 0)

    def test_output_lands_nowhere_else(self):
        """With standard output closed, the next file that is opened must not get its number, and the result."""
        _, url = self.start("--token", "token-0123456789")
        self.write("in.yaml", GATEWAY)
        done = subprocess.run([ADIT, "plan", "-f", "in.yaml", "--url", url, "--account-id", self.ACCOUNT,
                               "--token-env", "T", "--trace", "trace"], stderr=subprocess.PIPE, cwd=self.folder,
                              env=self.environment(T="token-0123456789"), preexec_fn=lambda: os.close(1))
        self.assertEqual(done.returncode, 1)
        trace = (self.folder / "trace").read_text()
        self.assertIn("/client/v4", trace)
        self.assertNotIn("Plan: ", trace)

    def test_bad_options(self):
        self.expect(64, "simulator", "--account", "short")
        self.expect(64, "simulator", "--listen", "0.0.0.0:0")
        self.expect(64, "simulator", "--listen", "nonsense")


class Completion(Case):
    def test_bash(self):
        script = self.write("adit.bash", self.expect(0, "completion", "bash").out)

        def complete(*words):
            line = " ".join(f"'{w}'" for w in words)
            code = (f"source {script}; COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; _adit; "
                    'printf "%s\\n" "${COMPREPLY[@]}"')
            return subprocess.run(["bash", "-c", code], capture_output=True, text=True, check=True).stdout.split()

        self.assertIn("validate", complete("adit", "va"))
        self.assertIn("rm", complete("adit", "state", ""))
        self.assertEqual(complete("adit", "render", "--stric"), ["--strict"])
        self.assertEqual(complete("adit", "-C", "x", "render", "--stric"), ["--strict"])
        self.assertEqual(complete("adit", "validate", "--output", "j"), ["json"])
        self.assertEqual(complete("adit", "completion", "f"), ["fish"])
        self.assertEqual(complete("adit", "render", "-f", ""), [])
        self.assertIn("--lock-timeout", complete("adit", "state", "rm", "--"))
        self.assertNotIn("--lock-timeout", complete("adit", "state", "list", "--"))

    def test_syntax(self):
        for shell, check in (("bash", ["bash", "-n"]), ("zsh", ["zsh", "-n"]), ("fish", ["fish", "--no-execute"])):
            script = self.write(f"adit.{shell}", self.expect(0, "completion", shell).out)
            try:
                subprocess.run([*check, script], check=True, capture_output=True)
            except FileNotFoundError:
                pass  # not every machine has every shell

    def test_names_every_option(self):
        text = self.expect(0, "help", "simulator").out
        for shell in ("bash", "zsh", "fish"):
            script = self.expect(0, "completion", shell).out
            for option in ("record-limit", "rate-limit", "allow-remote"):
                self.assertIn(option, text)
                self.assertIn(option, script)


if __name__ == "__main__":
    unittest.main()
