"""What `sacctmgr --parsable2 show` printed: users, rights and limits, what befell nodes, and who changed what.

    2026-11-23T15:06:20|Modify Users|dao|(name='kai')|admin_level=3

Shape   a header that names the columns, then rows with as many fields. `--parsable` ends each line with `|`
Source  Slurm 17.11 to 26.05: sacctmgr(1), src/sacctmgr/*_functions.c, print.c
Time    wall clock of the host that ran it, to the second, no zone; `Unknown` where there is none
Who     Actor of a transaction is the name that the accounting daemon gave the uid it authenticated; User of an
        event is who set the node so, with the uid. In other listings a user is only a name in a list
Open    Reason and Info are typed by administrators and nothing is quoted: a row with more fields than the
        header is rejected. A listing other than of transactions is a state and says nothing of when.
"""

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import lines, sacctmgrrows
from forensics.core.model import Parsed, Why
from forensics.core.schema import Table

TABLE = Table("sacctmgr", "a row of a listing by sacctmgr", sacctmgrrows.COLUMNS)
CUT = "headed"
DOMAIN = "slurm:admin"

_NAME = re.compile(r"[A-Za-z][A-Za-z /]{0,29}")


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of a header with the columns that only one of its listings has."""
    return 90 if _listing(head.split(b"\n", 1)[0].decode("utf-8", "replace"))[0] else 0


def _listing(first: str) -> tuple[str | None, list[str]]:
    """Which listing a first line announces, and its columns; a line that closes with `|` has an empty last one."""
    names = first.removesuffix("\r").split("|")
    if len(set(names)) < len(names) or not all(_NAME.fullmatch(name) for name in names[:-1]):
        return None, []
    if len(names) < 2 or not (names[-1] == "" or _NAME.fullmatch(names[-1])):
        return None, []
    return sacctmgrrows.kind(names), names


def parse(data: bytes, base: int) -> Parsed:
    """Read the rows under the header, columns at a time."""
    told = lines.told(data, base)
    count = len(told.text)
    kind, names = _listing(told.text[0].as_py()) if count else (None, [])
    first = pc.equal(told.text, told.text[0]) if kind else pa.array(np.zeros(count, bool))
    idle = pc.and_not(pc.or_(told.blank, first), told.long)
    parts = pc.split_pattern(told.text, "|")
    shaped = pc.equal(pc.list_value_length(parts), len(names)) if kind else pa.array(np.zeros(count, bool))
    torn = np.zeros(count, bool)
    torn[-1:] = not data.endswith(b"\n")
    shaped = pc.and_not(pc.and_not(pc.and_not(shaped, idle), told.long), pa.array(torn))
    flat = parts.filter(shaped).flatten()
    held = len(flat) // max(len(names), 1)
    raw = {name: flat.take(pa.array(np.arange(held) * len(names) + n)) for n, name in enumerate(names)}
    records = sacctmgrrows.fields(kind or "other", raw, held)
    timed = sacctmgrrows.timed(records)
    rows = np.flatnonzero(np.asarray(shaped))
    late = np.zeros(count, bool)
    late[rows[~np.asarray(timed)]] = True
    why = pc.if_else(pa.array(late), Why.TIME.value, Why.SHAPE.value)
    why = pc.if_else(pa.array(torn), Why.TRUNCATED.value, why)
    kept = {name: column.filter(timed) for name, column in records.items()}
    read = pc.and_not(shaped, pa.array(late))
    return told.sorted_out(TABLE, kept, read=read, idle=pc.and_not(idle, pa.array(torn)), why=why)
