"""How far clocks are from one another: pairs, bounds and settings against definitions, and what changes by them."""

import random
from dataclasses import replace
from functools import cache
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from stage import SECOND, T0, UIDS, Stage, claim

from forensics.analysis import alignment, anchors, clock_bounds, clock_table, clocks, corrections, findings
from forensics.analysis.bands import Vote, fitted
from forensics.core.roster import Question

MINUTE = 60 * SECOND
SHIFTS = {"seven_minutes_late": 7 * MINUTE, "eight_hours_early": -480 * MINUTE}


def staged(logins=("mei", "kai", "lin"), *, cancel=True):
    """A few people log in, each told by sshd and by the kernel; two of them submit jobs, and one is asked to end."""
    s = Stage(bounds=True)
    s.enrol()
    for name in logins:
        entered(s, name)
        s.wait(60)
    mine, another = entered(s, "mei"), next((name for name in logins if name != "mei"), None)
    s.wait(60)
    theirs = entered(s, another) if another else None
    for one, other in (("11", "21"), ("12", "22")):
        s.submit("mei", mine, one)
        s.wait(30)
        if theirs is not None:
            s.submit(another, theirs, other)
        s.wait(30 if one == "11" else 20)
    if cancel:
        s.cancel("mei", mine, "12")
    return s


