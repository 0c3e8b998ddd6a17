"""What sacctmgr's listings are taken to tell: who changed rights and limits, what befell nodes, and what held.

The actor of a transaction is authenticated by the accounting daemon. A listing of users, accounts or limits
is a state: each row is a setting, and says of nobody that they did anything.
"""

from collections.abc import Mapping

import pyarrow as pa

from forensics.core import clock, schedulerevents
from forensics.core.citation import column
from forensics.core.schedulerevents import Row

NEEDS_ANCHOR = False


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
) -> Mapping[str, pa.Table]:
    """One event for each row."""
    wall = column(records, "wall")
    when = clock.walls(wall, layout="%Y-%m-%dT%H:%M:%S", zone=zone, tick_ns=clock.NS_PER_S)
    return {"event": schedulerevents.told(records, files, "sacctmgr", when, _tell)}


def _tell(row: Row) -> Row:
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
