"""Which job and which process read which version of which file: one row for each version that can have been read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pyarrow as pa

from forensics.analysis import mounts, order
from forensics.analysis.acts import Scene
from forensics.analysis.artefacts import Reading, Version, contributors
from forensics.analysis.contents import Content, Key
from forensics.core.schema import Column, Table
from forensics.core.tables import STRINGS

READING = Table(
    "reading",
    "one version of a file that a job asked about can have read; several of one path where earlier content may live on",
    (
        Column("job", pa.string(), "the job"),
        Column("path", pa.string(), "the path that it read"),
        Column("processes", STRINGS, "its processes that opened it, ran it, or were given it, as `host pid`; none where a text leads there"),
        Column("link", pa.string(), "observed or derived"),
        Column("why_link", pa.string(), "by which rule it is known to have read the path"),
        Column("earliest_ns", pa.int64(), "first moment it can have read it", "ns since 1970-01-01T00:00:00Z"),
        Column("version", pa.string(), "the event that wrote the version", None, "no change before the reading is on record"),
        Column("how", pa.string(), "what that did: create, edit (of what was there before) or replace", None, "no version"),
        Column("account", pa.string(), "account that wrote it", None, "no version, or not recorded"),
        Column("writer", pa.string(), "program that wrote it", None, "no version, or not recorded"),
        Column("one_file", pa.string(), "by what the file that was written and the one that was read are one, from the closed list `mounts.BY`", None, "no version"),
        Column("content", pa.string(), "SHA-256 of its bytes", None, "no copy and no blob of it is known"),
        Column("unordered", pa.int64(), "changes of the path that may lie before or after the reading: they are not among its versions"),
        Column("events", STRINGS, "events that show the reading"),
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Read:
    """One row of the table."""

    reading: Reading
    processes: tuple[str, ...]
    version: Version | None
    content: str | None
    unordered: int
    one_file: str | None = None


def find(
    scene: Scene,
    history: Mapping[str, list[Version]],
    readings: Iterable[Reading],
    contents: Mapping[Key, Content],
) -> list[Read]:
    """Every version that the jobs asked about can have read, in order of job, path and time."""
    found = []
    known = order.of(scene.evidence)
    for reading in sorted(readings, key=lambda r: (r.job, r.path, r.earliest_ns, r.events)):
        versions = history.get(reading.path, [])
        near = mounts.near(scene.evidence, reading)
        living: list[Version | None] = [*contributors(versions, reading, known, near)]
        by = _processes(scene, reading)
        # What may have been before or after it is no version that it is said to have read.
        open_still = sum(
            v.how != "delete" and near(v) and not known.before(v, reading) and not known.before(reading, v)
            for v in versions
        )
        for version in living or [None]:
            joined = None if version is None else mounts.by(mounts.of(scene.evidence), reading, version)
            content = contents.get((version.event_id, reading.path)) if version is not None else None
            found.append(
                Read(reading, by, version, None if content is None else content.sha256, open_still, joined)
            )
    return found


def _processes(scene: Scene, reading: Reading) -> tuple[str, ...]:
    """The job's own processes among what shows a reading."""
    job = scene.jobs.get(reading.job)
    own = job.processes if job is not None else set()
    shown = set(scene.cells(reading.events, "host", "pid"))
    return tuple(sorted(f"{host or '?'} {pid}" for host, pid in shown if (host, pid) in own))


def table(found: Iterable[Read]) -> pa.Table:
    """The rows as the declared table."""
    rows = list(found)
    versions = [r.version for r in rows]
    return READING.build({
        "job": [r.reading.job for r in rows],
        "path": [r.reading.path for r in rows],
        "processes": [list(r.processes) for r in rows],
        "link": [r.reading.link for r in rows],
        "why_link": [r.reading.why for r in rows],
        "earliest_ns": [r.reading.earliest_ns for r in rows],
        "version": [v.event_id if v else None for v in versions],
        **{name: [getattr(v, name) if v else None for v in versions] for name in ("how", "account", "writer")},
        "one_file": [r.one_file for r in rows],
        "content": [r.content for r in rows],
        "unordered": [r.unordered for r in rows],
        "events": [list(r.reading.events) for r in rows],
    })  # fmt: skip
