r"""What Bitbucket Data Center's API answers of the changes of a repository's refs.

    {"id":61,"createdDate":1795446710120,"user":{"name":"kai","id":4,"type":"NORMAL"},"repository":{"slug":"llm","project":{"key":"ML"}},"trigger":"push","refChange":{"ref":{"id":"refs/heads/main","type":"BRANCH"},"fromHash":"28345a9…","toHash":"38e41d5…","type":"UPDATE"}}

Shape   one object a line, or the list `values` of an answer; `refChange` has the ref and both objects, zeros for one that is not there
Source  Atlassian documentation, Bitbucket Data Center REST API, `GET /rest/api/latest/projects/KEY/repos/SLUG/ref-change-activities`
Time    milliseconds since 1970 of the server's clock
Who     `user` is the account that Bitbucket authenticated. Whoever administers the server can forge all; whoever asked chose what is in the
        answer and can change it
Open    `trigger` says by what the ref moved: push, or what somebody had Bitbucket do (a merge, an edit of a file, a branch made or removed);
        in the server's own words, of which only those that name a push are taken for one. It is not in answers of older versions
"""

import re

import pyarrow as pa

from forensics.core import jsonlines
from forensics.core.forge import COLUMNS
from forensics.core.jsonlines import Object
from forensics.core.model import Parsed, Why
from forensics.core.schema import Column, Table

TABLE = Table(
    "bitbucket_ref_changes",
    "a change of a ref, as Bitbucket's API answers",
    (
        Column("time_ms", pa.int64(), "when", "ms since 1970-01-01T00:00:00Z"),
        Column("user_id", pa.int64(), "the server's own number of the account", None, "not in this line"),
        Column("change", pa.string(), "ADD, UPDATE or DELETE", None, "not in this line"),
        *COLUMNS,
    ),
)
CUT = "line"
DOMAIN = "git:server"

_TRIGGER = re.compile(r"[A-Za-z_:.-]{1,64}")
_MOST_MS = 2**63 // 10**6 - 1
_USED = frozenset({"id", "createdDate", "trigger", "refChange"})


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of objects that say which ref changed, and when."""
    if b'"refChange"' not in head:
        return 0
    return 88 if jsonlines.has(jsonlines.first_objects(head), "refChange", "createdDate") else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    return jsonlines.parse(data, base, TABLE, _row)


def _row(found: Object) -> Object | Why:
    ref = jsonlines.text(found, "refChange", "ref", "id") or jsonlines.text(found, "refChange", "refId")
    trigger = jsonlines.text(found, "trigger") if "trigger" in found else "not said"
    if not ref or trigger is None or not (trigger == "not said" or _TRIGGER.fullmatch(trigger)):
        return Why.VALUE
    ms = jsonlines.number(found, "createdDate")
    if ms is None or not 0 <= ms <= _MOST_MS:
        return Why.TIME
    left = {name: value for name, value in found.items() if name not in _USED}
    return {
        "time_ms": ms,
        "action": trigger,
        "account": jsonlines.text(found, "user", "name") or None,
        "user_id": jsonlines.number(found, "user", "id"),
        "repository": _repository(found),
        "ref": ref,
        "old": jsonlines.text(found, "refChange", "fromHash") or None,
        "new": jsonlines.text(found, "refChange", "toHash") or None,
        "change": jsonlines.text(found, "refChange", "type") or None,
        "request": jsonlines.written(found, "id"),
        "rest": jsonlines.compact(left or None),
    }


def _repository(found: Object) -> str | None:
    """A repository below its project, as addresses have it; by itself where no project is named."""
    slug = jsonlines.text(found, "repository", "slug")
    project = jsonlines.text(found, "repository", "project", "key")
    return f"{project}/{slug}" if slug and project else slug or None
