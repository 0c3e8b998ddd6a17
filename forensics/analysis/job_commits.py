"""Which commit a job ran, as far as the evidence leads: each way to know it is a row, and rows can disagree.

A working tree can be edited after it was checked out, so a commit that HEAD named when a job started says what git put
there, and not what was there. Equal content says that a file was as a commit has it, when it was collected.
"""

import bisect
import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import pandas as pd
import pyarrow as pa

from forensics.analysis import git_acts
from forensics.analysis.acts import Scene
from forensics.analysis.artefacts import Reading
from forensics.analysis.by_verb import of_verbs
from forensics.analysis.evidence import Row, picked, rows_of
from forensics.analysis.histories import Commit, Key
from forensics.analysis.jobs import Job
from forensics.core.schema import Column, Table
from forensics.core.tables import STRINGS

HOW = {
    "head_at_start": "HEAD of the working tree that holds the job's working directory named it when the job started",
    "head_about_start": "HEAD came to name it within the second in which the job started: before or after is open",
    "named_at_submit": "the scheduler's records of the job hold its name: typed by whoever submitted",
    "begun_at_submit": "they hold seven characters or more with which of all known commits its name alone begins: typed, or by chance",
    "same_content": "a file that the job read is, as it was collected, what this commit put there",
}
JOB_COMMIT = Table(
    "job_commit",
    "one way in which the evidence leads from a job to a commit",
    (
        Column("job", pa.string(), "scheduler's job id"),
        Column("oid", pa.string(), "the commit"),
        Column("how", pa.string(), "which way, from the closed list `HOW`"),
        Column("path", pa.string(), "working tree, or file read", None, "no path leads there"),
        Column("known", pa.bool_(), "whether the commit's object is in the evidence"),
        Column("events", STRINGS, "events that lead there"),
    ),
)
_NAME = re.compile(r"(?<![0-9A-Za-z])(?:[0-9a-f]{64}|[0-9a-f]{40})(?![0-9A-Za-z])")
_SHORT = re.compile(r"(?<![0-9A-Za-z])g?(?=[0-9]*[a-f])([0-9a-f]{7,63})(?![0-9A-Za-z])")
"""The beginning of a name, also as `git describe` writes it. One of digits alone is more often another number."""
_LOG = re.compile(r"(?P<folder>/.*)/(?:logs/HEAD|reftable/[^/]+)")
_LINKED = re.compile(r"/.*/worktrees/[^/]+/gitdir")
_UPDATE = re.compile(r"^new=[0-9a-f]+ old=[0-9a-f]+ update=([0-9]{1,18})(?: |$)")
_SECOND_NS = 1_000_000_000
_TOLD = frozenset({"submit", "job_update", "start"})
_KEPT = frozenset({"sacct_script", "slurmdbd_dump"})
"""Where the scheduler keeps what a job was submitted with: its script and its environment."""


class Link(NamedTuple):
    """One row of the table."""

    job: str
    oid: str
    how: str
    path: str | None
    known: bool
    events: tuple[str, ...]


def find(
    scene: Scene, jobs: Iterable[Job], readings: Sequence[Reading], commits: Mapping[Key, Commit]
) -> list[Link]:
    """Every way from a job to a commit, in a total order."""
    known = {oid for _, oid in commits}
    heads = _heads(scene)
    blobs = _blobs(scene, readings, commits)
    found: set[Link] = set()
    wanted = set()
    for job in jobs:
        wanted.add(job.job)
        found.update(_from_heads(job, heads, known))
    found.update(_from_records(scene, wanted, known))
    collected = _collected(scene, readings) if blobs else {}
    for reading in readings:
        found.update(_from_content(reading, collected.get(reading.path, ()), blobs))
    return sorted(found, key=lambda link: (link.job, link.how, link.oid, link.path or "", link.events))


