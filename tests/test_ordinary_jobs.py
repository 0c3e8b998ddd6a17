"""Jobs of which accounting alone tells and nobody asks: a table of them is held, and the findings are those of all jobs looked at."""

import json
import math
import random
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
from drawn import some

from forensics import pipeline
from forensics.analysis import comparison, corrections, damage, evidence, exact, ordinary
from forensics.core import rates
from forensics.core.errors import NotFoundError
from forensics.core.roster import Claim, Question
from forensics.pipeline import answer, harms, heard, narrowed, unasked

ROOT = Path(__file__).parents[1]
INCIDENTS = ROOT / "sample_logs" / "incidents"
HEAD = "JobIDRaw|JobID|JobName|User|UID|State|ExitCode|Submit|Start|End|ElapsedRaw|AllocTRES|NodeList|WorkDir|SubmitLine\n"
PEOPLE = {"mei": 4101, "u801": 4801, "u802": 4802, "u803": 4803}
STATES = [
    *["COMPLETED"] * 8, *["FAILED"] * 4, "TIMEOUT", "OUT_OF_MEMORY", "NODE_FAIL", "PREEMPTED", "CANCELLED", "CANCELLED",
]  # fmt: skip
AT = datetime(2026, 11, 23, 15, 12, tzinfo=UTC)


def line(number, owner, state, at, *, code="0:0", folder="/srv/other", step="", by=None, gpus=8):
    """One row of `sacct`, of a job or of a step."""
    submit, start, end = ((at + timedelta(seconds=s)).strftime("%Y-%m-%dT%H:%M:%S") for s in (0, 30, 630))
    said = f"{state} by {by}" if by is not None else state
    who = "|" if step else f"{owner}|{PEOPLE[owner]}"
    name, words = (step.lstrip("."), "") if step else (f"train-{number}", "sbatch train.sh")
    return f"{number}{step}|{number}{step}|{name}|{who}|{said}|{code}|{submit}|{start}|{end}|600|cpu=8,gres/gpu={gpus},node=1|gpu07|{folder}|{words}\n"


def month(count, seed):
    """Some weeks of a cluster about an incident: every state, steps, ids used twice, and work in the incident's own folder."""
    rng = random.Random(seed)  # noqa: S311 - rows, and nothing secret
    rows = []
    for n in range(count):
        number, owner, state = 900 + n, rng.choice(sorted(PEOPLE)), rng.choice(STATES)
        at = AT + timedelta(seconds=rng.randint(-14 * 86_400, 3 * 86_400))
        by = rng.choice([PEOPLE[owner], 4802, 0]) if state == "CANCELLED" and rng.random() < 0.9 else None
        code = {"FAILED": rng.choice(["1:0", "0:9", "0:15"])}.get(state, "0:0")
        folder = rng.choice(["/srv/range/proj/llm", "/srv/other", "/srv/more", f"/home/{owner}"])
        told = {"code": code, "folder": folder, "gpus": rng.choice([1, 8, 16])}
        rows.append(line(number, owner, state, at, by=by, **told))
        rows += [line(number, owner, state, at, step=step, **told) for step in (".batch", ".0")]
        if rng.random() < 0.04:
            rows.append(line(number, owner, "COMPLETED", at + timedelta(days=2), **told))
    return HEAD + "".join(rows)


