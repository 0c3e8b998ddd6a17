r"""Journal of a host as `journalctl -o export` prints it: the form that keeps every byte of every field.

    __REALTIME_TIMESTAMP=1795446697046885

Shape   entries, each of fields and then an empty line. A field is <name>=<value> and a newline; or, where the value
        holds bytes that are no text, <name>, a newline, the value's length in 8 bytes (little-endian), the value, a newline
Source  systemd, Journal Export Formats; systemd.journal-fields(7)
Time    `__REALTIME_TIMESTAMP`, when the journal received it; `_SOURCE_REALTIME_TIMESTAMP`, when it was sent. UTC, µs
Who     fields that begin with `_` are the journal's own, from the kernel (`_PID`, `_UID`, `_AUDIT_LOGINUID`,
        `_AUDIT_SESSION`, `_EXE`, `_HOSTNAME`); `MESSAGE`, `SYSLOG_IDENTIFIER`, `SYSLOG_PID`, `PRIORITY` and all others
        are the sender's word. `_COMM` and `_CMDLINE` are of a process that can change both. Of an audit line
        (`_TRANSPORT` audit) who acted is as in the trail: the kernel alone sends by that way. What Slurm's controller sent from its
        own unit names who asked it; what came by its standard error (`_TRANSPORT` stdout), a user can have typed
Open    whoever exported it can have changed it. It is read in one piece, for the bytes of a value can look like the end
        of an entry; where a length leads past the end, nothing after it is read. After any other damage reading
        goes on behind the next empty line, which can lie inside a value
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from forensics.core import journal, rowwise
from forensics.core.model import Parsed, Why
from forensics.core.schema import Table

TABLE = Table("journal_export", "an entry of the host's journal", journal.COLUMNS)
CUT = "whole"
DOMAIN = "{host}:root"

_NAME = rb"[A-Z0-9_]{1,64}"
_FIELD = re.compile(rb"(" + _NAME + rb")(=|\n)")
_FIRST = re.compile(rb"\n*(?:__CURSOR=s=|__REALTIME_TIMESTAMP=\d{1,19}\n)")
_KNOWN = re.compile(rb"^(?:__REALTIME_TIMESTAMP=\d{1,19}|_BOOT_ID=[0-9a-f]{32})$", re.MULTILINE)
_BLANK = re.compile(rb"\n+")
_LENGTH_BYTES = 8
_MOST_VALUES = 1024
_LONGEST_ENTRY_BYTES = 64 << 20


class _Entry(NamedTuple):
    """Where an entry ends, its empty line included, and its fields, or why it is none."""

    stop: int
    found: dict[str, list[str]] | Why


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content decides
    """Sure where it begins with an entry's address fields."""
    if _FIRST.match(head) is None:
        return 0
    return 96 if len(_KNOWN.findall(head[:8192])) > 1 else 60


def parse(data: bytes, base: int) -> Parsed:
    """Read a whole export."""
    return rowwise.whole(portions(data, base))


def portions(data: bytes, base: int) -> Iterator[Parsed]:
    """The same, some entries at a time."""
    yield from journal.portions(_together(_told(data, base)), TABLE)


def _together(told: Iterable[journal.Told]) -> Iterator[journal.Told]:
    """The same with neighbours that fail alike as one, so that a file of nothing else stays small."""
    bad: journal.Told | None = None
    for start, stop, said in told:
        if bad is not None and said is not bad[2]:
            yield bad
            bad = None
        if isinstance(said, Why):
            bad = (start if bad is None else bad[0], stop, said)
        else:
            yield start, stop, said
    if bad is not None:
        yield bad


def _told(data: bytes, base: int) -> Iterator[journal.Told]:
    """Each entry and each run of blank lines."""
    at = 0
    while at < len(data):
        if blank := _BLANK.match(data, at):
            yield base + at, base + blank.end(), None
            at = blank.end()
            continue
        entry = _entry(data, at)
        made = entry.found if isinstance(entry.found, Why) else _row(entry.found)
        yield base + at, base + entry.stop, made
        at = entry.stop


def _row(found: dict[str, list[str]]) -> dict[str, object] | Why:
    if "__REALTIME_TIMESTAMP" not in found:
        return Why.SHAPE
    made = journal.row(found)
    return Why.TIME if made["realtime_us"] is None else made


def _entry(data: bytes, start: int) -> _Entry:
    """The entry that begins at `start`."""
    found: dict[str, list[str]] = {}
    at = start
    while at < len(data) and data[at] != ord("\n"):
        head = _FIELD.match(data, at)
        if head is None:
            return _broken(data, at, start)
        name = head[1].decode("ascii")
        if head[2] == b"=":
            stop = data.find(b"\n", head.end())
            value, after = (data[head.end() : stop], stop + 1) if stop >= 0 else (b"", -1)
        else:
            value, after = _sized(data, head.end())
        if after < 0:
            return _Entry(len(data), Why.TRUNCATED)
        if after == 0:
            return _broken(data, at, start)
        values = found.setdefault(name, [])
        if (
            len(values) == _MOST_VALUES
            or len(found) > journal.MOST_FIELDS
            or after - start > _LONGEST_ENTRY_BYTES
        ):
            return _Entry(_behind(data, after), Why.TOO_LONG)
        values.append(journal.text(value))
        at = after
    return _Entry(min(at + 1, len(data)), found if at < len(data) else Why.TRUNCATED)


def _sized(data: bytes, at: int) -> tuple[bytes, int]:
    """A value that has its length before it, and the offset after its newline: -1 past the end, 0 for no newline."""
    begins = at + _LENGTH_BYTES
    stop = begins + int.from_bytes(data[at:begins], "little")
    if begins > len(data) or stop >= len(data):
        return b"", -1
    return (data[begins:stop], stop + 1) if data[stop] == ord("\n") else (b"", 0)


def _broken(data: bytes, at: int, start: int) -> _Entry:
    """An entry that stops making sense at `at`; it is given up to the next empty line."""
    return _Entry(_behind(data, max(at - 1, start)), Why.SHAPE)


def _behind(data: bytes, at: int) -> int:
    """The offset behind the next empty line."""
    end = data.find(b"\n\n", at)
    return len(data) if end < 0 else end + 2
