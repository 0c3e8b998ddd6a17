"""What a push brought is what `git rev-list old..new` lists, and no more than no other ref had."""

import subprocess

import pytest
from drawn import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from repositories import Repository
from test_commit_facts import examined

from forensics.analysis import arrivals, histories

ZERO = "0" * 40
ROOT = "git/srv/llm.git"


def at(made, name):
    return made.git("rev-parse", name).decode().strip()


def update(second, user, ref, old, new, *, repository="llm", access="W"):
    words = ("update", repository, user, access, ref, old, new, "refs/.*")
    return f"2026-11-23.15:{second // 60:02}:{second % 60:02}\t{second + 7}\t" + "\t".join(words) + "\n"


def scene(made, *more):
    return examined(("git_pack", f"{ROOT}/objects/pack/p.pack", made.packed().read_bytes()), *more).scene


def brought(made, *lines, reflog=None):
    """What each push brought, in order of the log's lines."""
    files = [("gitolite", "git/var/log/gitolite.log", "".join(lines).encode())]
    files += [("git_reflog", f"{ROOT}/logs/refs/heads/main", reflog.encode())] if reflog else []
    done = scene(made, *files)
    found = arrivals.of_pushes(done)
    return [set(found[event]) for event in sorted(found, key=lambda e: int(done.events.loc[e, "start"]))]


@pytest.fixture
def history(tmp_path):
    """Two on `main`, a side branch of two from the first, and their merge."""
    made = Repository(tmp_path / "llm")
    made.commit("One", train="a = 1\n")
    made.commit("Two", train="a = 2\n")
    made.git("checkout", "-q", "-b", "side", "main~1")
    made.commit("Three", name="kai", loader="b = 1\n")
    made.commit("Four", name="kai", loader="b = 2\n")
    made.git("checkout", "-q", "main")
    made.git("merge", "-q", "--no-ff", "-m", "Merge side", "side")
    return made


@st.composite
def graphs(draw):
    """Parents of each commit, by number, and two commits."""
    size = draw(st.integers(1, 12))
    parents = [
        draw(st.lists(st.integers(0, n - 1), max_size=3, unique=True)) if n else [] for n in range(size)
    ]
    return parents, draw(st.integers(0, size - 1)), draw(st.integers(0, size - 1))


@settings(
    max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(graph=graphs(), dates=st.lists(st.integers(1, 2_000_000_000), min_size=12, max_size=12))
def test_agrees_with_git(graph, dates, tmp_path_factory):
    """Whatever times the commits name: these are typed, and git's own walk goes by them."""
    parents, one, other = graph
    root = tmp_path_factory.mktemp("graph") / "llm"
    made, names = Repository(root), []
    tree = made.git("mktree", given=b"").decode().strip()
    for n, above in enumerate(parents):
        who = f"mei <mei@lab.example> {dates[n]} +0000"
        lines = [f"tree {tree}", *(f"parent {names[p]}" for p in above), f"author {who}", f"committer {who}"]
        text = "\n".join([*lines, "", str(n), ""]).encode()
        names.append(made.git("hash-object", "-t", "commit", "-w", "--stdin", given=text).decode().strip())
        made.git("update-ref", f"refs/heads/b{n}", names[-1])
    words = ("rev-list", names[other], f"^{names[one]}")
    assert arrivals.between(scene(made), names[one], names[other]) == set(made.git(*words).decode().split())


def test_a_merge_brings_the_other_side_and_not_what_was_there(history):
    old, new = at(history, "main^1"), at(history, "main")
    [found] = brought(history, update(5, "lin", "refs/heads/main", old, new))
    assert found == set(history.git("rev-list", f"{old}..{new}").decode().split())
    assert at(history, "main~2") not in found


def test_who_pushes_over_their_own_commit_brings_none_that_was_below_it(history):
    old = at(history, "side")
    history.git("checkout", "-q", "side")
    history.git("commit", "-q", "--amend", "-m", "Four, again", name="kai")
    new = at(history, "side")
    history.git("update-ref", "refs/heads/was", old)
    assert brought(history, update(5, "kai", "refs/heads/side", old, new, access="+")) == [{new}]


def test_a_branch_or_a_tag_brings_only_what_no_other_ref_had(history):
    old, side, new = at(history, "main^1"), at(history, "side"), at(history, "main")
    history.git("tag", "-a", "v1", "-m", "First", "main")
    lines = (
        update(5, "kai", "refs/heads/side", ZERO, side),
        update(6, "lin", "refs/heads/main", old, new),
        update(7, "mei", "refs/heads/mei", ZERO, old),
        update(8, "mei", "refs/tags/v1", ZERO, at(history, "v1")),
        update(9, "mei", "refs/heads/side", side, ZERO, access="D"),
        update(10, "mei", "refs/heads/main", "9" * 40, new, access="+"),
    )
    by_kai, by_lin, *by_mei = brought(history, *lines)
    # The log begins with `main` at its second commit: nobody in it brought that, nor what is below.
    assert by_kai == set(history.git("rev-list", f"{old}..{side}").decode().split())
    assert by_lin == set(history.git("rev-list", f"{old}..{new}").decode().split())
    assert by_mei == [set(), set(), set(), set()]


def test_the_first_push_of_all_brings_everything(history):
    new = at(history, "main")
    assert brought(history, update(5, "lin", "refs/heads/main", ZERO, new)) == [
        set(history.git("rev-list", new).decode().split())
    ]


def test_what_was_moved_without_a_push_was_there_for_the_next(history):
    """On the server somebody moved `main`; who makes a branch of it then has brought nothing."""
    old, new = at(history, "main^1"), at(history, "main")
    pushed = update(60, "mei", "refs/heads/mei", ZERO, new)
    first = f"{ZERO} {old} git <git@gpu01> 1795446000 +0000\tpush\n"
    for second, expected in (
        (30, set()),
        (90, set(history.git("rev-list", new, f"^{old}").decode().split())),
    ):
        moved = f"{old} {new} git <git@gpu01> {1795446000 + second} +0000\n"
        assert brought(history, pushed, reflog=first + moved) == [expected]


def test_a_fork_of_the_same_name_is_another_repository(history):
    new = at(history, "main")
    lines = (
        update(5, "kai", "refs/heads/main", ZERO, new, repository="kai/llm"),
        update(6, "lin", "refs/heads/main", ZERO, new, repository="team/llm"),
    )
    everything = set(history.git("rev-list", new).decode().split())
    assert brought(history, *lines) == [everything, everything]


def test_nobody_is_the_pusher_of_what_was_there_before_the_log(history):
    old, new = at(history, "main^1"), at(history, "main")
    log = update(5, "lin", "refs/heads/lin", ZERO, new) + update(
        6, "kai", "refs/heads/main", new, old, access="+"
    )
    done = scene(history, ("gitolite", "git/var/log/gitolite.log", log.encode()))
    assert {commit.pusher for commit in histories.commits(done).values()} == {None}


def test_a_history_that_is_not_whole_ends_where_it_ends(history, tmp_path):
    shallow = Repository(tmp_path / "shallow")
    words = ("clone", "-q", "--depth=1", "--no-local", str(history.root), str(tmp_path / "cut"))
    subprocess.run(["git", *words], check=True, capture_output=True)
    shallow.root = tmp_path / "cut"
    new = at(history, "main")
    found = arrivals.between(scene(shallow), None, new)
    assert found == {new, at(history, "main^1"), at(history, "main^2")}
