"""Very many jobs that ended badly, and no job named: those that nothing bears on are a table, and the findings are those of all jobs looked at."""

import random
from types import SimpleNamespace

import pyarrow as pa
import pytest
from drawn import EVERY, some
from test_ordinary_jobs import AT, AUDIT, CONTROL, LATER, chosen, examined, line, ran, staged

from forensics.analysis import examine, file_acts, inquiry, ordinary, relevance, scheduler_edits
from forensics.analysis.identity import Directory, Enrolment
from forensics.analysis.jobs import Job
from forensics.core.roster import Question
from forensics.pipeline import harms

CASE = """
title = "Disturbed training jobs"
cluster = "mlcluster"
zone = "Etc/UTC"
{more}
[[claim]]
id = "D01"
by = "kai"
names = "lin"
text = "It was the other intern, lin: the commit carries that name."
"""
WINDOWS = {
    "no window": "",
    "a window that none ended in": 'window = ["2025-11-15T15:11:37Z", "2025-11-16T03:12:07Z"]',
    "a window that few ended in": 'window = ["2026-11-15T15:11:37Z", "2026-11-16T03:12:07Z"]',
}

CONTROLLED = {"no window", "a window that few ended in"}
"""Those of which the controller tells of most jobs too."""


@pytest.fixture(scope="module", params=some(WINDOWS, 2))
def both(request, tmp_path_factory):
    """The analysis that holds all events, and the one that holds ordinary jobs as a table, each with its findings."""
    about = CASE.format(more=WINDOWS[request.param])
    case = staged(
        tmp_path_factory.mktemp("badly"),
        "script_edit",
        150,
        about=about,
        controller=request.param in CONTROLLED,
        lean=request.param != "no window" and not EVERY,
    )
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(inquiry, "MOST_ASKED", 12)
        patched.setattr(inquiry, "of", counted := Counted(inquiry.of))
        found = [examined_apart(case, least) for least in (10**9, 0)]
    return request.param, found, counted


class Counted:
    """What is asked about, kept each time."""

    def __init__(self, whole):
        self.whole, self.kept = whole, []

    def __call__(self, *given):
        self.kept.append(self.whole(*given))
        return self.kept[-1]


def examined_apart(case, least):
    """As `examined`, which takes its own patches back: what is patched beside them stays."""
    with pytest.MonkeyPatch.context() as inner:
        return examined(case, least, inner)


def test_the_findings_are_those_of_all_jobs_looked_at(both):
    name, ((every, plain), (done, told)), counted = both
    assert told == plain
    badly = inquiry._badly(done.scene.evidence.ordinary)
    assert len(badly) > 30
    assert not len(every.scene.evidence.ordinary)
    asked = counted.kept[-1]
    if name == "a window that few ended in":
        # Few are all looked at, and listed.
        assert not len(asked.apart)
        assert 0 < len(told["jobs"]) <= 12
        assert "jobs_not_listed" not in told
    else:
        assert len(asked.apart) > 30
        assert sum(told["jobs_not_listed"].values()) >= len(asked.apart)
        assert len(told["jobs"]) > 2


def test_the_table_of_jobs_has_all_of_them(both):
    name, ((every, _), (done, _)), _ = both
    whole, narrow = (d.tables()["job"].to_pylist() for d in (every, done))
    assert [j["job"] for j in whole] == [j["job"] for j in narrow]
    apart = [j for j in narrow if j["why"] == ordinary.WHY]
    assert any(j["outcome"] == "FAILED" for j in apart)
    sources = done.scene.evidence.told["source"].to_pylist()
    assert any("slurmctld" in source for source in sources) == (name in CONTROLLED)


# Which jobs are ordinary


def left(tmp_path, rows, monkeypatch, most=0, question=None, **files):
    monkeypatch.setattr(inquiry, "MOST_ASKED", most)
    return chosen(tmp_path, rows, question or Question(), files=files.get("files", {}))


