"""Which of the changed files a job read, and how that is known.

What a job's own processes opened, ran and were given is by the audit trail; what a script names or imports by its text, where a history,
a blob of git or a copy holds one.
"""

import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import NamedTuple

import numpy as np
import pandas as pd

from forensics.analysis import blobs, job_processes, mentions, wording, writers
from forensics.analysis.artefacts import SCRIPTS, SUBMITTERS, Reading, Version
from forensics.analysis.by_verb import of_verbs, runs_by_name
from forensics.analysis.evidence import Evidence, Row, Rows, one_session, picked, rows_of
from forensics.analysis.jobs import Job
from forensics.core.clock import NS_PER_S

_OPENINGS = frozenset({"read", "open", "execute", "write"})
_History = Mapping[str, Sequence[Version]]


class _Told(NamedTuple):
    """What is looked at of each event of processes without a login: whether it did not fail is `done`."""

    rows: Rows
    verb: list[str]
    object: list[str | None]
    done: list[bool]
    first: Sequence[int]


def readings(job: Job, evidence: Evidence, history: _History) -> list[Reading]:
    """Which of the changed paths a job read, and how that is known.

    Observed: its own process opened or executed the path. Derived: the path was an argument of its
    process; or was the script that was submitted; or is named in the text of a script it ran; or a
    copy of the file holds a command that the job's process went on to execute.
    """
    if not history:
        return []
    told, mine = _told(evidence), job_processes.own_places(job, evidence)
    tried = [n for n in mine if told.verb[n] == "execute"]
    executed = [told.rows.at(n) for n in tried if told.done[n]]
    submitted = submissions(job, evidence)
    sent = list(rows_of(submitted)) if one_session(submitted) else []
    found = [
        *_opened(job, told, mine, history),
        *_arguments(job, executed, history),
        *_submitted(job, sent, history),
    ]
    scripts = {r.path for r in found} | _scripts([*executed, *sent])
    # What a script names or imports is read once the job runs, which can be long after it was submitted.
    started = min((told.first[n] for n in mine), default=job.start_ns)
    if started is not None:
        found += _named(job, evidence, history, scripts, started)
    found += _payloads(job, evidence, told, tried, history)
    return [_strongest(rows) for _, rows in groupby(sorted(found, key=_by_strength), key=lambda r: r.path)]


def _told(evidence: Evidence) -> _Told:
    """The events of processes without a login, as many jobs ask of them: looked at once."""
    rows = job_processes.loose_rows(evidence)
    if "loose told" not in evidence.memo:
        done = [outcome != "failure" for outcome in rows["outcome"]]
        first = rows["earliest_ns"].to_numpy(np.int64).tolist()
        evidence.memo["loose told"] = _Told(
            Rows(rows), rows["verb"].tolist(), rows["object"].tolist(), done, first
        )
    found: _Told = evidence.memo["loose told"]
    return found


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


def _opened(job: Job, told: _Told, mine: Iterable[int], history: _History) -> Iterable[Reading]:
    """The changed files that the job's own processes, at these places, opened or ran."""
    for n in mine:
        if told.verb[n] in _OPENINGS and told.done[n] and told.object[n] in history:
            e = told.rows.at(n)
            at, cited = int(e.earliest_ns), (e.event_id,)
            yield Reading(job.job, e.object, job.own_link, "opened_by_job", at, cited, _host(e), e.event_id)


def _arguments(job: Job, executed: Iterable[Row], history: _History) -> Iterable[Reading]:
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
        (job.submit_ns, 3 * NS_PER_S) if job.submit_ns is not None else (job.start_ns, 60 * NS_PER_S)
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
    first, stop = np.searchsorted(when, [at - before_ns, at + 2 * NS_PER_S])
    if first == stop:
        # As of nearly every job of a month: the same frame for all of them.
        nothing: pd.DataFrame = none
        return nothing
    found: pd.DataFrame = ran.iloc[
        [n for n in range(first, stop) if pd.isna(uids[n]) or uids[n] == job.owner_uid]
    ]
    return found


def _submitted(job: Job, sent: Iterable[Row], history: _History) -> Iterable[Reading]:
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
    job: Job, evidence: Evidence, history: _History, scripts: set[str], started: int
) -> Iterable[Reading]:
    """Changed paths that the text of a script names: as a file, or as a module that it imports."""
    hosts = tuple(sorted({host for host, _ in job.processes if host is not None}))
    for script in sorted(scripts):
        for path, why, cited in _said(evidence, history, script):
            if path not in scripts:
                yield Reading(job.job, path, "derived", why, started, cited, hosts)


def _said(evidence: Evidence, history: _History, script: str) -> list[tuple[str, str, tuple[str, ...]]]:
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
    job: Job, evidence: Evidence, told: _Told, tried: Sequence[int], history: _History
) -> Iterable[Reading]:
    """A copy of a changed file holds a command, and a process of the job executed that command, or tried to."""
    held = _pickled(evidence)
    if not held or not tried:
        return
    events, executed = evidence.events, [told.rows.at(n) for n in tried]
    for copy in held:
        strings = {s for s in copy.strings or () if len(s) >= 8}
        ran = next((e for e in executed if strings & set(e.argv or ())), None)
        if ran is None:
            continue
        source = tuple(events.loc[events["sha256"] == copy.sha256, "event_id"][:1])
        cited, at = (*source, ran.event_id), int(ran.earliest_ns)
        for path in history:
            if posixpath.basename(path) == posixpath.basename(copy.path):
                yield Reading(
                    job.job, path, "derived", "payload_executed", at, cited, _host(ran), ran.event_id
                )


def _pickled(evidence: Evidence) -> list[Row]:
    """The copies of files that can hold commands."""
    if "pickled" not in evidence.memo:
        copies = picked(evidence.copies, evidence.copies["kind"].isin({"pickle", "torch"}))
        evidence.memo["pickled"] = list(rows_of(copies))
    found: list[Row] = evidence.memo["pickled"]
    return found
