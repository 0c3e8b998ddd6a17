"""Slurm accounting, as `sacct --parsable2` prints it: a row for each job, and for each step.

    10|10|llm-pretrain|mei|4101|research|train|CANCELLED by 4101|0:0|…|2026-11-23T15:11:42|…

Shape   a header that names the columns, then rows with as many fields. `--parsable` ends each line with
        the separator; `--delimiter` chooses it. Without a header, only the list of columns is read that
        Open XDMoD's collector asks for, and only where the first line fits it
Source  Slurm 22.05 to 26.05: sacct(1), src/sacct/print.c; Open XDMoD 11, docs/resource-manager-slurm.md
Time    wall clock of the host that ran sacct, to the second, no zone; seconds since 1970 where
        SLURM_TIME_FORMAT said so; `Unknown` or `None` where there is none
Who     User owns the job. `CANCELLED by <uid>` is who asked to cancel, as the controller authenticated
Open    JobName, Comment, SubmitLine and WorkDir are typed by users and nothing is quoted. A row with more
        fields than the header could be cut in several ways, so it is rejected. A newline in a name ends a
        row early, and what follows can be made to look like a row
"""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import loose, parted, sacctrows
from forensics.core.lines import LONGEST_LINE_BYTES, Edges, cut, edged, shown
from forensics.core.model import IGNORED, REJECTED, Parsed, Why
from forensics.core.schema import Table

TABLE = Table("sacct", "a job, or a step of one, as accounting knows it", sacctrows.COLUMNS)
CUT = "headed"
DOMAIN = "slurm:admin"

_XDMOD = [
    "JobID",
    "JobIDRaw",
    "Cluster",
    "Partition",
    "QOS",
    "Account",
    "Group",
    "GID",
    "User",
    "UID",
    "Submit",
    "Eligible",
    "Start",
    "End",
    "Elapsed",
    "ExitCode",
    "State",
    "NNodes",
    "NCPUS",
    "ReqCPUS",
    "ReqMem",
    "ReqTRES",
    "AllocTRES",
    "Timelimit",
    "NodeList",
    "JobName",
]
_XDMOD_ROW = re.compile(
    rf"{sacctrows.ID}(?:\.[^|]*)?\|[0-9]+(?:\.[^|]*)?(?:\|[^|]*){{8}}(?:\|(?:{sacctrows.WALL}|Unknown|None)){{4}}"
    r"\|[-0-9:.]+\|[0-9]+:[0-9]+\|[A-Z_]+(?: by [0-9]+)?(?:\|[^|]*){9}\r?\n?",
    re.ASCII,
)
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9]*(?P<mark>[^A-Za-z0-9 .]{1,8})[A-Za-z]")


_REASON = f"U{max(map(len, Why))}"
"""Why a line is rejected, in an array: Python's own texts take five times as long to put there."""


