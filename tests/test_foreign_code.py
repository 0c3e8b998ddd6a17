"""What a program does which another had written names nobody; what somebody's own program does names that one."""

import sys
from pathlib import Path

import investigated
import pytest
from drawn import some
from stage import UIDS, Stage, claim

from forensics.analysis import foreign_code
from forensics.core.roster import Question

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "bench"))

import both_ways  # noqa: E402 - a script's folder is no package

SCRIPT = "/srv/proj/train.py"
TOOL = "/srv/proj/bin/squeue"
STAGED = ROOT / "sample_logs" / "staged"


def day_of(account="lin"):
    """mei's job is to come; kai has written a program, and left."""
    day = Stage()
    day.enrol()
    day.shells("lin")
    day.mei = day.login("mei")
    day.change("mei", day.mei, SCRIPT, verb="create")
    day.kai = day.login("kai")
    day.change("kai", day.kai, TOOL, verb="create")
    day.ses_of = day.login(account)
    return day


def runs(
    day,
    account="lin",
    *,
    ses=None,
    program="dash",
    argv=("/bin/sh", TOOL),
    thing=TOOL,
    victim=SCRIPT,
    child=True,
):
    """A program in a session, which changes a file, by itself or by a child of its own."""
    ses = ses or day.ses_of
    pid, _ = day.run(account, ses, list(argv), ppid=900)
    day.rows[-1] |= {"exe": f"/usr/bin/{program}", "object": thing}
    own = pid
    if child:
        own, _ = day.run(account, ses, ["sed", "-i", "s/0.5/9.5/", victim], ppid=pid)
    day.wait(1)
    day.add(
        "write", account=account, auid=UIDS[account], effective=account, uid=UIDS[account], session=ses, pid=own, ppid=pid if child else 900,
        exe="/usr/bin/sed", object_kind="path", object=victim, inode="fe:00:77", object_owner_uid=UIDS["mei"],
    )  # fmt: skip


def moved(day, by="lin"):
    """lin puts another file in the place of the program, which lin or another wrote."""
    if by:
        day.change(by, day.ses_of if by == "lin" else day.kai, "/srv/proj/new", verb="create")
    day.change("lin", day.ses_of, TOOL, verb="rename", source="/srv/proj/new", program="mv")
    day.rows[-1]["inode"] = "fe:00:4242"


def told(day, account="lin"):
    """Who is named for the change of the script, who else comes into question, and the rule that leads on."""
    day.submit("mei", day.mei, "12", outcome="FAILED", code=1)
    done = day.examined(Question(jobs=("12",)))
    act = next(a for a in reversed(done.acts) if a.object == SCRIPT and a.account == account)
    found = done.judged[act.act_id]
    rule = next((d.rule for d in done.deferrals if d.act is act), None)
    return found.name, found.candidates, rule


FOREIGN = (None, ["kai", "lin"], foreign_code.RULE)
OWN = ("lin", ["lin"], None)


@pytest.mark.parametrize("child", [True, False])
def test_a_program_of_another_s_names_nobody(child):
    day = day_of()
    runs(day, child=child)
    assert told(day) == FOREIGN


def test_what_is_done_beside_it_is_one_s_own():
    """Another process of the session ran it, and not the one that acts nor any above it."""
    day = day_of()
    runs(day, victim="/srv/proj/other.py")
    day.change("lin", day.ses_of, SCRIPT)
    assert told(day) == OWN


def test_a_program_of_one_s_own_names_its_maker():
    day = day_of()
    day.change("lin", day.ses_of, "/srv/proj/mine.sh", verb="create")
    runs(day, argv=("/bin/sh", "/srv/proj/mine.sh"), thing="/srv/proj/mine.sh")
    assert told(day) == OWN


@pytest.mark.parametrize(
    ("writer", "words", "found"),
    [
        ("/home/kai/bin/pip", (), FOREIGN),
        ("/srv/proj/conda", (), FOREIGN),
        ("/home/kai/x", ("python3", "-m", "pip", "install", "x"), FOREIGN),
        ("/home/kai/x", ("python3", "/usr/bin/pip3", "install", "x"), FOREIGN),
        ("/usr/bin/python3.11", ("python3", "-m", "pip", "install", "x"), OWN),
        ("/opt/conda/bin/conda", (), OWN),
    ],
)
def test_a_program_that_is_called_as_a_package_manager_is_none_where_users_put_it(writer, words, found):
    """Kai changes a tool by a program of his own: what a package manager puts there is nobody's trap, and lin was named for what it did."""
    day = day_of()
    day.rows[:] = [row for row in day.rows if row["object"] != TOOL]
    day.change("kai", day.kai, TOOL)
    day.rows[-1] |= {"exe": writer, "object_owner_uid": UIDS["lin"]}
    day.rows[-2] |= {"exe": writer, "argv": list(words or (writer, TOOL))}
    runs(day)
    assert told(day) == found


