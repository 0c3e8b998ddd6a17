"""Who could have acted, and what is asked: read as the contract describes, refused with a remedy otherwise."""

import re
from pathlib import Path

import pytest

from forensics.core import roster
from forensics.core.errors import RosterError

INCIDENTS = sorted((Path(__file__).parents[1] / "sample_logs" / "incidents").glob("*/roster.toml"))
SECOND = 1_000_000_000


@pytest.mark.parametrize("path", INCIDENTS, ids=lambda p: p.parent.name)
def test_staged_rosters_read(path):
    found = roster.roster(path.read_bytes(), path.name)
    assert [p.name for p in found.persons] == ["mei", "kai", "lin", "dao"]
    kai = found.persons[1]
    assert (kai.role, kai.accounts[0].name, kai.accounts[0].uid) == ("intern", "kai", 4102)
    assert kai.accounts[0].source == "account register"
    assert kai.keys[0].fingerprint.startswith("SHA256:")
    assert (kai.devices[0].address, kai.devices[0].name) == ("127.0.0.12", "ws-kai")
    shared = found.accounts[0]
    assert (shared.name, shared.uid, shared.shared) == ("mlteam", 4150, True)
    assert shared.members == ("mei", "kai", "lin", "dao")


@pytest.mark.parametrize("path", INCIDENTS, ids=lambda p: p.parent.name)
def test_staged_case_files_read(path):
    found = roster.question(path.with_name("case.toml").read_bytes(), "case.toml")
    assert (found.title, found.cluster, found.zone) == (
        "Disturbed training jobs on mlcluster",
        "mlcluster",
        "Etc/UTC",
    )
    assert found.window is not None
    assert found.window[0] < found.window[1]
    assert all(job.isdigit() for job in found.jobs)
    assert [(c.by, bool(c.text)) for c in found.claims] == [("kai", True)]


def test_nothing_is_a_roster_and_a_question():
    assert roster.roster(b"", "roster.toml") == roster.Roster()
    assert roster.question(b"", "case.toml") == roster.Question()
    assert roster.Question().zone == "UTC"


@pytest.mark.parametrize(
    ("written", "ns"),
    [
        ('"1970-01-01T00:00:01Z"', SECOND),
        ("1970-01-01T00:00:01Z", SECOND),
        ("1970-01-01T02:00:01+02:00", SECOND),
        ("1970-01-01T00:00:00.000001Z", 1000),
        ("1969-12-31T23:59:59.999999Z", -1000),
        ("9999-12-31T00:00:00Z", 253_402_214_400 * SECOND),
    ],
)
def test_bounds_of_an_enrolment(written, ns):
    """A text, a TOML time, a TOML date; exact to the microsecond on both sides of 1970."""
    raw = f'[[person]]\nname = "a"\naccounts = [{{ name = "a", from = {written}, until = {written} }}]\n'
    account = roster.roster(raw.encode(), "r").persons[0].accounts[0]
    assert (account.from_ns, account.until_ns) == (ns, ns)


@pytest.mark.parametrize("written", ["2026-07-01", '"2026-07-01"'])
def test_a_day_bounds_an_enrolment_by_all_that_can_be_called_so(written):
    """Who had a login until a day, and who has it from that day on, can both have had it then, in Auckland and in Honolulu."""
    raw = f"""[[person]]
name = "a"
accounts = [{{ name = "x", until = {written} }}]
keys = [{{ fingerprint = "SHA256:a", until = {written} }}]
devices = [{{ address = "10.0.0.1", until = {written} }}]
[[person]]
name = "b"
accounts = [{{ name = "x", from = {written} }}]
"""
    one, other = roster.roster(raw.encode(), "r").persons
    day = 1_782_864_000 * SECOND  # 2026-07-01T00:00:00Z
    last = day + (24 + 12) * 3600 * SECOND - 1
    assert [x[0].until_ns for x in (one.accounts, one.keys, one.devices)] == [last] * 3
    assert other.accounts[0].from_ns == day - 14 * 3600 * SECOND


