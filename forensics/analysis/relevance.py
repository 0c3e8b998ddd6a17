"""What the analysis reads of an audit trail's mass, so that the rest need not be held.

Most of a trail tells of programs that were run, and of files that were read and written, which bear on no
question. What opens or closes a session, changes whose rights are used, or asks a scheduler for something
is read wherever it stands. Of the rest, only what is named here: too much of it costs memory and changes
nothing, too little would change what is found.
"""

import posixpath
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import pandas as pd
import pyarrow as pa

from forensics.analysis import (
    anchors,
    artefacts,
    checkpoints,
    containers,
    debuggers,
    deferred,
    file_acts,
    git_settings,
    heads,
    holders,
    hops,
    identity,
    installers,
    job_readings,
    memory,
    mentions,
    mounts,
    planted,
    ref_records,
    scheduler_edits,
    sessions,
    taken_in,
    touches,
    trails,
    unpacked,
    unrecorded,
    wording,
)
from forensics.analysis.evidence import Evidence, rows_of
from forensics.analysis.inquiry import Inquiry
from forensics.analysis.jobs import Job

MASS = trails.MASS
UNPACKERS = unpacked.ARCHIVERS
CHANGES = tuple(sorted(artefacts.CHANGES))
TOUCHES = frozenset(touches.HOW)
"""Verbs of what is done to a file beside its content."""
PROGRAMS = frozenset(
    {
        *hops.CLIENTS,
        *hops.SHELLS_INTO,
        *sessions.KEEPERS,
        *artefacts.SUBMITTERS,
        *unrecorded.CANCELLING,
        *unrecorded.KILLERS,
        *planted.LEAVING,
        *deferred.KEEPERS,
        *holders.RAISERS,
        *containers.CLIENTS,
        *containers.SHIMS,
        *anchors.PROGRAMS,
        *mounts.MOUNTERS,
        *scheduler_edits.EDITORS,
        *UNPACKERS,
        *debuggers.PROGRAMS,
    }
)
"""Programs of which every run is read."""
SCRIPT = "/slurm_script"
RECEIVER = "git-receive-pack"
LOADS_MODULES = "regexp_matches(concat_ws(' ', exe, array_to_string(argv, ' ')), 'modulecmd|/lmod( |$)')"
"""Runs of what a shell's `module` command starts."""
ABOUT_BARE = (
    f"(regexp_extract(exe, '[^/]*$') IN ({', '.join(repr(name) for name in sorted(ref_records.PROGRAMS))})"
    " AND regexp_matches(concat_ws(' ', cwd, array_to_string(argv, ' ')), '[^/ ][.]git'))"
)
"""Runs of what can move a ref, in a repository without a working tree or with its name in their words."""
CLIENTS = hops.CLIENTS | hops.SHELLS_INTO
FORWARDERS = hops.FORWARDERS
TOUCHED = "(starts_with(object, '/var/spool/') OR contains(object, 'authorized_keys') OR starts_with(object, '/etc/ssh/'))"
"""Files of which every touch is read: what waits to be run, and what lets somebody in."""
ASKS_A_DAEMON = (
    f"(verb = 'connect' AND object IN ({', '.join(repr(path) for path in sorted(containers.SOCKETS))}))"
)
"""Connections to the socket of a daemon that runs containers."""
ASKS_AN_AGENT = (
    "(verb = 'connect' AND (starts_with(object, '/tmp/ssh-') OR contains(object, '/.ssh/agent/')))"
)
"""Connections to the socket of an agent that holds keys."""
REACHES_INTO = "(verb = 'trace' AND session IS NOT NULL)"
"""Attachments of one process to another, from sessions."""
WRITES_A_KEY = "(contains(text, 'authorized_keys') AND contains(text, 'AAAA'))"
RUNS = (WRITES_A_KEY, ABOUT_BARE, heads.BY_HAND, git_settings.SETS, LOADS_MODULES)
"""Runs of which every one is read, by what their words hold."""
_REMEMBERED = 1 << 16
SUFFIXES = "(?:" + "|".join(suffix.replace(".", "[.]") for suffix in artefacts.SCRIPTS) + ")(?: |$)"
"""A pattern that words have which name a script."""


def commands() -> list[tuple[str, str]]:
    """Programs of which only some runs are read, each with a pattern that fits at least those.

    It has no edges of words and no classes of letters: another engine than Python's can take them otherwise.
    """
    return sorted(
        {
            (row.program, row.argument.replace(r"\b", "").replace(r"\w", r"[^ ]"))
            for row in file_acts.COMMANDS
            if row.program not in PROGRAMS
        }
        | {(name, SUFFIXES) for name in taken_in.COPIERS}
    )


@dataclass(slots=True)
class Own:
    """What the processes of the jobs asked about touched: by path, and what they were given as arguments."""

    opened: set[str] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)
    wrote: set[str] = field(default_factory=set)
    named: set[str] = field(default_factory=set)


def arguments(runs: Iterable[tuple[Sequence[str] | None, str | None]]) -> set[str]:
    """Every path that a program can have been given: its arguments, from its working directory."""
    paths = (wording.resolved(token, cwd) for argv, cwd in runs for token in (argv or ())[1:])
    return {path for path in paths if path is not None}


