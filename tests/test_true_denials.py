"""Denials that are true, in evidence that could be read against them: none of them is answered as contradicted."""

from dataclasses import replace
from types import SimpleNamespace

import investigated
import pytest
from drawn import some
from stage import SECOND, UIDS, Stage, claim
from test_denials import answered, edited, every
from test_innocent import AUDIT, INCIDENTS, collected, in_lin_s_session
from test_mixed_trail import line_key, numbered, two_logs

from forensics.analysis.acts import Act
from forensics.analysis.denial import Grounds
from forensics.analysis.denials_access import not_logged_in, same_access
from forensics.analysis.sessions import Session
from forensics.core.roster import Claim, Question
from forensics.simulation import incident, plan

NAME = "shared_account"


def claimed(content, *ids):
    """What is answered to denials of kai in the staged incident, whose evidence was changed."""
    roster, about = ((INCIDENTS / NAME / f"{part}.toml").read_bytes() for part in ("roster", "case"))
    for one in ids:
        about += f'\n[[claim]]\nid = "{one}"\nby = "kai"\ntext = "x"\n'.encode()
    told = investigated.found(content, roster=roster, about=about)
    return {c["id"]: (c["status"], c["why"]) for c in told["claims"]}


@pytest.mark.xdist_group(NAME)
@pytest.mark.parametrize("changed", [False, True])
def test_a_log_of_which_one_copy_was_changed_was_edited(changed):
    true = collected(NAME)
    copy = in_lin_s_session(true[AUDIT]) if changed else true[AUDIT]
    said = claimed(true | {"login01/root/backup/audit.log": copy}, "D08")
    assert said["D08"] == (
        ("supported", "copies_of_log_differ")
        if changed
        else ("contradicted", "several_domains_tell_the_same")
    )


@pytest.mark.xdist_group(NAME)
def test_numbers_of_two_kernels_tie_no_act_to_a_session():
    own, other = two_logs()
    log = b"".join(own + [numbered(line, line_key(line)[2] - 600) for line in other])
    said = claimed(collected(NAME) | {AUDIT: log}, "D07", "D08")
    assert said["D07"] == ("untestable", "act_rests_on_one_clock")
    assert said["D08"][0] != "contradicted"


def test_an_account_that_a_key_of_nobody_known_opens_can_be_shared():
    """Whoever has that key is in the account as well as kai."""
    day = edited()
    assert answered(day, "D03", "kai")[0] == "contradicted"
    day.add(
        "enrol_key",
        "authorized_keys",
        "login01:files",
        account="kai",
        credential="SHA256:" + "x" * 43,
        when=None,
    )
    assert answered(day, "D03", "kai") == ("untestable", "account_opened_by_key_of_unknown")


def test_a_key_that_is_on_no_record_can_be_the_stolen_one():
    """Of two acts one is by lin's key; by which key the other is was not recorded."""
    day = edited(by="lin", account="mlteam")
    assert answered(day, "D04", "kai")[0] == "contradicted"
    other = day.login("mlteam", by="kai", sshd=False)
    day.change("mlteam", other, "/srv/proj/train.py", owner="mei")
    assert answered(day, "D04", "kai")[0] == "untestable"


def grounds(others, **act):
    """What D16 looks at: one act of the speaker's in an account of theirs alone, and the sessions there are."""
    done = Act("modify_file", "/x", "r", ["e"], T0, T0, host="login01", account="kai")
    for name, value in act.items():
        setattr(done, name, value)
    people = {"kai": frozenset({"kai"}), "lin": frozenset({"lin"})}
    directory = SimpleNamespace(
        holders=lambda account, *_: people.get(account, frozenset()),
        owners=lambda account, *_: people.get(account, frozenset()),
        key_people=lambda *_: frozenset(),
        device_people=lambda *_: frozenset(),
    )
    # Nothing here is numbered by a kernel.
    known = SimpleNamespace(numbered=lambda _: None)
    evidence = SimpleNamespace(memo={"order": known})
    scene = SimpleNamespace(
        directory=directory, sessions=dict(enumerate(others)), events=None, evidence=evidence
    )
    return Grounds(scene, [done], [])


