r"""What Slurm's commands print of how a cluster stands: recognised, and left alone.

    PARTITION AVAIL  TIMELIMIT  NODES  STATE NODELIST

Shape   a header of `sinfo`, `squeue -s`, `sstat`, `sshare` or `sreport`, or records of `scontrol show partition` or
        `reservation`; as columns, parted by a mark, or as JSON
Source  Slurm 17.11 to 26.05: sinfo(1), squeue(1), sstat(1), sshare(1), sreport(1), scontrol(1) and their print.c
Time    none, but for what a node or a reservation says of itself
Who     nobody: a state does not say who made it so
Open    every line is ignored. Collect instead: of nodes that were drained, `sinfo -R` (`sinfo_reasons`), `scontrol show node` (`scontrol_node`), slurmctld.log and
        `sacctmgr list event`; of reservations and limits, slurmctld.log and `sacctmgr list transaction`; of jobs and their
        steps, `sacct -P -o ALL` and `scontrol show job`. `sstat` looks at steps that run: a listing of steps alone, with no column
        that sstat has not, is taken for its, for sacct's would say no more. What has no header (`-h`, `scontrol show hostnames`)
        is not recognised
"""

import re

import pyarrow as pa

from forensics.core import padded, sacctrows
from forensics.core.lines import told
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.schema import Table

TABLE = Table("slurm_state", "nothing: how a cluster stood, not what was done to it", SPAN)
CUT = "line"
DOMAIN = "slurm:admin"

_HEADER = re.compile(
    rb"(?:[A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8} [0-9]{4}\r?\n|CLUSTER: \S+\r?\n)*"
    rb"(?:PARTITION +(?:[A-Z_()/:]+ +)*AVAIL +TIMELIMIT |NODELIST +NODES +PARTITION +STATE\b|HOSTNAMES +(?:[A-Z_]+ +)*STATE\b"
    rb"| *STEPID +NAME +PARTITION +USER )"
)
_RECORD = re.compile(rb"PartitionName=\S+\s+AllowGroups=|ReservationName=\S+ StartTime=\S+ EndTime=")
_SHARE = re.compile(
    rb" *Account(?: +|\|)User(?: +|\|)RawShares(?: +|\|)NormShares|-{80}\r?\n[A-Z][A-Za-z/ ]+ (?:\d{4}-\d\d-\d\dT\S+ - \d{4}-\d\d-\d\d)"
)
_JSON = re.compile(rb'\s*\{\s*"(?:sinfo|nodes|partitions|reservations|shares)":\s*[\[{]')
_JSON_OWN = re.compile(
    rb'"(?:node_addr|slurmd_version|maximum_nodes|alternate|purge_completed|raw_shares|reason_set_by_user|boot_time)"'
)
_MARK = re.compile(r"[^A-Za-z0-9 .]")


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of a header or of a first record that no other listing has."""
    if _HEADER.match(head) or _RECORD.match(head) or _SHARE.match(head):
        return 93
    if _JSON.match(head):
        return 93 if _JSON_OWN.search(head) else 0
    return 93 if head.startswith((b"JobID", b"Job", b"Ave", b"Max", b"Min", b" ")) and _steps(head) else 0


def _steps(head: bytes) -> bool:
    """Whether it is a listing of steps as sstat prints them."""
    first, *rest = head.decode("utf-8", "replace").split("\n")
    lines = [line for line in rest[:-1] if line.strip()]
    found = padded.announced(head)
    if found is not None:
        rows = (line.split() for line in lines[1:])
        return found.names[0] == "JobID" and sacctrows.is_sstat(found.names, rows, 0)
    mark = _MARK.search(first)
    names = first.strip().removesuffix(mark[0]).split(mark[0]) if mark else [first.strip()]
    return (
        bool(lines)
        and len(names) > 1
        and sacctrows.is_sstat(names, (line.split(mark[0]) for line in lines if mark))
    )


def parse(data: bytes, base: int) -> Parsed:
    """Ignore every line that is not too long."""
    lines = told(data, base)
    nothing = pa.array([False] * len(lines.blank), pa.bool_())
    idle = pa.array([not long for long in lines.long.to_pylist()], pa.bool_())
    why = pa.array([Why.TOO_LONG.value] * len(lines.blank), pa.string())
    return lines.sorted_out(TABLE, {}, read=nothing, idle=idle, why=why)
