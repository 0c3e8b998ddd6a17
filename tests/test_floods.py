"""Evidence of very many alike: each is asked about once, told of as many as are read, and counted."""

import random
from types import SimpleNamespace

import pytest
from stage import Stage
from test_attribution import edited

from forensics.analysis import acts, attendance, attribution, gaps, placing, verdicts
from forensics.analysis import findings as findings_of
from forensics.analysis.gaps import Bearing, Gap
from forensics.analysis.tampering import Tampering
from forensics.core.roster import Question
from forensics.render import dossier, figures_lanes

PEOPLE = ("mei", "kai", "lin")


def some_acts(chance):
    """Acts on logs and clocks, with and without times, of accounts that one, several or nobody owns."""
    times = (None, 3, 5, 7, 9)
    owners = (frozenset(), frozenset({"mei"}), frozenset({"kai"}), frozenset({"mei", "kai"}))
    return [
        SimpleNamespace(
            n=n, host=chance.choice(("a", "b", None)), latest_ns=(at := chance.choice(times)), earliest_ns=at, owners=chance.choice(owners),
            act=chance.choice(("wipe_log", "change_clock")), object=chance.choice(("/var/log/audit/audit.log.1", "/var/log/auth.log")),
        )
        for n in range(chance.randrange(6))
    ]  # fmt: skip


def test_a_trail_that_was_cut_before_is_told_once_for_each_whose_cut_it_was():
    chance = random.Random(4)  # noqa: S311 - the same acts in every run
    told = 0
    for _ in range(4000):
        made, name = some_acts(chance), chance.choice(PEOPLE)
        hosts = set(chance.sample(("a", "b", None), chance.randrange(3)))
        act = SimpleNamespace(origin=chance.choice(("login", "cron")), latest_ns=chance.choice((None, 4, 7)))
        found = Tampering(made, lambda a: a.owners).cut_before(hosts, act, name)
        cuts = [
            a for a in made
            if act.origin == "login" and a.act == "wipe_log" and "/audit/" in a.object and a.host in hosts and a.owners != {name}
            and (a.earliest_ns is None or act.latest_ns is None or a.earliest_ns <= act.latest_ns)
        ]  # fmt: skip
        assert {(a.host, owners) for a, owners in found} == {(a.host, a.owners) for a in cuts}
        assert all(any(a is cut for cut in cuts) for a, _ in found)
        told += len(found)
    assert told > 100


def test_acts_on_records_are_those_of_the_definition():
    chance = random.Random(3)  # noqa: S311 - the same acts in every run
    seen = set()
    for _ in range(4000):
        made = some_acts(chance)
        held = Tampering(made, lambda act: act.owners)
        hosts = set(chance.sample(("a", "b", None), chance.randrange(3)))
        since, person = chance.choice((None, 4, 7)), chance.choice((*PEOPLE, None))
        late = [
            a
            for a in made
            if a.host in hosts and (since is None or a.latest_ns is None or a.latest_ns >= since)
        ]
        name, sparing = chance.choice(PEOPLE), chance.choice((*PEOPLE, None))
        others = [(a, a.owners) for a in late if a.owners != {name}]
        assert held.by_others(hosts, since, name) == others
        disturbed = any(
            not (sparing is not None and a.owners == {sparing})
            and (person is None or not a.owners or person in a.owners)
            for a in late
        )
        assert held.disturbs(hosts, since, person, sparing) == disturbed
        seen.add((bool(others), disturbed))
    assert len(seen) == 4


def test_whose_an_act_on_a_clock_is_is_asked_once():
    """Each of ten thousand acts asked it of each of ten thousand times that a clock was set."""
    asked = []
    made = [
        SimpleNamespace(host="a", latest_ns=n, owners=frozenset({"mei"}), act="change_clock", object="")
        for n in range(300)
    ]
    held = Tampering(made, lambda act: asked.append(act) or act.owners)
    for _ in range(300):
        assert held.by_others({"a"}, 0, "mei") == []
        assert not held.disturbs({"a"}, 0, None, "mei")
    assert (len(asked), len(held._latest)) == (300, 1)


def reached(count, seed):
    chance = random.Random(seed)  # noqa: S311 - the same in every run
    return [
        (f"A{n:04d}", chance.random() < 0.3, chance.choice((None, *range(20))), chance.choice((None, *range(20, 40))))
        for n in range(count)
    ]  # fmt: skip


@pytest.mark.parametrize("most", [3, 1000])
def test_a_gap_bears_on_the_acts_of_the_definition(monkeypatch, most):
    monkeypatch.setattr(gaps, "MOST_BORNE_ON", most)
    cut = 0
    for seed in range(200):
        every = reached(seed % 12, seed)
        for first, last in ((None, None), (25, None), (None, 4), (3, 22), (41, 50), (19, 19)):
            gap = Gap("login01: clock", "clock_step", first, last)
            of = [(name, on) for name, on, start, end in every if gap.touches(start, end)]
            told = Bearing(every).of(gap)
            if len(of) <= most:
                assert told == {"matters_for": [name for name, _ in of]}
                continue
            cut += 1
            kept = sorted([name for name, on in of if on][:most])
            kept = sorted(kept + [name for name, on in of if not on][: most - len(kept)])
            assert told == {"matters_for": kept, "matters_for_count": len(of)}
    assert bool(cut) == (most == 3)