def session(end_ns, active_until_ns):
    return Session(
        "s", "login01", "7", "sshd", "lin", 9, T0 - 100, end_ns, active_until_ns=active_until_ns, events=["l"]
    )


T0 = 10**18
HOUR = 3600 * 10**9


@pytest.mark.parametrize(
    ("others", "act", "status", "why"),
    [
        ([], {}, "contradicted", "nobody_else_was_there"),
        ([session(T0 - 50, T0 - 50)], {}, "contradicted", "nobody_else_was_there"),
        ([session(T0 - 50, T0 + HOUR)], {}, "supported", "others_were_there"),
        ([], {"earliest_ns": None}, "untestable", "act_without_time_or_account"),
        ([], {"account": None}, "untestable", "act_without_time_or_account"),
    ],
    ids=["nobody", "who had left", "what went on after the login", "no time", "no account"],
)
def test_nobody_else_was_there_is_said_only_where_that_can_be_known(others, act, status, why):
    said = same_access(Claim(id="D16", by="kai", names="", text="", job=""), grounds(others, **act))
    assert (said.status, said.why) == (status, why)


@pytest.mark.xdist_group(NAME)
@pytest.mark.parametrize(
    ("log", "status"),
    [("slurm/slurmd-gpu03.log", "contradicted"), ("login01/var/log/auth-iso.log", "supported")],
)
def test_a_copy_that_differs_answers_only_for_acts_that_rest_on_its_log(log, status):
    true = collected(NAME)
    lines = true[log].splitlines(keepends=True)
    copy = b"".join(line for n, line in enumerate(lines) if n < 5 or n > len(lines) - 5 or n % 4)
    assert copy != true[log]
    said = claimed(true | {f"login01/root/backup/{log.rpartition('/')[2]}": copy}, "D08")
    assert said["D08"][0] == status


STAGED = {
    2009: ("yuki", {"D03", "D08"}),  # the act in the shared account left no record, and a harmless push of another account did
    2011: ("kai", {"D04"}),  # the stolen key's use is on no record of an act, an honest edit of somebody else's is
    2016: ("chen", {"D02", "D07"}),  # entered out of a session of another, who set the clock
    2026: ("mei", {"D09", "D11"}),  # the job failed by itself, and whoever edited notes was logged in then
    2039: ("ines", {"D06"}),  # a reaper of jobs cancelled it
    2035: ("olu", {"D15"}),  # root entered as her
    2018: ("kai", {"D08"}),  # a log was wiped
    2010: ("tomas", {"D11"}),  # he was nowhere, and the act that harmed the job is not found
    2067: ("sana", {"D01"}),  # her own edit can have harmed the job; the one that did is linked to nothing
    2071: ("yuki", {"D05"}),  # a commit of hers is in question, and another commit bears her name
    2097: ("ines", {"D05"}),  # of one of the commits that name her it stays open who wrote it
    10029: ("kai", {"D01"}),  # the editor that he had open put back what another had written and the owner had mended
    10186: ("tomas", {"D01"}),  # so did a copy that he put back by rsync
    10064: ("pavel", {"D06"}),  # another's line in his startup file did it
    10169: ("sana", {"D06"}),  # another's program, which stood first in her PATH
    10271: ("olu", {"D06"}),  # another's hook, as she committed
}  # fmt: skip
"""Simulated incidents, in which the truth is known: by whom which denials are true."""


@pytest.mark.parametrize("seed", some(STAGED, 8))
def test_no_true_denial_of_a_simulated_incident_is_contradicted(seed):
    by, true = STAGED[seed]
    made = incident.incident(plan.plan(seed))
    about = made.about.decode().partition("\n[[claim]]")[0]
    about += "".join(f'\n[[claim]]\nid = "{one}"\nby = "{by}"\n' for one in sorted(true))
    told = investigated.found(made.evidence, roster=made.roster, about=about.encode())
    assert {c["id"] for c in told["claims"]} == true
    assert {c["id"]: c["why"] for c in told["claims"] if c["status"] == "contradicted"} == {}


