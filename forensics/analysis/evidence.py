"""What the analysis starts from: the tables of a case as frames, and who is asked about."""

from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from forensics.analysis import cut_lines, displaced, forge_names, gitfound, imitated, selfset, tips, trails
from forensics.analysis.typed_lines import Alone
from forensics.core import tables
from forensics.core.roster import Question, Roster
from forensics.core.tables import CITATIONS

if TYPE_CHECKING:
    from forensics.analysis.trailcopies import Lacking

_NULLABLE: Mapping[pa.DataType, pd.api.extensions.ExtensionDtype] = {
    pa.int64(): pd.Int64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
}

_ROWS = 1 << 12
"""How many rows are laid out together."""

TOLD = pa.schema(
    [
        *((name, pa.string()) for name in ("event_id", "job", "verb")),
        ("uid", pa.int64()),
        ("source", pa.string()),
        *((name, pa.int64()) for name in ("start", "earliest_ns", "latest_ns")),
    ]
)
"""What is held of the events by which a scheduler tells that an ordinary job was submitted (`submit`) and started (`start`):
`uid` is its owner's, `source` as `anchors.sources` has it."""

Row = Any
"""One row of a frame: its attributes are the columns."""


def rows_of(table: pd.DataFrame) -> Iterator[Row]:
    """The rows of a frame, in its order; whole numbers are Python's own."""
    # What `itertuples` does, without its new class for every frame and without a series for each column of each.
    row = _row_of(tuple(table.columns))
    for first in range(0, len(table), _ROWS):
        some = table if len(table) <= _ROWS else table.iloc[first : first + _ROWS]
        for place, values in zip(some.index, some.to_numpy(dtype=object), strict=True):
            yield row(place, *values)


class Rows:
    """Single rows of a frame by their place, as `rows_of` gives them, without a frame made of each."""

    def __init__(self, table: pd.DataFrame) -> None:
        self._index, self._row = table.index, _row_of(tuple(table.columns))
        columns = [table[name] for name in table.columns]
        self._columns = [c.to_numpy() if c.dtype == object else c.array for c in columns]
        self._boxed = [n for n, c in enumerate(columns) if c.dtype != object]

    def at(self, place: int) -> Row:
        """The row of a place."""
        values = [column[place] for column in self._columns]
        for n in self._boxed:
            if isinstance(values[n], np.generic):
                values[n] = values[n].item()
        return self._row(self._index[place], *values)


@cache
def _row_of(columns: tuple[str, ...]) -> Any:  # noqa: ANN401 - a class made at run time
    return namedtuple("Row", ("Index", *columns), rename=True)  # noqa: PYI024 - the columns are known at run time only


def groups_of(table: pd.DataFrame, by: str | list[str]) -> Iterator[tuple[Any, pd.DataFrame]]:
    """The rows of each value (or tuple of values) of `by`, in order of value; null is a value, and is None."""
    for key, rows in table.groupby(by, sort=True, dropna=False):
        yield (tuple(map(_known, key)) if isinstance(key, tuple) else _known(key)), rows


def _known(value: Any) -> Any:  # noqa: ANN401 - a value of any column
    return None if pd.isna(value) else value


def one_session(events: pd.DataFrame) -> bool:
    """Whether events all carry the same audit session, and there is one."""
    return len(events) > 0 and len(set(events["session"])) == 1 and bool(events["session"].notna().all())


def where(table: pd.DataFrame, column: str, test: Callable[[Any], bool]) -> pd.DataFrame:
    """The rows whose value in a column passes a test."""
    return flagged(table, [test(value) for value in table[column]])


def picked(table: pd.DataFrame, mask: "pd.Series[bool]") -> pd.DataFrame:
    """The rows where a mask holds; where it is unknown, none: `table[mask]`, for less where they are one run, all or none.

    As they mostly are. Of the thirty arrays that a frame of events is made of, a run of rows takes a view each.
    """
    if not mask.index.is_(table.index):
        return table[mask]
    return flagged(table, mask.to_numpy() if mask.dtype == bool else mask.to_numpy(bool, na_value=False))


