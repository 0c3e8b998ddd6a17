"""Which jobs of a large case the trail can have to do with by times: the choice against one that asks of each job and each run in turn."""

import random
from datetime import timedelta
from itertools import product

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from drawn import some
from test_ordinary_jobs import AT, HEAD, INCIDENTS, examined, lean_of, line, ran

from forensics import pipeline
from forensics.analysis import nearness, ordinary
from forensics.analysis.bands import Band, Stretch
from forensics.analysis.jobs import Job
from forensics.analysis.nearness import Nearness
from forensics.analysis.ties import Ties
from forensics.pipeline import nearby
from forensics.store.places import Asked

S = 10**9
HOSTS = ("login01", "login02", "node07", None)
SOURCES = (("slurm:a", "sacct", "f1"), ("slurm:b", "sacct", "f2"))


def band(places, lo, hi):
    """A band of one stretch with the same bounds everywhere."""
    edge = np.array(places, np.int64)
    same = [np.full(len(edge), value, np.int64) for value in (lo, hi)]
    return Band((Stretch(("x",), edge, edge, *same, *same),), (), 0, 0)


def clocks(rng):
    """Two sources of accounting and three kernels, some off, some tied."""
    names = [f"{d}:{f} {s}" for d, f, s in SOURCES] + [f"{h}:kernel" for h in HOSTS[:3]]
    source = {name: name.partition(":")[0] for name in names}
    group = {machine: rng.choice(["g", machine]) for machine in source.values()}
    cluster = frozenset(g for g in group.values() if rng.random() < 0.7)
    tied = Ties(source, group, cluster, frozenset(), {})
    bands = {
        name: [band([0, 10**18], *sorted(rng.randint(-9000, 9000) * S for _ in range(2)))]
        for name in names
        if rng.random() < 0.6
    }
    return Nearness(bands, {names[0]: 700 * S} if rng.random() < 0.5 else {}, tied)


def jobs(rng, count):
    """Rows of `ordinary.COLUMNS`."""
    rows = []
    for n in range(count):
        at = rng.randint(0, 40 * 86_400) * S
        domain, form, sha256 = rng.choice(SOURCES)
        start = at + rng.randint(0, 9000) * S if rng.random() < 0.9 else None
        end = (start or at) + rng.randint(1, 90_000) * S if rng.random() < 0.9 else None
        rows.append(
            {
                "job": str(n), "owner_uid": rng.choice([1, 2]), "workdir": rng.choice(["/a", "/b", None]), "submit_ns": at, "start_ns": start, "end_ns": end,
                "outcome": rng.choice(["COMPLETED", "CANCELLED", "FAILED"]), "exit_signal": rng.choice([None, 0, 9]),
                "domain": domain, "format": form, "sha256": sha256, "start": n,
            }
        )  # fmt: skip
    return rows


PROGRAMS = {
    "/usr/bin/sbatch": ["sbatch", "x.sh"],
    "/usr/bin/scancel": ["scancel", "--me"],
    "/opt/bin/scancel": ["scancel", "12"],
    "/usr/bin/pkill": ["pkill", "x"],
    "/usr/bin/python3": ["python3", "t.py"],
}


def runs(rng, count):
    """Rows of what is read of runs of programs."""
    rows = []
    for _ in range(count):
        exe = rng.choice(sorted(PROGRAMS))
        rows.append(
            {
                "verb": "execute", "exe": exe, "argv": PROGRAMS[exe], "host": rng.choice(HOSTS), "uid": rng.choice([1, 2, None]),
                "cwd": rng.choice(["/a", "/b"]), "session": rng.choice([None, "3"]), "earliest_ns": rng.randint(0, 40 * 86_400) * S,
            }
        )  # fmt: skip
    return rows


def _wide(clocks_, source, place, when):
    return int(clocks_.off_ns(source, np.array([place]), np.array([when]))[0])


def met(run, job, first, last, clocks_):
    """Whether a run can have been within some moments of a job, by their clocks."""
    source = f"{job['domain']}:{job['format']} {job['sha256']}"
    kernel = f"{run['host']}:kernel"
    own = _wide(clocks_, kernel, run["earliest_ns"], run["earliest_ns"]) + clocks_.apart_ns(kernel, source)
    own += nearness.LEAST_NS
    at = run["earliest_ns"]
    begun = None if first is None else first - _wide(clocks_, source, job["start"], first)
    over = None if last is None else last + _wide(clocks_, source, job["start"], last)
    return (begun is None or begun <= at + own) and (over is None or over >= at - own)


