"""Slurm accounting daemon's log: trouble with the database, and requests it refused.

    [2026-11-23T15:08:02.104] error: DBD_ADD_RESV message from invalid uid 4101

Shape   [<stamp>] <level>: <message>
Source  Slurm 17.11 to 26.05: src/slurmdbd/proc_req.c, src/plugins/accounting_storage/mysql
Time    as the controller's log: LogTimeFormat
Who     `uid` is the one that the authentication plugin vouched for when the request came in
Open    It does not log what an administrator changed with sacctmgr: that is in the database's txn_table
"""

import re

import pyarrow as pa

from forensics.core import slurmlog, slurmwords
from forensics.core.model import SPAN, Parsed
from forensics.core.schema import Column, Table

TABLE = Table(
    "slurmdbd",
    "a line of the Slurm accounting daemon's log",
    (
        Column("wall", pa.string(), "stamp as written"),
        Column("level", pa.string(), "fatal, error, warning or debug", None, "the writer marks none"),
        Column(
            "kind", pa.string(), "which of the known messages it is", None, "none of those we know by name"
        ),
        Column("uid", pa.int64(), "uid that asked, as authenticated", None, "not in this line"),
        Column("request", pa.string(), "type of the message received", None, "not in this line"),
        Column("address", pa.string(), "address the request came from", None, "not in this line"),
        Column("port", pa.int64(), "port there", None, "not in this line"),
        Column("message", pa.string(), "everything after the stamp and the level, as written"),
        *SPAN,
    ),
)
CUT = "line"
DOMAIN = "slurm:admin"

_OWN_WORDS = re.compile(
    rb"\] (?:error: |debug\d?: +|fatal: )?(?:slurmdbd version |accounting_storage/as_mysql: |Accounting storage MYSQL"
    rb"|DBD_|CONN:\d+ |as_mysql_|_?cluster_\w+: |REQUEST_PERSIST_INIT: )"
)
_OTHERS_WORDS = re.compile(rb"\] (?:_slurm_rpc_|sched: |slurmctld version |slurmd version |\[\d+\.\w+\] )")


def recognise(head: bytes, path: str) -> int:
    """Sure of words that only the accounting daemon writes; the name decides where it wrote none."""
    if not slurmlog.begins(head):
        return 0
    if _OWN_WORDS.search(head):
        return 60 if _OTHERS_WORDS.search(head) else 90
    return 40 if "slurmdbd" in path.rpartition("/")[2] and not _OTHERS_WORDS.search(head) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    read = slurmlog.stamped(data, base)
    fields = slurmwords.accounting(read.lines["message"])
    return Parsed(TABLE.build(read.lines | fields), read.rejected, read.ignored)
