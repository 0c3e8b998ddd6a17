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
from collections.abc import Sequence
from itertools import chain

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
    rows = rowwise.Rows(TABLE)
    made: list[dict[str, object]] = []
    spans: list[tuple[int, int]] = []
    entry: list[Line] = []
    for line in chain(rowwise.each(data, base), (None,)):
        if line is not None and entry and line.raw.startswith(b"    "):
            entry.append(line)
            continue
        if entry:
            found = _row(entry, torn=line is None and not data.endswith(b"\n"))
            if isinstance(found, Why):
                rows.reject(entry, found)
            else:
                made.append(found)
                spans.append((entry[0].start, entry[-1].stop))
            entry = []
        if line is None:
            continue
        if _HEAD.fullmatch(line.raw):
            entry = [line]
        else:
            idle = not line.raw.strip(b" \t") or _NOTE.fullmatch(line.raw)
            rows.add([line], None if idle else Why.SHAPE)
    places = {"start": [start for start, _ in spans], "stop": [stop for _, stop in spans]}
    return rows.parsed()._replace(records=TABLE.build({**journal.columns(made), **places}))


def _row(entry: Sequence[Line], *, torn: bool) -> dict[str, object] | Why:
    """What an entry's lines say, or why they cannot be read."""
    head = _HEAD.fullmatch(entry[0].raw)
    if torn or head is None:
        return Why.TRUNCATED
    if entry[-1].stop - entry[0].start > _LONGEST_ENTRY_BYTES:
        return Why.TOO_LONG
    fields = _fields(entry[1:])
    if isinstance(fields, Why):
        return fields
    received = int(head["received"], 16)
    if not _stamped(head, [str(received), *fields.get(_SENT, [])]):
        return Why.TIME
    fields["__REALTIME_TIMESTAMP"] = [str(received)]
    fields["__MONOTONIC_TIMESTAMP"] = [str(int(head["since"], 16))]
    fields.setdefault("_BOOT_ID", [head["boot"].decode("ascii")])
    made = journal.row(fields)
    return Why.TIME if made["realtime_us"] is None else made


def _fields(lines: Sequence[Line]) -> dict[str, list[str]] | Why:
    """The values of each field; a line that goes on with one stands as far in as its first."""
    found: dict[str, list[list[bytes]]] = {}
    name, last = "", list[bytes]()
    for line in lines:
        field = _FIELD.fullmatch(line.raw)
        deep = _INDENT + len(name) + 1
        if field is not None:
            name, last = field["name"].decode("ascii"), [field["value"]]
            found.setdefault(name, []).append(last)
        elif name and line.raw[:deep].strip(b" ") == b"" and len(line.raw) >= deep:
            last.append(line.raw[deep:])
        else:
            return Why.SHAPE
    if any(len(values) > _MOST_VALUES for values in found.values()):
        return Why.TOO_LONG
    return {
        name: [journal.text(b"\n".join(value)) for value in values if _printed(value)]
        for name, values in found.items()
    }


def _printed(value: Sequence[bytes]) -> bool:
    return len(value) != 1 or _NOT_PRINTED.fullmatch(value[0]) is None


def _stamped(head: "re.Match[bytes]", moments: Sequence[str]) -> bool:
    """Whether the stamp is one of the moments (µs since 1970, UTC), in some zone; zones are apart by quarters of an hour."""
    wall_ns = clock.instant(f"{head['day'].decode('ascii')}T{head['time'].decode('ascii')}+00:00")
    if wall_ns is None:
        return False
    furthest = 0 if head["zone"] in {b"UTC", b"GMT"} else _FURTHEST_US
    apart = [wall_ns // 1000 - int(at) for at in moments if at.isascii() and at.isdigit() and len(at) < 20]
    return any(abs(us) <= furthest and us % _QUARTER_US == 0 for us in apart)
