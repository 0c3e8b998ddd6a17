"""A program of which no record tells who wrote it names nobody, unless it can only be of whoever ran it."""

import pytest
from drawn import some
from stage import HOST, UIDS, Stage
from test_foreign_code import FOREIGN, OWN, SCRIPT, TOOL, day_of, runs, told

from forensics.analysis import foreign_code
from forensics.core.roster import Question

UNKNOWN = (None, ["lin"], foreign_code.RULE)
SHARED = "/srv/proj/tools/clean.sh"


def executed(day, path, owner, **given):
    """lin executes a file of which the trail tells the owner."""
    runs(day, argv=("/bin/sh", path), thing=path, program="dash", **given)
    run = next(r for r in reversed(day.rows) if r["verb"] == "execute" and r["object"] == path)
    run["object_owner_uid"] = owner


def lacking(day):
    """What is missing for a name, and who comes into question."""
    day.submit("mei", day.mei, "12", outcome="FAILED", code=1)
    done = day.examined(Question(jobs=("12",)))
    act = next(a for a in reversed(done.acts) if a.object == SCRIPT and a.account == "lin")
    return set(act.missing) & {"decision_of_what_ran", "writer_of_what_ran"}


@pytest.mark.parametrize(
    ("path", "owner", "found"),
    some(
        [
            (SHARED, UIDS["kai"], (None, ["kai", "lin"], foreign_code.RULE)),
            ("/home/lin/bin/clean.sh", UIDS["kai"], (None, ["kai", "lin"], foreign_code.RULE)),
            (SHARED, UIDS["lin"], OWN),
            (SHARED, 0, OWN),
            (SHARED, 64100, OWN),  # of an account that nobody on the roster holds
            (SHARED, None, UNKNOWN),
            ("/usr/local/bin/clean.sh", UIDS["kai"], (None, ["kai", "lin"], foreign_code.RULE)),
            ("/usr/local/bin/clean.sh", None, OWN),
        ],
        5,
    ),
)
def test_the_owner_of_what_was_executed(path, owner, found):
    day = day_of()
    executed(day, path, owner)
    assert told(day) == found


def test_what_is_missing_is_said():
    day = day_of()
    executed(day, SHARED, UIDS["kai"])
    assert lacking(day) == {"writer_of_what_ran"}
    day = day_of()
    runs(day)
    assert lacking(day) == {"decision_of_what_ran"}


@pytest.mark.parametrize(
    ("path", "found"),
    some(
        [
            (SHARED, UNKNOWN),
            ("/home/kai/clean.sh", UNKNOWN),
            ("/var/tmp/lin/clean.sh", UNKNOWN),  # noqa: S108 - anybody makes a folder of that name there
            ("/srv/a/b/c/lin/clean.sh", UNKNOWN),
            ("/home/lin/clean.sh", OWN),
            ("/scratch/users/lin/x/clean.sh", OWN),
            ("/opt/site/clean.sh", OWN),
            ("/usr/share/clean.sh", OWN),
        ],
        5,
    ),
)
def test_the_place_of_a_script_whose_owner_no_record_tells(path, found):
    day = day_of()
    runs(day, argv=("bash", path), program="bash", thing="/bin/bash")
    assert told(day) == found


def test_a_compiled_program_whose_owner_no_record_tells_is_the_site_s():
    day = day_of()
    runs(day, argv=("trainer",), program="dash", thing="/sw/bin/trainer")
    assert told(day) == UNKNOWN
    day = day_of()
    runs(day, argv=("trainer",), thing="/sw/bin/trainer")
    next(r for r in day.rows if r["object"] == "/sw/bin/trainer")["exe"] = "/sw/bin/trainer"
    assert told(day) == OWN


def test_what_was_deleted_since_no_longer_runs():
    day = day_of()
    day.change("kai", day.kai, "/home/lin/x.sh", verb="create")
    day.change("lin", day.ses_of, "/home/lin/x.sh", verb="delete")
    runs(day, argv=("bash", "/home/lin/x.sh"), program="bash", thing="/bin/bash")
    assert told(day) == OWN


def test_what_another_process_read_is_none_of_the_act_s():
    day = day_of()
    day.change("kai", day.kai, "/srv/ckpt/latest.pt", verb="create")
    pid, _ = day.run("lin", day.ses_of, ["python3", "/home/lin/eval.py"], ppid=900)
    day.add("read", account="lin", auid=UIDS["lin"], session=day.ses_of, pid=pid, ppid=900, exe="/usr/bin/python3", object_kind="path", object="/srv/ckpt/latest.pt")  # fmt: skip
    day.change("lin", day.ses_of, SCRIPT)
    assert told(day) == OWN


