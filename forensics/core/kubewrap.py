"""The wrappings that Kubernetes audit events come in: lists, cloud exports, and log shippers.

An event is an object of kind `Event` with an audit id or the audit API's version. It can stand in a list
(`EventList`, a subscription's `logEvents`), or, as an object or as text, under the key that a shipper puts
it under. Google's own form of it, an audit log entry, is put into the same words here.
"""

import re
from collections.abc import Mapping

from forensics.core import jsonlines, jsonlists
from forensics.core.model import Why

Object = Mapping[str, object]
_CARRIERS = (
    "message",
    "@message",
    "log",
    "log_s",
    "properties",
    "event",
    "_source",
    "textPayload",
    "jsonPayload",
)
_LISTS = {
    "items": re.compile(rb'"kind"\s*:\s*"EventList"'),
    "logEvents": re.compile(rb'"logEvents"\s*:\s*\['),
    "records": re.compile(rb'^\s*\{\s*"records"\s*:\s*\['),
}
_DEEPEST = 4
_STAMPED = re.compile(rb"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,18}Z (?=\{)")
_VERSION = "audit.k8s.io/"
_METHOD = re.compile(r"io\.k8s\.(?P<rest>[A-Za-z0-9_.-]{1,200})")
_GRPC = {
    0: 200,
    1: 499,
    3: 400,
    4: 504,
    5: 404,
    6: 409,
    7: 403,
    8: 429,
    9: 400,
    12: 501,
    13: 500,
    14: 503,
    16: 401,
}
_WRITES = {"create", "update", "patch", "delete", "deletecollection", "get", "list", "watch", "post", "put"}


def is_event(found: Object) -> bool:
    """Whether an object is an audit event by itself."""
    version = found.get("apiVersion")
    dated = isinstance(version, str) and version.startswith(_VERSION)
    return (
        found.get("kind") == "Event" and isinstance(found.get("verb"), str) and (dated or "auditID" in found)
    )


def listed(line: bytes) -> str | None:
    """The name of the list that a line is, if it is one."""
    return next((key for key, shape in _LISTS.items() if shape.search(line)), None)


def elements(line: bytes, key: str) -> tuple[list[tuple[int, int, Object | Why]], list[tuple[int, int, Why]]]:
    """The events of a line that is a list, each with its span in the line; and what could not be read of it."""
    found = jsonlists.scanned(line, key)
    told: list[tuple[int, int, Object | Why]] = []
    for start, stop in found.elements:
        told.append((start, stop, element(line[start:stop], key)[0]))
    return told, found.rejected


def element(raw: bytes, key: str) -> tuple[Object | Why, str]:
    """The event that an element of a list holds, as `unwrapped` has it. An `EventList` says once what kind its items are."""
    event, way = unwrapped(raw)
    if event is Why.SHAPE and key == "items" and not way:
        found = jsonlines.loaded(raw)
        if not isinstance(found, Why) and "kind" not in found and "auditID" in found:
            return (found, way) if isinstance(found.get("verb"), str) else (event, way)
    return event, way


def unwrapped(line: bytes) -> tuple[Object | Why, str]:
    """The event that a line holds, or why it holds none; and how it was wrapped."""
    stamp = _STAMPED.match(line)
    loaded = jsonlines.loaded(line[stamp.end() :] if stamp else line)
    way = ["cloudwatch"] if stamp else []
    for _ in range(_DEEPEST):
        if isinstance(loaded, Why):
            return loaded, " ".join(way)
        if is_event(loaded):
            return loaded, " ".join(way)
        google = _google(loaded)
        if google is not None:
            return google, " ".join([*way, "protoPayload"])
        inner = next(((key, loaded[key]) for key in _CARRIERS if key in loaded), None)
        if inner is None:
            return Why.SHAPE, " ".join(way)
        way.append(inner[0])
        if isinstance(inner[1], str) and inner[1].lstrip().startswith("{"):
            loaded = jsonlines.loaded(inner[1].encode("utf-8", "surrogatepass"))
        elif isinstance(inner[1], dict):
            loaded = inner[1]
        else:
            return Why.SHAPE, " ".join(way)
    return Why.SHAPE, " ".join(way)


def _google(entry: Object) -> Object | None:
    """An entry of Google's audit log that tells of a cluster, in the words of an audit event."""
    method = _METHOD.fullmatch(jsonlines.text(entry, "protoPayload", "methodName") or "")
    resource = jsonlines.text(entry, "protoPayload", "resourceName")
    if method is None or resource is None:
        return None
    verb = method["rest"].rpartition(".")[2]
    address = jsonlines.text(entry, "protoPayload", "requestMetadata", "callerIp")
    status = jsonlines.number(entry, "protoPayload", "status", "code") or 0
    told: dict[str, object] = {
        "kind": "Event",
        "auditID": jsonlines.text(entry, "insertId") or "",
        "stage": "ResponseComplete",
        "verb": verb if verb in _WRITES else "other",
        "user": {"username": jsonlines.text(entry, "protoPayload", "authenticationInfo", "principalEmail")},
        "sourceIPs": [] if address is None else [address],
        "userAgent": jsonlines.text(entry, "protoPayload", "requestMetadata", "callerSuppliedUserAgent"),
        "objectRef": _reference(resource),
        "responseStatus": {"code": _GRPC.get(status, 500)},
        "requestReceivedTimestamp": jsonlines.text(entry, "timestamp"),
        "stageTimestamp": jsonlines.text(entry, "timestamp"),
        "requestObject": jsonlines.at(entry, "protoPayload", "request"),
        "responseObject": jsonlines.at(entry, "protoPayload", "response"),
        "annotations": entry.get("labels"),
    }
    return told


def _reference(resource: str) -> dict[str, str]:
    """`batch/v1/namespaces/research/jobs/train-10` as the reference it is."""
    parts = resource.split("/")
    told = {"apiGroup": "" if parts[0] == "core" else parts[0]}
    rest = parts[2:]
    if len(rest) > 2 and rest[0] == "namespaces":
        told["namespace"] = rest[1]
        rest = rest[2:]
    return told | dict(zip(("resource", "name", "subresource"), rest, strict=False))
