"""What osquery's results are taken to tell: what its sensors saw of files, processes and sockets.

`reported`, for the audit trail may tell the same: osquery often reads it from there. What an account's
numbers are is kept; names are not in these tables. A row of a table without a time of its own was so when
the result was logged, and a row that went was so until then.
"""

from collections.abc import Iterable, Mapping

import pyarrow as pa

from forensics.core import jsonlines, sensors
from forensics.core.jsonlines import Object

NEEDS_ANCHOR = False
ONCE = True
_NS = 1_000_000_000
_FILES = {
    "CREATED": "create", "UPDATED": "write", "DELETED": "delete", "MOVED_FROM": "delete", "MOVED_TO": "create",
    "ATTRIBUTES_MODIFIED": "attributes", "OPENED": "read", "ACCESSED": "read",
}  # fmt: skip
_CALLS = {"open": "write", "write": "write", "create": "create", "rename": "rename", "unlink": "delete", "link": "link", "truncate": "truncate"}  # fmt: skip


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - every time is an epoch
    anchor_ns: int | None,  # noqa: ARG001 - the same
) -> Mapping[str, pa.Table]:
    """One event for each row; one for a result without rows."""
    told = (list(_told(record)) for record in records.to_pylist())
    return {"event": sensors.events(records, files, "osquery", told)}


def _told(record: Mapping[str, object]) -> Iterable[sensors.Said]:
    rows = record["rows"] if isinstance(record["rows"], list) else []
    for row in rows:
        found = jsonlines.loaded(row["columns"].encode())
        columns = found if isinstance(found, dict) else {}
        seconds = jsonlines.number(columns, "time") if "time" in columns else record["unix_time"]
        yield {**_when(seconds), "host": record["host"], **_said(str(record["name"]), row["action"], columns)}
    if not rows:
        yield {
            **_when(record["unix_time"]),
            "host": record["host"],
            "text": sensors.words("other", record["name"], "no rows"),
        }


def _when(seconds: object) -> sensors.Said:
    if not isinstance(seconds, int) or abs(seconds) > 9_000_000_000:
        return {}
    return {"earliest_ns": seconds * _NS, "latest_ns": seconds * _NS + _NS - 1}


def _said(name: str, action: str, row: Object) -> sensors.Said:
    """What a row says, by the columns that only its table has."""
    keys = set(row)
    if {"target_path", "action"} <= keys:
        return _file(row)
    if {"cmdline", "path", "pid", "auid"} <= keys:
        return _process(row, "execute", jsonlines.text(row, "cmdline")) | _object(jsonlines.text(row, "path"))
    if {"operation", "executable", "pid"} <= keys:
        operation = _CALLS.get(jsonlines.text(row, "operation") or "", "other")
        said = _process(row, operation, jsonlines.text(row, "operation"), exe="executable")
        return said | _object(jsonlines.text(row, "path"))
    if {"remote_address", "pid", "auid"} <= keys:
        ends = (
            f"{jsonlines.text(row, f'{end}_address')}:{row.get(f'{end}_port')}" for end in ("local", "remote")
        )
        return _process(row, "connect", jsonlines.text(row, "action"), *ends)
    if {"message", "auid", "type"} <= keys:
        return _process(row, "account", jsonlines.text(row, "message"))
    return {"text": sensors.words("other", name, action, jsonlines.compact(row))}


def _object(path: str | None) -> Object:
    return {"object_kind": "path", "object": path} if path else {}


def _file(row: Object) -> Object:
    """A file changed: nothing says by whom. The row's uid owns the file."""
    action = jsonlines.text(row, "action") or ""
    hashed = jsonlines.text(row, "sha256")
    return {
        **_object(jsonlines.text(row, "target_path")),
        "object_owner_uid": sensors.number(jsonlines.number(row, "uid")),
        "text": sensors.words(_FILES.get(action, "other"), action, f"sha256:{hashed}" if hashed else None),
    }


def _process(row: Object, operation: str, *parts: object, exe: str = "path") -> Object:
    numbers = {"auid": "auid", "uid": "uid", "euid": "euid", "pid": "pid"}
    parent = "parent" if "parent" in row else "ppid"
    return {
        **{column: sensors.number(jsonlines.number(row, key)) for column, key in numbers.items()},
        "ppid": sensors.number(jsonlines.number(row, parent)),
        "exe": jsonlines.text(row, exe) or None,
        "cwd": (jsonlines.text(row, "cwd") or "").strip('"') or None,
        "outcome": {"1": "success", "0": "failure"}.get(str(row.get("success"))),
        "text": sensors.words(operation, *parts),
    }