def _heads(scene: Scene) -> dict[tuple[str, str], list[Row]]:
    """The moves of HEAD of each working tree, by host and folder, in order of time; none of one whose log was not collected."""
    files = scene.evidence.files
    placed = files[files["host"].notna() & files["origin"].notna()]
    found: dict[tuple[str, str], list[Row]] = {}
    trees: dict[tuple[str, str], set[str]] = {}
    for host, folder, tree in _trees(scene, placed):
        trees.setdefault((host, folder), set()).add(tree)
        found.setdefault((host, tree), [])
    moves = of_verbs(scene.evidence, "ref_update", but=lambda e: e["earliest_ns"].notna())
    # A file of logs of its own is that of one ref; a reftable has those of all.
    moves = picked(
        moves,
        (moves["format"] != "git_reftable") | moves["object"].str.fullmatch(r"(?:worktrees/[^/]+/)?HEAD"),
    )
    for (sha256, at), own in moves.groupby(["sha256", "host"], sort=True):
        for f in rows_of(placed[(placed["sha256"] == sha256) & (placed["host"] == at)]):
            log = _LOG.fullmatch(f.origin)
            for tree in trees.get((f.host, log["folder"]), ()) if log else ():
                found[f.host, tree].extend(rows_of(own))
    return {place: sorted(rows, key=_order) for place, rows in found.items()}


def _trees(scene: Scene, placed: pd.DataFrame) -> Iterable[tuple[str, str, str]]:
    """The host, the folder that git keeps of each working tree, and the tree itself, by every file that says so.

    A tree has its folder inside it (`.git`), or a file `.git` that names it: so has a linked tree, a submodule, and one whose
    folder was put elsewhere. The folder of a linked tree names the tree in turn (`gitdir`). A folder is in the evidence where
    its HEAD is, or a log of its own.
    """
    own = placed["origin"].str.fullmatch(r"/(?:.*/)?\.git/(?:HEAD|logs/HEAD|reftable/[^/]+)")
    for f in rows_of(placed[own]):
        folder = f.origin[: f.origin.rindex("/.git/") + len("/.git")]
        yield f.host, folder, folder.removesuffix("/.git") or "/"
    events = scene.events
    for e in rows_of(picked(events, (events["format"] == "git_layout") & events["object"].notna())):
        for f in rows_of(placed[(placed["sha256"] == e.sha256) & (placed["host"] == e.host)]):
            beside = posixpath.dirname(f.origin)
            there = posixpath.normpath(posixpath.join(beside, e.object))
            if posixpath.basename(f.origin) == ".git":
                yield f.host, there, beside
            elif _LINKED.fullmatch(f.origin) and there.endswith("/.git"):
                yield f.host, beside, there.removesuffix("/.git")


def _order(move: Row) -> tuple[str, int, int]:
    """In order of the file, or of the number of the update: a log's own order holds where its clock went back."""
    numbered = _UPDATE.match(str(move.text)) if move.format == "git_reftable" else None
    return ("", int(numbered[1]), 0) if numbered else (move.sha256, move.start, 0)


def _from_heads(job: Job, heads: Mapping[tuple[str, str], list[Row]], known: set[str]) -> Iterable[Link]:
    """What HEAD named when the job started, in each copy of the tree that its working directory can lie in."""
    if job.workdir is None or job.start_ns is None:
        return
    inside = [place for place in heads if f"{posixpath.normpath(job.workdir)}/".startswith(f"{place[1]}/")]
    # A tree inside another, such as a submodule, is its own.
    deepest = max((len(tree) for _, tree in inside), default=0)
    for place in sorted(p for p in inside if len(p[1]) == deepest):
        before = [e for e in heads[place] if e.latest_ns <= job.start_ns]
        about = [
            e
            for e in heads[place]
            if e.earliest_ns <= job.start_ns + _SECOND_NS and e.latest_ns > job.start_ns
        ]
        for how, moves in (("head_at_start", before[-1:]), ("head_about_start", about)):
            for e in moves:
                oid = git_acts.new_oid(str(e.text or "")) or ""
                yield Link(job.job, oid, how, place[1], oid in known, (e.event_id,))


