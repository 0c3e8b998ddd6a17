"""What a Kubernetes object in an audit event says of a job: who controls it, what it asks for, how it ended."""

from collections.abc import Iterator, Mapping
from urllib.parse import parse_qs

from forensics.core import jsonlines

Object = Mapping[str, object]
LONGEST_REQUEST = 4096
_LABELS = (
    "ray.io/cluster", "training.kubeflow.org/job-name", "jobset.sigs.k8s.io/jobset-name", "volcano.sh/job-name",
    "trainer.kubeflow.org/trainjob-name", "spark-app-name", "batch.kubernetes.io/job-name", "job-name",
)  # fmt: skip
_OBJECTS = ("responseObject", "requestObject")
_CHANGES = {"update", "patch"}
_GPU = ("nvidia.com/gpu", "amd.com/gpu", "gpu.intel.com/i915", "habana.ai/gaudi", "google.com/tpu")
_SHELL, _MOST_SIGNAL = 128, 64
_MOST_CONTAINERS = 1000

_LOOKED_INTO = {"status", "type", "exitCode", "signal", "replicas", "parallelism", *_GPU}
_COMMANDED = {"exec", "attach"}


def decides(event: Object, path: tuple[str, ...]) -> bool:
    """Whether the columns of an event hang on what the string under some keys says, and do not only repeat it.

    Args:
        event: the event.
        path: the keys.
    """
    within = any(key in event for key in _OBJECTS)
    return (
        path[-1] == "kind"
        or path in {("apiVersion",), ("objectRef", "subresource"), ("responseStatus", "code")}
        or (path == ("verb",) and within)
        or (path[0] in _OBJECTS and path[-1] in _LOOKED_INTO)
        or (path == ("requestURI",) and jsonlines.text(event, "objectRef", "subresource") in _COMMANDED)
    )


def described(told: dict[str, object], event: Object) -> dict[str, object]:
    """The columns of an event, with what its objects add.

    Args:
        told: the columns read from the event itself.
        event: the event.
    """
    objects = [o for o in map(event.get, _OBJECTS) if isinstance(o, dict)]
    objects = [
        o for o in objects if o.get("kind") != "Status" or "metadata" not in o or "spec" in o or "status" in o
    ]
    for o in objects:
        told["name"] = told["name"] or jsonlines.text(o, "metadata", "name") or None
        told["object_uid"] = told["object_uid"] or jsonlines.text(o, "metadata", "uid") or None
        told["node"] = told.get("node") or jsonlines.text(o, "spec", "nodeName") or None
        told |= {key: value for key, value in _owner(o).items() if told.get(key) is None}
        told |= {key: value for key, value in _ended(o).items() if told.get(key) is None}
    if told["subresource"] in _COMMANDED:
        told["command"] = _command(event)
    if told["subresource"] == "binding":
        told["node"] = jsonlines.text(event, "requestObject", "target", "name")
    if told["verb"] == "create" and objects:
        told["gpus"] = next((n for n in map(gpus, reversed(objects)) if n is not None), None)
    if told["verb"] in _CHANGES:
        request = jsonlines.compact(event.get("requestObject"))
        told["request"] = None if request is None else request[:LONGEST_REQUEST]
    return told


def _owner(o: Object) -> dict[str, str | None]:
    """The object that controls it, and the job that its labels name."""
    references = jsonlines.at(o, "metadata", "ownerReferences")
    held = [r for r in references if isinstance(r, dict)] if isinstance(references, list) else []
    chief = next((r for r in held if r.get("controller") is True), held[0] if held else {})
    labels = jsonlines.at(o, "metadata", "labels")
    label = next((jsonlines.text(labels, key) for key in _LABELS if jsonlines.text(labels, key)), None)
    return {
        "owner_kind": jsonlines.text(chief, "kind"),
        "owner_name": jsonlines.text(chief, "name"),
        "job_label": label,
    }


