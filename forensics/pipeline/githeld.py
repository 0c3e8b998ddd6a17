"""A case with large repositories: which of the events of git's objects an analysis needs, and how the objects are read.

Trees and blobs are told by an event each, and there are nine of them for a commit. Nothing is asked of a blob's event, and
of a tree's only where its entries were kept. The rows of blobs are not read: names and hashes are, and texts when asked for.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from forensics.analysis import gitfound
from forensics.analysis.tips import Left, Place
from forensics.core.tables import EVENT
from forensics.pipeline import tips
from forensics.store import parquet, places
from forensics.store.places import Asked, Places

MOST_OBJECTS = 20_000
"""Up to so many objects of a case are all held, with their events."""
_FORMATS = ", ".join(f"'{name}'" for name in gitfound.SOURCES)
_UNREAD = (
    f"format IN ({_FORMATS}) AND verb = 'other' AND object_kind IS NULL AND earliest_ns IS NULL"
    " AND (starts_with(text, 'blob ') OR (starts_with(text, 'tree ') AND NOT EXISTS"
    " (SELECT 1 FROM telling WHERE telling.sha256 = part.sha256 AND telling.start = part.start)))"
)


def large(tables: Path) -> bool:
    """Whether there are so many objects that not all are held."""
    return (
        sum(parquet.count(tables, name) for name in gitfound.SOURCES if parquet.parts(tables, name))
        > MOST_OBJECTS
    )


def told(tables: Path) -> int:
    """How many objects a large case has, each of which is told by an event at least: narrowing an audit trail does not lessen these."""
    return sum(parquet.count(tables, name) for name in _there(tables)) if large(tables) else 0


def _there(tables: Path) -> list[str]:
    return [name for name in gitfound.SOURCES if parquet.parts(tables, name)]


def objects(tables: Path) -> dict[str, pa.Table]:
    """The tables of git objects of a large case, by name: blobs and trees apart, but for trees that tell what a commit changed."""
    found: dict[str, pa.Table] = {}
    apart: dict[str, list[pa.Table]] = {gitfound.BLOB: [], gitfound.NAME: [], gitfound.TREE: []}
    kind, entries = ds.field("kind"), ds.field("entries")
    there = _there(tables)
    for source in there:
        columns = [name for name in parquet.columns(tables, source) if name != "text"]
        found[source] = parquet.read(tables, source, columns, (kind != "blob") & (kind != "tree"))
        known = [name for name in gitfound.COLUMNS if name in columns]
        apart[gitfound.BLOB].append(_filled(parquet.read(tables, source, known, kind == "blob")))
        apart[gitfound.NAME].append(parquet.read(tables, source, ["oid"], kind == "tree"))
        told = parquet.read(
            tables, source, ["oid", "sha256", "start", "entries"], (kind == "tree") & entries.is_valid()
        )
        apart[gitfound.TREE].append(told)
    needed = pa.array(sorted(_walked(list(found.values()), apart[gitfound.TREE])), pa.string())
    for source in there if len(needed) else ():
        rows = parquet.read(
            tables, source, found[source].column_names, (kind == "tree") & entries.is_valid() & ds.field("oid").isin(needed)
        )  # fmt: skip
        found[source] = pa.concat_tables([found[source], rows]).sort_by(
            [("sha256", "ascending"), ("start", "ascending")]
        )
    return found | {name: pa.concat_tables(parts) for name, parts in apart.items()}


def _walked(told: Sequence[pa.Table], trees: Sequence[pa.Table]) -> set[str]:
    """The trees below commits of which no pack says what they changed, and below the parents of these."""
    own = ["oid", "tree", "parents", "lacking"]
    silent = [
        t.filter(pc.and_(pc.equal(t["kind"], "commit"), pc.is_null(t["changes"]))).select(own) for t in told
    ]
    rows = [row for table in silent for row in table.to_pylist()]
    asked = {oid for row in rows for oid in row["parents"] or ()}
    parents = [t.filter(pc.is_in(t["oid"], pa.array(sorted(asked), pa.string()))) for t in told]
    ahead = {row["tree"] for row in rows} | {tree for t in parents for tree in t["tree"].to_pylist()}
    ahead |= {oid for row in rows for oid in row["lacking"] or ()}
    seen: set[str] = set()
    while ahead := ahead - seen - {None}:
        seen |= ahead
        below: set[str] = set()
        for table in trees:
            lists = table.filter(pc.is_in(table["oid"], pa.array(sorted(ahead), pa.string())))
            flat = pc.list_flatten(lists["entries"])
            folders = pc.match_substring_regex(pc.struct_field(flat, "mode"), "^0*40000$")
            below |= set(pc.struct_field(flat, "oid").filter(folders).to_pylist())
        ahead = below
    return seen


def _filled(part: pa.Table) -> pa.Table:
    there = set(part.column_names)
    empty = pa.nulls(part.num_rows, pa.string())
    return pa.table({name: part[name] if name in there else empty for name in gitfound.COLUMNS})


def texts(tables: Path) -> gitfound.Texts:
    """What gives the texts of some blobs, from the store."""

    def told(oids: Iterable[str]) -> Mapping[str, str]:
        asked, found = pa.array(list(oids), pa.string()), dict[str, str]()
        for source in gitfound.SOURCES:
            if parquet.parts(tables, source):
                where = (
                    ds.field("oid").isin(asked) & (ds.field("kind") == "blob") & ds.field("text").is_valid()
                )
                scanned = parquet.dataset(tables, source).scanner(
                    columns=["oid", "text"],
                    filter=where,
                    batch_size=1 << 12,
                    batch_readahead=1,
                    fragment_readahead=1,
                )
                for batch in scanned.to_batches():
                    found |= dict(zip(batch["oid"].to_pylist(), batch["text"].to_pylist(), strict=True))
        return found

    return told


def unread(asked: Asked, found: Mapping[str, pa.Table]) -> Places:
    """The places of the events of objects of which nothing is asked."""
    return asked.places(f"WHERE {_UNREAD}", {"telling": found[gitfound.TREE].select(["sha256", "start"])})


def held(tables: Path, found: Mapping[str, pa.Table]) -> tuple[pa.Table, Mapping[Place, Left], int]:
    """The events of a case, what is counted of those of refs that are not among them, and how many of objects are not.

    Raises:
        CaseError: there are none.
    """
    if not large(tables):
        events, left = tips.held(tables, found)
        return events, left, 0

    with places.opened(tables, "event") as asked:
        refs, objects_ = tips.apart(tables, asked, found), unread(asked, found)
        kept = places.less(asked.places(""), places.merged(refs.places, objects_))
        return asked.rows(kept, EVENT.names), refs.counted, len(objects_)
