r"""Audit lines that journald received from the kernel and kept as entries of the journal, `_TRANSPORT=audit`.

    _TRANSPORT=audit  _AUDIT_TYPE_NAME=SYSCALL  _AUDIT_ID=7982  _SOURCE_REALTIME_TIMESTAMP=1795446841266000
    MESSAGE=SYSCALL arch=c000003e syscall=62 success=yes exit=0 a0=2466 a1=9 ppid=9336 pid=9610 auid=4102 uid=0 …

Shape   `MESSAGE` is the type's name, or `<audit-NNNN>` where journald has none, then the line's fields as the kernel
        wrote them. There are no names, for it is auditd that adds those
Source  systemd 252, src/journal/journald-audit.c; systemd.journal-fields(7)
Time    `_SOURCE_REALTIME_TIMESTAMP` is the kernel's, in whole ms; `_AUDIT_ID` is the serial
Who     as in the trail. Only the kernel sends by this transport, so a sender cannot write such an entry
Open    a type that journald gives a number is `UNKNOWN[NNNN]` here, as auditd has it
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

import pyarrow as pa

from forensics.core import auditlines, auditmeaning, auditrecord
from forensics.core.schema import extended
from forensics.core.tables import SHA256

_MESSAGE = re.compile(
    r"(?:<audit-(?P<number>[0-9]{1,9})>|(?P<name>[A-Z][A-Z0-9_]*))(?P<body>(?: .*)?)", re.DOTALL
)
_LAST_US = 9_223_372_035_999_999
_LAST_SERIAL = 10**18


class Entry(NamedTuple):
    """One entry of the journal by `_TRANSPORT=audit`: its span, and the fields named above; `host` is `_HOSTNAME`."""

    sha256: str
    start: int
    stop: int
    host: str | None
    source_us: int | None
    audit_id: int | None
    message: str | None


def row(entry: Entry) -> dict[str, object] | None:
    """The audit record of an entry; None where it holds none, and is to be kept as text."""
    us, serial = entry.source_us, entry.audit_id
    told = _MESSAGE.fullmatch(entry.message or "")
    if (
        told is None
        or us is None
        or serial is None
        or not (0 <= us <= _LAST_US and 0 <= serial < _LAST_SERIAL)
    ):
        return None
    kind = told["name"] or f"UNKNOWN[{int(told['number'])}]"
    body = told["body"].encode("utf-8", "backslashreplace")
    made = auditlines.row(entry.host, us // 1000, serial, [auditlines.line(kind, body)])
    span = {"start": entry.start, "stop": entry.stop}
    return made | span | {"sha256": entry.sha256, "spans": [span]}


def events(entries: Iterable[Entry], files: pa.Table, form: str) -> tuple[pa.Table, list[Entry]]:
    """The events of audit entries, and the entries that hold no audit line.

    Args:
        entries: those of `_TRANSPORT=audit`, in any order.
        files: schema `file`; holds every `sha256` of the entries.
        form: the name of the format that the journal was exported in.

    Returns:
        Schema `event`, told exactly as of the trail; entries of one event are one event, and all are cited.
    """
    rows: list[dict[str, object]] = []
    rest: list[Entry] = []
    for entry in entries:
        made = row(entry)
        if made is None:
            rest.append(entry)
        else:
            rows.append(made)
    table = extended(auditrecord.table(form, "an audit line, as the journal kept it"), SHA256)
    records = table.build({name: [made.get(name) for made in rows] for name in table.names})
    order = [("sha256", "ascending"), ("start", "ascending")]
    return auditmeaning.events(records.sort_by(order), files, form), rest