def test_make_does_what_it_finds():
    day = day_of()
    runs(day, program="make", argv=("make", "all"), thing="/usr/bin/make")
    assert told(day) == UNKNOWN
    day = day_of()
    runs(day, program="make", argv=("make", "-C", "tools", "all"), thing="/usr/bin/make")
    next(r for r in day.rows if r["argv"] and r["argv"][0] == "make")["cwd"] = "/home/lin"
    day.change("kai", day.kai, "/home/lin/tools/Makefile")
    assert told(day) == OWN  # it was changed afterwards
    day = day_of()
    day.change("kai", day.kai, "/srv/tools/Makefile", verb="create")
    runs(day, program="make", argv=("make", "-C", "/srv/tools", "all"), thing="/usr/bin/make")
    next(r for r in day.rows if r["argv"] and r["argv"][0] == "make")["cwd"] = "/home/lin"
    assert told(day) == FOREIGN
    day = day_of()
    day.change("lin", day.ses_of, "/srv/proj/makefile", verb="create")
    runs(day, program="make", argv=("make", "all"), thing="/usr/bin/make")
    assert told(day) == OWN


def test_edits_alone_tell_an_owner_and_no_first_writer():
    for owner, found in (("lin", OWN), ("kai", (None, ["kai", "lin"], foreign_code.RULE)), (None, UNKNOWN)):
        day = day_of()
        day.change("lin", day.ses_of, SHARED, owner=owner)
        runs(day, argv=("bash", SHARED), program="bash", thing="/bin/bash")
        assert told(day) == found


@pytest.mark.parametrize(
    ("argv", "made_by", "found"),
    some(
        [
            (["cp", TOOL, "/home/lin/bin/"], None, FOREIGN),
            (["cp", "-p", "bin/squeue", "/home/lin/bin/squeue"], None, FOREIGN),
            (["install", "-m", "755", TOOL, "/home/lin/bin/squeue"], None, FOREIGN),
            (["cp", "-t", "/home/lin/bin", TOOL], None, FOREIGN),
            (["cp", "/home/kai/squeue", "/home/lin/bin/"], None, UNKNOWN),
            (["cp", "-r", "/srv/proj/bin", "/home/lin/"], None, UNKNOWN),
            (["cp", "/srv/proj/mine", "/home/lin/bin/squeue"], "lin", OWN),
            (["cp", "/home/lin/squeue", "/home/lin/bin/"], None, OWN),
            (["cp", "/usr/bin/squeue", "/home/lin/bin/"], None, OWN),
            (["git", "pull"], None, UNKNOWN),
            (["tee", "/home/lin/bin/squeue"], None, OWN),
        ],
        6,
    ),
)
def test_what_was_copied_holds_what_its_source_held(argv, made_by, found):
    """Whoever copies a program need not have read it."""
    day = day_of()
    if made_by:
        day.change(made_by, day.ses_of, "/srv/proj/mine", verb="create")
    day.change("lin", day.ses_of, "/home/lin/bin/squeue", verb="create", program=argv[0])
    run = day.rows[-2]
    run |= {"argv": argv}
    runs(day, argv=("bash", "/home/lin/bin/squeue"), program="bash", thing="/bin/bash")
    assert told(day) == found


@pytest.mark.parametrize(
    ("argv", "found"),
    some(
        [
            (("python3", "/home/lin/w/run.py"), FOREIGN),
            (("python3", "-c", "import helper"), FOREIGN),
            (("python3", "-c", "from pack import helper"), FOREIGN),
            (("python3", "-c", "import json"), OWN),
            (("python3", "-"), FOREIGN),
            (("bash", "/home/lin/w/run.sh"), OWN),
            (("python3", "/home/lin/v/run.py"), OWN),
        ],
        5,
    ),
)
def test_python_finds_modules_beside_its_script(argv, found):
    day = day_of()
    for path in ("/home/lin/w/helper.py", "/home/lin/w/pack/helper.py", "/home/lin/w/a/b/c.py"):
        day.change("kai", day.kai, path, verb="create")
    runs(day, argv=argv, program=argv[0], thing=f"/usr/bin/{argv[0]}")
    run = next(r for r in day.rows if r["argv"] == list(argv))
    run["cwd"] = "/home/lin/w"
    assert told(day) == found


