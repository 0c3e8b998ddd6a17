"""What a session takes in of another's making names nobody: modules, sourced settings, Python's own places, what was unpacked."""

import re

import pytest
from drawn import some
from stage import Stage

from forensics.analysis import foreign_code, surroundings, taken_in

SCRIPT = "/srv/proj/train.py"
MODULE = "/srv/proj/modules/train/1.0"
SETUP = "/srv/proj/tools/setup.sh"
CUSTOM = "/opt/env/lib/python3.11/site-packages/sitecustomize.py"
LIBRARY = "/srv/proj/lib/labtools.py"
ACTIVATE = "/opt/env/etc/conda/activate.d/zz.sh"
ARCHIVE = "/srv/proj/share/tools.tar"
REPORT = "/srv/proj/tools/report.sh"
MODULECMD = ["tclsh", "/usr/lib/x86_64-linux-gnu/modulecmd.tcl", "bash"]


def day_of(path, by="kai"):
    """mei's job is to come; kai, or lin, has changed a file that others take in."""
    day = Stage()
    day.enrol()
    day.shells("lin")
    day.mei = day.login("mei")
    day.change("mei", day.mei, SCRIPT, verb="create")
    for account in ("kai", "lin"):
        ses = day.login(account)
        setattr(day, account, ses)
        if account == by:
            day.change(account, ses, path, verb="create")
    day.ses_of = day.login("lin")
    return day


def edits(day, argv=("sed", "-i", "s/1/2/", SCRIPT), ppid=None):
    """lin's session changes the script that mei's job then reads."""
    pid, _ = day.run("lin", day.ses_of, list(argv), ppid=ppid)
    day.add(
        "write", account="lin", auid=4103, effective="lin", uid=4103, session=day.ses_of, pid=pid, ppid=ppid or 1,
        exe=f"/usr/bin/{argv[0]}", object_kind="path", object=SCRIPT,
    )  # fmt: skip


def told(day):
    """Of lin's act on the script: who is named, who comes into question, and by which rule others do."""
    day.wait(20)
    day.submit("mei", day.mei, "15", outcome="TIMEOUT")
    done = day.examined()
    (act,) = [a for a in done.acts if a.account == "lin" and a.object == SCRIPT]
    rules = [d.rule for d in done.deferrals if d.act.act_id == act.act_id]
    return act.person, done.judged[act.act_id].candidates, rules


FOREIGN = (None, ["kai", "lin"], [foreign_code.RULE])
OWN = ("lin", ["lin"], [])


@pytest.mark.parametrize(
    ("words", "foreign"),
    [
        (["load", "train"], True),
        (["load", "gcc", "train/1.0"], True),
        (["load", "gcc"], False),
        (["avail"], False),
        (["unload", "train"], False),
    ],
)
def test_a_module_that_is_loaded_is_whose_it_was_changed_by(words, foreign):
    day = day_of(MODULE)
    day.run("lin", day.ses_of, [*MODULECMD, *words])
    edits(day)
    assert told(day) == (FOREIGN if foreign else OWN)


@pytest.mark.parametrize(
    ("path", "used", "foreign"),
    [
        ("/srv/proj/train/1.0", False, True),
        ("/srv/proj/train/data/x.csv", False, False),  # a tree that is called alike
        ("/srv/proj/train/data/x.csv", True, True),  # of a folder of modules it is one
        ("/srv/modulefiles/train/gcc/1.0.lua", False, True),
        ("/home/kai/train/1.0", False, False),
        ("/home/kai/train/1.0", True, True),
        ("/home/kai/modules/train/1.0", False, True),
    ],
)
def test_which_files_a_module_of_a_name_can_be(path, used, foreign):
    day = day_of(path)
    if used:
        day.run("lin", day.ses_of, [*MODULECMD, "use", path.partition("/train")[0]])
    day.run("lin", day.ses_of, [*MODULECMD, "load", "train"])
    edits(day)
    assert told(day) == (FOREIGN if foreign else OWN)


def test_a_line_can_say_where_modules_lie():
    day = day_of("/home/kai/train/1.0")
    line(day, "shell_startup", "export MODULEPATH=/home/kai")
    day.run("lin", day.ses_of, [*MODULECMD, "load", "train"])
    edits(day)
    assert told(day) == FOREIGN


