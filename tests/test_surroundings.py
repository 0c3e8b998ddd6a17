"""What a run loads that its words do not name: unpacked, downloaded, set in the environment, taken in by a startup file.

Each is a day on which lin runs something that kai, or nobody known, put there, and the script of mei's job changes. lin is
named only where all that ran was lin's own.
"""

from types import SimpleNamespace

import pytest
from drawn import examples, some
from hypothesis import given, settings
from hypothesis import strategies as st
from stage import HOST, UIDS, Stage, analysed, roster
from test_foreign_code import FOREIGN, OWN, SCRIPT, day_of, runs, told

from forensics.analysis import beside, evidence, examine, findings, foreign_code, startup_lines, surroundings
from forensics.core import tables
from forensics.core.roster import Question
from forensics.pipeline import narrowed
from forensics.pipeline.parts import record_table
from forensics.store import parquet

UNKNOWN = (None, ["lin"], foreign_code.RULE)
ARCHIVE = "/srv/proj/tools.tar"


def own_script(day, path="/home/lin/bin/clean.sh"):
    runs(day, argv=("bash", path), program="bash", thing="/bin/bash")


@pytest.mark.parametrize(
    ("argv", "cwd", "found"),
    some(
        [
            (["tar", "xf", ARCHIVE, "-C", "bin"], "/home/lin", FOREIGN),
            (["tar", "-xzf", ARCHIVE], "/home/lin/bin", FOREIGN),
            (["tar", "--extract", f"--file={ARCHIVE}", "--directory=/home/lin"], "/", FOREIGN),
            (["tar", "xf", "/srv/proj/other.tar"], "/home/lin", UNKNOWN),
            (["tar", "x"], "/home/lin", UNKNOWN),  # from its input
            (["tar", "xf", "mine.tar"], "/home/lin", OWN),
            (["tar", "cf", ARCHIVE, "bin"], "/home/lin", OWN),
            (["tar", "xf", ARCHIVE], "/home/lin/other", OWN),  # a move from there would be on record
            (["tar", "xf", ARCHIVE], "/data/home/lin/bin", FOREIGN),  # a link can lead there
            (["tar", "xPf", ARCHIVE], "/home/lin/other", FOREIGN),  # wherever the archive says
            (["tar", "xf", ARCHIVE, "-C", "/"], "/home/lin", FOREIGN),
            (["tar", "xf", ARCHIVE], None, FOREIGN),
            (["unar", ARCHIVE], "/home/lin/bin", FOREIGN),
            (["unzip", "-o", ARCHIVE, "-d", "/home/lin/bin"], "/", FOREIGN),
            (["unzip", "-l", ARCHIVE], "/home/lin/bin", OWN),
            (["cpio", "-idm"], "/home/lin/bin", UNKNOWN),
            (["cpio", "-o"], "/home/lin/bin", OWN),
            (["curl", "-sSLo", "bin/clean.sh", "https://x.example/c"], "/home/lin", UNKNOWN),
            (["curl", "-O", "https://x.example/clean.sh"], "/home/lin/bin", UNKNOWN),
            (["curl", "https://x.example/clean.sh"], "/home/lin/bin", OWN),  # to the terminal
            (["curl", "-o", "/home/lin/data.csv", "https://x.example/clean.sh"], "/home/lin/bin", OWN),
            (["wget", "-q", "https://x.example/clean.sh"], "/home/lin/bin", UNKNOWN),
            (["wget", "-P", "/home/lin/bin", "https://x.example/clean.sh"], "/", UNKNOWN),
            (["wget", "-O", "bin/clean.sh", "https://x.example/c"], "/home/lin", UNKNOWN),
            (["wget", "https://x.example/clean.sh"], "/home/lin", OWN),
        ],
        13,
    ),
)
def test_what_was_unpacked_or_downloaded_is_of_whoever_made_it(argv, cwd, found):
    day = day_of()
    day.change("kai", day.kai, ARCHIVE, verb="create")
    day.run("lin", day.ses_of, argv, cwd=cwd)
    own_script(day)
    assert told(day) == found