def test_where_reading_is_recorded_only_what_was_read_was_found():
    for read, found in (("/home/lin/w/own.py", OWN), ("/home/lin/w/helper.py", FOREIGN)):
        day = day_of()
        day.change("kai", day.kai, "/home/lin/w/helper.py", verb="create")
        day.change("lin", day.ses_of, "/home/lin/w/own.py", verb="create")
        argv = ("python3", "/home/lin/w/run.py")
        runs(day, argv=argv, program="python3", thing="/usr/bin/python3")
        run = next(r for r in day.rows if r["argv"] == list(argv))
        same = ("account", "auid", "effective", "uid", "session", "pid", "ppid")
        day.add("read", object=read, exe="/usr/bin/python3", object_kind="path", when=run["earliest_ns"] + 1000, **{k: run[k] for k in same})  # fmt: skip
        assert told(day) == found


@pytest.mark.parametrize(
    ("path", "argv", "child", "found"),
    [
        ("/srv/proj/.git/config", ("git", "sync"), True, FOREIGN),
        ("/srv/.git/config", ("git", "-C", "/srv/x", "sync"), True, FOREIGN),
        ("/srv/proj/.git/config", ("git", "-C", "/home/lin/x", "sync"), True, OWN),
        ("/srv/proj/.git/config", ("git", "sync"), False, OWN),
        ("/srv/other/.git/config", ("git", "sync"), True, OWN),
    ],
)
def test_git_does_by_other_programs_what_a_repository_s_settings_say(path, argv, child, found):
    day = day_of()
    day.change("kai", day.kai, path)
    runs(day, argv=argv, program="git", thing="/usr/bin/git", child=child)
    assert told(day) == found


@pytest.mark.parametrize(
    ("argv", "effective", "found"),
    some(
        [
            (["tee", "/etc/profile.d/zz.sh"], "root", FOREIGN),
            (["sed", "-i", "1d", "/etc/bash.bashrc"], "root", FOREIGN),
            (["bash", "-c", "echo x >>/etc/environment"], "root", FOREIGN),
            (["vim", "/etc/profile"], "kai", OWN),
            (["cp", "/etc/profile", "/home/kai/x"], "root", OWN),
            (["cp", "/etc/profile", "/home/kai/.bash_profile"], "root", OWN),
            (["cp", "/home/kai/.bash_profile", "/etc/profile"], "root", FOREIGN),
            (["tee", "/etc/profile.d.old"], "root", OWN),
            (["tee", "/etc/motd"], "root", OWN),
        ],
        5,
    ),
)
def test_a_command_that_writes_a_startup_file_of_the_host(argv, effective, found):
    day = day_of()
    day.run("kai", day.kai, argv, effective=effective)
    ses = day.login("lin")
    day.change("lin", ses, SCRIPT)
    assert told(day) == found


@pytest.mark.parametrize(("program", "found"), [("tee", FOREIGN), ("dpkg", OWN)])
def test_a_startup_file_of_the_host_that_was_changed(program, found):
    day = day_of()
    day.change("kai", day.kai, "/etc/profile.d/zz.sh", verb="create", program=program)
    ses = day.login("lin")
    day.change("lin", ses, SCRIPT)
    assert told(day) == found


def test_cron_runs_what_nobody_is_known_to_have_written():
    for path, found in ((SHARED, None), ("/home/lin/clean.sh", "lin")):
        day = day_of()
        day.change("lin", day.ses_of, "/var/spool/cron/crontabs/lin", program="crontab", verb="rename", source="/var/spool/cron/crontabs/tmp.x")  # fmt: skip
        day.logout("lin", day.ses_of)
        day.ses += 1
        ses = str(day.ses)
        day.add("session_open", account="lin", auid=UIDS["lin"], session=ses, pid=900, exe="/usr/sbin/cron")
        runs(day, ses=ses, argv=("bash", path), program="bash", thing="/bin/bash")
        assert told(day) == (found, ["lin"], "cron_entry_of_account")


def test_the_rights_of_another_that_such_a_program_takes_name_nobody():
    """Its sudo is no more whoever ran it than what it does by it."""
    day = day_of()
    pid, _ = day.run("lin", day.ses_of, ["bash", SHARED], ppid=900)
    day.add("sudo", account="lin", auid=UIDS["lin"], effective="root", session=day.ses_of, pid=pid + 1, ppid=pid, exe="/usr/bin/sudo", argv=["sudo", "sed"], text="sed")  # fmt: skip
    child, _ = day.run("lin", day.ses_of, ["sed", "-i", "s/a/b/", SCRIPT], effective="root", ppid=pid)
    day.add("write", account="lin", auid=UIDS["lin"], effective="root", uid=0, session=day.ses_of, pid=child, ppid=pid, exe="/usr/bin/sed", object_kind="path", object=SCRIPT, inode="fe:00:77", object_owner_uid=UIDS["mei"])  # fmt: skip
    day.submit("mei", day.mei, "12", outcome="FAILED", code=1)
    done = day.examined(Question(jobs=("12",)))
    raised = [a for a in done.acts if a.act == "escalate"]
    assert raised
    assert [(done.judged[a.act_id].name, set(a.missing) & {"writer_of_what_ran"}) for a in raised] == [(None, {"writer_of_what_ran"})]  # fmt: skip


