"""What a file audit log of Storage Scale is taken to tell: that a process of some uid did something to a file.

No login account is recorded, so none acts here: `uid` is the process's, or what an NFS client told. The
node's audit trail may tell the same operation: both are one act, which is why the verb is `reported`, with
what was done first in `text`.
"""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, hostevents

NEEDS_ANCHOR = False
ONCE = True
OPERATIONS = {
    "OPEN": "open", "CREATE": "create", "CLOSE": "close", "RENAME": "rename", "UNLINK": "delete", "RMDIR": "delete", "DESTROY": "delete",
    "XATTRCHANGE": "attributes", "ACLCHANGE": "attributes", "GPFSATTRCHANGE": "attributes", "ACCESS_DENIED": "refused",
}  # fmt: skip
"""What was done, in the words of the closed list where it has one; another event is `other`."""
_MILLISECOND = 1_000_000


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - every time has its offset
    anchor_ns: int | None,  # noqa: ARG001 - and its year
) -> Mapping[str, pa.Table]:
    """One event for each record, on the node that served it."""
    rows = hostevents.placed(records, files, every_path=False)
    lines = rows.lines
    words = pa.array([OPERATIONS.get(event, "other") for event in lines["event"].to_pylist()], pa.string())
    pathed = pc.is_valid(lines["path"])
    more = {
        "host": lines["node"],
        "account_absence": hostevents.absence(pa.nulls(lines.num_rows, pa.string()), lines["uid"]),
        "uid": lines["uid"],
        "pid": lines["pid"],
        "address": lines["nfs_client"],
        "outcome": pc.if_else(pc.equal(words, "refused"), "failure", hostevents.NOTHING),
        "object_kind": pc.if_else(pathed, "path", hostevents.NOTHING),
        "object": hostevents.short(lines["path"]),
        "object_from": hostevents.short(lines["old_path"]),
        "object_owner_uid": lines["owner_uid"],
        "text": hostevents.pairs({"": words, " ": lines["event"], "inode": lines["inode"], "flags": lines["open_flags"], "written": lines["bytes_written"]}),
    }  # fmt: skip
    when = clock.offsets(
        pc.replace_substring(lines["written"], "_", "T", max_replacements=1), tick_ns=_MILLISECOND
    )
    verb = pa.array(["reported"] * lines.num_rows, pa.string())
    return {"event": hostevents.unattributed(rows, "gpfs_audit", verb, more, when=when)}
