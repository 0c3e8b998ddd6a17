"""What an event of Tetragon is taken to tell: a program that started or ended, or a call that a policy watches.

`reported`, for the audit trail may tell the same. No account is named: `auid` is the kernel's login uid.
"""

from collections.abc import Mapping

import pyarrow as pa

from forensics.core import clock, sensors

NEEDS_ANCHOR = False
ONCE = True
_KINDS = {
    "process_exec": "execute",
    "process_exit": "exit",
    "process_throttle": "lost",
    "rate_limit_info": "lost",
}
CALLS = (
    ("delete", ("unlink", "rmdir")),
    ("rename", ("rename",)),
    ("truncate", ("truncate",)),
    ("link", ("inode_link", "linkat", "symlink")),
    ("signal", ("kill", "task_kill")),
    ("attributes", ("chmod", "chown", "setattr", "setxattr")),
    ("execute", ("bprm", "execve")),
    ("connect", ("connect", "sendmsg")),
    ("write", ("write",)),
    ("read", ("read",)),
)
"""What a kernel function does, by a part of its name, the first that fits; of another the word is `other`."""


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - every time is UTC
    anchor_ns: int | None,  # noqa: ARG001 - and has its year
) -> Mapping[str, pa.Table]:
    """One event for each line."""
    moments = clock.offsets(records["written"], tick_ns=1).earliest_ns.to_pylist()
    told = ([_said(row, moment)] for row, moment in zip(records.to_pylist(), moments, strict=True))
    return {"event": sensors.events(records, files, "tetragon", told)}


def _said(row: Mapping[str, object], moment: int | None) -> sensors.Said:
    function = str(row["function"] or "")
    called = next((word for word, parts in CALLS if any(part in function for part in parts)), "other")
    operation = _KINDS.get(str(row["kind"]), called)
    path = row["binary"] if operation == "execute" and not function else row["path"]
    ended = None if row["status"] is None else f"status={row['status']}"
    rest = (row["function"], row["signal"], ended, row["policy"] and f"policy={row['policy']}")
    return {
        "earliest_ns": moment,
        "latest_ns": moment,
        "host": row["node"],
        **{name: sensors.number(row[name]) for name in ("auid", "uid", "pid", "ppid")},
        "exe": row["binary"],
        "cwd": row["cwd"],
        "object_kind": "path" if path else None,
        "object": path,
        "text": sensors.words(operation, row["kind"], *rest, row["binary"], row["arguments"]),
    }
