"""Files that settings of git include, and hooks that settings lead to: who had changed these comes into question."""

import pytest
from drawn import some
from stage import HOST
from test_foreign_code import FOREIGN, OWN, day_of, runs, told

from forensics.analysis import git_settings

SHARED = "/srv/proj/shared.gitconfig"


def git_does(day, argv=("git", "st")):
    """lin's git does something by a program of its own, as an alias has it."""
    runs(day, argv=argv, program="git", thing="/usr/bin/git")


@pytest.mark.parametrize(
    ("words", "by", "cwd", "found"),
    some(
        [
            (["git", "config", "--global", "include.path", SHARED], "lin", "/home/lin", FOREIGN),
            (
                ["git", "config", "--global", "--add", "includeIf.gitdir:/srv/.path", SHARED],
                "lin",
                "/home/lin",
                FOREIGN,
            ),
            (["git", "config", "--system", "include.path", SHARED], "dao", "/home/dao", FOREIGN),
            (["git", "config", "include.path", "../shared.gitconfig"], "lin", "/srv/proj", FOREIGN),
            (["git", "config", "--global", "--get", "include.path", SHARED], "lin", "/home/lin", OWN),
            (
                ["git", "config", "--global", "include.path", "/home/lin/own.gitconfig"],
                "lin",
                "/home/lin",
                OWN,
            ),
            (["git", "config", "--global", "include.path", SHARED], "mei", "/home/mei", OWN),
            (["git", "config", "--global", "core.pager", SHARED], "lin", "/home/lin", OWN),
        ],
        5,
    ),
)
def test_what_settings_include_by_words_of_whoever_runs_git(words, by, cwd, found):
    day = day_of()
    day.change("kai", day.kai, SHARED)
    day.run(by, day.ses_of if by == "lin" else day.login(by), words, cwd=cwd)
    git_does(day)
    if words[2] == "--system":
        assert told(day)[0] is None  # dao changed settings of the host too
    else:
        assert told(day) == found


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("git", "-c", f"include.path={SHARED}", "st"), FOREIGN),
        (("git", "-c", f"includeIf.onbranch:main.path={SHARED}", "st"), FOREIGN),
        (("git", "-c", f"core.attributesFile={SHARED}", "st"), OWN),
    ],
)
def test_what_the_words_of_a_run_include(words, found):
    day = day_of()
    day.change("kai", day.kai, SHARED)
    git_does(day, words)
    assert told(day) == found


@pytest.mark.parametrize(
    ("name", "text", "changed", "by", "found"),
    [
        ("include.path", f"= {SHARED} (git reads what this names)", SHARED, "kai", FOREIGN),
        ("includeif.gitdir:/srv/.path", f'= "{SHARED}" (git reads what this names)', SHARED, "kai", FOREIGN),
        ("include.path", "= ~/shared.gitconfig (git reads what this names)", "/home/lin/shared.gitconfig", "kai", FOREIGN),
        ("include.path", "= shared.gitconfig (git reads what this names)", "/home/lin/shared.gitconfig", "kai", FOREIGN),
        ("include.path", f"= {SHARED} (git reads what this names)", SHARED, "lin", OWN),
        ("core.excludesfile", f"= {SHARED} (git reads what this names)", SHARED, "kai", OWN),
    ],
)  # fmt: skip
def test_what_settings_that_were_collected_include(name, text, changed, by, found):
    day = day_of()
    day.change(by, day.kai if by == "kai" else day.ses_of, changed)
    day.add(
        "setting", "git_config", f"{HOST}:files", when=None, object_kind="setting", object=name, text=text
    )
    git_does(day)
    assert told(day) == found


def test_what_is_included_afterwards_did_nothing():
    day = day_of()
    day.run("lin", day.ses_of, ["git", "config", "--global", "include.path", SHARED])
    git_does(day)
    day.change("kai", day.kai, SHARED)
    assert told(day) == OWN


@pytest.mark.parametrize(
    ("hook", "by", "found"),
    [
        ("/home/lin/hooks/post-checkout", "kai", FOREIGN),  # a setting led there
        ("/srv/proj/.git/hooks/post-checkout", "kai", OWN),  # git looks there by itself
        ("/home/lin/hooks/post-checkout", "lin", OWN),
    ],
)
def test_a_hook_that_lies_elsewhere_is_of_whoever_set_where(hook, by, found):
    """`core.hooksPath` in the settings of the repository: the hook is lin's own, and another had git run it."""
    day = day_of()
    day.change("lin", day.ses_of, hook, verb="create")
    day.change(by, day.kai if by == "kai" else day.ses_of, "/srv/proj/.git/config")
    git, _ = day.run("lin", day.ses_of, ["git", "checkout", "main"], ppid=900)
    pid, _ = day.run("lin", day.ses_of, ["/bin/sh", hook], ppid=git)
    day.rows[-1] |= {"exe": "/usr/bin/dash", "object": hook}
    day.wait(1)
    day.add(
        "write", account="lin", auid=4103, effective="lin", uid=4103, session=day.ses_of, pid=pid, ppid=git,
        exe="/usr/bin/dash", object_kind="path", object="/srv/proj/train.py", object_owner_uid=4101,
    )  # fmt: skip
    assert told(day) == found


def test_the_ends_of_what_is_included():
    texts = ["= ~/x/a.cfg (git reads what this names)", '= "../b.cfg"', "= /srv/c.cfg", ""]
    assert git_settings.ends(texts) == {"x/a.cfg", "b.cfg", "srv/c.cfg"}
