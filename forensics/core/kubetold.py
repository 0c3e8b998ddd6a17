"""What events of a Kubernetes audit log are taken to tell, however the log is laid out: see the reading `k8s_audit`."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import citation, clock, hostevents, kubejobs, kubeowners, loose, rowsets, schedulerevents
from forensics.core.citation import column
from forensics.core.tables import EVENT

COLUMNS = (
    "sha256", "audit_id", "stage", "received", "staged", "verb", "user", "token_pod", "token_node", "impersonated", "addresses", "agent", "api_group",
    "resource", "subresource", "namespace", "name", "code", "owner_name", "job_label", "command", "phase", "exit_code",
    "exit_signal", "exit_reason", "node", "gpus", "request", "start", "stop",
)  # fmt: skip
_PLAIN = frozenset(
    {"audit_id", "received", "staged", "addresses", "code", "command", "exit_code", "exit_signal", "gpus", "request", "start", "stop"}
)  # fmt: skip
CODED = tuple(name for name in COLUMNS if name not in _PLAIN)
_US = 1_000
_REFUSED = 400
_NO_TEXT = pa.scalar(None, pa.string())
_ASKED = ("api_group", "resource", "subresource", "verb", "user", "phase", "stage")
_NAMED = ("api_group", "resource")
_DESCRIBED = ("job_label", "owner_name", "user", "api_group", "resource", "namespace", "name")
_REQUEST = ("sha256", "audit_id", "received")
_SPOT = ("sha256", "start")
_KEPT = (
    "sha256", "start", "stop", "name", "user", "impersonated", "phase", "exit_reason", "exit_code", "exit_signal", "gpus", "node",
)  # fmt: skip
_NOBODY = pa.array(sorted(kubejobs.NOBODY))
_SERVICE = r"^system:serviceaccount:(?P<namespace>[^:]+):"
_PLACE = ("resource", "namespace", "name", "subresource")


def lightly(
    records: pa.Table, files: pa.Table, form: str, notes: pa.Table | None = None
) -> Mapping[str, pa.Table]:
    """One event for each stage, and a job record where a job is made, asked to end, or said to have ended, as `core.loose` has them.

    Args:
        records: the columns `kubeaudit.COLUMNS`, with `sha256`.
        files: schema `file`.
        form: the format's name.
        notes: as the reading `k8s_audit` is handed them; None where these are all records.
    """
    rows = hostevents.in_order(records)
    told = {name: column(rows, name) for name in COLUMNS}
    told |= {name: loose.dictionary(told[name]) for name in CODED}
    if notes is None:
        described = pc.or_(pc.is_valid(told["job_label"]), pc.is_valid(told["owner_name"]))
        owned = kubeowners.table(kubejobs.owners(rows.select(_DESCRIBED).filter(described).to_pylist()))
        first = _firsts(told)
    else:
        owned = notes.filter(pc.equal(notes["kind"], "owned"))
        first = _noted(told, notes)
    told["holder"] = _holder(told, owned)
    verb = rowsets.each(told, _ASKED, kubejobs.verb)
    kinds = rowsets.each(told, _NAMED, lambda row: "job" if kubejobs.is_job(row) else None)
    job = kubeowners.jobs(told, kinds, owned)
    received, staged = (clock.offsets(told[name], tick_ns=_US) for name in ("received", "staged"))
    when = clock.overlapping(received, staged)
    return {
        "event": _events(told, files, form, when, loose.where(first, verb, "other"), job),
        "job_record": _records(told, files, form, when, loose.where(first, verb, None), job),
    }


def _firsts(told: Mapping[str, pa.Array]) -> np.ndarray:
    """Where a request's answer is told for the first time in its file.

    A client can choose the id of its request (`Audit-ID`), but not when the server received it.
    """
    answered = _answered(told)
    at = np.flatnonzero(answered)
    number, first = rowsets.numbered([told[name].take(pa.array(at)) for name in _REQUEST])
    again = (first[number] != np.arange(len(at))) & np.asarray(told["audit_id"].is_valid())[at]
    answered[at[again]] = False
    return answered


def _answered(told: Mapping[str, pa.Array]) -> np.ndarray:
    asked = loose.each(told["stage"], lambda stages: pc.equal(stages, "RequestReceived"))
    return ~np.asarray(pc.fill_null(asked, False), bool)


def _noted(told: Mapping[str, pa.Array], notes: pa.Table) -> np.ndarray:
    """The same, by what was noted of all the file."""
    again = notes.filter(pc.equal(notes["kind"], "again"))
    if not len(again):
        return _answered(told)
    where = [loose.dictionary(column(again, "sha256")), column(again, "start")]
    first: np.ndarray = _answered(told) & (rowsets.places([told[name] for name in _SPOT], where) < 0)
    return first


def _events(
    told: Mapping[str, pa.Array],
    files: pa.Table,
    form: str,
    when: clock.Interval,
    verb: pa.Array,
    job: pa.Array,
) -> pa.Table:
    rows = len(verb)
    domain = loose.dictionary(citation.of_file(told["sha256"], files, "domain"))
    account = loose.each(told["user"], lambda users: pc.if_else(pc.is_in(users, _NOBODY), _NO_TEXT, users))
    made = {
        "event_id": citation.named(told),
        **{name: told[name] for name in ("sha256", "start", "stop")},
        "earliest_ns": when.earliest_ns,
        "latest_ns": when.latest_ns,
        "clock": loose.clocked(when.earliest_ns, domain, form),
        "format": loose.repeated(form, rows),
        "domain": domain,
        "verb": verb,
        "outcome": loose.one_of(pc.greater_equal(told["code"], _REFUSED), ("success", "failure")),
        "host": told["node"],
        "account": account,
        "account_absence": _if(pc.is_null(account), "not_recorded"),
        "effective": told["impersonated"],
        "address": loose.dictionary(_lasts(told["addresses"])),
        "argv": told["command"],
        "object_kind": _if(pc.is_valid(job), "job"),
        "object": job,
        "signal": pc.if_else(pc.equal(loose.plain(verb), "end"), told["exit_signal"], None),
        "job": job,
        "text": _text(told),
    }
    return loose.built(EVENT.schema(), made, rows)


def _if(own: pa.Array, word: str) -> pa.Array:
    """A word where a flag is true, else null."""
    return loose.where(np.asarray(own, bool), loose.repeated(word, len(own)), None)


def _text(told: Mapping[str, pa.Array]) -> pa.Array:
    """The request in words."""
    word = {name: loose.plain(told[name]) for name in ("verb", *_PLACE, "agent")}
    place = _joined([word[name] for name in _PLACE], "/")
    held = loose.plain(told["holder"])
    # Before all that a client writes: its name of a file or of itself could imitate these words.
    words = [word["verb"], held, place, told["code"].cast(pa.string()), word["agent"], told["request"]]
    return hostevents.short(_joined(words, " "))


def _holder(told: Mapping[str, pa.Array], owned: pa.Table) -> pa.Array:
    """Whom the token of a request was issued to, in words: a pod, with the job that it belongs to where that is known, and the node.

    The pod is in the namespace of the service account. Whoever could read the pod's files could take its token: that
    somebody in the pod asked is not said.
    """
    space = loose.each(
        told["user"], lambda users: pc.struct_field(pc.extract_regex(users, _SERVICE), "namespace")
    )
    pods = {"namespace": space, "name": told["token_pod"]}
    bound = pc.and_(pc.is_valid(told["token_pod"]), pc.is_valid(space))
    kinds = _if(bound, "job")
    job, pod = (loose.plain(kubeowners.jobs(pods, kinds, known)) for known in (owned, owned.slice(0, 0)))
    of = pc.if_else(pc.not_equal(job, pod), pc.binary_join_element_wise(" of job ", job, ""), "")
    node = pc.binary_join_element_wise("of node ", loose.plain(told["token_node"]), "")
    said = _joined([pc.binary_join_element_wise("of pod ", pod, of, ""), node], " ")
    by = pc.binary_join_element_wise("by a token ", said, "")
    return loose.dictionary(pc.if_else(pc.equal(said, ""), _NO_TEXT, by))


def _joined(parts: list[pa.Array], mark: str) -> pa.Array:
    """The parts that are there, with a mark between; nothing where none is."""
    # Arrow 26 leaves out a row in which no part is there.
    first = pc.if_else(pc.is_null(pc.coalesce(*parts)), "", parts[0])
    return pc.binary_join_element_wise(first, *parts[1:], mark, null_handling="skip")


def _lasts(lists: pa.Array) -> pa.Array:
    """The last of each list; null where it is empty or not there."""
    counts = np.asarray(pc.fill_null(pc.list_value_length(lists), 0), np.int64)
    ends = np.cumsum(counts) - 1
    return pc.list_flatten(lists).take(pa.array(ends, mask=counts == 0))


def _records(
    told: Mapping[str, pa.Array],
    files: pa.Table,
    form: str,
    when: clock.Interval,
    verb: pa.Array,
    job: pa.Array,
) -> pa.Table:
    """What each record says of its job, where the server did as it was asked.

    A record of a part of a job, such as one of its pods, tells of the job itself only where that part ran, and how it ended.
    """
    done = pc.fill_null(pc.less(told["code"], _REFUSED), False)
    telling = pc.and_(
        pc.is_in(verb, pa.array(["submit", "start", "kill_request", "end"])), pc.and_(done, pc.is_valid(job))
    )
    at = pa.array(np.flatnonzero(telling))
    row = {name: loose.plain(told[name].take(at)) for name in _KEPT}
    verb, job, earliest, latest = (loose.plain(values.take(at)) for values in (verb, job, *when))
    whole = pc.equal(pc.replace_substring_regex(job, "(?s)^.*/", ""), row["name"])
    end, made, killed, begun = (pc.equal(verb, word) for word in ("end", "submit", "kill_request", "start"))
    of_part = pc.or_(end, begun)
    asked = pc.if_else(pc.is_in(row["user"], _NOBODY), _NO_TEXT, row["user"])
    system = pc.is_valid(
        rowsets.each(row, ("user",), lambda one: "system" if kubejobs.by_system(one) else None)
    )
    person = pc.and_not(made, system)
    named = pc.if_else(pc.equal(row["impersonated"], ""), _NO_TEXT, row["impersonated"])
    outcome = loose.plain(rowsets.each(row, ("phase", "exit_reason"), kubejobs.outcome))
    columns = {
        "job": job,
        "step": pc.if_else(pc.and_not(of_part, whole), row["name"], _NO_TEXT),
        "name": row["name"],
        "owner": pc.if_else(person, pc.coalesce(named, asked), _NO_TEXT),
        "state": pc.if_else(killed, "deleted", pc.if_else(end, row["phase"], _NO_TEXT)),
        "outcome": pc.if_else(killed, "CANCELLED", pc.if_else(end, outcome, _NO_TEXT)),
        "exit_code": pc.if_else(end, row["exit_code"], None),
        "exit_signal": pc.if_else(end, row["exit_signal"], None),
        "submitter": pc.if_else(person, asked, _NO_TEXT),
        "requestor": pc.if_else(killed, asked, _NO_TEXT),
        "submit_ns": pc.if_else(made, earliest, None),
        "start_ns": pc.if_else(begun, earliest, None),
        "end_ns": pc.if_else(pc.or_(made, begun), None, latest),
        "gpus": row["gpus"],
        "nodes": pc.if_else(of_part, row["node"], _NO_TEXT),
        **{name: row[name] for name in ("sha256", "start", "stop")},
    }
    own = pc.or_(whole, of_part)
    return schedulerevents.of_jobs(
        {name: values.filter(own) for name, values in columns.items()}, form, files
    )
