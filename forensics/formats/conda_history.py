"""History of a conda environment: each change of it, with the command that asked for it.

    ==> 2026-11-22 10:00:00 <==

Shape   a heading with a time; then `# cmd: <command line>`, `# conda version: …`, `# <update|remove|neutered> specs: …`,
        `+<channel>::<package>-<version>-<build>`, `-<package>…`, until the next heading
Source  conda 24, conda/history.py `History.update`, `write_changes`
Time    local wall clock of the host, to the second, no zone; the lines of a change have that of its heading
Who     whoever may write the environment can write any line here. No account is named; the command was typed
Open    an argument that holds a newline begins a line of its own: a heading can be typed so
"""

import re
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import lines, rowwise
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.schema import Column, Table

TABLE = Table(
    "conda_history",
    "a line of an environment's history",
    (
        Column("wall", pa.string(), "local wall clock of the heading above, or of this one", None, "no heading stands above"),
        Column("kind", pa.string(), "heading, command, version, specs, added or removed"),
        Column("said", pa.string(), "the command, version, specs or package, as written", None, "a heading"),
        *SPAN,
    ),
)  # fmt: skip
CUT = "whole"
DOMAIN = "{host}:files"

_HEADING = r"^==> (?P<wall>[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}) <==$"
_KINDS = (
    ("command", r"^# cmd: (?P<said>.*)$"),
    ("version", r"^# conda version: (?P<said>.*)$"),
    ("specs", r"^# (?P<said>[a-z]+ specs: .*)$"),
    ("added", r"^\+(?P<said>[^ ]+)$"),
    ("removed", r"^-(?P<said>[^ ]+)$"),
)
_FIRST = re.compile(rb"==> \d{4}-\d\d-\d\d \d\d:\d\d:\d\d <==\r?(?:\n|$)")


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of the heading, which every history begins with."""
    return 92 if _FIRST.match(head.lstrip(b"\r\n")) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read the lines of one file."""
    return rowwise.whole(portions(data, base))


def portions(data: bytes, base: int) -> Iterator[Parsed]:
    """The same, some lines at a time."""
    return rowwise.by_runs(data, base, TABLE, _run, None)


def _run(data: bytes, base: int, above: str | None) -> tuple[Parsed, str | None]:
    """What some lines tell, and the time of the last heading in or above them."""
    found = lines.told(data, base)
    nothing = pa.scalar(None, pa.string())
    wall = pc.struct_field(pc.extract_regex(found.text, pattern=_HEADING), "wall")
    kind = pc.if_else(pc.is_valid(wall), "heading", nothing)
    said = pa.nulls(len(wall), pa.string())
    for name, pattern in _KINDS:
        own = pc.struct_field(pc.extract_regex(found.text, pattern=pattern), "said")
        kind = pc.if_else(pc.is_valid(own), name, kind)
        said = pc.coalesce(said, own)
    read = pc.is_valid(kind)
    walls = lines.carried(wall, above)
    records = {"wall": walls.filter(read), "kind": kind.filter(read), "said": said.filter(read)}
    why = pa.array([Why.SHAPE.value] * len(wall), pa.string())
    return found.sorted_out(TABLE, records, read=read, idle=found.blank, why=why), walls[-1].as_py()