def controlled(accounts, seed):
    """What the controller tells of most of the jobs of some accounts, some seconds off; of some more than of most."""
    rng, told = random.Random(seed), []  # noqa: S311 - lines, and nothing secret
    for row in accounts.splitlines()[1:]:
        _, job, _, _, uid, state, _, *times = row.split("|")[:10]
        if "." in job or rng.random() < 0.2:
            continue
        submit, start, end = (
            datetime.fromisoformat(at) + timedelta(seconds=rng.choice([0, 0, 1])) for at in times
        )
        told.append((submit, f"_slurm_rpc_submit_batch_job: JobId={job} InitPrio=4294901750 usec=321"))
        told.append((start, f"sched: Allocate JobId={job} NodeList=gpu07 #CPUs=64 Partition=train"))
        told.append((end, f"_job_complete: JobId={job} WEXITSTATUS {int(state == 'FAILED')}"))
        told.append((end, f"_job_complete: JobId={job} done"))
        if rng.random() < 0.1:
            odd = (
                f"_slurm_rpc_kill_job: REQUEST_KILL_JOB JobId={job} uid {rng.choice([uid, 4802])}",
                f"_slurm_rpc_requeue: Requeue of JobId={job} returned an error: Job is pending execution",
                f"sched: Allocate JobId={job} NodeList=gpu08 #CPUs=64 Partition=train",
                f"_slurm_rpc_update_job: complete JobId={job} uid=4802 usec=20",
            )
            told.append((start + timedelta(seconds=9), rng.choice(odd)))
    return "".join(
        f"[{at:%Y-%m-%dT%H:%M:%S}.{n % 1000:03d}] {text}\n" for n, (at, text) in enumerate(sorted(told))
    )


TOLD_OTHERWISE = ("git", "auth-iso.log", "slurmd-*", "scontrol-*", "jobcomp.log")
"""Of an incident, the repositories and what other logs tell as well."""


def lean_of(source, folder):
    """The evidence of an incident without `TOLD_OTHERWISE`, in a folder."""
    apart = shutil.ignore_patterns(*TOLD_OTHERWISE)
    return shutil.copytree(source / "evidence", folder / "evidence", ignore=apart)


def staged(folder, name, count, seed=7, about=None, *, controller=False, lean=False):
    """An incident as it was read, with a month of accounting beside it, and of the controller's log.

    Args:
        folder: where it is made.
        name: of the incident.
        count: how many jobs.
        seed: of what they are.
        about: the case file, where it is not the incident's own.
        controller: whether its log is there.
        lean: whether of the incident `TOLD_OTHERWISE` is left away, for a test of which it is not the point.
    """
    made, beside = folder / "case", folder / "month" / "login01" / "var" / "log" / "slurm"
    beside.mkdir(parents=True)
    (beside / "month.psv").write_text(month(count, seed))
    if controller:
        (beside / "slurmctld.log").write_text(controlled(month(count, seed), seed))
    source = INCIDENTS / name
    if about is not None:
        (folder / "case.toml").write_text(about)
    pipeline.create(made)
    pipeline.seal(
        made,
        [lean_of(source, folder) if lean else source / "evidence", folder / "month"],
        roster=source / "roster.toml",
        about=source / "case.toml" if about is None else folder / "case.toml",
    )
    pipeline.ingest(made)
    return made


@pytest.fixture(scope="module", params=some(["script_edit", "poisoned_checkpoint"], 1))
def case(request, tmp_path_factory):
    name = request.param
    return staged(tmp_path_factory.mktemp("ordinary"), name, 180, controller=name == "script_edit")


def examined(case, least, monkeypatch):
    """An analysis as `analyse` makes it, with its findings."""
    kept = []
    whole = answer.examined

    def seen(*given):
        kept.append(whole(*given))
        return kept[-1]

    monkeypatch.setattr(answer, "examined", seen)
    monkeypatch.setattr(narrowed, "WHOLE_EVENTS", least)
    monkeypatch.setattr(comparison, "MOST_JOBS", 40)
    pipeline.analyse(case)
    monkeypatch.undo()
    return kept[0][0], json.loads((case / "findings.json").read_text())


@pytest.fixture(scope="module")
def both(case):
    """The analysis that holds all events, and the one that holds ordinary jobs as a table, each with its findings."""
    with pytest.MonkeyPatch.context() as patched:
        return tuple(examined(case, least, patched) for least in (10**9, 0))


