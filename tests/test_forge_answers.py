"""What GitHub, GitLab and Bitbucket answer when they are asked for pushes: of which repository each is, and which are no pushes."""

import json
from pathlib import Path

import investigated
import pytest
from collected import rows, told
from test_altered import collected, inputs
from test_channels import SERVED, A, B, C, of, table

from forensics import formats
from forensics.formats import registry

SAMPLES = Path(__file__).parents[1] / "sample_logs" / "formats"
INCIDENT = "script_edit"
FIRST, BAD = "28345a9aa4a53e1e1295ae6da6b8f235b54e98c1", "38e41d51c6ea70a793765a4a55d901fa35570896"
MAIN, ZERO = "refs/heads/main", "0" * 40
OLD, NEW, LATER = (
    text + digit * 33 for text, digit in (("28345a9", "0"), ("38e41d5", "1"), ("4f00c11", "2"))
)
ACTIVITY = {
    "id": 1, "before": A, "after": B, "ref": MAIN, "timestamp": "2026-11-23T15:11:50Z", "activity_type": "push",
    "actor": {"login": "kai"},
}  # fmt: skip
EVENT = {
    "id": 41, "project_id": 7, "action_name": "pushed to", "author_id": 4, "created_at": "2026-11-23T15:11:50.120Z",
    "push_data": {"action": "pushed", "ref_type": "branch", "commit_from": A, "commit_to": B, "ref": "main"},
    "author_username": "kai",
}  # fmt: skip
CHANGE = {
    "id": 61, "createdDate": 1795446710120, "user": {"name": "kai"}, "trigger": "push",
    "repository": {"slug": "llm", "project": {"key": "ML"}},
    "refChange": {"ref": {"id": MAIN}, "fromHash": A, "toHash": B, "type": "UPDATE"},
}  # fmt: skip
ANSWERS = {
    "github_activity": ("git/repos/lab/llm/activity.json", ACTIVITY),
    "gitlab_events": ("git/projects/lab/llm/events.json", EVENT),
    "bitbucket_ref_changes": ("git/changes.json", CHANGE),
}


def lines(name, sample):
    """The objects of a sample, each on a line."""
    held = json.loads((SAMPLES / name / sample).read_bytes())
    held = held.get("values") if isinstance(held, dict) else held
    return "".join(json.dumps(one) + "\n" for one in held).encode()


def pushes(name, raw, path):
    return [
        (e["verb"], e["account"], e["object"], e["object_from"], e["text"].partition(" ")[0].removeprefix("new="))
        for e in told(name, raw, path)
        if e["verb"] != "other"
    ]  # fmt: skip


def test_an_activity_tells_who_moved_which_ref_and_a_merge_is_no_push_of_who_merged():
    raw = lines("github_activity", "laid_out_as_answered.json")
    assert pushes("github_activity", raw, "git/repos/lab/llm/activity.json") == [
        ("push", "kai@github", MAIN, OLD, NEW),
        ("push", "kai@github", MAIN, NEW, LATER),
        ("push", "lin@github", "refs/heads/fix", ZERO, LATER),
        ("push", "lin@github", "refs/heads/fix", LATER, ZERO),
        ("push_request", "mei@github", MAIN, LATER, OLD),
        ("push_request", "mei@github", MAIN, OLD, NEW),
        ("push", None, MAIN, NEW, OLD),
    ]


def test_an_event_names_its_repository_and_a_fork_is_another():
    raw = (SAMPLES / "github_activity" / "events_and_a_fork.json").read_bytes()
    found = told("github_activity", raw, "git/events.json")
    assert [(e["verb"], e["account"], e["repository"], e["object"]) for e in found] == [
        ("push", "kai@github", "lab/llm", MAIN),
        ("other", "kai@github", "lab/llm", None),
        ("push", "lin@github", "lin/llm", MAIN),
    ]


def test_an_event_of_gitlab_names_a_branch_or_a_tag_in_full_and_several_refs_name_none():
    raw = lines("gitlab_events", "laid_out_as_answered.json")
    assert pushes("gitlab_events", raw, "git/projects/lab/llm/events.json") == [
        ("push", "kai", MAIN, OLD, NEW),
        ("push", "kai", "refs/heads/fix", ZERO, LATER),
        ("push", "lin", "refs/heads/fix", LATER, ZERO),
        ("push", "lin", "refs/tags/v1", ZERO, NEW),
        ("push_request", "kai", None, None, "action=pushed"),
    ]
    lost = {**EVENT, "push_data": {**EVENT["push_data"], "commit_from": None}}
    assert rows("gitlab_events", json.dumps(lost).encode())[0]["old"] is None
    (tag,) = (e for e in told("gitlab_events", raw, "git/x.json") if e["object"] == "refs/tags/v1")
    assert tag["earliest_ns"] == 1795446890 * 10**9


def test_a_ref_that_bitbucket_moved_by_itself_or_does_not_say_how_is_no_push():
    raw = lines("bitbucket_ref_changes", "laid_out_as_answered.json")
    assert [(verb, account) for verb, account, *_ in pushes("bitbucket_ref_changes", raw, "git/x.json")] == [
        ("push", "kai"), ("push_request", "lin"), ("push_request", "lin"), ("push", "kai"), ("push_request", "kai"),
    ]  # fmt: skip
    assert {e["repository"] for e in told("bitbucket_ref_changes", raw, "git/x.json")} == {"ML/llm"}


