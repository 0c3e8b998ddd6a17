"""Every way into a repository is named before anything is made of silence; a move that no push tells is told."""

from functools import partial

import pytest
from repositories import Repository
from test_commit_facts import examined

from forensics.analysis import contradictions, findings, repositories

A, B, C = "a" * 40, "b" * 40, "c" * 40
LOG = (
    "2026-11-23.15:11:47\t7\tssh\tARGV=kai\tSOC=git-receive-pack 'llm'\tFROM=10.0.0.7\n"
    f"2026-11-23.15:11:48\t7\tupdate\tllm\tkai\tW\trefs/heads/main\t{A}\t{B}\trefs/.*\n"
    "2026-11-23.18:00:00\t9\tEND\n"
)


def reflog(*moves):
    return "".join(f"{old} {new} git <git@gpu01> {s} +0000\tpush\n" for old, new, s in moves).encode()


def of(*files):
    return examined(*files)


def unpushed(done):
    return contradictions.unpushed(done, partial(findings.citations, done))


def table(done, name):
    return done.tables()[name].to_pylist()


SERVED = (
    "git_reflog",
    "git/srv/llm.git/logs/refs/heads/main",
    reflog((A, B, 1795446709), (B, C, 1795449000)),
)
GITOLITE = ("gitolite", "git/var/log/gitolite.log", LOG.encode())
WEB = (
    "http_access", "git/var/log/access.log",
    b'10.0.0.8 - lin [23/Nov/2026:15:50:01 +0000] "POST /llm.git/git-receive-pack HTTP/1.1" 200 4 "-" "git/2"\n',
)  # fmt: skip


def test_a_move_that_no_push_tells_is_told_beside_the_ways_that_nobody_collected():
    done = of(SERVED, GITOLITE)
    pushed, other = table(done, "ref_move")
    assert (pushed["told_by"], pushed["new"], len(pushed["events"])) == ("push", B, 2)
    assert (other["told_by"], other["new"]) == ("nothing", C)
    assert other["uncollected"] == ["git over HTTP", "web pages and API", "the server's own files"]
    (found,) = unpushed(done)
    assert found["about"] == "repository llm: refs/heads/main"
    assert found["says"][1]["what"] == (
        "no push is told in gitolite; not collected of that time: git over HTTP, web pages and API, the server's own files"
    )
    assert all(says["citations"] for says in found["says"])


def test_a_request_near_in_time_tells_it_and_one_elsewhere_does_not():
    """A web server's log names no ref; a push of another repository, or an hour away, is not this one."""
    assert [m["told_by"] for m in table(of(SERVED, GITOLITE, WEB), "ref_move")] == ["push", "request"]
    for old, new in ((b"llm.git", b"other.git"), (b"15:50:01", b"16:50:01"), (b" 200 ", b" 403 ")):
        web = (*WEB[:2], WEB[2].replace(old, new))
        assert [m["told_by"] for m in table(of(SERVED, GITOLITE, web), "ref_move")] == ["push", "nothing"]


def test_every_way_is_listed_for_every_repository():
    found = table(of(SERVED, GITOLITE, WEB), "channel")
    assert [(c["way"], c["collected"], c["pushes"]) for c in found] == [
        ("git over SSH", True, 1),
        ("git over HTTP", True, 1),
        ("web pages and API", False, 0),
        ("the server's own files", False, 0),
    ]
    assert {c["repository"] for c in found} == {"llm"}
    assert found[0]["earliest_ns"] // 10**9 == 1795446707


def test_a_log_that_ends_before_is_no_log_of_that_time():
    early = ("gitolite", "git/var/log/gitolite.log", LOG.rsplit("\n", 2)[0].encode() + b"\n")
    (_, other) = table(of(SERVED, early), "ref_move")
    assert "git over SSH" in other["uncollected"]


def test_a_working_trees_own_reflog_is_no_servers():
    own = ("git_reflog", "login01/home/kai/llm/.git/logs/refs/heads/main", SERVED[2])
    assert table(of(own, GITOLITE), "ref_move") == []


