"""Files of equal content that were sealed as different bytes: a log beside its packed copy, or packed in two ways.

Equal lines are two facts; one line kept twice is one. Where a format is of a log, whose place says nothing
(`ONCE` in its reading), a file and its twins of the same host are told once: of the one that no user could have put there,
then of the plain file, or of the one whose hash comes first.
Each event cites the same bytes of every twin too, so that whoever holds any of the files finds it. Records,
rejects and sums stay those of every file.
"""

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from forensics import readings
from forensics.core.folders import BY_USERS
from forensics.core.tables import EVENT
from forensics.custody import seal, unpack
from forensics.pipeline import files as account

BLOCK_BYTES = 1 << 20

Twins = Mapping[str, tuple[str, ...]]
"""Of a file that is told, by hash: the files of equal content that are not, in order of hash."""


def found(case: Path, files: pa.Table) -> dict[str, tuple[str, ...]]:
    """The twins among sealed files. Only files of equal size are compared, and only those that are packed are read for it.

    Args:
        case: the case folder.
        files: schema `file`.
    """
    known = readings.registry()
    sized: dict[tuple[Any, ...], dict[str, _Held]] = defaultdict(dict)
    # Of a million files few are of a format of which twins are looked for.
    once = [
        form
        for form in pc.unique(files["format"]).to_pylist()
        if form and getattr(known[form], "ONCE", False)
    ]
    own = pc.and_(pc.equal(files["kind"], "file"), pc.is_in(files["format"], pa.array(once, pa.string())))
    rows = files.filter(own).sort_by([("path", "ascending")]).to_pylist()
    seen: set[str] = set()
    for row in rows:
        if row["sha256"] in seen:
            continue
        seen.add(row["sha256"])
        kept = _Held(row["domain"].endswith(BY_USERS), row["packing"])
        sized[row["format"], row["host"], account.read_bytes(row)][row["sha256"]] = kept
    told: dict[str, tuple[str, ...]] = {}
    for group in sized.values():
        if len(group) > 1 and any(kept.packing for kept in group.values()):
            told |= _alike(case, group)
    return told


class _Held(NamedTuple):
    """How a file is kept: whether a user can have put it there, and how it is packed."""

    by_user: bool
    packing: str | None


def _alike(case: Path, group: Mapping[str, _Held]) -> dict[str, tuple[str, ...]]:
    held: dict[str, list[str]] = defaultdict(list)
    for sha256, (_, packed) in group.items():
        held[_content(seal.locate(case, sha256), packed) if packed else sha256].append(sha256)
    told = {}
    for own in held.values():
        first, *twins = sorted(own, key=lambda s: (group[s].by_user, group[s].packing is not None, s))
        if twins:
            told[first] = tuple(twins)
    return told


def _content(path: Path, packed: str) -> str:
    """The hash of what a packed file decompresses to; of one that is damaged, a word that no content has."""
    digest = hashlib.sha256()
    with unpack.opened(path, packed) as content:
        while block := content.read(BLOCK_BYTES):
            digest.update(block)
        if any(content.left()):
            return f"damaged {path.name}"
    return digest.hexdigest()


def within(twins: Twins, own: set[str]) -> dict[str, tuple[str, ...]]:
    """Those of some files, whichever of the twins they are."""
    return {first: more for first, more in twins.items() if own & {first, *more}}


def once(records: pa.Table, twins: Twins) -> pa.Table:
    """Records without those of files that are not told."""
    if not twins:
        return records
    silent = pa.array([sha256 for more in twins.values() for sha256 in more], pa.string())
    return records.filter(pc.invert(pc.is_in(records["sha256"], silent)))


def cited(events: pa.Table, twins: Twins) -> pa.Table:
    """Events with the citations of their files' twins behind their own."""
    if not twins:
        return events
    citations = events["citations"].combine_chunks()
    flat, row = citations.flatten(), np.asarray(pc.list_parent_indices(citations), np.int64)
    pieces, rows = [flat], [row]
    for first, more in sorted(twins.items()):
        own = pc.equal(flat.field("sha256"), first)
        if not pc.any(own).as_py():
            continue
        held = flat.filter(own)
        for sha256 in more:
            named = pa.array([sha256], pa.string()).take(pa.array(np.zeros(len(held), np.int64)))
            fields = [named, held.field("start"), held.field("stop")]
            pieces.append(pa.StructArray.from_arrays(fields, ["sha256", "start", "stop"]))
            rows.append(row[np.asarray(own)])
    if len(pieces) == 1:
        return events
    joined, row = pa.concat_arrays(pieces), np.concatenate(rows)
    counts = np.bincount(row, minlength=len(events))
    offsets = pa.array(np.concatenate([[0], np.cumsum(counts)]), pa.int32())
    made = pa.ListArray.from_arrays(offsets, joined.take(pa.array(np.argsort(row, kind="stable"))))
    at = events.column_names.index("citations")
    return events.set_column(at, EVENT.schema().field("citations"), made)
