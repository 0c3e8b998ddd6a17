"""Whoever moves a ref on the git server, past its front door, is told where the records allow it, and nobody else is."""

import pytest
from drawn import some
from stage import SECOND, UIDS, Stage

from forensics.analysis import moved_refs, ref_commands
from forensics.analysis.ref_commands import Asked

A, B, C = "a" * 40, "b" * 40, "c" * 40
PLACE = "/home/git/repositories/llm.git"
MAIN = "refs/heads/main"
UPDATE = ["git", "update-ref", MAIN, "refs/heads/kai-try"]


def pushed(day, account, ref, old, new, *, reflog=True):
    """A push by the server's front door, as gitolite and the reflog of the repository have it."""
    day.wait()
    given = {"host": None, "pid": 7000 + day.serial, "account": account}
    receive = f" system,git,shell,-c,git-receive-pack '{PLACE}'"
    day.add("other", "gitolite", "git:server", text=receive, **{**given, "account": None})
    day.add("push", "gitolite", "git:server", repository="llm", object_kind="ref", object=ref, object_from=old, text=f"new={new} access=W", **given)  # fmt: skip
    if reflog:
        moved(day, old, new, "push", ref=ref)


def moved(day, old=A, new=B, words="", *, ref=MAIN, when=None):
    """A line of the server's reflog."""
    day.add(
        "ref_update", "git_reflog", "git:reflog", host=None, object_kind="ref", object=ref, object_from=old, repository="llm.git",
        text=f"new={new} old={old} {words}".rstrip(), when=day.at if when is None else when,
    )  # fmt: skip


def served(*, reflog=True):
    """mei pushed main, and kai a branch of kai's own; dao is logged in on the server."""
    day = Stage()
    day.enrol()
    day.mei = day.login("mei")
    text = "forced-command (key-option) '/usr/share/gitolite3/gitolite-shell mei' for git from 10.0.0.1 port 5 id 0"
    day.add("session_start", "syslog", account="git", pid=77, text=text, address="10.0.0.1", port=5)
    pushed(day, "mei", MAIN, "0" * 40, A, reflog=reflog)
    pushed(day, "kai", "refs/heads/kai-try", "0" * 40, B, reflog=reflog)
    day.dao = day.login("dao")
    return day


def by_hand(day, argv=UPDATE, *, cwd=PLACE, effective="git", ses=None, account="dao", **given):
    return day.run(account, ses or day.dao, list(argv), effective=effective, cwd=cwd, **given)


def closed(day, last=B):
    """The server's log goes on."""
    day.wait(200)
    pushed(day, "mei", "refs/heads/side", "0" * 40, last)


def told(day, people=None):
    """Every act of this kind: rule, object, account, who is named, who comes into question, and what is missing beside a session."""
    done = day.examined(people=people)
    acts = [a for a in done.acts if a.act == moved_refs.KIND]
    return [
        (a.rule, a.object, a.account, done.judged[a.act_id].name, done.judged[a.act_id].candidates, set(a.missing))
        for a in acts
    ]  # fmt: skip


DONE = [(moved_refs.BY_COMMAND, f"llm {MAIN}", "dao", "dao", ["dao"], set())]
NOBODY = [(moved_refs.UNTOLD, f"llm {MAIN}", None, None, [], {moved_refs.COMMAND})]


def asked_for(missing=moved_refs.RECORD):
    return [(moved_refs.ASKED, f"llm {MAIN}", "dao", None, ["dao"], {missing})]


def test_a_move_that_a_command_explains_is_of_its_session():
    day = served()
    by_hand(day)
    moved(day)
    closed(day)
    assert told(day) == DONE


