"""What an accounting record is taken to tell: that a job was submitted, started and ended, and who asked to end it.

Schedulers, and the logs of one scheduler, differ in what they hold, and are read to the same events.
The owner of a job is not who acted on it: only the submission is the owner's, because the scheduler
authenticated the submitter as that account, or named another one as the submitter.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import citation, endings, federation, loose
from forensics.core.clock import Interval
from forensics.core.tables import EVENT, JOB_RECORD

LONGEST_TEXT = 4096
SUBMIT, START, END, KILL, OTHER, REVOKED = range(6)
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
    "requestor", "elapsed_s", "gpus", "nodes", "node_count", "cpus", "energy_j", "workdir", "submit_line", "comment",
    "federation_origin",
)  # fmt: skip
_PLACE = ("sha256", "start", "stop", "job")
_SAID = {
    SUBMIT: ("step", "owner_uid", "submitter", "owner", "workdir", "submit_line", "name"),
    START: ("step", "nodes"),
    END: ("step", "state", "exit_signal"),
    KILL: ("step", "state", "requestor"),
    OTHER: ("step", "state"),
    REVOKED: ("step", "state"),
}
"""The columns that an event of each kind takes something from, beside its place."""
_KINDS = pa.array([str(kind) for kind in range(len(_SAID))])
_VERBS = pa.array(["submit", "start", "end", "kill_request", "other", "other"])
_NEVER = int(np.iinfo(np.int64).max)
_TYPES = {c.name: c.type for c in JOB_RECORD.columns}


class Times(NamedTuple):
    """When each job was submitted, started and ended; null where it was not, or it is not recorded."""

    submit: Interval
    start: Interval
    end: Interval


class _Jobs(NamedTuple):
    """The rows of one reading: their columns, when, and where each stands.

    revoked: which rows are of copies that a cluster of a federation took back; None where none is.
    """

    told: Mapping[str, pa.Array]
    outcome: pa.Array
    revoked: pa.Array | None
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
    made = lightly(records, files, told, times, form, outcome=outcome, asked=asked)
    return {table.name: loose.strict(made[table.name], table.schema()) for table in (EVENT, JOB_RECORD)}


def lightly(
    records: pa.Table,
    files: pa.Table,
    told: Mapping[str, pa.Array],
    times: Times,
    form: str,
    *,
    outcome: pa.Array | None = None,
    asked: pa.Table | None = None,
) -> dict[str, pa.Table]:
    """The same as `core.loose` has it. Texts may be given as dictionaries; what is said of a value is then found once."""
    whole = {name: _held(told.get(name), name, records.num_rows) for name in _COLUMNS}
    whole |= citation.spans(records)
    whole["sha256"] = loose.dictionary(whole["sha256"])
    domain = loose.dictionary(citation.of_file(whole["sha256"], files, "domain"))
    # A job that ended while it waited is given its last moment as its start; it has no nodes then.
    nowhere = loose.each(whole["nodes"], lambda nodes: pc.is_in(nodes, _NOWHERE))
    start = times.start
    if pc.any(nowhere).as_py():
        nowhere = pc.fill_null(nowhere, False)
        start = Interval(*(pc.if_else(nowhere, None, v) for v in times.start))
    outcome = loose.each(whole["state"], _outcomes) if outcome is None else outcome.cast(pa.string())
    revoked = federation.taken_back(whole, nowhere, form)
    if revoked is not None:
        outcome = pc.if_else(revoked, "OTHER", loose.plain(outcome))
        start = Interval(*(pc.if_else(revoked, None, v) for v in start))
    jobs = _Jobs(
        whole,
        loose.dictionary(outcome),
        revoked,
        times._replace(start=start),
        domain,
        form,
        None if asked is None else _keys(asked["sha256"], asked["job"]),
        citation.named(whole),
    )
    return {"event": _events(jobs), "job_record": _records(jobs)}


def _held(column: pa.Array | None, name: str, rows: int) -> pa.Array:
    """A column of `job_record`: a text as a dictionary, and nulls where there is none."""
    if column is None or pa.types.is_null(column.type):
        column = pa.nulls(rows, _TYPES[name])
    return loose.dictionary(column) if _TYPES[name] == pa.string() else column


def outcomes(state: pa.Array) -> pa.Array:
    """The normalised outcome of states as written: `CANCELLED by 4101` is CANCELLED. Null stays null."""
    return loose.plain(loose.each(state, _outcomes))


def _outcomes(states: pa.Array) -> pa.Array:
    words = [text.replace(",", " ").split() for text in states.to_pylist()]
    named = [next((_OUTCOMES[w] for w in w_s if w in _OUTCOMES), "OTHER") for w_s in words]
    return pa.array(named, pa.string())


def _under_way(jobs: _Jobs) -> pa.Array:
    return pc.fill_null(loose.each(jobs.outcome, lambda words: pc.is_in(words, _UNDER_WAY)), False)


def _events(jobs: _Jobs) -> pa.Table:
    """One table of every event, in order of time and then of place. What each row says of all its events is taken once."""
    told, times = jobs.told, jobs.times
    own = pc.is_null(told["step"])
    known = {
        SUBMIT: pc.and_(own, pc.is_valid(times.submit.earliest_ns)),
        START: pc.is_valid(times.start.earliest_ns),
        END: pc.and_not(pc.is_valid(times.end.earliest_ns), _under_way(jobs)),
        KILL: pc.and_(pc.is_valid(told["requestor"]), _asked(jobs, own)),
    }
    known[REVOKED] = _of(jobs.revoked, known[END])
    known[END] = pc.and_not(known[END], known[REVOKED])
    known[OTHER] = pc.invert(pc.or_(pc.or_(known[SUBMIT], known[START]), pc.or_(known[END], known[KILL])))
    known[OTHER] = pc.and_not(known[OTHER], known[REVOKED])
    at = {kind: np.flatnonzero(np.asarray(rows)) for kind, rows in known.items()}
    at = {kind: rows for kind, rows in at.items() if len(rows)}
    if not at:
        return EVENT.empty()
    row, kind = np.concatenate([*at.values()]), np.repeat([*at], [len(rows) for rows in at.values()])
    earliest, latest = (
        pa.concat_arrays([*ns]) for ns in zip(*(_when(jobs, *of) for of in at.items()), strict=True)
    )
    order = _in_order(earliest, row)
    said = loose.together([_event(jobs, *of) for of in at.items()])
    placed, rows = pa.array(order), pa.array(row[order])
    sha256, start, stop, job, domain, named = (
        c.take(rows) for c in (*(told[name] for name in _PLACE), jobs.domain, jobs.named)
    )
    earliest, kind = earliest.take(placed), kind[order]
    made = {
        "event_id": pc.binary_join_element_wise(named, _KINDS.take(pa.array(kind)), "."),
        "sha256": sha256,
        "start": start,
        "stop": stop,
        "earliest_ns": earliest,
        "latest_ns": latest.take(placed),
        "clock": loose.clocked(earliest, domain, jobs.form),
        "format": loose.repeated(jobs.form, len(row)),
        "domain": domain,
        "verb": loose.looked_up(_VERBS, kind),
        "object_kind": loose.repeated("job", len(row)),
        "object": job,
        "job": job,
    }
    made |= {name: citation.column(said, name).take(placed) for name in said.column_names}
    return loose.built(EVENT.schema(), made, len(row))


def _of(revoked: pa.Array | None, ended: pa.Array) -> pa.Array:
    return pc.and_(ended, False) if revoked is None else pc.and_(ended, revoked)


def _when(jobs: _Jobs, kind: int, rows: npt.NDArray[np.int64]) -> tuple[pa.Array, pa.Array]:
    """The first and the last moment that each event of a kind can have been at."""
    times = jobs.times
    when = {SUBMIT: times.submit, START: times.start, END: times.end, KILL: times.end, REVOKED: times.end}
    if kind not in when:
        return pa.nulls(len(rows), pa.int64()), pa.nulls(len(rows), pa.int64())
    earliest, latest = (ns.take(pa.array(rows)) for ns in when[kind])
    return earliest, latest


def _in_order(earliest: pa.Array, row: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The order of events by time, those without one last, then by row, and then as they come."""
    first = np.asarray(earliest.fill_null(_NEVER))
    order = np.argsort(first, kind="stable")
    moment = np.cumsum(np.append(False, np.diff(first[order]) != 0)[: len(order)])
    # As one number: what is nearly in order is soon put in order by it.
    return order[np.argsort(moment * (int(row.max()) + 1) + row[order], kind="stable")]


