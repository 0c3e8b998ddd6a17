"""The denial that another did it (D01): whose sessions hold the acts, what stays open, and whose text or whose push it can have been."""

from forensics.analysis import passed_on
from forensics.analysis.acts import Act
from forensics.analysis.denial import Answer, Grounds, answer, can_be_of_others, open_questions
from forensics.core.roster import Claim


def _left_open(person: str, g: Grounds) -> list[Act]:
    """The acts of which it stays open whether a person did them: what another did elsewhere does not answer these."""
    return [a for a in g.acts if a.person is None and person in g.judged[a.act_id].candidates]


def _can_be_another_s(act: Act, person: str, g: Grounds) -> bool:
    """Whether it stays open who did an act, and the records allow another than a person, be it not whom that one names.

    Where account, key, device and session do not all point at that person, it can be of somebody whom no record tells.
    """
    return act.person is None and can_be_of_others(act, person, g)


def _of_nobody(act: Act, g: Grounds) -> bool:
    """Whether no record leaves anybody who did an act, as of a container's process: then it can be anybody's. A commit is whoever's brought it."""
    return act.person is None and act.act != "commit" and not g.judged[act.act_id].candidates


def another_did_it(claim: Claim, g: Grounds) -> Answer:
    """D01. True predicts that the other's sessions hold the acts; false, that the speaker's do."""
    acts = g.telling()
    if g.acts and not acts:
        return answer("untestable", g.acts, "no_act_linked_to_job", open_questions(g))
    return _by_either(claim, g, acts)


def _by_either(claim: Claim, g: Grounds, acts: list[Act]) -> Answer:
    by = [a for a in acts if a.person == claim.by]
    others = [
        a for a in acts if a.person not in {None, claim.by} and (not claim.names or a.person == claim.names)
    ]
    if by and others:
        return answer("mixed", [*by, *others], "acts_of_both")
    if others and (left := _left_open(claim.by, g)):
        return answer("mixed", [*others, *left], "acts_of_other_and_act_left_open", open_questions(g))
    if by:
        return _by_speaker(claim, g, acts, by)
    if others:
        return _by_other(claim, g, acts, others)
    third = [a for a in acts if a.person is not None]
    if third:
        return answer("mixed", third, "acts_in_sessions_of_neither")
    return answer("untestable", g.acts, "no_act_attributed", open_questions(g))


_HARM = {"shown": 2, "possible": 1}
"""What an act did to a job, as far as the records tell."""


def _harm(act: Act) -> int:
    return _HARM.get(act.effect or "", 0)


def _of_third(acts: list[Act], told: list[Act], claim: Claim) -> list[Act]:
    """The acts of others than the two of whom a claim tells that can have done the harm as well as those that it is about."""
    least = max(1, *map(_harm, told))
    return [
        a
        for a in acts
        if a.person not in {None, claim.by, claim.names or None} and a not in told and _harm(a) >= least
    ]


def _by_speaker(claim: Claim, g: Grounds, acts: list[Act], by: list[Act]) -> Answer:
    """D01 where acts are attributed to whoever speaks and none to another: contradicted, unless a third can have done the harm as well, these passed on what is somebody else's, or acts are left open."""
    left = [a for a in acts if _can_be_another_s(a, claim.by, g) or _of_nobody(a, g)]
    found = _unless_open(
        passed_on.by_speaker(by, g), "acts_of_speaker_and_act_left_open", [*by, *left], left, g
    )
    return _unless_shared(found, "acts_of_speaker_and_of_third", by, _of_third(acts, by, claim))


def _by_other(claim: Claim, g: Grounds, acts: list[Act], others: list[Act]) -> Answer:
    """D01 where acts are attributed to another and none to whoever speaks: supported, unless a third can have done the harm as well, these can have passed on what is somebody else's, did not reach the jobs by that other's doing, or acts are left open."""
    who = {a.person for a in others}
    back = [a for a in g.replaced_before(others) if a.person not in who]
    if back:
        return answer("mixed", [*others, *back], "version_of_another_can_have_come_back")
    left = [a for a in acts if any(_can_be_another_s(a, str(person), g) for person in who)]
    found = _unless_open(
        passed_on.by_other(others, g), "acts_of_other_and_act_left_open", [*others, *left], left, g
    )
    return _unless_shared(found, "acts_of_other_and_of_third", others, _of_third(acts, others, claim))


def _unless_shared(found: Answer, why: str, acts: list[Act], third: list[Act]) -> Answer:
    """An answer, or that somebody else's acts can have done the harm as well as those that it puts down to one."""
    return answer("mixed", [*acts, *third], why) if third and found.status != "mixed" else found


def _unless_open(found: Answer, why: str, acts: list[Act], left: list[Act], g: Grounds) -> Answer:
    """An answer, or that it stays open, where some acts are left open which can be another's than those that it puts down to somebody."""
    if left and found.status != "mixed":
        return answer("mixed", acts, why, open_questions(g))
    return found