def by_words(day, *argv, cwd="/home/lin"):
    """A command of lin's that leaves no record of what it writes."""
    day.run("lin", day.ses_of, list(argv), cwd=cwd)


@pytest.mark.parametrize(
    ("argv", "cwd", "path", "found"),
    some([
        (("cp", TOOL, "bin/"), "/home/lin", "/home/lin/bin/squeue", FOREIGN),
        (("cp", "-v", TOOL, "bin/mine"), "/home/lin", "/home/lin/bin/mine", FOREIGN),
        (("ln", "-s", TOOL, "bin/mine"), "/home/lin", "/home/lin/bin/mine", FOREIGN),
        (("cp", "-r", "/srv/proj/bin", "tools"), "/home/lin", "/home/lin/tools/squeue", FOREIGN),
        (("cp", "-r", "/srv/proj/bin", "/home/lin"), "/", "/home/lin/bin/squeue", FOREIGN),
        (("rsync", "-a", "--rsh", "ssh", "/srv/proj/", "w"), "/home/lin", "/home/lin/w/bin/squeue", FOREIGN),
        (("cp", "-r", "/srv/proj/bin", "tools"), "/home/lin", "/home/lin/other/squeue", OWN),
        (("rsync", "-a", "ws:/srv/proj/", "w"), "/home/lin", "/home/lin/w/bin/squeue", OWN),
        (("git", "clone", "gitserver:llm.git"), "/home/lin", "/home/lin/llm/run.sh", UNKNOWN),
        (("git", "clone", "-q", "-b", "main", "gitserver:llm", "w"), "/home/lin", "/home/lin/w/run.sh", UNKNOWN),
        (("git", "-C", "w", "pull"), "/home/lin", "/home/lin/w/a/run.sh", UNKNOWN),
        (("git", "pull"), "/home/lin/w", "/home/lin/w/a/run.sh", UNKNOWN),
        (("git", "status"), "/home/lin/w", "/home/lin/w/run.sh", OWN),
        (("git", "clone", "gitserver:llm.git"), "/home/lin", "/home/lin/run.sh", OWN),
    ], 7),
)  # fmt: skip
def test_the_words_of_a_command_tell_what_it_brought(argv, cwd, path, found):
    """Nobody records what is written in a home; which programs run, a trail tells."""
    day = day_of()
    by_words(day, *argv, cwd=cwd)
    runs(day, argv=("bash", path), program="bash", thing="/bin/bash")
    assert told(day) == found


def test_what_is_brought_afterwards_did_not_run():
    day = day_of()
    runs(day, argv=("bash", "/home/lin/bin/squeue"), program="bash", thing="/bin/bash")
    by_words(day, "cp", TOOL, "bin/squeue")
    assert told(day) == OWN


def test_what_was_moved_too_often_to_follow_is_of_nobody_known():
    day = day_of()
    day.change("kai", day.kai, "/srv/proj/0", verb="create")
    for n in range(12):
        day.change("lin", day.ses_of, f"/home/lin/{n + 1}.sh", verb="rename", source=f"/home/lin/{n}.sh" if n else "/srv/proj/0", program="mv")  # fmt: skip
    runs(day, argv=("bash", "/home/lin/12.sh"), program="bash", thing="/bin/bash")
    assert told(day) == UNKNOWN


def test_copies_in_a_circle_end():
    """Each of many files was copied from every other: who wrote what ran is not known then, and that is soon said."""
    day = day_of()
    names = [f"/home/lin/{n}.sh" for n in range(12)]
    for one in names:
        for other in names:
            if one != other:
                by_words(day, "cp", one, other)
    runs(day, argv=("bash", names[0]), program="bash", thing="/bin/bash")
    assert told(day) == UNKNOWN