def flagged(table: pd.DataFrame, flags: "Sequence[bool] | npt.NDArray[np.bool_]") -> pd.DataFrame:
    """The same by a flag for each row, in the order of the rows."""
    at = np.flatnonzero(np.asarray(flags, bool))
    first, stop = (int(at[0]), int(at[-1]) + 1) if len(at) else (0, 0)
    return table.iloc[first:stop] if stop - first == len(at) else table.iloc[at]


def places_of_each(values: npt.NDArray[Any]) -> dict[str, npt.NDArray[np.int64]]:
    """The places of each of some words in a column of them, in order."""
    codes, names = pd.factorize(values)
    order = np.argsort(codes, kind="stable")
    edges = np.searchsorted(codes[order], np.arange(len(names) + 1))
    return {str(name): order[edges[n] : edges[n + 1]] for n, name in enumerate(names)}


def frame(table: pa.Table) -> pd.DataFrame:
    """An Arrow table as a frame whose integers stay exact where some are null.

    Text is `object` with None for null, so that a null is never the word "nan".
    """
    return _frame(table) if len(table) else _framed(table.schema.remove_metadata()).copy()


def _frame(table: pa.Table) -> pd.DataFrame:
    plain = [
        name for name, kind in zip(table.column_names, table.schema.types, strict=True) if kind in _NULLABLE
    ]
    loose: pd.DataFrame = table.select(plain).to_pandas(types_mapper=_NULLABLE.get, integer_object_nulls=True)
    # The columns of text lie in one array, so that rows are taken from one and not from thirty.
    rest = [name for name in table.column_names if name not in plain]
    values = np.empty((len(rest), len(table)), object)
    for n, name in enumerate(rest):
        values[n] = _values(table[name], name)
    text = pd.DataFrame(values.T, columns=rest, dtype=object, copy=False)
    return of_columns(pd.concat([loose, text], axis=1), table.column_names)


@cache
def _framed(schema: pa.Schema) -> pd.DataFrame:
    """The frame of no row: of most kinds of table a case has none."""
    return _frame(schema.empty_table())


def of_columns(table: pd.DataFrame, names: Iterable[str]) -> pd.DataFrame:
    """Some columns of a frame, in that order, by names that are Python's own: these are found faster than Arrow's."""
    found: pd.DataFrame = table[list(names)]
    found.columns = pd.Index(list(names), dtype=object)
    return found


def _beside_text(events: pd.DataFrame) -> pd.DataFrame:
    """Events with the numbers of users, and those that few events have, among the columns of text: Python's own, equal ones one object, or `pd.NA`.

    They are asked for and compared, not reckoned with. As a column of whole numbers each takes two arrays of its own
    in every selection of rows, which is most of what a selection costs; the columns of text are one array.
    """
    held = {}
    for name in _NAMING:
        places, numbers = pd.factorize(events[name])
        # What is null has the place -1.
        held[name] = np.array([*numbers.tolist(), pd.NA], object)[places]
    return events.assign(**held)


_NAMING = ("uid", "auid", "euid", "ppid", "port", "object_owner_uid", "signal", "target_pid", "target_uid")


def _values(column: pa.ChunkedArray, name: str) -> npt.NDArray[Any]:
    """The values of a column, those that come again as one object each."""
    if name in _LATER:
        held = column.combine_chunks()
        found = np.empty(len(held), object)
        found[:] = [Listed(held, row) for row in range(len(held))]
        return found
    if column.null_count == len(column):
        return np.full(len(column), None, object)
    if not pa.types.is_string(column.type) or name in _ALL_DIFFERENT or len(column) <= _FEW:
        return np.fromiter(column.to_pylist(), object, len(column))
    coded = column.combine_chunks().dictionary_encode()
    known = np.array([*coded.dictionary.to_pylist(), None], object)
    taken: npt.NDArray[Any] = known[coded.indices.fill_null(len(known) - 1).to_numpy()]
    return taken


