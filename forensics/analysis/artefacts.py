"""Versions of files: who wrote the bytes that a job later read.

A job runs under its owner's name whoever wrote what it loads. So the question is never whose
process did the damage, but which version of which file it had read, and who wrote that version.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

from forensics.analysis import file_names, order, writers
from forensics.analysis.evidence import Evidence, picked, rows_of
from forensics.core.schema import Column, Table

VERSION = Table(
    "version",
    "one change of one path, which begins a version of it",
    (
        Column("event_id", pa.string(), "the event that wrote it"),
        Column("path", pa.string(), "absolute path"),
        Column("host", pa.string(), "host", None, "not recorded"),
        Column(
            "how",
            pa.string(),
            "create, edit (the earlier content may live on), replace (it does not) or delete; attributes or times, which leave the content",
        ),
        Column(
            "through",
            pa.string(),
            "the other name of the file that it was changed by (rule `one_file_by_inode`)",
            None,
            "by this one",
        ),
        Column(
            "account",
            pa.string(),
            "account that wrote it: the login's where one is recorded",
            None,
            "not recorded",
        ),
        Column("writer", pa.string(), "program that wrote it, by its path", None, "not recorded"),
        Column(
            "transfer",
            pa.string(),
            "sftp, scp, rsync, git, wget or curl, where one of these carried the bytes there; sftp within sshd too",
            None,
            "another program",
        ),
        Column("inode", pa.string(), "`device:inode`", None, "not recorded"),
        Column("owner_uid", pa.int64(), "owner of the file before", None, "new, or not recorded"),
        Column("earliest_ns", pa.int64(), "first moment it can have been", "ns since 1970-01-01T00:00:00Z"),
        Column("latest_ns", pa.int64(), "last moment it can have been", "ns since 1970-01-01T00:00:00Z"),
        Column("content", pa.string(), "SHA-256 of its bytes", None, "no copy and no blob of it is known"),
        Column(
            "content_by",
            pa.string(),
            "rule by which they are known, from the closed list `contents.HOW`",
            None,
            "not known",
        ),
    ),
)

CHANGES = {"create", "write", "rename", "truncate", "delete", "link"}
SCRIPTS = (".py", ".sh", ".bash", ".sbatch", ".slurm")
SUBMITTERS = frozenset({"sbatch", "srun", "salloc", "qsub", "bsub"})
"""Programs that ask a scheduler to run a job."""


@dataclass(frozen=True, slots=True)
class Version:
    """One row of the version table."""

    event_id: str
    path: str
    host: str | None
    how: str
    inode: str | None
    owner_uid: int | None
    earliest_ns: int
    latest_ns: int
    through: str | None = None
    account: str | None = None
    writer: str | None = None
    dated_by: str | None = None
    """The event whose moment it has, where it is one's."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A job read a path: how we know, and since when at the earliest."""

    job: str
    path: str
    link: str
    why: str
    earliest_ns: int
    events: tuple[str, ...]
    hosts: tuple[str, ...] = ()
    dated_by: str | None = None
    """The event whose moment it has, where it is one's."""

    @property
    def latest_ns(self) -> int:
        """The first moment again: it can have read later too, and nothing says until when."""
        return self.earliest_ns


def versions(evidence: Evidence) -> dict[str, list[Version]]:
    """Every recorded change of every path, by path, in order (`order.Order`).

    Where not all events are held, of the paths whose every change is.
    """
    events = evidence.events
    changed = picked(
        events,
        events["verb"].isin(CHANGES)
        & (events["outcome"] != "failure")
        & (events["object_kind"] == "path")
        & events["object"].notna()
        & events["earliest_ns"].notna(),
    )
    held = evidence.totals.paths if evidence.totals is not None else None
    found: dict[str, list[Version]] = {}
    for e in rows_of(changed):
        replaced = isinstance(e.replaced_inode, str)
        owner = None if pd.isna(e.object_owner_uid) else int(e.object_owner_uid)
        when = (int(e.earliest_ns), int(e.latest_ns))
        how = writers.how(e.verb, e.exe, replaced=replaced)
        by = writers.by(e)
        version = Version(e.event_id, e.object, e.host, how, e.inode, owner, *when, None, *by, e.event_id)
        found.setdefault(e.object, []).append(version)
        if e.verb == "rename" and isinstance(e.object_from, str):
            gone = Version(
                e.event_id, e.object_from, e.host, "delete", e.inode, None, *when, None, *by, e.event_id
            )
            found.setdefault(e.object_from, []).append(gone)
    _add_other_names(evidence, changed, found)
    known = order.of(evidence)
    return {path: known.arranged(rows) for path, rows in found.items() if held is None or path in held}


def _add_other_names(evidence: Evidence, changed: pd.DataFrame, found: dict[str, list[Version]]) -> None:
    """What a path's file got by its other names, in its place among the path's own changes."""
    events = evidence.events
    numbered = changed["inode"].dropna().unique()
    if not len(numbered):
        return
    seen = picked(events, events["verb"].isin({"read", "open", "execute"}) & events["inode"].isin(numbered))
    seen = picked(
        seen, (seen["outcome"] != "failure") & seen["earliest_ns"].notna() & (seen["object_kind"] == "path")
    )
    touched: set[str] = set()
    known = order.of(evidence)
    for s in file_names.shared(changed, seen, lambda e: writers.how(e.verb, e.exe, replaced=False), known):
        owner = None if pd.isna(s.event.object_owner_uid) else int(s.event.object_owner_uid)
        other = Version(
            s.event.event_id, s.path, s.event.host, s.how, s.event.inode, owner, s.earliest_ns, s.latest_ns, s.through, *writers.by(s.event), s.dated_by,
        )  # fmt: skip
        found.setdefault(s.path, []).append(other)
        touched.add(s.path)
    for path in touched:
        found[path].sort(key=lambda v: v.earliest_ns)


def contributors(
    history: list[Version],
    reading: order.Dated,
    known: order.Order,
    near: Callable[[Version], bool] | None = None,
) -> list[Version]:
    """The changes whose content a reader can have seen; `near` says which are of the file that it read.

    Everything since the file was last created or replaced whole. A change that cannot be shown to
    lie before the reading is not among them; one that cannot be shown to lie before what replaced the file is.
    """
    living: list[Version] = []
    for version in history:
        if not known.before(version, reading) or (near is not None and not near(version)):
            continue
        if version.how != "edit":
            living = [v for v in living if not known.before(v, version)]
        if version.how != "delete":
            living.append(version)
    return living
