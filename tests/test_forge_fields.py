"""Each field of a forge's log is the one that it says, whatever stands beside it, and a time is as wide as it was written."""

import json

import pytest
from collected import rows, told, whys
from test_forges import SAMPLES, events

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
