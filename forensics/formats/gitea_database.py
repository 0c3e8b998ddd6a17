r"""Database of Gitea or Forgejo (SQLite, or a dump as SQL): who pushed what to which ref, by the feed of actions, and whose keys there are.

    1|3|5|3|7|refs/heads/main|{"Commits":[…],"HeadCommit":{"Sha1":"38e4…"},"CompareURL":"kai/llm/compare/91ab…...38e4…","Len":1}|1795446708

Shape   SQLite, or SQL as mysqldump, mariadb-dump, pg_dump (COPY or INSERT), sqlite3 or the server's own `dump` writes it; of its many
        tables `action` (what an account did, once for each feed that it is shown in), `user`, `user_redirect` (how an account was called before), `public_key`, `deploy_key` and
        `repository`; a row here is a row of one of these, `kind` says of which
Source  Gitea 1.9 to 1.26, models/activities, models/user, models/asymkey, models/repo; the file format of SQLite 3, read from its bytes;
        what MariaDB 10.11, PostgreSQL 15 and SQLite 3.40 dumped, and xorm 1.0 to 1.3 writes (engine.go, dumpTables)
Time    seconds since 1970, UTC, by the server's clock: of an action when the server took note of it, of other rows when they were made
Who     `actor` is the account that the server authenticated, by its number; a push with a deploy key is under the owner of the
        repository. Branch names, titles and messages are typed by users. Whoever administers the server, or can write the file,
        could have forged it, and rows can be deleted there without a trace
Open    what lies in the write-ahead log beside the file is not applied, and there are the newest rows. Of a dump, only what
        `forensics.core.sqldump` says is read: nothing behind damage, rows without their columns' names only below their
        table's declaration, and one database of several. PostgreSQL's custom, directory and tar dumps are not read.
        Old actions are deleted where the server is so configured. A name is today's: an account or a repository can have been
        renamed since. No passwords, tokens or addresses of mail are taken
"""

import re
from collections.abc import Iterator

import pyarrow as pa

from forensics.core import jsonlines, sqldump, sqlitefile, sqlitetable
from forensics.core.model import Parsed, Why
from forensics.core.schema import Column
from forensics.core.sqlitetable import Values, number, text

_ABSENT = "not in a row of its kind"
TABLE = sqlitetable.table(
    "gitea_database",
    "a row of Gitea's or Forgejo's database",
    Column("kind", pa.string(), "of which table: action, user, user_redirect, public_key, deploy_key, repository"),
    Column("id", pa.int64(), "the server's number of it"),
    Column("epoch_s", pa.int64(), "when it was done or made", "s since 1970-01-01T00:00:00Z", "not recorded"),
    Column("what", pa.int64(), "of an action its kind (5 is a push), of a key its type (1 is an account's, 2 a deploy key)", None, _ABSENT),
    Column("actor", pa.int64(), "account that did it, or owns it", None, _ABSENT),
    Column("feed", pa.int64(), "account whose feed an action is shown in: the same action has a row for each", None, _ABSENT),
    Column("repository", pa.int64(), "repository concerned", None, _ABSENT),
    Column("key", pa.int64(), "of a deploy key, the public key that it is", None, _ABSENT),
    Column("mode", pa.int64(), "of a deploy key, what it may: 1 read, 2 write", None, _ABSENT),
    Column("name", pa.string(), "name of an account, key or repository", None, _ABSENT),
    Column("owner", pa.string(), "name of a repository's owner", None, _ABSENT),
    Column("admin", pa.bool_(), "whether an account administers the server", None, _ABSENT),
    Column("fingerprint", pa.string(), "fingerprint of a key, as the server wrote it", None, _ABSENT),
    Column("ref", pa.string(), "ref that an action concerns", None, _ABSENT),
    Column("old", pa.string(), "object that a push is compared with: what the ref named, or of a new ref where it began", None, _ABSENT),
    Column("new", pa.string(), "object that the ref names then", None, _ABSENT),
    Column("commits", pa.int64(), "how many commits a push brought, as the server counted", None, _ABSENT),
    Column("deleted", pa.bool_(), "whether an action is marked as deleted", None, _ABSENT),
    unnumbered="a row of a dump",
)  # fmt: skip
CUT = "whole"
DOMAIN = "git:server"