@pytest.mark.parametrize(
    ("argv", "cwd", "words"),
    some([
        (["git", "-C", PLACE, "update-ref", MAIN, B], "/home/dao", ""),
        (["git", f"--git-dir={PLACE}", "update-ref", "-m", "x", MAIN, B[:9], A], "/", "x"),
        (["git", "branch", "-f", "main", "kai-try"], PLACE, "branch: Reset to kai-try"),
        (["git", "fetch", ".", "+kai-try:main"], f"{PLACE}/refs", "fetch . +kai-try:main: forced-update"),
        (["git", "reset", "--soft", B], PLACE, "reset: moving to it"),
        (["git", "push", PLACE, "HEAD:main"], "/home/dao/llm", "push"),
        (["git", "push", f"file://{PLACE}", "+x:refs/heads/main"], "/home/dao/llm", "push"),
    ], 4),
)  # fmt: skip
def test_the_ways_in_which_git_is_asked(argv, cwd, words):
    day = served()
    day.add("other", "git_ref", "git:objects", host=None, object_kind="ref", object="HEAD", repository="llm.git", text=f"ref: {MAIN}", when=None)  # fmt: skip
    by_hand(day, argv, cwd=cwd)
    moved(day, words=words)
    closed(day)
    assert told(day) == DONE


@pytest.mark.parametrize(
    ("argv", "given"),
    some([
        (["git", "update-ref", "refs/heads/other", B], {}),
        (["git", "update-ref", MAIN, C], {}),  # to something else
        (["git", "update-ref", MAIN, B, C], {}),  # from something else: git refuses
        (["git", "update-ref", MAIN, B], {"cwd": "/home/dao/mirror/llm.git"}),
        (["git", "update-ref", MAIN, B], {"cwd": "/home/dao/llm/.git"}),
        (["git", "branch", "-a"], {}),
        (["git", "gc", "--auto"], {}),
        (["git", "pack-refs", "--all"], {}),
        (["git", "log", "main"], {}),
        (["git", "push", "origin", "HEAD:main"], {"cwd": "/home/dao/llm"}),
    ], 5),
)  # fmt: skip
def test_a_command_that_asked_for_something_else_did_not_move_it(argv, given):
    day = served()
    by_hand(day, argv, **given)
    moved(day)
    closed(day)
    assert [a for a in told(day) if a[0] != moved_refs.ASKED] == NOBODY


def test_a_command_of_another_time_did_not_move_it():
    for before in (-20, 20):
        day = served()
        if before > 0:
            by_hand(day)
        day.wait(30)
        moved(day)
        if before < 0:
            day.wait(30)
            by_hand(day)
        closed(day)
        assert sorted(told(day), key=str) == sorted([*NOBODY, *asked_for()], key=str)


def test_what_ran_without_rights_over_the_repository_was_not_done():
    day = served()
    by_hand(day, effective="dao")
    moved(day)
    closed(day)
    assert told(day) == [(*DONE[0][:3], None, ["dao"], {"record_that_request_was_done"})]


def test_of_two_sessions_neither_is_named():
    day = served()
    lin = day.login("lin")
    by_hand(day)
    by_hand(day, ses=lin, account="lin")
    moved(day)
    closed(day)
    assert told(day) == [(*NOBODY[0][:4], ["dao", "lin"], {moved_refs.COMMAND})]


def test_a_history_of_a_shell_is_not_heard():
    """Whoever has the account can write it."""
    day = served()
    day.add("execute", "bash_history", "login01:user", account="lin", argv=UPDATE, exe="/usr/bin/git", cwd=PLACE, text=" ".join(UPDATE))  # fmt: skip
    moved(day)
    closed(day)
    assert told(day) == NOBODY


def test_a_push_that_is_told_is_no_second_act():
    day = served()
    closed(day)
    assert told(day) == []


SERVING = [
    (["gitolite-shell", "kai"], "/usr/share/gitolite3/gitolite-shell"),
    (["git", "receive-pack", PLACE], "/usr/bin/git"),
    (["git-receive-pack", PLACE], "/usr/lib/git-core/git-receive-pack"),
]


@pytest.mark.parametrize(("argv", "exe"), some(SERVING, 2))
def test_what_a_hook_does_for_a_push_is_that_push(argv, exe):
    """A hook of the server's own runs git in a session of the account that serves it, below the front door."""
    day = served()
    front, _ = by_hand(day, argv, ppid=900)
    day.rows[-1]["exe"] = exe
    by_hand(day, ppid=front)
    moved(day)
    closed(day)
    assert told(day) == NOBODY


