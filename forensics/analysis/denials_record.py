"""Denials about what happened: a script, a clock, a log, the job itself, an earlier version, an administrator.

Each says what is true where the claim is, and what where it is not; an answer names the acts it rests on.
"""

from forensics.analysis import checkouts, copies, imitated, impact, mounts, order, strength, trailcopies
from forensics.analysis.acts import BY_ITSELF, Act
from forensics.analysis.artefacts import contributors
from forensics.analysis.deferral_rules import DECISION, UNSEEN, WRITER
from forensics.analysis.denial import FILES, Answer, Grounds, Test, answer, open_questions, speaker_not_known
from forensics.analysis.gaps import Gap
from forensics.analysis.jobs import Job
from forensics.core.roster import Claim

_LOGS = frozenset({"wipe_log", "change_logging"})


def automation(claim: Claim, g: Grounds) -> Answer:
    """D06. True predicts a timer, cron or a job's process without a session; false, an act in a login session.

    What runs by itself was set up by somebody: the question goes to its author. What another had written and the speaker ran
    is a script too, be it in a login session; so can what no record tells the writer of be.
    """
    alone = [a for a in g.acts if a.origin in {*BY_ITSELF, "job"}]
    if alone:
        return _left_by(claim, alone, g)
    unknown = [a for a in g.acts if a.origin == "unknown"]
    if unknown or not g.acts:
        missing = ["session"] if unknown else open_questions(g)
        return answer("untestable", unknown, "origin_not_recorded" if unknown else "no_act_found", missing)
    if written := [a for a in g.acts if DECISION in a.missing]:
        return answer("mixed", written, "ran_what_another_had_written", open_questions(g))
    if of_nobody := [a for a in g.acts if WRITER in a.missing]:
        return answer("mixed", of_nobody, "ran_what_is_of_unknown_writer", open_questions(g))
    if unseen := [a for a in g.acts if not UNSEEN.isdisjoint(a.missing)]:
        return answer("mixed", unseen, "can_have_taken_in_what_others_write", open_questions(g))
    return answer("contradicted", g.acts, "acts_in_login_sessions")


def _left_by(claim: Claim, alone: list[Act], g: Grounds) -> Answer:
    final = [a for a in alone if a.origin in BY_ITSELF]
    authors = {a.person for a in final}
    if claim.by in authors:
        return answer(
            "mixed", [a for a in final if a.person == claim.by], "ran_by_itself_and_speaker_left_it"
        )
    if not final:
        return answer("mixed", alone, "process_of_job_acted_on_bytes_of_somebody")
    if None in authors:
        return answer("mixed", final, "ran_by_itself_and_author_not_known", open_questions(g))
    return speaker_not_known(claim, g) or answer("supported", final, "ran_by_itself_and_another_left_it")


def clock_wrong(claim: Claim, g: Grounds) -> Answer:
    """D07. True predicts that an offset can move an act out of its session; false, an order that needs no clock."""
    acts = g.of(claim.by) or g.acts
    timed = [a for a in acts if a.session is not None]
    if not timed:
        return answer("untestable", acts, "no_session_to_compare", open_questions(g))
    stepped = [x for x in g.gaps if x.kind == "clock_step" and _then(x, timed)]
    numbered = [a for a in timed if a.session is not None and a.session.ses is not None and _by_number(a, g)]
    events = [e for x in stepped for e in x.events]
    if len(numbered) == len(timed):
        if stepped:
            return answer("mixed", timed, "clock_was_set_and_kernel_numbers_tie_act", events=events)
        return answer("contradicted", timed, "kernel_numbers_tie_act_to_session")
    if stepped:
        return answer("supported", timed, "clock_was_set_and_act_rests_on_it", events=events)
    return answer("untestable", timed, "act_rests_on_one_clock", ["second_clock"])


def _then(gap: Gap, acts: list[Act]) -> bool:
    """Whether a gap can hold something of an act or of its session; one without a time can, and so can any where there is no act."""
    if not acts or gap.earliest_ns is None or gap.latest_ns is None:
        return True
    return any(gap.touches(*strength.span(a, [a.session] if a.session else [])) for a in acts)


def _by_number(act: Act, g: Grounds) -> bool:
    """Whether an event of an act carries the kernel's number of the session, which no clock changes; and no other kernel's, or copy's, can be meant."""
    known = [e for e in act.events if e in g.scene.events.index]
    rows = g.scene.events.loc[known]
    if bool((rows["disputed"] | rows["mixed"]).any()):
        return False
    return act.session is not None and bool((rows["session"] == act.session.ses).any())


_MISSING = frozenset({"serial_gap", "silence", "truncated", "daemon_stop", "rotation_hole"})


