"""Rows of accounting as sacct prints them, however their columns are parted: which can be read, and what they hold."""

import re
from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import cuttings, digits, loose, sacctfields, tres
from forensics.core.model import SPAN, Why
from forensics.core.schema import Column
from forensics.core.tables import STRINGS

_UNASKED = "empty, or not asked for"
_UNALLOCATED = "nothing allocated, or not asked for"
COLUMNS = (
    Column("job_id_raw", pa.string(), "the scheduler's own number of the job, and the step", None, _UNASKED),
    Column("job_id", pa.string(), "the job as users know it, and the step: `10_3.batch`"),
    Column("job", pa.string(), "the job without its step"),
    Column("step", pa.string(), "the step", None, "the row is the job itself"),
    Column("job_name", pa.string(), "name: typed by the user", None, _UNASKED),
    Column("user", pa.string(), "account that owns the job", None, "a step, or not asked for"),
    Column("uid", pa.int64(), "its uid", None, "a step, or not asked for"),
    Column("account", pa.string(), "account charged", None, _UNASKED),
    Column("partition", pa.string(), "partition", None, _UNASKED),
    Column("state", pa.string(), "state as written, `CANCELLED by 4101` too", None, _UNASKED),
    Column("exit_code", pa.string(), "exit code and signal, as written", None, _UNASKED),
    Column("derived_exit_code", pa.string(), "highest exit code of its steps, as written", None, _UNASKED),
    Column("submit_wall", pa.string(), "submitted, as written", None, "Unknown, or not asked for"),
    Column("eligible_wall", pa.string(), "eligible, as written", None, "Unknown, or not asked for"),
    Column("start_wall", pa.string(), "started, as written", None, "Unknown, or not asked for"),
    Column("end_wall", pa.string(), "ended, as written", None, "Unknown, or not asked for"),
    Column("elapsed_s", pa.int64(), "run time", "s", "not asked for"),
    Column("alloc_tres", pa.string(), "resources allocated, as written", None, _UNASKED),
    Column("req_tres", pa.string(), "resources asked for, as written", None, _UNASKED),
    Column(
        "gpus", pa.int64(), "GPUs allocated, by `alloc_tres`", None, "nothing allocated, or not asked for"
    ),
    Column("cpus", pa.int64(), "processors allocated, by `alloc_tres`", None, _UNALLOCATED),
    Column("nodes", pa.int64(), "nodes allocated, by `alloc_tres`", None, _UNALLOCATED),
    Column("memory_bytes", pa.int64(), "memory allocated, by `alloc_tres`", "bytes", _UNALLOCATED),
    Column("energy_j", pa.int64(), "energy used", "J", "not metered, or not asked for"),
    Column("node_list", pa.string(), "nodes, as written", None, _UNASKED),
    Column("work_dir", pa.string(), "working directory: typed by the user", None, _UNASKED),
    Column("submit_line", pa.string(), "command that submitted it: typed by the user", None, _UNASKED),
    Column("comment", pa.string(), "comment: typed by the user", None, _UNASKED),
    Column("cluster", pa.string(), "cluster", None, _UNASKED),
    Column("others", STRINGS, "the other columns that hold something, as `Name=value`"),
    *SPAN,
)
PLACES = {
    "jobidraw": "job_id_raw", "jobid": "job_id", "jobname": "job_name", "user": "user", "uid": "uid",
    "account": "account", "partition": "partition", "state": "state", "exitcode": "exit_code",
    "derivedexitcode": "derived_exit_code", "submit": "submit_wall", "eligible": "eligible_wall",
    "start": "start_wall", "end": "end_wall", "elapsedraw": "elapsed_s", "alloctres": "alloc_tres",
    "reqtres": "req_tres", "nodelist": "node_list", "workdir": "work_dir", "submitline": "submit_line",
    "comment": "comment", "cluster": "cluster",
}  # fmt: skip
_AMOUNTS = {"alloctres", "consumedenergyraw", "consumedenergy", "alloccpus", "ncpus", "allocnodes", "nnodes"}
_STEP = re.compile(r"[0-9]+(?:[_+][0-9]+)?\.[A-Za-z0-9_+]+")
ID = r"[0-9]+(?:[_+](?:[0-9]+|\[[^\]]*\]?))?"
WALL = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}"
_STAMP = rf"^(?:{WALL}|[0-9]{{1,12}})$"
_VOID = pa.array(["Unknown", "None", "unknown"])
IDS = {"job_id", "job_id_raw"}
_TIMES = ("submit_wall", "eligible_wall", "start_wall", "end_wall")


