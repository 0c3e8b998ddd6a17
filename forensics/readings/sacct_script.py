"""What archived scripts are taken to tell: what a job was submitted with. When is told by the job's own records."""

from collections.abc import Mapping

import pyarrow as pa

from forensics.core import schedulerevents
from forensics.core.clock import Interval
from forensics.core.schedulerevents import Row

NEEDS_ANCHOR = False


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - there is no time in it
    anchor_ns: int | None,  # noqa: ARG001 - the same
) -> Mapping[str, pa.Table]:
    """One event for each text. `object` is the text's git object id, so that a blob of a repository can be found by it."""
    nothing = pa.nulls(records.num_rows, pa.int64())
    told = schedulerevents.told(records, files, "sacct_script", Interval(nothing, nothing), _tell)
    return {"event": told}


def _tell(row: Row) -> Row:
    # A text that another could have held is of no job for sure.
    job = None if row["within"] else str(row["job"]).partition(".")[0]
    text = f"{row['kind']} of job {row['job']}: {row['text']}"
    return {"verb": "other", "job": job, "object_kind": "source", "object": row["blob"], "text": text}