def submitted(evidence: Evidence, jobs: Iterable[Job]) -> set[str]:
    """Every path that a command which can have submitted one of some jobs was given."""
    return arguments(
        (e.argv, e.cwd) for job in jobs for e in rows_of(job_readings.submissions(job, evidence))
    )


class Paths:
    """Which paths bear on the jobs asked about, whatever was done to them: asked of each change."""

    def __init__(self, evidence: Evidence, asked: Inquiry, own: Own) -> None:
        copies = evidence.copies[evidence.copies["kind"].isin({"pickle", "torch"})]
        self._copied = {posixpath.basename(path) for path in copies["path"]}
        self._evidence = evidence
        self._direct = own.opened | own.named | own.removed
        self._direct |= {path for path in own.wrote if checkpoints.Named(checkpoints.PATTERNS).has(path)}
        self._scripts = {path for path in own.named if path.endswith(artefacts.SCRIPTS)}
        self._texts = mentions.Texts(())
        self._folders = file_acts.by_folder(asked.projects())
        numbers = identity.directory(evidence)
        self._uids = {
            whose: {*numbers.uids_of(whose.owner), whose.owner_uid, *file_acts.SQUASHED}
            for held in self._folders.values()
            for whose in held
        }
        self.bears = lru_cache(maxsize=_REMEMBERED)(self._bears)

    def direct(self, path: str) -> bool:
        """Whether a job's process opened a path, or was given it."""
        return path in self._direct

    def read(self, changed: Iterable[str]) -> None:
        """Take the texts of the scripts that jobs ran: changed paths that they opened or were given, and scripts by name."""
        scripts = sorted({*self._scripts, *changed})
        self._texts = mentions.Texts(
            (script, text) for script in scripts for text, _ in job_readings.texts(self._evidence, script)
        )

    def _bears(self, path: str) -> bool:
        return (
            path in self._direct
            or file_acts.telling(path)
            or heads.of_log(path)
            or posixpath.basename(path) in self._copied
            or self._texts.lead(path)
        )

    def harmed(
        self, path: str, *, exe: str | None, verb: str, owner_uid: int | None, account: str | None
    ) -> bool:
        """Whether one change of a path can be one of the owner's files, or of an installed package, by somebody else."""
        if file_acts.of_package(path) and not installers.installer(exe):
            return True
        return any(
            (owner_uid in self._uids[whose] or verb in {"delete", "rename"})
            and (account is None or account != whose.owner)
            for whose, _ in file_acts.around(path, self._folders)
        )


_COMMANDS = PROGRAMS | {row.program for row in file_acts.COMMANDS}


def acts(verb: str, exe: str | None) -> bool:
    """Whether an event of a trail can be an act by itself: a change, a signal, or a run of a program that is one."""
    return verb in {*CHANGES, "signal"} or (verb == "execute" and posixpath.basename(exe or "") in _COMMANDS)


def short_of_memory(jobs: Iterable[Job]) -> list[tuple[str, int, int]]:
    """The hosts and the times of jobs whose memory ran out: whatever was run there from a login is read."""
    short = [job for job in jobs if job.outcome == "OUT_OF_MEMORY"]
    return [(host, *job.window()) for job in short for host in sorted(memory.hosts(job))]


def payloads(found: Mapping[str, pa.Table]) -> set[str]:
    """The text constants of copies that a program can have been given as a whole."""
    copies = found.get("copy")
    held = [] if copies is None else copies.select(["kind", "strings"]).to_pylist()
    return {
        s for row in held if row["kind"] in {"pickle", "torch"} for s in row["strings"] or () if len(s) >= 8
    }


def sources(evidence: Evidence) -> Mapping[str, pd.DataFrame]:
    """Short rows by which the mass is searched: who ran cron entries, which processes served git, what commits there are."""
    events = evidence.events
    ran = events[(events["verb"] == "cron_run") & events["text"].notna() & events["pid"].notna()]
    served = events[(events["format"] == "gitolite") & events["pid"].notna()]
    made = events[(events["verb"] == "commit") & events["object"].notna()]
    return {
        "cron": ran[["host", "pid", "text"]].drop_duplicates(),
        "served": served[["pid"]].drop_duplicates(),
        "made": made[["object"]].drop_duplicates(),
    }


def root_numbers(evidence: Evidence) -> set[int]:
    """Every uid that some source gives the name of the superuser, and the superuser's own."""
    events = evidence.events
    named = events[(events["account"] == holders.ROOT) & events["verb"].eq("enrol_account")]
    roster = evidence.roster
    listed = [(a.name, a.uid) for p in roster.persons for a in p.accounts] + [
        (a.name, a.uid) for a in roster.accounts
    ]
    told = {int(u) for column in ("uid", "auid") for u in named[column].dropna()}
    seen = events[(events["account"] == holders.ROOT) & events["trail"] & events["auid"].notna()]
    told |= {int(u) for u in seen["auid"].unique()}
    return {0, *told, *(uid for name, uid in listed if name == holders.ROOT and uid is not None)}


RAISERS = holders.RAISERS


def opens_everything(verb: str, exe: str | None, argv: object, text: str | None) -> bool:
    """Whether a use of root's rights can have touched records without a further trace."""
    return holders.open_ended(verb=verb, exe=exe, argv=argv, text=text)
