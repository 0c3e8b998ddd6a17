"""Which parts of a table can hold a row, by what each says at its end of its least and greatest values.

To take hundreds of such footers apart is most of what a question for a few rows costs. So what they say is put down
beside the parts, under a hash of each footer. A part with another footer, or of which nothing is put down, is asked
itself: what was put down can be out of date, damaged or gone, and no answer changes.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from forensics.store import parquet, spool

FEWEST_PARTS = 16
"""Of fewer parts nothing is put down: they are asked as soon."""
_FILE = ".footers.arrow"
_END_BYTES = 8
"""At the end of a Parquet file stand the size of its footer and four letters."""


class Bound(NamedTuple):
    """What a value of a column has to lie between for a row to be of interest, both ends included; None is no end."""

    column: str
    least: Any = None
    most: Any = None


def likely(tables: Path, name: str, bounds: Iterable[Bound]) -> list[Path]:
    """The parts of a table that can hold a row within all bounds, in their order; the first where none can."""
    found = parquet.existing(tables, name)
    asked = list(bounds)
    if not asked or len(found) == 1:
        return found
    known = _known(tables / name / _FILE, asked)
    can = {
        path: known[key] for path in found if known and (key := (path.name, _hash(_footer(path)))) in known
    }
    with ThreadPoolExecutor(pa.cpu_count()) as pool:
        rest = [path for path in found if path not in can]
        can |= zip(rest, pool.map(lambda path: _can(pq.read_metadata(path), asked), rest), strict=True)
    return [path for path in found if can[path]] or found[:1]


def note(tables: Path, name: str) -> None:
    """Put down what the parts of a table say."""
    found = parquet.parts(tables, name)
    if len(found) < FEWEST_PARTS:
        return
    schema = _noted(pq.read_schema(found[0]))
    columns: dict[str, list[Any]] = {column: [] for column in schema.names}
    for path in found:
        _add(columns, path)
    spool.put(tables / name / _FILE, pa.table(columns, schema))


def _known(noted: Path, asked: Sequence[Bound]) -> dict[tuple[str, str], bool]:
    """Of each part and footer of which something was put down, whether it can hold a row within bounds."""
    columns = [name for bound in asked for name in _names(bound.column)]
    try:
        said = spool.read(noted, ["part", "footer", *dict.fromkeys(columns)])
    except (OSError, ValueError, pa.ArrowException):
        return {}
    found: dict[tuple[str, str], bool] = {}
    parts, footers = said["part"].to_pylist(), said["footer"].to_pylist()
    for *key, can in zip(parts, footers, _within(said, asked).to_pylist(), strict=True):
        own = (key[0], key[1])
        found[own] = can or found.get(own, False)
    return found


def _can(of: pq.FileMetaData, asked: Sequence[Bound]) -> bool:
    """Whether a part can hold a row within all bounds, by its own footer: whether one of its groups can."""
    leaves = {of.schema.column(n).path: n for n in range(len(of.schema))}
    for n in range(of.num_row_groups):
        group = of.row_group(n)
        told = ((_told(group, leaves[bound.column]), bound) for bound in asked)
        if all(
            not empty
            and (least is None or bound.most is None or least <= bound.most)
            and (most is None or bound.least is None or most >= bound.least)
            for (least, most, empty), bound in told
        ):
            return True
    return False


def _within(said: pa.Table, asked: Sequence[Bound]) -> pa.ChunkedArray:
    """The same of groups of which it is put down: which of them can."""
    tests = []
    for bound in asked:
        least, most, empty = (said[name] for name in _names(bound.column))
        tests.append(pc.invert(empty))
        if bound.least is not None:
            tests.append(pc.fill_null(pc.greater_equal(most, bound.least), True))
        if bound.most is not None:
            tests.append(pc.fill_null(pc.less_equal(least, bound.most), True))
    return reduce(pc.and_, tests)


def _names(column: str) -> tuple[str, str, str]:
    """How the least and the greatest value of a column are named, and whether it has none."""
    return f"{column} least", f"{column} most", f"{column} empty"


def _noted(schema: pa.Schema) -> pa.Schema:
    """The columns of what is put down, a row for each group: of every column that is no list, nor within another."""
    kinds = {"part": pa.string(), "footer": pa.string()}
    for field in schema:
        if not pa.types.is_nested(field.type):
            kinds |= zip(_names(field.name), (field.type, field.type, pa.bool_()), strict=True)
    return pa.schema(kinds)


def _add(columns: Mapping[str, list[Any]], path: Path) -> None:
    """Put down what a part says."""
    footer = _footer(path)
    of, known = pq.read_metadata(pa.BufferReader(footer)), _hash(footer)
    leaves = {of.schema.column(n).path: n for n in range(len(of.schema))}
    for group in (of.row_group(n) for n in range(of.num_row_groups)):
        columns["part"].append(path.name)
        columns["footer"].append(known)
        for name, leaf in leaves.items():
            least, most, empty = _names(name)
            if empty in columns:
                for column, said in zip((least, most, empty), _told(group, leaf), strict=True):
                    columns[column].append(said)


def _told(group: pq.RowGroupMetaData, leaf: int) -> tuple[Any, Any, bool]:
    """The least and the greatest value of a column in a group, None where it does not say; and whether it has none."""
    told = group.column(leaf).statistics
    if told is None:
        return None, None, False
    empty = bool(told.has_null_count and told.null_count == group.num_rows)
    return (told.min, told.max, empty) if told.has_min_max else (None, None, empty)


def _footer(path: Path) -> bytes:
    """The end of a Parquet file, by which it is known what the rest is; all of a file that is too short for that."""
    with path.open("rb", buffering=0) as read:
        size = read.seek(0, 2)
        read.seek(max(0, size - _END_BYTES))
        end = read.read(_END_BYTES) or b""
        read.seek(max(0, size - _END_BYTES - int.from_bytes(end[:4], "little")))
        return read.readall() or b""


def _hash(footer: bytes) -> str:
    return hashlib.sha256(footer).hexdigest()
