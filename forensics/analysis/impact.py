"""What ended a job, or harmed it: an act, its own failure, the machine, or not established."""

from collections.abc import Callable, Iterable

import pandas as pd

from forensics.analysis import imitated, links, memory, scheduler_edits, typed_lines
from forensics.analysis.acts import Act, Scene
from forensics.analysis.edits import Edits
from forensics.analysis.jobs import Job
from forensics.core import endings

_HARM = {
    "cancel",
    "signal",
    "hold",
    "requeue",
    "modify_job",
    "modify_file",
    "replace_file",
    "delete_file",
    "plant",
    "timestomp",
    "commit",
    "push",
    "move_ref",
}
UNORDERED = "order_of_change_and_reading_not_known"
NO_RECORD = "changed_file_and_no_record_of_end"
ONE_ROW = "changed_file_and_one_row_of_end"
REQUEST_OF_ROW = "request_told_by_one_row"
REFUSED = {"kill_request_refused", "update_request_refused"}
"""Rules of acts that the scheduler did not do as it was asked: they ended and changed nothing."""
BY_LINE = "named_in_line_of_account"
"""The link of a change to which a line alone leads that whoever owns the acting account can have written: it shows nothing."""
CARRIERS = {"carried_act", "prepared_act", BY_LINE}
"""Links of acts that reach a job only through a later act that they carry or prepare."""
REQUESTS = {"cancel", "signal", "hold", "requeue", "modify_job"}
ELSEWHERE = frozenset({"modify_file", "replace_file", "delete_file", "plant", "timestomp"})
"""Acts that can bear on a job though they are not linked to it: those on files that it can have met."""


def own_request(act: Act, job: Job, acts: Iterable[Act], scene: Scene) -> bool:
    """Whether an act is the owner's own, on the owner's own job, with no harm implied.

    In an account of one person it is, if nothing about the session speaks for another; in a shared
    account it is only if the same person submitted the job.
    """
    if act.account != job.owner:
        return False
    if _of_another_number(act, job, scene):
        return scene.directory.owners(job.owner, job.submit_ns) == {act.person}
    # An account that was handed on after the submission is of two persons here, one after the other.
    since = min((ns for ns in (job.submit_ns, act.earliest_ns) if ns is not None), default=None)
    if not scene.directory.is_shared(job.owner, since, act.latest_ns):
        return act.verdict == "attributed" or not discordant(act, scene)
    by = {a.person for a in acts if a.act == "submit" and a.job == job.job}
    return act.person is not None and by == {act.person}


def _of_another_number(act: Act, job: Job, scene: Scene) -> bool:
    """Whether the account of that name has another number on the host of the act than the job's owner has: it can be somebody else's."""
    told = scene.cells(act.events, "auid", "account", "trail")
    own = {
        int(auid) for auid, account, trail in told if trail and account == act.account and not pd.isna(auid)
    }
    return job.owner_uid is not None and bool(own) and job.owner_uid not in own


def discordant(act: Act, scene: Scene) -> bool:
    """Whether key or device of the act's session, or of the one that led to it, are somebody else's than its account's."""
    session = act.session
    if session is None:
        return False
    owners, at = scene.directory.owners(act.account, act.earliest_ns, act.latest_ns), session.entered()
    told = (
        scene.directory.key_people(session.credential, *at),
        scene.directory.device_people(session.address, *at),
        *(t.says for t in links.origins(scene, [session])),
    )
    return bool(session.contradicts) or any(people and not people & owners for people in told)


def _on(job: Job, acts: Iterable[Act]) -> list[Act]:
    return [a for a in acts if a.job == job.job and a.act in _HARM and a.link != "not_established"]


def harmful(job: Job, acts: list[Act], scene: Scene) -> list[Act]:
    """The acts on a job that can have harmed it: not those that are its owner's own."""
    return [a for a in _on(job, acts) if not own_request(a, job, acts, scene)]


