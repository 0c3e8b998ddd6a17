"""Whose push it was: one command makes one request of the git server, and what others sent in the same seconds is not tied to it."""

import re
from functools import cache
from pathlib import Path

import alterations
import investigated
import pytest
from drawn import some
from repositories import Repository

SAMPLES = Path(__file__).parents[1] / "sample_logs"
LOG = "git/gitolite/logs/gitolite-2026-11.log"
AUDIT = "login01/var/log/audit/audit.log"
AUTH = "login01/var/log/auth-iso.log"
OLD, NEW, OTHER = (
    "28345a9aa4a53e1e1295ae6da6b8f235b54e98c1",
    "38e41d51c6ea70a793765a4a55d901fa35570896",
    "1" * 40,
)
ZERO, MAIN, OWN = "0" * 40, "refs/heads/main", "refs/heads/kai"
BAD = "bc1e5a76c530229304f22610be8320fc9b96c74f"


@cache
def collected(name):
    folder = SAMPLES / name / "evidence"
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()
    }


def found(name, evidence, **given):
    files = {
        f"{key}.toml": (SAMPLES / name / f"{key}.toml").read_bytes() for key in ("roster", "case")
    } | given
    return investigated.found(evidence, roster=files["roster.toml"], about=files["case.toml"])


def request(
    stamp, pid, user, ref, old, new, *, address="127.0.0.1", repository="llm", denied=False, access="W"
):
    """What gitolite writes of one request to push, as it is served or refused."""
    said = (
        ("die", f"{access} {ref} {repository} {user} DENIED by refs/.*")
        if denied
        else ("update", repository, user, access, ref, old, new, "refs/.*")
    )
    lines = (
        ("ssh", f"ARGV={user}", f"SOC=git-receive-pack '{repository}'", f"FROM={address}"),
        ("pre_git", repository, user, "W", "any", "refs/.*"),
        said,
        ("END",),
    )
    return "".join(f"{stamp}\t{pid}\t" + "\t".join(line) + "\n" for line in lines)


def edited(second, pid, user, ref, old, new, **more):
    return request(f"2026-11-23.15:11:{second:02}", pid, user, ref, old, new, **more)


def pushes(log, **changed):
    """The pushes of kai's incident, by ref, where the server's log goes on otherwise after mei's first push."""
    evidence = {**collected("incidents/script_edit"), **changed}
    first = b"".join(evidence[LOG].splitlines(keepends=True)[:5])
    told = found("incidents/script_edit", {**evidence, LOG: first + log.encode()})
    return {a["object"].split(" ")[1]: a for a in told["acts"] if a["act"] == "push"}


