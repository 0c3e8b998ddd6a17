"""Denials about who was there: the account, the key, being away, having had the same access.

Each says what is true where the claim is, and what where it is not; an answer names the acts it rests on.
"""

from forensics.analysis import attendance, common_devices, gaps, git_acts
from forensics.analysis.acts import BY_ITSELF, LEFT_BY, Act, Scene
from forensics.analysis.denial import FILES, Answer, Grounds, answer, can_be_of_others, open_questions
from forensics.analysis.holders import people_of
from forensics.core.roster import Claim


def shared_account(claim: Claim, g: Grounds) -> Answer:
    """D03. True predicts two enrolled keys or sources in the account; the trap is that key and session may still tell."""
    shared = [a for a in g.acts if g.scene.directory.is_shared(a.account, *a.span())]
    if not g.acts:
        return answer("untestable", [], "no_act_found", open_questions(g))
    if not shared:
        return _one_holder(g)
    if not any(_is_shared_beyond_one_log(a, g.scene) for a in shared):
        missing = ["second_source_of_session"]
        return answer("untestable", shared, "one_log_alone_tells_of_key_of_another", missing)
    by = [a for a in shared if a.person == claim.by]
    if by:
        return answer("mixed", by, "account_is_shared_but_key_and_session_tell_who")
    if all(a.person for a in shared):
        return answer("supported", shared, "acts_of_other_holder")
    return answer("supported", shared, "account_is_shared_and_nothing_tells_who", open_questions(g))


def _is_shared_beyond_one_log(act: Act, scene: Scene) -> bool:
    """Whether an account is shared by more than entries that its host's login log alone tells, where that host has a trail.

    Whoever is in can write such a line, with the key of anybody.
    """
    directory, at = scene.directory, act.span()
    if directory.lines("shared_account", act.account, *at):
        return True
    sessions = scene.sessions.values()
    trailed = {s.host for s in sessions if "auditd" in s.recognised_by}
    told = {
        s.credential for s in sessions if s.account == act.account and len(s.recognised_by) > 1 and "credential" not in s.contradicts
    }  # fmt: skip
    firm = [
        e.thing for e in directory.opening(act.account, *at)
        if e.source != "sshd" or e.host not in trailed or e.thing in told
    ]  # fmt: skip
    accounts = {act.account, *directory.same_number(act.account, *at)}
    holders = [directory.owners(account, *at) for account in accounts]
    return len(frozenset().union(*holders, *(directory.key_people(key, *at) for key in firm))) > 1


def _one_holder(g: Grounds) -> Answer:
    if unsure := [a for a in g.acts if a.session is not None and "account" in a.session.contradicts]:
        return answer("untestable", unsure, "sources_differ_on_account", ["agreement_of_sources_on_session"])
    if not all(g.scene.directory.holders(a.account, *a.span()) for a in g.acts):
        return answer("untestable", g.acts, "account_not_enrolled", ["enrolment_of_account"])
    if any(_opened_by_unknown(a, g.scene) for a in g.acts):
        return answer("untestable", g.acts, "account_opened_by_key_of_unknown", ["enrolment_of_key"])
    return answer("contradicted", g.acts, "account_has_one_holder")


def _opened_by_unknown(act: Act, scene: Scene) -> bool:
    """Whether a key opens the act's account, or opened its session, that is enrolled to nobody: whoever has it is in the account too."""
    keys = {e.thing for e in scene.directory.opening(act.account, *act.span())} | {_key(act)}
    return any(key is not None and not scene.directory.key_people(key, *act.span()) for key in keys)


def not_logged_in(claim: Claim, g: Grounds) -> Answer:
    """D11. True predicts no session in covered time; false, a session, or a cron entry or agent left behind.

    Of which time it speaks, of the act or of the job that the act harmed, it does not say.
    """
    by = [a for a in g.acts if a.person == claim.by]
    final = [a for a in by if a.act in {"cancel", "signal"}] or by
    present = [a for a in final if a.origin == "login" and _open_then(a, g.scene)]
    deferred = [a for a in by if a.origin in BY_ITSELF or a.act == "plant" or not _open_then(a, g.scene)]
    if present and all(_gone_before_job(claim.by, a, g.scene) for a in present):
        return answer("mixed", present, "no_session_while_job_ran_but_act_before")
    if present:
        return answer("contradicted", present, "act_in_open_session_of_speaker")
    if deferred:
        return answer("mixed", by, "no_session_then_but_left_behind_earlier")
    if by:
        return answer("untestable", by, "origin_not_recorded", ["session"])
    return _no_act_of_speaker(claim, g)


