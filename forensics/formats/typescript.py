r"""Terminal output kept by `script`: a first line, what the terminal showed, and a last line.

    Script started on 2026-11-23 15:11:37+00:00 [TERM="xterm" TTY="/dev/pts/3" COLUMNS="80" LINES="24"]

Shape   `Script started on <time> [<words>]`, then output byte for byte, then an empty line and `Script done on <time> [<words>]`
Source  script(1), util-linux 2.38, with its default and `--log-out`; `-q` leaves the words on the terminal out, not these
Time    of the first and the last line, to the second, with an offset since util-linux 2.35; before, in the words of the
        user's language, which are kept as text. Output lies between
Who     a program of the recorded user, who can write anything into the file; it lies where that user put it
Open    what the terminal showed is not what was run. A line of output can read like a first or last line: only the file's
        own first line is one. With `--append` a file holds several recordings, and only the first one's start is dated
"""

import re

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import lines
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.schema import Column, Table

TABLE = Table(
    "typescript",
    "a line of a recorded terminal",
    (
        Column(
            "kind",
            pa.string(),
            "`started` (first line of the file), `done` (reads like a last line) or `output`",
        ),
        Column("time", pa.string(), "time as written", None, "output"),
        Column("words", pa.string(), "what the brackets hold, as written", None, "output, or none"),
        Column("text", pa.string(), "what was shown, control characters and all", None, "first or last line"),
        *SPAN,
    ),
)
CUT = "line"
DOMAIN = "{host}:user"

_SHAPE = r"^Script (?P<what>started|done)(?: on|,) (?P<time>[^\[\]]{1,80}?)(?: \[(?P<words>.*)\])?$"
_FIRST = re.compile(rb"Script started(?: on|,) [^\[\]\n]{1,80}(?: \[[^\n]*\])?\r?(?:\n|$)")
_NOTHING = pa.scalar(None, pa.string())


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of the first line."""
    return 90 if _FIRST.match(head) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time. Only a line at the file's first byte is a first line."""
    told = lines.told(data, base)
    found = pc.extract_regex(told.text, pattern=_SHAPE)
    what = pc.struct_field(found, "what")
    opens = pc.and_(pc.equal(what, "started"), pc.equal(told.start, 0))
    marks = pc.fill_null(pc.or_(opens, pc.equal(what, "done")), False)
    read = pc.invert(pc.or_(told.long, told.blank))
    words = pc.struct_field(found, "words")
    records = {
        "kind": pc.if_else(marks, what, "output"),
        "time": pc.if_else(marks, pc.struct_field(found, "time"), _NOTHING),
        "words": pc.if_else(pc.and_(marks, pc.not_equal(words, "")), words, _NOTHING),
        "text": pc.if_else(marks, _NOTHING, told.text),
    }
    kept = {name: column.filter(read) for name, column in records.items()}
    why = pa.array([Why.SHAPE.value] * len(read), pa.string())
    return told.sorted_out(TABLE, kept, read=read, idle=told.blank, why=why)