def test_a_module_of_one_s_own_and_one_that_is_changed_afterwards_are_no_other_s():
    day = day_of(MODULE, by="lin")
    day.run("lin", day.ses_of, [*MODULECMD, "load", "train"])
    edits(day)
    assert told(day) == OWN
    day = day_of(SETUP)
    day.run("lin", day.ses_of, [*MODULECMD, "load", "train"])
    edits(day)
    day.change("kai", day.kai, MODULE, verb="create")
    assert told(day) == OWN


def test_a_module_that_another_session_loads_is_not_taken_in():
    day = day_of(MODULE)
    day.run("lin", day.lin, [*MODULECMD, "load", "train"])
    edits(day)
    assert told(day) == OWN


@pytest.mark.parametrize("path", some([CUSTOM, CUSTOM.replace("sitecustomize.py", "zz.pth")], 5))
@pytest.mark.parametrize(
    ("program", "executed", "foreign"),
    [
        ("python3.11", "/opt/env/bin/python3.11", True),
        ("python3.11", None, True),  # which it was is on no record
        ("python3.11", "/usr/bin/python3.11", False),  # of another environment, which does not look there
        ("perl", "/usr/bin/perl", False),
    ],
)
def test_python_takes_in_what_lies_in_its_environment(path, program, executed, foreign):
    day = day_of(path)
    edits(day, argv=(program, "/home/lin/analyse.py"))
    day.rows[-2]["object"] = executed
    assert told(day) == (FOREIGN if foreign else OWN)


def test_a_shell_takes_in_what_an_environment_has_to_be_activated():
    day = day_of(ACTIVATE)
    edits(day)
    assert told(day) == FOREIGN


PRIVATE = "/home/kai/env/lib/python3.11/site-packages/sitecustomize.py"


@pytest.mark.parametrize(
    ("path", "argv", "foreign"),
    [
        (PRIVATE, ("python3.11", "/home/lin/analyse.py"), False),
        (PRIVATE, ("python3.11", "/home/kai/env/bin/jupyter"), True),
        ("/home/kai/conda/envs/x/etc/conda/activate.d/zz.sh", ("sed", "-i", "s/1/2/", SCRIPT), False),
        ("/home/kai/env/bin/activate", ("sed", "-i", "s/1/2/", SCRIPT), False),
    ],
)
def test_an_environment_of_another_s_own_is_taken_in_by_who_runs_it(path, argv, foreign):
    day = day_of(path)
    edits(day, argv=argv)
    assert told(day) == (FOREIGN if foreign else OWN)


def test_a_line_of_an_earlier_session_took_nothing_in_here():
    day = day_of(SETUP)
    line(day, "bash_history", f"source {SETUP}")
    day.wait(30)
    day.ses_of = day.login("lin")
    edits(day)
    assert told(day) == OWN


@pytest.mark.parametrize(
    ("text", "early_s", "named"),
    some(
        [
            ("source /srv/proj/tools/other.sh", 0, None),
            ("export LD_PRELOAD=/srv/proj/lib/x.so", 0, None),
            ("source /srv/proj/tools/other.sh", None, "lin"),  # nothing tells of which session it is
            ("source /srv/proj/tools/other.sh", 600, "lin"),  # of none that is on record
            ("source /srv/proj/tools/other.sh", -600, "lin"),
            ("source /home/lin/env.sh", 0, "lin"),
            ("source /opt/site/env.sh", 0, "lin"),
            ("source other.sh", 0, "lin"),
            ("export PYTHONPATH=/srv/proj/lib", 0, "lin"),
        ],
        5,
    ),
)
def test_a_file_of_nobody_s_record_that_the_session_took_in(text, early_s, named):
    """It was taken in, as a script is that a shell is given; the record of who wrote it can have been cut off."""
    day = day_of(SETUP)
    line(day, "bash_history", text)
    for name in ("earliest_ns", "latest_ns"):
        day.rows[-1][name] = None if early_s is None else day.rows[-1][name] - early_s * 1_000_000_000
    edits(day)
    assert told(day)[0] == named


def test_an_end_of_a_path_is_no_file_of_another_s_own_place():
    day = day_of("/home/kai/tools/setup.sh")
    line(day, "bash_history", ". tools/setup.sh")
    edits(day)
    assert told(day) == OWN


