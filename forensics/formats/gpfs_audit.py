r"""File audit log of IBM Storage Scale (GPFS): one JSON object for each operation on a file.

    {"LWE_JSON": "0.0.3", "path": "/gpfs/fs1/proj/ckpt.pt", "clusterName": "ml.lab", "nodeName": "gpu01", "event": "UNLINK", …

Shape   one object a line; numbers are written as strings
Source  IBM Storage Scale 5.2, Administration Guide, "JSON attributes in file audit logging"
Time    `eventTime`: the node's clock, in ms, with its offset; atime, mtime and ctime are those of the file
Who     `clientUserId` is the uid of the process on the node; of an NFS client, what that client told. No login
        account is recorded. `ownerUserId` owns the file and may have done nothing
Open    the node that wrote it is root's: the log's own fileset is append-only for everybody else. Paths are typed
        by users. What the system writes of itself (policies, backups) looks like anybody's
"""

import pyarrow as pa

from forensics.core import jsonlines
from forensics.core.jsonlines import Object
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.schema import Column, Table

_NOT_SAID = "not recorded, or empty"
_TEXTS = {
    "path": ("path", "path of the file: typed by a user"),
    "old_path": ("oldPath", "path before a rename: typed by a user"),
    "cluster": ("clusterName", "cluster"),
    "node": ("nodeName", "node that served the operation"),
    "nfs_client": ("nfsClientIp", "address of an NFS client"),
    "file_system": ("fsName", "file system"),
    "sub_event": ("subEvent", "what the event was part of"),
    "access_mode": ("accessMode", "access that was refused"),
    "permissions": ("permissions", "permissions of the file"),
    "atime": ("atime", "time the file was read, as written"),
    "mtime": ("mtime", "time its content changed, as written"),
    "ctime": ("ctime", "time its inode changed, as written"),
}
_NUMBERS = {
    "inode": ("inode", "inode", None),
    "links": ("linkCount", "hard links", None),
    "open_flags": ("openFlags", "flags of opening, as in fcntl.h", None),
    "size": ("fileSize", "size", "bytes"),
    "owner_uid": ("ownerUserId", "owner of the file; who may have done nothing", None),
    "owner_gid": ("ownerGroupId", "its group", None),
    "uid": ("clientUserId", "uid of the process that asked", None),
    "gid": ("clientGroupId", "its group", None),
    "pid": ("processId", "process that asked", None),
    "bytes_read": ("bytesRead", "read until it was closed", "bytes"),
    "bytes_written": ("bytesWritten", "written until it was closed", "bytes"),
}
TABLE = Table(
    "gpfs_audit",
    "an operation on a file",
    (
        Column("event", pa.string(), "operation"),
        Column("written", pa.string(), "eventTime as written"),
        *(Column(name, pa.string(), says, None, _NOT_SAID) for name, (_, says) in _TEXTS.items()),
        *(Column(name, pa.int64(), says, unit, _NOT_SAID) for name, (_, says, unit) in _NUMBERS.items()),
        *SPAN,
    ),
)
CUT = "line"
DOMAIN = "gpfs:audit"


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of the key that names the layout."""
    return 97 if jsonlines.has(jsonlines.first_objects(head), "LWE_JSON", "event") else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    return jsonlines.parse(data, base, TABLE, _row)


def _row(found: Object) -> Object | Why | None:
    event, written = jsonlines.text(found, "event"), jsonlines.text(found, "eventTime")
    if not event or not written or "LWE_JSON" not in found:
        return Why.VALUE if "LWE_JSON" in found else Why.SHAPE
    texts = {name: jsonlines.text(found, key) or None for name, (key, _) in _TEXTS.items()}
    numbers = {name: jsonlines.number(found, key) for name, (key, *_) in _NUMBERS.items()}
    return {"event": event, "written": written, **texts, **numbers}