def test_a_repository_is_known_by_the_last_part_of_its_name():
    names = ["llm", "mlteam/llm", "git/llm.git", "login01/home/kai/llm/.git", "scm/ml/llm.git/", None, ""]
    assert {repositories.short_name(name) for name in names} == {"llm", None}


def test_where_nothing_was_pushed_every_way_is_still_named():
    done = of(SERVED)
    assert [(c["collected"], c["pushes"]) for c in table(done, "channel")] == [(False, 0)] * 4
    assert [m["told_by"] for m in table(done, "ref_move")] == ["nothing", "nothing"]
    assert "none was collected" in unpushed(done)[0]["says"][1]["what"]


LATER = f"2026-11-23.19:11:48\t8\tupdate\tllm\tkai\tW\trefs/heads/main\t{B}\t{C}\trefs/.*\n".encode()


DENIED = f"2026-11-23.19:11:48\t8\tupdate\tllm\tlin\tW\trefs/heads/main\t{B}\t{C}\tW refs/heads/main llm lin DENIED by refs/.*\n".encode()


def ref_at(oid, path="git/srv/llm.git/refs/heads/main"):
    return "git_ref", path, f"{oid}\n".encode()


def test_a_ref_that_does_not_stand_where_the_last_push_put_it_is_told():
    """A bare repository keeps no reflog: what was moved by hand on the server leaves only where it stands."""
    [found] = unpushed(of(ref_at(C), GITOLITE))
    assert (found["about"], found["kind"]) == (
        "repository llm: refs/heads/main", "ref_not_where_last_push_put_it",
    )  # fmt: skip
    stands, pushed = (says["what"] for says in found["says"])
    assert stands == f"the ref names {C}"
    assert pushed == (
        f"the last push that gitolite tells moves it to {B}; nothing was collected of git over HTTP, web pages and API, the server's own files"
    )
    assert all(says["citations"] for says in found["says"])


@pytest.mark.parametrize(
    "files",
    [
        pytest.param((ref_at(B), GITOLITE), id="where the push put it"),
        pytest.param((ref_at(C, "git/srv/other.git/refs/heads/main"), GITOLITE), id="another repository"),
        pytest.param((ref_at(C, "git/srv/llm.git/refs/heads/side"), GITOLITE), id="a ref never pushed"),
        pytest.param((ref_at(C, "home/kai/llm/.git/refs/heads/main"), GITOLITE), id="a working tree"),
        pytest.param(
            (ref_at(C), ref_at(A, "mirror/srv/llm.git/refs/heads/main"), GITOLITE), id="two of one name"
        ),
        pytest.param((ref_at(C),), id="no log of pushes"),
        pytest.param((ref_at(C), (*GITOLITE[:2], GITOLITE[2] + LATER)), id="a later push"),
        pytest.param((ref_at(B), (*GITOLITE[:2], GITOLITE[2] + DENIED)), id="a later push that was refused"),
    ],
)  # fmt: skip
def test_a_ref_that_is_where_records_put_it_or_that_none_tells_of_is_not(files):
    assert [f for f in unpushed(of(*files)) if f["kind"] == "ref_not_where_last_push_put_it"] == []


def test_a_move_that_the_reflog_tells_is_told_once():
    kinds = [f["kind"] for f in unpushed(of(SERVED, ref_at(C), GITOLITE))]
    assert kinds == ["ref_moved_without_push"]


HAND = f"2026-11-23.15:11:48\t7\tupdate\tteam/llm\tkai\tW\trefs/heads/main\t{A}\t{B}\trefs/.*\n"
FORKED = (
    "git_reflog",
    "git/srv/team/llm.git/logs/refs/heads/main",
    reflog((A, B, 1795446709), (B, C, 1795449000)),
)


def told_by(*files):
    return [m["told_by"] for m in table(of(*files), "ref_move")]