FAILED = [line(900, "u801", "FAILED", AT, code="1:0")]
SHORT = [line(900, "u801", "OUT_OF_MEMORY", AT)]
BY_ITSELF = {
    "failed": FAILED,
    "out of memory": SHORT,
    "timed out": [line(900, "u801", "TIMEOUT", AT)],
    "its node failed": [line(900, "u801", "NODE_FAIL", AT)],
    "cancelled, and by whom is not told": [line(900, "u801", "CANCELLED", AT)],
    "cancelled by its owner": [line(900, "u801", "CANCELLED", AT, by=4801)],
}


@pytest.mark.parametrize("name", BY_ITSELF)
def test_of_many_one_that_nothing_bears_on_is_ordinary(tmp_path, monkeypatch, name):
    assert left(tmp_path / "many", BY_ITSELF[name], monkeypatch) == {"900"}
    assert left(tmp_path / "few", BY_ITSELF[name], monkeypatch, most=1) == set()


def edited(text, at=AT):
    return {CONTROL: f"[{at:%Y-%m-%dT%H:%M:%S}.000] {text}\n"}


def command(*argv, at=AT, **more):
    return {AUDIT: ran(f"/usr/bin/{argv[0]}", *argv, at=at, uid=4803, **more)}


def on_node(*argv, at=AT, session="3"):
    return {
        AUDIT.replace("login01", "gpu07"): ran(f"/usr/bin/{argv[0]}", *argv, at=at, uid=4803, session=session)
    }


LIMITS = (
    "Time|Action|Actor|Where|Info\n{at:%Y-%m-%dT%H:%M:%S}|Modify Users|dao|(name='{name}')|admin_level=3\n"
)
BORNE_ON = {
    "another asked for its end": ([line(900, "u801", "CANCELLED", AT, by=4802)], {}),
    "root asked for its end": ([line(900, "u801", "CANCELLED", AT, by=0)], {}),
    "a step tells that another asked": (
        [line(900, "u801", "FAILED", AT), line(900, "u801", "CANCELLED", AT, step=".0", by=4802)], {},
    ),
    "a step alone tells that its owner asked": (
        [line(900, "u801", "FAILED", AT), line(900, "u801", "CANCELLED", AT, step=".0", by=4801)], {},
    ),
    "its node was taken down": (FAILED, edited("update_node: node gpu07 state set to DOWN")),
    "a reservation took its node": (
        FAILED, edited("sched: Created reservation=x users=dao nodes=gpu[05-08] cores=64 licenses=(null) tres=cpu=64 start=2026"),
    ),
    "a command took its node down": (FAILED, command("scontrol", "update", "nodename=gpu[01-07]", "state=down")),
    "its owner's limits were changed": (FAILED, {"ctl/sacctmgr.psv": LIMITS.format(at=AT, name="u801")}),
    "a program of another ran where its memory ran out": (SHORT, on_node("python3", "big.py")),
}  # fmt: skip


@pytest.mark.parametrize("name", BORNE_ON)
def test_one_that_something_can_bear_on_is_not(tmp_path, monkeypatch, name):
    rows, files = BORNE_ON[name]
    apart = line(7000, "u803", "COMPLETED", AT)
    assert left(tmp_path, [*rows, apart], monkeypatch, files=files) == {"7000"}


OF_OTHERS = {
    "another node was taken down": (FAILED, edited("update_node: node gpu06 state set to DOWN")),
    "its node was taken down at another time": (FAILED, edited("update_node: node gpu07 state set to DOWN", AT + LATER)),
    "a command looked at its node": (FAILED, command("scontrol", "show", "node", "gpu07")),
    "another's limits were changed": (FAILED, {"ctl/sacctmgr.psv": LIMITS.format(at=AT, name="u802")}),
    "its owner's limits were changed at another time": (FAILED, {"ctl/sacctmgr.psv": LIMITS.format(at=AT + LATER, name="u801")}),
    "it did not run out of memory": (FAILED, on_node("python3", "big.py")),
    "a small program ran on its node": (SHORT, on_node("ls", "/")),
    "a program ran on another node": (SHORT, command("python3", "big.py")),
    "a program ran without a login": (SHORT, on_node("python3", "big.py", session="4294967295")),
    "a program ran at another time": (SHORT, on_node("python3", "big.py", at=AT + LATER)),
}  # fmt: skip


