"""Copies of an audit trail of which one lacks records: told, whatever was read with it; what was cut, rotated or chosen is no edit."""

import re
import sys
from pathlib import Path

import investigated
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from drawn import EVERY, some
from test_innocent import AUDIT, INCIDENTS, collected
from test_mixed_trail import later

sys.path.insert(0, str(Path(__file__).parents[1] / "bench"))

import both_ways

from forensics.pipeline import trailcopies

NAME = "shared_account"
pytestmark = pytest.mark.xdist_group(NAME)
COPY = "login01/root/backup/audit.log"
LINES = collected(NAME)[AUDIT].splitlines(keepends=True)
STAMP = re.compile(rb"audit\([0-9.]+:([0-9]+)\)")


def number(line):
    return int(STAMP.search(line)[1])


NUMBERS = sorted({number(line) for line in LINES})
OWN = {number(line) for line in LINES if b" ses=42 " in line}
"""Records of kai's session of the shared account, in which both requests lie."""
EXECVES = [n for n, line in enumerate(LINES) if line.startswith(b"node=login01 type=EXECVE")][5:9]


def kept(test):
    return b"".join(line for line in LINES if test(number(line)))


SCATTERED = set(NUMBERS[100:700:50])
COPIES = {
    "scattered records taken out": (kept(lambda n: n not in SCATTERED), "supported", ("share 782", "has 12 records")),
    "a session taken out": (kept(lambda n: n not in OWN), "supported", ("share 774", f"has {len(OWN)} records")),
    "a stretch taken out": (kept(lambda n: not NUMBERS[200] <= n < NUMBERS[230]), "supported", ("share 764", "has 30 records", "in a row")),
    "lines of records taken out": (b"".join(line for n, line in enumerate(LINES) if n not in EXECVES), "supported", ("has 4 records",)),
    "the whole": (b"".join(LINES), "contradicted", None),
    "cut at the end": (kept(lambda n: n < NUMBERS[600]), "contradicted", None),
    "begun later": (kept(lambda n: n > NUMBERS[300]), "contradicted", None),
    "in another form": (b"".join(re.sub(rb"\x1d[^\n]*", b"", line) for line in LINES), "contradicted", None),
    "one session chosen": (kept(lambda n: n in OWN), "contradicted", ("one value of session",)),
    "a fifth chosen": (kept(lambda n: n % 5 == 0), "untestable", ("fewer of the records",)),
}  # fmt: skip

NARROWED = some(
    [
        "a fifth chosen",
        "scattered records taken out",
        "in another form",
        "the whole",
        "lines of records taken out",
    ],
    1,
)
"""Copies of which it is also looked at whether a case of which not all is held tells the same: that is an analysis more.

Of one that scattered records were taken out of, it is looked at in any case where the other lacks some too.
"""


def files(copy):
    return collected(NAME) | {COPY: copy}


def asked():
    roster, about = ((INCIDENTS / NAME / f"{part}.toml").read_bytes() for part in ("roster", "case"))
    return roster, about + b'\n[[claim]]\nid = "D08"\nby = "kai"\ntext = "x"\n'


def found(content, *, narrowed=EVERY):
    """The findings; that a case of which not all is held tells the same is asked where it is to be."""
    roster, about = asked()
    if not narrowed:
        return investigated.found(content, roster=roster, about=about)
    both = both_ways.of(content, roster, about, investigated.DESK)
    assert both.differs == []
    assert both.held < both.events
    return both.found


@pytest.mark.parametrize("what", some(COPIES, 7))
def test_a_copy_that_lacks_records_is_told_and_no_more_is_said_than_that(what):
    """Nor by `pipeline.trailcopies`, which counts where the events lie what `analysis.trailcopies` counts of those at hand."""
    copy, status, says = COPIES[what]
    told = found(files(copy), narrowed=what in NARROWED)
    assert [c["status"] for c in told["claims"] if c["id"] == "D08"] == [status]
    differ = [c for c in told["contradictions"] if c["kind"] == "trail_copies_differ"]
    assert len(differ) == (says is not None)
    for one in differ:
        text = " ".join([one["about"], *(s["what"] for s in one["says"])])
        assert all(part in text for part in says)
        assert ("chosen" in text) == (status != "supported")
        first, beside, *_ = one["says"]
        copied = {c["sha256"] for c in beside["citations"]}
        assert len(copied) == 2
        assert {c["sha256"] for c in first["citations"]} <= copied