def _away_while_jobs_ran(person: str, g: Grounds) -> bool:
    """Whether no session can be a person's while the jobs asked about ran. What harmed one can have been done before, and is no act that is known."""
    for job in g.jobs:
        first, last = job.start_ns, job.end_ns
        if first is None or last is None:
            return False
        if _can_have_session(person, first, last, g.scene) or not _covered(first, last, g):
            return False
    return bool(g.jobs)


def _no_act_of_speaker(claim: Claim, g: Grounds) -> Answer:
    acts = g.telling()
    if not acts:
        why = "no_act_linked_to_job" if g.acts else "no_act_attributed"
        why = "no_session_of_speaker_while_job_ran" if _away_while_jobs_ran(claim.by, g) else why
        return answer("untestable", g.acts, why, open_questions(g))
    while_there = [a for a in g.acts if _there(claim.by, a, g.scene)]
    if while_there:
        return answer("mixed", while_there, "session_of_speaker_is_open_and_holds_no_act")
    left = [a for a in acts if a.person is None and a.verdict == "inconclusive"]
    if not left and not g.missing:
        return answer("supported", g.acts, "no_act_of_speaker")
    return _by_sessions(claim.by, acts, left, g)


def _by_sessions(person: str, acts: list[Act], left: list[Act], g: Grounds) -> Answer:
    """The answer act by act: whether a session that can be the person's is open then, and whether it would be known.

    left: those of the acts of which it stays open who did them. A source that tells of no session is not missed.
    """
    theirs = [a for a in acts if _can_be_there(person, a, g)]
    if theirs and not left:
        return answer("untestable", [], "sources_missing", g.missing)
    if theirs:
        return answer("untestable", theirs, "session_that_can_be_speaker_s_is_open", open_questions(g))
    alone = [a for a in left if a.origin in BY_ITSELF and person in g.judged[a.act_id].candidates]
    if alone:
        return answer("untestable", alone, "ran_by_itself_and_author_not_known", open_questions(g))
    nowhere = [a for a in left if a.session is None and a.origin not in {*BY_ITSELF, "job"}]
    unheard = [a for a in acts if not _covered(a.earliest_ns, a.latest_ns, g)]
    if nowhere or unheard:
        missing = ["login_log_of_that_time"]
        return answer("untestable", [*nowhere, *unheard], "records_of_that_time_missing", missing)
    if held := [a for a in left if _can_write_of(person, a, g)]:
        return answer("untestable", held, "speaker_can_write_records", ["record_out_of_reach_of_holder"])
    return answer("supported", acts, "no_session_of_speaker_then")


def _can_write_of(person: str, act: Act, g: Grounds) -> bool:
    """Whether a person holds the records that would tell of a session of theirs on an act's host: who has root there enters as anybody."""
    return g.holders is not None and bool(g.holders.held_by(person, {f"{act.host}:root"}, act.earliest_ns))


def _covered(first_ns: int | None, last_ns: int | None, g: Grounds) -> bool:
    """Whether a log tells of logins from before: a session that is open then began when its job was not there yet, or before the time asked about."""
    window = g.scene.evidence.question.window
    begun = [first_ns, None if window is None else window[0], *(j.submit_ns for j in g.jobs)]
    since = min((ns for ns in begun if ns is not None), default=None)
    logs = [gaps.Cover(g.gaps, source) for source in (gaps.AUDIT_TRAIL, gaps.LOGIN_LOG)]
    return any(log.whole(since, last_ns) for log in logs)


def _can_have_session(person: str, first_ns: int, last_ns: int, scene: Scene) -> bool:
    """Whether a login session that can be a person's can have been open, or something in it have gone on, at some moment of an interval."""
    return any(
        (not (people := people_of(scene, s)) or person in people) and s.works(first_ns, last_ns)
        for s in scene.sessions.values()
        if s.service not in LEFT_BY
    )


def _can_be_there(person: str, act: Act, g: Grounds) -> bool:
    """Whether, for all that is known, a person can have been logged in when an act was done, or its time is not known."""
    if act.earliest_ns is None or act.latest_ns is None:
        return True
    if act.origin not in BY_ITSELF and person in g.judged[act.act_id].candidates:
        return True
    return _can_have_session(person, act.earliest_ns, act.latest_ns, g.scene)


def _gone_before_job(person: str, act: Act, scene: Scene) -> bool:
    """Whether an act left something that a job met later, and no session of the person's is open while that job runs."""
    job = scene.jobs.get(act.job) if act.job is not None and act.act in _LEAVES else None
    if job is None or job.start_ns is None or job.end_ns is None or act.session is None:
        return False
    if act.session.end_ns is None or act.session.end_ns >= job.start_ns:
        return False
    return not _can_have_session(person, job.start_ns, job.end_ns, scene)


_LEAVES = FILES | {"commit", "push", "move_ref"}
"""Acts that harm a job when it comes to what they changed, and not at once."""


