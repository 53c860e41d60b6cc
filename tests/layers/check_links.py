#!/usr/bin/env python3
"""Fails when a folder's library links the library of a folder that cmake/layers.txt does not let it use whole."""
import argparse
import os
import re
import sys

import layers


def linked(root, folder):
    """The folders whose libraries the library of `folder` names."""
    path = os.path.join(root, folder, "CMakeLists.txt")
    if not os.path.exists(path):
        return set()
    with open(path, encoding="utf-8") as lines:
        text = re.sub(r"#.*", "", lines.read())
    calls = re.findall(r"(?:adit_library\s*\(\s*|target_link_libraries\s*\(\s*adit_)" + folder + r"\b([^)]*)\)", text)
    return {name for call in calls for name in re.findall(r"\badit_([a-z]+)\b", call)} - {"flags"}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", required=True)
    args = parser.parse_args()
    rules = layers.read_rules(os.path.join(args.source, "cmake", "layers.txt"))
    graph = {folder: linked(args.source, folder) for folder in rules}
    violations = [f"{folder}/CMakeLists.txt: {folder} may not link adit_{other}"
                  for folder in sorted(rules) for other in sorted(graph[folder] - rules[folder][0] - {folder})]
    print("\n".join(violations) or f"{sum(map(len, graph.values()))} links keep to cmake/layers.txt")
    return 1 if violations or not any(graph.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
