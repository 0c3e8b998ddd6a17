"""Sealing: evidence goes into the case under its SHA-256, read-only. The source is only ever read.

No link is followed, nothing but a regular file is opened, and what was opened is asked again what it
is, so that a name swapped for another at the last moment is noticed. A file is hashed while it is
copied, in one read: what was hashed is what was kept. It appears under its hash whole or not at all.
"""

import fcntl
import hashlib
import itertools
import os
import stat
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import BinaryIO, NamedTuple

from forensics.core.errors import CaseError, CustodyError
from forensics.custody import blocks, disk, ledger, outside
from forensics.custody.blocks import Blocks
from forensics.custody.walk import unreadable, walk

BLOCK_BYTES = 1 << 20
ENTERED_TOGETHER = 2048
"""So many files are entered at once. They lie in 256 folders, each of which is brought on the disk once for all of them."""
Waiting = dict[str, Path]
"""Small files that are in the case and have no name there yet, by hash: a disk takes many of them in hardly more time than one."""
_SEVERAL, _SHARE = 2, 4
_WORDS = ("sha256", "kind", "held")
_OF_MEMBERS = frozenset({"archive", "member_start"})


@dataclass(frozen=True, slots=True, order=True)
class Sealed:
    """One path under which something was collected: a row of `file`, before anybody read it.

    The hash of a link is that of its target's text; of a special file, that of nothing. What was a member of
    an archive names that: see `collected`.
    """

    path: str
    sha256: str
    bytes: int
    kind: str
    link: str | None
    held: str
    archive: str | None = None
    member_start: int | None = None


class Fresh(NamedTuple):
    """What the ledger has yet to say: rows, and the digests of the blocks of those files that are large, by hash."""

    rows: list[Sealed]
    digests: dict[str, list[str]]


_FIELDS = tuple(field.name for field in fields(Sealed))
_PLAIN_FIELDS = tuple(name for name in _FIELDS if name not in _OF_MEMBERS)


def entered(row: Sealed) -> dict[str, object]:
    """A row as the ledger keeps it: of what was no member of an archive, nothing is said of one."""
    names = _FIELDS if row.archive is not None else _PLAIN_FIELDS
    return {name: getattr(row, name) for name in names}


def ledger_of(case: Path) -> Path:
    """The ledger of a case."""
    return case / "ledger.jsonl"


def sealed_path(case: Path, sha256: str) -> Path:
    """Where a sealed file lies in the case, if it was copied."""
    return case / f"sealed/{sha256[:2]}/{sha256}"


@contextmanager
def locked(case: Path) -> Iterator[None]:
    """Keep every other run off the case until the block ends. A run that is killed lets go too.

    Raises:
        CaseError: another run is at work on it.
    """
    with (case / ".lock").open("wb") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CaseError(f"{case}: another run is at work on this case; wait until it ends") from error
        yield


def rows(
    case: Path, digests: dict[str, Blocks] | None = None, inputs: list[ledger.Entry] | None = None
) -> list[Sealed]:
    """Everything that was taken in, as the ledger tells it, in order of path, then hash.

    Args:
        case: the case folder.
        digests: takes those of the blocks of large files, by hash, which the ledger tells too.
        inputs: takes the entries of inputs, so that the chain need not be checked again for them.

    Raises:
        CaseError: there is no ledger.
        CustodyError: its chain is broken.
    """
    taken: dict[tuple[str, str, str, str | None], Sealed] = {}
    for entry in ledger.told(ledger_of(case)):
        if entry["act"] == "seal":
            # Of words that come a million times each is held once.
            row = Sealed(**entry["what"] | {name: sys.intern(entry["what"][name]) for name in _WORDS})
            taken[key(row)] = row  # the last word counts: a referenced file can be copied later
        elif entry["act"] == "blocks" and digests is not None:
            digests[entry["what"]["sha256"]] = blocks.told(entry["what"])
        elif entry["act"] == "input" and inputs is not None:
            inputs.append(entry)
    return _in_order(taken.values())


def _in_order(taken: Iterable[Sealed]) -> list[Sealed]:
    return sorted(taken, key=lambda row: (row.path, row.sha256, row.kind, row.link or ""))


