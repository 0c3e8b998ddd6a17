"""Files that git wrote: whoever pulls or checks out runs git, and others made what it writes.

The process that wrote such a file is the puller's. The bytes are those of commits that the working
tree did not have before, and those were made, and pushed, by somebody. So a job that read the file
leads to these commits and pushes, and not to the pull.
"""

import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence

from forensics.analysis import arrivals, git_acts, mounts, order
from forensics.analysis.acts import Act, Scene
from forensics.analysis.artefacts import Reading, Version, contributors
from forensics.analysis.evidence import Row, picked, rows_of

_NEAR_NS = 2_000_000_000
_COMMITTED = re.compile(r" old=[0-9a-f]+ (?:update=[0-9]+ )?commit\b")
_OWN_WORK = frozenset({"commit", "stash", "apply", "rm", "mv", "init"})
"""What git is asked to do where a file it writes does not come from another's commit."""


def fetched(
    scene: Scene, git: Sequence[Act], history: Mapping[str, list[Version]], readings: Iterable[Reading]
) -> Iterable[Act]:
    """Each commit and push whose bytes git put where a job read them, said of that job.

    Args:
        scene: people, sessions and events.
        git: the acts commit and push.
        history: the versions of every path.
        readings: what jobs read.
    """
    made = {a.object: a for a in git if a.act == "commit"}
    pushed = [a for a in git if a.act == "push"]
    for reading in readings:
        called = git_acts.ends([reading.path])
        for version in contributors(
            history[reading.path], reading, order.of(scene.evidence), mounts.near(scene.evidence, reading)
        ):
            came = [move for move in moves(scene, version) if _of_tree(scene, move, version.path)]
            brought = {oid for move in came for oid in arrivals.between(scene, move.object_from, _new(move))}
            wanted = {oid for oid in brought if git_acts.changes_of(scene, oid) & called}
            if not wanted:
                continue
            why = [version.event_id, *(move.event_id for move in came), *reading.events]
            for oid in sorted(wanted & made.keys()):
                yield made[oid].linked(reading.job, "derived", "checked_out_for_job", why)
            for push in pushed:
                if wanted & arrivals.brought(scene, push) and not _later(scene, push, version):
                    yield push.linked(reading.job, "derived", "checked_out_for_job", why)


def _later(scene: Scene, push: Act, version: Version) -> bool:
    """Whether a push is shown to have come after git wrote the file: what it brought was there already."""
    known = order.of(scene.evidence)
    made = known.made(push)
    return made is not None and known.before(version, made)


def moves(scene: Scene, version: Version) -> list[Row]:
    """The moves of a working tree's HEAD that git recorded as it wrote a file; none where it was another program."""
    event = next(rows_of(scene.events.loc[[version.event_id]]))
    if posixpath.basename(str(event.exe or "")) != "git":
        return []
    ran = git_acts.program_of(scene, event)
    if ran is not None and git_acts.subcommand(ran.argv) in _OWN_WORK:
        return []
    events = scene.events
    told = picked(events, (events["verb"] == "ref_update") & (events["object"] == "HEAD"))
    near = told[
        (told["earliest_ns"] <= version.latest_ns + _NEAR_NS) & (told["latest_ns"] >= version.earliest_ns - _NEAR_NS)
    ]  # fmt: skip
    return [row for row in rows_of(near) if not _COMMITTED.search(str(row.text or ""))]


def _of_tree(scene: Scene, move: Row, path: str) -> bool:
    """Whether a HEAD that moved can be of the working tree that a file lies in: any, unless its host's folders say where it lies."""
    key = ("trees", move.sha256)
    if key not in scene.memo:
        files = scene.evidence.files
        own = files.loc[(files["sha256"] == move.sha256) & files["host"].notna(), "origin"]
        scene.memo[key] = [str(o).partition("/.git/")[0] for o in own if str(o).endswith("/.git/logs/HEAD")]
    roots: list[str] = scene.memo[key]
    return not roots or any(path.startswith(f"{root}/") for root in roots)


def _new(move: Row) -> str | None:
    return git_acts.new_oid(str(move.text or ""))
