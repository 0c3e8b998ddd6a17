r"""osquery's results log: rows of its queries, among them events of files, processes and sockets.

    {"name": "file_events", "hostIdentifier": "gpu01", "unixTime": 1795446700, "columns": {"target_path": …}, "action": "added"}

Shape   one JSON object a line: `columns` (one row), `snapshot` (a list of rows) or `diffResults` (lists of rows added
        and removed); every value of a row is a string, or a number where `numerics` is set
Source  osquery 5, "Logging", result formats; the schema's tables process_events, process_file_events, file_events,
        socket_events, user_events, hardware_events
Time    `time` of a row, seconds by the host's clock, where the table has one; else `unixTime`, when the result was
        logged: the event was before it
Who     `auid` is the kernel's login uid, `uid` of a process that of the process; `uid` of file_events owns the file
        and may have done nothing. Root of the host can stop or forge all of it
Open    which table a query read is told by its columns, for its name is the administrator's. `decorations` are a
        query's answers too, such as who was logged in: they name nobody here
"""

import re

import pyarrow as pa

from forensics.core import jsonlines
from forensics.core.jsonlines import Object
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.schema import Column, Table

ROW = pa.struct([("action", pa.string()), ("columns", pa.string())])
TABLE = Table(
    "osquery",
    "a result of a query",
    (
        Column("name", pa.string(), "name of the query, as its administrator gave it"),
        Column("host", pa.string(), "how the host names itself", None, "not recorded"),
        Column("unix_time", pa.int64(), "when the result was logged", "s since 1970-01-01T00:00:00Z", "not recorded"),
        Column("calendar_time", pa.string(), "the same as written", None, "not recorded"),
        Column("epoch", pa.int64(), "which run of the query's differences", None, "not recorded"),
        Column("counter", pa.int64(), "which result of it; 0 begins anew", None, "not recorded"),
        Column("rows", pa.list_(ROW), "rows, each `added`, `removed` or `snapshot`, with its columns as JSON, keys in order"),
        *SPAN,
    ),
)  # fmt: skip
CUT = "line"
DOMAIN = "{host}:root"

_MOST_ROWS = 100_000
_LONG = re.compile(rb'\{"(?:snapshot|diffResults)":')


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of a host's identifier beside rows; a first line that goes on past the head shows only how it begins."""
    if b"\n" not in head and _LONG.match(head):
        return 70
    found = jsonlines.first_objects(head)
    rows = all({"columns", "snapshot", "diffResults"} & set(one) for one in found)
    return 94 if rows and jsonlines.has(found, "name", "hostIdentifier") else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    return jsonlines.parse(data, base, TABLE, _row)


def _row(found: Object) -> Object | Why | None:
    name = jsonlines.text(found, "name")
    rows = _rows(found)
    if not name or rows is None:
        return Why.SHAPE
    if len(rows) > _MOST_ROWS:
        return Why.TOO_LONG
    return {
        "name": name,
        "host": jsonlines.text(found, "hostIdentifier") or None,
        "unix_time": jsonlines.number(found, "unixTime"),
        "calendar_time": jsonlines.text(found, "calendarTime"),
        **{key: jsonlines.number(found, key) for key in ("epoch", "counter")},
        "rows": [{"action": action, "columns": jsonlines.compact(columns)} for action, columns in rows],
    }


def _rows(found: Object) -> list[tuple[str, object]] | None:
    """The rows of a line; None where it has none of the three shapes."""
    action = jsonlines.text(found, "action")
    single, several, differing = (found.get(key) for key in ("columns", "snapshot", "diffResults"))
    if isinstance(single, dict):
        return [(action or "added", single)]
    if isinstance(several, list):
        rows: list[tuple[str, object]] = [("snapshot", row) for row in several]
    elif isinstance(differing, dict):
        lists = ((kind, differing.get(kind)) for kind in ("added", "removed"))
        rows = [(kind, row) for kind, held in lists for row in (held if isinstance(held, list) else [])]
    else:
        return None
    return rows if all(isinstance(row, dict) for _, row in rows) else None
