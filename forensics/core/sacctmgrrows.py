"""Rows of sacctmgr's listings, however their columns are parted: which listing they are of, what they hold, and what they tell."""

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core.model import SPAN
from forensics.core.schedulerevents import Row
from forensics.core.schema import Column
from forensics.core.tables import STRINGS

_NONE = "empty, or not in this listing"
COLUMNS = (
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
)
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
_WALL = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$"
_ACTOR = r"^(?P<name>[^\s()|]+)\((?P<uid>[0-9]{1,10})\)$"
_VOID = pa.array(["", "Unknown", "None"])


def kind(names: list[str]) -> str | None:
    """Which listing has columns of these names; None where it is none of those known."""
    return next((kind for kind, sure in _SURE.items() if sure <= set(names)), None)


def timed(records: dict[str, pa.Array]) -> pa.Array:
    """Which rows have a time that can be one, or none."""
    told = pc.or_(pc.is_null(records["wall"]), pc.match_substring_regex(records["wall"], _WALL))
    return pc.fill_null(told, True)


def fields(kind: str, raw: dict[str, pa.Array], count: int) -> dict[str, pa.Array]:
    """The declared columns; what has no place of its own is told by name."""
    places = _PLACES.get(kind, {})
    fields = {c.name: pa.nulls(count, c.type) for c in COLUMNS[:-2]}
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


def told(row: Row) -> Row:
    """What a row says happened, or held."""
    words = [row[name] for name in ("action", "state", "target", "text")]
    others = row["others"]
    rest = others if isinstance(others, list) else []
    told: dict[str, object] = {"text": " ".join(str(word) for word in [*words, *rest] if word)}
    if row["listing"] == "transactions":
        return told | {"verb": "scheduler_edit", "account": row["actor"], "outcome": "success"}
    if row["listing"] == "events":
        # Who set a node so is known; whether a person or the controller by itself chose to, is not.
        named = {"account": row["actor"], "uid": row["actor_uid"], "host": row["target"]}
        return told | {"verb": "fault"} | named
    level = {"outcome": row["admin"]} if row["admin"] not in {None, "None"} else {}
    object_ = {"object_kind": "setting", "object": row["target"]}
    return told | object_ | level | {"verb": "setting", "account_absence": "not_applicable"}