def test_the_findings_are_those_of_all_jobs_looked_at(both):
    (every, plain), (done, told) = both
    held = done.scene.evidence
    assert told == plain
    assert not len(every.scene.evidence.ordinary)
    assert len(held.ordinary) > 100
    assert len(done.scene.jobs) + len(held.ordinary) == len(every.scene.jobs)
    assert not set(held.ordinary["job"].to_pylist()) & done.scene.jobs.keys()
    # The rate of failures, and what is held at once, are of all jobs.
    one, two = (
        ordinary.attempts(d.scene.evidence).sort_values(["job", "start_ns"]).drop(columns="attempt")
        for d in (every, done)
    )
    assert one.reset_index(drop=True).astype(object).equals(two.reset_index(drop=True).astype(object))
    assert len(one) > 170


RATES = """
currency = "EUR"
[[rate]]
per = "gpu_hour"
price = 2.0
electricity = "included"
source = "price list"
date = 2026-10-01
[[rerun]]
job = "{again}"
of = "{job}"
source = "mei"
date = 2026-11-24
"""


def test_damage_is_what_it_is_with_all_jobs_looked_at(both):
    """An ordinary job can be the one that repeats what was lost, and is cited like any other."""
    (every, _), (done, _) = both
    apart = done.scene.evidence.ordinary
    again = next(j["job"] for j in apart.to_pylist() if j["outcome"] == "COMPLETED")
    stated = rates.rates(RATES.format(again=again, job=done.asked[0].job).encode(), "rates.toml")
    told = damage.damage(done, stated)
    assert told == damage.damage(every, stated)
    assert [a["citations"] != [] for a in told["attempts"] if a["job"] == again] == [True]


def test_the_table_of_jobs_has_all_of_them_and_says_which_were_not_looked_at(both):
    whole, narrow = (done.tables()["job"].to_pylist() for done, _ in both)
    assert [j["job"] for j in whole] == [j["job"] for j in narrow]
    apart = 0
    for one, other in zip(whole, narrow, strict=True):
        alone = other["why"] == ordinary.WHY
        apart += alone
        open_ = {"cause", "why", "events"} if alone else set()
        assert {k: v for k, v in one.items() if k not in open_} == {
            k: v for k, v in other.items() if k not in open_
        }
    assert apart > 100


def test_that_no_act_is_listed_on_a_job_that_was_not_looked_at_is_no_answer(case, both):
    """The last analysis is the one that held ordinary jobs as a table."""
    _, (done, told) = both
    asked, apart = told["jobs"][0]["job"], done.scene.evidence.ordinary["job"][0].as_py()
    assert len(pipeline.table(case, "acts", job=asked))
    with pytest.raises(NotFoundError, match=r"not looked at.*name it in case\.toml"):
        pipeline.table(case, "acts", job=apart)
    with pytest.raises(NotFoundError, match="no record tells of it"):
        pipeline.table(case, "acts", job="31415")
    assert len(pipeline.table(case, "jobs", job=apart)) == 1


def test_jobs_that_are_compared_are_looked_at(both):
    """Of the jobs nearest to a change, what they read is looked for, however ordinary."""
    _, (done, _) = both
    first = comparison.since_change(
        [a for a in done.in_question if a.act in comparison.FILE_ACTS and a.job is not None]
    )
    started = done.scene.evidence.ordinary.to_pylist()
    far = sorted(abs(j["start_ns"] - first) for j in started if j["start_ns"] is not None)
    near = sorted(abs(j.start_ns - first) for j in done.scene.jobs.values() if j.start_ns is not None)
    assert far
    assert near[39] <= far[0]


# Which jobs are ordinary


ONE = [line(900, "u801", "COMPLETED", AT)]


def chosen(tmp_path, rows, question, **more):
    """The ids of the ordinary jobs of a case of some lines of accounting and some other files."""
    folder, made = tmp_path / "collected", tmp_path / "case"
    files = {"login01/var/log/slurm/sacct.psv": HEAD + "".join(rows), **more.get("files", {})}
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    pipeline.create(made)
    pipeline.seal(made, [folder])
    pipeline.ingest(made)
    tables = made / "tables"
    known = heard.files_of(tables)
    with heard.opened(tables, known) as asked:
        return set(unasked.found(tables, asked, known, question).records["job"].to_pylist())


