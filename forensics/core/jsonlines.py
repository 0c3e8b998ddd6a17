r"""One JSON object a line: read into rows whose fields are reached by name, bad lines set apart.

Readers of JSON differ where a key comes twice, where a number is NaN, where a string holds half a
surrogate. So a line that says one key twice in one object is rejected, as are NaN and the infinities;
half a surrogate is shown as `\udNNN`. A fraction keeps its digits (`Decimal`), for a time read as a
float would be off by some hundred nanoseconds.
"""

import json
import re
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal, InvalidOperation

import numpy as np
import pyarrow as pa

from forensics.core import lines
from forensics.core.model import IGNORED, REJECTED, Parsed, Why
from forensics.core.schema import Table

Object = dict[str, object]
Read = Callable[[Object], Object | Why | None]
"""What a format makes of an object: a row of its columns, why it is none, or None for nothing to read."""

Load = Callable[[bytes], Object | Why]

_DEEPEST = 64
RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)
"""A time with its offset, to nanoseconds at most, as services write it."""
_HALF = re.compile("[\ud800-\udfff]")
_INT64 = range(-(2**63), 2**63)
_MOST_SECONDS = 9_223_372_035
_LONGEST_NUMBER = 64
_LINES_AT_ONCE = 1 << 14
_BEGUN = re.compile(
    rb'[ \t\n\r]*+(?:\{[ \t\n\r]*+["}]|\[[ \t\n\r]*+[\[\]{"0-9tfnNI-]|"(?=.)|[0-9tfnNI-])', re.DOTALL
)
"""How each text that a reader of JSON takes begins: cheaper to ask than to be told so by an exception for each line."""


class _UnsoundError(ValueError):
    """A line that some reader would take otherwise."""


def parse(data: bytes, base: int, table: Table, read: Read, *, load: Load | None = None) -> Parsed:
    """Read a chunk of lines.

    Args:
        data: whole lines; the last may lack its newline.
        base: offset of its first byte in the file, in bytes.
        table: the format's declared table; a column that `read` leaves out is null.
        read: makes a row of one object, without `start` and `stop`.
        load: makes an object of one line that is not blank, where a line can be more than an object;
            `loaded`, unless said otherwise.
    """
    take = load or loaded
    rows: dict[str, list[object]] = {name: [] for name in table.names}
    rejected, whys, ignored = array("q"), list[str](), array("q")
    unended = base + len(data) if not data.endswith(b"\n") else None
    for start, stop, line in _lines(data, base):
        found = (take(line) if line.strip() else None) if line is not None else Why.TOO_LONG
        row = read(found) if isinstance(found, dict) else found
        if row is None:
            ignored.extend((start, stop))
        elif isinstance(row, Why):
            rejected.extend((start, stop))
            whys.append((Why.TRUNCATED if row is Why.SHAPE and stop == unended else row).value)
        else:
            row = row | {"start": start, "stop": stop}
            for name, column in rows.items():
                column.append(row.get(name))
    return Parsed(
        table.build(rows), REJECTED.build(_spans(rejected) | {"why": whys}), IGNORED.build(_spans(ignored))
    )


def _lines(data: bytes, base: int) -> Iterator[tuple[int, int, bytes | None]]:
    """Where each line begins and ends in the file, and what it says; None of one that is too long."""
    edges = lines.edged(data)
    # Some at a time: a number of Python's own for every edge of millions of short lines is more than all else that is held.
    for at in range(0, len(edges.start), _LINES_AT_ONCE):
        own = (edge[at : at + _LINES_AT_ONCE].tolist() for edge in edges)
        for start, end, stop in zip(*own, strict=True):
            long = stop - start > lines.LONGEST_LINE_BYTES
            yield base + start, base + stop, None if long else data[start:end]


def _spans(bounds: "array[int]") -> dict[str, Sequence[object] | pa.Array]:
    """Columns of spans that lie one after the other, each where it begins and where it ends."""
    held = np.frombuffer(bounds, np.int64).reshape(-1, 2)
    return {"start": pa.array(held[:, 0].copy()), "stop": pa.array(held[:, 1].copy())}


def loaded(line: bytes) -> Object | Why:
    """The object that a line holds, or why it holds none that every reader would read alike."""
    found = value(line)
    return found if isinstance(found, dict | Why) else Why.SHAPE


