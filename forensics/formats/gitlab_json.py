r"""GitLab logs in JSON: production_json.log, audit_json.log, gitaly's and gitlab-shell's.

    {"command":"git-receive-pack","gl_key_id":2,"gl_project_path":"mlteam/llm","level":"info","msg":"executing git command","remote_ip":"10.0.0.7","time":"2026-11-23T15:11:48.120Z","username":"kai"}

Shape   one object a line. production: `method`, `path`, `status`, `username`, `remote_ip`. audit: `author_name`, `entity_type`, what
        changed `from` and `to`; in the API's answer most of it is in `details`, and `time` is `created_at`. gitaly: `grpc.service`, `grpc.method`, `grpc.code`, `glProjectPath`. shell: `command`, `gl_key_id`
Source  GitLab documentation, administration/logs: production_json, audit_json, Gitaly, gitlab-shell logs; Audit events API; GitLab 17
Time    RFC 3339 with its offset, to the millisecond, of the host that wrote it
Who     `username` is the account that GitLab authenticated for the request, by session, token or key. In audit_json `author_name`
        is the name shown of an account and no account name, so it is kept as asserted. Whoever administers the server can forge all
Open    gitaly and shell say that a push was served, and not which refs it moved; a hook may still have refused them.
        `meta.` and `grpc.request.` names are taken where the short ones are missing. Of a failed push `grpc.code` is not OK.
        What gitaly and gitlab-shell write of themselves between calls is kept as `message`; lines that are no JSON are rejected
"""

import re

import pyarrow as pa

from forensics.core import jsonlines
from forensics.core.forge import COLUMNS
from forensics.core.jsonlines import Object
from forensics.core.model import Parsed, Why
from forensics.core.schema import Column, Table

TABLE = Table(
    "gitlab_json",
    "a line of one of GitLab's logs",
    (
        Column(
            "kind",
            pa.string(),
            "production, audit, gitaly or shell; message: what gitaly or gitlab-shell says of itself",
        ),
        Column("author_id", pa.int64(), "the server's own number of the account", None, "not in this line"),
        Column(
            "was", pa.string(), "of a change of an account's name, the name before", None, "no such change"
        ),
        Column(
            "became", pa.string(), "of a change of an account's name, the name after", None, "no such change"
        ),
        *COLUMNS,
    ),
)
CUT = "line"
DOMAIN = "git:server"