def ran(program, *argv, uid=4801, cwd="/home/u801", at=AT, session="3"):
    """A run of a program, as the kernel records it."""
    stamp = f"msg=audit({int(at.timestamp())}.100:77)"
    words = " ".join(f'a{n}="{word}"' for n, word in enumerate(argv))
    return (
        f"type=SYSCALL {stamp}: arch=c000003e syscall=59 success=yes exit=0 items=1 ppid=50 pid=60 auid={uid if session != '4294967295' else 4294967295} uid={uid} gid=0 euid={uid}"
        f' suid={uid} fsuid={uid} egid=0 sgid=0 fsgid=0 tty=pts0 ses={session} comm="x" exe="{program}" key="run"\n'
        f'type=EXECVE {stamp}: argc={len(argv)} {words}\ntype=CWD {stamp}: cwd="{cwd}"\ntype=EOE {stamp}: \n'
    )


ASKED = Question(jobs=("77",))
AUDIT = "login01/var/log/audit/audit.log"
CONTROL = "ctl/var/log/slurm/slurmctld.log"
LATER = timedelta(days=40)


def test_one_of_which_accounting_alone_tells_is_ordinary(tmp_path):
    assert chosen(tmp_path, ONE, ASKED) == {"900"}


@pytest.mark.parametrize(
    "question",
    [
        Question(jobs=("900",)),
        Question(jobs=("77",), claims=(Claim(id="D01", by="a", names="", text="", job="900"),)),
    ],
    ids=["asked about", "of a denial"],
)
def test_a_job_that_the_case_file_names_is_not(tmp_path, question):
    assert chosen(tmp_path, ONE, question) == set()


@pytest.mark.parametrize(
    ("rows", "left"),
    [
        ([*ONE, line(900, "u801", "COMPLETED", AT + LATER)], set()),
        ([line(900, "u801", "CANCELLED", AT, by=4802)], {"900"}),
        ([*ONE, line(900, "u801", "COMPLETED", AT, step=".batch")], {"900"}),
    ],
    ids=["an id used twice", "cancelled, and no command of that time", "with its steps"],
)
def test_records_alone(tmp_path, rows, left):
    assert chosen(tmp_path, rows, ASKED) == left


FAILED = [line(900, "u801", "FAILED", AT, code="1:0")]


def test_where_no_job_is_named_those_that_ended_badly_are_looked_at(tmp_path):
    both = [*FAILED, line(901, "u801", "COMPLETED", AT)]
    assert chosen(tmp_path / "none", both, Question()) == {"901"}
    assert chosen(tmp_path / "one", both, ASKED) == {"900", "901"}


OTHERS = {
    "the controller names it": (ONE, {CONTROL: f"[{AT:%Y-%m-%dT%H:%M:%S}.000] _slurm_rpc_kill_job: REQUEST_KILL_JOB JobId=900 uid 4802\n"}),
    "its owner submitted something then": (ONE, {AUDIT: ran("/usr/bin/sbatch", "sbatch", "x.sh", at=AT + timedelta(seconds=1))}),
    "its owner submitted something within a clock's error": (ONE, {AUDIT: ran("/usr/bin/sbatch", "sbatch", "x.sh", at=AT + timedelta(hours=25))}),
    "a command changes it": (ONE, {AUDIT: ran("/usr/bin/scontrol", "scontrol", "hold", "jobid=900", at=AT + LATER)}),
    "a command names an array of which it is one": (
        [row.replace("900|900|", "900|900_4|") for row in ONE], {AUDIT: ran("/usr/bin/scontrol", "scontrol", "hold", "900", at=AT + LATER)},
    ),
    "it was cancelled, and so was something then": (
        [line(900, "u801", "CANCELLED", AT, by=4802)], {AUDIT: ran("/usr/bin/scancel", "scancel", "-u", "x", at=AT + timedelta(minutes=5))},
    ),
    "a signal ended it, and somebody sent one": (
        [line(900, "u801", "FAILED", AT, code="0:9")], {AUDIT: ran("/usr/bin/pkill", "pkill", "python", at=AT + timedelta(minutes=5))},
    ),
    "its owner's number ran something in its folder without a login": (
        ONE, {AUDIT: ran("/usr/bin/python3", "python3", "t.py", cwd="/srv/other", session="4294967295", at=AT + LATER)},
    ),
    "the kernel saw its script": (
        ONE, {AUDIT: ran("/bin/bash", "bash", "/var/spool/slurmd/job00900/slurm_script", session="4294967295", cwd="/", at=AT + LATER)},
    ),
    "the kernel killed its group": (
        ONE, {"gpu07/var/log/kern.log": f"{AT:%Y-%m-%dT%H:%M:%S}.000000+00:00 gpu07 kernel: oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=x,mems_allowed=0,oom_memcg=/slurm/uid_4801/job_900,task_memcg=/slurm/uid_4801/job_900/step_0,task=python,pid=99,uid=4801\n"},
    ),
    "another file tells of it": (ONE, {"login01/var/log/slurm/second.psv": HEAD + "".join(ONE).replace("630", "631")}),
}  # fmt: skip