def explain(
    job: Job,
    acts: list[Act],
    scene: Scene,
    edits: Edits,
    *,
    audited: bool,
    unordered: bool = False,
    untold: str | None = None,
) -> None:
    """Set the job's `cause` and `why`. Acts come judged; ties go to what is less: `not_established`.

    Args:
        job: the job to explain.
        acts: the acts on the job and those that bear on any job asked about, judged.
        scene: people, sessions and jobs.
        edits: what commits changed.
        audited: whether an audit trail is there that no gap is known in until the job's end. Without one, that no change of the job's files is on
            record says nothing, and an exit code of the job's own does not tell whose code it ran.
        unordered: whether somebody else changed a file that the job read, and neither that this was before nor that it was after is shown.
        untold: why it cannot be told what git wrote a file from that the job read (`checkouts.left_open`), where that is so.
    """
    mine = [a for a in _on(job, acts) if a.rule not in REFUSED]
    harm = [a for a in mine if not own_request(a, job, acts, scene)]
    for act in harm:
        act.effect = _effect(act, job, harm, edits)
    for act in harm:
        # What was left to run did as much as what it ran.
        ran = [a.effect for a in harm if a.effect is not None and any(p is act for p in a.planters)]
        if ran and act.why_link in {"carried_act", BY_LINE}:
            least = 0 if act.why_link == "carried_act" else 1
            act.effect = _EFFECTS[max(least, min(map(_EFFECTS.index, ran)))]
    told = [a for a in harm if a.effect != "not_shown"]
    if told:
        job.cause, job.why = _by_acts(told, job, mine)
        return
    job.cause, job.why = _without_act(
        job, ended=any(a.act in _ENDS for a in mine), faults=scene.faults_of(job.job)
    )
    job.cause, job.why = _by_configuration(job, acts, scene) or (job.cause, job.why)
    if job.end_disputed and job.cause not in {"act", "not_established"}:
        job.cause, job.why = "not_established", "sources_disagree_on_outcome"
    if job.cause == "own_failure" and any(edits.idle(a) is not True for a in harm):
        job.cause, job.why = "not_established", "changed_file_and_own_exit_code"
    if job.why == "cancelled_by_owner" and (open_still := _not_by_owner(job, mine, scene, audited=audited)):
        job.cause, job.why = "not_established", open_still
    if job.cause == "own_failure":
        job.why = (
            (UNORDERED if unordered else None)
            or _doubt(job, acts, scene, audited=audited)
            or untold
            or job.why
        )
        job.cause = "own_failure" if job.why in _OWN else "not_established"


def _not_by_owner(job: Job, mine: Iterable[Act], scene: Scene, *, audited: bool) -> str | None:
    """What leaves it open that a job's owner had it end, though no request of another's is on record; None where nothing does."""
    if any(stranger(a, job, scene) for a in mine):
        return "cancelled_from_unlisted_key_or_device"
    if all(_of_row(a) for a in mine if a.act in _ENDS):
        return REQUEST_OF_ROW
    return None if audited else "cancelled_by_owner_and_no_audit_trail"


def _by_configuration(job: Job, acts: list[Act], scene: Scene) -> tuple[str, str] | None:
    """What a change of the scheduler makes of a job's end: the cause where the controller ended it with its node, else doubt.

    Only of ends that the configuration can bring about; nothing where the owner made the change, or none was made.
    """
    made = [
        a for a in acts
        if a.act == scheduler_edits.KIND and a.job == job.job and a.rule != scheduler_edits.REFUSED and not own_request(a, job, acts, scene)
    ]  # fmt: skip
    ended = [a for a in made if a.why_link == "ended_with_node"]
    for act in made:
        act.effect = "shown" if act in ended else "possible" if job.outcome in _CONFIGURED else "not_shown"
    if ended:
        return ("act", "job_ended_with_node") if job.outcome != "COMPLETED" else None
    doubt = job.outcome in _CONFIGURED and job.cause != "none"
    return ("not_established", "scheduler_changed_while_job_was_there") if made and doubt else None


_CONFIGURED = frozenset({"NODE_FAIL", "TIMEOUT", "PREEMPTED", "CANCELLED", "DEADLINE", "BOOT_FAIL"})
"""Outcomes that a change of nodes, queues, reservations or limits can bring about."""


