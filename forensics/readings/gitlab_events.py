"""What GitLab's answers of a project's events are taken to tell: which account pushed what to which ref.

An event names its project by number. Its repository is taken from the folders that the answer was kept in, where they are those of
its address: `projects/GROUP/PROJECT/events.json`. So whoever collected said it. Elsewhere it is not known, and then the line is a `push_request`.
"""

from collections.abc import Mapping

import pyarrow as pa

from forensics.core import clock, forge

NEEDS_ANCHOR = False
ONCE = True

_TICK_NS = 1_000_000
_PUSHES = frozenset({"pushed", "pushed to", "pushed new", "deleted"})


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - every time has its own offset
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
) -> Mapping[str, pa.Table]:
    """One event for each object."""
    told = forge.named_by_folder(records, files, "projects")
    return forge.read(told, files, "gitlab_events", _when, _verb)


def _when(times: pa.Array) -> clock.Interval:
    return clock.offsets(times, tick_ns=_TICK_NS)


def _verb(action: str, status: str | None) -> tuple[str, str | None]:  # noqa: ARG001 - it writes none
    return ("push_request", "success") if action in _PUSHES else ("other", None)
