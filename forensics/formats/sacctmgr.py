"""What `sacctmgr --parsable2 show` printed: users, rights and limits, what befell nodes, and who changed what.

    2026-11-23T15:06:20|Modify Users|dao|(name='kai')|admin_level=3

Shape   a header that names the columns, then rows with as many fields. `--parsable` ends each line with `|`
Source  Slurm 17.11 to 26.05: sacctmgr(1), src/sacctmgr/*_functions.c, print.c
Time    wall clock of the host that ran it, to the second, no zone; `Unknown` where there is none
Who     Actor of a transaction is the name that the accounting daemon gave the uid it authenticated; User of an
        event is who set the node so, with the uid. In other listings a user is only a name in a list
Open    Reason and Info are typed by administrators and nothing is quoted: a row with more fields than the
        header is rejected. A listing other than of transactions is a state and says nothing of when. Without `--parsable` columns are
        padded and long values cut: such a listing is not read
"""

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import lines
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.schema import Column, Table
from forensics.core.tables import STRINGS

_NONE = "empty, or not in this listing"
TABLE = Table(
    "sacctmgr",
    "a row of a listing by sacctmgr",
    (
        Column("listing", pa.string(), "transactions, events, users, accounts, associations, qos or other"),
        Column("wall", pa.string(), "when, or since when, as written", None, _NONE),
        Column("end_wall", pa.string(), "until when, as written", None, _NONE),
        Column("cluster", pa.string(), "cluster", None, _NONE),
        Column("actor", pa.string(), "who did it, of transactions and events", None, _NONE),
        Column("actor_uid", pa.int64(), "its uid, of events", None, _NONE),
        Column("action", pa.string(), "what was done", None, _NONE),
        Column(
            "target", pa.string(), "what it was done to: a condition, a node, a user, an account", None, _NONE
        ),
        Column("admin", pa.string(), "administrator level of a user", None, _NONE),
        Column("state", pa.string(), "state of a node", None, _NONE),
        Column("text", pa.string(), "what was set, or why: typed by an administrator", None, _NONE),
        Column("others", STRINGS, "the other columns that hold something, as `Name=value`"),
        *SPAN,
    ),
)
CUT = "headed"
DOMAIN = "slurm:admin"

_PLACES = {
    "transactions": {"Time": "wall", "Action": "action", "Actor": "actor", "Where": "target", "Info": "text"},
    "events": {
        "Cluster": "cluster", "NodeName": "target", "Node Name": "target", "TimeStart": "wall", "TimeEnd": "end_wall",
        "State": "state", "Reason": "text", "User": "actor",
    },
    "associations": {"Cluster": "cluster", "User": "target"},
    "users": {"User": "target", "Admin": "admin", "Cluster": "cluster"},
    "accounts": {"Account": "target", "Descr": "text"},
    "qos": {"Name": "target"},
}  # fmt: skip
_SURE = {
    "transactions": {"Time", "Action", "Actor", "Where", "Info"},
    "events": {"TimeStart", "TimeEnd", "State", "Reason", "User"},
    "associations": {"Cluster", "Account", "User", "Share"},
    "users": {"User", "Admin"},
    "accounts": {"Account", "Descr", "Org"},
    "qos": {"Name", "Priority", "GraceTime"},
}
_NAME = re.compile(r"[A-Za-z][A-Za-z /]{0,29}")
_WALL = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$"
_ACTOR = r"^(?P<name>[^\s()|]+)\((?P<uid>[0-9]{1,10})\)$"
_VOID = pa.array(["", "Unknown", "None"])


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
    return next((kind for kind, sure in _SURE.items() if sure <= set(names)), None), names


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
    records = _fields(kind or "other", raw, held)
    timed = pc.or_(pc.is_null(records["wall"]), pc.match_substring_regex(records["wall"], _WALL))
    timed = pc.fill_null(timed, True)
    rows = np.flatnonzero(np.asarray(shaped))
    late = np.zeros(count, bool)
    late[rows[~np.asarray(timed)]] = True
    why = pc.if_else(pa.array(late), Why.TIME.value, Why.SHAPE.value)
    why = pc.if_else(pa.array(torn), Why.TRUNCATED.value, why)
    kept = {name: column.filter(timed) for name, column in records.items()}
    read = pc.and_not(shaped, pa.array(late))
    return told.sorted_out(TABLE, kept, read=read, idle=pc.and_not(idle, pa.array(torn)), why=why)


def _fields(kind: str, raw: dict[str, pa.Array], count: int) -> dict[str, pa.Array]:
    """The declared columns; what has no place of its own is told by name."""
    places = _PLACES.get(kind, {})
    fields = {c.name: pa.nulls(count, c.type) for c in TABLE.columns[:-2]}
    fields["listing"] = pa.repeat(kind, count)
    for name, column in places.items():
        if name in raw and pc.all(pc.is_null(fields[column])).as_py() is not False:
            fields[column] = pc.if_else(pc.is_in(raw[name], _VOID), None, raw[name])
    if kind == "events":
        actor = pc.extract_regex(fields["actor"], pattern=_ACTOR)
        fields["actor_uid"] = pc.struct_field(actor, "uid").cast(pa.int64())
        fields["actor"] = pc.coalesce(pc.struct_field(actor, "name"), fields["actor"])
    if kind == "associations":
        fields["target"] = pc.coalesce(
            fields["target"], pc.binary_join_element_wise("account", raw["Account"], " ")
        )
    rest = [(name, values.to_pylist()) for name, values in raw.items() if name and name not in places]
    others = [[f"{name}={values[n]}" for name, values in rest if values[n]] for n in range(count)]
    return fields | {"others": pa.array(others, STRINGS)}
