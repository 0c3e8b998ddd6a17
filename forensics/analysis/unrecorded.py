"""Commands that can have ended a job, where neither the scheduler nor the kernel kept a record of it.

That a command ran says that it was asked for. Whether it was done is another matter: a signal that may not be sent is not, a
pattern that fits no process of the job meant others, and a scheduler refuses what its users may not ask. So a command that
cannot have reached the job is no act on it; one of which it stays open is told, is tied to no job, and names nobody.
"""

import re
import signal
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from forensics.analysis import commands, job_processes, memory, rights
from forensics.analysis.acts import Act, Scene
from forensics.analysis.by_verb import of_verbs
from forensics.analysis.evidence import Row, picked, rows_of
from forensics.analysis.jobs import Job

CANCELLING = (
    "scancel",
    "qdel",
    "bkill",
    "kubectl",
    "oc",
    "condor_rm",
    "yarn",
    "mapred",
    "ray",
    "qsig",
    "canceljob",
)
KILLERS = ("kill", "pkill", "killall", "skill")
_ENDS = {
    "kubectl": frozenset({"delete", "drain", "scale", "patch", "replace", "apply", "rollout"}),
    "oc": frozenset({"delete", "drain", "scale", "patch", "replace", "apply", "rollout"}),
    "yarn": frozenset({"-kill", "-signal", "-stop", "-destroy"}),
    "mapred": frozenset({"-kill", "-kill-task", "-fail-task", "-killTask", "-failTask"}),
    "ray": frozenset({"stop", "down", "delete"}),
}
"""Of programs that mostly look at jobs, what they have to be told to end one."""
_NS = 1_000_000_000
_NEAR_NS = 5 * _NS
_SOON_NS = 600 * _NS
"""From a request that was done to the end of the job, at most: signals, time to leave, and an epilog."""
_COMM = 15
"""Of a program's name, so much is kept by the kernel."""
_PLAIN = re.compile(r"[\w ./@:=+,-]+", re.ASCII)
_USERS = frozenset({"-u", "-U", "--euid", "--uid", "--user"})
_SIGNALS = frozenset({"-s", "-n", "--signal"})
_VALUED = frozenset({*_SIGNALS, "-P", "--parent", "-t", "--terminal", "-g", "--pgroup", "-G", "--group", "-F", "--pidfile", "-O", "--older", "--older-than", "-o", "--younger-than", "-y", "--ns", "--nslist", "--cgroup", "-r", "--runstates", "-q", "--queue"})  # fmt: skip
"""Options of programs that send signals that are followed by a word of their own."""
_FLAGS = re.compile(r"-[feicxqlaw]+|--(?:full|exact|ignore-case|echo|count|list-name|list-full|quiet|wait)")
"""Options that leave out no process."""


def asks_to_end(argv: object) -> bool:
    """Whether the words of a program of `CANCELLING` can ask for the end of a job, and do not only look at it."""
    words = list(argv) if isinstance(argv, list) else []
    ends = _ENDS.get(commands.program(words[0])) if words else None
    return ends is None or bool(ends & set(words[1:]))


def undone(act: Act) -> Act:
    """An act that was asked for, and of which nothing shows that it was done: it is tied to no job."""
    act.link, act.why_link = "not_established", None
    act.missing.append(rights.NOT_DONE)
    return act


def told(act: Act, record: Row) -> None:
    """Join a scheduler's record of what was asked for: it was done, unless the record says that it was refused."""
    act.events.append(record.event_id)
    act.link, act.why_link = "observed", "scheduler_names_job"
    act.missing = [m for m in act.missing if m != rights.NOT_DONE]


def cancelled(scene: Scene, job: Job, event: Row) -> Act:
    """A cancelling command that named a job and ran in its time, of which the scheduler's record is missing."""
    act = scene.act("cancel", job.job, "cancel_command", event)
    act.job, act.link, act.why_link = job.job, "derived", "command_names_job"
    act.missing.append("scheduler_record_of_request")
    soon = job.end_ns is None or job.end_ns - int(event.latest_ns) <= _SOON_NS
    return act if soon and rights.over(job, event, scene) else undone(act)


def killers(scene: Scene) -> Iterable[Act]:
    """Kill commands whose signals the audit rules did not record, where the job died of such a one in those seconds."""
    told_of = of_verbs(scene.evidence, "signal", but=lambda e: e["pid"].notna())
    recorded = set(zip(told_of["host"], told_of["pid"].astype(int), strict=True))
    died = [
        (job.end_ns, n, job)
        for n, job in enumerate(scene.jobs.values())
        if job.exit_signal and job.end_ns is not None
    ]
    died.sort(key=lambda row: row[0])
    for e in commands.of(scene, *KILLERS).rows:
        if (e.host, int(e.pid)) in recorded:
            continue
        at = int(e.earliest_ns)
        soon = slice(
            bisect_left(died, at - _NS, key=lambda row: row[0]),
            bisect_right(died, at + _NEAR_NS, key=lambda row: row[0]),
        )
        for _, _, job in sorted(died[soon], key=lambda row: row[1]):
            reached = _reached(scene, job, e) if sent(e.argv) == job.exit_signal else False
            if reached is False:
                continue
            act = scene.act("signal", job.job, "kill_command", e)
            act.job, act.link, act.why_link = job.job, "derived", "command_names_process_of_job"
            act.missing.append("kernel_record_of_signal")
            yield act if reached else undone(act)


