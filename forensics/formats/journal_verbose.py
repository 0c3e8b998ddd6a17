r"""Journal of a host as `journalctl -o verbose` prints it: all fields of each entry, for people.

    Mon 2026-11-23 15:11:37.046885 UTC [s=0a1b…;i=9;b=6211…;m=895440;t=660f3029be1a5;x=9f3e]
        MESSAGE=Accepted publickey for mei from 10.0.0.11 port 51122 ssh2: ED25519 SHA256:…

Shape   a line with a stamp and the entry's cursor, then a line for each field, four blanks before its name; further lines of a value
        stand below its first, as far in, so that no value looks like a field. One that is not printed is `[12B blob data]`
Source  systemd 219 to 257: src/shared/logs-show.c; systemd.journal-fields(7), sd_journal_get_cursor(3)
Time    `t` of the cursor, when the journal received it; `_SOURCE_REALTIME_TIMESTAMP`, when it was sent. UTC, µs. The stamp says one of
        the two again, in the zone of whoever asked: an entry where it does not was edited, and is rejected
Who     as in `journal_json`: fields that begin with `_` are the journal's own, from the kernel; `MESSAGE`, `SYSLOG_IDENTIFIER` and all
        others are the sender's word
Open    whoever exported it can have changed it. A value that is not printed is as one that is not there; so is one that reads like that
        note. Newlines at the end of a value are lost. With `--no-full` long lines are shortened, and look like others
"""

import re
from collections.abc import Iterator, Sequence

from forensics.core import clock, journal, rowwise
from forensics.core.model import Parsed, Why
from forensics.core.rowwise import Line
from forensics.core.schema import Table

TABLE = Table("journal_verbose", "an entry of the host's journal", journal.COLUMNS)
CUT = "whole"
DOMAIN = "{host}:root"

_HEAD = re.compile(
    rb"(?:[A-Z][a-z]{2} )?(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2}) (?P<time>[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6})"
    rb" (?P<zone>[A-Za-z0-9+:-]{1,9}) \[s=[0-9a-f]{32};i=[0-9a-f]{1,16};b=(?P<boot>[0-9a-f]{32});m=(?P<since>[0-9a-f]{1,16})"
    rb";t=(?P<received>[0-9a-f]{1,16});x=[0-9a-f]{1,16}\]"
)
_FIELD = re.compile(rb"    (?P<name>[A-Z0-9_]{1,64})=(?P<value>.*)", re.DOTALL)
_NOTE = re.compile(rb"-- .* --")
_NOT_PRINTED = re.compile(rb"\[[0-9.]{1,8}[BKMGTPE] blob data\]")
_INDENT = 4
_SENT = "_SOURCE_REALTIME_TIMESTAMP"
_QUARTER_US, _FURTHEST_US = 900_000_000, 15 * 3_600_000_000
_MOST_VALUES, _LONGEST_ENTRY_BYTES = 1024, 64 << 20


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content decides
    """Sure where the first line that is no note of journalctl's own has a stamp and a cursor."""
    lines = (line.removesuffix(b"\r") for line in head.split(b"\n", 9))
    first = next((line for line in lines if line.strip() and not _NOTE.fullmatch(line)), b"")
    return 96 if _HEAD.fullmatch(first) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read the file: a record for each entry."""
    return rowwise.whole(portions(data, base))


def portions(data: bytes, base: int) -> Iterator[Parsed]:
    """The same, some entries at a time."""
    yield from journal.portions(_said(data, base), TABLE)


def _said(data: bytes, base: int) -> Iterator[journal.Told]:
    """Each entry, and each line that is of none: from where to where it goes, and what it says."""
    entry: _Entry | None = None
    for line in rowwise.each(data, base):
        if entry is not None and line.raw.startswith(b"    "):
            entry.add(line)
            continue
        if entry is not None:
            yield entry.start, entry.stop, entry.said(torn=False)
            entry = None
        if head := _HEAD.fullmatch(line.raw):
            entry = _Entry(line, head)
        else:
            idle = not line.raw.strip(b" \t") or _NOTE.fullmatch(line.raw)
            yield line.start, line.stop, None if idle else Why.SHAPE
    if entry is not None:
        yield entry.start, entry.stop, entry.said(torn=not data.endswith(b"\n"))


class _Entry:
    """An entry as its lines come; of one that cannot be read only where it ends is kept."""

    def __init__(self, first: Line, head: "re.Match[bytes]") -> None:
        """Take the line with the stamp."""
        self.start, self.stop, self._head = first.start, first.stop, head
        self._found: dict[str, list[bytearray]] = {}
        self._count, self._name = 0, ""
        self._why: Why | None = None

    def add(self, line: Line) -> None:
        """Take another line: a field, or more of its value, which stands as far in as its first."""
        self.stop = line.stop
        if self._why is not None or self.stop - self.start > _LONGEST_ENTRY_BYTES:
            self._found.clear()
            return
        field, deep = _FIELD.fullmatch(line.raw), _INDENT + len(self._name) + 1
        if field is not None:
            self._name = field["name"].decode("ascii")
            self._count += 1
            self._found.setdefault(self._name, []).append(bytearray(field["value"]))
            if self._count > journal.MOST_FIELDS:
                self._why = Why.TOO_LONG
        elif self._name and line.raw[:deep].strip(b" ") == b"" and len(line.raw) >= deep:
            self._found[self._name][-1] += b"\n" + line.raw[deep:]
        else:
            self._why = Why.SHAPE

    def said(self, *, torn: bool) -> dict[str, object] | Why:
        """What its lines say, or why they cannot be read."""
        if torn:
            return Why.TRUNCATED
        if self.stop - self.start > _LONGEST_ENTRY_BYTES:
            return Why.TOO_LONG
        if self._why is not None:
            return self._why
        if any(len(values) > _MOST_VALUES for values in self._found.values()):
            return Why.TOO_LONG
        fields = {
            name: [journal.text(bytes(value)) for value in values if _NOT_PRINTED.fullmatch(value) is None]
            for name, values in self._found.items()
        }
        received = int(self._head["received"], 16)
        if not _stamped(self._head, [str(received), *fields.get(_SENT, [])]):
            return Why.TIME
        fields["__REALTIME_TIMESTAMP"] = [str(received)]
        fields["__MONOTONIC_TIMESTAMP"] = [str(int(self._head["since"], 16))]
        fields.setdefault("_BOOT_ID", [self._head["boot"].decode("ascii")])
        made = journal.row(fields)
        return Why.TIME if made["realtime_us"] is None else made


def _stamped(head: "re.Match[bytes]", moments: Sequence[str]) -> bool:
    """Whether the stamp is one of the moments (µs since 1970, UTC), in some zone; zones are apart by quarters of an hour."""
    wall_ns = clock.instant(f"{head['day'].decode('ascii')}T{head['time'].decode('ascii')}+00:00")
    if wall_ns is None:
        return False
    furthest = 0 if head["zone"] in {b"UTC", b"GMT"} else _FURTHEST_US
    apart = [wall_ns // 1000 - int(at) for at in moments if at.isascii() and at.isdigit() and len(at) < 20]
    return any(abs(us) <= furthest and us % _QUARTER_US == 0 for us in apart)
