"""The queue as `squeue` prints it for people: jobs that wait, run or have just ended, in columns under a header.

                 JOBID PARTITION     NAME     USER ST       TIME  NODES NODELIST(REASON)
                    11       gpu    train      mei  R    1:02:03      1 gpu01

Shape   a header, then a line for each job, in the columns that `-o` and `-O` ask for (`core/aligned`): those of a width, and those
        that a mark parts; with `-l` and `-i` a line with the moment before it, with `-M` one that names the cluster
Source  Slurm 14.11 to 26.05: squeue(1), src/squeue/opts.c, src/squeue/print.c
Time    wall clock of the host that ran it, to the second, no zone; by default there is none, and TIME is how long a job has run
Who     USER owns the job. Who asked for anything is not in it
Open    what fills its column may have been cut without a mark: it is among the others, as written, and fills no column of its own; of an
        id nothing can be told then, and its line is rejected. Names, comments and paths are typed by users: a newline in one ends a line
        early, and what follows can be made to look like a line of its own. So nothing is read after the first line that stands in no
        columns, nor under another header than the first; and where such a text is the last column, so that no line shows it, nobody is
        taken for an owner, and no moment and no cluster is taken from what stands between lines. What `-h` prints has no header: it is read
        where every first line stands in the columns that are printed by default, and nobody is taken for an owner, since whoever asked for
        other columns of the same widths can have put names of jobs there. Steps (`-s`) are not read
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

import pyarrow as pa

from forensics.core import aligned, rowwise, sacctrows
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.rowwise import Line, Said
from forensics.core.schema import Column, Table
from forensics.core.tables import STRINGS

_NONE = "empty, cut, or not asked for"
_PRINTED = "no line before it says so"
_TEXTS = {
    "job": ("JOBID", "the job as users know it"), "name": ("NAME", "job name: typed by the user"), "user": ("USER", "account that owns it"),
    "account": ("ACCOUNT", "account charged"), "cluster": ("CLUSTER", "cluster"), "partition": ("PARTITION", "partition"),
    "state": ("STATE", "state, as a word or its letters"), "elapsed": ("TIME", "run time, as written"),
    "nodes": ("NODELIST", "nodes, as written"), "reason": ("REASON", "why it waits"),
    "submit_wall": ("SUBMIT_TIME", "submitted, as written"), "start_wall": ("START_TIME", "started, or expected to, as written"),
    "end_wall": ("END_TIME", "ended, or will have run out of time, as written"),
    "command": ("COMMAND", "script or program: typed by the user"), "work_dir": ("WORK_DIR", "working directory: typed by the user"),
    "comment": ("COMMENT", "comment: typed by the user"),
}  # fmt: skip
_NUMBERS = {
    "uid": ("UID", "uid of the owner"),
    "node_count": ("NODES", "nodes allocated, or asked for"),
    "cpus": ("CPUS", "processors allocated, or asked for"),
}
TABLE = Table(
    "squeue",
    "a job in the queue, or the moment at which the lines behind it were printed",
    (
        Column("kind", pa.string(), "`job`, or `printed`"),
        *(Column(name, pa.string(), says, None, _NONE) for name, (_, says) in _TEXTS.items()),
        *(Column(name, pa.int64(), says, None, _NONE) for name, (_, says) in _NUMBERS.items()),
        Column("printed_wall", pa.string(), "when it was printed, as written", None, _PRINTED),
        Column("printed_start", pa.int64(), "first byte of the line that says so", "bytes", _PRINTED),
        Column("printed_stop", pa.int64(), "byte after the last of that line", "bytes", _PRINTED),
        Column(
            "others",
            STRINGS,
            "the other columns that hold something, and those that are cut, as `NAME=value`",
        ),
        *SPAN,
    ),
)
CUT = "whole"
DOMAIN = "slurm:admin"

_PLACES = {header: name for name, (header, _) in (_TEXTS | _NUMBERS).items()} | {
    "ST": "state",
    "NODELIST(REASON)": "nodes",
}
_KNOWN = frozenset(_PLACES) | frozenset(
    ["ARRAY_JOB_ID", "ARRAY_TASK_ID", "BATCHHOST", "CONTIGUOUS", "CORES_PER_SOCKET", "CORE_SPEC", "DEPENDENCY", "EXC_NODES", "EXEC_HOST", "FEATURES", "GRES", "GROUP", "LICENSES", "MIN_CPUS", "MIN_MEMORY", "MIN_TMP_DISK", "NICE", "OVER_SUBSCRIBE", "PRIORITY", "QOS", "REQ_NODES", "RESERVATION", "S:C:T", "SCHEDNODES", "SHARED", "SOCKETS_PER_NODE", "THREADS_PER_CORE", "TIMELIMIT", "TIME_LEFT", "TIME_LIMI", "TIME_LIMIT", "TRES_ALLOC", "TRES_PER_JOB", "TRES_PER_NODE", "WCKEY"]
)  # fmt: skip
_TYPED = frozenset(
    {
        "NAME",
        "COMMAND",
        "WORK_DIR",
        "COMMENT",
        "DEPENDENCY",
        "FEATURES",
        "WCKEY",
        "LICENSES",
        "RESERVATION",
        "REASON",
    }
)
_OWNER = ("user", "uid")
_EITHER = ("name", "user")
"""Columns that without a header can be one another."""
_DATE = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ 0-3][0-9] [0-2][0-9]:[0-5][0-9]:[0-6][0-9] [0-9]{4}"
)
_CLUSTER = re.compile(r"CLUSTER: ([A-Za-z0-9_.-]{1,64})")
_SHAPES = {
    "job": re.compile(sacctrows.ID),
    "state": re.compile(r"[A-Z_]{1,20}"),
    "elapsed": re.compile(r"(?:[0-9]{1,6}-)?(?:[0-9]{1,2}:){1,2}[0-9]{2}|INVALID|UNLIMITED|N/A"),
    **dict.fromkeys(("submit_wall", "start_wall", "end_wall"), re.compile(rf"{sacctrows.WALL}|N/A")),
    "uid": re.compile(r"[0-9]{1,10}"),
}
_NUMBER = re.compile(r"[0-9]{1,10}")
_BY_DEFAULT = (
    b"             JOBID PARTITION     NAME     USER ST       TIME  NODES NODELIST(REASON)",
    b"             JOBID PARTITION     NAME     USER    STATE       TIME TIME_LIMI  NODES NODELIST(REASON)",
)
"""The headers that stand above what is printed without `-o`, as it is and with `-l`."""
_FIRST, _SEEN_BYTES = 20, 1 << 16


class _Under(NamedTuple):
    """What stands above a line: the header, as text and as columns, the cluster, and the line with the moment at which it was printed."""

    header: bytes = b""
    columns: aligned.Layout | None = None
    cluster: str | None = None
    printed: tuple[str, Line] | None = None
    implied: bool = False

    @property
    def typed(self) -> bool:
        """Whether lines end with what users type, so that what looks like a line can be the end of one; or whether no header says what they end with."""
        return self.columns is not None and (self.implied or self.columns.names[-1] in _TYPED)


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of a header that has a job's id and its state or its owner, among columns that squeue knows."""
    if _implied(head).implied:
        return 90
    for line in rowwise.each(head, 0):
        text = rowwise.shown(line.raw)
        if text.strip() and not (_DATE.fullmatch(text) or _CLUSTER.fullmatch(text)):
            # In large letters it is squeue's, though sacct has columns of the same names.
            return 95 if _header(line.raw) is not None else 0
    return 0


