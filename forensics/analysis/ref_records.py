"""What records tell of the refs of a git server's repositories: where these lie, what ran or was written there, and what refs named."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from forensics.analysis import git_acts, pushes, ref_commands
from forensics.analysis.acts import Scene
from forensics.analysis.by_verb import of_verbs, runs_by_name
from forensics.analysis.evidence import Row, picked, rows_of, where
from forensics.analysis.ref_commands import Asked
from forensics.analysis.repositories import short_name

_SERVED = re.compile(r"^\s*system,[^']*git[- ](?:receive|upload)-pack '(?P<path>/[^'\t]+)'")
_CHANGES = frozenset({"rename", "create", "write", "link", "truncate", "delete"})


class Command(NamedTuple):
    """One command, or one change of the file of a ref, that can have moved a ref; `by_file` where the kernel recorded the change."""

    row: Row
    asked: Asked
    by_file: bool = False


def served(scene: Scene) -> dict[str, frozenset[str]]:
    """By short name, the paths of repositories to which pushes come, as the server wrote or ran them."""
    events = scene.events
    # What the server itself ran: in the line of a request, whoever asks can name any path.
    told = picked(
        events, (events["format"] == "gitolite") & events["text"].notna() & events["account"].isna()
    )
    found: dict[str, set[str]] = {}
    for text in told["text"]:
        for match in _SERVED.finditer(str(text)):
            found.setdefault(str(short_name(match["path"])), set()).add(match["path"].rstrip("/"))
    servers = {a for a in pushes.servers(scene)["account"] if isinstance(a, str)}
    for e in filter(_speaks, rows_of(_executions(scene, PROGRAMS))):
        path = str(e.argv[-1]) if isinstance(e.argv, list) and e.argv else ""
        if git_acts.subcommand(e.argv) == "receive-pack" and path.startswith("/") and e.account in servers:
            found.setdefault(str(short_name(path)), set()).add(path.rstrip("/"))
    return {name: frozenset(paths) for name, paths in found.items()}


def places(scene: Scene, e: Row) -> frozenset[str]:
    """Where the repository of a reflog lies on its host, where the evidence has the host's own folders."""
    files = scene.evidence.files
    own = files.loc[(files["sha256"] == e.sha256) & files["host"].notna() & files["origin"].notna(), "origin"]
    end = f"/logs/{e.object}"
    return frozenset(str(o).removesuffix(end) for o in own if str(o).endswith(end))


def _executions(scene: Scene, names: Iterable[str]) -> pd.DataFrame:
    wanted = frozenset(names)
    return runs_by_name(scene.evidence, lambda name: name in wanted)


PROGRAMS = frozenset({"git", "git-shell", "git-receive-pack"}) | ref_commands.WRITERS | ref_commands.SHELLS
"""Programs whose words can ask for a move of a ref."""


def ran(scene: Scene) -> list[Command]:
    """Executions that a trail tells: no history of a shell is heard."""
    rows = (e for e in rows_of(_executions(scene, PROGRAMS)) if _speaks(e))
    return [Command(e, told) for e in rows if (told := ref_commands.asked(e.argv, e.cwd, e.exe))]


def _speaks(e: Row) -> bool:
    """Whether a run can be about a repository without a working tree at all."""
    return any(".git" in str(word) for word in (e.cwd, *(e.argv or ())))


def said(scene: Scene) -> list[Command]:
    """What sudo logged of such commands: it runs them with another's rights."""
    told = of_verbs(
        scene.evidence, "sudo", but=lambda e: (e["outcome"] != "failure") & e["earliest_ns"].notna()
    )
    found = []
    for e in rows_of(where(told, "text", lambda text: isinstance(text, str) and "git" in text)):
        for argv, cwd, program in ref_commands.spoken(e.text, e.cwd if isinstance(e.cwd, str) else None):
            told_ = ref_commands.asked(argv, cwd, program)
            found += [Command(e, told_)] if told_ is not None else []
    return found


def written(scene: Scene) -> list[Command]:
    """Changes of the files of refs that a trail tells; of a lock that git puts in a file's place, the file."""
    events = scene.events
    told = picked(events, events["verb"].isin(_CHANGES) & events["trail"] & events["object"].notna())
    told = picked(told, (told["outcome"] != "failure") & told["earliest_ns"].notna())
    found = []
    for e in rows_of(
        where(told, "object", lambda path: "/refs/" in path or path.endswith(("/packed-refs", "/HEAD")))
    ):
        place = ref_commands.bare(e.object)
        ref = ref_commands.ref_of(e.object, place) if place is not None else None
        if place is not None and ref is not None:
            refs = frozenset() if ref == "packed-refs" else frozenset({ref})
            ran = git_acts.program_of(scene, e)
            told_ = None if ran is None else ref_commands.asked(ran.argv, ran.cwd, ran.exe)
            mirrors = told_ is not None and told_.elsewhere
            found.append(Command(e, Asked(place, refs, None, None, "file", mirrors), by_file=True))
    return found


def held(scene: Scene) -> dict[str, dict[str, set[str]]]:
    """By repository and ref, every object that records say it named at some time."""
    events = scene.events
    told = picked(
        events, (events["object_kind"] == "ref") & events["object"].notna() & events["text"].notna()
    )
    found: dict[str, dict[str, set[str]]] = {}
    for name, ref, text in zip(told["repository"], told["object"], told["text"], strict=True):
        now = re.match(r"[0-9a-f]{40,64}", str(text))
        oid = git_acts.new_oid(str(text)) or (now.group() if now else None)
        if oid is not None and (short := short_name(name)) is not None:
            found.setdefault(short, {}).setdefault(str(ref), set()).add(oid)
    return found


def heads(scene: Scene, name: str) -> frozenset[str]:
    """The branches that HEAD of a repository is on record as standing for."""
    events = scene.events
    told = picked(events, (events["object"] == "HEAD") & events["text"].notna())
    rows = zip(told["repository"], told["text"], strict=True)
    return frozenset(
        str(t).removeprefix("ref: ") for r, t in rows if short_name(r) == name and str(t).startswith("ref: ")
    )


def pushed(scene: Scene) -> Mapping[tuple[object, str], Sequence[Row]]:
    """Pushes by repository and ref."""
    found: dict[tuple[object, str], list[Row]] = {}
    for e in rows_of(of_verbs(scene.evidence, "push", but=lambda e: e["earliest_ns"].notna())):
        found.setdefault((short_name(e.repository), str(e.object)), []).append(e)
    return found