def test_a_push_to_a_fork_tells_of_the_fork_alone():
    """Both are called `llm`. Whoever owns a fork can push to it, or answer `200` at an address that ends like the other's."""
    fork = f"2026-11-23.15:50:00\t8\tupdate\tkai/llm\tkai\tW\trefs/heads/main\t{B}\t{C}\trefs/.*\n"
    web = b'10.0.0.8 - kai [23/Nov/2026:15:50:01 +0000] "POST /~kai/llm.git/git-receive-pack HTTP/1.1" 200 4 "-" "git/2"\n'
    log = ("gitolite", "git/var/log/gitolite.log", (HAND + fork).encode())
    assert told_by(FORKED, log) == ["push", "nothing"]
    assert told_by(FORKED, log, (*WEB[:2], web)) == ["push", "nothing"]
    own = (*WEB[:2], web.replace(b"~kai", b"git/team"))
    assert told_by(FORKED, log, own) == ["push", "request"]


def test_one_push_tells_one_move():
    """Moved on by two pushes, and back by hand to where the first had put it."""
    log = HAND + HAND.replace(A, "x").replace(B, C).replace("x", B)
    back = (*FORKED[:2], reflog((A, B, 1795446709), (B, C, 1795446719), (C, B, 1795449000)))
    assert told_by(back, ("gitolite", "git/var/log/gitolite.log", log.encode())) == [
        "push",
        "push",
        "nothing",
    ]


def test_a_request_tells_the_moves_of_one_moment():
    """Half a minute after a push over HTTP, somebody moves the ref on the server."""
    moved = reflog((A, B, 1795449000), (B, C, 1795449030)), b"\n" + reflog((A, B, 1795449001))
    files = [
        ("git_reflog", f"git/srv/llm.git/logs/refs/heads/{n}", raw)
        for n, raw in zip(("main", "side"), moved, strict=True)
    ]
    assert sorted(told_by(*files, WEB)) == ["nothing", "request", "request"]
    log = GITOLITE[2].replace(b"15:11:48", b"15:50:00")
    assert sorted(told_by(*files, WEB, (*GITOLITE[:2], log))) == ["nothing", "push", "request"]


def test_a_user_s_own_pages_are_no_repository_of_the_server():
    own = (*WEB[:2], WEB[2].replace(b"/llm.git", b"/~kai/llm.git"))
    assert told_by(SERVED, GITOLITE, own) == ["push", "nothing"]
    assert told_by(SERVED, GITOLITE, (*WEB[:2], WEB[2].replace(b"/llm.git", b"/git/llm.git"))) == [
        "push",
        "request",
    ]


class Served:
    """A bare repository of git's own that logs its refs, and moves of these: by pushes and by hand, each at a time of its own."""

    def __init__(self, root):
        self.made = Repository(root / "work")
        self.bare = root / "llm.git"
        self.made.git("init", "-q", "--bare", str(self.bare))
        self.made.git("-C", str(self.bare), "config", "core.logAllRefUpdates", "always")
        for n in range(4):
            self.made.commit(f"Step {n}", train=f"a = {n}\n")
        self.oids = self.made.git("rev-list", "--reverse", "main").decode().split()

    def at(self, second, *words):
        """Run git at a second of the clock; it adds a minute of its own."""
        self.made.now = 1_795_449_000 + second - 60
        self.made.git(*words, zone="+0000")

    def push(self, second, *refs):
        self.at(second, "push", "-qf", str(self.bare), *refs)

    def by_hand(self, second, ref, oid, *how):
        self.at(second, "-C", str(self.bare), "update-ref", *how, ref, oid)

    def files(self):
        logs = (path for path in sorted((self.bare / "logs").rglob("*")) if path.is_file())
        return [
            ("git_reflog", f"git/srv/llm.git/{path.relative_to(self.bare).as_posix()}", path.read_bytes())
            for path in logs
        ]


def post(second, user="kai"):
    return (
        f'10.0.0.8 - {user} [23/Nov/2026:15:50:{second:02} +0000] "POST /llm.git/git-receive-pack HTTP/1.1" 200 4 "-" "git/2"\n'
    ).encode()


def named(second, user, ref, old, new, *, denied=False):
    said = f"W\t{ref}\t{old}\t{new}\trefs/.*"
    if denied:
        said = f"W\t{ref}\t{old}\t{new}\tW {ref} llm {user} DENIED by refs/.*"
    return f"2026-11-23.15:50:{second:02}\t{second + 50}\tupdate\tllm\t{user}\t{said}\n".encode()


