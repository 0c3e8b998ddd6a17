"""Copies of a host's list of accounts, collected before and after a rename: each name in its own time."""

import pytest
from stage import SECOND, T0, Stage, roster
from test_identity_in_time import DAY, NOBODY, passwd

from forensics.analysis import identity
from forensics.analysis.evidence import assemble
from forensics.core import clock, hostfolders, tables
from forensics.core.roster import Question

EARLY, LATE = "uac-login01-linux-20261101080000", "uac-login01-linux-20261121080000.tar.gz/[root]"


def moment(text):
    (found,) = [clock.typed(text)]
    return int(found.timestamp()) * SECOND


def told(s, folders, *, people=NOBODY):
    """A directory of a stage, of whose files those stand at `/etc/passwd` in some folders."""
    built = {n: [r.get(n) for r in s.rows] for n in tables.EVENT.names}
    files = [
        {"sha256": sha, "path": f"{folder}/etc/passwd", "host": "login01", "origin": "/etc/passwd", "bytes": 1, "kind": "file", "held": "copied", "parsed": 1, "rejected": 0, "ignored": 0}
        for sha, folder in folders
    ]  # fmt: skip
    made = {n: [f.get(n) for f in files] for n in tables.FILE.names}
    found = {"event": tables.EVENT.build(built), "file": tables.FILE.build(made)}
    return identity.directory(assemble(found, people, Question()))


def renamed(early=EARLY, late=LATE):
    """Number 4102 is kai's in the earlier copy and lin's in the later; 4101 is mei's in both."""
    s = Stage()
    was = [passwd(s, uid, name, copy="a") for uid, name in ((4102, "kai"), (4101, "mei"))]
    now = [passwd(s, uid, name, copy="b") for uid, name in ((4102, "lin"), (4101, "mei"))]
    return s, [(was[0], early), (now[0], late)]


FIRST, LAST = moment("2026-11-01T08:00:00Z"), moment("2026-11-21T08:00:00Z")


@pytest.mark.parametrize("backwards", [False, True])
def test_a_number_has_the_name_of_each_copy_in_its_own_time(backwards):
    s, files = renamed()
    known = told(s, files[::-1] if backwards else files)
    assert known.account_of("login01", 4102, FIRST - DAY) == "kai"
    assert known.account_of("login01", 4102, LAST + DAY) == "lin"
    assert known.account_of("login01", 4102, FIRST + DAY) is None
    assert known.account_of("login01", 4101, FIRST + DAY) == "mei"
    assert known.fired() == {"named_between_dated_copies": 2}


def test_holders_of_the_two_names_are_told_apart_outside_that_time():
    s, files = renamed()
    known = told(s, files, people=roster())
    assert known.holders("kai", FIRST - DAY) == {"kai"}
    assert known.holders("kai", FIRST + DAY) == {"kai", "lin"}
    assert known.holders("lin", LAST + DAY) == {"lin"}
    assert not known.is_shared("lin", LAST + DAY)


@pytest.mark.parametrize(
    ("early", "late"), [("login01", LATE), (EARLY, "after/login01"), ("before/login01", "after/login01")]
)
def test_copies_of_which_one_has_no_time_bound_nothing(early, late):
    s, files = renamed(early, late)
    known = told(s, files)
    assert [known.account_of("login01", 4102, at) for at in (FIRST - DAY, LAST + DAY)] == [None, None]
    assert known.fired() == {}


def test_a_third_copy_of_no_time_can_be_of_any():
    s, files = renamed()
    passwd(s, 4102, "kai", copy="c")
    known = told(s, [*files, ("c" * 64, "login01")])
    assert known.account_of("login01", 4102, LAST + DAY) is None
    assert known.fired() == {}


def test_a_name_that_came_and_went_between_three_copies_has_its_time():
    s, files = renamed()
    third = passwd(s, 4101, "mei", copy="c")
    last = "uac-login01-linux-20261201080000"
    known = told(s, [*files, (third, last)])
    ends = moment("2026-12-01T08:00:00Z")
    held = [known.account_of("login01", 4102, at) for at in (FIRST - DAY, LAST + DAY, ends + DAY)]
    assert held == ["kai", "lin", None]


def test_lines_of_usermod_bound_closer_than_copies():
    s, files = renamed()
    s.add("account_edit", "syslog", when=FIRST + 5 * DAY, text="change user name 'kai' to 'lin'")
    known = told(s, files)
    (was,) = [e for e in known.about("uid", "kai") if e.basis == "observed"]
    assert was.until_ns == FIRST + 5 * DAY + 999_999
    assert was.rule == "named_within_bounds"


@pytest.mark.parametrize(
    ("path", "zoned"),
    [
        ("uac-login01-linux-20261101080000/etc/passwd", False),
        ("uac-login01-linux-20261101080000.tar.gz/[root]/etc/passwd", False),
        ("Collection-login01-2026-11-01T08_00_00Z/uploads/auto/etc/passwd", True),
        ("login01_20261101080000/fs/$rootfs$/etc/passwd", False),
    ],
)
def test_when_a_collector_ran_is_in_the_name_of_its_folder(path, zoned):
    east, west = (0, 0) if zoned else (14 * 3600 * SECOND, 12 * 3600 * SECOND)
    assert hostfolders.collected(path) == (FIRST - east, FIRST + west + SECOND - 1)


@pytest.mark.parametrize(
    "path",
    [
        "login01/etc/passwd",
        "login01/home/kai/uac-login01-linux-20261101080000",
        "uac-login01-linux-20261301080000/etc/passwd",
        "Collection-login01-2026-11-01T08_00_00+02_00/etc/passwd",
        "uac-a-linux-20261101080000/uac-a-linux-20261102080000/etc/passwd",
    ],
)
def test_what_names_no_time_or_two_says_nothing(path):
    assert hostfolders.collected(path) is None


def test_the_stage_is_of_that_month():
    assert FIRST < T0 < LAST + 5 * DAY
