"""Repositories that tests make with git itself, which is the oracle: never the program under test."""

import hashlib
import os
import struct
import subprocess
import zlib


class Repository:
    """A repository of our own."""

    def __init__(self, root, *how):
        self.root, self.now = root, 1_795_446_000
        root.mkdir(parents=True)
        self.git("init", "-q", "-b", "main", *how)

    def git(self, *words, name="mei", zone="+0130", given=None):
        self.now += 60
        who = {"NAME": name, "EMAIL": f"{name}@lab.example", "DATE": f"{self.now} {zone}"}
        asserted = {f"GIT_{role}_{k}": v for role in ("AUTHOR", "COMMITTER") for k, v in who.items()}
        home = {"PATH": os.environ["PATH"], "HOME": str(self.root), "GIT_CONFIG_NOSYSTEM": "1"}
        done = subprocess.run(
            ["git", "-C", str(self.root), *words], env=home | asserted, check=True, capture_output=True, input=given
        )  # fmt: skip
        return done.stdout

    def commit(self, message, name="mei", **files):
        for path, text in files.items():
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            (self.root / path).write_text(text)
        self.git("add", "-A", ".")
        self.git("commit", "-qm", message, name=name)

    def listed(self):
        out = self.git("cat-file", "--batch-all-objects", "--batch-check").decode()
        return sorted(tuple(line.split()) for line in out.splitlines())

    def loose(self):
        return sorted((self.root / ".git" / "objects").glob("??/*"))

    def packs(self):
        return sorted((self.root / ".git" / "objects" / "pack").glob("*.pack"))

    def packed(self):
        """The one pack of a repository that is repacked for it."""
        self.git("repack", "-adfq", "--depth=50", "--window=50")
        self.git("prune-packed")
        (pack,) = self.packs()
        return pack

    def changes(self):
        """What each commit changed, as git tells it: commit, then (modes, objects, path) in order of path."""
        words = ("log", "--all", "--raw", "-z", "--root", "--no-renames", "--no-abbrev", "--format=%x01%H")
        out = self.git(*words, "--diff-merges=first-parent").decode("utf-8", "backslashreplace")
        told = {}
        for one in out.split("\x01")[1:]:
            oid, _, rest = one.partition("\0")
            fields = [field.lstrip("\n") for field in rest.split("\0")]
            raw = [f for f in zip(fields[::2], fields[1::2], strict=False) if f[0].startswith(":")]
            told[oid.strip()] = sorted((path, *head[1:].split()[:4]) for head, path in raw)
        return told


def entry(kind, body, *, size=None, base=b""):
    left = len(body) if size is None else size
    head, left = [(kind << 4) | (left & 15)], left >> 4
    while left:
        head[-1] |= 0x80
        head.append(left & 0x7F)
        left >>= 7
    return bytes(head) + base + zlib.compress(body, 9)


def packed(count, *entries):
    body = struct.pack(">4sLL", b"PACK", 2, count) + b"".join(entries)
    return body + hashlib.sha1(body, usedforsecurity=False).digest()
