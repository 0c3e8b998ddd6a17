r"""What `last`, `lastb`, `who` and `w` printed: login records as a person was shown them.

    mei      pts/0        10.0.0.11        Mon Nov 23 15:11 - 16:42  (01:31)

Shape   last   <user> <terminal> <from> <start> [- <end>] [(<days>+<hours>:<minutes>)], newest first, then
               `wtmp begins <time>`; `lastb` the same from btmp. `-F` writes seconds and year, `-w` whole names,
               `-a` the origin at the end, `--time-format iso` an offset
        who    <user> [<+, - or ?>] <terminal> <time> [<idle>] [<pid>] [<comment>] [(<from>)]
        w      a line with the clock, `up` and how many users; then <user> <terminal> [<from>] <since> <idle> <cpu> <cpu> <command>
Source  last(1) of util-linux 2.38, FreeBSD 12 and macOS; who(1) of coreutils 9; w(1) of procps 3.2 to 4.0
Time    the zone of whoever ran it, to the minute and without year unless `-F`. The weekday narrows the year. `w` says no date of
        the last days: an entry has one, of a day, where it is a week old
Who     nobody by itself: it is derived, and a text file that whoever ran the program (or an editor) wrote. The
        records it was made from are `wtmp`. What `lastb` calls a user is what was typed
Open    without `-w` a name of eight characters may be the start of a longer one, and an origin of sixteen too.
        Dates in other languages are not read. An end is kept as written and no time is made of it
"""

import re

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import lines
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.schema import Column, Table

TABLE = Table(
    "last_output",
    "a line that `last`, `lastb`, `who` or `w` printed",
    (
        Column("kind", pa.string(), "`last` (and lastb), `who`, `w`, `begins` (the line that ends `last`) or `up` (that begins `w`)"),
        Column("user", pa.string(), "account as printed, perhaps cut short", None, "none printed"),
        Column("cut_short", pa.bool_(), "whether the name fills its column, so that it may be longer"),
        Column("line", pa.string(), "terminal, or words such as `system boot`; of `begins` the file", None, "of `up`"),
        Column("remote", pa.string(), "where from, as printed, perhaps cut short", None, "none printed"),
        Column("wall", pa.string(), "time as printed, spaces made one", None, "none printed"),
        Column("ended", pa.string(), "end as printed: a time, or words such as `crash`", None, "none printed"),
        Column("duration_s", pa.int64(), "duration as printed, to the minute; below zero where the clock went back", "s", "none printed"),
        Column("idle", pa.string(), "how long there was no input, as printed; `.` is none", None, "not printed"),
        Column("pid", pa.int64(), "process", None, "not printed"),
        Column("comment", pa.string(), "what `who -a` adds; the command that `w` shows: typed by a user", None, "none printed"),
        *SPAN,
    ),
)  # fmt: skip
CUT = "line"
DOMAIN = "{host}:user"

_DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_DATE = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) (?: [1-9]|[12][0-9]|3[01])"
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_ISO = rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T{_CLOCK}:[0-6][0-9][+-][0-9]{{2}}:?[0-9]{{2}}"
_FULL = rf"{_DAY} {_DATE} {_CLOCK}:[0-6][0-9](?: [A-Z]{{3,5}})? [0-9]{{4}}"
_WALL = rf"(?P<wall>{_FULL}|{_DAY} {_DATE} {_CLOCK}|{_ISO})"
_END = rf"(?: +- +(?P<ended>{_FULL}|{_CLOCK}|{_ISO}|crash|down|shutdown)| +(?P<words>still logged in|still running|gone - no logout))"
_SPENT = r"(?: +\((?P<spent>-?(?:[0-9]{1,6}\+)?-?[0-9]{1,6}:-?[0-9]{1,2})\))"
_REST = rf"{_WALL}{_END}?{_SPENT}?(?: +(?P<tail>[^ ()]+))? *$"
_LINE = r"(?P<line>system boot|system down|\(to lvl [^ ]\)|[^ ]+)"
# The columns of util-linux stand still whatever was typed into them; where they do not, no field has a space in it.
_IDLE = r"(?:\s+(?P<idle>\.|old|[0-9]{2}:[0-9]{2}))?(?:\s+(?P<pid>[0-9]{1,10}))?"
_NOTE = r"(?:\s+(?P<comment>(?:id|term|exit|last)=[^()]*?))?(?: +\((?P<remote>.*)\))?\s*$"
_WHEN = rf"(?P<wall>[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}} {_CLOCK}|{_DATE} {_CLOCK})"
_SINCE = rf"(?P<wall>{_CLOCK}|{_DAY}[0-2][0-9]|[ 0-3]?[0-9](?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[0-9]{{2}})"
_FOR = r"(?:[0-9]{1,6}days|[0-9]{1,4}:[0-9]{2}m?|[0-9]{1,4}\.[0-9]{2}s|\?)"
_UP = rf"^ *(?P<wall>{_CLOCK}:[0-6][0-9]) up .{{1,60}}, +[0-9]{{1,6}} users?, +load averages?: [0-9., ]+$"
_STATE = r"(?P<line>system boot|run-level [^ ]|clock change|[^ ]+)"
_SHAPES = (
    ("begins", rf"^(?P<line>[^ ]+) begins {_WALL} *$"),
    ("last", rf"^(?P<line>boot time|shutdown time) +{_REST}"),
    ("last", rf"^(?P<user>.{{8}}) (?P<line>[^ ].{{11}}) (?P<remote>.{{16}}) {_REST}"),
    ("last", rf"^(?P<user>[^ ]+) +{_LINE}(?: +(?P<remote>[^ ]+))? +{_REST}"),
    ("who", rf"^(?P<user>[^ ]+)? +(?:[+?-] +)?{_STATE} +{_WHEN}{_IDLE}{_NOTE}"),
    ("who", r"^ +\. +(?P<line>run-level [^ ])\s*$"),
    ("up", _UP),
    (
        "w",
        rf"^(?P<user>[^ ]+) +(?P<line>[^ ]+) +(?:(?P<remote>[^ ]+) +)?{_SINCE} +(?P<idle>{_FOR}) +{_FOR} +{_FOR} +(?P<comment>[^ ].*)$",
    ),
)
_ANY, _ANY_OF_W = (
    "|".join(re.sub(r"\(\?P<[a-z]+>", "(?:", shape) for _, shape in shapes)
    for shapes in (_SHAPES[:-2], _SHAPES)
)
"""What fits one of them, without its fields: of a file where `w` printed none, and of any."""
_MAY_BE = re.compile(rb"[0-2][0-9]:[0-5][0-9]|run-level ")
"""What each of these shapes holds somewhere; looked for first, because most files hold none and it costs less."""
_STANDS = re.compile(
    rb"(?<![0-9:])[0-2][0-9]:[0-5][0-9](?![0-9:])|:[0-6][0-9](?: (?:[A-Z]{3,5} )?[0-9]{4}|[+-][0-9]{2})|run-level "
)
"""What holds each of them where `w` printed none, and few lines of other logs: a time without seconds, or with a year or an offset behind them."""
_W_HEAD = b"LOGIN@"
_FIELDS = ("user", "line", "remote", "wall", "ended", "words", "spent", "tail", "idle", "pid", "comment")
_HEADER = r"^(?:(?:NAME|USER) +LINE +(?:TIME|WHEN)(?:\s+[A-Z]+)*|USER +TTY +(?:FROM +)?LOGIN@ +IDLE +JCPU +PCPU +WHAT)\s*$"
_NAME_COLUMN = 8
_NOTHING = pa.scalar(None, pa.string())


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure where three in four of the first lines are such a line."""
    first = head[:8192]
    first = first[: first.rfind(b"\n") + 1] or first
    likely = len(_MAY_BE.findall(first))
    heads = first.count(_W_HEAD) if likely else 0
    likely += heads
    if not likely or 4 * likely < 3 * sum(1 for line in first.split(b"\n") if line.strip()):
        return 0
    if not (heads or _STANDS.search(first)):
        return 0
    told = lines.told(first, 0)
    fits = pc.match_substring_regex(told.text, _ANY_OF_W if heads else _ANY)
    idle = pc.or_(told.blank, pc.match_substring_regex(told.text, _HEADER))
    held = len(told.text) - pc.sum(idle).as_py()
    return 85 if 4 * pc.sum(fits).as_py() >= 3 * held > 0 else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    told = lines.told(data, base)
    kind, fields = _matched(told.text)
    read = pc.is_valid(kind)
    idle = pc.and_not(pc.or_(told.blank, pc.match_substring_regex(told.text, _HEADER)), read)
    records = {
        "kind": kind,
        "user": fields["user"],
        "cut_short": _cut_short(kind, fields["user"], told.text),
        "line": fields["line"],
        "remote": pc.coalesce(fields["remote"], fields["tail"]),
        "wall": _single(fields["wall"]),
        "ended": _single(pc.coalesce(fields["ended"], fields["words"])),
        "duration_s": _seconds(fields["spent"]),
        "idle": fields["idle"],
        "pid": fields["pid"].cast(pa.int64()),
        "comment": _single(fields["comment"]),
    }
    why = pa.array([Why.SHAPE.value] * len(read), pa.string())
    kept = {name: column.filter(read) for name, column in records.items()}
    return told.sorted_out(TABLE, kept, read=read, idle=idle, why=why)


def _matched(
    text: pa.Array, shapes: tuple[tuple[str, str], ...] = _SHAPES
) -> tuple[pa.Array, dict[str, pa.Array]]:
    """What each line is, and its fields: the first shape that fits the whole of it counts."""
    kind = pa.nulls(len(text), pa.string())
    fields = {name: pa.nulls(len(text), pa.string()) for name in _FIELDS}
    for name, shape in shapes:
        found = pc.extract_regex(text, pattern=shape)
        fits = pc.and_(pc.is_null(kind), pc.is_valid(found))
        kind = pc.if_else(fits, name, kind)
        for field in found.type:
            fields[field.name] = pc.if_else(fits, pc.struct_field(found, field.name), fields[field.name])
    trimmed = {name: pc.utf8_trim_whitespace(column) for name, column in fields.items()}
    return kind, {n: pc.if_else(pc.equal(c, ""), _NOTHING, c) for n, c in trimmed.items()}


def _cut_short(kind: pa.Array, user: pa.Array, text: pa.Array) -> pa.Array:
    """Whether a name fills the column of eight exactly, and one space follows, as `w` and `last` without `-w` cut it."""
    full = pc.and_(pc.is_in(kind, pa.array(["last", "w"])), pc.equal(pc.utf8_length(user), _NAME_COLUMN))
    return pc.fill_null(pc.and_(full, pc.match_substring_regex(text, r"^.{8} [^ ]")), False)


def _single(text: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(text, pattern=r"\s+", replacement=" ")


def _seconds(spent: pa.Array) -> pa.Array:
    """A printed duration. A minus before either part counts for the whole, as `last` prints a clock set back."""
    parts = pc.extract_regex(spent, pattern=r"^-?(?:(?P<d>[0-9]+)\+)?-?(?P<h>[0-9]+):-?(?P<m>[0-9]+)$")
    days, hours, minutes = (
        pc.if_else(pc.equal(pc.struct_field(parts, n), ""), "0", pc.struct_field(parts, n)).cast(pa.int64())
        for n in ("d", "h", "m")
    )
    whole = pc.add(pc.multiply(pc.add(pc.multiply(days, 24), hours), 3600), pc.multiply(minutes, 60))
    back = pc.match_substring(spent, "-")
    return pc.if_else(back, pc.negate(whole), whole)
