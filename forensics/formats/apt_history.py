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
from collections.abc import Iterator

import pyarrow as pa

from forensics.core import rowwise
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.rowwise import Line, Said
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


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of the first field of a run."""
    return 92 if _FIRST.match(head) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read one file, a paragraph at a time."""
    return rowwise.whole(portions(data, base))


def portions(data: bytes, base: int) -> Iterator[Parsed]:
    """The same, some rows at a time."""
    yield from rowwise.portions(_said(data, base), TABLE)


def _said(data: bytes, base: int) -> Iterator[Said]:
    """Runs of lines, and what they say: from one `Start-Date` to the line before the next, or a blank line, which is alone."""
    held: list[Line] = []
    for line in rowwise.each(data, base):
        alone = not line.raw or rowwise.too_long([line])
        if held and (alone or line.raw.startswith(b"Start-Date:")):
            yield held, _row(held)
            held = []
        if alone:
            yield [line], Why.TOO_LONG if line.raw else None
        else:
            rowwise.grow(held, line)
    if held:
        yield held, _row(held)


def _row(lines: list[Line]) -> dict[str, object] | Why:
    if len(lines) > _MOST_LINES or rowwise.too_long(lines):
        return Why.TOO_LONG
    matches = [_FIELD.fullmatch(rowwise.shown(line.raw)) for line in lines]
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
