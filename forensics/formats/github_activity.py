r"""What GitHub's API answers of the pushes to a repository: its activities, and its events.

    {"id":17,"before":"28345a9…","after":"38e41d5…","ref":"refs/heads/main","timestamp":"2026-11-23T15:11:50Z","activity_type":"force_push","actor":{"login":"kai"}}
    {"id":"9","type":"PushEvent","actor":{"login":"kai"},"repo":{"name":"lab/llm"},"payload":{"ref":"refs/heads/main","before":"28345a9…","head":"38e41d5…"},"created_at":"2026-11-23T15:11:50Z"}

Shape   one object a line, or an array as it is answered. An activity has `activity_type`, `ref`, `before` and `after`; an event has
        `type`, `payload` and `repo`. A ref that was made or removed has zeros for the object that is not there
Source  GitHub documentation, "REST API endpoints for repositories", `GET /repos/OWNER/REPO/activity`; "REST API endpoints for events"
Time    RFC 3339 to the second, UTC, of GitHub's clock
Who     `actor` is the GitHub account that was authenticated; told as `kai@github`,
        since whoever opens one chooses its name, and can rename it. Whoever asked chose what is in the answer and can change it
Open    An activity does not name its repository: that is told by where the file lies (its reading says how). `pr_merge` and
        `merge_queue_merge` are of whoever had GitHub merge, and not of who wrote it. What a deploy key pushed stands under whoever
        added the key. Events go back 90 days and are at most 300; only those called PushEvent move a ref
"""

import re

import pyarrow as pa

from forensics.core import jsonlines
from forensics.core.forge import COLUMNS
from forensics.core.jsonlines import Object
from forensics.core.model import Parsed, Why
from forensics.core.schema import Column, Table

TABLE = Table(
    "github_activity",
    "an activity or an event of a repository, as GitHub's API answers",
    (Column("kind", pa.string(), "activity or event"), *COLUMNS),
)
CUT = "line"
DOMAIN = "github:audit"

_SIGN = re.compile(rb'"(?:activity_type|payload)"')
_WHAT = re.compile(r"[A-Za-z_]{1,64}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_ACTIVITY = ("activity_type", "ref", "before", "after", "timestamp", "actor")
_EVENT = ("type", "actor", "repo", "payload", "created_at")


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of objects with all names of an activity, or all of an event of a repository."""
    if not _SIGN.search(head):
        return 0
    found = jsonlines.first_objects(head)
    return 86 if jsonlines.has(found, *_ACTIVITY) or jsonlines.has(found, *_EVENT) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    return jsonlines.parse(data, base, TABLE, _row)


def _row(found: Object) -> Object | Why:
    if "activity_type" in found:
        return _read(found, "activity", "activity_type", "timestamp", found, "after")
    if "payload" in found:
        own = found["payload"]
        return _read(found, "event", "type", "created_at", own if isinstance(own, dict) else {}, "head")
    return Why.VALUE


def _read(found: Object, kind: str, what: str, when: str, moved: Object, new: str) -> Object | Why:
    action, time = jsonlines.text(found, what), jsonlines.text(found, when)
    if action is None or not _WHAT.fullmatch(action):
        return Why.VALUE
    if time is None or not _TIME.fullmatch(time):
        return Why.TIME
    pushed = kind == "activity" or action == "PushEvent"
    refs = {"ref": "ref", "old": "before", "new": new} if pushed else {}
    names = {what, when, *(refs.values() if moved is found else ())}
    left = {name: value for name, value in found.items() if name not in names}
    return {
        "kind": kind,
        "time": time,
        "action": action,
        "account": jsonlines.text(found, "actor", "login") or None,
        "repository": jsonlines.text(found, "repo", "name") or None,
        "request": jsonlines.written(found, "id"),
        "rest": jsonlines.compact(left or None),
        **{column: jsonlines.text(moved, name) or None for column, name in refs.items()},
    }
