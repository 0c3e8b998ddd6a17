r"""Tetragon's events in JSON: programs that started and ended, and kernel functions that a policy watches.

    {"process_exec": {"process": {"pid": 5311, "uid": 4103, "auid": 4103, "binary": "/usr/bin/rm", "arguments": "ckpt.pt", …}}, "node_name": "gpu01", …}

Shape   one JSON object a line, with one key that names its kind: process_exec, process_exit, process_kprobe,
        process_tracepoint, process_uprobe, process_lsm, process_loader, process_throttle, rate_limit_info, test
Source  Tetragon 1.4, "Events"; api/v1/tetragon/events.proto, tetragon.proto
Time    `time`: the kernel's clock, RFC 3339 with nine places; `start_time` of a process likewise
Who     `auid` is the kernel's login uid, 4294967295 where unset; `uid` that of the process. No name is recorded.
        Root of the host can stop or forge all of it
Open    arguments, folders, labels of pods are typed by users. Arguments longer than the buffer are cut
        (`flags` says truncArgs). `process_throttle` and `rate_limit_info` say that events were lost
"""

import pyarrow as pa

from forensics.core import jsonlines
from forensics.core.jsonlines import Object
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.schema import Column, Table

_NOT_SAID = "not recorded, or not for this kind"
_TEXTS = {
    "exec_id": ("exec_id", "name of this run of the program"),
    "binary": ("binary", "path of the program"),
    "arguments": ("arguments", "its arguments, joined: typed by a user"),
    "cwd": ("cwd", "working directory"),
    "flags": ("flags", "how it was recorded, as written"),
    "started": ("start_time", "when it started, as written"),
    "container": ("docker", "container, the first part of its name"),
}
_NUMBERS = {"pid": "process", "uid": "its uid", "auid": "login uid as written; 4294967295 is unset"}
TABLE = Table(
    "tetragon",
    "an event",
    (
        Column("kind", pa.string(), "kind of event, by its key"),
        Column("written", pa.string(), "time as written", None, "not recorded"),
        Column("node", pa.string(), "host", None, "not recorded"),
        Column("cluster", pa.string(), "cluster", None, "not recorded"),
        *(Column(name, pa.string(), says, None, _NOT_SAID) for name, (_, says) in _TEXTS.items()),
        *(Column(name, pa.int64(), says, None, _NOT_SAID) for name, says in _NUMBERS.items()),
        Column("ppid", pa.int64(), "its parent", None, _NOT_SAID),
        Column("parent_binary", pa.string(), "path of the parent's program", None, _NOT_SAID),
        Column("pod", pa.string(), "pod, as `<namespace>/<name>`", None, _NOT_SAID),
        Column("function", pa.string(), "kernel function or tracepoint", None, _NOT_SAID),
        Column("policy", pa.string(), "policy that watches it", None, _NOT_SAID),
        Column("args", pa.string(), "its arguments as JSON, keys in order", None, _NOT_SAID),
        Column("path", pa.string(), "first file among them: typed by a user", None, _NOT_SAID),
        Column("signal", pa.string(), "signal that ended a process, by name", None, _NOT_SAID),
        Column("status", pa.int64(), "its exit status", None, _NOT_SAID),
        *SPAN,
    ),
)
CUT = "line"
DOMAIN = "{host}:root"

_PROCESS = ("process_exec", "process_exit", "process_kprobe", "process_tracepoint", "process_uprobe", "process_lsm", "process_loader")  # fmt: skip
_LOST = ("process_throttle", "rate_limit_info", "test")


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of a kind of event in the first line, with the node or the time beside it."""
    found = jsonlines.first_objects(head, most=1)
    kinds = [key for one in found for key in (*_PROCESS, *_LOST) if isinstance(one.get(key), dict)]
    return 94 if len(kinds) == 1 and ("node_name" in found[0] or "time" in found[0]) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    return jsonlines.parse(data, base, TABLE, _row)


def _row(found: Object) -> Object | Why | None:
    kinds = [key for key in (*_PROCESS, *_LOST) if key in found]
    if len(kinds) != 1:
        return Why.SHAPE
    body = found[kinds[0]]
    if not isinstance(body, dict):
        return Why.VALUE
    process = jsonlines.at(body, "process")
    pod = [jsonlines.text(process, "pod", key) for key in ("namespace", "name")]
    function = jsonlines.text(body, "function_name")
    point = [jsonlines.text(body, key) for key in ("subsys", "event")]
    return {
        "kind": kinds[0],
        "written": jsonlines.text(found, "time"),
        "node": jsonlines.text(found, "node_name") or None,
        "cluster": jsonlines.text(found, "cluster_name") or None,
        **{name: jsonlines.text(process, key) or None for name, (key, _) in _TEXTS.items()},
        **{name: jsonlines.number(process, name) for name in _NUMBERS},
        "ppid": jsonlines.number(body, "parent", "pid"),
        "parent_binary": jsonlines.text(body, "parent", "binary"),
        "pod": "/".join(part or "" for part in pod) if any(pod) else None,
        "function": function or ("/".join(part or "" for part in point) if any(point) else None),
        "policy": jsonlines.text(body, "policy_name") or None,
        "args": jsonlines.compact(body.get("args")),
        "path": _path(body.get("args")),
        "signal": jsonlines.text(body, "signal") or None,
        "status": jsonlines.number(body, "status"),
    }


def _path(args: object) -> str | None:
    """The first file that a function was given."""
    for arg in args if isinstance(args, list) else []:
        for kind in ("file_arg", "path_arg"):
            path = jsonlines.text(arg, kind, "path")
            if path:
                return path
    return None
