"""Which requests to a Kubernetes API server are acts on jobs, and which job each is about.

A pod's job is the object that its labels or its owner name, where a controller made the pod; else the pod itself. A job is called
`namespace/name`: names come back, so a job record keeps when it was made.
"""

import re
from collections.abc import Iterable, Mapping

Row = Mapping[str, object]

FORMATS = ("k8s_audit", "k8s_audit_laid_out")
"""Formats that hold what an API server logs."""
JOBS = (
    r"(?:/pods|apps/(?:deployments|statefulsets|replicasets|daemonsets)|batch/(?:jobs|cronjobs)"
    r"|batch\.volcano\.sh/jobs|scheduling\.(?:volcano\.sh|k8s\.io|x-k8s\.io)/podgroups|kueue\.x-k8s\.io/workloads"
    r"|(?:[a-z.]+\.)?kubeflow\.org/[a-z]*jobs|ray\.io/ray(?:jobs|clusters|services)|jobset\.x-k8s\.io/jobsets"
    r"|leaderworkerset\.x-k8s\.io/leaderworkersets|workload\.codeflare\.dev/appwrappers"
    r"|sparkoperator\.k8s\.io/[a-z]+|argoproj\.io/(?:cron)?workflows)"
)
"""Kinds of objects that are jobs, or run for one: group and resource, as a pattern."""
_JOBS = re.compile(JOBS)
_EDITS = re.compile(
    r"/(?:nodes|namespaces|resourcequotas|limitranges|serviceaccounts)|scheduling\.k8s\.io/priorityclasses"
    r"|rbac\.authorization\.k8s\.io/[a-z]+|kueue\.x-k8s\.io/[a-z]+|scheduling\.volcano\.sh/queues"
    r"|admissionregistration\.k8s\.io/[a-z]+|policy/poddisruptionbudgets|certificates\.k8s\.io/[a-z]+"
)
_WRITES = {"create", "update", "patch", "delete", "deletecollection"}
_INSIDE = {"exec", "attach", "portforward", "proxy", "ephemeralcontainers"}
SYSTEM = re.compile(
    r"system:(?:node|serviceaccount:kube-system|kube-(?:scheduler|controller-manager)|apiserver|admin-bot)(?::.*)?"
)
"""Users that are the cluster's own parts. A person who holds such a credential looks like one of them."""
NOBODY = {"system:anonymous", "system:unauthenticated"}
"""Users that the server did not authenticate."""


def account(row: Row) -> str | None:
    """Who asked, where the API server authenticated somebody."""
    user = row["user"]
    return user if isinstance(user, str) and user not in NOBODY else None


def by_system(row: Row) -> bool:
    """Whether a part of the cluster asked."""
    return isinstance(row["user"], str) and SYSTEM.fullmatch(row["user"]) is not None


def is_job(row: Row) -> bool:
    """Whether the request is about an object that is a job, or runs for one."""
    return _JOBS.fullmatch(f"{row['api_group'] or ''}/{row['resource'] or ''}") is not None


def verb(row: Row) -> str:
    """The event's verb."""
    if row["stage"] == "RequestReceived":
        return "other"
    if is_job(row):
        return _of_part(row) if row["subresource"] not in {None, "eviction", "scale"} else _of_whole(row)
    edits = _EDITS.fullmatch(f"{row['api_group'] or ''}/{row['resource'] or ''}") and row["verb"] in _WRITES
    return "scheduler_edit" if edits else "other"


def _of_part(row: Row) -> str:
    """What a request for a part of a job's object is."""
    if row["subresource"] in _INSIDE:
        return "job_enter"
    if row["subresource"] == "binding":
        return "start" if row["verb"] == "create" else "other"
    return "end" if row["phase"] in _OVER and by_system(row) else "other"


def _of_whole(row: Row) -> str:
    """What a request for a job's object is; an eviction is a deletion that can be refused."""
    asked = "delete" if row["subresource"] == "eviction" else str(row["verb"])
    if by_system(row):
        return {"delete": "job_signal", "deletecollection": "job_signal", "create": "submit"}.get(
            asked, "other"
        )
    told = {"create": "submit", "update": "job_update", "patch": "job_update"}
    return {**told, "delete": "kill_request", "deletecollection": "kill_request"}.get(asked, "other")


_OVER = {"Succeeded", "Failed", "Complete"}


def owners(rows: Iterable[Row]) -> dict[tuple[object, object], str]:
    """The job of each pod that some record describes, by namespace and name.

    Only what a controller wrote counts: labels and owners of a pod that a user makes are typed by that user.
    """
    found: dict[tuple[object, object], str] = {}
    for row in rows:
        told = row["job_label"] or row["owner_name"]
        by_controller = isinstance(row["user"], str) and row["user"].startswith("system:")
        if by_controller and is_job(row) and isinstance(told, str) and row["name"] is not None:
            found.setdefault((row["namespace"], row["name"]), told)
    return found


def outcome(row: Row) -> str | None:
    """The normalised outcome that a status tells."""
    if row["phase"] in {"Succeeded", "Complete"}:
        return "COMPLETED"
    if row["phase"] != "Failed":
        return None
    words = {
        "OOMKilled": "OUT_OF_MEMORY", "DeadlineExceeded": "TIMEOUT", "Evicted": "PREEMPTED", "Preempting": "PREEMPTED",
        "NodeLost": "NODE_FAIL", "NodeShutdown": "NODE_FAIL", "Terminated": "NODE_FAIL",
        "PreemptionByScheduler": "PREEMPTED", "EvictionByEvictionAPI": "CANCELLED", "DeletionByTaintManager": "OTHER",
        "DeletionByPodGC": "OTHER",
    }  # fmt: skip
    return words.get(str(row["exit_reason"]), "FAILED")
