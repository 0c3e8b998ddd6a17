"""The rows of a stretch of a pack, piece by piece, but for what hangs on other stretches; and what those must know of it.

What a commit changed hangs on trees that may lie anywhere in the pack, and which trees are listed on all its commits. So the
columns `UNKNOWN` are left empty, and what they are told from is kept as numbers and names (`Links`).
"""

import hashlib
from array import array
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from forensics.core import gitobject
from forensics.core.packcontent import BLOB, COMMIT, TAG, TREE
from forensics.core.packfile import KINDS
from forensics.core.packrows import (
    BATCH_BYTES,
    BATCH_ROWS,
    FIELDS,
    described,
    linked,
    plain_commit,
    uncollected,
)
from forensics.core.packstretch import Fetch, Objects, Stretch
from forensics.core.packtrees import Made, Trees, hexed
from forensics.core.schema import Table

UNKNOWN = ("changes", "lacking", "entries")
"""The columns that hang on the whole of a pack."""


class Links(NamedTuple):
    """What has to be known of a stretch, to tell what hangs on all of a pack, as tables.

    `objects`: where each begins. `outside`: where those begin that some build on and that lie before it. `trees`, `ids`, `entries`: as
    `Trees.columns` has them, trees by their number in the stretch. `commits`: number, name, and the names of tree and first parent.
    """

    objects: pa.Table
    outside: pa.Table
    trees: pa.Table
    ids: pa.Table
    entries: pa.Table
    commits: pa.Table


class _Piece:
    """Objects that follow one another, as they are taken."""

    def __init__(self) -> None:
        self.start, self.size, self.kind = array("q"), array("q"), bytearray()
        self.names: list[bytes] = []
        self.rows: dict[int, list[Sequence[object]]] = {COMMIT: [], TAG: []}
        self.blobs: list[bytes] = []
        self.bytes = 0


class Pieces:
    """The rows of a stretch. `plain`: whether all of it is, once all pieces are taken."""

    def __init__(self, table: Table, fetch: Fetch, start: int, stop: int, width: int) -> None:
        """Take the place of a stretch of a pack, both ends of which are taken to be ends of objects."""
        self._table, self._width = table, width
        self._stretch = Stretch(fetch, start, stop, width)
        self._trees = Trees(width)
        self._starts = array("q")
        self._commits: list[tuple[int, bytes, bytes | None, bytes | None]] = []

    @property
    def plain(self) -> bool:
        """Whether nothing was found that is not plain."""
        return self._stretch.plain

    def __iter__(self) -> Iterator[pa.Table]:
        """Rows of the table, in order of place; the last ends where the stretch does, where that is plain."""
        held = _Piece()
        with uncollected():
            for objects in self._stretch.objects():
                self._take(objects, held)
                if len(held.start) >= BATCH_ROWS or held.bytes >= BATCH_BYTES:
                    yield self._built(held)
                    held = _Piece()
            if held.start:
                yield self._built(held)

    def _take(self, objects: Objects, held: _Piece) -> None:
        first, trees, number = len(self._starts), [], 0
        self._starts.extend(objects.start)
        held.start.extend(objects.start)
        held.kind += bytes(objects.kind)
        held.names += objects.name
        held.size.extend(map(len, objects.content))
        for number, kind in enumerate(objects.kind):
            content = objects.content[number]
            if kind == TREE:
                made = (
                    first + number,
                    objects.name[number],
                    content,
                    objects.base[number],
                    objects.below[number],
                )
                trees.append(Made(*made))
            elif kind == BLOB:
                held.blobs.append(content)
                held.bytes += len(content)
            else:
                held.bytes += len(content)
                self._read(first + number, kind, objects.name[number], content, held)
        self._trees.extend(trees)

    def _read(self, i: int, kind: int, name: bytes, content: bytes, held: _Piece) -> None:
        if kind == COMMIT:
            self._commits.append((i, name, *linked(content)))
            held.rows[kind].append(plain_commit(content) or described(kind, content, self._width))
        else:
            held.rows[kind].append(described(kind, content, self._width))

    def _built(self, held: _Piece) -> pa.Table:
        """The rows of a piece that ends where the stretch was read to."""
        kind = np.frombuffer(held.kind, np.uint8)
        columns: dict[str, pa.Array] = _blobs(held.blobs, kind == BLOB)
        for one, rows in held.rows.items():
            for name, column in self._read_columns(one, rows, kind == one).items():
                columns[name] = _either(columns.get(name), column, kind == one)
        oid = hexed(np.frombuffer(b"".join(held.names), np.uint8).reshape(-1, self._width))
        words = pa.array([None, *KINDS.values()], pa.string())
        start = np.frombuffer(held.start, np.int64)
        return self._table.build(
            {
                **columns,
                "oid": oid,
                **({"oid_sha256": oid} if self._width == 32 else {}),
                "kind": words.take(pa.array(kind)),
                "size": pa.array(np.frombuffer(held.size, np.int64)),
                "start": pa.array(start),
                "stop": pa.array(np.append(start[1:], self._stretch.at)),
            }
        )

    def _read_columns(
        self, kind: int, rows: Sequence[Sequence[object]], own: npt.NDArray[np.bool_]
    ) -> Mapping[str, pa.Array]:
        if not rows:
            return {}
        types = self._table.schema()
        found = zip(FIELDS[kind], zip(*rows, strict=True), strict=True)
        return {name: spread(pa.array(column, types.field(name).type), own) for name, column in found}

    def links(self) -> Links:
        """What others must know of the stretch, all pieces of which were taken."""
        kept = self._trees.columns()
        at, name, tree, parent = zip(*self._commits, strict=True) if self._commits else ((),) * 4
        commits = [
            pa.array(at, pa.int64()),
            *(pa.array(names, pa.binary()) for names in (name, tree, parent)),
        ]
        return Links(
            pa.table({"start": pa.array(np.frombuffer(self._starts, np.int64))}),
            pa.table({"start": pa.array(sorted(self._stretch.outside), pa.int64())}),
            *kept,
            pa.Table.from_arrays(commits, ["index", "name", "tree", "parent"]),
        )