@pytest.mark.parametrize(
    ("text", "account", "host", "found"),
    some(
        [
            ("sed -i 's/0.5/9.5/' /srv/proj/train.py", "lin", HOST, UNKNOWN),
            ("alias ls='sed -i s/0.5/9.5/ /srv/proj/train.py; ls'", "lin", HOST, UNKNOWN),
            ("sed -i s/0.5/9.5/ /srv/proj/train.py", None, HOST, UNKNOWN),  # of all accounts
            ("sed -i s/0.5/9.5/ /srv/proj/train.py", "mei", HOST, OWN),
            ("sed -i s/0.5/9.5/ /srv/proj/train.py", "lin", "login02", OWN),
            ("sed -i s/0.5/9.5/ /srv/proj/other.py", "lin", HOST, OWN),
            ("export EDITOR=sed", "lin", HOST, OWN),
            ("alias sed='sed -E'", "lin", HOST, OWN),
        ],
        5,
    ),
)
def test_a_startup_file_that_was_collected_does_the_same(text, account, host, found):
    """Nothing tells who wrote the line, and when."""
    day = day_of()
    day.add("setting", "shell_startup", f"{host}:user", account=account, host=host, when=None, object_kind="setting", object="shell command sed", text=text)  # fmt: skip
    pid, _ = day.run("lin", day.ses_of, ["sed", "-i", "s/0.5/9.5/", SCRIPT])
    day.add("write", account="lin", auid=UIDS["lin"], effective="lin", uid=UIDS["lin"], session=day.ses_of, pid=pid, ppid=1, exe="/usr/bin/sed", object_kind="path", object=SCRIPT, inode="fe:00:77", object_owner_uid=UIDS["mei"])  # fmt: skip
    assert told(day) == found


@pytest.mark.parametrize(
    ("text", "found"), [("sudo scancel $(squeue -h -o %i)", {"writer_of_what_ran"}), ("squeue -u lin", set())]
)
def test_what_ends_jobs_can_be_told_which_by_another_command(text, found):
    day = day_of()
    day.add("setting", "shell_startup", f"{HOST}:user", account="lin", host=HOST, when=None, object_kind="setting", object="shell command scancel", text=text)  # fmt: skip
    day.submit("mei", day.mei, "12")
    day.cancel("lin", day.ses_of, "12")
    done = day.examined(Question(jobs=("12",)))
    (act,) = [a for a in done.acts if a.act == "cancel"]
    assert set(act.missing) & {"writer_of_what_ran"} == found


def test_of_several_files_that_are_copied_the_one_of_that_name_counts():
    for own, other in (("/srv/proj/squeue", "/home/kai/other"), ("/srv/proj/other", "/home/kai/squeue")):
        day = day_of()
        day.change("lin", day.ses_of, own, verb="create")
        day.change("lin", day.ses_of, "/home/lin/bin/squeue", verb="create", program="cp")
        day.rows[-2] |= {"argv": ["cp", other, own, "/home/lin/bin/"]}
        runs(day, argv=("bash", "/home/lin/bin/squeue"), program="bash", thing="/bin/bash")
        assert told(day) == (OWN if own.endswith("squeue") else UNKNOWN)


@pytest.mark.parametrize(
    ("path", "owner", "name"),
    [
        ("/home/mlteam/x.sh", None, None),
        ("/home/mlteam/x.sh", UIDS["mlteam"], None),
        ("/home/mlteam/x.sh", 0, "lin"),
    ],
)
def test_what_lies_in_a_shared_account_can_be_of_each_who_shares_it(path, owner, name):
    day = Stage()
    day.enrol()
    day.mei = day.login("mei")
    day.change("mei", day.mei, SCRIPT, verb="create")
    day.ses_of = day.login("mlteam", by="lin")
    runs(day, "mlteam", argv=("/bin/sh", path), thing=path)
    next(r for r in day.rows if r["object"] == path)["object_owner_uid"] = owner
    assert told(day, "mlteam")[0] == name


def test_what_a_process_ran_is_asked_of_the_clock_that_dates_it():
    """The controller's clock dates the request a moment before the trail's dates the process that made it."""
    day = day_of()
    day.submit("mei", day.mei, "12")
    pid, _ = day.run("lin", day.ses_of, ["/bin/sh", TOOL], ppid=900)
    day.rows[-1] |= {"exe": "/usr/bin/dash", "object": TOOL}
    ran = day.rows[-1]
    day.run("lin", day.ses_of, ["scancel", "12"], ppid=pid)
    ran |= {"earliest_ns": day.at - 1_000_000, "latest_ns": day.at}
    day.add("kill_request", "slurmctld", "slurm:admin", host=None, job="12", uid=UIDS["lin"], object_kind="job", object="12", when=day.at - 3_000_000)  # fmt: skip
    done = day.examined(Question(jobs=("12",)))
    (act,) = [a for a in done.acts if a.act == "cancel"]
    assert (act.missing, done.judged[act.act_id].name) == (["decision_of_what_ran"], None)
