"""The command is started in a folder of evidence, which holds files called as modules are: none of them is run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OTHERS = ("duckdb", "matplotlib", "numpy", "pandas", "pyarrow", "typer")
SAMPLE = ROOT / "sample_logs" / "incidents" / "script_edit" / "evidence"


@pytest.fixture
def planted(tmp_path):
    """A folder of evidence, and the file that any of its modules would write."""
    folder, ran = tmp_path / "evidence", tmp_path / "ran"
    folder.mkdir()
    trail = SAMPLE / "login01" / "var" / "log" / "audit" / "audit.log"
    (folder / "audit.log").write_bytes(trail.read_bytes())
    names = {m for m in sys.stdlib_module_names if m not in sys.builtin_module_names} | {*OTHERS}
    for name in sorted(names):
        (folder / f"{name}.py").write_text(f"open({str(ran)!r}, 'a').write({name + ' '!r})\n")
    return folder, ran


@pytest.mark.parametrize("words", [["--help"], ["ingest", "--help"], ["ingest", "CASE", "--workers", "2"]])
def test_no_module_of_the_working_directory_is_run(planted, words, tmp_path):
    folder, ran = planted
    env = {name: text for name, text in os.environ.items() if name != "PYTHONSAFEPATH"}
    env["PYTHONPATH"] = str(ROOT)

    def command(*given):
        told = [w.replace("CASE", str(tmp_path / "case")) for w in given]
        argv = [sys.executable, "-m", "forensics", *told]
        return subprocess.run(argv, cwd=folder, env=env, capture_output=True, text=True, check=False)

    if "CASE" in words:
        assert command("init", "CASE").returncode == 0
        assert command("seal", "CASE", ".").returncode == 0
    done = command(*words)
    assert not ran.exists(), ran.read_text()
    assert done.returncode in {0, 3}, done.stderr
