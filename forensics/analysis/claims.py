"""The denials D01 to D18, each with its test."""

from forensics.analysis import denials_access as access
from forensics.analysis import denials_record as record
from forensics.analysis.denial import Answer, Grounds, Test, speaker_not_known
from forensics.core.roster import Claim

__all__ = ["TESTS", "Answer", "Grounds", "test"]

TESTS: dict[str, Test] = {
    "D01": access.another_did_it,
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


def test(claim: Claim, grounds: Grounds) -> Answer:
    """Test one claim. One that is not on the list is untestable, and says so; so is one of whom nothing could be found."""
    chosen = TESTS.get(claim.id)
    if chosen is None:
        return Answer("untestable", (), (f"test_of_{claim.id}",), "no_test_in_this_version")
    if claim.id in _OF_SPEAKER and (unknown := speaker_not_known(claim, grounds)):
        return unknown
    return chosen(claim, grounds)
