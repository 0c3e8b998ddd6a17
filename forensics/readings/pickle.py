"""What a pickle is taken to tell: what a loader would import and call. That anybody loaded it is not in it."""

from collections.abc import Mapping

import pyarrow as pa

from forensics.core import gitevents
from forensics.core.tables import COPY, EVENT, STRINGS

NEEDS_ANCHOR = False


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - no time is written
    anchor_ns: int | None,  # noqa: ARG001 - the same
) -> Mapping[str, pa.Table]:
    """One event and one copy for each pickle and path."""
    rows = gitevents.placed(records, files)
    told = zip(rows["kind"], rows["globals"], rows["reduces"], rows["complete"], strict=True)
    text = [
        f"{kind} with {reduces} calls{'' if complete else ', damaged'}; globals: {', '.join(names) or 'none'}"
        for kind, names, reduces, complete in told
    ]
    event = EVENT.build(
        {
            **gitevents.columns(rows, "pickle"),
            "verb": ["other"] * len(rows),
            "account_absence": ["not_applicable"] * len(rows),
            "object_kind": ["path"] * len(rows),
            "object": pa.array(rows["path"].tolist(), pa.string()),
            "text": pa.array([line[: gitevents.LONGEST_TEXT] for line in text], pa.string()),
        }
    )
    copy = COPY.build(
        {
            "sha256": pa.array(rows["sha256"].tolist(), pa.string()),
            "path": pa.array(rows["path"].tolist(), pa.string()),
            "kind": pa.array(rows["kind"].tolist(), pa.string()),
            "bytes": pa.array(rows["content_bytes"].tolist(), pa.int64()),
            "globals": pa.array(rows["globals"].tolist(), STRINGS),
            "strings": pa.array(rows["strings"].tolist(), STRINGS),
            "format": ["pickle"] * len(rows),
            "start": pa.array(rows["start"].tolist(), pa.int64()),
            "stop": pa.array(rows["stop"].tolist(), pa.int64()),
        }
    )
    return {"event": event, "copy": copy}
