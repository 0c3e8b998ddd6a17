"""Clocks of one fixed layout, a whole column at once, by the place of each digit."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import cuttings

_WALL_BYTES = len("2026-11-23T15:11:37")
_DIGITS = np.array([0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18])
_MARKS = {4: ord("-"), 7: ord("-"), 10: ord("T"), 13: ord(":"), 16: ord(":")}
_DAY_S = 86_400
_STAMP_BYTES = len("Nov 23 15:11:37")
_STAMP_DIGITS = np.array([4, 5, 7, 8, 10, 11, 13, 14])
_STAMP_MARKS = {3: ord(" "), 6: ord(" "), 9: ord(":"), 12: ord(":")}
_MONTHS = [int.from_bytes(name, "big") for name in b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()]
_STAMP = "2026-11-23T15:11:37.046885Z"
_TO_MINUTE = len("2026-11-23T15:11:")
_WORDS = (0, 8, 9)
"""Where words of eight bytes begin that hold all bytes up to the minute."""
_AFTER = np.array([17, 18, 20, 21, 22, 23, 24, 25])
_NS = np.array([10_000_000_000, 1_000_000_000, *(10**n for n in range(8, 2, -1))])
_FEW = 4
"""Readings of as many rows for each minute, or more, are worth reading so."""


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
    byte = held(written).reshape(len(written), _WALL_BYTES)
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


def stamps(
    written: pa.Array, told: Callable[[pa.Array], npt.NDArray[np.int64] | None]
) -> npt.NDArray[np.int64] | None:
    """Readings such as `2026-11-23T15:11:37.046885Z`, in ns. Up to its minute a time is read once for all that follow with the same one.

    Args:
        written: string.
        told: reads such times, in ns since 1970; None where one of them is no time.

    Returns:
        None where one of them has another layout or names no time that there is, or where minutes seldom repeat.
    """
    rows = len(written)
    if not rows or written.null_count:
        return None
    size = pc.min_max(pc.binary_length(written)).as_py()
    if size != {"min": len(_STAMP), "max": len(_STAMP)}:
        return None
    whole = held(written)
    byte = whole.reshape(rows, len(_STAMP))
    new = np.zeros(rows, bool)
    new[0] = True
    for at in _WORDS:
        word = np.ndarray((rows,), "<u8", whole, at, (len(_STAMP),))
        new[1:] |= word[1:] != word[:-1]
    first = np.flatnonzero(new)
    digit = byte[:, _AFTER] - ord("0")  # of bytes without a sign: what is no digit is larger than 9
    if len(first) * _FEW > rows or (digit > 9).any() or (digit[:, 0] > 5).any():
        return None
    if (byte[:, 19] != ord(".")).any() or (byte[:, 26] != ord("Z")).any():
        return None
    minute = pc.binary_replace_slice(written.take(pa.array(first)), _TO_MINUTE, len(_STAMP), "00.000000Z")
    begun = told(minute)
    if begun is None:
        return None
    found: npt.NDArray[np.int64] = np.repeat(begun, np.diff(np.append(first, rows))) + digit @ _NS
    return found


def yearless(raw: npt.NDArray[np.uint8], start: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Which readings such as `Nov 23 15:11:37` or `Nov  3 15:11:60`, of 15 bytes each, can be a time.

    Args:
        raw: the bytes that they stand in.
        start: where each begins there. One that is like the one before it is looked at once.
    """
    if not len(start):
        return np.empty(0, bool)
    # Two words of eight bytes, one over another, hold all bytes of such a reading.
    word, new = cuttings.words(raw), np.zeros(len(start), bool)
    new[0] = True
    for at in (0, _STAMP_BYTES - 8):
        held = word[start + at]
        new[1:] |= held[1:] != held[:-1]
    byte = raw[start[new, None] + np.arange(_STAMP_BYTES)]
    name = (byte[:, 0].astype(np.int64) << 16) + (byte[:, 1].astype(np.int64) << 8) + byte[:, 2]
    digit = byte[:, _STAMP_DIGITS] - ord("0")
    digit[:, 0] = np.where(byte[:, _STAMP_DIGITS[0]] == ord(" "), 0, digit[:, 0])
    tens = digit[:, 0::2].astype(np.int64) * 10 + digit[:, 1::2]
    day, hour, minute, second = tens.T
    real = np.isin(name, _MONTHS) & (digit <= 9).all(axis=1) & (day >= 1) & (day <= 31)
    real &= (hour < 24) & (minute < 60) & (second <= 60)
    for at, mark in _STAMP_MARKS.items():
        real &= byte[:, at] == mark
    return np.asarray(real[np.cumsum(new) - 1], bool)


def held(written: pa.Array) -> npt.NDArray[np.uint8]:
    """The bytes of all texts of a column without nulls, one after the other."""
    _, bounds, whole = written.buffers()
    ends = np.frombuffer(bounds, np.int32)[written.offset :][: len(written) + 1]
    return np.frombuffer(whole, np.uint8)[ends[0] : ends[-1]]