@pytest.mark.parametrize(("by", "foreign"), [("kai", True), ("lin", False)])
def test_one_s_own_place_that_another_changed_too_is_not_the_other_s(by, foreign):
    path = "/home/lin/conda/etc/conda/activate.d/zz.sh"
    day = day_of(path, by="lin")
    day.change(by, day.kai if by == "kai" else day.lin, path)
    edits(day)
    assert told(day) == (FOREIGN if foreign else OWN)


def test_equal_files_in_two_homes_are_lines_of_both():
    day = day_of(SETUP)
    for account in ("dao", "lin"):
        line(day, "shell_startup", f"source {SETUP}", account=account)
    day.rows[-1] |= {name: day.rows[-2][name] for name in ("sha256", "start", "stop")}
    edits(day)
    assert told(day) == FOREIGN


@pytest.mark.parametrize(("moved", "foreign"), [(True, True), (False, False)])
def test_what_one_moved_to_where_it_is_taken_in_is_of_whoever_made_it(moved, foreign):
    """lin puts kai's file in its place, and no other hand is on record there."""
    day = day_of("/srv/proj/kais.py")
    day.change("lin", day.lin, "/srv/proj/lib/new.py", verb="create")
    source = "/srv/proj/kais.py" if moved else "/srv/proj/lib/new.py"
    day.change("lin", day.lin, LIBRARY, verb="rename", source=source, program="x")
    day.rows[-1]["inode"] = "fe:00:4242"
    line(day, "shell_startup", "export PYTHONPATH=/srv/proj/lib")
    edits(day, argv=("python3.11", "/home/lin/analyse.py"))
    assert told(day) == (FOREIGN if foreign else OWN)


@pytest.mark.parametrize(("copied", "named"), [(False, "lin"), (True, None)])
def test_of_more_files_than_are_asked_about_the_writers_are_not_known(copied, named, monkeypatch):
    """What one wrote oneself is soon seen, and does not count; of what was copied it has to be asked where from."""
    monkeypatch.setattr(foreign_code, "_MOST", 8)
    day = day_of(LIBRARY, by="lin")
    for n in range(12):
        day.change("lin", day.lin, f"/home/lin/lib/m{n}.py", verb="create", program="cp" if copied else "vim")
    line(day, "shell_startup", "export PYTHONPATH=/home/lin/lib")
    edits(day, argv=("python3.11", "/home/lin/analyse.py"))
    assert told(day)[0] == named


def test_a_line_whose_time_lies_in_no_session_can_be_of_this_one():
    """The clock that dated it was another, or was set since."""
    day = day_of(SETUP)
    line(day, "bash_history", f"source {SETUP}")
    day.rows[-1]["earliest_ns"] -= 600 * 1_000_000_000
    day.rows[-1]["latest_ns"] -= 600 * 1_000_000_000
    edits(day)
    assert told(day) == FOREIGN


@pytest.mark.parametrize("is_set", [True, False])
def test_where_the_clock_was_set_no_time_says_which_session_a_line_is_of(is_set):
    day = day_of(SETUP)
    line(day, "bash_history", f"source {SETUP}")
    day.wait(30)
    day.ses_of = day.login("lin")
    if is_set:
        day.run("dao", day.login("dao"), ["date", "-s", "12:00"])
    edits(day)
    assert told(day) == (FOREIGN if is_set else OWN)


def line(day, fmt, text, *, account="lin", later=False):
    """A line of a startup file, which has no moment, or of a history."""
    day.wait(1)
    when = None if fmt == "shell_startup" else day.at + (600 * 1_000_000_000 if later else 0)
    day.add(
        "setting", fmt, "login01:user", account=account, object_kind="setting", object="shell", text=text, when=when
    )  # fmt: skip


