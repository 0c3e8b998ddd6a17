"""Who pushed is what a server authenticated; what a client typed moves no field, and a refused push is none."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from collected import rows, told, whys

from forensics.core import forge
from forensics.formats import registry

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "sample_logs" / "formats"
UPSTREAM = ROOT.parent / "shared" / "samples"
PUSHES = {"push", "push_request", "push_denied"}


def events(name, sample, zone="UTC"):
    return told(name, (SAMPLES / name / sample).read_bytes(), f"git/var/log/{sample}", zone=zone)


def pushes(name, sample):
    return [
        (e["verb"], e["account"], e["repository"], e["address"]) for e in events(name, sample) if e["verb"] in PUSHES
    ]  # fmt: skip


def test_each_of_gitlabs_logs_tells_the_push_it_saw():
    assert pushes("gitlab_json", "four_logs_of_one_push.json") == [
        ("push_request", "kai", "mlteam/llm", "10.0.0.7"),
        ("push_request", "kai", "mlteam/llm", "10.0.0.7"),
        ("push_request", "lin", "mlteam/llm", "10.0.0.8"),
        ("push_denied", "lin", "mlteam/llm", "10.0.0.8"),
    ]
    changed = events("gitlab_json", "four_logs_of_one_push.json")[-1]
    assert (changed["account"], changed["account_absence"]) == (None, "not_recorded")
    assert "asserted=Mei Who" in changed["text"]


def test_what_is_asked_before_a_push_or_below_another_path_is_none():
    assert pushes("gitlab_json", "planted_fields.json") == [
        ("push_denied", "kai", "mlteam/llm\x1b[31m", None)
    ]
    assert pushes("http_access", "planted_user_and_torn.log") == []


def test_githubs_pushes_name_the_actor_and_no_ref():
    (push,) = (e for e in events("github_audit", "exported_and_streamed.json") if e["verb"] in PUSHES)
    assert (push["verb"], push["account"], push["repository"]) == ("push_request", "kai@github", "lab/llm")
    assert (push["object"], push["earliest_ns"]) == (None, 1795446708_120_000_000)
    override = events("github_audit", "exported_and_streamed.json")[2]
    assert override["object"] == "refs/heads/main"
    assert override["earliest_ns"] == 1795446710_309_000_000
    assert [e["account"] for e in events("github_audit", "array_of_objects.json")] == ["kai@github"] * 2


PAGE = {"@timestamp": 1795446708120, "action": "git.push", "org": "lab", "repo": "lab/llm"}


def test_objects_of_an_array_on_one_line_are_those_of_as_many_lines():
    """So the REST API answers, a page after the other."""
    objects = [
        json.dumps(PAGE | {"actor": actor, "n": "é}]["}, ensure_ascii=False)
        for actor in ("kai", "mei", "lin")
    ]
    alone = rows("github_audit", "".join(f"{one}\n" for one in objects).encode())
    data = f" [ {objects[0]} ,{objects[1]}][{objects[2]}]\n{objects[0]}\n".encode()
    paged = rows("github_audit", data)
    bare = [{key: row[key] for key in row if key not in {"start", "stop"}} for row in alone]
    assert [{key: row[key] for key in row if key not in {"start", "stop"}} for row in paged] == [
        *bare,
        bare[0],
    ]
    assert [data[r["start"] : r["stop"]].decode() for r in paged[:3]] == objects
    whole = registry()["github_audit"].recognise(data[:65536] + b" " * 65536, "audit.json")
    assert whole == registry()["github_audit"].recognise(objects[0].encode(), "audit.json") > 0


def test_of_an_array_that_is_torn_or_says_twice_the_rest_is_told():
    sample = "arrays_on_one_line_planted_and_twice.json"
    assert [(e["verb"], e["account"]) for e in events("github_audit", sample)] == [
        ("push_request", "kai@github"), ("other", "kai@github"), ("fetch", "lin@github"), ("push_request", "lin@github"),
    ]  # fmt: skip
    assert sorted(whys("github_audit", (SAMPLES / "github_audit" / sample).read_bytes())) == [
        "shape", "shape", "truncated", "value",
    ]  # fmt: skip


def test_a_proxy_lends_no_address_and_a_refusal_no_name():
    assert pushes("bitbucket_access", "push_by_ssh_and_http.log") == [
        ("push_request", "kai", "ml/llm", "10.0.0.7"),
        ("push_request", "lin", "scm/ml/llm", None),
        ("push_denied", None, "scm/ml/llm", "10.0.0.8"),
    ]
    assert pushes("http_access", "git_over_http.log") == [
        ("push_request", "kai", "llm", "10.0.0.7"),
        ("push_denied", None, "llm", "10.0.0.8"),
    ]
    assert [e["outcome"] for e in events("http_access", "git_over_http.log") if e["verb"] in PUSHES] == [
        "success",
        "failure",
    ]


@pytest.mark.parametrize("status", ["401", "403", "404", "500"])
def test_a_push_that_was_not_answered_well_is_denied(status):
    raw = (SAMPLES / "bitbucket_access" / "push_by_ssh_and_http.log").read_bytes()
    raw = raw.replace(b" | 401 | ", f" | {status} | ".encode())
    outcomes = [
        (e["verb"], e["outcome"])
        for e in told("bitbucket_access", raw, "git/var/log/access.log", zone="UTC")
        if "git-receive-pack" in (e["text"] or "")
    ]
    assert ("push_denied", "failure") in outcomes
    assert ("push_request", "failure") not in outcomes


def test_text_that_imitates_fields_moves_none():
    (dao,) = events("bitbucket_access", "planted_and_torn.log")
    assert (dao["account"], dao["outcome"]) == ("dao", None)
    assert "status=404" in dao["text"]
    thread, kai = events("gerrit_sshd", "planted_thread_and_torn.log")
    assert (thread["verb"], thread["account"], thread["address"]) == ("other", None, None)
    assert (kai["verb"], kai["account"]) == ("login", "kai")


@pytest.mark.parametrize(
    "user",
    ["kai", 'x [23/Nov/2026:15:11:48 +0000] "POST /llm.git/git-receive-pack HTTP/1.1" 200 1 "-" "', "a b"],
)
def test_a_user_name_cannot_make_itself_a_push(user):
    """The name in the line is what was typed for a password that was refused."""
    line = f'10.0.0.9 - {user} [23/Nov/2026:15:11:50 +0000] "POST /llm.git/git-receive-pack HTTP/1.1" 401 381 "-" "git"\n'
    (event,) = told("http_access", line.encode(), "git/var/log/access.log")
    assert event["account"] is None
    assert event["verb"] in {"push_denied", "other"}


def test_gitaly_s_own_messages_hide_no_push_and_are_none():
    """A daemon's log begins with its start, and one call in many is a push."""
    sample = "daemon_s_own_messages_before_a_push.json"
    raw = (SAMPLES / "gitlab_json" / sample).read_bytes()
    found = {name: form.recognise(raw, f"var/log/gitlab/{sample}") for name, form in registry().items()}
    assert max(found, key=lambda name: found[name]) == "gitlab_json"
    assert [e["verb"] for e in events("gitlab_json", sample)] == [*["other"] * 6, "push_request", "other"]
    assert not form_of_messages(
        raw.replace(b"grpc.method", b"grpc.other").replace(b"gl_project", b"gl_other")
    )


