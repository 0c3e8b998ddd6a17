r"""Log that sudo keeps by itself in a file, apart from the host's: what was asked of it, folded to the width of a page.

    Nov 23 15:11:37 2026 : kai : HOST=login01 ; TTY=pts/3 ; PWD=/home/kai ;
        USER=root ; TSID=0000A1 ; COMMAND=/usr/bin/pkill -9 python

Shape   <month> <day> <time>[ <year>] : <account> : [<words of a refusal> ; ]<FIELD>=<value> ; …, where a line that begins with four
        blanks goes on with the one before it; with `log_exit_status` the same again when the command is over, and `; EXIT=<n>`
Source  sudoers(5) 1.9.13, `logfile`, `loglinelen`, `log_year`, `log_host`; sudo_logsrvd.conf(5); sudo lib/eventlog/eventlog.c; staged
Time    local wall clock of the host, to the second; with `log_year` dated, else without a year; no zone
Who     as of sudo in the host's log (`core/programs/rights.py`): the first name asked, USER is whose rights were used. Before 1.9.13p2 sudo
        wrote a command's control bytes as they came: whoever could ask it for anything could put whole entries here
Open    blanks where a line is folded are told as one. An entry whose last line lacks its newline is torn and rejected. sudo_logsrvd
        keeps one such file for many hosts, and HOST is then which; a `time_format` of its own is not read. The log in JSON is `sudo_json`
"""

import re
from collections.abc import Iterator

import pyarrow as pa

from forensics.core import messagetext, ownlogs, rowwise
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.rowwise import Line, Said
from forensics.core.schema import Column, Table

TABLE = Table(
    "sudo_log",
    "an entry of sudo's own log",
    (
        Column("wall", pa.string(), "local wall clock as written, without its year"),
        Column("year", pa.int64(), "year as written", None, "not written"),
        Column("message", pa.string(), "what follows, unfolded"),
        *messagetext.FIELDS,
        *SPAN,
    ),
)
CUT = "whole"
DOMAIN = "{host}:user"

_PLAIN = Table(TABLE.name, TABLE.meaning, (*TABLE.columns[:3], *SPAN))
_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_ENTRY = re.compile(
    rf"(?P<wall>{_MONTH} (?: [1-9]|[12][0-9]|3[01]) (?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-6][0-9])(?: (?P<year>[0-9]{{4}}))?"
    r" : (?P<message>[^ ]+ : .*)".encode(),
    re.DOTALL,
)
_FOLD = b"    "
_MOST_LINES = 10_000


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of an entry at the beginning: a stamp, and between colons an account alone, where the host's log names a host."""
    return 92 if _ENTRY.match(head.split(b"\n", 1)[0]) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read the whole file."""
    return rowwise.whole(portions(data, base))


def portions(data: bytes, base: int) -> Iterator[Parsed]:
    """The same, some rows at a time."""
    for found in rowwise.portions(_said(data, base), _PLAIN):
        message = found.records["message"].combine_chunks()
        told = ownlogs.fields("sudo", pa.nulls(len(message), pa.int64()), message)
        plain = {name: found.records[name] for name in _PLAIN.names}
        yield found._replace(records=TABLE.build(plain | told))


def _said(data: bytes, base: int) -> Iterator[Said]:
    """The lines of each entry, and what they say."""
    for group in _entries(data, base):
        torn = group[-1].stop == base + len(data) and not data.endswith(b"\n")
        yield group, Why.TOO_LONG if rowwise.too_long(group) else _row(group, torn=torn)


def _entries(data: bytes, base: int) -> Iterator[list[Line]]:
    """The lines of each entry: one, and those folded below it. Blank lines stand alone."""
    group: list[Line] = []
    for line in rowwise.each(data, base):
        goes_on = line.raw.startswith(_FOLD) and bool(line.raw.strip())
        if group and not (goes_on and len(group) < _MOST_LINES and group[0].raw.strip()):
            yield group
            group = []
        group.append(line)
    if group:
        yield group


def _row(group: list[Line], *, torn: bool) -> dict[str, object] | Why | None:
    if not group[0].raw.strip():
        return None
    whole = b" ".join([group[0].raw.rstrip(b" "), *(line.raw.strip(b" ") for line in group[1:])])
    found = _ENTRY.fullmatch(whole)
    if found is None:
        return Why.TRUNCATED if torn else Why.SHAPE
    if torn:
        return Why.TRUNCATED
    return {
        "wall": rowwise.shown(found["wall"]),
        "year": int(found["year"]) if found["year"] else None,
        "message": rowwise.shown(found["message"]),
    }