def written(day, path=f"{PLACE}/{MAIN}", *, program="git", argv=UPDATE, verb="rename", ppid=1, effective="git", account="dao", ses=None):  # fmt: skip
    """The kernel's record of a change of a file of a ref."""
    pid = None
    if argv is not None:
        pid, _ = by_hand(day, argv, ppid=ppid, effective=effective, account=account, ses=ses)
        day.rows[-1]["exe"] = f"/usr/bin/{program}"
    day.add(
        verb, account=account, auid=UIDS[account], effective=effective, uid=0, session=ses or day.dao, pid=pid or 31337, ppid=ppid,
        exe=f"/usr/bin/{program}", object_kind="path", object=path, object_from=f"{path}.lock", inode="fe:00:9",
    )  # fmt: skip


FILED = [(moved_refs.BY_FILE, f"llm {MAIN}", "dao", "dao", ["dao"], set())]


def test_the_kernels_record_of_the_file_comes_before_words():
    """dao's process changed the file; what lin's command asked for in those seconds was not done by it."""
    day = served()
    lin = day.login("lin")
    by_hand(day, ses=lin, account="lin")
    written(day)
    moved(day)
    closed(day)
    assert [a for a in told(day) if a[0] == moved_refs.BY_FILE] == FILED
    assert {a[3] for a in told(day)} == {"dao", None}


@pytest.mark.parametrize(
    ("program", "argv", "path", "ref"),
    some([
        ("cp", ["cp", "/tmp/x", f"{PLACE}/{MAIN}"], f"{PLACE}/{MAIN}", MAIN),  # noqa: S108 - a word of a command
        ("tee", ["tee", MAIN], f"{PLACE}/{MAIN}", MAIN),
        ("vim", ["vim", "HEAD"], f"{PLACE}/HEAD", "HEAD"),
        ("bash", ["-bash"], f"{PLACE}/{MAIN}", MAIN),  # a redirect: no program is run for it
    ], 2),
)  # fmt: skip
def test_a_file_of_a_ref_that_is_written_leaves_no_reflog(program, argv, path, ref):
    day = served()
    written(day, path, program=program, argv=argv, verb="write")
    closed(day)
    assert told(day) == [(moved_refs.BY_FILE, f"llm {ref}", "dao", "dao", ["dao"], set())]


def test_what_packs_refs_moves_none():
    day = served()
    for argv in (["git", "pack-refs", "--all", "--prune"], ["git", "gc"]):
        written(day, argv=argv, verb="delete")
        written(day, f"{PLACE}/packed-refs", argv=argv)
    closed(day)
    assert told(day) == []


def test_a_file_that_git_changed_and_of_which_no_command_is_on_record_can_be_a_push_s():
    day = served()
    day.shells("dao")
    written(day, argv=None)
    closed(day)
    assert told(day) == [(*FILED[0][:3], None, ["dao"], {moved_refs.COMMAND})]


def test_the_file_that_serving_a_push_changes_is_that_push():
    day = served()
    front, _ = by_hand(day, ["git", "receive-pack", PLACE], ppid=900)
    written(day, argv=None, ppid=front)
    day.rows[-1]["pid"] = front
    closed(day)
    assert told(day) == []


def test_a_push_to_a_path_on_the_server_is_whoever_s_pushes():
    """git's own receiver runs below the command: it serves nobody else."""
    day = served()
    push, _ = by_hand(day, ["git", "push", PLACE, "HEAD:main"], cwd="/home/dao/llm")
    receiver, _ = by_hand(day, ["git-receive-pack", PLACE], ppid=push)
    written(day, argv=None, ppid=push)
    day.rows[-1]["pid"] = receiver
    moved(day, words="push")
    closed(day)
    assert told(day) == FILED


def test_a_mirror_does_what_its_original_does():
    """root's cron fetches what another repository has, as it does every night."""
    for argv in some((["git", "fetch", "https://example.org/llm.git", "+main:main"], ["git", "remote", "update"]), 1):  # fmt: skip
        day = served()
        by_hand(day, argv, effective="root")
        moved(day, words="fetch: fast-forward")
        closed(day)
        ((rule, _, account, name, who, missing),) = told(day)
        assert (rule, account, name, who) == (moved_refs.BY_COMMAND, "dao", None, ["dao"])
        assert moved_refs.SOURCE in missing


