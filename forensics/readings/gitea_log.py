"""What Gitea's or Forgejo's log is taken to tell: pushes, fetches and edits over the web that were served, and failed logins.

No account: the log names none that anybody checked. One push leaves several lines, and each is told: over HTTP the POST
itself, over SSH the question whether a key may write, and of both the server's own calls of its hooks, of which the last
(`post-receive`) is made only after a ref has moved.
"""

import re
from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, forge

NEEDS_ANCHOR = False
ONCE = True

_TICK_NS = clock.NS_PER_S
_NAME = r"[^/? ]+"
_SERVED = re.compile(
    rf"GET /api/internal/serv/command/(?P<key>[0-9]{{1,18}})/(?P<repository>{_NAME}/{_NAME})\?(?P<query>[^ ]*)"
)
_HOOK = re.compile(
    rf"POST /api/internal/hook/(?P<hook>pre|post)-receive/(?P<repository>{_NAME}/{_NAME})(?:\?[^ ]*)?"
)
_EDIT = re.compile(
    rf"POST /(?:api/v1/repos/)?(?P<repository>{_NAME}/{_NAME})/(?:_(?:edit|new|delete|upload|diffpatch|cherrypick)(?:/[^ ]*)?"
    r"|pulls/[0-9]+/(?:merge|update)|branches/(?:_new/[^ ]+|delete|restore)|releases/new|contents(?:/[^ ]*)?|branches|tags|diffpatch)(?:\?[^ ]*)?"
    rf"|(?:PUT|DELETE|PATCH) /api/v1/repos/(?P<named>{_NAME}/{_NAME})/(?:contents|branches|tags|releases)/[^ ]*"
)
_ANSWER = re.compile(r"[0-9]{1,3}")


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
) -> Mapping[str, pa.Table]:
    """One event for each line."""
    known = {action: _asked(action) for action in set(records["action"].to_pylist())}
    actions = records["action"].to_pylist()
    asked = [[known[action][place] for action in actions] for place in (0, 1)]
    # Hooks are run by the server itself: its own address says nothing of who pushed.
    own = pa.array([_HOOK.fullmatch(action) is not None for action in actions], pa.bool_())
    address = pc.if_else(own, pa.scalar(None, pa.string()), records["address"])
    told = records
    for column, values in zip(("repository", "credential", "address"), (*asked, address), strict=True):
        at = told.schema.get_field_index(column)
        filled = values if isinstance(values, pa.ChunkedArray) else pa.array(values, pa.string())
        told = told.set_column(at, told.schema.field(at), filled)

    def when(times: pa.Array) -> clock.Interval:
        dated = pc.replace_substring(times, "/", "-")
        return clock.dated_walls(pc.replace_substring(dated, " ", "T"), zone=zone, tick_ns=_TICK_NS)

    return forge.read(told, files, "gitea_log", when, _verb)


def _asked(action: str) -> tuple[str | None, str | None]:
    """The repository that a request names, and the key that a connection was opened with."""
    served = _SERVED.fullmatch(action)
    if served is not None:
        return served["repository"].removesuffix(".git"), f"key-{served['key']}"
    hook, edit, git = _HOOK.fullmatch(action), _EDIT.fullmatch(action), forge.http(action, None)
    if git is not None:
        return git[1], None
    if hook is not None:
        return hook["repository"].removesuffix(".git"), None
    return (None if edit is None else edit["repository"] or edit["named"]), None


def _verb(action: str, status: str | None) -> tuple[str, str | None]:
    if action == "login" and status == "refused":
        return "login_failed", "failure"
    if status is None or not _ANSWER.fullmatch(status):
        return "other", None
    done = status[0] in "23"
    verb = _of_request(action, status, done=done)
    return verb or "other", None if verb is None else "success" if done else "failure"


def _of_request(action: str, status: str, *, done: bool) -> str | None:
    """What a request that was answered is taken for; None for any that is nothing to a repository."""
    git, served, hook = forge.http(action, status), _SERVED.fullmatch(action), _HOOK.fullmatch(action)
    if git is not None:
        return git[0] if git[0] != "other" else None
    if served is not None:
        return _of_key(served["query"], done=done)
    if hook is not None and hook["hook"] == "pre":
        return "other" if done else "push_denied"
    if hook is not None:
        return "push_request" if done else "other"
    return None if _EDIT.fullmatch(action) is None else "push_request" if done else "push_denied"


def _of_key(query: str, *, done: bool) -> str:
    """What a key was let do, or refused, by what the connection's command asks."""
    if "verb=git-receive-pack" in query.split("&"):
        return "push_request" if done else "push_denied"
    return "fetch" if done and "verb=git-upload-pack" in query.split("&") else "other"