KAIS = edited(50, 5311, "kai", OWN, ZERO, OTHER)
"""Kai's own push, of another branch; its command is in the trail of kai's session."""
BYPASS = (
    "2026-11-23.15:11:53\t5400\tupdate\t/home/git/repositories/llm.git\t(git)\tbypass\t"
    f"{MAIN}\t{OLD}\t{NEW}"
    "\n"
)
CASES = {
    "on the server itself": (KAIS + BYPASS, None, [], True),
    "with another's key": (KAIS + edited(53, 5400, "lin", MAIN, OLD, NEW), "lin", ["lin"], True),
    "by a robot": (KAIS + edited(53, 5400, "ci", MAIN, OLD, NEW), "ci", [], True),
    "with a copy of the key": (KAIS + edited(53, 5400, "kai", MAIN, OLD, NEW, address="10.9.9.9"), "kai", ["kai"], False),
    "with a copy of the key, before": (edited(49, 5300, "kai", MAIN, OLD, NEW) + KAIS, "kai", ["kai"], False),
    "from another's device": (KAIS + edited(53, 5400, "kai", MAIN, OLD, NEW, address="127.0.0.13"), "kai", ["kai", "lin"], False),
    "while kai was refused": (
        edited(50, 5311, "kai", OWN, OLD, NEW, denied=True) + edited(53, 5400, "kai", MAIN, OLD, NEW, address="10.9.9.9"),
        "kai", ["kai"], False,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", some(CASES, 4))
def test_what_others_push_in_the_same_seconds_is_not_in_the_session_of_who_pushes_too(case):
    log, account, candidates, own_known = CASES[case]
    told = pushes(log)
    act = told[MAIN]
    assert (act["account"], act["session"], act["person"]["name"]) == (account, None, None)
    assert act["person"]["candidates"] == candidates
    assert "command_of_push" in act["missing"]
    if OWN in told:
        assert told[OWN]["person"]["name"] == ("kai" if own_known else None)


def test_a_push_that_only_one_command_can_have_sent_is_of_its_session():
    act = pushes(edited(50, 5311, "kai", MAIN, OLD, NEW))[MAIN]
    assert (act["account"], act["person"]["name"], act["missing"]) == ("kai", "kai", [])


def test_refs_that_one_request_moves_are_all_of_its_command():
    both = edited(50, 5311, "kai", MAIN, OLD, NEW).replace(
        "5311\tEND",
        "5311\tupdate\tllm\tkai\tW\t" + f"{OWN}\t{ZERO}\t{NEW}\trefs/.*\n2026-11-23.15:11:50\t5311\tEND",
    )
    assert {act["person"]["name"] for act in pushes(both).values()} == {"kai"}


def test_where_server_and_client_differ_the_account_is_the_server_s_and_nobody_is_named():
    act = pushes(edited(53, 5400, "ci", MAIN, OLD, NEW))[MAIN]
    assert (act["account"], act["person"]["name"], act["missing"]) == (
        "ci",
        None,
        ["agreement_of_server_and_client"],
    )
    assert act["session"] is not None


def test_a_push_that_arrives_from_another_s_device_names_nobody():
    act = pushes(edited(50, 5311, "kai", MAIN, OLD, NEW, address="127.0.0.13"))[MAIN]
    assert (act["person"]["name"], act["person"]["candidates"]) == (None, ["kai", "lin"])


@pytest.mark.parametrize(("repository", "session"), [("llm2", False), ("lin/llm", False), ("llm", True)])
def test_a_command_is_of_the_repository_that_it_names_whole(repository, session):
    """Kai's client asks for another repository; the server tells a push of `llm` by a copy of the key."""
    asked = f"git-receive-pack '{repository}'".encode().hex().upper().encode()
    trail = collected("incidents/script_edit")[AUDIT].replace(
        b"6769742D726563656976652D7061636B20276C6C6D27", asked
    )
    log = edited(50, 5311, "kai", MAIN, OLD, NEW, repository="team/llm" if "/" in repository else "llm")
    act = pushes(log, **{AUDIT: trail})[MAIN]
    assert (act["session"] is not None) is session


def test_of_logins_with_several_keys_none_is_taken_for_the_push():
    """In kai's name two keys entered the git server within seconds: kai's, and one that is lin's."""
    evidence = collected("incidents/script_edit")
    roster = (SAMPLES / "incidents/script_edit/roster.toml").read_text()
    keys = re.findall(r'fingerprint = "(SHA256:[^"]+)"', roster)
    forced = "forced-command (key-option) '/usr/share/gitolite3/gitolite-shell kai'"
    lines = [
        f"2026-11-23T15:11:48.100000+00:00 login01 sshd[6001]: Accepted publickey for git from 127.0.0.1 port 50999 ssh2: ED25519 {keys[2]}",
        f"2026-11-23T15:11:48.200000+00:00 login01 sshd[6002]: Starting session: {forced} for git from 127.0.0.1 port 50999 id 0",
    ]
    auth = evidence[AUTH] + "".join(line + "\n" for line in lines).encode()
    told = pushes(edited(50, 5311, "kai", MAIN, OLD, NEW), **{AUTH: auth})[MAIN]
    plain = pushes(edited(50, 5311, "kai", MAIN, OLD, NEW))[MAIN]
    assert len(plain["for"]) == len(told["for"]) + 2


def pulled(*log, **changed):
    evidence = {**collected("staged/pulled_commit"), **changed}
    return found("staged/pulled_commit", {**evidence, LOG: evidence[LOG] + "".join(log).encode()})


LATER = {
    "a branch of what was pushed": ("21", "refs/heads/chen", ZERO, BAD, "W"),
    "a branch of it, after the job": ("50", "refs/heads/chen", ZERO, BAD, "W"),
    "a tag of it": ("21", "refs/tags/chen", ZERO, BAD, "W"),
    "a branch moved there from an object that is not in the evidence": (
        "21",
        "refs/heads/chen",
        "9" * 40,
        BAD,
        "+",
    ),
    "a branch that is removed": ("21", "refs/heads/chen", BAD, ZERO, "D"),
}


@pytest.mark.parametrize("what", some(LATER, 3))
def test_who_names_what_another_pushed_has_not_carried_it(what):
    """Chen pushes no change. Nothing in the findings may be chen's, and the speaker's denial gains nothing by it."""
    second, ref, old, new, access = LATER[what]
    told = pulled(
        request(f"2026-11-25.16:29:{second}", 900, "chen", ref, old, new, access=access, address="10.0.0.9")
    )
    plain = pulled()
    assert [a["id"] for a in told["acts"]] == [a["id"] for a in plain["acts"]]
    assert [j["acts"] for j in told["jobs"]] == [j["acts"] for j in plain["jobs"]]
    assert [(c["id"], c["status"]) for c in told["claims"]] == [
        (c["id"], c["status"]) for c in plain["claims"]
    ]


def test_what_git_had_written_before_a_push_is_not_by_that_push():
    """How the commit came to the server no log tells. Chen's is the first push on record that has it: after the job had read the file."""
    evidence = collected("staged/pulled_commit")
    own = {path: raw for path, raw in evidence.items() if not path.startswith("git/llm.git/logs/")}
    log = b"".join(line for line in evidence[LOG].splitlines(keepends=True) if b"pavel" not in line)
    for second, linked in (("21", True), ("50", False)):
        late = request(
            f"2026-11-25.16:29:{second}", 900, "chen", "refs/heads/chen", ZERO, BAD, address="10.0.0.9"
        )
        told = found("staged/pulled_commit", {**own, LOG: log + late.encode()})
        jobs = {a["job"] for a in told["acts"] if a["act"] == "push"}
        assert jobs == ({"21"} if linked else {None})
    # The server's reflog says that the ref moved before, by no push: then chen brought nothing, and who moved it is open.
    told = found("staged/pulled_commit", {**evidence, LOG: log + late.encode()})
    assert [(a["act"], a["account"], a["person"]["name"]) for a in told["acts"]] == [("commit", None, None), ("move_ref", None, None)]  # fmt: skip


def test_a_commit_in_the_owner_s_name_hides_no_push_of_somebody_else_s():
    """Ana owns the job. The commit was made elsewhere, and calls her author and committer; pavel pushed it; no reflog says who pulled."""
    evidence = alterations._rehashed(
        collected("staged/pulled_commit"),
        lambda body: body.replace(b"chen <chen@lab.example>", b"ana <ana@lab.example>"),
        lambda raw: raw,
    )
    evidence = {path: raw for path, raw in evidence.items() if "dot-git/logs" not in path}
    evidence[AUDIT] = re.sub(rb'(a[0-9]+=)"commit"', rb'\1"status"', evidence[AUDIT])
    told = found("staged/pulled_commit", evidence)
    assert [(a["act"], a["account"], a["person"]["name"]) for a in told["acts"]] == [
        ("commit", None, None),
        ("push", "pavel", "pavel"),
    ]


def own_tree(tmp_path, path):
    """Chen's own repository, collected with its tree: two commits of a file, and where its HEAD moved while ana pulled."""
    made = Repository(tmp_path / "own")
    for n in range(2):
        made.commit(f"Step {n}", name="chen", **{path: f"SEED = {n}\n"})
    old, new = (made.git("rev-parse", at).decode().strip() for at in ("main~1", "main"))
    root = "login01/home/chen/own/.git"
    files = {f"{root}/{p.relative_to(made.root / '.git').as_posix()}": p.read_bytes() for p in made.loose()}
    moved = f"{old} {new} chen <chen@lab.example> 1795624163 +0000\tpull -q origin main: Fast-forward\n"
    return old, new, files, {f"{root}/logs/HEAD": moved.encode()}


def test_a_head_that_moved_in_another_tree_brought_nothing_to_the_job(tmp_path):
    """Chen pulls in a home of their own in the second in which ana pulls what her job runs."""
    _, new, objects, head = own_tree(tmp_path, "train.py")
    plain = {(a["act"], a["object"]) for a in pulled()["acts"] if a["job"] == "21"}
    told = pulled(**objects, **head)
    assert {(a["act"], a["object"]) for a in told["acts"] if a["job"] == "21"} == plain
    # Where no path says of which tree the HEAD is, it can be the one.
    elsewhere = {path.replace("login01/home/chen", "git"): raw for path, raw in head.items()}
    told = pulled(**objects, **elsewhere)
    assert ("commit", new) in {(a["act"], a["object"]) for a in told["acts"] if a["job"] == "21"}


@pytest.mark.parametrize(
    ("path", "there"), [("docs/train.py", False), ("llm/train.py", True), ("train.py", True)]
)
def test_a_file_of_the_same_name_in_another_folder_is_another_file(tmp_path, path, there):
    """Chen's ordinary push to a repository of their own. The job read `…/llm/train.py`."""
    old, new, objects, _ = own_tree(tmp_path, path)
    own = request("2026-11-25.16:29:21", 900, "chen", MAIN, old, new, address="10.0.0.9", repository="own")
    told = pulled(own, **objects)
    assert (("push", f"own {MAIN}") in {(a["act"], a["object"]) for a in told["acts"]}) is there
