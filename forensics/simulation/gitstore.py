"""A git repository and its server: loose objects, refs, reflogs and gitolite's log, written by hand."""

import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from forensics.simulation import moments

_NOTHING = "0" * 40
_CONFIG = (
    b"[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n\tlogallrefupdates = true\n"
    b'\tsharedRepository = group\n[remote "origin"]\n\turl = gitserver:llm\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n'
)
_BARE = (
    b"[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n\tlogAllRefUpdates = true\n"
)


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit, and the ids of the objects that came with it."""

    oid: str
    objects: tuple[str, ...]


@dataclass(slots=True)
class Repository:
    """One project: the shared checkout on the login host, and the server's copy."""

    name: str = "llm"
    objects: dict[str, bytes] = field(default_factory=dict)
    head: str = _NOTHING
    pushed: str = _NOTHING
    server: set[str] = field(default_factory=set)
    reflog: list[str] = field(default_factory=list)
    server_reflog: list[str] = field(default_factory=list)
    gitolite: list[str] = field(default_factory=list)

    def _put(self, kind: str, body: bytes) -> str:
        raw = f"{kind} {len(body)}\0".encode() + body
        oid = hashlib.sha1(raw, usedforsecurity=False).hexdigest()
        self.objects[oid] = zlib.compress(raw, 1)
        return oid

    def commit(self, files: Mapping[str, bytes], who: str, ms: int, subject: str) -> Commit:
        """Commit files under a name that whoever commits types."""
        before = set(self.objects)
        rows = b""
        for name in sorted(files):
            mode = b"100755" if name.endswith(".sh") else b"100644"
            rows += mode + b" " + name.encode() + b"\0" + bytes.fromhex(self._put("blob", files[name]))
        tree = self._put("tree", rows)
        parent = "" if self.head == _NOTHING else f"parent {self.head}\n"
        stamp = f"{who} <{who}@lab.example> {ms // 1000} +0000"
        oid = self._put(
            "commit", f"tree {tree}\n{parent}author {stamp}\ncommitter {stamp}\n\n{subject}\n".encode()
        )
        kind = "commit (initial)" if self.head == _NOTHING else "commit"
        self.reflog.append(f"{self.head} {oid} {stamp}\t{kind}: {subject}")
        self.head = oid
        return Commit(oid, tuple(sorted(set(self.objects) - before)))

    def push(self, ms: int, user: str, tid: int, address: str) -> None:
        """The server takes the head, from the user whose key opened the connection."""
        stamp = moments.dotted(ms)
        old, new = self.pushed, self.head
        self.gitolite += [
            f"{stamp}\t{tid}\tssh\tARGV={user}\tSOC=git-receive-pack '{self.name}'\tFROM={address}",
            f"{stamp}\t{tid}\tpre_git\t{self.name}\t{user}\tW\tany\trefs/.*",
            f"{stamp}\t{tid}\t\tsystem,git,shell,-c,git-receive-pack '/home/git/repositories/{self.name}.git'",
            f"{stamp}\t{tid}\tupdate\t{self.name}\t{user}\tW\trefs/heads/main\t{old}\t{new}\trefs/.*",
            f"{stamp}\t{tid}\tEND",
        ]
        self.server_reflog.append(f"{old} {new} git <git@vm> {ms // 1000} +0000\tpush")
        self.pushed = new
        self.server |= set(self.objects)

    def files(self) -> dict[str, bytes]:
        """What is collected of it, by path below `git/`."""
        found = {
            "worktree/dot-git/HEAD": b"ref: refs/heads/main\n",
            "worktree/dot-git/config": _CONFIG,
            "worktree/dot-git/logs/HEAD": _lines(self.reflog),
            "worktree/dot-git/logs/refs/heads/main": _lines(self.reflog),
            "worktree/dot-git/refs/heads/main": f"{self.head}\n".encode(),
            f"{self.name}.git/HEAD": b"ref: refs/heads/main\n",
            f"{self.name}.git/config": _BARE,
            f"{self.name}.git/logs/refs/heads/main": _lines(self.server_reflog),
            f"{self.name}.git/refs/heads/main": f"{self.pushed}\n".encode(),
        }
        for oid, packed in self.objects.items():
            found[f"worktree/dot-git/objects/{oid[:2]}/{oid[2:]}"] = packed
            if oid in self.server:
                found[f"{self.name}.git/objects/{oid[:2]}/{oid[2:]}"] = packed
        return found


def _lines(lines: list[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()
