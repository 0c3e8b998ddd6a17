r"""Connections of a host as `ss` or `netstat` printed them: which address was connected to which, and by which process.

    ESTAB  0      0      10.0.0.1:22      10.0.0.7:51234 users:(("sshd",pid=3077,fd=4))

Shape   under a header: [<protocol>] [<state>] <queue> <queue> <own address>:<port> <other address>:<port> [<processes>] (ss); <protocol> <queue>
        <queue> <own> <other> [<state>] [<user> <inode>] [<process>/<name>] (netstat). Lines on sockets of one host alone are passed over
Source  ss(8) of iproute2 4.9 to 6.12, misc/ss.c; netstat(8) of net-tools 1.60 to 2.10
Time    none: it is how things stood when it was run
Who     nobody. A process chooses its own name, and that can hold quotes and brackets: where the numbers of processes cannot be told from
        it for certain, none is taken
Open    a name of a host or a service in place of a number is kept as written. What had closed by then is not in it
"""

import re

import pyarrow as pa

from forensics.core import rowwise
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.schema import Column, Table

_NONE = "not printed"
TABLE = Table(
    "sockets",
    "a connection, or a port that was listened on",
    (
        Column("kind", pa.string(), "`ss` or `netstat`"),
        Column("protocol", pa.string(), "protocol, as `tcp`", None, _NONE),
        Column("state", pa.string(), "state of the connection, as written", None, _NONE),
        Column("local", pa.string(), "own address, as written"),
        Column("local_port", pa.string(), "own port, as written"),
        Column("remote", pa.string(), "other address, as written"),
        Column("remote_port", pa.string(), "other port, as written"),
        Column("pids", pa.list_(pa.int64()), "processes that hold it", None, "not printed, or not certain"),
        Column(
            "process",
            pa.string(),
            "what is printed of processes, whose names are typed by users, and the rest",
            None,
            _NONE,
        ),
        *SPAN,
    ),
)
CUT = "line"
DOMAIN = "{host}:user"

_HEADERS = re.compile(
    r"(?:Netid +)?(?:State +)?Recv-Q +Send-Q +Local Address:Port +Peer Address:Port.*|Proto +Recv-Q +Send-Q +Local Address +Foreign Address.*"
    r"|Active (?:Internet connections|UNIX domain sockets).*|Proto +RefCnt +Flags .*"
)
_FIRST = re.compile(
    rb"(?:Active Internet connections[^\n]*\n)?(?:Proto|Netid|State|Recv-Q)[ A-Za-z-]*Local Address(?::Port)? +(?:Foreign|Peer) Address"
)
_WITHIN = re.compile(r"(?:u_str|u_dgr|u_seq|nl|p_raw|p_dgr|v_str|unix) .*", re.DOTALL)
_ENDS = r"(?P<local>[^ ]+):(?P<local_port>[^ :]+) +(?P<remote>[^ ]+):(?P<remote_port>[^ :]+)"
_SS = re.compile(
    r"(?:(?P<protocol>tcp|udp|raw|dccp|sctp|mptcp|icmp6|icmp) +)?(?:(?P<state>ESTAB|LISTEN|UNCONN|CLOSING|CLOSED|[A-Z]{3,5}-[A-Z0-9-]{3,6}) +)?[0-9]{1,10} +[0-9]{1,10} +"
    + _ENDS + r"(?: +(?P<process>[^ ].*))? *",
    re.DOTALL,
)  # fmt: skip
_NETSTAT = re.compile(
    r"(?P<protocol>tcp6?|udp6?|udplite6?|raw6?|sctp) +[0-9]{1,10} +[0-9]{1,10} +" + _ENDS
    + r"(?: +(?P<state>[A-Z][A-Z0-9_]{3,11}))?(?: +[^ /]{1,32} +[0-9]{1,20})?(?: +(?P<process>[0-9]{1,10}/.*|-))? *",
    re.DOTALL,
)  # fmt: skip
_ENTRY = r'\("[^"()]{0,15}",pid=[0-9]{1,10}(?:,[a-z_]{1,20}=[^,()"]{0,255})*,fd=[0-9]{1,10}\)'
_USERS = re.compile(rf"users:\(({_ENTRY}(?:,{_ENTRY})*)\)(?: .*)?", re.DOTALL)
_PID = re.compile(r'",pid=([0-9]{1,10}),')
_LED = re.compile(r"([0-9]{1,10})/")


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of the header of either program."""
    return 90 if _FIRST.match(head.lstrip(b"\r\n")[:1024]) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    return rowwise.by_line(data, base, TABLE, _read)


def _read(raw: bytes) -> dict[str, object] | Why | None:
    text = rowwise.shown(raw)
    if _HEADERS.fullmatch(text) or _WITHIN.fullmatch(text):
        return None
    for kind, shape in (("netstat", _NETSTAT), ("ss", _SS)):
        found = shape.fullmatch(text)
        if found is not None:
            return {"kind": kind, **found.groupdict(), "pids": _pids(found["process"])}
    return Why.SHAPE


def _pids(process: str | None) -> list[int] | None:
    """The numbers of processes, where no name of one can hold what looks like them."""
    if process is None:
        return None
    led, users = _LED.match(process), _USERS.fullmatch(process)
    if led is not None:
        return [int(led[1])]
    return [int(pid) for pid in _PID.findall(users[1])] if users is not None else None
