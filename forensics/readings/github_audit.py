"""What GitHub's audit log is taken to tell: that an account pushed to or read a repository, and what else it did, by name."""

from collections.abc import Mapping

import pyarrow as pa

from forensics.core import githubaudit

NEEDS_ANCHOR = False
ONCE = True


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - GitHub counts from 1970
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
) -> Mapping[str, pa.Table]:
    """One event for each object."""
    return githubaudit.told(records, files, "github_audit")
