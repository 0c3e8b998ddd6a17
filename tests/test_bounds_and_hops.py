"""At the edges: what the bounds of clocks take back, what a clock is called, and which client can have opened which session."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from stage import SECOND, T0, Stage

from forensics.analysis import clock_bounds, clock_table, clocks, hops
from forensics.analysis.acts import Act
from forensics.analysis.attribution import Judgement
from forensics.analysis.bands import Band, Stretch, Vote
from forensics.analysis.denial import Answer
from forensics.analysis.jobs import Job
from forensics.analysis.sessions import Session
from forensics.analysis.strength import Strength

MINUTE = 60 * SECOND
LEVELS = [None, "weak", "moderate", "moderately_strong", "strong"]


def judged(name="kai", strength="strong", *, account="strong", candidates=(), gates=(), standings=()):
    person = Strength(name, strength)
    verdict = "attributed" if name else "inconclusive"
    return Judgement(
        verdict, name, strength if name else None, list(candidates), gates=list(gates), person=person, account=Strength("kai", account), standings=list(standings),
    )  # fmt: skip


def capped(one, other):
    act = Act("cancel", "11", "kill_request", ["e1"], T0, T0, person=one.name, verdict=one.verdict)
    clock_bounds.cap_acts([act], {act.act_id: one}, {} if other is None else {act.act_id: other})
    return act, one


@pytest.mark.parametrize("mine", LEVELS[1:])
@pytest.mark.parametrize("its", LEVELS[1:])
def test_of_one_name_the_lower_strength_is_taken(mine, its):
    act, found = capped(judged(strength=mine, account=mine), judged(strength=its, account=its, gates=["G3"]))
    lower = min(mine, its, key=LEVELS.index)
    assert (act.person, found.name, found.strength, found.account.strength) == ("kai", "kai", lower, lower)
    assert found.gates == (["G3", "G4"] if lower != mine else [])
    assert found.person.strength == lower


@pytest.mark.parametrize(
    "other",
    [judged("lin", candidates=["lin"]), judged(None, candidates=["lin"]), None],
    ids=["another", "nobody", "no act"],
)
def test_a_name_that_the_bounds_do_not_give_is_taken_back(other):
    act, found = capped(judged(candidates=["kai"]), other)
    assert (act.person, act.verdict, found.name, found.verdict, found.strength) == (
        None,
        "inconclusive",
        None,
        "inconclusive",
        None,
    )
    assert found.candidates == (["kai"] if other is None else ["kai", "lin"])
    assert (found.gates, found.missing) == (["G4"], [clock_bounds.MISSING])


def test_who_was_not_named_stays_so_and_is_not_named_by_the_bounds():
    act, found = capped(judged(None), judged("kai"))
    assert (act.person, found.name, found.gates) == (None, None, [])


def test_standings_are_those_of_both_readings():
    one, other = ([SimpleNamespace(who="kai", ratio=r)] for r in ((1, 2, 3), (0, 5, 9)))
    seen = []
    kept, clock_bounds.standings.hull = (
        clock_bounds.standings.hull,
        lambda a, b: seen.append((a, b)) or ["both"],
    )
    try:
        _, found = capped(judged(standings=one), judged(standings=other))
        _, alone = capped(judged(standings=one), None)
    finally:
        clock_bounds.standings.hull = kept
    assert (found.standings, alone.standings, seen) == (["both"], one, [(one, other)])


def test_causes_and_answers_that_depend_on_the_clocks_are_not_given():
    jobs = [
        Job("1", cause="act", why="act_on_job"),
        Job("2", cause="act", why="act_on_job"),
        Job("3", cause="none", why="x"),
    ]
    clock_bounds.cap_jobs(jobs, [Job("1", cause="own_failure"), Job("2", cause="act")])
    assert [(j.cause, j.why) for j in jobs] == [
        ("not_established", clock_bounds.WHY),
        ("act", "act_on_job"),
        ("none", "x"),
    ]
    told = [Answer(s, ("A1",), ("m",), "why") for s in ("supported", "supported", "supported", "untestable")]
    wide = [Answer(s, (), (), "else") for s in ("supported", "contradicted", "untestable", "mixed")]
    found = clock_bounds.capped_answers(told, wide)
    assert [a.status for a in found] == ["supported", "mixed", "untestable", "untestable"]
    assert found[0] is told[0]
    assert found[1].missing == (clock_bounds.MISSING, "m")
    assert found[1].why == clock_bounds.WHY


def test_nothing_rests_on_time_without_a_name():
    unnamed, named = (Act("cancel", "11", "r", ["e"], T0, T0, person=p) for p in (None, "kai"))
    assert not clock_bounds.rests_on_time([unnamed], [], [])
    assert clock_bounds.rests_on_time([unnamed, named], [], [])


@pytest.mark.parametrize(
    "column", ["earliest_ns", "latest_ns", "submit_ns", "start_ns", "end_ns", "ordinary", None]
)
def test_any_time_that_moves_is_a_widening(column):
    def made():
        return SimpleNamespace(
            events=pd.DataFrame({"earliest_ns": [T0], "latest_ns": [T0]}), job_records=pd.DataFrame({"submit_ns": [T0], "start_ns": [T0], "end_ns": [T0]}),
            ordinary=pa.table({"end_ns": [T0]}),
        )  # fmt: skip

    one, other = made(), made()
    for table in (other.events, other.job_records):
        if column in table:
            table[column] += 1
    if column == "ordinary":
        other.ordinary = pa.table({"end_ns": [T0 + 1]})
    assert clock_bounds.widened(one, other) is (column is not None)


@pytest.mark.parametrize(
    ("lo", "hi", "zone"),
    [
        (3600, 3600, 3600), (3540, 3660, 3600), (3539, 3660, None), (3540, 3661, None), (1800, 1800, 1800), (900, 900, None), (-3600, -3600, -3600),
        (0, 0, None), (2700, 2700, 2700), (-28_860, -28_740, -28_800), (4020, 4080, None),
    ],
)  # fmt: skip
def test_a_zone_is_half_an_hour_at_least_and_a_quarter_s_multiple_but_for_a_minute(lo, hi, zone):
    found = clocks.zone_ns(lo * SECOND, hi * SECOND)
    assert found == (None if zone is None else zone * SECOND)
    assert clocks.zone_ns(3540 * SECOND - 1, 3600 * SECOND) is None


def compared(*spans, kernel=True, things=2, reference="login01:kernel", clock="login01:syslog"):
    place = np.array([0], np.int64)
    votes = tuple(Vote(f"v{n}", f"t{n}", n, T0, 0, 0) for n in range(things))
    made = tuple(
        Stretch(("v0",), place, place, place, place, np.array([lo]), np.array([hi])) for lo, hi in spans
    )
    band = Band(made, votes, 0, 100) if spans else None
    return clocks.Compared("s", clock, None, reference, kernel, band, things, 1, T0, T0, 1)


@pytest.mark.parametrize(
    ("one", "sure", "applied", "state"),
    [
        (compared((5, 9)), True, True, "offset"),
        (compared((0, 9)), True, False, "agrees"),
        (compared((-9, 0)), True, False, "agrees"),
        (compared((-9, -1)), True, True, "offset"),
        (compared((0, 9), (5, 9)), True, True, "agrees"),
        (compared((5, 9), things=1), False, False, "unsure"),
        (compared((5, 9), kernel=False), True, False, "offset"),
        (compared((3600 * SECOND, 3600 * SECOND)), True, True, "zone"),
        (compared(), False, False, "not_compared"),
        (compared(reference="login01:syslog"), False, False, "reference"),
    ],
)
def test_a_clock_is_moved_where_enough_say_that_it_cannot_agree_with_a_kernel_s(one, sure, applied, state):
    lo, hi = one.spans()[0] if one.spans() else (None, None)
    assert (one.sure, one.applied, clocks.state(one, lo, hi)) == (sure, applied, state)


def test_what_is_not_known_of_the_clocks_is_said():
    off, agrees, nothing, loose = (
        compared((5, 9)),
        compared((0, 9)),
        compared(),
        compared((5, 9), kernel=False),
    )
    assert clock_table.limits([nothing]) == ["clocks_not_compared"]
    assert clock_table.limits([off, agrees]) == []
    assert clock_table.limits([off, nothing]) == ["some_clocks_not_compared"]
    assert clock_table.limits([off, loose]) == ["clocks_differ"]
    assert clock_table.limits([agrees, compared(reference="login01:syslog")]) == []


@pytest.mark.parametrize(("count", "hours", "known"), [(4, 1, True), (3, 1, False), (4, 0.99, False)])
def test_drift_needs_four_anchors_in_an_hour(count, hours, known):
    at = np.linspace(0, hours * 3600 * SECOND, count).astype(np.int64)
    assert (clock_table._drift(at, at // 1_000_000, at // 1_000_000) is not None) is known


def dated(pairs):
    """Pairs of records: what each of two sources wrote of one entry, and by how much the second is later by its rule."""
    rows, found = [], []
    for n, (one, other, (least, most), (entry, thing), sources) in enumerate(pairs):
        for side, (first, last) in enumerate((one, other)):
            rows.append(
                {
                    "event_id": f"e{n}{side}",
                    "source": sources[side],
                    "start": 100 * n,
                    "earliest_ns": first,
                    "latest_ns": last,
                }
            )
        found.append(
            {
                "entry": entry,
                "rule": "r",
                "by": None,
                "thing": thing,
                "least_ns": least,
                "most_ns": most,
                "first": f"e{n}0",
                "second": f"e{n}1",
            }
        )
    return clocks._Dated(pd.DataFrame(rows).set_index("event_id", drop=False), pd.DataFrame(found))


BOTH = ("login01:kernel", "syslog a")


@pytest.mark.parametrize("mine", [0, 1])
def test_what_a_pair_says_of_a_clock_is_what_its_rule_leaves(mine):
    """Against the rule read aloud: the second record is from 3 to 8 later; each interval as wide as its clock writes."""
    one, other, least, most = (100, 102), (1_000, 1_006), 3, 8
    (vote,) = dated([(one, other, (least, most), ("v", "t"), BOTH)]).votes(
        BOTH[mine], {BOTH[1 - mine]: Band.zero()}
    )
    late = clocks.LATE_NS
    if mine:
        wanted = other[0] - (one[1] + most) - late, other[1] - (one[0] + least) + late
    else:
        wanted = one[0] - (other[1] - least) - late, one[1] - (other[0] - most) + late
    assert (vote.lo, vote.hi, vote.thing, vote.rows) == (*wanted, "t", (0,))
    assert dated([(one, other, (least, most), ("v", "t"), BOTH)]).votes(BOTH[mine], {}) == []


def test_the_other_side_is_taken_by_its_own_clock():
    place = np.array([0], np.int64)
    off = Band((Stretch(("v",), place, place, place, place, np.array([40]), np.array([50])),), (), 0, 0)
    (vote,) = dated([((100, 100), (1_000, 1_000), (0, 0), ("v", "t"), BOTH)]).votes(BOTH[1], {BOTH[0]: off})
    assert (vote.lo, vote.hi) == (1_000 - 60 - clocks.LATE_NS, 1_000 - 50 + clocks.LATE_NS)


@pytest.mark.parametrize(
    ("miss", "votes"), [(-1, 1), (0, 1), (1, 1), (clocks.JITTER_NS, 1), (clocks.JITTER_NS + 1, 0)]
)
def test_an_entry_has_one_voice_of_what_all_its_pairs_allow(miss, votes):
    wide = 2 * clocks.LATE_NS
    pairs = [((0, 0), (at, at), (0, 0), ("v", "t"), BOTH) for at in (0, wide + miss)]
    found = dated(pairs).votes(BOTH[1], {BOTH[0]: Band.zero()})
    edges = sorted((wide // 2, wide // 2 + miss))
    assert [(v.lo, v.hi) for v in found] == [tuple(edges)] * votes


def test_a_source_is_known_by_two_things_at_least_and_against_a_kernel_first():
    def pair(thing, sources=BOTH):
        return (0, 0), (0, 0), (0, 0), (f"v{thing}", thing), sources

    assert list(clocks._resolved(dated([pair("1")]))) == [BOTH[0]]
    other = ("syslog b", "syslog a")
    known = clocks._resolved(dated([pair("1"), pair("2"), *(pair(str(n), other) for n in range(3, 9))]))
    assert {name: reference for name, (reference, _) in known.items()} == dict.fromkeys(
        (*BOTH, "syslog b"), BOTH[0]
    )
    assert list(clocks._resolved(dated([pair("1"), pair("1")]))) == [BOTH[0]]


def test_an_event_stands_by_its_line_and_in_a_kernel_s_trail_by_its_moment():
    rows = pd.DataFrame({"source": BOTH, "start": [7, 8], "earliest_ns": [100, 200]})
    assert clocks.places(rows).tolist() == [100, 8]


def test_drift_is_by_the_steepest_and_the_flattest_line_that_all_bounds_leave():
    at = np.array([0, 2_000, 4_000, 5_000]) * SECOND
    low, high = np.array([0, 9, 11, 20]) * SECOND, np.array([5, 12, 30, 31]) * SECOND
    pairs = [(i, j) for i in range(4) for j in range(i + 1, 4)]
    least = max((low[j] - high[i]) / (at[j] - at[i]) for i, j in pairs)
    most = min((high[j] - low[i]) / (at[j] - at[i]) for i, j in pairs)
    assert clock_table._drift(at, low, high) == (np.floor(least * 1e9), np.ceil(most * 1e9))


def session(name, host="gpu01", start=T0, **given):
    own = {
        "service": "sshd",
        "account": "kai",
        "pid": 7,
        "end_ns": None,
        "ses": name,
        "address": "10.0.0.1",
        "port": 4000,
    } | given
    return Session(
        name,
        host,
        own.pop("ses"),
        own.pop("service"),
        own.pop("account"),
        own.pop("pid"),
        start,
        own.pop("end_ns"),
        **own,
    )


def client(at=T0, *, host="login01", exe="/usr/bin/ssh", argv=("ssh", "gpu01"), wide=0, **given):
    row = {
        "host": host,
        "exe": exe,
        "argv": list(argv),
        "earliest_ns": at,
        "latest_ns": at + wide,
        "pid": 9,
        "session": "3",
        "event_id": "c",
    }
    return SimpleNamespace(**(row | given))


OWN = {"login01": frozenset({"10.0.0.1"}), "gpu01": frozenset({"10.0.0.2"}), "gpu02": frozenset({"10.0.0.3"})}


def network(*, reached=(), side=True, forwarded=()):
    sides = {("gpu01", "10.0.0.1", 4000): hops.Side("10.0.0.2", 22, "s")} if side else {}
    return hops._Network(
        OWN,
        {},
        sides,
        {("login01", 9): list(reached)} if reached else {},
        {},
        {("10.0.0.2", 22): list(forwarded)},
    )


@pytest.mark.parametrize(
    ("late", "found"),
    [(-30 * SECOND - 1, False), (-30 * SECOND, True), (0, True), (SECOND, True), (SECOND + 1, False)],
)
def test_a_client_leads_to_what_begins_within_half_a_minute(late, found):
    ran = pd.DataFrame(
        [{"host": "login01", "earliest_ns": T0 + late, "latest_ns": T0 + late, "event_id": "c"}]
    )
    known = hops.Clients(ran)
    assert bool(known.about(T0, ["login01"])) is found
    assert bool(known.about(T0)) is found
    assert known.about(T0, ["gpu01"]) == []
    # A moment that is not known to the second counts with all of it.
    wide = hops.Clients(ran.assign(latest_ns=ran["latest_ns"] + SECOND))
    assert bool(wide.about(T0, ["login01"])) is (-31 * SECOND <= late <= SECOND)


@pytest.mark.parametrize(
    ("e", "to", "led"),
    [
        (client(), session("7"), True),
        (client(argv=("ssh", "gpu02")), session("7"), False),
        (client(argv=("ssh", "kai@10.0.0.2:22")), session("7"), True),
        (client(argv=("ssh", "elsewhere")), session("7"), True),
        (client(argv=("ssh", "gpu02", "gpu01")), session("7"), True),
        (client(), session("7", address="10.0.0.9"), False),
        (client(), session("7", address=None), False),
        (client(), session("7", service="login"), False),
        (client(host="gpu01"), session("7", address="127.0.0.1"), True),
        (client(), session("7", address="127.0.0.1"), False),
        (client(host="gpu01", exe="/usr/bin/machinectl", argv=("machinectl", "shell")), session("7", address=None, service="systemd"), True),
        (client(host="gpu01", exe="/usr/bin/machinectl", argv=("machinectl", "list")), session("7", address=None, service="systemd"), False),
        (client(exe="/usr/bin/machinectl", argv=("machinectl", "shell")), session("7", address=None, service="systemd"), False),
        (client(host="gpu01", exe="/usr/bin/machinectl", argv=("machinectl", "shell")), session("7", service="systemd"), False),
        (client(host="gpu01"), session("7", address="10.0.0.2"), True),
        (client(host="gpu01", argv=("ssh", "gpu02")), session("7", address="10.0.0.2"), True),
    ],
)  # fmt: skip
def test_a_client_can_have_led_by_its_host_its_words_and_the_address(e, to, led):
    via = session("3", host=e.host)
    assert hops._can_have_led(e, via, to, network()) is led
    assert not hops._can_have_led(e, to, to, network())


@pytest.mark.parametrize(
    ("address", "port", "at", "elsewhere"),
    [
        ("10.0.0.3", 22, 0, True), ("10.0.0.2", 22, 0, False), ("10.0.0.3", 443, 0, False), ("10.0.0.3", 22, -1, False),
        ("10.0.0.3", 22, 30 * SECOND, True), ("10.0.0.3", 22, 30 * SECOND + 1, False),
    ],
)  # fmt: skip
def test_a_client_that_connected_elsewhere_did_not_lead_here(address, port, at, elsewhere):
    made = SimpleNamespace(
        object=f"{address}:{port}", earliest_ns=T0 + at, latest_ns=T0 + at, event_id="n", host="login01"
    )
    assert hops._went_elsewhere(client(), session("7"), network(reached=[made])) is elsewhere
    assert (
        hops._can_have_led(client(), session("3", host="login01"), session("7"), network(reached=[made]))
        is not elsewhere
    )
    assert not hops._went_elsewhere(client(), session("7"), network(reached=[made], side=False))


@pytest.mark.parametrize(
    ("late", "host", "ses", "found"),
    [
        (0, "login01", "3", True), (-30 * SECOND, "login01", "3", True), (-30 * SECOND - 1, "login01", "3", False), (SECOND, "login01", "3", True),
        (SECOND + 1, "login01", "3", False), (0, "gpu02", "3", False), (0, "unknown", "3", True), (0, "login01", "4", False), (0, "gpu01", "7", False),
    ],
)  # fmt: skip
def test_sshd_led_on_where_it_connected_to_the_very_port_from_a_host_that_can_have_the_address(
    late, host, ses, found
):
    made = SimpleNamespace(earliest_ns=T0 + late, latest_ns=T0 + late, host=host, session=ses, event_id="f")
    to = session("7")
    by_ses = {
        ("login01", "3"): session("3"),
        ("gpu02", "3"): session("3"),
        ("unknown", "3"): session("3"),
        ("gpu01", "7"): to,
    }
    given = network(forwarded=[made])
    if host == "gpu01":
        given = hops._Network({}, {}, given.sides, {}, {}, given.forwarded)
    assert bool(hops._forwarded(to, given, by_ses)) is found
    assert hops._forwarded(session("7", port=4001), given, by_ses) == []


@pytest.mark.parametrize(
    ("late", "port"),
    [(-30 * SECOND, True), (30 * SECOND, True), (30 * SECOND + 1, False), (-30 * SECOND - 1, False)],
)
def test_a_firewall_s_line_bears_out_a_hop_within_half_a_minute(late, port):
    line = SimpleNamespace(earliest_ns=T0 + late, event_id="w")
    known = hops._Network(
        OWN, {}, network().sides, {}, {("login01", "10.0.0.1", "10.0.0.2", 4000): [line]}, {}
    )
    hop = hops._hop(session("3", host="login01"), session("7"), [client()], [], known, 0)
    assert hop.by == (
        ("address", "host_named", "port", "time") if port else ("address", "host_named", "time")
    )
    assert hop.events == (("c", "w") if port else ("c",))
    assert hop.rule == hops.RULE
    passed = hops._hop(session("3", host="gpu02"), session("7"), [], [client()], known, 1)
    assert (passed.by, passed.rule, passed.rivals) == (("destination", "time"), hops.FORWARDED, 1)


def test_ways_back_end_where_they_close():
    one, two, three = (session(n, via=v) for n, v in (("1", "2"), ("2", "3"), ("3", "1")))
    known = {s.session_id: s for s in (one, two, three)}
    assert hops.roots(one, known) == ["2", "3"]
    assert hops.roots(session("9", via="gone"), known) == []
    assert hops.roots(session("9", via="1"), known) == ["1", "2", "3"]


def test_a_host_has_the_addresses_that_connections_came_in_on_but_for_loopback():
    s = Stage(bounds=True)
    for text in (
        "Connection from 10.0.0.9 port 1 on 10.0.0.1 port 22",
        "Connection from ::1 port 2 on ::1 port 22",
        "x Connection from 1.1.1.1 port 3 on 2.2.2.2 port 22",
    ):
        s.add("other", "syslog", text=text)
    assert hops.addresses(s.evidence()) == {"login01": frozenset({"10.0.0.1"})}
