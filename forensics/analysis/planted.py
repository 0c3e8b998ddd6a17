"""What was left to run later: by a change of a file that something runs, or by a command that asks for it."""

import itertools
import posixpath
import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from forensics.analysis import lineage
from forensics.analysis.acts import Act, Scene
from forensics.analysis.artefacts import Version
from forensics.analysis.by_verb import of_verbs, runs_by_name
from forensics.analysis.evidence import Row, picked, rows_of

TRANSIENT = "transient unit: "
"""Before the words of a unit that a command asked for, in the place of a file's name."""
_INSTALLING_NS = 2_000_000_000  # crontab writes the time first, and puts the file in its place after
_LISTS = re.compile(r"(?:-[a-zA-Z]*[lcrdV]|--(?:help|version))(?:$| )")
_VALUED = frozenset({"-u", "-p", "-H", "-M", "-E", "-t", "--unit", "--property", "--description", "--slice", "--uid", "--gid", "--host", "--machine", "--setenv", "--working-directory", "--on-active", "--on-boot", "--on-startup", "--on-unit-active", "--on-unit-inactive", "--on-calendar", "--timer-property", "--path-property", "--socket-property", "--nice", "--service-type"})  # fmt: skip
"""Options of systemd-run that are followed by a word of their own, unless it stands behind `=`."""
_EDITED_NS = 3_600_000_000_000
"""How long an editor may keep a crontab open before it is installed."""
_TOLD_NS = 600_000_000_000
"""A host's trail that tells of no program for so long can have been stopped."""


STARTUP = re.compile(
    r"/(?P<home>[^/ ]+)/[.](?:bashrc|bash_profile|bash_login|bash_logout|bash_aliases|profile|zshrc|zshenv|zprofile|zlogin|zlogout"
    r"|cshrc|tcshrc|login|config/fish/config[.]fish|ssh/rc|ssh/environment|pam_environment)(?:$|[ ;|&'\"])"
)
"""Files in an account's home that its shells do as they start or end, or sshd for each entry."""
SYSTEM_STARTUP = (
    r"/etc/(?:profile|bash[.]bashrc|bashrc|bash[.]bash_logout|zsh(?:rc|env|prof\w+|login)|zsh/z\w+|csh[.](?:cshrc|login)"
    r"|fish/config[.]fish|environment|ssh/sshrc|ld[.]so[.]preload|(?:profile|fish/conf)[.]d/[^ ;|&'\"]+)(?:$|[ ;|&'\"])"
)
"""Files that every account's shells do as they start, or that every program loads."""
FOR_ALL = re.compile(r"(?:^|[ >='\"])" + SYSTEM_STARTUP)
"""The same in a command line, or alone."""


LEAVING = frozenset({"at", "crontab", "systemd-run", "busctl", "gdbus", "dbus-send"})
"""Programs that leave something to run later, or ask for it over the bus."""


def plants(scene: Scene, changes: Mapping[str, list[tuple[Version, Act]]]) -> list[Act]:
    """What was left to run later.

    Syslog's own line on a crontab joins the act of the same pid; the time that a crontab itself bears
    joins the act on it of that moment, and is looked at last, for it names nobody. Any account can write such a line: where a trail tells what
    ran on the host then, and not that crontab did, the line's account is not taken.
    """
    found = [a for pairs in changes.values() for _, a in pairs if a.act == "plant"]
    found += asked_for(scene, found)
    edits = of_verbs(scene.evidence, "cron_edit")
    unique = {id(a): a for a in found}
    by_end: dict[tuple[str | None, str], list[Act]] = {}
    for act in unique.values():
        by_end.setdefault((act.host, posixpath.basename(act.object)), []).append(act)
    for e in rows_of(edits.sort_values("pid", na_position="last", kind="stable")):
        path = f"/var/spool/cron/crontabs/{e.object}"
        if str(e.text or "").upper().startswith("DELETE"):
            continue
        alike = by_end.setdefault((e.host, posixpath.basename(path)), [])
        mates = [a for a in alike if a.object.endswith(f"/{e.object}") and _same_edit(a, e)]
        if mates:
            mates[0].events.append(e.event_id)
            continue
        command = command_of_edit(scene, e)
        act = scene.act("plant", path, "crontab_log", e if command is None else command)
        if command is None:
            act.missing.append("session_of_crontab_edit")
            if _runs_told(scene, e):
                act.account = act.effective = None
        else:
            act.events.append(e.event_id)
        unique[id(act)] = act
        alike.append(act)
    return list(unique.values())


