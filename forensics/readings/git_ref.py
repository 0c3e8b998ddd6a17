"""What a ref is taken to tell: what it named when it was collected. Nobody and no time is in it."""

import re
from collections.abc import Mapping

import pyarrow as pa

from forensics.core import gitevents
from forensics.core.tables import EVENT

NEEDS_ANCHOR = False

_PATH = re.compile(r"(?:(?P<root>.*?)/)?(?P<ref>[A-Z_]*HEAD|packed-refs|refs/.*)")


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - no time is written
    anchor_ns: int | None,  # noqa: ARG001 - the same
) -> Mapping[str, pa.Table]:
    """One event for each ref and path: equal files in two repositories are two facts."""
    rows = gitevents.placed(records, files)
    paths = [_PATH.fullmatch(path) for path in rows["path"]]
    names = [ref or (p["ref"] if p else None) for ref, p in zip(rows["ref"], paths, strict=True)]
    told = zip(rows["oid"], rows["target"], rows["peeled"], strict=True)
    text = [
        oid + (f" peeled={peeled}" if peeled else "") if oid else f"ref: {target}"
        for oid, target, peeled in told
    ]
    event = EVENT.build(
        {
            **gitevents.columns(rows, "git_ref"),
            "verb": ["other"] * len(rows),
            "account_absence": ["not_applicable"] * len(rows),
            "object_kind": ["ref"] * len(rows),
            "object": pa.array(names, pa.string()),
            "repository": pa.array(
                [gitevents.repository(p["root"]) if p else None for p in paths], pa.string()
            ),
            "text": pa.array([line[: gitevents.LONGEST_TEXT] for line in text], pa.string()),
        }
    )
    return {"event": event}