@pytest.mark.parametrize("name", OTHERS)
def test_a_job_that_something_else_can_be_about_is_not(tmp_path, name):
    rows, files = OTHERS[name]
    apart = line(7000, "u803", "COMPLETED", AT)
    assert chosen(tmp_path, [*rows, apart], ASKED, files=files) == {"7000"}


def at_controller(*texts, job=900):
    """Lines of the controller, a second apart."""
    return "".join(
        f"[{AT + timedelta(seconds=n):%Y-%m-%dT%H:%M:%S}.000] {text.format(job=job)}\n"
        for n, text in enumerate(texts)
    )


SUBMITTED = "_slurm_rpc_submit_batch_job: JobId={job} InitPrio=4294901750 usec=321"
STARTED = "sched: Allocate JobId={job} NodeList=gpu07 #CPUs=8 Partition=train"
ENDED = ("_job_complete: JobId={job} WEXITSTATUS 0", "_job_complete: JobId={job} done")
WHOLE = (SUBMITTED, STARTED, *ENDED)


@pytest.mark.parametrize("question", [ASKED, Question()], ids=["another is named", "no job is named"])
def test_that_the_controller_tells_of_its_life_too_leaves_it_ordinary(tmp_path, question):
    assert chosen(tmp_path, ONE, question, files={CONTROL: at_controller(*WHOLE)}) == {"900"}


ELSE_TOLD = {
    "it was changed": {CONTROL: at_controller(*WHOLE, "_slurm_rpc_update_job: complete JobId={job} uid=4801 usec=20")},
    "it was signalled": {CONTROL: at_controller(*WHOLE, "job_signal: 9 of running JobId={job} successful 0x8004")},
    "it started twice": {CONTROL: at_controller(SUBMITTED, STARTED, STARTED, *ENDED)},
    "it was submitted twice": {CONTROL: at_controller(SUBMITTED, *WHOLE)},
    "two controllers": {CONTROL: at_controller(*WHOLE), CONTROL.replace("ctl", "ctl2"): at_controller(SUBMITTED)},
    "where users write": {CONTROL.replace("ctl/var/log", "login01/home/u801"): at_controller(*WHOLE)},
    "its node failed": {CONTROL: at_controller(*WHOLE, "Killing JobId={job} on failed node gpu07")},
}  # fmt: skip


@pytest.mark.parametrize("name", ELSE_TOLD)
def test_what_else_the_controller_tells_makes_it_one_that_is_looked_at(tmp_path, name):
    for question in (ASKED, Question()):
        assert chosen(tmp_path / str(bool(question.jobs)), ONE, question, files=ELSE_TOLD[name]) == set()


def test_a_job_that_accounting_and_the_controller_tell_otherwise_of_is_looked_at(tmp_path):
    """Its owner asked for its end, says the one; it ended by itself, says the other."""
    rows = [line(900, "u801", "CANCELLED", AT, by=4801)]
    done = {CONTROL: at_controller(SUBMITTED, STARTED, ENDED[1])}
    assert chosen(tmp_path / "done", rows, ASKED, files=done) == {"900"}
    assert chosen(tmp_path / "by itself", rows, ASKED, files={CONTROL: at_controller(*WHOLE)}) == set()


