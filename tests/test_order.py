"""Order by the kernel's numbers and by lines, before clocks: against its rules read aloud, and against a kernel that knows what was first."""

import random
from functools import partial
from itertools import pairwise

import pandas as pd
import pytest
from drawn import examples
from hypothesis import example, given, settings
from hypothesis import strategies as st
from stage import HOST, KERNEL, T0, Stage

from forensics.analysis import artefacts, order, read_versions
from forensics.analysis.order import LATE_NS, Moment, Order, Place, sign

MS = 1_000_000
SECOND = 1_000_000_000


def by_definition(one, other):
    """The docstring of `sign`, read aloud."""
    numbered = one.host is not None and one.host == other.host and None not in {one.serial, other.serial}
    meet = one.first_ns <= other.last_ns and other.first_ns <= one.last_ns
    clock = None if meet else -1 if one.last_ns < other.first_ns else 1
    lines = None
    if one.in_line and other.in_line and one.sha256 == other.sha256 and one.start != other.start:
        lines = -1 if one.start < other.start else 1
    if numbered:
        if one.serial == other.serial:
            return None
        number = -1 if one.serial < other.serial else 1
        if clock in {None, number}:
            return number
        if lines == number:
            apart = max(one.first_ns - other.last_ns, other.first_ns - one.last_ns)
            return number if apart > LATE_NS else 0
        return None
    if one.serial is not None or other.serial is not None:
        return None
    return lines if lines is not None and clock in {None, lines} else None


PLACES = st.builds(
    lambda host, serial, sha256, start, at, width, in_line: Place(host, serial, sha256, start, at, at + width, in_line),
    st.sampled_from([HOST, "gpu01", None]), st.none() | st.integers(1, 4), st.sampled_from(["a", "b"]), st.integers(0, 4),
    st.sampled_from([0, 1, 2, 3, LATE_NS, LATE_NS + 1, LATE_NS + 2, LATE_NS + 3]), st.integers(0, 1), st.booleans(),
)  # fmt: skip


@settings(max_examples=examples(400), deadline=None)
@example(Place(HOST, 1, "a", 0, LATE_NS + 1, LATE_NS + 1, True), Place(HOST, 2, "a", 1, 0, 0, True))
@example(Place(HOST, 1, "a", 0, LATE_NS, LATE_NS, True), Place(HOST, 2, "a", 1, 0, 0, True))
@given(PLACES, PLACES)
def test_places_say_what_the_rules_say(one, other):
    found = sign(one, other)
    assert found == by_definition(one, other)
    assert sign(other, one) == (None if found is None else -found)


def kernel(rng, *, steps=30):
    """What a host of one processor does, in order: each event with its place. It boots, its clock is set, its log is rotated."""
    at, off, serial, start, file, found = 0, 0, 0, 0, 0, []
    for _ in range(steps):
        what = rng.random()
        if what < 0.05:
            at, serial = at + 20 * SECOND, 0
        elif what < 0.1:
            off += rng.choice([-3600, 3600]) * SECOND
        elif what < 0.15:
            file, start = file + 1, 0
        at += rng.choice([0, MS, SECOND])
        serial += rng.choice([1, 1, 7])
        start += 100
        first = at + off - (at + off) % MS
        found.append(Place(HOST, serial, f"file{file}", start, first, first + MS - 1, True))
    return found


@settings(max_examples=examples(150), deadline=None)
@given(st.integers(0, 10**9))
def test_what_was_first_is_never_told_second(seed):
    """Where no clock was set, every pair is told right, or left open; where one was, every pair of one file and boot is."""
    done = kernel(random.Random(seed))  # noqa: S311 - the same each time
    steady = all(b.first_ns >= a.first_ns for a, b in pairwise(done))
    for n, one in enumerate(done):
        for other in done[n + 1 :]:
            found = sign(one, other)
            same_boot = one.sha256 == other.sha256 and all(
                a.serial < b.serial
                for a, b in zip(done[n:], done[n + 1 : done.index(other) + 1], strict=False)
            )
            if steady:
                assert found == -1 or (found is None and one.last_ns < other.first_ns), (one, other)
            elif same_boot:
                assert found == -1 or 0 < one.first_ns - other.last_ns <= LATE_NS


def trail(rows):
    """Evidence of changes and readings of one path; each row: ms, serial, verb, who, and what else differs."""
    s = Stage()
    for n, (ms, serial, verb, program, given_) in enumerate(rows):
        s.add(
            verb, account="kai", pid=900 + n, exe=f"/usr/bin/{program}", object_kind="path", object="/srv/proj/m.pt",
            when=T0 + ms * MS, **given_,
        )  # fmt: skip
        s.rows[-1]["serial"] = serial
    case = s.evidence()
    serials = {r["event_id"]: r["serial"] for r in s.rows}
    case.events["serial"] = pd.array([serials[e] for e in case.events["event_id"]], "Int64")
    return case, [r["event_id"] for r in s.rows]