@pytest.mark.parametrize(
    ("fmt", "text", "given", "foreign"),
    some(
        [
            ("bash_history", f"source {SETUP}", {}, True),
            ("bash_history", f"cd /srv/proj && . {SETUP}", {}, True),
            ("bash_history", ". tools/setup.sh", {}, True),
            ("bash_history", f"cat {SETUP}", {}, False),
            ("bash_history", "source tools/other.sh", {}, False),
            ("bash_history", "source $PROJ/tools/setup.sh", {}, True),
            ("fish_history", f"source {SETUP}", {}, True),
            ("bash_history", f"source {SETUP}", {"account": "mei"}, False),
            ("bash_history", f"source {SETUP}", {"later": True}, False),
            ("shell_startup", f". {SETUP}", {}, True),
            ("shell_startup", f"alias ll='. {SETUP}; ls'", {}, True),
            ("shell_startup", f'PROMPT_COMMAND="source {SETUP}"', {}, True),
            ("shell_startup", f"alias ls='LD_PRELOAD={SETUP} ls'", {}, True),
            ("shell_startup", f"if [ -f {SETUP} ]; then . {SETUP}; fi", {"account": None}, True),
            ("shell_startup", f". {SETUP}", {"account": "kai"}, False),
        ],
        8,
    ),
)
def test_what_a_line_has_the_shell_take_in(fmt, text, given, foreign):
    day = day_of(SETUP)
    line(day, fmt, text, **given)
    edits(day)
    assert told(day) == (FOREIGN if foreign else OWN)


@pytest.mark.parametrize(
    ("text", "program", "foreign"),
    some(
        [
            ("export PYTHONPATH=/srv/proj/lib", "python3.11", True),
            ("export PYTHONPATH=/home/lin/lib:/srv/proj/lib/", "python3.11", True),
            ("export PYTHONPATH=/srv/proj/li", "python3.11", False),
            ("export PYTHONPATH=/home/lin/lib", "python3.11", False),
            ("export PYTHONPATH=/srv/proj/lib", "sed", False),
            ("export PERL5LIB=/srv/proj/lib", "python3.11", False),
            ("export LD_PRELOAD=/srv/proj/lib/labtools.py", "sed", True),
            ("export LD_AUDIT=~/lib/labtools.py", "sed", False),
            ("export GIT_CONFIG_GLOBAL=/srv/proj/lib/labtools.py", "git", True),
            ("export GIT_CONFIG_GLOBAL=/srv/proj/lib/labtools.py", "sed", False),
        ],
        10,
    ),
)
@pytest.mark.parametrize("fmt", ["shell_startup", "bash_history"])
def test_a_program_loads_what_a_line_of_its_shell_tells_it_to(fmt, text, program, foreign):
    """A folder that is searched opens an act where another changed what lies in it, and not by being there."""
    day = day_of(LIBRARY)
    line(day, fmt, text)
    edits(day, argv=(program, "/home/lin/analyse.py"))
    assert told(day) == (FOREIGN if foreign else OWN)


@pytest.mark.parametrize(
    ("path", "argv", "ran", "foreign"),
    [
        (ARCHIVE, ["tar", "-xf", ARCHIVE, "-C", "/home/lin/bin"], "/home/lin/bin/report.sh", True),
        (REPORT, ["cat", REPORT], "/home/lin/bin/report.sh", True),
        (REPORT, ["cat", REPORT], "/home/lin/bin/own.sh", False),
        (ARCHIVE, ["ls", "-l", ARCHIVE], "/home/lin/bin/report.sh", False),
    ],
)
def test_what_was_unpacked_or_written_out_at_home_need_not_be_one_s_own(path, argv, ran, foreign):
    day = day_of(path)
    day.run("lin", day.ses_of, argv)
    pid, _ = day.run("lin", day.ses_of, ["bash", ran])
    edits(day, ppid=pid)
    assert told(day) == (FOREIGN if foreign else OWN)


def test_patterns_find_every_file_that_is_taken_in_and_hold_no_byte_that_a_query_cannot():
    runs = [
        ("/usr/bin/tclsh8.6", [*MODULECMD, "load", "train"], "/"),
        ("/usr/bin/tar", ["tar", "-xf", "share/tools.tar"], "/srv/proj"),
        ("/usr/bin/cat", ["cat", REPORT], "/"),
    ]
    texts = [f"source {SETUP}", "export PYTHONPATH=/srv/proj/lib", "source a\0b"]
    told = [one for text in texts for one in surroundings.named(text, cwd=None)]
    found = taken_in.patterns(runs, [*told, surroundings.Named("/a\0b")])
    for path in (MODULE, REPORT, SETUP, LIBRARY, CUSTOM, ACTIVATE):
        assert any(re.search(pattern, path) for pattern in found), path
    assert not any(re.search(pattern, SCRIPT) for pattern in found)
    assert not any("\0" in pattern for pattern in found)
