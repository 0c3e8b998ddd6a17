"""Acts on files: changed, replaced, removed, planted; and the commands that prepare or hide."""

import posixpath
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from forensics.analysis import git_settings, installers, mounts, order, ref_commands, surroundings
from forensics.analysis.acts import Act, Scene
from forensics.analysis.artefacts import Reading, Version, contributors
from forensics.analysis.by_verb import executions, of_verbs
from forensics.analysis.deferral_rules import OF_OTHERS
from forensics.analysis.evidence import Evidence, Row, picked, rows_of
from forensics.analysis.jobs import Job
from forensics.analysis.loading import GIT_SETTINGS
from forensics.analysis.planted import FOR_ALL, STARTUP, SYSTEM_STARTUP

_KIND = {"create": "modify_file", "edit": "modify_file", "replace": "replace_file", "delete": "delete_file"}
_PLANTED = re.compile(
    r"^/var/spool/(?:cron|at)/|^/etc/cron|/\.config/systemd/|^/etc/systemd/system/|\.timer$|/(?:site|dist)-packages/[^/]+\.pth$"
    r"|/(?:sitecustomize|usercustomize)\.py$|/\.(?:bashrc|bash_profile|bash_login|bash_aliases|profile|bash_logout|zshrc|zshenv|zprofile|ssh/rc)$"
    rf"|/\.git/hooks/[a-z-]+$|/hooks/(?:pre|post)-[a-z]+$|/activate\.d/|^{SYSTEM_STARTUP}"
)
_GRANTED = re.compile(r"/\.ssh/authorized_keys2?$|^/etc/sudoers|^/etc/(?:passwd|shadow|group)$")
_LOGGED = re.compile(
    r"^/var/log/|/\.(?:bash|zsh|python|sh)_history$|/\.git/logs/|/gitolite/logs/|/slurm[a-z]*\.log"
)
_HARMFUL_NEW = {"imported_by_script", "payload_executed"}
_PACKAGES = re.compile(r"/(?:site|dist)-packages/")
_SPOOL = re.compile(r"/var/spool/(?:cron|at)")
_RUNNERS = frozenset({"atd", "atrun", "cron", "crond"})
"""Daemons that move about in their spool what they run; that leaves nothing new there."""
SCRATCH = re.compile(
    r"/\.SEQ$|\.pyc\.[0-9]+$|/(?:crontabs/)?tmp\.|\.lock$|\.sw[a-p]$|/sed[A-Za-z0-9]{6}$|~$|/\.#"
)


class Command(NamedTuple):
    """A command line that is itself an act: the program, what its arguments look like, and the act."""

    program: str
    argument: str
    act: str


