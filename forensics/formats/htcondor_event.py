"""HTCondor job event log (`log =` of a submit file, DAGMan's nodes.log, EVENT_LOG): what became of a job.

    009 (011.000.000) 2026-11-23 15:11:53 Job was aborted.

Shape   a line with the number of the event, the job in parentheses and a stamp; lines that say more; `...` alone on
        the line that ends it; or, where the submit file says `log_xml`, an ad in XML for each (`core/classadxml`)
Source  HTCondor 8.8 to 24.0 Manual, "Job Event Log Codes"; src/condor_utils/condor_event.cpp
Time    wall clock of the submitting host, to the second; with year, `2026-11-23 15:11:53`, or without,
        `11/23 15:11:53`; with an offset where the host is told to write UTC
Who     nobody: a removal says `by user kai` because the client that asked wrote so, and the log of a job belongs
        to the account that submitted it, which can write anything into it
Open    A reason is typed by users. An event that lacks its last line is torn
"""

import re
from collections.abc import Iterator

import pyarrow as pa

from forensics.core import classadxml, rowwise
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.rowwise import Said
from forensics.core.schema import Column, Table

_NONE = "not in this event"
TABLE = Table(
    "htcondor_event",
    "an event in the life of a job",
    (
        Column(
            "event", pa.int64(), "number of the event: 0 submitted, 1 started, 5 ended, 9 removed, 12 held"
        ),
        Column("job", pa.string(), "job as `cluster.process`"),
        Column("stamp", pa.string(), "when, as written"),
        Column("message", pa.string(), "the rest of its first line"),
        Column("exit_code", pa.int64(), "exit code", None, _NONE),
        Column("exit_signal", pa.int64(), "signal that ended it", None, _NONE),
        Column("reason", pa.string(), "why it was removed, held or evicted: typed by who asked", None, _NONE),
        Column("asserted", pa.string(), "account that the reason names: asserted by the client", None, _NONE),
        Column("node", pa.string(), "slot that ran it, as written", None, _NONE),
        Column("dag_node", pa.string(), "node of the graph that it is: typed by the user", None, _NONE),
        Column("gpus", pa.int64(), "GPUs allocated", None, _NONE),
        Column("cpus", pa.int64(), "processors allocated", None, _NONE),
        Column("detail", pa.string(), "its further lines, at most 4,096 characters", None, "none"),
        *SPAN,
    ),
)
CUT = "whole"
DOMAIN = "{host}:user"

