"""What a Kubernetes audit log that is laid out over lines is taken to tell: the same as one with an event a line."""

from collections.abc import Mapping

import pyarrow as pa

from forensics.core import kubetold, loose
from forensics.core.tables import EVENT

NEEDS_ANCHOR = False


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - times carry their offset
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
) -> Mapping[str, pa.Table]:
    """One event for each stage, and a job record where a job is made, asked to end, or said to have ended."""
    made = kubetold.lightly(records, files, "k8s_audit_laid_out")
    return {**made, EVENT.name: loose.strict(made[EVENT.name], EVENT.schema())}
