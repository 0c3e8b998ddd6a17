"""Each field of a forge's log is the one that it says, whatever stands beside it, and a time is as wide as it was written."""

import json

import pytest
from collected import rows, told, whys
from test_forges import SAMPLES, events

from forensics.formats import registry

NS = 1_000_000_000
SHELL = {"command": "git-receive-pack", "gl_project_path": "mlteam/llm", "msg": "executing git command", "time": "2026-11-23T15:11:48.120Z"}  # fmt: skip
GITALY = {"grpc.service": "gitaly.SSHService", "grpc.request.glProjectPath": "mlteam/llm", "time": "2026-11-23T15:11:48.120Z"}  # fmt: skip
WEB = {"method": "POST", "path": "/mlteam/llm.git/git-receive-pack", "time": "2026-11-23T15:11:48.120Z", "controller": "a", "action": "b"}  # fmt: skip
AUDIT = {"author_id": 3, "author_name": "Mei", "entity_id": 2, "entity_path": "mlteam", "change": "x", "time": "2026-11-23T15:11:48.120Z"}  # fmt: skip
PUSHED = {"action": "git.push", "actor": "kai", "org": "lab", "repo": "lab/llm", "created_at": 1795446708120}


def one(name, said):
    line = said if isinstance(said, str) else json.dumps(said)
    (event,) = told(name, f"{line}\n".encode(), f"git/var/log/{name}.log")
    return event


def gitea(request, answer="200 OK", address="10.0.0.7:1"):
    said = f"2026/11/23 15:11:48 HTTPRequest [I] router: completed {request} for {address}, {answer} in 4.3ms @ a/b.go:3(c.D)"
    return one("gitea_log", said)