def life(job):
    """From the first that is told of a job to its end."""
    return min(t for t in (job["submit_ns"], job["start_ns"]) if t is not None), job["end_ns"]


def bears(run, job, clocks_):
    """Whether a run by itself makes a job one that is looked at; and whether it is at work in the job's folder."""
    name, there = run["exe"].rpartition("/")[2], met(run, job, *life(job), clocks_)
    signalled = bool(job["exit_signal"])
    submitted = job["submit_ns"]
    if (
        name == "sbatch"
        and run["uid"] in {None, job["owner_uid"]}
        and met(run, job, submitted, submitted, clocks_)
    ):
        return True
    if run["argv"] == ["scancel", "--me"] and there and (signalled or job["outcome"] == "CANCELLED"):
        return True
    ended = job["end_ns"]
    if name == "pkill" and signalled and ended is not None and met(run, job, ended, ended, clocks_):
        return True
    return at_work(run, job) and there


def at_work(run, job):
    """Whether it is a run without a login by the job's owner in its folder."""
    return run["session"] is None and (run["uid"], run["cwd"]) == (job["owner_uid"], job["workdir"])


def oracle(every_run, every_job, clocks_):
    """The jobs to look at, each asked about in turn."""
    found = {j["job"] for r, j in product(every_run, every_job) if bears(r, j, clocks_)}
    workers = [j for j in every_job if any(at_work(r, j) and met(r, j, *life(j), clocks_) for r in every_run)]

    def edges(job):
        source = f"{job['domain']}:{job['format']} {job['sha256']}"
        _, last = life(job)
        least = min(
            t - _wide(clocks_, source, job["start"], t)
            for t in (job["submit_ns"], job["start_ns"])
            if t is not None
        )
        return least, 2**62 if last is None else last + _wide(clocks_, source, job["start"], last)

    for job, other in product(every_job, workers):
        same = (job["owner_uid"], job["workdir"]) == (other["owner_uid"], other["workdir"])
        (a, b), (c, d) = edges(job), edges(other)
        if same and a <= d and b >= c:
            found.add(job["job"])
    return found


@pytest.mark.parametrize("seed", some(range(12), 4))
def test_the_choice_is_that_of_each_job_asked_about_in_turn(seed):
    rng = random.Random(seed)  # noqa: S311 - rows, and nothing secret
    every_job, every_run, clocks_ = jobs(rng, 150), runs(rng, 8), clocks(rng)
    kinds = ordinary.nothing().schema
    records = pa.table(
        {n: pa.array([j.get(n) for j in every_job], kinds.field(n).type) for n in ordinary.COLUMNS}
    )
    events = pa.Table.from_pylist(
        every_run,
        pa.schema([(n, pa.string()) for n in ("verb", "exe")] + [("argv", pa.list_(pa.string()))] + [(n, pa.string()) for n in ("host", "cwd", "session")] + [(n, pa.int64()) for n in ("uid", "earliest_ns")]),
    )  # fmt: skip
    with duckdb.connect(":memory:") as database:
        database.register("part", events)
        found = nearby.drawn(Asked(database, []), records, [], clocks_)
    assert found == oracle(every_run, every_job, clocks_)
    assert 0 < len(found) < len(every_job)


