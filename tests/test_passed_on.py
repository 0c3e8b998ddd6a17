"""Which moves of a ref put what somebody pushed into another one; a staged incident (`moved_branch`) holds the answer."""

from types import SimpleNamespace

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


def moved_on(monkeypatch, move, *, unpushed):
    """The moves that count for kai's push of a commit to a branch of kai's own, of one that is told."""
    row = SimpleNamespace(**{**move, "earliest_ns": move["at"], "latest_ns": move["at"]})
    push = SimpleNamespace(object="refs/heads/kai-try", repository="git/llm.git")
    scene = SimpleNamespace(row=lambda _: push, evidence=None, events={"verb": None, "earliest_ns": None})
    monkeypatch.setattr(arrivals, "brought", lambda *_: frozenset({OID}))
    monkeypatch.setattr(arrivals, "reached", lambda _, oid: {oid})
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