def _asked(jobs: _Jobs, own: pa.Array) -> pa.Array:
    """Where a request to end is told for the first time: a step repeats what its job says."""
    told = jobs.told
    asked = pc.is_valid(told["requestor"])
    step = np.flatnonzero(np.asarray(pc.and_not(asked, own)))
    if not len(step):
        return own
    known = jobs.asked
    if known is None:
        job = pc.and_(own, asked)
        known = _keys(told["sha256"].filter(job), told["job"].filter(job))
    key = _keys(*(told[name].take(pa.array(step)) for name in ("sha256", "job")))
    first = np.array(own)
    first[step] = ~np.asarray(pc.is_in(key, known))
    return pa.array(first)


def _keys(sha256: pa.Array, job: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(loose.plain(sha256), loose.plain(job), "/")


def _event(jobs: _Jobs, kind: int, rows: npt.NDArray[np.int64]) -> pa.Table:
    """What events of a kind say that others may not."""
    at = pa.array(rows)
    told = {name: jobs.told[name].take(at) for name in _SAID[kind]}
    account, uid = _account(told, kind), _uid(told, kind)
    made = {
        "outcome": _result(jobs.outcome.take(at), kind),
        "account": account,
        "account_absence": _absence(account, uid, len(at)),
        "uid": uid,
        "cwd": told.get("workdir"),
        "signal": _signal(told["exit_signal"]) if kind == END else None,
        "text": _words(told, kind),
    }
    return pa.table({name: pa.nulls(len(at)) if column is None else column for name, column in made.items()})


def _signal(number: pa.Array) -> pa.Array:
    return pc.if_else(pc.greater(number, 0), number, None)


def _account(told: Mapping[str, pa.Array], kind: int) -> pa.Array | None:
    """Who acted: the owner submitted; who asked to end it is told by name, or by number alone."""
    if kind == SUBMIT:
        return loose.first_of(told["submitter"], told["owner"])
    if kind == KILL:
        asked = loose.plain(told["requestor"])
        return loose.dictionary(pc.if_else(pc.is_null(_number(asked)), asked, _NO_TEXT))
    return None


def _uid(told: Mapping[str, pa.Array], kind: int) -> pa.Array | None:
    if kind == SUBMIT:
        return pc.if_else(pc.is_null(told["step"]), told["owner_uid"], None)
    return _number(loose.plain(told["requestor"])) if kind == KILL else None


def _absence(account: pa.Array | None, uid: pa.Array | None, rows: int) -> pa.Array:
    """Why an account is null: its number alone is known, or nothing."""
    if account is None or uid is None:
        return loose.repeated("not_recorded", rows)
    by_number, known = (np.asarray(column.is_valid(), bool) for column in (uid, account))
    return pa.DictionaryArray.from_arrays(
        pa.array(by_number.astype(np.int32), mask=known), pa.array(["not_recorded", "number_only"])
    )


def _number(text: pa.Array) -> pa.Array:
    good = pc.match_substring_regex(text, r"^[0-9]{1,10}$")
    return pc.if_else(good, text, _NO_TEXT).cast(pa.int64())


def _result(outcome: pa.Array, kind: int) -> pa.Array | None:
    if kind == END:
        return loose.each(outcome, _ends)
    return loose.repeated("success", len(outcome)) if kind == KILL else None


def _ends(outcome: pa.Array) -> pa.Array:
    failed = pc.if_else(pc.is_in(outcome, _FAILURES), "failure", outcome)
    return pc.if_else(pc.equal(outcome, "COMPLETED"), "success", failed)


def _words(told: Mapping[str, pa.Array], kind: int) -> pa.Array:
    """The record's own words for what happened."""
    if kind == SUBMIT:
        return loose.each(loose.first_of(told["submit_line"], told["name"]), _text)
    return _of_step(told["step"], told["nodes"] if kind == START else told["state"], kind)


def _text(words: pa.Array) -> pa.Array:
    if (pc.max(pc.binary_length(words)).as_py() or 0) > LONGEST_TEXT:
        words = pc.utf8_slice_codeunits(words, 0, LONGEST_TEXT)
    return pc.if_else(pc.equal(words, ""), _NO_TEXT, words)


def _of_step(step: pa.Array, said: pa.Array, kind: int) -> pa.Array:
    """What is said of a job or a step; asked once of every pair that there can be, where those are few."""
    steps, words = (pa.concat_arrays([c.dictionary, pa.nulls(1, pa.string())]) for c in (step, said))
    pairs = len(steps) * len(words)
    if pairs > len(step):
        return loose.dictionary(_text(_joined(loose.plain(step), loose.plain(said), kind)))
    first, second = np.divmod(np.arange(pairs), len(words))
    every = _text(_joined(steps.take(pa.array(first)), words.take(pa.array(second)), kind))
    code, other = (np.asarray(c.indices.fill_null(len(c.dictionary)), np.int64) for c in (step, said))
    return loose.looked_up(every, code * len(words) + other)


def _joined(step: pa.Array, said: pa.Array, kind: int) -> pa.Array:
    of_step = pc.binary_join_element_wise("step", step, " ")
    rest = pc.binary_join_element_wise("on", said, " ") if kind == START else said
    # Arrow's own way to skip nulls loses rows where all are null.
    words = pc.binary_join_element_wise(pc.fill_null(of_step, ""), pc.fill_null(rest, ""), " ")
    return pc.utf8_trim_whitespace(words)


def _records(jobs: _Jobs) -> pa.Table:
    running = _under_way(jobs)
    if jobs.revoked is not None:
        running = pc.or_(running, jobs.revoked)
    rows = len(running)
    ended_ns = jobs.times.end.latest_ns
    made = {
        **jobs.told,
        "outcome": jobs.outcome,
        "ending": _ending(jobs),
        "submit_ns": jobs.times.submit.earliest_ns,
        "start_ns": jobs.times.start.earliest_ns,
        "end_ns": pc.if_else(running, None, ended_ns) if pc.any(running).as_py() else ended_ns,
        "format": loose.repeated(jobs.form, rows),
        "domain": jobs.domain,
    }
    return loose.built(JOB_RECORD.schema(), made, rows)


def _ending(jobs: _Jobs) -> pa.Array:
    """The ending of each job. Of most the outcome says it; only of those that failed more is asked."""
    outcome = jobs.outcome
    words = pa.concat_arrays([outcome.dictionary, pa.nulls(1, pa.string())])
    failed = np.flatnonzero(
        np.asarray(pc.fill_null(loose.each(outcome, lambda w: pc.equal(w, "FAILED")), False))
    )
    nothing = {name: pa.nulls(len(words), _TYPES[name]) for name in ("exit_code", "exit_signal", "requestor")}
    rows = {name: loose.plain(jobs.told[name].take(pa.array(failed))) for name in nothing}
    own = endings.told(pa.repeat("FAILED", len(failed)), **rows).dictionary_encode()
    every = pa.concat_arrays([endings.told(words, **nothing), own.dictionary])
    code = np.asarray(outcome.indices.fill_null(len(words) - 1), np.int64)
    code[failed] = np.asarray(own.indices) + len(words)
    if jobs.revoked is not None:
        every = pa.concat_arrays([every, pa.array([endings.REVOKED])])
        code[np.asarray(jobs.revoked)] = len(every) - 1
    return loose.looked_up(every, code)


def ended(told: Mapping[str, pa.Array], outcome: pa.Array) -> pa.Array:
    """The ending of each job, by its outcome and its exit."""
    how = {name: told[name] for name in ("exit_code", "exit_signal", "requestor")}
    return endings.told(outcome, **how)
