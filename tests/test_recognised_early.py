"""Formats that stop looking into a file once it cannot be theirs say the same of it as those that look at all they may."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics import formats
from forensics.custody.seal import Sealed
from forensics.pipeline import files
from forensics.pipeline.files import Known

ROOT = Path(__file__).parents[1] / "sample_logs" / "formats"
SUDO, SSHD, CRON, ANACRON = (
    b"kai ALL=(ALL) ALL",
    b"AuthorizedKeysFile .ssh/k",
    b"5 * * * * date",
    b"7 5 daily date",
)
NONE = b"import os; print(1)"
MOST = {"sudoers": 40, "sshd_config": 200, "crontab": 100, "anacrontab": 100}
"""How many lines are looked at."""


def surely(form, lines):
    return formats.registry()[form].recognise(b"\n".join(lines) + b"\n", "etc/x") > 10


@pytest.mark.parametrize("first", [True, False], ids=["strange_first", "strange_last"])
@pytest.mark.parametrize(
    ("form", "own", "size", "holds"),
    [
        ("sudoers", [SUDO], 40, lambda fits, other: 4 * fits >= 3 * (fits + other)),
        (
            "sshd_config",
            [SSHD, b"PermitRootLogin no"],
            200,
            lambda fits, other: 5 * fits >= 4 * (fits + other) - 1,
        ),
        (
            "sshd_config",
            [SSHD, b"PermitRootLogin no"],
            199,
            lambda fits, other: 5 * fits >= 4 * (fits + other) - 1,
        ),
        ("crontab", [CRON], 100, lambda fits, other: 8 * other <= fits + other),
        ("crontab", [CRON], 96, lambda fits, other: 8 * other <= fits + other),
        ("anacrontab", [ANACRON, b"RANDOM_DELAY=4"], 100, lambda fits, other: 4 * other <= fits + other),
    ],
)
def test_a_file_is_theirs_up_to_the_same_line(form, own, size, holds, first):
    """Of every number of strange lines that there can be among those that are looked at; lines after them count for nothing."""
    told = []
    for other in range(size + 1):
        fits = size - other
        ours = (own * size)[:fits]
        strange = [NONE] * other
        lines = [*strange, *ours] if first else [*ours, *strange]
        wanted = fits >= len(own) and holds(fits, other)
        told.append(wanted)
        after = (own if other else [NONE]) * 50 if size == MOST[form] else []
        assert surely(form, [*lines, *after]) == wanted, (fits, other)
    assert 0 < sum(told) < size


def test_a_file_of_which_one_path_says_nothing_is_looked_at_by_the_next():
    """Each file once for each round, whatever order it was sealed in, and however many are looked at together."""
    row = {"bytes": 1, "kind": "file", "link": None, "held": "copied"}
    rows = [
        Sealed(path=path, sha256=sha256, **row)
        for path, sha256 in [("h/tmp/a", "1"), ("h/etc/b", "1"), ("h/etc/a", "1"), ("h/etc/c", "2"), ("h/tmp/d", "3")]
    ]  # fmt: skip
    asked = []

    def looked(many):
        asked.append(many)
        return [
            Known("passwd" if path == "h/etc/b" or sha256 == "2" else None, None) for sha256, path in many
        ]

    known = files.recognised(rows, looked)
    assert {sha256: one.format for sha256, one in known.items()} == {"1": "passwd", "2": "passwd", "3": None}
    assert asked == [[("1", "h/etc/a"), ("2", "h/etc/c"), ("3", "h/tmp/d")], [("1", "h/etc/b")]]


SAMPLES = [path for path in sorted(ROOT.glob("*/*")) if path.is_file()]
PATHS = ["login01/var/log/x", "login01/var/log/lastlog", "srv/llm.git/objects/pack/pack-1.pack"]
TEXT = st.text(alphabet='abTP":,[]()#\\/ 0123\n\x00{}v=<>.-').map(str.encode)


def without(head, signs):
    """A head with some bytes changed wherever they stand."""
    for sign in signs:
        head = head.replace(sign, b"." * len(sign))
    return head


@pytest.mark.parametrize("name", sorted(formats._NEEDED))
def test_a_format_that_is_not_asked_would_not_take_the_file(name):
    """Whatever else is in it: heads of all samples, the format's own first, without what every file of it has."""
    form, signs = formats.registry()[name], formats._NEEDED[name]
    some = [path for path in SAMPLES if path.parent.name == name] + SAMPLES[::7]
    for head in (path.read_bytes()[:65_536] for path in some):
        for path in PATHS:
            assert form.recognise(without(head, signs), path) == 0
            assert form.recognise(head.translate(None, b"".join(signs)), path) == 0


@given(st.sampled_from(sorted(formats._NEEDED)), st.sampled_from(SAMPLES), TEXT, st.integers(0, 4000))
@settings(max_examples=300)
def test_nor_would_it_take_damaged_files(name, sample, noise, at):
    raw = sample.read_bytes()[:65_536]
    head = without(raw[:at] + noise + raw[at:], formats._NEEDED[name])
    assert formats.registry()[name].recognise(head, PATHS[0]) == 0


@given(st.sampled_from(SAMPLES), TEXT, st.integers(0, 200), st.sampled_from(PATHS))
@settings(max_examples=100)
def test_what_a_file_is_hangs_on_all_formats(sample, noise, at, path):
    """The surest of all that there are, the first in order of name."""
    raw = sample.read_bytes()[:65_536]
    head = raw[:at] + noise + raw[at:]
    sure = {name: form.recognise(head, path) for name, form in formats.registry().items()}
    best = max(sorted(sure), key=sure.get)
    assert formats.recognise(head, path) == (best if head and sure[best] > 10 else None)


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"# v2 git bundle\n" + b"0" * 40 + b" refs/heads/main\n", "git_pack"),
        (b"PACK\0\0\0\x02\0\0\0\x01", "git_pack"),
        (b"-- \nSET standard_conforming_strings = on;\nCREATE TABLE action (op_type int, act_user_id int, repo_id int, ref_name text, created_unix int);\n", "gitea_database"),
        (b"__CURSOR=s=0;i=1\n", "journal_export"),
    ],
)  # fmt: skip
def test_one_sign_is_enough(head, name):
    """Files without the other bytes that most of their format have."""
    assert formats.recognise(head, "x") == name


LOADED = """
import sys
from forensics import formats
head = open(sys.argv[1], "rb").read(65536)
print(formats.recognise(head, "x"), *(name for name in formats._NEEDED if f"forensics.formats.{name}" in sys.modules))
"""


def test_formats_that_a_file_cannot_be_of_are_not_loaded(tmp_path):
    log = tmp_path / "messages"
    log.write_bytes(b"Nov 23 10:00:00 login01 sudo: kai : command not allowed\n" * 20)
    done = subprocess.run([sys.executable, "-c", LOADED, log], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["syslog"]
