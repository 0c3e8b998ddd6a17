"""Clocks of one fixed layout, a whole column at once, by the place of each digit."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import cuttings

_WALL_BYTES = len("2026-11-23T15:11:37")
_LAID_OUT = ((0, b"0000-00-"), (8, b"00T00:00"), (11, b"00:00:00"))
"""How such a reading is laid out, as words of eight bytes that together hold all of it: where each begins, a nought for each digit."""
_SIXES, _UPPER, _TEN, _BYTE = (np.uint64(n) for n in (0x0606060606060606, 0xF0F0F0F0F0F0F0F0, 10, 8))
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
    pairs = _pairs(written)
    if pairs is None:
        return None
    years, days, clock = pairs
    century, year, month, day = years[:, 0], years[:, 2], years[:, 5], days[:, 0]
    hour, minute, second = clock[:, 0], clock[:, 3], clock[:, 6]
    if not (
        ((month > 0) & (month < 13) & (day > 0)).all() and ((hour < 24) & (minute < 60) & (second < 60)).all()
    ):
        return None
    months = (century.astype(np.int64) * 100 + year - 1970) * 12 + month - 1
    least = int(months.min())
    # Most readings are of a few months: their first days are looked up.
    begins = (
        np.arange(least, int(months.max()) + 2).view("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    )
    months -= least
    if (day > np.diff(begins)[months]).any():
        return None
    found = (begins[months] + day - 1) * _DAY_S
    found += hour.astype(np.int64) * 3_600 + minute.astype(np.int64) * 60 + second
    return np.asarray(found)


def are_walls(written: pa.Array) -> bool:
    """Whether all readings are laid out so, whether or not there is such a time.

    Args:
        written: string, without nulls.
    """
    return not len(written) or _pairs(written) is not None


def _pairs(written: pa.Array) -> list[npt.NDArray[np.uint8]] | None:
    """Of each reading the words of `_LAID_OUT` as eight bytes, each of them the number that is written by the digit there and the next; None where one is laid out otherwise."""
    size = pc.min_max(pc.binary_length(written)).as_py()
    if size != {"min": _WALL_BYTES, "max": _WALL_BYTES}:
        return None
    byte, found = held(written), []
    for at, layout in _LAID_OUT:
        marks = int.from_bytes(layout, "little")
        digits = np.uint64(sum(0xFF << 8 * n for n, own in enumerate(layout) if own == ord("0")))
        # Of digits their values are left, which no six makes sixteen; of marks nothing.
        word = np.ndarray((len(written),), "<u8", byte, at, (_WALL_BYTES,)) ^ np.uint64(marks)
        if (((word + (_SIXES & digits)) | word) & (_UPPER | ~digits)).any():
            return None
        found.append((word * _TEN + (word >> _BYTE)).view(np.uint8).reshape(-1, 8))
    return found


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
