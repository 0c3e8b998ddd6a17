"""Whoever looks into evidence may stand in it: nothing is taken from the working directory that was not named."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from forensics.core import workers

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "sample_logs" / "formats" / "passwd"
COMMAND = "from forensics.cli.app import main\n\nif __name__ == '__main__':\n    main()\n"
PLANTED = [
    "multiprocessing",
    "selectors",
    "random",
    "signal",
    "socket",
    "struct",
    "pickle",
    "numpy",
    "pyarrow",
    "duckdb",
    "matplotlib",
    "forensics",
    "sitecustomize",
]
MOST_LOOKS = 1000


@pytest.fixture
def planted(tmp_path):
    """A folder with modules that leave a trace when they are imported."""
    folder = tmp_path / "evidence"
    folder.mkdir()
    for name in PLANTED:
        (folder / f"{name}.py").write_text(f"open({str(tmp_path / 'imported')!r}, 'a').write('{name}')\n")
    return folder


def told(folder, script, *words):
    """What a program says that runs in a folder and lies elsewhere, as an installed command does."""
    path = folder.parent / "bin" / "command.py"
    path.parent.mkdir(exist_ok=True)
    path.write_text(script)
    env = {k: v for k, v in os.environ.items() if k not in {"PYTHONSAFEPATH", "PYTHONPATH"}}
    env |= {"PYTHONPATH": str(ROOT), "COVERAGE_PROCESS_START": ""}
    return subprocess.run(
        [sys.executable, path, *words], cwd=folder, env=env, check=False, capture_output=True, text=True
    )


@pytest.mark.parametrize("forks", [True, False], ids=["forked", "spawned"])
def test_other_processes_import_nothing_from_it(planted, forks):
    script = COMMAND if forks else f"from forensics.core import workers\nworkers._FORKS = False\n{COMMAND}"
    case = planted.parent / "case"
    for words in (["init"], ["seal", SAMPLE], ["ingest", "--workers", "2"]):
        done = told(planted, script, words[0], case, *words[1:])
        assert (done.returncode, done.stderr) == (0, "")
    assert not (planted.parent / "imported").exists()


def test_the_trap_works(planted):
    """The same modules are found by a Python that is started with a command there."""
    subprocess.run([sys.executable, "-c", "import selectors"], cwd=planted, check=False, capture_output=True)
    assert "selectors" in (planted.parent / "imported").read_text()


@pytest.mark.parametrize("drawn", ["figures", "figures_graph", "figures_validation"])
def test_no_settings_of_figures_are_taken_from_it(tmp_path, drawn):
    folder = tmp_path / "evidence"
    folder.mkdir()
    (folder / "matplotlibrc").write_text("planted.key: \x1b[31m\nfont.size: 33\n")
    acts = {
        "figures": "with module.fixed(): pass",
        "figures_graph": "import networkx; module.network(networkx.MultiDiGraph())",
        "figures_validation": "import pathlib\ntry: module.save({}, pathlib.Path())\nexcept KeyError: pass",
    }
    script = f"import forensics.render.{drawn} as module\n{acts[drawn]}\nimport matplotlib\nprint(matplotlib.rcParamsOrig['font.size'])"
    done = told(folder, script)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip() != "33.0"


def test_what_was_set_for_other_processes_is_taken_back(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "before")
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
    with workers.pool(1, list) as pool:
        assert pool.submit(os.getcwd).result() == str(Path.cwd())
    assert os.environ["PYTHONPATH"] == "before"
    assert "PYTHONSAFEPATH" not in os.environ


LONG = """
import os, sys, time
from forensics.core import workers
workers._FORKS = {forks}

def begun(): pass

if __name__ == "__main__":
    with workers.pool(2, begun) as pool:
        pids = {{pool.submit(os.getpid).result() for _ in range(8)}}
        waiting = [pool.submit(time.sleep, 600) for _ in range(2)]
        print(*pids, flush=True)
        waiting[0].result()
"""


INTERRUPTED = """
import signal, sys, time
from pathlib import Path
from forensics import engine, pipeline
from forensics.cli.app import main

def task(n):
    time.sleep(20)
    Path(sys.argv[2], str(n)).touch()

def ingest(*_, **__):
    with engine.processes(2) as pool:
        waiting = [pool.submit(task, n) for n in range(3)]
        print("at work", flush=True)
        waiting[0].result()

if __name__ == "__main__":
    # What is started in the background may be told to hear no interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    pipeline.ingest = ingest
    main()
"""


def test_an_interrupt_ends_all_and_is_said_once(tmp_path):
    """A terminal sends it to every process; not one of them says where it was."""
    script, case = tmp_path / "command.py", tmp_path / "case"
    case.mkdir()
    script.write_text(INTERRUPTED)
    words = [sys.executable, script, "ingest", case, "--workers", "2"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        words, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as first:
        assert first.stdout.readline() == "at work\n"
        os.killpg(first.pid, signal.SIGINT)
        said = first.stderr.read()
    assert said == "forensics: interrupted; run the same command again to go on\n"
    assert first.returncode == 130
    assert not list(case.iterdir())


@pytest.mark.parametrize("forks", [True, False], ids=["forked", "spawned"])
def test_where_the_first_process_is_killed_the_others_go(tmp_path, forks):
    """They waited for ever once, each with its hundred megabytes."""
    script = tmp_path / "long.py"
    script.write_text(LONG.format(forks=forks))
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, script], env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as first:
        pids = [int(pid) for pid in first.stdout.readline().split()]
        assert pids
        assert all(map(runs, pids))
        first.send_signal(signal.SIGKILL)
    looks = 0
    while any(map(runs, pids)) and looks < MOST_LOOKS:
        looks += 1
        time.sleep(0.05)
    assert not any(map(runs, pids))


def runs(pid):
    """Whether a process is at work; one that has ended may wait to be noticed."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