def test_each_of_two_copies_can_lack_records():
    other = set(NUMBERS[125:700:50])
    told = found(
        files(kept(lambda n: n not in SCATTERED)) | {AUDIT: kept(lambda n: n not in other)}, narrowed=True
    )
    counts = [c["says"][0]["what"] for c in told["contradictions"] if c["kind"] == "trail_copies_differ"]
    assert sorted(re.findall(r"has (\d+) records", " ".join(counts))) == [
        str(len(s)) for s in sorted((SCATTERED, other), key=len)
    ]


def test_what_users_can_have_written_is_no_copy():
    roster, about = asked()
    content = collected(NAME) | {"login01/home/kai/audit.log": kept(lambda n: n not in OWN)}
    told = investigated.found(content, roster=roster, about=about)
    assert [c for c in told["contradictions"] if c["kind"] == "trail_copies_differ"] == []
    assert [c["status"] for c in told["claims"] if c["id"] == "D08"] == ["contradicted"]


def test_logs_of_a_rotation_are_no_copies():
    roster, about = asked()
    half = NUMBERS[len(NUMBERS) // 2]
    content = collected(NAME) | {AUDIT: kept(lambda n: n >= half), f"{AUDIT}.1": kept(lambda n: n < half)}
    told = investigated.found(content, roster=roster, about=about)
    assert [c for c in told["contradictions"] if c["kind"] == "trail_copies_differ"] == []
    assert [c["status"] for c in told["claims"] if c["id"] == "D08"] == ["contradicted"]


def test_a_record_that_both_tell_and_otherwise_is_lacking_in_neither():
    """It is told as a record that differs; beside it the copy lacks others."""
    changed = NUMBERS[420]
    assert changed not in SCATTERED
    lines = [
        line.replace(b" pid=", b" pid=9") if number(line) == changed else line
        for line in LINES
        if number(line) not in SCATTERED
    ]
    told = found(files(b"".join(lines)))
    (one,) = [c for c in told["contradictions"] if c["kind"] == "trail_copies_differ"]
    assert f"has {len(SCATTERED)} records" in one["says"][0]["what"]


def test_what_was_chosen_and_has_what_the_other_lacks_is_no_choice():
    other = {n for n in NUMBERS[100:700] if n % 25 == 0}
    told = found(files(kept(lambda n: n % 5 == 0)) | {AUDIT: kept(lambda n: n not in other)})
    differ = [c for c in told["contradictions"] if c["kind"] == "trail_copies_differ"]
    assert len(differ) == 2
    assert "chosen" not in str(differ)
    assert [c["status"] for c in told["claims"] if c["id"] == "D08"] == ["supported"]


def test_of_logs_of_a_rotation_nothing_is_asked_of_what_their_events_cite(tmp_path):
    """A record can lie on both sides of a rotation: that makes no copies of them, and there may be thousands."""
    split = next(n for n, line in enumerate(LINES) if n > 500 and b"type=EXECVE" in line)
    parts = {"a" * 64: b"".join(LINES[:split]), "b" * 64: b"".join(LINES[split:])}
    assert asked_for(tmp_path / "rotated", parts) == set()
    assert asked_for(tmp_path / "copied", parts | {"c" * 64: b"".join(LINES[400:])}) == {*parts, "c" * 64}
    assert (
        asked_for(
            tmp_path / "of two hosts",
            {"a" * 64: parts["a" * 64], "c" * 64: re.sub(rb"node=login01", b"node=login02", b"".join(LINES))},
        )
        == set()
    )


def test_the_same_numbers_at_other_moments_are_those_of_another_boot(tmp_path):
    shifted = b"".join(later(line, 2) for line in LINES)
    assert asked_for(tmp_path, {"a" * 64: b"".join(LINES), "c" * 64: shifted}) == set()


def asked_for(folder, contents):
    made = [
        pa.table({
            "node": [STAMPED.match(line)["node"].decode() for line in content.splitlines()], "sha256": [sha256] * content.count(b"\n"),
            "serial": [number(line) for line in content.splitlines()],
            "earliest_ns": [int(float(STAMPED.match(line)["at"]) * 1000) * 1_000_000 for line in content.splitlines()],
        })
        for sha256, content in contents.items()
    ]  # fmt: skip
    (folder / "auditd").mkdir(parents=True)
    pq.write_table(pa.concat_tables(made), folder / "auditd" / "0.parquet")
    return trailcopies._candidates(folder, {}, frozenset())


STAMPED = re.compile(rb"node=(?P<node>\S+) type=\S+ msg=audit\((?P<at>[0-9.]+):")
