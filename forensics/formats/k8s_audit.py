"""Kubernetes audit log: every request that the API server was asked, by whom, and what it answered.

    {"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"…","stage":"ResponseComplete","verb":"delete","user":{"username":"kai@example.org",…

Shape   one JSON object a line; a list of events (`EventList`) on a line; or an event as a cloud or a shipper wraps
        it: EKS through CloudWatch (`message`, `logEvents`), AKS (`properties.log`), GKE (`protoPayload`)
Source  Kubernetes 1.7 to 1.35: staging/src/k8s.io/apiserver/pkg/apis/audit, v1beta1 and v1; Cloud Logging AuditLog
Time    RFC 3339 with microseconds, UTC, by the API server's clock: when the request came in, when the stage was reached
Who     user is whom the API server authenticated; impersonatedUser is in whose name that user asked to act.
        sourceIPs but the last, and userAgent, are what the client or a proxy claims
Open    What an object holds (names, labels, commands) is typed by whoever made it. The policy decides what is
        logged: at level Metadata no object is in it. One request is told once for each stage. A container's
        own output can imitate an event: `wrapping` says where a shipper's key stood around it. JSON that is laid out over several
        lines, as `gcloud logging read --format=json` and `aws logs` print it, is not read: `jq -c '.[]'` and `jq -c '.events[]'` make lines of it
"""

import re
from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from forensics.core import jsonlines, jsonlists, jsonshapes, kubefast, kubeobjects, kubewrap, lines
from forensics.core.model import IGNORED, REJECTED, SPAN, Parsed, Why
from forensics.core.schema import Column, Table
from forensics.core.tables import STRINGS

_UNLOGGED = "not logged at this level, or none"
TABLE = Table(
    "k8s_audit",
    "a stage of a request to a Kubernetes API server",
    (
        Column("audit_id", pa.string(), "id that the stages of one request share", None, "not written"),
        Column("wrapping", pa.string(), "keys that stood around the event", None, "none: a line of its own"),
        Column("stage", pa.string(), "RequestReceived, ResponseStarted, ResponseComplete or Panic", None, "not written"),
        Column("level", pa.string(), "Metadata, Request or RequestResponse", None, "not written"),
        Column("received", pa.string(), "when the request came in, as written", None, "not written"),
        Column("staged", pa.string(), "when the stage was reached, as written", None, "not written"),
        Column("verb", pa.string(), "what was asked"),
        Column("user", pa.string(), "who asked, as authenticated", None, "not written"),
        Column("user_uid", pa.string(), "that user's id", None, "not written"),
        Column("groups", STRINGS, "groups of that user", None, "not written"),
        Column("impersonated", pa.string(), "in whose name", None, "in their own"),
        Column("addresses", STRINGS, "addresses it came through, the last one observed", None, "not written"),
        Column("agent", pa.string(), "program, as it calls itself", None, "not written"),
        Column("api_group", pa.string(), "API group of the object", None, "the core group, or no object"),
        Column("resource", pa.string(), "kind of object, such as `pods`", None, "no object"),
        Column("subresource", pa.string(), "part of it, such as `exec`", None, "the object itself"),
        Column("namespace", pa.string(), "namespace", None, "none"),
        Column("name", pa.string(), "name of the object", None, "several, or not named yet"),
        Column("object_uid", pa.string(), "id of the object, which no other has had", None, _UNLOGGED),
        Column("code", pa.int64(), "HTTP status of the answer", None, "not answered yet"),
        Column("reason", pa.string(), "why it was refused", None, "not refused, or not written"),
        Column("decision", pa.string(), "what the authorizer said: allow or forbid", None, "not written"),
        Column("owner_kind", pa.string(), "kind of the object that controls it", None, _UNLOGGED),
        Column("owner_name", pa.string(), "name of that object", None, _UNLOGGED),
        Column("job_label", pa.string(), "job that its labels name", None, _UNLOGGED),
        Column("command", STRINGS, "command asked for: typed by the user", None, "not an exec"),
        Column("phase", pa.string(), "phase that a pod is said to have reached, or condition of a job", None, _UNLOGGED),
        Column("exit_code", pa.int64(), "exit code of its first container that failed", None, _UNLOGGED),
        Column("exit_signal", pa.int64(), "signal that ended that container", None, _UNLOGGED),
        Column("exit_reason", pa.string(), "why the pod ended, such as Evicted, else why that container did, such as OOMKilled", None, _UNLOGGED),
        Column("node", pa.string(), "node that it runs on", None, _UNLOGGED),
        Column("gpus", pa.int64(), "GPUs asked for, of all its pods", None, _UNLOGGED),
        Column("request", pa.string(), "what a change asked for, as JSON, at most 4,096 characters", None, _UNLOGGED),
        *SPAN,
    ),
)  # fmt: skip
CUT = "line"
DOMAIN = "kubernetes:control-plane"

