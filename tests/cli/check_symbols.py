"""No two rooms define the same function: the linker would take whichever comes first."""

import os
import pathlib
import subprocess
import unittest


class Symbols(unittest.TestCase):
    def test_one_definition(self):
        owners = {}
        for library in os.environ["ADIT_LIBRARIES"].split(","):
            out = subprocess.run(["nm", "-g", "--defined-only", library], check=True, capture_output=True, text=True).stdout
            for line in out.splitlines():
                fields = line.split()
                if len(fields) == 3 and fields[1] in "TDBR":
                    owners.setdefault(fields[2], []).append(pathlib.Path(library).name)
        self.assertGreater(len(owners), 100)
        self.assertEqual({name: rooms for name, rooms in owners.items() if len(rooms) > 1}, {})

    def test_one_allocator(self):
        """libcurl keeps the allocator of its first start: each start names ours, which wipes. The table of what adit calls has
        no other way to start it."""
        self.assertNotIn("X(global_init)", (pathlib.Path(__file__).parents[2] / "base" / "libcurl.h").read_text())
        for library in os.environ["ADIT_LIBRARIES"].split(","):
            out = subprocess.run(["nm", "-u", library], check=True, capture_output=True, text=True).stdout
            self.assertEqual([line for line in out.splitlines() if line.split()[-1:] and line.split()[-1].startswith("curl_")], [],
                             library)


if __name__ == "__main__":
    unittest.main()