def seen(case, reader):
    """Which changes a reading by an event can have seen, and how many are open, by the table of readings."""
    history = artefacts.versions(case)
    at = int(case.events.loc[reader, "earliest_ns"])
    reading = artefacts.Reading(
        "1", "/srv/proj/m.pt", "observed", "opened_by_job", at, (reader,), (HOST,), reader
    )
    known = order.of(case)
    living = artefacts.contributors(history["/srv/proj/m.pt"], reading, known)
    return [v.event_id for v in living]


def test_two_events_of_one_millisecond_are_in_the_order_of_their_numbers():
    rows = [(5, 11, "write", "cp", {}), (5, 12, "read", "python3", {}), (5, 13, "write", "cp", {})]
    case, (first, reader, _) = trail(rows)
    assert seen(case, reader) == [first]
    # Without their numbers nothing tells: several processors write one trail.
    case.events["serial"] = pd.array([pd.NA] * 3, "Int64")
    case.memo.clear()
    assert seen(case, reader) == []


def test_lines_that_stand_otherwise_than_numbers_change_nothing():
    rows = [(5, 12, "read", "python3", {}), (5, 11, "write", "cp", {})]
    case, (reader, wrote) = trail(rows)
    assert seen(case, reader) == [wrote]


def test_a_clock_that_was_set_back_reorders_no_file_of_one_trail():
    """kai wrote, the clock was set back an hour, the job read; then lin replaced the file, as it says before kai's."""
    rows = [(3_600_000, 11, "write", "cp", {}), (0, 12, "read", "python3", {}), (1, 13, "write", "cp", {})]
    case, (wrote, reader, _) = trail(rows)
    assert seen(case, reader) == [wrote]
    assert artefacts.versions(case)["/srv/proj/m.pt"][0].event_id == wrote


def test_numbers_that_began_anew_at_a_boot_leave_it_to_the_clocks():
    rows = [(0, 900, "write", "cp", {}), (40_000, 3, "write", "cp", {}), (40_001, 4, "read", "python3", {})]
    case, (_, second, reader) = trail(rows)
    assert seen(case, reader) == [second]


@pytest.mark.parametrize(
    "planted",
    [{"domain": f"{HOST}:user"}, {"fmt": "audisp_syslog"}, {"verb": "audit_config"}],
    ids=["log of a user", "line from anybody", "number of the daemon"],
)
def test_what_anybody_can_write_has_no_number(planted):
    s = Stage()
    ids = [
        s.add(**({"verb": "write", "domain": KERNEL, "object": "/p", "object_kind": "path"} | planted))
        for _ in range(2)
    ]
    case = s.evidence()
    case.events["serial"] = pd.array([1, 2], "Int64")
    assert not order.of(case).before(Moment(T0, T0, ids[0]), Moment(T0, T0, ids[1]))


def test_lines_of_a_log_are_in_order_where_its_stamps_meet_and_those_of_a_copy_are_not_between():
    s = Stage()
    one, two = (s.add("cron_edit", "syslog", "login01:root", when=T0) for _ in range(2))
    s.rows[1]["sha256"] = s.rows[0]["sha256"]
    case = s.evidence()
    before = partial(order.of(case).before, Moment(T0, T0 + SECOND, one))
    assert before(Moment(T0, T0 + SECOND, two))
    s.rows[1]["sha256"] = "f" * 64
    assert not order.of(s.evidence()).before(Moment(T0, T0 + SECOND, one), Moment(T0, T0 + SECOND, two))


def test_widened_clocks_take_no_order_from_one_trail():
    """At the bounds every time of a clock can be off, and all of one clock alike."""
    rows = [(0, 11, "write", "cp", {}), (10, 12, "read", "python3", {})]
    case, (wrote, reader) = trail(rows)
    case.events["written_earliest_ns"], case.events["written_latest_ns"] = (
        case.events["earliest_ns"],
        case.events["latest_ns"],
    )
    case.events["earliest_ns"] -= SECOND
    case.events["latest_ns"] += SECOND
    assert seen(case, reader) == [wrote]


def test_every_rule_says_where_it_errs():
    assert all(holds and errs for holds, errs in order.RULES.values())
    assert "io_uring" in order.RULES["kernel_number"][1]
    assert read_versions.READING.name == "reading"
    assert Order(pd.DataFrame()).before(Moment(0, 1), Moment(2, 3))