def seal(case: Path, evidence: Sequence[Path], hand: ledger.Hand, *, reference: bool = False) -> list[Sealed]:
    """Take evidence in. What is there already, under the same path, is left as it is.

    Args:
        case: the case folder; its ledger exists.
        evidence: files and folders. A path as collected is the path below the folder, or a file's name.
        hand: who does it.
        reference: record the hash, and leave the file where it lies.

    Returns:
        Everything that the case holds now, in order of path, then hash.

    Raises:
        UsageError: nothing is there, or the case lies inside the evidence.
        CustodyError: something cannot be read, changed its kind, or no longer is what was sealed.
    """
    known = {key(row): row for row in rows(case)}
    paths = {row.path for row in known.values() if row.held == "copied"}
    fresh = Fresh([], {})
    places, waiting = {sha256: list(held) for sha256, held in outside.places(case).items()}, Waiting()
    sweep(case)
    try:
        for argument in evidence:
            for source, path in walk(argument, case):
                if reference:
                    row = _recorded(source, path, places, fresh)
                else:
                    row = _taken(case, source, path, waiting, fresh, again=path in paths)
                before = known.get(key(row))
                if before is None or (before.held, row.held) == ("referenced", "copied"):
                    known[key(row)] = row
                    fresh.rows.append(row)
                # All places are written anew each time, so of many files a share of them is waited for.
                if len(fresh.rows) >= max(ENTERED_TOGETHER, len(known) // _SHARE if reference else 0):
                    _settle(case, hand, fresh, places, waiting)
    finally:  # what has been sealed is a fact, whatever stopped the rest
        _settle(case, hand, fresh, places, waiting)
    # What is there was checked before, and what is fresh was written here: of a million files to read it again takes a while.
    return _in_order(known.values())


def locate(case: Path, sha256: str) -> Path:
    """Where the bytes of that hash lie: in the case, or where they were when they were recorded.

    Raises:
        CustodyError: neither is there.
    """
    inside = sealed_path(case, sha256)
    if inside.is_file() and not inside.is_symlink():
        return inside
    known = outside.places(case).get(sha256, ())
    for place in known:
        if (source := Path(place)).is_file():
            return source
    hint = f"put {known[0]} back" if known else "restore the case from a copy"
    raise CustodyError(f"{case}: the evidence {sha256} is gone; {hint}")


def opened(path: Path) -> BinaryIO:
    """A regular file for reading, unbuffered, its access time left alone where the system allows that.

    Raises:
        CustodyError: it cannot be read, or is no regular file.
    """
    # Non-blocking: a pipe put in the file's place must not hold us up.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        try:
            descriptor = os.open(path, flags | getattr(os, "O_NOATIME", 0))
        except PermissionError:  # only the owner may leave the access time alone
            descriptor = os.open(path, flags)
    except OSError as error:
        raise unreadable(path, error) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise CustodyError(f"{path}: no longer a regular file; something changes it while it is collected")
    return os.fdopen(descriptor, "rb", buffering=0)


def sha256_of(path: Path, fresh: Fresh | None = None) -> tuple[str, int]:
    """Hash and size of a regular file.

    Args:
        path: where it lies.
        fresh: takes the digests of its blocks, where it is large; they are of the same read.
    """
    digest, size, found = hashlib.sha256(), 0, list[str]()
    with opened(path) as read:
        pieces = iter(lambda: _block(read, path), b"")
        if fresh is not None:
            pieces = blocks.passing(pieces, found, os.fstat(read.fileno()).st_size)
        for block in pieces:
            digest.update(block)
            size += len(block)
    if fresh is not None and found:
        fresh.digests[digest.hexdigest()] = found
    return digest.hexdigest(), size


def key(row: Sealed) -> tuple[str, str, str, str | None]:
    """What makes two rows the same: equal content under one path is taken in once."""
    return row.path, row.sha256, row.kind, row.link


def _taken(case: Path, source: Path, path: str, waiting: Waiting, fresh: Fresh, *, again: bool) -> Sealed:  # fmt: skip
    """Take one thing into the case."""
    other = _no_file(source, path)
    if other is not None:
        return other
    sha256, size = _kept(case, source, waiting, fresh, again=again)
    return Sealed(path, sha256, size, "file", None, "copied")


def _recorded(source: Path, path: str, places: dict[str, list[str]], fresh: Fresh) -> Sealed:
    """Record the hash of one thing, and where it lies."""
    other = _no_file(source, path)
    if other is not None:
        return other
    sha256, size = sha256_of(source, fresh)
    places.setdefault(sha256, []).append(str(source.absolute()))
    return Sealed(path, sha256, size, "file", None, "referenced")


def _no_file(source: Path, path: str) -> Sealed | None:
    """The row of a link or a special file; None for a regular file."""
    mode = source.lstat().st_mode
    if stat.S_ISLNK(mode):
        target = os.fsencode(source.readlink())
        shown = target.decode("utf-8", "backslashreplace")
        return Sealed(path, hashlib.sha256(target).hexdigest(), 0, "symlink", shown, "copied")
    if not stat.S_ISREG(mode):
        return Sealed(path, hashlib.sha256().hexdigest(), 0, "special", None, "copied")
    return None


def _kept(case: Path, source: Path, waiting: Waiting, fresh: Fresh, *, again: bool) -> tuple[str, int]:
    """Copy a file into the case, hashing what is copied; the name it gets is that hash.

    Args:
        case: the case folder.
        source: the file.
        waiting: as for `keep`.
        fresh: takes the digests of the blocks of a large file.
        again: something of that path is there, so that looking before copying is worth it.
    """
    if again:
        sha256, size = sha256_of(source)
        if _holds(case, sha256):
            return sha256, size
    found = list[str]()
    with opened(source) as read:
        pieces = iter(lambda: _block(read, source), b"")
        sha256, size = keep(case, blocks.passing(pieces, found, os.fstat(read.fileno()).st_size), waiting)
    if found:
        fresh.digests[sha256] = found
    return sha256, size


def keep(case: Path, pieces: Iterable[bytes], waiting: Waiting | None = None) -> tuple[str, int]:
    """Put bytes into the case under their hash, read-only and on the disk; their hash and size.

    Args:
        case: the case folder.
        pieces: the bytes.
        waiting: where a small file is put that then lies on the disk only after `_settle`; None for at once.
    """
    pieces = iter(pieces)
    ahead = list(itertools.islice(pieces, 2))
    if len(ahead) < _SEVERAL:
        # All there is, in hand: of a hundred thousand small files most are equal to one that is there.
        whole = b"".join(ahead)
        sha256 = hashlib.sha256(whole).hexdigest()
        if (waiting is not None and sha256 in waiting) or _holds(case, sha256):
            return sha256, len(whole)
        if waiting is not None:
            incoming = case / f"sealed/.incoming-{os.getpid()}-{len(waiting)}"
            with incoming.open("xb", buffering=0) as written:
                disk.poured(whole, written)
                os.fchmod(written.fileno(), 0o444)
            waiting[sha256] = incoming
            return sha256, len(whole)
    incoming = case / "sealed" / f".incoming-{os.getpid()}"
    digest, size = hashlib.sha256(), 0
    with incoming.open("xb", buffering=0) as written:
        for block in itertools.chain(ahead, pieces):
            digest.update(block)
            size += len(block)
            disk.poured(block, written)
        os.fchmod(written.fileno(), 0o444)
        os.fsync(written.fileno())
    sha256 = digest.hexdigest()
    if _holds(case, sha256):
        incoming.unlink()
        return sha256, size
    kept = sealed_path(case, sha256)
    kept.parent.mkdir(exist_ok=True)
    incoming.rename(kept)
    disk.flush(kept.parent, folder=True)
    return sha256, size


def _settle(
    case: Path, hand: ledger.Hand, fresh: Fresh, places: dict[str, list[str]], waiting: Waiting
) -> None:
    """Bring on the disk what waits and name it, then enter what is fresh; of what the disk did not take nothing is said."""
    held = dict(waiting)
    waiting.clear()
    kept = {sha256: sealed_path(case, sha256) for sha256 in held}
    folders = [case / "sealed" / name for name in sorted({sha256[:2] for sha256 in held})]
    try:
        for incoming in held.values():
            disk.flush(incoming)
        for folder in folders:
            folder.mkdir(exist_ok=True)
        for sha256, incoming in held.items():
            incoming.rename(kept[sha256])
        for folder in folders:
            disk.flush(folder, folder=True)
    except OSError:
        # A disk that failed once can say that all is well when it is asked again.
        fresh.rows[:] = [row for row in fresh.rows if row.sha256 not in held]
        raise
    finally:
        _enter(case, hand, fresh, places)


def _holds(case: Path, sha256: str) -> bool:
    """Whether the case has a copy, which still is what was sealed."""
    kept = sealed_path(case, sha256)
    if not kept.exists():
        return False
    if sha256_of(kept)[0] != sha256:
        raise CustodyError(f"{kept}: changed since it was sealed; seal the evidence into a new case")
    return True


def _block(read: BinaryIO, source: Path) -> bytes:
    try:
        return read.read(BLOCK_BYTES) or b""
    except OSError as error:  # a bad sector, or a share that went away
        raise unreadable(source, error) from error


def _enter(case: Path, hand: ledger.Hand, fresh: Fresh, places: dict[str, list[str]]) -> None:
    """Say in the ledger what was taken in; where it lies is on the disk before that."""
    outside.put_down(case, places)
    acts: list[tuple[str, dict[str, object]]] = []
    for row in fresh.rows:
        acts.append(("seal", entered(row)))
        if row.sha256 in fresh.digests:
            found = fresh.digests.pop(row.sha256)
            acts.append(("blocks", blocks.entered(row.sha256, row.bytes, found)))
    if acts:
        ledger.append(ledger_of(case), hand, acts)
    fresh.rows.clear()
    fresh.digests.clear()


def sweep(case: Path) -> None:
    """Remove what a run that was killed left half copied."""
    (case / "sealed").mkdir(exist_ok=True)
    for left in (case / "sealed").glob(".incoming-*"):
        left.unlink()