def _open_then(act: Act, scene: Scene) -> bool:
    """Whether the act's own session can have been open when it was done: a process can outlive its login."""
    if act.session is None or act.earliest_ns is None or act.latest_ns is None:
        return True
    return attendance.open_then(scene, act.session, act)


def _there(person: str, act: Act, scene: Scene) -> bool:
    """Whether a session that only this person's key or account can have opened is open while an act is done."""
    return any(
        s.service not in LEFT_BY and people_of(scene, s) == {person} and attendance.open_then(scene, s, act)
        for s in scene.sessions.values()
    )


def account_used_by_another(claim: Claim, g: Grounds) -> Answer:
    """D02. True predicts an entry by a key or from a device that is not the speaker's, or what another left to run there; false, the speaker's own."""
    inside = g.in_accounts_of(claim.by)
    if not inside:
        return answer("untestable", [], "no_act_in_account_of_speaker", open_questions(g))
    others = [a for a in inside if a.person not in {None, claim.by}]
    by = [a for a in inside if a.person == claim.by]
    foreign = [a for a in inside if a.person is None and _entered_otherwise(claim.by, a, g.scene)]
    beside = [a for a in by if _other_entries(claim.by, a, g.scene)]
    if others or foreign:
        return answer(
            "mixed" if by else "supported", [*others, *foreign, *by], "entered_by_key_or_device_of_another"
        )
    if beside:
        events = [e for a in beside for e in _other_entries(claim.by, a, g.scene)]
        return answer("mixed", beside, "another_entry_open_in_account_then", events=events)
    return _used_by_speaker(claim, by, inside, g)


def _used_by_speaker(claim: Claim, by: list[Act], inside: list[Act], g: Grounds) -> Answer:
    """The same where no record tells of another's entry. by: the acts of the speaker among those inside their account."""
    if by and (
        ran := [a for a in inside if a.person is None and any(p.account != a.account for p in a.planters)]
    ):
        return answer("mixed", [*by, *ran], "ran_in_account_what_another_left", open_questions(g))
    left = [a for a in inside if a.person is None and can_be_of_others(a, claim.by, g)]
    if by and left:
        return answer("mixed", [*by, *left], "acts_of_speaker_and_act_left_open", open_questions(g))
    if by:
        return answer("contradicted", by, "entered_by_key_and_device_of_speaker")
    return answer("untestable", inside, "nothing_tells_who_entered", open_questions(g))


def _entered_otherwise(person: str, act: Act, scene: Scene) -> bool:
    """Whether key or device of the act's session are enrolled, and to others than a person."""
    if act.session is None:
        return False
    at = act.span()
    told = (
        scene.directory.key_people(act.session.credential, *at),
        scene.directory.device_people(act.session.address, *at),
    )
    return any(people and person not in people for people in told)


def _other_entries(person: str, act: Act, scene: Scene) -> list[str]:
    """Sessions in the act's account, open as it was done, that key or device say are not the person's."""
    return [
        s.events[0]
        for s in scene.sessions.values()
        if s.account == act.account
        and s.events
        and (act.session is None or s.session_id != act.session.session_id)
        and attendance.open_then(scene, s, act)
        and any(
            people and person not in people
            for people in (
                scene.directory.key_people(s.credential, *s.entered()),
                scene.directory.device_people(s.address, *s.entered()),
            )
        )
    ]


def credential_stolen(claim: Claim, g: Grounds) -> Answer:
    """D04. True predicts the key's use from a device that is not the speaker's; false, only from the speaker's.

    A device that others have or use as well tells neither. A key that is forwarded to a shared host can be used there
    by whoever has root on it: a session whose key is the speaker's and whose address is such a host answers nothing.
    """
    directory = g.scene.directory
    used = [a for a in g.acts if claim.by in directory.key_people(_key(a), *a.span())]
    if not used:
        return _key_of_another(g)
    elsewhere: list[Act] = []
    own: list[Act] = []
    unknown: list[Act] = []
    for act in used:
        people = directory.device_people(_address(act), *act.span())
        several = {claim.by} < people or common_devices.used_by_others(g.scene, _address(act), *act.span())
        # Whose device it is if not the speaker's, and who else uses that one, is no matter.
        people = frozenset() if claim.by in people and several else people
        (own if claim.by in people else elsewhere if people else unknown).append(act)
    if elsewhere:
        return answer("mixed" if own else "supported", [*elsewhere, *own], "key_used_from_device_of_another")
    if own and not unknown:
        return answer("contradicted", own, "key_used_from_device_of_speaker")
    return answer("untestable", [*unknown, *own], "device_not_enrolled", ["enrolment_of_device"])


