"""PBS server log (PBS Professional, OpenPBS, TORQUE): what was asked of the server, by whom, and what it did.

    11/23/2026 15:11:53;0008;Server@pbs01;Job;11.pbs01;Job to be deleted at request of kai@login01

Shape   <wall clock>;<event class>;<daemon>;<kind of object>;<object>;<message>
Source  PBS Professional 2022 Administrator's Guide, "Event Logging"; TORQUE 6.1, 10; src/server/req_*.c
Time    the server's wall clock, to the second, or finer where the server is told to, no zone
Who     `user@host` is whom the server authenticated, by pbs_iff, a reserved port or munge, and where from
Open    A job's name and an attribute's value are typed by users: what names a requester ends its line, or stands
        before them. A refusal names its request by a number, and no job. A message that we have not met is
        still a record
"""

import re

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import lines, slurmlog
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.schema import Column, Table

_NONE = "not in this line"
TABLE = Table(
    "pbs_server",
    "a line of a PBS server's log",
    (
        Column("wall", pa.string(), "local wall clock as written"),
        Column("class", pa.string(), "class of the event, in hexadecimal digits"),
        Column("daemon", pa.string(), "daemon that wrote it"),
        Column("object_kind", pa.string(), "Job, Req, Svr, Node, Que and others"),
        Column("object", pa.string(), "job, node, queue or function that it is about", None, "empty"),
        Column(
            "kind", pa.string(), "which of the known messages it is", None, "none of those we know by name"
        ),
        Column("user", pa.string(), "account that asked", None, _NONE),
        Column("user_host", pa.string(), "host that the request came from", None, _NONE),
        Column("owner", pa.string(), "account that is to own the job", None, _NONE),
        Column("request", pa.int64(), "number of the request that was refused", None, _NONE),
        Column("signal", pa.string(), "signal, as written", None, "no signal"),
        Column("exit_status", pa.int64(), "as written: 256 and more is 256 and a signal", None, _NONE),
        Column("message", pa.string(), "everything after the object, as written"),
        *SPAN,
    ),
)
CUT = "line"
DOMAIN = "pbs:admin"

_LINE = (
    r"^(?P<wall>[0-9]{2}/[0-9]{2}/[0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?);(?P<class>[0-9a-fA-F]{4,6});"
    r"(?P<daemon>[A-Za-z_]+(?:[@.][A-Za-z0-9_.-]+)?);(?P<object_kind>[A-Za-z_]{1,10});(?P<object>[^;]*);(?P<message>(?s:.*))$"
)
_WALL = r"^(?:0[1-9]|1[0-2])/(?:0[1-9]|[12][0-9]|3[01])/[0-9]{4} (?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-6][0-9](?:\.[0-9]+)?$"
_FIRST = re.compile(
    rb"[0-9]{2}/[0-9]{2}/[0-9]{4} [0-9:.]{8,15};[0-9a-f]{4,6};(?:Server@|PBS_Server|pbs_server)",
    re.IGNORECASE,
)
_BY = r"(?P<user>[^\s@,;]+)@(?P<user_host>[^\s,;]+)"
_SHAPES = {
    "queue": rf"^Job Queued at request of {_BY}, owner = (?P<owner>[^\s@,;]+)@[^\s,;]+, job name = (?s:.*), queue = \S+$",
    "run": rf"^Job Run at request of {_BY}(?: on (?s:.*))?$",
    "delete": rf"^(?:Job (?:to be )?deleted|delete job request received|Job removed) at request of {_BY}$",
    "signal": rf"^Job sent signal (?P<signal>[A-Za-z0-9_+-]{{1,20}}) (?:on|at) request of {_BY}$",
    "modify": rf"^(?:Job Modified|attributes set:?) at request of {_BY}$",
    "hold": rf"^Holds \S+ set at request of {_BY}$",
    "release": rf"^Holds \S+ released at request of {_BY}$",
    "rerun": rf"^Job (?:Rerun|rerun|requeued|to be rerun) at request of {_BY}$",
    "move": rf"^Job moved to \S+ at request of {_BY}$",
    "suspend": rf"^Job (?:suspended|resumed) at request of {_BY}$",
    "refused": rf"^Reject reply code=[0-9]+(?:\([^()]*\))?,? ?(?:\([^()]*\),? )?aux=[0-9]+, type=(?P<request>[0-9]{{1,3}})(?: \([A-Za-z]+\))?, from {_BY}$",
    "ended": r"^Exit_status=(?P<exit_status>-?[0-9]{1,6})(?: .*)?$",
    "started": r"^(?:Server Ready, pid = [0-9]+|Server started|Log opened)",
    "stopped": r"^(?:Server shutdown completed|Log closed|.*shutdown request from )",
    "node_down": r"^(?:node down|[Nn]ode marked down|node .* down)\b",
}
_FIELDS = ("user", "user_host", "owner", "request", "signal", "exit_status")


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of the stamp, the class and the server's name."""
    return 93 if any(_FIRST.match(line) for line in head.split(b"\n", 20)[:20]) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    told = lines.told(data, base)
    found = pc.extract_regex(told.text, pattern=_LINE)
    shaped = pc.is_valid(found)
    timed = pc.fill_null(pc.match_substring_regex(pc.struct_field(found, "wall"), _WALL), False)
    torn = lines.unended(told, data)
    read = pc.and_not(pc.and_(shaped, timed), torn)
    why = pc.if_else(shaped, Why.TIME.value, Why.SHAPE.value)
    why = pc.if_else(torn, Why.TRUNCATED.value, why)
    kept = found.filter(read)
    fields = {field.name: pc.struct_field(kept, field.name) for field in kept.type}
    fields["object"] = pc.if_else(pc.equal(fields["object"], ""), None, fields["object"])
    fields |= slurmlog.known(fields["message"], _SHAPES, _FIELDS)
    fields |= {name: slurmlog.numbers(fields[name]) for name in ("request", "exit_status")}
    return told.sorted_out(TABLE, fields, read=read, idle=pc.and_not(told.blank, torn), why=why)
