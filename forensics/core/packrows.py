"""The objects of a pack as rows of a table: kind by kind, a batch at a time, so that millions fit in memory.

What a commit changed, and what a tree lists, is told after all objects are known.
"""

import gc
import hashlib
import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import pyarrow as pa

from forensics.core import gitobject
from forensics.core.gitcolumns import CHANGES, ENTRIES
from forensics.core.githistory import Change, Trees
from forensics.core.model import Why
from forensics.core.packfile import Fault, Pack
from forensics.core.schema import Table

BATCH_ROWS, BATCH_BYTES = 20_000, 16 << 20
MOST_ENTRIES = 250_000
"""So many entries of trees are listed for a pack; those of its newest commits come first."""
MOST_CHANGES = 3_000_000
"""So many changed files are listed for a pack."""

_NAME = rb"([0-9a-f]{40}(?:[0-9a-f]{24})?)"
_WHO = rb"([^\n]*) (-?\d{1,18}) ([+-]\d{4})\n"
_PLAIN = re.compile(
    rb"tree " + _NAME + rb"\n((?:parent [0-9a-f]+\n)*)author " + _WHO + rb"committer " + _WHO + rb"\n"
)
_PARENT = re.compile(rb"parent " + _NAME + rb"\n")
_FIELDS = {
    "commit": (
        *("oid", "size", "tree", "parents", "author", "author_s", "author_zone"),
        *("committer", "committer_s", "committer_zone", "message"),
        *("signed", "signature", "signed_sha512", "signed_digest"),
    ),
    "tree": ("oid", "size"),
    "blob": ("oid", "size", "content_sha256", "binary", "text"),
    "tag": (
        *("oid", "size", "tag_object", "tag_name", "tagger", "tagger_s", "tagger_zone"),
        *("message", "signed", "signature", "signed_sha512", "signed_digest"),
    ),
}