def test_what_was_replaced_since_is_no_longer_another_s():
    day = day_of()
    moved(day)
    runs(day)
    assert told(day) == OWN


def test_what_was_moved_there_is_whose_it_was():
    """lin moves kai's file to where it runs."""
    day = day_of()
    moved(day, "kai")
    runs(day)
    assert told(day) == FOREIGN


def test_what_was_only_edited_since_is_still_another_s():
    day = day_of()
    day.change("lin", day.ses_of, TOOL)
    runs(day)
    assert told(day) == FOREIGN


def test_what_is_written_afterwards_did_not_run():
    day = day_of()
    moved(day)
    runs(day)
    day.change("kai", day.kai, TOOL)
    assert told(day) == OWN


def test_what_an_installer_wrote_is_no_work_of_whoever_ran_it():
    day = day_of()
    day.change("lin", day.ses_of, TOOL, verb="delete")
    day.change("dao", day.login("dao"), TOOL, verb="create", program="dpkg")
    runs(day)
    assert told(day) == OWN


@pytest.mark.parametrize(
    ("program", "argv", "foreign"),
    some(
        [
            ("bash", ("bash", "-x", "bin/squeue"), True),
            ("bash", ("bash", "-c", "true", TOOL), False),
            ("bash", ("bash", "-lc", TOOL), False),
            ("python3.11", ("python3", "-u", TOOL), True),
            ("python3.11", ("python3", "-W", "ignore", TOOL, "x"), True),
            ("python3.11", ("python3", "-m", "x", TOOL), False),
            ("python3.11", ("python3", "-c", TOOL), False),
            ("python3.11", ("python3", "/home/lin/own.py", TOOL), False),
            ("cat", ("cat", TOOL), False),
            ("sed", ("sed", "-i", "s/a/b/", TOOL), False),
            ("make", ("make", "-f", TOOL, "all"), True),
            ("make", ("make", "-C", "/home/lin", "-f", "/home/lin/Makefile", "all"), False),
        ],
        7,
    ),
)
def test_an_interpreter_does_the_file_that_it_is_given(program, argv, foreign):
    day = day_of()
    runs(day, program=program, argv=argv, thing=f"/usr/bin/{program}")
    assert told(day) == (FOREIGN if foreign else OWN)


def test_a_makefile_is_looked_for_where_make_runs():
    day = day_of()
    day.change("kai", day.kai, "/srv/proj/Makefile", verb="create")
    runs(day, program="make", argv=("make", "all"), thing="/usr/bin/make")
    assert told(day) == FOREIGN


@pytest.mark.parametrize(("exe", "path", "foreign"), [("python3", "/srv/ckpt/latest.pt", True), ("cat", "/srv/ckpt/latest.pt", False), ("python3", "/srv/ckpt/data.csv", False)])  # fmt: skip
def test_what_an_interpreter_reads_can_be_what_it_does(exe, path, foreign):
    """A pickle runs what it says when it is loaded."""
    day = day_of()
    day.change("kai", day.kai, path, verb="rename", source="/srv/ckpt/.new")
    pid, _ = day.run("lin", day.ses_of, [exe, "-"], ppid=900)
    day.wait(1)
    own = {
        "account": "lin",
        "auid": UIDS["lin"],
        "effective": "lin",
        "uid": UIDS["lin"],
        "session": day.ses_of,
        "pid": pid,
    }
    own |= {"ppid": 900, "exe": f"/usr/bin/{exe}", "object_kind": "path"}
    day.add("read", object=path, **own)
    day.wait(1)
    day.add("write", object=SCRIPT, inode="fe:00:77", object_owner_uid=UIDS["mei"], **own)
    assert told(day) == (FOREIGN if foreign else OWN)


