r"""What stands around a message in a host's log: when, on which host, by which program.

Four layouts are known, line by line:

    Nov 23 15:11:37 login01 sshd[3077]: …                        traditional, RFC 3164: no year, no zone
    2026-11-23T15:11:37.046885+00:00 login01 sshd[3077]: …       rfc3339
    2026-11-23 15:11:37,046 login01 sshd[3077]: …                iso: no zone
    <38>1 2026-11-23T15:11:37.046Z login01 sshd 3077 - - …       rfc5424

Each may begin with a priority in angle brackets. Where a line is as most are, only its beginning is
read by a pattern, once for each distinct beginning; the rest go through the patterns whole.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core.messagetext import filled

_TRADITIONAL = r"[A-Z][a-z]{2} [ 0-9][0-9] [0-9]{2}:[0-9]{2}:[0-9]{2}"
_SECOND = r"[0-9]{4}-[0-9]{2}-[0-9]{2}{T}[0-9]{2}:[0-9]{2}:[0-9]{2}"
_RFC3339 = _SECOND.replace("{T}", "T") + r"(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:?[0-9]{2})"
_ISO = _SECOND.replace("{T}", " ") + r"(?:[.,][0-9]{1,9})?"
STAMPS = rf"(?:{_TRADITIONAL}|{_RFC3339}|{_ISO})"
PRIORITY = r"(?:<(?P<priority>[0-9]{1,3})>)?"
_LINE = rf"^{PRIORITY}(?P<wall>{STAMPS})(?: (?P<host>[^ ]*[^ :])|:)? (?P<rest>(?s:.*))$"
_PROGRAM = r"(?P<program>[^ \[\]:<>]+)\]?(?:\[(?P<pid>[0-9]{1,18})\])?(?: <[A-Za-z]+>)?"
_TAG = rf"^{_PROGRAM}:(?: (?P<message>(?s:.*)))?$"
_HEAD = r"^(?P<host>[^ ]*[^ :]) (?P<program>[^ \[\]:<>]+)$"
_NAME = r'[^ =\]"]{1,32}'
_STRUCTURED = rf'-|(?:\[{_NAME}(?: {_NAME}="(?:[^"\\\]]|\\.)*")*\])+'
_RFC5424 = (
    rf"^{PRIORITY}1 (?P<wall>-|{_RFC3339}) (?P<host>[^ ]{{1,255}}) (?P<program>[^ ]{{1,48}}) (?P<procid>[^ ]{{1,128}})"
    rf" (?P<msgid>[^ ]{{1,32}}) (?P<structured>{_STRUCTURED})(?: (?P<message>(?s:.*)))?$"
)
_HOUR = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)"
_DAY = r"(?:0[1-9]|[12][0-9]|3[01])"
_TIME = (
    rf"^(?:-$|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) (?: [1-9]|{_DAY}) {_HOUR}$"
    rf"|....-(?:0[1-9]|1[0-2])-{_DAY}[T ]{_HOUR})"
)
_SEVERITIES = ("EMERG", "ALERT", "CRIT", "ERR", "WARNING", "NOTICE", "INFO", "DEBUG")
_REPEATED = r"^ ?message repeated (?P<times>[0-9]{1,9}) times?: \[ ?(?P<message>(?s:.*))\]$"
_AGAIN = r"^(?:.* )??(?:--- )?last message repeated (?P<times>[0-9]{1,9}) times?(?: ---)?$"
_MOST_PRIORITY = 191
_STAMP_BYTES = 15
_T_AT, _YEAR_END = 10, 4
COLUMNS = (
    "wall", "stamp", "priority", "host", "severity", "program", "pid", "msgid", "structured", "message",
)  # fmt: skip

_Rows = npt.NDArray[np.int64]
_Columns = dict[str, pa.Array]


class Opened(NamedTuple):
    """The envelopes of lines.

    `columns`: those of `COLUMNS`, each as long as the lines. `shaped`: which lines have one of the
    layouts; `timed`, `sound`: whether the time can be one, and the priority.
    """

    columns: _Columns
    shaped: pa.Array
    timed: pa.Array
    sound: pa.Array


def opened(text: pa.Array) -> Opened:
    """The envelope of each line (string, no nulls)."""
    quick, columns = _quick(text)
    slow = np.setdiff1d(np.arange(len(text)), quick, assume_unique=True)
    if len(slow):
        columns = _merged(len(text), (quick, columns), (slow, by_pattern(text.take(pa.array(slow)))))
    whole = dict(columns)
    wall, priority = whole["wall"], whole["priority"]
    shaped = pc.is_valid(whole["stamp"])
    distinct = wall.dictionary_encode()
    times = pc.match_substring_regex(distinct.dictionary, _TIME)
    timed = pc.fill_null(times.take(distinct.indices), False)
    sound = pc.fill_null(pc.less_equal(priority, _MOST_PRIORITY), True)
    bare = pc.fill_null(pc.equal(wall, "-"), False)
    whole["wall"] = pc.if_else(bare, pa.scalar(None, pa.string()), wall)
    return Opened(whole, shaped, timed, sound)


def repeated(message: pa.Array) -> tuple[pa.Array, pa.Array]:
    """How often the host's logger says that a message came again, and the message itself, where it is there.

    Returns:
        times (int64, null where nothing is said), and the messages, unwrapped.
    """
    held = message.buffers()[2]
    if held is None or b" repeated " not in memoryview(held).tobytes():
        return pa.nulls(len(message), pa.int64()), message
    starts = pc.or_(pc.starts_with(message, "message repeated"), pc.starts_with(message, " message repeated"))
    again = pc.match_substring(message, "last message repeated")
    if not (pc.any(starts).as_py() or pc.any(again).as_py()):
        return pa.nulls(len(message), pa.int64()), message
    nothing = pa.scalar(None, pa.string())
    wrapped = pc.extract_regex(pc.if_else(starts, message, nothing), pattern=_REPEATED)
    bare = pc.extract_regex(pc.if_else(again, message, nothing), pattern=_AGAIN)
    times = pc.coalesce(pc.struct_field(wrapped, "times"), pc.struct_field(bare, "times"))
    return times.cast(pa.int64()), pc.coalesce(pc.struct_field(wrapped, "message"), message)


def by_pattern(text: pa.Array) -> _Columns:
    """The columns of lines by the patterns alone; null in all where none fits."""
    newer = pc.extract_regex(text, pattern=_RFC5424)
    is_newer = pc.is_valid(newer)
    found = pc.extract_regex(pc.if_else(is_newer, pa.scalar(None, pa.string()), text), pattern=_LINE)
    wall, rest = pc.struct_field(found, "wall"), pc.struct_field(found, "rest")
    tag = pc.extract_regex(rest, pattern=_TAG)
    tagged = pc.is_valid(tag)
    host, severity = _host(filled(pc.struct_field(found, "host")), wall)
    procid = pc.struct_field(newer, "procid")
    digits = pc.fill_null(pc.match_substring_regex(procid, "^[0-9]{1,18}$"), False)
    columns = {
        "wall": wall,
        "stamp": _layout(wall),
        "priority": filled(pc.struct_field(found, "priority")),
        "host": host,
        "severity": severity,
        "program": filled(pc.struct_field(tag, "program")),
        "pid": filled(pc.struct_field(tag, "pid")),
        "msgid": pa.nulls(len(text), pa.string()),
        "structured": pa.nulls(len(text), pa.string()),
        "message": pc.if_else(tagged, pc.struct_field(tag, "message"), rest),
    }
    own = {
        name: _told(pc.struct_field(newer, name)) for name in ("host", "program", "msgid", "structured")
    } | {
        "wall": pc.struct_field(newer, "wall"),
        "stamp": pc.if_else(is_newer, pa.scalar("rfc5424"), pa.scalar(None, pa.string())),
        "priority": filled(pc.struct_field(newer, "priority")),
        "pid": pc.if_else(digits, procid, pa.scalar(None, pa.string())),
        "message": filled(pc.replace_substring_regex(pc.struct_field(newer, "message"), "^\ufeff", "")),
        "severity": pa.nulls(len(text), pa.string()),
    }
    whole = {name: pc.if_else(is_newer, own[name], columns[name]) for name in COLUMNS}
    return whole | {name: whole[name].cast(pa.int64()) for name in ("pid", "priority")}


def _told(values: pa.Array) -> pa.Array:
    """A field of RFC 5424, of which `-` is none."""
    return pc.if_else(pc.equal(values, "-"), pa.scalar(None, pa.string()), values)


def _layout(wall: pa.Array) -> pa.Array:
    """Which layout a stamp is of, by its eleventh byte."""
    dated = pc.match_substring_regex(wall, "^[0-9]")
    zoned = pc.equal(pc.utf8_slice_codeunits(wall, _T_AT, _T_AT + 1), "T")
    return pc.if_else(dated, pc.if_else(zoned, "rfc3339", "iso"), "traditional")


def _host(host: pa.Array, wall: pa.Array) -> tuple[pa.Array, pa.Array]:
    """The host; Chrome OS writes a severity in its place, and the host nowhere."""
    nothing = pa.scalar(None, pa.string())
    named = pc.is_in(host, pa.array(_SEVERITIES))
    if not pc.any(named).as_py():
        return host, pa.nulls(len(host), pa.string())
    instead = pc.fill_null(pc.and_(pc.equal(_layout(wall), "rfc3339"), named), False)
    return pc.if_else(instead, nothing, host), pc.if_else(instead, host, nothing)


def _merged(length: int, *pieces: tuple[_Rows, _Columns]) -> _Columns:
    """Pieces of rows put back in order."""
    at = np.empty(length, np.int64)
    at[np.concatenate([rows for rows, _ in pieces])] = np.arange(length)
    order = pa.array(at)
    return {name: pa.concat_arrays([columns[name] for _, columns in pieces]).take(order) for name in COLUMNS}


def _quick(text: pa.Array) -> tuple[_Rows, _Columns]:
    """Rows that are `<stamp> <host> <program>[<pid>]: <message>` with one blank between each, and their columns."""
    raw, start, stop = _bytes(text)
    blank = np.append(np.flatnonzero(raw == 32), len(raw))
    colon = np.append(np.flatnonzero((raw[:-1] == 58) & (raw[1:] == 32)) if len(raw) else blank[:0], len(raw))
    rows = np.flatnonzero(stop - start > 2 * _STAMP_BYTES)
    first = raw[start[rows]] if len(rows) else raw[:0]
    dated = (
        (first >= 48)
        & (first <= 57)
        & (raw[start[rows] + _T_AT] == ord("T"))
        & (raw[start[rows] + _YEAR_END] == 45)
    )
    named = (first >= 65) & (first <= 90) & (raw[start[rows] + _STAMP_BYTES] == 32)
    rows = rows[dated | named]
    end = blank[np.searchsorted(blank, start[rows] + _STAMP_BYTES)]
    mark = colon[np.searchsorted(colon, end)]
    kept = (mark + 2 <= stop[rows]) & (end - start[rows] <= 40)
    rows, end, mark = rows[kept], end[kept], mark[kept]
    bracket = np.append(np.flatnonzero(raw == ord("[")), len(raw))
    left = bracket[np.searchsorted(bracket, end)]
    numbered = left < mark
    left = np.where(numbered, left, mark)
    right = np.where(numbered, mark - 1, mark)
    wall, head = _slices(raw, start[rows], end), _slices(raw, end + 1, left)
    pid = _slices(raw, np.where(numbered, left + 1, mark), np.maximum(right, left + numbered))
    distinct = head.dictionary_encode()
    found = pc.extract_regex(distinct.dictionary, pattern=_HEAD)
    stamps = wall.dictionary_encode()
    shaped = pc.match_substring_regex(stamps.dictionary, rf"^(?:{_TRADITIONAL}|{_RFC3339})$")
    sure = np.asarray(pc.and_(pc.is_valid(found).take(distinct.indices), shaped.take(stamps.indices)), bool)
    digits = np.asarray(pc.match_substring_regex(pid, "^[0-9]{1,18}$"), bool)
    sure &= np.where(numbered, digits & (raw[mark - 1] == ord("]")), True)
    rows, mark, keep = rows[sure], mark[sure], pa.array(sure)
    at, moment = distinct.indices.filter(keep), stamps.indices.filter(keep)
    wall = stamps.dictionary.take(moment)
    named_by = {name: filled(pc.struct_field(found, name)) for name in ("host", "program")}
    host, severity = _host(named_by["host"].take(at), wall)
    nothing = pa.nulls(len(rows), pa.string())
    return rows, {
        "wall": wall,
        "stamp": _layout(stamps.dictionary).take(moment),
        "priority": pa.nulls(len(rows), pa.int64()),
        "host": host,
        "severity": severity,
        "program": named_by["program"].take(at),
        "pid": filled(pid.filter(keep)).cast(pa.int64()),
        "msgid": nothing,
        "structured": nothing,
        "message": _slices(raw, mark + 2, stop[rows]),
    }


def _bytes(text: pa.Array) -> tuple[npt.NDArray[np.uint8], _Rows, _Rows]:
    """The bytes of strings, and where each begins and ends there."""
    _, offsets, held = text.buffers()
    if not len(text) or held is None:
        nothing = np.zeros(len(text), np.int64)
        return np.empty(0, np.uint8), nothing, nothing
    at = np.frombuffer(offsets, np.int32)[text.offset : text.offset + len(text) + 1].astype(np.int64)
    return np.frombuffer(held, np.uint8), at[:-1], at[1:]


def _slices(raw: npt.NDArray[np.uint8], start: _Rows, stop: _Rows) -> pa.Array:
    """Pieces of bytes in order, none over another, as text: cut where UTF-8 may be cut, at ASCII."""
    bounds = np.empty(2 * len(start) + 1, np.int64)
    bounds[0:-1:2], bounds[1::2], bounds[-1] = start, stop, len(raw)
    held = pa.LargeStringArray.from_buffers(len(bounds) - 1, pa.py_buffer(bounds), pa.py_buffer(raw))
    return held.take(pa.array(np.arange(0, len(bounds) - 1, 2))).cast(pa.string())