_ALL_DIFFERENT = frozenset({"event_id", "oid"})
_FEW = 64
"""Values so few are made one by one: that equal ones are one object saves nothing there."""


_LATER = frozenset({"citations", "entries", "changes"})
"""Columns of lists whose values are made when they are looked at: spans that events cite, entries of git's trees, what commits changed."""


class Listed:
    """The values of a list in one row, made when they are looked at: few of them ever are. A null has none."""

    __slots__ = ("_held", "_row")

    def __init__(self, held: pa.Array, row: int) -> None:
        self._held, self._row = held, row

    @property
    def held(self) -> pa.Array:
        """All lists of the column, of which it is one."""
        return self._held

    @property
    def row(self) -> int:
        """Which of them."""
        return self._row

    @property
    def known(self) -> bool:
        """Whether the row has a list at all, be it empty."""
        return bool(self._held[self._row].is_valid)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Each value, in order."""
        return iter(self._held[self._row].as_py() or ())


def listed_together(column: pd.Series) -> pa.ListArray:
    """The lists of a column of citations, in its order, as one array: of many rows faster than each by itself."""
    rows = column.tolist()
    if not rows:
        return pa.array([], CITATIONS)
    if all(isinstance(value, Listed) and value.held is rows[0].held for value in rows):
        return rows[0].held.take(pa.array([value.row for value in rows], pa.int64()))
    return pa.array([listed(value) for value in rows], CITATIONS)


def listed(value: object) -> list[Any] | None:
    """The values of a list in a row, made where they were not; None where there is none."""
    if isinstance(value, Listed):
        return list(value) if value.known else None
    return value if isinstance(value, list) else None


def has_list(value: object) -> bool:
    """Whether a row has a list at all, be it empty."""
    return value.known if isinstance(value, Listed) else isinstance(value, list)


@dataclass(frozen=True, slots=True)
class Totals:
    """What was counted of the events of an audit trail that are not held: those that bear on nothing asked.

    events: how many there are in all, held or not.
    apart: by source (`anchors.sources`), how many that have a time are not held.
    fired: by kind of act and by rule, acts on files whose changes are not held, and submissions of ordinary jobs.
    paths: the files whose every change is held; of any other file no change is looked at. Null where all are held.
    jumps: host, and the kernel's numbers on both sides of each jump; the events of these are held. Null where all are held.
    linked: by rule, ties of these acts to jobs.
    lacking: what copies of trails lack. Null where all events of trails are held, and it is found with these.
    """

    events: int
    apart: Mapping[str, int]
    fired: Mapping[tuple[str, str], int]
    paths: frozenset[str] | None
    jumps: frozenset[tuple[str | None, int, int]] | None
    linked: Mapping[str, int] = field(default_factory=dict)
    lacking: "tuple[Lacking, ...] | None" = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """A case as the analysis sees it.

    files, events, job_records, copies: frames of the core tables of those names, `events` indexed
    by event id (the level `at`) and in order of time, then of place, with the columns that `trails.settled` adds.
    raw: format tables that an analysis needs beyond events (git objects), by name.
    roster, question: who could have acted, and what is asked; both may be empty.
    totals: what was counted where not all events are held; none where they are.
    refs_apart: what was counted of events of refs that are not held, by host and repository.
    objects_apart: how many events of git's trees and blobs are not held.
    ordinary: the records of ordinary jobs (`ordinary`), of columns `ordinary.COLUMNS`; these are not among `job_records`.
    told: the submissions and starts of ordinary jobs by which clocks are compared, of schema `TOLD`; they are not among `events`, or not all.
    blobs: git's blobs, by name.
    trees: git's trees, by what they name.
    lost: the refs that name objects which are not in the evidence.
    called: the names of accounts at forges, with their numbers.
    typed: rows of accounting that a user can have typed.
    """

    files: pd.DataFrame
    events: pd.DataFrame
    job_records: pd.DataFrame
    copies: pd.DataFrame
    raw: Mapping[str, pd.DataFrame]
    roster: Roster
    question: Question
    totals: Totals | None = None
    refs_apart: Mapping[tips.Place, tips.Left] = field(default_factory=dict)
    objects_apart: int = 0
    ordinary: pa.Table = field(default_factory=tables.JOB_RECORD.empty, repr=False, compare=False)
    told: pa.Table = field(default_factory=TOLD.empty_table, repr=False, compare=False)
    blobs: gitfound.Blobs = field(default_factory=gitfound.nothing, repr=False, compare=False)
    trees: gitfound.Trees = field(default_factory=lambda: gitfound.Trees(()), repr=False, compare=False)
    lost: tuple[tips.Lost, ...] = ()
    called: tuple[forge_names.Called, ...] = ()
    typed: tuple[imitated.Imitated, ...] = ()
    alone: tuple[Alone, ...] = ()
    memo: dict[Any, Any] = field(init=False, default_factory=dict, repr=False, compare=False)
    """What was looked up once, by what looks it up; a copy of the evidence starts without it."""

    def renaming(self) -> pd.DataFrame:
        """The events, for whoever changes names in them in place: what was looked up before is forgotten."""
        self.memo.clear()
        return self.events


def assemble(
    found: Mapping[str, pa.Table],
    roster: Roster,
    question: Question,
    totals: Totals | None = None,
    refs_apart: Mapping[tips.Place, tips.Left] | None = None,
    objects_apart: int = 0,
    texts: gitfound.Texts | None = None,
    ordinary: pa.Table | None = None,
) -> Evidence:
    """Take what ingest found.

    Args:
        found: tables by name; `event` must be there, the others may be missing. Of a trail's format,
            the columns that `trails.numbers` reads.
        roster: who could have acted.
        question: what is asked.
        totals: what was counted of events that are not among them.
        refs_apart: the same of events of refs, by host and repository.
        objects_apart: how many events of git's trees and blobs are not among them.
        texts: what gives the texts of some blobs, where the tables do not hold them.
        ordinary: records of ordinary jobs, which are not among `job_record`.
    """
    known = {t.name: t for t in (tables.FILE, tables.JOB_RECORD, tables.COPY)}
    got = {name: frame(found.get(name, table.empty())) for name, table in known.items()}
    events = displaced.without(frame(found["event"]), got["file"]).sort_values(
        ["earliest_ns", "sha256", "start", "event_id"], kind="stable", na_position="last", ignore_index=True
    )
    events = displaced.unheard(trails.settled(events, frame(trails.numbers(found))))
    events = selfset.withheld(forge_names.withheld(events, found))
    events, records, typed = imitated.withheld(events, displaced.without(got["job_record"], got["file"]))
    apart = tables.JOB_RECORD.empty() if ordinary is None else ordinary
    events, records, alone = cut_lines.withheld(events, records, apart, got["file"])
    raw = {
        name: frame(gitfound.held(table))
        for name, table in sorted(found.items())
        if name
        not in {"event", "reject", gitfound.BLOB, gitfound.NAME, gitfound.TREE, *known, *trails.TRAILS}
    }
    return Evidence(
        files=got["file"],
        # A copy lies in few blocks, a column at a time in many: every selection of rows takes half the time.
        events=_beside_text(events).set_index("event_id", drop=False).rename_axis("at").copy(),
        job_records=records,
        # A blob's text is asked of `blobs`.
        copies=got["copy"][got["copy"]["kind"] != "blob"],
        raw=raw,
        roster=roster,
        question=question,
        totals=totals,
        refs_apart=refs_apart or {},
        objects_apart=objects_apart,
        ordinary=apart,
        blobs=gitfound.blobs(found, texts),
        trees=gitfound.trees(found),
        lost=tips.lost(found, refs_apart or {}),
        typed=typed,
        alone=alone,
        called=tuple(forge_names.told({name: found[name] for name in forge_names.COLUMNS if name in found})),
    )
