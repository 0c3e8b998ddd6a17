"""Kubernetes audit log as JSON laid out over several lines: a list of events, or events one after the other.

    {"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "items": [{"kind": "Event", "auditID": "…", "verb": "delete", …

Shape   an object with a list of events: an `EventList`, what `aws logs` prints (`events`), a subscription's `logEvents`, an event hub's `records`; arrays of
        events, as `gcloud logging read --format=json` and `jq -s` print; or events one after the other, as `jq` prints. Each event as in `k8s_audit`
Source  Kubernetes 1.7 to 1.35: staging/src/k8s.io/apiserver/pkg/apis/audit, v1beta1 and v1; AWS CLI, logs; Cloud Logging
Time    RFC 3339 with microseconds, UTC, by the API server's clock: when the request came in, when the stage was reached
Who     as in `k8s_audit`: user is whom the API server authenticated; addresses but the last, and the agent, are claims
Open    as in `k8s_audit`. Whoever printed it chose which events are in it. Each event is cited by its own stretch; all around it is
        passed over, and so is what a service says beside its list. What stands behind damage is not read
"""

import re
from collections.abc import Mapping

from forensics.core import jsonlists, kubeaudit, kubewrap
from forensics.core.jsonlists import Found
from forensics.core.model import IGNORED, REJECTED, Parsed, Why
from forensics.core.schema import Table

TABLE = Table("k8s_audit_laid_out", "a stage of a request to a Kubernetes API server", kubeaudit.COLUMNS)
CUT = "whole"
DOMAIN = "kubernetes:control-plane"

_FIRST = re.compile(
    rb'"apiVersion"\s*:\s*"audit\.k8s\.io/|"auditID"\s*:|\\"auditID\\"\s*:|"methodName"\s*:\s*"io\.k8s\.'
)
_LISTS = {
    "items": re.compile(rb'\s*\{(?=[^\[]{0,4000}"kind"\s*:\s*"EventList")[^\[]{0,4000}"items"\s*:\s*\['),
    "events": re.compile(rb'\s*\{\s*"events"\s*:\s*\['),
    "logEvents": re.compile(rb'\s*\{[^{]{0,4000}"logEvents"\s*:\s*\['),
    "records": re.compile(rb'\s*\{\s*"records"\s*:\s*\['),
}
"""Objects with a list of events: how each begins, before the first event."""


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure where the first element, laid out over lines or in an array, is an audit event."""
    if not _FIRST.search(head):
        return 0
    key, found = _found(head)
    if key != "events" and head.lstrip()[:1] == b"{" and _alone(head):
        return 0
    if not found.elements:
        return 0
    start, stop = found.elements[0]
    return 95 if isinstance(kubewrap.element(head[start:stop], key)[0], Mapping) else 0


def _alone(head: bytes) -> bool:
    """Whether the first line is a whole object, which is of another format."""
    line = head.lstrip().split(b"\n", 1)[0]
    found = jsonlists.values(line)
    return bool(found.elements) and not found.rejected


def _found(data: bytes) -> tuple[str, Found]:
    """What the list is called, if it has a name, and where its elements are."""
    if data.lstrip()[:1] == b"[":
        return "", jsonlists.arrays(data)
    key = next((key for key, shape in _LISTS.items() if shape.match(data)), None)
    return ("", jsonlists.values(data)) if key is None else (key, jsonlists.scanned(data, key))


def parse(data: bytes, base: int) -> Parsed:
    """Read a whole file: a record for each event."""
    key, found = _found(data)
    rows: list[dict[str, object]] = []
    rejected = [(start, stop, why.value) for start, stop, why in found.rejected]
    taken = [(start, stop) for start, stop, _ in found.rejected]
    for start, stop in found.elements:
        taken.append((start, stop))
        event, way = kubewrap.element(data[start:stop], key)
        if isinstance(event, Why):
            rejected.append((start, stop, event.value))
            continue
        wrapping = " ".join(part for part in (key, way) if part) or None
        rows.append(
            {**kubeaudit.row(event), "wrapping": wrapping, "start": start + base, "stop": stop + base}
        )
    ignored = jsonlists.between(sorted(taken), len(data))
    bad = [(start + base, stop + base, why) for start, stop, why in sorted(rejected)]
    return Parsed(
        TABLE.build({name: [row.get(name) for row in rows] for name in TABLE.names}),
        REJECTED.build({name: [row[n] for row in bad] for n, name in enumerate(REJECTED.names)}),
        IGNORED.build({"start": [a + base for a, _ in ignored], "stop": [b + base for _, b in ignored]}),
    )
