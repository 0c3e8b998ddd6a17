"""What the objects of a git pack are taken to tell: a commit object exists; who and when are only asserted in it."""

from collections.abc import Mapping

import pyarrow as pa

from forensics.core import gitcolumns, gitevents

NEEDS_ANCHOR = False
COLUMNS = gitcolumns.TOLD


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - git writes its own offset
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
) -> Mapping[str, pa.Table]:
    """One event for each object and path; one copy for each blob and path."""
    return gitevents.read_objects(records, files, "git_pack")
