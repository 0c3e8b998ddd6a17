"""Which folders of the evidence are hosts' and services' own: what a user leaves in another gives nobody a name."""

import hashlib
import json
import re
from collections import defaultdict

import alterations
import investigated
import pytest
from alterations import AUDIT, LOG
from drawn import some
from hypothesis import given
from hypothesis import strategies as st
from test_altered import collected, inputs, keys, named, plain, told

from forensics import pipeline
from forensics.core import folders, hostfolders, roster
from forensics.core.errors import RosterError
from forensics.core.folders import Lying
from forensics.custody.seal import Sealed
from forensics.pipeline import files
from forensics.pipeline.files import Known, Tally

NAME = "script_edit"
TRAIL = ("login01/var/log/audit/audit.log", "auditd")


def domains(*lying, places=()):
    """Trust domain of each of some files, which all have other bytes unless a third value says which."""
    rows, known = [], {}
    for n, (path, form, *same) in enumerate(lying):
        sha256 = f"{same[0] if same else n:064d}"
        rows.append(Sealed(path, sha256, 1, "file", None, "copied"))
        known[sha256] = Known(form, None)
    table = files.table(rows, known, defaultdict(Tally), places)
    return table["domain"].to_pylist()


@pytest.mark.parametrize(
    ("lying", "expected"),
    [
        ([TRAIL], ["login01:root"]),
        # Hosts at the top: what looks like a host and lies deeper is not heard, its lists of accounts included.
        ([TRAIL, ("files/login01/var/log/wtmp", "wtmp")], ["login01:root", "login01:shared"]),
        ([TRAIL, ("files/gpu07/var/log/auth.log", "syslog")], ["login01:root", "gpu07:shared"]),
        ([TRAIL, ("files/gpu07/etc/passwd", "passwd")], ["login01:root", "gpu07:shared"]),
        ([TRAIL, ("files/gpu07/var/log/slurmctld.log", "slurmctld")], ["login01:root", "gpu07:shared"]),
        ([TRAIL, ("files/login01/home/kai/.bash_history", "bash_history")], ["login01:root", "login01:user"]),
        ([TRAIL, ("files/kai/audit.log", "auditd")], ["login01:root", "unplaced:unsure"]),
        ([(*TRAIL, 7), ("files/login01/var/log/audit/audit.log", "auditd", 7)], ["login01:root"] * 2),
        # One folder of hosts, wherever it lies.
        ([("a/b/login01/var/log/wtmp", "wtmp"), ("a/b/gpu01/var/log/wtmp", "wtmp")], ["login01:root", "gpu01:root"]),
        # Two, of which none is at the top.
        (
            [("hosts/login01/var/log/wtmp", "wtmp"), ("files/login01/var/log/wtmp.1", "wtmp")],
            ["login01:unsure"] * 2,
        ),
        (
            [("hosts/login01/var/log/wtmp", "wtmp"), ("x/files/gpu07/var/log/wtmp", "wtmp")],
            ["login01:unsure", "gpu07:unsure"],
        ),
        (
            [("hosts/login01/var/log/wtmp", "wtmp", 1), ("again/login01/var/log/wtmp", "wtmp", 1)],
            ["login01:root"] * 2,
        ),
        # Archives of one host, with its folder in them or without, lie in one folder.
        (
            [("login01.tar.gz/login01/var/log/wtmp", "wtmp"), ("gpu01.tar.gz/var/log/wtmp", "wtmp")],
            ["login01:root", "gpu01:root"],
        ),
        (
            [("uac-gpu01-linux-20261123151148.tar.gz/[root]/var/log/wtmp", "wtmp"), TRAIL],
            ["gpu01:root", "login01:root"],
        ),
        # Services: two folders of one format are in doubt where one of them holds files of users.
        ([("ctl1/slurmctld.log", "slurmctld"), ("ctl2/slurmctld.log", "slurmctld")], ["slurm:admin"] * 2),
        (
            [("slurm/slurmctld.log", "slurmctld"), ("files/slurmctld.log", "slurmctld"), ("files/a.pt", "safetensors")],
            ["slurm:unsure"] * 2 + ["unplaced:files"],
        ),
        (
            [("slurm/slurmctld.log", "slurmctld"), ("slurm/old/slurmctld.log.1", "slurmctld"), ("slurm/a.pt", "safetensors")],
            ["slurm:admin"] * 2 + ["unplaced:files"],
        ),
        (
            [("ctl01/var/log/slurmctld.log", "slurmctld"), ("files/slurmctld.log", "slurmctld")],
            ["slurm:admin", "slurm:unsure"],
        ),
        # A working tree, and its own folder, are those of who works there; a copy of bytes that lie elsewhere takes nothing.
        (
            [("git/tree/dot-git/HEAD", "git_ref"), ("git/tree/ops/push.log", "gitolite"), ("git/gitolite/a.log", "gitolite", 7),
             ("git/tree/dot-git/a.log", "gitolite"), ("git/tree/b.log", "gitolite", 7), ("git/trees/c.log", "gitolite")],
            ["git:objects", "git:user", "git:server", "git:user", "git:server", "git:server"],
        ),
        ([("a/b/w/.git", "git_ref"), ("a/b/w/s.psv", "sacct"), ("a/b/s.psv", "sacct")], ["git:objects", "slurm:user", "slurm:admin"]),
        # So are a cluster's audit and what a forge or a scheduler answers; a folder of files makes such logs doubtful.
        *(
            ([("git/w/.git/HEAD", "git_ref"), ("git/w/log", form), ("s/log", form)], ["git:objects", f"{top}:user", own])
            for form, top, own in (
                ("k8s_audit", "kubernetes", "kubernetes:control-plane"), ("github_audit", "github", "github:audit"),
                ("bitbucket_access", "git", "git:server"), ("http_access", "unplaced", "unplaced:web server"), ("teleport", "teleport", "teleport:admin"),
                ("yarn_audit", "yarn", "yarn:admin"), ("sacctmgr", "slurm", "slurm:admin"), ("lustre_changelog", "lustre", "lustre:mds"),
            )
        ),
        (
            [("k8s/audit.log", "k8s_audit"), ("files/audit.log", "k8s_audit"), ("files/a.pt", "safetensors")],
            ["kubernetes:unsure"] * 2 + ["unplaced:files"],
        ),
        # What is made to look like a host's is in the tree all the same; at the top it is whoever collected's.
        ([("git/dot-git/HEAD", "git_ref"), ("git/logs/a.log", "gitolite")], ["git:objects", "git:server"]),
        ([("x/y/.git/HEAD", "git_ref"), ("x/y/ctl/var/log/c.log", "slurmctld"), ("x/y/ctl/etc/passwd", "passwd"), ("x/y/a.log", "gitolite")],
         ["git:objects", "ctl:user", "ctl:root", "git:user"]),
        # Whoever can write in a bare repository can have left it there; gitolite's own log is heard, and names nobody.
        ([("git/llm.git/HEAD", "git_ref"), ("git/llm.git/a.log", "gitolite")], ["git:objects", "git:user"]),
        ([("llm.git/logs/refs/heads/main", "git_reflog"), ("llm.git/x/a.log", "http_access")], ["git:reflog", "unplaced:user"]),
        ([("git/llm.git/objects/ab/c", "git_object"), ("git/llm.git/gl-log", "gitolite")], ["git:objects", "git:unsure"]),
        ([("git/llm.git/objects/ab/c", "git_object"), ("git/llm.git/gl-log", "http_access")], ["git:objects", "unplaced:user"]),
        ([("git/llm/HEAD", "git_ref"), ("git/llm/refs/heads/main", "git_ref"), ("git/llm/a.log", "gitolite"), ("git/a.log", "gitolite")],
         ["git:objects", "git:objects", "git:user", "git:server"]),
        ([("git/refs/llm.git/refs/heads/main", "git_ref"), ("git/refs/llm.git/a.log", "gitolite")], ["git:objects", "git:user"]),
        # A name alone makes no repository, nor does a folder of refs, nor a HEAD.
        ([("git/lab.git/a.log", "gitolite"), ("git/x/refs/heads/main", "git_ref"), ("git/x/a.log", "gitolite"), ("git/y/HEAD", "git_ref"), ("git/y/a.log", "gitolite")],
         ["git:server", "git:objects", "git:server", "git:objects", "git:server"]),
        # Nothing lies in a host's file system.
        ([("logs/auth.log", "syslog"), ("more/auth.log", "syslog")], ["unplaced:root"] * 2),
    ],
)  # fmt: skip
def test_the_folder_of_the_evidence_can_take_from_a_trust_domain(lying, expected):
    assert domains(*lying) == expected
    assert domains(*lying[::-1]) == expected[::-1]