def test_where_a_controllers_log_lies_where_users_write_all_jobs_are_looked_at(tmp_path):
    files = {CONTROL.replace("ctl/var/log", "login01/home/u801"): at_controller(*WHOLE)}
    assert chosen(tmp_path, [*ONE, line(901, "u801", "COMPLETED", AT)], ASKED, files=files) == set()


def test_a_job_that_another_number_submitted_at_the_controller_is_looked_at(tmp_path):
    """Where its log names threads, the receipt of a request says whose it was."""
    lines = "".join(
        f"[{AT:%b %d %H:%M:%S}.{n:06d}   4253 rpc-{job}        0x7f12a0{uid % 10}0] {text}\n"
        for job, uid in ((900, 4801), (901, 4803))
        for n, text in enumerate(
            (f"debug2: Processing RPC: REQUEST_SUBMIT_BATCH_JOB from UID={uid}", SUBMITTED.format(job=job))
        )
    )
    rows = [*ONE, line(901, "u801", "COMPLETED", AT)]
    assert chosen(tmp_path, rows, ASKED, files={CONTROL: lines}) == {"900"}


@pytest.mark.parametrize(
    ("rows", "run"),
    [
        (ONE, ran("/usr/bin/sbatch", "sbatch", "x.sh", at=AT + LATER)),
        (ONE, ran("/usr/bin/sbatch", "sbatch", "x.sh", uid=4803, at=AT)),
        (
            [line(900, "u801", "CANCELLED", AT, by=4802)],
            ran("/usr/bin/scancel", "scancel", "77", at=AT + LATER),
        ),
        (ONE, ran("/usr/bin/scontrol", "scontrol", "show", "job", "901", at=AT)),
    ],
    ids=[
        "submitted at another time",
        "submitted by another",
        "cancelled at another time",
        "another job named",
    ],
)
def test_what_is_about_others_leaves_a_job_ordinary(tmp_path, rows, run):
    assert chosen(tmp_path, rows, ASKED, files={AUDIT: run}) == {"900"}


def test_where_users_can_have_left_accounting_no_job_is_ordinary(tmp_path):
    copy = {"login01/home/kai/sacct.psv": HEAD + line(901, "u802", "COMPLETED", AT)}
    assert chosen(tmp_path, ONE, ASKED, files=copy) == set()


def test_stretches_that_touch_are_one():
    near = harms.NEAR_NS
    assert harms.stretches([5, 0, 10 * near]) == [(-near, 5 + near), (9 * near, 11 * near)]


def test_the_times_of_ordinary_jobs_are_by_the_reference_clock_like_those_of_others():
    """Accounting whose clock is five to seven seconds ahead: what is null stays null, and another file's times stay."""
    columns = {
        "job": ["1", "2", "3"], "domain": ["slurm:admin"] * 3, "format": ["sacct"] * 3, "sha256": ["a", "a", "b"], "start": [0, 50, 0],
        "submit_ns": [100, 10**18, 10**18], "start_ns": [None, 10**18 + 1, 5], "end_ns": [10**18, None, 7],
    }  # fmt: skip
    kinds = ordinary.nothing().schema
    table = pa.table({n: pa.array(columns.get(n, [None] * 3), kinds.field(n).type) for n in ordinary.COLUMNS})
    band = SimpleNamespace(at=lambda _, when: (np.full(len(when), 5), np.full(len(when), 7)))
    moved = {"slurm:admin:sacct a": band}
    made = corrections._ordinary(table, corrections._Moves(moved, {}, {}))
    assert [made[n].to_pylist() for n in ("submit_ns", "start_ns", "end_ns")] == [
        [93, 10**18 - 7, 10**18],
        [None, 10**18 - 6, 5],
        [10**18 - 5, None, 7],
    ]
    like = corrections._records(evidence.frame(table), corrections._Moves(moved, {}, {}))
    for name in ("submit_ns", "start_ns", "end_ns"):
        assert pa.array(like[name], pa.int64(), from_pandas=True).to_pylist() == made[name].to_pylist()
    assert made.drop_columns(["submit_ns", "start_ns", "end_ns"]).equals(
        table.drop_columns(["submit_ns", "start_ns", "end_ns"])
    )


