"""Records told while the process that reads them still holds them, a *piece* at a time.

What records of a piece tell may hang on records of others (`claims` in a reading, or `noted` and `alone`). So each piece leaves behind, until
the run is done, what hangs on others, and what others may hang on; the few that were told wrongly are told again, of the records
as they were written. Everything else is told as they are read back (`tell`).
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from forensics import __version__, engine, readings
from forensics.core import loose
from forensics.pipeline import frames, lacking, parts, pieces, slicing, tell
from forensics.pipeline.parts import Part
from forensics.store import parquet, spool

if TYPE_CHECKING:
    from forensics.pipeline.read import Runner

OPEN, CLAIMED, NOTED, LIST = "open", "claimed", "noted", "pieces.json"
"""What a piece leaves behind: what it tells that hangs on others, and what others may hang on; or what others must know of it; and
the list of a part's pieces.
"""
FEW_ROWS = 1 << 10
"""Of fewer records those of several files are told together."""
MOST_OPEN = 1 << 18
"""Of more, what others claim is asked of the database, in bounded memory."""
_Wrong = Sequence[tuple["Piece", pa.Table | Path]]
"""Pieces that were told wrongly, and what has to be known to tell each again, or where that lies."""
_Unsettled = Callable[[frames.Work, str, Sequence["Piece"], Mapping[str, "Told"]], _Wrong]


class Told(NamedTuple):
    """Where what a part tells is put, and what telling needs."""

    folder: Path
    files: pa.Table
    zone: str
    anchor_ns: int | None


class Piece(NamedTuple):
    """Records that were told together: of a part, which rows, and where what they tell is."""

    part: Part
    sha256: str
    first: int
    stop: int
    folder: Path


def plan(work: frames.Work, every: Iterable[Part], anchor_ns: int | None = None) -> dict[str, Told]:
    """The parts whose records are told as they are read, by name: those that have yet to be read, or were told so.

    Args:
        work: what all parts of a run share.
        every: parts; those of the same files follow one another, and no other is of their formats.
        anchor_ns: what is told goes by it, where its times name no year.
    """
    found: dict[str, Told] = {}
    packed = {part.format for part in every if any(work.packed[sha256] for sha256 in part.files)}
    for _, group in groupby(every, key=lambda part: (part.format, part.files)):
        own = list(group)
        if own[0].format in packed or not _may(own[0]):
            continue
        told = {part.name: _told(work, part, anchor_ns) for part in own}
        if any(len(one.files) >= slicing.MANY_PATHS * len(own[0].files) for one in told.values()):
            continue
        # What is told of the parts of a file is told in one way, since they can hang on one another.
        if all(told[part.name].folder.exists() or parts.sums(work.case, part) is None for part in own):
            found |= told
    return found


def _may(part: Part) -> bool:
    """Whether records of a part can be told before others are read. Not where a file may have a twin, which is packed."""
    form, reading = part.format, readings.registry()[part.format]
    whole = pieces.pieced(form) and part.stretch is None
    if frames.framed(form) or whole or not slicing.sliceable(form):
        return False
    if _seldom(form):
        return True
    if reading.NEEDS_ANCHOR:
        return False
    asked = hasattr(reading, "NOTES") and not hasattr(reading, "claims")
    return not (asked or hasattr(reading, "noted") or hasattr(reading, "SLICED_BY"))


def _seldom(form: str) -> bool:
    """Whether records tell by themselves what they tell beside others, but for few, as is seen by what is noted of them."""
    reading = readings.registry()[form]
    return hasattr(reading, "alone") or getattr(reading, "FEW_LACK", False)


def _told(work: frames.Work, part: Part, anchor_ns: int | None) -> Told:
    files = tell.kept(work.files, pc.is_in(work.files["sha256"], pa.array(part.files, pa.string())))
    held = tell.digest_of(files.select(["sha256", "path", "host", "domain"]))
    why = [__version__, part.name, parts.layout(*tell.ORDER), work.zone, anchor_ns, held]
    return Told(work.case / "work" / "told" / parts.digest(why), files, work.zone, anchor_ns)


class Teller:
    """Tells what is read of a part."""

    def __init__(self, told: Told, form: str) -> None:
        self._told, self._form = told, form
        self._partial = tell.partial_of(told.folder)
        self._list: list[tuple[str, int, int]] = []
        self._few: list[pa.Table] = []
        self._few_rows = 0

    def add(self, records: pa.Table) -> None:
        """Tell records of one file, in order of place, in pieces of about the size of a group.

        Those of small files, of which there can be a million, are told together, unless what they tell hangs on others: then it has to be
        known of each piece which file it is of.
        """
        reading = readings.registry()[self._form]
        if len(records) >= FEW_ROWS or hasattr(reading, "claims") or _seldom(self._form):
            self._tell(records)
        elif len(records):
            self._few.append(_as_read_back(self._form, records, plainly=True))
            self._few_rows += int(_weights(records).sum())
            if self._few_rows >= parquet.GROUP_ROWS:
                self._tell_few()

    def _tell_few(self) -> None:
        if self._few:
            self._tell(pa.concat_tables(self._few))
        self._few, self._few_rows = [], 0

    def _tell(self, records: pa.Table) -> None:
        reading: Any = readings.registry()[self._form]
        for start, stop in pairwise(_edges(_weights(records))):
            own = _as_read_back(self._form, records.slice(start, stop - start))
            folder = self._partial / f"{len(self._list):06d}"
            zone, anchor_ns = self._told.zone, self._told.anchor_ns
            files = self._told.files if lacking.lacks(self._form) else tell.cited(self._told.files, own)
            notes = reading.noted(own.select(reading.NOTED)) if _seldom(self._form) else None
            # What a piece lacks is of others, so there is nothing in what is noted of itself.
            known = None if lacking.lacks(self._form) else notes
            tell.put(folder, tell.made(self._form, own, files, zone, anchor_ns, None, known))
            if notes is not None:
                spool.put(folder / f"{NOTED}.arrow", notes)
            if hasattr(reading, "claims"):
                _leave(folder, reading.claims(own))
            first, last = (own["start"][n].as_py() for n in (0, -1))
            self._list.append((own["sha256"][0].as_py(), first, last + 1))

    def close(self) -> None:
        """What was told appears, as a whole."""
        self._tell_few()
        parts.settle(self._partial / LIST, self._list)
        tell.appear(self._partial, self._told.folder)


def _weights(records: pa.Table) -> npt.NDArray[np.int64]:
    """How many things each record lists, at least one: a line of a megabyte can run tens of thousands of commands, each of which is an event."""
    found = np.ones(len(records), np.int64)
    for column in records.columns:
        if pa.types.is_list(column.type):
            found = np.maximum(found, np.asarray(pc.fill_null(pc.list_value_length(column), 0), np.int64))
    return found


def _edges(weights: npt.NDArray[np.int64]) -> list[int]:
    """Where to cut records into pieces of about the size of a group, by how much each weighs."""
    count, most = len(weights), parquet.GROUP_ROWS
    weight = int(weights.sum())
    many = max(1, (weight + most // 2) // most)
    if weight == count:
        return [count * n // many for n in range(many + 1)] if count else []
    before = np.cumsum(weights) - weights
    cuts = np.searchsorted(before, [weight * n // many for n in range(1, many)])
    return sorted({0, count, *cuts.tolist()})


def _as_read_back(form: str, records: pa.Table, *, plainly: bool = False) -> pa.Table:
    """Records as a reading is handed them where they are read from the disk: its columns, of those types; `plainly`: without dictionaries."""
    reading, declared = readings.registry()[form], parts.record_table(form).schema()
    coded = () if plainly else getattr(reading, "CODED", ())
    # Parquet names the elements of a list, and Arrow the list.
    names = [name.partition(".")[0] for name in getattr(reading, "COLUMNS", None) or declared.names]
    # To combine what is one piece copies it.
    columns = ((name, records[name]) for name in names)
    held = {name: c.chunk(0) if c.num_chunks == 1 else c.combine_chunks() for name, c in columns}
    return pa.table(
        {name: _column(c, declared.field(name).type, coded=name in coded) for name, c in held.items()}
    )


def _column(column: pa.Array, kind: pa.DataType, *, coded: bool) -> pa.Array:
    if coded:
        kind = pa.dictionary(pa.int32(), pa.string())
    if pa.types.is_null(column.type):
        return loose.nothing(kind, len(column))
    if coded:
        return loose.dictionary(column)
    return column if column.type == kind else column.cast(kind)


def _leave(folder: Path, claims: pa.Table) -> None:
    """Put down what hangs on others: what is no claim itself, where there is no such claim in the same piece."""
    own = claims.filter(claims["own"])
    rest = claims.filter(pc.invert(claims["own"]))
    left = rest.filter(pc.invert(pc.is_in(_keys(rest), _keys(own))))
    for name, rows in ((CLAIMED, own), (OPEN, left)):
        if len(rows):
            spool.put(folder / f"{name}.arrow", rows.select(["sha256", "job"]))


def _keys(rows: pa.Table) -> pa.Array:
    columns = [loose.plain(rows[name].combine_chunks()) for name in ("sha256", "job")]
    return pc.binary_join_element_wise(*columns, "/")


def told(work: frames.Work, every: Sequence[Part], own: Mapping[str, Told], runs_on: "Runner") -> list[Path]:
    """The folders of what pieces tell; of those that were told wrongly, what they tell when told again.

    Args:
        work: what all parts of a run share.
        every: all parts.
        own: those that were told as they were read.
        runs_on: where the work runs.
    """
    found = []
    for form, group in groupby((part for part in every if part.name in own), key=lambda part: part.format):
        listed = [piece for part in group for piece in _pieces(part, own[part.name].folder)]
        unsettled = _unsettled(form)
        wrong = unsettled(work, form, listed, own)
        asked = (_again(work, piece, own[piece.part.name], notes) for piece, notes in wrong)
        anew = engine.run(tell.tell, asked, runs_on.executor, in_flight=runs_on.in_flight)
        instead = dict(zip((piece.folder for piece, _ in wrong), anew, strict=True))
        found += [instead.get(piece.folder, piece.folder) for piece in listed]
    return found


def _pieces(part: Part, folder: Path) -> Iterator[Piece]:
    listed = json.loads((folder / LIST).read_text(encoding="ascii"))
    for n, (sha256, first, stop) in enumerate(listed):
        yield Piece(part, sha256, first, stop, folder / f"{n:06d}")


def _unsettled(form: str) -> "_Unsettled":
    """What finds the pieces of a format that were told wrongly."""
    if lacking.lacks(form):
        return _lacking
    return _not_alone if hasattr(readings.registry()[form], "alone") else _wrong


def _lacking(
    work: frames.Work, form: str, listed: Sequence[Piece], own: Mapping[str, Told]
) -> list[tuple[Piece, Path]]:
    """Pieces that lack what is noted of others, and where that lies."""
    found = []
    for _, group in groupby(listed, key=lambda piece: piece.part.files):
        held = list(group)
        noted = [piece.folder / f"{NOTED}.arrow" for piece in held]
        told = own[held[0].part.name]
        into = work.case / "work" / "noted" / told.folder.name
        lacked = lacking.found(form, noted, told.files, into)
        found += [(one, path) for one, path in zip(held, lacked, strict=True) if path is not None]
    return found


def _not_alone(
    work: frames.Work,  # noqa: ARG001 - as for `_wrong`
    form: str,
    listed: Sequence[Piece],
    own: Mapping[str, Told],
) -> list[tuple[Piece, pa.Table]]:
    """Pieces that tell something else by what is noted of all pieces than by what is noted of them, and the former."""
    reading: Any = readings.registry()[form]
    found = []
    for _, group in groupby(listed, key=lambda piece: piece.part.files):
        held = list(group)
        noted = [spool.read(piece.folder / f"{NOTED}.arrow") for piece in held]
        alone = reading.alone(noted, anchor_ns=own[held[0].part.name].anchor_ns)
        if not all(alone):
            every = pa.concat_tables(noted)
            found += [(piece, every) for piece, told in zip(held, alone, strict=True) if not told]
    return found


def _wrong(
    work: frames.Work,
    form: str,
    listed: Sequence[Piece],
    own: Mapping[str, Told],  # noqa: ARG001 - as for `_not_alone`
) -> list[tuple[Piece, pa.Table]]:
    """Pieces that told what is not so, as others claim, and what has to be known to tell them again."""
    left = {piece: held for piece in listed if (held := _held(piece, OPEN)) is not None}
    if not left:
        return []
    if sum(map(len, left.values())) > MOST_OPEN:
        tables = work.case / "tables" / form
        written = [tables / f"{name}.parquet" for name in dict.fromkeys(p.part.name for p in listed)]
        claimed = slicing.by_question(form, written, work.case / "work" / "spill")
    else:
        keys = pa.concat_arrays([_keys(rows) for rows in left.values()])
        every = (held for piece in listed if (held := _held(piece, CLAIMED)) is not None)
        claimed = [held.filter(pc.is_in(_keys(held), keys)) for held in every]
        claimed = pa.concat_tables(claimed) if claimed else next(iter(left.values())).slice(0, 0)
    known = _keys(claimed)
    wrong = []
    for piece, rows in left.items():
        others = claimed.filter(pc.is_in(known, _keys(rows)))
        if len(others):
            claims = _held(piece, CLAIMED)
            wrong.append((piece, others if claims is None else pa.concat_tables([others, claims])))
    return wrong


def _held(piece: Piece, name: str) -> pa.Table | None:
    path = piece.folder / f"{name}.arrow"
    return spool.read(path) if path.exists() else None


def _again(work: frames.Work, piece: Piece, own: Told, known: pa.Table | Path) -> tell.Task:
    """To tell a piece again, of its records as they were written."""
    form, name = piece.part.format, piece.part.name
    notes = spool.read(known) if isinstance(known, Path) else known
    key = parts.digest([own.folder.name, piece.folder.name, notes.to_pylist()])
    path = work.case / "work" / "noted" / f"{key}.arrow"
    spool.put(path, notes)
    records = slicing.Slice(
        (work.case / "tables" / form / f"{name}.parquet",), piece.first, piece.stop, None, piece.sha256
    )
    return tell.Task(records, form, own.files, own.zone, own.anchor_ns, own.folder.parent / key, path)
