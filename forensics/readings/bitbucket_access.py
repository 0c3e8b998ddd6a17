"""What Bitbucket's access log is taken to tell: which account pushed to or read which repository, by HTTP or SSH."""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, forge

NEEDS_ANCHOR = False
ONCE = True

_MS = 1_000_000


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
) -> Mapping[str, pa.Table]:
    """One event for each line; a request that came in is told again when it is done, and only then is it a push."""

    def when(times: pa.Array) -> clock.Interval:
        return clock.dated_walls(pc.replace_substring(times, ",", "."), zone=zone, tick_ns=_MS)

    at = records.schema.get_field_index("repository")
    asked = [forge.http(action, None) or forge.ssh(action) for action in records["action"].to_pylist()]
    named = pa.array([found[1] if found else None for found in asked], pa.string())
    told = records.set_column(at, records.schema.field(at), named)
    return forge.read(told, files, "bitbucket_access", when, _verb)


def _verb(action: str, status: str | None) -> tuple[str, str | None]:
    if status == "came in":
        return "other", None
    refused = status not in {"0", "200", "done"}
    found = forge.http(action, "200" if status == "done" else status) or forge.ssh(action, refused=refused)
    if found is None:
        return "other", None
    return found[0], "failure" if refused else "success"