def entered(s, name):
    """A login with the lines that PAM and the kernel write of its session, a little apart."""
    ses = s.login(name)
    pid = 1000 + int(ses) * 10
    s.add("session_open", "syslog", account=name, pid=pid, uid=UIDS[name], when=s.at + SECOND // 100)
    who = {"account": name, "auid": UIDS[name], "session": ses, "pid": pid, "exe": "/usr/sbin/sshd"}
    s.add("session_open", when=s.at + SECOND // 50, **who)
    return ses


def moved(s, fmt, by, *, since=0):
    """The rows of one log, from one of its lines on, dated by a clock that is off."""
    for row in [r for r in s.rows if r["format"] == fmt and r["earliest_ns"] is not None][since:]:
        row["earliest_ns"] += by
        row["latest_ns"] += by
    for job in s.jobs if fmt == "sacct" else ():
        for column in ("submit_ns", "start_ns", "end_ns"):
            job[column] += by
    return s


@cache
def plain(people=("mei", "kai", "lin")):
    """The same by clocks that agree: staged once."""
    return staged(people).examined(Question(jobs=("12",)))


def said(done):
    return (
        sorted((a.act, a.object, a.job, a.person, a.verdict) for a in done.in_question),
        [(j.job, j.cause) for j in done.asked],
    )


def of(done, fmt):
    return next(c for c in done.compared if c.clock.endswith(f":{fmt}"))


@pytest.mark.parametrize("by", SHIFTS.values(), ids=SHIFTS)
@pytest.mark.parametrize("fmt", ["syslog", "slurmctld"])
def test_a_clock_that_is_off_changes_no_answer(fmt, by):
    done = moved(staged(), fmt, by).examined(Question(jobs=("12",)))
    assert said(done) == said(plain())
    lo, hi = of(done, fmt).spans()[0]
    assert lo <= by <= hi
    assert hi - lo < 2 * SECOND if fmt == "syslog" else True


def test_the_log_keeps_what_it_wrote():
    """Nothing is moved silently: both intervals are there, and findings give both."""
    done = moved(staged(), "slurmctld", -480 * MINUTE).examined(Question(jobs=("12",)))
    rows = done.scene.events[done.scene.events["format"] == "slurmctld"]
    assert (rows["earliest_ns"] - rows["written_earliest_ns"] > 479 * MINUTE).all()
    others = done.scene.events[done.scene.events["format"] == "auditd"]
    assert (others["earliest_ns"] == others["written_earliest_ns"]).all()
    found = findings.findings(done)
    act = next(a for a in found["acts"] if a["act"] == "cancel")
    assert act["when_written"] is not None
    assert act["when_written"][0] < act["when"][0]
    acts = findings.findings(plain())["acts"]
    assert [a["when_written"] for a in acts] == [None] * len(acts)


@pytest.mark.parametrize("by", [-480 * MINUTE, 0])
def test_a_rotated_file_that_nothing_bounds_can_be_off_as_its_next_one_is(by):
    """Both readings are kept, and it is said; where the next file agrees, it is read as written."""
    stage = moved(staged(), "syslog", by)
    at = T0 - 24 * 60 * MINUTE
    stage.add("other", "syslog", when=at, text="a line that nothing else tells")
    stage.rows[-1]["sha256"] = "e" * 64
    case = stage.evidence(Question(jobs=("12",)))
    compared = clocks.compare(case)
    seen = corrections.corrected(case, compared)
    row = seen.events[seen.events["sha256"] == "e" * 64].iloc[0]
    late = int(row["latest_ns"]) - int(row["written_latest_ns"])
    assert row["earliest_ns"] == row["written_earliest_ns"] == at
    assert (abs(late + by) < 2 * SECOND) if by else late == 0
    told = [g for g in corrections.gaps(seen, compared) if "not compared in one file" in g.source]
    assert [g.source for g in told] == [
        "login01:syslog: not compared in one file, and off by -08:00 in another"
    ] * bool(by)


def test_where_a_log_s_lines_go_back_its_clock_may_have_been_set_right():
    """No entry bounds what follows: it can be off as before, or as written."""
    stage = moved(staged(), "syslog", 7 * MINUTE)
    stage.add("other", "syslog", when=T0 - 24 * 60 * MINUTE, text="a line from before, behind the others")
    case = stage.evidence(Question(jobs=("12",)))
    seen = corrections.corrected(case, clocks.compare(case)).events
    rows = seen[(seen["format"] == "syslog") & seen["earliest_ns"].notna()].sort_values("start")
    back, before = rows.iloc[-1], rows.iloc[:-1]
    assert (before["latest_ns"] < before["written_earliest_ns"]).all()
    assert back["earliest_ns"] < back["written_earliest_ns"] - 6 * MINUTE
    assert back["latest_ns"] >= back["written_latest_ns"]


def test_a_zone_is_named_and_a_mere_offset_is_not():
    zones = [g for g in moved(staged(), "syslog", -480 * MINUTE).examined().gaps if g.kind == "clock_step"]
    assert [g.source for g in zones] == ["login01:syslog: zone off by -08:00"]
    assert zones[0].events
    late = moved(staged(), "syslog", 7 * MINUTE).examined()
    assert not [g for g in late.gaps if g.kind == "clock_step"]
    states = {r["clock"]: r["state"] for r in clock_table.table(late.compared).to_pylist()}
    assert states["login01:syslog"] == "offset"
    assert states["login01:auditd"] == "reference"


@pytest.mark.parametrize("by", SHIFTS.values(), ids=SHIFTS)
def test_a_clock_that_is_set_is_found_and_each_part_is_moved_by_its_own(by):
    people = ("mei", "kai", "lin", "dao", "kai", "mei")
    done = moved(staged(people), "syslog", by, since=6).examined(Question(jobs=("12",)))
    assert said(done) == said(plain(people))
    steps = [g for g in done.gaps if "clock set by" in g.source]
    assert len(steps) == 1
    truth = staged(people).rows
    written = {r["event_id"]: r["earliest_ns"] for r in truth if r["format"] == "syslog"}
    rows = done.scene.events[done.scene.events["format"] == "syslog"]
    assert all(r.earliest_ns <= written[r.event_id] <= r.latest_ns for r in rows.itertuples())


def submitting(by, *, everybody):
    """A controller whose log is written by a clock that is off in one stretch, as only the jobs there tell: of one person, or of several."""
    s = Stage(bounds=True)
    s.enrol()
    sessions = {name: entered(s, name) for name in ("mei", "kai", "lin") if not s.wait(60)}
    for n, name in enumerate(("mei", "kai", "lin") * 2):
        s.wait(400)
        s.submit(name, sessions[name], str(20 + n))
    since = len([r for r in s.rows if r["format"] == "slurmctld"])
    for n, name in enumerate(("kai", "mei", "lin") if everybody else ("kai",) * 3):
        s.wait(400)
        s.submit(name, sessions[name], str(40 + n))
    return moved(s, "slurmctld", by, since=since)


@pytest.mark.parametrize("everybody", [True, False])
def test_what_one_account_typed_sets_no_clock(everybody):
    """Whoever gives commands that come to nothing, and gives them again from elsewhere, would move what others did to other hours."""
    hours = 5 * 60 * MINUTE
    case = submitting(-hours, everybody=everybody).evidence(Question(jobs=("20",)))
    compared = clocks.compare(case)
    (one,) = (c for c in compared if c.clock.endswith(":slurmctld"))
    assert len(one.spans()) == 1 + everybody
    for bounds in (False, True):
        seen = corrections.corrected(case, compared, bounds=bounds).events
        last = seen[seen["format"] == "slurmctld"].iloc[-1]
        least, most = (int(last[c] - last[f"written_{c}"]) for c in ("earliest_ns", "latest_ns"))
        if everybody:
            assert hours - MINUTE < least < most < hours + MINUTE
        elif bounds:
            assert least < MINUTE < hours - MINUTE < most
        else:
            assert -MINUTE < least <= 0 <= most < MINUTE or least < MINUTE < hours - MINUTE < most


def test_a_file_that_somebody_calls_as_scripts_of_jobs_are_called_sets_no_clock():
    """Run in a login's session it is no script that a node's daemon ran; without one it is."""
    for session, pairs in (("41", 0), (None, 1)):
        s = Stage(tied=False, bounds=True)
        s.enrol()
        ses = entered(s, "kai")
        s.submit("kai", ses, "20")
        s.wait(3000)
        s.add("start", "slurmctld", "slurm:admin", host=None, job="20", object_kind="job", object="20")
        s.add(
            "execute",
            when=s.at + SECOND,
            session=session,
            pid=77,
            ppid=1,
            uid=UIDS["kai"],
            argv=["bash", "/home/kai/job00020/slurm_script"],
            exe="/bin/bash",
        )
        events = s.evidence().events
        found = anchors.find(events.assign(source=anchors.sources(events)), {})
        assert sum(found["rule"] == "start_then_script") == pairs


def scripted(s, job, owner, *, at, run_by=None):
    """What the kernel of the node's host says of a job's script: no login, the account's number alone."""
    argv = ["/bin/bash", f"/var/spool/slurmd/job{int(job):05}/slurm_script"]
    uid = UIDS[run_by or owner]
    s.add("execute", when=at, session=None, pid=77, ppid=1, uid=uid, argv=argv, exe="/bin/bash")


def node_off(by, *, names, run_by=None):
    """A controller whose log is off, as the scripts of jobs tell alone: nobody's command is on record."""
    s = Stage(bounds=True)
    s.enrol()
    for name in ("mei", "kai", "lin"):
        entered(s, name)
    for n, name in enumerate(names):
        s.wait(400)
        job = str(20 + n)
        s.add("start", "slurmctld", "slurm:admin", host=None, job=job, object_kind="job", object=job, uid=UIDS[name])  # fmt: skip
        scripted(s, job, name, at=s.at + SECOND, run_by=run_by)
    return moved(s, "slurmctld", by)


@pytest.mark.parametrize(
    ("names", "run_by", "applied", "alone"),
    [
        (("mei", "kai", "lin", "mei"), None, True, False),
        (("kai",) * 4, None, False, True),
        (("mei", "lin", "mei", "lin"), "kai", None, False),  # in a job of kai's, called as theirs are
    ],
)
def test_scripts_of_one_account_s_jobs_set_no_clock(names, run_by, applied, alone):
    """Whoever has a job can run a file in it that is called as the script of another of their jobs, hours later."""
    case = node_off(7 * MINUTE, names=names, run_by=run_by).evidence(Question(jobs=("20",)))
    compared = clocks.compare(case)
    (one,) = (c for c in compared if c.clock.endswith(":slurmctld"))
    if applied is None:
        assert one.band is None
    else:
        assert one.sure
        assert one.applied == applied
    assert ("clock_told_by_one_account" in clock_table.limits(compared)) == alone


def test_one_account_is_one_voice_by_its_number_and_by_its_name():
    """A command in a login has the account's name, a script of a job its number."""
    s = Stage(bounds=True)
    s.enrol()
    kai = entered(s, "kai")
    s.wait(400)
    s.submit("kai", kai, "20")
    s.wait(400)
    s.add("start", "slurmctld", "slurm:admin", host=None, job="30", object_kind="job", object="30")
    scripted(s, "30", "kai", at=s.at + SECOND)
    case = moved(s, "slurmctld", 7 * MINUTE).evidence(Question(jobs=("20",)))
    (one,) = (c for c in clocks.compare(case) if c.clock.endswith(":slurmctld"))
    assert one.sure
    assert not one.applied


@pytest.mark.parametrize("side", ["start_then_script", "launch_then_script", "script_and_task"])
def test_every_pair_with_a_script_is_its_account_s(side):
    s = Stage(bounds=True)
    s.enrol()
    s.add("start", "slurmctld", "slurm:admin", host=None, job="20", object_kind="job", object="20")
    s.add("start", "slurmd", "gpu01:slurmd", host="gpu01", job="20", uid=UIDS["kai"])
    s.add("task_start", "slurmd", "gpu01:slurmd", host="gpu01", job="20", pid=77)
    scripted(s, "20", "kai", at=s.at + SECOND)
    events = s.evidence().events
    found = anchors.find(events.assign(source=anchors.sources(events)), {"20": UIDS["kai"]})
    assert found.loc[found["rule"] == side, "by"].tolist() == [str(UIDS["kai"])]
    none = anchors.find(events.assign(source=anchors.sources(events)), {"20": UIDS["mei"]})
    assert side not in set(none["rule"])


def of_everybody():
    """Clocks as compared by what several accounts typed."""
    return clocks.compare(submitting(-5 * 60 * MINUTE, everybody=True).evidence(Question(jobs=("20",))))


def test_a_clock_that_one_account_alone_speaks_for_is_not_moved():
    s = Stage(bounds=True)
    s.enrol()
    kai = entered(s, "kai")
    for n in range(4):
        s.wait(400)
        s.submit("kai", kai, str(20 + n))
    case = moved(s, "slurmctld", 7 * MINUTE).evidence(Question(jobs=("20",)))
    compared = clocks.compare(case)
    (one,) = (c for c in compared if c.clock.endswith(":slurmctld"))
    assert one.sure
    assert not one.applied
    assert "clock_told_by_one_account" in clock_table.limits(compared)
    assert "clock_told_by_one_account" not in clock_table.limits(of_everybody())
    wide = corrections.corrected(case, compared, bounds=True).events
    told = wide[wide["format"] == "slurmctld"]
    assert (told["latest_ns"] >= told["written_latest_ns"]).all()
    assert (told["earliest_ns"] < told["written_earliest_ns"] - 6 * MINUTE).all()


def test_one_entry_moves_nothing():
    """A single pair may be two entries of one pid: it is told, and nothing rests on it."""
    s = Stage(bounds=True)
    s.enrol()
    ses = entered(s, "kai")
    s.run("kai", ses, ["vim", "x"])
    done = moved(s, "syslog", 7 * MINUTE).examined()
    assert not of(done, "syslog").applied
    assert {r["clock"]: r["state"] for r in clock_table.table(done.compared).to_pylist()}[
        "login01:syslog"
    ] == "unsure"
    assert "clocks_not_compared" in findings.findings(done)["limits"]


def test_without_a_kernel_nothing_says_which_of_two_clocks_is_right():
    s = staged()
    s.rows = [r for r in s.rows if r["format"] != "auditd"]
    for row in [r for r in s.rows if r["format"] == "syslog" and r["verb"] == "login"]:
        name = row["event_id"].replace(row["sha256"][:16], "f" * 16)
        record = {
            "event_id": name,
            "sha256": "f" * 64,
            "clock": "login01:wtmp",
            "format": "wtmp",
            "credential": None,
        }
        late = {c: row[c] + 7 * MINUTE for c in ("earliest_ns", "latest_ns")}
        s.rows.append({**row, **record, **late})
    done = s.examined()
    events = done.scene.events
    assert (events["earliest_ns"].dropna() == events["written_earliest_ns"].dropna()).all()
    assert "clocks_differ" in findings.findings(done)["limits"]


def test_a_name_that_depends_on_the_clocks_is_taken_back():
    """The bounds are read as the rules read any interval: what they leave open is not concluded."""
    done = staged().examined(Question(jobs=("12",), claims=(claim("D01", "kai"),)))
    named = next(a for a in done.acts if a.person == "mei")
    wide = {
        i: replace(j, name=None, verdict="inconclusive", candidates=["kai"]) for i, j in done.judged.items()
    }
    clock_bounds.cap_acts(done.acts, done.judged, wide)
    verdict = done.judged[named.act_id]
    assert (named.person, named.verdict, verdict.name) == (None, "inconclusive", None)
    assert "G4" in verdict.gates
    assert clock_bounds.MISSING in verdict.missing
    assert {"kai", "mei"} <= set(verdict.candidates)
    other = [replace(a, status="supported") for a in done.answers]
    capped = clock_bounds.capped_answers([replace(a, status="contradicted") for a in done.answers], other)
    assert [a.status for a in capped] == ["mixed"]


def test_the_order_of_the_events_changes_no_clock():
    case = staged()
    one = clock_table.table(plain().compared).to_pylist()
    random.Random(3).shuffle(case.rows)  # noqa: S311 - the same each time
    assert clock_table.table(case.examined().compared).to_pylist() == one


# The bounds along a file, against what really happened and against the definition.


def world(draw):
    """A file whose clock is off by what is drawn, set at most twice; entries seen late; some pairs wrong."""
    settings_ = draw(st.lists(st.integers(-30_000, 30_000), min_size=1, max_size=3))
    offsets = [o * SECOND for o in settings_]
    lines, truth, votes, at = 0, [], [], T0
    for offset in offsets:
        for _ in range(draw(st.integers(3, 6))):
            at += draw(st.integers(1, 3600)) * SECOND
            lines += 1
            lag = draw(st.integers(0, 5)) * SECOND // 10
            written = at + offset
            # Told by the other clock `lag` before, which may have been up to a second.
            votes.append(
                Vote(f"e{lines}", f"t{lines}", lines * 100, written, offset + lag - SECOND, offset + lag)
            )
            truth.append((lines * 100, written, offset))
    return offsets, truth, votes


@st.composite
def worlds(draw):
    return world(draw)


@settings(deadline=None)
@given(worlds())
def test_what_was_written_lies_within_the_bounds(drawn):
    offsets, truth, votes = drawn
    steps = [abs(b - a) for a, b in pairwise(offsets)]
    if any(s < 10 * SECOND for s in steps):
        return
    band = fitted(votes)
    lo, hi = band.at(np.array([p for p, _, _ in truth]), np.array([w for _, w, _ in truth]))
    assert all(a <= o <= b for a, b, (_, _, o) in zip(lo, hi, truth, strict=True))
    assert band.left_out == 0
    assert len(band.stretches) == len(offsets)


@settings(deadline=None)
@given(worlds(), st.integers(-50_000, 50_000), st.randoms(use_true_random=False))
def test_a_wrong_pair_is_left_out_and_moves_nothing_within(drawn, wrong, chance):
    offsets, truth, votes = drawn
    if len(offsets) > 1 or abs(wrong * SECOND - offsets[0]) < 10 * SECOND:
        return
    i = chance.randrange(1, len(votes) - 1) if len(votes) > 4 else 1
    bad = replace(
        votes[i], entry="x", thing="x", lo=wrong * SECOND, hi=wrong * SECOND + 1, place=votes[i].place + 1
    )
    band = fitted([*votes[: i + 1], bad, *votes[i + 1 :]])
    assert band.left_out == 1
    for place, written, offset in truth:
        lo, hi = band.at(np.array([place]), np.array([written]))
        assert lo[0] <= offset <= hi[0]
        assert hi[0] - lo[0] < 10 * SECOND


def test_a_wrong_pair_is_wrong_at_all_its_moments_and_sets_no_clock():
    """Entry and leaving of one pid that came round agree with one another, and are one thing."""
    votes = [Vote(f"e{i}", f"t{i}", i * 10, T0 + i * SECOND, 0, SECOND) for i in range(6)]
    wrong = [Vote(f"x{i}", "x", 22 + i, T0 + 2 * SECOND, 400 * SECOND, 401 * SECOND) for i in range(2)]
    band = fitted([*votes[:3], *wrong, *votes[3:]])
    lo, hi = band.at(np.array([23]), np.array([T0 + 2 * SECOND]))
    assert (len(band.stretches), band.left_out) == (1, 2)
    assert -SECOND < lo[0] <= hi[0] < 2 * SECOND


def test_at_an_end_of_the_file_a_single_dissent_widens():
    """The clock may have been set after the last entry but one: nobody else can say."""
    votes = [Vote(f"e{i}", f"t{i}", i, T0 + i * SECOND, 0, SECOND) for i in range(5)]
    last = Vote("x", "x", 9, T0 + 9 * SECOND, 400 * SECOND, 401 * SECOND)
    lo, hi = fitted([*votes, last]).at(np.array([2, 12]), np.array([T0, T0]))
    assert (abs(lo[0]), abs(hi[0] - SECOND)) < (SECOND, SECOND)
    assert lo[1] <= 0
    assert hi[1] >= 401 * SECOND


def swept(votes, at, rate):
    """The definition: every vote bounds the offset anywhere, wider by the drift of the time in between."""
    drift = [abs(at - v.at_ns) * rate // 1_000_000 for v in votes]
    return max(v.lo - d for v, d in zip(votes, drift, strict=True)), min(
        v.hi + d for v, d in zip(votes, drift, strict=True)
    )


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 5000), st.integers(-3, 3)), min_size=2, max_size=8),
    st.integers(0, 9000),
)
@example([(1000, 0), (1000, 0)], 500)
def test_between_entries_the_bounds_are_those_of_all_entries(drawn, seconds):
    """Of a clock that was never set, against the definition; time may not run backwards."""
    at, votes = T0, []
    for n, (gap, wobble) in enumerate(drawn):
        at += gap * SECOND
        votes.append(Vote(f"e{n}", f"t{n}", at - T0, at, (wobble - 9) * SECOND, (wobble + 9) * SECOND))
    band = fitted(votes)
    moment = T0 + seconds * SECOND
    lo, hi = band.at(np.array([moment - T0]), np.array([moment]))
    want = swept(votes, moment, band.rate_ppm)
    # Whole ns are lost at each step of a sweep, never more than one a vote.
    assert abs(int(lo[0]) - want[0]) <= len(votes)
    assert abs(int(hi[0]) - want[1]) <= len(votes)


