"""What a group list is taken to tell: that these accounts are in that group, on that host.

It is a state and has no time. A group that lists nobody is told too: it exists.
"""

from collections.abc import Iterable, Mapping

import pyarrow as pa

from forensics.core import hostevents, hoststates
from forensics.core.hoststates import Row

NEEDS_ANCHOR = False


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - there is no time in it
    anchor_ns: int | None,  # noqa: ARG001 - the same
) -> Mapping[str, pa.Table]:
    """One event for each member and path, or one for a group without members."""
    return {"event": hoststates.told(records, files, "group", _said, whose=hostevents.elsewhere)}


def _said(line: Row, path: str) -> Iterable[Row]:  # noqa: ARG001 - a list says the same wherever it lies
    same = {
        "verb": "enrol_group",
        "object_kind": "group",
        "object": line["name"],
        "text": f"gid {line['gid']}",
    }
    members = line["members"]
    for member in members if isinstance(members, list) else ():
        yield same | {"account": member}
    if not members:
        yield same | {"account_absence": "not_applicable"}
