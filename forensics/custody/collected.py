"""Archives in which evidence was collected: each member is sealed as a file of its own, with a word on where it lay.

UAC, dissect acquire and Velociraptor hand over one tar or zip archive for each host. The archive is sealed as it came. Its
members are then sealed under their own hashes, as if they had been collected one by one, and for each the ledger says in
which archive it lay, under which path, and where. So a citation names a member's own bytes, and whoever
has the archive can take the member out with any program and compare its hash.

No member's name is ever used as a path of this machine; no link in it is followed. Its path as collected is the archive's,
then its own without what cannot be part of a path: `x.tar/../etc/passwd` is a name like any other, and says no host.

All that is not sealed is counted in the ledger's entry `unpack`, one for each archive, entered last.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from forensics.core.errors import CustodyError
from forensics.custody import hosts, ledger, seal, tarred, unpack, zipped
from forensics.custody.seal import Sealed
from forensics.custody.tarred import Kind, Member

HEAD_BYTES = 512
MOST_MEMBERS = 1 << 20
"""Further members of one archive are not read."""
_LONGEST_NAME_BYTES = 1 << 16


class Archive(NamedTuple):
    """A sealed file that is an archive: how it is compressed, and whether it is a `tar` or a `zip`."""

    row: Sealed
    packed: str | None
    form: str


def archives(case: Path, rows: list[Sealed]) -> Iterator[Archive]:
    """The sealed archives whose members are not sealed yet, each once.

    An archive that lies within a host's file system is that host's own, not what somebody collected in, and stays
    closed, as does one within an archive.
    """
    done: set[object] | None = None
    known = hosts.roots(row.path for row in rows)
    for row in rows:
        if row.kind != "file" or row.archive is not None or hosts.place(row.path, known) != (None, None):
            continue
        if done is None:  # the ledger is as long as there are files, and is read only where that is asked
            done = {entry["what"]["archive"] for entry in ledger.check(seal.ledger_of(case), "unpack")}
        if row.sha256 in done:
            continue
        try:
            found = _form(seal.locate(case, row.sha256))
        except CustodyError:  # not brought here, or gone, which is for those to say who read it
            continue
        if found is not None:
            done.add(row.sha256)
            yield Archive(row, *found)


def head(case: Path, archive: Archive, size: int) -> bytes:
    """The first bytes of what an archive is, decompressed."""
    path = seal.locate(case, archive.row.sha256)
    if archive.packed is not None:
        return unpack.stretch(path, archive.packed, 0, size)
    with seal.opened(path) as read:
        return read.read(size) or b""


def open_up(case: Path, archive: Archive, hand: ledger.Hand) -> Counter[str]:
    """Seal the members of an archive; what was counted.

    Raises:
        CustodyError: the archive cannot be read, or is no longer what was sealed.
    """
    row, counted = archive.row, Counter[str]()
    path = seal.locate(case, row.sha256)
    if seal.sha256_of(path)[0] != row.sha256:
        raise CustodyError(f"{path}: no longer what was sealed as {row.sha256}; restore it from a copy")
    seal.sweep(case)
    known = {seal.key(one) for one in seal.rows(case)}
    names: set[bytes] = set()
    fresh: list[Sealed] = []
    bound = _Bound(min(unpack.LARGEST_BYTES, max(unpack.FREE_BYTES, unpack.LARGEST_RATIO * row.bytes)))
    for member in _members(path, archive, counted):
        if sum(counted[kind] for kind in Kind) >= MOST_MEMBERS or len(member.name) > _LONGEST_NAME_BYTES:
            counted["past_bound"] += 1
            break
        found = _taken(case, row, member, bound)
        counted[member.kind] += 1
        counted["duplicate"] += member.name in names
        counted["outside"] += _leads_out(member.name)
        names.add(member.name)
        if found is not None and seal.key(found) not in known:
            known.add(seal.key(found))
            fresh.append(found)
        if bound.reached:
            counted["past_bound"] += 1
            break
        if len(fresh) >= seal.ENTERED_TOGETHER:
            _enter(case, hand, fresh)
    _enter(case, hand, fresh)
    told = {name: number for name, number in sorted(counted.items()) if number}
    entry = {"archive": row.sha256, "form": archive.form, "packing": archive.packed, "counted": told}
    ledger.append(seal.ledger_of(case), hand, [("unpack", entry)])
    return counted


class _Bound:
    """How many bytes the members of one archive may have together."""

    def __init__(self, left: int) -> None:
        self.left, self.reached = left, False

    def within(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        """Blocks, as far as they go together."""
        for block in blocks:
            if len(block) > self.left:
                self.reached = True
                yield block[: self.left]
                self.left = 0
                return
            self.left -= len(block)
            yield block


def _form(path: Path) -> tuple[str | None, str] | None:
    with seal.opened(path) as read:
        raw = read.read(HEAD_BYTES) or b""
    packed = unpack.packing(raw)
    if packed is not None:
        raw = unpack.stretch(path, packed, 0, HEAD_BYTES)
    if tarred.is_tar(raw):
        return packed, "tar"
    return (None, "zip") if packed is None and zipped.is_zip(raw) else None


def _members(path: Path, archive: Archive, counted: Counter[str]) -> Iterator[Member]:
    if archive.form == "zip":
        with seal.opened(path) as read:
            members = zipped.Zip(read, archive.row.bytes)
            yield from members.members()
            counted["damaged"] += not members.whole
    elif archive.packed is None:
        with seal.opened(path) as read:
            plain = tarred.Tar(lambda size: read.read(size) or b"")
            yield from plain.members()
            counted["damaged"] += not plain.whole
    else:
        with unpack.opened(path, archive.packed) as content:
            within = tarred.Tar(content.read)
            yield from within.members()
            counted["damaged"] += any(content.left()) or not within.whole


def _taken(case: Path, archive: Sealed, member: Member, bound: _Bound) -> Sealed | None:
    """The row of a member; None for a folder, or what cannot be read."""
    path = f"{archive.path}/{_path(member.name)}"
    if member.kind is Kind.FILE:
        sha256, size = seal.keep(case, bound.within(member.blocks))
        return Sealed(path, sha256, size, "file", None, "copied", archive.sha256, member.start)
    if member.link is not None:
        link = member.link.decode("utf-8", "backslashreplace")
        digest = hashlib.sha256(member.link).hexdigest()
        return Sealed(path, digest, 0, member.kind.value, link, "copied", archive.sha256)
    if member.kind in {Kind.SPECIAL, Kind.SPARSE, Kind.UNREAD}:
        return Sealed(path, hashlib.sha256().hexdigest(), 0, "special", None, "copied", archive.sha256)
    return None


def _path(name: bytes) -> str:
    r"""A member's name as a path below its archive: as it is written, but for what says nothing (`/` in front, `./`)."""
    parts = name.decode("utf-8", "backslashreplace").split("/")
    return "/".join(part for part in parts if part not in {"", "."}) or "."


def _leads_out(name: bytes) -> bool:
    return name.startswith(b"/") or b".." in name.split(b"/")


def _enter(case: Path, hand: ledger.Hand, fresh: list[Sealed]) -> None:
    if fresh:
        ledger.append(seal.ledger_of(case), hand, [("seal", seal.entered(row)) for row in fresh])
        fresh.clear()
