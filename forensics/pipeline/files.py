"""The table `file`: what each sealed file is, and what became of its bytes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from forensics import formats
from forensics.core.tables import FILE
from forensics.custody import hosts, unpack
from forensics.custody import seal as sealing
from forensics.custody.seal import Sealed

HEAD_BYTES = 1 << 16
UNPLACED = "unplaced"


class Tally(NamedTuple):
    """What became of bytes: parsed + rejected + ignored = bytes.

    Bytes are those that were read: of a packed file that was read through, its content.
    """

    bytes: int = 0
    parsed: int = 0
    rejected: int = 0
    ignored: int = 0

    def plus(self, other: "Tally") -> "Tally":
        """Both together."""
        return Tally(*(a + b for a, b in zip(self, other, strict=True)))


class Known(NamedTuple):
    """What a sealed file was recognised as.

    `packed`: how it is compressed. `format`: of its content, where it is packed; None where nothing
    recognises that, and then the file is not read.
    """

    format: str | None
    packed: str | None


def recognised(case: Path, rows: Sequence[Sealed]) -> dict[str, Known]:
    """What each sealed file is, by hash: what the first of its paths, in order, is recognised as."""
    known: dict[str, Known] = {}
    for row in sorted(row for row in rows if row.kind == "file"):
        before = known.get(row.sha256)
        if before is None or before.format is None:
            known[row.sha256] = _looked_at(sealing.locate(case, row.sha256), row.path)
    return known


def _looked_at(path: Path, named: str) -> Known:
    with sealing.opened(path) as read:
        head = read.read(HEAD_BYTES) or b""
    packed = unpack.packing(head)
    if packed is not None:
        head, named = unpack.stretch(path, packed, 0, HEAD_BYTES), unpack.inner_name(named, packed)
    return Known(formats.recognise(head, named), packed)


def table(rows: Sequence[Sealed], known: Mapping[str, Known], tallies: Mapping[str, Tally]) -> pa.Table:
    """The table, a row for each path that was collected."""
    found = []
    for row in rows:
        is_file = row.kind == "file"
        form, packed = known[row.sha256] if is_file else Known(None, None)
        tally = tallies[row.sha256] if is_file else Tally()
        host, origin = hosts.place(row.path)
        domain = formats.registry()[form].DOMAIN.format(host=host or UNPLACED) if form else None
        found.append(
            (
                row.sha256,
                row.path,
                host,
                origin,
                row.bytes,
                packed,
                tally.bytes if packed and form else None,
                row.kind,
                row.link,
                row.held,
                row.archive,
                row.member_start,
                form,
                domain,
                *tally[1:],
            )
        )
    columns = zip(*found, strict=True) if found else [()] * len(FILE.names)
    return FILE.build(dict(zip(FILE.names, map(list, columns), strict=True)))


def total(files: pa.Table) -> Tally:
    """What became of all bytes, each sealed file counted once."""
    sealed = {row["sha256"]: row for row in files.to_pylist() if row["kind"] == "file"}
    found = Tally()
    for row in sealed.values():
        found = found.plus(Tally(read_bytes(row), row["parsed"], row["rejected"], row["ignored"]))
    return found


def read_bytes(row: Mapping[str, int | None]) -> int:
    """How many bytes of a file were read: those of its content, where it was read through."""
    found = row["bytes"] if row["unpacked_bytes"] is None else row["unpacked_bytes"]
    return found or 0
