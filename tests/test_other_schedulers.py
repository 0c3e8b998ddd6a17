"""A job of somebody's, ended at another's request, under PBS and under Kubernetes; and job ids that were given twice."""

import json

import pytest
from test_k8s_audit import event

from forensics import pipeline

ROSTER = """
[[person]]
name = "mei"
role = "research lead"
accounts = [{{ name = "mei{at}", uid = 4101, source = "account register" }}]

[[person]]
name = "kai"
role = "intern"
accounts = [{{ name = "kai{at}", uid = 4102, source = "account register" }}]

[[person]]
name = "lin"
role = "intern"
accounts = [{{ name = "lin{at}", uid = 4103, source = "account register" }}]
"""
CASE = 'title = "A job that ended"\nzone = "Etc/UTC"\njobs = ["{job}"]\n'
WINDOW = 'window = ["{first}", "{last}"]\n'


def examined(folder, files, *, job, at="", window=""):
    """The findings of evidence invented here, by path."""
    for path, text in files.items():
        place = folder / "evidence" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    (folder / "roster.toml").write_text(ROSTER.format(at=at))
    (folder / "case.toml").write_text(CASE.format(job=job) + window)
    case = folder / "case"
    about = {"roster": folder / "roster.toml", "about": folder / "case.toml"}
    pipeline.investigate(case, [folder / "evidence"], **about)
    return json.loads((case / "findings.json").read_text())


def acts(found, kind):
    return [a for a in found["acts"] if a["act"] == kind]


PBS = {
    "pbs/accounting/20261123": (
        "11/23/2026 15:11:42;Q;11.pbs01;queue=workq\n"
        "11/23/2026 15:11:43;S;11.pbs01;user=mei group=mei jobname=train queue=workq ctime=1795446702"
        " start=1795446703 owner=mei@login01 exec_host=gpu01/0 Resource_List.ngpus=8\n"
        "11/23/2026 15:11:53;D;11.pbs01;requestor=kai@login01\n"
        "11/23/2026 15:11:53;E;11.pbs01;user=mei group=mei jobname=train queue=workq ctime=1795446702"
        " start=1795446703 owner=mei@login01 exec_host=gpu01/0 Resource_List.ngpus=8 end=1795446713 Exit_status=271\n"
    ),
    "pbs/server_logs/20261123": (
        "11/23/2026 15:11:50;0080;Server@pbs01;Req;req_reject;Reject reply code=15007, aux=0, type=6, from lin@login01\n"
        "11/23/2026 15:11:53;0008;Server@pbs01;Job;11.pbs01;Job to be deleted at request of kai@login01\n"
        "11/23/2026 15:11:53;0010;Server@pbs01;Job;11.pbs01;Exit_status=271\n"
    ),
}


@pytest.fixture(scope="module")
def pbs(tmp_path_factory):
    return examined(tmp_path_factory.mktemp("pbs"), PBS, job="11")


def test_pbs_names_who_asked_and_two_files_tell_of_one_request(pbs):
    (act,) = acts(pbs, "cancel")
    assert (act["account"], act["job"], act["link"]) == ("kai", "11.pbs01", "observed")
    assert len({c["sha256"] for c in act["citations"]}) == 2
    (job,) = pbs["jobs"]
    assert (job["outcome"], job["cause"], job["acts"]) == ("CANCELLED", "act", [act["id"]])


def test_pbs_alone_says_an_account_and_no_person(pbs):
    """One server's word: whoever holds it could have written it, and nothing says who sat in the account."""
    (act,) = acts(pbs, "cancel")
    assert (act["person"]["verdict"], act["person"]["name"]) == ("inconclusive", None)
    assert act["person"]["candidates"] == ["kai"]
    assert act["person"]["frame_cost"] == ["pbs:admin"]
    assert "session" in act["missing"]
    assert "command_of_request" in act["missing"]