def test_what_was_unpacked_elsewhere_and_moved_is_of_whoever_made_it():
    day = day_of()
    day.change("kai", day.kai, ARCHIVE, verb="create")
    day.run("lin", day.ses_of, ["tar", "xf", ARCHIVE], cwd="/home/lin/other")
    day.run("lin", day.ses_of, ["mv", "other/clean.sh", "bin/"], cwd="/home/lin")
    own_script(day)
    assert told(day) == FOREIGN


@pytest.mark.parametrize(
    ("argv", "found"),
    [
        (["tar", "xf", ARCHIVE], FOREIGN),
        (["unzip", ARCHIVE], FOREIGN),
        (["tar", "xf", "/home/lin/mine.tar"], OWN),
        (["wget", "https://x.example/clean.sh"], UNKNOWN),
        (["curl", "-O", "https://x.example/clean.sh"], UNKNOWN),
    ],
)
def test_a_record_of_the_file_says_no_more_of_who_made_it(argv, found):
    day = day_of()
    day.change("kai", day.kai, ARCHIVE, verb="create")
    day.change("lin", day.ses_of, "/home/lin/bin/clean.sh", verb="create", program=argv[0])
    day.rows[-2] |= {"argv": argv, "cwd": "/home/lin/bin"}
    own_script(day)
    assert told(day) == found


@pytest.mark.parametrize(("program", "found"), [("wget", UNKNOWN), ("tee", OWN)])
def test_what_a_program_downloaded_that_no_record_tells_the_words_of(program, found):
    day = day_of()
    day.change("lin", day.ses_of, "/home/lin/bin/clean.sh", verb="create", program=program)
    del day.rows[-2]
    own_script(day)
    assert told(day) == found


@pytest.mark.parametrize(
    ("argv", "exe", "found"),
    [
        (["pip", "install", "--user", "/srv/proj/pkg"], "/usr/bin/pip", FOREIGN),
        (["/usr/bin/python3", "-m", "pip", "install", "-q", "/srv/proj/pkg"], "/usr/bin/python3.11", FOREIGN),
        (["/usr/bin/python3", "/usr/bin/pip3", "install", "tool"], "/usr/bin/python3.11", UNKNOWN),
        (["pip", "install", "-t", "/home/lin/lib", "tool"], "/usr/bin/pip", OWN),
        (["pip", "list"], "/usr/bin/pip", OWN),
    ],
)
def test_what_pip_put_into_a_home_is_of_whoever_made_the_package(argv, exe, found):
    day = day_of()
    day.change("kai", day.kai, "/srv/proj/pkg/setup.py", verb="create")
    day.run("lin", day.ses_of, argv, cwd="/home/lin")
    day.rows[-1]["exe"] = exe
    own_script(day, "/home/lin/.local/bin/tool")
    assert told(day) == found


def with_words(day, argv, program, *, then=("python3", "/home/lin/x.py")):
    """A program that starts another in its own place, as `env` does."""
    pid, _ = day.run("lin", day.ses_of, list(argv), ppid=900, cwd="/home/lin")
    day.rows[-1]["exe"] = f"/usr/bin/{program}"
    day.run("lin", day.ses_of, list(then), pid=pid, ppid=900, cwd="/home/lin")
    day.rows[-1] |= {"exe": "/usr/bin/python3.11"}
    day.wait(1)
    day.add("write", account="lin", auid=UIDS["lin"], effective="lin", uid=UIDS["lin"], session=day.ses_of, pid=pid, ppid=900, exe="/usr/bin/python3.11", object_kind="path", object=SCRIPT, inode="fe:00:77", object_owner_uid=UIDS["mei"])  # fmt: skip


