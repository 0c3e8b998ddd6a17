"""What an accounting record is taken to tell: that a job was submitted, started and ended, and who asked to end it.

Schedulers, and the logs of one scheduler, differ in what they hold, and are read to the same events.
The owner of a job is not who acted on it: only the submission is the owner's, because the scheduler
authenticated the submitter as that account, or named another one as the submitter.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import citation, endings
from forensics.core.clock import Interval
from forensics.core.tables import EVENT, JOB_RECORD

LONGEST_TEXT = 4096
SUBMIT, START, END, KILL, OTHER = range(5)
_OUTCOMES = {
    "COMPLETED": "COMPLETED", "CD": "COMPLETED", "FAILED": "FAILED", "F": "FAILED", "CANCELLED": "CANCELLED",
    "CA": "CANCELLED", "TIMEOUT": "TIMEOUT", "TO": "TIMEOUT", "DEADLINE": "TIMEOUT", "DL": "TIMEOUT",
    "OUT_OF_MEMORY": "OUT_OF_MEMORY", "OOM": "OUT_OF_MEMORY", "NODE_FAIL": "NODE_FAIL", "NF": "NODE_FAIL",
    "BOOT_FAIL": "NODE_FAIL", "BF": "NODE_FAIL", "PREEMPTED": "PREEMPTED", "PR": "PREEMPTED",
    "RUNNING": "RUNNING", "R": "RUNNING", "PENDING": "PENDING", "PD": "PENDING",
}  # fmt: skip
_NOWHERE = pa.array(["None assigned", "(null)"])
_UNDER_WAY = pa.array(["RUNNING", "PENDING"])
_FAILURES = pa.array(["FAILED", "TIMEOUT", "OUT_OF_MEMORY", "NODE_FAIL"])
_NO_TEXT = pa.scalar(None, pa.string())
_COLUMNS = (
    "job", "step", "cluster", "name", "owner", "owner_uid", "state", "exit_code", "exit_signal", "submitter",
    "requestor", "elapsed_s", "gpus", "nodes", "node_count", "cpus", "energy_j", "workdir", "submit_line",
)  # fmt: skip
_PLACE = ("sha256", "start", "stop", "job")
_SAID = {
    SUBMIT: (*_PLACE, "step", "owner_uid", "submitter", "owner", "workdir", "submit_line", "name"),
    START: (*_PLACE, "step", "nodes"),
    END: (*_PLACE, "step", "state", "exit_signal"),
    KILL: (*_PLACE, "step", "state", "requestor"),
    OTHER: (*_PLACE, "step", "state"),
}
"""The columns that an event of each kind takes something from."""
_TYPES = {c.name: c.type for c in JOB_RECORD.columns}


class Times(NamedTuple):
    """When each job was submitted, started and ended; null where it was not, or it is not recorded."""

    submit: Interval
    start: Interval
    end: Interval


class _Jobs(NamedTuple):
    """The rows of one reading: their columns, when, and where each stands."""

    told: Mapping[str, pa.Array]
    outcome: pa.Array
    times: Times
    domain: pa.Array
    form: str
    asked: pa.Array | None
    named: pa.Array


def read(
    records: pa.Table,
    files: pa.Table,
    told: Mapping[str, pa.Array],
    times: Times,
    form: str,
    *,
    outcome: pa.Array | None = None,
    asked: pa.Table | None = None,
) -> dict[str, pa.Table]:
    """Say what records of jobs tell, as events and as job records.

    Args:
        records: the format's table with `sha256`; each row is one job or one step.
        files: schema `file`.
        told: columns of `job_record` by name, as long as `records`; one left out is null.
        times: when.
        form: name of the format.
        outcome: as `job_record.outcome`, for a scheduler whose states are not Slurm's words.
        asked: `sha256` and `job` of jobs whose own row tells who asked to end them, where that row may be
            among others than these; None where all rows of each job are.
    """
    whole = {name: told.get(name, pa.nulls(records.num_rows, _TYPES[name])) for name in _COLUMNS}
    whole |= citation.spans(records)
    domain = citation.of_file(whole["sha256"], files, "domain")
    # A job that ended while it waited is given its last moment as its start; it has no nodes then.
    nowhere = pc.fill_null(pc.is_in(whole["nodes"], _NOWHERE), False)
    start = Interval(*(pc.if_else(nowhere, None, v) for v in times.start))
    jobs = _Jobs(
        whole,
        outcomes(whole["state"]) if outcome is None else outcome,
        times._replace(start=start),
        domain,
        form,
        None if asked is None else _keys(asked["sha256"], asked["job"]),
        citation.named(whole),
    )
    return {"event": _events(jobs), "job_record": _records(jobs)}


def outcomes(state: pa.Array) -> pa.Array:
    """The normalised outcome of states as written: `CANCELLED by 4101` is CANCELLED. Null stays null."""
    coded = state.dictionary_encode()
    words = [text.replace(",", " ").split() for text in coded.dictionary.to_pylist()]
    named = [next((_OUTCOMES[w] for w in w_s if w in _OUTCOMES), "OTHER") for w_s in words]
    return pa.array(named, pa.string()).take(coded.indices)


def _under_way(jobs: _Jobs) -> pa.Array:
    return pc.fill_null(pc.is_in(jobs.outcome, _UNDER_WAY), False)


def _events(jobs: _Jobs) -> pa.Table:
    """One table of every event, a kind at a time."""
    told, times = jobs.told, jobs.times
    own = pc.is_null(told["step"])
    known = {
        SUBMIT: pc.and_(own, pc.is_valid(times.submit.earliest_ns)),
        START: pc.is_valid(times.start.earliest_ns),
        END: pc.and_not(pc.is_valid(times.end.earliest_ns), _under_way(jobs)),
        KILL: pc.and_(pc.is_valid(told["requestor"]), _asked(jobs, own)),
    }
    known[OTHER] = pc.invert(pc.or_(pc.or_(known[SUBMIT], known[START]), pc.or_(known[END], known[KILL])))
    made = [_event(jobs, kind, rows) for kind, rows in known.items() if pc.any(rows).as_py()]
    return pa.concat_tables(made) if made else EVENT.empty()


def _asked(jobs: _Jobs, own: pa.Array) -> pa.Array:
    """Where a request to end is told for the first time: a step repeats what its job says."""
    told = jobs.told
    if not pc.any(pc.and_not(pc.is_valid(told["requestor"]), own)).as_py():
        return own
    key = _keys(told["sha256"], told["job"])
    known = jobs.asked
    if known is None:
        known = key.filter(pc.and_(own, pc.is_valid(told["requestor"])))
    return pc.or_(own, pc.invert(pc.is_in(key, known)))


def _keys(sha256: pa.Array, job: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(sha256, job, "/")


def _event(jobs: _Jobs, kind: int, rows: pa.Array) -> pa.Table:
    if pc.all(rows).as_py():
        told, outcome, domain, named = jobs.told, jobs.outcome, jobs.domain, jobs.named
    else:
        told = {name: jobs.told[name].filter(rows) for name in _SAID[kind]}
        outcome, domain, named = (whole.filter(rows) for whole in (jobs.outcome, jobs.domain, jobs.named))
    nothing = pa.nulls(len(domain), pa.int64())
    when = {SUBMIT: jobs.times.submit, START: jobs.times.start, END: jobs.times.end, KILL: jobs.times.end}
    earliest, latest = (v.filter(rows) for v in when[kind]) if kind in when else (nothing, nothing)
    account = _account(told, kind)
    uid = pc.if_else(pc.is_null(told["step"]), told["owner_uid"], None) if kind == SUBMIT else nothing
    uid = _number(told["requestor"]) if kind == KILL else uid
    absence = pc.if_else(pc.and_(pc.is_null(account), pc.is_valid(uid)), "number_only", "not_recorded")
    return EVENT.build(
        {
            **citation.cited(told, part=kind, names=named),
            "earliest_ns": earliest,
            "latest_ns": latest,
            "clock": citation.clocked(earliest, domain, jobs.form),
            "format": pa.repeat(jobs.form, len(domain)),
            "domain": domain,
            "verb": pa.repeat(("submit", "start", "end", "kill_request", "other")[kind], len(domain)),
            "outcome": _result(outcome, kind),
            "account": account,
            "account_absence": pc.if_else(pc.is_valid(account), _NO_TEXT, absence),
            "uid": uid,
            "cwd": told["workdir"] if kind == SUBMIT else pa.nulls(len(domain), pa.string()),
            "object_kind": pa.repeat("job", len(domain)),
            "object": told["job"],
            "signal": _signal(told["exit_signal"]) if kind == END else nothing,
            "job": told["job"],
            "text": _words(told, kind),
        }
    )


def _signal(number: pa.Array) -> pa.Array:
    return pc.if_else(pc.greater(number, 0), number, None)


def _account(told: Mapping[str, pa.Array], kind: int) -> pa.Array:
    """Who acted: the owner submitted; who asked to end it is told by name, or by number alone."""
    if kind == SUBMIT:
        return pc.coalesce(told["submitter"], told["owner"])
    if kind == KILL:
        return pc.if_else(pc.is_null(_number(told["requestor"])), told["requestor"], _NO_TEXT)
    return pa.nulls(len(told["job"]), pa.string())


def _number(text: pa.Array) -> pa.Array:
    good = pc.match_substring_regex(text, r"^[0-9]{1,10}$")
    return pc.if_else(good, text, _NO_TEXT).cast(pa.int64())


def _result(outcome: pa.Array, kind: int) -> pa.Array:
    if kind == END:
        failed = pc.if_else(pc.is_in(outcome, _FAILURES), "failure", outcome)
        return pc.if_else(pc.equal(outcome, "COMPLETED"), "success", failed)
    success = pa.repeat("success", len(outcome))
    return success if kind == KILL else pa.nulls(len(outcome), pa.string())


def _words(told: Mapping[str, pa.Array], kind: int) -> pa.Array:
    """The record's own words for what happened."""
    if kind == SUBMIT:
        words = pc.coalesce(told["submit_line"], told["name"])
    else:
        words = _of_step(told["step"], told["nodes"] if kind == START else told["state"], kind)
    if (pc.max(pc.binary_length(words)).as_py() or 0) > LONGEST_TEXT:
        words = pc.utf8_slice_codeunits(words, 0, LONGEST_TEXT)
    return pc.if_else(pc.equal(words, ""), _NO_TEXT, words)


