"""What Gerrit's SSH log as JSON is taken to tell: who entered its SSH server, was refused, pushed and fetched."""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, forge

NEEDS_ANCHOR = False
ONCE = True

_MS = 1_000_000
_ENTRY = {
    "LOGIN": ("login", "success"),
    "AUTH FAILURE": ("login_failed", "failure"),
    "LOGOUT": ("disconnect", None),
}


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - every time has its own offset
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
) -> Mapping[str, pa.Table]:
    """One event for each line."""
    asked = [forge.ssh(action) for action in records["action"].to_pylist()]
    named = pa.array([found[1] if found else None for found in asked], pa.string())
    at = records.schema.get_field_index("repository")
    told = records.set_column(at, records.schema.field(at), named)
    return forge.read(told, files, "gerrit_sshd_json", _when, _verb)


def _when(times: pa.Array) -> clock.Interval:
    """Both ways that Gerrit has written its times, put into that of RFC 3339."""
    shown = pc.replace_substring_regex(
        times, r"^([0-9-]{10})[T ]([0-9:]{8})[.,]([0-9]{3}) ?([+-][0-9]{2}):?([0-9]{2})$", r"\1T\2.\3\4:\5"
    )
    return clock.offsets(shown, tick_ns=_MS)


def _verb(action: str, status: str | None) -> tuple[str, str | None]:
    if action in _ENTRY and status in {None, "refused"}:
        return _ENTRY[action]
    refused = status not in {"0", None}
    found = forge.ssh(action, refused=refused)
    return (found[0] if found else "other"), None if status is None else "failure" if refused else "success"
