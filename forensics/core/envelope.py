r"""What stands around a message in a host's log: when, on which host, by which program.

Four layouts are known, line by line, and those that journalctl prints besides:

    Nov 23 15:11:37 login01 sshd[3077]: …                        traditional, RFC 3164: no year, no zone
    2026-11-23T15:11:37.046885+00:00 login01 sshd[3077]: …       rfc3339
    2026-11-23 15:11:37,046 login01 sshd[3077]: …                iso: no zone
    <38>1 2026-11-23T15:11:37.046Z login01 sshd 3077 - - …       rfc5424
    Nov 23 15:11:37.046885 login01 sshd[3077]: …                 precise: no year, no zone
    Mon 2026-11-23 15:11:37 CET login01 sshd[3077]: …            full: the zone by an abbreviation
    1795446697.046885 login01 sshd[3077]: …                      unix
    [12220.509015] login01 sshd[3077]: …                         monotonic: since boot

Each may begin with a priority in angle brackets. Where a line is as most are, only its beginning is
read by a pattern, once for each distinct beginning; the rest go through the patterns whole.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import cuttings, digits, loose
from forensics.core.cuttings import Bytes, Lying, cut
from forensics.core.messagetext import filled
from forensics.core.messagewords import Words

_TRADITIONAL = r"[A-Z][a-z]{2} [ 0-9][0-9] [0-9]{2}:[0-9]{2}:[0-9]{2}"
_SECOND = r"[0-9]{4}-[0-9]{2}-[0-9]{2}{T}[0-9]{2}:[0-9]{2}:[0-9]{2}"
_RFC3339 = _SECOND.replace("{T}", "T") + r"(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:?[0-9]{2})"
_ISO = _SECOND.replace("{T}", " ") + r"(?:[.,][0-9]{1,9})?"
_FULL = (
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) "
    + _SECOND.replace("{T}", " ")
    + r" (?:[A-Z]{2,5}|[+-][0-9]{2}(?:[0-9]{2})?)"
)
_UNIX = r"[0-9]{1,11}\.[0-9]{6}"
MONOTONIC = r"\[ *[0-9]{1,10}\.[0-9]{6}(?: <? *(?:[0-9.]+ *)?>?)?\]"
_PRINTED = rf"{_TRADITIONAL}\.[0-9]{{6}}|{_FULL}|{_UNIX}"
STAMPS = rf"(?:{_PRINTED}|{_TRADITIONAL}|{_RFC3339}|{_ISO})"
"""Every stamp that is a time of day."""
PRIORITY = r"(?:<(?P<priority>[0-9]{1,3})>)?"
_LINE = rf"^{PRIORITY}(?P<wall>{STAMPS}|{MONOTONIC})(?: (?P<host>[^ ]*[^ :])|:)? (?P<rest>(?s:.*))$"
_PROGRAM = r"(?P<program>[^ \[\]:<>]+)\]?(?:\[(?P<pid>[0-9]{1,18})\](?:\([A-Za-z]+\))?)?(?: <[A-Za-z]+>)?"
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
_ANY_TIME = (
    rf"{_TIME}|^(?:(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) (?: [1-9]|{_DAY}) {_HOUR}\.[0-9]{{6}}$"
    rf"|[A-Z][a-z]{{2}} [0-9]{{4}}-(?:0[1-9]|1[0-2])-{_DAY} {_HOUR}|[0-9]+\.|\[)"
)
"""The same, with the stamps that journalctl alone prints."""
_BEGINS = {"precise": "^[A-Z]", "full": "^[A-Z][a-z]{2} [0-9]{4}-", "unix": "^[0-9]", "monotonic": r"^\["}
_SEVERITIES = ("EMERG", "ALERT", "CRIT", "ERR", "WARNING", "NOTICE", "INFO", "DEBUG")
_REPEATED = r"^ ?message repeated (?P<times>[0-9]{1,9}) times?: \[ ?(?P<message>(?s:.*))\]$"
_AGAIN = r"^(?:.* )??(?:--- )?last message repeated (?P<times>[0-9]{1,9}) times?(?: ---)?$"
REPEATED = b"message repeated "
"""What every such message holds."""
_MOST_PRIORITY = 191
_STAMP_BYTES = 15
_T_AT, _YEAR_END, _DAY_AT = 10, 4, 4
_BLANK = ord(" ")
_MOST_BLANKS = 8
_MOST_STAMP, _MOST_DIGITS = 40, 18
COLUMNS = (
    "wall", "stamp", "priority", "host", "severity", "program", "pid", "msgid", "structured", "message",
)  # fmt: skip

_Rows = npt.NDArray[np.int64]
_Columns = dict[str, pa.Array]


class Opened(NamedTuple):
    """The envelopes of lines.

    `columns`: those of `COLUMNS`, each as long as the lines, as `core.loose` has them. `shaped`: which lines have one of the
    layouts; `timed`, `sound`: whether the time can be one, and the priority. `words`: where the words of messages lie.
    """

    columns: _Columns
    shaped: pa.Array
    timed: pa.Array
    sound: pa.Array
    words: Words


def opened(lines: Lying) -> Opened:
    """The envelope of each line."""
    quick, columns, words = _quick(lines)
    many = len(lines.start)
    sure = np.zeros(many, bool)
    sure[quick] = True
    slow = np.flatnonzero(~sure)
    if not len(slow):
        yes = pa.array(sure)
        return Opened(columns, yes, yes, yes, words)
    rest = by_pattern(lines.texts(slow))
    columns = {name: loose.plain(values).cast(rest[name].type) for name, values in columns.items()}
    whole = _merged(many, (quick, columns), (slow, rest))
    wall, priority = whole["wall"], whole["priority"]
    shaped = pc.is_valid(whole["stamp"])
    distinct = wall.take(pa.array(slow)).dictionary_encode()
    times = pc.match_substring_regex(distinct.dictionary, _ANY_TIME)
    timed = sure.copy()
    timed[slow] = np.asarray(pc.fill_null(times.take(distinct.indices), False), bool)
    sound = pc.fill_null(pc.less_equal(priority, _MOST_PRIORITY), True)
    bare = pc.fill_null(pc.equal(wall, "-"), False)
    whole["wall"] = pc.if_else(bare, pa.scalar(None, pa.string()), wall)
    return Opened(whole, shaped, pa.array(timed), sound, words.among(many, quick))


def repeated(message: pa.Array) -> tuple[pa.Array, pa.Array]:
    """How often the host's logger says that a message came again, and the message itself, where it is there.

    Returns:
        times (int64, null where nothing is said), and the messages, unwrapped.
    """
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
    """Which layout a stamp is of."""
    usual = _usual(wall)
    printed = pc.match_substring_regex(wall, rf"^(?:{_PRINTED}|{MONOTONIC})$")
    if not pc.any(printed).as_py():
        return usual
    for name, begins in _BEGINS.items():
        usual = pc.if_else(pc.and_(printed, pc.match_substring_regex(wall, begins)), name, usual)
    return usual


def _usual(wall: pa.Array) -> pa.Array:
    """The same of stamps of which journalctl alone writes none: by the eleventh byte."""
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


class _Places(NamedTuple):
    """Where the parts of lines lie: where the stamp begins and ends, the host ends, the tag ends, and where a pid begins; see `_places`."""

    rows: _Rows
    start: _Rows
    end: _Rows
    mark: _Rows
    left: _Rows
    pid: _Rows
    words: Words

    def only(self, kept: npt.NDArray[np.bool_]) -> "_Places":
        """The parts of some of the lines."""
        if kept.all():
            return self
        rows, start, end = self.rows[kept], self.start[kept], self.end[kept]
        mark, left, pid = self.mark[kept], self.left[kept], self.pid[kept]
        return _Places(rows, start, end, mark, left, pid, self.words.only(kept))


def _quick(lines: Lying) -> tuple[_Rows, _Columns, Words]:
    """Rows that are `<stamp> <host> <program>[<pid>]: <message>` with one blank between each and a time that can be, and their columns."""
    at = _places(lines)
    raw = at.words.raw
    timed, stamps, stamp = _stamps(raw, at)
    head = cut(raw, at.end + 1, at.left, pa.string()).dictionary_encode()
    found = pc.extract_regex(head.dictionary, pattern=_HEAD)
    sure = timed & np.asarray(pc.is_valid(found).take(head.indices), bool)
    if not sure.all():
        keep = pa.array(sure)
        at = at.only(sure)
        head, stamps, stamp = head.filter(keep), stamps.filter(keep), stamp.filter(keep)
    named_by = {name: filled(pc.struct_field(found, name)) for name in ("host", "program")}
    code = np.asarray(head.indices, np.int64)
    nothing = pa.nulls(len(at.rows))
    host, severity = loose.looked_up(named_by["host"], code), nothing
    if pc.any(pc.is_in(named_by["host"], pa.array(_SEVERITIES))).as_py():
        host, severity = _host(loose.plain(host), stamps)
    return (
        at.rows,
        {
            "wall": stamps,
            "stamp": stamp,
            "priority": nothing,
            "host": host,
            "severity": severity,
            "program": loose.looked_up(named_by["program"], code),
            "pid": pa.array(at.pid, mask=at.pid < 0),
            "msgid": nothing,
            "structured": nothing,
            "message": cut(raw, at.mark + 2, at.words.stop, pa.string()),
        },
        at.words,
    )


def _places(lines: Lying) -> _Places:
    """Where the parts of lines lie, of those that may be of this layout."""
    raw, start, stop = lines
    rows = np.flatnonzero(stop - start > 2 * _STAMP_BYTES)
    blank = np.append(np.flatnonzero(raw == _BLANK), np.full(_MOST_BLANKS, len(raw)))
    before = np.searchsorted(blank, np.append(start, len(raw)))
    start, stop, until, before = start[rows], stop[rows], before[rows + 1], before[rows]
    first = raw[start]
    dated = (first >= 48) & (first <= 57) & (raw[start + _T_AT] == ord("T")) & (raw[start + _YEAR_END] == 45)
    named = (first >= 65) & (first <= 90) & (raw[start + _STAMP_BYTES] == _BLANK)
    # In a traditional stamp stand two blanks, or three where the day has one digit.
    own = before + np.where(named, 2 + (raw[start + _DAY_AT] == _BLANK), 0)
    end, mark = blank[own], blank[own + 2] - 1
    kept = (
        (dated | named)
        & (own + 2 < until)
        & (end - start <= _MOST_STAMP)
        & (~named | (end == start + _STAMP_BYTES))
    )
    kept[kept] = raw[mark[kept]] == ord(":")
    if not kept.all():
        rows, start, stop, own, until, end, mark = (
            part[kept] for part in (rows, start, stop, own, until, end, mark)
        )
    left, pid, sound = _pids(raw, end, mark)
    words = Words(raw, blank, own + 2, until - own - 2, stop)
    return _Places(rows, start, end, mark, left, pid, words).only(sound)


def _pids(raw: Bytes, end: _Rows, mark: _Rows) -> tuple[_Rows, _Rows, npt.NDArray[np.bool_]]:
    """Where `[<pid>]` begins before a colon, or the colon's place; the pid or -1; and whether what stands in brackets is one."""
    left, pid = mark.copy(), np.full(len(mark), -1, np.int64)
    sound = np.ones(len(mark), bool)
    open_ = np.flatnonzero(raw[mark - 1] == ord("]"))
    close = mark[open_] - 1
    size = cuttings.digits_before(raw, close)
    for n in range(8, _MOST_DIGITS):
        more = size == n
        if not more.any():
            break
        size[more] += raw[close[more] - 1 - n] - np.uint8(48) <= 9
    before = close - 1 - size
    left[open_], pid[open_] = before, cuttings.number(raw, close - size, close)
    sound[open_] = (size > 0) & (raw[before] == ord("["))
    return left, pid, sound & (left > end)


def _stamps(raw: Bytes, at: _Places) -> tuple[npt.NDArray[np.bool_], pa.Array, pa.Array]:
    """Which stamps can be a time, the stamps, and how each is written."""
    wall = cut(raw, at.start, at.end, pa.string())
    named = (at.end - at.start == _STAMP_BYTES) & (raw[at.start] >= 65)
    if named.all():
        return digits.yearless(raw, at.start), wall, loose.repeated("traditional", len(wall))
    stamps = wall.dictionary_encode()
    shaped = pc.match_substring_regex(stamps.dictionary, rf"^(?:{_TRADITIONAL}|{_RFC3339})$")
    sure = pc.and_(shaped, pc.match_substring_regex(stamps.dictionary, _TIME))
    return np.asarray(sure.take(stamps.indices), bool), wall, _usual(stamps.dictionary).take(stamps.indices)
