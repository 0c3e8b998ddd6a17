r"""Login records of a host: who was on which terminal, from when to when.

    07 00 00 00 05 0c 00 00 "pts/1" … "ts/1" "mei" … "127.0.0.11" … a9 57 04 6b eb 42 05 00 7f 00 00 0b …

Shape   records of 384 bytes, one after the other: type, pid, line, id, user, host, exit, session, time, address
Source  utmp(5); glibc bits/utmp.h with 32-bit times, as on x86_64
Time    seconds and microseconds since 1970
Who     root, or a program of group utmp, for the account named; a text ends at its first zero byte
Open    hosts whose records have another length (aarch64: 400 bytes) are not read here. An address of
        version 6 that ends in twelve zero bytes looks like one of version 4
"""

import ipaddress

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core.lines import shown
from forensics.core.model import IGNORED, REJECTED, SPAN, Parsed, Why
from forensics.core.schema import Column, Table

RECORD_BYTES = 384
TABLE = Table(
    "wtmp",
    "a login record",
    (
        Column("type", pa.int64(), "kind of record: 0 to 9, as utmp(5) names them"),
        Column("pid", pa.int64(), "process that the record speaks of"),
        Column("line", pa.string(), "terminal without `/dev/`, or `~`", None, "empty"),
        Column("line_id", pa.string(), "end of the terminal's name, or init's own id", None, "empty"),
        Column("user", pa.string(), "account, or a word such as `reboot`", None, "empty"),
        Column("remote", pa.string(), "where from, as the program wrote it", None, "empty"),
        Column("exit_signal", pa.int64(), "signal that ended the process"),
        Column("exit_code", pa.int64(), "exit code of the process"),
        Column("session", pa.int64(), "session id of the terminal, not of the audit trail"),
        Column("epoch_s", pa.int64(), "time, whole seconds", "s since 1970-01-01T00:00:00Z"),
        Column("fraction_us", pa.int64(), "time, the rest", "microseconds"),
        Column("address", pa.string(), "address of the other end, as the program stored it", None, "none stored"),
        *SPAN,
    ),
)  # fmt: skip
CUT = str(RECORD_BYTES)
DOMAIN = "{host}:root"

_TEXTS = ("line", "line_id", "user", "remote")
_RECORD = np.dtype(
    [
        ("type", "<i2"), ("padding", "V2"), ("pid", "<i4"), ("line", "V32"), ("line_id", "V4"), ("user", "V32"),
        ("remote", "V256"), ("exit_signal", "<i2"), ("exit_code", "<i2"), ("session", "<i4"), ("epoch_s", "<i4"),
        ("fraction_us", "<i4"), ("address", "V16"), ("unused", "V20"),
    ]
)  # fmt: skip
_LAST_TYPE = 9

_Flags = npt.NDArray[np.bool_]


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure where all first records have types and times that can be, and texts filled up with zeros."""
    rows = np.frombuffer(head[: len(head) // RECORD_BYTES * RECORD_BYTES][: 16 * RECORD_BYTES], _RECORD)
    if not len(rows) or not head.strip(b"\0"):
        return 0
    sound = _typed(rows) & _timed(rows)
    for name in _TEXTS:
        raw = _bytes(rows, name)
        ended = np.cumsum(raw == 0, axis=1) > 0
        sound &= ~((raw != 0) & ended).any(axis=1)
    return 90 if sound.all() and (rows["epoch_s"] > 0).any() else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read whole records, columns at a time."""
    count = len(data) // RECORD_BYTES
    rows = np.frombuffer(data, _RECORD, count=count)
    start = np.arange(count, dtype=np.int64) * RECORD_BYTES + base
    typed, timed = _typed(rows), _timed(rows)
    read = typed & timed
    why = np.where(typed, Why.TIME.value, Why.VALUE.value)[~read].tolist()
    rejected, stops = start[~read].tolist(), (start[~read] + RECORD_BYTES).tolist()
    if count * RECORD_BYTES < len(data):
        rejected.append(base + count * RECORD_BYTES)
        stops.append(base + len(data))
        why.append(Why.TRUNCATED.value)
    kept, first = rows[read], start[read]
    numbers = ("type", "pid", "exit_signal", "exit_code", "session", "epoch_s", "fraction_us")
    records = TABLE.build(
        {
            **{name: pa.array(kept[name].astype(np.int64)) for name in numbers},
            **{name: _text(kept, name) for name in _TEXTS},
            "address": _address(kept),
            "start": pa.array(first, pa.int64()),
            "stop": pa.array(first + RECORD_BYTES, pa.int64()),
        }
    )
    return Parsed(records, REJECTED.build({"start": rejected, "stop": stops, "why": why}), IGNORED.empty())


def _typed(rows: npt.NDArray[np.void]) -> _Flags:
    kind: _Flags = (rows["type"] >= 0) & (rows["type"] <= _LAST_TYPE)
    return kind


def _timed(rows: npt.NDArray[np.void]) -> _Flags:
    fits: _Flags = (rows["epoch_s"] >= 0) & (rows["fraction_us"] >= 0) & (rows["fraction_us"] < 1_000_000)
    return fits


def _bytes(rows: npt.NDArray[np.void], name: str) -> npt.NDArray[np.uint8]:
    """One field of all records, a row of bytes for each."""
    packed = np.ascontiguousarray(rows[name])
    return packed.view(np.uint8).reshape(len(rows), packed.dtype.itemsize)


def _text(rows: npt.NDArray[np.void], name: str) -> pa.Array:
    """A text up to its first zero byte; null where it is empty."""
    width = rows.dtype[name].itemsize
    fixed = pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(width), len(rows), [None, pa.py_buffer(_bytes(rows, name).tobytes())]
    )
    texts = pc.extract_regex(shown(fixed.cast(pa.binary())), pattern=r"^(?P<text>[^\x00]*)")
    text = pc.struct_field(texts, "text")
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)


def _address(rows: npt.NDArray[np.void]) -> pa.Array:
    """The stored address as it is written; null where all of it is zero."""
    distinct, which = np.unique(_bytes(rows, "address"), axis=0, return_inverse=True)
    names = pa.array([_written(bytes(raw)) for raw in distinct], pa.string())
    return names.take(pa.array(which.reshape(-1)))


def _written(raw: bytes) -> str | None:
    if not any(raw):
        return None
    if not any(raw[4:]):
        return str(ipaddress.IPv4Address(raw[:4]))
    six = ipaddress.IPv6Address(raw)
    return str(six.ipv4_mapped or six)