@pytest.mark.parametrize(
    ("words", "found"),
    some(
        [
            (["LD_PRELOAD=/srv/proj/lib/x.so"], FOREIGN),
            (["-i", "A=1", "LD_PRELOAD=/home/lin/y.so:/srv/proj/lib/x.so"], FOREIGN),
            (["PYTHONPATH=/srv/proj/lib:/home/lin/lib"], FOREIGN),
            (["LD_LIBRARY_PATH=/srv/proj/lib"], FOREIGN),
            (["PYTHONSTARTUP=/srv/other/start.py"], UNKNOWN),
            (["PYTHONPATH=/srv/other"], UNKNOWN),
            (["BASH_ENV=/srv/proj/lib/env.sh"], OWN),  # Python obeys no such variable
            (["PYTHONHOME=/srv/proj/py"], FOREIGN),
            (["GIT_CONFIG_GLOBAL=/srv/proj/lib/env.sh"], OWN),
            (["PERL5LIB=/srv/proj/lib"], OWN),
            (["LD_PRELOAD=/usr/lib/x86_64-linux-gnu/libjemalloc.so.2"], OWN),
            (["PYTHONPATH=/home/lin/lib:"], OWN),
            (["OMP_NUM_THREADS=4", "NAME=/srv/proj/lib/x.so"], OWN),
        ],
        7,
    ),
)
def test_what_env_sets_is_what_is_loaded(words, found):
    day = day_of()
    held = ("/srv/proj/lib/x.so", "/srv/proj/lib/util.py", "/srv/proj/lib/env.sh", "/srv/proj/py/lib/python3.11/site-packages/a.py")  # fmt: skip
    for path in held:
        day.change("kai", day.kai, path, verb="create")
    with_words(day, ["env", *words, "python3", "/home/lin/x.py"], "env")
    assert told(day) == found


def test_a_shell_takes_in_what_its_environment_names():
    day = day_of()
    day.change("kai", day.kai, "/srv/proj/lib/env.sh", verb="create")
    with_words(day, ["env", "BASH_ENV=/srv/proj/lib/env.sh", "bash", "/home/lin/x.sh"], "env")
    day.rows[-1]["exe"] = day.rows[-2]["exe"] = "/usr/bin/bash"
    assert told(day) == FOREIGN


@pytest.mark.parametrize(
    ("argv", "found"),
    [
        (["srun", "--export=ALL,LD_PRELOAD=/srv/proj/lib/x.so", "python3", "x.py"], FOREIGN),
        (["srun", "--export", "LD_PRELOAD=/srv/proj/lib/x.so,A=1", "python3", "x.py"], FOREIGN),
        (["mpirun", "-x", "LD_PRELOAD=/srv/proj/lib/x.so", "python3", "x.py"], FOREIGN),
        (["srun", "--export=ALL,LD_PRELOAD=/home/lin/x.so", "python3", "x.py"], OWN),
        (["srun", "--export=ALL", "python3", "x.py"], OWN),
    ],
)
def test_what_a_launcher_exports_is_what_is_loaded(argv, found):
    """The launched program goes on in the launcher's session, as that of a wrapper does; of a job's own process nobody is named."""
    day = day_of()
    day.change("kai", day.kai, "/srv/proj/lib/x.so", verb="create")
    with_words(day, argv, argv[0])
    assert told(day) == found


def test_what_a_shells_own_words_set_counts_too():
    for text, found in (
        ("LD_PRELOAD=/srv/proj/lib/x.so python3 /home/lin/x.py", FOREIGN),
        ("export PYTHONPATH=/srv/proj/lib; python3 /home/lin/x.py", FOREIGN),
        ("source /srv/proj/lib/env.sh && python3 /home/lin/x.py", FOREIGN),
        (". /home/lin/env.sh; python3 /home/lin/x.py", OWN),
        ("echo LD_PRELOAD; python3 /home/lin/x.py", OWN),
    ):
        day = day_of()
        for path in ("/srv/proj/lib/x.so", "/srv/proj/lib/util.py", "/srv/proj/lib/env.sh"):
            day.change("kai", day.kai, path, verb="create")
        with_words(day, ["bash", "-c", text], "bash")
        assert told(day) == found