@pytest.mark.parametrize("name", OF_OTHERS)
def test_what_bears_on_others_leaves_one_ordinary(tmp_path, monkeypatch, name):
    rows, files = OF_OTHERS[name]
    assert left(tmp_path, rows, monkeypatch, files=files) == {"900"}


def test_where_a_job_is_named_what_bears_on_others_is_not_asked(tmp_path, monkeypatch):
    rows = [line(900, "u801", "CANCELLED", AT, by=4802)]
    assert left(tmp_path, rows, monkeypatch, question=Question(jobs=("77",))) == {"900"}


def test_one_that_ended_well_is_ordinary_whatever_bears_on_it(tmp_path, monkeypatch):
    rows = [line(900, "u801", "COMPLETED", AT)]
    assert left(tmp_path, rows, monkeypatch, files=edited("update_node: node gpu07 state set to DOWN")) == {
        "900"
    }


def test_what_a_change_of_the_scheduler_reaches():
    """By record or command, and by no word that only looks like one."""
    reach = scheduler_edits.reach
    assert reach(None, None, "update_node: node gpu[01-02] state set to DOWN") == ({"gpu01", "gpu02"}, set())
    assert reach(None, None, "Modify Users (name='kai') admin_level=3") == (set(), {"kai"})
    assert reach(None, None, "Processing Reconfiguration Request") == (set(), set())
    scontrol = ["scontrol", "update", "NodeName=gpu03", "State=DOWN"]
    assert reach("/usr/bin/scontrol", scontrol, None) == ({"gpu03"}, set())
    assert reach("/usr/bin/scontrol", ["scontrol", "show", "node", "gpu03"], None) == (set(), set())
    assert reach("/usr/bin/kubectl", ["kubectl", "drain", "n1", "--force"], None) == ({"n1"}, set())
    # An act's object is cut at commas, so that a name with one in it is two.
    held, accounts = reach(None, None, "Modify Users (name='a, node gpu05') x")
    assert "gpu05" in held
    assert accounts == {"a"}


# What is asked about


def random_jobs(rng, count):
    """Jobs as they are looked at."""
    jobs = []
    for _ in range(count):
        owner = rng.choice(["mei", "kai", "lin"])
        folder = rng.choice(["/srv/a/x", "/srv/a/y/", "/srv", "/", "//b", "/srv/b/x/z", None])
        jobs.append(
            Job(
                str(rng.randint(1, 10**5)), owner=owner, owner_uid={"mei": 1, "kai": 2, "lin": 3}[owner], workdir=folder,
                outcome=rng.choice(["FAILED", "TIMEOUT", "COMPLETED", "RUNNING"]), submit_ns=rng.randint(1, 50) * 10**9,
                end_ns=rng.choice([None, rng.randint(50, 100) * 10**9]),
            )
        )  # fmt: skip
    unique = {j.job: j for j in jobs}
    return sorted(unique.values(), key=lambda j: (j.submit_ns or 0, len(j.job), j.job))


def as_records(jobs):
    schema = ordinary.nothing().schema
    return pa.table(
        {f.name: pa.array([getattr(j, f.name, None) for j in jobs], f.type) for f in schema}, schema
    )


