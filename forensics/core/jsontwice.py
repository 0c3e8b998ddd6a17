"""Which of many lines of JSON may say one key twice in one object, which no two readers need take alike.

Only lines whose strings are known (`core.jsonstrings`) can be told of. A key is known again by its object, its length and
its ends, so a line may be named that says nothing twice, and never one be left out that does.
"""

import numpy as np
import numpy.typing as npt

from forensics.core.jsonstrings import Flags, Ints, Strings, of

_DEEPEST = 16
_WORD = 8
_ODD = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x27D4EB2F165667C5], np.uint64)


def doubtful(data: bytes, start: Ints, found: Strings) -> Flags:
    """Of each line, whether it may say a key twice: always where its strings are not known.

    Args:
        data: the lines.
        start: where each begins.
        found: their strings.
    """
    result = np.ones(len(start), bool)
    result[found.line] = False
    if not len(found.opens):
        return result
    raw = np.frombuffer(data + bytes(_WORD), np.uint8)
    line = np.repeat(found.line, found.many)
    after = raw[found.closes + 1]
    key = after == ord(":")
    result[line[(after == ord(" ")) | (key & found.escaped)]] = True
    own, sure = _objects(raw, start, found, found.opens[key], line[key])
    result[line[key][~sure]] = True
    mixed = np.sort(_mixed(raw, found.opens[key] + 1, found.closes[key], own))
    same = mixed[1:][mixed[1:] == mixed[:-1]]
    if len(same):
        again = np.isin(_mixed(raw, found.opens[key] + 1, found.closes[key], own), same)
        result[line[key][again]] = True
    return result


def _objects(
    raw: npt.NDArray[np.uint8], start: Ints, found: Strings, places: Ints, line: Ints
) -> tuple[Ints, Flags]:
    """The bracket that opens the object which each place lies in, by its number, and whether that is beyond doubt."""
    brackets = np.flatnonzero((raw | 32) == ord("{"))
    closing = np.flatnonzero((raw | 32) == ord("}"))
    at = np.concatenate([brackets, closing])
    at = at[_outside(at, found)]
    at.sort()
    opening = (raw[at] | 32) == ord("{")
    depth = np.cumsum(np.where(opening, 1, -1))
    before = np.searchsorted(at, start) - 1
    depth = depth - np.where(before >= 0, depth[before], 0)[of(at, start)]
    inside = np.searchsorted(at, places) - 1
    deep = np.where(inside >= 0, depth[inside], 0)
    sure = (inside >= 0) & (deep >= 1) & (deep <= _DEEPEST) & (at[inside] >= start[line])
    result = np.full(len(places), -1, np.int64)
    for level in range(1, min(_DEEPEST, int(depth.max(initial=0))) + 1):
        own = np.flatnonzero(sure & (deep == level))
        opener = np.maximum.accumulate(np.where(opening & (depth == level), np.arange(len(at)), -1))
        result[own] = opener[inside[own]]
    return result, sure


def _outside(places: Ints, found: Strings) -> Flags:
    """Whether each place lies in no string."""
    string = of(places, found.opens)
    outside: Flags = (string < 0) | (places > found.closes[string])
    return outside


def _mixed(raw: npt.NDArray[np.uint8], first: Ints, stop: Ints, own: Ints) -> npt.NDArray[np.uint64]:
    """A number of each key that is the same for the same key of the same object."""
    size = stop - first
    words = np.lib.stride_tricks.sliding_window_view(raw, _WORD)
    kept = np.left_shift(np.uint64(1), (8 * np.minimum(size, 7)).astype(np.uint64)) - np.uint64(1)
    kept = np.where(size >= _WORD, np.uint64(0xFFFFFFFFFFFFFFFF), kept)
    head = words[first].copy().view("<u8").ravel() & kept
    tail = np.where(size > _WORD, words[np.maximum(stop - _WORD, 0)].copy().view("<u8").ravel(), np.uint64(0))
    parts = (head, tail, size.astype(np.uint64), own.astype(np.uint64))
    mixed = np.zeros(len(first), np.uint64)
    for part, odd in zip(parts, _ODD, strict=True):
        mixed = (mixed ^ part) * odd
        mixed ^= mixed >> np.uint64(29)
    return mixed
