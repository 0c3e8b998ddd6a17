"""What GitLab's logs are taken to tell: which account pushed to or read which repository, and what an administrator changed.

One push leaves a line in several of them, with one `request` id: they are several tellings of it.
"""

import re
from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, forge

NEEDS_ANCHOR = False
ONCE = True

_TICK_NS = 1_000_000
_RECEIVES = re.compile(r"(?:.*\.)?(?:SSHReceivePack|PostReceivePack)|git-receive-pack")
_SENDS = re.compile(r"(?:.*\.)?(?:SSHUploadPack\w*|PostUploadPack\w*)|git-upload-pack")


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - every time has its own offset
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
) -> Mapping[str, pa.Table]:
    """One event for each line."""
    asked = [forge.http(action, None) for action in records["action"].to_pylist()]
    named = pa.array([found[1] if found else None for found in asked], pa.string())
    at = records.schema.get_field_index("repository")
    repository = pc.coalesce(records["repository"].cast(pa.string()), named)
    told = records.set_column(at, records.schema.field(at), repository)
    return forge.read(told, files, "gitlab_json", lambda times: clock.offsets(times, tick_ns=_TICK_NS), _verb)


def _verb(action: str, status: str | None) -> tuple[str, str | None]:
    web = forge.http(action, status)
    if web is not None:
        return web[0], {"push_request": "success", "push_denied": "failure"}.get(web[0])
    # gitlab-shell's line is written before the push is served: its status is a sentence, and no outcome.
    outcome = {"OK": "success", None: None}.get(
        status, "failure" if status and re.fullmatch(r"[A-Z][A-Za-z]+", status) else None
    )
    if _RECEIVES.fullmatch(action):
        return ("push_denied" if outcome == "failure" else "push_request"), outcome
    if _SENDS.fullmatch(action):
        return ("other" if outcome == "failure" else "fetch"), outcome
    return "other", outcome