class _Layout(NamedTuple):
    """How the rows are laid out: the columns in order, what parts them, and whether it also ends a row."""

    names: list[str]
    mark: str
    closed: bool
    header: str | None


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of a header that has a job's id among columns that sacct knows, or of Open XDMoD's first row."""
    layout = _layout(head.split(b"\n", 1)[0].decode("utf-8", "replace"))
    if layout is None or sacctrows.is_sstat(layout.names, _first(head, layout.mark)):
        return 0
    return 60 if layout.header is None else 94


def _first(head: bytes, mark: str) -> Iterator[list[str]]:
    """The whole lines of a head behind its first, cut, but for blank ones."""
    rest = head.decode("utf-8", "replace").split("\n")[1:-1]
    return (line.split(mark) for line in rest if line.strip())


def _layout(first: str) -> _Layout | None:
    """The layout that a first line announces, or None."""
    line = first.removesuffix("\n").removesuffix("\r")
    if _XDMOD_ROW.fullmatch(line):
        return _Layout(_XDMOD, "|", closed=False, header=None)
    found = _HEADER.match(line)
    if not found:
        return None
    mark = found["mark"]
    closed = line.endswith(mark)
    names = line.removesuffix(mark).split(mark)
    good = all(re.fullmatch(r"[A-Za-z][A-Za-z0-9]*", name) for name in names)
    if not good or not sacctrows.is_header(names):
        return None
    return _Layout(names, mark, closed, line)


def parse(data: bytes, base: int) -> Parsed:
    """Read the rows under the header, columns at a time."""
    found = lightly(data, base)
    return found._replace(records=loose.strict(found.records, TABLE.schema()))


def lightly(data: bytes, base: int) -> Parsed:
    """The same, its records as `core.loose` has them: what is asked of a value is then asked once."""
    edges = edged(data)
    size = edges.ends - edges.start
    long = size > LONGEST_LINE_BYTES
    count = len(size)
    why = np.full(count, Why.SHAPE.value, _REASON)
    why[long] = Why.TOO_LONG.value
    layout = _layout(data[: edges.ends[0]].decode("utf-8", "backslashreplace")) if _short(long) else None
    idle = size == 0
    rows = np.zeros(0, np.int64)
    if layout is None:
        fields = sacctrows.fields([], {}, 0)
    else:
        heads, rows, raw = (
            _sliced(data, edges, layout)
            if parted.cuttable(data, edges, layout.mark)
            else _rows(data, long, layout)
        )
        idle |= heads & ~long
        rows, raw = sacctrows.readable(rows, _coded(raw), layout.names, why)
        fields = sacctrows.fields(layout.names, raw, len(rows))
    # A last line without its newline is torn, unless the separator that closes rows is there.
    if count and not data.endswith(b"\n") and not (layout and layout.closed):
        keep = rows != count - 1
        fields = {name: column.filter(pa.array(keep)) for name, column in fields.items()}
        rows, idle[-1], why[-1] = rows[keep], False, Why.TRUNCATED.value
    bad = ~idle
    bad[rows] = False
    start, stop = (pa.array(at + base, pa.int64()) for at in (edges.start, edges.stop))
    fields |= {"start": start.take(pa.array(rows)), "stop": stop.take(pa.array(rows))}
    return Parsed(
        loose.built(TABLE.schema(), fields, len(rows)),
        REJECTED.build({"start": start.filter(bad), "stop": stop.filter(bad), "why": why[bad].tolist()}),
        IGNORED.build({"start": start.filter(idle), "stop": stop.filter(idle)}),
    )


def _coded(raw: Mapping[str, pa.Array]) -> dict[str, pa.Array]:
    """Columns as dictionaries of their values, but ids, all of which differ. One that is the column before it, as when jobs are eligible as they are submitted, is not looked at again."""
    found: dict[str, pa.Array] = {}
    last = None
    for name, column in raw.items():
        if sacctrows.PLACES.get(name.lower()) in sacctrows.IDS:
            found[name] = column
            continue
        found[name] = (
            found[last] if last is not None and column.equals(raw[last]) else loose.dictionary(column)
        )
        last = name
    return found


def _short(long: np.ndarray) -> bool:
    """Whether there is a first line, and it is not too long to be read."""
    return bool(len(long) and not long[0])


def _sliced(data: bytes, edges: Edges, layout: _Layout) -> tuple[np.ndarray, np.ndarray, dict[str, pa.Array]]:
    """What `_rows` finds, of lines that are cut in all the bytes at once."""
    heads = _heads(data, edges, layout)
    right, columns = parted.columns(
        data, edges, layout.mark, len(layout.names), closed=layout.closed, but=heads
    )
    return heads, np.flatnonzero(right), dict(zip(layout.names, columns, strict=True))


def _heads(data: bytes, edges: Edges, layout: _Layout) -> parted.Bools:
    """Which lines are the header, or the same once more."""
    header = (layout.header or "").encode()
    found: parted.Bools = edges.ends - edges.start == len(header)
    alike = np.flatnonzero(found)
    found[alike] = [data[edges.start[n] : edges.ends[n]] == header for n in alike]
    return found


def _rows(
    data: bytes, long: np.ndarray, layout: _Layout
) -> tuple[np.ndarray, np.ndarray, dict[str, pa.Array]]:
    """Which lines are the header; which have as many fields as there are columns, and the columns, null where there is nothing."""
    text = shown(pc.if_else(pa.array(long), pa.scalar(b"", pa.binary()), cut(data, 0).text))
    count = len(layout.names) + layout.closed
    parts = pc.split_pattern(text, layout.mark)
    heads = np.asarray(pc.equal(text, layout.header or ""))
    right = np.asarray(pc.equal(pc.list_value_length(parts), count)) & ~heads
    if layout.closed:
        right &= np.asarray(pc.ends_with(text, layout.mark))
    rows = np.flatnonzero(right)
    flat = parts.filter(pa.array(right)).flatten()
    flat = pc.if_else(pc.equal(flat, ""), None, flat)
    at = np.arange(len(rows)) * count
    return heads, rows, {name: flat.take(pa.array(at + n)) for n, name in enumerate(layout.names)}