def put_back(first):
    """Somebody changes the script, mei removes that version, and lin writes it again: mei's job reads what lin wrote."""
    day = Stage()
    day.enrol()
    ses = {person: day.login(person) for person in ("mei", "kai", "lin")}
    day.change(first, ses[first], "/srv/proj/train.py", owner="mei")
    day.change("mei", ses["mei"], "/srv/proj/train.py", verb="delete", program="rm", owner="mei")
    day.change("lin", ses["lin"], "/srv/proj/train.py", owner="mei")
    day.submit("mei", ses["mei"], "11")
    day.cancel("mei", ses["mei"], "11")
    asked = (claim("D01", "lin"), claim("D01", "lin", "dao"), claim("D01", "kai", "lin"))
    return [(a.status, a.why) for a in day.examined(Question(jobs=("11",), claims=asked)).answers]


def test_a_version_that_was_replaced_can_have_come_back_by_who_wrote_next():
    back, own = (
        ("mixed", "version_of_another_can_have_come_back"),
        ("contradicted", "acts_in_sessions_of_speaker"),
    )
    assert put_back("kai") == [back, own, back]
    assert put_back("lin") == put_back("mei") == [own, own, ("supported", "acts_in_sessions_of_other")]


@pytest.mark.parametrize(
    ("earlier", "later", "found"),
    [
        ({}, {}, True),
        ({"person": "mei"}, {}, False),
        ({"link": "derived"}, {}, False),
        ({"object": "/other.py"}, {}, False),
        ({"act": "commit"}, {}, False),
        ({"earliest_ns": 30}, {}, False),
        ({"earliest_ns": None}, {}, True),
        ({"account": "mlteam"}, {"account": "mlteam"}, True),
        ({}, {"effect": "shown"}, False),
        ({}, {"latest_ns": None}, False),
    ],
)
def test_which_changes_were_replaced_before_an_act(earlier, later, found):
    """kai's, of a file that lin wrote after; not those of mei, whose job it is."""
    first = {"act": "modify_file", "object": "/p.py", "link": "not_established", "person": "kai", "account": "kai", "earliest_ns": 10, "latest_ns": 11, "effect": None}  # fmt: skip
    second = (
        first
        | {"link": "derived", "person": "lin", "account": "lin", "earliest_ns": 20, "latest_ns": 21}
        | later
    )
    acts = [SimpleNamespace(**(first | earlier)), SimpleNamespace(**second)]
    directory = SimpleNamespace(owners=lambda account, *_: {account})
    job = SimpleNamespace(owner="mei", submit_ns=0, end_ns=99)
    grounds = Grounds(SimpleNamespace(directory=directory), acts, [job])
    assert grounds.replaced_before(acts[1:]) == (acts[:1] if found else [])


TRAPPED = {
    ("T21f", 8): ("D02", "", "mixed", "ran_in_account_what_another_left"),
    ("T21g", 8): ("D02", "", "mixed", "ran_in_account_what_another_left"),
    ("T30b", 8): ("D01", "insider", "mixed", "acts_of_speaker_and_act_left_open"),
}  # fmt: skip
"""Whoever is honest, and has an edit of their own beside the harm: what is answered to a true denial."""


@pytest.mark.parametrize(("technique", "seed"), TRAPPED)
def test_what_ran_in_somebody_s_account_or_of_nobody_s_leaves_their_denial_open(technique, seed):
    """A crontab and an at job that another put into the account; a container's process, of which no record says who asked for it."""
    claim_, names, status, why = TRAPPED[technique, seed]
    drawn = plan.plan(seed)
    whole = replace(
        drawn, technique=technique, actor="own", guise="plain", framed="none", evasion="none", coverage=100
    )
    assert answered_in(whole, claim_, "bystander", names) == (status, why)


def answered_in(drawn, denial, by, names):
    """What is answered to a denial of one of a simulated incident's people, who may name another of them."""
    made = incident.incident(drawn)
    cast = {role: who[0] for role, who in made.truth["cast"].items()}
    about = made.about.decode().partition("\n[[claim]]")[0]
    about += f'\n[[claim]]\nid = "{denial}"\nby = "{cast[by]}"\nnames = "{cast.get(names, "")}"\n'
    (told,) = investigated.found(made.evidence, roster=made.roster, about=about.encode())["claims"]
    return told["status"], told["why"]