_A_LOG = r"(?:/var/log/|_history\b|/gitolite/logs/|\b(?:audit|auth|secure|messages|syslog|cron|slurm\w*|sudo)\.log\b|/(?:[wb]tmp|lastlog)\b)"
_A_RIGHT = r"/authorized_keys|/etc/(?:sudoers|passwd|shadow|group|ssh/sshd_config|pam\.d/)"
_WRITERS = (
    "tee",
    "cp",
    "mv",
    "install",
    "dd",
    "sed",
    "vi",
    "vim",
    "vim.basic",
    "vim.tiny",
    "nano",
    "ed",
    "emacs",
    "ln",
)
_INTO = frozenset({"cp", "mv", "install", "ln"})
"""Those of them that write what stands last."""
_OWN_KEYS = re.compile(r"(?:/|~)([A-Za-z0-9_.-]*)/\.ssh/authorized_keys")
_OWN = {"grant": _OWN_KEYS, "plant": STARTUP}
"""Files that an account may write in its own home, by the act that it is in another's; the first group names whose it is."""
COMMANDS = (
    Command("touch", r"(?:^| )(?:-[a-z]*[dtr]|--date|--reference)", "timestomp"),
    Command("date", r"(?:^| )(?:-s|--set)", "change_clock"),
    Command("timedatectl", r"set-(?:time|ntp|timezone)", "change_clock"),
    Command("hwclock", r"--(?:set|hctosys|systohc)", "change_clock"),
    Command("auditctl", r"(?:^| )-(?:D|e ?0|d|W|r|b)\b", "change_logging"),
    Command(
        "systemctl", r"(?:stop|disable|mask|kill) .*(?:auditd|rsyslog|syslog|journald)", "change_logging"
    ),
    Command("service", r"(?:auditd|rsyslog) stop", "change_logging"),
    Command("rm", _A_LOG, "wipe_log"),
    Command("shred", _A_LOG, "wipe_log"),
    Command("truncate", _A_LOG, "wipe_log"),
    Command("sed", rf"-i.*{_A_LOG}", "wipe_log"),
    Command("ln", r"/dev/null .*_history", "wipe_log"),
    Command("cp", rf"/dev/null .*{_A_LOG}", "wipe_log"),
    Command("sh", rf">\s*[^ ;|&]*{_A_LOG}", "wipe_log"),
    Command("bash", rf">\s*[^ ;|&]*{_A_LOG}", "wipe_log"),
    Command("dash", rf">\s*[^ ;|&]*{_A_LOG}", "wipe_log"),
    Command("journalctl", r"--(?:vacuum|rotate)", "wipe_log"),
    *(Command(writer, _A_RIGHT, "grant") for writer in _WRITERS),
    *(Command(writer, STARTUP.pattern, "plant") for writer in _WRITERS),
    *(Command(shell, rf">\s*[^ ;|&]*{STARTUP.pattern}", "plant") for shell in ("sh", "bash", "dash")),
    *(Command(writer, FOR_ALL.pattern + ("$" if writer in _INTO else ""), "plant") for writer in _WRITERS),
    *(Command(shell, rf">\s*['\"]?{SYSTEM_STARTUP}", "plant") for shell in ("sh", "bash", "dash")),
    Command("visudo", r"", "grant"),
    Command("gpasswd", r"(?:^| )-(?:a|M)\b|--(?:add|members)", "grant"),
    Command("adduser", r"^[^-]\S* [^-]\S*$", "grant"),
    Command("setfacl", r"(?:^| )-[a-zA-Z]*[mM]\b", "grant"),
    Command("chmod", r"(?:^| )(?:[0-7]?[4-7][0-7]{3}\b|[ugoa]*\+[rwx]*s)", "grant"),
    Command("ssh-copy-id", r".", "grant"),
    Command("usermod", r"(?:^| )-[a-zA-Z]*G", "grant"),
)


def _version_act(scene: Scene, version: Version) -> Act | None:
    """The act that wrote a version, by its event; None for a file that only served the writing of another."""
    of_git = "/.git/" in version.path and not version.path.endswith(GIT_SETTINGS)
    if SCRATCH.search(version.path) or (of_git and not _PLANTED.search(version.path)):
        return None
    if ref_commands.of_bare(version.path):
        return None  # told as a move of the ref, or as the push that moved it
    event = scene.row(version.event_id)
    if _SPOOL.match(version.path) and posixpath.basename(str(event.exe or "")) in _RUNNERS:
        return None
    kind = _KIND[version.how]
    if _PLANTED.search(version.path) and version.how != "delete":
        kind = "plant"
    elif _GRANTED.search(version.path) and version.how != "delete":
        kind = "grant"
    elif _LOGGED.search(version.path) and version.how != "create":
        kind = "wipe_log"
    act = scene.act(kind, version.path, f"file_{version.how}", event)
    act.events += _command(scene, event)
    return act


def telling(path: str) -> bool:
    """Whether a path alone makes a change of it an act that is looked at: what runs later, a right, a log, or a ref of a git server."""
    told = any(pattern.search(path) for pattern in (_PLANTED, _GRANTED, _LOGGED, _SPOOL))
    return told or ref_commands.of_bare(path) or surroundings.later(path) or git_settings.of_all(path)


def of_package(path: str) -> bool:
    """Whether a path is of an installed package."""
    return _PACKAGES.search(path) is not None


class Project(NamedTuple):
    """Where files lie that belong to a job's owner: `under` which folder, whose name ends in a stroke."""

    under: str
    owner_uid: int
    owner: str | None


def project(job: Job) -> Project | None:
    """Where files lie that belong to a job's owner; None where folder or owner is not known."""
    if job.workdir is None or job.owner_uid is None:
        return None
    return Project(below(job.workdir), job.owner_uid, job.owner)


def below(workdir: str) -> str:
    """The folder of a working directory's files and of those beside it: the one above it, if that is not the root."""
    own = workdir.rstrip("/")
    above = posixpath.dirname(own)
    return (above if above.strip("/") else own) + "/"


def by_folder(projects: Iterable[Project]) -> dict[str, dict[Project, int]]:
    """Projects by their folder, each with its number in their order."""
    found: dict[str, dict[Project, int]] = {}
    for number, one in enumerate(projects):
        found.setdefault(one.under, {})[one] = number
    return found