_LONGEST_LIST_BYTES = 1 << 24
_FIRST = re.compile(
    rb'"apiVersion"\s*:\s*"audit\.k8s\.io/|"auditID"\s*:|\\"auditID\\"\s*:|"methodName"\s*:\s*"io\.k8s\.'
)


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of a line that is an audit event, or a list that begins with what only those have."""
    line = next(iter(head.lstrip().splitlines() if b"audit" in head or b"methodName" in head else ()), b"")
    if not _FIRST.search(line):
        return 0
    if kubewrap.listed(line):
        return 96
    return 96 if isinstance(kubewrap.unwrapped(line)[0], Mapping) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time; a line that is a list is several records."""
    edges = lines.edged(data)
    shaped = _SHAPES.read(data, edges)
    left = np.delete(np.arange(len(edges.start)), shaped.at)
    tables = [_built(shaped.columns, edges, shaped.at, base)]
    rejected: list[tuple[int, int, str]] = []
    ignored: list[tuple[int, int]] = []
    if len(left):
        rest = lines.joined(data, edges, left)
        cut = lines.cut(rest, 0)
        fast = kubefast.read(rest, cut)
        tables.append(_built(fast.columns, edges, left[fast.at], base))
        rows: list[dict[str, object]] = []
        for n in np.delete(np.arange(len(left)), fast.at).tolist():
            span = (int(edges.start[left[n]]) + base, int(edges.stop[left[n]]) + base)
            torn = span[1] == base + len(data) and not data.endswith(b"\n")
            _line(cut.text[n].as_py(), span, rows, rejected, ignored, torn=torn)
        tables.append(TABLE.build({name: [row.get(name) for row in rows] for name in TABLE.names}))
    return Parsed(
        _in_order([table for table in tables if len(table)]),
        REJECTED.build({name: [row[n] for row in rejected] for n, name in enumerate(REJECTED.names)}),
        IGNORED.build({name: [row[n] for row in ignored] for n, name in enumerate(IGNORED.names)}),
    )


def _built(columns: Mapping[str, pa.Array], edges: lines.Edges, at: np.ndarray, base: int) -> pa.Table:
    """Records of the lines `at`, a row each."""
    return TABLE.build(
        {**columns, "start": pa.array(edges.start[at] + base), "stop": pa.array(edges.stop[at] + base)}
    )


def _in_order(tables: list[pa.Table]) -> pa.Table:
    if len(tables) < 2:
        return tables[0] if tables else TABLE.empty()
    return pa.concat_tables(tables).sort_by("start").combine_chunks()


def _line(
    line: bytes,
    span: tuple[int, int],
    rows: list[dict[str, object]],
    rejected: list[tuple[int, int, str]],
    ignored: list[tuple[int, int]],
    *,
    torn: bool,
) -> None:
    """A line that is not plain: blank, a list, wrapped, with objects in it, or damaged."""
    key = kubewrap.listed(line) if len(line) <= _LONGEST_LIST_BYTES else None
    if not line.strip():
        ignored.append(span)
    elif key is not None:
        _list(line, key, span, rows, rejected, ignored)
    elif span[1] - span[0] > lines.LONGEST_LINE_BYTES:
        rejected.append((*span, Why.TOO_LONG.value))
    else:
        event, way = kubewrap.unwrapped(line)
        _add(event, way, span, rows, rejected, torn=torn and event is Why.SHAPE)


def _list(
    line: bytes,
    key: str,
    span: tuple[int, int],
    rows: list[dict[str, object]],
    rejected: list[tuple[int, int, str]],
    ignored: list[tuple[int, int]],
) -> None:
    """A line that is a list: a record for each event, and the brackets around them."""
    start, stop = span
    elements, bad = kubewrap.elements(line, key)
    taken = [(a, b) for a, b, _ in elements] + [(a, b) for a, b, _ in bad]
    for a, b, event in elements:
        _add(event, key, (start + a, start + b), rows, rejected, torn=False)
    rejected += [(start + a, start + b, why.value) for a, b, why in bad]
    # The line's terminator belongs to what is ignored, as the brackets do.
    ignored += [(start + a, start + b) for a, b in jsonlists.between(sorted(taken), stop - start)]


def _add(
    event: kubewrap.Object | Why,
    way: str,
    span: tuple[int, int],
    rows: list[dict[str, object]],
    rejected: list[tuple[int, int, str]],
    *,
    torn: bool,
) -> None:
    if isinstance(event, Why):
        rejected.append((*span, (Why.TRUNCATED if torn else event).value))
        return
    rows.append({**_row(event), "wrapping": way or None, "start": span[0], "stop": span[1]})


def _row(event: kubewrap.Object) -> dict[str, object]:
    words = {
        "audit_id": ("auditID",), "stage": ("stage",), "level": ("level",), "verb": ("verb",),
        "received": ("requestReceivedTimestamp",), "staged": ("stageTimestamp",), "user": ("user", "username"),
        "user_uid": ("user", "uid"), "impersonated": ("impersonatedUser", "username"), "agent": ("userAgent",),
        "api_group": ("objectRef", "apiGroup"), "resource": ("objectRef", "resource"),
        "subresource": ("objectRef", "subresource"), "namespace": ("objectRef", "namespace"),
        "name": ("objectRef", "name"), "object_uid": ("objectRef", "uid"), "reason": ("responseStatus", "reason"),
        "decision": ("annotations", "authorization.k8s.io/decision"),
    }  # fmt: skip
    told: dict[str, object] = {column: jsonlines.text(event, *keys) or None for column, keys in words.items()}
    if told["received"] is None:
        told["received"] = jsonlines.text(event, "timestamp")
    told["verb"] = told["verb"] or "other"
    told["groups"] = jsonlines.words(event, "user", "groups")
    told["addresses"] = jsonlines.words(event, "sourceIPs")
    told["code"] = jsonlines.number(event, "responseStatus", "code")
    return kubeobjects.described(told, event)


def _alone(line: bytes) -> kubewrap.Object | None:
    """The event that a line is by itself, with nothing around it."""
    if kubewrap.listed(line) is not None:
        return None
    event, way = kubewrap.unwrapped(line)
    return None if way or isinstance(event, Why) else event


_SHAPES = jsonshapes.Shapes(TABLE, jsonshapes.Rules(_alone, _row, kubeobjects.decides))