@pytest.mark.parametrize(
    ("text", "account", "found"),
    some(
        [
            ("source /srv/proj/lib/env.sh", "lin", FOREIGN),
            ("[ -f /srv/proj/lib/env.sh ] && . /srv/proj/lib/env.sh", "lin", FOREIGN),
            ("export LD_PRELOAD=/srv/proj/lib/x.so", "lin", FOREIGN),
            ('export PYTHONPATH="/srv/proj/lib:$PYTHONPATH"', "lin", FOREIGN),
            ("export PYTHONPATH=/srv/proj/lib:$PYTHONPATH", None, FOREIGN),  # of all accounts
            ("source /srv/site/env.sh", "lin", UNKNOWN),
            ("source /opt/conda/etc/profile.d/conda.sh", "lin", OWN),
            ("source ~/.bash_aliases", "lin", OWN),
            (". $HOME/.cargo/env", "lin", OWN),
            ("source /srv/proj/lib/env.sh", "mei", OWN),
            ("source /srv/site/env.sh", None, OWN),  # what the host's own files take in is the site's
            ("source /srv/proj/lib/env.sh", None, FOREIGN),
            ("source $PROJ/lib/env.sh", "lin", FOREIGN),
            ("source $PROJ/site/env.sh", "lin", OWN),
            ("export PYTHONPATH=/srv/site", "lin", OWN),  # nothing tells that anything of it was loaded
            ("export PERL5LIB=/srv/proj/lib", "lin", OWN),
            ("setenv LD_PRELOAD /srv/proj/lib/x.so", "lin", FOREIGN),
            ("# once: ls; source /srv/proj/lib/env.sh", "lin", OWN),
            ("export MANPATH=/srv/proj/lib", "lin", OWN),
        ],
        10,
    ),
)
def test_what_a_startup_file_that_was_collected_takes_in(text, account, found):
    day = day_of()
    for path in ("/srv/proj/lib/x.so", "/srv/proj/lib/util.py", "/srv/proj/lib/env.sh"):
        day.change("kai", day.kai, path, verb="create")
    day.add("setting", "shell_startup", f"{HOST}:user", account=account, when=None, object_kind="setting", object="shell", text=text)  # fmt: skip
    with_words(day, ["nice", "python3", "/home/lin/x.py"], "nice")
    assert told(day) == found


@pytest.mark.parametrize(
    ("path", "argv", "child", "found"),
    [
        ("/home/lin/.gitconfig", ("git", "st"), True, FOREIGN),
        ("/home/lin/.config/git/config", ("git", "st"), True, FOREIGN),
        ("/etc/gitconfig", ("git", "st"), True, FOREIGN),
        ("/home/mei/.gitconfig", ("git", "st"), True, OWN),
        ("/home/lin/.gitconfig", ("git", "st"), False, OWN),
    ],
)
def test_git_does_what_the_settings_of_an_account_say(path, argv, child, found):
    day = day_of()
    day.change("kai", day.kai, path)
    runs(day, argv=argv, program="git", thing="/usr/bin/git", child=child)
    assert told(day) == found


def test_settings_of_git_that_another_made_by_rights_over_the_account():
    for words, account, found in (
        (["git", "config", "--global", "alias.st", "!sh /srv/x"], "kai", FOREIGN),
        (["git", "config", "--global", "user.name", "lin"], "lin", OWN),
        (["git", "config", "--global", "--get", "user.name"], "kai", OWN),
        (["git", "config", "user.name", "lin"], "kai", OWN),
    ):
        day = day_of()
        day.run(account, day.kai if account == "kai" else day.ses_of, words, effective="lin")
        runs(day, argv=("git", "st"), program="git", thing="/usr/bin/git")
        assert told(day) == found


