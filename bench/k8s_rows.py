"""Requests to a Kubernetes API server from a seed, as its audit log has them at level Metadata, a line each.

python bench/k8s_rows.py ROWS FILE

Pods are made, bound, watched and deleted by the cluster's own parts, jobs by people; one line in fifty holds an object,
as a policy that logs what jobs ask for has it.
"""

import json
import random
import sys
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

SEED = 20261123
BEGAN = datetime(2026, 11, 1, tzinfo=UTC)
SYSTEM = ("system:node:gpu07", "system:kube-scheduler", "system:kube-controller-manager", "system:apiserver", "system:serviceaccount:kube-system:job-controller")  # fmt: skip
ASKS = (
    ("get", "coordination.k8s.io", "leases"), ("update", "coordination.k8s.io", "leases"), ("get", "", "nodes"), ("watch", "", "configmaps"),
    ("patch", "", "pods"), ("list", "", "pods"), ("get", "", "pods"), ("create", "", "events"),
)  # fmt: skip
PERSONS = ("kai", "lin", "mei", "dao")
OWN = (
    ("create", "batch", "jobs"),
    ("delete", "batch", "jobs"),
    ("get", "batch", "jobs"),
    ("list", "", "pods"),
    ("delete", "", "pods"),
)


def request(chance: random.Random, number: int) -> str:
    """A line."""
    person = chance.random() < 0.1
    user = PERSONS[int(chance.random() * 4)] if person else SYSTEM[int(chance.random() * len(SYSTEM))]
    verb, group, resource = (OWN if person else ASKS)[
        int(chance.random() * (len(OWN) if person else len(ASKS)))
    ]
    at = BEGAN + timedelta(milliseconds=number * 3, microseconds=int(chance.random() * 1000))
    came, done = (
        (at + timedelta(microseconds=n)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        for n in (0, 900 + int(chance.random() * 9000))
    )
    run = int(chance.random() * 20_000)
    name = f"train-{run}" if resource == "jobs" else f"train-{run}-{run * 7919 % 99_991:05x}"
    code = 200 if chance.random() < 0.97 else 403
    told: dict[str, object] = {
        "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "Metadata",
        "auditID": str(uuid.UUID(int=chance.getrandbits(128))), "stage": "ResponseComplete",
        "requestURI": f"/apis/{group or 'v1'}/namespaces/research/{resource}/{name}", "verb": verb,
        "user": {"username": user, "uid": f"{run:08x}", "groups": ["system:authenticated"] if person else ["system:masters", "system:authenticated"]},
        "sourceIPs": [f"10.20.{run % 200}.{run % 250}"],
        "userAgent": "kubectl/v1.31.2 (linux/amd64) kubernetes/5864a46" if person else "kube-controller-manager/v1.31.2",
        "objectRef": {"resource": resource, "namespace": "research", "name": name, "apiGroup": group, "apiVersion": "v1"},
        "responseStatus": {"metadata": {}, "code": code}, "requestReceivedTimestamp": came, "stageTimestamp": done,
        "annotations": {"authorization.k8s.io/decision": "allow" if code == 200 else "forbid", "authorization.k8s.io/reason": ""},
    }  # fmt: skip
    if chance.random() < 0.02:
        owner = {"apiVersion": "batch/v1", "kind": "Job", "name": f"train-{run}", "controller": True}
        told |= {
            "level": "Request", "verb": "create", "user": {"username": SYSTEM[4]},
            "objectRef": {"resource": "pods", "namespace": "research", "name": name, "apiVersion": "v1"},
            "requestObject": {"kind": "Pod", "metadata": {"name": name, "ownerReferences": [owner]}, "spec": {"containers": [{"name": "main", "resources": {"limits": {"nvidia.com/gpu": "8"}}}]}},
        }  # fmt: skip
    return json.dumps(told, separators=(",", ":")) + "\n"


def written(path: Path, rows: int) -> None:
    """Write so many lines."""
    chance = random.Random(SEED)  # noqa: S311 - a seed, so that every run reads the same bytes
    with path.open("w", encoding="utf-8", newline="\n") as out:
        for number in range(rows):
            out.write(request(chance, number))


if __name__ == "__main__":
    written(Path(sys.argv[2]), int(sys.argv[1]))
