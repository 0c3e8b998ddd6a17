"""Login records (utmp, wtmp, btmp) in every layout that Linux writes: columns, recognition, parsing.

The record is one C structure whose size and byte order follow the machine: 32-bit times make it 384
bytes, 64-bit times 400, and either can be big-endian. Formats of these layouts differ in nothing else.
"""

import ipaddress
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core.lines import shown
from forensics.core.model import IGNORED, REJECTED, SPAN, Parsed, Why
from forensics.core.schema import Column, Table

_COLUMNS = (
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
)
_TEXTS = ("line", "line_id", "user", "remote")
_NUMBERS = ("type", "pid", "exit_signal", "exit_code", "session", "epoch_s", "fraction_us")
_LAST_TYPE = 9
_LAST_S = 9_223_372_035
"""The last second that int64 nanoseconds hold whole."""
_FIRST_ROWS = 16
_LARGEST_SESSION = 2**31

_Rows = npt.NDArray[np.void]
_Flags = npt.NDArray[np.bool_]


class Layout(NamedTuple):
    """How one machine lays a record out."""

    record: np.dtype[np.void]

    @property
    def bytes(self) -> int:
        """The length of a record."""
        return self.record.itemsize


def layout(order: str, *, wide: bool) -> Layout:
    """The layout of a machine.

    Times of 32 bits are read as unsigned: no Linux clock stands before 1970, and glibc reads them so.

    Args:
        order: `<` for little-endian, `>` for big-endian.
        wide: whether session and times have 64 bits.
    """
    long, second, tail = ("i8", "i8", "V24") if wide else ("i4", "u4", "V20")
    fields = [
        ("type", f"{order}i2"), ("padding", "V2"), ("pid", f"{order}i4"), ("line", "V32"), ("line_id", "V4"),
        ("user", "V32"), ("remote", "V256"), ("exit_signal", f"{order}i2"), ("exit_code", f"{order}i2"),
        ("session", order + long), ("epoch_s", order + second), ("fraction_us", order + long),
        ("address", "V16"), ("unused", tail),
    ]  # fmt: skip
    return Layout(np.dtype(fields))


def table(name: str) -> Table:
    """The declared table of a format of login records."""
    return Table(name, "a login record", _COLUMNS)


def recognise(head: bytes, of: Layout) -> int:
    """Sure where three in four of the first records that are not blank can be records of this layout.

    One record in four may be damaged. A blank record is none of any layout, so it does not count. One
    short record can be read in two layouts; the one whose length divides the file is surer.
    """
    count = min(len(head) // of.bytes, _FIRST_ROWS)
    # Every record has some: its type is a small number.
    if not count or b"\0" not in head:
        return 0
    rows = np.frombuffer(head, of.record, count=count)
    held = np.frombuffer(head, np.uint8, count=count * of.bytes).reshape(count, of.bytes).any(axis=1)
    sound = _typed(rows) & _timed(rows) & (rows["pid"] >= 0) & held
    sound &= (rows["session"] >= 0) & (rows["session"] < _LARGEST_SESSION)
    for name in _TEXTS:
        raw = _bytes(rows, name)
        ended = np.cumsum(raw == 0, axis=1) > 0
        sound &= ~((raw != 0) & ended).any(axis=1)
    fits = int(sound.sum())
    if not fits or 4 * fits < 3 * int(held.sum()) or not (rows["epoch_s"][sound] > 0).any():
        return 0
    return 90 if len(head) % of.bytes else 91


def parse(data: bytes, base: int, into: Table, of: Layout) -> Parsed:
    """Read whole records, columns at a time.

    Args:
        data: a chunk that starts with a record; its last record may be torn.
        base: offset of its first byte in the file, in bytes.
        into: what `table` declared.
        of: the layout.
    """
    count = len(data) // of.bytes
    rows = np.frombuffer(data, of.record, count=count)
    start = np.arange(count, dtype=np.int64) * of.bytes + base
    typed, timed = _typed(rows), _timed(rows)
    read = typed & timed
    why = np.where(typed, Why.TIME.value, Why.VALUE.value)[~read].tolist()
    rejected, stops = start[~read].tolist(), (start[~read] + of.bytes).tolist()
    if count * of.bytes < len(data):
        rejected.append(base + count * of.bytes)
        stops.append(base + len(data))
        why.append(Why.TRUNCATED.value)
    kept, first = rows[read], start[read]
    records = into.build(
        {
            **{name: pa.array(kept[name].astype(np.int64)) for name in _NUMBERS},
            **{name: text(kept, name) for name in _TEXTS},
            "address": _address(kept),
            "start": pa.array(first, pa.int64()),
            "stop": pa.array(first + of.bytes, pa.int64()),
        }
    )
    return Parsed(records, REJECTED.build({"start": rejected, "stop": stops, "why": why}), IGNORED.empty())


def text(rows: _Rows, name: str) -> pa.Array:
    """A fixed field up to its first zero byte, as text; null where it is empty."""
    width = rows.dtype[name].itemsize
    fixed = pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(width), len(rows), [None, pa.py_buffer(_bytes(rows, name).tobytes())]
    )
    texts = pc.extract_regex(shown(fixed.cast(pa.binary())), pattern=r"^(?P<text>[^\x00]*)")
    found = pc.struct_field(texts, "text")
    return pc.if_else(pc.equal(found, ""), pa.scalar(None, pa.string()), found)


def _typed(rows: _Rows) -> _Flags:
    kind: _Flags = (rows["type"] >= 0) & (rows["type"] <= _LAST_TYPE)
    return kind


def _timed(rows: _Rows) -> _Flags:
    second, rest = rows["epoch_s"], rows["fraction_us"]
    fits: _Flags = (second >= 0) & (second <= _LAST_S) & (rest >= 0) & (rest < 1_000_000)
    return fits


def _bytes(rows: _Rows, name: str) -> npt.NDArray[np.uint8]:
    """One field of all records, a row of bytes for each."""
    packed = np.ascontiguousarray(rows[name])
    return packed.view(np.uint8).reshape(len(rows), packed.dtype.itemsize)


def _address(rows: _Rows) -> pa.Array:
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
