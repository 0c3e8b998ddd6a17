"""Where startup files or history of an account were not collected, what its session can have taken in of another's names nobody."""

from dataclasses import replace

import pytest
from drawn import EVERY, some
from stage import claim
from test_readings import collected
from test_taken_in import LIBRARY, MODULECMD, SCRIPT, SETUP, day_of, edits, line

from forensics.analysis import findings, foreign_code, limits, taken_in
from forensics.core.roster import NONE_THERE, Question, Requested
from forensics.render import dossier

STARTUP, HISTORY = "startup_files_of_account", "history_of_session"
NO_LINE = "asked_for_by_no_line"
BOTH = ("shell_startup", "bash_history")
PYTHON = ("python3.11", "/home/lin/analyse.py")


def without(day, *formats):
    """The same day, of which lines of some formats were not collected."""
    day.rows = [row for row in day.rows if row["format"] not in formats]
    day.homes = "shell_startup" not in formats
    return day


def examined(day):
    """Of lin's act on the script: the act, what was made of it, and the whole."""
    day.wait(20)
    day.submit("mei", day.mei, "15", outcome="TIMEOUT")
    done = day.examined(Question(jobs=("15",), claims=(claim("D01", "lin"), claim("D06", "lin"))))
    (act,) = [a for a in done.acts if a.account == "lin" and a.object == SCRIPT]
    return act, done.judged[act.act_id], done


def told(day):
    """Who is named for it, who comes into question, and which files it would take."""
    act, judged, _ = examined(day)
    return act.person, judged.candidates, set(judged.missing) & {STARTUP, HISTORY}


OWN = ("lin", ["lin"], set())


def held(*missing):
    return None, ["kai", "lin"], set(missing)


@pytest.mark.parametrize(
    ("formats", "found"),
    [
        ((), OWN),
        (("shell_startup",), held(STARTUP)),
        (("bash_history",), held(HISTORY)),
        (("shell_startup", "bash_history"), held(STARTUP, HISTORY)),
    ],
)
def test_each_of_the_two_files_is_needed(formats, found):
    day = without(day_of(SETUP), *formats)
    edits(day)
    assert told(day) == found


LOOKED = Requested("startup files", "login01", "shell_startup", NONE_THERE, account="lin")
NONE_OF_LIN = {
    "said": ([LOOKED], []),
    "an empty one": ([], [collected("/home/lin/.bashrc")]),
    "one of comments": ([], [collected("/home/lin/.profile") | {"format": "shell_startup", "bytes": 9}]),
}
SAYS_NOTHING = {
    "said of another account": ([replace(LOOKED, account="kai")], []),
    "said of another host": ([replace(LOOKED, host="login02")], []),
    "said of histories": ([replace(LOOKED, format="bash_history")], []),
    "given": ([replace(LOOKED, answer="given")], []),
    "not read whole": (
        [],
        [collected("/home/lin/.profile") | {"format": "shell_startup", "bytes": 9, "rejected": 3}],
    ),
    "of a format that is not read": ([], [collected("/home/lin/.cshrc") | {"bytes": 9}]),
    "of another account": ([], [collected("/home/kai/.bashrc")]),
    "of another host": ([], [collected("/home/lin/.bashrc", "login02")]),
    "of another name": ([], [collected("/home/lin/notes")]),
}
TOGETHER = [[one for both in SAYS_NOTHING.values() for one in both[n]] for n in (0, 1)]


def of_files(day, sources, files):
    """Of lin's act, as `told`, where sources were asked for and files were collected."""
    done = day.examined(Question(jobs=("15",), sources=tuple(sources)), files=files)
    (act,) = [a for a in done.acts if a.account == "lin" and a.object == SCRIPT]
    judged = done.judged[act.act_id]
    return (act.person, judged.candidates, set(judged.missing) & {STARTUP, HISTORY}), limits.limits(done)


def without_startup_files():
    day = without(day_of(SETUP), "shell_startup")
    edits(day)
    day.wait(20)
    day.submit("mei", day.mei, "15", outcome="TIMEOUT")
    return day


@pytest.mark.parametrize("how", NONE_OF_LIN)
def test_an_account_without_startup_files_takes_in_what_it_typed_alone(how):
    answer, codes = of_files(without_startup_files(), *NONE_OF_LIN[how])
    assert answer == OWN
    assert ("startup_files_said_to_be_none" in codes) == (how == "said")


