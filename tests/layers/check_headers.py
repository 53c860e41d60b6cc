#!/usr/bin/env python3
"""Fails on every header that does not compile alone, or cannot be included twice."""
import argparse
import concurrent.futures
import os
import subprocess
import sys

import layers


def compile_alone(compiler, root, folders, header):
    """What the compiler has against the header; "" when nothing."""
    result = subprocess.run([compiler, "-std=c17", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-fsyntax-only",
                             "-I", root, *[f"-I{folder}" for folder in folders], "-x", "c", "-"], input=f'#include "{header}"\n' * 2, text=True, check=False,
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return f"{header}:\n{result.stderr}" if result.returncode else ""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", required=True)
    parser.add_argument("--compiler", required=True)
    parser.add_argument("--folders", nargs="*", default=[], help="of libraries whose headers lie apart")
    args = parser.parse_args()
    headers = layers.tracked(args.source, (".h",))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        faults = [fault for fault in pool.map(lambda header: compile_alone(args.compiler, args.source, args.folders, header), headers)
                  if fault]
    print("\n".join(faults) or f"{len(headers)} headers compile alone")
    return 1 if faults or not headers else 0


if __name__ == "__main__":
    sys.exit(main())