def test_the_case_file_says_which_folders_were_filled_from_hosts_and_services():
    lying = [
        ("hosts/login01/var/log/wtmp", "wtmp"),
        ("files/login01/var/log/wtmp.1", "wtmp"),
        ("files/kai/slurmctld.log", "slurmctld"),
        ("slurm/slurmctld.log", "slurmctld"),
        ("hosts.log/audit.log", "auditd"),
    ]
    said = domains(*lying, places=("hosts/", "slurm"))
    assert said == ["login01:root", "login01:shared", "slurm:shared", "slurm:admin", "unplaced:shared"]
    question = roster.question(b'places = ["hosts/login01", "slurm"]', "case.toml")
    assert question.places == ("hosts/login01", "slurm")
    for wrong in (b"places = [3]", b'places = ["/"]', b'places = "hosts"'):
        with pytest.raises(RosterError, match="places"):
            roster.question(wrong, "case.toml")


@pytest.mark.parametrize(
    ("places", "own"),
    [
        ((), "git:user"),
        (("git",), "git:user"),
        (("git/tree",), "git:server"),
        (("git/tree/old/", "git"), "git:server"),
    ],
)
def test_a_place_in_a_working_tree_is_a_server_s_where_the_case_file_names_it(places, own):
    lying = [("git/tree/.git/HEAD", "git_ref"), ("git/tree/old/a.log", "gitolite")]
    assert domains(*lying, places=places)[1] == own


