"""The objects of a pack as rows of a table, in order of position: a piece at a time, so that millions fit in memory.

Commits and trees are made first, for their names and links, so that it is known what each commit changed when its
row is made. Everything else is made when its row is.
"""

import gc
import hashlib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from forensics.core import gitobject
from forensics.core.gitcolumns import ENTRIES
from forensics.core.model import Why
from forensics.core.packchanges import Differences, asked
from forensics.core.packcontent import BLOB, COMMIT, TAG, TOGETHER, TOGETHER_BYTES, TREE, Laid, Pack
from forensics.core.packfile import KINDS, Fault
from forensics.core.packtrees import Made, Numbers, Trees, hexed
from forensics.core.schema import Table

BATCH_ROWS, BATCH_BYTES = 20_000, 16 << 20
MOST_ENTRIES = 250_000
"""So many entries of trees are listed for a pack; those of its newest commits come first."""

_NAME = rb"([0-9a-f]{40}(?:[0-9a-f]{24})?)"
_WHO = rb"([^\n]*) (-?\d{1,18}) ([+-]\d{4})\n"
_PLAIN = re.compile(
    rb"tree " + _NAME + rb"\n((?:parent [0-9a-f]+\n)*)author " + _WHO + rb"committer " + _WHO + rb"\n"
)
_PARENT = re.compile(rb"parent " + _NAME + rb"\n")
_LINKS = re.compile(rb"tree " + _NAME + rb"\n(?:parent " + _NAME + rb"\n(?:parent [^\n]*\n)*)?author ")
FIELDS = {
    COMMIT: (
        *("tree", "parents", "author", "author_s", "author_zone"),
        *("committer", "committer_s", "committer_zone", "message"),
        *("signed", "signature", "signed_sha512", "signed_digest"),
    ),
    BLOB: ("content_sha256", "binary", "text"),
    TAG: (
        *("tag_object", "tag_name", "tagger", "tagger_s", "tagger_zone"),
        "message",
        *("signed", "signature", "signed_sha512", "signed_digest"),
    ),
}
"""The columns that are read of an object's content, by its kind."""


class Piece(NamedTuple):
    """Objects that follow one another: their rows, and those that could not be made whole."""

    records: pa.Table
    faults: list[Fault]


class _Batch:
    """Objects of a stretch of a pack that were read, by kind: the number of each, its size, and its fields."""

    def __init__(self) -> None:
        self.at: dict[int, list[int]] = {kind: [] for kind in FIELDS}
        self.size: dict[int, list[int]] = {kind: [] for kind in FIELDS}
        self.rows: dict[int, list[Sequence[object]]] = {kind: [] for kind in FIELDS}
        self.bytes = 0

    def add(self, i: int, kind: int, size: int, row: Sequence[object], held_bytes: int) -> None:
        self.at[kind].append(i)
        self.size[kind].append(size)
        self.rows[kind].append(row)
        self.bytes += held_bytes


