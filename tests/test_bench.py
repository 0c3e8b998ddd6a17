"""The logs that the figures are made from: the same bytes everywhere, and the layouts that they say they are."""

import subprocess
import sys
from pathlib import Path

import pytest

from forensics import formats

BENCH = Path(__file__).parents[1] / "bench"
sys.path.insert(0, str(BENCH))

import audit_log  # noqa: E402 - a script's folder is no package
import logs  # noqa: E402 - the same
import sheet  # noqa: E402 - the same

SIZE_BYTES = 300_000


@pytest.fixture(scope="module", params=audit_log.LAYOUTS)
def made(request, tmp_path_factory):
    log = tmp_path_factory.mktemp("bench") / "audit.log"
    audit_log.written(log, request.param, SIZE_BYTES)
    return request.param, log.read_bytes()


def test_a_layout_is_read_as_an_audit_log_and_is_what_it_says(made):
    layout, data = made
    assert formats.recognise(data[:65_536], "audit.log") == "auditd"
    parsed = formats.registry()["auditd"].parse(data, 0)
    rejected = sum(parsed.rejected["stop"].to_pylist()) - sum(parsed.rejected["start"].to_pylist())
    if layout == "rejects":
        assert rejected > len(data) // 2
    elif layout == "long":
        assert max(map(len, data.splitlines())) > len(data) // 6
    else:
        assert rejected < len(data) // 100
    assert (b"\nnode=" in data, b"\x1d" in data) == (layout != "plain", layout != "plain")


def test_a_log_is_the_same_bytes_every_time(made, tmp_path):
    layout, data = made
    audit_log.written(tmp_path / "again", layout, SIZE_BYTES)
    assert (tmp_path / "again").read_bytes() == data


def test_figures_go_between_their_marks_and_nowhere_else(tmp_path, capsys):
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- x -->\nold\n<!-- end of x -->\nafter\n", encoding="utf-8")
    sheet.publish("x", sheet.grid(["a", "b"], [["c", "1"]]), page)
    text = page.read_text(encoding="utf-8")
    assert text.startswith("before\n<!-- x -->\n")
    assert text.endswith("| c | 1 |\n<!-- end of x -->\nafter\n")
    assert "old" not in text
    assert "| c | 1 |" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        sheet.publish("y", "", page)


@pytest.mark.parametrize("what", logs.LOGS)
def test_a_large_log_is_what_it_says_and_the_same_every_time(what, tmp_path):
    name, _, write = logs.LOGS[what]
    for path in (tmp_path / "one", tmp_path / "two"):
        write(path, 300)
    data = (tmp_path / "one").read_bytes()
    assert data == (tmp_path / "two").read_bytes()
    assert formats.recognise(data[:65_536], "x") == name
    parsed = formats.registry()[name].parse(data, 0)
    assert len(parsed.records) >= 300
    assert not len(parsed.rejected)


def test_accounting_is_measured(tmp_path):
    """The script reads with the program as it is now: what it calls there must still be so."""
    done = subprocess.run(
        [sys.executable, str(BENCH / "logs.py"), "--what", "sacct", "--rows", "200", "--place", str(tmp_path)],
        check=False, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert [line.split(" | ")[0] for line in done.stdout.splitlines() if line.startswith("| ")][2:] == [
        "| coreutils sha256sum", "| columns", "| ingest, 1 process", "| ingest, 2 processes",
    ]  # fmt: skip


BURNT_S = 0.5
BURNS = f"import time\nwhile time.process_time() < {BURNT_S}: pass"
LEAVES = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {BURNS!r}])"


def test_what_a_process_takes_that_nobody_waited_for_counts():
    """Processes that others are forked from outlive the command for a moment."""
    code = f"import costs, sys; print(costs.cost([sys.executable, '-c', {LEAVES!r}], cores=1).work)"
    told = subprocess.run([sys.executable, "-c", code], cwd=BENCH, check=True, capture_output=True, text=True)
    assert float(told.stdout) > BURNT_S