@pytest.mark.parametrize(
    ("places", "own"),
    [
        ((), ["git:user", "git:unsure"]),
        (("git",), ["git:user", "git:unsure"]),
        (("git/llm.git", "git"), ["git:server"] * 2),
    ],
)
def test_a_place_in_a_bare_repository_is_a_server_s_where_the_case_file_names_it(places, own):
    lying = [
        ("git/llm.git/HEAD", "git_ref"),
        ("git/llm.git/a.log", "gitolite"),
        ("git/llm.git/gl-log", "gitolite"),
    ]
    assert domains(*lying, places=places)[1:] == own


PATHS = st.sampled_from(["login01", "gpu07", "hosts/login01", "files/gpu07", "files/kai/gpu07", "a.tar/a"])


@given(st.lists(st.tuples(PATHS, st.integers(0, 3)), min_size=1, max_size=6, unique=True))
def test_no_folder_gives_a_file_more_trust_than_it_has_alone(held):
    lying = [
        Lying(f"{n:064d}", f"{root}/var/log/{n}", root.rpartition("/")[2], f"/var/log/{n}", "wtmp", "h:root")
        for root, n in held
    ]
    found = folders.settled(lying)
    assert len(found) == len(lying)
    # Where folders of hosts lie at the top, these are heard and no others; else all or none are in doubt.
    at_top = {row for row in lying if hostfolders.shelf(row.path.removesuffix(str(row.origin))) == ""}
    for row, domain in zip(lying, found, strict=True):
        twin_at_top = any(row.sha256 == other.sha256 for other in at_top)
        if at_top:
            assert (domain == "h:root") == twin_at_top
        else:
            assert domain in {"h:root", f"{row.host}:unsure"}


def found_in(evidence, about=b""):
    given = inputs(NAME)
    return investigated.found(evidence, roster=given["roster"], about=about + given["case"])


def framed():
    """An edit by kai, told of lin's session, as kai can have written it down."""
    return alterations.edit_told_of(collected(NAME)[AUDIT], "kai", "lin")


def other_host(folder, host):
    """All logs of a host that nobody collected, in which kai put lin in his own place."""
    people = [
        (keys(NAME)["kai"].encode(), keys(NAME)["lin"].encode()),
        (b"127.0.0.12", b"127.0.0.13"),
        (b"kai", b"lin"),
        (b"4102", b"4103"),
    ]
    return {
        path.replace("login01", folder): alterations.exchanged(raw.replace(b"login01", host), people)
        for path, raw in collected(NAME).items()
        if path.startswith(LOG) and not path.endswith("wtmp")
    }


