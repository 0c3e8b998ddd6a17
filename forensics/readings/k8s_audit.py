"""What an audit log of Kubernetes is taken to tell: who asked what of which job, and what the server answered.

The stages of one request are one act: the first stage after the receipt is told as the act, the others as
`other`. The user is authenticated; an impersonated user is in `effective`. What the cluster's own parts do
with pods follows from somebody's request, and is no request of a person. Whoever made a job is its owner.
"""

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import citation, clock, kubejobs, schedulerevents
from forensics.core.citation import column
from forensics.core.hostevents import LONGEST_TEXT
from forensics.core.kubejobs import Row
from forensics.core.tables import EVENT
from forensics.core.tabular import pandas as pd

NEEDS_ANCHOR = False
_ANSWERED = "(stage IS NULL OR stage <> 'RequestReceived')"
NOTES = f"""
    WITH answer AS (SELECT sha256, start, audit_id, received FROM records WHERE audit_id IS NOT NULL AND {_ANSWERED}),
    several AS (SELECT sha256, audit_id, received, min(start) AS opens FROM answer GROUP BY ALL HAVING count(*) > 1)
    SELECT 'again' AS kind, answer.sha256, answer.start, NULL AS namespace, NULL AS name, NULL AS job
    FROM answer JOIN several ON answer.sha256 = several.sha256 AND answer.audit_id = several.audit_id
        AND answer.received IS NOT DISTINCT FROM several.received AND answer.start > several.opens
    UNION ALL
    SELECT 'owned', NULL, NULL, namespace, name, arg_min(coalesce(nullif(job_label, ''), owner_name), (sha256, start))
    FROM records
    WHERE coalesce(nullif(job_label, ''), owner_name) IS NOT NULL AND name IS NOT NULL AND starts_with("user", 'system:')
        AND regexp_full_match(coalesce(api_group, '') || '/' || coalesce(resource, ''), '{kubejobs.JOBS}')
    GROUP BY namespace, name
"""
"""What was answered before in its file, and whom each pod belongs to, whichever slice says so."""

_US = 1_000
_REFUSED = 400
_NO_TEXT = pa.scalar(None, pa.string())
_ASKED = ("api_group", "resource", "subresource", "verb", "user", "phase", "stage")
_NAMED = ("api_group", "resource", "namespace", "name")
_PLACE = ("resource", "namespace", "name", "subresource")


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - times carry their offset
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
    notes: pa.Table | None = None,
) -> Mapping[str, pa.Table]:
    """One event for each stage, and a job record where a job is made, asked to end, or said to have ended."""
    rows = records.sort_by([("sha256", "ascending"), ("start", "ascending")])
    told = {name: column(rows, name) for name in rows.column_names}
    if notes is None:
        described = pc.or_(pc.is_valid(told["job_label"]), pc.is_valid(told["owner_name"]))
        known = kubejobs.owners(rows.filter(described).to_pylist())
        first = _firsts(told)
    else:
        known = _owned(told["name"], notes)
        first = _noted(told, notes)
    verb = _each(told, _ASKED, kubejobs.verb)
    job = _jobs(told, known)
    received, staged = (clock.offsets(told[name], tick_ns=_US) for name in ("received", "staged"))
    when = clock.overlapping(received, staged)
    event = _events(told, files, when, pc.if_else(pa.array(first), verb, "other"), job)
    telling = pc.is_in(verb, pa.array(["submit", "kill_request", "end"]))
    at = np.flatnonzero(first & np.asarray(pc.and_(telling, pc.is_valid(job))))
    times = [edge.take(pa.array(at)).to_pylist() for edge in when]
    kept = rows.take(pa.array(at)).to_pylist()
    found = [
        record
        for row, *edges in zip(kept, *times, strict=True)
        for record in _records(row, (edges[0], edges[1]), known)
    ]
    return {"event": event, "job_record": schedulerevents.jobs(found, "k8s_audit", files)}


