"""Cutting bytes into lines, a whole chunk at a time."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

LONGEST_LINE_BYTES = 1 << 20


class Lines(NamedTuple):
    r"""The lines of a chunk.

    `start`, `stop`: offsets into the file, terminator included, so that they tile the chunk.
    `text`: each line without its terminator (`\n` or `\r\n`), as bytes.
    """

    start: npt.NDArray[np.int64]
    stop: npt.NDArray[np.int64]
    text: pa.Array


def cut(data: bytes, base: int) -> Lines:
    """Cut `data` after every newline byte.

    Args:
        data: the chunk; its last line may lack the newline.
        base: offset of its first byte in the file, in bytes.
    """
    raw = np.frombuffer(data, dtype=np.uint8)
    ends = np.flatnonzero(raw == 10).astype(np.int64) + 1
    if len(data) and (not len(ends) or ends[-1] != len(data)):
        ends = np.append(ends, np.int64(len(data)))
    starts = np.concatenate([np.zeros(1, np.int64), ends[:-1]]) if len(ends) else ends
    stops = ends.copy()
    if len(ends):
        stops -= (raw[ends - 1] == 10).astype(np.int64)
        held = stops > starts
        stops[held] -= (raw[stops[held] - 1] == 13).astype(np.int64)
    bounds = np.empty(2 * len(starts) + 1, np.int64)
    bounds[0:-1:2], bounds[1::2], bounds[-1] = starts, stops, len(data)
    interleaved = pa.LargeBinaryArray.from_buffers(
        pa.large_binary(), len(bounds) - 1, [None, pa.py_buffer(bounds), pa.py_buffer(data)]
    )
    text = interleaved.take(pa.array(np.arange(0, len(bounds) - 1, 2))).cast(pa.binary())
    return Lines(starts + base, ends + base, text)


def shown(raw: pa.Array) -> pa.Array:
    r"""Bytes as text: UTF-8 where it is, and `\xNN` for each byte that is not.

    The bytes themselves stay in the sealed file, where the citation leads.
    """
    try:
        return raw.cast(pa.string())
    except pa.ArrowInvalid:
        return pa.array(
            [None if v is None else v.decode("utf-8", "backslashreplace") for v in raw.to_pylist()],
            pa.string(),
        )