def _of_step(step: pa.Array, said: pa.Array, kind: int) -> pa.Array:
    """What is said of a job or a step; asked once of every pair that there can be, where those are few."""
    steps, words = (column.dictionary_encode(null_encoding="encode") for column in (step, said))
    pairs = len(steps.dictionary) * len(words.dictionary)
    if pairs > len(step):
        return _joined(step, said, kind)
    first, second = np.divmod(np.arange(pairs), max(1, len(words.dictionary)))
    told = _joined(steps.dictionary.take(pa.array(first)), words.dictionary.take(pa.array(second)), kind)
    own = np.asarray(steps.indices, np.int64) * len(words.dictionary) + np.asarray(words.indices, np.int64)
    return told.take(pa.array(own))


def _joined(step: pa.Array, said: pa.Array, kind: int) -> pa.Array:
    of_step = pc.binary_join_element_wise("step", step, " ")
    rest = pc.binary_join_element_wise("on", said, " ") if kind == START else said
    # Arrow's own way to skip nulls loses rows where all are null.
    words = pc.binary_join_element_wise(pc.fill_null(of_step, ""), pc.fill_null(rest, ""), " ")
    return pc.utf8_trim_whitespace(words)


def _records(jobs: _Jobs) -> pa.Table:
    running = _under_way(jobs)
    return JOB_RECORD.build(
        {
            **jobs.told,
            "outcome": jobs.outcome,
            "ending": ended(jobs.told, jobs.outcome),
            "submit_ns": jobs.times.submit.earliest_ns,
            "start_ns": jobs.times.start.earliest_ns,
            "end_ns": pc.if_else(running, None, jobs.times.end.latest_ns),
            "format": pa.repeat(jobs.form, len(jobs.domain)),
            "domain": jobs.domain,
        }
    )


def ended(told: Mapping[str, pa.Array], outcome: pa.Array) -> pa.Array:
    """The ending of each job, by its outcome and its exit."""
    how = {name: told[name] for name in ("exit_code", "exit_signal", "requestor")}
    return endings.told(outcome, **how)
