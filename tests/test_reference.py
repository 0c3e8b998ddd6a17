"""The generated reference is what the code says, and the pages that are not generated point somewhere."""

import re
from pathlib import Path

import pytest
from typer.main import get_command

from forensics.cli import reference, reference_schedulers
from forensics.cli.app import COMMANDS, app, name_of
from forensics.core.endings import ENDINGS

ROOT = Path(__file__).parents[1]
PAGES = [
    ROOT / "README.md",
    *(ROOT / n for n in ("SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)(?:#[^)]*)?\)")
COMMAND = re.compile(r"(?:^|[`\s])(?:\.venv/bin/)?forensics ([a-z]+)")


def test_the_reference_is_not_stale():
    """After a change to a command, a table or a format: `make docs`."""
    folder = ROOT / "docs" / "reference"
    assert {p.name: p.read_text(encoding="utf-8") for p in folder.iterdir()} == reference.pages()


def test_the_reference_does_not_depend_on_the_terminal(monkeypatch):
    before = reference.pages()
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert reference.pages() == before


def test_every_command_and_option_is_in_the_reference():
    page = reference.pages()["commands.md"]
    for name, command in vars(get_command(app))["commands"].items():
        assert f"## {name}\n" in page
        for option in (o for p in command.params for o in p.opts if o.startswith("--")):
            assert option in page


def test_what_each_schedulers_log_tells_is_what_its_samples_show():
    """Who asked is told where a log's writer authenticated it, and how a job ended in every word that its log has."""
    told = reference_schedulers.told()
    for asked in ("slurmctld", "k8s_audit", "pbs_accounting", "pbs_server", "lsf_events", "yarn_audit"):
        assert {"job", "kill", "update"} <= told[asked]
    for silent in ("htcondor_event", "dagman_out", "ray_event", "swf", "jobcomp", "scontrol_job"):
        assert not {"kill", "update"} & told[silent]
    for whole in ("sacct", "sacct_json", "scontrol_job", "scontrol_json", "jobcomp", "jobcomp_json"):
        assert set(ENDINGS) <= told[whole]
    assert {"energy", "gpus", "nodes", "cluster", "submitted", "owner", "kill"} <= told["sacct"] & told[
        "sacct_json"
    ]
    # Of a federation's copies only Slurm knows.
    assert set(ENDINGS) - {"revoked"} <= told["k8s_audit"]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page):
    dead = [
        target
        for target in LINK.findall(page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]
    assert dead == []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_documents_name_commands_that_exist(page):
    fences = re.findall(r"```sh\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    named = {name for fence in fences for name in COMMAND.findall(fence)}
    assert named <= {name_of(module) for module in COMMANDS}
