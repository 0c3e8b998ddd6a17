"""Slurm accounting, as `sacct` prints it for people: columns of a set width under a line of dashes, in which long values are cut.

    10           llm-pretr+      train   research          2 CANCELLED+      0:0

Shape   a header, a line of dashes that says how wide each column is, and rows that stand in these columns
Source  Slurm 17.11 to 26.05: sacct(1), src/common/print_fields.c, src/sacct/sacct.c; 22.05, run
Time    wall clock of the host that ran sacct, to the second, no zone; what is asked for by default has none
Who     User owns the job. Who asked to cancel stands behind `CANCELLED by`, which the usual width cuts
Open    What is cut (its last byte is `+`) is among the others, as written, and fills no column of its own: `mei+` can be
        anybody whose name begins so. A state stays where it is. A name that is as wide as its column and ends in `+` is taken
        for cut. A date that is cut is no time, and its row is rejected; so is a row that a long number pushed out of the columns.
        JobName and Comment are typed by users: a newline in one ends a row early, and what follows can be made to look like a row
"""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from forensics.core import loose, padded, rowwise, sacctrows
from forensics.core.model import IGNORED, REJECTED, Parsed, Why
from forensics.core.padded import Layout, Listing, Row
from forensics.core.schema import Table
from forensics.core.tables import STRINGS

TABLE = Table(
    "sacct_padded", "a job, or a step of one, as accounting prints it for people", sacctrows.COLUMNS
)
CUT = "whole"
DOMAIN = "slurm:admin"


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of a header over dashes that has a job's id among columns that sacct knows."""
    found = padded.announced(head)
    if found is None or not _known(found):
        return 0
    rows = (line.decode("utf-8", "replace").split() for line in head.split(b"\n")[2:-1] if line.strip())
    return 0 if found.names[0] == "JobID" and sacctrows.is_sstat(found.names, rows, 0) else 93


def _known(found: Layout) -> bool:
    return sacctrows.is_header(found.names)


def parse(data: bytes, base: int) -> Parsed:
    """Read a whole file; each header of its own columns begins anew."""
    return rowwise.whole(portions(data, base))


def portions(data: bytes, base: int) -> Iterator[Parsed]:
    """The same, some rows at a time."""
    yield from map(_told, padded.read(data, base, _known))


def _told(listing: Listing) -> Parsed:
    """Some rows as tables."""
    why = np.full(len(listing.rows), Why.VALUE.value, object)
    groups: dict[tuple[str, ...], list[int]] = {}
    for n, row in enumerate(listing.rows):
        groups.setdefault(tuple(row.values), []).append(n)
    pieces, read = [], set()
    for names, places in groups.items():
        at, fields = _fields(list(names), [listing.rows[n] for n in places], why, places)
        read.update(at)
        pieces.append(fields)
    order = sorted(read)
    bad = [(row.line, why[n]) for n, row in enumerate(listing.rows) if n not in read]
    rejected = sorted((*((line, one.value) for line, one in listing.rejected), *bad))
    records = pa.concat_tables(pieces).sort_by("start") if order else TABLE.empty()
    return Parsed(
        records.combine_chunks(),
        REJECTED.build(
            {
                "start": [line.start for line, _ in rejected],
                "stop": [line.stop for line, _ in rejected],
                "why": [one for _, one in rejected],
            }
        ),
        IGNORED.build(
            {
                "start": [line.start for line in listing.ignored],
                "stop": [line.stop for line in listing.ignored],
            }
        ),
    )


def _fields(
    names: list[str], rows: list[Row], why: np.ndarray, places: list[int]
) -> tuple[list[int], pa.Table]:
    """The records of rows under one header, and which of all rows they are; of the others `why` is told."""
    kept = [{n: v for n, v in row.values.items() if n not in _hidden(row)} for row in rows]
    raw = {name: pa.array([row.get(name) for row in kept], pa.string()) for name in names}
    coded = {
        name: c if sacctrows.PLACES.get(name.lower()) in sacctrows.IDS else loose.dictionary(c)
        for name, c in raw.items()
    }
    reasons = np.full(len(rows), Why.VALUE.value, object)
    good, coded = sacctrows.readable(np.arange(len(rows)), coded, names, reasons)
    why[places] = reasons
    fields = sacctrows.fields(names, coded, len(good))
    held = [rows[n] for n in good]
    cut = [[f"{n}={v}" for n, v in row.values.items() if n in _hidden(row)] for row in held]
    told = fields["others"].to_pylist()
    fields["others"] = pa.array([[*one, *more] for one, more in zip(told, cut, strict=True)], STRINGS)
    fields |= {"start": pa.array([row.line.start for row in held], pa.int64())}
    fields |= {"stop": pa.array([row.line.stop for row in held], pa.int64())}
    table = loose.strict(loose.built(TABLE.schema(), fields, len(held)), TABLE.schema())
    return [places[n] for n in good], table


def _hidden(row: Row) -> frozenset[str]:
    """The columns whose text is cut so that it says nothing by itself: all but the state."""
    return frozenset(name for name in row.cut if name.lower() not in {"state", "jobid", "jobidraw"})
