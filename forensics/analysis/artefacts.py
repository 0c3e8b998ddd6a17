"""Versions of files: who wrote the bytes that a job later read.

A job runs under its owner's name whoever wrote what it loads. So the question is never whose
process did the damage, but which version of which file it had read, and who wrote that version.
"""

import posixpath
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np
import pandas as pd
import pyarrow as pa

from forensics.analysis import blobs, file_names, job_processes, mentions, order, wording, writers
from forensics.analysis.by_verb import of_verbs, runs_by_name
from forensics.analysis.evidence import Evidence, Row, one_session, picked, rows_of
from forensics.analysis.jobs import Job
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

_SECOND = 1_000_000_000
_OPENINGS = {"read", "open", "execute", "write"}
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


def readings(job: Job, evidence: Evidence, history: dict[str, list[Version]]) -> list[Reading]:
    """Which of the changed paths a job read, and how that is known.

    Observed: its own process opened or executed the path. Derived: the path was an argument of its
    process; or was the script that was submitted; or is named in the text of a script it ran; or a
    copy of the file holds a command that the job's process went on to execute.
    """
    if not history:
        return []
    own = job_processes.own_events(job, evidence)
    executed = list(rows_of(picked(own, (own["verb"] == "execute") & (own["outcome"] != "failure"))))
    submitted = submissions(job, evidence)
    sent = list(rows_of(submitted)) if one_session(submitted) else []
    found = [
        *_opened(job, own, history),
        *_arguments(job, executed, history),
        *_submitted(job, sent, history),
    ]
    scripts = {r.path for r in found} | _scripts([*executed, *sent])
    # What a script names or imports is read once the job runs, which can be long after it was submitted.
    started = _start(job, own)
    if started is not None:
        found += _named(job, evidence, history, scripts, started)
    found += _payloads(job, evidence, own, history)
    return [_strongest(rows) for _, rows in groupby(sorted(found, key=_by_strength), key=lambda r: r.path)]


STRENGTH = (
    "opened_by_job", "payload_executed", "argument_of_job_process", "submitted_script", "imported_by_script",
    "package_imported_by_script", "named_in_script",
)  # fmt: skip
"""The ways in which a reading is known, the strongest first."""


def _by_strength(reading: Reading) -> tuple[str, int, int, tuple[str, ...]]:
    return reading.path, STRENGTH.index(reading.why), reading.earliest_ns, reading.events


def _strongest(rows: Iterable[Reading]) -> Reading:
    """The reading of one path by its strongest way, with the events of the others behind its own."""
    first, *rest = rows
    events = dict.fromkeys([*first.events, *(e for r in rest for e in r.events)])
    hosts = {*first.hosts, *(h for r in rest for h in r.hosts)}
    return replace(first, events=tuple(events), hosts=tuple(sorted(hosts)))


def _scripts(runs: Iterable[Row]) -> set[str]:
    """The scripts that a job ran, whether or not anybody changed them: what they name can have been changed."""
    paths = [
        wording.resolved(token, e.cwd)
        for e in runs
        for token in (e.argv or ())[1:]
        if token.endswith(SCRIPTS)
    ]
    return {path for path in paths if path is not None}


def _host(e: Row) -> tuple[str, ...]:
    return (e.host,) if isinstance(e.host, str) else ()


def _start(job: Job, own: pd.DataFrame) -> int | None:
    times = own["earliest_ns"].dropna()
    return int(times.min()) if len(times) else job.start_ns


def _opened(job: Job, own: pd.DataFrame, history: dict[str, list[Version]]) -> Iterable[Reading]:
    touched = picked(own, own["verb"].isin(_OPENINGS) & own["object"].isin(history.keys()))
    for e in rows_of(picked(touched, touched["outcome"] != "failure")):
        at, cited = int(e.earliest_ns), (e.event_id,)
        yield Reading(job.job, e.object, job.own_link, "opened_by_job", at, cited, _host(e), e.event_id)


def _arguments(job: Job, executed: Iterable[Row], history: dict[str, list[Version]]) -> Iterable[Reading]:
    for e in executed:
        for token in (e.argv or ())[1:]:
            path = wording.resolved(token, e.cwd)
            if path in history and writers.program(e.exe) not in {"rm", "unlink", "mkdir"}:
                at, cited = int(e.earliest_ns), (e.event_id,)
                yield Reading(
                    job.job, str(path), "derived", "argument_of_job_process", at, cited, _host(e), e.event_id
                )


