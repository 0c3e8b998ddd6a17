"""Formats that stop looking into a file once it cannot be theirs say the same of it as those that look at all they may."""

import subprocess
import sys
from pathlib import Path

import pytest
from drawn import examples, some
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics import formats
from forensics.core import filesigns
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


SIGNED = sorted(filesigns.NEEDED)
NOWHERE = "login01/var/log/x"


def without(head, signs):
    """A head with some bytes changed wherever they stand, and others put before its lines, so that it has no sign of a format."""
    for sign in signs.within:
        head = head.replace(sign, b"." * len(sign))
    if signs.lines:
        head = b"\n".join(b"=" + line for line in head.split(b"\n"))
    return b"=" + head if signs.begins else head


def lacks(name, head, path):
    return name in filesigns.lacking(head, path)


@pytest.mark.parametrize("name", SIGNED)
def test_a_format_that_is_not_asked_would_not_take_the_file(name):
    """Whatever else is in it: heads of all samples, the format's own first, without what every file of it has."""
    form, signs = formats.registry()[name], filesigns.NEEDED[name]
    own = [path for path in SAMPLES if path.parent.name == name]
    for head in (path.read_bytes()[:65_536] for path in own + SAMPLES[::23]):
        for path in PATHS:
            spoiled = without(head, signs)
            assert lacks(name, spoiled, path)
            assert form.recognise(spoiled, path) == 0
            less = head.translate(None, b"".join(signs.within))
            assert not lacks(name, less, path) or form.recognise(less, path) == 0


@pytest.mark.parametrize("name", some(SIGNED, 40))
def test_no_sample_is_kept_from_a_format_that_would_take_it(name):
    """Nor any place of one: what lies before it can have been cut."""
    form = formats.registry()[name]
    own = [path for path in SAMPLES if path.parent.name == name]
    for sample in own + SAMPLES[::17]:
        head = sample.read_bytes()[:65_536]
        for path in {str(sample), NOWHERE}:
            assert not lacks(name, head, path) or form.recognise(head, path) == 0
    for raw in (path.read_bytes()[:8192] for path in own):
        for at in range(min(len(raw), 60)):
            for head in (raw[at:], b" \n" * at + raw, raw[:at] + b"\r" + raw[at:]):
                assert not lacks(name, head, NOWHERE) or form.recognise(head, NOWHERE) == 0
    for head in (b"%c" % byte + path.read_bytes()[1:8192] for path in own[:1] for byte in range(256)):
        assert not lacks(name, head, NOWHERE) or form.recognise(head, NOWHERE) == 0


@given(st.sampled_from(SIGNED), st.data(), TEXT, st.integers(0, 4000), st.booleans())
@settings(max_examples=examples(500))
def test_nor_would_it_take_damaged_files(name, data, noise, at, spoil):
    own = [path for path in SAMPLES if path.parent.name == name]
    raw = data.draw(st.sampled_from(own) | st.sampled_from(SAMPLES)).read_bytes()[:65_536]
    path = data.draw(st.sampled_from(PATHS) | st.sampled_from(["x", *map("h/{}".format, filesigns.NEEDED[name].path)]))  # fmt: skip
    head = raw[:at] + noise + raw[at:]
    head = without(head, filesigns.NEEDED[name]) if spoil else head
    assert not head or not lacks(name, head, path) or formats.registry()[name].recognise(head, path) == 0


def test_every_sample_is_what_it_is_to_all_formats():
    every = tuple(formats.registry())
    for sample in SAMPLES:
        head = sample.read_bytes()[:65_536]
        for path in (str(sample), NOWHERE) if head else ():
            name, sure = formats._surest(every, head, path)
            assert formats.recognise(head, path) == (name if sure > 10 else None), (sample, path)