@pytest.mark.parametrize(("name", "kind"), [("github_activity", "repos"), ("gitlab_events", "projects")])
def test_a_repository_is_named_by_the_folders_of_its_address_or_not_at_all(name, kind):
    """Of one that is not named, forks have the same refs and objects: it is asked for, and no push."""
    raw = (json.dumps(ANSWERS[name][1]) + "\n").encode()
    for path, repository, verb in (
        (f"{kind}/lab/llm/a.json", "lab/llm", "push"),
        (f"git/{kind}/lab/team/llm/a.json", "lab/team/llm", "push"),
        (f"git/{kind}/llm/a.json", None, "push_request"),
        ("git/lab/llm/a.json", None, "push_request"),
        (f"git/{kind}.json", None, "push_request"),
    ):
        (event,) = told(name, raw, path)
        assert (event["repository"], event["verb"]) == (repository, verb), path
    for other, repository in (
        (f"copy/{kind}/lab/llm/b.json", "lab/llm"),
        (f"git/{kind}/lin/llm/a.json", None),
    ):
        (event,) = told(name, raw, f"git/{kind}/lab/llm/a.json", other)
        assert event["repository"] == repository


@pytest.mark.parametrize("name", ANSWERS)
def test_the_move_of_a_ref_is_told_by_the_answer_that_names_its_object(name):
    path, answer = ANSWERS[name]
    done = of(SERVED, (name, path, (json.dumps(answer) + "\n").encode()))
    assert [(m["new"], m["told_by"]) for m in table(done, "ref_move")] == [(B, "push"), (C, "nothing")]
    assert {c["way"]: c["formats"] for c in table(done, "channel")}["web pages and API"] == [name]
    (act,) = (act for act in done.acts if act.act == "push")
    assert (act.account, act.session) == ("kai@github" if name == "github_activity" else "kai", None)


@pytest.mark.parametrize("enrolled", [False, True])
def test_an_account_at_github_is_nobodys_who_has_a_login_of_that_name(enrolled):
    """kai opened an account there and called it lin. The roster may say whose it is."""
    evidence = {p: raw for p, raw in collected(INCIDENT).items() if not p.startswith("git/gitolite/logs/")}
    moved = {"before": FIRST, "after": BAD, "actor": {"login": "lin"}}
    evidence["git/repos/lab/llm/activity.json"] = json.dumps([ACTIVITY | moved], indent=1).encode()
    given = inputs(INCIDENT)
    roster = given["roster"]
    if enrolled:
        own = b'accounts = [{ name = "lin@github", source = "asked" }, '
        at = roster.index(b"accounts = [", roster.index(b'name = "kai"'))
        roster = roster[:at] + own + roster[at + len(b"accounts = [") :].lstrip()
    found = investigated.found(evidence, roster=roster, about=given["case"])
    (push,) = (act for act in found["acts"] if act["act"] == "push")
    assert push["account"] == "lin@github"
    assert push["person"]["candidates"] == ["kai"]
    assert push["person"]["name"] == ("kai" if enrolled else None)
    assert push["missing"] == ([] if enrolled else ["agreement_of_server_and_client"])
    assert "lin" not in {act["person"]["name"] for act in found["acts"]}


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_as_it_comes_is_recognised_and_other_json_is_not(name):
    path, answer = ANSWERS[name]
    several = json.dumps([answer, answer], indent=2)
    for head in (several, json.dumps([answer]), json.dumps({"size": 1, "values": [answer]})):
        assert formats.recognise(head.encode(), path) is None
        assert formats.laid_out(head.encode(), path) == name
    assert formats.recognise((json.dumps(answer) + "\n").encode(), path) == name
    for lost in ("ref", "author_id", "refChange"):
        less = {key: value for key, value in answer.items() if key != lost}
        if less != answer:
            assert registry()[name].recognise(json.dumps(less).encode(), path) == 0


def test_an_audit_event_of_gitlabs_api_is_read_as_the_log_has_it():
    """Of a name that comes twice the outer one counts, and the other is kept."""
    raw = lines("gitlab_json", "laid_out_audit_events_of_the_api.json")
    first, second = rows("gitlab_json", raw)
    assert (first["kind"], first["asserted"], first["repository"]) == ("audit", "Mei Who", "mlteam/llm")
    assert first["action"] == "change: allowed to force push"
    assert json.loads(first["rest"])["to"] == "true"
    assert (first["address"], second["address"]) == ("10.0.0.7", "10.0.0.8")
    assert json.loads(second["rest"])["details"] == {"ip_address": "10.0.0.9"}
    flat = {
        **json.loads(raw.splitlines()[0])["details"],
        "author_id": 4,
        "entity_id": 7,
        "entity_type": "Project",
    }
    (own,) = rows("gitlab_json", json.dumps(flat | {"id": 5, "time": "2026-11-23T15:11:48.120Z"}).encode())
    assert {**own, "stop": first["stop"]} == first


def test_an_answer_of_bitbuckets_audit_log_says_when_as_text():
    audited = json.loads(
        (SAMPLES / "bitbucket_audit" / "rights_and_settings.log").read_bytes().splitlines()[0]
    )
    for written, ns in (
        ("2026-11-23T15:11:48.120Z", 1795446708_120_000_000),
        ("2026-11-23T16:11:48.120+01:00", 1795446708_120_000_000),
    ):
        (row,) = rows("bitbucket_audit", json.dumps(audited | {"timestamp": written}).encode())
        assert row["time_ns"] == ns
    for written in ("2026-11-23T15:11:48", "yesterday", "", "1969-12-31T23:59:59Z"):
        assert not rows("bitbucket_audit", json.dumps(audited | {"timestamp": written}).encode())
    answer = (SAMPLES / "bitbucket_audit" / "laid_out_as_answered.json").read_bytes()
    assert formats.laid_out(answer, "git/audit.json") == "bitbucket_audit"