@pytest.mark.parametrize(
    ("path", "exe", "argv", "program", "found"),
    some([
        ("/srv/envs/ml/lib/python3.11/site-packages/sitecustomize.py", "/srv/envs/ml/bin/python3.11", ["python3", "/home/lin/x.py"], "vim", FOREIGN),
        ("/srv/envs/ml/lib/python3.11/site-packages/zz.pth", "/usr/bin/python3.11", ["/srv/envs/ml/bin/python", "/home/lin/x.py"], "vim", FOREIGN),
        ("/srv/envs/ml/lib/python3.11/site-packages/numpy/core.py", "/srv/envs/ml/bin/python3.11", ["python3", "/home/lin/x.py"], "vim", FOREIGN),
        ("/srv/envs/ml/lib/python3.11/site-packages/numpy/core.py", "/srv/envs/ml/bin/python3.11", ["python3", "-c", "import json"], "vim", OWN),
        ("/srv/envs/ml/lib/python3.11/site-packages/zz.pth", "/srv/envs/ml/bin/python3.11", ["python3", "-c", "import json"], "vim", FOREIGN),
        ("/srv/envs/ml/lib/python3.11/site-packages/zz.pth", "/srv/envs/ml/bin/python3.11", ["python3", "/home/lin/x.py"], "pip", OWN),
        ("/srv/envs/ml/lib/python3.11/site-packages/zz.pth", "/srv/envs/other/bin/python3.11", ["python3", "/home/lin/x.py"], "vim", OWN),  # every process above is asked by its own
        ("/data/srv/envs/ml/lib/python3.11/site-packages/zz.pth", "/srv/envs/ml/bin/python3.11", ["python3", "/home/lin/x.py"], "vim", FOREIGN),  # a link can lead there
        ("/usr/local/lib/python3.11/dist-packages/zz.pth", "/usr/bin/python3.11", ["python3", "/home/lin/x.py"], "vim", FOREIGN),
        ("/home/lin/.local/lib/python3.11/site-packages/zz.pth", "/usr/bin/python3.11", ["python3", "/home/lin/x.py"], "vim", FOREIGN),
        ("/home/mei/.local/lib/python3.11/site-packages/zz.pth", "/usr/bin/python3.11", ["python3", "/home/lin/x.py"], "vim", OWN),
    ], 6),
)  # fmt: skip
def test_python_loads_what_lies_in_its_environment(path, exe, argv, program, found):
    day = day_of()
    day.change("kai", day.kai, path, verb="create", program=program)
    with_words(day, ["nice", "x"], "nice", then=argv)
    for row in day.rows:
        if row["argv"] == argv:
            row["exe"] = exe
    assert told(day) == found


@pytest.mark.parametrize(
    ("argv", "exe", "found"),
    [
        (["/usr/share/lmod/lmod/libexec/lmod", "bash", "load", "ml/1.0"], "/usr/bin/lua5.3", FOREIGN),
        (["/usr/bin/tclsh", "/usr/lib/modulecmd.tcl", "bash", "add", "ml/1.0"], "/usr/bin/tclsh8.6", FOREIGN),
        (["modulecmd", "bash", "load", "ml"], "/usr/bin/modulecmd", FOREIGN),
        (["modulecmd", "bash", "load", "other"], "/usr/bin/modulecmd", OWN),
        (["modulecmd", "bash", "avail"], "/usr/bin/modulecmd", OWN),
    ],
)
def test_a_module_that_the_session_loaded_was_another_s(argv, exe, found):
    day = day_of()
    day.change("kai", day.kai, "/srv/site/modulefiles/ml/1.0.lua", verb="write")
    day.run("lin", day.ses_of, argv, ppid=900)
    day.rows[-1]["exe"] = exe
    with_words(day, ["nice", "x"], "nice")
    assert told(day) == found


def test_the_words_of_a_line():
    found = surroundings.named("export A=1 LD_PRELOAD='/x/a.so /y/b.so' PYTHONPATH=$P:/z; . ./env", cwd="/w")
    assert [(one.what, one.path) for one in found] == [
        ("file", "/x/a.so"),
        ("file", "/y/b.so"),
        ("folder", "/z"),
        ("file", "/w/env"),
    ]


def both_ways_of(day, tmp_path):
    """Whether the analysis of a day that holds only what bears on the question finds what one finds that holds all."""
    day.submit("mei", day.mei, "12", outcome="FAILED", code=1)
    built = {n: [r.get(n) for r in day.rows] for n in tables.EVENT.names}
    events, records = tables.EVENT.build(built), tables.JOB_RECORD.build({n: [j.get(n) for j in day.jobs] for n in tables.JOB_RECORD.names})  # fmt: skip
    parquet.write(tmp_path, tables.EVENT, events, "0")
    parquet.write(tmp_path, tables.FILE, tables.FILE.empty())
    parquet.write(tmp_path, tables.JOB_RECORD, records, "0")
    parquet.write(tmp_path, record_table("auditd"), record_table("auditd").empty(), "0")
    rest, question = {"file": tables.FILE.empty()}, Question(jobs=("12",))
    rejects = evidence.frame(tables.REJECT.empty())
    whole = examine.examine(evidence.assemble({**rest, "event": events, "job_record": records}, roster(), question), rejects)  # fmt: skip
    case = narrowed.Case(tmp_path, rest, roster(), question)
    part = narrowed.examined(case, rejects, "auditd")
    return [findings.findings(done)["acts"] for done in (whole, part)], len(part.scene.events), len(events)


