"""What Gitea's or Forgejo's database is taken to tell: which account pushed what to which ref, and whose keys open which account.

An action is told as a push once, by its row in the feed of the account that did it; its other rows are `other`. A push with a
deploy key stands under the owner of the repository: where a deploy key may write there, what the owner is said to have pushed
names nobody. Names are those that the database has now. Records go back over the server's whole life.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, hostevents
from forensics.core.tables import EVENT

NOTED = ("sha256", "kind", "id", "name", "actor", "owner", "repository", "mode")
"""Names of accounts and repositories stand in rows of their own, anywhere in the file, and so does where a deploy key may write."""
NEEDS_ANCHOR = True
ONCE = True

_COMMIT, _TAG, _MERGE, _NO_TAG, _NO_BRANCH, _RELEASE, _AUTO_MERGE = 5, 9, 11, 16, 17, 24, 27
_REFS_MOVE = frozenset({_COMMIT, _TAG, _MERGE, _NO_TAG, _NO_BRANCH, _RELEASE, _AUTO_MERGE})
_WORDS = {
    1: "create repository", 2: "rename repository", _COMMIT: "push", 8: "transfer repository", _TAG: "push tag", 10: "comment",
    _MERGE: "merge pull request", _NO_TAG: "delete tag", _NO_BRANCH: "delete branch", 18: "mirror push", 19: "mirror create",
    20: "mirror delete", _RELEASE: "publish release", _AUTO_MERGE: "merge pull request by itself",
}  # fmt: skip
_OF_AN_ACCOUNT, _WRITE = 1, 2
_NAMING = pa.array(["user", "repository", "deploy_key"])
Line = Mapping[str, object]


class _Names(NamedTuple):
    """Of one file: accounts and repositories by number, their owners, and where a deploy key may write."""

    accounts: Mapping[object, str]
    repositories: Mapping[object, str]
    owners: Mapping[object, object]
    deployed: frozenset[object]


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - the rows count seconds since 1970
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
    notes: pa.Table | None = None,
) -> Mapping[str, pa.Table]:
    """One event for each row."""
    rows = hostevents.placed(records, files, every_path=False)
    lines = rows.lines.to_pylist()
    by_file: dict[object, list[Line]] = {line: [] for line in pc.unique(rows.lines["sha256"]).to_pylist()}
    for line in (noted(pa.Table.from_batches([rows.lines])) if notes is None else notes).to_pylist():
        by_file.setdefault(line["sha256"], []).append(line)
    names = {sha256: _names(held) for sha256, held in by_file.items()}
    told = [_told(line, names[line["sha256"]]) for line in lines]
    when = clock.epoch(rows.lines["epoch_s"])
    account = pa.array([one.get("account") for one in told], pa.string())
    more = ("verb", "outcome", "credential", "object_kind", "object", "object_from", "repository", "text")
    event = EVENT.build(
        {
            **hostevents.columns(rows, "gitea_database"),
            **hostevents.times(when, rows.files["host"], rows, "gitea_database"),
            "host": rows.files["host"],
            "account": account,
            "account_absence": hostevents.absence(account),
            **{column: pa.array([one.get(column) for one in told], pa.string()) for column in more},
        }
    )
    return {"event": event}


def noted(records: pa.Table) -> pa.Table:
    """The rows of a slice that give names, and say where a deploy key may write."""
    return records.select(NOTED).filter(pc.is_in(records["kind"], _NAMING))


def _names(lines: Iterable[Line]) -> _Names:
    of: dict[str, dict[object, Line]] = {"user": {}, "repository": {}}
    deployed = set()
    for line in lines:
        if line["kind"] in of:
            of[str(line["kind"])].setdefault(line["id"], line)
        elif line["kind"] == "deploy_key" and line["mode"] != 1:
            deployed.add(line["repository"])
    accounts = {number: str(line["name"]) for number, line in of["user"].items()}
    repositories = {
        number: f"{owner}/{line['name']}" if owner else str(line["name"])
        for number, line in of["repository"].items()
        for owner in [line["owner"] or accounts.get(line["actor"])]
    }
    owners = {number: line["actor"] for number, line in of["repository"].items()}
    return _Names(accounts, repositories, owners, frozenset(deployed))


def _told(line: Line, names: _Names) -> Mapping[str, object]:
    if line["kind"] == "action":
        return _action(line, names)
    owner = names.accounts.get(line["actor"])
    if line["kind"] == "public_key":
        opens = line["what"] == _OF_AN_ACCOUNT and owner is not None and line["fingerprint"] is not None
        return {
            "verb": "enrol_key" if opens else "other",
            "account": owner if opens else None,
            "credential": line["fingerprint"],
            "object_kind": "key",
            "object": owner if opens else line["fingerprint"],
            "repository": "*" if opens else None,
            "text": f"key-{line['id']} {line['name']}"[: hostevents.LONGEST_TEXT],
        }
    if line["kind"] == "deploy_key":
        text = f"deploy key-{line['key']} mode={line['mode']} {line['name']}"
        return {
            "verb": "other",
            "object_kind": "key",
            "object": f"key-{line['key']}",
            "repository": names.repositories.get(line["repository"]),
            "text": text[: hostevents.LONGEST_TEXT],
        }
    if line["kind"] == "repository":
        return {
            "verb": "other",
            "repository": names.repositories[line["id"]],
            "text": f"repository {line['id']}",
        }
    if line["kind"] == "user_redirect":
        return {
            "verb": "other",
            "object_kind": "account",
            "object": line["name"],
            "text": f"account {line['actor']} was called so",
        }
    kind = "administrator" if line["admin"] else "account"
    return {"verb": "other", "object_kind": "account", "object": line["name"], "text": f"{kind} {line['id']}"}


def _action(line: Line, names: _Names) -> Mapping[str, object]:
    what, actor, repository = line["what"], line["actor"], line["repository"]
    own = line["feed"] == actor
    moves = own and what in _REFS_MOVE
    whole = line["ref"] is not None and line["new"] is not None and line["old"] is not None
    verb = ("push" if whole and what in {_COMMIT, _TAG} else "push_request") if moves else "other"
    named = names.accounts.get(actor)
    anybodys = what in _REFS_MOVE and repository in names.deployed and names.owners.get(repository) == actor
    words = {
        "new": line["new"],
        "action": _WORDS.get(what, str(what)) if isinstance(what, int) else None,
        "commits": line["commits"],
        "owner or a deploy key": named if anybodys else None,
        "feed": None if own else line["feed"],
        "deleted": "yes" if line["deleted"] else None,
        "actor": actor if named is None else None,
    }
    return {
        "verb": verb,
        "outcome": "success" if moves else None,
        "account": None if anybodys else named,
        "object_kind": "ref" if line["ref"] is not None else None,
        "object": line["ref"],
        "object_from": line["old"],
        "repository": names.repositories.get(repository),
        "text": " ".join(f"{name}={value}" for name, value in words.items() if value is not None),
    }
