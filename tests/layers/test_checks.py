#!/usr/bin/env python3
"""The checks bite: each passes on a small good project and names what is planted in it."""
import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
COMPILER = "cc"

FILES = {
    "cmake/layers.txt": "# comment\nbase:\nstate: base\nplanner: base state/store.h\ncli: base planner # two\n",
    "base/a.h": "#ifndef A_H\n#define A_H\nstruct a { int x; };\n#endif\n",
    "state/store.h": '#ifndef STORE_H\n#define STORE_H\n#include "base/a.h"\n#endif\n',
    "state/inner.h": "#ifndef INNER_H\n#define INNER_H\nextern int inner;\n#endif\n",
    "planner/plan.h": '#ifndef PLAN_H\n#define PLAN_H\n#include "state/store.h"\n#endif\n',
    "base/a.c": '#include "base/a.h"\nint a;\n',
    "state/s.c": '#include "state/store.h"\n#include "state/inner.h"\nint s;\n',
    "planner/p.c": '#include <stddef.h>\n#include "planner/plan.h"\nint p;\n',
    "cli/c.c": '#include "base/a.h"\nint c;\n',
    "base/CMakeLists.txt": "adit_library(base SOURCES a.c)\n",
    "state/CMakeLists.txt": "adit_library(state SOURCES s.c\n  DEPENDS adit_base)\n",
    "planner/CMakeLists.txt": "adit_library(planner SOURCES p.c DEPENDS adit_base) # adit_cli\n",
    "cli/CMakeLists.txt": "adit_library(cli SOURCES c.c DEPENDS adit_planner adit_base)\n",
}

NINJA = """rule cc
  command = {compiler} -MD -MF $out.d -I{root} -c $in -o $out
  deps = gcc
  depfile = $out.d
"""


class Checks(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="adit-layers-")
        self.addCleanup(shutil.rmtree, self.root)
        for name, text in FILES.items():
            self.write(name, text)

    def write(self, name, text):
        path = os.path.join(self.root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)

    def sources(self):
        return sorted(os.path.relpath(os.path.join(folder, name), self.root)
                      for folder, _, names in os.walk(self.root) for name in names if name.endswith(".c"))

    def build_with_make(self, build):
        """As CMake's Makefiles do it: a .d file beside each object."""
        for source in self.sources():
            target = os.path.join(build, source + ".o")
            os.makedirs(os.path.dirname(target), exist_ok=True)
            subprocess.run([COMPILER, "-MD", "-MF", target + ".d", "-I" + self.root, "-c",
                            os.path.join(self.root, source), "-o", target], check=True)

    def build_with_ninja(self, build):
        os.makedirs(build)
        with open(os.path.join(build, "build.ninja"), "w", encoding="utf-8") as out:
            out.write(NINJA.format(compiler=COMPILER, root=self.root))
            for source in self.sources():
                out.write(f"build {source}.o: cc {self.root}/{source}\n")
        subprocess.run(["ninja", "-C", build], check=True, stdout=subprocess.DEVNULL)

    def run_check(self, script, *args):
        result = subprocess.run([sys.executable, "-B", os.path.join(HERE, script), "--source", self.root, *args],
                                stdout=subprocess.PIPE, text=True, check=False)
        return result.returncode, result.stdout

    def check_includes(self, number):
        """The verdict of both kinds of build; it must be the same."""
        verdicts = []
        for kind, make in (("make", self.build_with_make), ("ninja", self.build_with_ninja)):
            if kind == "ninja" and not shutil.which("ninja"):
                continue
            build = os.path.join(self.root, f"build/{kind} {number}" if kind == "make" else f"build/{kind}{number}")
            make(build)
            verdicts.append((kind, self.run_check("check_includes.py", "--build", build)))
        for kind, verdict in verdicts[1:]:
            self.assertEqual(verdicts[0][1], verdict, kind)
        return verdicts[0][1]

    def test_a_good_project_passes(self):
        code, output = self.check_includes(1)
        self.assertEqual((code, output), (0, "4 folders keep to cmake/layers.txt\n"))

    def test_planted_includes_are_named(self):
        plants = [
            ("base/a.c", "cli/x.h", "base/a.c: base/ may not include cli/x.h"),
            ("cli/c.c", "state/store.h", "cli/c.c: cli/ may not include state/store.h"),
            ("planner/p.c", "state/inner.h", "planner/p.c: planner/ may not include state/inner.h"),
        ]
        self.write("cli/x.h", "extern int x;\n")
        for number, (source, header, expected) in enumerate(plants):
            with self.subTest(header):
                self.write(source, f'#include "{header}"\n{FILES[source]}')
                code, output = self.check_includes(number)
                self.assertEqual((code, output), (1, expected + "\n"))
                self.write(source, FILES[source])

    def test_an_include_through_another_header_counts(self):
        self.write("base/a.h", '#ifndef A_H\n#define A_H\n#include "planner/deep.h"\n#endif\n')
        self.write("planner/deep.h", "extern int deep;\n")
        code, output = self.check_includes(1)
        self.assertEqual(code, 1)
        self.assertIn("base/a.c: base/ may not include planner/deep.h", output)
        self.assertIn("state/s.c: state/ may not include planner/deep.h", output)

    def test_a_folder_without_a_line(self):
        self.write("utils/u.c", "int u;\n")
        self.assertEqual(self.check_includes(1), (1, "utils/u.c: utils/ has no line in cmake/layers.txt\n"))

    def test_a_folder_that_is_not_built(self):
        build = os.path.join(self.root, "build/partly")
        self.build_with_make(build)
        os.unlink(os.path.join(build, "cli/c.c.o.d"))
        code, output = self.run_check("check_includes.py", "--build", build)
        self.assertEqual(code, 1)
        self.assertIn("cli/: nothing of it is built", output)

    def test_links(self):
        self.assertEqual(self.run_check("check_links.py"), (0, "4 links keep to cmake/layers.txt\n"))
        self.write("planner/CMakeLists.txt", "adit_library(planner SOURCES p.c\n  DEPENDS adit_base adit_state)\n")
        self.assertEqual(self.run_check("check_links.py"),
                         (1, "planner/CMakeLists.txt: planner may not link adit_state\n"))
        self.write("planner/CMakeLists.txt", "adit_library(planner SOURCES p.c)\n"
                                             "target_link_libraries(adit_planner PUBLIC adit_cli)\n")
        self.assertEqual(self.run_check("check_links.py"),
                         (1, "planner/CMakeLists.txt: planner may not link adit_cli\n"))

    def test_headers(self):
        self.assertEqual(self.run_check("check_headers.py", "--compiler", COMPILER),
                         (0, "4 headers compile alone\n"))
        for fault in ("#ifndef X_H\n#define X_H\nsize_t no_include;\n#endif\n", "struct twice { int x; };\n"):
            with self.subTest(fault):
                self.write("cli/x.h", fault)
                code, output = self.run_check("check_headers.py", "--compiler", COMPILER)
                self.assertEqual(code, 1)
                self.assertIn("cli/x.h:", output)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--compiler", default=COMPILER)
    known, rest = parser.parse_known_args()
    COMPILER = known.compiler
    unittest.main(argv=[sys.argv[0], *rest])