def _same_edit(act: Act, e: Row) -> bool:
    """Whether a log's edit of a crontab is the act: by its pid, or where it has none by its moment."""
    if not pd.isna(e.pid):
        return act.pid == int(e.pid)
    if pd.isna(e.earliest_ns) or act.earliest_ns is None or act.latest_ns is None:
        return False
    return bool(act.earliest_ns <= e.latest_ns + _INSTALLING_NS and e.earliest_ns <= act.latest_ns)


def _runs_told(scene: Scene, log: Row) -> bool:
    """Whether a trail tells of programs that ran on a host both before and after a line of its log, not long."""
    if pd.isna(log.earliest_ns):
        return False
    if "runs by host" not in scene.memo:
        ran = picked(scene.events, scene.events["trail"] & (scene.events["verb"] == "execute"))
        ran = picked(ran, ran["earliest_ns"].notna())
        scene.memo["runs by host"] = {
            str(host): np.sort(own["earliest_ns"].to_numpy(np.int64))
            for host, own in ran.groupby("host", sort=True)
        }
    times = scene.memo["runs by host"].get(str(log.host), np.empty(0, np.int64))
    at = int(np.searchsorted(times, int(log.earliest_ns)))
    near = times[max(0, at - 1) : at + 1]
    return bool(len(near) == 2 and (abs(near - int(log.earliest_ns)) <= _TOLD_NS).all())


def asked_for(scene: Scene, known: Sequence[Act]) -> list[Act]:
    """Commands that leave something to run later, of which no change of a file is on record.

    Args:
        scene: events, people and sessions.
        known: what was left by changes of files; a process that made one is told already.
    """
    told = {(a.host, a.pid) for a in known}
    logged = {e.host for e in rows_of(of_verbs(scene.evidence, "cron_edit"))}
    found = []
    for e in rows_of(programs(scene, LEAVING)):
        program, words = posixpath.basename(e.exe), [str(w) for w in (e.argv or ())[1:]]
        thing = _asked(scene, e, program, words)
        if thing is None or (e.host, None if pd.isna(e.pid) else int(e.pid)) in told:
            continue
        # A host whose log tells of every crontab that is installed tells of this one, or it was only looked at.
        if program == "crontab" and e.host in logged:
            continue
        act = scene.act("plant", thing, f"command_{program}", e)
        act.effective = _runs_as(scene, e) or act.effective
        found.append(act)
    return found


def _asked(scene: Scene, e: Row, program: str, words: list[str]) -> str | None:
    """What a command leaves to run; None where it only looks, or runs it at once in the caller's own session."""
    line = " ".join(words)
    if program == "at":
        return None if _LISTS.search(line) else f"at job of {_runs_as(scene, e) or '?'}"
    if program == "crontab":
        user = next((b for a, b in itertools.pairwise(words) if a == "-u"), None)
        # A bare `crontab` reads from its input, as `crontab -` does.
        looks = any(w in {"-l", "-r"} for w in words)
        return None if looks else f"/var/spool/cron/crontabs/{user or _runs_as(scene, e) or '?'}"
    if program == "systemd-run":
        command = lineage.after_options(words, _VALUED)
        return None if "--scope" in words or not command else TRANSIENT + " ".join(command)[:300]
    return TRANSIENT + line[:300] if "StartTransientUnit" in line else None


def _runs_as(scene: Scene, e: Row) -> str | None:
    """The account whose uid a command has, whatever rights its program takes."""
    at = None if pd.isna(e.earliest_ns) else int(e.earliest_ns)
    named = scene.directory.account_of(e.host, None if pd.isna(e.uid) else int(e.uid), at)
    return named or (e.account if isinstance(e.account, str) else None)


def programs(scene: Scene, names: frozenset[str], alike: re.Pattern[str] | None = None) -> pd.DataFrame:
    """Executions of programs of some names, or of those that a pattern has, in order of time."""
    return runs_by_name(scene.evidence, lambda name: _of_name(name, names, alike))


def _of_name(name: str, names: frozenset[str], alike: re.Pattern[str] | None) -> bool:
    return name in names or (alike is not None and alike.fullmatch(name) is not None)


def command_of_edit(scene: Scene, log: Row) -> Row | None:
    """The execution of crontab that a log's line on an installed crontab is of: its process, in the hour before."""
    if pd.isna(log.pid) or pd.isna(log.earliest_ns):
        return None
    if "crontab" not in scene.memo:
        own: dict[tuple[str | None, int], list[Row]] = {}
        for e in rows_of(programs(scene, frozenset({"crontab"}))):
            if not pd.isna(e.pid):
                own.setdefault((e.host, int(e.pid)), []).append(e)
        scene.memo["crontab"] = own
    ran = scene.memo["crontab"].get((log.host, int(log.pid)), ())
    near = [e for e in ran if log.earliest_ns - _EDITED_NS <= e.earliest_ns <= log.latest_ns]
    return near[-1] if near else None
