"""What is told of Kubernetes records column by column is what their rows say one by one."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_telling_in_slices import files_of

from forensics.core import hostevents, kubejobs, kubeowners, rowsets
from forensics.core.schema import extended
from forensics.core.tables import JOB_RECORD, SHA256
from forensics.formats import k8s_audit
from forensics.readings import k8s_audit as reading

FEW = settings(max_examples=60, deadline=None)
NAMES = st.sampled_from(["a", "b", "c", "x/y", "y"])
SPACES = st.sampled_from(["research", "x", None])
USERS = st.sampled_from(["kai", "system:kube-scheduler", "system:anonymous", "system:masters", None])
ROW = st.fixed_dictionaries(
    {
        "audit_id": st.sampled_from(["r1", "r2", None]), "stage": st.sampled_from(["ResponseComplete", "RequestReceived", None]),
        "received": st.sampled_from(["2026-11-23T15:11:42.000001Z", "2026-11-23T15:11:43.000001Z", None]),
        "staged": st.sampled_from(["2026-11-23T15:11:44.000001Z", "2026-11-23T15:11:45.000001Z", None]),
        "verb": st.sampled_from(["create", "delete", "patch", "get"]), "user": USERS, "impersonated": st.sampled_from(["mei", "", None]),
        "addresses": st.sampled_from([None, [], ["192.0.2.1", "192.0.2.2"]]), "agent": st.sampled_from(["kubectl", "", "k" * 5000, None]),
        "api_group": st.sampled_from(["batch", None]), "resource": st.sampled_from(["pods", "jobs", "nodes", None]),
        "subresource": st.sampled_from(["status", "eviction", "exec", None]), "namespace": SPACES, "name": st.one_of(NAMES, st.none()),
        "code": st.sampled_from([200, 403, None]), "owner_name": st.one_of(NAMES, st.none()), "job_label": st.sampled_from(["a", "", None]),
        "phase": st.sampled_from(["Failed", "Complete", "Running", None]), "exit_code": st.sampled_from([0, 137, None]),
        "exit_signal": st.sampled_from([9, None]), "exit_reason": st.sampled_from(["OOMKilled", "Error", None]),
        "node": st.sampled_from(["gpu01", None]), "gpus": st.sampled_from([8, None]), "request": st.sampled_from(["{}", None]),
    }
)  # fmt: skip


def job(row, known):
    """The job that a request is about, from one owner to the next."""
    if not kubejobs.is_job(row):
        return None
    name = row["name"]
    seen = {name}
    while (row["namespace"], name) in known and known[row["namespace"], name] not in seen:
        name = known[row["namespace"], name]
        seen.add(name)
    if not isinstance(name, str):
        return None
    return f"{row['namespace']}/{name}" if row["namespace"] is not None else name


def firsts(rows):
    """Which rows are the first to tell the answer to their request."""
    seen, told = set(), []
    for row in rows:
        key = row["audit_id"], row["received"]
        answer = row["stage"] != "RequestReceived"
        told.append(answer and (row["audit_id"] is None or key not in seen))
        seen |= {key} if answer else set()
    return told


def job_record(row, when, its):
    """What one record says of its job, or None."""
    verb, code = kubejobs.verb(row), row["code"]
    own = its is not None and its.rpartition("/")[2] == row["name"]
    if verb not in {"submit", "kill_request", "end"} or its is None or code is None or code >= 400:
        return None
    if not own and verb != "end":
        return None
    told = {"job": its, "name": row["name"], "gpus": row["gpus"]}
    if verb == "submit":
        asked = None if kubejobs.by_system(row) else kubejobs.account(row)
        owner = None if kubejobs.by_system(row) else row["impersonated"] or asked
        return told | {"owner": owner, "submitter": asked, "submit_ns": when[0]}
    if verb == "kill_request":
        ended = {"state": "deleted", "outcome": "CANCELLED", "end_ns": when[1]}
        return told | ended | {"requestor": kubejobs.account(row)}
    ended = {"state": row["phase"], "outcome": kubejobs.outcome(row), "end_ns": when[1], "nodes": row["node"]}
    ended |= {name: row[name] for name in ("exit_code", "exit_signal")}
    return told | ended | {"step": None if own else row["name"]}


@FEW
@given(st.lists(ROW, max_size=12))
def test_columns_tell_what_rows_tell(rows):
    rows = [row | {"start": n, "stop": n + 1} for n, row in enumerate(rows)]
    table = extended(k8s_audit.TABLE, SHA256)
    records = table.build({n: ["f" * 64] * len(rows) if n == "sha256" else [r.get(n) for r in rows] for n in table.names})  # fmt: skip
    found = reading.read(records, files_of(), zone="UTC", anchor_ns=None)
    events, known = found["event"].to_pylist(), kubejobs.owners(rows)
    jobs = [job(row, known) for row in rows]
    told = firsts(rows)
    assert [e["verb"] for e in events] == [kubejobs.verb(r) if t else "other" for r, t in zip(rows, told, strict=True)]  # fmt: skip
    assert [e["job"] for e in events] == jobs
    assert [e["account"] for e in events] == [kubejobs.account(row) for row in rows]
    assert [e["text"] for e in events] == [text_of(row) for row in rows]
    assert [e["address"] for e in events] == [(row["addresses"] or [None])[-1] for row in rows]
    when = [(event["earliest_ns"], event["latest_ns"]) for event in events]
    made = [(n, job_record(rows[n], when[n], jobs[n])) for n in range(len(rows)) if told[n]]
    wanted = {name for name in JOB_RECORD.names if name not in {"format", "domain", "ending", "sha256", "stop"}}  # fmt: skip
    assert [{n: row[n] for n in wanted} for row in found["job_record"].to_pylist()] == [
        dict.fromkeys(wanted) | record | {"start": n} for n, record in made if record is not None
    ]


def text_of(row):
    place = "/".join(p for p in (row[n] for n in ("resource", "namespace", "name", "subresource")) if p is not None)  # fmt: skip
    code = None if row["code"] is None else str(row["code"])
    words = [row["verb"], place, code, row["agent"], row["request"]]
    return " ".join(word for word in words if word is not None)[:4096]


@FEW
@given(st.dictionaries(st.tuples(SPACES, NAMES), NAMES))
def test_the_last_owner_is_the_one_that_a_walk_ends_at(known):
    pod = {"api_group": None, "resource": "pods"}
    rows = [pod | {"namespace": space, "name": name} for space, name in known]
    found = [f"{s}/{end}" if s is not None else end for (s, _), end in kubeowners.last(known).items()]
    assert found == [job(row, known) for row in rows]
    spaces, names = zip(*known, strict=True) if known else ((), ())
    owned = {"kind": ["owned"] * len(known), "namespace": spaces, "name": names, "job": list(known.values())}
    notes = pa.table({name: pa.array(column, pa.string()) for name, column in owned.items()})
    assert kubeowners.settled(notes).select(["namespace", "name", "job"]).equals(kubeowners.table(known))


def test_a_long_way_of_owners_is_walked_once():
    way = {("x", str(n)): str(n + 1) for n in range(10_000)}
    assert set(kubeowners.last(way).values()) == {"10000"}


COLUMN = st.lists(st.sampled_from(["a", "b", "", None]), min_size=6, max_size=6)


@FEW
@given(COLUMN, COLUMN, COLUMN, COLUMN, st.integers(0, 6))
def test_sets_of_values_are_numbered_and_found(one, two, three, four, size):
    rows, known = list(zip(one, two, strict=True)), list(zip(three, four, strict=True))[:size]
    columns = [pa.array(column, pa.string()) for column in (one, two)]
    theirs = [pa.array(column[:size], pa.string()) for column in (three, four)]
    number, first = rowsets.numbered(columns)
    assert [rows[first[n]] for n in number] == rows
    assert [rows.index(rows[n]) for n in first] == first.tolist()
    assert len(set(rows)) == len(first)
    assert rowsets.places(columns, theirs).tolist() == [known.index(r) if r in known else -1 for r in rows]
    said = rowsets.each(
        dict(zip("xy", columns, strict=True)), ("x", "y"), lambda row: f"{row['x']}{row['y']}"
    )
    assert said.to_pylist() == [f"{x}{y}" for x, y in rows]


def test_numbers_far_apart_are_numbered_as_those_near():
    """Many columns of few values, of which few sets come together."""
    wide = [pa.array([str(n % p) for n in range(40)]) for p in (37, 31, 29, 23)]
    number, first = rowsets.numbered(wide)
    assert sorted(number.tolist()) == list(range(40))
    assert first[number].tolist() == list(range(40))


@pytest.mark.parametrize("coded", [True, False])
def test_records_of_several_files_are_told_in_order_of_place(coded):
    """Read back as a dictionary, which Arrow does not sort by."""
    sha256 = pa.array(["b", "a", "b", "a"])
    rows = pa.table({"sha256": sha256.dictionary_encode() if coded else sha256, "start": [9, 7, 3, 5]})
    found = hostevents.in_order(rows)
    assert list(zip(found["sha256"].to_pylist(), found["start"].to_pylist(), strict=True)) == [
        ("a", 5), ("a", 7), ("b", 3), ("b", 9),
    ]  # fmt: skip
