"""apt's history: each run of apt that changed packages, with the command line.

    Start-Date: 2026-11-22  10:00:00

Shape   paragraphs of `<Field>: <value>` from `Start-Date` to `End-Date`: Commandline, Requested-By, Comment, Error, and
        Install, Reinstall, Upgrade, Downgrade, Remove, Purge, each `<package> (<version>[, <version>|automatic])` by commas
Source  apt 2.6, apt-pkg/deb/dpkgpm.cc `OpenLog`, `WriteHistoryTag`, `CloseLog`
Time    local wall clock of the host, to the second, no zone; two spaces between day and hour
Who     `Requested-By` is taken from SUDO_UID, PKEXEC_UID or PACKAGEKIT_CALLER_UID, which a process that is root
        already can set as it likes: it is kept as text and attributes nothing. sudo's own log tells who asked
Open    the command line is cut at about 300 characters by apt. A paragraph that says one field twice is not read:
        a newline that was typed into an argument would do that
"""

import re

import pyarrow as pa

from forensics.core import lines as cutting
from forensics.core.model import IGNORED, REJECTED, SPAN, Parsed, Why
from forensics.core.schema import Column, Table

CHANGE = pa.struct([("action", pa.string()), ("package", pa.string()), ("versions", pa.string())])
TABLE = Table(
    "apt_history",
    "a run of apt that changed packages",
    (
        Column("wall", pa.string(), "local wall clock of its start, as written"),
        Column(
            "end_wall", pa.string(), "local wall clock of its end", None, "it did not end, or the file does"
        ),
        Column("command", pa.string(), "command line: typed by a user, cut by apt", None, "not recorded"),
        Column(
            "requested_by", pa.string(), "`<account> (<uid>)`, from the environment", None, "not recorded"
        ),
        Column("comment", pa.string(), "comment of a front end", None, "none"),
        Column("error", pa.string(), "dpkg's failure", None, "none"),
        Column("changes", pa.list_(CHANGE), "what was changed; versions as written between the brackets"),
        *SPAN,
    ),
)
CUT = "whole"
DOMAIN = "{host}:root"

_WALL = r"[0-9]{4}-[0-9]{2}-[0-9]{2}  ?[0-9]{2}:[0-9]{2}:[0-9]{2}"
_FIELD = re.compile(r"(?P<name>[A-Z][A-Za-z-]{1,30}): ?(?P<value>.*)", re.DOTALL)
_ACTIONS = ("Install", "Reinstall", "Upgrade", "Downgrade", "Remove", "Purge")
_CHANGE = re.compile(r"(?P<package>[^ ,()]+) \((?P<versions>[^()]*)\)(?:, |$)")
_LIST = re.compile(r"(?:[^ ,()]+ \([^()]*\), )*(?:[^ ,()]+ \([^()]*\))?")
_FIRST = re.compile(rb"\s*Start-Date: \d{4}-\d\d-\d\d  ?\d\d:\d\d:\d\d\r?(?:\n|$)")
_MOST_LINES = 64
_Line = tuple[int, int, str]


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of the first field of a run."""
    return 92 if _FIRST.match(head) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read one file, a paragraph at a time."""
    records: list[dict[str, object]] = []
    rejected: list[tuple[int, int, str]] = []
    ignored: list[tuple[int, int]] = []
    for lines in _paragraphs(data, base):
        start, stop = lines[0][0], lines[-1][1]
        if not lines[0][2]:
            ignored.append((start, stop))
            continue
        row = _row(lines)
        if isinstance(row, Why):
            rejected.append((start, stop, row.value))
        else:
            records.append(row | {"start": start, "stop": stop})
    columns = {name: [row.get(name) for row in records] for name in TABLE.names}
    bad = {name: [row[at] for row in rejected] for at, name in enumerate(REJECTED.names)}
    idle = {name: [row[at] for row in ignored] for at, name in enumerate(IGNORED.names)}
    return Parsed(TABLE.build(columns), REJECTED.build(bad), IGNORED.build(idle))


def _paragraphs(data: bytes, base: int) -> list[list[_Line]]:
    """Runs of lines: from one `Start-Date` to the line before the next, or a blank line, which is alone."""
    told = cutting.told(data, base)
    found: list[list[_Line]] = []
    for start, stop, text in zip(
        told.start.to_pylist(), told.stop.to_pylist(), told.text.to_pylist(), strict=True
    ):
        line = (start, stop, text)
        begins = not text or text.startswith("Start-Date:") or not found or not found[-1][0][2]
        if begins:
            found.append([line])
        else:
            found[-1].append(line)
    return found


def _row(lines: list[_Line]) -> dict[str, object] | Why:
    if len(lines) > _MOST_LINES or any(stop - start > cutting.LONGEST_LINE_BYTES for start, stop, _ in lines):
        return Why.TOO_LONG
    matches = [_FIELD.fullmatch(text) for _, _, text in lines]
    fields = {match["name"]: match["value"] for match in matches if match}
    if None in matches or "Start-Date" not in fields:
        return Why.SHAPE
    if len(fields) < len(matches):
        return Why.VALUE
    walls = [fields.get(name) for name in ("Start-Date", "End-Date")]
    if not all(wall is None or re.fullmatch(_WALL, wall) for wall in walls):
        return Why.TIME
    changes = _changes(fields)
    if isinstance(changes, Why):
        return changes
    named = {"command": "Commandline", "requested_by": "Requested-By", "comment": "Comment", "error": "Error"}
    said = {column: fields.get(name) or None for column, name in named.items()}
    return {"wall": walls[0], "end_wall": walls[1], **said, "changes": changes}


def _changes(fields: dict[str, str]) -> list[dict[str, str]] | Why:
    """The packages of every list; one that holds anything else is not read around."""
    changes: list[dict[str, str]] = []
    for action in _ACTIONS:
        told = fields.get(action, "")
        if not _LIST.fullmatch(told):
            return Why.VALUE
        changes += [{"action": action.lower(), **change.groupdict()} for change in _CHANGE.finditer(told)]
    return changes
