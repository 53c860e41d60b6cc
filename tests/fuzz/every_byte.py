#!/usr/bin/env python3
"""every_byte.py TARGET [STEP]: one bit of every STEPth byte (3) of a small state file is flipped, each flip alone;
fuzz_state_db judges."""
import pathlib
import struct
import subprocess
import sys
import tempfile

SIZE = 96 * 1024  # no smaller than the file that the target makes; places go around

with tempfile.TemporaryDirectory(prefix="adit-flips-") as folder:
    for place in range(0, SIZE, int(sys.argv[2]) if len(sys.argv) > 2 else 3):
        (pathlib.Path(folder) / f"{place:06}").write_bytes(struct.pack("<IB", place, 1 << (place % 8)))
    done = subprocess.run([sys.argv[1], folder], capture_output=True, text=True)
    print(done.stdout[-300:], done.stderr[-1000:])
    sys.exit(done.returncode)
