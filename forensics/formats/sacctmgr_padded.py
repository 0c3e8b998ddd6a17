"""What `sacctmgr show` printed for people: columns of a set width under a line of dashes, in which long values are cut.

    2026-11-23T15:06:20         Modify Users        dao        (name='kai')        admin_level=3

Shape   a header, a line of dashes that says how wide each column is, and rows that stand in these columns
Source  Slurm 17.11 to 26.05: sacctmgr(1), src/common/print_fields.c, src/sacctmgr/common.c
Time    wall clock of the host that ran it, to the second, no zone; `Unknown` where there is none
Who     as of other listings by sacctmgr: Actor of a transaction, and User of an event, are authenticated
Open    What is cut (its last byte is `+`) is among the others, as written, and fills no column of its own: `administr+`
        can be any account whose name begins so. The level of an administrator and the state of a node stay as written. A name
        that is as wide as its column and ends in `+` is taken for cut. Reason and Info are typed by administrators: a newline in one
        ends a row early, and what follows can be made to look like a row
"""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import padded, rowwise, sacctmgrrows
from forensics.core.model import IGNORED, REJECTED, Parsed, Why
from forensics.core.padded import Layout, Listing, Row
from forensics.core.schema import Table
from forensics.core.tables import STRINGS

TABLE = Table("sacctmgr_padded", "a row of a listing that sacctmgr prints for people", sacctmgrrows.COLUMNS)
CUT = "whole"
DOMAIN = "slurm:admin"


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of a header over dashes with the columns that only one of its listings has."""
    found = padded.announced(head)
    return 90 if found is not None and _known(found) else 0


def _known(found: Layout) -> bool:
    return sacctmgrrows.kind(found.names) is not None


def parse(data: bytes, base: int) -> Parsed:
    """Read a whole file; each header of its own columns begins anew."""
    return rowwise.whole(portions(data, base))


def portions(data: bytes, base: int) -> Iterator[Parsed]:
    """The same, some rows at a time."""
    yield from map(_told, padded.read(data, base, _known))


def _told(listing: Listing) -> Parsed:
    """Some rows as tables."""
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in listing.rows:
        groups.setdefault(tuple(row.values), []).append(row)
    pieces = [_records(list(names), rows) for names, rows in groups.items()]
    records = pa.concat_tables([TABLE.empty(), *pieces]).sort_by("start").combine_chunks()
    read = set(records["start"].to_pylist())
    late = [(row.line, Why.TIME) for row in listing.rows if row.line.start not in read]
    rejected = sorted((*listing.rejected, *late))
    spans = {name: [getattr(line, name) for line in listing.ignored] for name in ("start", "stop")}
    bad = {name: [getattr(line, name) for line, _ in rejected] for name in ("start", "stop")}
    return Parsed(
        records, REJECTED.build(bad | {"why": [why.value for _, why in rejected]}), IGNORED.build(spans)
    )


def _records(names: list[str], rows: list[Row]) -> pa.Table:
    """The records of rows under one header, but those whose time can be none."""
    kept = [{n: "" if n in _hidden(row) else v or "" for n, v in row.values.items()} for row in rows]
    raw = {name: pa.array([row[name] for row in kept], pa.string()) for name in names}
    fields = sacctmgrrows.fields(sacctmgrrows.kind(names) or "other", raw, len(rows))
    cut = [[f"{n}={v}" for n, v in row.values.items() if n in _hidden(row)] for row in rows]
    if sacctmgrrows.kind(names) == "associations":
        # Where the name of a user is cut, the right is not the account's that the user is in.
        whole = [
            "User" not in _hidden(r) and ("Account" not in _hidden(r) or bool(r.values["User"])) for r in rows
        ]
        nothing = pa.scalar(None, pa.string())
        fields["target"] = pc.if_else(pa.array(whole, pa.bool_()), fields["target"], nothing)
    told = fields["others"].to_pylist()
    fields["others"] = pa.array([[*one, *more] for one, more in zip(told, cut, strict=True)], STRINGS)
    fields |= {
        name: pa.array([getattr(row.line, name) for row in rows], pa.int64()) for name in ("start", "stop")
    }
    return TABLE.build(fields).filter(sacctmgrrows.timed(fields))


def _hidden(row: Row) -> frozenset[str]:
    """The columns whose text is cut so that it says nothing by itself."""
    return row.cut - {"Admin", "State"}