def test_a_mirror_that_cron_keeps_is_of_nobody_known():
    day = served()
    day.ses += 1
    ses = str(day.ses)
    day.add("session_open", account="root", auid=0, session=ses, pid=900, exe="/usr/sbin/cron")
    day.add(
        "execute", account="root", auid=0, effective="root", uid=0, session=ses, pid=901, ppid=900, exe="/usr/bin/git", object_kind="path",
        object="/usr/bin/git", argv=["git", "fetch", "-q", "https://example.org/llm.git", "+main:main"], cwd=PLACE,
    )  # fmt: skip
    moved(day, words="fetch: fast-forward")
    closed(day)
    ((_, _, account, name, who, missing),) = told(day)
    assert (account, name, who) == ("root", None, [])
    assert moved_refs.SOURCE in missing


@pytest.mark.parametrize("stands", [True, False])
def test_a_ref_that_stands_elsewhere_than_the_last_push_put_it(stands):
    """A bare repository keeps no reflog unless it is told to."""
    day = served(reflog=False)
    by_hand(day)
    day.add("other", "git_ref", "git:objects", host=None, object_kind="ref", object=MAIN, repository="llm.git", text=B if stands else A, when=None)  # fmt: skip
    day.add("other", "git_ref", "git:objects", host=None, object_kind="ref", object="refs/heads/kai-try", repository="llm.git", text=B, when=None)  # fmt: skip
    closed_without(day)
    assert told(day) == (DONE if stands else asked_for())


def closed_without(day):
    day.wait(200)
    pushed(day, "mei", "refs/heads/side", "0" * 40, B, reflog=False)


def test_where_nothing_tells_what_the_server_s_repository_is_nobody_is_named():
    """A mirror of somebody's own has the same name."""
    day = served()
    day.rows = [r for r in day.rows if "system,git" not in str(r["text"])]
    by_hand(day, cwd="/srv/elsewhere/llm.git")
    moved(day)
    closed(day)
    day.rows = [r for r in day.rows if "system,git" not in str(r["text"])]
    assert told(day) == [(*DONE[0][:3], None, ["dao"], {moved_refs.PLACE})]


@pytest.mark.parametrize(
    "said", ["ssh ARGV=kai SOC=git-receive-pack", "system,git,shell,-c,git-receive-pack"]
)
def test_a_path_that_somebody_asked_the_server_for_is_no_path_of_the_server_s(said):
    day = served()
    asked = f"{said} '/srv/elsewhere/llm.git' FROM=10.0.0.2"
    day.add("other", "gitolite", "git:server", host=None, pid=9, account="kai", text=asked)
    by_hand(day, cwd="/srv/elsewhere/llm.git")
    moved(day)
    closed(day)
    assert told(day) == NOBODY


def test_what_sudo_logged_tells_where_programs_are_not_recorded():
    for text in some((
        f"/usr/bin/sh -c 'cd ~git/repositories/llm.git && git update-ref {MAIN} refs/heads/kai-try'",
        f"sh -c cd {PLACE} && git update-ref {MAIN} {B}",
        f"/usr/bin/git -C {PLACE} update-ref {MAIN} {B}",
    ), 1):  # fmt: skip
        day = served()
        day.wait(1)
        day.add(
            "sudo", account="dao", auid=UIDS["dao"], session=day.dao, pid=4711, exe="/usr/bin/sudo", text=text
        )
        day.add("sudo", "syslog", account="dao", effective="git", text=text)
        moved(day)
        closed(day)
        assert told(day) == DONE
        day.rows = [r for r in day.rows if r["pid"] != 4711]
        ((rule, _, account, name, who, _),) = told(day)
        assert (rule, account, name, who) == (moved_refs.BY_COMMAND, "dao", None, ["dao"])


def test_a_login_that_was_never_told_names_nobody():
    """Of a process without a login no record tells who began it."""
    day = served()
    day.run("dao", None, UPDATE, effective="git", cwd=PLACE)
    moved(day)
    closed(day)
    ((_, _, account, name, _, _),) = told(day)
    assert (account, name) == ("git", None)


def test_a_shared_account_is_of_whoever_s_key_opened_it():
    day = served()
    ses = day.login("mlteam", by="kai")
    day.add(
        "sudo",
        account="mlteam",
        auid=UIDS["mlteam"],
        effective="git",
        session=ses,
        pid=4712,
        exe="/usr/bin/sudo",
        text="sh",
    )
    by_hand(day, ses=ses, account="mlteam")
    moved(day)
    closed(day)
    assert [(a[2], a[3]) for a in told(day)] == [("mlteam", "kai")]


