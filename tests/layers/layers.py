"""The table of who may use whom, and where the compiler says who does."""
import os
import re
import subprocess


def read_rules(path):
    """folder -> (folders, headers) that it may use, beside its own."""
    rules = {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            line = line.split("#")[0].strip()
            if not line:
                continue
            folder, _, allowed = line.partition(":")
            words = allowed.split()
            rules[folder] = ({word for word in words if "/" not in word}, {word for word in words if "/" in word})
    if not rules:
        raise SystemExit(f"{path}: no rules")
    return rules


def may_use(rules, user, header):
    """May a file of the folder `user` include `header`, a path from the root?"""
    folders, headers = rules[user]
    folder = header.split("/")[0]
    return folder == user or folder in folders or header in headers


def parse_ninja(text):
    """The files that each object was made of, from `ninja -t deps`."""
    files = []
    for line in text.splitlines():
        if line.startswith(" ") and line.strip():
            files.append(line.strip())
        elif files:
            yield files
            files = []
    if files:
        yield files


def parse_make(text):
    """The same from one .d file: "object: source header \\ ..."; blanks in names are escaped."""
    words = re.findall(r"(?:\\ |\\#|[^\s\\]|\\(?![\n\r]))+", text.replace("\\\n", " ").replace("\\\r\n", " "))
    words = [word.replace("\\ ", " ").replace("\\#", "#").replace("$$", "$") for word in words]
    files = [word for word in words[1:] if not word.endswith(":")]
    if files:
        yield files


def read_units(build):
    """What each translation unit of a build folder was made of; the source comes first."""
    if os.path.exists(os.path.join(build, "build.ninja")):
        yield from parse_ninja(subprocess.run(["ninja", "-C", build, "-t", "deps"], check=True, text=True,
                                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout)
        return
    for folder, _, names in os.walk(build):
        for name in sorted(names):
            if name.endswith(".d"):
                with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as dependencies:
                    yield from parse_make(dependencies.read())


def from_root(root, build, name):
    """The path of a file from the project's root; None when it is not of the project."""
    path = os.path.realpath(os.path.join(build, name))
    if path.startswith(os.path.realpath(build) + os.sep) or not path.startswith(os.path.realpath(root) + os.sep):
        return None
    return os.path.relpath(path, os.path.realpath(root))


def tracked(root, suffixes):
    """Files of the project, as git knows them; in an unpacked archive, all that are there."""
    result = subprocess.run(["git", "-C", root, "ls-files", "-z"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                            check=False)
    if result.returncode == 0:
        names = [name.decode() for name in result.stdout.split(b"\0") if name]
    else:
        names = [os.path.relpath(os.path.join(folder, name), root)
                 for folder, _, found in os.walk(root) for name in found]
        names = [name for name in names if not name.startswith(("build" + os.sep, "."))]
    return sorted(name for name in names
                  if name.endswith(suffixes) and os.path.exists(os.path.join(root, name)))
