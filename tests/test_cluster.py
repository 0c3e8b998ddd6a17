"""On a cluster of worker processes, one of them killed in the middle, ingest gives the same bytes."""

import os
import shutil
import signal
from pathlib import Path

import pytest
from packings import PACK

from forensics import engine, pipeline
from forensics.core.errors import ClusterError, UsageError

distributed = pytest.importorskip(
    "distributed", reason="dask.distributed is not installed: pip install forensics[cluster]"
)
dask = pytest.importorskip("dask")

pytestmark = pytest.mark.xdist_group("cluster")  # one cluster, whoever runs the tests

EVIDENCE = Path(__file__).parents[1] / "sample_logs" / "incidents" / "script_edit" / "evidence"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Two worker processes on this machine, each with a nurse that starts another where one dies; the scheduler gives a task up that killed two."""
    folder = tmp_path_factory.mktemp("dask")
    given_up = dask.config.set({"distributed.scheduler.allowed-failures": 1})
    with (
        given_up,
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            dashboard_address="127.0.0.1:0",
            local_directory=str(folder),
            memory_limit=None,
        ) as found,
    ):
        yield found


def sealed(folder, name):
    """A copy of one case, made once: plain and packed logs, and a file that is read whole."""
    case = folder / name
    if not (folder / "first").exists():
        evidence = folder / "evidence"
        shutil.copytree(EVIDENCE / "git/gitolite/logs", evidence, symlinks=True)
        lines = (EVIDENCE / "login01/var/log/audit/audit.log").read_bytes().splitlines(keepends=True)
        (evidence / "audit.log").write_bytes(b"".join(lines[600:1200]))
        (evidence / "audit.log.1.gz").write_bytes(PACK["gzip"](b"".join(lines[:600])))
        shutil.copy(EVIDENCE / "slurm" / "sacct.json", evidence)
        pipeline.create(folder / "first")
        pipeline.seal(folder / "first", [evidence])
    if name != "first":
        shutil.copytree(folder / "first", case)
    return case


def written(case):
    tables = case / "tables"
    return {p.relative_to(tables).as_posix(): p.read_bytes() for p in tables.rglob("*") if p.is_file()}


def test_a_worker_killed_in_the_middle_changes_nothing(cluster, tmp_path):
    plain, spread = sealed(tmp_path, "first"), sealed(tmp_path, "spread")
    pipeline.ingest(plain, block_bytes=4000)
    with distributed.Client(cluster, set_as_default=False) as client:
        pids = client.run(os.getpid)
    killed = []

    def progress(_what, done, whole):
        if done > whole // 4 and not killed:
            killed.append(pids[min(pids)])
            os.kill(killed[0], signal.SIGKILL)

    pipeline.ingest(spread, cluster=cluster.scheduler_address, block_bytes=4000, progress=progress)
    assert written(spread) == written(plain)
    with distributed.Client(cluster, set_as_default=False) as client:
        assert len(killed) == 1
        assert killed[0] not in client.run(os.getpid).values()


def test_a_case_that_workers_do_not_see_is_refused(tmp_path):
    here = engine._seen(tmp_path)
    with pytest.raises(ClusterError, match="does not see this case"):
        engine._agree({"tcp://w:1": here, "tcp://w:2": (here[0], "0" * 64)}, here, "tcp://s:1")
    with pytest.raises(ClusterError, match="install the same everywhere"):
        engine._agree({"tcp://w:1": ("0", here[1])}, here, "tcp://s:1")
    with pytest.raises(ClusterError, match="no worker is there"):
        engine._agree({}, here, "tcp://s:1")


def gone(_path):
    os.kill(os.getpid(), signal.SIGKILL)


def ran(address, witness, function, tasks):
    with engine.cluster(address, witness) as (pool, threads):
        assert threads >= 1
        return list(engine.run(function, tasks, pool))


@pytest.fixture
def witness(tmp_path):
    path = tmp_path / "ledger.jsonl"
    path.write_bytes(b"{}")
    return path


def test_a_failure_of_the_work_is_its_own(cluster, witness):
    with pytest.raises(ValueError, match="invalid literal"):
        ran(cluster.scheduler_address, witness, int, ["1", "x"])


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nonsense://x"])
def test_no_scheduler_is_a_foreseen_failure(address, tmp_path, monkeypatch):
    monkeypatch.setattr(engine, "CONNECT_S", 1)
    case = sealed(tmp_path, "first")
    with pytest.raises(ClusterError, match="no scheduler answers"):
        pipeline.ingest(case, cluster=address)


def test_without_distributed_the_option_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(UsageError, match=r"forensics\[cluster\]"):
        pipeline.ingest(sealed(tmp_path, "first"), cluster="tcp://127.0.0.1:1")


def test_a_task_that_no_worker_outlives_is_given_up(cluster, witness):
    """Not tried for ever: two workers die of it, and the run says so. Last, as it leaves few of them."""
    with pytest.raises(ClusterError, match="gave the work up"):
        ran(cluster.scheduler_address, witness, gone, [witness])