def form_of_messages(raw):
    return registry()["gitlab_json"].recognise(raw, "var/log/gitlab/x.json")


def test_what_stands_before_the_user_is_no_part_of_the_name():
    """Debian's Apache begins with the site, Gitea can add a port, Gerrit a thread."""
    sample = "site_thread_or_port_before_the_user.log"
    assert [(e["account"], e["address"]) for e in events("http_access", sample)] == [
        ("kai", "10.0.0.7"),
        ("lin", "10.0.0.8"),
        ("mei", "10.0.0.9"),
        ("mei", "2001:db8::9"),
        ("kai", "10.0.0.7"),
        (None, None),
    ]


def test_times_of_a_web_server_keep_their_offset():
    post = [e for e in events("http_access", "git_over_http.log") if "asserted=lin" in e["text"]]
    assert post[0]["earliest_ns"] == 1795446708_000_000_000
    assert post[0]["latest_ns"] == 1795446708_999_999_999
    assert events("http_access", "planted_user_and_torn.log")[2]["earliest_ns"] is None


def test_gerrit_tells_entries_and_pushes_in_both_layouts():
    assert [(e["verb"], e["account"], e["outcome"]) for e in events("gerrit_sshd", "both_layouts.log")] == [
        ("login", "kai", "success"),
        ("push_request", "kai", "success"),
        ("disconnect", "kai", None),
        ("login_failed", None, "failure"),
        ("other", "dao", "failure"),
    ]
    moments = {e["earliest_ns"] // 10**9 for e in events("gerrit_sshd", "both_layouts.log")}
    assert moments == {1795446707, 1795446708, 1795446730, 1795446731}


def test_gerrit_tells_the_same_as_json():
    told = events("gerrit_sshd_json", "push_fetch_and_refused.json")
    assert [(e["verb"], e["account"], e["outcome"], e["repository"]) for e in told] == [
        ("login", "kai", "success", None),
        ("push_request", "kai", "success", "llm"),
        ("disconnect", "kai", None, None),
        ("login_failed", None, "failure", None),
        ("other", "dao", "failure", "llm"),
        ("fetch", "mei", "success", "llm"),
        ("other", "admin", "success", None),
    ]
    assert [e["address"] for e in told if e["address"]] == ["10.0.0.7", "10.0.0.9"]
    assert told[0]["earliest_ns"] == 1795446707 * 10**9
    assert told[3]["latest_ns"] - told[3]["earliest_ns"] == 10**6 - 1


def test_gerrit_as_json_tells_pushes_over_http():
    told = events("gerrit_httpd_json", "push_fetch_and_refused.json")
    assert [(e["verb"], e["account"], e["outcome"], e["repository"]) for e in told] == [
        ("other", "kai", None, "llm"),
        ("push_request", "kai", "success", "llm"),
        ("push_denied", None, "failure", "llm"),
        ("fetch", "dao", "success", "llm"),
        ("other", "mei", None, None),
        ("other", None, None, None),
    ]
    push, page = events("gerrit_httpd_json", "lines_that_end_with_a_comma_crlf.json")[:2]
    assert (push["verb"], push["latest_ns"] - push["earliest_ns"]) == ("push_request", 10**9 - 1)
    assert (page["account"], page["latest_ns"] - page["earliest_ns"]) == (None, 10**6 - 1)
    assert {e["verb"] for e in events("gerrit_httpd_json", "planted_fields_and_torn.json")} == {"other"}


def test_gerrit_s_access_log_has_times_of_both_kinds():
    told = events("http_access", "gerrit_times_of_both_kinds.log")
    assert [(e["verb"], e["account"]) for e in told] == [
        ("push_request", "kai"), ("push_request", "kai"), ("other", None), ("push_denied", None), ("other", "dao"), ("other", None),
    ]  # fmt: skip
    at = [
        e["earliest_ns"] and (e["earliest_ns"] // 10**6, e["latest_ns"] - e["earliest_ns"] + 1) for e in told
    ]
    assert at == [
        (1795446708000, 10**9), (1795446708620, 10**6), (1795446709250, 10**6), (1795446710001, 10**6), None, (1795446712001, 10**6),
    ]  # fmt: skip


def test_a_command_at_gerrit_that_is_called_like_an_entry_is_none():
    kai, failed, query, login, logout = events("gerrit_sshd_json", "planted_thread_and_torn.json")
    assert (kai["verb"], kai["account"]) == ("push_denied", "kai")
    assert (failed["verb"], failed["account"], failed["address"]) == ("login_failed", None, "10.0.0.9")
    assert [(e["verb"], e["account"], e["address"]) for e in (query, login, logout)] == [
        ("other", "kai", None)
    ] * 3


def test_a_certificate_names_nobody_until_it_is_checked():
    one, other = events("git_push_cert", "two_refs.cert")
    assert (one["account"], one["object"], one["repository"], one["verb"]) == (
        None,
        "refs/heads/main",
        "llm",
        "other",
    )
    assert "asserted=kai <kai@lab.example>" in one["text"]
    assert one["earliest_ns"] == 1795446708_000_000_000
    assert other["object"] == "refs/heads/dev"
    torn = (SAMPLES / "git_push_cert" / "planted_header_and_torn.cert").read_bytes()
    assert rows("git_push_cert", torn) == []
    assert whys("git_push_cert", torn) == ["shape", "shape", "shape", "truncated"]


@pytest.mark.parametrize(
    ("request_", "status", "told_"),
    [
        ("POST /a/llm.git/git-receive-pack HTTP/1.1", "200", ("push_request", "a/llm")),
        ("POST /a/llm/git-receive-pack", "403", ("push_denied", "a/llm")),
        ("GET /a/llm.git/git-receive-pack HTTP/1.1", "200", ("other", "a/llm")),
        ("GET /llm.git/info/refs?service=git-receive-pack HTTP/1.1", "200", ("other", "llm")),
        ("POST /llm.git/git-upload-pack HTTP/1.1", "200", ("fetch", "llm")),
        ("POST /llm.git/git-upload-pack HTTP/1.1", "401", ("other", "llm")),
        ("POST /x?/llm.git/git-receive-pack HTTP/1.1", "200", None),
        ("POST /llm.git/git-receive-pack /x HTTP/1.1", "200", None),
    ],
)
def test_a_request_line_is_read_whole(request_, status, told_):
    assert forge.http(request_, status) == told_


@pytest.mark.parametrize("name", ["GitHub", "GitLab"])
def test_events_that_rules_are_tested_with_are_read(name):
    """Upstream wraps each event; what lacks a time or an actor there is no line of the log."""
    path = (
        UPSTREAM
        / "panther-analysis"
        / ("events_GitHub_Audit.jsonl" if name == "GitHub" else "events_GitLab_Production.jsonl")
    )
    if not path.exists():
        pytest.skip("the shared samples are not on this machine")
    logs = [json.loads(line)["log"] for line in path.read_text().splitlines()]
    if name == "GitLab":
        logs = [
            {"method": "POST", "status": 200, "controller": "x", "time": "2026-11-23T15:11:48Z", **log}
            for log in logs
        ]
        assert len(rows("gitlab_json", "".join(json.dumps(log) + "\n" for log in logs).encode())) == len(logs)
        return
    data = "".join(json.dumps(log) + "\n" for log in logs).encode()
    read = registry()["github_audit"].parse(data, 0)
    dotted = [log for log in logs if "." in str(log.get("action"))]
    assert read.records.num_rows >= len(dotted) > 80
    assert {r["action"] for r in read.records.to_pylist()} >= {
        "repo.add_member",
        "org.disable_oauth_app_restrictions",
    }


def test_an_access_log_of_bitbucket_is_read_whole():
    path = UPSTREAM / "plaso" / "test_data" / "atlassian-bitbucket-access.log"
    if not path.exists():
        pytest.skip("the shared samples are not on this machine")
    data = path.read_bytes()
    assert registry()["bitbucket_access"].recognise(data[:65536], "x") > 90
    assert not whys("bitbucket_access", data)
    assert [(r["account"], r["status"]) for r in rows("bitbucket_access", data)] == [
        ("eaccru", "200"), ("admin", "201"), (None, "200"), ("testuser", "200"), ("acarlton", "200"), ("admin", "done"),
        (None, "came in"), ("eaccru", "200"),
    ]  # fmt: skip


def test_what_a_server_replicates_is_no_push_to_it():
    """Else a ref that moved without a push would seem explained by the copy that was made of it afterwards."""
    data = (SAMPLES / "gerrit_replication" / "pushed_and_refused.log").read_bytes()
    events = told("gerrit_replication", data, "gerrit01/var/gerrit/logs/replication_log")
    assert {(e["verb"], e["account"]) for e in events} == {("other", None)}
    (moved,) = [e for e in events if e["object"] == "refs/heads/main"]
    assert (moved["repository"], moved["object_from"]) == ("srv/git/llm", None)
    assert "new=38e41d51c6ea70a793765a4a55d901fa35570896" in moved["text"]
    assert [e["outcome"] for e in events if e["outcome"]] == ["success", "failure"]
    planted = (SAMPLES / "gerrit_replication" / "planted_in_ref_and_address.log").read_bytes()
    assert not [e for e in told("gerrit_replication", planted, "gerrit01/x") if e["object"] or e["outcome"]]


def test_only_the_name_that_the_server_checked_is_an_account():
    """An audit event's author is asserted, whatever name stands beside it; of two names the request's own comes first."""
    audit = {
        "time": "2026-11-23T15:11:48Z",
        "author_id": 1,
        "author_name": "kai",
        "entity_type": "Project",
        "entity_id": 2,
    }
    web = {
        "time": "2026-11-23T15:11:49Z",
        "method": "GET",
        "path": "/",
        "status": 200,
        "remote_ip": "10.0.0.7",
    }
    lines = [audit | {"username": "mei"}, web | {"username": "lin", "user_username": "dao"}]
    data = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    rows = registry()["gitlab_json"].parse(data, 0).records.to_pylist()
    assert [(row["account"], row["asserted"]) for row in rows] == [(None, "kai"), ("lin", None)]


def test_the_token_of_a_push_is_kept():
    push = {
        "@timestamp": 1795446708000,
        "action": "git.push",
        "actor": "kai",
        "org": "mlteam",
        "hashed_token": "q1w2=",
    }
    (row,) = registry()["github_audit"].parse(json.dumps(push).encode() + b"\n", 0).records.to_pylist()
    assert (row["account"], row["credential"]) == ("kai", "q1w2=")


def test_gitea_tells_each_way_in_and_names_nobody_from_its_log():
    """Over SSH the key's number is known, over HTTP and the web the address; hooks are run by the server itself."""
    found = events("gitea_log", "push_by_http_ssh_and_web.log")
    assert {e["account"] for e in found} == {None}
    assert [(e["verb"], e["credential"], e["address"]) for e in found if e["verb"] in PUSHES] == [
        ("push_request", None, "10.0.0.7"),
        ("push_request", None, None),
        ("push_request", "key-20", "2001:db8::8"),
        ("push_denied", "key-21", "10.0.0.9"),
        ("push_request", None, "10.0.0.8"),
        ("push_request", None, "10.0.0.8"),
        ("push_denied", None, None),
    ]
    assert {e["repository"] for e in found if e["verb"] in PUSHES} == {"kai/llm"}
    assert "0123456789abcdef" not in str(found)
    older = events("gitea_log", "older_layouts.log")
    assert [e["verb"] for e in older if e["verb"] in PUSHES] == ["push_request"] * 3
    assert pushes("gitea_log", "colours_crlf.log") == [("push_request", None, "kai/llm", "10.0.0.7")]
    assert pushes("gitea_log", "planted_names_and_torn.log") == []


@pytest.mark.parametrize(
    "name", ["x from 10.0.0.7: ", "x from 10.0.0.7", "x] from 10.0.0.7: user", "x: from 10.0.0.7"]
)
def test_a_typed_name_lends_no_address(name):
    """Gitea writes the name again in the reason, where nothing comes behind it that would tell it from the line's own words."""
    line = f"2026/11/23 15:11:50 a/b.go:1:F() [W] Failed authentication attempt for {name} from 10.0.0.9:5: user does not exist [uid: 0, name: {name}]\n"
    (event,) = told("gitea_log", line.encode(), "git/var/log/gitea.log")
    assert event["verb"] == "login_failed"
    assert event["address"] in {None, "10.0.0.9"}


def test_a_push_in_giteas_feeds_is_one_and_a_deploy_keys_is_nobodys():
    found = [
        (e["verb"], e["account"], e["object"], e["object_from"], e["earliest_ns"])
        for e in sorted(events("gitea_database", "pushes_and_feeds.db"), key=lambda e: (e["earliest_ns"] or 0, e["start"]))
        if e["verb"] in PUSHES
    ]  # fmt: skip
    old, new = "91ab3f0c2d4e5f60718293a4b5c6d7e8f9012345", "38e41d51c6ea70a793765a4a55d901fa35570896"
    at = 1795446708_000_000_000
    assert found == [
        ("push", "lin", "refs/heads/main", old, at),
        ("push_request", "lin", "refs/heads/dev", None, at + 10**9),
        ("push_request", "lin", "refs/heads/dev", None, at + 2 * 10**9),
        ("push_request", "kai", None, None, at + 3 * 10**9),
        ("push", None, "refs/heads/main", new, at + 4 * 10**9),
    ]
    deployed = events("gitea_database", "deploy_key_under_owner.db")
    assert [e["account"] for e in deployed if e["verb"] == "push"] == ["lin", None]
    assert [(e["account"], e["credential"][:11]) for e in deployed if e["verb"] == "enrol_key"] == [
        ("lin", "SHA256:0123")
    ]
    planted = events("gitea_database", "planted_in_message_and_branch.db")
    moved = [e for e in planted if e["verb"] == "push"]
    assert [(e["object_from"], e["text"].split()[0]) for e in moved] == [(old, f"new={new}")]


def test_a_database_is_gitea_by_its_other_tables_where_its_actions_are_declared_further_on():
    """The first bytes of a large database hold some of its declarations only."""
    recognise = registry()["gitea_database"].recognise
    names = ["access_token", "hook_task", "gpg_key", "login_source", "two_factor"]
    for count, sure in ((5, 90), (4, 0)):
        with closing(sqlite3.connect(":memory:")) as db:
            for name in names[:count]:
                db.execute(f"CREATE TABLE {name}(id INTEGER)")
            assert recognise(db.serialize()[:65536], "x") == sure