def test_a_gap_says_on_how_many_acts_it_bears():
    gap = {
        "source": "login01: clock",
        "kind": "clock_step",
        "when": ["2026-11-23T15:11:42.522Z"] * 2,
        "records": None,
    }
    named = [f"A{n:04d}" for n in range(1, 13)]
    few, many = (
        dossier.gap_sentences({**gap, "matters_for": named, **more})[-1].text
        for more in ({}, {"matters_for_count": 4000})
    )
    assert few.endswith("A0008 and 4 more.")
    assert many.endswith("A0008 and 3,992 more.")


def clock_set(times):
    """A script of kai's job is edited; then dao sets the clock, again and again."""
    day = edited()
    dao = day.login("dao")
    for n in range(times):
        day.run("dao", dao, ["date", "-s", str(n)])
        day.add("clock_change", account="dao", auid=4104, effective="root", uid=0, session=dao, pid=20_000 + day.serial, ppid=1, exe="/usr/bin/date")  # fmt: skip
    return day.examined()


def test_of_very_many_acts_on_a_clock_some_are_told_and_all_are_counted(monkeypatch):
    whole = clock_set(6)
    every = findings_of.findings(whole)["gaps"]
    monkeypatch.setattr(attribution, "MOST_CHANGED", 2)
    monkeypatch.setattr(gaps, "MOST_BORNE_ON", 2)
    done = clock_set(6)
    ((before, judged),) = (
        (whole.judged[a.act_id], done.judged[a.act_id]) for a in done.in_question if a.act == "modify_file"
    )
    assert (judged.verdict, judged.candidates) == (before.verdict, before.candidates)
    assert "dao" in judged.candidates
    changed = [why for why in verdicts.against(judged) if why["kind"] == "records_changed_by_other"]
    assert [(len(why["because"]), why["count"]) for why in changed] == [(2, 6)]
    assert "count" not in verdicts.against(before)[-1]
    told = [g for g in findings_of.findings(done)["gaps"] if g["kind"] == "clock_step"]
    assert len(told) == 6
    assert max(len(g["matters_for"]) for g in told) == 2
    counts = [g.get("matters_for_count", len(g["matters_for"])) for g in told]
    before = [g for g in every if g["kind"] == "clock_step"]
    assert counts == [len(g["matters_for"]) for g in before]
    assert max(counts) > 2


def switched(times):
    """Mei enters her account, changes to another again and again, and cancels a job of kai's."""
    s = Stage()
    s.enrol()
    s.submit("kai", s.login("kai"), "11")
    s.wait(20)
    ses = s.login("mei")
    for _ in range(times):
        s.wait(1)
        s.add("session_open", account="mei", auid=4101, session=ses, pid=20_000 + s.serial, exe="/usr/bin/su")
    s.cancel("mei", ses, "11")
    return s.examined(Question(jobs=("11",)))


def test_of_very_many_entries_of_a_session_some_are_cited_and_all_are_counted(monkeypatch):
    monkeypatch.setattr(attribution, "MOST_LINKED", 5)
    done = switched(30)
    (judged,) = (done.judged[a.act_id] for a in done.in_question if a.act == "cancel")
    (told,) = [r for r in verdicts.reasons(judged) if r["class"] == "session"]
    assert (len(told["because"]), told["count"]) == (5, 33)
    assert not any("count" in r for r in verdicts.reasons(judged) if r["class"] == "key")
    assert (judged.verdict, judged.name) == ("attributed", "mei")


def test_what_a_session_of_many_events_says_is_looked_up_once(monkeypatch):
    """Each act in it looked up all of its thousands of events."""
    few, many = (switched(n) for n in (3, 100))
    for done in (few, many):
        for session in done.scene.sessions.values():
            columns = ("event_id", "verb", "disputed")
            assert done.scene.entered(session, *columns) == done.scene.cells(session.events, *columns)
    (session,) = (s for s in many.scene.sessions.values() if len(s.events) > 100)
    opened = attendance._of(many.scene, session, frozenset({"login"}))
    assert attendance._of(many.scene, session, frozenset({"login"})) is opened
    asked = []
    monkeypatch.setattr(acts.Scene, "_at", lambda _, cited: asked.extend(cited) or [])
    many.scene.memo.clear()
    for _ in range(50):
        many.scene.entered(session, "verb")
        placing._entered_elsewhere(many.scene, session, None)
        attendance._of(many.scene, session, frozenset({"login"}))
    assert 0 < len(asked) <= 3 * len(session.events)


def test_stretches_that_no_eye_tells_apart_are_drawn_as_one():
    most, axis = figures_lanes.MOST_SPANS, (0.0, 10.0)
    few = [(n / most, n / most) for n in range(most)]
    assert figures_lanes.joined(few, axis) == few
    many = [(n / 5000, n / 5000) for n in range(5000)] + [(4.0, 5.0), (4.5, 4.6), (9.0, 9.1), (20.0, 21.0)]
    assert figures_lanes.joined(many, axis) == [(0.0, 4999 / 5000), (4.0, 5.0), (9.0, 9.1)]
    spread = [(n / 1000, n / 1000) for n in range(100_000)]
    assert len(figures_lanes.joined(spread, (0.0, 100.0))) <= 1001