def test_without_a_log_of_pushes_a_move_can_be_a_push():
    day = served()
    day.rows = [r for r in day.rows if r["format"] != "gitolite"]
    by_hand(day)
    moved(day, words="push")
    assert told(day) == []


def test_moves_within_one_moment_are_each_of_their_own_command():
    day = served()
    day.at += SECOND // 2
    by_hand(day, ["git", "update-ref", MAIN, B])
    moved(day)
    by_hand(day, ["git", "update-ref", "refs/heads/two", B])
    moved(day, "0" * 40, B, ref="refs/heads/two")
    closed(day)
    assert [(a[1], a[3]) for a in told(day)] == [(f"llm {MAIN}", "dao"), ("llm refs/heads/two", "dao")]


@pytest.mark.parametrize(
    ("argv", "cwd", "found"),
    [
        (["git", "update-ref", MAIN, B], PLACE, (PLACE, {MAIN}, B, None)),
        (["git", "update-ref", "-d", MAIN, A], PLACE, (PLACE, {MAIN}, "0", A)),
        (["git", "update-ref", "--stdin"], PLACE, (PLACE, set(), None, None)),
        (["git", "branch", "-M", "a", "b"], PLACE, (PLACE, {"refs/heads/a", "refs/heads/b"}, None, None)),
        (["git", "branch", "-D", "a"], PLACE, (PLACE, {"refs/heads/a"}, "0", None)),
        (["git", "tag", "-f", "v1", B], PLACE, (PLACE, {"refs/tags/v1"}, B, None)),
        (["git", "symbolic-ref", "HEAD", MAIN], PLACE, (PLACE, {"HEAD"}, MAIN, None)),
        (["git", "symbolic-ref", "HEAD"], PLACE, None),
        (["git", "-C", "repositories/llm.git", "-c", "a=b", "branch", "-f", "m"], "/home/git", (PLACE, {"refs/heads/m"}, None, None)),
        (["git", "push", "../llm.git", "a:b", "+c"], f"{PLACE}/../x.git", (PLACE, {"refs/heads/b", "refs/heads/c"}, None, None)),
        (["git", "push", "--mirror", PLACE], "/", (PLACE, set(), None, None)),
        (["git", "push", "gitserver:llm.git", "main"], "/home/dao", None),
        (["git", "fetch"], PLACE, (PLACE, set(), None, None)),
        (["cp", "/x", "-v", f"{PLACE}/refs/heads/main"], "/", (PLACE, {MAIN}, None, None)),
        (["cp", f"{PLACE}/refs/heads/main", "/x"], "/", None),
        (["tee", "packed-refs"], PLACE, (PLACE, set(), None, None)),
        (["sh", "-c", f"echo {B} > {PLACE}/refs/heads/main"], "/", (PLACE, {MAIN}, None, None)),
        (["cat", f"{PLACE}/refs/heads/main"], "/", None),
        (["git", "update-ref", MAIN, B], None, None),
        ([], PLACE, None),
    ],
)  # fmt: skip
def test_what_words_ask_to_be_moved(argv, cwd, found):
    got = ref_commands.asked(argv, cwd, f"/usr/bin/{argv[0] if argv else 'git'}")
    assert found == (None if got is None else (got.place, set(got.refs), got.to, got.old))
    assert got is None or isinstance(got, Asked)


@pytest.mark.parametrize(
    ("word", "oid", "found"),
    [
        (None, B, True),
        (B, B, True),
        (B[:7], B, True),
        (C, B, False),
        ("0" * 40, B, False),
        ("", "0" * 40, True),
        ("0", None, True),
        ("try", B, True),
        ("refs/heads/try", B, True),
        ("try", C, False),
        ("HEAD~3", C, True),  # what it names is on no record
        ("beef", B, True),  # a branch can be called so
        ("beef", C, False),
        ("feed", B, False),
    ],
)
def test_what_a_word_can_stand_for(word, oid, found):
    held = {"refs/heads/try": {A, B}, "refs/heads/beef": {B}}
    assert ref_commands.names(word, oid, held) is found


def test_a_quote_that_does_not_end_says_nothing():
    assert list(ref_commands.spoken("sh -c 'git update-ref", "/")) == []