def test_drift_is_bounded_by_every_line_through_all_bounds():
    gained = 50_000  # ns each second
    votes = []
    for n in range(6):
        at = T0 + n * 3600 * SECOND
        offset = n * 3600 * gained
        votes.append(Vote(f"e{n}", f"t{n}", n, at, offset - SECOND // 100, offset + SECOND // 100))
    stretch = fitted(votes).stretches[0]
    least, most = clock_table._drift(stretch.when, stretch.said_lo, stretch.said_hi)
    assert least <= gained <= most
    assert most - least < 3000


# Pairs.


def fits(first, second, shift, width):
    """The definition of how many of the second follow the first under a shift: one each, in order."""
    count, at = 0, 0
    for moment in first:
        while at < len(second) and second[at] - moment < shift:
            at += 1
        if at < len(second) and second[at] - moment <= shift + width:
            count, at = count + 1, at + 1
    return count


moments = st.lists(st.integers(0, 20_000), min_size=1, max_size=7, unique=True).map(sorted)


@settings(deadline=None)
@given(moments, moments)
@example([0, 100, 250, 900], [7000, 7100, 7250, 7900, 8500])
def test_rows_are_laid_over_each_other_by_the_shift_that_fits_most(first, second):
    a, b = np.array(first) * SECOND, np.array(second) * SECOND
    width = 30 * SECOND
    pairs = alignment.laid_over(a, b, least_ns=0, most_ns=width)
    shifts = sorted({int(y - x) for x, y in product(a, b)})
    best = max(fits(a.tolist(), b.tolist(), s, width) for s in shifts)
    if pairs is None:
        return
    assert len(pairs) >= 3
    differences = [int(b[j] - a[i]) for i, j in pairs]
    assert max(differences) - min(differences) <= width
    # Never by a shift that fits much worse than the best: what is counted are differences, which can share a moment.
    assert 2 * len(pairs) > best
    assert [i for i, _ in pairs] == sorted({i for i, _ in pairs})
    assert [j for _, j in pairs] == sorted({j for _, j in pairs})


def test_rows_that_fit_two_ways_are_not_laid_over_each_other():
    every = np.arange(0, 10) * 600 * SECOND
    assert alignment.laid_over(every, every[:-1] + 7, least_ns=0, most_ns=30 * SECOND) is None
    odd = np.array([0, 600, 1900, 2500, 7000]) * SECOND
    assert alignment.laid_over(odd, odd[1:] + 420 * SECOND, least_ns=0, most_ns=30 * SECOND) == [
        (1, 0),
        (2, 1),
        (3, 2),
        (4, 3),
    ]


def test_a_pid_that_comes_round_more_often_in_one_log_votes_for_nothing():
    s = staged()
    again = next(
        r for r in s.rows if r["format"] == "syslog" and r["verb"] == "login" and r["account"] == "lin"
    )
    later = {c: again[c] + 9000 * SECOND for c in ("earliest_ns", "latest_ns")}
    s.rows.append({**again, **later, "event_id": again["event_id"] + ".1", "start": again["start"] + 5})
    found = of(s.examined(), "syslog")
    said_by = {rule for entry, rules in found.rules.items() if "account lin" in entry for rule in rules}
    assert said_by == {"session_then_user_start", "loginuid_then_session"}
    assert found.band.left_out == 0


def test_rules_and_sides_pair_off():
    """Every rule names sides that exist, and its bounds are an interval."""
    sides = anchors._Sides(staged().examined().scene.events.assign(source=""), {}, None)
    for rule in anchors.RULES:
        assert rule.least_s <= rule.most_s
        for side in (rule.first, rule.second):
            assert set(rule.by) <= set(sides(side).columns)
    assert len({r.name for r in anchors.RULES}) == len(anchors.RULES)