@pytest.mark.parametrize("seed", range(150))
def test_ordinary_jobs_asked_about_are_asked_about_like_others(seed):
    rng = random.Random(seed)  # noqa: S311 - rows, and nothing secret
    jobs = random_jobs(rng, rng.choice([1, 3, 40]))
    window = rng.choice([None, (60 * 10**9, 80 * 10**9 + rng.randint(-2, 2)), (10**12, 10**13)])
    question = Question(window=window)
    apart = [j for j in jobs if rng.random() < 0.5]
    held = {j.job: j for j in jobs if j not in apart}
    none = ordinary.nothing()
    whole = inquiry.of(SimpleNamespace(question=question, ordinary=none), {j.job: j for j in jobs})
    made = inquiry.of(SimpleNamespace(question=question, ordinary=as_records(apart)), held)
    assert [*made.apart["job"].to_pylist(), *(j.job for j in made.jobs)] == [
        *(j.job for j in whole.jobs if j in apart), *(j.job for j in whole.jobs if j not in apart),
    ]  # fmt: skip
    assert (made.size(), made.owners()) == (whole.size(), whole.owners())
    assert made.last_end_ns() == whole.last_end_ns()
    assert made.projects() == whole.projects()


def near(job):
    """Where files lie that belong to a job's owner, as a reader would say it."""
    project = job.workdir.rstrip("/").rpartition("/")[0].rstrip("/")
    return tuple(
        folder + "/" for folder in (job.workdir.rstrip("/"), project) if folder or job.workdir == "/"
    )


PATHS = [
    "/srv/a/x/f",
    "/srv/a/f",
    "/srv/a/y/deep/f",
    "/srv/f",
    "/f",
    "/srv/b/x/f",
    "/srv/bb/x/f",
    "/home/f",
    "f",
    "//b/f",
]


@pytest.mark.parametrize("seed", range(40))
def test_whose_files_a_change_can_harm_is_what_each_job_says(seed):
    """Fast by folder; slowly job by job: the first that an act can harm tells its place."""
    rng = random.Random(seed)  # noqa: S311 - rows, and nothing secret
    jobs = [j for j in random_jobs(rng, 12) if j.workdir is not None]
    asked = inquiry.Inquiry(jobs, ordinary.nothing())
    changes = {
        path: [
            (
                SimpleNamespace(owner_uid=rng.choice([1, 2, None]), host=None, earliest_ns=0),
                SimpleNamespace(act=rng.choice(["modify_file", "delete_file"]), account=rng.choice(["mei", "kai", None])),
            )
            for _ in range(2)
        ]
        for path in PATHS
    }  # fmt: skip
    # No host gives a number a name: the number alone tells.
    scene = SimpleNamespace(directory=SimpleNamespace(account_of=lambda *_: None))
    slow = []
    for job in jobs:
        for path, pairs in changes.items():
            for version, act in pairs:
                harms_ = version.owner_uid == job.owner_uid or act.act == "delete_file"
                known = version.owner_uid is not None and act.account != job.owner
                if path.startswith(near(job)) and harms_ and known and id(act) not in {*map(id, slow)}:
                    slow.append(act)
    fast = [*{id(a): a for a in file_acts.damaging(changes, scene, asked.projects())}.values()]
    assert [*map(id, fast)] == [*map(id, slow)]

    evidence = SimpleNamespace(copies=SimpleNamespace())
    paths = relevance.Paths.__new__(relevance.Paths)
    paths._evidence, paths._folders = evidence, file_acts.by_folder(asked.projects())
    paths._uids = {one: {one.owner_uid} for one in asked.projects()}
    for path in PATHS:
        for verb, uid, account in (("write", 1, "kai"), ("delete", None, "mei"), ("write", 2, None)):
            told = paths.harmed(path, exe=None, verb=verb, owner_uid=uid, account=account)
            assert told == any(
                path.startswith(near(j)) and (uid == j.owner_uid or verb == "delete") and account != j.owner for j in jobs
            )  # fmt: skip


def enrolled(*rows):
    lines = [
        Enrolment(kind, thing, person, account, None, "asserted", "x", "register")
        for kind, thing, person, account in rows
    ]
    return Directory(lines, frozenset({"Mei", "Kai"}), {})