def is_header(names: list[str]) -> bool:
    """Whether names of columns are those of a listing of jobs by sacct."""
    lower = [name.lower() for name in names]
    known = sum(name in PLACES for name in lower)
    # A short list is sacct's where it knows every name; of a long one, later versions may have named some.
    sure = known >= 3 or (len(lower) > 1 and set(lower) <= sacctfields.NAMES)
    return sure and len(set(lower)) == len(lower) and bool({"jobid", "jobidraw"} & set(lower))


def is_sstat(names: list[str], rows: Iterable[list[str]], ids: int | None = None) -> bool:
    """Whether a listing with a job's id can be sstat's as well: no column but of steps that run, and in the first rows only steps.

    sacct asked for the same columns tells nothing of a step that sstat does not: that there is one.

    Args:
        names: of the columns.
        rows: the first rows, cut.
        ids: the place of the job's id in them, where it is not that of its column.
    """
    lower = [name.strip().lower() for name in names]
    if "jobid" not in lower or not set(lower) <= sacctfields.OF_RUNNING_STEPS:
        return False
    at = lower.index("jobid") if ids is None else ids
    steps = [len(row) > at and _STEP.fullmatch(row[at].strip()) is not None for row in rows]
    return bool(steps) and all(steps)


def readable(
    rows: np.ndarray, raw: dict[str, pa.Array], names: list[str], why: np.ndarray
) -> tuple[np.ndarray, dict[str, pa.Array]]:
    """The rows whose ids, numbers and times are such; of the others, `why` is told."""
    value, time = (np.ones(len(rows), bool) for _ in range(2))
    ids: list[pa.Array] = []
    times: list[pa.Array] = []
    for name in names:
        column, written = PLACES.get(name.lower()), raw[name]
        # The number of a job is often its name, and a job eligible when it was submitted.
        seen = ids if column in IDS else times if column in _TIMES else None
        if seen is not None:
            if any(written.equals(other) for other in seen):
                continue
            seen.append(written)
        if column in IDS:
            value &= _true(pc.match_substring_regex(written, rf"^{ID}(?:\.[^\s]+)?$"))
        elif column in {"uid", "elapsed_s"}:
            value &= _shaped(written, r"^[0-9]{1,10}$")
        # Where all are laid out as times are, as in most chunks, the slower pattern has nothing to find.
        elif column in _TIMES and not digits.are_walls(written.dictionary):
            time &= _shaped(written, _STAMP)
    why[rows[~time]] = Why.TIME.value
    why[rows[~value]] = Why.VALUE.value
    good = value & time
    if good.all():
        return rows, raw
    # Dictionaries anew, without the values of rows that are left out.
    kept = {name: loose.plain(column).filter(pa.array(good)) for name, column in raw.items()}
    return rows[good], {name: _coded(name, column) for name, column in kept.items()}


def _coded(name: str, column: pa.Array) -> pa.Array:
    """A column as a dictionary of its values, but ids, all of which differ."""
    return column if PLACES.get(name.lower()) in IDS else loose.dictionary(column)


def _true(told: pa.Array) -> np.ndarray:
    return np.asarray(pc.fill_null(told, False), bool)


def _shaped(written: pa.Array, pattern: str) -> np.ndarray:
    """Which texts are of a shape, or there is nothing, or a word for it."""
    told = loose.each(written, lambda w: pc.or_(pc.is_in(w, _VOID), pc.match_substring_regex(w, pattern)))
    return np.asarray(pc.fill_null(told, True), bool)


def fields(names: list[str], raw: dict[str, pa.Array], count: int) -> dict[str, pa.Array]:
    """The declared columns of rows that have been found readable."""
    held = {PLACES[name.lower()]: raw[name] for name in names if name.lower() in PLACES}
    fields = {name: held.get(name, pa.nulls(count, pa.string())) for name in PLACES.values()}
    fields |= {name: _given(fields[name]) for name in _TIMES}
    fields["job_id"] = loose.first_of(fields["job_id"], fields["job_id_raw"])
    fields |= steps(loose.plain(fields["job_id"]))
    fields |= {name: _number(_given(fields[name])) for name in ("uid", "elapsed_s")}
    elapsed = next((raw[name] for name in names if name.lower() == "elapsed"), None)
    if elapsed is not None:
        fields["elapsed_s"] = pc.coalesce(fields["elapsed_s"], _seconds(loose.plain(elapsed)))
    others = [name for name in names if name.lower() not in PLACES]
    return fields | _amounts(fields["alloc_tres"], names, raw) | {"others": _others(others, raw, count)}


