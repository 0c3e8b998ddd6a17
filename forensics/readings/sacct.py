"""What rows of accounting are taken to tell: the life of a job, and who asked to end it.

`CANCELLED by 4101` names the uid that the controller authenticated. It asked no later than the second
in which the job ended; a row of a step that repeats its job's word for it is not a second request.
"""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, jobrecords
from forensics.core.citation import column

NEEDS_ANCHOR = False
ONCE = True
NOTES = r"""
    SELECT sha256, job FROM records WHERE regexp_matches(state, '^CANCELLED\+? by [0-9]{1,10}$')
    GROUP BY sha256, job HAVING bool_or(step IS NULL) AND bool_or(step IS NOT NULL)
"""
"""Jobs that say themselves, and of which a step says too, who asked to end them: the two may lie in two slices."""


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
    notes: pa.Table | None = None,
) -> Mapping[str, pa.Table]:
    """A submit, a start and an end for each job that has them, and a kill request where one is told."""
    exits = pc.extract_regex(
        column(records, "exit_code"), pattern=r"^(?P<code>[0-9]{1,9}):(?P<signal>[0-9]{1,9})$"
    )
    state = column(records, "state")
    asked = pc.extract_regex(state, pattern=r"^CANCELLED\+? by (?P<by>[0-9]{1,10})$")
    told = {
        name: column(records, name)
        for name in ("job", "step", "cluster", "elapsed_s", "gpus", "cpus", "energy_j", "submit_line")
    }
    told |= {
        "name": column(records, "job_name"),
        "owner": column(records, "user"),
        "owner_uid": column(records, "uid"),
        "state": state,
        "exit_code": pc.struct_field(exits, "code").cast(pa.int64()),
        "exit_signal": pc.struct_field(exits, "signal").cast(pa.int64()),
        "requestor": pc.struct_field(asked, "by"),
        "nodes": column(records, "node_list"),
        "node_count": column(records, "nodes"),
        "workdir": column(records, "work_dir"),
    }
    times = jobrecords.Times(
        *(_placed(column(records, f"{name}_wall"), zone) for name in jobrecords.Times._fields)
    )
    return jobrecords.read(records, files, told, times, "sacct", asked=notes)


def _placed(wall: pa.Array, zone: str) -> clock.Interval:
    """Wall clocks, and seconds since 1970 where the command was told to print those."""
    dated = clock.walls(wall, layout="%Y-%m-%dT%H:%M:%S", zone=zone, tick_ns=clock.NS_PER_S)
    digits = pc.match_substring_regex(wall, r"^[0-9]{1,12}$")
    counted = clock.epoch(pc.if_else(digits, wall, None).cast(pa.int64()))
    return clock.Interval(
        *(pc.if_else(pc.fill_null(digits, False), c, d) for c, d in zip(counted, dated, strict=True))
    )