@pytest.mark.parametrize(
    ("seed", "by", "why"),
    [
        (10030, "insider", "version_of_another_can_have_come_back"),
        (10861, "ops", "version_of_another_can_have_come_back"),
        (10070, "ops", "other_pushed_to_one_ref_and_it_was_put_into_another"),
    ],
)
def test_a_denial_that_names_who_is_honest_is_not_supported(seed, by, why):
    """Who put back a copy with another's text in it; who pushed to a branch of their own, which another put into main."""
    assert answered_in(plan.plan(seed), "D01", by, "bystander") == ("mixed", why)


def left_open(*, present=(), by="lin", account="lin", cut=False):
    """Mei's job is cancelled from an account of which no record says by which key it was entered."""
    day = Stage()
    day.enrol()
    mei = day.login("mei")
    for person in present:
        day.login(person)
    day.submit("mei", mei, "12")
    ses = day.login(account, by=by, sshd=False)
    day.cancel(account, ses, "12")
    if cut:
        day.add("audit_lost", when=next(r["earliest_ns"] for r in day.rows if r["verb"] == "kill_request"))
    return day


def away(day, by="kai"):
    (told,) = day.examined(Question(jobs=("12",), claims=(claim("D11", by),))).answers
    return told.status, told.why


@pytest.mark.parametrize(
    ("day", "status", "why"),
    [
        ({}, "supported", "no_session_of_speaker_then"),
        ({"present": ["kai"]}, "mixed", "session_of_speaker_is_open_and_holds_no_act"),
        ({"account": "mlteam"}, "untestable", "session_that_can_be_speaker_s_is_open"),
        ({"present": ["mlteam"]}, "untestable", "session_that_can_be_speaker_s_is_open"),
        ({"cut": True}, "untestable", "records_of_that_time_missing"),
    ],
    ids=["no session", "a session", "that of the act", "another", "records missing"],
)
def test_who_had_no_session_was_not_logged_in_whoever_acted(day, status, why):
    """It was untestable wherever it stayed open who did one of the acts, though the person was nowhere."""
    if day.get("present") == ["mlteam"]:
        made = left_open()
        made.at -= 30 * SECOND
        made.login("mlteam", by="mei", sshd=False)
    else:
        made = left_open(**day)
    assert away(made) == (status, why)


def test_an_act_without_a_session_can_have_been_done_in_one_that_no_record_tells():
    day = left_open()
    day.rows = [r for r in day.rows if r["session"] is None or r["account"] != "lin"]
    assert away(day)[0] == "untestable"
    assert away(day, "dao")[0] == "untestable"


def test_what_ran_by_itself_can_have_been_left_by_who_was_not_logged_in():
    day = Stage()
    day.enrol()
    mei = day.login("mei")
    pid = day.submit("mei", mei, "12", outcome="FAILED", signal=9)
    cron = {"account": "kai", "auid": UIDS["kai"], "session": "99", "pid": 900, "exe": "/usr/sbin/cron"}
    day.add("loginuid", **cron)
    killer = cron | {"pid": 901, "exe": "/usr/bin/pkill", "effective": "kai"}
    day.add("signal", target_pid=pid, target_uid=UIDS["mei"], signal=9, **killer)
    assert away(day) == ("untestable", "ran_by_itself_and_author_not_known")


@pytest.mark.parametrize(("leaves", "status"), [(True, "mixed"), (False, "contradicted")])
def test_who_left_before_the_job_began_was_not_logged_in_while_it_ran(leaves, status):
    """An edit harms a job when the job comes to it: of which time the denial speaks, it does not say."""
    day = Stage()
    day.enrol()
    mei, kai = day.login("mei"), day.login("kai")
    day.change("kai", kai, "/srv/proj/train.py", owner="mei")
    if leaves:
        day.logout("kai", kai)
        day.wait(60)
    day.submit("mei", mei, "12")
    day.cancel("mei", mei, "12")
    assert away(day)[0] == status


