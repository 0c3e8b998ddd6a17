"""A stretch of an audit trail cut into lines and words, and what each line says before its fields.

Lines as the kernel and the audit library write them are read from their places alone. A line with
anything else in it (a control or non-ASCII byte, a stamp of another length) is not *plain*, and is read by the general rules; what is read does not hang on which way was taken.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import audittext, lines
from forensics.core.auditkeys import TYPE
from forensics.core.audittext import Bools, Bytes, Ints, Words
from forensics.core.model import Why

HEAD = r'^(?P<head>(?:node=(?P<node>[^ "\x1d]+) )?type=(?P<type>[A-Z0-9_]+(?:\[\d+\])?) msg=audit\((?P<seconds>\d+)\.(?P<ms>\d\d\d):(?P<serial>\d+)\):)(?: |$)'
RECORD, BLANK = -1, -2
"""In place of a reason: the line is a record, or there is nothing in it."""
REASONS = (Why.SHAPE, Why.TIME, Why.VALUE, Why.TOO_LONG, Why.TRUNCATED)
_SHAPE, _TIME, _VALUE, _TOO_LONG, _TRUNCATED = range(len(REASONS))
_NEWLINE, _BLANK_BYTE, _QUOTE, _ENRICHED, _ASCII = 10, 32, 34, 29, 128
_LAST_SECOND = 9_223_372_035
_NS_PER_MS = 1_000_000
_PADDING = b"\n" + bytes(64)
_STAMP = len("msg=audit(")
_SECONDS = 10
_TWO_WORDS = 16
_MOST_TYPES = 64


class Page(NamedTuple):
    """Lines and words by their places in `raw`, which has a newline and 64 bytes after the data.

    `start`, `stop`: of lines, terminators included. `token`, `size`: the first word of each line, and
    how many it has, cut at every blank, control byte and line end. `begins`, `ends`: of words; `opening`
    is what `at` has where each begins, read once in order, for keys are looked at again and again.
    `plain`: whether a line is whole, not too long, and of printable ASCII but for 0x1d. `quotes`: how many
    double quotes it has; whoever cuts at blanks must find each of them round a value. `parts`: how many
    times it has 0x1d.
    """

    raw: Bytes
    at: Words
    start: Ints
    stop: Ints
    token: Ints
    size: Ints
    begins: Ints
    ends: Ints
    opening: Words
    plain: Bools
    quotes: Ints
    parts: Ints


def page(data: bytes) -> Page:
    """Cut bytes into lines and words; there is at least one byte."""
    size = len(data)
    raw = np.frombuffer(data + _PADDING, np.uint8)
    used = size + (data[-1] != _NEWLINE)
    ends = np.flatnonzero(raw[:used] <= _BLANK_BYTE)
    mark = raw[ends]
    newline = np.flatnonzero(mark == _NEWLINE)
    begins = np.empty_like(ends)
    begins[:1] = 0
    np.add(ends[:-1], 1, out=begins[1:])
    token = np.empty_like(newline)
    token[:1] = 0
    np.add(newline[:-1], 1, out=token[1:])
    start, stop = begins[token], np.minimum(ends[newline] + 1, size)
    plain = stop - start <= lines.LONGEST_LINE_BYTES
    plain[-1] &= data[-1] == _NEWLINE
    odd = ends[(mark != _NEWLINE) & (mark != _BLANK_BYTE) & (mark != _ENRICHED)]
    if raw.max() >= _ASCII:
        odd = np.append(odd, np.flatnonzero(raw >= _ASCII))
    plain[np.searchsorted(stop, odd, "right")] = False
    at = audittext.words(raw)
    quotes = np.subtract(*audittext.counted_before(raw == _QUOTE, stop, start))
    parts = np.bincount(np.searchsorted(stop, ends[mark == _ENRICHED], "right"), minlength=len(stop))
    return Page(
        raw, at, start, stop, token, newline - token + 1, begins, ends, at[begins], plain, quotes, parts
    )


class Heads(NamedTuple):
    """What lines say before their fields; rows that are no record hold nothing of use.

    `why`: a number in `REASONS`, or `RECORD` or `BLANK`. `node`, `type`: numbers in `nodes`, `types`; a
    node may be -1. `body`: where in the line the fields begin.
    """

    why: npt.NDArray[np.int8]
    node: Ints
    type: Ints
    earliest_ns: Ints
    serial: Ints
    body: Ints
    nodes: list[str]
    types: list[str]


def heads(cut: Page) -> Heads:
    """Read the heads of all lines."""
    found, good = _stamped(cut)
    found.why[cut.stop - cut.start == 1] = np.where(cut.raw[cut.start[cut.stop - cut.start == 1]] == _NEWLINE, BLANK, _SHAPE)  # fmt: skip
    rest = np.flatnonzero(~good & (found.why != BLANK))
    if not len(rest):
        return found
    slow = read_heads(audittext.sliced(cut.raw, cut.start[rest], cut.stop[rest]))
    nodes, types = _together(found.nodes, slow.nodes), _together(found.types, slow.types)
    for name in ("why", "earliest_ns", "serial", "body"):
        getattr(found, name)[rest] = getattr(slow, name)
    found.node[rest] = np.array([*map(nodes.index, slow.nodes), -1])[slow.node]
    found.type[rest] = np.array([*map(types.index, slow.types), -1])[slow.type]
    return found._replace(nodes=nodes, types=types)


def _together(known: list[str], more: list[str]) -> list[str]:
    return [*known, *(name for name in more if name not in set(known))]


def _stamped(cut: Page) -> tuple[Heads, Bools]:
    """Heads of plain lines with seconds of ten digits, and which lines those are."""
    last = len(cut.begins) - 1
    named = audittext.opens(cut.opening[cut.token], b"node=")
    kind = np.minimum(cut.token + named, last)
    stamp = np.minimum(kind + 1, last)
    good = cut.plain & (cut.size >= 2 + named) & audittext.opens(cut.opening[kind], b"type=")
    good &= audittext.opens(cut.opening[stamp], b"msg=audit("[:8])
    rows = np.flatnonzero(good)
    start, stop = cut.begins[stamp[rows]], cut.ends[stamp[rows]]
    fine = (stop - start > _STAMP + _SECONDS + len(".000:):")) & (cut.raw[stop] != _ENRICHED)
    rows, start, stop = rows[fine], start[fine], stop[fine]
    new = _differs(cut, cut.token[rows], named[rows], start, stop)
    run = np.cumsum(new) - 1
    moment, serial, fine = _stamps(cut, start[new], stop[new])
    nodes: list[str] = []
    hosts, own = np.full(len(moment), -1), np.flatnonzero(named[rows[new]])
    if len(own):
        nodes, hosts[own], fit = _coded(cut, cut.token[rows[new][own]], lambda name: name and '"' not in name)
        fine[own] &= fit
    types, kinds, typed = _types(cut, kind[rows])
    keep = fine[run] & typed
    node, type_, earliest_ns, number, body = (np.full(len(good), -1) for _ in range(5))
    why = np.full(len(good), _SHAPE, np.int8)
    held = Heads(why, node, type_, earliest_ns, number, body, nodes, types)
    at, run = rows[keep], run[keep]
    held.why[at], held.node[at], held.type[at] = RECORD, hosts[run], kinds[keep]
    held.earliest_ns[at], held.serial[at] = moment[run], serial[run]
    held.body[at] = stop[keep] - cut.start[at]
    good[:] = False
    good[at] = True
    return held, good


def _differs(cut: Page, token: Ints, named: Bools, start: Ints, stop: Ints) -> Bools:
    """Which lines do not have the node and stamp of the one before; of long ones each counts as if it had not.

    Args:
        cut: the page.
        token: the first word of each line.
        named: whether that is a node.
        start: of its stamp, which has at least 16 bytes.
        stop: of it.
    """
    node = np.where(named, cut.ends[token] - cut.begins[token], 0)
    new = np.ones(len(token), bool)
    new[1:] = (node[1:] > _TWO_WORDS) | (stop[1:] - start[1:] > 8 + 2 * _TWO_WORDS)
    told = (
        node,
        stop - start,
        cut.at[start + 8],
        cut.at[start + 16],
        cut.at[stop - 16],
        cut.at[stop - 8],
        np.where(named, cut.opening[token], 0),
        np.where(node > 8, cut.at[np.maximum(cut.ends[token] - 8, 0)], 0),
    )
    for values in told:
        new[1:] |= values[1:] != values[:-1]
    return new


def _stamps(cut: Page, start: Ints, stop: Ints) -> tuple[Ints, Ints, Bools]:
    """Moments in ns, serials, and which stamps hold such: `msg=audit(1795446841.266:7982):`."""
    at, raw, place = cut.at, cut.raw, start + _STAMP
    fine = audittext.opens(at[start + 8], b"t(") & audittext.begin(at, stop - 2, b"):")
    fine &= (raw[place + _SECONDS] == ord(".")) & (raw[place + _SECONDS + 4] == ord(":"))
    seconds, digits = audittext.decimals(at, place, place + _SECONDS)
    ms, whole = audittext.decimals(at, place + _SECONDS + 1, place + _SECONDS + 4)
    serial, counted = audittext.decimals(at, place + _SECONDS + 5, stop - 2)
    for sign in (place, place + _SECONDS + 1, place + _SECONDS + 5):
        fine &= raw[sign] != ord("-")
    fine &= digits & whole & counted & (seconds <= _LAST_SECOND)
    return (np.where(fine, seconds, 0) * 1000 + ms) * _NS_PER_MS, serial, fine


def _types(cut: Page, token: Ints) -> tuple[list[str], Ints, Bools]:
    """Types in words `type=<type>`: the different ones, their numbers, and which are such."""
    begins, ends = cut.begins[token] + 5, cut.ends[token]
    size = ends - begins
    low = cut.at[begins] & audittext.MASKS[np.clip(size, 0, 8)]
    high = cut.at[begins + 8] & audittext.MASKS[np.clip(size - 8, 0, 8)]
    names: list[str] = []
    number = np.full(len(token), -1)
    rest = np.flatnonzero(size <= _TWO_WORDS)
    while len(rest) and len(names) < _MOST_TYPES:
        first = rest[0]
        same = (low[rest] == low[first]) & (high[rest] == high[first]) & (size[rest] == size[first])
        number[rest[same]] = len(names)
        names.append(cut.raw[begins[first] : ends[first]].tobytes().decode("ascii"))
        rest = rest[~same]
    rest = np.flatnonzero(number < 0)
    if len(rest):
        more, number[rest], _ = _coded(cut, token[rest], bool)
        number[rest] += len(names)
        names += more
    good = np.array([TYPE.fullmatch(name) is not None for name in names] or [False])
    return names, number, good[number] if len(number) else np.zeros(0, bool)


def _coded(cut: Page, token: Ints, fits: object) -> tuple[list[str], Ints, Bools]:
    """Values of words `key=value` with a key of four letters: the different ones, their numbers, which fit."""
    # Plain lines are ASCII, so their bytes are text as they stand.
    found = audittext.sliced(cut.raw, cut.begins[token] + 5, cut.ends[token]).view(pa.string())
    coded = found.dictionary_encode()
    names = coded.dictionary.to_pylist()
    good = np.array([bool(fits(name)) for name in names] or [False])  # type: ignore[operator]
    number = np.asarray(coded.indices).astype(np.int64)
    return names, number, good[number] if len(number) else np.zeros(0, bool)


def read_heads(whole: pa.Array) -> Heads:
    """Read the heads of lines, terminators included, by the general rule."""
    size = np.asarray(pc.binary_length(whole)).astype(np.int64)
    ended = np.asarray(pc.ends_with(whole, b"\n"))
    text = pc.replace_substring_regex(whole, rb"\r?\n$", b"", max_replacements=1)
    long = size > lines.LONGEST_LINE_BYTES
    found = pc.extract_regex(pc.if_else(pa.array(long), b"", text), HEAD)
    missing = np.asarray(found.is_null())
    said = dict(zip((field.name for field in found.type), found.flatten(), strict=True))
    seconds, late = _counted(said["seconds"], _SECONDS)
    serial, unreadable = _counted(said["serial"], 18)
    late |= seconds > _LAST_SECOND
    why = np.full(len(size), RECORD, np.int8)
    why[unreadable] = _VALUE
    why[late] = _TIME
    why[missing] = _SHAPE
    opened = np.asarray(pc.or_(pc.starts_with(text, b"type="), pc.starts_with(text, b"node=")))
    why[~ended & opened] = _TRUNCATED
    empty = np.asarray(pc.match_substring_regex(text, rb"^(?:[ \t]*|----|time->[ -~]{1,64})$"))
    why[missing & empty & ~long] = BLANK
    why[long] = _TOO_LONG
    node = pc.if_else(pc.equal(pc.binary_length(said["node"]), 0), None, said["node"])
    nodes, types = (lines.shown(name).dictionary_encode() for name in (node, said["type"]))
    first = (np.where(late, 0, seconds) * 1000 + _counted(said["ms"], 3)[0]) * _NS_PER_MS
    body = np.asarray(pc.binary_length(said["head"]).fill_null(0)).astype(np.int64)
    host, kind = (np.asarray(names.indices.fill_null(-1)).astype(np.int64) for names in (nodes, types))
    return Heads(
        why, host, kind, first, serial, body, nodes.dictionary.to_pylist(), types.dictionary.to_pylist()
    )


def _counted(digits: pa.Array, longest: int) -> tuple[Ints, Bools]:
    """Digits as numbers; 0, and marked, where they are too many."""
    size = pc.binary_length(digits).fill_null(0)
    fits = pc.and_(pc.greater(size, 0), pc.less_equal(size, longest))
    numbers = pc.if_else(fits, digits, b"0").cast(pa.string()).cast(pa.int64())
    return np.asarray(numbers), ~np.asarray(fits)
