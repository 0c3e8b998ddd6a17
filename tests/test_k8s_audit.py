"""Kubernetes audit events: who asked, of which job, and what a user's own words cannot move."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_slurm import UPSTREAM, events, parsed, records, told, typed, whys

from forensics.core import kubefast
from forensics.core import lines as core_lines

FEW = settings(max_examples=40, deadline=None)
CONTROLLER = "system:serviceaccount:kube-system:job-controller"


def event(verb="delete", resource="jobs", name="train-10", *, group="batch", user="kai", code=200, **more):
    reference = {"resource": resource, "namespace": "research", "name": name, "apiGroup": group}
    reference |= {"subresource": more.pop("part")} if "part" in more else {}
    return {
        "kind": "Event", "apiVersion": "audit.k8s.io/v1", "auditID": more.pop("audit", f"{verb}-{name}-{user}"),
        "stage": "ResponseComplete", "verb": verb, "user": {"username": user}, "objectRef": reference,
        "responseStatus": {"code": code}, "requestReceivedTimestamp": "2026-11-23T15:11:42.000001Z",
        "stageTimestamp": "2026-11-23T15:11:42.000009Z", **more,
    }  # fmt: skip


def lines(*found):
    return "".join(json.dumps(one) + "\n" for one in found)


def pod(**metadata):
    return {"kind": "Pod", "metadata": {"name": "p", **metadata}, "spec": {"containers": [{}]}}


@FEW
@given(typed, typed)
def test_what_users_type_moves_no_field(name, agent):
    planted = event(name=name, userAgent=agent, requestObject={"user": {"username": agent}}, verb="patch")
    (got,) = events("k8s_audit", lines(planted))
    assert (got["account"], got["verb"], got["outcome"]) == ("kai", "job_update", "success")


def test_a_key_said_twice_is_read_by_nobody():
    once = json.dumps(event())
    assert whys("k8s_audit", once[:-1] + ', "user": {"username": "lin"}}\n') == ["value"]


@pytest.mark.parametrize(
    ("asked", "verb"),
    [
        (event(), "kill_request"),
        (event(resource="pods", group="", verb="create", part="eviction"), "kill_request"),
        (event(verb="deletecollection", name=None), "kill_request"),
        (event(user=CONTROLLER, resource="pods", group=""), "job_signal"),
        (event(user="system:node:gpu01", resource="pods", group=""), "job_signal"),
        (event(resource="pytorchjobs", group="kubeflow.org"), "kill_request"),
        (event(resource="rayclusters", group="ray.io", verb="patch"), "job_update"),
        (event(resource="workloads", group="kueue.x-k8s.io", verb="patch"), "job_update"),
        (event(resource="pods", group="", verb="create", part="exec"), "job_enter"),
        (event(resource="nodes", group="", verb="patch"), "scheduler_edit"),
        (event(resource="clusterqueues", group="kueue.x-k8s.io", verb="update"), "scheduler_edit"),
        (event(resource="pods", group="evil", verb="delete"), "other"),
        (event(verb="get"), "other"),
        (event(stage="RequestReceived"), "other"),
        (event(resource="jobs", part="status", verb="patch"), "other"),
    ],
)
def test_each_request_is_the_act_it_is(asked, verb):
    assert [e["verb"] for e in events("k8s_audit", lines(asked))] == [verb]


def test_the_stages_of_one_request_are_one_act():
    stages = [event(audit="a", stage=s) for s in ("RequestReceived", "ResponseStarted", "ResponseComplete")]
    assert [e["verb"] for e in events("k8s_audit", lines(*stages))] == ["other", "kill_request", "other"]


def test_a_refused_request_ends_no_job():
    got = told("k8s_audit", lines(event(code=403)))
    assert [(e["verb"], e["outcome"]) for e in got["event"]] == [("kill_request", "failure")]
    assert got["job_record"] == []


def test_owner_submitter_and_requester_are_three():
    made = event(verb="create", user="dao", code=201, impersonatedUser={"username": "mei"})
    rows = told("k8s_audit", lines(made, event()))["job_record"]
    assert [(r["owner"], r["submitter"], r["requestor"], r["ending"]) for r in rows] == [
        ("mei", "dao", None, None), (None, None, "kai", "cancelled"),
    ]  # fmt: skip


def test_a_pod_belongs_to_a_job_only_on_a_controllers_word():
    labels = {"labels": {"batch.kubernetes.io/job-name": "train-10"}}
    for user, job in ((CONTROLLER, "research/train-10"), ("kai", "research/p")):
        made = event("create", "pods", None, group="", user=user, requestObject=pod(**labels))
        assert [
            e["job"] for e in events("k8s_audit", lines(made, event(resource="pods", name="p", group="")))
        ] == [job] * 2


def test_an_anonymous_request_has_no_account():
    (got,) = events("k8s_audit", lines(event(user="system:anonymous")))
    assert (got["account"], got["account_absence"]) == (None, "not_recorded")


@pytest.mark.parametrize(
    ("ended", "ending"),
    [
        ({"exitCode": 137, "reason": "OOMKilled"}, "out_of_memory"), ({"exitCode": 143}, "killed_by_signal"),
        ({"exitCode": 1, "reason": "Error"}, "failed_by_itself"), ({"exitCode": 0, "signal": 9}, "killed_by_signal"),
    ],
)  # fmt: skip
def test_how_a_pod_ended(ended, ending):
    status = {"phase": "Failed", "containerStatuses": [{"state": {"terminated": ended}}]}
    said = event(
        "patch",
        "pods",
        "p",
        group="",
        part="status",
        user="system:node:gpu01",
        requestObject={"status": status},
    )
    (row,) = told("k8s_audit", lines(said))["job_record"]
    assert (row["ending"], row["state"]) == (ending, "Failed")


def test_gpus_are_those_of_all_pods_asked_for():
    container = {"resources": {"limits": {"nvidia.com/gpu": "4"}}}
    template = {"template": {"spec": {"containers": [container, container]}}}
    spec = {
        "pytorchReplicaSpecs": {"Master": {"replicas": 1, **template}, "Worker": {"replicas": 3, **template}}
    }
    made = event("create", "pytorchjobs", group="kubeflow.org", code=201, requestObject={"spec": spec})
    assert [r["gpus"] for r in records("k8s_audit", lines(made))] == [32]


@pytest.mark.parametrize("depth", [1, 3])
def test_a_wrapping_in_a_wrapping_has_an_end(depth):
    found = event()
    for _ in range(depth):
        found = {"log": json.dumps(found)}
    assert len(records("k8s_audit", lines(found))) == 1
    for _ in range(4):
        found = {"message": json.dumps(found)}
    assert whys("k8s_audit", lines(found)) == ["shape"]


def test_the_events_of_others_are_read():
    folder = UPSTREAM / "falco" / "test" / "trace_files" / "k8s_audit"
    if not folder.exists():
        pytest.skip("the files of other projects are not here")
    seen = [(path, path.read_bytes()) for path in sorted(folder.glob("*.json"))]
    for path, raw in seen:
        assert whys("k8s_audit", raw) == [], path
        assert records("k8s_audit", raw), path
    (entered,) = events("k8s_audit", (folder / "exec_pod.json").read_bytes())
    assert (entered["verb"], entered["account"], entered["argv"]) == ("job_enter", "minikube-user", ["bash"])
    wrapped = (UPSTREAM / "panther-analysis" / "events_Amazon_EKS_Audit.jsonl").read_bytes()
    held = [json.loads(line)["log"] for line in wrapped.splitlines()]
    full = [
        one
        for one in held
        if one.get("kind") == "Event" and "verb" in one and ("auditID" in one or "apiVersion" in one)
    ]
    got = records("k8s_audit", wrapped)
    assert [r["user"] for r in got] == [one.get("user", {}).get("username") for one in full]
    assert len(got) > 40


def compact(found):
    return json.dumps(found, separators=(",", ":")).encode()


PLAIN = compact(
    event(user="mei", userAgent='k "x"', sourceIPs=["192.0.2.1"], annotations={"a/reason": 'by "x"'})
)
ODD = [
    PLAIN,
    PLAIN.replace(b'"kai"', b"5"),
    PLAIN[:-1] + b',"verb":"get"}',
    PLAIN[:-1] + b',"user":{"username":"lin"}}',
    PLAIN.replace(b"mei", b"\xff"),
    PLAIN.replace(b"mei", b"\\ud800"),
    PLAIN.replace(b'"code":200', b'"code":"200"'),
    PLAIN.replace(b'"code":200', b'"code":1.5'),
    PLAIN.replace(b'"verb":"delete"', b'"verb":null'),
    PLAIN.replace(b'"verb":"delete"', b'"verb":""'),
    PLAIN.replace(b"audit.k8s.io/v1", b"v1").replace(b"auditID", b"id"),
    PLAIN + PLAIN,
    PLAIN[:-9],
    PLAIN + b"x}",
    PLAIN + b"\r",
    PLAIN.replace(b"mei", b"m\xc3\xa9i"),
    PLAIN.replace(b'"code":200', b'"code":200,"more":' + b"7" * 41),
    PLAIN.replace(b'"code":200', b'"code":200,"more":' + b"7" * 65),
    PLAIN.replace(b'"code":200', b'"code":200,"more":' + b"[" * 59 + b"]" * 59),
    PLAIN.replace(b'"code":200', b'"code":200,"more":' + b"[" * 70 + b"]" * 70),
    PLAIN[:-1] + b',"more":{"kind":"EventList"}}',
    PLAIN[:-1] + b',"requestObject":{"kind":"Pod","metadata":{"name":"p"}}}',
    PLAIN.replace(b'"resource":"pods"', b'"resource":"pods","subresource":"exec"'),
    b"",
    b'{"kind":"Event"}',
    compact({"kind": "EventList", "items": [event()]}),
]


@FEW
@given(st.lists(st.sampled_from(ODD), max_size=12), st.booleans())
def test_a_chunk_read_at_once_is_what_its_lines_are_one_by_one(chosen, ended):
    data = b"\n".join(chosen) + (b"\n" if ended else b"")
    fast = [table.to_pylist() for table in parsed("k8s_audit", data)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kubefast, "read", lambda *_: kubefast.Read(kubefast.np.empty(0, int), {}))
        assert [table.to_pylist() for table in parsed("k8s_audit", data)] == fast


def test_plain_lines_are_read_at_once():
    data = b"\n".join([PLAIN, ODD[2], PLAIN])
    found = kubefast.read(data, core_lines.cut(data, 7), 7)
    assert found.at.tolist() == [0, 2]
