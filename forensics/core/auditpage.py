"""A stretch of an audit trail cut into lines and words, and what each line says before its fields.

Lines as the kernel and the audit library write them are read from their places alone. A line with
anything else in it (a blank within quotes, a control or non-ASCII byte, a stamp of another length) is not
*plain*, and is read by the general rules; what is read does not hang on which way was taken.
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
_NEWLINE, _BLANK_BYTE, _EXCLAMATION, _QUOTE, _EQUALS, _ENRICHED, _ASCII = 10, 32, 33, 34, 61, 29, 128
_LAST_SECOND = 9_223_372_035
_NS_PER_MS = 1_000_000
_PADDING = b"\n" + bytes(64)
_STAMP = len("msg=audit(")
_SECONDS = 10


class Page(NamedTuple):
    """Lines and words by their places in `raw`, which has a newline and 64 bytes after the data.

    `start`, `stop`: of lines, terminators included. `token`, `size`: the first word of each line, and
    how many it has, cut at every blank, control byte and line end. `begins`, `ends`: of words; `opening`
    is what `at` has where each begins, read once in order, for keys are looked at again and again.
    `plain`: whether a line holds nothing that needs a closer look.
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


def page(data: bytes) -> Page:
    """Cut bytes into lines and words; there is at least one byte."""
    size = len(data)
    raw = np.frombuffer(data + _PADDING, np.uint8)
    used = size + (data[-1] != _NEWLINE)
    marks = np.flatnonzero(raw[:used] <= _QUOTE)
    byte = raw[marks]
    if (byte == _EXCLAMATION).any():  # the one byte between
        marks = marks[byte != _EXCLAMATION]
        byte = raw[marks]
    quote = byte == _QUOTE
    ends, mark = marks[~quote], byte[~quote]
    newline = np.flatnonzero(mark == _NEWLINE)
    begins = np.append(0, ends[:-1] + 1)
    token = np.append(0, newline[:-1] + 1)
    start, stop = begins[token], np.minimum(ends[newline] + 1, size)
    plain = stop - start <= lines.LONGEST_LINE_BYTES
    plain[-1] &= data[-1] == _NEWLINE
    odd = ends[(mark != _NEWLINE) & (mark != _BLANK_BYTE) & (mark != _ENRICHED)]
    if raw.max() >= _ASCII:
        odd = np.append(odd, np.flatnonzero(raw >= _ASCII))
    plain[np.searchsorted(stop, odd, "right")] = False
    plain[_misquoted(raw, marks, np.flatnonzero(quote), stop)] = False
    at = audittext.words(raw)
    return Page(raw, at, start, stop, token, newline - token + 1, begins, ends, at[begins], plain)


def _misquoted(raw: Bytes, marks: Ints, quotes: Ints, stop: Ints) -> Ints:
    """Lines in which a quote does not open right after `=`, or not close right before the word ends."""
    if len(quotes) % 2 == 0 and _paired(raw, marks, quotes[0::2], quotes[1::2]).all():
        return np.zeros(0, np.int64)
    line = np.searchsorted(stop, marks[quotes], "right")
    place = np.arange(len(line)) - np.searchsorted(line, line)
    odd = np.bincount(line, minlength=len(stop)) % 2 == 1
    opens = np.flatnonzero((place % 2 == 0) & ~odd[line])
    wrong = opens[~_paired(raw, marks, quotes[opens], quotes[opens + 1])]
    return np.append(np.flatnonzero(odd), line[wrong])


def _paired(raw: Bytes, marks: Ints, opens: Ints, closes: Ints) -> Bools:
    """Whether two quotes, as places among the marks, enclose one value and nothing else."""
    after = raw[marks[closes] + 1]
    return np.asarray((closes == opens + 1) & (raw[marks[opens] - 1] == _EQUALS) & (after <= _BLANK_BYTE))


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
    at, size = cut.at, len(cut.begins)
    named = audittext.begin(at, cut.begins[cut.token], b"node=")
    kind = np.minimum(cut.token + named, size - 1)
    stamp = np.minimum(kind + 1, size - 1)
    start, stop = cut.begins[stamp], cut.ends[stamp]
    good = cut.plain & (cut.size >= 2 + named) & audittext.begin(at, cut.begins[kind], b"type=")
    good &= audittext.begin(at, start, b"msg=audit(") & (stop - start > _STAMP + _SECONDS + len(".000:):"))
    good &= cut.raw[stop] != _ENRICHED
    start = np.where(good, start, 0) + _STAMP
    stop = np.where(good, stop, np.minimum(64, len(at) - 1))
    good &= (cut.raw[np.minimum(start + _SECONDS, len(at))] == ord(".")) & audittext.begin(
        at, stop - 2, b"):"
    )
    good &= cut.raw[np.minimum(start + _SECONDS + 4, len(at))] == ord(":")
    rows = np.flatnonzero(good)
    start, stop = start[rows], stop[rows]
    seconds, fine = audittext.decimals(at, start, start + _SECONDS)
    ms, whole = audittext.decimals(at, start + _SECONDS + 1, start + _SECONDS + 4)
    serial, counted = audittext.decimals(at, start + _SECONDS + 5, stop - 2)
    signs = (cut.raw[start] == ord("-")) | (cut.raw[start + _SECONDS + 1] == ord("-")) | (cut.raw[start + _SECONDS + 5] == ord("-"))  # fmt: skip
    types, kinds, typed = _coded(cut, kind[rows], TYPE.fullmatch)
    fine &= whole & counted & typed & ~signs & (seconds <= _LAST_SECOND)
    nodes: list[str] = []
    hosts = np.full(len(rows), -1)
    if named.any():
        own = np.flatnonzero(named[rows])
        nodes, hosts[own], fit = _coded(cut, cut.token[rows[own]], lambda name: name and '"' not in name)
        fine[own] &= fit
    node, kind, earliest_ns, line_serial, body = (np.full(len(good), -1) for _ in range(5))
    held = Heads(
        np.full(len(good), _SHAPE, np.int8), node, kind, earliest_ns, line_serial, body, nodes, types
    )
    rows, keep = rows[fine], fine
    held.why[rows], held.node[rows], held.type[rows] = RECORD, hosts[keep], kinds[keep]
    held.earliest_ns[rows] = (np.where(keep, seconds, 0) * 1000 + ms)[keep] * _NS_PER_MS
    held.serial[rows], held.body[rows] = serial[keep], stop[keep] - cut.start[rows]
    good[:] = False
    good[rows] = True
    return held, good


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
