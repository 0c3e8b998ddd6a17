"""Each denial once where it holds, once where it does not, and once where nothing tells."""

import pytest
from stage import Stage, claim, roster

from forensics.analysis import verdicts
from forensics.analysis.claims import TESTS
from forensics.core.roster import Question, Roster
from forensics.render.denials import CLAIM_WHY, DENIALS

SCRIPT = "/srv/proj/train.py"


def edited(*, account="kai", by="kai", device=None, sshd=True):
    """Somebody edits the script of mei's job; she runs it, and cancels it."""
    day = Stage()
    day.enrol()
    mei = day.login("mei")
    ses = day.login(account, by=by, device=device, sshd=sshd)
    day.change(account, ses, SCRIPT, owner="mei")
    day.submit("mei", mei, "11")
    day.cancel("mei", mei, "11")
    return day


def answered(day, name, by, names="", people=None):
    return every(day, by, names, people)[name]


def every(day, by, names="", people=None):
    """The answers to all denials of a person: one analysis for all of them."""
    asked = tuple(claim(name, by, names) for name in TESTS)
    done = day.examined(Question(jobs=("11",), claims=asked), people)
    return {name: (found.status, found.why) for name, found in zip(TESTS, done.answers, strict=True)}


def shared(*, by="kai", beside=None):
    day = Stage()
    day.enrol()
    mei = day.login("mlteam", by="mei")
    ses = day.login("mlteam", by=by)
    if beside:
        day.login("mlteam", by=beside)
    day.submit("mlteam", mei, "11")
    day.cancel("mlteam", ses, "11")
    return day


DAYS = {
    "own_key_and_device": (
        edited,
        {
            "D02": ("contradicted", "entered_by_key_and_device_of_speaker"),
            "D04": ("contradicted", "key_used_from_device_of_speaker"),
            "D06": ("contradicted", "acts_in_login_sessions"),
            "D07": ("contradicted", "kernel_numbers_tie_act_to_session"),
            "D08": ("untestable", "no_copy_out_of_reach"),
            "D10": ("untestable", "purpose_is_not_in_logs"),
            "D12": ("contradicted", "job_of_another_concerned"),
            "D13": ("contradicted", "version_of_speaker_is_what_job_read"),
            "D15": ("untestable", "one_holder_could_write_all"),
            "D16": ("mixed", "others_had_access_and_records_tell_who"),
            "D17": ("untestable", "custody_before_sealing_is_not_in_logs"),
            "D18": ("untestable", "statements_are_no_evidence_here"),
        },
    ),
    "key_of_another": (
        lambda: edited(by="lin"),
        {
            "D02": ("supported", "entered_by_key_or_device_of_another"),
            "D04": ("contradicted", "keys_used_are_not_of_speaker"),
        },
    ),
    "device_of_another": (
        lambda: edited(device="lin"),
        {"D04": ("supported", "key_used_from_device_of_another")},
    ),
    "no_login_log": (
        lambda: edited(sshd=False),
        {
            "D02": ("untestable", "nothing_tells_who_entered"),
            "D04": ("untestable", "key_not_recorded"),
            "D12": ("untestable", "no_act_of_speaker_found"),
        },
    ),
    "another_is_in_the_account": (
        lambda: shared(beside="lin"),
        {"D02": ("mixed", "another_entry_open_in_account_then")},
    ),
}


@pytest.mark.parametrize("what", DAYS)
def test_denials_are_answered(what):
    day, expected = DAYS[what]
    found = every(day(), "kai")
    assert {name: found[name] for name in expected} == expected


@pytest.mark.parametrize("by", ["Kai", ""])
def test_of_a_speaker_whom_nobody_knows_nothing_is_supported(by):
    """A name mistyped has no acts and no sessions; that is not what a denial is supported by."""
    found = every(edited(), by)
    unknown = ("untestable", "speaker_not_on_roster")
    assert {name: found[name] for name in ("D01", "D11", "D16")} == dict.fromkeys(
        ("D01", "D11", "D16"), unknown
    )
    assert {name for name, (status, _) in found.items() if status == "supported"} == set()