def _unpacked(day):
    day.change("kai", day.kai, ARCHIVE, verb="create")
    day.run("lin", day.ses_of, ["tar", "xf", ARCHIVE], cwd="/home/lin/bin")
    own_script(day)


def _piped(day):
    day.change("kai", day.kai, "/data/pkg/setup.py", verb="create")
    day.run("lin", day.ses_of, ["python3", "-m", "pip", "install", "/data/pkg"], cwd="/home/lin")
    own_script(day, "/home/lin/.local/bin/tool")


def _set(day):
    day.change("kai", day.kai, "/srv/proj/lib/x.so", verb="create")
    day.change("kai", day.kai, "/srv/py/util.py", verb="create")
    with_words(day, ["env", "LD_PRELOAD=/srv/proj/lib/x.so", "PYTHONPATH=/srv/py", "python3"], "env")


def _sourced(day):
    day.change("kai", day.kai, "/srv/conf/env.sh", verb="create")
    day.add("setting", "shell_startup", f"{HOST}:user", account="lin", when=None, object_kind="setting", object="shell", text="source /srv/conf/env.sh")  # fmt: skip
    with_words(day, ["nice", "x"], "nice")


def _git_by_file(day):
    day.change("kai", day.kai, "/home/lin/.gitconfig")
    runs(day, argv=("git", "st"), program="git", thing="/usr/bin/git")


def _git_by_words(day):
    day.run("kai", day.kai, ["git", "config", "--global", "alias.st", "!sh /srv/x"], effective="lin", cwd="/")
    day.run("kai", day.kai, ["ls"])
    runs(day, argv=("git", "st"), program="git", thing="/usr/bin/git")


def _environment(day):
    day.change("kai", day.kai, "/srv/envs/ml/lib/python3.11/site-packages/zz.pth", verb="create")
    with_words(day, ["nice", "x"], "nice", then=["/srv/envs/ml/bin/python", "/home/lin/x.py"])


def _module(day):
    day.change("kai", day.kai, "/srv/site/modulefiles/ml/1.0.lua")
    day.run("lin", day.ses_of, ["ls"])
    day.run("lin", day.ses_of, ["modulecmd", "bash", "load", "ml"], ppid=900)
    with_words(day, ["nice", "x"], "nice")


def _lined(day, fmt, text):
    day.add("setting", fmt, f"{HOST}:user", account="lin", when=None if fmt == "shell_startup" else day.at, object_kind="setting", object="shell", text=text)  # fmt: skip
    with_words(day, ["nice", "x"], "nice")


def _exported(day):
    day.change("kai", day.kai, "/data/lib/x.so", verb="create")
    _lined(day, "bash_history", "export LD_PRELOAD=/data/lib/x.so")


def _from_somewhere(day):
    day.change("kai", day.kai, "/data/conf/env.sh", verb="create")
    _lined(day, "zsh_history", ". conf/env.sh")


def _at_home(day):
    day.change("kai", day.kai, "/home/lin/conf/env.sh", verb="create")
    _lined(day, "shell_startup", "source ~/conf/env.sh")


def _elsewhere(day):
    """A list of accounts has lin's home where the cluster has its homes."""
    day.add("enrol_account", "passwd", f"{HOST}:root", account="lin", uid=UIDS["lin"], when=None, object_kind="account", object="lin", text="/users/lin:/bin/bash")  # fmt: skip
    day.change("kai", day.kai, "/users/lin/conf/more.sh", verb="create")
    _lined(day, "shell_startup", "source ~/conf/more.sh")


def _based(day):
    day.change("kai", day.kai, "/data/base/lib/python3.11/site-packages/a.py", verb="create")
    _lined(day, "bash_history", "export PYTHONUSERBASE=/data/base")


def _searched(day):
    day.change("kai", day.kai, "/data/py/deep/er/a.py", verb="create")
    _lined(day, "bash_history", "export PYTHONPATH=/data/py")


def _used(day):
    day.change("kai", day.kai, "/data/mods/ml/deep/1.0")
    day.run("lin", day.ses_of, ["modulecmd", "bash", "use", "/data/mods"], ppid=900)
    day.run("lin", day.ses_of, ["modulecmd", "bash", "load", "ml"], ppid=900)
    with_words(day, ["nice", "x"], "nice")


