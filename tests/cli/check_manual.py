"""The manual pages: section 1 is what the tables say, section 5 names every limit, all are clean roff."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
MAN = SOURCE / "man"


class Manual(unittest.TestCase):
    def test_section_1_is_up_to_date(self):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([os.environ["ADIT_MANUAL"], folder], check=True)
            made = {page.name: page.read_text() for page in pathlib.Path(folder).iterdir()}
        committed = {page.name: page.read_text() for page in MAN.glob("*.1")}
        self.assertEqual(sorted(made), sorted(committed), "run: ninja man")
        for name, text in made.items():
            self.assertEqual(text, committed[name], f"{name} is out of date; run: ninja man")

    @unittest.skipUnless(shutil.which("mandoc"), "mandoc is not installed")
    def test_clean(self):
        for page in sorted(MAN.iterdir()):
            with self.subTest(page.name):
                done = subprocess.run(["mandoc", "-T", "lint", "-W", "error", page], capture_output=True, text=True)
                self.assertEqual(done.stdout + done.stderr, "")
                self.assertEqual(done.returncode, 0)

    def test_every_limit_is_listed(self):
        """By number: the page has as many rows as there are limits, and each limit's value is in one."""
        text = (SOURCE / "base/limits.h").read_text()
        rows = re.findall(r'^\.It "(?:[^"]*)" Ta (\d+)$', (MAN / "adit.yaml.5").read_text(), re.M)
        values = []
        for expression in re.findall(r"^#define LIMIT_\w+ (.*?)\s*(?:/\*.*)?$", text, re.M):
            expression = re.sub(r"\(size_t\)", "", expression)
            expression = re.sub(r"(\d)(?:u|LL)\b", r"\1", expression)
            self.assertRegex(expression, r"^[\d\s()*<]+$")
            values.append(str(eval(expression)))  # digits and operators of our own header only
        self.assertEqual(sorted(values), sorted(rows))

    def test_every_project_key_is_described(self):
        """Those that are read are in adit.yaml(5), those that are refused as not read yet are not."""
        source = "".join(path.read_text() for path in sorted((SOURCE / "schema").glob("project*.c")))
        page = (MAN / "adit.yaml.5").read_text()
        described = set(re.findall(r"\bCm (?:metadata\.|spec\.)?(\w+)", page)) | {"apiVersion", "kind", "metadata", "spec"}
        read = set(re.findall(r'\{\.name = "(\w+)", \.read', source)) - {"token"}
        later = set(re.findall(r'\{\.name = "(\w+)"\}', source))
        self.assertGreater(len(read), 20)
        self.assertEqual(read - described, set())
        self.assertEqual(later & described, set())


if __name__ == "__main__":
    unittest.main()