def test_keys_nobody_knows_are_left_alone():
    raw = b'color = "blue"\n[[person]]\nname = "a"\nbadge = 7\nkeys = [{ fingerprint = "SHA256:x", note = "n" }]\n'
    assert roster.roster(raw, "r").persons[0].keys[0] == roster.Key("SHA256:x", "")


@pytest.mark.parametrize("ends", [b"\n", b"\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_what_an_editor_puts_first_or_at_the_end_of_lines_changes_nothing(mark, ends):
    raw = b'[[person]]\nname = "a"\naccounts = [{ name = "a", uid = 7, from = 2026-01-01, until = 2026-01-01 }]\n'
    assert roster.roster(mark + raw.replace(b"\n", ends), "r") == roster.roster(raw, "r")
    assert roster.question(mark + b"jobs = [1]", "c").jobs == ("1",)


def test_a_job_may_be_a_number():
    found = roster.question(b'jobs = [10, "11"]\n[[claim]]\nid = "D01"\njob = 10\n', "c")
    assert found.jobs == ("10", "11")
    assert found.claims[0].job == "10"


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"\xff", "not UTF-8"),
        (b"= 3", "not TOML"),
        (b"person = 3", "[[person]] tables"),
        (b"[[person]]\nrole = 'x'", "name must be a text and may not be missing"),
        (b"[[person]]\nname = 3", "name must be a text"),
        (b"[[person]]\nname = 'a'\n[[person]]\nname = 'a'", "listed twice"),
        (b"[[person]]\nname = 'a'\naccounts = [{ name = 'a', uid = 'x' }]", "uid must be a whole number"),
        (b"[[person]]\nname = 'a'\naccounts = [{ name = 'a', uid = true }]", "uid must be a whole number"),
        (b"[[person]]\nname = 'a'\nkeys = [{ source = 'x' }]", "fingerprint"),
        (b"[[person]]\nname = 'a'\naccounts = [{ name = 'a', from = 'soon' }]", "no time"),
        (b"[[person]]\nname = 'a'\naccounts = [{ name = 'a', from = 3 }]", "must be a time"),
        (
            b"[[person]]\nname = 'a'\naccounts = [{ name = 'a', from = 2026-02-01, until = 2026-01-01 }]",
            "is after until",
        ),
        (
            b"[[person]]\nname = 'a'\nkeys = [{ fingerprint = 'a', from = 2026-02-01, until = 2026-01-01 }]",
            "is after until",
        ),
        (b"[[person]]\nname = 'holder_of_all'", "write the name otherwise"),
        (b"[[person]]\nname = 'somebody_not_listed'", "write the name otherwise"),
        (b"[[person]]\nname = 'holder_of:login01:root'", "write the name otherwise"),
        (b"[[account]]\nname = 'a'\nshared = 'yes'", "shared must be true or false"),
        (b"[[account]]\nname = 'a'\nmembers = 'b'", "members must be a list"),
    ],
)
def test_a_roster_that_is_none_says_what_is_wrong(raw, says):
    with pytest.raises(RosterError, match=re.escape(says)) as failure:
        roster.roster(raw, "here/roster.toml")
    assert str(failure.value).startswith("here/roster.toml: ")


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"zone = 'Mars/Olympus'", "no IANA zone"),
        (b"zone = '../../etc/passwd'", "no IANA zone"),
        (b"window = ['2026-01-01T00:00:00Z']", "two times"),
        (b"window = ['2026-01-02T00:00:00Z', '2026-01-01T00:00:00Z']", "begin before it ends"),
        (b"jobs = 10", "jobs must be a list"),
        (b"[[claim]]\nby = 'kai'", "id must be a text"),
    ],
)
def test_a_question_that_is_none_says_what_is_wrong(raw, says):
    with pytest.raises(RosterError, match=re.escape(says)):
        roster.question(raw, "case.toml")