def test_a_version_changed_by_another_afterwards_is_mixed():
    day = Stage()
    day.enrol()
    mei, kai, lin = day.login("mei"), day.login("kai"), day.login("lin")
    day.change("kai", kai, SCRIPT, owner="mei")
    day.change("lin", lin, SCRIPT, owner="mei")
    day.submit("mei", mei, "11")
    day.cancel("mei", mei, "11")
    assert answered(day, "D13", "kai") == ("mixed", "changed_again_before_job_read_it")
    assert answered(day, "D13", "lin") == ("contradicted", "version_of_speaker_is_what_job_read")


def test_a_clock_that_was_set_leaves_the_kernel_numbers_and_says_so():
    day = edited()
    day.add("clock_change", when=day.at - 5_000_000_000)
    status, why = answered(day, "D07", "kai")
    assert (status, why) == ("mixed", "clock_was_set_and_kernel_numbers_tie_act")
    for row in day.rows:
        if row["verb"] == "write":
            row["session"] = None
    assert answered(day, "D07", "kai")[0] in {"untestable", "supported"}


def test_records_that_are_missing_support_that_logs_were_edited():
    day = edited()
    act = next(r["earliest_ns"] for r in day.rows if r["verb"] == "write")
    day.add("audit_lost", when=act - 500_000_000)
    assert answered(day, "D08", "kai") == ("supported", "logs_handled_or_records_missing")


def test_records_that_are_missing_at_another_time_support_nothing():
    day = edited()
    day.wait(3600)
    day.add("audit_lost")
    assert answered(day, "D08", "kai") == ("untestable", "no_copy_out_of_reach")


def test_two_domains_that_agree_contradict_an_edited_log():
    day = shared()
    assert answered(day, "D08", "kai") == ("contradicted", "several_domains_tell_the_same")


def test_root_on_a_login_host_reaches_what_the_scheduler_says_of_who_asked():
    """sudo there reaches the audit trail, and can ask the scheduler under any number."""
    day = shared()
    day.add("enrol_sudo", "sudoers", account="dao", object="ALL", text="dao ALL = (ALL) ALL", when=None)
    assert answered(day, "D15", "kai", "dao") == ("untestable", "one_holder_could_write_all")


def test_a_push_that_the_git_server_took_is_out_of_a_login_host_s_reach():
    day = Stage()
    day.enrol()
    mei, kai = day.login("mei"), day.login("kai")
    day.add("enrol_sudo", "sudoers", account="dao", object="ALL", text="dao ALL = (ALL) ALL", when=None)
    day.submit("mei", mei, "11")
    day.cancel("kai", kai, "11")
    done = day.examined(Question(jobs=("11",)))
    assert done.holders.of("login01:root") == done.holders.of("slurm:admin") == ["dao"]
    assert done.holders.of("git:server") == done.holders.of("gpu01:root") == []


@pytest.mark.parametrize(
    ("taken_out", "holds"), [("before", []), ("after", ["dao"]), ("after, and put in again", ["dao"])]
)
def test_who_was_in_a_group_then_holds_what_the_group_may(taken_out, holds):
    """The file of groups was copied later: whoever was taken out after the act had root at the time of it."""
    day = Stage()
    day.enrol()
    day.add("enrol_sudo", "sudoers", account=None, object="ALL", text="%sudo ALL = (ALL) ALL", when=None)
    day.add("account_edit", "syslog", object="dao", text="add 'dao' to group 'sudo'")
    gone = {"object": "dao", "text": "user dao removed by root from group sudo"}
    if taken_out == "before":
        day.add("account_edit", "syslog", **gone)
        day.wait(60)
    mei, kai = day.login("mei"), day.login("kai")
    day.submit("mei", mei, "11")
    day.cancel("kai", kai, "11")
    day.wait(60)
    if taken_out != "before":
        day.add("account_edit", "syslog", **gone)
    if taken_out.endswith("again"):
        day.add("account_edit", "syslog", object="dao", text="add 'dao' to group 'sudo'")
    done = day.examined(Question(jobs=("11",)))
    [act] = [a for a in done.acts if a.act == "cancel"]
    assert done.holders.of("login01:root", act.session.start_ns) == holds
    weighed = {r["who"]: r["holds"] for r in verdicts.hypotheses(done.judged[act.act_id])}
    assert ("login01:root" in weighed["dao"]) == bool(holds)


def test_nothing_at_all_answers_nothing():
    """Without an act, no denial is contradicted; only what needs none can be answered at all."""
    day = Stage()
    day.enrol()
    day.submit("mei", day.login("mei"), "11", outcome="COMPLETED")
    found = every(day, "kai")
    assert {status for status, _ in found.values()} <= {"untestable", "supported"}
    assert {why for _, why in found.values()} <= set(CLAIM_WHY)


