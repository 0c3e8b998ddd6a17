"""Files that git wrote: whoever pulls or checks out runs git, and others made what it writes.

The process that wrote such a file is the puller's. The bytes are those of commits that the working
tree did not have before, and those were made, and pushed, by somebody. So a job that read the file
leads to these commits and pushes, and not to the pull. Where the log of that tree's `HEAD` was not collected, nothing says
which commits they were, and so nothing says that nobody's change was among them.

A tree that was cloned holds what everybody ever pushed. That is no link to any of it: only what was pushed in the time asked about
is led to from a clone, and of the rest it stays open whether the job met it before.
"""

import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence

from forensics.analysis import arrivals, git_acts, heads, mounts, order
from forensics.analysis.acts import Act, Scene
from forensics.analysis.artefacts import Reading, Version, contributors
from forensics.analysis.by_verb import of_verbs
from forensics.analysis.evidence import Row, picked, rows_of

_NEAR_NS = 2_000_000_000
_COMMITTED = re.compile(r" old=[0-9a-f]+ (?:update=[0-9]+ )?commit\b")
_OWN_WORK = frozenset({"commit", "stash", "apply", "rm", "mv", "init"})
"""What git is asked to do where a file it writes does not come from another's commit."""


def fetched(
    scene: Scene, git: Sequence[Act], history: Mapping[str, list[Version]], readings: Iterable[Reading]
) -> Iterable[Act]:
    """Each commit, push and move of a ref whose bytes git put where a job read them, said of that job.

    Args:
        scene: people, sessions and events.
        git: the acts commit, push and move_ref.
        history: the versions of every path.
        readings: what jobs read.
    """
    made = {a.object: a for a in git if a.act == "commit"}
    pushed = [a for a in git if a.act in arrivals.BRING]
    for reading, version, came in _written(scene, history, readings):
        called = git_acts.ends([reading.path])
        wanted = {oid for oid in _brought(scene, came) if git_acts.changes_of(scene, oid) & called}
        if _is_clone(came):
            wanted &= _lately(scene, pushed)
        if not wanted:
            continue
        why = [version.event_id, *(move.event_id for move in came), *reading.events]
        for oid in sorted(wanted & made.keys()):
            yield made[oid].linked(reading.job, "derived", "checked_out_for_job", why)
        for push in pushed:
            if wanted & arrivals.brought(scene, push) and not _later(scene, push, version):
                yield push.linked(reading.job, "derived", "checked_out_for_job", why)


UNLOGGED = "git_wrote_file_that_job_read_and_no_log_of_head"
UNTOLD = "git_wrote_file_that_job_read_from_commits_not_collected"
CLONED = "git_wrote_file_that_job_read_from_all_that_was_ever_pushed"


def left_open(
    scene: Scene, history: Mapping[str, list[Version]], readings: Iterable[Reading]
) -> Mapping[str, str]:
    """The jobs that read a file of which it cannot be told what git wrote it from, each with why."""
    found: dict[str, str] = {}
    for reading, version, came in _written(scene, history, readings):
        brought = _brought(scene, came)
        if not came and (not _logged(scene, version) or _near(scene, version)):
            found[reading.job] = UNLOGGED
        elif not brought <= scene.git_objects.keys():
            found.setdefault(reading.job, UNTOLD)
        elif _is_clone(came) and any(
            git_acts.changes_of(scene, oid) & git_acts.ends([reading.path]) for oid in brought
        ):
            found.setdefault(reading.job, CLONED)
    return found


def _brought(scene: Scene, came: Iterable[Row]) -> set[str]:
    """The commits that moves of HEAD brought to a tree."""
    return {oid for move in came for oid in arrivals.between(scene, move.object_from, _new(move))}


def _is_clone(came: Sequence[Row]) -> bool:
    """Whether there was nothing in a tree before: HEAD named no commit."""
    return bool(came) and not any(str(move.object_from or "").strip("0") for move in came)


def _in_window(scene: Scene, push: Act) -> bool:
    """Whether a push can have been in the time that is asked about; where none is said, none is known to have been."""
    window = scene.evidence.question.window
    return window is not None and push.latest_ns is not None and push.latest_ns >= window[0]


