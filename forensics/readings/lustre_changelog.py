"""What a changelog of Lustre is taken to tell: that a server changed a file for some uid of some client.

The uid is what the client's kernel told, and no login account is recorded, so no account acts here. The job
is asserted by the process, so the event names none. A client's audit trail may tell the same change: both
are one act, which is why the verb is `reported`, with what was done first in `text`.
"""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, hostevents

NEEDS_ANCHOR = False
ONCE = True
OPERATIONS = {
    "CREAT": "create", "MKDIR": "create", "MKNOD": "create", "HLINK": "link", "SLINK": "link", "UNLNK": "delete",
    "RMDIR": "delete", "RENME": "rename", "RNMTO": "rename", "TRUNC": "truncate", "SATTR": "attributes", "XATTR": "attributes",
    "CLOSE": "close", "OPEN": "open", "NOPEN": "open", "MTIME": "attributes", "CTIME": "attributes", "ATIME": "attributes",
}  # fmt: skip
"""What was done, in the words of the closed list where it has one; another type is `other`."""


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - every time is UTC
    anchor_ns: int | None,  # noqa: ARG001 - and has its year
) -> Mapping[str, pa.Table]:
    """One event for each record. `object` is `[folder]/name` where a name is recorded, else the file's identifier."""
    rows = hostevents.placed(records, files, every_path=False)
    lines = rows.lines
    kinds = lines["type"].dictionary_encode()
    words = pa.array([OPERATIONS.get(kind, "other") for kind in kinds.dictionary.to_pylist()], pa.string())
    named = pc.binary_join_element_wise(lines["parent"], lines["name"], "/")
    more = {
        "host": pa.nulls(lines.num_rows, pa.string()),
        "account_absence": hostevents.absence(pa.nulls(lines.num_rows, pa.string()), lines["uid"]),
        "uid": lines["uid"],
        "outcome": pc.if_else(pc.equal(lines["type"], "NOPEN"), "failure", "success"),
        "object_kind": pa.array(["path"] * lines.num_rows, pa.string()),
        "object": hostevents.short(pc.coalesce(named, lines["target"])),
        "object_from": hostevents.short(
            pc.binary_join_element_wise(lines["source_parent"], lines["source_name"], "/")
        ),
        "text": hostevents.pairs(
            {"": words.take(kinds.indices), " ": lines["type"], "t": lines["target"], "nid": lines["nid"], "job": lines["job"], "m": lines["mode"], "x": lines["attribute"]}
        ),
    }  # fmt: skip
    when = clock.offsets(lines["written"], tick_ns=1)
    verb = pa.array(["reported"] * lines.num_rows, pa.string())
    return {"event": hostevents.unattributed(rows, "lustre_changelog", verb, more, when=when)}