def test_a_rival_in_the_folder_of_a_job_that_is_looked_at_is_looked_at_too():
    """Whose processes are whose is open where two jobs of one owner are in one folder at one time."""
    alike = {"owner_uid": [1, 1], "workdir": ["/a", "/a"], "submit_ns": [0, 10**15], "start_ns": [0, 10**15], "end_ns": [10**14, 10**15 + 1]}  # fmt: skip
    rest = {
        "job": ["1", "2"],
        "start": [0, 9],
        "domain": ["slurm:a"] * 2,
        "format": ["sacct"] * 2,
        "sha256": ["f1"] * 2,
    }
    kinds = ordinary.nothing().schema
    records = pa.table({n: pa.array(({**alike, **rest}).get(n, [None] * 2), kinds.field(n).type) for n in ordinary.COLUMNS})  # fmt: skip
    known = Job("7", owner_uid=1, workdir="/a", start_ns=10**14 - 5, end_ns=10**14 + 5)
    elsewhere = Job("8", owner_uid=1, workdir="/b", start_ns=10**15, end_ns=10**15)
    none = Nearness(
        {}, {}, Ties({"slurm:a:sacct f1": "slurm"}, {"slurm": "slurm"}, frozenset(), frozenset(), {})
    )
    empty = "SELECT NULL::VARCHAR AS verb, NULL::VARCHAR AS exe, NULL::VARCHAR[] AS argv, NULL::VARCHAR AS host, NULL::VARCHAR AS cwd, NULL::VARCHAR AS session, NULL::BIGINT AS uid, NULL::BIGINT AS earliest_ns WHERE false"
    with duckdb.connect(":memory:") as database:
        database.execute(f"CREATE VIEW part AS {empty}")
        assert nearby.drawn(Asked(database, []), records, [known, elsewhere], none) == {"1"}


def test_clocks_of_machines_that_nothing_ties_are_apart_by_what_both_can_be_off_for_a_third():
    source = {"a:kernel": "a", "slurm:x f": "slurm", "b:kernel": "b"}
    tied = Ties(
        source, {"a": "a", "slurm": "slurm", "b": "a"}, frozenset({"a", "slurm"}), frozenset({"slurm"}), {}
    )
    near = Nearness({}, {}, tied)
    assert near.apart_ns("a:kernel", "b:kernel") == 0
    assert near.apart_ns("a:kernel", "slurm:x f") == tied.width_ns("a", "slurm")
    assert near.apart_ns("nobody:kernel", "slurm:x f") == 2 * 26 * 3600 * S


# The whole analysis and the one that holds ordinary jobs as a table


AHEAD = {"login07": 0, "login08": -4000, "login09": 95}
"""By how many seconds the clocks of hosts were off."""


def submitting(count, seed):
    """A month of one account's jobs, of which every other was submitted on one of some hosts in turn; and those hosts' trails."""
    rng = random.Random(seed)  # noqa: S311 - rows, and nothing secret
    moments = sorted(rng.sample(range(-10 * 86_400, 2 * 86_400), count))
    rows = [line(3000 + n, "u801", "COMPLETED", AT + timedelta(seconds=s)) for n, s in enumerate(moments)]
    told = {"login01/var/log/slurm/month.psv": HEAD + "".join(rows)}
    for at, (host, ahead) in enumerate(AHEAD.items()):
        told[f"{host}/var/log/audit/audit.log"] = "".join(
            ran("/usr/bin/sbatch", "sbatch", "x.sh", uid=4801, at=AT + timedelta(seconds=s - 1 + ahead)).replace(":77)", f":{77 + n})")
            for n, s in enumerate(moments)
            if n % (2 * len(AHEAD)) == at
        )  # fmt: skip
    return told


def test_clocks_are_compared_by_the_submissions_of_jobs_that_are_apart(tmp_path, monkeypatch):
    made, folder = tmp_path / "case", tmp_path / "month"
    for name, text in submitting(120, 5).items():
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text(text)
    pipeline.create(made)
    source = INCIDENTS / "script_edit"
    about = {"roster": source / "roster.toml", "about": source / "case.toml"}
    pipeline.seal(made, [lean_of(source, tmp_path), folder], **about)
    pipeline.ingest(made)
    whole, plain = examined(made, 10**9, monkeypatch)
    done, told = examined(made, 0, monkeypatch)
    assert told == plain
    # The accounting, and by it the trails of the hosts that are off, are compared with the trail of the host that is not.
    compared = {c["clock"]: c for c in told["clocks"] if c["reference"] == "login07:auditd"}
    assert set(compared) == {"login08:auditd", "login09:auditd", "slurm:admin:sacct"}
    assert {c["anchors"] for c in compared.values()} == {20}
    held = done.scene.evidence
    # Those whose submission is in a trail are looked at, by whatever its clock was off, and few others.
    assert 30 < len(held.ordinary) <= 60
    assert len(done.scene.jobs) + len(held.ordinary) == len(whole.scene.jobs)
    assert len(held.told) == len(held.ordinary)