def _given(column: pa.Array) -> pa.Array:
    """A column without the words for nothing."""
    held = loose.dictionary(column)
    if not pc.any(pc.is_in(held.dictionary, _VOID)).as_py():
        return held
    return loose.each(held, lambda words: pc.if_else(pc.is_in(words, _VOID), None, words))


def _number(column: pa.Array) -> pa.Array:
    return loose.each(column, lambda words: words.cast(pa.int64()))


def _amounts(alloc_tres: pa.Array, names: list[str], raw: dict[str, pa.Array]) -> dict[str, pa.Array]:
    """What was allocated, as numbers; by columns of their own where the list of resources was not asked for."""
    found = tres.told(alloc_tres)
    asked = {name.lower(): loose.plain(raw[name]) for name in names if name.lower() in _AMOUNTS}
    energy = found.energy_j
    for name in ("consumedenergyraw", "consumedenergy"):
        if name in asked:
            energy = pc.coalesce(tres.joules(asked[name]), energy)
    plain = {"cpus": (found.cpus, "alloccpus", "ncpus"), "nodes": (found.nodes, "allocnodes", "nnodes")}
    # A job that waits has processors in such a column too: those it asks for. So the list goes first.
    listed = "alloctres" in asked
    counts = {
        column: pc.coalesce(told, *(tres.counts(asked[n]) for n in others if n in asked and not listed))
        for column, (told, *others) in plain.items()
    }
    return {"gpus": found.gpus, "memory_bytes": found.memory_bytes, "energy_j": energy} | counts


def steps(job_id: pa.Array) -> dict[str, pa.Array]:
    """Job and step. A range of an array is in brackets, and may hold anything; without one, the first dot parts the two."""
    held = cuttings.lying(job_id.fill_null(""))
    own = held.raw[held.start[0] : held.stop[-1]] if len(job_id) else held.raw
    if job_id.null_count or (own == ord("[")).any():
        split = pc.extract_regex(job_id, pattern=rf"^(?P<job>{ID})(?:\.(?P<step>.+))?$")
        step = pc.if_else(pc.equal(pc.struct_field(split, "step"), ""), None, pc.struct_field(split, "step"))
        return {"job": loose.dictionary(pc.struct_field(split, "job")), "step": loose.dictionary(step)}
    dots = np.flatnonzero(own == ord(".")) + (held.start[0] if len(job_id) else 0)
    of = np.searchsorted(held.stop, dots, "right")
    first = np.flatnonzero(np.diff(of, prepend=-1))
    rows, ends = of[first], held.stop.copy()
    ends[rows] = dots[first]
    job = cuttings.cut(held.raw, held.start, ends, pa.string())
    step = cuttings.cut(held.raw, dots[first] + 1, held.stop[rows], pa.string()).dictionary_encode()
    code, none = np.zeros(len(job_id), np.int32), np.ones(len(job_id), bool)
    code[rows], none[rows] = step.indices, False
    return {
        "job": job.dictionary_encode(),
        "step": pa.DictionaryArray.from_arrays(pa.array(code, mask=none), step.dictionary),
    }


def _seconds(elapsed: pa.Array) -> pa.Array:
    """`1-02:03:04` in seconds."""
    pattern = (
        r"^(?:(?P<d>[0-9]{1,6})-)?(?:(?P<h>[0-9]{1,2}):)?(?P<m>[0-9]{1,2}):(?P<s>[0-9]{1,2})(?:\.[0-9]+)?$"
    )
    found = pc.extract_regex(elapsed, pattern=pattern)
    total = pa.array(np.zeros(len(elapsed), np.int64))
    for part, worth in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)):
        digits = pc.struct_field(found, part)
        number = pc.if_else(pc.equal(digits, ""), "0", digits).cast(pa.int64())
        total = pc.add(total, pc.multiply(number, worth))
    return total


def _others(names: list[str], raw: dict[str, pa.Array], count: int) -> pa.Array:
    """What stands in columns we declare no place for."""
    if not names:
        nothing = pa.array(np.zeros(count + 1, np.int32))
        return pa.ListArray.from_arrays(nothing, pa.array([], pa.string()))
    told = [pc.binary_join_element_wise(name, loose.plain(raw[name]), "=") for name in names]
    held = np.array([np.asarray(raw[name].is_valid()) for name in names])
    # By row, then by column: entry (row, column) is at row * columns + column.
    flat = pa.concat_arrays(told).take(
        pa.array(np.arange(count * len(names)).reshape(len(names), count).T.ravel())
    )
    bounds = np.append(0, np.cumsum(held.sum(axis=0))).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(bounds), flat.filter(pa.array(held.T.ravel())))