def _firsts(told: Mapping[str, pa.Array]) -> np.ndarray:
    """Where a request's answer is told for the first time in its file.

    A client can choose the id of its request (`Audit-ID`), but not when the server received it.
    """
    answered = _answered(told)
    keys = pd.DataFrame({name: told[name].to_pandas() for name in ("sha256", "audit_id", "received")})
    again = keys[answered].duplicated().to_numpy() & keys["audit_id"][answered].notna().to_numpy()
    first = answered.copy()
    first[np.flatnonzero(answered)[again]] = False
    return first


def _answered(told: Mapping[str, pa.Array]) -> np.ndarray:
    return np.asarray(pc.fill_null(pc.not_equal(told["stage"], "RequestReceived"), True), bool)


def _noted(told: Mapping[str, pa.Array], notes: pa.Table) -> np.ndarray:
    """The same, by what was noted of all the file."""
    own = pc.and_(pc.equal(notes["kind"], "again"), pc.is_in(notes["sha256"], pc.unique(told["sha256"])))
    again = set(zip(*(notes.filter(own)[name].to_pylist() for name in ("sha256", "start")), strict=True))
    if not again:
        return _answered(told)
    places = zip(told["sha256"].to_pylist(), told["start"].to_pylist(), strict=True)
    first: np.ndarray = _answered(told) & np.array([place not in again for place in places], bool)
    return first


def _owned(names: pa.Array, notes: pa.Table) -> dict[tuple[object, object], str]:
    """The job of each pod that some of these records can be about, and of what that belongs to in turn."""
    owned = notes.filter(pc.equal(notes["kind"], "owned"))
    wanted = pc.unique(names)
    while True:
        found = owned.filter(pc.is_in(owned["name"], wanted))
        more = pc.unique(pa.chunked_array([wanted, *found["job"].chunks], pa.string()))
        if len(more) == len(wanted):
            break
        wanted = more
    keys = zip(found["namespace"].to_pylist(), found["name"].to_pylist(), strict=True)
    return dict(zip(keys, found["job"].to_pylist(), strict=True))


def _each(
    told: Mapping[str, pa.Array], names: tuple[str, ...], tell: Callable[[Row], str | None]
) -> pa.Array:
    """What a rule says of each row, asked once of every set of values that some row has."""
    coded = [told[name].dictionary_encode(null_encoding="encode") for name in names]
    if not len(coded[0]):
        return pa.nulls(0, pa.string())
    number = np.zeros(len(coded[0]), np.int64)
    for code in coded:
        # Numbered anew after each column, so that the numbers stay as few as the sets of values that there are.
        number = number * max(1, len(code.dictionary)) + np.asarray(code.indices, np.int64)
        _, first, number = np.unique(number, return_index=True, return_inverse=True)
    words = [code.dictionary.take(code.indices.take(pa.array(first))).to_pylist() for code in coded]
    said = [tell(dict(zip(names, row, strict=True))) for row in zip(*words, strict=True)]
    return pa.array(said, pa.string()).take(pa.array(number.reshape(-1)))


def _jobs(told: Mapping[str, pa.Array], known: Mapping[tuple[object, object], str]) -> pa.Array:
    """The job of each row, as `kubejobs.job` has it: asked of what belongs to another object, and plain for the rest."""
    of_kind = _each(told, _NAMED[:2], lambda row: "job" if kubejobs.is_job(row) else None)
    name, place = told["name"], told["namespace"]
    plain = pc.if_else(pc.is_valid(place), pc.binary_join_element_wise(place, name, "/"), name)
    plain = pc.if_else(pc.and_(pc.is_valid(of_kind), pc.is_valid(name)), plain, _NO_TEXT)
    owned = pc.is_in(name, pa.array(sorted({str(name) for _, name in known}), pa.string()))
    if not pc.any(owned).as_py():
        return plain
    rows = {column: told[column].filter(owned) for column in _NAMED}
    return pc.replace_with_mask(plain, owned, _each(rows, _NAMED, lambda row: kubejobs.job(row, known)))


