"""An event of a Kubernetes audit log as a row, however the log is laid out."""

import pyarrow as pa

from forensics.core import jsonlines, kubeobjects, kubewrap
from forensics.core.model import SPAN
from forensics.core.schema import Column
from forensics.core.tables import STRINGS

_UNLOGGED = "not logged at this level, or none"
_UNBOUND = "not said, as of a token that is bound to none"
EXTRA = {
    column: f"authentication.kubernetes.io/{key}"
    for column, key in (
        ("credential", "credential-id"), ("token_pod", "pod-name"), ("token_pod_uid", "pod-uid"),
        ("token_node", "node-name"), ("token_node_uid", "node-uid"),
    )
}  # fmt: skip
"""What the server says of the credential beside the user (`user.extra`), each with one value: Kubernetes 1.22 to 1.34."""
COLUMNS = (
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
        Column("credential", pa.string(), "id of the token or the certificate", None, "not said, as before Kubernetes 1.30"),
        Column("token_pod", pa.string(), "pod that the token was issued to", None, _UNBOUND),
        Column("token_pod_uid", pa.string(), "id of that pod, which no other has had", None, _UNBOUND),
        Column("token_node", pa.string(), "node that the pod ran on, or that the token was issued to", None, _UNBOUND),
        Column("token_node_uid", pa.string(), "id of that node", None, _UNBOUND),
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
)  # fmt: skip


def row(event: kubewrap.Object) -> dict[str, object]:
    """The columns of an event but `wrapping` and its span."""
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
    for column, key in EXTRA.items():
        held = jsonlines.words(event, "user", "extra", key)
        told[column] = held[0] or None if held is not None and len(held) == 1 else None
    told["addresses"] = jsonlines.words(event, "sourceIPs")
    told["code"] = jsonlines.number(event, "responseStatus", "code")
    return kubeobjects.described(told, event)