def _ended(o: Object) -> dict[str, object]:
    """How far a pod or a job is said to have come, and how its containers ended.

    What ended a pod as a whole, such as its eviction, goes before the words for its containers, which are then killed; but a
    container that ran out of memory before the cluster wanted its place did so by itself.
    """
    told: dict[str, object] = {"phase": jsonlines.text(o, "status", "phase")}
    told["exit_reason"], disrupted = jsonlines.text(o, "status", "reason") or None, None
    conditions = jsonlines.at(o, "status", "conditions")
    for c in conditions if isinstance(conditions, list) else ():
        if jsonlines.text(c, "status") == "True" and jsonlines.text(c, "type") == "DisruptionTarget":
            disrupted = jsonlines.text(c, "reason")
        if jsonlines.text(c, "status") == "True" and jsonlines.text(c, "type") in {
            "Complete",
            "Failed",
            "Succeeded",
        }:
            told["phase"] = jsonlines.text(c, "type")
            told["exit_reason"] = jsonlines.text(c, "reason")
    ends = [e for e in _terminated(o) if jsonlines.number(e, "exitCode") is not None]
    worst = next((e for e in ends if jsonlines.number(e, "exitCode") != 0), ends[0] if ends else None)
    if worst is None:
        return told | {"exit_reason": told["exit_reason"] or disrupted}
    code = jsonlines.number(worst, "exitCode") or 0
    by_shell = code - _SHELL if _SHELL < code <= _SHELL + _MOST_SIGNAL else None
    signal = jsonlines.number(worst, "signal") or by_shell
    own = jsonlines.text(worst, "reason")
    why = told["exit_reason"] or (own if own == "OOMKilled" else disrupted or own)
    return told | {"exit_code": code, "exit_signal": signal, "exit_reason": why}


def _terminated(o: Object) -> Iterator[Object]:
    statuses = jsonlines.at(o, "status", "containerStatuses")
    for status in statuses[:_MOST_CONTAINERS] if isinstance(statuses, list) else ():
        ended = jsonlines.at(status, "state", "terminated")
        if isinstance(ended, dict):
            yield ended


def gpus(o: Object) -> int | None:
    """GPUs that an object asks for: those of its containers, as often as it wants pods; null where it has none."""
    total: int | None = None
    for spec, times in _pods(o):
        containers = spec.get("containers")
        for container in containers[:_MOST_CONTAINERS] if isinstance(containers, list) else ():
            asked = [jsonlines.number(container, "resources", "limits", name) for name in _GPU]
            total = (total or 0) + times * sum(n for n in asked if n is not None and 0 < n < 1 << 20)
    return total if total is None or total < 1 << 62 else None


def _pods(o: Object) -> Iterator[tuple[Object, int]]:
    """The pod templates of an object, and how many pods it wants of each."""
    spec = o.get("spec")
    if not isinstance(spec, dict):
        return
    if isinstance(spec.get("containers"), list):
        yield spec, 1
    template = jsonlines.at(spec, "template", "spec")
    if isinstance(template, dict):
        yield template, _times(spec, "parallelism", "replicas")
    for key in ("pytorchReplicaSpecs", "tfReplicaSpecs", "mpiReplicaSpecs", "jaxReplicaSpecs"):
        groups = spec.get(key)
        for group in list(groups.values())[:_MOST_CONTAINERS] if isinstance(groups, dict) else ():
            inner = jsonlines.at(group, "template", "spec")
            if isinstance(inner, dict):
                yield inner, _times(group, "replicas")
    tasks = spec.get("tasks")
    for task in tasks[:_MOST_CONTAINERS] if isinstance(tasks, list) else ():
        inner = jsonlines.at(task, "template", "spec")
        if isinstance(inner, dict):
            yield inner, _times(task, "replicas")


def _times(found: object, *keys: str) -> int:
    told = next((n for n in (jsonlines.number(found, key) for key in keys) if n is not None), 1)
    return min(max(told, 0), 1 << 20)


def _command(event: Object) -> list[str] | None:
    """The command of an exec, which the address of the request holds."""
    uri = jsonlines.text(event, "requestURI")
    if uri is None or len(uri) > 1 << 16:
        return None
    query = uri.partition("?")[2]
    words = (
        parse_qs(query, keep_blank_values=True, max_num_fields=1000).get("command")
        if query.count("&") < 999
        else None
    )
    return [jsonlines.printable(word) for word in words] if words else None