def test_of_what_is_said_not_to_be_there_it_is_told_where_that_changes_nothing():
    """A host or an account that is misspelt keeps everybody's name back, and its author would not learn of it."""
    vain = [
        replace(LOOKED, host="login1"),
        replace(LOOKED, account="lim"),
        replace(LOOKED, format="bash_history"),
    ]
    asked = Question(jobs=("15",), sources=(*vain, replace(LOOKED, account="lim", answer="given"), LOOKED))
    files = [collected("/home/lin/notes")]
    done = without_startup_files().examined(asked, files=files)
    told = [row["without_effect"] for row in findings.findings(done)["requests"]]
    assert told == ["host_not_in_evidence", "no_act_of_account_there", "not_startup_files", None, None]
    assert "startup_files_said_to_be_none" in limits.limits(done)
    alone = without_startup_files().examined(replace(asked, sources=tuple(vain)), files=files)
    assert "startup_files_said_to_be_none" not in limits.limits(alone)


@pytest.mark.parametrize("told", SAYS_NOTHING.values() if EVERY else [TOGETHER])
def test_that_there_is_none_is_said_of_one_account_and_host(told):
    assert of_files(without_startup_files(), *told)[0] == held(STARTUP)


@pytest.mark.parametrize("verb", ["write", "delete"])
def test_what_is_there_now_need_not_have_been_then(verb):
    """A startup file of the account was changed, or removed, after what is asked about."""
    day = without_startup_files()
    day.change("lin", day.lin, "/home/lin/.bashrc", verb=verb)
    assert of_files(day, [LOOKED], NONE_OF_LIN["an empty one"][1])[0] == held(STARTUP)


def test_the_change_that_keeps_a_name_back_is_told_and_is_no_cause():
    day = without(day_of(SETUP), "shell_startup", "bash_history")
    edits(day)
    act, _, done = examined(day)
    (wrote,) = [a for a in done.acts if a.object == SETUP]
    assert (act.can_hold, act.planters, wrote.job) == (wrote.events[:1], [], None)
    made = findings.findings(done)
    (mine,) = [a for a in made["acts"] if a["object"] == SCRIPT]
    texts = [s.text for s in dossier.reason_sentences(mine, lambda _: ())]
    assert "The account is enrolled to lin." in texts
    assert "The account is enrolled to kai." not in texts
    assert "Account `kai`, which can have had a part in it, is enrolled to kai." in texts
    said = made["exculpatory"]
    (mine,) = [x for x in said if x["kind"] == "can_have_taken_in_what_another_changed"]
    assert (mine["person"], mine["because"]) == ("lin", [act.events[0], wrote.events[0]])
    assert [(a.status, a.why) for a in done.answers] == [
        ("untestable", "no_act_attributed"),
        ("mixed", "can_have_taken_in_what_others_write"),
    ]


@pytest.mark.parametrize(
    ("path", "argv", "by", "found"),
    some(
        [
            (LIBRARY, PYTHON, "kai", True),
            (LIBRARY, ("sed",), "kai", False),  # no Python did the act
            ("/srv/proj/lib/x.so.1", ("sed",), "kai", True),
            ("/srv/proj/env/site.bashrc", ("sed",), "kai", True),
            ("/srv/proj/data.csv", ("sed",), "kai", False),
            ("/srv/proj/train.sh", ("sed",), "kai", False),  # what is submitted
            ("/home/kai/env.sh", ("sed",), "kai", False),  # a folder of the writer's own
            ("/home/lin/env.sh", ("sed",), "kai", True),
            ("/home/mei/.bashrc", ("sed",), "kai", False),  # what the shells of a third account do
            ("/opt/env/lib/python3.11/site-packages/x/y.so", ("sed",), "kai", False),
            (SETUP, ("sed",), "lin", False),
        ],
        6,
    ),
)
def test_only_what_a_shell_or_a_program_of_the_act_takes_in_counts(path, argv, by, found):
    day = without(day_of(path, by=by), "bash_history")
    edits(day, argv=argv)
    assert told(day) == (held(HISTORY) if found else OWN)


def test_a_file_is_another_s_until_it_is_replaced_and_not_before_it_is_written():
    day = without(day_of(SETUP), "bash_history")
    for verb in ("delete", "create"):
        day.change("lin", day.lin, SETUP, verb=verb)
    edits(day)
    assert told(day) == OWN
    day = without(day_of("/srv/proj/data.csv"), "bash_history")
    edits(day)
    day.change("kai", day.kai, SETUP, verb="create")
    assert told(day) == OWN


