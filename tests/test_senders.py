"""Requests by the flood: each is asked what can have sent it, cites what is nearest to it, and counts the rest."""

import random
from types import SimpleNamespace

from stage import SECOND, Stage

from forensics.analysis import capability, commands, findings, scheduler_acts, senders
from forensics.core.roster import Question


def flood(requests, apart_ns=SECOND // 100):
    """Mei cancels a job of kai's from as many sessions as there are requests, all within a moment."""
    made = Stage()
    made.enrol()
    made.submit("kai", made.login("kai"), "11")
    made.wait(20)
    opened = [made.login("mei") for _ in range(requests)]
    made.wait(60)
    begun = made.at
    for n, session in enumerate(opened):
        made.at = begun + n * apart_ns
        made.cancel("mei", session, "11")
    return made


def cancels_of(made):
    done = made.examined(Question(jobs=("11",)))
    return [act for act in findings.findings(done)["acts"] if act["act"] == "cancel"]


def test_of_many_senders_some_are_cited_all_are_counted_and_the_answer_is_the_same(monkeypatch):
    made, asked = flood(24), []
    real = scheduler_acts._names_job
    monkeypatch.setattr(scheduler_acts, "_names_job", lambda *of: asked.append(of) or real(*of))
    cut = cancels_of(made)
    # Each of 24 requests asked it of each of 24 commands; the acts are looked for at most three times.
    assert 24 <= len(asked) <= 3 * 24
    monkeypatch.setattr(senders, "MOST_CITED", 1000)
    monkeypatch.setattr(capability, "MOST_CITED", 1000)
    whole = cancels_of(flood(24))
    assert len(cut) == len(whole) == 24
    for one, every in zip(cut, whole, strict=True):
        assert set(one["for"]) < set(every["for"])
        assert len(every["for"]) - len(one["for"]) == 4
        assert (one["senders_count"], "senders_count" in every) == (24, False)
        rights = [right for row in one["capability"] for right in row["rights"]]
        assert {right["count"] for right in rights if "count" in right} == {24}
        assert max(len(right["because"]) for right in rights) == 20
        cited = {"for", "citations", "senders_count", "capability"}
        assert {k: v for k, v in one.items() if k not in cited} == {
            k: v for k, v in every.items() if k not in cited
        }


def test_senders_are_those_of_the_definition(monkeypatch):
    monkeypatch.setattr(senders, "MOST_CITED", 2)
    chance = random.Random(9)  # noqa: S311 - the same commands in every run
    early = cut = 0
    for _ in range(600):
        ran = sorted(
            (
                SimpleNamespace(event_id=f"e{n}", earliest_ns=(at := chance.randrange(30)), latest_ns=at + chance.choice((0, 1, 9)), host=chance.choice("abc"), session="1", pid=n, account=chance.choice(("mei", "kai", None)))
                for n in range(chance.randrange(12))
            ),
            key=lambda e: e.earliest_ns,
        )  # fmt: skip
        known = commands.Commands.__new__(commands.Commands)
        known.rows, known._began = ran, [e.earliest_ns for e in ran]
        known._longest = max((e.latest_ns - e.earliest_ns for e in ran), default=0)
        first, at = chance.randrange(30), chance.randrange(30)
        last = first + chance.randrange(9)
        mine = [e for e in ran if e.earliest_ns <= last and e.latest_ns >= first]
        assert known.near(first, last) == mine
        early += any(e.earliest_ns < first for e in mine)
        act = SimpleNamespace(rival_accounts={"dao"}, events=["r"], senders=0)
        found = senders.sent(mine)
        assert found.sources == {(e.host, e.session, e.pid) for e in mine}
        senders.cite(act, found, at)
        assert act.rival_accounts == {"dao", *(e.account for e in mine if e.account)}
        order = sorted(mine, key=lambda e: (abs(e.earliest_ns - at), mine.index(e)))
        near = order[:2] + [next(e for e in order if e.host == host) for host in {e.host for e in mine}]
        assert act.events == ["r", *(e.event_id for e in mine if len(mine) <= 2 or e in near)]
        assert act.senders == (len(mine) if len(act.events) - 1 < len(mine) else 0)
        cut += bool(act.senders)
    assert min(early, cut) > 30