def test_an_act_that_ended_no_job_contradicts_no_denial():
    """Kai's edit is shown to have harmed nothing: the job completes."""
    day = Stage()
    day.enrol()
    mei, kai = day.login("mei"), day.login("kai")
    day.change("kai", kai, "/srv/proj/other.py")
    day.submit("mei", mei, "11", outcome="FAILED", code=1)
    found = every(day, "kai")
    assert {found[one] for one in ("D02", "D03", "D04", "D06", "D07", "D11", "D16")} <= {
        ("untestable", "no_act_linked_to_job"), ("untestable", "no_act_found"), ("untestable", "no_act_in_account_of_speaker"),
        ("untestable", "no_act_attributed"), ("untestable", "no_session_to_compare"), ("untestable", "key_not_recorded"),
    }  # fmt: skip


def test_an_edit_that_may_have_harmed_a_job_beside_another_s_is_mixed():
    day = Stage()
    day.enrol()
    mei, kai, lin = day.login("mei"), day.login("kai"), day.login("lin")
    day.change("kai", kai, "/srv/proj/train.py", owner="mei")
    day.change("lin", lin, "/srv/proj/manifest.json", owner="mei")
    day.submit("mei", mei, "11")
    day.cancel("mei", mei, "11")
    asked = (claim("D01", "kai"), claim("D01", "kai", "dao"), claim("D02", "kai"))
    done = day.examined(Question(jobs=("11",), claims=asked))
    assert {(a.object, a.effect, a.person) for a in done.in_question if a.act == "modify_file"} == {
        ("/srv/proj/train.py", "possible", "kai"), ("/srv/proj/manifest.json", None, "lin"),
    }  # fmt: skip
    other = ("mixed", "other_act_can_have_harmed_job")
    assert [(a.status, a.why) for a in done.answers] == [
        other,
        ("contradicted", "acts_in_sessions_of_speaker"),
        other,
    ]


def test_of_an_act_of_the_speaker_s_that_nothing_ties_to_a_login_it_is_not_said_that_there_is_none():
    said = not_logged_in(Claim(id="D11", by="kai", names="", text="", job=""), grounds([], person="kai"))
    assert (said.status, said.why) == ("untestable", "origin_not_recorded")


@pytest.mark.parametrize(
    ("present", "cut", "why"),
    [
        (False, False, "no_session_of_speaker_while_job_ran"),
        (True, False, "no_act_attributed"),
        (False, True, "no_act_attributed"),
    ],
)
def test_where_no_act_is_found_the_answer_says_who_was_not_there_while_the_job_ran(present, cut, why):
    """No more than that: what harmed it can have been done before it ran."""
    day = Stage()
    day.enrol()
    mei = day.login("mei")
    if present:
        day.login("kai")
    day.submit("mei", mei, "12", outcome="FAILED", code=1)
    if cut:
        day.rows = [r for r in day.rows if r["format"] not in {"auditd", "syslog"}]
    assert away(day) == ("untestable", why)


def test_what_ran_in_the_speaker_s_own_job_only_is_not_said_to_have_met_another_s():
    day = Stage()
    day.enrol()
    mei, kai = day.login("mei"), day.login("kai")
    day.change("kai", kai, "/home/kai/train.py")
    day.submit("kai", kai, "12", argv=("python3", "/home/kai/train.py"), outcome="FAILED", code=1)
    day.submit("mei", mei, "11", outcome="FAILED", code=1)
    done = day.examined(Question(jobs=("11", "12"), claims=(claim("D12", "kai"),)))
    assert done.answers[0].status != "contradicted"


def test_the_records_of_who_can_write_them_do_not_say_that_they_were_not_logged_in():
    """Whoever has root on the host can enter as anybody there, and write what the log says of it."""
    day = left_open()
    assert away(day, "dao") == ("supported", "no_session_of_speaker_then")
    day.add("enrol_sudo", "sudoers", account="dao", object="ALL", text="dao ALL = (ALL) ALL", when=None)
    assert away(day, "dao") == ("untestable", "speaker_can_write_records")
    assert away(day, "kai") == ("supported", "no_session_of_speaker_then")