def below_hosts():
    return alterations.below("hosts/")(collected(NAME))


def acts_of(found, account):
    return [a for a in found["acts"] if a["account"] == account and a["act"] == "modify_file"]


def test_hosts_in_a_folder_of_their_own_are_told_as_at_the_top():
    assert told(found_in(below_hosts())) == told(plain(NAME))


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(lambda: {f"files/{AUDIT}": framed()}, id="trail-of-the-host"),
        pytest.param(lambda: other_host("files/gpu07", b"gpu07"), id="another-host"),
    ],
)
def test_folders_that_cannot_be_told_apart_give_nobody_a_name(made):
    """Somebody left a host's folder among shared files, and hosts were collected into a folder beside these."""
    found = found_in(below_hosts() | made())
    assert named(found) == set()
    assert acts_of(found, "lin"), "what lies there is heard"
    for act in acts_of(found, "lin") + acts_of(found, "kai"):
        assert "place_of_logs" in act["missing"] + act["person"].get("missing", [])
        assert act["person"]["candidates"] == []
    assert {p.rpartition("/")[0] for p in found["folders"]["in_doubt"]} == {"hosts", "files"}
    assert "folders_in_doubt" in found["limits"]
    # What is asked of an act that nobody can be named for stays open.
    assert [c["status"] for c in found["claims"]] == ["untestable"]


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(lambda: {f"files/{AUDIT}": framed()}, id="trail-of-the-host"),
        pytest.param(lambda: other_host("files/gpu07", b"gpu07"), id="another-host"),
    ],
)
def test_a_host_s_folder_deeper_than_those_at_the_top_changes_nothing(made):
    found = found_in(collected(NAME) | made())
    assert told(found) == told(plain(NAME))
    assert "folders_left_out" in found["limits"]
    assert found["folders"]["left_out"][0].startswith("files/")


def test_the_case_file_settles_which_folder_is_the_hosts():
    evidence = below_hosts() | {f"files/{AUDIT}": framed()} | other_host("files/gpu07", b"gpu07")
    found = found_in(evidence, b'places = ["hosts", "slurm", "git"]\n')
    assert told(found) == told(plain(NAME))
    assert found["folders"]["left_out"] == ["files/gpu07", "files/login01"]


@pytest.mark.parametrize("folder", some(["files", "gpu01", "login010", "login01-2", "xlogin01"], 3))
def test_an_edit_that_only_another_host_s_logs_tell_names_nobody(folder):
    """A top folder `files` that holds a `var/log` is a host of that name; its lines name login01, whose own trail is there and lacks them.

    Nor is a host that one whose name the other's holds.
    """
    found = found_in(collected(NAME) | {f"{folder}/var/log/audit/audit.log": framed()})
    assert named(found) == named(plain(NAME))
    (act,) = acts_of(found, "lin")
    assert act["person"]["name"] is None
    assert "record_of_host_itself" in act["missing"] + act["person"].get("missing", [])


