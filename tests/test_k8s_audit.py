"""Kubernetes audit events: who asked, of which job, and what a user's own words cannot move."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_slurm import UPSTREAM, events, parsed, records, told, typed, whys

from forensics.core import jsonlines, jsonshapes, jsonstrings, jsontwice, kubefast
from forensics.core import lines as core_lines
from forensics.core.model import Why
from forensics.formats import k8s_audit

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
        (event(resource="jobs", group="batch.volcano.sh"), "kill_request"),
        (event(resource="mpijobs", group="kubeflow.org", verb="create"), "submit"),
        (event(resource="rayjobs", group="ray.io", verb="update"), "job_update"),
        (event(resource="queues", group="scheduling.volcano.sh"), "scheduler_edit"),
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


def shaped(**spec):
    made = {
        "kind": "Pod",
        "metadata": {"name": "p", "labels": {"job-name": "train-10"}, "uid": "u-1"},
        "spec": spec,
    }
    return compact(event("create", "pods", None, group="", code=201, requestObject=made))


OWNED = compact(event("create", "pods", "p", group="", responseObject=pod(ownerReferences=[{"kind": "Job", "name": "t", "controller": True}])))  # fmt: skip
ENDED = compact(
    event("patch", "pods", "p", group="", part="status", responseObject={"kind": "Pod", "status": {"phase": "Failed", "conditions": [{"type": "Complete", "status": "True", "reason": "x"}]}})
)  # fmt: skip
GPUS = shaped(containers=[{"resources": {"limits": {"nvidia.com/gpu": "4"}}}])
NAMED = OWNED.replace(b'"kind":"Job"', b'"kind":"\x7f5"')
BARE = PLAIN.replace(b'k \\"x\\"', b"kubectl")
LIKE = [
    *[BARE.replace(b"kubectl", name) for name in (b"x", b"m\\u0026i", b"m\xc3\xa9i")],
    *[BARE.replace(b"mei", name) for name in (b"kai", b"", b"m\xc3\xa9i", b"m\\u0026i", b"m\\ud800i", b"m\x7f1", b"m\x01i", b"m\\qi", b"m\\u00i")],
    *[BARE.replace(b"a/reason", key) for key in (b"kind", b'x\\"kind', b"a\\\\", b"logEvents")],
    *[BARE.replace(b'by \\"x\\"', said) for said in (b"EventList", b"\\\\", b"\\u0026\\n\\ud800", b"\\", b"\\u12", b"")],
    BARE.replace(b'"a/reason"', b'"kind"').replace(b'by \\"x\\"', b"EventList"),
    BARE.replace(b"audit.k8s.io/v1", b"audit.k8s.io/v2"),
    BARE.replace(b"audit.k8s.io/v1", b"other").replace(b'"kind":"Event"', b'"kind":"\\u007f3"'),
    BARE.replace(b'"stage":', b'"stage" : '),
    BARE.replace(b'"sourceIPs":["192.0.2.1"]', b'"sourceIPs":["192.0.2.1","192.0.2.2"]'),
    BARE.replace(b'"sourceIPs":["192.0.2.1"]', b'"sourceIPs":[]'),
    BARE.replace(b'"code":200', b'"code":"200"'), BARE.replace(b'"code":200', b'"code":"2OO"'),
    GPUS, GPUS.replace(b'"4"', b'"all"'), GPUS.replace(b'"4"', b"4"), GPUS.replace(b"train-10", b""), GPUS.replace(b"u-1", b"u-2"),
    GPUS.replace(b'"verb":"create"', b'"verb":"update"'), GPUS.replace(b'"kind":"Pod"', b'"kind":"Status"'),
    OWNED, OWNED.replace(b"true", b"false"), OWNED.replace(b'"name":"t"', b'"name":"u"'), OWNED.replace(b'"kind":"Job"', b'"kind":"Set"'),
    ENDED, ENDED.replace(b'"True"', b'"False"'), ENDED.replace(b"Complete", b"Ready"), ENDED.replace(b"Failed", b"Running"),
    BARE.replace(b"mei", b"\xff"), BARE.replace(b'x\\\\"', b""), compact({"log": event(userAgent="k")}), compact({"log": event(userAgent="l")}),
    BARE.replace(b"auditID", b"id"), BARE.replace(b"auditID", b"id").replace(b"audit.k8s.io/v1", b"other"),
    *[BARE.replace(b"a/reason", b'x\\"kind').replace(b'by \\"x\\"', said) for said in (b"x", b"EventList")],
    GPUS.replace(b'"verb":"create"', b'"verb":"get"'), *[OWNED.replace(b'"kind":"Job"', b'"kind":"%s3"' % mark) for mark in (b"\x7f", b"\\u007f")],
    compact(event("create", "pods", "p", group="", part="exec", requestURI="/p?stdin=true")),
    compact(event("create", "pods", "p", group="", part="log", requestURI="/p?command=ls")),
    compact(event("create", "pods", "p", group="", part="exec", requestURI="/p?command=ls")),
    compact(event("create", "pods", "p", group="", part="exec", requestURI="/p?command=id&command=-u")),
    compact(event("create", "pods", "p", group="", part="binding", requestObject={"target": {"name": "gpu01"}})),
    compact(event("patch", requestObject={"spec": {"suspend": True}})), compact(event("patch", requestObject={"a": ["b"]})),
    *[NAMED.replace(b"create-p-kai", mark) for mark in (b"\x7f5", b"create-p-kai")],
    *[shaped(nodeName="x", containers=[{"resources": {"limits": {"amd.com/gpu": said}}}]) for said in ("all", "4")],
    BARE[: BARE.rindex(b'"') + 1], *[BARE[:-1] + said for said in (b',"a":1,"a":2}', b',"a":{"b":1,"b":2}}', b',"a":{"b":1},"b":1}')],
    BARE[:-1] + b',"a":"{","a":1}', BARE[:-1] + b',"a" :1,"a":1}', BARE[:-1] + b',"a\\/b":1,"a/b":1}', BARE[:-1] + b',"a":[{"a":1},{"a":1}]}',
]  # fmt: skip


def lumped(_, __, found):
    """Lines that have as many strings, whether they can be of one shape or not."""
    for many in sorted(set(found.many.tolist())):
        yield many, kubefast.np.flatnonzero(found.many == many)


@FEW
@given(st.lists(st.sampled_from(ODD + LIKE), max_size=12), st.booleans(), st.sampled_from([1, 2, 3]))
def test_a_chunk_read_at_once_is_what_its_lines_are_one_by_one(chosen, ended, least):
    data = b"\n".join(chosen) + (b"\n" if ended else b"")
    assert read_in_three_ways(data, least, jsonshapes._groups)


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("groups", [jsonshapes._groups, lumped])
def test_each_line_is_by_itself_what_it_is_beside_all_others(order, groups):
    assert read_in_three_ways(b"\n".join([line for line in ODD + LIKE if line][::order] * 2), 1, groups)


def read_in_three_ways(data, least, groups):
    """Whether a chunk is the same by shapes, by Arrow, and by the definition alone, line by line."""
    none = kubefast.np.empty(0, int)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jsonshapes, "_LEAST_LINES", least)
        patch.setattr(jsonshapes, "_MOST_SHAPES", 1000)
        patch.setattr(jsonshapes, "_groups", groups)
        patch.setattr(k8s_audit, "_SHAPES", fresh())
        found = [[table.to_pylist() for table in parsed("k8s_audit", data)]]
        patch.setattr(jsonshapes.Shapes, "read", lambda *_: jsonshapes.Read(none, {}))
        found.append([table.to_pylist() for table in parsed("k8s_audit", data)])
        patch.setattr(kubefast, "read", lambda *_: kubefast.Read(none, {}))
        found.append([table.to_pylist() for table in parsed("k8s_audit", data)])
    return found[0] == found[1] == found[2]


_keys = st.sampled_from(["a", "b", "abcdefgh", "abcdefghi", "k8s.io/decision", "k8s.io/decisiom", "x{y"])
_said = st.recursive(
    st.sampled_from(["1", '"v"', '"{a:"', r'"k\":"', '["a"]', '""']),
    lambda inner: st.lists(st.tuples(_keys, inner), max_size=4).map(
        lambda pairs: "{" + ",".join(f'"{key}":{value}' for key, value in pairs) + "}"
    ),
    max_leaves=8,
)


@FEW
@given(st.lists(_said.filter(lambda said: len(said) > 8 and said[0] == "{"), min_size=1, max_size=20))
def test_a_line_that_says_a_key_twice_is_shown_to_nobody_else(said):
    """Wherever the key stands. A line that says none twice is doubted only where its strings are not known."""
    data = "\n".join(said).encode()
    edges = core_lines.edged(data)
    found = jsonstrings.find(data, edges)
    doubted = jsontwice.doubtful(data, edges.start, found).tolist()
    twice = [jsonlines.loaded(line.encode()) is Why.VALUE for line in said]
    known = set(found.line.tolist())
    assert doubted == [again or n not in known for n, again in enumerate(twice)]


def test_plain_lines_are_read_at_once():
    data = b"\n".join([PLAIN, ODD[2], PLAIN])
    found = kubefast.read(data, core_lines.cut(data, 0))
    assert found.at.tolist() == [0, 2]


def test_lines_of_one_shape_are_read_at_once():
    """Whatever their strings hold, but for those that the definition looks into; and not those that few have."""
    alike = [BARE.replace(b"mei", f"mei{n}".encode()) for n in range(9)]
    pods = [shaped(nodeName=f"gpu0{n}") for n in range(8)]
    changed = [compact(event("patch", requestObject={"spec": {"a": str(n)}})) for n in range(9)]
    unnamed = [line.replace(b"auditID", b"id") for line in alike]
    data = b"\n".join([*alike, *pods, *changed, *[ODD[9]] * 3, *unnamed])
    found = fresh().read(data, core_lines.edged(data))
    assert found.at.tolist() == [*range(17), *range(29, 38)]
    assert found.columns["user"].to_pylist()[:9] == [f"mei{n}" for n in range(9)]
    assert found.columns["node"].to_pylist()[9:17] == [f"gpu0{n}" for n in range(8)]


def test_the_shapes_that_are_kept_are_bounded(monkeypatch):
    """A log in which every line is of its own shape, as numbers that grow make it."""
    monkeypatch.setattr(jsonshapes, "_MOST_KNOWN", 500)
    monkeypatch.setattr(jsonshapes, "_LEAST_LINES", 1)
    shapes, held = fresh(), []
    for chunk in range(5):
        made = [event(code=200 + n, sourceIPs=["x"] * chunk) for n in range(4)]
        data = b"\n".join(map(compact, made))
        assert shapes.read(data, core_lines.edged(data)).at.tolist() == list(range(4))
        held.append(sum(len(shape.word) for many in shapes._known.values() for shape in many))
    assert held[0] > 0
    assert max(held) <= 500


def test_shapes_that_few_lines_have_are_not_looked_for_without_end(monkeypatch):
    tried = []
    made = jsonshapes._shape
    monkeypatch.setattr(jsonshapes, "_shape", lambda *asked: tried.append(1) or made(*asked))
    shapes = fresh()
    data = b"\n".join(compact(event(code=200 + n)) for n in range(60))
    assert not len(shapes.read(data, core_lines.edged(data)).at)
    assert len(tried) == jsonshapes._MOST_MISSED
    assert not shapes._known


def test_a_definition_that_looks_into_what_it_does_not_name_is_not_taken_for_a_copy():
    known = {"kind", "apiVersion", "verb"}
    lax = jsonshapes.Shapes(
        k8s_audit.TABLE, k8s_audit._SHAPES._rules._replace(decides=lambda _, path: path[-1] in known)
    )
    data = b"\n".join([GPUS] * 9)
    assert not len(lax.read(data, core_lines.edged(data)).at)


def fresh():
    """Shapes of which none is known yet."""
    return jsonshapes.Shapes(k8s_audit.TABLE, k8s_audit._SHAPES._rules)
