"""Whoever has an account at GitLab or Gitea can call it as somebody else is called: where records show that, such a name is nobody's."""

import json
import sqlite3
from functools import partial

import pyarrow as pa
import pytest
from test_commit_facts import examined

from forensics.analysis import contradictions, findings, forge_names
from forensics.core import roster

OLD, NEW = "a" * 40, "b" * 40
PEOPLE = roster.Roster(
    tuple(roster.Person(p, "", (roster.Account(p, None, "HR"),), (), ()) for p in ("kai", "lin")), ()
)


def event(number, author, name, minute):
    held = {
        "id": number, "project_id": 7, "action_name": "pushed to", "author_id": author, "author_username": name,
        "created_at": f"2026-11-23T15:{minute:02}:50.120Z",
        "push_data": {"action": "pushed", "ref_type": "branch", "commit_from": OLD, "commit_to": NEW, "ref": "main"},
    }  # fmt: skip
    return json.dumps(held).encode() + b"\n"


def answered(*lines):
    return ("gitlab_events", "git/api/projects/team/llm/events.json", b"".join(lines))


def logged(**held):
    line = {"time": "2026-11-23T15:10:00.000Z", "severity": "INFO", **held}
    return ("gitlab_json", "git/var/log/gitlab/audit_json.log", json.dumps(line).encode() + b"\n")


def pushers(*files):
    """Account and candidates of each push, and what is said of names that are not sure."""
    done = examined(*files, named=PEOPLE)
    pushes = [a for a in done.acts if a.act == "push"]
    told = contradictions.of_sources(done, [], {}, partial(findings.citations, done))
    said = {c["about"]: [s["what"] for s in c["says"]] for c in told if c["kind"] == "forge_name_changed"}
    assert all(s["citations"] for c in told for s in c["says"])
    return [(a.account, done.judged[a.act_id].candidates) for a in pushes], said


def test_a_name_of_one_account_is_taken_for_the_roster_s():
    assert pushers(answered(event(1, 4, "kai", 1), event(2, 5, "lin", 2))) == (
        [("kai", ["kai"]), ("lin", ["lin"])],
        {},
    )


def test_a_number_that_had_two_names_names_nobody():
    """Kai is called lin for one push, in the answers that were kept of two days."""
    pushed, said = pushers(answered(event(1, 4, "kai", 1), event(2, 4, "lin", 2)))
    assert pushed == [("kai@gitlab", []), ("lin@gitlab", [])]
    assert said == {
        "account kai of gitlab": ["number 4 is called kai"],
        "account lin of gitlab": ["number 4 is called lin"],
    }


def test_a_name_that_two_numbers_had_names_nobody():
    pushed, said = pushers(answered(event(1, 4, "lin", 1), event(2, 5, "lin", 2), event(3, 6, "kai", 3)))
    assert pushed == [("lin@gitlab", []), ("lin@gitlab", []), ("kai", ["kai"])]
    assert said == {"account lin of gitlab": ["number 4 is called lin", "number 5 is called lin"]}


@pytest.mark.parametrize("entity", [{"entity_type": "User"}, {"entity_type": "User", "target_type": "User"}])
def test_a_change_of_name_in_the_audit_names_neither(entity):
    audit = logged(
        author_id=4,
        author_name="Kai",
        entity_id=4,
        change="username",
        **{"from": "kai", "to": "lin"},
        **entity,
    )
    pushed, said = pushers(answered(event(1, 5, "lin", 1)), audit)
    assert pushed == [("lin@gitlab", [])]
    assert said["account lin of gitlab"] == ["kai is changed to lin", "number 5 is called lin"]
    other = logged(
        author_id=4,
        author_name="Kai",
        entity_id=4,
        change="email address",
        **{"from": "kai", "to": "lin"},
        **entity,
    )
    assert pushers(answered(event(1, 5, "lin", 1)), other)[0] == [("lin", ["lin"])]


@pytest.mark.parametrize("key", ["user_id", "meta.user_id"])
@pytest.mark.parametrize("number", [4, "user-4"])
def test_a_request_s_own_number_counts_too(key, number):
    asked = logged(method="GET", path="/x", status=200, controller="x", username="lin", **{key: number})
    assert pushers(answered(event(1, 5, "lin", 1)), asked)[0] == [("lin@gitlab", [])]
    same = logged(method="GET", path="/x", status=200, controller="x", username="lin", **{key: 5})
    assert pushers(answered(event(1, 5, "lin", 1)), same)[0] == [("lin", ["lin"])]


