"""What this version does not do, and what the evidence leaves open, where it bears on the case."""

from forensics.analysis import (
    clock_table,
    displaced,
    file_names,
    git_acts,
    mounts,
    push_certificates,
    startup_lines,
)
from forensics.analysis.examination import Examination
from forensics.core.folders import SHARED, UNSURE
from forensics.core.roster import NONE_THERE


def limits(done: Examination) -> list[str]:
    """The limits of a case, each a code that the report puts in words."""
    known = file_names.limits(done.scene.evidence)
    joined = mounts.limits(done.scene.evidence, done.readings, done.history)
    codes = [
        "numbers_are_placeholders",
        "not_validated",
        *known,
        *joined,
        *clock_table.limits(done.compared, done.ties),
        *git_acts.limits(done.scene),
    ]
    if not done.scene.directory.people:
        codes.append("no_roster")
    if displaced.by_users(done.scene.evidence.files) - displaced.shared(done.scene.evidence.files):
        codes.append("logs_where_users_write")
    if displaced.shared(done.scene.evidence.files):
        codes.append("folders_left_out")
    if displaced.unsure(done.scene.evidence.files):
        codes.append("folders_in_doubt")
    if displaced.loose(done.scene.evidence.files):
        codes.append("logs_of_no_known_place")
    if push_certificates.unchecked(done.certificates):
        codes.append("nonces_not_checked")
    if _rests_on_word(done):
        codes.append("startup_files_said_to_be_none")
    if not any(r.link == "observed" for r in done.readings) and done.readings:
        codes.append("no_file_reads_recorded")
    return sorted(codes)


def _rests_on_word(done: Examination) -> bool:
    """Whether the case file says of an account that acts on a host that it has no startup files there."""
    question = done.scene.evidence.question
    vain = startup_lines.without_effect(question, done.scene.evidence.files, done.sessions, done.acts)
    return any(
        asked.answer == NONE_THERE and why is None for asked, why in zip(question.sources, vain, strict=True)
    )


def folders(done: Examination) -> dict[str, dict[str, list[str]]]:
    """The folders of the evidence that are not heard, or give nobody a name, where there are some."""
    files = done.scene.evidence.files
    named = {"left_out": displaced.folders(files, SHARED), "in_doubt": displaced.folders(files, UNSURE)}
    return {"folders": named} if any(named.values()) else {}
