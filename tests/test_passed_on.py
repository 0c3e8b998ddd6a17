"""Which moves of a ref put what somebody pushed into another one; a staged incident (`moved_branch`) holds the answer."""

from types import SimpleNamespace

import pandas as pd
import pytest

from forensics.analysis import arrivals, channels, order, passed_on

OID = "c" * 40
MOVE = {
    "object": "refs/heads/main",
    "repository": "llm",
    "text": f"new={OID}",
    "account": "dao",
    "at": 20,
    "event_id": "e",
}


def moved_on(monkeypatch, move, *, unpushed, taken=frozenset({"main"})):
    """The moves that count for kai's push of a commit to a branch of kai's own, of one that is told."""
    row = SimpleNamespace(**{**move, "earliest_ns": move["at"], "latest_ns": move["at"]})
    push = SimpleNamespace(object="refs/heads/kai-try", repository="git/llm.git")
    scene = SimpleNamespace(
        row=lambda _: push, evidence=None, memo={}, git_objects={}, events={"verb": None, "earliest_ns": None}
    )
    monkeypatch.setattr(passed_on, "taken_from", lambda *_: taken)
    monkeypatch.setattr(arrivals, "brought", lambda *_: frozenset({OID}))
    monkeypatch.setattr(channels, "unpushed", lambda _: [row] if unpushed else [])
    monkeypatch.setattr(passed_on, "_pushes", lambda _: [] if unpushed else [row])
    monkeypatch.setattr(
        order, "of", lambda _: SimpleNamespace(made=lambda _: SimpleNamespace(earliest_ns=10))
    )
    return passed_on.moved_on(scene, SimpleNamespace(events=["p"], account="kai"))


@pytest.mark.parametrize("unpushed", [True, False])
@pytest.mark.parametrize(
    ("what", "counts"),
    [
        ({}, True),
        ({"object": "refs/heads/kai-try"}, False),
        ({"repository": "other"}, False),
        ({"repository": "team/llm"}, False),
        ({"text": f"new={'d' * 40}"}, False),
        ({"at": 5}, False),
    ],
)
def test_a_move_of_another_ref_to_what_was_pushed_counts(monkeypatch, what, counts, unpushed):
    assert bool(moved_on(monkeypatch, MOVE | what, unpushed=unpushed)) == counts


def test_one_s_own_push_does_not_count(monkeypatch):
    assert moved_on(monkeypatch, MOVE | {"account": "kai"}, unpushed=False) == []
    assert moved_on(monkeypatch, MOVE | {"account": None}, unpushed=False) == []


@pytest.mark.parametrize(
    ("kinds", "moved", "status"),
    [
        (["push"], [["m"]], "mixed"),
        (["push", "commit"], [["m"]], "mixed"),
        (["push"], [[]], "contradicted"),
        (["push", "push"], [["m"], []], "contradicted"),
        (["push", "modify_file"], [["m"]], "contradicted"),
        (["commit"], [], "contradicted"),
    ],
)
def test_whoever_pushed_is_contradicted_but_where_another_moved_a_ref_to_all_of_it(
    monkeypatch, kinds, moved, status
):
    acts = [SimpleNamespace(act=kind, act_id=str(n)) for n, kind in enumerate(kinds)]
    told = iter(moved)
    monkeypatch.setattr(passed_on, "moved_on", lambda *_: [SimpleNamespace(event_id=m) for m in next(told)])
    found = passed_on.by_speaker(acts, SimpleNamespace(scene=None))
    assert (found.status, found.because) == (status, tuple(str(n) for n in range(len(kinds))))
    told = iter(moved)
    other = passed_on.by_other(acts, SimpleNamespace(scene=None))
    assert other.status == ("mixed" if status == "mixed" else "supported")
    assert other.because == found.because


@pytest.mark.parametrize(("taken", "counts"), [({"main"}, True), ({"main", "kai-try"}, False), ({"kai-try"}, False), (set(), False), ({"other"}, False)])  # fmt: skip
def test_only_the_ref_that_a_tree_took_it_from_counts(monkeypatch, taken, counts):
    assert bool(moved_on(monkeypatch, MOVE, unpushed=True, taken=taken)) == counts