_KINDS = {
    "gitaly": ("grpc.method",),
    "production": ("method", "path", "status"),
    "audit": ("author_id", "entity_type", "entity_id"),
    "shell": ("gl_project_path", "command"),
}  # fmt: skip
_MIXED, _MOST_FIRST = ("gitaly", "shell"), 200
_USED = frozenset(
    {"time", "username", "user_username", "meta.user", "remote_ip", "meta.remote_ip", "ip_address", "user_agent", "ua", "correlation_id", "level", "severity"}
)  # fmt: skip


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of objects with a time and the names of one of the four logs."""
    first = [_laid_flat(one) for one in jsonlines.first_objects(head)]
    if not jsonlines.has(first, "time"):
        return 0
    if all(_kind(one) not in {None, "message"} for one in first):
        return 85
    # Between calls gitaly and gitlab-shell write of themselves. A key of theirs is nobody else's, though it comes late.
    many = jsonlines.first_objects(head, _MOST_FIRST)
    return 84 if any(_kind(one) in _MIXED for one in many) and jsonlines.has(many, "time", "level") else 0


def _kind(found: Object) -> str | None:
    kind = next((kind for kind, keys in _KINDS.items() if all(key in found for key in keys)), None)
    if kind == "production" and not ("controller" in found or "remote_ip" in found):
        return None
    if kind is not None:
        return kind
    if "gl_project_path" in found and "msg" in found:
        return "shell"
    return "message" if "level" in found and "msg" in found else None


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    return jsonlines.parse(data, base, TABLE, _row)


def _laid_flat(found: Object) -> Object:
    """An audit event of the API as audit_json has it; any other object as it is. Of names that come twice the outer one counts."""
    details = found.get("details")
    if (
        not isinstance(details, dict)
        or "time" in found
        or not all(key in found for key in ("created_at", *_KINDS["audit"]))
    ):
        return found
    own = {key: value for key, value in found.items() if key not in {"details", "created_at"}}
    twice = {key: value for key, value in details.items() if key in own and own[key] != value}
    return details | own | {"time": found["created_at"]} | ({"details": twice} if twice else {})


def _row(found: Object) -> Object | Why:
    found = _laid_flat(found)
    time, kind = jsonlines.text(found, "time"), _kind(found)
    if time is None or not jsonlines.RFC_3339.fullmatch(time):
        return Why.TIME
    if kind is None:
        return Why.VALUE
    own, used = _READ[kind](found)
    address = _first(found, "remote_ip", "meta.remote_ip", "ip_address")
    left = {key: value for key, value in found.items() if key not in _USED | used}
    return {
        "kind": kind,
        "time": time,
        "account": _first(found, "username", "user_username", "meta.user"),
        "author_id": _number(found),
        "address": address,
        "agent": _first(found, "user_agent", "ua"),
        "request": _first(found, "correlation_id"),
        "rest": jsonlines.compact(left or None),
        **own,
    }


def _first(found: Object, *keys: str) -> str | None:
    """The first of some names that holds a text or a number, as text; empty is none."""
    for key in keys:
        value = found.get(key)
        if isinstance(value, str) and value:
            return jsonlines.printable(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
    return None


def _number(found: Object) -> int | None:
    """The number of the account that a request was made by, as `4` or `user-4`."""
    value = _NUMBER.fullmatch(_first(found, "user_id", "meta.user_id", "gl_id") or "")
    return int(value[1]) if value else None


_NUMBER = re.compile(r"(?:user-)?([0-9]{1,18})")
_Own = tuple[Object, frozenset[str]]


def _production(found: Object) -> _Own:
    method, path, status = (_first(found, key) for key in ("method", "path", "status"))
    action = f"{method or '?'} {path or '?'}"
    return {"action": action, "status": status}, frozenset({"method", "path", "status"})


def _audit(found: Object) -> _Own:
    what = [key for key in ("change", "add", "remove", "custom_message", "event_name") if _first(found, key)]
    words = " ".join(f"{key}: {_first(found, key)}" for key in what) or "audit event"
    target = jsonlines.text(found, "entity_path") or jsonlines.text(found, "target_details")
    project = jsonlines.text(found, "entity_type") == "Project"
    own: Object = {"action": words, "account": None, "asserted": _first(found, "author_name")}
    own["repository"] = target if project else None
    if _first(found, "change") == "username":
        own |= {"was": jsonlines.text(found, "from") or None, "became": jsonlines.text(found, "to") or None}
    return own, frozenset({*what, "author_name", *(("entity_path",) if project else ())})


def _gitaly(found: Object) -> _Own:
    service, method = _first(found, "grpc.service"), _first(found, "grpc.method")
    repository = _first(found, "grpc.request.glProjectPath", "glProjectPath", "grpc.request.repoPath")
    own: Object = {
        "action": ".".join(word for word in (service, method) if word),
        "status": _first(found, "grpc.code"),
    }
    own["repository"] = repository
    keys = {"grpc.service", "grpc.method", "grpc.code", "grpc.request.glProjectPath", "glProjectPath"}
    return own, frozenset(keys)


def _shell(found: Object) -> _Own:
    command, said = _first(found, "command"), _first(found, "msg")
    key = _first(found, "gl_key_id")
    own: Object = {"action": command or said or "", "repository": _first(found, "gl_project_path")}
    own |= {"credential": f"gitlab key {key}" if key else None, "status": said}
    return own, frozenset({"command", "msg", "gl_project_path", "gl_key_id"})


def _message(found: Object) -> _Own:
    # Said so, lest the words be taken for those of a request.
    return {"action": f"message: {_first(found, 'msg') or ''}"}, frozenset({"msg"})


_READ = {
    "production": _production,
    "audit": _audit,
    "gitaly": _gitaly,
    "shell": _shell,
    "message": _message,
}