def _header(raw: bytes) -> aligned.Layout | None:
    if b"JOBID" not in raw:
        return None
    found = aligned.layout(raw, _KNOWN)
    names = set() if found is None else set(found.names)
    return found if "JOBID" in names and names & {"USER", "ST", "STATE"} else None


def _implied(data: bytes) -> _Under:
    """The columns of a file without a header, each of whose first lines stands in those printed by default; none where one does not."""
    start = data[:_SEEN_BYTES]
    whole = start[: start.rfind(b"\n") + 1].split(b"\n", _FIRST)[:_FIRST]
    lines = [Line(0, 0, raw.removesuffix(b"\r")) for raw in whole if raw.strip()]
    if lines and lines[0].raw.startswith(b" "):
        for header in _BY_DEFAULT:
            above = _Under(columns=_header(header), implied=True)
            if all(isinstance(_row(line, above), dict) and _filled(line, above) for line in lines):
                return above
    return _Under()


def _filled(line: Line, above: _Under) -> bool:
    """Whether a line has what every job has in the columns that are printed by default."""
    cells = None if above.columns is None else aligned.cells(line.raw, above.columns)
    values = {} if cells is None else cells.values
    always = all(values.get(name) for name in ("PARTITION", "TIME", "NODES"))
    return (
        always
        and _NUMBER.fullmatch(values["NODES"] or "") is not None
        and any(values.get(name) for name in ("ST", "STATE"))
    )