def around(path: str, folders: Mapping[str, Mapping[Project, int]]) -> Iterable[tuple[Project, int]]:
    """The projects in whose folder a path is."""
    at = path.find("/") + 1
    while at:
        yield from folders.get(path[:at], {}).items()
        at = path.find("/", at) + 1


def _command(scene: Scene, event: Row) -> list[str]:
    """The execution of the program that changed a file."""
    known = order.of(scene.evidence)
    # From the last on: an editor that is open for a month has no more runs than one that wrote one file.
    for name, began_ns, session in reversed(scene.ran_by(event.host, event.pid)):
        if session is not None and session == event.session and known.by(name, began_ns, event):
            return [name]
    return []


def all_changes(scene: Scene, history: Mapping[str, list[Version]]) -> dict[str, list[tuple[Version, Act]]]:
    """An act per change, by path, in order of time; changes of one path by one process are one act."""
    found: dict[str, list[tuple[Version, Act]]] = {}
    made: dict[tuple[str, str], Act] = {}
    for path in sorted(history):
        seen: dict[tuple[object, ...], Act] = {}
        for version in (v for v in history[path] if v.through is None):
            act = _version_act(scene, version)
            if act is None:
                continue
            key = (act.host, act.pid, act.session.session_id if act.session else None, act.act)
            first = seen.setdefault(key, act)
            if first is not act:
                first.events = list(dict.fromkeys([*first.events, *act.events]))
                first.latest_ns = max(first.latest_ns or 0, act.latest_ns or 0)
            found.setdefault(path, []).append((version, first))
            made[(version.event_id, path)] = first
    for path in sorted(history):
        # What was written through another name is one act, on the name that was used.
        for version in (v for v in history[path] if v.through is not None):
            act = made.get((version.event_id, str(version.through)))
            if act is not None:
                found.setdefault(path, []).append((version, act))
    return found


def linked(
    scene: Scene,
    changes: Mapping[str, list[tuple[Version, Act]]],
    history: Mapping[str, list[Version]],
    readings: Iterable[Reading],
) -> Iterable[Act]:
    """Each change whose content a job read, said of that job."""
    for reading in readings:
        living = {
            v.event_id
            for v in contributors(
                history[reading.path], reading, order.of(scene.evidence), mounts.near(scene.evidence, reading)
            )
        }
        done: set[int] = set()
        for version, act in changes.get(reading.path, []):
            # Who first wrote a file changed nothing of the job's, unless the file itself does the harm.
            if version.how == "create" and reading.why not in _HARMFUL_NEW:
                continue
            if _PACKAGES.search(reading.path) and installers.by_installer(scene, version.event_id):
                continue
            if version.event_id in living and id(act) not in done:
                done.add(id(act))
                yield act.linked(reading.job, reading.link, reading.why, reading.events)


def unordered(
    job: Job, scene: Scene, history: Mapping[str, list[Version]], readings: Iterable[Reading]
) -> bool:
    """Whether another account changed a file that a job read, and it is open whether that was before.

    Args:
        job: whose owner's changes do not count.
        scene: events and people.
        history: every version of every path, as `artefacts.versions` has them.
        readings: those of that job.
    """
    for reading in readings:
        near = mounts.near(scene.evidence, reading)
        for v in _unsettled(history[reading.path], reading, scene.evidence, near):
            created = v.how == "create" and reading.why not in _HARMFUL_NEW
            installed = _PACKAGES.search(reading.path) and installers.by_installer(scene, v.event_id)
            if not created and not installed and v.account is not None and v.account != job.owner:
                return True
    return False


def _unsettled(
    history: Iterable[Version], reading: Reading, evidence: Evidence, near: Callable[[Version], bool]
) -> list[Version]:
    """The changes of a file of which neither is shown: that they were before a reading, or after it."""
    known, dated = order.of(evidence), reading.dated_by
    last = reading.latest_ns
    if dated is not None and dated in evidence.events.index:
        told: Any = evidence.events.at[dated, "latest_ns"]
        last = max(last, int(told))
    late = order.Moment(last, last, dated)
    return [v for v in history if near(v) and not known.before(v, reading) and not known.before(late, v)]


SQUASHED = frozenset({65534, 2**32 - 2})
"""Numbers that a network file system shows where it has no owner to show, or does not tell."""