def _launched(day):
    day.change("kai", day.kai, "/data/lib/x.so", verb="create")
    with_words(day, ["srun", "--export=ALL,LD_PRELOAD=/data/lib/x.so", "python3", "x.py"], "srun")


def _included(day):
    day.change("kai", day.kai, "/data/shared.cfg")
    day.run("lin", day.ses_of, ["git", "config", "--global", "include.path", "/data/shared.cfg"])
    runs(day, argv=("git", "st"), program="git", thing="/usr/bin/git")


def _included_as_collected(day):
    day.change("kai", day.kai, "/data/shared.cfg")
    day.add("setting", "git_config", f"{HOST}:files", when=None, object_kind="setting", object="include.path", text="= /data/shared.cfg (git reads what this names)")  # fmt: skip
    runs(day, argv=("git", "st"), program="git", thing="/usr/bin/git")


def _through(day):
    """The text of the file that a line names is one of git's."""
    day.change("kai", day.kai, "/data/conf/last.sh", verb="create")
    _lined(day, "bash_history", "source /data/conf/env.sh")


DAYS = (
    *(
        (one,)
        for one in (
            _exported,
            _from_somewhere,
            _elsewhere,
            _through,
            _included_as_collected,
            _unpacked,
            _git_by_file,
            _module,
        )
    ),
    (_based, _searched, _used, _launched, _at_home),
    (_included, _piped, _set),
    (_sourced, _git_by_words, _environment),
)
"""What is taken in by one way each, and by several: each of these days is a whole analysis, twice."""


@pytest.mark.parametrize(
    "ways", some(DAYS, 5), ids=lambda ways: "-".join(f.__name__.strip("_") for f in ways)
)
def test_a_case_of_which_not_all_is_held_names_nobody_more(ways, tmp_path, monkeypatch):
    held = {"/data/conf/env.sh": ["source /data/conf/last.sh"]}
    monkeypatch.setattr(beside, "texts", lambda _, path: held.get(path, ()))
    day = day_of()
    for staged in ways:
        staged(day)
    for n in range(40):
        day.run(
            "dao", day.login("dao") if not n else str(day.ses), ["ls", f"/srv/other/{n}"], cwd="/srv/other"
        )
    (whole, part), held, of = both_ways_of(day, tmp_path)
    assert part == whole
    assert held < of
    acts = [a for a in whole if a["object"] == SCRIPT and a["account"] == "lin"]
    assert [a["person"]["name"] for a in acts] == [None] * len(ways)


def by_definition(lines, act, above):
    """The lines of the account, and of the host's own, of which the text holds all that has to stand there of one command."""
    said = [words for words in map(startup_lines._words, above) if words]
    mine = [e for e in lines if e.host == act.host and e.account in {act.account, None}]
    return [e.event_id for e in mine if any(all(w in e.text for w in words) for words in said)]


COMMANDS = st.lists(st.lists(st.sampled_from(["sed", "-i", "/srv/proj/a.py", "scancel", "bash", "x", "/srv/proj/b.sh"]), min_size=1, max_size=3), max_size=4)  # fmt: skip


@given(COMMANDS, st.lists(COMMANDS, min_size=1, max_size=3), st.sampled_from(["lin", "kai"]))
@settings(max_examples=examples(30))
def test_the_lines_that_do_what_was_executed_are_those_of_the_definition(texts, asked, account):
    day = Stage()
    for n, words in enumerate(texts):
        day.add("setting", "shell_startup", f"{HOST}:user", account=("lin", "kai", None)[n % 3], when=None, object_kind="setting", object="shell", text=" ".join(words))  # fmt: skip
    day.run("lin", day.login("lin"), ["true"])
    scene = analysed(day.evidence()).scene
    lines = [e for e in evidence.rows_of(scene.events) if e.format == "shell_startup"]
    act = SimpleNamespace(host=HOST, account=account)
    for commands in asked:
        above = [
            SimpleNamespace(argv=words, exe=f"/usr/bin/{words[0]}", cwd="/srv/proj") for words in commands
        ]
        assert startup_lines.of(scene, act, above) == by_definition(lines, act, above)