@given(st.sampled_from(SAMPLES), TEXT, st.integers(0, 200), st.sampled_from(PATHS))
@settings(max_examples=examples(100))
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
        (b"1 5 backup.daily /bin/b\nRANDOM_DELAY = 4\n", "anacrontab"),
        (b"1 5 backup.daily /bin/b\nPREFERRED_HOUR = 4\n", "anacrontab"),
        (b"Login Summary Report\r\n====================\r\n", "ausearch_interpreted"),
        (b"On login01 at 10:00:00 11/23/2026 kai successfully ran /bin/date\n", "ausearch_interpreted"),
        (b"Environment used for 10 (must be batch to display)\n" + b"-" * 80 + b"\nA=b\n", "sacct_script"),
        (b"#1795000000\nls\n", "bash_history"),
        (b"ls\n#1795000000\nls\n#1795000001\nls\n", "bash_history"),
        (b": 1795000000:0;ls\n", "zsh_history"),
        (b"a\n" + b": 1795000000:0;ls\n" * 9, "zsh_history"),
        (b"@reboot /home/kai/x\n", "crontab"),
        (b"# DO NOT EDIT THIS FILE - edit the master and reinstall.\n", "crontab"),
        (b"a/b.py,sha384=AAAA,1\n", "pip_record"),
        (b"a/b.py,sha512=AAAA,1\n", "pip_record"),
        (b"a/b.py,md5=AAAA,1\n", "pip_record"),
        (b"(ios\nsystem\n.", "pickle"),
        (b"ios\nsystem\n.", "pickle"),
        (b"RIDX\0\0\0\1", "git_derived"),
        (b"BITM\0\1", "git_derived"),
        (b"CGPH\1", "git_derived"),
        (b"DIRC\0\0\0\2", "git_derived"),
        (b"\x99\0\x0d\x04ABCD\x01" + b"0" * 9, "openpgp_key"),
        (b"\xc6\x0d\x04ABCD\x01" + b"0" * 9, "openpgp_key"),
        (b"PARTITION AVAIL  TIMELIMIT  NODES\n", "slurm_state"),
        (b"Mon Nov 23 10:00:00 2026\nPARTITION AVAIL  TIMELIMIT  NODES\n", "slurm_state"),
        (b"Mon Nov 23 10:00:00 2026\nNODELIST NODES PARTITION STATE\n", "slurm_state"),
        (b"Mon Nov 23 10:00:00 2026\nHOSTNAMES STATE\n", "slurm_state"),
        (b"Mon Nov 23 10:00:00 2026\nSTEPID NAME PARTITION USER \n", "slurm_state"),
        (b"CLUSTER: c\nHOSTNAMES STATE\n", "slurm_state"),
        (b"AveRSS|JobID\n1K|10.0\n", "slurm_state"),
        (b"MaxRSS|JobID\n1K|10.0\n", "slurm_state"),
        (b"MinCPU|JobID\n1K|10.0\n", "slurm_state"),
        (b" NTasks|JobID\n1|10.0\n", "slurm_state"),
        (b"192.0.2.1 | ssh | 1x1x1 | kai | 2026-11-23 10:00:00,000 | ", "bitbucket_access"),
        (b"  | ssh | 1x1x1 | kai | 2026-11-23 10:00:00,000 | ", "bitbucket_access"),
        (b"# v2 git bundle\n" + b"0" * 40 + b" refs/heads/main\n", "git_pack"),
        (b"PACK\0\0\0\x02\0\0\0\x01", "git_pack"),
        (b"-- \nSET standard_conforming_strings = on;\nCREATE TABLE action (op_type int, act_user_id int, repo_id int, ref_name text, created_unix int);\n", "gitea_database"),
        (b"__CURSOR=s=0;i=1\n", "journal_export"),
    ],
)  # fmt: skip
def test_one_sign_is_enough(head, name):
    """Files without the other signs that files of their format have."""
    assert formats.recognise(head, "x") == name


@pytest.mark.parametrize(
    ("path", "head", "name"),
    [
        ("etc/anacrontab", b"1 5 backup.daily /bin/b\n", "anacrontab"),
        ("home/kai/.bash_history", b"ls\n", "bash_history"),
        ("home/kai/.zsh_history", b"ls\n", "zsh_history"),
        ("home/kai/.zhistory", b"ls\n", "zsh_history"),
        ("home/kai/.histfile", b"ls\n", "zsh_history"),
        ("home/kai/.python_history", b"x\n", "python_history"),
        ("home/kai/.mkshrc", b"alias x=y\n", "shell_startup"),
        ("home/kai/.profile", b"alias x=y\n", "shell_startup"),
        ("home/kai/.zlogin", b"alias x=y\n", "shell_startup"),
        ("login01/etc/zsh/x", b"alias x=y\n", "shell_startup"),
        ("var/log/sudo-io/00/00/01/stdin", b"x\n", "sudo_stream"),
        ("var/log/sudo-io/00/00/01/stdout", b"x\n", "sudo_stream"),
        ("var/log/sudo-io/00/00/01/stderr", b"x\n", "sudo_stream"),
        ("x.git/reftable/tables.list", b"0x1-0x2-3.ref\n", "git_layout"),
        ("x.git/objects/info/alternates", b"/srv/y.git/objects\n", "git_layout"),
        ("x.git/worktrees/y/gitdir", b"/home/kai/y/.git\n", "git_layout"),
        ("x.git/objects/pack/pack-1.promisor", b"0" * 40 + b" refs/heads/main\n", "git_layout"),
        ("x.git/shallow", b"0" * 40 + b"\n" + b"1" * 40 + b"\n", "git_layout"),
        ("x.git/info/grafts", b"0" * 40 + b" " + b"1" * 40 + b"\n", "git_layout"),
        ("x.git/objects/pack/x.idx", b"\0\0\0\1" * 256, "git_derived"),
    ],
)
def test_its_path_is_enough(path, head, name):
    assert formats.recognise(head, path) == name


LOADED = """
import sys
from forensics import formats
from forensics.core import filesigns
head = open(sys.argv[1], "rb").read(65536)
print(formats.recognise(head, "x"), *(name for name in filesigns.NEEDED if f"forensics.formats.{name}" in sys.modules))
"""


def test_formats_that_a_file_cannot_be_of_are_not_loaded(tmp_path):
    log = tmp_path / "messages"
    log.write_bytes(b"Nov 23 10:00:00 login01 sudo: kai : command not allowed\n" * 20)
    done = subprocess.run([sys.executable, "-c", LOADED, log], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["syslog"]
