"""Where a row of records stands in the evidence, said in the columns of an event."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import loose
from forensics.core.tables import CITATIONS

_ID_DIGITS = 16


def column(rows: pa.Table, name: str) -> pa.Array:
    """A column of a table in one piece."""
    chunks = rows[name].chunks
    if len(chunks) == 1 and not chunks[0].offset:
        return chunks[0]  # to put one piece together copies it
    return pa.concat_arrays(chunks) if chunks else pa.nulls(0, rows[name].type)


def spans(rows: pa.Table) -> dict[str, pa.Array]:
    """The span of each row."""
    return {name: column(rows, name) for name in ("sha256", "start", "stop")}


def named(where: Mapping[str, pa.Array]) -> pa.Array:
    """A name for the span of each row, by which the ids of its events begin."""
    sha256, start, stop = (where[name] for name in ("sha256", "start", "stop"))
    coded = sha256 if pa.types.is_dictionary(sha256.type) else sha256.dictionary_encode()
    file = pc.utf8_slice_codeunits(coded.dictionary, 0, _ID_DIGITS)
    # Most rows that are read together are of one file, whose hash is then cut once.
    named = file[0] if len(file) == 1 else file.take(coded.indices)
    return pc.binary_join_element_wise(named, *_written(start, stop), ".")


def _written(start: pa.Array, stop: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Both as text. Where each row ends where the next begins, as lines do, each place is written once."""
    rows = len(start)
    if not rows or not start.slice(1).equals(stop.slice(0, rows - 1)):
        return start.cast(pa.string()), stop.cast(pa.string())
    edges = pa.concat_arrays([start, stop.slice(rows - 1)]).cast(pa.string())
    return edges.slice(0, rows), edges.slice(1)


def cited(
    where: Mapping[str, pa.Array],
    *,
    part: int | None = None,
    second: pa.Array | None = None,
    names: pa.Array | None = None,
) -> dict[str, pa.Array]:
    """The event columns that say where each row stands: id, citations and span.

    Args:
        where: spans, with `sha256`, `start` and `stop`.
        part: which of several events of a span these are.
        second: for each row, the number of another row that says so too, or null.
        names: as `named` gives them, where they are known already.
    """
    sha256, start, stop = (where[name] for name in ("sha256", "start", "stop"))
    ids = named(where) if names is None else names
    if part is not None:
        ids = pc.binary_join_element_wise(ids, str(part), ".")
    spans = pa.StructArray.from_arrays([sha256, start, stop], ["sha256", "start", "stop"])
    bounds = np.arange(len(sha256) + 1, dtype=np.int32)
    if second is not None:
        also = np.asarray(pc.fill_null(second, -1), np.int64)
        pairs = np.stack([np.arange(len(sha256)), also], axis=1)
        spans = spans.take(pa.array(pairs[pairs >= 0]))
        bounds = np.append(0, np.cumsum((pairs >= 0).sum(axis=1))).astype(np.int32)
    citations = pa.ListArray.from_arrays(pa.array(bounds), spans).cast(CITATIONS)
    return {"event_id": ids, "citations": citations, "sha256": sha256, "start": start, "stop": stop}


def of_file(sha256: pa.Array, files: pa.Table, name: str) -> pa.Array:
    """A column of `file` for each row, by the first of the paths that its file was collected under."""
    return loose.plain(each_of_file(sha256, files, name))


def each_of_file(sha256: pa.Array, files: pa.Table, name: str) -> pa.Array:
    """The same, as a dictionary."""
    last = files.sort_by([("sha256", "ascending"), ("path", "descending")])
    known = dict(zip(last["sha256"].to_pylist(), last[name].to_pylist(), strict=True))
    coded = loose.dictionary(sha256)
    words = pa.array([known.get(s) for s in coded.dictionary.to_pylist()], pa.string())
    return loose.looked_up(words, np.asarray(coded.indices, np.int64))


def clocked(earliest_ns: pa.Array, source: pa.Array, form: str) -> pa.Array:
    """The name of the clock that placed each row; null where no time was placed."""
    named = pc.binary_join_element_wise(source, form, ":")
    return pc.if_else(pc.is_valid(earliest_ns), named, pa.scalar(None, pa.string()))