def log_edited(claim: Claim, g: Grounds) -> Answer:
    """D08. True predicts handled logs, missing numbers, or copies that differ; false, records out of reach that agree.

    That nothing shows is no proof that nothing was edited.
    """
    handled = [a for a in g.acts if a.act in _LOGS]
    acts = g.of(claim.by) or g.acts
    lost = [x for x in g.gaps if x.kind in _MISSING and _then(x, acts)]
    events = [e for x in lost for e in x.events]
    if handled or lost:
        return answer("supported", handled, "logs_handled_or_records_missing", events=events)
    if not acts:
        return answer("untestable", [], "no_act_found", open_questions(g))
    if events := _told_otherwise(acts, g) or _in_one_copy(acts, g) or _lacking(acts, g):
        return answer("supported", acts, "copies_of_log_differ", events=events)
    if events := _beside_choice(acts, g):
        return answer("untestable", acts, "copy_of_log_has_part_of_it", ["whole_copy_of_log"], events)
    unsure = set(g.scene.events.index[g.scene.events["mixed"]])
    several = [
        a for a in acts if a.act_id in g.judged and len(_told_by(a, g)) > 1 and not unsure & set(_rests_on(a))
    ]
    if several and len(several) == len(acts):
        return answer("contradicted", several, "several_domains_tell_the_same")
    return answer("untestable", acts, "no_copy_out_of_reach", ["copy_of_log_elsewhere"])


def _rests_on(act: Act) -> list[str]:
    return [*act.events, *(act.session.events if act.session is not None else [])]


def _told_otherwise(acts: list[Act], g: Grounds) -> list[str]:
    """The records that acts, or their sessions, rest on and that two files tell differently."""
    cited = dict.fromkeys(e for a in acts for e in _rests_on(a))
    return [event for event, disputed in g.scene.cells(cited, "event_id", "disputed") if disputed]


def _in_one_copy(acts: list[Act], g: Grounds) -> list[str]:
    """Some lines that one copy alone has, of the logs that acts or their sessions rest on: what befell another log answers nothing here."""
    logs = set(g.scene.values((e for a in acts for e in _rests_on(a)), "sha256"))
    told = [d for d in copies.find(g.scene.evidence) if {d.one, d.other} & logs]
    return [e for d in told for e in (*d.only_one[:2], *d.only_other[:2])]


def _lacking(acts: list[Act], g: Grounds) -> list[str]:
    """Some records that a copy of a trail lacks within what it covers, and that no choice explains, where acts or their sessions rest on that trail."""
    read = [*g.scene.values((e for a in acts for e in _rests_on(a)), "citations")]
    files = {c["sha256"] for cited in read for c in cited}
    told = [x for x in trailcopies.find(g.scene.evidence) if x.chosen is None and {x.has, x.lacks} & files]
    return [e for x in told for e in (*x.first[:2], *x.beside)]


def _beside_choice(acts: list[Act], g: Grounds) -> list[str]:
    """Records that acts or their sessions rest on and that a copy lacks which has a part of the trail: the rest of it could be a choice, and need not."""
    chosen = [x for x in trailcopies.find(g.scene.evidence) if x.chosen is not None]
    told = g.scene.cells((e for a in acts for e in _rests_on(a)), "event_id", "citations") if chosen else []
    return [event for event, cited in told if any(trailcopies.rests(x, list(cited)) for x in chosen)]


def _told_by(act: Act, g: Grounds) -> set[str]:
    return {x.domain for x in g.judged[act.act_id].account.groups}


_LACKING = {
    checkouts.UNLOGGED: "log_of_head",
    checkouts.UNTOLD: "objects_of_commits",
    checkouts.CLONED: "commit_of_earlier_run",
    impact.NO_RECORD: "record_of_job_s_end",
    impact.ONE_ROW: "second_record_of_job_s_end",
    impact.REQUEST_OF_ROW: imitated.SECOND_RECORD,
}
"""What is not there where it cannot be told what git wrote a file from that a job read, or how a job ended."""


def lacking(g: Grounds) -> list[str]:
    """What is not there to tell what ended the jobs asked about."""
    return [*g.missing, *(_LACKING[j.why] for j in g.jobs if j.why in _LACKING)] or ["cause_of_job"]


def failed_by_itself(claim: Claim, g: Grounds) -> Answer:
    """D09. True predicts an own failure or a fault; false, an act linked to the job."""
    del claim
    causes = {j.cause for j in g.jobs}
    linked = [a for a in g.acts if a.job is not None and a.link != "not_established"]
    natural = causes & {"own_failure", "infrastructure"}
    if "act" in causes:
        if all(_cancelled_for_reasons_unknown(j) for j in g.jobs if j.cause == "act"):
            return answer("untestable", linked, "cancelled_job_read_changed_file", ["reason_of_cancellation"])
        return answer("mixed" if natural else "contradicted", linked, "act_linked_to_job")
    if natural and causes <= {"own_failure", "infrastructure", "none"}:
        return answer("supported", [], "own_failure_and_no_act")
    return answer("untestable", linked, "cause_not_established", lacking(g))