def parse(data: bytes, base: int) -> Parsed:
    """Read a whole file, up to the first line that stands in no columns."""
    return rowwise.whole(portions(data, base))


def portions(data: bytes, base: int) -> Iterator[Parsed]:
    """The same, some rows at a time."""
    yield from rowwise.portions(_told_of(data, base), TABLE)


def _told_of(data: bytes, base: int) -> Iterator[Said]:
    """Each line, and what it says."""
    above, sound = _implied(data), True
    for line in rowwise.each(data, base):
        text = rowwise.shown(line.raw)
        torn = line.stop == base + len(data) and not data.endswith(b"\n")
        if torn or not sound or rowwise.too_long([line]):
            yield [line], Why.TRUNCATED if torn else Why.SHAPE if not sound else Why.TOO_LONG
        elif not text.strip():
            yield [line], None
        elif _DATE.fullmatch(text):
            moment = above._replace(printed=(text, line))
            yield [line], {"kind": "printed", **_printed(moment), "others": []}
            above = above._replace(printed=None) if above.typed else moment
        elif (cluster := _CLUSTER.fullmatch(text)) is not None:
            above = above._replace(cluster=None if above.typed else cluster[1])
            yield [line], None
        elif line.raw == above.header:
            yield [line], None
        elif above.columns is None and (columns := _header(line.raw)) is not None:
            above = above._replace(header=line.raw, columns=columns)
            yield [line], None
        else:
            made = _row(line, above)
            sound = made is not Why.SHAPE
            yield [line], made


def _printed(above: _Under) -> dict[str, object]:
    if above.printed is None:
        return {}
    text, line = above.printed
    return {"printed_wall": text, "printed_start": line.start, "printed_stop": line.stop}


def _row(line: Line, above: _Under) -> dict[str, object] | Why:
    """What a line says of its job, or why it cannot be read."""
    cells = None if above.columns is None else aligned.cells(line.raw, above.columns)
    if cells is None:
        return Why.SHAPE
    told: dict[str, object] = {}
    others = []
    for header, value in cells.values.items():
        name = _PLACES.get(header, "")
        shape = _SHAPES.get(name)
        if value is None:
            continue
        if shape is not None and not shape.fullmatch(value):
            return Why.SHAPE
        if name == "job" and header in cells.cut and "[" not in value:
            return Why.VALUE
        cut = header in cells.cut and name not in {"job", "state"}
        number = name not in _NUMBERS or _NUMBER.fullmatch(value)
        sure = not (above.implied and name in _EITHER)
        if (
            name
            and sure
            and number
            and told.get(name) is None
            and not (cut or (name in _OWNER and above.typed))
        ):
            told[name] = int(value) if name in _NUMBERS else None if value == "N/A" else value
        else:
            others.append(f"{header if sure else 'NAME or USER'}={value}")
    return Why.SHAPE if told.get("job") is None else _told(told, others, above)


def _told(told: dict[str, object], others: list[str], above: _Under) -> dict[str, object]:
    """A row, with what stands above its line. Of a job that waits the reason stands where its nodes would."""
    nodes = str(told.get("nodes") or "")
    if nodes.startswith("("):
        told |= {"nodes": None, "reason": nodes.strip("()")}
    told.setdefault("cluster", above.cluster)
    return {"kind": "job", **told, **_printed(above), "others": others}
