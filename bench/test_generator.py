"""bench/generate: the same options give the same bytes, no route is larger than promised, and adit takes them all."""

import os
import pathlib
import re
import subprocess
import tempfile
import unittest

ROUTE_BYTES = 450


class Generator(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="adit-bench-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def generate(self, name, *options):
        """The files of a world, by name."""
        out = self.folder / name
        subprocess.run([os.environ["BENCH_GENERATE"], "--out", out, "--routes", "600", "--gateways", "7", "--zones", "3",
                        *options], check=True, timeout=60)
        return {str(path.relative_to(out)): path.read_text() for path in out.rglob("*") if path.is_file()}

    @staticmethod
    def routes(files):
        texts = [text for name, text in files.items() if name.startswith("manifests/routes-")]
        return [route for text in texts for route in text.split("---\n") if route]

    def differing(self, one, other):
        return sum(a != b for a, b in zip(self.routes(one), self.routes(other), strict=True))

    def test_same_options_same_bytes(self):
        self.assertEqual(self.generate("a", "--changes", "2"), self.generate("b", "--changes", "2"))
        self.assertNotEqual(self.generate("c"), self.generate("d", "--seed", "2"))

    def test_files_hold_the_same_routes(self):
        one, many = self.generate("a"), self.generate("b", "--files", "60")
        self.assertEqual(len(many), len(one) + 59)
        self.assertEqual(self.routes(one), sorted(self.routes(many), key=lambda route: re.search("route-[0-9]+", route)[0]))

    def test_routes_are_small_and_plain(self):
        routes = self.routes(self.generate("a", "--wildcards", "30"))
        self.assertEqual(len(routes), 600)
        self.assertLessEqual(max(len(route) + len("---\n") for route in routes), ROUTE_BYTES)
        self.assertFalse([route for route in routes if "#" in route])

    def test_shares(self):
        base = self.generate("a", "--wildcards", "0", "--prefixes", "0")
        self.assertEqual([route for route in self.routes(base) if "*" in route or "/api" in route], [])
        wild = self.generate("b", "--wildcards", "20", "--prefixes", "0")
        self.assertTrue(80 <= sum('"*.' in route for route in self.routes(wild)) <= 160)
        self.assertTrue(20 <= self.differing(base, self.generate("c", "--wildcards", "0", "--prefixes", "0",
                                                                 "--changes", "6")) <= 60)

    def test_changes_in_one_file(self):
        base = self.generate("a", "--files", "60")
        self.assertEqual(self.differing(base, self.generate("b", "--files", "60", "--changes", "100",
                                                            "--changed-file", "7")), 10)

    def test_adit_accepts(self):
        self.generate("a", "--files", "5", "--changes", "10")
        done = subprocess.run([os.environ["ADIT_BINARY"], "validate"], cwd=self.folder / "a", capture_output=True, text=True,
                              timeout=60, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        self.assertIn("600 HTTPRoute", done.stdout)


if __name__ == "__main__":
    unittest.main()
