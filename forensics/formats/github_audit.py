r"""GitHub audit log: as exported, or as streamed to a bucket.

    {"@timestamp":1795446708120,"action":"git.push","actor":"kai","actor_ip":"10.0.0.7","org":"lab","repo":"lab/llm","transport_protocol_name":"ssh"}

Shape   one object a line, or a JSON array of them with one on each line, or all on one, as the REST API answers; `action` is `<category>.<what>`
Source  GitHub documentation, "Audit log events for your enterprise", "Streaming the audit log"; git events are streamed, or exported apart
Time    `@timestamp` or `created_at`: milliseconds since 1970, UTC; some collectors write it as text, which is kept, and placed as UTC
Who     `actor` is the GitHub account that was authenticated; it is no account of a host. `user` is whom it was done to.
        The log is GitHub's own; whoever exports it can leave out and change
Open    `git.push` names no ref; a web edit or a merge leaves other events (`pull_request.merge`). Git events are kept seven days
        where they are not streamed, so their absence later says nothing. What a token did is under its owner's name.
        An object that is laid out over several lines is not read: every line of it is rejected
"""

import re

import pyarrow as pa

from forensics.core import jsonlines, jsonlists, lines
from forensics.core.forge import COLUMNS
from forensics.core.jsonlines import Object
from forensics.core.model import IGNORED, REJECTED, Parsed, Why
from forensics.core.schema import Column, Table

TABLE = Table(
    "github_audit",
    "an event of GitHub's audit log",
    (
        Column(
            "time_ms",
            pa.int64(),
            "when",
            "ms since 1970-01-01T00:00:00Z",
            "written as text, or not in this line",
        ),
        Column("user", pa.string(), "account that it was done to", None, "not in this line"),
        *COLUMNS,
    ),
)
CUT = "line"
DOMAIN = "github:audit"

_LIST = re.compile(rb"^[ \t]*\[[ \t]*\{[^\n]*\n?", re.MULTILINE)
_LONGEST_LIST_BYTES = 1 << 24
_ACTION = re.compile(r"[a-z0-9_]+(?:\.[a-z0-9_]+)+")
_PLACES = {
    "actor": "account", "actor_ip": "address", "repo": "repository", "user": "user", "user_agent": "agent",
    "hashed_token": "credential", "_document_id": "request", "request_id": "request", "ref": "ref",
    "before": "old", "after": "new",
}  # fmt: skip
_TIMES = ("@timestamp", "created_at")


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of objects with a dotted action, an actor and a time."""
    objects = [
        line for line in head.splitlines()[:6] if line.lstrip().removeprefix(b"[").lstrip().startswith(b"{")
    ]
    if _LIST.match(head):
        objects.insert(0, jsonlists.first(head))
    held = [found for found in map(_load, objects) if isinstance(found, dict) and found]
    if not held or not _ACTION.fullmatch(jsonlines.text(held[0], "action") or ""):
        return 0
    first = held[0]
    timed = "actor" in first and ("@timestamp" in first or "created_at" in first)
    return 88 if timed and {"org", "repo", "business", "_document_id"} & set(first) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time; the brackets and commas of an array are no part of them."""
    pieces: list[Parsed] = []
    at = 0
    for found in _LIST.finditer(data):
        line = found[0]
        if isinstance(_load(line[: lines.LONGEST_LINE_BYTES]), dict) or len(line) > _LONGEST_LIST_BYTES:
            continue  # one object and its bracket, or longer than is held
        pieces.append(_lines(data[at : found.start()], base + at))
        pieces.append(_listed(line, base + found.start()))
        at = found.end()
    pieces.append(_lines(data[at:], base + at))
    return Parsed(*(pa.concat_tables(tables).combine_chunks() for tables in zip(*pieces, strict=True)))


def _lines(data: bytes, base: int) -> Parsed:
    return jsonlines.parse(data, base, TABLE, _row, load=_load)


def _listed(line: bytes, base: int) -> Parsed:
    """The objects of a line that is a list, or several, each with its own span; all around them is ignored."""
    scanned = jsonlists.arrays(line)
    rejected = [(start + base, stop + base, why.value) for start, stop, why in scanned.rejected]
    taken = [(start, stop) for start, stop, _ in scanned.rejected]
    records: list[Object] = []
    for start, stop in scanned.elements:
        taken.append((start, stop))
        found = jsonlines.loaded(line[start:stop])
        row = (
            _row(found)
            if isinstance(found, dict) and found
            else Why.SHAPE
            if isinstance(found, dict)
            else found
        )
        if isinstance(row, dict):
            records.append(row | {"start": start + base, "stop": stop + base})
        else:
            rejected.append((start + base, stop + base, (row or Why.SHAPE).value))
    ignored = [(start + base, stop + base) for start, stop in jsonlists.between(sorted(taken), len(line))]
    return Parsed(
        TABLE.build({name: [row.get(name) for row in records] for name in TABLE.names}),
        REJECTED.build({name: [row[n] for row in sorted(rejected)] for n, name in enumerate(REJECTED.names)}),
        IGNORED.build({name: [row[n] for row in ignored] for n, name in enumerate(IGNORED.names)}),
    )


def _load(line: bytes) -> Object | Why:
    bare = line.strip().removeprefix(b"[").removesuffix(b"]").strip().rstrip(b",")
    return jsonlines.loaded(bare) if bare else {}


def _row(found: Object) -> Object | Why | None:
    if not found:
        return None
    action = jsonlines.text(found, "action")
    if action is None or not _ACTION.fullmatch(action):
        return Why.VALUE
    row: Object = {"action": action}
    for key, column in _PLACES.items():
        value = jsonlines.text(found, key)
        row[column] = row.get(column) or value or None
    for key in _TIMES:
        row["time_ms"] = jsonlines.number(found, key) if row.get("time_ms") is None else row["time_ms"]
        row["time"] = row.get("time") or (jsonlines.text(found, key) if row["time_ms"] is None else None)
    left = {key: value for key, value in found.items() if key not in {*_PLACES, *_TIMES, "action"}}
    return row | {"rest": jsonlines.compact(left or None)}