@contextmanager
def _uncollected() -> Iterator[None]:
    """Millions of small objects are made and none in a circle: looking for circles would only cost time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


class _Kind:
    """The rows of one kind, those of the batch that is being filled in lists."""

    def __init__(self, table: Table, kind: str, width: int) -> None:
        self._table, self._kind, self._width = table, kind, width
        self.fields = _FIELDS[kind]
        self._rows: list[Sequence[object]] = []
        self._at = array("q")
        self._bytes = 0
        self.batches: list[pa.Table] = []
        self.index = array("q")

    def add(self, i: int, row: Sequence[object], held_bytes: int) -> None:
        self._rows.append(row)
        self._at.append(i)
        self._bytes += held_bytes
        if len(self._rows) >= BATCH_ROWS or self._bytes >= BATCH_BYTES:
            self.flush()

    def flush(self) -> None:
        """Put what was added into a table; the spans are still the numbers of the objects."""
        if not self._rows:
            return
        columns = dict(zip(self.fields, map(list, zip(*self._rows, strict=True)), strict=True))
        wide = {"oid_sha256": columns["oid"]} if self._width == 32 else {}
        kind = pa.array([self._kind], pa.string()).take(pa.array(np.zeros(len(self._rows), np.int8)))
        at = pa.array(np.array(self._at, np.int64))
        self.batches.append(self._table.build({**columns, **wide, "kind": kind, "start": at, "stop": at}))
        self.index += self._at
        self._rows, self._at, self._bytes = [], array("q"), 0


class Rows:
    """Everything that a pack holds, read into a table."""

    def __init__(self, table: Table, pack: Pack, oid_bytes: int) -> None:
        self._table, self._pack, self._width = table, pack, oid_bytes
        self._kinds = {kind: _Kind(table, kind, oid_bytes) for kind in _FIELDS}
        self._tree_of: dict[bytes, bytes] = {}
        self._first_parent: dict[int, tuple[bytes, bytes | None]] = {}
        self._parents: set[bytes] = set()
        self._hash = hashlib.sha256 if oid_bytes == 32 else hashlib.sha1

    def read(self) -> tuple[pa.Table, list[Fault]]:
        """The table, in order of position, and what could not be made whole."""
        with _uncollected():
            return self._read()

    def _read(self) -> tuple[pa.Table, list[Fault]]:
        faults, done = [], bytearray(len(self._pack.frames))
        frames = self._pack.frames
        for i, kind, content in self._pack.walk():
            done[i] = 1
            if isinstance(content, Why):
                faults.append(Fault(frames.start[i], frames.stop[i], content))
            else:
                self._pack.name = self._take(i, kind, content)
        known = set(frames.named.values()) - self._names_known() if frames.named else set()
        faults += [
            Fault(frames.start[i], frames.stop[i], self._pack.why(i, known))
            for i in range(len(frames))
            if not done[i]
        ]
        return self._table_of_all(), faults

    def history(self) -> pa.Table:
        """What each commit changed and nothing else, for whoever wants to know no more of a pack: blobs are not read.

        Trees are read for it, and not told. Objects that cannot be made whole are left out.
        """
        with _uncollected():
            for i, kind, content in self._pack.walk(("commit", "tree")):
                if isinstance(content, Why):
                    continue
                if kind == "commit":
                    self._pack.name = self._take(i, kind, content)
                else:
                    self._pack.name = name = self._digest(kind, content).digest()
                    self._pack.trees.setdefault(name, i)
            return self._table_of_all()

    def _digest(self, kind: str, content: bytes) -> "hashlib._Hash":
        digest = self._hash(b"%s %d\0" % (kind.encode(), len(content)), usedforsecurity=False)
        digest.update(content)
        return digest

    def _take(self, i: int, kind: str, content: bytes) -> bytes:
        digest = self._digest(kind, content)
        name = digest.digest()
        common = (digest.hexdigest(), len(content))
        if kind == "tree":
            self._pack.trees.setdefault(name, i)
            self._kinds[kind].add(i, common, 0)
        elif kind == "blob":
            binary, text = gitobject.text_of(content)
            self._kinds[kind].add(
                i, (*common, hashlib.sha256(content).hexdigest(), binary, text), len(text or "")
            )
        else:
            row = self._plain(name, i, content) if kind == "commit" else None
            if row is None:
                row = self._described(name, i, kind, content)
            self._kinds[kind].add(i, (*common, *row), len(content))
        return name

    def _plain(self, name: bytes, i: int, content: bytes) -> Sequence[object] | None:
        """A commit whose headers are the usual ones and no others; None for any other."""
        found = _PLAIN.match(content)
        if found is None or (found[2] and len(content) > gitobject.LONGEST_TEXT_BYTES):
            return None
        tree, lines, author, author_s, author_zone, who, seconds, zone = found.groups()
        parents = [parent.decode() for parent in _PARENT.findall(lines)]
        if len(parents) != lines.count(b"\n"):
            return None
        self._remember(name, i, tree.decode(), parents)
        return (
            *(tree.decode(), parents, gitobject.shown(author), int(author_s), author_zone.decode()),
            *(gitobject.shown(who), int(seconds), zone.decode()),
            *(gitobject.shown(content[found.end() :]), False, None, None, None),
        )

    def _described(self, name: bytes, i: int, kind: str, content: bytes) -> Sequence[object]:
        said = gitobject.described(kind, content, oid_bytes=self._width)
        if kind == "commit":
            self._remember(name, i, said.get("tree"), said["parents"])
        return [said.get(field) for field in _FIELDS[kind][2:]]

    def _remember(self, name: bytes, i: int, tree: object, parents: object) -> None:
        """What is needed to tell later what a commit changed."""
        named = [bytes.fromhex(parent) for parent in parents] if isinstance(parents, list) else []
        own = bytes.fromhex(tree) if isinstance(tree, str) else b""
        self._tree_of[name] = own
        self._first_parent[i] = (own, named[0] if named else None)
        self._parents.update(named)

    def _names_known(self) -> set[bytes]:
        """The names of all objects, where a delta gives its base by name."""
        for kind in self._kinds.values():
            kind.flush()
        batches = [batch["oid"] for kind in self._kinds.values() for batch in kind.batches]
        return {bytes.fromhex(name) for column in batches for name in column.to_pylist()}

    def _table_of_all(self) -> pa.Table:
        for kind in self._kinds.values():
            kind.flush()
        trees = Trees(self._pack.tree, self._width)
        made = {
            "commit": {"changes": CHANGES, "lacking": pa.list_(pa.string())},
            "tree": {"entries": ENTRIES},
        }
        columns = {
            "commit": self._changes(trees) if self._kinds["commit"].index else [],
            "tree": [self._entries(trees)] if self._kinds["tree"].index else [],
        }
        found = [self._table.empty()]
        for name, kind in self._kinds.items():
            if not kind.batches:
                continue
            whole = pa.concat_tables(kind.batches)
            for column, values in zip(made.get(name, ()), columns.get(name, ()), strict=True):
                at = whole.schema.get_field_index(column)
                whole = whole.set_column(at, whole.schema.field(at), values)
            found.append(whole)
        return self._placed(pa.concat_tables(found))

    def _placed(self, table: pa.Table) -> pa.Table:
        """The rows in order of position, with their spans."""
        order = table["start"].to_numpy()
        table = table.take(pa.array(np.argsort(order, kind="stable")))
        at = np.sort(order)
        for name in ("start", "stop"):
            spans = np.asarray(getattr(self._pack.frames, name), np.int64)[at]
            field = table.schema.get_field_index(name)
            table = table.set_column(field, table.schema.field(field), pa.array(spans))
        return table

    def _changes(self, trees: Trees) -> list[pa.ChunkedArray]:
        """What each commit changed, and what it takes to know that and is not here; in order of the rows."""
        rows = np.asarray(self._kinds["commit"].index, np.int64)
        order = np.argsort(rows, kind="stable")
        chunks: list[pa.Array] = []
        lacks: list[list[str]] = []
        left, batch = MOST_CHANGES, list[list[Change] | None]()
        for i in rows[order].tolist():
            found, lacking = self._changed(trees, *self._first_parent[i])
            if found is not None and len(found) > left:
                found = None
            left -= len(found or ())
            batch.append(found)
            lacks.append(lacking)
            if len(batch) >= BATCH_ROWS:
                chunks.append(change_lists(batch))
                batch = []
        chunks.append(change_lists(batch))
        back = pa.array(np.argsort(order, kind="stable"))
        lacking = pa.chunked_array([pa.array(lacks, pa.list_(pa.string()))]).take(back)
        return [pa.chunked_array(chunks, CHANGES).take(back), lacking]

    def _changed(
        self, trees: Trees, tree: bytes, parent: bytes | None
    ) -> tuple[list[Change] | None, list[str]]:
        if not tree:
            return None, []
        before = None if parent is None else self._tree_of.get(parent)
        if parent is not None and not before:
            return None, [parent.hex()]
        found, lacking = trees.changes(before, tree)
        return found, [name.hex() for name in lacking]

    def _entries(self, trees: Trees) -> pa.ChunkedArray:
        """What trees list: first those that the newest commits lead to, then the rest by position, up to the bound."""
        rows = self._kinds["tree"].index
        todo = [tree for name, tree in reversed(self._tree_of.items()) if name not in self._parents]
        chosen: dict[int, list[dict[str, str]] | None] = {}
        left = MOST_ENTRIES
        while todo:
            name = todo.pop()
            i = self._pack.trees.get(name)
            if i is None or i in chosen:
                continue
            left = self._list(i, name, chosen, left)
            told = [gitobject.parted(entry, self._width) for entry in sorted(trees.entries(name) or ())]
            todo += [oid for mode, _, oid in told if mode.lstrip(b"0") == b"40000"]
        for name, i in self._pack.trees.items():
            if left <= 0:
                break
            if i not in chosen:
                left = self._list(i, name, chosen, left)
        by_row = [chosen.get(i) for i in rows]
        return pa.chunked_array([pa.array(by_row, ENTRIES)])

    def _list(self, i: int, name: bytes, chosen: dict[int, list[dict[str, str]] | None], left: int) -> int:
        content = self._pack.tree(name)
        found = None if content is None else gitobject.listed(content, self._width)
        if found is None or len(found) > left:
            chosen[i] = None
            return left
        chosen[i] = [gitobject.row_of(entry, self._width) for entry in found]
        return left - len(found) - 1


def change_lists(changes: Iterable[list[Change] | None]) -> pa.Array:
    """Changes as a column: a list for each commit, null where there is none."""
    given = list(changes)
    flat = [change for found in given if found is not None for change in found]
    sizes = [len(found or ()) for found in given]
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(np.array(sizes, np.int64))])
    names = [field.name for field in CHANGES.value_type]
    columns = [
        [gitobject.shown(change.path) for change in flat],
        *([mode and gitobject.shown(mode) for mode in column] for column in (
            [change.old_mode for change in flat], [change.new_mode for change in flat],
        )),
        *([oid and oid.hex() for oid in column] for column in (
            [change.old for change in flat], [change.new for change in flat],
        )),
    ]  # fmt: skip
    rows = pa.StructArray.from_arrays([pa.array(column, pa.string()) for column in columns], names)
    nothing = pa.array([found is None for found in given], pa.bool_())
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), rows, mask=nothing)