@pytest.mark.parametrize("seed", range(20))
def test_whichever_clocks_are_off_the_times_are_those_of_records_as_rows(seed):
    rng = random.Random(seed)  # noqa: S311 - rows, and nothing secret
    kinds, count = ordinary.nothing().schema, rng.choice([0, 1, 30])
    told = {
        "job": [str(n) for n in range(count)],
        "domain": [rng.choice(["slurm:admin", "slurm:other", None]) for _ in range(count)],
        "format": ["sacct"] * count,
        "sha256": [rng.choice("abc") for _ in range(count)],
        "start": [rng.randint(0, 99) for _ in range(count)],
        **{name: [rng.choice([None, rng.randint(1, 10**18)]) for _ in range(count)] for name in ("submit_ns", "start_ns", "end_ns")},
    }  # fmt: skip
    table = pa.table(
        {n: pa.array(told.get(n, [None] * count), kinds.field(n).type) for n in ordinary.COLUMNS}
    )

    def bands():
        names = [f"{domain}:sacct {sha256}" for domain in ("slurm:admin", "slurm:other") for sha256 in "abc"]
        some = {name: (rng.randint(-9, 9), rng.randint(0, 9)) for name in names if rng.random() < 0.4}
        # The error of a clock can hang on where in its log a time stands.
        return {
            n: SimpleNamespace(at=lambda at, _, lo=lo, w=w: (at % 3 + lo, at % 3 + lo + w))
            for n, (lo, w) in some.items()
        }

    beyond = {
        name: (lo, lo + 5)
        for name, lo in (("slurm:admin:sacct a", -3), ("slurm:other:sacct c", 4))
        if rng.random() < 0.5
    }
    moves = corrections._Moves(bands(), bands(), beyond)
    made, like = corrections._ordinary(table, moves), corrections._records(evidence.frame(table), moves)
    for name in ("submit_ns", "start_ns", "end_ns"):
        assert pa.array(like[name], pa.int64(), from_pandas=True).to_pylist() == made[name].to_pylist()
    assert made.schema == table.schema
    assert made.drop_columns(["submit_ns", "start_ns", "end_ns"]).equals(
        table.drop_columns(["submit_ns", "start_ns", "end_ns"])
    )


# Numbers


def slow_shares(table, log_odds):
    """How probable each number of hits is, summed over all of them."""
    exposed, control = table.hit + table.miss, table.control_hit + table.control_miss
    hits = table.hit + table.control_hit
    allowed = range(max(0, hits - control), min(exposed, hits) + 1)
    ways = [exact._choose(exposed, x) + exact._choose(control, hits - x) + x * log_odds for x in allowed]
    most = max(ways)
    raw = [math.exp(w - most) for w in ways]
    whole = math.fsum(raw)
    return allowed, [r / whole for r in raw]


@pytest.mark.parametrize("seed", range(12))
def test_what_is_as_good_as_impossible_is_nothing_in_the_sum(seed):
    rng = random.Random(seed)  # noqa: S311 - numbers, and nothing secret
    size = 10 ** rng.randint(1, 3)
    table = exact.Table(*(rng.randint(1, size) for _ in range(4)))
    for log_odds in (0.0, -3.5, 12.0):
        allowed, slow = slow_shares(table, log_odds)
        at = table.hit - allowed[0]
        made = exact._shares(exact._weights(table)[1], allowed, log_odds)
        assert [made.of(n) for n in range(len(slow))] == slow
        assert (made.since(at), made.until(at)) == (math.fsum(slow[at:]), math.fsum(slow[: at + 1]))
        if log_odds == 0.0:
            seen = slow[at]
            assert exact.fisher(table) == min(math.fsum(s for s in slow if s <= seen * exact._SAME), 1.0)