def _doubt(job: Job, acts: Iterable[Act], scene: Scene, *, audited: bool) -> str | None:
    """What leaves it open that a job failed by itself, though the scheduler says so; None where nothing does."""
    if not audited:
        # A limit that was run into, or memory that ran out, says as little of whose code that was.
        known = job.why == "own_exit_code_and_no_act"
        return "own_exit_code_and_no_audit_trail" if known else f"{job.why}_and_no_audit_trail"
    short = job.outcome == "OUT_OF_MEMORY"
    doubts: tuple[tuple[str, Callable[[], bool]], ...] = (
        ("memory_of_whole_node_ran_out", lambda: short and memory.of_whole_node(job, scene)),
        (
            "program_of_another_on_node_when_memory_ran_out",
            lambda: (
                short
                and not memory.of_its_limit(job, scene)
                and bool(len(memory.programs_of_others(job, scene)))
            ),
        ),
        ("change_of_packages_that_job_can_have_met", lambda: any(_met(a, job) for a in acts)),
        ("change_of_owner_s_files_that_job_can_have_met", lambda: any(_beside(a, job) for a in acts)),
        (
            "owner_s_files_changed_from_unlisted_key_or_device",
            lambda: any(_unlisted(a, job, scene) for a in acts),
        ),
        (
            "job_changed_from_unlisted_key_or_device",
            lambda: any(
                a.job == job.job and a.act in REQUESTS and stranger(a, job, scene)
                for a in acts
                if a.rule not in REFUSED
            ),
        ),
        (typed_lines.KIND, lambda: any(one.job == job.job for one in scene.evidence.alone)),
        (
            "times_of_a_file_set_before_job_s_end",
            lambda: any(a.act == "timestomp" and a.in_question and _before_end(a, job) for a in acts),
        ),
    )
    return next((why for why, holds in doubts if holds()), None)


def _effect(act: Act, job: Job, harm: Iterable[Act], edits: Edits) -> str:
    """Whether the records show that an act harmed a job, leave it possible, or show another end.

    A request and a signal do what they say. That a job read a file which somebody had changed does not say that
    the change did harm: not where the job was ended by somebody's request, nor where a node failed, nor where
    the change is one of comments. Where the text is not known, an edit does not explain an exit code, with which
    a job can leave by itself.
    """
    if act.act in REQUESTS or act.why_link in _DONE or act.origin == "job":
        return "possible" if _of_row(act) else "shown"
    if any(a.act in _ENDS and a is not act and a.origin != "job" for a in harm):
        return "not_shown"
    if _BY_OUTCOME.get(job.outcome or "") == "infrastructure":
        return "not_shown"
    if act.why_link == "refused_to_job" and job.outcome == "COMPLETED":
        return "not_shown"
    if act.act not in _EDITS or act.why_link in _NEW:
        return "possible"
    idle = edits.idle(act)
    own = job.outcome in {"FAILED", None} and bool(job.exit_code) and not job.exit_signal
    return "not_shown" if idle or (own and idle is None) else "possible"


_EFFECTS = ("shown", "possible", "not_shown")
"""What an act did to a job, the most first."""
_OWN = frozenset({"own_exit_code_and_no_act", "scheduler_says_out_of_memory", "scheduler_says_timeout"})
"""Reasons that leave a failure the job's own."""
_DONE = frozenset({"payload_executed", "carried_act"})
"""Links that show what the act led to in the job."""
_ENDS = frozenset({"cancel", "signal"})
"""Requests that end a job; one that holds or changes it explains no end."""
_EDITS = frozenset({"modify_file", "commit", "push", "move_ref"})
_NEW = frozenset({"imported_by_script", "refused_to_job"})


def _met(act: Act, job: Job) -> bool:
    """Whether a change of installed packages can have reached a job, though no reading of them is on record."""
    packages = "/site-packages/" in act.object or "/dist-packages/" in act.object
    return act.in_question and packages and _before_end(act, job) and act.act in _FILES


def _before_end(act: Act, job: Job) -> bool:
    """Whether an act can have been before a job's end."""
    return act.earliest_ns is None or job.end_ns is None or act.earliest_ns <= job.end_ns