def moved(served, *posts, log=b""):
    """By ref and second, what tells each move."""
    files = [*served.files(), ("http_access", "git/var/log/access.log", b"".join(posts))]
    files += [("gitolite", "git/var/log/gitolite.log", log)] if log else []
    done = of(*files)
    rows = table(done, "ref_move")
    told = {(r["ref"], r["earliest_ns"] // 10**9 - 1_795_449_000): r["told_by"] for r in rows}
    beside = [f["about"] for f in unpushed(done) if len(f["says"]) == 3]
    return told, beside


MAIN, KAI = "refs/heads/main", "refs/heads/kai"


@pytest.fixture
def served(tmp_path):
    made = Served(tmp_path)
    made.push(-900, "main:refs/heads/all")
    made.push(-600, f"{made.oids[0]}:{MAIN}")
    return made


def test_git_says_itself_that_a_move_by_hand_is_no_push(served):
    """Kai's POST of that minute was refused, or moved a tag that no log is kept of: `update-ref` is what moved the branch."""
    served.by_hand(10, MAIN, served.oids[1])
    told, beside = moved(served, post(9))
    assert told[MAIN, 10] == "nothing"
    assert beside == [f"repository llm: {MAIN}"]
    served.push(40, f"{served.oids[2]}:{MAIN}")
    assert moved(served, post(9), post(40))[0][MAIN, 40] == "request"


@pytest.mark.parametrize("denied", [False, True], ids=["of another ref", "refused"])
def test_a_request_that_another_log_names_tells_no_other_move(served, denied):
    """Whoever moves the ref on the server can have the log say `push`. The POST was of kai's own branch, as gitolite tells."""
    served.by_hand(10, MAIN, served.oids[1], "-m", "push")
    log = named(12, "kai", KAI, "0" * 40, served.oids[1], denied=denied)
    assert moved(served, post(9))[0][MAIN, 10] == "request"
    assert moved(served, post(9), log=log)[0][MAIN, 10] == "nothing"
    # There were two requests, or the one was another account's.
    assert moved(served, post(9), post(13), log=log)[0][MAIN, 10] == "request"
    assert moved(served, post(9, "lin"), log=log)[0][MAIN, 10] == "request"
    two = named(8, "kai", KAI, "0" * 40, served.oids[0]) + log
    assert moved(served, post(9), post(30), log=two)[0][MAIN, 10] == "nothing"


def test_one_request_moves_a_ref_once(served):
    served.push(10, f"{served.oids[1]}:{MAIN}", f"{served.oids[1]}:{KAI}")
    served.by_hand(11, MAIN, served.oids[2], "-m", "push")
    told, _ = moved(served, post(10))
    assert (told[MAIN, 10], told[KAI, 10], told[MAIN, 11]) == ("request", "request", "nothing")
    assert set(moved(served, post(10), post(11))[0].values()) == {"request", "nothing"}
    assert moved(served, post(10), post(11))[0][MAIN, 11] == "request"


def test_what_git_writes_of_pushes_is_known_as_such(served):
    """Made, moved on, moved back by force, all at once, of a mirror: each has the one word."""
    served.push(1, f"{served.oids[1]}:{MAIN}")
    served.at(
        2, "push", "-qf", "--atomic", str(served.bare), f"{served.oids[0]}:{MAIN}", f"{served.oids[0]}:{KAI}"
    )
    served.at(3, "push", "-q", "--mirror", str(served.bare))
    told, _ = moved(served, post(1), post(2), post(3))
    assert {how for (_, at), how in told.items() if at > 0} == {"request"}
    assert (
        len(told) == 4
    )  # of the one branch that is left: a mirror takes the branch away, and git its log with it


def test_a_branch_that_is_made_again_by_hand_was_not_pushed_then(served):
    """Kai's push made it two days ago. It was removed, and its log with it; the same commit is put back on the server."""
    oid = served.oids[1]
    log = named(0, "kai", KAI, "0" * 40, oid).replace(b"2026-11-23", b"2026-11-21")
    served.by_hand(10, KAI, oid)
    assert moved(served, log=log)[0][KAI, 10] == "nothing"
    assert moved(served, log=log.replace(b"2026-11-21", b"2026-11-23"))[0][KAI, 10] == "push"
