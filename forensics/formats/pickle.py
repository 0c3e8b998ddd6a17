r"""Pickle: the byte code with which Python stores objects, and which can call any function as it is loaded.

    80 04 … 8c 05 posix 94 8c 06 system 94 93 … 52 2e

Shape   opcodes up to STOP (`.`), often with PROTO (80) first; or a zip with members `*.pkl` (torch.save);
        or, in old torch files, several pickles and then raw numbers
Source  Python standard library, pickletools; torch.serialization
Time    none
Who     nobody is named
Open    nothing is ever loaded: opcodes are listed, strings followed through stack and memo. A name that
        is computed while loading cannot be listed and shows as `?`. Opcodes before a damage do run in a
        loader, so what stands before the damage is a record too
"""

import io
import pickletools
import re
import struct
import zipfile
import zlib

import pyarrow as pa

from forensics.core import picklecode
from forensics.core.model import IGNORED, REJECTED, SPAN, Parsed, Why
from forensics.core.schema import Column, Table
from forensics.core.tables import STRINGS

TABLE = Table(
    "pickle",
    "a pickle, or a zip of pickles, read without loading it",
    (
        Column("kind", pa.string(), "pickle or torch"),
        Column("protocol", pa.int64(), "protocol it declares", None, "none declared: 0 or 1"),
        Column("globals", STRINGS, "names that a loader would import, in order, as `module.name`"),
        Column("reduces", pa.int64(), "opcodes that call what was imported"),
        Column("strings", STRINGS, "text constants, at most 1,000 of 4,096 characters"),
        Column("content_bytes", pa.int64(), "size of the pickle code", "bytes"),
        Column("complete", pa.bool_(), "whether it reads to its STOP"),
        *SPAN,
    ),
)
CUT = "whole"
DOMAIN = "{host}:files"

MOST_BYTES = 64 << 20
_MOST_STREAMS, _MOST_MEMBERS = 64, 64
_TORCH_MAGIC = b"\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"
_OLD = re.compile(rb"\(?(?:i|c)[A-Za-z_][\w.]{0,200}\n[A-Za-z_][\w.]{0,200}\n")
_PROTOCOL = re.compile(rb"\x80[\x02-\x05]")
_CODES = frozenset(op.code.encode("latin-1")[0] for op in pickletools.opcodes)
_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
    struct.error,
)


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of a protocol mark and an opcode, surer where a small file ends with STOP."""
    if head[:4] == b"PK\x03\x04":
        return 90 if re.search(rb"(?:\A.{26,30}|/)data\.pkl", head, re.DOTALL) else 0
    if len(head) > 2 and _PROTOCOL.match(head) and head[2] in _CODES:
        return 90 if head[-1:] == b"." or len(head) == 65536 or _TORCH_MAGIC in head[:32] else 60
    return 60 if _OLD.match(head) and head.rstrip(b"\n")[-1:] == b"." else 0


def parse(data: bytes, base: int) -> Parsed:
    """List what a file would import and hold, stream by stream."""
    if not data:
        return Parsed(TABLE.empty(), REJECTED.empty(), IGNORED.empty())
    rows, rejected, ignored = _zipped(data) if data[:4] == b"PK\x03\x04" else _plain(data)
    records = {name: [row[name] for row in rows] for name in TABLE.names}
    return Parsed(
        _based(TABLE.build(records), base),
        _based(_spans(REJECTED, rejected), base),
        _based(_spans(IGNORED, ignored), base),
    )


def _spans(table: Table, rows: list[tuple[object, ...]]) -> pa.Table:
    return table.build({name: [row[i] for row in rows] for i, name in enumerate(table.names)})


def _based(table: pa.Table, base: int) -> pa.Table:
    """Offsets counted from the start of the file."""
    for name in ("start", "stop") if base else ():
        at = table.schema.get_field_index(name)
        moved = pa.array([v + base for v in table[name].to_pylist()], pa.int64())
        table = table.set_column(at, table.schema.field(at), moved)
    return table


_Rows = list[dict[str, object]]
_Tuples = list[tuple[object, ...]]


def _plain(data: bytes) -> tuple[_Rows, _Tuples, _Tuples]:
    """Pickles that follow one another: what is a record, what is rejected, what is ignored."""
    rows: _Rows = []
    at, spent, why = 0, 0, None
    # An old torch file begins with its magic number as a pickle, and ends with raw numbers.
    torch = _TORCH_MAGIC in data[:32]
    while at < len(data) and len(rows) < _MOST_STREAMS and (at == 0 or _begins(data, at)):
        listing = picklecode.Listing(opcodes=spent)
        stop, why = picklecode.listed(data, at, listing)
        spent = listing.opcodes
        if why is not None and not listing.names:
            break
        row = listing.row("torch" if torch else "pickle", stop - at, complete=why is None)
        rows.append({**row, "start": at, "stop": stop})
        at = stop
        if why is not None:
            break
    if at == len(data):
        return rows, [], []
    if torch and rows:
        return rows, [], [(at, len(data))]
    return rows, [(at, len(data), (why or Why.SHAPE).value)], []


def _begins(data: bytes, at: int) -> bool:
    return bool(_PROTOCOL.match(data, at) or _OLD.match(data, at))


def _zipped(data: bytes) -> tuple[_Rows, _Tuples, _Tuples]:
    """Every pickle in a zip, listed as one: a loader may take any of them."""
    listing, size, complete = picklecode.Listing(), 0, True
    codes = _members(data)
    for code in codes:
        if code is None:
            complete = False
            continue
        listing.stack, listing.marks, listing.memo = [], [], {}
        size += len(code)
        complete &= picklecode.listed(code, 0, listing)[1] is None
    if all(code is None for code in codes):
        why = Why.COMPRESSION if codes else Why.SHAPE
        return [], [(0, len(data), why.value)], []
    row = listing.row("torch", size, complete=complete)
    return [{**row, "start": 0, "stop": len(data)}], [], []


def _members(data: bytes) -> list[bytes | None]:
    """The pickles of a zip, by its central directory; None for one that does not decompress in our bound."""
    codes: list[bytes | None] = []
    left = MOST_BYTES
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            named = [member for member in archive.infolist() if member.filename.endswith(".pkl")]
            for member in named[:_MOST_MEMBERS]:
                code = _member(archive, member, left)
                left -= len(code or b"")
                codes.append(code)
            codes += [None] * (len(named) > _MOST_MEMBERS)
    except _UNREADABLE:
        codes.append(None)
    return codes


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, most: int) -> bytes | None:
    if member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        return None
    try:
        with archive.open(member) as source:
            code = source.read(most + 1)
    except _UNREADABLE:
        return None
    return code if len(code) <= most else None