def _by_acts(told: list[Act], job: Job, mine: Iterable[Act]) -> tuple[str, str]:
    """The cause that acts give: none that is established where each is the owner's, in a session that sources dispute."""
    if all(_disputed(a, job) for a in told):
        return "not_established", "sources_disagree_on_owner_s_session"
    if any(a.act in REQUESTS and not _of_row(a) for a in told):
        return "act", "act_on_job"
    if any(map(_of_row, told)) and all(a.effect == "possible" for a in told):
        return "not_established", REQUEST_OF_ROW
    # Programs try paths that need not be there, and go on: that one was refused is no cause by itself.
    if all(a.why_link == "refused_to_job" for a in told):
        return "not_established", "job_was_refused_file"
    # Of a job of which it is not known how it ended it is not known that anything harmed it.
    doubt = _end_in_doubt(job, mine)
    if doubt is not None and all(a.effect == "possible" for a in told):
        return "not_established", doubt
    return "act", "job_read_changed_file"


def _end_in_doubt(job: Job, mine: Iterable[Act]) -> str | None:
    """Why it is not known how a job ended: no record, one that a user can have typed and nothing beside it, or records that differ; None where it is."""
    if job.outcome is None and not job.exit_signal:
        return NO_RECORD
    if job.end_disputed:
        return "sources_disagree_on_outcome"
    # A command, or another's record, by which somebody asked for its end bears the row out: the owner's own too.
    asked = any(a.act in _ENDS and not _of_row(a) for a in mine)
    return ONE_ROW if imitated.alone(job.end_told_in) and not asked else None


def _of_row(act: Act) -> bool:
    """Whether a request is told by a row alone that a user can have typed."""
    return imitated.SECOND_RECORD in act.missing


def _disputed(act: Act, job: Job) -> bool:
    """Whether an act is by the owner's account, in a session of which the sources tell different things."""
    return act.account == job.owner and act.session is not None and bool(act.session.contradicts)


def _beside(act: Act, job: Job) -> bool:
    """Whether somebody else changed a file of the owner's before a job's end, though no reading of it is on record."""
    unlinked = act.job is None or act.link == "not_established"
    foreign = act.account != job.owner
    return act.in_question and act.act in _FILES and unlinked and foreign and _before_end(act, job)


def _unlisted(act: Act, job: Job, scene: Scene) -> bool:
    """Whether a file that a job read was changed in its owner's account, entered by a key or from a device of nobody.

    It can be the owner's new machine, or somebody with the owner's password.
    """
    return act.job == job.job and act.act in _FILES and stranger(act, job, scene)


def stranger(act: Act, job: Job, scene: Scene) -> bool:
    """Whether an act was in the account of a job's owner, entered by a key or from a device of nobody."""
    if act.session is None or act.account != job.owner:
        return False
    directory, session = scene.directory, act.session
    owners, at = directory.owners(job.owner, act.earliest_ns, act.latest_ns), session.entered()
    known = [e for e in directory.enrolments if e.person in owners]
    key = session.credential is not None and not directory.key_people(session.credential, *at)
    device = session.address is not None and not directory.device_people(session.address, *at)
    return (key and any(e.kind == "key" for e in known)) or (
        device and any(e.kind == "device" for e in known)
    )


_FILES = ELSEWHERE - {"timestomp"}
_BY_OUTCOME = {
    "NODE_FAIL": "infrastructure",
    "PREEMPTED": "infrastructure",
    "COMPLETED": "none",
    "RUNNING": "none",
    "PENDING": "none",
    "OUT_OF_MEMORY": "own_failure",
    "TIMEOUT": "own_failure",
}
"""The cause that the scheduler's own word for the outcome gives, where no act is linked to the job."""


def _without_act(job: Job, *, ended: bool, faults: int) -> tuple[str, str]:
    outcome = job.outcome or ""
    if job.ending == endings.REVOKED:
        return "none", "copy_taken_back"
    if outcome in _BY_OUTCOME:
        return _BY_OUTCOME[outcome], f"scheduler_says_{outcome.lower()}"
    if outcome == "CANCELLED":
        return ("none", "cancelled_by_owner") if ended else ("not_established", "canceller_not_recorded")
    if outcome == "FAILED" and faults:
        return "infrastructure", "fault_recorded_for_job"
    if outcome == "FAILED" and job.exit_code and not job.exit_signal:
        return "own_failure", "own_exit_code_and_no_act"
    return "not_established", "no_sender_of_signal" if job.exit_signal else "no_record_of_cause"