POD = {
    "kind": "Pod",
    "metadata": {"name": "train-10-abcde", "labels": {"batch.kubernetes.io/job-name": "train-10"}},
    "spec": {"containers": [{"resources": {"limits": {"nvidia.com/gpu": "8"}}}]},
}
CONTROLLER = "system:serviceaccount:kube-system:job-controller"
AT = "@example.org"


def moment(second):
    stamp = f"2026-11-23T15:11:{second:02d}.000001Z"
    return {"requestReceivedTimestamp": stamp, "stageTimestamp": stamp, "sourceIPs": ["192.0.2.12"]}


def audited(*extra):
    pod = {"resource": "pods", "group": "", "name": "train-10-abcde"}
    mei, kai, lin = (f"{name}{AT}" for name in ("mei", "kai", "lin"))
    events = [
        event("create", "jobs", "train-10", user=mei, code=201, **moment(42)),
        event("create", "pods", None, group="", user=CONTROLLER, code=201, requestObject=POD, **moment(43)),
        event(
            "create", **pod, part="exec", user=kai, code=101, requestURI="/x?command=nvidia-smi", **moment(50)
        ),
        event("delete", "jobs", "train-10", user=lin, code=403, **moment(51)),
        *extra,
        event("delete", **pod, user=kai, **moment(53)),
    ]
    return {"k8s/audit.log": "".join(json.dumps(one) + "\n" for one in events)}


@pytest.fixture(scope="module")
def kubernetes(tmp_path_factory):
    return examined(tmp_path_factory.mktemp("k8s"), audited(), job="train-10", at=AT)


def test_kubernetes_names_who_deleted_a_pod_of_the_job(kubernetes):
    done, tried = (
        [a for a in acts(kubernetes, "cancel") if a["account"] == f"{name}{AT}"] for name in ("kai", "lin")
    )
    assert [(a["job"], a["link"], a["address"]) for a in done] == [
        ("research/train-10", "observed", "192.0.2.12")
    ]
    assert len(tried) == 1
    (entered,) = acts(kubernetes, "enter_job")
    assert entered["account"] == f"kai{AT}"
    (job,) = kubernetes["jobs"]
    assert (job["owner"], job["cause"]) == (f"mei{AT}", "act")
    person = done[0]["person"]
    assert (person["verdict"], person["candidates"]) == ("inconclusive", ["kai"])
    assert person["frame_cost"] == ["kubernetes:control-plane"]


@pytest.mark.parametrize(
    ("pod", "links"),
    [
        ("train-10-x7k2p", ["derived"]),
        ("train-10-worker-0", ["derived"]),
        ("train-10-other", []),
        ("train-1-x7k2p", []),
    ],
)
def test_a_log_without_objects_links_a_pod_by_its_name_alone(tmp_path, pod, links):
    """At level Metadata nothing says whose pod it was but its name; the link says so."""
    made = event("create", "jobs", "train-10", user=f"mei{AT}", code=201, **moment(42))
    gone = event("delete", "pods", pod, group="", user=f"kai{AT}", **moment(53))
    text = "".join(json.dumps(one) + "\n" for one in (made, gone))
    found = examined(tmp_path, {"k8s/audit.log": text}, job="research/train-10", at=AT)
    assert [a["link"] for a in acts(found, "cancel") if a["job"] == "research/train-10"] == links


def test_a_refused_request_is_told_and_is_no_cause(tmp_path):
    files = audited()
    kept = files["k8s/audit.log"].splitlines(keepends=True)[:-1]
    found = examined(tmp_path, {"k8s/audit.log": "".join(kept)}, job="train-10", at=AT)
    assert [a["account"] for a in acts(found, "cancel")] == [f"lin{AT}"]
    (job,) = found["jobs"]
    assert job["cause"] != "act"


