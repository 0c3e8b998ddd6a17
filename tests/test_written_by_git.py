"""A file that git wrote holds what others made: where nothing says which commits those were, no job is said to have failed by itself."""

import re

import pytest
from drawn import some
from test_pushes import AUDIT, SAMPLES, collected, found

NAME = "staged/pulled_commit"
LOG, OBJECTS = "git/worktree/dot-git/logs/HEAD", "/objects/"
PULLED = b" 1795624163 +0000\tpull -q origin main: Fast-forward"
MERGE = b'argc=4 a0="/usr/lib/git-core/git" a1="merge" a2="-q" a3="FETCH_HEAD"'


def told(keep=None, words=None, head=None):
    """The job, and what is answered to `it failed by itself`, without some of what was collected, or by another command."""
    evidence = {path: raw for path, raw in collected(NAME).items() if keep is None or keep(path)}
    if words is not None:
        named = b" ".join(b'a%d="%s"' % (n, word.encode()) for n, word in enumerate(words))
        assert evidence[AUDIT].count(MERGE) == 1
        evidence[AUDIT] = evidence[AUDIT].replace(MERGE, b"argc=%d " % len(words) + named)
    if head is not None:
        assert PULLED in evidence[LOG]
        evidence[LOG] = evidence[LOG].replace(PULLED, head)
    said = found(NAME, evidence)
    [job], [answer] = said["jobs"], [c for c in said["claims"] if c["id"] == "D09"]
    return job["cause"], job["why"], answer["status"], answer["missing"]


NO_LOG = (
    "not_established",
    "git_wrote_file_that_job_read_and_no_log_of_head",
    "untestable",
    ["log_of_head"],
)
OWN = ("own_failure", "own_exit_code_and_no_act", "supported", [])


def test_a_pull_whose_log_of_head_was_not_collected_leaves_it_open_whose_change_the_job_ran():
    assert told()[2] == "contradicted"
    assert told(lambda path: "dot-git/logs" not in path) == NO_LOG


def test_a_log_of_head_that_begins_after_git_wrote_the_file_does_not_say_from_what():
    later = b"".join(collected(NAME)[LOG].splitlines(keepends=True)[1:]).replace(
        b" 1795624163 ", b" 1795624193 "
    )
    evidence = {**collected(NAME), LOG: later}
    [job] = found(NAME, evidence)["jobs"]
    assert (job["cause"], job["why"]) == NO_LOG[:2]


def test_so_does_a_pull_of_commits_that_were_not_collected():
    assert told(lambda path: OBJECTS not in path) == (
        "not_established",
        "git_wrote_file_that_job_read_from_commits_not_collected",
        "untestable",
        ["objects_of_commits"],
    )


@pytest.mark.parametrize(
    ("words", "expected"),
    some(
        [
            (("git", "checkout", "--", "train.py"), OWN),
            (("git", "checkout", "train.py"), OWN),
            (("git", "checkout", "-q", "."), OWN),
            (("git", "restore", "train.py"), OWN),
            (("git", "checkout", "origin/main", "--", "train.py"), NO_LOG),
            (("git", "checkout", "FETCH_HEAD", "train.py"), NO_LOG),
            (("git", "restore", "--source=origin/main", "train.py"), NO_LOG),
            (("git", "restore", "-s", "origin/main", "train.py"), NO_LOG),
        ],
        5,
    ),
)
def test_a_file_put_back_is_of_what_was_there_unless_another_commit_is_named(words, expected):
    """The tree was pulled half an hour before; HEAD does not move as a single file is written."""
    before = PULLED.replace(b"1795624163", b"1795624155")
    assert told(words=words, head=before) == expected


WINDOW = b'window = ["2026-11-25T16:29:11Z", "2026-11-25T16:29:40Z"]'
OF_OLD = (
    "not_established",
    "git_wrote_file_that_job_read_from_all_that_was_ever_pushed",
    "untestable",
    ["commit_of_earlier_run"],
)


