"""README.md shows only what was run: its console blocks are run here, in order, in an empty folder."""

import os
import pathlib
import re
import subprocess
import tempfile
import unittest

ADIT = pathlib.Path(os.environ["ADIT_BINARY"])
README = pathlib.Path(__file__).resolve().parents[2] / "README.md"


class Readme(unittest.TestCase):
    def test_console_blocks(self):
        env = {k: v for k, v in os.environ.items() if not k.startswith(("ADIT_", "CNAP_")) and k != "CI"}
        env["PATH"] = f"{ADIT.parent}:{env['PATH']}"
        blocks = re.findall(r"^```console\n(.*?)^```$", README.read_text(), re.M | re.S)
        self.assertGreater(len(blocks), 5)
        with tempfile.TemporaryDirectory() as folder:
            env["HOME"] = folder
            for block in blocks:
                for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
                    command, _, expected = part.partition("\n")
                    done = subprocess.run(["bash", "-c", command], cwd=folder, env=env, capture_output=True, text=True)
                    self.assertEqual(done.stdout.rstrip("\n"), expected.rstrip("\n"), f"$ {command}\n{done.stderr}")


if __name__ == "__main__":
    unittest.main()