def submissions(job: Job, evidence: Evidence) -> pd.DataFrame:
    """The commands that can have submitted a job: run by its owner's uid, in the seconds before.

    Where no record of the submission is left, in the minute before the job's own start.
    """
    events = evidence.events
    at, before_ns = (
        (job.submit_ns, 3 * _SECOND) if job.submit_ns is not None else (job.start_ns, 60 * _SECOND)
    )
    if at is None:
        return events.iloc[:0]
    if "submitters" not in evidence.memo:
        ran = runs_by_name(evidence, lambda name: name in SUBMITTERS)
        evidence.memo["submitters"] = (
            ran,
            ran["earliest_ns"].to_numpy(np.int64),
            ran["uid"].tolist(),
            ran.iloc[:0],
        )
    ran, when, uids, none = evidence.memo["submitters"]
    first, stop = np.searchsorted(when, [at - before_ns, at + 2 * _SECOND])
    if first == stop:
        # As of nearly every job of a month: the same frame for all of them.
        nothing: pd.DataFrame = none
        return nothing
    found: pd.DataFrame = ran.iloc[
        [n for n in range(first, stop) if pd.isna(uids[n]) or uids[n] == job.owner_uid]
    ]
    return found


def _submitted(job: Job, sent: Iterable[Row], history: dict[str, list[Version]]) -> Iterable[Reading]:
    for e in sent:
        for token in (e.argv or ())[1:]:
            path = wording.resolved(token, e.cwd)
            if path in history:
                at, cited = int(e.earliest_ns), (e.event_id,)
                yield Reading(
                    job.job, str(path), "derived", "submitted_script", at, cited, _host(e), e.event_id
                )


def texts(evidence: Evidence, script: str) -> list[tuple[str, tuple[str, ...]]]:
    """What is known of a script's text: lines that a shell history wrote into it, and git blobs of its name."""
    name = posixpath.basename(script)
    if ("texts", name) not in evidence.memo:
        evidence.memo["texts", name] = list(_texts(evidence, name))
    found: list[tuple[str, tuple[str, ...]]] = evidence.memo["texts", name]
    return found


def _texts(evidence: Evidence, name: str) -> Iterable[tuple[str, tuple[str, ...]]]:
    commands = of_verbs(evidence, "command", but=lambda e: e["text"].notna())
    wrote = re.compile(r">\s*[^\s;&|<>]*" + re.escape(name))
    for e in rows_of(commands):
        if wrote.search(e.text):
            # printf and echo -e write a newline for these two characters.
            yield e.text.replace("\\n", "\n"), (e.event_id,)
    called = blobs.named(evidence, name)
    copied = blobs.copied(evidence, {oid for oid, _ in called})
    for oid, cited in called:
        if oid in copied:
            yield "\n".join(copied[oid]), cited


def _named(
    job: Job, evidence: Evidence, history: dict[str, list[Version]], scripts: set[str], started: int
) -> Iterable[Reading]:
    """Changed paths that the text of a script names: as a file, or as a module that it imports."""
    hosts = tuple(sorted({host for host, _ in job.processes if host is not None}))
    for script in sorted(scripts):
        for path, why, cited in _said(evidence, history, script):
            if path not in scripts:
                yield Reading(job.job, path, "derived", why, started, cited, hosts)


def _said(
    evidence: Evidence, history: dict[str, list[Version]], script: str
) -> list[tuple[str, str, tuple[str, ...]]]:
    """Each changed path that a script's texts lead to, how, and what tells the text; looked up once, as many jobs run one script."""
    held = evidence.memo.get("mentions")
    if held is None or held[0] is not history:
        paths = mentions.Paths(path for path in history if "/.git/" not in path)
        held = evidence.memo["mentions"] = history, paths, {}
    found: dict[str, list[tuple[str, str, tuple[str, ...]]]] = held[2]
    if script not in found:
        told = ((held[1].said(script, text), cited) for text, cited in texts(evidence, script))
        found[script] = [(path, why, cited) for said, cited in told for path, why in said]
    return found[script]


def _payloads(
    job: Job, evidence: Evidence, own: pd.DataFrame, history: dict[str, list[Version]]
) -> Iterable[Reading]:
    """A copy of a changed file holds a command, and a process of the job executed that command."""
    held = picked(evidence.copies, evidence.copies["kind"].isin({"pickle", "torch"}))
    if not len(held):
        return
    executed = picked(own, own["verb"] == "execute")
    events = evidence.events
    for copy in rows_of(held):
        strings = {s for s in copy.strings or () if len(s) >= 8}
        ran = [e for e in rows_of(executed) if strings & set(e.argv or ())]
        if not ran:
            continue
        told = tuple(events.loc[events["sha256"] == copy.sha256, "event_id"][:1])
        for path in history:
            if posixpath.basename(path) == posixpath.basename(copy.path):
                yield Reading(
                    job.job,
                    path,
                    "derived",
                    "payload_executed",
                    int(ran[0].earliest_ns),
                    (*told, ran[0].event_id),
                    _host(ran[0]),
                    ran[0].event_id,
                )
