"""What of git's objects an analysis holds: commits, tags and refs whole, trees with their entries, and of blobs no more than names.

A repository has a blob for every version of every file, and few of them are looked at. So their names and hashes
lie in columns, and a text is asked for when it is needed: of a table, or of whoever keeps the case.
"""

from collections.abc import Callable, Iterable, Mapping

import pyarrow as pa
import pyarrow.compute as pc

SOURCES = ("git_object", "git_pack")
BLOB, NAME, TREE = "git_blob", "git_name", "git_tree"
"""Names and hashes of blobs, names of trees, and entries of those that have them: what a store gives in the place of rows."""
COLUMNS = ("oid", "oid_sha256", "content_sha256")
Texts = Callable[[Iterable[str]], Mapping[str, str]]
_MOST_REMEMBERED = 20_000


class Blobs:
    """The blobs of a case."""

    def __init__(self, known: pa.Table, texts: Texts) -> None:
        """Take their names and hashes (`COLUMNS`), and what gives the texts of some."""
        self._known, self._texts = known, texts
        self._remembered: dict[str, str | None] = {}

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._known.num_rows)

    def there(self, oids: Iterable[str]) -> set[str]:
        """Those of some names that a blob in the evidence has."""
        asked = pa.array(sorted(set(oids)), pa.string())
        held = pa.chunked_array([*self._known["oid"].chunks, *self._known["oid_sha256"].chunks], pa.string())
        return set(asked.filter(pc.is_in(asked, value_set=pc.unique(held))).to_pylist())

    def contents(self, oids: Iterable[str]) -> dict[str, str]:
        """The SHA-256 of the content of those of some blobs of which it is known."""
        own = self._known.filter(pc.is_in(self._known["oid"], pa.array(sorted(set(oids)), pa.string())))
        own = own.filter(pc.is_valid(own["content_sha256"]))
        return dict(zip(own["oid"].to_pylist(), own["content_sha256"].to_pylist(), strict=True))

    def of_content(self, hashes: Iterable[str]) -> dict[str, str]:
        """The SHA-256 of the content of every blob that has one of some, by its name."""
        asked = pa.array(sorted(set(hashes)), pa.string())
        own = self._known.filter(pc.is_in(self._known["content_sha256"], asked))
        return dict(zip(own["oid"].to_pylist(), own["content_sha256"].to_pylist(), strict=True))

    def texts(self, oids: Iterable[str]) -> dict[str, str]:
        """The texts of those of some blobs that are text, and in the evidence."""
        asked = set(oids)
        new = asked - self._remembered.keys()
        if len(new) + len(self._remembered) > _MOST_REMEMBERED:
            self._remembered, new = {}, asked
        if new:
            found = self._texts(sorted(new))
            self._remembered |= {oid: found.get(oid) for oid in new}
        told = {oid: self._remembered[oid] for oid in asked}
        return {oid: text for oid, text in told.items() if text is not None}


class Trees:
    """What the trees of a case call by which name."""

    def __init__(self, tables: Iterable[pa.Table]) -> None:
        """Take `sha256`, `start` and `entries` of trees."""
        self._tables = [table.combine_chunks() for table in tables if table.num_rows]

    def named(self, name: str) -> list[tuple[str, str, int]]:
        """Every entry of a name: what it leads to, and the tree that has it by its file and first byte; in order of the trees."""
        found: list[tuple[str, str, int]] = []
        for table in self._tables:
            entries = table["entries"].chunk(0)
            flat, row = pc.list_flatten(entries), pc.list_parent_indices(entries)
            own = pc.equal(pc.struct_field(flat, "name"), name)
            at = row.filter(own)
            columns = (
                pc.struct_field(flat, "oid").filter(own),
                table["sha256"].take(at),
                table["start"].take(at),
            )
            found += zip(*(column.to_pylist() for column in columns), strict=True)
        return found


def trees(found: Mapping[str, pa.Table]) -> Trees:
    """The trees among tables, the pack's behind the loose ones."""
    wanted = ["sha256", "start", "entries"]
    own = [found[TREE]] if TREE in found else [
        found[name].filter(pc.equal(found[name]["kind"], "tree"))
        for name in SOURCES
        if name in found and "entries" in found[name].column_names
    ]  # fmt: skip
    return Trees(table.filter(pc.is_valid(table["entries"])).select(wanted) for table in own)


def nothing() -> Blobs:
    """No blobs."""
    return Blobs(pa.table({name: pa.array([], pa.string()) for name in COLUMNS}), lambda _: {})


def blobs(found: Mapping[str, pa.Table], texts: Texts | None = None) -> Blobs:
    """The blobs among tables, the pack's behind the loose ones.

    Args:
        found: tables by name.
        texts: what gives the texts of some; without it, they are those of the tables.
    """
    parts = [
        _columns(found[name].filter(pc.equal(found[name]["kind"], "blob")))
        for name in SOURCES
        if name in found
    ]
    parts += [_columns(found[BLOB])] if BLOB in found else []
    if not parts:
        return nothing()
    return Blobs(pa.concat_tables(parts), texts if texts is not None else _of_tables(found))


def _columns(table: pa.Table) -> pa.Table:
    there = set(table.column_names)
    empty = pa.nulls(table.num_rows, pa.string())
    return pa.table({name: table[name].cast(pa.string()) if name in there else empty for name in COLUMNS})


def _of_tables(found: Mapping[str, pa.Table]) -> Texts:
    own = [found[name] for name in SOURCES if name in found and "text" in found[name].column_names]

    def texts(oids: Iterable[str]) -> Mapping[str, str]:
        asked, told = pa.array(list(oids), pa.string()), dict[str, str]()
        for table in own:
            some = table.select(["oid", "text", "kind"]).filter(
                pc.and_(pc.is_in(table["oid"], asked), pc.equal(table["kind"], "blob"))
            )
            some = some.filter(pc.is_valid(some["text"]))
            told |= dict(zip(some["oid"].to_pylist(), some["text"].to_pylist(), strict=True))
        return told

    return texts


def held(table: pa.Table) -> pa.Table:
    """A table of git objects without its blobs, and without the trees whose entries were not kept: nothing is asked of them row by row."""
    if not {"kind", "entries"} <= set(table.column_names):
        return table
    tree = pc.equal(table["kind"], "tree")
    kept = pc.and_(
        pc.not_equal(table["kind"], "blob"), pc.or_(pc.invert(tree), pc.is_valid(table["entries"]))
    )
    return table.filter(kept).drop_columns([name for name in ("text",) if name in table.column_names])
