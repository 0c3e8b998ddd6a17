r"""Process accounting of the kernel: one record for each process that ended.

    02 03 00 88 00 00 00 00 06 10 00 00 06 10 00 00 0a 4e 00 00 09 4e 00 00 … 00 00 40 40 … "true"

Shape   records of 64 bytes (`struct acct_v3`), in the byte order that each record's version byte says
Source  acct(5); Linux include/uapi/linux/acct.h and kernel/acct.c, 6.1, with CONFIG_BSD_PROCESS_ACCT_V3
Time    start of the process in whole seconds since 1970: the clock when it ended less the whole seconds it ran, so
        that it can lie up to a second off either way. Elapsed in hundredths. A clock set in between shifts the start
Who     the kernel, for the real uid at the end. The file is root's. The name is the process's own: 15 bytes that it,
        or whoever named the file, can choose
Open    written when a process ends: one that still runs, or a host that goes down, leaves nothing. No path and no
        arguments. The parent is the one at the end: 1, or another reaper, where the first was gone. Versions 0 to 2
        of the record are not read
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core.loginrecords import text
from forensics.core.model import IGNORED, REJECTED, SPAN, Parsed, Why
from forensics.core.schema import Column, Table

RECORD_BYTES = 64
TABLE = Table(
    "pacct",
    "a process that ended",
    (
        Column("flags", pa.int64(), "1 forked without exec, 2 used root's rights, 8 dumped core, 16 killed by a signal"),
        Column("tty", pa.string(), "terminal, `pts/3`, or `<major>:<minor>` of another", None, "none"),
        Column("exit_code", pa.int64(), "exit code; 0 where a signal ended it"),
        Column("exit_signal", pa.int64(), "signal that ended it; 0 is none"),
        Column("uid", pa.int64(), "real uid"),
        Column("gid", pa.int64(), "real gid"),
        Column("pid", pa.int64(), "process"),
        Column("ppid", pa.int64(), "its parent when it ended"),
        Column("epoch_s", pa.int64(), "start", "s since 1970-01-01T00:00:00Z"),
        Column("elapsed_ns", pa.int64(), "from start to end, in hundredths of a second", "ns"),
        Column("user_ns", pa.int64(), "time in user mode, rounded", "ns"),
        Column("system_ns", pa.int64(), "time in the kernel, rounded", "ns"),
        Column("memory_kib", pa.int64(), "average memory, rounded", "KiB"),
        Column("command", pa.string(), "name that the process had when it ended: its own choice", None, "empty"),
        *SPAN,
    ),
)  # fmt: skip
CUT = str(RECORD_BYTES)
DOMAIN = "{host}:root"

_COUNTS = ("user", "system", "memory", "io", "blocks", "minor", "major", "swaps")
_ORDERS = {3: "<", 0x83: ">"}
_FLAGS = 0x3F
_TICK_NS = 10_000_000
_LONGEST_NS = 2**62
_FIRST_ROWS = 64
_PTS, _PTS_LAST, _TTY, _SERIAL = 136, 143, 4, 64

_Rows = npt.NDArray[np.void]


def _layout(order: str) -> np.dtype[np.void]:
    return np.dtype(
        [
            ("flags", "u1"), ("version", "u1"), ("tty", f"{order}u2"), ("status", f"{order}u4"), ("uid", f"{order}u4"),
            ("gid", f"{order}u4"), ("pid", f"{order}u4"), ("ppid", f"{order}u4"), ("epoch_s", f"{order}u4"),
            ("elapsed", f"{order}f4"), *[(name, f"{order}u2") for name in _COUNTS], ("command", "V16"),
        ]
    )  # fmt: skip


_NATIVE = _layout("<")


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure where three in four of the first records can be such records."""
    if len(head) < RECORD_BYTES or b"\0" not in head:
        return 0
    rows = _rows(head[: _FIRST_ROWS * RECORD_BYTES])
    sound = (_why(rows) == "") & (rows["epoch_s"] > 0) & (rows["pid"] > 0)  # fmt: skip
    raw = np.ascontiguousarray(rows["command"]).view(np.uint8).reshape(len(rows), 16)
    sound &= ~((raw != 0) & (np.cumsum(raw == 0, axis=1) > 0)).any(axis=1) & (raw[:, -1] == 0)
    return 88 if len(rows) and 4 * int(sound.sum()) >= 3 * len(rows) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read whole records, columns at a time."""
    rows = _rows(data)
    start = np.arange(len(rows), dtype=np.int64) * RECORD_BYTES + base
    reasons = _why(rows)
    read = reasons == ""
    rejected, stops = start[~read].tolist(), (start[~read] + RECORD_BYTES).tolist()
    why = reasons[~read].tolist()
    if len(data) % RECORD_BYTES:
        rejected.append(base + len(rows) * RECORD_BYTES)
        stops.append(base + len(data))
        why.append(Why.TRUNCATED.value)
    kept, first = rows[read], start[read]
    status = kept["status"].astype(np.int64)
    records = TABLE.build(
        {
            **{
                name: pa.array(kept[name].astype(np.int64))
                for name in ("flags", "uid", "gid", "pid", "ppid", "epoch_s")
            },
            "tty": _tty(kept["tty"]),
            "exit_code": pa.array(status >> 8 & 0xFF),
            "exit_signal": pa.array(status & 0x7F),
            "elapsed_ns": pa.array(kept["elapsed"].astype(np.float64).round().astype(np.int64) * _TICK_NS),
            "user_ns": pa.array(_count(kept["user"]) * _TICK_NS),
            "system_ns": pa.array(_count(kept["system"]) * _TICK_NS),
            "memory_kib": pa.array(_count(kept["memory"])),
            "command": text(kept, "command"),
            "start": pa.array(first, pa.int64()),
            "stop": pa.array(first + RECORD_BYTES, pa.int64()),
        }
    )
    return Parsed(records, REJECTED.build({"start": rejected, "stop": stops, "why": why}), IGNORED.empty())


def _rows(data: bytes) -> _Rows:
    """Whole records in one byte order, whatever the order each was written in."""
    count = len(data) // RECORD_BYTES
    rows = np.frombuffer(data, _NATIVE, count=count).copy()
    other = rows["version"] == next(version for version, order in _ORDERS.items() if order == ">")
    rows[other] = np.frombuffer(data, _layout(">"), count=count)[other].astype(_NATIVE)
    return rows


def _why(rows: _Rows) -> npt.NDArray[np.str_]:
    """Why each record is none; empty where it is one."""
    version = np.isin(rows["version"], list(_ORDERS)) & (rows["flags"] <= _FLAGS)
    elapsed = rows["elapsed"]
    timed = np.isfinite(elapsed) & (elapsed >= 0) & (elapsed < _LONGEST_NS / _TICK_NS)
    return np.where(version, np.where(timed, "", Why.TIME.value), Why.VALUE.value)


def _count(written: npt.NDArray[np.uint16]) -> npt.NDArray[np.int64]:
    """A number in 16 bits: 13 of it, and three that say how often to multiply by eight."""
    whole = written.astype(np.int64)
    return (whole & 0x1FFF) << (3 * (whole >> 13))


def _tty(device: npt.NDArray[np.uint16]) -> pa.Array:
    distinct, which = np.unique(device, return_inverse=True)
    names = pa.array([_named(int(number)) for number in distinct], pa.string())
    return pc.take(names, pa.array(which.reshape(-1)))


def _named(device: int) -> str | None:
    """The terminal of a device number."""
    major, minor = device >> 8, device & 0xFF
    if not device:
        return None
    if _PTS <= major <= _PTS_LAST:
        return f"pts/{(major - _PTS) * 256 + minor}"
    if major == _TTY:
        return f"tty{minor}" if minor < _SERIAL else f"ttyS{minor - _SERIAL}"
    return f"{major}:{minor}"
