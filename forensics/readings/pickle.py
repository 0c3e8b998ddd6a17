"""What a pickle is taken to tell: what a loader would import and call. That anybody loaded it is not in it."""

from collections.abc import Mapping

import pyarrow as pa

from forensics.core import hostevents
from forensics.core.tables import COPY, EVENT

NEEDS_ANCHOR = False


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - no time is written
    anchor_ns: int | None,  # noqa: ARG001 - the same
) -> Mapping[str, pa.Table]:
    """One event and one copy for each pickle and path."""
    rows = hostevents.placed(records, files, every_path=True)
    lines, path = rows.lines, rows.files["path"]
    told = zip(*(lines[c].to_pylist() for c in ("kind", "globals", "reduces", "complete")), strict=True)
    text = [
        f"{kind} with {reduces} calls{'' if complete else ', damaged'}; globals: {', '.join(names) or 'none'}"
        for kind, names, reduces, complete in told
    ]
    event = EVENT.build(
        {
            **hostevents.columns(rows, "pickle"),
            "host": rows.files["host"],
            "verb": ["other"] * len(text),
            "account_absence": ["not_applicable"] * len(text),
            "object_kind": ["path"] * len(text),
            "object": path,
            "text": pa.array([line[: hostevents.LONGEST_TEXT] for line in text], pa.string()),
        }
    )
    copy = COPY.build(
        {
            "path": path,
            "bytes": lines["content_bytes"],
            "format": ["pickle"] * len(text),
            **{name: lines[name] for name in ("sha256", "kind", "globals", "strings", "start", "stop")},
        }
    )
    return {"event": event, "copy": copy}
