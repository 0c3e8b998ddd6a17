"""What a listing of a cluster's state is taken to tell: nothing that was done."""

from collections.abc import Mapping

import pyarrow as pa

from forensics.core.tables import EVENT

NEEDS_ANCHOR = False


def read(
    records: pa.Table,  # noqa: ARG001 - there are none
    files: pa.Table,  # noqa: ARG001 - the same
    *,
    zone: str,  # noqa: ARG001 - the same
    anchor_ns: int | None,  # noqa: ARG001 - the same
) -> Mapping[str, pa.Table]:
    """No event: every line of such a file is ignored."""
    return {"event": EVENT.empty()}
