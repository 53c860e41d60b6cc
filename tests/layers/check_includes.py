#!/usr/bin/env python3
"""Fails on every include that cmake/layers.txt does not allow, as the compiler saw it in a build folder."""
import argparse
import os
import sys

import layers


def find_violations(rules, root, build):
    """Sorted violations, and the folders in which anything was checked."""
    violations, checked = set(), set()
    for files in layers.read_units(build):
        paths = [layers.from_root(root, build, name) for name in files]
        source = paths[0]
        if not source or not os.path.exists(os.path.join(root, source)) or source.startswith("tests" + os.sep):
            continue
        user = source.split("/")[0]
        if user not in rules:
            violations.add(f"{source}: {user}/ has no line in cmake/layers.txt")
            continue
        checked.add(user)
        violations.update(f"{source}: {user}/ may not include {header}"
                          for header in paths[1:] if header and not layers.may_use(rules, user, header))
    return sorted(violations), checked


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", required=True)
    parser.add_argument("--build", required=True)
    args = parser.parse_args()
    rules = layers.read_rules(os.path.join(args.source, "cmake", "layers.txt"))
    violations, checked = find_violations(rules, args.source, args.build)
    rooms = {name.split("/")[0] for name in layers.tracked(args.source, (".c", ".cc"))}
    for room in sorted(rooms & set(rules) - checked):
        violations.append(f"{room}/: nothing of it is built in {args.build}, so nothing was checked")
    print("\n".join(violations) or f"{len(checked)} folders keep to cmake/layers.txt")
    return 1 if violations or not checked else 0


if __name__ == "__main__":
    sys.exit(main())
