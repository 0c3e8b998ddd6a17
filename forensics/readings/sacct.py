"""What rows of accounting are taken to tell: the life of a job, and who asked to end it.

`CANCELLED by 4101` names the uid that the controller authenticated. It asked no later than the second
in which the job ended; a row of a step that repeats its job's word for it is not a second request.
"""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import jobrecords, loose, sacctjobs
from forensics.core.citation import column
from forensics.core.tables import EVENT, JOB_RECORD

NEEDS_ANCHOR = False
ONCE = True
COLUMNS = (
    "sha256", "job", "step", "job_name", "user", "uid", "state", "exit_code", "submit_wall", "start_wall", "end_wall",
    "elapsed_s", "gpus", "cpus", "nodes", "energy_j", "node_list", "work_dir", "submit_line", "comment", "cluster", "start", "stop",
)  # fmt: skip
_ASKED = r"^CANCELLED\+? by [0-9]{1,10}$"
NOTES = rf"""
    SELECT sha256, job FROM records WHERE regexp_matches(state, '{_ASKED}')
    GROUP BY sha256, job HAVING bool_or(step IS NULL) AND bool_or(step IS NOT NULL)
"""
"""Jobs that say themselves, and of which a step says too, who asked to end them: the two may lie in two slices."""


CODED = tuple(
    name
    for name in COLUMNS
    if name not in {"uid", "elapsed_s", "gpus", "cpus", "nodes", "energy_j", "start", "stop"}
)


def claims(records: pa.Table) -> pa.Table:
    """Rows that say who asked to end a job: of which file and job, and whether each is the job's `own`.

    A step's is told only where its job does not say so.
    """
    asked = loose.each(column(records, "state"), lambda words: pc.match_substring_regex(words, _ASKED))
    held = records.select(["sha256", "job", "step"]).filter(pc.fill_null(asked, False))
    own = pc.is_null(held["step"]).combine_chunks()
    columns = [loose.plain(column(held, name)) for name in ("sha256", "job")]
    rows = pa.Table.from_arrays([*columns, own], ["sha256", "job", "own"])
    # To group loads the half of Arrow that answers questions, where most often there is nothing.
    return rows.group_by(["sha256", "job", "own"]).aggregate([]) if len(rows) else rows


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,
    anchor_ns: int | None,
    notes: pa.Table | None = None,
) -> Mapping[str, pa.Table]:
    """A submit, a start and an end for each job that has them, and a kill request where one is told."""
    made = lightly(records, files, zone=zone, anchor_ns=anchor_ns, notes=notes)
    return {table.name: loose.strict(made[table.name], table.schema()) for table in (EVENT, JOB_RECORD)}


def lightly(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
    notes: pa.Table | None = None,
) -> Mapping[str, pa.Table]:
    """The same, as `core.loose` has it."""
    told, times = sacctjobs.told(records, zone)
    return jobrecords.lightly(records, files, told, times, "sacct", asked=notes)
