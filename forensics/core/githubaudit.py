"""An object of GitHub's audit log as a row, and what it is taken to tell, however the log is laid out."""

import re
from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, forge, jsonlines
from forensics.core.jsonlines import Object
from forensics.core.model import Why
from forensics.core.schema import Column

COLUMNS = (
    Column(
        "time_ms",
        pa.int64(),
        "when",
        "ms since 1970-01-01T00:00:00Z",
        "written as text, or not in this line",
    ),
    Column("user", pa.string(), "account that it was done to", None, "not in this line"),
    *forge.COLUMNS,
)
_ACTION = re.compile(r"[a-z0-9_]+(?:\.[a-z0-9_]+)+")
_PLACES = {
    "actor": "account", "actor_ip": "address", "repo": "repository", "user": "user", "user_agent": "agent",
    "hashed_token": "credential", "_document_id": "request", "request_id": "request", "ref": "ref",
    "before": "old", "after": "new",
}  # fmt: skip
_TIMES = ("@timestamp", "created_at")


def fits(first: Object) -> bool:
    """Whether an object is one of the log: with a dotted action, an actor and a time."""
    if not _ACTION.fullmatch(jsonlines.text(first, "action") or ""):
        return False
    timed = "actor" in first and ("@timestamp" in first or "created_at" in first)
    return timed and bool({"org", "repo", "business", "_document_id"} & set(first))


def row(found: Object) -> Object | Why | None:
    """The columns of an object but its span, why it has none, or None for an empty one."""
    if not found:
        return None
    action = jsonlines.text(found, "action")
    if action is None or not _ACTION.fullmatch(action):
        return Why.VALUE
    told: Object = {"action": action}
    for key, column in _PLACES.items():
        value = jsonlines.text(found, key)
        told[column] = told.get(column) or value or None
    for key in _TIMES:
        told["time_ms"] = jsonlines.number(found, key) if told.get("time_ms") is None else told["time_ms"]
        told["time"] = told.get("time") or (jsonlines.text(found, key) if told["time_ms"] is None else None)
    left = {key: value for key, value in found.items() if key not in {*_PLACES, *_TIMES, "action"}}
    return told | {"rest": jsonlines.compact(left or None)}


REALM = "github"
"""Behind the names of GitHub's accounts."""
_VERBS = {"git.push": "push_request", "git.clone": "fetch", "git.fetch": "fetch"}
_MS = 1_000_000
_MOST_MS = 9_000_000_000_000


def told(records: pa.Table, files: pa.Table, form: str) -> Mapping[str, pa.Table]:
    """One event for each object. A time is written into the text form first, so that both forms are placed alike.

    Args:
        records: the columns `COLUMNS`, with `sha256`.
        files: schema `file`.
        form: the format's name.
    """
    counted = records["time_ms"]
    fits = pc.and_(pc.greater_equal(counted, -_MOST_MS), pc.less_equal(counted, _MOST_MS))
    stamps = pc.if_else(fits, counted, pa.scalar(None, pa.int64())).cast(pa.timestamp("ms", "UTC"))
    shown = pc.strftime(stamps, "%Y-%m-%dT%H:%M:%SZ")
    given = pc.replace_substring_regex(
        records["time"], r"^([0-9-]{10})[ T]([0-9:]{8}(?:\.[0-9]{1,9})?)$", r"\1T\2Z"
    )
    placed = forge.timed_by(records, pc.coalesce(shown, given))
    return forge.read(placed, files, form, _when, _verb, realm=REALM)


def _when(times: pa.Array) -> clock.Interval:
    return clock.offsets(times, tick_ns=_MS)


def _verb(action: str, status: str | None) -> tuple[str, str | None]:  # noqa: ARG001 - it writes none
    verb = _VERBS.get(action, "other")
    return verb, "success" if verb != "other" else None
