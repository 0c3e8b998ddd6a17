"""The ledger: what was done to a case, by whom, when. Append-only, each line holding the hash of the one before.

    {"act":"seal","command":"forensics seal …","host":"desk7","n":2,"previous":"5c1f…","self":"09ab…",…}

`previous` is the SHA-256 of the line before, its newline included; of the first line, 64 zeros. `self`
is the SHA-256 of the line as it would be without `self`, so that the last line is covered too.
Lines cut off the end leave no trace in the ledger itself: a bundle's manifest, kept by a third party, shows them.
"""

import fcntl
import hashlib
import json
import os
import platform
import pwd
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from forensics.core import canonical
from forensics.core.errors import CaseError, CustodyError
from forensics.custody import plain

FIRST = "0" * 64
"""What the first line holds for the hash of the line before it."""
_TAIL_BYTES = 1 << 16

Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Hand:
    """Who acts on a case: an account of this machine, with a version of this program, by a command."""

    who: str
    host: str
    tool: str
    command: str


def hand(tool: str, command: str) -> Hand:
    """The hand of whoever runs this process, as the operating system names them."""
    uid = os.getuid()
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:  # a container's number without a name
        name = "?"
    return Hand(f"{name} ({uid})", platform.node(), tool, command)


def append(path: Path, hand: Hand, acts: Iterable[tuple[str, Mapping[str, object]]]) -> None:
    """Write what was done, one line for each act, and have it on the disk on return.

    Args:
        path: the ledger; made where it is absent.
        hand: who did it.
        acts: each a word for the act, and what it was done to or with.

    Raises:
        CustodyError: the last line is no ledger line.
    """
    plain.file(path)
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        torn, last = _mended(descriptor, path)
        found = ([("recover", torn)] if torn else []) + list(acts)
        n, previous = (0, FIRST) if last is None else (_read(last, path)["n"], _sha256(last))
        lines = []
        for act, what in found:
            n += 1
            lines.append(_line(n, previous, hand, act, what))
            previous = _sha256(lines[-1])
        _write(descriptor, b"".join(lines))
    finally:
        os.close(descriptor)


def check(path: Path, *acts: str) -> list[Entry]:
    """The entries of some acts, or all, after the whole chain was checked.

    A case of a million files has as many entries: what is not asked for is not held.

    Raises:
        CaseError: there is no ledger.
        CustodyError: the chain is broken; the first broken line is named.
    """
    return [entry for entry in told(path) if not acts or entry["act"] in acts]


def unbroken(path: Path) -> None:
    """See that the whole chain holds, and hold none of it.

    Raises:
        CaseError: there is no ledger.
        CustodyError: the chain is broken; the first broken line is named.
    """
    for _ in told(path):
        pass


def last(path: Path, act: str) -> Entry | None:
    """The last entry of an act, by no more of the file than lies behind it; the chain before it is not checked."""
    said = canonical.line({"act": act})[1:-1].encode()
    plain.file(path)
    with path.open("rb") as raw:
        end, tail = raw.seek(0, os.SEEK_END), b""
        while end:
            start = max(0, end - _TAIL_BYTES)
            raw.seek(start)
            first, newline, rest = (raw.read(end - start) + tail).partition(b"\n")
            # The first line may begin before what was read; it is taken up with what is read next.
            whole, tail, end = (rest, first + newline, start) if start else (first + newline + rest, b"", 0)
            for line in reversed(whole.splitlines(keepends=True)):
                if said in line and (entry := _parsed(line)) is not None and entry["act"] == act:
                    return entry
    return None


def told(path: Path) -> Iterator[Entry]:
    """Every entry in order, as far as the chain holds. Nothing may be made of them before all were told.

    Raises:
        CaseError: there is no ledger.
        CustodyError: the chain is broken; the first broken line is named.
    """
    plain.file(path)
    try:
        raw = path.open("rb")
    except (FileNotFoundError, NotADirectoryError) as error:
        raise CaseError(f"{path.parent}: no case; make one with `forensics init`") from error
    with raw:
        previous = FIRST
        for n, line in enumerate(raw, start=1):
            entry = _parsed(line)
            if entry is None or entry.get("n") != n or entry.get("previous") != previous:
                raise CustodyError(
                    f"{path}: line {n} does not follow from the lines before it; compare with a copy of the case"
                )
            yield entry
            previous = _sha256(line)


def _line(n: int, previous: str, hand: Hand, act: str, what: Mapping[str, object]) -> bytes:
    entry = {
        "n": n,
        "when": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "who": hand.who,
        "host": hand.host,
        "tool": hand.tool,
        "command": hand.command,
        "act": act,
        "what": dict(what),
        "previous": previous,
    }
    own = _sha256(canonical.line(entry).encode())
    return canonical.line({**entry, "self": own}).encode() + b"\n"


def _parsed(line: bytes) -> Entry | None:
    """The entry that a line holds, or None where it is not exactly as this program writes one."""
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(entry, dict) or canonical.line(entry).encode() + b"\n" != line:
        return None
    return entry if entry.get("self") == _sha256(_without_self(entry, line)) else None


def _without_self(entry: Entry, line: bytes) -> bytes:
    """The line as it would be without `self`.

    Every quote within a text is escaped, so where only one place reads like the member, that place is it.
    """
    member = canonical.line({"self": entry.get("self")})[1:-1].encode()
    head, found, tail = line[:-1].partition(b"," + member)
    if found and member not in tail and member not in head:
        return head + tail
    return canonical.line({name: value for name, value in entry.items() if name != "self"}).encode()


def _read(line: bytes, path: Path) -> Entry:
    entry = _parsed(line)
    if entry is None:
        raise CustodyError(f"{path}: the last line is damaged; compare with a copy of the case")
    return entry


def _mended(descriptor: int, path: Path) -> tuple[Mapping[str, object] | None, bytes | None]:
    """What was cut off where a crash tore the last line, and the last whole line.

    A torn line was never on the disk as a whole, so nothing rests on it; that it was cut is itself entered.
    """
    end, tail, start = os.fstat(descriptor).st_size, b"", 0
    while tail.count(b"\n") < 2:
        start = max(0, end - max(_TAIL_BYTES, 2 * len(tail)))
        tail = os.pread(descriptor, end - start, start)
        if start == 0:
            break
    whole, newline, torn = tail.rpartition(b"\n")
    last = whole.rpartition(b"\n")[2] + newline if newline else None
    if not torn:
        return None, last
    if last is None and start:
        raise CustodyError(f"{path}: no ledger; compare with a copy of the case")
    os.ftruncate(descriptor, end - len(torn))
    return {"bytes": len(torn), "sha256": _sha256(torn)}, last


def _write(descriptor: int, raw: bytes) -> None:
    view = memoryview(raw)
    while view:
        view = view[os.write(descriptor, view) :]
    os.fsync(descriptor)


def _sha256(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()