@contextmanager
def uncollected() -> Iterator[None]:
    """Millions of small objects are made and none in a circle: looking for circles would only cost time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


class Rows:
    """Everything that a pack holds, as rows of a table. `faults`: the damage that ends it, if there is any."""

    def __init__(self, table: Table, laid: Laid, budget: int) -> None:
        """Frame a pack, and make its commits and trees."""
        self._table, self._width = table, laid.width
        self._trees = Trees(laid.width)
        self._later: list[Made] = []
        self._later_bytes = 0
        self._tree_of: dict[bytes, bytes | None] = {}
        self._links: dict[int, tuple[bytes | None, bytes | None]] = {}
        self._pack = Pack(laid, budget, self._seen)
        with uncollected():
            self.faults = self._pack.read()
            self._settle()
        self.frames = self._pack.frames
        self._differences = Differences(self._trees, laid.width, self._content)

    def _seen(self, i: int, kind: int, name: bytes, content: bytes, base: int, below: bytes) -> None:
        """Keep of a tree its entries, and of a commit its tree and its first parent."""
        if kind == TREE:
            self._later.append(Made(i, name, content, base, below))
            self._later_bytes += len(content) + len(below)
            if len(self._later) >= TOGETHER or self._later_bytes >= TOGETHER_BYTES:
                self._settle()
            return
        self._links[i] = links = linked(content)
        self._tree_of[name] = links[0]

    def _settle(self) -> None:
        """Keep the entries of the trees that were made, in order."""
        self._trees.extend(self._later)
        self._later.clear()
        self._later_bytes = 0

    def _content(self, tree: bytes) -> bytes | None:
        i = self._trees.one(tree)
        return None if i is None else self._pack.content(i)

    def pieces(self) -> Iterator[Piece]:
        """The rows of all objects, and what could not be made whole."""
        with uncollected():
            heads = heads_of(self._tree_of, {parent for _, parent in self._links.values()})
            chosen = self._trees.chosen(heads, MOST_ENTRIES)
            for first, stop, batch in self._batches(FIELDS):
                tables = [self._commits(batch), self._listed(first, stop, chosen)]
                tables += [self._plainly(batch, kind, {}) for kind in (BLOB, TAG)]
                yield Piece(self._placed(tables), self._faults(first, stop))

    def history(self) -> pa.Table:
        """What each commit changed and nothing else, for whoever wants to know no more of a pack: blobs are not read."""
        with uncollected():
            found = [self._placed([self._commits(batch)]) for *_, batch in self._batches({COMMIT})]
            return pa.concat_tables([self._table.empty(), *found])

    def _batches(self, wanted: Collection[int]) -> Iterator[tuple[int, int, _Batch]]:
        """Objects that follow one another, those of the kinds that are wanted read."""
        pack, first, batch, count = self._pack, 0, _Batch(), len(self.frames)
        for i in range(count):
            kind = pack.kind[i]
            if kind in wanted:
                self._read(i, kind, batch)
            if i + 1 - first >= BATCH_ROWS or batch.bytes >= BATCH_BYTES:
                yield first, i + 1, batch
                first, batch = i + 1, _Batch()
        if first < count:
            yield first, count, batch

    def _read(self, i: int, kind: int, batch: _Batch) -> None:
        pack = self._pack
        content = pack.content(i) if kind == COMMIT else pack.blob(i)
        if content is None:
            pack.why.setdefault(i, Why.COMPRESSION)
            return
        size = len(content)
        if kind == COMMIT:
            batch.add(i, kind, size, plain_commit(content) or described(kind, content, self._width), size)
            return
        pack.name(i, kind, content)
        if kind == BLOB:
            binary, text = gitobject.text_of(content)
            batch.add(i, kind, size, (hashlib.sha256(content).hexdigest(), binary, text), len(text or ""))
        else:
            batch.add(i, kind, size, described(kind, content, self._width), size)

    def _commits(self, batch: _Batch) -> pa.Table:
        found = asked((self._links[i] for i in batch.at[COMMIT]), self._tree_of)
        changes, lacking = self._differences.told(found)
        return self._plainly(batch, COMMIT, {"changes": changes, "lacking": lacking})

    def _plainly(self, batch: _Batch, kind: int, more: dict[str, pa.Array]) -> pa.Table:
        rows = batch.rows[kind]
        columns: dict[str, Sequence[object] | pa.Array] = dict(
            zip(FIELDS[kind], map(list, zip(*rows, strict=True)), strict=True) if rows else ()
        )
        return self._built(
            kind, np.array(batch.at[kind], np.int64), {**columns, "size": batch.size[kind], **more}
        )

    def _listed(self, first: int, stop: int, chosen: npt.NDArray[np.bool_]) -> pa.Table:
        """The trees of a stretch, with what those that were chosen list."""
        at, sizes, entries = self._trees.listing(first, stop, chosen, ENTRIES)
        return self._built(TREE, at, {"size": pa.array(sizes), "entries": entries})

    def _built(self, kind: int, at: Numbers, columns: dict[str, Sequence[object] | pa.Array]) -> pa.Table:
        """Rows of one kind; their spans are still the numbers of the objects."""
        names = np.frombuffer(self._pack.names, np.uint8).reshape(-1, self._width)
        oid = hexed(names[at])
        wide = {"oid_sha256": oid} if self._width == 32 else {}
        word = pa.array([KINDS[kind]], pa.string()).take(pa.array(np.zeros(len(at), np.int8)))
        numbers = pa.array(at)
        return self._table.build(
            {"oid": oid, **columns, **wide, "kind": word, "start": numbers, "stop": numbers}
        )

    def _placed(self, tables: list[pa.Table]) -> pa.Table:
        """The rows in order of position, with their spans."""
        table = pa.concat_tables([one for one in tables if one.num_rows] or tables[:1])
        at = table["start"].to_numpy()
        if (np.diff(at) < 0).any():
            table, at = table.take(pa.array(np.argsort(at, kind="stable"))), np.sort(at)
        for name in ("start", "stop"):
            spans = np.asarray(getattr(self.frames, name), np.int64)[at]
            field = table.schema.get_field_index(name)
            table = table.set_column(field, table.schema.field(field), pa.array(spans))
        return table

    def _faults(self, first: int, stop: int) -> list[Fault]:
        frames, why = self.frames, self._pack.why
        return (
            [Fault(frames.start[i], frames.stop[i], why[i]) for i in range(first, stop) if i in why]
            if why
            else []
        )


def heads_of(tree_of: Mapping[bytes, bytes | None], parents: Collection[bytes | None]) -> list[bytes]:
    """The trees of commits that are the first parent of none."""
    return [tree for name, tree in tree_of.items() if tree and name not in parents]


def linked(content: bytes) -> tuple[bytes | None, bytes | None]:
    """The names of a commit's tree and of its first parent; None for what it does not name."""
    found = _LINKS.match(content)
    tree, parent = found.groups() if found else gitobject.links(content)
    return tree and bytes.fromhex(tree.decode()), parent and bytes.fromhex(parent.decode())


def described(kind: int, content: bytes, width: int) -> Sequence[object]:
    """The fields of an object of a kind."""
    said = gitobject.described(KINDS[kind], content, oid_bytes=width)
    return [said.get(field) for field in FIELDS[kind]]


def plain_commit(content: bytes) -> Sequence[object] | None:
    """A commit whose headers are the usual ones and no others; None for any other."""
    found = _PLAIN.match(content)
    if found is None or (found[2] and len(content) > gitobject.LONGEST_TEXT_BYTES):
        return None
    tree, lines, author, author_s, author_zone, who, seconds, zone = found.groups()
    parents = [parent.decode() for parent in _PARENT.findall(lines)]
    if len(parents) != lines.count(b"\n"):
        return None
    return (
        *(tree.decode(), parents, gitobject.shown(author), int(author_s), author_zone.decode()),
        *(gitobject.shown(who), int(seconds), zone.decode()),
        *(gitobject.shown(content[found.end() :]), False, None, None, None),
    )
