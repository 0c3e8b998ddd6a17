"""What an alert of Falco is taken to tell: the system call that it is about, and that a rule took notice.

`reported`, for the audit trail may tell the same call. The account is the login account where its name was
looked up on the host; in a container the name is the container's, and only the number is kept.
"""

from collections.abc import Mapping

import pyarrow as pa

from forensics.core import clock, sensors

NEEDS_ANCHOR = False
ONCE = True
CALLS = {
    **dict.fromkeys(("execve", "execveat"), "execute"), **dict.fromkeys(("unlink", "unlinkat", "rmdir"), "delete"),
    **dict.fromkeys(("rename", "renameat", "renameat2"), "rename"), **dict.fromkeys(("link", "linkat", "symlink", "symlinkat"), "link"),
    **dict.fromkeys(("chmod", "fchmod", "fchmodat", "chown", "fchown", "fchownat", "lchown", "setxattr"), "attributes"),
    **dict.fromkeys(("open", "openat", "openat2", "open_by_handle_at"), "open"), **dict.fromkeys(("kill", "tkill", "tgkill"), "signal"),
    **dict.fromkeys(("connect", "accept", "accept4", "sendto"), "connect"), **dict.fromkeys(("mkdir", "mkdirat", "creat"), "create"),
    **dict.fromkeys(("setuid", "setgid", "setresuid", "setresgid"), "rights"),
}  # fmt: skip
"""What was done, in the words of the closed list where it has one; another call is `other`."""


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - every time is UTC
    anchor_ns: int | None,  # noqa: ARG001 - and has its year
) -> Mapping[str, pa.Table]:
    """One event for each alert."""
    alerts = clock.offsets(records["written"], tick_ns=1).earliest_ns.to_pylist()
    told = ([_said(row, alert)] for row, alert in zip(records.to_pylist(), alerts, strict=True))
    return {"event": sensors.events(records, files, "falco", told)}


def _said(row: Mapping[str, object], alert_ns: int | None) -> sensors.Said:
    moment = row["event_ns"] if row["event_ns"] is not None else alert_ns
    login = sensors.number(row["login_uid"])
    call = str(row["event"] or "")
    operation = CALLS.get(call, "other")
    if operation == "open":
        flags = str(row["flags"] or "")
        writes = any(flag in flags for flag in ("O_WRONLY", "O_RDWR", "O_TRUNC", "O_CREAT"))
        operation = "write" if writes else "read" if flags else "open"
    named = row["container"] == "host" and login is not None
    path = row["path"] or row["file"]
    pathed = isinstance(path, str) and path.startswith("/")
    return {
        "earliest_ns": moment,
        "latest_ns": moment,
        "host": row["hostname"],
        "outcome": None if row["result"] is None else "success" if row["result"] == "SUCCESS" else "failure",
        "account": row["login_name"] if named else None,
        "auid": login,
        "uid": sensors.number(row["uid"]),
        "pid": sensors.number(row["pid"]),
        "ppid": sensors.number(row["ppid"]),
        "exe": row["exe"],
        "cwd": row["cwd"],
        "object_kind": "path" if pathed else None,
        "object": path if pathed else None,
        "text": sensors.words(operation, call, row["command"], f"rule={row['rule']}"),
    }