def damaging(
    changes: Mapping[str, list[tuple[Version, Act]]], scene: Scene, projects: Iterable[Project]
) -> Iterable[Act]:
    """Changes of files that belong, or can belong, to a job's owner, below the job's project, by another account: project by project.

    One number can be of two accounts on two hosts: the name that the host of the change gives it counts. Where a network file
    system shows nobody as the owner, it can be anybody's.

    That a job read such a file is not shown: the link stays not established.
    """
    folders, found = by_folder(projects), []
    for at, (path, pairs) in enumerate(changes.items()):
        for project_, number in around(path, folders):
            for place, (version, act) in enumerate(pairs):
                if act.account == project_.owner or version.owner_uid is None:
                    continue
                if act.act == "delete_file" or _can_own(version, project_, scene):
                    found.append((number, at, place, act))
    return (act for *_, act in sorted(found, key=lambda row: row[:3]))


def _can_own(version: Version, whose: Project, scene: Scene) -> bool:
    """Whether a file can be of the owner of a project, by its number and the name that the host of the change gives that."""
    if version.owner_uid in SQUASHED:
        return True
    name = scene.directory.account_of(version.host, version.owner_uid, version.earliest_ns)
    if name is None or whose.owner is None:
        return version.owner_uid == whose.owner_uid
    return name == whose.owner


def of_packages(
    changes: Mapping[str, list[tuple[Version, Act]]], scene: Scene, last_end_ns: int | None
) -> Iterable[Act]:
    """Changes of installed packages, by no installer, before the last end of a job asked about, where one is known.

    Any job on the host can have imported them: the link stays not established, unless a reading shows it.
    """
    for path, pairs in changes.items():
        for version, act in pairs if _PACKAGES.search(path) else ():
            if not installers.by_installer(scene, version.event_id) and (
                last_end_ns is None or version.earliest_ns <= last_end_ns
            ):
                yield act


def by_own_process(
    changes: Mapping[str, list[tuple[Version, Act]]], scene: Scene, jobs: Iterable[Job]
) -> Iterable[Act]:
    """Files removed by a job's own process: its owner's name is on it, whoever wrote what it ran."""
    wanted = {j.job for j in jobs}
    for pairs in changes.values():
        for _, act in pairs:
            job = scene.job_of(act.host, act.pid, act.earliest_ns) if act.origin == "job" else None
            if job is not None and job.job in wanted and act.act == "delete_file":
                yield act.linked(job.job, job.own_link, "process_of_job", [])


def commands(scene: Scene) -> Iterable[Act]:
    """Command lines that hide or prepare: by the audit trail, each by one row of `COMMANDS`."""
    for e in rows_of(executions(scene.evidence)):
        program = posixpath.basename(e.exe) if isinstance(e.exe, str) else ""
        words = " ".join((e.argv or ())[1:])
        for row in COMMANDS:
            if program == row.program and re.search(row.argument, words):
                if _OWN.get(row.act) and _to_oneself(words, e.account, _OWN[row.act]):
                    break
                if row.act == "plant" and FOR_ALL.search(words) and e.effective != "root":
                    break
                yield scene.act(row.act, words[:400] or program, f"command_{row.program}", e)
                break


def _to_oneself(words: str, account: str | None, files: re.Pattern[str]) -> bool:
    """Whether all that a command writes is a file of the account that runs it, in its own home."""
    named = {found[1] for found in files.finditer(words)}
    return bool(named) and named <= {account, ""} and not re.search(r"/etc/", words)


def escalations(scene: Scene, harmful: Iterable[Act]) -> Iterable[Act]:
    """The use of another account's rights that carried an act: sudo in the same session, just before."""
    sudo = of_verbs(scene.evidence, "sudo", but=lambda e: e["trail"])
    seen: set[str] = set()
    for act in harmful:
        if act.session is None or act.effective in {None, act.account} or act.earliest_ns is None:
            continue
        mine = picked(sudo, (sudo["session"] == act.session.ses) & (sudo["host"] == act.session.host))
        mine = picked(
            mine,
            (mine["earliest_ns"] <= act.latest_ns)
            & (mine["earliest_ns"] >= act.earliest_ns - 600_000_000_000),
        )
        for e in list(rows_of(mine))[-1:]:
            if e.event_id in seen:
                continue
            seen.add(e.event_id)
            found = scene.act("escalate", str(act.effective), "sudo_before_act", e)
            found.effective, found.job, found.link, found.why_link = (
                act.effective,
                act.job,
                act.link,
                "carried_act",
            )
            found.planters, found.typed_from = list(act.planters), list(act.typed_from)
            found.missing += [m for m in act.missing if m in OF_OTHERS]
            found.program_owners |= act.program_owners
            found.can_hold = list(act.can_hold)
            yield found