def sent(argv: object) -> int:
    """The signal that a kill command sends: by number or by name, SIGTERM where it names none."""
    words = [str(w) for w in argv[1:]] if isinstance(argv, list) else []
    for word, after in zip(words, [*words[1:], ""], strict=False):
        named = after if word in {"-s", "--signal"} else word.removeprefix("--signal=").removeprefix("-s")
        if word == named:
            named = word.removeprefix("-") if word.startswith("-") else ""
        number = _signal(named) or _signal(word.removeprefix("-") if word.startswith("-") else "")
        if number is not None:
            return number
    return int(signal.SIGTERM)


def _signal(named: str) -> int | None:
    if named.isdecimal() and named.isascii():
        return int(named)
    return getattr(signal.Signals, f"SIG{named.upper().removeprefix('SIG')}", None)


class _Asked(NamedTuple):
    """What a kill command is told to look for; `flags` are its short options, `more` where it is told more than is looked at."""

    pids: frozenset[int] = frozenset()
    users: frozenset[str] = frozenset()
    patterns: tuple[str, ...] = ()
    flags: str = ""
    more: bool = False


def _asked(argv: Sequence[str]) -> _Asked:
    words = [str(w) for w in argv[1:]]
    if commands.program(argv[0]) == "kill":
        return _Asked(_numbers(words))
    users, patterns, flags, more = set[str](), list[str](), "", False
    rest = iter(words)
    for word in rest:
        key, told, value = word.partition("=")
        if key in _USERS | _VALUED:
            value = value if told else next(rest, "")
            users |= set(value.split(",")) if key in _USERS else set()
            more |= key not in _USERS | _SIGNALS
        elif not word.startswith("-"):
            patterns.append(word)
        elif _FLAGS.fullmatch(word):
            flags += {"--full": "f", "--exact": "x"}.get(word, word.lstrip("-"))
        else:
            more |= word != "--" and _signal(word[1:]) is None
    return _Asked(frozenset(), frozenset(users), tuple(patterns), flags, more)


def _numbers(words: Sequence[str]) -> frozenset[int]:
    """The processes, and the groups by their first process, that `kill` is given; -1 stands for all that the account may signal."""
    found, named = set[int](), False
    for before, word in zip(["", *words], words, strict=False):
        if before in _SIGNALS:
            named = True
        elif word.startswith("-") and not (named or found) and _signal(word[1:]) is not None:
            # The first of `kill -9 -123` is the signal; what follows it is a group.
            named = True
        elif word == "-1":
            found.add(-1)
        elif word.removeprefix("-").isdecimal() and word.isascii():
            found.add(int(word.removeprefix("-")))
    return frozenset(found)


def _reached(scene: Scene, job: Job, event: Row) -> bool | None:
    """Whether a kill command reached a process of a job; None where that cannot be told."""
    if not isinstance(event.argv, list) or not event.argv or not rights.may_signal(job, event):
        return False
    hosts = {host for host, _ in job.processes} or memory.hosts(job)
    if hosts and isinstance(event.host, str) and event.host not in hosts:
        return False
    asked = _asked(event.argv)
    own = {pid for host, pid in job.processes if host == event.host}
    if asked.pids:
        # Of a job of which no process is known, any number can be one's.
        return bool(asked.pids & (own | {-1})) or (None if not own else False)
    if asked.users and not asked.users & {job.owner, str(job.owner_uid)}:
        return False
    fits = [_fits(scene, job, event, asked, pattern) for pattern in asked.patterns] or [bool(asked.users)]
    found = True if True in fits else None if None in fits else False
    return None if found and asked.more else found


def _fits(scene: Scene, job: Job, event: Row, asked: _Asked, pattern: str) -> bool | None:
    """Whether a pattern is of a process of a job; None where its processes are not known, or it is no plain text.

    A pattern is evidence, and an engine of regular expressions can be made to run for ever: it is compared as text.
    """
    lines = _lines(scene, job, event)
    if not lines or _PLAIN.fullmatch(pattern) is None:
        return None
    by_name = commands.program(event.argv[0]) != "pkill"
    whole, full = by_name or "x" in asked.flags, not by_name and "f" in asked.flags
    ran = [str(e.exe or "") for e in _ran(scene, job, event)] + [line.partition(" ")[0] for line in lines]
    texts = lines if full else [commands.program(name)[:_COMM] for name in ran]
    wanted = pattern if full else pattern[:_COMM]
    return any(text == wanted if whole else wanted in text for text in texts)


def _ran(scene: Scene, job: Job, event: Row) -> list[Row]:
    """The programs that the processes of a job became on the host of an event."""
    key = ("ran_for_job", job.job)
    if key not in scene.memo:
        own = job_processes.own_events(job, scene.evidence)
        scene.memo[key] = list(rows_of(picked(own, own["verb"] == "execute")))
    return [e for e in scene.memo[key] if e.host == event.host]


def _lines(scene: Scene, job: Job, event: Row) -> list[str]:
    return [" ".join(map(str, e.argv)) for e in _ran(scene, job, event) if isinstance(e.argv, list)]
