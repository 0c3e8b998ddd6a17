"""What GitHub's answers of a repository's pushes are taken to tell: which account moved which ref from what to what.

An activity names no repository. It is taken from the folders that the answer was kept in, where they are those of its address:
`repos/OWNER/REPO/activity.json`. So whoever collected said it. Elsewhere it is not known, and then the line is a `push_request`.
"""

from collections.abc import Mapping

import pyarrow as pa

from forensics.core import clock, forge, githubaudit

NEEDS_ANCHOR = False
ONCE = True

_MERGES = frozenset({"pr_merge", "merge_queue_merge"})
_PUSHES = frozenset({"push", "force_push", "branch_creation", "branch_deletion", "PushEvent"})
"""The rest of what the API answers moves no ref, or is not known to."""


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - every time is UTC
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
) -> Mapping[str, pa.Table]:
    """One event for each object."""
    told = forge.named_by_folder(records, files, "repos")
    return forge.read(told, files, "github_activity", _when, _verb, merges=_MERGES, realm=githubaudit.REALM)


def _when(times: pa.Array) -> clock.Interval:
    return clock.offsets(times, tick_ns=clock.NS_PER_S)


def _verb(action: str, status: str | None) -> tuple[str, str | None]:  # noqa: ARG001 - it writes none
    return ("push_request", "success") if action in _MERGES | _PUSHES else ("other", None)