def _lately(scene: Scene, pushed: Iterable[Act]) -> set[str]:
    """The commits that pushes of the time asked about brought."""
    return {oid for push in pushed if _in_window(scene, push) for oid in arrivals.brought(scene, push)}


_Written = tuple[Reading, Version, list[Row]]


def _written(
    scene: Scene, history: Mapping[str, list[Version]], readings: Iterable[Reading]
) -> Sequence[_Written]:
    """What jobs read of files that git wrote, and where `HEAD` of their trees moved as it did."""
    if "written_by_git" not in scene.memo:
        scene.memo["written_by_git"] = [
            (reading, version, moves(scene, version))
            for reading in readings
            for version in contributors(
                history[reading.path], reading, order.of(scene.evidence), mounts.near(scene.evidence, reading)
            )
            if _is_from_elsewhere(scene, version)
        ]
    found: Sequence[_Written] = scene.memo["written_by_git"]
    return found


def _logged(scene: Scene, version: Version) -> bool:
    """Whether git can have written a file from no commit that the tree did not have: a log of `HEAD` begins before, and no other was named."""
    if not _of_commit_of_head(scene, version):
        return False
    return any(
        int(move.earliest_ns) <= version.latest_ns and _of_tree(scene, move, version.path)
        for move in _of_head(scene)
    )


def _names_commit(argv: object, path: str) -> bool:
    """Whether a checkout of single files, which moves no `HEAD`, can be told to take them from another commit than that."""
    words = [str(word) for word in argv] if isinstance(argv, list) else []
    asked = git_acts.subcommand(words)
    if asked not in {"checkout", "restore"}:
        return False
    after = words[words.index(asked) + 1 :] if asked in words else words[1:]
    if asked == "restore":
        return any(word.startswith(("-s", "--source")) for word in after)
    before = after[: after.index("--")] if "--" in after else after
    plain = [word for word in before if not word.startswith("-")]
    called = git_acts.ends([path])
    return any(posixpath.normpath(word) not in {*called, ".", path} for word in plain)


def _later(scene: Scene, push: Act, version: Version) -> bool:
    """Whether a push is shown to have come after git wrote the file: what it brought was there already."""
    known = order.of(scene.evidence)
    made = known.made(push)
    return made is not None and known.before(version, made)


def moves(scene: Scene, version: Version) -> list[Row]:
    """The moves of a working tree's HEAD that git recorded as it wrote a file; none where it was another program, or by words that move none."""
    if not _is_from_elsewhere(scene, version) or not _of_commit_of_head(scene, version):
        return []
    host = next(rows_of(scene.events.loc[[version.event_id]])).host
    return heads.borne_out(scene, _near(scene, version), version.path, host)


def _near(scene: Scene, version: Version) -> list[Row]:
    """The lines of logs of HEAD that are dated when a file was written, but for those of commits that were made there."""
    near = (
        move
        for move in _of_head(scene)
        if move.earliest_ns <= version.latest_ns + _NEAR_NS
        and move.latest_ns >= version.earliest_ns - _NEAR_NS
        and _of_tree(scene, move, version.path)
    )
    return [move for move in near if not _COMMITTED.search(str(move.text or ""))]


def _of_commit_of_head(scene: Scene, version: Version) -> bool:
    """Whether the host's own git wrote a file, and was not told to take it from another commit than HEAD."""
    event = scene.row(version.event_id)
    ran = git_acts.program_of(scene, event)
    return heads.of_git(event) and (ran is None or not _names_commit(ran.argv, version.path))


def _is_from_elsewhere(scene: Scene, version: Version) -> bool:
    """Whether git wrote a file, and was not asked to make something of what is in the tree."""
    (exe,) = scene.values([version.event_id], "exe")
    if posixpath.basename(str(exe or "")) != "git":
        return False
    ran = git_acts.program_of(scene, scene.row(version.event_id))
    return ran is None or git_acts.subcommand(ran.argv) not in _OWN_WORK


def _of_head(scene: Scene) -> list[Row]:
    """Every move of a HEAD that has a time."""
    if "heads" not in scene.memo:
        told = of_verbs(scene.evidence, "ref_update", but=lambda e: e["object"] == "HEAD")
        scene.memo["heads"] = list(rows_of(picked(told, told["earliest_ns"].notna())))
    found: list[Row] = scene.memo["heads"]
    return found


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