@pytest.mark.parametrize(
    ("window", "linked"),
    [
        (WINDOW, True),
        (b'window = ["2026-11-25T16:29:30Z", "2026-11-25T16:29:40Z"]', False),
        (b"", False),
    ],
)
def test_a_clone_leads_to_what_was_pushed_in_the_time_asked_about_and_to_nothing_older(window, linked):
    """Pavel pushed once, at some time. Ana clones the repository, with all that was ever pushed, and her job fails."""
    evidence = collected(NAME)
    log = next(raw for path, raw in evidence.items() if path.startswith("git/gitolite/logs/"))
    [at] = {line[:19] for line in log.splitlines() if b"\tupdate\tllm\tpavel\t" in line}
    assert b"2026-11-25.16:29:11" <= at < b"2026-11-25.16:29:29"
    line = evidence[LOG].splitlines(keepends=True)[1]
    cloned = b"0" * 40 + line[40:].replace(b"pull -q origin main: Fast-forward", b"clone: from gitserver:llm")
    about = (SAMPLES / NAME / "case.toml").read_bytes()
    assert WINDOW in about
    said = found(NAME, {**evidence, LOG: cloned}, **{"case.toml": about.replace(WINDOW, window)})
    [job], [answer] = said["jobs"], [c for c in said["claims"] if c["id"] == "D09"]
    tied = {(a["act"], a["why_link"]) for a in said["acts"] if a["job"] == "21"}
    if linked:
        assert tied == {("commit", "checked_out_for_job"), ("push", "checked_out_for_job")}
        assert (job["cause"], answer["status"]) == ("act", "contradicted")
    else:
        assert tied == set()
        assert (job["cause"], job["why"], answer["status"], answer["missing"]) == OF_OLD


# Whoever is in a tree's group can write the log of its HEAD.


BY_EDITOR = b"".join(
    b"node=login01 type=%s msg=audit(1795624170.100:99001): %s\n" % line
    for line in (
        (
            b"SYSCALL",
            (b"arch=c000003e syscall=257 success=yes exit=3 a0=ffffff9c a1=1 a2=441 a3=1b6 items=1 ppid=1 pid=31510 auid=4112 uid=4112 gid=4112 "
            b'euid=4112 suid=4112 fsuid=4112 egid=4112 sgid=4112 fsgid=4112 tty=pts2 ses=91 comm="vim" exe="/usr/bin/vim" key="proj-write"'),
        ),
        (b"CWD", b'cwd="/srv/range/proj/llm"'),
        (b"PATH", b'item=0 name=".git/logs/HEAD" inode=1605709 dev=fe:00 mode=0100664 ouid=4111 ogid=4200 rdev=00:00 nametype=NORMAL'),
    )
)  # fmt: skip
LINE_BY_HAND = MERGE.replace(b"argc=4", b"argc=5").replace(b'a1="merge" a2="-q" a3="FETCH_HEAD"', b'a1="update-ref" a2="-m" a3="pull" a4="HEAD"')  # fmt: skip
CHECKED_OUT = MERGE.replace(b"argc=4", b"argc=5").replace(b'a1="merge" a2="-q" a3="FETCH_HEAD"', b'a1="checkout" a2="evil" a3="--" a4="train.py"')  # fmt: skip


def of_home(trail):
    """The git that wrote the file is a program in a home that is called so."""
    return re.sub(rb"/usr/(?:lib/git-core|bin)/git\b", b"/home/ana/bin/git", trail)


FORGED = {
    "own program": (of_home, PULLED),
    "edited log": (lambda trail: trail + BY_EDITOR, PULLED),
    "line of another second": (lambda trail: trail, PULLED.replace(b"1795624163", b"1795624165")),
    "line by hand": (lambda trail: trail.replace(MERGE, LINE_BY_HAND), PULLED),
    "one file taken from another commit": (lambda trail: trail.replace(MERGE, CHECKED_OUT), PULLED),
}


@pytest.mark.parametrize("way", some(FORGED, 3))
def test_a_line_of_a_tree_s_log_that_git_did_not_write_then_leads_to_nobody_s_commit(way):
    """It named a colleague's honest commit as what the job read, and the colleague as who did it."""
    changed, line = FORGED[way]
    evidence = collected(NAME)
    evidence = {**evidence, AUDIT: changed(evidence[AUDIT]), LOG: evidence[LOG].replace(PULLED, line)}
    assert evidence != collected(NAME)
    said = found(NAME, evidence)
    [job], [answer] = said["jobs"], [c for c in said["claims"] if c["id"] == "D09"]
    assert {a["act"] for a in said["acts"] if a["why_link"] == "checked_out_for_job"} == set()
    assert {a["person"]["name"] for a in said["acts"] if a["link"] != "not_established"} <= {None}
    assert (job["cause"], job["why"], answer["status"], answer["missing"]) == NO_LOG
