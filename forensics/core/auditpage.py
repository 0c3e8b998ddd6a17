"""A stretch of an audit trail cut into lines and words, and what each line says before its fields.

Lines as the kernel and the audit library write them are read from their places alone. A line with
anything else in it (a control or non-ASCII byte, a stamp of another length) is not *plain*, and is read by the general rules; what is read does not hang on which way was taken.
"""

import threading
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import audittext, lines
from forensics.core.auditkeys import TYPE
from forensics.core.auditnames import Names
from forensics.core.audittext import Bools, Bytes, Ints, Words
from forensics.core.model import Why

HEAD = r'^(?P<head>(?:node=(?P<node>[^ "\x1d]+) )?type=(?P<type>[A-Z0-9_]+(?:\[\d+\])?) msg=audit\((?P<seconds>\d+)\.(?P<ms>\d\d\d):(?P<serial>\d+)\):)(?: |$)'
RECORD, BLANK = -1, -2
"""In place of a reason: the line is a record, or there is nothing in it."""
REASONS = (Why.SHAPE, Why.TIME, Why.VALUE, Why.TOO_LONG, Why.TRUNCATED)
_SHAPE, _TIME, _VALUE, _TOO_LONG, _TRUNCATED = range(len(REASONS))
_NEWLINE, _BLANK_BYTE, _QUOTE, _ENRICHED, _ASCII = 10, 32, 34, 29, 128
_LAST_SECOND = 9_223_372_035
_LAST_MS = _LAST_SECOND * 1000 + 999
_POINTED, _POINTS = audittext.word(b"\0\0.\0\0\0:")[0], audittext.word(b"\0\0\xff\0\0\0\xff")[0]
_NS_PER_MS = 1_000_000
_PADDING = b"\n" + bytes(64)
_STAMP = len("msg=audit(")
_SECONDS = 10
_BLOCK_BYTES, _BLOCK_LINES = 1 << 19, 1 << 12