HEADER = "JobID|JobName|User|UID|State|Submit|Start|End|Cluster\n"
OLD = "10|old|lin|4103|CANCELLED by 4103|2026-01-05T10:00:00|2026-01-05T10:00:01|2026-01-05T11:00:00|mlcluster\n"
NEW = "10|train|mei|4101|CANCELLED by 4102|2026-11-23T15:11:42|2026-11-23T15:11:43|2026-11-23T15:11:53|mlcluster\n"
LOG = (
    "[2026-01-05T10:59:59.000] _slurm_rpc_kill_job: REQUEST_KILL_JOB JobId=10 uid 4103\n"
    "[2026-06-05T10:59:59.000] _slurm_rpc_kill_job: REQUEST_KILL_JOB JobId=10 uid 4103\n"
    "[2026-11-23T15:11:53.000] _slurm_rpc_kill_job: REQUEST_KILL_JOB JobId=10 uid 4102\n"
)


@pytest.mark.parametrize(
    ("window", "owner", "by"),
    [
        ("", "mei", "kai"),
        (WINDOW.format(first="2026-01-05T00:00:00Z", last="2026-01-06T00:00:00Z"), "lin", "lin"),
    ],
)
def test_a_job_id_that_was_given_twice_is_two_jobs(tmp_path, window, owner, by):
    files = {"slurm/sacct.psv": HEADER + OLD + NEW, "slurm/slurmctld.log": LOG}
    found = examined(tmp_path, files, job="10", window=window)
    (job,) = found["jobs"]
    assert job["owner"] == owner
    assert [a["account"] for a in acts(found, "cancel")] == [by]


@pytest.mark.parametrize(
    ("window", "by"),
    [("", "mei"), (WINDOW.format(first="2026-11-01T00:00:00Z", last="2026-11-02T00:00:00Z"), "kai")],
)
def test_a_name_that_came_back_is_another_job(tmp_path, window, by):
    """Kubernetes' record of a deletion has no submission in it: its time tells which job it was of."""

    def at(day, second):
        return {"requestReceivedTimestamp": f"2026-11-{day}T15:11:{second}.000001Z", "stageTimestamp": None}

    events = [
        event("create", "jobs", user=f"mei{AT}", code=201, audit="1", **at("01", 42)),
        event("delete", "jobs", user=f"kai{AT}", audit="2", **at("01", 53)),
        event("create", "jobs", user=f"mei{AT}", code=201, audit="3", **at("23", 42)),
        event("delete", "jobs", user=f"mei{AT}", audit="4", **at("23", 53)),
    ]
    # The one name has two submissions and two ends, and no record holds both of one of them.
    text = "".join(json.dumps(one) + "\n" for one in events)
    found = examined(tmp_path, {"k8s/audit.log": text}, job="train-10", at=AT, window=window)
    assert [a["account"] for a in acts(found, "cancel")] == [f"{by}{AT}"]


@pytest.mark.parametrize("minute", ["15:10:4", "15:11:3"])
def test_an_attempt_after_a_requeue_is_the_same_job(tmp_path, minute):
    """However soon it was put back: a minute later, or some seconds."""
    again = (
        NEW.replace("CANCELLED by 4102", "REQUEUED")
        .replace("15:11:42", f"{minute}8")
        .replace("15:11:4", minute)
        .replace("15:11:53", "15:11:40")
    )
    found = examined(tmp_path, {"slurm/sacct.psv": HEADER + again + NEW}, job="10")
    (job,) = found["jobs"]
    assert (job["outcome"], job["owner"]) == ("CANCELLED", "mei")


def test_a_removal_that_names_nobody_for_sure_is_no_act(tmp_path):
    """HTCondor's client writes the name of who removes a job, and the job's owner holds the log."""
    log = (
        "000 (011.000.000) 2026-11-23 15:11:42 Job submitted from host: <192.0.2.7:9618>\n...\n"
        "009 (011.000.000) 2026-11-23 15:11:53 Job was aborted.\n\tvia condor_rm (by user kai)\n...\n"
    )
    found = examined(tmp_path, {"condor/job.log": log}, job="11")
    assert acts(found, "cancel") == []
    (job,) = found["jobs"]
    assert (job["outcome"], job["cause"]) == ("CANCELLED", "not_established")
