"""What rows of accounting are taken to tell: the life of a job, and who asked to end it.

`CANCELLED by 4101` names the uid that the controller authenticated. It asked no later than the second
in which the job ended; a row of a step that repeats its job's word for it is not a second request.
"""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, jobrecords, loose
from forensics.core.citation import column
from forensics.core.tables import EVENT, JOB_RECORD

_MOST_DIGITS = 12
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
    state = column(records, "state")
    code, signal = _found(
        column(records, "exit_code"), r"^(?P<code>[0-9]{1,9}):(?P<signal>[0-9]{1,9})$", "code", "signal"
    )
    (asked,) = _found(state, r"^CANCELLED\+? by (?P<by>[0-9]{1,10})$", "by")
    told = {
        name: column(records, name)
        for name in (
            "job",
            "step",
            "cluster",
            "elapsed_s",
            "gpus",
            "cpus",
            "energy_j",
            "submit_line",
            "comment",
        )
    }
    told |= {
        "name": column(records, "job_name"),
        "owner": column(records, "user"),
        "owner_uid": column(records, "uid"),
        "state": state,
        "exit_code": code.cast(pa.int64()),
        "exit_signal": signal.cast(pa.int64()),
        "requestor": asked,
        "nodes": column(records, "node_list"),
        "node_count": column(records, "nodes"),
        "workdir": column(records, "work_dir"),
    }
    times = jobrecords.Times(
        *(_placed(column(records, f"{name}_wall"), zone) for name in jobrecords.Times._fields)
    )
    return jobrecords.lightly(records, files, told, times, "sacct", asked=notes)


def _found(written: pa.Array, pattern: str, *names: str) -> list[pa.Array]:
    """Groups of a pattern in words of which there are few: each is looked at once."""
    coded = loose.dictionary(written)
    found = pc.extract_regex(coded.dictionary, pattern=pattern)
    return [pc.struct_field(found, name).take(coded.indices) for name in names]


def _placed(wall: pa.Array, zone: str) -> clock.Interval:
    """The times of different words, each of which is looked at once."""
    coded = loose.dictionary(wall)
    return clock.Interval(*(told.take(coded.indices) for told in _times(coded.dictionary, zone)))


def _times(wall: pa.Array, zone: str) -> clock.Interval:
    """Wall clocks, and seconds since 1970 where the command was told to print those."""
    layout, tick_ns = "%Y-%m-%dT%H:%M:%S", clock.NS_PER_S
    short = pc.less_equal(pc.binary_length(wall), _MOST_DIGITS)
    if not pc.any(short).as_py():
        return clock.walls(wall, layout=layout, zone=zone, tick_ns=tick_ns)
    counted = pc.and_(short, pc.match_substring_regex(wall, r"^[0-9]+$"))
    dated = clock.walls(pc.if_else(counted, None, wall), layout=layout, zone=zone, tick_ns=tick_ns)
    since = clock.epoch(pc.if_else(counted, wall, None).cast(pa.int64()))
    return clock.Interval(*(pc.if_else(counted, c, d) for c, d in zip(since, dated, strict=True)))