def spread(values: pa.Array, own: npt.NDArray[np.bool_]) -> pa.Array:
    """Values in some rows, in order, and null in the others."""
    if own.all():
        return values
    return values.take(pa.array(np.cumsum(own) - 1, mask=~own))


def _either(one: pa.Array | None, other: pa.Array, own: npt.NDArray[np.bool_]) -> pa.Array:
    """A column of two kinds of objects: of one kind where that is, else of the other."""
    if one is None:
        return other
    rows = np.arange(len(own))
    return pa.concat_arrays([one, other]).take(pa.array(np.where(own, rows + len(own), rows)))


def _blobs(contents: Sequence[bytes], own: npt.NDArray[np.bool_]) -> dict[str, pa.Array]:
    """What is said of the content of files, in their rows."""
    if not contents:
        return {}
    digests = b"".join([hashlib.sha256(content).digest() for content in contents])
    binary, text = texts(contents)
    return {
        "content_sha256": spread(hexed(np.frombuffer(digests, np.uint8).reshape(-1, 32)), own),
        "binary": spread(binary, own),
        "text": spread(text, own),
    }


def texts(contents: Sequence[bytes]) -> tuple[pa.Array, pa.Array]:
    """`gitobject.text_of` of each content: whether it is binary, and its text. Most often all are short texts."""
    joined = b"".join(contents)
    ends = np.cumsum([len(content) for content in contents])
    if len(joined) < 1 << 31 and _are_texts(joined, ends):
        bounds = pa.py_buffer(np.append(0, ends).astype(np.int32))
        text = pa.StringArray.from_buffers(len(contents), bounds, pa.py_buffer(joined))
        return pa.array(np.zeros(len(contents), bool)), text
    binary, each = zip(*map(gitobject.text_of, contents), strict=True)
    return pa.array(binary, pa.bool_()), pa.array(each, pa.string())


def _are_texts(joined: bytes, ends: npt.NDArray[np.int64]) -> bool:
    """Whether all that is joined is text, none of it longer than is kept: none ends within a character then, unless another begins in one."""
    if b"\0" in joined or np.diff(ends, prepend=0).max() > gitobject.LONGEST_TEXT_BYTES:
        return False
    if joined.isascii():
        return True
    try:
        joined.decode()
    except UnicodeDecodeError:
        return False
    begins = np.frombuffer(joined, np.uint8)[ends[ends < len(joined)]]
    return not bool(((begins & 0xC0) == 0x80).any())