@pytest.mark.parametrize(
    ("name", "sample", "ns"),
    [
        ("gitlab_json", "four_logs_of_one_push.json", NS // 1000), ("gitea_log", "push_by_http_ssh_and_web.log", NS),
        ("github_audit", "exported_and_streamed.json", NS // 1000), ("bitbucket_access", "push_by_ssh_and_http.log", NS // 1000),
        ("gerrit_sshd", "both_layouts.log", NS // 1000), ("http_access", "git_over_http.log", NS),
        ("gitolite", "push_and_fetch.log", NS),
    ],
)  # fmt: skip
def test_a_time_is_as_wide_as_it_was_written(name, sample, ns):
    widths = {e["latest_ns"] - e["earliest_ns"] + 1 for e in events(name, sample) if e["earliest_ns"]}
    assert widths == {ns}


def test_gitlab_s_own_words_go_before_those_that_repeat_or_resemble_them():
    event = one("gitlab_json", SHELL | {"username": "kai", "user_username": "mei", "meta.user": "lin"})
    assert event["account"] == "kai"
    both = GITALY | {"grpc.method": "SSHUploadPack", "grpc.request.repoPath": "@hashed/6b/86/x.git"}
    assert one("gitlab_json", both)["repository"] == "mlteam/llm"
    for kind, repository in (("Project", "mlteam"), ("Group", None), ("User", None)):
        assert one("gitlab_json", AUDIT | {"entity_type": kind})["repository"] == repository


def test_what_gitlab_refused_was_neither_read_nor_pushed():
    refused = one("gitlab_json", GITALY | {"grpc.method": "SSHUploadPack", "grpc.code": "PermissionDenied"})
    assert (refused["verb"], refused["outcome"]) == ("other", "failure")
    denied = one("gitlab_json", WEB | {"status": 403})
    assert (denied["verb"], denied["outcome"]) == ("push_denied", "failure")


def test_gitea_s_own_calls_are_known_whole():
    """A client chooses method and path of what it asks."""
    planted = gitea("XPOST /api/internal/hook/post-receive/kai/llm")
    assert (planted["verb"], planted["address"]) == ("other", "10.0.0.7")
    assert (
        gitea("POST /api/internal/hook/post-receive/kai/llm", "500 Internal Server Error")["verb"] == "other"
    )
    served = "GET /api/internal/serv/command/20/kai/llm.git?mode=2&{}=git-receive-pack"
    asked = gitea(served.format("verb"))
    assert (asked["verb"], asked["repository"], asked["credential"]) == ("push_request", "kai/llm", "key-20")
    assert gitea(served.format("reverb"))["verb"] == "other"
    name = "x from 10.0.0.7: "
    failed = f"2026/11/23 15:11:50 a/b.go:1:F() [W] Failed authentication attempt for {name} from 10.0.0.9:5: no such user"
    assert "asserted=" not in one("gitea_log", failed)["text"]


def test_github_says_of_two_actions_alone_how_they_ended():
    assert one("github_audit", PUSHED)["outcome"] == "success"
    other = one("github_audit", PUSHED | {"action": "protected_branch.policy_override"})
    assert (other["verb"], other["outcome"]) == ("other", None)
    assert whys("github_audit", json.dumps(PUSHED | {"action": "git.push by kai"}).encode() + b"\n") == [
        "value"
    ]


def test_a_push_has_its_ref_and_what_it_was_moved_to_or_is_a_request():
    moved = PUSHED | {"ref": "refs/heads/main", "before": "1" * 40, "after": "2" * 40}
    told_ = [
        one("github_audit", moved),
        one("github_audit", {k: v for k, v in moved.items() if k != "after"}),
    ]
    assert [(e["verb"], e["object_from"]) for e in told_] == [("push", "1" * 40), ("push_request", "1" * 40)]
    assert f"new={'2' * 40}" in told_[0]["text"]


@pytest.mark.parametrize(
    ("name", "sample"),
    [("bitbucket_access", "push_by_ssh_and_http.log"), ("gerrit_sshd", "both_layouts.log")],
)
def test_a_line_is_read_from_its_beginning(name, sample):
    line = (SAMPLES / name / sample).read_bytes().splitlines()[0]
    assert (len(rows(name, line + b"\n")), whys(name, line + b"\n")) == (1, [])
    assert whys(name, b"x - " + line + b"\n") == ["shape"]


def test_no_account_of_bitbucket_s_has_a_bar():
    line = (SAMPLES / "bitbucket_access" / "push_by_ssh_and_http.log").read_bytes().splitlines()[0]
    assert whys("bitbucket_access", line.replace(b"| kai |", b"| kai | lin |") + b"\n") == ["shape"]


def test_a_request_names_no_ref_and_an_answer_to_a_question_is_no_outcome():
    opened = [e for e in events("gitolite", "push_and_fetch.log") if " any " in e["text"]]
    assert opened
    assert {e["object"] for e in opened} == {None}
    line = '10.0.0.7 - kai [23/Jan/2026:15:11:47 +0000] "{} HTTP/1.1" 200 412 "-" "git/2.39.5"'
    asked = one("http_access", line.format("GET /llm.git/info/refs?service=git-receive-pack"))
    assert (asked["verb"], asked["outcome"]) == ("other", None)
    assert asked["earliest_ns"] == 1_769_181_107 * NS


def test_the_first_pusher_of_a_certificate_is_its_own():
    raw = (SAMPLES / "git_push_cert" / "two_refs.cert").read_bytes()
    planted = raw.replace(b"\nnonce ", b"\npusher lin <lin@lab.example> 1 +0000\nnonce ", 1)
    assert {r["asserted"] for r in rows("git_push_cert", planted)} == {"kai <kai@lab.example>"}


def test_bitbucket_s_audit_log_names_nobody_by_a_name_that_may_be_one_that_is_shown():
    found = events("bitbucket_audit", "rights_and_settings.log")
    assert [(e["verb"], e["account"], e["repository"], e["address"]) for e in found] == [
        ("other", None, "mlteam/llm", "10.0.0.7"), ("other", None, None, "10.0.0.7"), ("other", None, None, None),
    ]  # fmt: skip
    assert "asserted=kai" in found[0]["text"]
    assert "repositorypermissiongranted" in found[0]["text"]
    assert found[0]["earliest_ns"] == 1_795_446_708_120_000_000
    assert found[0]["latest_ns"] - found[0]["earliest_ns"] == NS // 1000 - 1
    raw = (SAMPLES / "bitbucket_audit" / "planted_names_and_proxy.log").read_bytes()
    (first,) = rows("bitbucket_audit", raw)
    assert (first["author_id"], first["repository"], first["address"]) == ("4", None, None)
    assert whys("bitbucket_audit", raw) == ["value", "time", "time"]


def replicated(said, time="2026-11-23 15:11:49,120"):
    raw = f"[{time}] {said}\n".encode()
    return (*rows("gerrit_replication", raw), *whys("gerrit_replication", raw))


@pytest.mark.parametrize(
    "time", ["2026-11-32 15:11:49,120", "2026-13-23 15:11:49,120", "2026-11-23 24:11:49,120", "2026-11-23 15:60:49,120", "2026-11-23 15:11:70,120"]
)  # fmt: skip
def test_what_can_be_no_time_of_a_replication_is_rejected(time):
    assert replicated("[1a] Push to /srv/llm.git", time) == ("time",)


OLD, NEW, BESIDE = "a" * 40, "b" * 40, "c" * 64


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("[1a] Push to /srv/llm.git.", {"repository": "srv/llm", "request": "1a", "rest": "/srv/llm.git."}),
        ("[] Push to /srv/llm.git", {"repository": "srv/llm", "request": None}),
        ("Push to git@mirror02:ml/llm.git/ x", {"repository": "ml/llm", "request": None, "action": "Push to"}),
        ("Batch apply objects API from llm for gerrit01:refs/x", {"repository": "llm", "action": "Batch apply objects API from"}),
        (f"Push to /llm RemoteRefUpdate[remoteName=refs/heads/main, OK, {OLD}...{NEW}, srcRef=refs/x, {NEW}...{BESIDE}, y]", {"ref": "refs/heads/main", "old": OLD, "new": NEW}),
        (f"Push to /llm RemoteRefUpdate[remoteName=refs/x, OK, {BESIDE}...{OLD}0, x]", {"ref": "refs/x", "old": BESIDE, "new": None}),
        (f"Push to /llm RemoteRefUpdate[remoteName=HEAD, OK, {OLD}...{NEW}, x]", {"ref": None, "old": None, "new": None}),
        (f"Push to /llm RemoteRefUpdate[remoteName=refs/x, ok, {OLD}...{NEW}, x]", {"ref": None, "new": None}),
        ("[1a] Push to /llm said: Cannot push", {"status": None}),
        ("[1a] Cannot replicate to /llm", {"status": "failed"}),
        ("[1a] Replication to /llm was canceled", {"status": "canceled"}),
        ("[1a] Replication to /llm for refs/x completed", {"status": None}),
    ],
)  # fmt: skip
def test_a_replication_s_fields_are_where_gerrit_writes_them(said, expected):
    (row,) = replicated(said)
    assert {name: row[name] for name in expected} == expected


def test_lines_that_replication_does_not_write_are_rejected():
    for line in ("[1a] [2b] Push to /llm", "[1A] Push to /llm"):
        assert replicated(line) == ("shape",)
    raw = b"[2026-11-23 15:11:49,120] x to /llm\nat a.b(C.java:1)\n    at a.b\n\t... 12 others\n\tat a.b\n\t... 3 more\n\n"
    assert whys("gerrit_replication", raw) == ["shape"] * 3
    recognise = registry()["gerrit_replication"].recognise
    line = b"[2026-11-23 15:11:49,120] [1a] Push to /llm\n"
    assert (recognise(line, "x"), recognise(b"x\n" + line, "x")) == (90, 0)
    (event,) = told("gerrit_replication", line, "gerrit01/x")
    assert (event["earliest_ns"], event["latest_ns"]) == (
        1_795_446_709_120_000_000,
        1_795_446_709_120_999_999,
    )


AUDITED = {
    "auditType": {"action": "granted", "actionI18nKey": "a.b", "area": "PERMISSIONS"}, "author": {"id": "4", "name": "kai", "type": "NORMAL"},
    "timestamp": {"epochSecond": 1795446708, "nano": 120000000}, "source": "10.0.0.7", "affectedObjects": [{"name": "llm", "type": "REPOSITORY"}],
}  # fmt: skip
LAST_S = 9_223_372_035


def audited(**change):
    raw = json.dumps({k: v for k, v in (AUDITED | change).items() if v is not None}).encode() + b"\n"
    return (*rows("bitbucket_audit", raw), *whys("bitbucket_audit", raw))


@pytest.mark.parametrize(
    ("second", "nano", "ns"),
    [
        (0, 0, 0), (0, None, 0), (LAST_S, 999_999_999, LAST_S * NS + 999_999_999), (LAST_S + 1, 0, None), (-1, 0, None),
        (1, NS, None), (1, NS - 1, 2 * NS - 1), (1, -1, None), (None, 0, None),
    ],
)  # fmt: skip
def test_an_audited_time_is_counted_to_the_last_that_a_column_holds(second, nano, ns):
    (got,) = audited(timestamp={"epochSecond": second, "nano": nano})
    raw = json.dumps(AUDITED | {"timestamp": {"epochSecond": 1, "nano": 120_999_999}}).encode() + b"\n"
    assert [e["earliest_ns"] for e in told("bitbucket_audit", raw, "git/x")] == [NS + 120_000_000]
    assert (got if isinstance(got, str) else got["time_ns"]) == ("time" if ns is None else ns)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, {"action": "a.b granted", "asserted": "kai", "author_id": "4", "account": None, "repository": "llm", "address": "10.0.0.7", "rest": '{"affectedObjects":[{"name":"llm","type":"REPOSITORY"}]}'}),
        ({"auditType": {"action": "granted"}, "affectedObjects": None}, {"action": "granted", "area": None, "repository": None, "rest": None}),
        ({"auditType": {"actionI18nKey": "a.b", "area": ""}}, {"action": "a.b", "area": None}),
        ({"author": {"name": "", "id": ""}}, {"asserted": None, "author_id": None, "author_type": None}),
        ({"author": {"name": "kai"}}, {"asserted": "kai", "author_id": None}),
        ({"source": "1.2.3.4,10.0.0.7"}, {"address": None}), ({"source": ""}, {"address": None}),
        ({"affectedObjects": {"name": "llm", "type": "REPOSITORY"}}, {"repository": None}),
        ({"affectedObjects": [{"name": "a", "type": "PROJECT"}, {"name": "b", "type": "PROJECT"}, {"name": "llm", "type": "REPOSITORY"}]}, {"repository": "llm"}),
        ({"affectedObjects": [{"name": "llm", "type": "REPOSITORY"}, {"name": "ml", "type": "PROJECT"}]}, {"repository": "ml/llm"}),
        ({"affectedObjects": [{"name": "x/llm", "type": "REPOSITORY"}, {"name": "ml", "type": "PROJECT"}]}, {"repository": "x/llm"}),
        ({"affectedObjects": [{"type": "REPOSITORY"}, {"name": "llm", "type": "REPOSITORY"}, 5, {"name": "u", "type": "USER"}]}, {"repository": "llm"}),
        ({"affectedObjects": [{"name": "a", "type": "REPOSITORY"}, {"name": "b", "type": "REPOSITORY"}]}, {"repository": None}),
    ],
)  # fmt: skip
def test_what_was_audited_is_in_its_own_columns(change, expected):
    (row,) = audited(**change)
    assert {name: row[name] for name in expected} == expected


def test_an_audit_log_is_known_by_all_three_of_its_objects():
    recognise = registry()["bitbucket_audit"].recognise
    assert recognise(json.dumps(AUDITED).encode(), "x") == 90
    for left in ("auditType", "author", "timestamp"):
        assert recognise(json.dumps({k: v for k, v in AUDITED.items() if k != left}).encode(), "x") == 0
    assert recognise(json.dumps(AUDITED | {"auditType": "x"}).encode(), "x") == 0
    assert audited(auditType={}) == ("value",)
