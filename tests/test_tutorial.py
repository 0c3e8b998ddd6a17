"""The tutorial does what it says, command by command, as it is written."""

import re
import shlex
from pathlib import Path

import pytest
import typed

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "tutorial" / "first-case.md"
PROGRAM = ".venv/bin/forensics"
EXPECTED = [
    ("investigate", "report\tdemo/script_edit/report.pdf"),
    ("status", "parsed\t939759\n"),
    ("who", "modify_file\t/srv/range/proj/llm/train.py\tderived\tkai\tkai"),
    ("acts", "modify_file\t/srv/range/proj/llm/train.py\t11\t"),
    ("acts", "\tlin <lin@lab.example>\tlin <lin@lab.example>\tkai\tattributed\ttrue\t"),
    ("claim", "status\tcontradicted\n"),
    ("sql", "\tpush\tkai\trefs/heads/main\n"),
    ("cite", "refs/heads/main"),
    ("timeline", ""),
    ("bundle", ""),
    ("verify", "fault\n"),
]
"""The commands of the page, in order, and what each prints among other things."""


def commands():
    """The page's calls of the program, in order, each a list of words."""
    fences = re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    lines = "".join(fences).replace("\\\n", " ").splitlines()
    return [words[1:] for line in lines if (words := shlex.split(line, comments=True))[:1] == [PROGRAM]]


def called(here, *words):
    """A command in a process of its own, with what it printed as text."""
    ran = typed.run(*words, cwd=here)
    ran.stdout, ran.stderr = ran.stdout.decode(), ran.stderr.decode()
    return ran


@pytest.fixture(scope="module")
def walked(tmp_path_factory):
    """What each command printed, run one after the other in a folder that has only the samples."""
    here = tmp_path_factory.mktemp("reader")
    (here / "sample_logs").symlink_to(ROOT / "sample_logs")
    (here / "demo").mkdir()
    done, event = [], None
    for words in commands():
        given = [event if word == "EVENT" else word for word in words]
        ran = called(here, *given)
        done.append((words[0], ran))
        if words[0] == "sql":
            event = ran.stdout.splitlines()[1].split("\t")[0]
    return here, done


def test_the_tutorial_ends_well(walked):
    _, done = walked
    assert [(name, ran.returncode, ran.stderr) for name, ran in done if ran.returncode] == []
    assert [name for name, _ in done] == [name for name, _ in EXPECTED]
    assert [
        (name, ran.stdout)
        for (name, ran), (_, text) in zip(done, EXPECTED, strict=True)
        if text not in ran.stdout
    ] == []


def test_a_flipped_byte_is_what_the_tutorial_says(walked):
    here, _ = walked
    flipped = here / "demo" / "bundle" / "data" / "findings.json"
    flipped.chmod(0o600)
    held = bytearray(flipped.read_bytes())
    held[-2] ^= 1
    flipped.write_bytes(held)
    ran = called(here, "verify", "demo/bundle")
    assert ran.returncode == 1
    assert "data/findings.json: changed" in ran.stdout
