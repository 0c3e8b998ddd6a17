r"""Bitbucket Data Center access log: each request over HTTP, SSH and gRPC, when it comes in and when it is done.

    10.0.0.7 | ssh | o@1APC3V1x911x1705816x2 | kai | 2026-11-23 15:11:48,120 | "SSH - git-receive-pack '/ml/llm.git'" | "" "git/2.39" | 0 | 0 | 9812 | push, refs | 47 | abc123 |

Shape   <address>[,<address>…] | <protocol> | <request> [| <outer request>] | <user> | <wall clock> | "<action>" | "<referer>" "<agent>" |
        <status> | <bytes in> | <bytes out> | <labels> | <ms> | <session> |, where the request begins with `i` or `o`
Source  Atlassian documentation, "How to read the Bitbucket Data Center log formats"; the lines that Plaso's tests hold
Time    local wall clock of the server, to the millisecond, no zone
Who     the user that Bitbucket authenticated, `-` for none. Action, referer and agent are typed by the client, so what follows them
        is read from the right. Whoever administers the server could have forged the file
Open    where a proxy stands before it there are several addresses, the first of which the client can type: then none is taken.
        Which refs a push moved is not in it. A request that came in (`i`) has no outcome yet
"""

import re

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import hostevents
from forensics.core.forge import COLUMNS
from forensics.core.lines import told
from forensics.core.model import Parsed, Why
from forensics.core.schema import Table

TABLE = Table("bitbucket_access", "a line of Bitbucket's access log", COLUMNS)
CUT = "line"
DOMAIN = "git:server"

_HEAD = (
    r'^(?P<address>[0-9A-Fa-f.:%, ]+) \| (?P<protocol>https?|ssh|grpc) \| (?P<request>[^ |]+) \| (?:(?P<outer>@[^ |]+) \| )?'
    r'(?P<account>[^|"]*?) \| (?P<time>[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2},[0-9]{3}) \| '
)  # fmt: skip
_TAIL = (
    r'"(?P<action>.*?)" \| (?P<agent>".*" ".*") \| (?P<status>-|[0-9]{1,6}) \| (?:-|[0-9]{1,18}) \| (?:-|[0-9]{1,18}) \| (?P<labels>[^|]*) \| '
    r"(?:-|[0-9]{1,18}) \| (?P<session>[^|]*)(?: \|)?$"
)
_FIRST = re.compile(_HEAD.encode())


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of the first six fields and their bars."""
    return 92 if _FIRST.match(head) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    lines = told(data, base)
    front = pc.extract_regex(lines.text, pattern=_HEAD + r"(?P<rest>.*)$")
    shaped = pc.is_valid(front)
    back = pc.extract_regex(pc.if_else(shaped, pc.struct_field(front, "rest"), ""), pattern="^" + _TAIL)
    # gRPC has fields of its own after the action, and no agent.
    loose = pc.extract_regex(
        pc.if_else(shaped, pc.struct_field(front, "rest"), ""), pattern=r'^"(?P<action>.*?)" \| (?P<left>.*)$'
    )
    read = pc.and_(shaped, pc.or_(pc.is_valid(back), pc.is_valid(loose)))
    front, back, loose = (found.filter(read) for found in (front, back, loose))
    came = pc.starts_with(pc.struct_field(front, "request"), "i")
    status = pc.if_else(came, "came in", pc.coalesce(_field(back, "status"), "done"))
    address = _field(front, "address")
    chain = pc.fill_null(pc.match_substring(address, ","), False)
    nothing = pa.scalar(None, pa.string())
    rest = {
        "protocol": pc.struct_field(front, "protocol"),
        "via": pc.if_else(chain, address, nothing),
        "labels": _field(back, "labels"),
        "session": _field(back, "session"),
        "left": pc.if_else(pc.is_valid(back), nothing, _field(loose, "left")),
    }
    records = {
        "time": pc.struct_field(front, "time"),
        "action": pc.coalesce(_field(back, "action"), _field(loose, "action"), ""),
        "account": _field(front, "account"),
        "address": pc.if_else(chain, nothing, address),
        "agent": _field(back, "agent"),
        "status": status,
        "request": pc.struct_field(front, "request"),
        "rest": hostevents.pairs(rest),
    }
    why = pa.array([Why.SHAPE.value] * len(lines.text), pa.string())
    return lines.sorted_out(TABLE, records, read=read, idle=lines.blank, why=why)


def _field(found: pa.Array, name: str) -> pa.Array:
    """A named part; empty and `-` are null."""
    values = pc.struct_field(found, name)
    return pc.if_else(pc.is_in(values, pa.array(["", "-"])), pa.scalar(None, pa.string()), values)