def test_what_a_tree_took_commits_from():
    rows = [
        ("HEAD", "tree", OID, "pull -q origin main: Fast-forward"), ("refs/heads/work", "tree", OID, ""), ("refs/remotes/origin/x", "tree", OID, ""),
        ("HEAD", "tree", "d" * 40, "checkout: moving from main to early"), ("refs/heads/served", "llm.git", OID, "push"),
        ("HEAD", "second", OID, "checkout: moving from a to origin/team/b"),
    ]  # fmt: skip
    frame = pd.DataFrame(
        [{"verb": "ref_update", "object": o, "repository": r, "text": f"new={n} {t}"} for o, r, n, t in rows]
    )
    case = SimpleNamespace(events=frame, memo={})
    found = passed_on.taken_from(SimpleNamespace(evidence=case, git_objects={}), {OID})
    assert {"main", "work", "team/b", "b", "origin/team/b"} <= found
    assert not {"early", "served", "x", "refs/remotes/origin/x"} & found


def test_what_leads_to_some_commits():
    """a and b come after c, d after b; e is apart, and t is a tag of d."""
    parents = {"c": ["0"], "a": ["c"], "b": ["c", "e"], "d": ["b"], "e": []}
    rows = {oid: SimpleNamespace(kind="commit", parents=above) for oid, above in parents.items()}
    scene = SimpleNamespace(
        git_objects=rows | {"t": SimpleNamespace(kind="tag", parents=[], tag_object="d")}, memo={}
    )
    assert arrivals.leading_to(scene, {"c"}) == {"a", "b", "c", "d"}
    assert arrivals.leading_to(scene, {"b", "gone"}) == {"b", "d", "gone"}
    assert arrivals.leading_to(scene, {"0"}) == {"0", "a", "b", "c", "d"}


def moved_only(monkeypatch, acts, every, brought):
    monkeypatch.setattr(arrivals, "brought", lambda _, act: frozenset(brought.get(act.object, ())))
    rows = [SimpleNamespace(act=kind, object=thing, person=who) for kind, thing, who in acts]
    others = [SimpleNamespace(act=kind, object=thing, person=who) for kind, thing, who in every]
    return passed_on.only_moved(rows, SimpleNamespace(scene=None, every=[*rows, *others]))


MOVED = ("move_ref", "llm main", "dao")


@pytest.mark.parametrize(
    ("acts", "every", "found"),
    [
        ([MOVED], [], True),
        ([MOVED, ("escalate", "git", "dao")], [("push", "llm try", "kai")], True),
        ([MOVED], [("push", "llm try", "dao")], False),  # who moved it had pushed it
        ([MOVED], [("commit", OID, "dao")], False),  # or made it
        ([MOVED, ("cancel", "7", "dao")], [], False),
        ([("escalate", "git", "dao")], [], False),
        ([("move_ref", "llm side", "dao")], [], False),  # of which it is not told what it brought
    ],
)
def test_whoever_moves_a_ref_made_nothing_of_what_it_comes_to_name(monkeypatch, acts, every, found):
    brought = {"llm main": {OID}, "llm try": {OID}}
    assert moved_only(monkeypatch, acts, every, brought) is found


def test_a_denial_of_whoever_moved_a_ref_to_what_another_made_is_mixed(monkeypatch):
    monkeypatch.setattr(passed_on, "passed", lambda *_: [])
    for only, found in ((True, [("mixed", passed_on.MOVED), ("mixed", passed_on.MOVED_BY_OTHER)]), (False, [("contradicted", "acts_in_sessions_of_speaker"), ("supported", "acts_in_sessions_of_other")])):  # fmt: skip
        monkeypatch.setattr(passed_on, "only_moved", lambda *_, only=only: only)
        told = [passed_on.by_speaker([], None), passed_on.by_other([], None)]
        assert [(a.status, a.why) for a in told] == found