DIRECTORIES = {
    "nobody is known": ([], set()),
    "the number is the owner's": ([("uid", "1", None, "mei")], set()),
    "the number is another's too": ([("uid", "1", None, "mei"), ("uid", "1", None, "kai")], {"5"}),
    "the number is of another": ([("uid", "1", None, "kai")], {"5"}),
    "the account is of several": ([("shared_account", "mei", "Mei", None)], {"5"}),
    "two hold the account": ([("account", "mei", "Mei", None), ("account", "mei", "Kai", None)], {"5"}),
}


@pytest.mark.parametrize("name", DIRECTORIES)
def test_a_job_whose_end_another_can_have_asked_for_is_looked_at(monkeypatch, name):
    monkeypatch.setattr(inquiry, "MOST_ASKED", 0)
    rows, expected = DIRECTORIES[name]
    job = Job("5", owner="mei", owner_uid=1, outcome="CANCELLED", requestor="1", submit_ns=1, end_ns=2)
    other = Job("6", owner="mei", owner_uid=1, outcome="FAILED", submit_ns=1, end_ns=2)
    records = as_records([job, other])
    seen = SimpleNamespace(question=Question(), ordinary=records)
    scene = SimpleNamespace(evidence=seen, jobs={}, directory=enrolled(*rows))
    assert inquiry.to_look_at(scene, records) == sorted(expected)


@pytest.mark.parametrize(("most", "moved", "drawn"), [(1, 0, False), (2, 0, True), (1, 40, True)])
def test_jobs_that_are_few_by_one_reading_of_the_clocks_are_looked_at(monkeypatch, most, moved, drawn):
    monkeypatch.setattr(inquiry, "MOST_ASKED", most)
    jobs = [
        Job(n, owner="mei", owner_uid=1, outcome="FAILED", submit_ns=1, end_ns=at * 10**9)
        for n, at in (("5", 50), ("6", 55))
    ]
    records = as_records(jobs)
    late = as_records(
        [
            Job(
                j.job,
                owner="mei",
                owner_uid=1,
                outcome="FAILED",
                submit_ns=1,
                end_ns=j.end_ns + moved * 10**9 * (j.job == "6"),
            )
            for j in jobs
        ]
    )
    seen = SimpleNamespace(question=Question(window=(10**9, 60 * 10**9)), ordinary=records)
    scene = SimpleNamespace(evidence=seen, jobs={}, directory=enrolled())
    assert bool(inquiry.to_look_at(scene, late)) is drawn


def test_where_a_job_is_named_none_is_drawn():
    records = as_records([Job("5", owner="mei", owner_uid=1, outcome="FAILED", submit_ns=1, end_ns=2)])
    seen = SimpleNamespace(question=Question(jobs=("77",)), ordinary=records)
    assert inquiry.to_look_at(SimpleNamespace(evidence=seen, jobs={}, directory=enrolled()), records) == []


def test_stretches_of_hours_cover_each_hour_and_the_error_of_clocks():
    table = harms._timed({"a": {5, 6}, "b": {0}}).to_pylist()
    hour, near_ns = 3600 * 10**9, harms.NEAR_NS
    assert table == [
        {"name": "a", "first_ns": 5 * hour - near_ns, "last_ns": 7 * hour + near_ns},
        {"name": "b", "first_ns": -near_ns, "last_ns": hour + near_ns},
    ]


def test_ordinary_jobs_were_submitted_by_nobody_that_is_known():
    """Whoever submitted all jobs asked about works on their files; where of one nobody is known to have, that is no reason."""
    for apart, left_in in (
        ([], False),
        ([Job("6", owner="mei", owner_uid=1, outcome="FAILED", submit_ns=1)], True),
    ):
        submit = SimpleNamespace(act="submit", job="5", person="Mei", in_question=False)
        work = SimpleNamespace(act="modify_file", job=None, person="Mei", in_question=True)
        asked = inquiry.Inquiry([Job("5")], as_records(apart))
        examine._settle_own([submit, work], asked)
        assert work.in_question is left_in
