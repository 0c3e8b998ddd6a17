"""What GitHub's audit log is taken to tell: that an account pushed to or read a repository, and what else it did, by name."""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, forge

NEEDS_ANCHOR = False
ONCE = True

_VERBS = {"git.push": "push_request", "git.clone": "fetch", "git.fetch": "fetch"}
_MS = 1_000_000
_MOST_MS = 9_000_000_000_000


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - GitHub counts from 1970
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
) -> Mapping[str, pa.Table]:
    """One event for each object. A time is written into the text form first, so that both forms are placed alike."""
    at = records.schema.get_field_index("time")
    counted = records["time_ms"]
    fits = pc.and_(pc.greater_equal(counted, -_MOST_MS), pc.less_equal(counted, _MOST_MS))
    stamps = pc.if_else(fits, counted, pa.scalar(None, pa.int64())).cast(pa.timestamp("ms", "UTC"))
    shown = pc.strftime(stamps, "%Y-%m-%dT%H:%M:%SZ")
    given = pc.replace_substring_regex(
        records["time"], r"^([0-9-]{10})[ T]([0-9:]{8}(?:\.[0-9]{1,9})?)$", r"\1T\2Z"
    )
    told = records.set_column(at, records.schema.field(at), pc.coalesce(shown, given).cast(pa.string()))
    return forge.read(told, files, "github_audit", _when, _verb)


def _when(times: pa.Array) -> clock.Interval:
    return clock.offsets(times, tick_ns=_MS)


def _verb(action: str, status: str | None) -> tuple[str, str | None]:  # noqa: ARG001 - it writes none
    verb = _VERBS.get(action, "other")
    return verb, "success" if verb != "other" else None
