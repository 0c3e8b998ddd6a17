r"""What Slurm's daemons write to a host's log: the words of their own files, without the stamp.

    Nov 26 21:37:19 ctl01 slurmctld[812]: _slurm_rpc_kill_job: REQUEST_KILL_JOB JobId=10 uid 4101

Any account can write to a host's log under a daemon's name (`logger -t slurmctld`). So a uid in such a line is the daemon's
word only where the log's writer knows who sent it; else the line is told in the trust domain of the host's users, and names nobody.

Source: Slurm 22.05 to 26.05, src/common/log.c (_log_msg): `<step's mark><level><message>` to syslog; to standard error in the
foreground, with the stamp of LogTimeFormat or the daemon's name before it. Before 23.11 a message is cut at 500 bytes, and a number
cut short could be somebody else's.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import loose, slurmlog, slurmmeaning, slurmwords

_DAEMON = r"^(?P<daemon>slurmctld|slurmdbd|slurmd|slurmstepd)(?:-[A-Za-z0-9][A-Za-z0-9.-]*)?$"
_NODE = ("slurmd", "slurmstepd")
_CUT_BYTES = 500
# rsyslog leaves the blank before a message in the newest layout.
_FRONT = rf"^ ?(?:slurm[a-z]+(?:-[A-Za-z0-9.-]+)?: |{slurmlog.STAMP})?(?P<message>(?s:.*))$"

_Rows = npt.NDArray[np.int64]


class Said(NamedTuple):
    """Messages of one daemon whose meaning is known.

    rows: their numbers, in order. told: the columns of events that a message fills, `host` where it names the one node it is of.
    refusal: for each, the number among them of the one that says the request was refused, or null.
    """

    rows: _Rows
    told: dict[str, pa.Array]
    refusal: pa.Array


def daemon(program: pa.Array) -> pa.Array:
    """Which of the daemons a program is by its name, or null: those of a node may have the node's name behind their own."""
    return pc.struct_field(pc.extract_regex(program, pattern=_DAEMON), "daemon")


def daemon_of(program: str) -> str | None:
    """The same of one program."""
    found = re.match(_DAEMON, program)
    return None if found is None else found["daemon"]


def asked(lines: Mapping[str, pa.Array]) -> pa.Array:
    """Which lines of a log can be a daemon's, by the program's name alone.

    Args:
        lines: `program` (a dictionary, perhaps) and `message`, by name.
    """
    named = loose.each(loose.dictionary(lines["program"]), lambda names: pc.is_valid(daemon(names)))
    named = pc.fill_null(named, False)
    if not pc.any(named).as_py():
        return named
    size = pc.fill_null(pc.binary_length(lines["message"]), 0)
    return pc.and_(named, pc.and_(pc.greater(size, 0), pc.less(size, _CUT_BYTES)))


def said(lines: Mapping[str, pa.Array], among: pa.Array, *, whole: bool) -> list[Said]:
    """What messages of the daemons are taken to tell, as of the daemons' own files; of the others, nothing.

    Args:
        lines: `sha256`, `program` and `message`, by name, in order of (sha256, start).
        among: the lines to look at; each is a daemon's, by its name.
        whole: whether these are all lines of their files. Only then is a request held against what is said of it later.
    """
    at = np.flatnonzero(np.asarray(among))
    own = {name: loose.plain(lines[name].take(pa.array(at))) for name in ("sha256", "program", "message")}
    own["program"], found = daemon(own["program"]), []
    for names in (("slurmctld",), _NODE, ("slurmdbd",)):
        mine = np.asarray(pc.is_in(own["program"], pa.array(names)), bool)
        if mine.any():
            held = {name: column.filter(pa.array(mine)) for name, column in own.items()}
            known, told, refusal = _told(names, held, whole=whole)
            found.append(Said(at[mine][known], told, refusal))
    return found


def _told(
    names: tuple[str, ...], lines: Mapping[str, pa.Array], *, whole: bool
) -> tuple[_Rows, dict[str, pa.Array], pa.Array]:
    """Which messages of one daemon are known, what they tell, and what refused them."""
    message = slurmlog.split(lines["message"], _FRONT)["message"]
    parts = slurmlog.leveled(message, pa.nulls(len(message), pa.string()))
    if names == _NODE:
        parts |= slurmwords.node(parts["message"], parts["level"])
    else:
        words = slurmwords.controller if names == ("slurmctld",) else slurmwords.accounting
        parts |= words(parts["message"])
    kept = pc.is_valid(parts["kind"])
    rows = {name: column.filter(kept) for name, column in {**lines, **parts}.items()}
    refusal = pa.nulls(len(rows["kind"]), pa.int64())
    if names == _NODE:
        told = slurmmeaning.node(rows)
    elif names == ("slurmdbd",):
        told = slurmmeaning.accounting(rows)
    else:
        if whole:
            asked = {name: rows[name] for name in slurmmeaning.REFUSAL_COLUMNS}
            refusal = slurmmeaning.refusals(pa.table(asked))
        told = slurmmeaning.controller(rows, refused=pc.is_valid(refusal))
    return np.flatnonzero(np.asarray(kept)), told, refusal
