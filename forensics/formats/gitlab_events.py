r"""What GitLab's API answers of the events of a project, of which pushes name their refs.

    {"id":41,"project_id":7,"action_name":"pushed to","author_id":4,"created_at":"2026-11-23T15:11:50.120Z","author":{"id":4,"username":"kai"},"push_data":{"commit_count":1,"action":"pushed","ref_type":"branch","commit_from":"28345a9…","commit_to":"38e41d5…","ref":"main"},"author_username":"kai"}

Shape   one object a line, or an array as it is answered; what was pushed is in `push_data`, whose `action` is created, pushed or removed
Source  GitLab documentation, "Events API", `GET /projects/ID/events`; GitLab 17
Time    RFC 3339 with its offset, to the millisecond, of the server's clock
Who     `author_username` is the account that GitLab authenticated. Whoever administers the server can forge all; whoever asked chose what
        is in the answer and can change it
Open    `project_id` is a number and no name: the repository is told by where the file lies (its reading says how). `ref` is short: `ref_type`
        says whether it is a branch or a tag. A merge in GitLab leaves a push of whoever had it merged, and so does an edit in the
        browser. Of a push of several refs there is one event, without any ref. Events are kept three years
"""

import pyarrow as pa

from forensics.core import jsonlines
from forensics.core.forge import COLUMNS
from forensics.core.jsonlines import Object
from forensics.core.model import Parsed, Why
from forensics.core.schema import Column, Table

TABLE = Table(
    "gitlab_events",
    "an event of a project, as GitLab's API answers",
    (
        Column("project_id", pa.int64(), "the server's own number of the project", None, "not in this line"),
        Column("author_id", pa.int64(), "the server's own number of the account", None, "not in this line"),
        *COLUMNS,
    ),
)
CUT = "line"
DOMAIN = "git:server"

_NAMES = ("action_name", "author_id", "created_at")
_FOLDERS = {"branch": "refs/heads/", "tag": "refs/tags/"}
_SIZES = frozenset({40, 64})
_USED = frozenset({"id", "action_name", "created_at", "project_id", "author_id", "author_username"})


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of objects that say what was done, by which number of an account and when."""
    if b'"action_name"' not in head:
        return 0
    return 86 if jsonlines.has(jsonlines.first_objects(head), *_NAMES) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    return jsonlines.parse(data, base, TABLE, _row)


def _row(found: Object) -> Object | Why:
    action, time = jsonlines.text(found, "action_name"), jsonlines.text(found, "created_at")
    if not action:
        return Why.VALUE
    if time is None or not jsonlines.RFC_3339.fullmatch(time):
        return Why.TIME
    left = {name: value for name, value in found.items() if name not in _USED}
    return {
        "time": time,
        "action": action,
        "account": jsonlines.text(found, "author_username")
        or jsonlines.text(found, "author", "username")
        or None,
        "project_id": jsonlines.number(found, "project_id"),
        "author_id": jsonlines.number(found, "author_id"),
        "request": jsonlines.written(found, "id"),
        "rest": jsonlines.compact(left or None),
        **_moved(found),
    }


def _moved(found: Object) -> Object:
    """The ref that a push moved, and both objects: zeros for the one that is not there."""
    kind, ref = (jsonlines.text(found, "push_data", name) for name in ("ref_type", "ref"))
    folder = _FOLDERS.get(kind or "")
    if folder is None or not ref:
        return {}
    old, new = (jsonlines.text(found, "push_data", name) or None for name in ("commit_from", "commit_to"))
    size = len(old or new or "")
    none = "0" * size if size in _SIZES else None
    action = jsonlines.text(found, "push_data", "action")
    return {
        "ref": folder + ref,
        "old": none if old is None and action == "created" else old,
        "new": none if new is None and action == "removed" else new,
    }