def _cancelled_for_reasons_unknown(job: Job) -> bool:
    """Whether a job was cancelled, by nobody's act in question, after it had read a file that one changed.

    It did not end by itself, and why its end was asked for is on no record: because of the change, or for another reason.
    """
    return job.outcome == "CANCELLED" and job.why == "job_read_changed_file"


def only_own(claim: Claim, g: Grounds) -> Answer:
    """D12. True predicts that no other's job read what the speaker wrote; false, that one did."""
    by = g.of(claim.by)
    if not by:
        return answer("untestable", g.acts, "no_act_of_speaker_found", open_questions(g))
    owners = {j.job: g.scene.directory.owners(j.owner, j.submit_ns) for j in g.scene.jobs.values()}
    foreign = [
        a for a in by
        if a.job is not None and a.link != "not_established" and claim.by not in owners.get(a.job, frozenset())
    ]  # fmt: skip
    if foreign:
        return answer("contradicted", foreign, "job_of_another_concerned")
    if any(a.act in FILES for a in by) and not any(r.link == "observed" for r in g.readings):
        return answer("untestable", by, "file_reads_not_recorded", ["file_reads_of_jobs"])
    return answer("supported", by, "only_own_jobs_concerned")


def changed_later(claim: Claim, g: Grounds) -> Answer:
    """D13. True predicts that somebody else changed the file between the speaker's version and the job's reading."""
    by = [a for a in g.of(claim.by) if a.act in FILES]
    if not by:
        return answer("untestable", g.acts, "no_act_of_speaker_found", open_questions(g))
    mine = {e for a in by for e in a.events}
    writers = {e: a for a in g.acts for e in a.events if a.act in FILES}
    last: list[Act] = []
    later: list[Act] = []
    read = False
    for reading in g.readings:
        versions = contributors(
            g.history.get(reading.path, []),
            reading,
            order.of(g.scene.evidence),
            mounts.near(g.scene.evidence, reading),
        )
        told = [v.event_id for v in versions]
        if not set(told) & mine:
            continue
        read = True
        after = told[max(i for i, e in enumerate(told) if e in mine) + 1 :]
        (later if after else last).extend(a for a in by if set(a.events) & set(told))
        later.extend(writers[e] for e in after if e in writers)
    if not read:
        return answer("untestable", by, "no_reading_of_version_recorded", ["file_reads_of_jobs"])
    if later:
        return answer("mixed", [*by, *later], "changed_again_before_job_read_it")
    return answer("contradicted", last, "version_of_speaker_is_what_job_read")


def framed_by_administrator(claim: Claim, g: Grounds) -> Answer:
    """D15. True predicts that only records which one administrator can write point this way; false, others too."""
    acts = g.of(claim.by) or g.in_accounts_of(claim.by)
    if not acts or g.holders is None:
        return answer("untestable", g.acts, "no_act_in_account_of_speaker", open_questions(g))
    free, active, events = [], [], []
    for act in acts:
        groups = g.judged[act.act_id].person.groups or g.judged[act.act_id].account.groups
        domains = {x.domain for x in groups}
        named = {claim.names} if claim.names else g.scene.directory.people - {claim.by}
        first = act.session.start_ns if act.session is not None else act.earliest_ns
        holding = {p: g.holders.held_by(p, domains, first) for p in sorted(named)}
        if domains and any(holding.values()) and all(domains - held for held in holding.values()):
            free.append(act)
        for person, held in holding.items():
            if held and g.holders.presence(person, held, first, act.latest_ns, sparing=claim.by) == "active":
                active.append(act)
                events += [e for h in g.holders.holds if h.person == person for e in h.events][:2]
    if active:
        return answer(
            "mixed", active, "holder_of_records_was_there", ["record_out_of_reach_of_holder"], events
        )
    if len(free) == len(acts):
        return answer("contradicted", free, "records_out_of_reach_of_holder")
    return answer("untestable", acts, "one_holder_could_write_all", ["record_out_of_reach_of_holder"])


def outside_logs(missing: str, why: str) -> Test:
    """A denial that no log can answer: what it would take is named, and which acts it is about."""

    def test(claim: Claim, g: Grounds) -> Answer:
        return answer("untestable", g.of(claim.by) or g.acts, why, [missing])

    return test
