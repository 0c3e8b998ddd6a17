"""HTCondor DAGMan log (`*.dag.dagman.out`): which job each node of a graph was, and how it ended.

    11/23/26 15:11:42 Event: ULOG_SUBMIT for HTCondor Node train (11.0.0) {11/23/26 15:11:42}

Shape   <wall clock> <message>, the stamp with or without its century, a fraction or a process in parentheses behind it
Source  HTCondor 8.8 to 24.0 Manual, "DAGMan"; src/condor_dagman
Time    wall clock of the submitting host, to the second, no zone
Who     nobody: the file belongs to the account that submitted the graph
Open    A node's name is typed by the user. Most lines are DAGMan's own state, and stay as written; lines without a
        stamp go on the one before, and are rejected
"""

import re

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import lines, slurmlog
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.schema import Column, Table

_NONE = "not in this line"
TABLE = Table(
    "dagman_out",
    "a line of DAGMan's log",
    (
        Column("wall", pa.string(), "wall clock as written"),
        Column(
            "kind", pa.string(), "which of the known messages it is", None, "none of those we know by name"
        ),
        Column("job", pa.string(), "job as `cluster.process`", None, _NONE),
        Column("node", pa.string(), "node of the graph: typed by the user", None, _NONE),
        Column("event", pa.string(), "event that DAGMan read, such as ULOG_JOB_ABORTED", None, _NONE),
        Column("exit_code", pa.int64(), "exit code of a node, or of the graph", None, _NONE),
        Column("message", pa.string(), "everything after the stamp, as written"),
        *SPAN,
    ),
)
CUT = "line"
DOMAIN = "{host}:user"

_LINE = (
    r"^(?P<wall>[0-9]{2}/[0-9]{2}/(?:[0-9]{4}|[0-9]{2}) [0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]{1,6})?(?: \([^()]{1,40}\))*"
    r"(?: (?P<message>(?s:.*)))?$"
)
_FIRST = re.compile(rb"^[0-9]{2}/[0-9]{2}/[0-9]{2,4} [0-9:]{8}[^\n]*(?:DAGMAN|DAGMan|\.dag\b)", re.MULTILINE)
_ID = r"\((?P<cluster>[0-9]{1,10})\.(?P<proc>[0-9]{1,10})(?:\.[0-9]{1,10})?\)"
_SHAPES = {
    "event": rf"^Event: (?P<event>ULOG_[A-Z_]{{1,40}}) for (?:HTCondor |Condor )?(?:Node|Job) (?P<node>\S+) {_ID}(?: \{{.*)?$",
    "failed": rf"^Node (?P<node>\S+) job proc {_ID} failed with (?:status|signal) (?P<exit_code>-?[0-9]{{1,10}})\.?$",
    "completed": rf"^Node (?P<node>\S+) job proc {_ID} completed successfully\.?$",
    "assigned": rf"^\s*assigned (?:HTCondor|Condor) ID {_ID}$",
    "removing": r"^(?:Removing submitted jobs\.\.\.|Received SIGUSR1|Aborting DAG\.\.\.)",
    "exiting": r"^\*{2,4} .* EXITING WITH STATUS (?P<exit_code>-?[0-9]{1,10})$",
    "starting": r"^\*\* \S+ \(CONDOR_DAGMAN\) STARTING UP$",
}
_FIELDS = ("cluster", "proc", "node", "event", "exit_code")


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of a stamp and of DAGMan's name in the first lines."""
    if not re.match(rb"[0-9]{2}/[0-9]{2}/[0-9]{2,4} [0-9:]{8}", head.lstrip(b"\r\n")):
        return 0
    return 88 if _FIRST.search(head) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    told = lines.told(data, base)
    found = pc.extract_regex(told.text, pattern=_LINE)
    torn = lines.unended(told, data)
    blank = pc.equal(pc.utf8_trim_whitespace(told.text), "")
    idle = pc.and_not(pc.and_not(blank, torn), told.long)
    read = pc.and_not(pc.and_not(pc.is_valid(found), torn), idle)
    why = pc.if_else(torn, Why.TRUNCATED.value, Why.SHAPE.value)
    kept = found.filter(read)
    message = pc.struct_field(kept, "message")
    fields = slurmlog.known(message, _SHAPES, _FIELDS)
    job = pc.binary_join_element_wise(fields.pop("cluster"), fields.pop("proc"), ".")
    fields |= {"wall": pc.struct_field(kept, "wall"), "message": message, "job": job}
    fields["exit_code"] = slurmlog.numbers(fields["exit_code"])
    return told.sorted_out(TABLE, fields, read=read, idle=idle, why=why)
