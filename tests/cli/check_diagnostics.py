"""docs/diagnostics.md lists every code that the sources use, and no other; a code belongs to one room."""

import pathlib
import re
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
ROOMS = ("base", "sources", "schema", "state", "providers", "planner", "report", "server", "cli")

# Who may use the codes of a range: base/diag.h. A file that is not there is told by whoever looks for it first.
RANGES = {
    "A00": {"base", "sources"}, "A01": {"schema"}, "A02": {"schema"}, "A03": {"schema"}, "A04": {"providers"},
    "A05": {"state"}, "A06": {"planner"}, "A07": {"planner", "cli"}, "A08": {"cli"}, "A09": {"server"},
}


def used():
    """code -> the files that use it."""
    codes = {}
    for room in ROOMS:
        for path in sorted((SOURCE / room).rglob("*.c")) + sorted((SOURCE / room).rglob("*.cc")):
            for code in re.findall(r'"(A\d{4})"', path.read_text()):
                codes.setdefault(code, set()).add(path.relative_to(SOURCE))
    return codes


def listed():
    """The rows of the document: (code, meaning, what to do)."""
    text = (SOURCE / "docs/diagnostics.md").read_text()
    return re.findall(r"^\| (A\d{4}) \| ((?:[^|\n]|\\\|)+) \| ((?:[^|\n]|\\\|)+) \|$", text, re.M)


class Diagnostics(unittest.TestCase):
    def test_complete(self):
        codes, document = used(), [row[0] for row in listed()]
        self.assertEqual(sorted(set(codes) - set(document)), [], "used, but not in docs/diagnostics.md")
        self.assertEqual(sorted(set(document) - set(codes)), [], "in docs/diagnostics.md, but not used")

    def test_listed_once_and_sorted(self):
        document = [row[0] for row in listed()]
        self.assertEqual(document, sorted(set(document)))

    def test_one_meaning(self):
        meanings = [row[1] for row in listed()]
        self.assertEqual(sorted({m for m in meanings if meanings.count(m) > 1}), [], "two codes with one meaning")
        for code, files in used().items():
            rooms = {path.parts[0] for path in files}
            self.assertLessEqual(rooms, RANGES.get(code[:3], set()), f"{code} is used outside of its range's rooms")


if __name__ == "__main__":
    unittest.main()
