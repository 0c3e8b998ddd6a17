"""How a pack is cut into stretches that are read apart: where, near each place asked for, an object begins.

That is guessed from the bytes there: behind a stream that inflates to its end, where so many more objects follow. Whoever reads the
stretch before sees whether its last object ends there. Where it does not, the guess was wrong, and the pack is read whole.
"""

import re
import zlib
from typing import NamedTuple

from forensics.core.packstretch import BEGINS, PAST_BYTES, Fetch, framed

STRETCH_BYTES = 8 << 20
"""How long a stretch is, about."""
_LOOKED_THROUGH_BYTES = 1 << 20
"""So far behind a place it is looked for where an object begins."""
_LARGEST_BYTES = 1 << 20
"""What is larger is not looked at."""
_MOST_TRIED = 256
_SURE = 8
_STREAM = re.compile(rb"\x78[\x01\x5e\x9c\xda]")
_MAGIC = (b"PACK\0\0\0\x02", b"PACK\0\0\0\x03")
_WIDE = re.compile(rb"tree [0-9a-f]{64}\n")
_COMMIT = 1


class Layout(NamedTuple):
    """Where the stretches of a pack begin, and behind them where the last ends; how many objects it claims, and how long their names are."""

    edges: tuple[int, ...]
    objects: int
    width: int

    @property
    def stretches(self) -> int:
        """How many there are. One may be empty, where no beginning was found near the place."""
        return len(self.edges) - 1


def laid_out(fetch: Fetch, size: int) -> Layout | None:
    """How a pack of a size is cut; None where it is no plain pack."""
    head = fetch(0, BEGINS)
    objects = int.from_bytes(head[8:])
    if head[:8] not in _MAGIC or not objects:
        return None
    data = fetch(BEGINS, _LOOKED_THROUGH_BYTES) + bytes(PAST_BYTES)
    one = framed(data, memoryview(data), 0, BEGINS, _LARGEST_BYTES)
    width = 32 if one is not None and one[0] == _COMMIT and _WIDE.match(one[2]) else 20
    end = size - width
    edges = [end]
    for place in reversed(range(STRETCH_BYTES, size, STRETCH_BYTES)):
        found = _begins(fetch, place, end)
        edges.append(edges[-1] if found is None else found)
    return Layout((BEGINS, *reversed(edges)), objects, width) if end > BEGINS else None


def _begins(fetch: Fetch, place: int, end: int) -> int | None:
    """Where an object begins behind a place, most likely; None where none is found."""
    data = fetch(place, min(place + _LOOKED_THROUGH_BYTES, end)) + bytes(PAST_BYTES)
    view, last = memoryview(data), len(data) - PAST_BYTES
    for tried, found in enumerate(_STREAM.finditer(data, 0, last)):
        if tried >= _MOST_TRIED:
            break
        machine = zlib.decompressobj()
        try:
            machine.decompress(view[found.start() : last], _LARGEST_BYTES)
        except zlib.error:
            continue
        at = last - len(machine.unused_data)
        if machine.eof and _follow(data, view, at, place, last):
            return place + at
    return None


def _follow(data: bytes, view: memoryview, at: int, place: int, last: int) -> bool:
    """Whether enough objects follow one another from a place on, or all that there are."""
    for _ in range(_SURE):
        if at >= last:
            return False
        one = framed(data, view, at, place, _LARGEST_BYTES)
        if one is None:
            return False
        at = one[3]
    return at <= last
