r"""Bitbucket Data Center audit log: what was changed of the server, of rights and of repositories, and by whom.

    {"affectedObjects":[{"id":"7","name":"llm","type":"REPOSITORY"}],"auditType":{"action":"Repository permission granted","actionI18nKey":"bitbucket.service.repository.audit.action.repositorypermissiongranted","area":"PERMISSIONS","category":"Permissions","level":"BASE"},"author":{"id":"4","name":"kai","type":"NORMAL"},"changedValues":[],"extraAttributes":[{"name":"Permission","value":"REPO_ADMIN"}],"method":"Browser","source":"10.0.0.7","timestamp":{"epochSecond":1795446708,"nano":120000000},"version":"1.0"}

Shape   one object a line: `auditType` (what), `author` (by whom), `affectedObjects` (of what), `changedValues` (from what to what)
Source  Atlassian documentation, "Audit log integrations in Bitbucket Data Center"; Bitbucket 7.0 and later, `log/audit/*.audit.log`
        or, of the answer of `/rest/auditing/1.0/events`, the objects of its list `entities`, whose `timestamp` is RFC 3339
Time    seconds and nanoseconds since 1970 of the server's clock, which is read to the millisecond; in an answer the same as text
Who     `author` is whom Bitbucket authenticated. Whether its `name` is that of the account, or one shown of it, hangs on the version, so it is
        kept as asserted, beside its id; -1 is the server itself, -2 is nobody who was known. Whoever administers the server can forge all
Open    `action` is in the language of the server, `actionI18nKey` in none; what is logged hangs on the level of its area. Which refs a
        push moved is in no area. Of several addresses before a proxy the client can type the first: then none is taken. The log of
        versions before 7.0 has another form and is not read
"""

import re

import pyarrow as pa

from forensics.core import clock, jsonlines
from forensics.core.forge import COLUMNS
from forensics.core.jsonlines import Object
from forensics.core.model import Parsed, Why
from forensics.core.schema import Column, Table

_NONE = "not in this line"
TABLE = Table(
    "bitbucket_audit",
    "a line of Bitbucket's audit log",
    (
        Column("time_ns", pa.int64(), "when", "ns since 1970-01-01T00:00:00Z"),
        Column("author_id", pa.string(), "the server's own id of whoever did it", None, _NONE),
        Column("author_type", pa.string(), "NORMAL, SERVICE, system, user", None, _NONE),
        Column("area", pa.string(), "area of the log", None, _NONE),
        *COLUMNS,
    ),
)
CUT = "line"
DOMAIN = "git:server"

_FIRST = re.compile(rb'"auditType"\s*:\s*\{')
_LAST_S = 2**63 // 10**9 - 1
_NS = 10**9
_USED = {"auditType", "author", "timestamp", "source"}


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of objects that say what was audited, by whom and when."""
    held = jsonlines.first_objects(head)
    return 90 if _FIRST.search(head) and jsonlines.has(held, "auditType", "author", "timestamp") else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    return jsonlines.parse(data, base, TABLE, _row)


def _row(found: Object) -> Object | Why:
    action = jsonlines.text(found, "auditType", "action")
    key = jsonlines.text(found, "auditType", "actionI18nKey")
    if action is None and key is None:
        return Why.VALUE
    ns = _when(found)
    if ns is None:
        return Why.TIME
    address = jsonlines.text(found, "source")
    left = {name: value for name, value in found.items() if name not in _USED}
    return {
        "time_ns": ns,
        "action": " ".join(word for word in (key, action) if word),
        "asserted": jsonlines.text(found, "author", "name") or None,
        "author_id": jsonlines.text(found, "author", "id") or None,
        "author_type": jsonlines.text(found, "author", "type") or None,
        "area": jsonlines.text(found, "auditType", "area") or None,
        "repository": _repository(found),
        "address": address if address and "," not in address else None,
        "rest": jsonlines.compact(left or None),
    }


def _when(found: Object) -> int | None:
    """When it was, in ns; None where it is not said."""
    written = jsonlines.text(found, "timestamp")
    if written is not None:
        ns = clock.instant(written)
        return ns if ns is not None and ns >= 0 else None
    second, nano = (jsonlines.number(found, "timestamp", part) for part in ("epochSecond", "nano"))
    if second is None or not 0 <= second <= _LAST_S or not 0 <= (nano or 0) < _NS:
        return None
    return second * _NS + (nano or 0)


def _repository(found: Object) -> str | None:
    """The one repository among what was affected, below its project where that is named too; none where there are several."""
    affected = found.get("affectedObjects")
    named: dict[str, list[str]] = {"REPOSITORY": [], "PROJECT": []}
    for thing in affected[:100] if isinstance(affected, list) else ():
        kind, name = (jsonlines.text(thing, key) for key in ("type", "name"))
        if kind in named and name:
            named[kind].append(name)
    if len(named["REPOSITORY"]) != 1:
        return None
    (name,), projects = named["REPOSITORY"], named["PROJECT"]
    return f"{projects[0]}/{name}" if len(projects) == 1 and "/" not in name else name
