"""Bad input of every sort: a diagnostic with its place, exit 4, within limits, and never the network."""

import os
import shutil
import subprocess
import unittest

from harness import ADIT, GATEWAY, Case, is_sanitized, peak_children_bytes, route

MEMORY_LIMIT = 1024 * 1024 * 1024

ALIAS_BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(20))

ONE_ANCHOR = "a: &a {x: y}\nb:\n" + "- *a\n" * 200

# name, bytes, what the message says
CASES = [
    ("not-yaml", "{this is: [not yaml\n", ""),
    ("tabs", "kind: Gateway\n\tmetadata: x\n", ""),
    ("cut-off", GATEWAY[: GATEWAY.index("listeners") + 20] + "[{", ""),
    ("cut-off-json", '{"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"na', ""),
    ("wrong-type", GATEWAY.replace("port: 443", "port: many"), "port"),
    ("wrong-type-list", GATEWAY.replace("gatewayClassName: cloudflare", "gatewayClassName: [cloudflare]"), ""),
    ("unknown-field", GATEWAY.replace("gatewayClassName", "gatewayClasName"), "gatewayClassName"),
    ("unknown-field-deep", route("a").replace("hostnames", "hostname"), "hostnames"),
    ("misspelt-kind", route("a").replace("HTTPRoute", "HTTPRout"), "HTTPRoute"),
    ("misspelt-native", "apiVersion: adit.cnap.tech/v1\nkind: Tunel\nmetadata: {name: a}\n", "Tunnel"),
    ("unknown-version", route("a").replace("k8s.io/v1", "k8s.io/v7"), "v7"),
    ("bad-hostname", route("a").replace("a.example.com", "-a-.example.com"), "-a-.example.com"),
    ("bad-enum", GATEWAY.replace("from: All", "from: Everyone"), "Everyone"),
    ("duplicate-key", GATEWAY + "kind: Gateway\n", "kind"),
    ("scalar-document", "just words\n", ""),
    ("list-document", "- a\n- b\n", ""),
    ("no-name", GATEWAY.replace("name: web, ", ""), "name"),
    ("same-object-twice", GATEWAY + "---\n" + GATEWAY, ""),
    ("deep-nesting", "a: " + "[" * 20000 + "]" * 20000 + "\n", ""),
    ("deep-nesting-open", "[" * 20000, ""),
    ("deep-mapping", "".join("  " * i + "a:\n" for i in range(300)), ""),
    ("deep-json", '{"a":' * 20000 + "1" + "}" * 20000, ""),
    ("alias-bomb", ALIAS_BOMB, ""),
    ("one-anchor-many-times", ONE_ANCHOR, ""),
    ("undefined-alias", "a: *nowhere\n", "nowhere"),
    ("alias-of-itself", "a: &a [*a]\n", ""),
    ("nul-byte", b"kind: Gate\0way\n", ""),
    ("invalid-utf8", b"kind: Gate\xff\xfeway\n", ""),
    ("overlong-utf8", b"kind: \xc0\xaf\n", ""),
    ("utf16", "kind: Gateway\n".encode("utf-16"), ""),
    ("terminal-escape", GATEWAY.replace("name: web", 'name: "w\\e]0;pwned\\aeb"'), ""),
    ("terminal-escape-field", GATEWAY.replace("gatewayClassName", '"gatewayClassName\\e[2J"'), ""),
    ("bidi-override", GATEWAY.replace("name: web", "name: \"we\u202eb\""), ""),
]


class BadInput(Case):
    def judge(self, result, mention=""):
        self.assertEqual(result.code, 4, result.err)
        self.assertRegex(result.err, r"error\[A\d{4}\]: ")
        self.assertIn(mention, result.err)
        for character in result.err:
            self.assertTrue(character == "\n" or (ord(character) >= 32 and not 0x7f <= ord(character) < 0xa0)
                            and character not in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",
                            repr(character))

    def test_cases(self):
        for name, content, mention in CASES:
            with self.subTest(name):
                self.write("in/bad.yaml", content)
                for command in ("validate", "render"):
                    result = self.run_adit(command, "-f", "in", env={"CNAP_API_TOKEN": "secret"})
                    self.judge(result, mention)
                    self.assertRegex(result.err, r"in/bad\.yaml(:\d+)?")
        if not is_sanitized():
            self.assertLess(peak_children_bytes(), MEMORY_LIMIT)

    def test_standard_input(self):
        for name, content, mention in CASES:
            with self.subTest(name):
                data = content if isinstance(content, bytes) else content.encode()
                result = self.run_adit("validate", "-f", "-", stdin=data)
                self.judge(result, mention)
                self.assertIn("<stdin>", result.err)

    def test_json_form(self):
        for name, content, _ in CASES:
            with self.subTest(name):
                self.write("bad.yaml", content)
                result = self.expect(4, "validate", "-f", "bad.yaml", "--output", "json")
                document = result.json()
                self.assertEqual(result.err, "")
                self.assertEqual(document["format_version"], "1.0")
                self.assertFalse(document["valid"])
                self.assertGreater(document["error_count"], 0)
                first = [d for d in document["diagnostics"] if d["severity"] == "error"][0]
                self.assertEqual(first["range"]["filename"], "bad.yaml")
                self.assertNotIn("\x1b", result.out)

    def test_huge_file(self):
        with open(self.folder / "huge.yaml", "wb") as file:
            file.truncate(1024 * 1024 * 1024)
        self.judge(self.run_adit("validate", "-f", "huge.yaml"), "huge.yaml")
        if not is_sanitized():
            self.assertLess(peak_children_bytes(), MEMORY_LIMIT)

    def test_fifo(self):
        os.mkfifo(self.folder / "pipe.yaml")
        self.judge(self.run_adit("validate", "-f", "pipe.yaml", timeout=20), "pipe.yaml")

    def test_folder_loop(self):
        self.write("in/gateway.yaml", GATEWAY)
        os.symlink(".", self.folder / "in" / "again")
        result = self.run_adit("validate", "-f", "in", timeout=60)
        self.assertIn(result.code, (0, 4))
        self.assertEqual(result.code, 4 if "error[" in result.err else 0)

    def test_link_to_itself(self):
        os.symlink("self.yaml", self.folder / "self.yaml")
        result = self.run_adit("validate", "-f", "self.yaml")
        self.assertEqual(result.code, 4)
        self.assertIn("self.yaml", result.err)

    def test_nothing_there(self):
        result = self.expect(4, "validate", "-f", "nowhere.yaml")
        self.assertIn("nowhere.yaml", result.err)

    def test_empty_input_is_refused(self):
        self.write("empty.yaml", "---\n")
        self.judge(self.run_adit("render", "-f", "empty.yaml"))

    @unittest.skipUnless(shutil.which("strace"), "strace is not installed")
    def test_never_the_network(self):
        for name, content, _ in CASES[:12] + [("good", GATEWAY, "")]:
            self.write("in/bad.yaml", content)
            for command in ("validate", "render"):
                trace = self.folder / "trace"
                done = subprocess.run(
                    ["strace", "-f", "-qq", "-e", "trace=network", "-o", trace, ADIT, command, "-f", "in"],
                    cwd=self.folder, env=self.environment(CNAP_API_TOKEN="secret"), capture_output=True, timeout=120)
                if b"ptrace" in done.stderr or b"PTRACE" in done.stderr:
                    self.skipTest("strace may not trace here")
                calls = [line for line in trace.read_text().splitlines() if "AF_UNIX" not in line and "+++" not in line]
                self.assertEqual(calls, [], (name, command))


if __name__ == "__main__":
    unittest.main()