_ACTION = {"op_type", "act_user_id", "repo_id", "ref_name", "created_unix"}
_OWN = {
    "access_token", "action", "attachment", "deploy_key", "external_login_user", "gpg_key", "hook_task", "issue_watch",
    "lfs_meta_object", "login_source", "oauth2_grant", "public_key", "protected_branch", "repository", "repo_unit", "two_factor",
}  # fmt: skip
_OWN_LEAST = 5
_NEEDED = {
    "action": frozenset(_ACTION),
    "user": frozenset({"id", "lower_name", "name", "is_admin"}),
    "user_redirect": frozenset({"id", "lower_name", "redirect_user_id"}),
    "public_key": frozenset({"id", "owner_id", "name", "fingerprint", "type"}),
    "deploy_key": frozenset({"id", "key_id", "repo_id", "name"}),
    "repository": frozenset({"id", "owner_id", "lower_name", "name"}),
}
_ACCESS = frozenset({"user_id", "repo_id", "mode"})
"""Of the table that a dump by alphabet begins with, and that can be longer than what is looked at."""
_NUMBERS = frozenset({
    "id", "op_type", "act_user_id", "user_id", "repo_id", "created_unix", "is_deleted", "is_admin", "type", "owner_id", "key_id", "mode",
    "redirect_user_id",
})  # fmt: skip
_TEXTS = frozenset({"name", "lower_name", "owner_name", "fingerprint", "ref_name"})
_WHETHER = {b"t": 1, b"true": 1, b"f": 0, b"false": 0}
_DIGITS = re.compile(rb"-?[0-9]{1,19}")
_COMPARED = re.compile(r".*/compare/([0-9a-f]{40}|[0-9a-f]{64})\.\.\.([0-9a-f]{40}|[0-9a-f]{64})")
_OBJECT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_LONGEST_CONTENT = 1 << 20


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of a database that declares its actions, or several other tables of such a server where these lie further on."""
    if head.startswith(sqlitefile.MAGIC):
        declared = {name: frozenset(found.columns) for name, found in sqlitefile.tables(head).items()}
    else:
        declared = sqldump.tables(head)
    if declared.get("action", frozenset()) >= _ACTION:
        return 95
    several = len(_OWN & declared.keys()) >= _OWN_LEAST
    return 90 if several or declared.get("access", frozenset()) >= _ACCESS else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read a whole database, or a whole dump of one."""
    if data.startswith(sqlitefile.MAGIC):
        return sqlitetable.parse_all(data, base, TABLE, _READS)
    return _parsed(sqldump.rows(data, base, _WANTED.get))


def pieces(data: bytes, base: int) -> Iterator[Parsed]:
    """The same; of a dump, some thousand rows after others, so that they are never in memory at once."""
    if data.startswith(sqlitefile.MAGIC):
        yield from sqlitetable.portions(data, base, TABLE, _READS)
        return
    yield from map(_parsed, sqldump.pieces(data, base, _WANTED.get))


def _parsed(found: sqldump.Found) -> Parsed:
    rows = [row | {"wal": False} for row in found.rows]
    return sqlitetable.parsed(TABLE, rows, found.rejected, found.ignored)


def _dumped(read: sqlitetable.Read) -> sqldump.Read:
    """The same of a row of a dump, whose values are bytes: those of columns that are read, as numbers or texts."""

    def typed(values: sqldump.Values) -> dict[str, object] | Why:
        held: dict[str, int | str | None] = {}
        for column, raw in values.items():
            if raw is None:
                continue
            if column == "content":
                # Only looked into for names of objects; a dump need not be UTF-8.
                held[column] = raw.decode("utf-8", "replace")
            elif column in _TEXTS:
                held[column] = raw.decode("utf-8", "backslashreplace")
            elif column in _NUMBERS:
                held[column] = int(raw) if _DIGITS.fullmatch(raw) else _WHETHER.get(raw)
        return read(held)

    return typed


def _action(values: Values) -> dict[str, object] | Why:
    found, what, actor = (number(values, column) for column in ("id", "op_type", "act_user_id"))
    if found is None or what is None or actor is None:
        return Why.VALUE
    old, new, commits = _moved(text(values, "content"))
    return {
        "kind": "action",
        "id": found,
        "epoch_s": number(values, "created_unix"),
        "what": what,
        "actor": actor,
        "feed": number(values, "user_id"),
        "repository": number(values, "repo_id"),
        "ref": text(values, "ref_name") or None,
        "old": old,
        "new": new,
        "commits": commits,
        "deleted": number(values, "is_deleted") == 1,
    }


def _moved(content: str | None) -> tuple[str | None, str | None, int | None]:
    """The objects that a push went from and to, and how many commits it brought, from what the server wrote of it."""
    if content is None or not content.startswith("{") or len(content) > _LONGEST_CONTENT:
        return None, None, None
    held = jsonlines.loaded(content.encode("utf-8", "backslashreplace"))
    if isinstance(held, Why):
        return None, None, None
    compared = _COMPARED.fullmatch(jsonlines.text(held, "CompareURL") or "")
    head = jsonlines.text(held, "HeadCommit", "Sha1")
    head = head if head is not None and _OBJECT.fullmatch(head) else None
    old, new = compared.groups() if compared is not None else (None, head)
    # Where the two disagree, neither is taken.
    agreed = head is None or head == new
    return (
        (old, new, jsonlines.number(held, "Len")) if agreed else (None, None, jsonlines.number(held, "Len"))
    )


def _key(values: Values) -> dict[str, object] | Why:
    return _named(
        values,
        "public_key",
        "name",
        what=number(values, "type"),
        actor=number(values, "owner_id"),
        fingerprint=text(values, "fingerprint") or None,
    )


def _named(values: Values, kind: str, column: str, **more: object) -> dict[str, object] | Why:
    found, name = number(values, "id"), text(values, column)
    if found is None or name is None:
        return Why.VALUE
    return {"kind": kind, "id": found, "name": name, "epoch_s": number(values, "created_unix"), **more}


_READS: sqlitetable.Reads = {
    "action": _action,
    "user": lambda v: _named(v, "user", "name", admin=number(v, "is_admin") == 1),
    "user_redirect": lambda v: _named(v, "user_redirect", "lower_name", actor=number(v, "redirect_user_id")),
    "public_key": _key,
    "deploy_key": lambda v: _named(v, "deploy_key", "name", repository=number(v, "repo_id"), key=number(v, "key_id"), mode=number(v, "mode")),
    "repository": lambda v: _named(v, "repository", "name", actor=number(v, "owner_id"), owner=text(v, "owner_name")),
}  # fmt: skip
_WANTED = {name: sqldump.Wanted(needed, _dumped(_READS[name])) for name, needed in _NEEDED.items()}