def test_a_line_that_only_another_host_s_log_tells_mends_no_hole():
    """Left in the midst of numbers that the host's own trail lacks, it bounds two holes; the host's own records stand about both."""
    lines = collected(NAME)[AUDIT].splitlines(keepends=True)
    number = [int(re.search(rb"\(([0-9.]+):([0-9]+)\)", line)[2]) for line in lines]
    edit = min(n for n, line in zip(number, lines, strict=True) if b'exe="/usr/bin/sed"' in line)
    lost = {n for n in number if edit - 40 <= n < edit - 5}
    own = b"".join(line for n, line in zip(number, lines, strict=True) if n not in lost)
    middle = sorted(lost)[len(lost) // 2]
    left = b"".join(line for n, line in zip(number, lines, strict=True) if n == middle)
    hole = found_in(collected(NAME) | {AUDIT: own})
    assert named(hole) < named(plain(NAME))
    mended = found_in(collected(NAME) | {AUDIT: own, "files/var/log/audit/audit.log": left})
    assert named(mended) == named(hole)


def test_a_line_that_only_another_host_s_log_tells_makes_no_trail_begin_earlier():
    """The host's own trail begins hours after the time asked about does, and who wrote what was taken in can be told before: a line of that time, left elsewhere, tells nothing of it."""
    given = inputs(NAME)
    asked = given["case"].replace(b"2026-11-23T15:11:37Z", b"2026-11-23T12:00:00Z", 1)
    line = collected(NAME)[AUDIT].splitlines(keepends=True)[0]
    at, number = re.search(rb"\(([0-9]+[.][0-9]+):([0-9]+)\)", line).groups()
    early = line.replace(b"(%s:%s)" % (at, number), b"(%.3f:%d)" % (float(at) - 11_600, int(number) - 9))
    late, mended = (
        investigated.found(collected(NAME) | more, roster=given["roster"], about=asked)
        for more in ({}, {"files/var/log/audit/audit.log": early})
    )
    assert named(late) < named(plain(NAME))
    assert named(mended) == named(late)


def test_a_folder_whose_logs_never_name_it_names_nobody_on_another_host():
    found = found_in(collected(NAME) | other_host("files", b"gpu07"))
    assert not {name for _, _, name in named(found)} - {"kai"}
    (act,) = acts_of(found, "lin")
    assert act["person"]["candidates"] == []


def test_a_server_of_logs_gives_names_where_its_own_logs_name_it():
    """All logs of login01 were kept by a server of logs, and none was collected from login01 itself."""
    moved = {
        path.replace("login01/var/log/", "loghost/var/log/remote/login01/"): raw
        for path, raw in collected(NAME).items()
    }
    own = {"loghost/var/log/syslog": b"Nov 23 15:11:37 loghost systemd[1]: Started session.\n"}
    assert named(found_in(moved | own)) == named(plain(NAME))


def test_what_a_server_of_logs_keeps_too_takes_no_name():
    kept = {"loghost/var/log/remote/audit.log": collected(NAME)[AUDIT]}
    kept["loghost/var/log/remote/auth.log"] = b"#\n" + collected(NAME)[f"{LOG}auth.log"]
    assert named(found_in(collected(NAME) | kept)) == named(plain(NAME))


@pytest.mark.parametrize("folder", ["files", "gpu01"])
def test_lines_of_another_host_s_folder_change_no_event_of_the_trail(folder):
    """With the kernel's own numbers and moments they are of one event with the host's: whose account did it was theirs to say."""
    own = collected(NAME)[AUDIT]
    made = alterations.edit_told_of(own, "kai", "lin", seconds=0, serial=0)
    # Files are taken in order of hash, and whoever makes one can have it come first or last.
    for raw in (
        made,
        made
        + b"\n"
        * next(
            n
            for n in range(1, 999)
            if (digest(made + b"\n" * n) < digest(own)) != (digest(made) < digest(own))
        ),
    ):
        found = found_in(collected(NAME) | {f"{folder}/var/log/audit/audit.log": raw})
        assert told(found)["acts"] == told(plain(NAME))["acts"]
        assert acts_of(found, "lin") == []


def digest(raw):
    return hashlib.sha256(raw).hexdigest()


LEFT = {
    "mail": "login01/var/mail/kai",
    "script of a job": "login01/var/spool/slurmd/job00011/slurm_script",
    "lock": "login01/run/lock/audit.log",
    "folder for logs of others": "login01/data/logs/audit.log",
}


@pytest.mark.parametrize("path", [pytest.param(path, id=what) for what, path in LEFT.items()])
def test_what_reads_like_a_trail_where_users_have_things_put_names_nobody_else(path):
    """Anybody sends themselves a mail, or submits a script, whose lines are a trail's: they tell of another's session."""
    found = found_in(collected(NAME) | {path: b"#!/bin/sh\n" * ("script" in path) + framed()})
    assert named(found) == named(plain(NAME))
    assert {a["person"]["name"] for a in acts_of(found, "lin")} <= {None}


@pytest.mark.parametrize("name", ["slurm/slurmctld.log", "slurm/sacct.psv"])
def test_a_scheduler_s_log_in_a_home_takes_no_name(name):
    """Where none was collected from its own place; the owner of that home is who would be named."""
    incident = "shared_account"
    given = inputs(incident)
    without = {path: raw for path, raw in collected(incident).items() if path != name}
    copied = without | {f"login01/home/kai/{name.rpartition('/')[2]}": collected(incident)[name]}
    before, after = (
        investigated.found(evidence, roster=given["roster"], about=given["case"])
        for evidence in (without, copied)
    )
    assert {person for _, _, person in named(before)} == {"kai"}
    assert named(after) == named(before)


@pytest.mark.parametrize(
    "folder", some(["git/worktree/ops", "git/worktree/dot-git", "git/llm.git", "git/llm.git/hooks"], 2)
)
def test_a_push_log_that_somebody_left_in_a_checkout_takes_no_name_and_gives_none(folder):
    """It says that lin pushed what kai did, a second before; the server's own log may be there or not."""
    evidence = collected(NAME)
    (path,) = (path for path in evidence if path.startswith("git/gitolite/logs/"))
    lines = [
        line.replace(b"\tkai\t", b"\tlin\t").replace(b"ARGV=kai", b"ARGV=lin").replace(b"15:11:50", b"15:11:49")
        for line in evidence[path].splitlines(keepends=True)
        if b"15:11:50" in line
    ]  # fmt: skip
    forged = {f"{folder}/gitolite-2026-11.log": b"".join(lines)}
    assert b"lin" in forged[f"{folder}/gitolite-2026-11.log"]
    assert told(found_in(evidence | forged))["acts"] == told(plain(NAME))["acts"]
    without = {name: raw for name, raw in evidence.items() if name != path}
    assert named(found_in(without | forged)) == named(found_in(without))


def test_findings_of_plain_folders_do_not_speak_of_folders():
    assert "folders" not in plain(NAME)
    assert "folders" not in json.dumps(plain(NAME)["limits"])


def test_a_place_that_holds_nothing_is_refused(tmp_path):
    """Else all would be left out: whoever gives `hosts` itself to the program has its name in no path."""
    (tmp_path / "e" / "hosts" / "login01" / "var" / "log").mkdir(parents=True)
    (tmp_path / "e" / "hosts" / "login01" / "var" / "log" / "wtmp").write_bytes(bytes(384))
    (tmp_path / "case.toml").write_text('places = ["hosts"]\n')
    given = {"below": [tmp_path / "e" / "hosts"], "above": [tmp_path / "e"]}
    for name, evidence in given.items():
        pipeline.create(tmp_path / name)
        pipeline.seal(tmp_path / name, evidence, about=tmp_path / "case.toml")
    with pytest.raises(RosterError, match="below 'hosts'; at its top are the folders login01"):
        pipeline.ingest(tmp_path / "below")
    assert pipeline.ingest(tmp_path / "above").bytes == 384


@pytest.mark.parametrize(
    ("places", "wrong"),
    [
        (["a"], None),
        (["a/"], None),
        (["a/b", "c"], None),
        (["b"], "'b'; at its top are the folders a, c"),
        (["a", "a/bb"], "'a/bb'"),
    ],
)
def test_places_are_held_against_the_evidence(places, wrong):
    said = folders.misnamed(["a/b/x", "c/y", "z"], places)
    assert (said is None) == (wrong is None)
    assert wrong is None or wrong in said


@pytest.mark.parametrize(
    ("host", "folder", "known", "same"),
    [
        ("login01", "login01", (), True),
        ("login01.lab.example", "LOGIN01", (), True),
        ("login01", "login01.lab.example", (), True),
        ("login01", "uac-login01", (), True),
        ("cluster-login01", "login01", (), True),
        # A root of `gpu10` does not speak for `gpu1`, nor that of `login-2` for `login` where that one's own folder is there.
        ("gpu1", "gpu10", (), False),
        ("gpu10", "gpu1", (), False),
        ("ogin01", "login01", (), False),
        ("login", "login_2", (), True),
        ("login", "login-2", ("login", "login-2"), False),
        ("login", "login", ("login", "login-2"), True),
        ("", "login01", (), False),
        (".", "login01", (), False),
    ],
)
def test_a_name_is_a_hosts_by_words_of_its_own(host, folder, known, same):
    assert hostfolders.same(host, folder, known) == same
