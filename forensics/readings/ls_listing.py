"""What a listing by ls is taken to tell: that a path was there, with this time. A state, and nobody's act.

The time of a file can be set at will. When the list was made it does not say, so its events have no time;
the time that it tells is in `text`, as `time`, for the list does not show which of the file's times it is.
"""

import posixpath
from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import hostevents, listings
from forensics.core.tables import CITATIONS

EACH = True
NEEDS_ANCHOR = False


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - every time has its offset
    anchor_ns: int | None,  # noqa: ARG001 - and its year
) -> Mapping[str, pa.Table]:
    """One event for each line; an entry cites the heading that names its folder, too."""
    rows = hostevents.placed(records, files, every_path=True)
    lines = rows.lines
    number = pc.match_substring_regex(lines["owner"], r"^[0-9]{1,10}$")
    entry = pc.equal(lines["kind"], "entry")
    more = {
        "object": hostevents.short(pa.array(map(_path, lines["folder"].to_pylist(), lines["name"].to_pylist()), pa.string())),
        "object_owner_uid": pc.if_else(number, lines["owner"], hostevents.NOTHING).cast(pa.int64()),
        "kind": pc.if_else(entry, hostevents.NOTHING, "folder"),
        "time": listings.spaced(lines["written"]),
        "owner": lines["owner"],
        "mode": lines["mode"],
        "size": lines["size"],
        "link": lines["target"],
    }  # fmt: skip
    told = listings.listed(rows, "ls_listing", more)
    at = told.schema.get_field_index("citations")
    cited = pa.array(map(_cited, lines.to_pylist()), CITATIONS)
    return {"event": told.set_column(at, told.schema.field(at), cited)}


def _path(folder: str | None, name: str | None) -> str | None:
    parts = [part for part in (folder, name) if part]
    return posixpath.normpath(posixpath.join(*parts)) if parts else None


def _cited(line: dict[str, object]) -> list[dict[str, object]]:
    own = {name: line[name] for name in ("sha256", "start", "stop")}
    if line["folder_start"] in {None, line["start"]}:
        return [own]
    return [own, {"sha256": line["sha256"], "start": line["folder_start"], "stop": line["folder_stop"]}]