def test_of_too_many_files_it_is_not_known_whose_they_were_at_last(monkeypatch):
    """One that whoever acted replaced since is theirs; where that is not asked any more, it can be the other's."""
    monkeypatch.setattr(foreign_code, "_MOST", 0)
    day = without(day_of(SETUP), "shell_startup")
    for verb in ("delete", "create"):
        day.change("lin", day.lin, SETUP, verb=verb)
    edits(day)
    assert told(day) == held(STARTUP)


def test_what_an_installer_put_there_is_no_other_s():
    day = without(day_of("/srv/proj/data.csv"), "bash_history")
    day.change("kai", day.kai, SETUP, verb="create", program="dpkg")
    edits(day)
    assert told(day) == OWN


@pytest.mark.parametrize(("path", "found"), [(SETUP, True), ("/var/lib/setup.sh", False)])
def test_a_file_system_that_hosts_can_share_is_looked_at_too(path, found):
    day = without(day_of("/srv/proj/data.csv"), "bash_history")
    day.change("kai", day.kai, path, verb="create")
    day.rows[-1]["host"] = "login02"
    edits(day)
    assert told(day) == (held(HISTORY) if found else OWN)


@pytest.mark.parametrize(
    ("at_s", "is_set", "missing"),
    [(0, False, set()), (-600, False, {HISTORY}), (600, False, {HISTORY}), (-600, True, set())],
)
def test_a_history_tells_of_the_session_in_which_it_has_a_line(at_s, is_set, missing):
    """By its time, where the host's clock was not set: then no time says anything."""
    day = without(day_of(SETUP), "bash_history")
    line(day, "bash_history", "ls")
    for name in ("earliest_ns", "latest_ns"):
        day.rows[-1][name] += at_s * 1_000_000_000
    if is_set:
        day.run("dao", day.login("dao"), ["date", "-s", "12:00"])
    edits(day)
    assert told(day)[2] == missing


@pytest.mark.parametrize(
    ("formats", "wait_s", "tty", "kind"),
    [(BOTH, 0, True, "done_as_shell_starts"), ([], 0, True, None), (BOTH[:1], 0, True, "done_as_shell_starts"), (BOTH, 3, True, NO_LINE), (BOTH, 0, False, NO_LINE), (BOTH[1:], 0, True, None)],
)  # fmt: skip
def test_what_no_line_asks_for_can_be_of_a_startup_file_that_was_not_collected(formats, wait_s, tty, kind):
    """Nothing on record says that one was changed: it can have been by a home that no rule watches."""
    day = without(day_of("/srv/proj/data.csv"), *formats)
    for row in day.rows if not tty else ():
        row["tty"] = None
    day.wait(wait_s)
    edits(day)
    for row in day.rows[-2:]:
        row |= {name: row[name] - 700_000_000 for name in ("earliest_ns", "latest_ns")}
    act, judged, done = examined(day)
    assert (act.person, STARTUP in judged.missing) == ((None, True) if kind else ("lin", False))
    kinds = {x["kind"] for x in findings.findings(done)["exculpatory"] if x["person"] == "lin"}
    assert kinds & {"done_as_shell_starts", NO_LINE} == ({kind} if kind else set())
    if kind and "bash_history" not in formats:
        cited = next(x for x in findings.findings(done)["exculpatory"] if x["kind"] == kind)["because"]
        lines = {row["event_id"] for row in day.rows if row["format"] == "bash_history"}
        assert cited[0] == act.events[0]
        assert set() < set(cited[1:]) <= lines


@pytest.mark.parametrize(
    ("formats", "text", "placed", "named"),
    [
        ((), None, (), "lin"),  # where the host has modules, by all that its own files can say
        (("shell_startup",), None, (), None),
        (("shell_startup",), None, ("/opt/modulefiles/gcc/12.lua",), "lin"),
        (("shell_startup",), None, ("/opt/modulefiles/gcc/12.lua", "/srv/modulefiles/gcc/13.lua"), None),
        ((), "export MODULEPATH=/srv/modules", (), None),
        ((), "export MODULEPATH=/opt/modules:/home/lin/modules", (), "lin"),
    ],
)
def test_a_module_of_no_record_can_lie_where_others_write(formats, text, placed, named, monkeypatch):
    monkeypatch.setattr(taken_in.Surroundings, "_collected", lambda *_: list(placed))
    day = without(day_of("/srv/proj/data.csv"), *formats)
    line(day, "bash_history", f"sed -i s/1/2/ {SCRIPT}")
    if text is not None:
        line(day, "shell_startup", text)
    day.run("lin", day.ses_of, [*MODULECMD, "load", "gcc"])
    edits(day)
    act, judged, _ = examined(day)
    assert (act.person, "writer_of_what_ran" in judged.missing) == (named, named is None)