def value(line: bytes) -> object:
    """What a line holds, whatever it is, or `Why` it holds nothing that every reader would read alike."""
    if not _BEGUN.match(line) or _depth(line) > _DEEPEST:
        return Why.SHAPE
    try:
        found: object = _DECODER.decode(line.decode("utf-8"))
    except _UnsoundError:
        return Why.VALUE
    except ValueError:
        return Why.SHAPE
    return found


def _depth(line: bytes) -> int:
    """The most brackets that can be open at once; those within strings count, so it is a bound."""
    return 0 if line.count(b"{") + line.count(b"[") <= _DEEPEST else _counted(line)


def _counted(line: bytes) -> int:
    depth = most = 0
    for mark in re.finditer(rb'"[^"\\]*+(?:\\.[^"\\]*+)*"|[\[\]{}]', line):
        depth += {b"[": 1, b"{": 1, b"]": -1, b"}": -1}.get(mark[0], 0)
        most = max(most, depth)
    return most


def _once(pairs: list[tuple[str, object]]) -> Object:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _UnsoundError
    return found


def _whole(text: str) -> int:
    if len(text) > _LONGEST_NUMBER:
        raise _UnsoundError
    return int(text)


def _fraction(text: str) -> Decimal:
    if len(text) > _LONGEST_NUMBER:
        raise _UnsoundError
    try:
        return Decimal(text)
    except InvalidOperation as error:  # an exponent beyond any: the name of a git object can read so
        raise _UnsoundError from error


def _refused(_: str) -> object:
    raise _UnsoundError


# Made once: to make it takes longer than to read a short line.
_DECODER = json.JSONDecoder(
    object_pairs_hook=_once, parse_float=_fraction, parse_int=_whole, parse_constant=_refused
)


def at(found: object, *keys: str) -> object:
    """What stands under nested keys; None where something on the way is no object."""
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found


def text(found: object, *keys: str) -> str | None:
    """A string under nested keys, fit for a table; None where there is none or it is no string. "" stays ""."""
    value = at(found, *keys)
    return printable(value) if isinstance(value, str) else None


def words(found: object, *keys: str) -> list[str] | None:
    """A list of strings under nested keys; None where it is none."""
    value = at(found, *keys)
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        return None
    return [printable(word) for word in value]


def number(found: object, *keys: str) -> int | None:
    """A whole number under nested keys, or one written as a string of digits; None where int64 cannot hold it."""
    value = at(found, *keys)
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,19}", value):
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value in _INT64 else None


def written(found: object, *keys: str) -> str | None:
    """A string under nested keys, or a whole number as one, as ids come; None where there is none, or it is empty."""
    value = number(found, *keys)
    return text(found, *keys) or (None if value is None else str(value))


def truth(found: object, *keys: str) -> bool | None:
    """A boolean under nested keys."""
    value = at(found, *keys)
    return value if isinstance(value, bool) else None


def nanoseconds(found: object, *keys: str) -> int | None:
    """Seconds under nested keys, whole or fractional, as a number or in digits: in ns; None past int64."""
    value = at(found, *keys)
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,19}(?:\.[0-9]{1,30})?", value):
        value = Decimal(value)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    seconds = Decimal(value)
    if abs(seconds) > _MOST_SECONDS:
        return None
    return int(seconds.scaleb(9).to_integral_value("ROUND_FLOOR"))


def printable(text: str) -> str:
    r"""A string that UTF-8 can hold: half a surrogate is shown as `\udNNN`."""
    return _HALF.sub(lambda half: f"\\u{ord(half[0]):04x}", text)


def compact(found: object) -> str | None:
    """An object or list written again in one way, keys in order; None for None. For what no column holds."""
    if found is None:
        return None
    return json.dumps(found, sort_keys=True, separators=(",", ":"), default=str, ensure_ascii=True)


def first_objects(head: bytes, most: int = 5) -> list[Object]:
    """The first objects of a file, for `recognise`; empty where its first line is none."""
    found: list[Object] = []
    if not head.lstrip().startswith(b"{"):
        return found
    for line in head.splitlines()[:most]:
        held = loaded(line) if line.lstrip().startswith(b"{") else Why.SHAPE
        if isinstance(held, Why):
            break
        found.append(held)
    return found


def has(found: Iterable[Object], *keys: str) -> bool:
    """Whether there is an object, and each has every key."""
    held = list(found)
    return bool(held) and all(key in one for one in held for key in keys)
