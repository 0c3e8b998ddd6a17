"""The denials D01 to D18, each with its test."""

from forensics.analysis import denials_access as access
from forensics.analysis import denials_other as other
from forensics.analysis import denials_record as record
from forensics.analysis.denial import Answer, Grounds, Test, answer, open_questions, speaker_not_known
from forensics.core.roster import Claim

__all__ = ["TESTS", "Answer", "Grounds", "test"]

TESTS: dict[str, Test] = {
    "D01": other.another_did_it,
    "D02": access.account_used_by_another,
    "D03": access.shared_account,
    "D04": access.credential_stolen,
    "D05": access.forged_author,
    "D06": record.automation,
    "D07": record.clock_wrong,
    "D08": record.log_edited,
    "D09": record.failed_by_itself,
    "D10": record.outside_logs("tickets_and_messages", "purpose_is_not_in_logs"),
    "D11": access.not_logged_in,
    "D12": record.only_own,
    "D13": record.changed_later,
    "D14": record.outside_logs("review_of_the_change", "purpose_is_not_in_logs"),
    "D15": record.framed_by_administrator,
    "D16": access.same_access,
    "D17": record.outside_logs("acquisition_record", "custody_before_sealing_is_not_in_logs"),
    "D18": record.outside_logs("record_of_interview", "statements_are_no_evidence_here"),
}

_OF_SPEAKER = frozenset({"D01", "D11", "D16"})
"""Denials that what is *not* the speaker's speaks for: of a name that nobody has, nothing is."""


_OF_HARM = frozenset({"D01", "D02", "D03", "D04", "D06", "D07", "D08", "D11", "D15", "D16"})
"""Denials of what harmed a job: an act that is linked to none, or is shown to have harmed none, contradicts none of them."""


def test(claim: Claim, grounds: Grounds) -> Answer:
    """Test one claim. One that is not on the list is untestable, and says so; so is one of whom nothing could be found."""
    chosen = TESTS.get(claim.id)
    if chosen is None:
        return Answer("untestable", (), (f"test_of_{claim.id}",), "no_test_in_this_version")
    if claim.id in _OF_SPEAKER and (unknown := speaker_not_known(claim, grounds)):
        return unknown
    found = chosen(claim, grounds)
    if found.status == "contradicted" and claim.id in _OF_HARM:
        found = _of_harm(claim, grounds, found)
    settles = found.status in ({"contradicted", "supported"} if claim.id == "D01" else {"contradicted"})
    return _of_cause(grounds, found) if settles and claim.id in _OF_HARM else found


def _of_cause(grounds: Grounds, found: Answer) -> Answer:
    """An answer of what harmed a job asked about, unless it is not established that any act did."""
    if not grounds.jobs or any(j.cause == "act" for j in grounds.jobs):
        return found
    acts = [a for a in grounds.acts if a.act_id in found.because]
    return answer("mixed", acts, "no_act_established_as_cause", record.lacking(grounds), found.events)


def _of_harm(claim: Claim, grounds: Grounds, found: Answer) -> Answer:
    """An answer that contradicts, as far as the acts that it rests on can be what harmed a job asked about: of what did, others say nothing."""
    harmful = [a for a in grounds.telling() if a.act_id in found.because]
    if not harmful:
        return answer("untestable", grounds.acts, "no_act_linked_to_job", open_questions(grounds))
    if any(a.effect == "shown" for a in harmful):
        return found
    others = grounds.unlinked_of_others(claim)
    before = [] if others else grounds.replaced_before(harmful)
    back = [a for a in before if grounds.can_be_of_another(a, claim)]
    if not others and not back:
        return found
    acts = [a for a in grounds.acts if a.act_id in found.because]
    why = "other_act_can_have_harmed_job" if others else "version_of_another_can_have_come_back"
    return answer("mixed", [*acts, *others, *back], why, open_questions(grounds), found.events)
