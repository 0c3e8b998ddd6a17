"""Kubernetes audit log: every request that the API server was asked, by whom, and what it answered.

    {"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"…","stage":"ResponseComplete","verb":"delete","user":{"username":"kai@example.org",…

Shape   one JSON object a line; a list of events (`EventList`) on a line; or an event as a cloud or a shipper wraps
        it: EKS through CloudWatch (`message`, `logEvents`), AKS (`properties.log`, also in `records`), GKE (`protoPayload`)
Source  Kubernetes 1.7 to 1.35: staging/src/k8s.io/apiserver/pkg/apis/audit, v1beta1 and v1; Cloud Logging AuditLog
Time    RFC 3339 with microseconds, UTC, by the API server's clock: when the request came in, when the stage was reached
Who     user is whom the API server authenticated; impersonatedUser is in whose name that user asked to act.
        sourceIPs but the last, and userAgent, are what the client or a proxy claims
        A service account's token is bound to a pod (`user.extra`, Kubernetes 1.22 and later; its id from 1.30): that pod is
        `token_pod`, and whoever can read its files can have taken the token. Any pod of the namespace can have the same account
Open    What an object holds (names, labels, commands) is typed by whoever made it. The policy decides what is
        logged: at level Metadata no object is in it. One request is told once for each stage. A container's
        own output can imitate an event: `wrapping` says where a shipper's key stood around it. JSON that is laid out over several
        lines is of `k8s_audit_laid_out`
"""

import re
from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from forensics.core import jsonlists, jsonshapes, kubeaudit, kubefast, kubeobjects, kubewrap, lines
from forensics.core.model import IGNORED, REJECTED, Parsed, Why
from forensics.core.schema import Table

TABLE = Table("k8s_audit", "a stage of a request to a Kubernetes API server", kubeaudit.COLUMNS)
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
        slow = np.delete(np.arange(len(left)), fast.at)
        starts, stops = ((side[left[slow]] + base).tolist() for side in (edges.start, edges.stop))
        whole = base + len(data) if not data.endswith(b"\n") else None
        for n, span in zip(slow.tolist(), zip(starts, stops, strict=True), strict=True):
            _line(cut.text[n].as_py(), span, rows, rejected, ignored, torn=span[1] == whole)
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
    if not line.strip():
        ignored.append(span)
        return
    key = kubewrap.listed(line) if len(line) <= _LONGEST_LIST_BYTES else None
    if key is not None:
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
    rows.append({**kubeaudit.row(event), "wrapping": way or None, "start": span[0], "stop": span[1]})


def _alone(line: bytes) -> kubewrap.Object | None:
    """The event that a line is by itself, with nothing around it."""
    if kubewrap.listed(line) is not None:
        return None
    event, way = kubewrap.unwrapped(line)
    return None if way or isinstance(event, Why) else event


_SHAPES = jsonshapes.Shapes(TABLE, jsonshapes.Rules(_alone, kubeaudit.row, kubeobjects.decides))
