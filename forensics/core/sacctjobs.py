"""What rows of accounting by sacct are taken to tell of each job."""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, jobrecords, loose
from forensics.core.citation import column

_MOST_DIGITS = 12
STATES = (
    "BOOT_FAIL", "CANCELLED", "COMPLETED", "COMPLETING", "CONFIGURING", "DEADLINE", "FAILED", "NODE_FAIL", "OUT_OF_MEMORY",
    "PENDING", "PREEMPTED", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD", "RESIZING", "RESV_DEL_HOLD", "REVOKED", "RUNNING",
    "SIGNALING", "SPECIAL_EXIT", "STAGE_OUT", "STOPPED", "SUSPENDED", "TIMEOUT",
)  # fmt: skip
"""Every state that a job can be in, as Slurm writes it."""


def told(records: pa.Table, zone: str) -> tuple[Mapping[str, pa.Array], jobrecords.Times]:
    """The columns of job records, and the times of each.

    Args:
        records: the columns `sacctrows.COLUMNS`.
        zone: IANA zone of the host that ran sacct.
    """
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
    return told, times


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
