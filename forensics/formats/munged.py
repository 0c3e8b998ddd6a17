"""Log of munged, whose credentials say under which uid a request to Slurm was made: what it refused, and when it ran.

    2026-11-26 16:12:20 +0000 Info:      Unauthorized credential for client UID=4102 GID=4102

Shape   <date> <time> <offset> <priority>:<blanks to ten letters><message>
Source  munge 0.5.15, src/libcommon/log.c and src/munged/{dec,job}.c; /var/log/munge/munged.log; staged with its own programs
Time    the host's clock, to the second, with its offset
Who     root of that host, or the account munge, which owns the log. The uid of a client is the one that the kernel gave with
        its connection; credentials that are good leave no line
Open    only the refusals of opening a credential are told apart; a damaged credential has no address and no uid
"""

import re

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core.lines import told
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.schema import Column, Table

_NOT_SAID = "the line does not say"
TABLE = Table(
    "munged",
    "a line of munged's log",
    (
        Column("written", pa.string(), "time as written"),
        Column("level", pa.string(), "priority"),
        Column("message", pa.string(), "message"),
        Column("refused", pa.string(), "why a credential was refused, in munged's word", None, _NOT_SAID),
        Column("uid", pa.int64(), "uid of the client that was refused", None, _NOT_SAID),
        Column("address", pa.string(), "where the credential was made", None, _NOT_SAID),
        *SPAN,
    ),
)
CUT = "line"
DOMAIN = "{host}:root"

_TIME = r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01]) (?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-6][0-9] [+-][0-9]{4}"
_LEVEL = r"Emergency|Alert|Critical|Error|Warning|Notice|Info|Debug"
_LINE = rf"^(?P<written>{_TIME}) (?P<level>{_LEVEL}): +(?P<message>[^ ].*)$"
_REFUSED = r"^(?P<refused>Unauthorized|Replayed|Rewound|Expired|Invalid) credential(?: for client UID=(?P<uid>[0-9]{1,10}) GID=[0-9]{1,10})?(?: from (?P<address>[0-9a-fA-F.:]{2,45}))?$"
_FIRST = re.compile(
    rf"{_TIME} (?:(?:Alert|Error|Notice|Info|Debug): {{2,9}}|(?:Emergency|Critical|Warning): )[^ \n]".encode()
)
_OWN = re.compile(
    rb" (?:Starting|Stopping) munge-[0-9]|[a-z] credential(?: for client UID=| from |\r?$)", re.MULTILINE
)


def recognise(head: bytes, path: str) -> int:
    """Sure of the padded priority beside a message of its own; else the path has to say munge."""
    if not _FIRST.match(head):
        return 0
    return 94 if _OWN.search(head[:8192]) else 88 if "munge" in path else 40


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    lines = told(data, base)
    found = pc.extract_regex(lines.text, pattern=_LINE)
    read = pc.is_valid(found)
    kept = found.filter(read)
    message = pc.struct_field(kept, "message")
    refused = pc.extract_regex(message, pattern=_REFUSED)
    said = {name: pc.struct_field(refused, name) for name in ("refused", "uid", "address")}
    nothing = pa.scalar(None, pa.string())
    given = {name: pc.if_else(pc.equal(column, ""), nothing, column) for name, column in said.items()}
    records = {
        **{name: pc.struct_field(kept, name) for name in ("written", "level", "message")},
        **given,
        "uid": given["uid"].cast(pa.int64()),
    }
    why = pa.array([Why.SHAPE.value] * len(found), pa.string())
    return lines.sorted_out(TABLE, records, read=read, idle=lines.blank, why=why)
