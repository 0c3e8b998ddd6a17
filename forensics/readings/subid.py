"""What a list of subordinate numbers is taken to tell: that these numbers on that host are the account's too."""

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
    """One event for each range and path."""
    return {"event": hoststates.told(records, files, "subid", _said, whose=hostevents.elsewhere)}


def _said(line: Row, path: str) -> Iterable[Row]:
    name, first, count = str(line["name"]), line["first"], line["count"]
    kind = "gid" if path.rpartition("/")[2].startswith("subgid") else "uid"
    numbered = name.isdecimal() and len(name) <= 10
    last = int(str(first)) + int(str(count)) - 1
    yield {
        "verb": "other",
        "account": None if numbered else name,
        "account_absence": "number_only",
        "uid": int(name) if numbered else None,
        "object_kind": "account",
        "object": name,
        "text": f"may use the {kind}s {first} to {last} in user namespaces",
    }
