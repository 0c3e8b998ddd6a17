"""Denials, tested on the evidence: what they predict, what was found, what is missing.

Each test runs on acts that are already judged; what somebody says weighs nothing. A denial can be
true in what it says and still not answer the act: that is `mixed`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from forensics.analysis.acts import Act, Scene
from forensics.analysis.jobs import Job
from forensics.core.roster import Claim


@dataclass(frozen=True, slots=True)
class Grounds:
    """What a test looks at: the acts that bear on the jobs asked about, without their owners' own requests."""

    scene: Scene
    acts: list[Act]
    jobs: list[Job]
    missing: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the evidence says of a claim."""

    status: str
    because: tuple[str, ...]
    missing: tuple[str, ...]
    why: str


def _answer(status: str, acts: list[Act], why: str, missing: list[str] | None = None) -> Answer:
    return Answer(
        status, tuple(dict.fromkeys(a.act_id for a in acts)), tuple(sorted(set(missing or []))), why
    )


def _open_questions(g: Grounds) -> list[str]:
    return (
        [m for a in g.acts for m in a.missing if a.verdict == "inconclusive"] or list(g.missing) or ["acts"]
    )


def another_did_it(claim: Claim, g: Grounds) -> Answer:
    """D01. True predicts that the other's sessions hold the acts; false, that the speaker's do."""
    by = [a for a in g.acts if a.person == claim.by]
    others = [
        a for a in g.acts if a.person not in {None, claim.by} and (not claim.names or a.person == claim.names)
    ]
    if by and others:
        return _answer("mixed", [*by, *others], "acts_of_both")
    if by:
        return _answer("contradicted", by, "acts_in_sessions_of_speaker")
    if others:
        return _answer("supported", others, "acts_in_sessions_of_other")
    third = [a for a in g.acts if a.person is not None]
    if third:
        return _answer("mixed", third, "acts_in_sessions_of_neither")
    return _answer("untestable", g.acts, "no_act_attributed", _open_questions(g))


def shared_account(claim: Claim, g: Grounds) -> Answer:
    """D03. True predicts two enrolled keys or sources in the account; the trap is that key and session may still tell."""
    shared = [a for a in g.acts if g.scene.directory.is_shared(a.account)]
    if not g.acts:
        return _answer("untestable", [], "no_act_found", _open_questions(g))
    if not shared:
        return _answer("contradicted", g.acts, "account_has_one_holder")
    by = [a for a in shared if a.person == claim.by]
    if by:
        return _answer("mixed", by, "account_is_shared_but_key_and_session_tell_who")
    if all(a.person for a in shared):
        return _answer("supported", shared, "acts_of_other_holder")
    return _answer("supported", shared, "account_is_shared_and_nothing_tells_who", _open_questions(g))


def failed_by_itself(claim: Claim, g: Grounds) -> Answer:
    """D09. True predicts an own failure or a fault; false, an act linked to the job."""
    del claim
    causes = {j.cause for j in g.jobs}
    linked = [a for a in g.acts if a.job is not None and a.link != "not_established"]
    natural = causes & {"own_failure", "infrastructure"}
    if "act" in causes:
        return _answer("mixed" if natural else "contradicted", linked, "act_linked_to_job")
    if natural and causes <= {"own_failure", "infrastructure", "none"}:
        return _answer("supported", [], "own_failure_and_no_act")
    return _answer("untestable", linked, "cause_not_established", list(g.missing) or ["cause_of_job"])


def not_logged_in(claim: Claim, g: Grounds) -> Answer:
    """D11. True predicts no session in covered time; false, a session, or a cron entry or agent left behind."""
    by = [a for a in g.acts if a.person == claim.by]
    final = [a for a in by if a.act in {"cancel", "signal"}] or by
    present = [a for a in final if a.origin == "login" and _open_then(a)]
    deferred = [a for a in by if a.origin == "cron" or a.act == "plant" or not _open_then(a)]
    if present:
        return _answer("contradicted", present, "act_in_open_session_of_speaker")
    if deferred:
        return _answer("mixed", by, "no_session_then_but_left_behind_earlier")
    if any(a.verdict == "inconclusive" for a in g.acts) or not g.acts:
        return _answer("untestable", g.acts, "no_act_attributed", _open_questions(g))
    while_there = [a for a in g.acts if _there(claim.by, a, g.scene)]
    if while_there:
        return _answer("mixed", while_there, "session_of_speaker_is_open_and_holds_no_act")
    if g.missing:
        return _answer("untestable", [], "sources_missing", g.missing)
    return _answer("supported", g.acts, "no_act_of_speaker")


def _open_then(act: Act) -> bool:
    """Whether the act's own session can have been open when it was done: a process can outlive its login."""
    if act.session is None or act.earliest_ns is None or act.latest_ns is None:
        return True
    return act.session.covers(act.earliest_ns, act.latest_ns)


def _there(person: str, act: Act, scene: Scene) -> bool:
    """Whether a session that only this person's key or account can have opened is open while an act is done."""
    if act.earliest_ns is None or act.latest_ns is None:
        return False
    return any(
        (scene.directory.key_people(s.credential) or scene.directory.owners(s.account)) == {person}
        and s.covers(act.earliest_ns, act.latest_ns)
        for s in scene.sessions.values()
    )


TESTS: dict[str, Callable[[Claim, Grounds], Answer]] = {
    "D01": another_did_it,
    "D03": shared_account,
    "D09": failed_by_itself,
    "D11": not_logged_in,
}


def test(claim: Claim, grounds: Grounds) -> Answer:
    """Test one claim. One whose test this version does not have is untestable, and says so."""
    chosen = TESTS.get(claim.id)
    if chosen is None:
        return Answer("untestable", (), (f"test_of_{claim.id}",), "no_test_in_this_version")
    return chosen(claim, grounds)
