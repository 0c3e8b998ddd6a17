"""What a listing of the queue is taken to tell: which jobs of whom waited, ran or had just ended, and where, when it was printed.

A job that has not ended has no end, whatever the listing expects, and one that waits has no start. How long a job has run says no
start: time in which it was suspended does not count.
"""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import citation, clock, hostevents, jobrecords, padded, sacctjobs, schedulerevents
from forensics.core.citation import column
from forensics.core.clock import Interval
from forensics.core.tables import CITATIONS, EVENT

NEEDS_ANCHOR = False
ONCE = True
_STATE_BYTES = 8
_PLACE = ("sha256", "start", "stop")
_SAME = ("job", "name", "cluster", "state", "nodes", "comment")
_WAITING = ("PENDING", "PD", "REQUEUED", "RQ", "REQUEUE_HOLD", "RH", "REQUEUE_FED", "RF", "RESV_DEL_HOLD", "RD", "SPECIAL_EXIT", "SE")  # fmt: skip
_ENDED = r"^(?:COMPLETED|CD|CANCELLED|CA|FAILED|F|TIMEOUT|TO|NODE_FAIL|NF|OUT_OF_MEMORY|OOM|DEADLINE|DL|BOOT_FAIL|BF|PREEMPTED|PR|REVOKED|RV)$"


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
) -> Mapping[str, pa.Table]:
    """One event for each line at least; where times were asked for, a submit, a start and an end."""
    listed = pc.equal(column(records, "kind"), "job")
    jobs, moments = records.filter(listed), records.filter(pc.invert(listed))
    told = {name: column(jobs, name) for name in _SAME}
    told |= {
        "owner": column(jobs, "user"),
        "owner_uid": column(jobs, "uid"),
        "workdir": column(jobs, "work_dir"),
    }
    state = pa.array([_whole(word) for word in told["state"].to_pylist()], pa.string())
    told["state"] = state
    submit, start, end = (_dated(column(jobs, f"{name}_wall"), zone) for name in jobrecords.Times._fields)
    waits = pc.fill_null(pc.is_in(state, pa.array(_WAITING)), True)
    ended = pc.fill_null(pc.match_substring_regex(state, _ENDED), False)
    times = jobrecords.Times(submit, _where(pc.invert(waits), start), _where(ended, end))
    runs = pc.and_not(pc.is_valid(told["nodes"]), waits)
    told |= {name: pc.if_else(runs, column(jobs, name), None) for name in ("node_count", "cpus")}
    # What runs or waits when it is printed has come to nothing yet.
    outcome = pc.if_else(ended, jobrecords.outcomes(state), None)
    made = jobrecords.read(jobs, files, told, times, "squeue", outcome=outcome)
    made["job_record"] = _changed(made["job_record"])
    made["event"] = pa.concat_tables(
        [_at_the_moment(made["event"], jobs, state, zone), _printed(moments, files, zone)]
    )
    return made


def _whole(state: str | None) -> str | None:
    """The one state that its first eight letters, as the usual width cuts them, can be of; itself where it is not so."""
    return (
        state
        if state is None or len(state) != _STATE_BYTES
        else padded.whole(f"{state}+", sacctjobs.STATES) or state
    )


def _changed(records: pa.Table) -> pa.Table:
    """Job records that say something else of a job than the one before of its file: a queue is often printed every minute."""
    last: dict[object, object] = {}
    kept = []
    for row in records.to_pylist():
        said = {name: value for name, value in row.items() if name not in {"start", "stop"}}
        of = row["sha256"], row["cluster"], row["job"]
        kept.append(last.get(of) != said)
        last[of] = said
    return records.filter(pa.array(kept, pa.bool_()))


def _dated(wall: pa.Array, zone: str) -> Interval:
    return clock.walls(wall, layout="%Y-%m-%dT%H:%M:%S", zone=zone, tick_ns=clock.NS_PER_S)


def _moment(rows: pa.Table, zone: str) -> Interval:
    return clock.walls(
        column(rows, "printed_wall"), layout="%a %b %d %H:%M:%S %Y", zone=zone, tick_ns=clock.NS_PER_S
    )


def _where(held: pa.Array, times: Interval) -> Interval:
    return Interval(*(pc.if_else(held, ns, None) for ns in times))


def _at_the_moment(events: pa.Table, jobs: pa.Table, state: pa.Array, zone: str) -> pa.Table:
    """Events, those that only say how a job stood at the moment at which its line was printed, which the line with that moment says too."""
    # The place of each event's line among the lines.
    own, every = (citation.named(citation.spans(rows)) for rows in (events, jobs))
    of = pc.index_in(own, every)
    stood = pc.equal(column(events, "verb"), "other")
    when = [
        pc.if_else(stood, ns.take(of), column(events, name))
        for ns, name in zip(_moment(jobs, zone), ("earliest_ns", "latest_ns"), strict=True)
    ]
    said = pc.if_else(stood, _text(jobs, state).take(of), column(events, "text"))
    told = {name: column(events, name) for name in EVENT.names}
    told |= {"earliest_ns": when[0], "latest_ns": when[1], "text": said}
    told["clock"] = citation.clocked(when[0], told["domain"], "squeue")
    told["citations"] = _with_moment(events, jobs.take(of), pc.and_(stood, pc.is_valid(when[0])))
    return EVENT.build(told)


def _with_moment(events: pa.Table, lines: pa.Table, dated: pa.Array) -> pa.Array:
    """The citation of each event, and of those that are dated by it also that of the line with the moment."""
    places = [
        [(row["sha256"], row["start"], row["stop"])]
        + ([(row["sha256"], line["printed_start"], line["printed_stop"])] if also else [])
        for row, line, also in zip(
            events.select(["sha256", "start", "stop"]).to_pylist(),
            lines.select(["printed_start", "printed_stop"]).to_pylist(),
            dated.to_pylist(),
            strict=True,
        )
    ]
    return pa.array([[dict(zip(_PLACE, place, strict=True)) for place in own] for own in places], CITATIONS)


def _text(jobs: pa.Table, state: pa.Array) -> pa.Array:
    """How a job stood: its state, on which nodes, and whose it was."""
    words = [pc.coalesce(state, "")]
    for name, before in (("nodes", " on "), ("user", " of "), ("elapsed", " for ")):
        words.append(pc.coalesce(pc.binary_join_element_wise(before, column(jobs, name), ""), ""))
    return hostevents.short(pc.utf8_trim_whitespace(pc.binary_join_element_wise(*words, "")))


def _printed(moments: pa.Table, files: pa.Table, zone: str) -> pa.Table:
    when = _moment(moments, zone)
    return schedulerevents.told(
        moments,
        files,
        "squeue",
        when,
        lambda row: {
            "verb": "other",
            "text": f"printed {row['printed_wall']}",
            "account_absence": "not_applicable",
        },
    )
