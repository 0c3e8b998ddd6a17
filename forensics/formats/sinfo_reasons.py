r"""Why nodes are down, drained or failing, as `sinfo -R` prints it: the reason, who set it, and when.

    REASON               USER      TIMESTAMP           NODELIST
    Kill task failed     root      2026-11-23T15:06:00 gpu03

Shape   <reason> <user> <wall clock> [<state>] <nodes>, padded to the header's columns; with `-l` the user is `<name>(<uid>)`, a
        state stands before the nodes, and a line with the moment of asking before the header
Source  Slurm 17.11 to 26.05: sinfo(1), src/sinfo/opts.c and print.c
Time    wall clock of the host that ran it, to the second, no zone
Who     USER is who set the reason, authenticated by the controller, by the name that the host which ran sinfo has for the uid; of the
        controller's own doing it is root or the account that it runs as
Open    a reason is typed by whoever may change nodes, and cut at its column without a mark: a line is read from its end, where no reason
        stands, and none behind a line that is no row: a reason with a newline in it could make one up. A name as wide as its column may be cut too, and is then nobody's; of `<name>(<uid>)` cut before its end neither is read
"""

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import lines, slurmlog
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.schema import Column, Table

TABLE = Table(
    "sinfo_reasons",
    "why nodes are not in use, and who set it so",
    (
        Column(
            "reason", pa.string(), "why, as far as its column shows it: typed by whoever set it", None, "none"
        ),
        Column("user", pa.string(), "who set it", None, "may be cut"),
        Column("uid", pa.int64(), "its uid", None, "not printed, or cut"),
        Column("wall", pa.string(), "when it was set, as written", None, "Unknown"),
        Column("state", pa.string(), "state of the nodes, in letters", None, "not asked for"),
        Column("nodes", pa.string(), "nodes, as written"),
        *SPAN,
    ),
)
CUT = "whole"
DOMAIN = "slurm:admin"

_ASKED = rb"(?:[A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8} [0-9]{4}\r?\n)?"
_HEAD = re.compile(_ASKED + rb"(?P<header>REASON +(?P<user>USER +)TIMESTAMP +(?:STATE +)?NODELIST *)\r?\n")
_ABOVE = r"^(?:REASON +USER +TIMESTAMP .*|[A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8} [0-9]{4})$"
_WALL = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}"
_ROW = rf"^(?P<reason>.*) (?P<user>[^\s]+) +(?P<wall>{_WALL}|Unknown) +(?:(?P<state>[a-z*~#!%$@^+-]{{1,20}}) +)?(?P<nodes>[^\s]+) *$"
_NUMBERED = r"^(?P<name>[^\s()]+)\((?P<uid>[0-9]{1,10})\)$"


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of the header."""
    return 95 if _HEAD.match(head) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read a whole listing."""
    head = _HEAD.match(data)
    width = len(head["user"]) - 1 if head else 0
    told = lines.told(data, base)
    torn = lines.unended(told, data)
    above = pc.match_substring_regex(told.text, _ABOVE)
    found = pc.extract_regex(told.text, pattern=_ROW)
    whole = pc.and_not(pc.and_not(pc.is_valid(found), torn), above)
    odd = pc.and_not(pc.and_not(pc.and_not(pc.invert(pc.is_valid(found)), above), told.blank), torn)
    sure = np.cumsum(np.asarray(odd)) == 0
    read = pc.and_(whole, pa.array(sure & (head is not None)))
    idle = pc.and_not(pc.or_(told.blank, above), torn)
    why = pc.if_else(torn, Why.TRUNCATED.value, Why.SHAPE.value)
    fields = {
        name: pc.struct_field(found, name).filter(read)
        for name in ("reason", "user", "wall", "state", "nodes")
    }
    numbered = pc.extract_regex(fields["user"], pattern=_NUMBERED)
    plain = pc.and_(
        pc.less(pc.binary_length(fields["user"]), width), pc.invert(pc.match_substring(fields["user"], "("))
    )
    fields["uid"] = slurmlog.numbers(pc.struct_field(numbered, "uid"))
    fields["user"] = pc.coalesce(pc.struct_field(numbered, "name"), pc.if_else(plain, fields["user"], None))
    reason = pc.utf8_trim_whitespace(fields["reason"])
    fields["reason"] = pc.if_else(pc.is_in(reason, pa.array(["", "none"])), None, reason)
    fields["wall"] = pc.if_else(pc.equal(fields["wall"], "Unknown"), None, fields["wall"])
    fields["state"] = pc.if_else(pc.equal(fields["state"], ""), None, fields["state"])
    return told.sorted_out(TABLE, fields, read=read, idle=idle, why=why)