def database(root, *redirects):
    """Gitea's, as SQLite writes it: lin and kai, one push of each, a key of lin's, and how accounts were called before."""
    tables = {
        "user": "id integer primary key, lower_name text, name text, is_admin integer",
        "user_redirect": "id integer primary key, lower_name text, redirect_user_id integer",
        "public_key": "id integer primary key, owner_id integer, name text, fingerprint text, type integer, created_unix integer",
        "repository": "id integer primary key, owner_id integer, owner_name text, lower_name text, name text, created_unix integer",
        "deploy_key": "id integer primary key, key_id integer, repo_id integer, name text, mode integer",
        "action": "id integer primary key, user_id integer, op_type integer, act_user_id integer, repo_id integer, ref_name text, is_deleted integer, content text, created_unix integer",
    }  # fmt: skip
    path = root / f"{len(redirects)}.db"
    made = sqlite3.connect(path)
    for name, columns in tables.items():
        made.execute(f"create table `{name}` ({columns})")
    made.executemany("insert into user values (?, ?, ?, 0)", [(3, "lin", "Lin"), (4, "kai", "kai")])
    made.executemany("insert into user_redirect values (?, ?, ?)", redirects)
    made.execute("insert into public_key values (1, 3, 'laptop', ?, 1, 1)", ("SHA256:" + "x" * 43,))
    made.execute("insert into repository values (7, 9, 'team', 'llm', 'llm', 1)")
    moved = json.dumps({"CompareURL": f"team/llm/compare/{OLD}...{NEW}", "HeadCommit": {"Sha1": NEW}})
    rows = [
        (n, who, 5, who, 7, "refs/heads/main", 0, moved, 1_795_446_700 + n) for n, who in ((1, 3), (2, 4))
    ]
    made.executemany("insert into action values (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
    made.commit()
    made.close()
    return ("gitea_database", "git/var/lib/gitea/gitea.db", path.read_bytes())


NAMED = roster.Roster(
    tuple(roster.Person(p, "", (roster.Account(p, None, "HR"),), (), ()) for p in ("kai", "Lin")), ()
)


def test_what_gitea_keeps_of_a_former_name_takes_both_away(tmp_path):
    """Number 3 was called `mei` before; its push and its key are of an account of Gitea's, and no person's."""
    for redirects, account in (((), "Lin"), (((1, "mei", 3),), "Lin@gitea")):
        done = examined(database(tmp_path, *redirects), named=NAMED)
        assert sorted(a.account for a in done.acts if a.act == "push") == [account, "kai"]
        enrolled = {e.person for e in done.scene.directory.enrolments if e.kind == "key"}
        assert enrolled == ({"Lin"} if account == "Lin" else set())
        said = forge_names.contradictions(done.scene.evidence.called, partial(findings.citations, done))
        assert [c["about"] for c in said] == (
            ["account lin of gitea", "account mei of gitea"] if redirects else []
        )


def test_the_first_telling_of_a_name_is_cited_whatever_the_order_of_rows():
    """Of two copies of a database, and of three lines of a log in two files."""
    copies = {
        "sha256": ["b" * 64, "a" * 64],
        "start": [0, 7],
        "stop": [7, 9],
        "kind": ["user"] * 2,
        "id": [4, 4],
    }
    log = {
        "sha256": ["b" * 64, "a" * 64, "a" * 64],
        "start": [0, 9, 5],
        "stop": [5, 12, 9],
        "author_id": [4] * 3,
    }
    tables = {
        "gitea_database": pa.table({**copies, "actor": pa.nulls(2, pa.int64()), "name": ["kai"] * 2}),
        "gitlab_json": pa.table({
            **log, "account": ["kai"] * 3, "was": pa.nulls(3, pa.string()), "became": pa.nulls(3, pa.string()),
        }),
    }  # fmt: skip
    turned = {name: t.take(pa.array(range(len(t) - 1, -1, -1))) for name, t in tables.items()}
    told = forge_names.told(tables)
    assert [one.event for one in told] == ["a" * 16 + ".7.9", "a" * 16 + ".5.9"]
    assert forge_names.told(turned) == told
