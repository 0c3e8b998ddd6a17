"""Formats that stop looking into a file once it cannot be theirs say the same of it as those that look at all they may."""

import pytest

from forensics import formats
from forensics.custody.seal import Sealed
from forensics.pipeline import files
from forensics.pipeline.files import Known

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
