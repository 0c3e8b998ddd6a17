"""Jobs: what is known of one, and the table of them."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import pyarrow as pa

from forensics.core.schema import Column, Table
from forensics.core.tables import STRINGS

JOB = Table(
    "job",
    "one job, as all sources together tell of it",
    (
        Column("job", pa.string(), "scheduler's job id"),
        Column("cluster", pa.string(), "cluster", None, "not recorded"),
        Column("name", pa.string(), "job name: typed by the user", None, "not recorded"),
        Column("owner", pa.string(), "account that owns it; who may have done nothing", None, "not recorded"),
        Column("owner_uid", pa.int64(), "its uid", None, "not recorded"),
        Column("outcome", pa.string(), "normalised outcome", None, "not recorded"),
        Column("state", pa.string(), "state as written", None, "not recorded"),
        Column("ending", pa.string(), "how it ended, from the closed list `ENDINGS`", None, "not recorded"),
        Column("exit_code", pa.int64(), "exit code", None, "not recorded"),
        Column("exit_signal", pa.int64(), "signal that ended it; 0 is none", None, "not recorded"),
        Column(
            "requestor",
            pa.string(),
            "account that asked to cancel, as written",
            None,
            "nobody, or not recorded",
        ),
        Column(
            "submitter", pa.string(), "account that submitted it", None, "not recorded apart from the owner"
        ),
        Column("submit_ns", pa.int64(), "submitted", "ns since 1970-01-01T00:00:00Z", "not recorded"),
        Column("start_ns", pa.int64(), "started", "ns since 1970-01-01T00:00:00Z", "not started"),
        Column("end_ns", pa.int64(), "ended, latest", "ns since 1970-01-01T00:00:00Z", "not ended"),
        Column("elapsed_s", pa.int64(), "run time", "s", "not recorded"),
        Column("gpus", pa.int64(), "GPUs allocated", None, "not recorded"),
        Column("nodes", pa.string(), "nodes, as written", None, "not recorded"),
        Column("node_count", pa.int64(), "nodes allocated", None, "not recorded"),
        Column("cpus", pa.int64(), "processors allocated", None, "not recorded"),
        Column(
            "energy_j", pa.int64(), "energy that it used, as metered", "J", "not metered, or not recorded"
        ),
        Column("workdir", pa.string(), "working directory", None, "not recorded"),
        Column(
            "federation_origin",
            pa.string(),
            "cluster of a federation that took it: by name, or else by its number there, `cluster 1`",
            None,
            "nothing tells of a federation",
        ),
        Column(
            "siblings",
            STRINGS,
            "records of it on clusters of a federation, as `beta: REVOKED`; one submission",
        ),
        Column(
            "joined_by",
            pa.string(),
            "how its processes are known: node (its pids, or the path of its script), cgroup or folder",
            None,
            "no process of it is known",
        ),
        Column("cause", pa.string(), "act, own_failure, infrastructure, not_established or none"),
        Column("why", pa.string(), "rule that gave the cause; not_examined where it was not looked at"),
        Column("disagree", STRINGS, "columns that the sources tell differently"),
        Column("events", STRINGS, "events that name the job; none are listed of one that was not examined"),
    ),
)

SLACK_NS = 5_000_000_000
"""What whole seconds, and lines that are written late, need on both sides of a job's time."""


@dataclass(slots=True)
class Job:
    """One row of the job table, and its processes."""

    job: str
    cluster: str | None = None
    name: str | None = None
    owner: str | None = None
    owner_uid: int | None = None
    outcome: str | None = None
    state: str | None = None
    ending: str | None = None
    exit_code: int | None = None
    exit_signal: int | None = None
    requestor: str | None = None
    submitter: str | None = None
    submit_ns: int | None = None
    start_ns: int | None = None
    end_ns: int | None = None
    elapsed_s: int | None = None
    gpus: int | None = None
    nodes: str | None = None
    node_count: int | None = None
    cpus: int | None = None
    energy_j: int | None = None
    workdir: str | None = None
    federation_origin: str | None = None
    siblings: list[str] = field(default_factory=list)
    cause: str = "not_established"
    why: str = "not_examined"
    disagree: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    joined_by: str | None = None
    end_told_in: set[str] = field(default_factory=set)
    """Formats whose records or lines tell how it ended."""
    end_disputed: bool = False
    """Whether sources tell of it that it ended in different ways."""
    processes: set[tuple[str | None, int]] = field(default_factory=set)
    started_by: list[str] = field(default_factory=list)

    @property
    def own_link(self) -> str:
        """How well it is known that its processes are its own: observed where its node says so.

        Derived where folder, owner, node and time do, or a line of the kernel's on a control group, which any account can write.
        """
        return "observed" if self.joined_by == "node" else "derived"

    def window(self) -> tuple[int, int]:
        """From its start (or submission) to its end, with the slack that whole seconds need."""
        first = self.start_ns if self.start_ns is not None else self.submit_ns
        return (
            (first if first is not None else 0) - SLACK_NS,
            (self.end_ns if self.end_ns is not None else 2**62) + SLACK_NS,
        )


SETTLED = (
    "cluster", "name", "owner", "owner_uid", "outcome", "state", "ending", "exit_code", "exit_signal", "requestor",
    "submitter", "submit_ns", "start_ns", "end_ns", "elapsed_s", "gpus", "nodes", "node_count", "cpus", "energy_j",
    "workdir",
)  # fmt: skip
"""Columns of which a job has the value of the first source that has one."""


def table(jobs: Iterable[Job]) -> pa.Table:
    """The jobs as the declared table."""
    rows = list(jobs)
    return JOB.build({c.name: [getattr(j, c.name) for j in rows] for c in JOB.columns})
