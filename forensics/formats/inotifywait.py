r"""What inotifywait saw happen to files: one line for each event of the kernel's inotify.

    2026-11-23T15:11:48+0100 /srv/proj/ MODIFY train.py

Shape   [<time> ]<folder watched> <EVENT>[,<EVENT>…][ <name in it>]; the time only where `--timefmt` was given
Source  inotify-tools 3.22, inotifywait(1), the default `%w %,e %f` and `%T %w %,e %f`; inotify(7)
Time    as `--timefmt` says: `%FT%T%z` is read with its offset, `%F %T` as the wall clock of the host, `%s` as seconds since 1970; none
        without it
Who     nobody: inotify names neither process nor account. Whoever ran it wrote the list
Open    a name that holds a newline begins a line that its maker chose. A name can also make a line read in two ways (`MODIFY`
        between blanks): then the line is kept and what
        it was done to is not said. What happened while the queue was full is lost (`Q_OVERFLOW`), as is all that is mapped
"""

import re

import pyarrow as pa

from forensics.core import rowwise
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.schema import Column, Table

TABLE = Table(
    "inotifywait",
    "an event of inotify",
    (
        Column("written", pa.string(), "time as written", None, "none written"),
        Column("watched", pa.string(), "folder or file that was watched", None, "the line reads in two ways"),
        Column("events", pa.list_(pa.string()), "what happened, in inotify's words"),
        Column("name", pa.string(), "file in that folder that it happened to", None, "to what was watched, or the line reads in two ways"),
        Column("text", pa.string(), "the line as written, without its time"),
        *SPAN,
    ),
)  # fmt: skip
CUT = "line"
DOMAIN = "{host}:user"

_WORD = r"(?:ACCESS|MODIFY|ATTRIB|CLOSE_WRITE|CLOSE_NOWRITE|CLOSE|OPEN|MOVED_TO|MOVED_FROM|MOVE_SELF|MOVE|CREATE|DELETE|DELETE_SELF|UNMOUNT|IGNORED|Q_OVERFLOW|ISDIR)"
_TIME = re.compile(
    r"(?P<written>[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:?[0-9]{2})?|[0-9]{9,10}) (?=\S)"
)
_EVENTS = re.compile(rf" (?P<events>{_WORD}(?:,{_WORD})*)(?= |$)")
_FIRST = re.compile(
    rf"(?:[0-9][0-9T:.+-]*(?: [0-9:.]+)? )?[./~][^\x00-\x1f]* {_WORD}(?:,{_WORD})*(?: [^\x00-\x1f]+)?\r?".encode()
)


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure where most of the first lines are a path and inotify's words."""
    first = [line for line in head[:8192].split(b"\n")[:20] if line.strip()]
    fits = sum(1 for line in first if _FIRST.fullmatch(line))
    return 88 if fits and 2 * fits >= len(first) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, one at a time."""
    return rowwise.by_line(data, base, TABLE, _row)


def _row(raw: bytes) -> dict[str, object] | Why | None:
    line = rowwise.shown(raw)
    if line.startswith(("Setting up watches", "Watches established")):
        return None
    time = _TIME.match(line)
    text = line[time.end() :] if time else line
    found = list(_EVENTS.finditer(text))
    if not found or not found[0].start():
        return Why.SHAPE
    row: dict[str, object] = {"written": time["written"] if time else None, "text": text}
    row["events"] = found[0]["events"].split(",")
    if len(found) > 1:
        return row
    name = text[found[0].end() + 1 :]
    return row | {"watched": text[: found[0].start()], "name": name or None}