def _events(
    told: Mapping[str, pa.Array], files: pa.Table, when: clock.Interval, verb: pa.Array, job: pa.Array
) -> pa.Table:
    domain = citation.of_file(told["sha256"], files, "domain")
    account = pc.if_else(pc.is_in(told["user"], pa.array(sorted(kubejobs.NOBODY))), _NO_TEXT, told["user"])
    refused = pc.if_else(pc.greater_equal(told["code"], _REFUSED), "failure", "success")
    place = _joined([told[name] for name in _PLACE], "/")
    words = [told["verb"], place, told["code"].cast(pa.string()), told["agent"], told["request"]]
    return EVENT.build(
        {
            **citation.cited(told),
            "earliest_ns": when.earliest_ns,
            "latest_ns": when.latest_ns,
            "clock": citation.clocked(when.earliest_ns, domain, "k8s_audit"),
            "format": pa.repeat("k8s_audit", len(verb)),
            "domain": domain,
            "verb": verb,
            "outcome": refused,
            "host": told["node"],
            "account": account,
            "account_absence": pc.if_else(pc.is_valid(account), _NO_TEXT, "not_recorded"),
            "effective": told["impersonated"],
            "address": _lasts(told["addresses"]),
            "argv": told["command"],
            "object_kind": pc.if_else(pc.is_valid(job), "job", _NO_TEXT),
            "object": job,
            "signal": pc.if_else(pc.equal(verb, "end"), told["exit_signal"], None),
            "job": job,
            "text": pc.utf8_slice_codeunits(_joined(words, " "), 0, LONGEST_TEXT),
        }
    )


def _joined(parts: list[pa.Array], mark: str) -> pa.Array:
    """The parts that are there, with a mark between; nothing where none is."""
    marked = [pc.coalesce(pc.binary_join_element_wise(part, "", mark), "") for part in parts]
    whole = pc.binary_join_element_wise(*marked, "")
    return pc.utf8_slice_codeunits(whole, 0, -len(mark))


def _lasts(lists: pa.Array) -> pa.Array:
    """The last of each list; null where it is empty or not there."""
    counts = np.asarray(pc.fill_null(pc.list_value_length(lists), 0), np.int64)
    ends = np.cumsum(counts) - 1
    return pc.list_flatten(lists).take(pa.array(ends, mask=counts == 0))


def _records(
    row: Row, when: tuple[int | None, int | None], known: Mapping[tuple[object, object], str]
) -> Iterator[Row]:
    """What one record says of its job, where the server did as it was asked."""
    verb, job, code = kubejobs.verb(row), kubejobs.job(row, known), row["code"]
    own = job is not None and job.rpartition("/")[2] == row["name"]
    if job is None or not isinstance(code, int) or code >= _REFUSED or not (own or verb == "end"):
        return
    told: dict[str, object] = {"job": job, "cluster": None, "name": row["name"], "gpus": row["gpus"]}
    told |= {name: row[name] for name in ("sha256", "start", "stop")}
    if verb == "submit":
        by_system = kubejobs.by_system(row)
        owner = None if by_system else row["impersonated"] or kubejobs.account(row)
        submitter = None if by_system else kubejobs.account(row)
        told |= {"owner": owner, "submitter": submitter, "submit_ns": when[0]}
    elif verb == "kill_request":
        told |= {
            "state": "deleted",
            "outcome": "CANCELLED",
            "requestor": kubejobs.account(row),
            "end_ns": when[1],
        }
    else:
        told |= {name: row[name] for name in ("exit_code", "exit_signal")}
        told |= {
            "state": row["phase"],
            "outcome": kubejobs.outcome(row),
            "end_ns": when[1],
            "nodes": row["node"],
        }
        told["step"] = None if own else row["name"]
    yield told
