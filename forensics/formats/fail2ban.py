"""Log of fail2ban: addresses that it found failing in other logs, and those that it shut out and let in again.

    2026-11-23 16:11:48,123 fail2ban.actions        [1234]: NOTICE  [sshd] Ban 10.0.0.9

Shape   <date> <time>,<ms> <part>[<pid>]: <level> [<jail>] <what> <address>; before 0.9 no pid and no padding
Source  fail2ban 0.8 to 1.1: server/server.py, filter.py, actions.py; /var/log/fail2ban.log
Time    wall clock of the host, to the millisecond, no zone
Who     nobody: an address. What was found is the word of another log, which the address may have been able to write into
Open    which account was tried is not in it. A ban is in force as long as the jail's settings say
"""

import re

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core.lines import told
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.schema import Column, Table

_NOT_SAID = "the line does not say"
TABLE = Table(
    "fail2ban",
    "a line of fail2ban's log",
    (
        Column("written", pa.string(), "time as written"),
        Column("part", pa.string(), "part of fail2ban that wrote it"),
        Column("pid", pa.int64(), "its process", None, "before 0.9"),
        Column("level", pa.string(), "priority"),
        Column("message", pa.string(), "message"),
        Column("jail", pa.string(), "jail, as its settings are called", None, _NOT_SAID),
        Column("action", pa.string(), "Found, Ban, Restore Ban, Increase Ban, Unban or Ignore", None, _NOT_SAID),
        Column("address", pa.string(), "the address", None, _NOT_SAID),
        *SPAN,
    ),
)  # fmt: skip
CUT = "line"
DOMAIN = "{host}:root"

_TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2},[0-9]{3}"
_PART = r"fail2ban(?:\.[A-Za-z0-9_.]{1,40})?"
_LEVEL = r"CRITICAL|ERROR|WARNING|NOTICE|INFO|DEBUG|HEAVYDEBUG|TRACEDEBUG|MSG"
_LINE = rf"^(?P<written>{_TIME}) (?P<part>{_PART}) *(?:\[(?P<pid>[0-9]{{1,10}})\])?: (?P<level>{_LEVEL}) *(?P<message>(?:[^ ].*)?)$"
_SAID = (
    r"^\[(?P<jail>[A-Za-z0-9_.-]{1,64})\] (?P<action>Found|Ban|Restore Ban|Increase Ban|Unban|Ignore) "
    r"(?P<address>[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]{1,40})(?:[ ,].*)?$"
)
_FIRST = re.compile(_LINE.encode().removesuffix(b"$"))


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of a first line that fail2ban wrote."""
    return 93 if _FIRST.match(head) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    lines = told(data, base)
    found = pc.extract_regex(lines.text, pattern=_LINE)
    read = pc.is_valid(found)
    kept = found.filter(read)
    message = pc.struct_field(kept, "message")
    said = pc.extract_regex(message, pattern=_SAID)
    records = {
        **{name: pc.struct_field(kept, name) for name in ("written", "part", "level", "message")},
        "pid": _some(pc.struct_field(kept, "pid")).cast(pa.int64()),
        **{name: _some(pc.struct_field(said, name)) for name in ("jail", "action", "address")},
    }
    why = pa.array([Why.SHAPE.value] * len(found), pa.string())
    return lines.sorted_out(TABLE, records, read=read, idle=lines.blank, why=why)


def _some(values: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(values, ""), pa.scalar(None, pa.string()), values)
