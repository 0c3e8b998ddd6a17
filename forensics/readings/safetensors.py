"""What a safetensors file is taken to tell: its layout. Nothing in it can be called, and nobody is named."""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import hostevents
from forensics.core.tables import EVENT

NEEDS_ANCHOR = False


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - no time is written
    anchor_ns: int | None,  # noqa: ARG001 - the same
) -> Mapping[str, pa.Table]:
    """One event for each file and path."""
    rows = hostevents.placed(records, files, every_path=True)
    lines = rows.lines
    count = lines.num_rows
    told = {
        "tensors": lines["tensors"],
        "dtypes": pc.binary_join(lines["dtypes"], ","),
        "number_bytes": lines["number_bytes"],
        "uncovered_bytes": lines["uncovered_bytes"],
        "overlaps": lines["overlaps"],
        "metadata": lines["metadata"],
    }
    event = EVENT.build(
        {
            **hostevents.columns(rows, "safetensors"),
            "host": rows.files["host"],
            "verb": pa.array(["other"] * count, pa.string()),
            "account_absence": pa.array(["not_applicable"] * count, pa.string()),
            "object_kind": pa.array(["path"] * count, pa.string()),
            "object": pc.coalesce(rows.files["origin"], rows.files["path"]),
            "text": hostevents.pairs(told),
        }
    )
    return {"event": event}