_WHEN = r"(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{2}/[0-9]{2})[ T][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
_STAMP = re.compile(_WHEN)
_ONCE = {
    "eventtypenumber", "eventtime", "cluster", "proc", "returnvalue", "terminatedbysignal", "reason", "holdreason", "lognotes",
}  # fmt: skip
_HEAD = re.compile(
    r"(?P<event>[0-9]{3}) \((?P<cluster>[0-9]{1,10})\.(?P<proc>[0-9]{1,10})\.[0-9]{1,10}\)"
    rf" (?P<stamp>{_WHEN})"
    r" (?P<message>.*)"
)
_FIRST = re.compile(rb"[0-9]{3} \([0-9]+\.[0-9]+\.[0-9]+\) (?:[0-9]{4}-|[0-9]{2}/)[0-9]{2}")
_RETURN = re.compile(r"^\t\(1\) Normal termination \(return value (-?[0-9]{1,10})\)$", re.MULTILINE)
_SIGNAL = re.compile(r"^\t\(0\) Abnormal termination \(signal ([0-9]{1,3})\)$", re.MULTILINE)
_BY = re.compile(r"\(by user ([^\s()]{1,64})\)")
_REASONS = {4, 9, 12, 13}
_LONGEST_TEXT = 4096


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of a first line with an event's number and a job of three."""
    if classadxml.begins(head):
        return 92 if b'<a n="EventTypeNumber"><i>' in head and b'<a n="Cluster"><i>' in head else 0
    return 92 if _FIRST.match(head.lstrip(b"\r\n")) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read the file: a record for each event."""
    return rowwise.whole(portions(data, base))


def portions(data: bytes, base: int) -> Iterator[Parsed]:
    """The same, some rows at a time."""
    yield from rowwise.portions(_told_of(data, base), TABLE)


def _told_of(data: bytes, base: int) -> Iterator[Said]:
    """The lines of each record, and what they say."""
    if classadxml.begins(data):
        for start, stop, ad in classadxml.pieces(data, base):
            yield [rowwise.Line(start, stop, b"")], _of_xml(ad) if isinstance(ad, dict) else ad
        return
    group: list[rowwise.Line] = []
    for line in rowwise.each(data, base):
        if not group and not line.raw.strip():
            yield [line], None
            continue
        rowwise.grow(group, line)
        if line.raw == b"...":
            yield group, _event(group)
            group = []
    if group:
        yield group, Why.TRUNCATED if _FIRST.match(group[0].raw) else Why.SHAPE


def _event(group: list[rowwise.Line]) -> dict[str, object] | Why:
    if rowwise.too_long(group):
        return Why.TOO_LONG
    head = _HEAD.fullmatch(rowwise.shown(group[0].raw))
    if head is None:
        return Why.SHAPE
    rest = [rowwise.shown(line.raw) for line in group[1:-1]]
    detail = "\n".join(rest)
    event = int(head["event"])
    code, signal = _RETURN.search(detail), _SIGNAL.search(detail)
    reason = next((line.strip() for line in rest if line.strip()), None) if event in _REASONS else None
    by = _BY.search(reason) if reason else None
    return {
        "event": event,
        "job": f"{int(head['cluster'])}.{int(head['proc'])}",
        "stamp": head["stamp"],
        "message": head["message"],
        "exit_code": int(code[1]) if code and event in {5, 15, 16} else None,
        "exit_signal": int(signal[1]) if signal and event in {5, 15, 16} else None,
        "reason": reason,
        "asserted": by[1] if by else None,
        "node": _value(rest, "\tSlotName: "),
        "dag_node": _value(rest, "    DAG Node: "),
        "gpus": _amount(rest, "GPUs"),
        "cpus": _amount(rest, "Cpus"),
        "detail": detail[:_LONGEST_TEXT] or None,
    }


def _of_xml(ad: classadxml.Ad) -> dict[str, object] | Why:
    """An event's columns. An attribute that says what, whose, when or how it ended may come twice only in the same words."""
    if any(len(set(ad[name])) > 1 for name in _ONCE & ad.keys()):
        return Why.VALUE
    held = {name: values[-1] for name, values in ad.items()}
    event, cluster, proc = (_number(held, name) for name in ("eventtypenumber", "cluster", "proc"))
    stamp = _text(held, "eventtime")
    if event is None or cluster is None or proc is None:
        return Why.SHAPE
    if stamp is None or _STAMP.fullmatch(stamp) is None:
        return Why.TIME
    reason = next((r for r in (_text(held, n) for n in ("reason", "holdreason")) if r), None)
    reason = reason if event in _REASONS else None
    by = _BY.search(reason) if reason else None
    notes, ended = _text(held, "lognotes"), event in {5, 15, 16}
    detail = "\n".join(f"{name}={value}" for name, values in ad.items() for value in values)
    return {
        "event": event,
        "job": f"{cluster}.{proc}",
        "stamp": stamp,
        "message": _text(held, "mytype") or "",
        "exit_code": _number(held, "returnvalue") if ended else None,
        "exit_signal": _number(held, "terminatedbysignal") if ended else None,
        "reason": reason,
        "asserted": by[1] if by else None,
        "node": _text(held, "slotname"),
        "dag_node": notes.removeprefix("DAG Node: ") if notes and notes.startswith("DAG Node: ") else None,
        "gpus": _number(held, "gpus"),
        "cpus": _number(held, "cpus"),
        "detail": detail[:_LONGEST_TEXT] or None,
    }


def _text(held: dict[str, str], name: str) -> str | None:
    written = held.get(name, "")
    return (
        re.sub(r"\\(.)", r"\1", written[1:-1], flags=re.DOTALL) or None if written.startswith('"') else None
    )


def _number(held: dict[str, str], name: str) -> int | None:
    written = held.get(name, "")
    return int(written) if re.fullmatch(r"-?[0-9]{1,10}", written) else None


def _value(rest: list[str], front: str) -> str | None:
    return next((line.removeprefix(front) for line in rest if line.startswith(front)), None)


def _amount(rest: list[str], name: str) -> int | None:
    written = _value(rest, f"\t{name} = ") or ""
    return int(written) if re.fullmatch(r"[0-9]{1,9}", written) else None
