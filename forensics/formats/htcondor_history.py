"""HTCondor job history (the schedd's history file, `condor_history -long` and `-xml`): each job as it was when it left the queue.

    Owner = "mei"

Shape   <attribute> = <value>, a line each, text in quotes; a job ends with a line `*** Offset = … ClusterId = … Owner
        = "mei" …`, or, as the command prints it, with an empty line; or an ad in XML (`core/classadxml`)
Source  HTCondor 8.8 to 24.0 Manual, "Job ClassAd Attributes"; src/condor_schedd.V6
Time    seconds since 1970 by the submitting host's clock
Who     Owner owns the job, as the schedd authenticated. RemoveReason says `by user kai` because the client that
        asked wrote so
Open    A job's owner can set most attributes with any text, which is quoted and has no newline. A job in which an
        attribute that says who or when comes twice says two things, and is rejected
"""

import re
from collections.abc import Iterator

import pyarrow as pa

from forensics.core import classadxml, rowwise
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.rowwise import Said
from forensics.core.schema import Column, Table

_S = "s since 1970-01-01T00:00:00Z"
_NONE = "not set"
TABLE = Table(
    "htcondor_history",
    "a job that left the queue",
    (
        Column("job", pa.string(), "job as `cluster.process`"),
        Column("schedd", pa.string(), "queue that gave the number", None, _NONE),
        Column("owner", pa.string(), "account that owns it"),
        Column("user", pa.string(), "the same with its domain", None, _NONE),
        Column("status", pa.int64(), "state as a number: 3 removed, 4 completed", None, _NONE),
        Column("name", pa.string(), "name of its batch: typed by the user", None, _NONE),
        Column("submit_s", pa.int64(), "submitted", _S, _NONE),
        Column("start_s", pa.int64(), "started, the last time", _S, "never started"),
        Column("end_s", pa.int64(), "completed, or entered its last state", _S, _NONE),
        Column("exit_code", pa.int64(), "exit code", None, _NONE),
        Column("exit_signal", pa.int64(), "signal that ended it", None, "none"),
        Column("remove_reason", pa.string(), "why it was removed: typed by who asked", None, "not removed"),
        Column("asserted", pa.string(), "account that the reason names: asserted by the client", None, _NONE),
        Column("node", pa.string(), "slot that ran it last", None, "never started"),
        Column("gpus", pa.int64(), "GPUs given to it, or asked for where that is not set", None, _NONE),
        Column("cpus", pa.int64(), "processors given to it, or asked for where that is not set", None, _NONE),
        Column("elapsed_s", pa.int64(), "run time, all attempts", "s", _NONE),
        Column("work_dir", pa.string(), "working directory: typed by the user", None, _NONE),
        Column("command", pa.string(), "program: typed by the user", None, _NONE),
        *SPAN,
    ),
)
CUT = "whole"
DOMAIN = "htcondor:admin"

_ATTRIBUTE = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_.]{0,127}) = (?P<value>.*)")
_FIRST = re.compile(rb"^(?:ClusterId|ProcId|GlobalJobId|JobStatus|QDate) = ", re.MULTILINE)
_FIRST_XML = re.compile(rb'<a n="(ClusterId|ProcId|GlobalJobId|JobStatus|QDate)">')
_ONCE = {
    "owner",
    "user",
    "clusterid",
    "procid",
    "jobstatus",
    "qdate",
    "completiondate",
    "exitcode",
    "exitsignal",
    "removereason",
}
_BY = re.compile(r"\(by user ([^\s()]{1,64})\)")
_MOST_ATTRIBUTES = 20_000


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of attributes that every job has, a line each."""
    if classadxml.begins(head):
        return 88 if len(set(_FIRST_XML.findall(head))) >= 3 and b'<a n="Owner"><s>' in head else 0
    line = head.lstrip(b"\r\n").split(b"\n", 1)[0]
    if not re.match(rb"[A-Za-z_][A-Za-z0-9_]* = ", line):
        return 0
    return 88 if len(set(_FIRST.findall(head))) >= 3 and re.search(rb'^Owner = "', head, re.MULTILINE) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read the file: a record for each job."""
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
        if not line.raw.strip():
            if group:
                yield group, _job(group)
                group = []
            yield [line], None
            continue
        rowwise.grow(group, line)
        if line.raw.startswith(b"*** "):
            yield group, _job(group)
            group = []
    if group:
        yield group, Why.TRUNCATED if not data.endswith(b"\n") else _job(group)


def _job(group: list[rowwise.Line]) -> dict[str, object] | Why:
    if rowwise.too_long(group) or len(group) > _MOST_ATTRIBUTES:
        return Why.TOO_LONG
    held: dict[str, str] = {}
    for line in group:
        text = rowwise.shown(line.raw)
        found = _ATTRIBUTE.fullmatch(text)
        if found is None:
            if text.startswith("*** "):
                continue
            return Why.SHAPE
        name = found["name"].lower()
        if name in held and name in _ONCE:
            return Why.VALUE
        held[name] = found["value"]
    return _of(held)


def _of_xml(ad: classadxml.Ad) -> dict[str, object] | Why:
    if any(len(ad[name]) > 1 for name in _ONCE & ad.keys()):
        return Why.VALUE
    return _of({name: values[-1] for name, values in ad.items()})


def _of(held: dict[str, str]) -> dict[str, object] | Why:
    """A job's columns; `held` has its attributes in lower case, as the long form writes their values."""
    cluster, proc, owner = _number(held, "clusterid"), _number(held, "procid"), _text(held, "owner")
    if cluster is None or proc is None or owner is None:
        return Why.VALUE
    reason = _text(held, "removereason")
    by = _BY.search(reason) if reason else None
    name = next((n for n in (_text(held, key) for key in ("jobbatchname", "dagnodename")) if n), None)
    end = _number(held, "completiondate") or _number(held, "enteredcurrentstatus")
    return {
        "job": f"{cluster}.{proc}",
        "schedd": _schedd(_text(held, "globaljobid")),
        "owner": owner,
        "user": _text(held, "user"),
        "status": _number(held, "jobstatus"),
        "name": name,
        "submit_s": _number(held, "qdate"),
        "start_s": _number(held, "jobcurrentstartdate") or _number(held, "jobstartdate"),
        "end_s": end,
        "exit_code": _number(held, "exitcode"),
        "exit_signal": _number(held, "exitsignal"),
        "remove_reason": reason,
        "asserted": by[1] if by else None,
        "node": _text(held, "lastremotehost") or _text(held, "remotehost"),
        "gpus": _given(held, "gpus"),
        "cpus": _given(held, "cpus"),
        "elapsed_s": _number(held, "remotewallclocktime"),
        "work_dir": _text(held, "iwd"),
        "command": _text(held, "cmd"),
    }


def _given(held: dict[str, str], what: str) -> int | None:
    """How much of a resource its slot had; before it ran, and in older versions, how much it asked for."""
    given = _number(held, f"{what}provisioned")
    return _number(held, f"request{what}") if given is None else given


def _schedd(name: str | None) -> str | None:
    """The queue of a job's global name, `login01#11.0#1795446702`."""
    return name.partition("#")[0] or None if name and "#" in name else None


def _text(held: dict[str, str], name: str) -> str | None:
    found = re.fullmatch(r'"((?:[^"\\]|\\.)*)"', held.get(name, ""))
    return re.sub(r"\\(.)", r"\1", found[1]) or None if found else None


def _number(held: dict[str, str], name: str) -> int | None:
    found = re.fullmatch(r"(-?[0-9]{1,18})(?:\.[0-9]+)?", held.get(name, ""))
    return int(found[1]) if found else None
