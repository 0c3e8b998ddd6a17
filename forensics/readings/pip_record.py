"""What a list of installed files is taken to tell: what each file of a package should hold.

It is a state and has no time. Whether the file holds it is for whoever compares it with a copy. Equal
lists of two environments are told once for each. Who installed the package is not in it.
"""

import posixpath
from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import hostevents

NEEDS_ANCHOR = False


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - there is no time in it
    anchor_ns: int | None,  # noqa: ARG001 - the same
) -> Mapping[str, pa.Table]:
    """One event for each file and environment. `text` is `<algorithm>:<digest> size=<bytes>`."""
    rows = hostevents.placed(records, files, every_path=True)
    lines = rows.lines
    hashed = pc.binary_join_element_wise(lines["algorithm"], lines["digest"], ":")
    paths = map(_placed, rows.files["origin"].to_pylist(), lines["path"].to_pylist())
    more = {
        "object_kind": pa.array(["path"] * lines.num_rows, pa.string()),
        "object": pa.array(paths, pa.string()),
        "text": hostevents.pairs({"": hashed, "size": lines["size"]}),
    }
    verb = pa.array(["expected"] * lines.num_rows, pa.string())
    return {"event": hostevents.unattributed(rows, "pip_record", verb, more)}


def _placed(origin: str | None, path: str) -> str:
    """A path of the list on the host: below the folder that holds the `.dist-info`; as written where none shows."""
    folder = posixpath.dirname(origin or "")
    if path.startswith("/") or not folder.endswith((".dist-info", ".egg-info")):
        return path
    return posixpath.normpath(posixpath.join(posixpath.dirname(folder), path))