def test_nobody_is_charged_without_a_roster():
    found = every(edited(), "kai", people=Roster())
    assert {why for _, why in found.values()} <= set(CLAIM_WHY)
    contradicted = {name for name, (status, _) in found.items() if status == "contradicted"}
    assert contradicted <= {"D06", "D07", "D08", "D09"}, (
        "a denial that turns on who somebody is needs a roster"
    )


def test_every_denial_has_words_and_a_test():
    assert set(DENIALS) == set(TESTS) == {f"D{n:02d}" for n in range(1, 19)}
    assert roster().persons


def test_what_another_did_beside_it_does_not_answer_an_act_that_stays_open():
    """One edit by lin; another in mei's account with mei's key, from the speaker's own machine."""
    day = edited(account="lin", by="lin")
    assert answered(day, "D01", "kai", "lin") == ("supported", "acts_in_sessions_of_other")
    ses = day.login("dao", by="dao", device="kai")
    day.change("dao", ses, SCRIPT, owner="mei")
    assert answered(day, "D01", "kai", "lin") == ("mixed", "acts_of_other_and_act_left_open")


def test_what_the_speaker_did_does_not_answer_an_act_that_the_person_named_can_have_done():
    """One edit by the speaker; another in dao's account with dao's key, from the machine of the person named, before the job ran."""
    day = Stage()
    day.enrol()
    mei = day.login("mei")
    day.change("kai", day.login("kai", by="kai"), SCRIPT, owner="mei")
    day.change("dao", day.login("dao", by="dao", device="lin"), SCRIPT, owner="mei")
    day.submit("mei", mei, "11")
    day.cancel("mei", mei, "11")
    assert answered(day, "D01", "kai", "lin") == ("mixed", "acts_of_speaker_and_act_left_open")
    assert answered(day, "D01", "kai", "") == ("mixed", "acts_of_speaker_and_act_left_open")
    # Of one who cannot have done it, it is open all the same who did. An act that is linked to no job says nothing.
    assert answered(day, "D01", "kai", "mei") == ("mixed", "acts_of_speaker_and_act_left_open")
    late = edited()
    late.change("dao", late.login("dao", by="dao", device="lin"), SCRIPT, owner="mei")
    assert answered(late, "D01", "kai", "lin") == ("contradicted", "acts_in_sessions_of_speaker")


@pytest.mark.parametrize("beside", [False, True])
def test_an_accusation_is_not_borne_out_while_an_act_can_be_of_yet_another(beside):
    """One edit by whom the speaker names; another in dao's account with dao's key, from mei's machine: the speaker cannot have done it."""
    day = Stage()
    day.enrol()
    mei = day.login("mei")
    day.change("lin", day.login("lin"), SCRIPT, owner="mei")
    if beside:
        day.change("dao", day.login("dao", by="dao", device="mei"), SCRIPT, owner="mei")
    day.submit("mei", mei, "11")
    day.cancel("mei", mei, "11")
    found = (
        ("mixed", "acts_of_other_and_act_left_open") if beside else ("supported", "acts_in_sessions_of_other")
    )
    for names in ("lin", ""):
        assert answered(day, "D01", "kai", names) == found


@pytest.mark.parametrize("who", ["kai", "lin"])
def test_where_a_third_can_have_done_the_harm_as_well_neither_is_it_said_of_one(who):
    """Two changed what the job read, and what they wrote is not known: neither the speaker's change nor that of whom they name need have done it."""

    def told(*hands, ended=None):
        day = Stage()
        day.enrol()
        mei = day.login("mei")
        for hand in hands:
            day.change(hand, day.login(hand), SCRIPT, owner="mei")
        day.submit("mei", mei, "11")
        day.cancel(ended or "mei", day.login(ended) if ended else mei, "11")
        return answered(day, "D01", "kai", "lin")

    alone = {
        "kai": ("contradicted", "acts_in_sessions_of_speaker"),
        "lin": ("supported", "acts_in_sessions_of_other"),
    }
    shared = {"kai": "acts_of_speaker_and_of_third", "lin": "acts_of_other_and_of_third"}
    assert told(who) == alone[who]
    assert told(who, "dao") == ("mixed", shared[who])
    # A request to end it does harm; of a change that is not shown.
    assert told("dao", ended=who) == alone[who]
