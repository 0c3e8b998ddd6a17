"""Wall clocks of one fixed layout, a whole column at once, by the place of each digit."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

_WALL_BYTES = len("2026-11-23T15:11:37")
_DIGITS = np.array([0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18])
_MARKS = {4: ord("-"), 7: ord("-"), 10: ord("T"), 13: ord(":"), 16: ord(":")}
_DAY_S = 86_400


def seconds(written: pa.Array) -> npt.NDArray[np.int64] | None:
    """Readings such as `2026-11-23T15:11:37` as seconds since 1970, as if each were UTC.

    Args:
        written: string, without nulls.

    Returns:
        None where one of them has another layout, or names no time that there is: second 60 is none.
    """
    if not len(written):
        return np.empty(0, np.int64)
    size = pc.min_max(pc.binary_length(written)).as_py()
    if size != {"min": _WALL_BYTES, "max": _WALL_BYTES}:
        return None
    byte = _bytes(written).reshape(len(written), _WALL_BYTES)
    digit = byte[:, _DIGITS] - ord("0")  # of bytes without a sign: what is no digit is larger than 9
    if (digit > 9).any() or any((byte[:, at] != mark).any() for at, mark in _MARKS.items()):
        return None
    tens = digit[:, 0::2].astype(np.int64) * 10 + digit[:, 1::2]
    year = tens[:, 0] * 100 + tens[:, 1]
    month, day, hour, minute, second = tens[:, 2:].T
    months = (year - 1970) * 12 + month - 1
    first = months.view("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    after = (months + 1).view("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    real = (month >= 1) & (month <= 12) & (day >= 1) & (day <= after - first)
    real &= (hour < 24) & (minute < 60) & (second < 60)
    if not real.all():
        return None
    return np.asarray((first + day - 1) * _DAY_S + hour * 3_600 + minute * 60 + second)


def _bytes(written: pa.Array) -> npt.NDArray[np.uint8]:
    """The bytes of all texts of a column without nulls, one after the other."""
    _, bounds, held = written.buffers()
    ends = np.frombuffer(bounds, np.int32)[written.offset :][: len(written) + 1]
    return np.frombuffer(held, np.uint8)[ends[0] : ends[-1]]