class Page(NamedTuple):
    """Lines and words by their places in `raw`, which has a newline and 64 bytes after the data.

    `start`, `stop`: of lines, terminators included. `token`, `size`: the first word of each line, and
    how many it has, cut at every blank, control byte and line end. `begins`, `ends`: of words; `opening`
    is what `at` has where each begins, read once in order, for keys are looked at again and again.
    `plain`: whether a line is whole, not too long, and of printable ASCII but for 0x1d. `quotes`: how many
    double quotes it has; whoever cuts at blanks must find each of them round a value. `parts`: how many
    times it has 0x1d. `hold`: `raw`, with room behind it. All of it is good until the same thread cuts
    another page.
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
    hold: Bytes


class _Scratch(threading.local):
    """Large arrays that each frame needs anew. A thread keeps its own: memory that is asked for anew has to be cleared, and in between is cut up."""

    def __init__(self) -> None:
        self._held: dict[str, Bytes] = {}
        self._nodes = Names(lambda name: name != "" and '"' not in name)
        self._types = Names(lambda name: TYPE.fullmatch(name) is not None)

    def names(self) -> tuple[Names, Names]:
        """The names of hosts and of types that are known."""
        self._nodes, self._types = self._nodes.renewed(), self._types.renewed()
        return self._nodes, self._types

    def bytes_of(self, size: int, name: str = "raw") -> Bytes:
        """At least so many bytes, which hold whatever was there."""
        if len(self._held.get(name, ())) < size:
            self._held[name] = np.empty(size + size // 4, np.uint8)
        return self._held[name]

    def places(self, name: str, count: int) -> Ints:
        """So many places, which hold whatever was there."""
        return self.bytes_of(8 * max(count, 1), name)[: 8 * count].view(np.int64)


_held = _Scratch()


def page(data: bytes | memoryview) -> Page:
    """Cut bytes into lines and words; there is at least one byte."""
    size = len(data)
    hold = _held.bytes_of(size + len(_PADDING))
    raw = hold[: size + len(_PADDING)]
    raw[:size], raw[size:] = np.frombuffer(data, np.uint8), np.frombuffer(_PADDING, np.uint8)
    ends, marks, quoted, foreign = _marked(raw, size + (data[-1] != _NEWLINE))
    newline = np.flatnonzero(marks == _NEWLINE)
    begins = _held.places("begins", len(ends))
    begins[:1] = 0
    np.add(ends[:-1], 1, out=begins[1:])
    token = np.empty_like(newline)
    token[:1] = 0
    np.add(newline[:-1], 1, out=token[1:])
    start, stop = begins[token], np.minimum(ends[newline] + 1, size)
    plain = stop - start <= lines.LONGEST_LINE_BYTES
    plain[-1] &= data[-1] == _NEWLINE
    odd = ends[(marks != _NEWLINE) & (marks != _BLANK_BYTE) & (marks != _ENRICHED)]
    plain[np.searchsorted(stop, np.append(odd, foreign), "right")] = False
    at = audittext.words(raw)
    opening = _held.places("opening", len(ends)).view(np.uint64)
    audittext.in_order(raw, begins, opening)
    quotes = np.subtract(*audittext.counted_before(quoted, stop, start))
    parts = np.diff(np.cumsum(marks == _ENRICHED, dtype=np.int32)[newline], prepend=np.int32(0))
    return Page(
        raw, at, start, stop, token, newline - token + 1, begins, ends, opening, plain, quotes, parts, hold
    )


def _marked(raw: Bytes, used: int) -> tuple[Ints, Bytes, Bytes, Ints]:
    """Where words end, and with which byte; for every byte, eight to one, whether it is a quote; and which are not ASCII.

    A stretch at a time, so that what is compared stays in the processor's cache.
    """
    quoted = np.empty(-(-len(raw) // 8), np.uint8)
    found, foreign = [], [np.zeros(0, np.int64)]
    flags = _held.bytes_of(_BLOCK_BYTES, "flags").view(np.bool_)
    for at in range(0, len(raw), _BLOCK_BYTES):
        block = raw[at : at + _BLOCK_BYTES]
        own = flags[: len(block)]
        np.equal(block, _QUOTE, out=own)
        quoted[at // 8 : (at + len(block) + 7) // 8] = np.packbits(own, bitorder="little")
        np.less_equal(block, _BLANK_BYTE, out=own)
        ends = np.flatnonzero(own[: max(used - at, 0)])
        ends += at
        found.append(ends)
        if block.max() >= _ASCII:
            foreign.append(np.flatnonzero(block >= _ASCII) + at)
    ends = _held.places("ends", sum(map(len, found)))
    np.concatenate(found, out=ends)
    return ends, raw[ends], quoted, np.concatenate(foreign)


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
    """Heads of plain lines with seconds of ten digits, and which lines those are; some thousand lines at a time."""
    count = len(cut.token)
    node, type_, earliest_ns, serial, body = (np.full(count, -1) for _ in range(5))
    nodes, types = _held.names()
    held = Heads(np.full(count, _SHAPE, np.int8), node, type_, earliest_ns, serial, body, nodes.told, types.told)  # fmt: skip
    good = np.zeros(count, bool)
    for first in range(0, count, _BLOCK_LINES):
        line, token, named, kind, start, stop = _begun(cut, first)
        moment, number, fine = _stamps(cut, start, stop)
        kinds, fit = types.numbered(cut, kind)
        fine &= fit
        hosts, own = np.full(len(line), -1), np.flatnonzero(named)
        hosts[own], fit = nodes.numbered(cut, token[own])
        fine[own] &= fit
        at = line[fine]
        good[at] = True
        node[at], type_[at], earliest_ns[at], serial[at] = (
            hosts[fine],
            kinds[fine],
            moment[fine],
            number[fine],
        )
        body[at] = stop[fine] - cut.start[at]
    held.why[good] = RECORD
    return held, good


def _begun(cut: Page, first: int) -> tuple[Ints, Ints, Bools, Ints, Ints, Ints]:
    """Of some plain lines those that begin `node=… type=… msg=audi` or without the first.

    Returns:
        Each line, its first word, whether that is a node, the word with its type, and where its stamp begins and stops.
    """
    some, last = slice(first, first + _BLOCK_LINES), len(cut.begins) - 1
    token = cut.token[some]
    named = audittext.opens(cut.opening[token], b"node=")
    kind = np.minimum(token + named, last)
    stamp = np.minimum(kind + 1, last)
    good = cut.plain[some] & (cut.size[some] >= 2 + named) & audittext.opens(cut.opening[kind], b"type=")
    good &= audittext.opens(cut.opening[stamp], b"msg=audit("[:8])
    start, stop = cut.begins[stamp], cut.ends[stamp]
    good &= (stop - start > _STAMP + _SECONDS + len(".000:):")) & (cut.raw[stop] != _ENRICHED)
    row = np.flatnonzero(good)
    return first + row, token[row], named[row], kind[row], start[row], stop[row]


def _stamps(cut: Page, start: Ints, stop: Ints) -> tuple[Ints, Ints, Bools]:
    """Moments in ns, serials, and which stamps hold such: `msg=audit(1795446841.266:7982):`."""
    at, raw, place = cut.at, cut.raw, start + _STAMP
    fine = (raw[place - 2] == ord("t")) & (raw[place - 1] == ord("("))
    fine &= (raw[stop - 2] == ord(")")) & (raw[stop - 1] == ord(":"))
    early, digits = audittext.eight(at[place], 8)
    rest = at[place + 8]
    fine &= digits & ((rest & _POINTS) == _POINTED)
    # The last two digits of the seconds and the three behind the point, as five that follow one another.
    five = ((rest & np.uint64(0xFFFF)) << np.uint64(24)) | ((rest >> np.uint64(24)) << np.uint64(40))
    late, digits = audittext.eight(five, 5)
    ms = early * 100_000 + late
    serial, counted = audittext.decimals(at, place + _SECONDS + 5, stop - 2)
    fine &= digits & counted & (ms <= _LAST_MS) & (raw[place + _SECONDS + 5] != ord("-"))
    return np.where(fine, ms, 0) * _NS_PER_MS, serial, fine


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