def _key_of_another(g: Grounds) -> Answer:
    """Where no act is known to be by the speaker's key: it is none of them only if the key of each is known, and whose it is."""
    keyed = [a for a in g.acts if _key(a)]
    if not keyed or len(keyed) < len(g.acts):
        return answer("untestable", g.acts, "key_not_recorded", ["key_of_session", *open_questions(g)])
    if all(g.scene.directory.key_people(_key(a), *a.span()) for a in keyed):
        return answer("contradicted", keyed, "keys_used_are_not_of_speaker")
    return answer("untestable", keyed, "key_not_enrolled", ["enrolment_of_key"])


def _key(act: Act) -> str | None:
    return (act.session.credential if act.session else None) or act.credential


def _address(act: Act) -> str | None:
    return (act.session.address if act.session else None) or act.address


def same_access(claim: Claim, g: Grounds) -> Answer:
    """D16. True predicts others in the same account or host at the time; false, that nobody else was there.

    That others could have is no answer to records that say who did.
    """
    if not g.acts:
        return answer("untestable", [], "no_act_found", open_questions(g))
    others: dict[str, list[str]] = {}
    for act in g.acts:
        for session in g.scene.sessions.values():
            people = people_of(g.scene, session)
            if (
                session.events
                and (not people or people - {claim.by})
                and (session.host == act.host or act.host is None)
                and attendance.at_work_then(g.scene, session, act)
                and (act.session is None or session.session_id != act.session.session_id)
            ):
                others.setdefault(act.act_id, []).append(session.events[0])
    shared = [a for a in g.acts if g.scene.directory.holders(a.account, *a.span()) - {claim.by}]
    there = [a for a in g.acts if a.act_id in others]
    events = [e for found in others.values() for e in found[:2]]
    by = g.of(claim.by)
    if not there and not shared:
        if g.missing:
            return answer("untestable", g.acts, "sources_missing", g.missing)
        if open_ := [a for a in g.acts if a.earliest_ns is None or a.account is None]:
            return answer("untestable", open_, "act_without_time_or_account", ["time_and_account_of_act"])
        return answer("contradicted", g.acts, "nobody_else_was_there")
    if by:
        return answer("mixed", by, "others_had_access_and_records_tell_who", events=events)
    return answer("supported", [*there, *shared], "others_were_there", events=events)


def forged_author(claim: Claim, g: Grounds) -> Answer:
    """D05. True predicts that another account wrote or pushed a commit that names the speaker; false, the speaker's."""
    named = [a for a in g.acts if a.act == "commit" and _names(a, claim.by, g.scene)]
    if not named:
        return answer("untestable", [], "no_commit_names_speaker", open_questions(g))
    by = [a for a in named if a.person == claim.by]
    others = [a for a in named if _by_another(a, claim.by, g.scene)]
    # A rebase, a cherry-pick and an amended commit keep their author: that another wrote these says nothing of who the author is.
    forged = [a for a in others if _commits_as(a, claim.by, g.scene)]
    if forged:
        return answer(
            "mixed" if by else "supported", [*forged, *by], "commit_written_from_account_of_another"
        )
    if by:
        return _by_speaker(by, [a for a in named if a.person is None or a in others], claim, g)
    if others:
        return answer(
            "untestable", others, "author_can_be_kept_from_earlier_commit", ["write_of_commit_object"]
        )
    return answer(
        "untestable", named, "writer_of_commit_not_recorded", ["write_of_commit_object", "push_log"]
    )


def _by_speaker(by: list[Act], left: list[Act], claim: Claim, g: Grounds) -> Answer:
    """The same where the speaker wrote some of them. left: those of which it stays open who did."""
    if left:
        return answer("mixed", [*by, *left], "commit_of_speaker_and_commit_left_open", open_questions(g))
    if elsewhere := _named_by_others(claim.by, g):
        return answer("mixed", by, "another_commit_names_speaker_falsely", events=elsewhere)
    return answer("contradicted", by, "commit_written_in_session_of_speaker")


def _named_by_others(person: str, g: Grounds) -> list[str]:
    """Commits, in question or not, that name a person as who committed and are attributed to somebody else."""
    told = [a for a in g.every if a.act == "commit" and a.person not in {None, person}]
    return [a.events[0] for a in told if _commits_as(a, person, g.scene)][:_MOST_SHOWN]


_MOST_SHOWN = 5


def _by_another(act: Act, person: str, scene: Scene) -> bool:
    """Whether records say that somebody else than a person wrote a commit."""
    if act.person is not None or act.account is None or git_acts.NOT_WRITTEN & set(act.missing):
        return act.person not in {None, person}
    return person not in scene.directory.holders(act.account, *act.span())


def _commits_as(act: Act, person: str, scene: Scene) -> bool:
    """Whether a commit names a person as who committed it."""
    return person in scene.directory.called(act.committer, *act.span())


def _names(act: Act, person: str, scene: Scene) -> bool:
    called, at = scene.directory.called, act.earliest_ns
    return person in called(act.author, at) | called(act.committer, at)
