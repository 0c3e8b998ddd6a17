"""What a shadowed group list is taken to tell: who is in a group, and who may change it, on that host.

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
    """One event for each name and path, or one for a group that names nobody."""
    return {"event": hoststates.told(records, files, "gshadow", _said, whose=hostevents.elsewhere)}


def _said(line: Row, path: str) -> Iterable[Row]:  # noqa: ARG001 - a list says the same wherever it lies
    same = {"verb": "enrol_group", "object_kind": "group", "object": line["name"]}
    for role in ("administrators", "members"):
        names = line[role]
        for name in names if isinstance(names, list) else ():
            yield same | {
                "account": name,
                "text": "may change it" if role == "administrators" else "is in it",
            }
    if not line["administrators"] and not line["members"]:
        yield same | {"account_absence": "not_applicable", "text": f"password: {line['password']}"}