def _from_records(scene: Scene, wanted: set[str], known: set[str]) -> Iterable[Link]:
    """Names of known commits in what the scheduler recorded of jobs: a command, a comment, a script, an environment."""
    if not known:
        return
    ordered, events = sorted(known), scene.events
    told = picked(
        events,
        (events["verb"].isin(_TOLD) | events["format"].isin(_KEPT)) & events["job"].isin(wanted),
    )
    for e in rows_of(told):
        words = " ".join([str(e.text or ""), *(e.argv if isinstance(e.argv, list) else ())])
        for how, oid in _named(words, ordered):
            yield Link(e.job, oid, how, None, True, (e.event_id,))
    records = scene.evidence.job_records
    for r in rows_of(picked(records, records["step"].isna() & records["job"].isin(wanted))):
        named = _named(f"{r.submit_line or ''} {r.name or ''} {r.comment or ''}", ordered)
        same = events[(events["sha256"] == r.sha256) & (events["start"] == r.start)] if named else events[:0]
        for how, oid in named:
            yield Link(r.job, oid, how, None, True, tuple(same["event_id"])[:1])


def _named(words: str, known: Sequence[str]) -> list[tuple[str, str]]:
    """The known commits that words name, whole or by a beginning that no other shares, and which of the two."""
    found = (
        {("named_at_submit", oid) for oid in set(_NAME.findall(words)) & set(known)}
        if _NAME.search(words)
        else set()
    )
    for short in set(_SHORT.findall(words)):
        at = bisect.bisect_left(known, short)
        near = [oid for oid in known[at : at + 2] if oid.startswith(short)]
        if len(near) == 1 and near[0] != short:
            found.add(("begun_at_submit", near[0]))
    return sorted(found)


def _blobs(
    scene: Scene, readings: Iterable[Reading], commits: Mapping[Key, Commit]
) -> dict[tuple[str, str], list[Commit]]:
    """The commits that put in place the content of a file that was collected where a job read it, by SHA-256 and base name."""
    collected = {sha256 for own in _collected(scene, readings).values() for sha256 in own}
    contents = scene.evidence.blobs.of_content(sorted(collected))
    found: dict[tuple[str, str], list[Commit]] = {}
    for commit in commits.values() if contents else ():
        for change in commit.changes or ():
            content = contents.get(change["new_oid"] or "")
            if content is not None:
                found.setdefault((content, posixpath.basename(change["path"])), []).append(commit)
    return found


def _collected(scene: Scene, readings: Iterable[Reading]) -> dict[str, list[str]]:
    """The files, by SHA-256, that were collected from where jobs read one, by path."""
    files = scene.evidence.files
    there = files[files["origin"].isin({r.path for r in readings}) & (files["kind"] == "file")]
    found: dict[str, list[str]] = {}
    for origin, sha256 in zip(there["origin"], there["sha256"], strict=True):
        found.setdefault(origin, []).append(sha256)
    return found


def _from_content(
    reading: Reading, collected: Iterable[str], blobs: Mapping[tuple[str, str], list[Commit]]
) -> Iterable[Link]:
    """Commits that put a file's content in place, of a file that a job read and that was collected where it lay."""
    for sha256 in collected:
        for commit in blobs.get((sha256, posixpath.basename(reading.path)), ()):
            events = (*commit.events[:1], *reading.events)
            yield Link(reading.job, commit.oid, "same_content", reading.path, True, events)


def table(found: Iterable[Link]) -> pa.Table:
    """The links as the declared table."""
    rows = [[*link[:5], list(link.events)] for link in found]
    return JOB_COMMIT.build({name: [row[i] for row in rows] for i, name in enumerate(JOB_COMMIT.names)})