@pytest.mark.parametrize(
    ("by", "argv", "effective", "foreign"),
    [
        ("kai", ["tee", "-a", "/home/lin/.bash_profile"], "root", True),
        ("kai", ["tee", "-a", "/home/kai/.bash_profile"], "kai", False),
        ("kai", ["cp", "x", "/home/mei/.zshrc"], "root", False),
        ("kai", ["tee", "-a", "/home/lin/.bash_profile.old"], "root", False),
        ("lin", ["tee", "-a", "/home/lin/.bash_profile"], "lin", False),
    ],
)
def test_a_command_that_writes_the_startup_file_of_an_account(by, argv, effective, foreign):
    day = day_of()
    day.run(by, day.kai if by == "kai" else day.ses_of, argv, effective=effective)
    ses = day.login("lin")
    day.change("lin", ses, SCRIPT)
    assert told(day) == (FOREIGN if foreign else OWN)


def test_in_a_shared_account_another_session_is_another():
    """Both are mlteam: the key and the device tell who ran it, and not who wrote it."""
    for own, foreign in ((False, True), (True, False)):
        day = Stage()
        day.enrol()
        day.mei = day.login("mei")
        day.change("mei", day.mei, SCRIPT, verb="create")
        lin, kai = day.login("mlteam", by="lin"), day.login("mlteam", by="kai")
        day.change("mlteam", lin if own else kai, TOOL, verb="create")
        runs(day, "mlteam", ses=lin)
        name, candidates, rule = told(day, "mlteam")
        assert (name, rule) == ((None, foreign_code.RULE) if foreign else ("lin", None))
        assert {"kai", "lin"} <= set(candidates) if foreign else candidates == ["lin"]


def test_cron_runs_what_yet_another_wrote():
    """lin left the entry, and kai wrote what it runs."""
    day = day_of()
    day.change("lin", day.ses_of, "/var/spool/cron/crontabs/lin", program="crontab", verb="rename", source="/var/spool/cron/crontabs/tmp.x")  # fmt: skip
    day.logout("lin", day.ses_of)
    day.ses += 1
    ses = str(day.ses)
    day.add("session_open", account="lin", auid=UIDS["lin"], session=ses, pid=900, exe="/usr/sbin/cron")
    runs(day, ses=ses)
    assert told(day) == (None, ["kai", "lin"], "cron_entry_of_account")


@pytest.mark.parametrize(
    "name", some(["trapped_program", "trapped_hook", "trapped_profile", "trapped_copy", "unknown_program"], 3)
)
def test_a_case_of_which_not_all_events_are_held_tells_the_same(name):
    folder = STAGED / name.replace("trapped_program", "trapped_hook")
    evidence = folder / "evidence"
    collected = {
        p.relative_to(evidence).as_posix(): p.read_bytes() for p in evidence.rglob("*") if p.is_file()
    }
    if name == "trapped_program":
        # The same in a place whose files are looked at for no other reason than that they ran.
        collected = {
            path: data.replace(b".git/hooks/post-commit", b"bins/toolx/post-commit")
            for path, data in collected.items()
        }
    roster, about = ((folder / f"{part}.toml").read_bytes() for part in ("roster", "case"))
    found = both_ways.of(collected, roster, about, investigated.DESK)
    assert found.differs == []
    assert found.held < found.events


@pytest.mark.parametrize(("account", "status"), [("lin", "mixed"), (None, "untestable")])
def test_what_no_record_tells_the_writer_of_can_be_a_script_of_another_s(account, status):
    """D06: a line of lin's startup file does what lin's shell did; who wrote the line is on no record."""
    day = day_of()
    if account:
        day.add(
            "setting", "shell_startup", "login01:user", account=account, object_kind="setting", object="shell command sed",
            text=f"sed -i s/0.5/9.5/ {SCRIPT}", when=None,
        )  # fmt: skip
    day.run("lin", day.ses_of, ["sed", "-i", "s/0.5/9.5/", SCRIPT])
    day.add(
        "write", account="lin", auid=UIDS["lin"], effective="lin", uid=UIDS["lin"], session=day.ses_of, pid=20_000 + day.serial - 1,
        ppid=1, exe="/usr/bin/sed", object_kind="path", object=SCRIPT,
    )  # fmt: skip
    day.submit("mei", day.mei, "12", outcome="FAILED", code=1)
    done = day.examined(Question(jobs=("12",), claims=(claim("D06", "lin"),)))
    assert [a.status for a in done.answers] == [status]
