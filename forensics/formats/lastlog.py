r"""The last login of each uid of a host, in a sparse file.

    a9 57 04 6b "pts/1" … "10.0.0.11" …

Shape   records of 292 bytes, little-endian: time, line, host. The place is the uid: record 4101 is of uid 4101.
        Most are all zero, for most uids are nobody's, or never came in; they are ignored, a run of them at once
Source  lastlog(8); glibc bits/utmp.h with 32-bit times, as on x86_64
Time    seconds since 1970 of the host's clock, unsigned, to 2106
Who     root, or a program with its rights (login, sshd, PAM), for the uid. The next login of the same uid writes over it
Open    machines with 64-bit times have records of 296 bytes, which are not read here. A file in whose first
        65,536 bytes no uid ever came in is known by its zeros and its name only
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from forensics.core.loginrecords import text
from forensics.core.model import IGNORED, REJECTED, SPAN, Parsed, Why
from forensics.core.schema import Column, Table

RECORD_BYTES = 292
TABLE = Table(
    "lastlog",
    "the last login of a uid",
    (
        Column("uid", pa.int64(), "uid, by the place of the record"),
        Column("epoch_s", pa.int64(), "when", "s since 1970-01-01T00:00:00Z"),
        Column("line", pa.string(), "terminal without `/dev/`", None, "empty"),
        Column("remote", pa.string(), "where from, as the program wrote it", None, "empty"),
        *SPAN,
    ),
)
_BLOCK_RECORDS = 1024
CUT = str(_BLOCK_RECORDS * RECORD_BYTES)
DOMAIN = "{host}:root"

_RECORD = np.dtype([("epoch_s", "<u4"), ("line", "V32"), ("remote", "V256")])
_LARGEST_UID = 2**32 - 2
_FEWEST_BLANK = 64

_Rows = npt.NDArray[np.void]
_Flags = npt.NDArray[np.bool_]


def recognise(head: bytes, path: str) -> int:
    """Sure where every record that is not blank has texts filled up with zeros, and a terminal."""
    if b"\0" not in head:
        return 0
    count = len(head) // RECORD_BYTES
    rows = np.frombuffer(head, _RECORD, count=count)
    held = _held(head, count)
    if not held.any():
        named = path.rsplit("/", 1)[-1].startswith("lastlog")
        return 15 if named and count >= _FEWEST_BLANK and not head.strip(b"\0") else 0
    line, remote = _raw(rows, "line")[held], _raw(rows, "remote")[held]
    written = (line[:, 0] > ord(" ")) & (line[:, 0] < ord("~")) & (line[:, -1] == 0) & (remote[:, -1] == 0)
    return 85 if (_sound(rows)[held] & written).all() and rows["epoch_s"].any() else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read whole records, columns at a time."""
    count = len(data) // RECORD_BYTES
    rows = np.frombuffer(data, _RECORD, count=count)
    start = np.arange(count, dtype=np.int64) * RECORD_BYTES + base
    held = _held(data, count)
    read = held.copy()
    read[held] = _sound(rows[held]) & (start[held] // RECORD_BYTES <= _LARGEST_UID)
    bad = start[held & ~read]
    rejected, stops = bad.tolist(), (bad + RECORD_BYTES).tolist()
    why = [Why.VALUE.value] * len(rejected)
    if count * RECORD_BYTES < len(data):
        rejected.append(base + count * RECORD_BYTES)
        stops.append(base + len(data))
        why.append(Why.TRUNCATED.value)
    kept, first = rows[read], start[read]
    records = TABLE.build(
        {
            "uid": pa.array(first // RECORD_BYTES, pa.int64()),
            "epoch_s": pa.array(kept["epoch_s"].astype(np.int64)),
            "line": text(kept, "line"),
            "remote": text(kept, "remote"),
            "start": pa.array(first, pa.int64()),
            "stop": pa.array(first + RECORD_BYTES, pa.int64()),
        }
    )
    begins, ends = _runs(~held)
    ignored = {"start": begins * RECORD_BYTES + base, "stop": ends * RECORD_BYTES + base}
    return Parsed(
        records,
        REJECTED.build({"start": rejected, "stop": stops, "why": why}),
        IGNORED.build({name: pa.array(values, pa.int64()) for name, values in ignored.items()}),
    )


def _runs(blank: _Flags) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Where runs of blank records begin and end. A run ends with its block, so that cuts change nothing."""
    places = np.arange(len(blank))
    first = np.ones(len(blank), bool)
    first[1:] = blank[1:] != blank[:-1]
    first |= places % _BLOCK_RECORDS == 0
    begins = np.flatnonzero(first)
    ends = np.append(begins[1:], len(blank))[: len(begins)]
    return begins[blank[begins]].astype(np.int64), ends[blank[begins]].astype(np.int64)


def _held(data: bytes, count: int) -> _Flags:
    words = RECORD_BYTES // 4
    raw = np.frombuffer(data, np.uint32, count=count * words).reshape(count, words)
    return np.asarray(raw.any(axis=1), bool)


def _sound(rows: _Rows) -> _Flags:
    """Where both texts are filled up with zeros."""
    sound: _Flags = np.ones(len(rows), bool)
    for name in ("line", "remote"):
        raw = _raw(rows, name)
        ended = np.cumsum(raw == 0, axis=1) > 0
        sound = sound & ~np.asarray(((raw != 0) & ended).any(axis=1))
    return sound


def _raw(rows: _Rows, name: str) -> npt.NDArray[np.uint8]:
    packed = np.ascontiguousarray(rows[name])
    return packed.view(np.uint8).reshape(len(rows), packed.dtype.itemsize)
