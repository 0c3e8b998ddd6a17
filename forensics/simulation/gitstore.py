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
    """One project: the shared checkout on the login host, and the server's copy.

    `branches` are the server's beside main, each with its log; `away` are objects that the checkout does not have.
    """

    name: str = "llm"
    objects: dict[str, bytes] = field(default_factory=dict)
    head: str = _NOTHING
    pushed: str = _NOTHING
    server: set[str] = field(default_factory=set)
    reflog: list[str] = field(default_factory=list)
    server_reflog: list[str] = field(default_factory=list)
    gitolite: list[str] = field(default_factory=list)
    remote_log: list[str] = field(default_factory=list)
    branches: dict[str, tuple[str, list[str]]] = field(default_factory=dict)
    away: set[str] = field(default_factory=set)

    def _put(self, kind: str, body: bytes) -> str:
        raw = f"{kind} {len(body)}\0".encode() + body
        oid = hashlib.sha1(raw, usedforsecurity=False).hexdigest()
        self.objects[oid] = zlib.compress(raw, 1)
        return oid

    def commit(self, files: Mapping[str, bytes], who: str, ms: int, subject: str) -> Commit:
        """Commit files in the shared checkout under a name that whoever commits types."""
        made, stamp = self._commit(files, self.head, who, ms, subject)
        kind = "commit (initial)" if self.head == _NOTHING else "commit"
        self.reflog.append(f"{self.head} {made.oid} {stamp}\t{kind}: {subject}")
        self.head = made.oid
        return made

    def commit_away(self, files: Mapping[str, bytes], who: str, ms: int, subject: str) -> Commit:
        """Commit files in a clone of somebody's own, on top of what the server has."""
        made, _ = self._commit(files, self.pushed, who, ms, subject)
        self.away |= set(made.objects)
        return made

    def _commit(
        self, files: Mapping[str, bytes], onto: str, who: str, ms: int, subject: str
    ) -> tuple[Commit, str]:
        before = set(self.objects)
        rows = b""
        for name in sorted(files):
            mode = b"100755" if name.endswith(".sh") else b"100644"
            rows += mode + b" " + name.encode() + b"\0" + bytes.fromhex(self._put("blob", files[name]))
        tree = self._put("tree", rows)
        parent = "" if onto == _NOTHING else f"parent {onto}\n"
        stamp = f"{who} <{who}@lab.example> {ms // 1000} +0000"
        oid = self._put(
            "commit", f"tree {tree}\n{parent}author {stamp}\ncommitter {stamp}\n\n{subject}\n".encode()
        )
        return Commit(oid, tuple(sorted(set(self.objects) - before))), stamp

    def push(
        self, ms: int, user: str, tid: int, address: str, *, new: str | None = None, branch: str = "main"
    ) -> None:
        """The server takes the head, or another commit, from the user whose key opened the connection."""
        stamp, old = moments.dotted(ms), self._at(branch)
        new = new or self.head
        self.gitolite += [
            f"{stamp}\t{tid}\tssh\tARGV={user}\tSOC=git-receive-pack '{self.name}'\tFROM={address}",
            f"{stamp}\t{tid}\tpre_git\t{self.name}\t{user}\tW\tany\trefs/.*",
            f"{stamp}\t{tid}\t\tsystem,git,shell,-c,git-receive-pack '/home/git/repositories/{self.name}.git'",
            f"{stamp}\t{tid}\tupdate\t{self.name}\t{user}\tW\trefs/heads/{branch}\t{old}\t{new}\trefs/.*",
            f"{stamp}\t{tid}\tEND",
        ]
        self.server |= (
            set(self.objects) if new == self.head else set(self.objects) & (self.server | self.away)
        )
        self._move(ms, branch, new, "\tpush")

    def moved_by_hand(self, ms: int, branch: str, new: str) -> None:
        """A ref of the server is moved there, by `git update-ref`, which says nothing of why."""
        self._move(ms, branch, new, "")

    def _at(self, branch: str) -> str:
        return self.pushed if branch == "main" else self.branches.get(branch, (_NOTHING, []))[0]

    def _move(self, ms: int, branch: str, new: str, words: str) -> None:
        line = f"{self._at(branch)} {new} git <git@vm> {ms // 1000} +0000{words}"
        if branch == "main":
            self.server_reflog.append(line)
            self.pushed = new
        else:
            self.branches[branch] = (new, [*self.branches.get(branch, ("", []))[1], line])

    def pulled(self, ms: int, user: str, tid: int, address: str, who: str) -> None:
        """The shared checkout takes what the server's main has."""
        stamp = moments.dotted(ms)
        self.gitolite += [
            f"{stamp}\t{tid}\tssh\tARGV={user}\tSOC=git-upload-pack '{self.name}'\tFROM={address}",
            f"{stamp}\t{tid}\tpre_git\t{self.name}\t{user}\tR\tany\trefs/.*",
            f"{stamp}\t{tid}\t\tsystem,git,shell,-c,git-upload-pack '/home/git/repositories/{self.name}.git'",
            f"{stamp}\t{tid}\tEND",
        ]
        words = (
            f"{self.head} {self.pushed} {who} <{who}@lab.example> {ms // 1000} +0000\tpull -q origin main: "
        )
        self.remote_log.append(f"{words}fast-forward")
        self.reflog.append(f"{words}Fast-forward")
        self.head = self.pushed
        self.away.clear()

    def fetched(self, ms: int, user: str, tid: int, address: str) -> None:
        """A clone of somebody's own takes what the server's main has."""
        stamp = moments.dotted(ms)
        self.gitolite += [
            f"{stamp}\t{tid}\tssh\tARGV={user}\tSOC=git-upload-pack '{self.name}'\tFROM={address}",
            f"{stamp}\t{tid}\tpre_git\t{self.name}\t{user}\tR\tany\trefs/.*",
            f"{stamp}\t{tid}\t\tsystem,git,shell,-c,git-upload-pack '/home/git/repositories/{self.name}.git'",
            f"{stamp}\t{tid}\tEND",
        ]

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
        if self.remote_log:
            found["worktree/dot-git/logs/refs/remotes/origin/main"] = _lines(self.remote_log)
        for branch, (head, log) in self.branches.items():
            found[f"{self.name}.git/refs/heads/{branch}"] = f"{head}\n".encode()
            found[f"{self.name}.git/logs/refs/heads/{branch}"] = _lines(log)
        for oid, packed in self.objects.items():
            if oid not in self.away:
                found[f"worktree/dot-git/objects/{oid[:2]}/{oid[2:]}"] = packed
            if oid in self.server:
                found[f"{self.name}.git/objects/{oid[:2]}/{oid[2:]}"] = packed
        return found


def _lines(lines: list[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()
