"""Moments that two clocks saw: pairs of records of one entry, request or run, told by two sources.

A pair is found by what both wrote (host, pid and account, job id, command) and by order, never by time:
two clocks that are to be compared cannot be presumed to agree. Where it is open which record belongs to
which, there is no pair, or the one way to lay the two rows of records over each other that fits far better
than any other. A pair that is wrong all the same stands alone against the others; `clocks` leaves it out.
"""

import posixpath
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from forensics.analysis import alignment, keyed
from forensics.analysis.alignment import FARTHEST_NS
from forensics.analysis.evidence import flagged, picked, places_of_each, where
from forensics.analysis.job_processes import SCRIPT
from forensics.analysis.keyed import Record
from forensics.analysis.trails import FROM_ANYBODY, WHOLE
from forensics.core.clock import NS_PER_S
from forensics.core.messageevents import SYSTEM_LOGS

LOGIN_RECORDS = ("wtmp", "wtmp_aarch64", "wtmp_powerpc", "wtmp_s390")
SCHEDULER = ("slurmctld", "sacct", "sacct_json", "jobcomp")
_SHELL = ("sh", "-c", "COMMAND")
FIRST, SECOND = "first", "second"
PROGRAMS = frozenset({"scancel", "sbatch", "git"})
"""Programs whose every run may be a side of a pair."""
_MANY = 2_000
"""Rows longer than this are not laid over each other: the work grows with the product of their lengths."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Two kinds of record of one thing: the second happens from `least_s` to `most_s` after the first.

    `typed` tells which of the two, if any, somebody's own programs bring about: a command, which can come to nothing and be given again
    elsewhere, or what a job runs as its script, which another job of the same account can run once more.
    """

    name: str
    first: str
    second: str
    by: tuple[str, ...]
    moment: str
    least_s: float
    most_s: float
    aligned: bool = False
    typed: str | None = None


RULES = (
    Rule("loginuid_then_session", "kernel_loginuid", "syslog_open", ("host", "pid", "account"), "entry", 0, 10),
    Rule("session_then_user_start", "syslog_open", "kernel_open", ("host", "pid", "account"), "entry", 0, 10),
    Rule("accepted_then_user_start", "syslog_login", "kernel_open", ("host", "pid", "account"), "entry", 0, 30),
    Rule("accepted_then_user_login", "syslog_login", "kernel_login", ("host", "pid", "account"), "entry", 0, 60),
    Rule("closed_and_user_end", "syslog_close", "kernel_close", ("host", "pid", "account"), "leaving", -1, 10),
    Rule("user_login_and_login_record", "kernel_login", "record_login", ("pid", "account"), "entry", -2, 2),
    Rule("session_then_login_record", "syslog_open", "record_login", ("pid", "account"), "entry", 0, 30),
    Rule("user_cmd_and_sudo", "kernel_sudo", "syslog_sudo", ("host", "account", "command"), "sudo", -1, 5),
    Rule("cron_then_execution", "syslog_cron", "kernel_execute", ("host", "pid", "text"), "run", 0, 5),
    Rule("one_message_in_two_logs", "syslog_message", "syslog_message", ("host", "pid", "verb", "text"), "message", -2, 2),
    Rule("scancel_then_request", "kernel_scancel", "controller_kill", ("job", "uid"), "request", 0, 30, typed=FIRST),
    Rule("sbatch_then_submission", "kernel_sbatch", "controller_submit", ("uid",), "submission", 0, 30, aligned=True, typed=FIRST),
    Rule("start_then_script", "scheduler_start", "kernel_script", ("job",), "start", 0, 120, typed=SECOND),
    Rule("launch_then_script", "node_start", "kernel_script", ("job",), "start", 0, 60, typed=SECOND),
    Rule("script_and_task", "kernel_script", "node_task", ("job", "pid"), "start", -1, 5, typed=FIRST),
    Rule("start_then_launch", "scheduler_start", "node_start", ("job",), "start", 0, 60),
    Rule("node_then_controller_end", "node_end", "controller_end", ("job",), "end", 0, 60),
    Rule("submission_told_twice", "scheduler_submit", "scheduler_submit", ("job",), "submission", -1, 2),
    Rule("start_told_twice", "scheduler_start", "scheduler_start", ("job",), "start", -1, 2),
    Rule("shell_then_git_server", "kernel_execute_git", "git_first", ("pid",), "push", 0, 10),
    Rule("git_server_then_command", "git_first", "kernel_child_git", ("pid",), "push", 0, 30),
    Rule("push_then_receipt", "kernel_push", "git_push", ("account",), "push", 0, 300, aligned=True, typed=FIRST),
)  # fmt: skip
"""What two sources tell of one thing. The bounds hold for the moments themselves; that a line can be written late,
and a kernel's stamp early, is added by `clocks`."""


READ = (
    "event_id", "earliest_ns", "latest_ns", "format", "verb", "outcome", "host", "account", "uid", "pid", "ppid", "exe",
    "argv", "job", "text", "sha256", "start", "session", "trail", "auid", "clock",
)  # fmt: skip
"""What is read of events to find pairs, beside the `source`."""


def sources(events: pd.DataFrame) -> "pd.Series[str]":
    """Which clock each event is dated by: the kernel's of its host for an audit trail kept whole, else that of its file."""
    made: dict[tuple[Any, ...], str] = {}
    told = zip(*(events[name] for name in ("trail", "format", "host", "clock", "sha256")), strict=True)
    names = [made.get(row) or made.setdefault(row, _source(*row)) for row in told]
    return pd.Series(np.array(names, object), events.index, dtype=object)


def _source(trail: object, form: str, host: object, clock: str, sha256: str) -> str:
    own = bool(trail) and form in WHOLE and isinstance(host, str)
    return f"{host}:kernel" if own else f"{clock} {sha256}"


def find(events: pd.DataFrame, owners: Mapping[str, int], told: pd.DataFrame | None = None) -> pd.DataFrame:
    """Every pair of records that the rules find.

    Args:
        events: as `trails.settled` leaves them, with `source` from `sources`.
        owners: uid of each job's owner, by job.
        told: of jobs whose events are not held, of columns `evidence.TOLD`.

    Returns:
        Columns `by` (the account that typed the command that a pair rests on), `rule`, `thing` (the login, job or run that both tell of), `entry` (the moment of it), `first` and `second` (event ids), `least_ns` and
        `most_ns` (by how much the second is later in truth), in a total order. One entry can have
        several pairs; the two events of a pair are of two sources.
    """
    sides = _Sides(picked(events, events["earliest_ns"].notna()), owners, told)
    made = [p for rule in RULES if len(first := sides(rule.first)) for p in _paired(rule, first, sides(rule.second))]  # fmt: skip
    made.sort(key=lambda p: (p.entry, p.rule, p.first, p.second))
    found = pd.DataFrame({name: [getattr(p, name) for p in made] for name in _Pair._fields})
    return found.assign(by=pd.Series(_typed_by(events, found), index=found.index, dtype=object))


def _typed_by(events: pd.DataFrame, found: pd.DataFrame) -> list[str | None]:
    """By whose login the command of each pair was typed, or as which account its script ran, where a pair rests on one."""
    typed = {rule.name: rule.typed for rule in RULES}
    sides = [typed[rule] for rule in found["rule"]]
    cited = zip(sides, found["first"], found["second"], strict=True)
    asked = [first if side == FIRST else second if side == SECOND else None for side, first, second in cited]
    told = events.loc[[event for event in asked if event is not None], ["account", "uid"]]
    called = _called(events) if len(told) else {}
    who = iter(zip(told["account"], told["uid"], strict=True))
    return [None if event is None else _name(*next(who), called) for event in asked]


def _name(account: object, uid: object, called: Mapping[int, str]) -> str:
    """One name for whoever logs in and whoever runs without a login, who has a number alone."""
    if isinstance(account, str):
        return account
    return str(uid) if pd.isna(uid) else called.get(int(uid), str(uid))  # type: ignore[call-overload]


def _called(events: pd.DataFrame) -> dict[int, str]:
    """The account of each number, by the logins that tell both; the first by name where they differ."""
    told = picked(events, events["account"].notna() & events["auid"].notna())
    pairs = told[["auid", "account"]].drop_duplicates().sort_values(["auid", "account"], ascending=False)
    return {int(uid): str(name) for uid, name in zip(pairs["auid"], pairs["account"], strict=True)}


class _Pair(NamedTuple):
    """One row of what `find` returns."""

    rule: str
    thing: str
    entry: str
    first: str
    second: str
    least_ns: int
    most_ns: int


class _ByVerb:
    """Events, and where those of each verb are, but for what failed, or for others."""

    def __init__(self, table: pd.DataFrame, but: "pd.Series[bool] | None" = None) -> None:
        self.table = table
        without = table["outcome"] == "failure" if but is None else but
        verbs = table["verb"].to_numpy(object, copy=True)
        verbs[without.to_numpy(bool)] = None
        self._at, self._none = places_of_each(verbs), table.iloc[:0]

    def of(self, verb: str) -> pd.DataFrame:
        """Those of one verb, in their order."""
        return self.table.iloc[self._at[verb]] if verb in self._at else self._none


_NOWHERE = np.empty(0, np.int64)


class _Sides:
    """The rows that a rule calls by name, each with the columns that it compares."""

    def __init__(self, events: pd.DataFrame, owners: Mapping[str, int], told: pd.DataFrame | None) -> None:
        self.events, self.owners, self.told = events, owners, told
        self.trail = _ByVerb(picked(events, events["trail"] & ~events["format"].isin(FROM_ANYBODY)))
        self.syslog = _ByVerb(picked(events, events["format"].isin(SYSTEM_LOGS) & ~events["trail"]))
        self.scheduled = _ByVerb(events, but=~events["format"].isin(SCHEDULER))
        self.programs: dict[str, pd.DataFrame] = {}
        self.known: dict[str, pd.DataFrame] = {}

    def __call__(self, name: str) -> pd.DataFrame:
        if name not in self.known:
            self.known[name] = getattr(self, f"_{name}")()
        return self.known[name]

    def _kernel_loginuid(self) -> pd.DataFrame:
        return self.trail.of("loginuid")

    def _kernel_open(self) -> pd.DataFrame:
        return self.trail.of("session_open")

    def _kernel_login(self) -> pd.DataFrame:
        return self.trail.of("login")

    def _kernel_close(self) -> pd.DataFrame:
        return self.trail.of("session_close")

    def _kernel_sudo(self) -> pd.DataFrame:
        return _commanded(self.trail.of("sudo"))

    def _kernel_execute(self) -> pd.DataFrame:
        ran = self.trail.of("execute")
        shell = where(ran, "argv", lambda a: isinstance(a, list) and len(a) == len(_SHELL) and a[1] == "-c")
        return shell.assign(text=[a[2] for a in shell["argv"]])

    def _program(self, name: str) -> pd.DataFrame:
        """The runs of one of `PROGRAMS`."""
        if not self.programs:
            ran = self.trail.of("execute")
            called = [posixpath.basename(e) if isinstance(e, str) else None for e in ran["exe"]]
            at = places_of_each(np.array(called, object))
            self.programs = {program: ran.iloc[at.get(program, _NOWHERE)] for program in PROGRAMS}
        return self.programs[name]

    def _kernel_scancel(self) -> pd.DataFrame:
        return _named(
            self._program("scancel"), lambda argv: [w.split(".")[0] for w in argv[1:] if w[:1].isdigit()]
        )

    def _kernel_sbatch(self) -> pd.DataFrame:
        return self._program("sbatch")

    def _kernel_script(self) -> pd.DataFrame:
        ran = self.trail.of("execute")
        # A node's daemon runs a job's script without a login; whoever logs in can call a file of theirs as scripts are called.
        ran = picked(ran, ran["session"].isna())
        named = _named(ran, lambda argv: [m.group(1) for m in map(SCRIPT.search, argv[:2]) if m])
        # It runs as the job's owner; in a job of somebody's else it is a file that is called alike.
        owner = [self.owners.get(job) for job in named["job"]]
        own = [
            uid is None or pd.isna(by) or int(by) == uid for uid, by in zip(owner, named["uid"], strict=True)
        ]
        return flagged(named, own)

    def _kernel_execute_git(self) -> pd.DataFrame:
        ran = self.trail.table
        return picked(ran, ran["verb"] == "execute")

    def _kernel_child_git(self) -> pd.DataFrame:
        ran = self._program("git")
        return ran.assign(pid=ran["ppid"])

    def _kernel_push(self) -> pd.DataFrame:
        ran = self._program("git")
        return where(ran, "argv", lambda a: isinstance(a, list) and a[1:2] == ["push"])

    def _syslog_open(self) -> pd.DataFrame:
        return self.syslog.of("session_open")

    def _syslog_login(self) -> pd.DataFrame:
        return self.syslog.of("login")

    def _syslog_close(self) -> pd.DataFrame:
        return self.syslog.of("session_close")

    def _syslog_sudo(self) -> pd.DataFrame:
        return _commanded(self.syslog.of("sudo"))

    def _syslog_cron(self) -> pd.DataFrame:
        return self.syslog.of("cron_run")

    def _syslog_message(self) -> pd.DataFrame:
        told = {"login", "session_open", "session_close", "cron_run"}
        return picked(self.syslog.table, self.syslog.table["verb"].isin(told))

    def _record_login(self) -> pd.DataFrame:
        told = self._of_formats(*LOGIN_RECORDS)
        return picked(told, (told["verb"] == "login") & (told["outcome"] != "failure"))

    def _of_formats(self, *formats: str) -> pd.DataFrame:
        return picked(self.events, self.events["format"].isin(formats))

    def _scheduler(self, verb: str, *formats: str) -> pd.DataFrame:
        if formats:
            told = self._of_formats(*formats)
            told = picked(told, told["verb"] == verb)
        else:
            told = self.scheduled.of(verb)
        # A step's start, in the same words, comes later than its job's.
        return where(told, "text", lambda text: not str(text).startswith("step "))

    def _scheduler_submit(self) -> pd.DataFrame:
        return self._with_ordinary("submit", self._scheduler("submit"))

    def _scheduler_start(self) -> pd.DataFrame:
        return self._with_ordinary("start", self._scheduler("start"))

    def _controller_submit(self) -> pd.DataFrame:
        told = self._scheduler("submit")
        uid = pd.Series([self.owners.get(j) for j in told["job"]], index=told.index, dtype="Int64")
        return self._with_ordinary("submit", told.assign(uid=uid))

    def _with_ordinary(self, verb: str, held: pd.DataFrame) -> pd.DataFrame:
        """What is told of one verb, with what is told so of jobs whose events are not held, or not all."""
        if self.told is None or not len(self.told):
            return held
        more = picked(self.told, (self.told["verb"] == verb) & ~self.told["event_id"].isin(held["event_id"]))
        columns = ["job", "uid", "source", "start", "event_id", "earliest_ns", "latest_ns"]
        return pd.concat([held[columns], more[columns]], ignore_index=True)

    def _controller_kill(self) -> pd.DataFrame:
        return self._scheduler("kill_request", "slurmctld")

    def _controller_end(self) -> pd.DataFrame:
        return _earliest(self._scheduler("end", "slurmctld"))

    def _node_start(self) -> pd.DataFrame:
        return self._scheduler("start", "slurmd")

    def _node_task(self) -> pd.DataFrame:
        return self._scheduler("task_start", "slurmd")

    def _node_end(self) -> pd.DataFrame:
        return _earliest(self._scheduler("task_exit", "slurmd"))

    def _git_first(self) -> pd.DataFrame:
        return _earliest(self._of_formats("gitolite"), "pid")

    def _git_push(self) -> pd.DataFrame:
        told = self._of_formats("gitolite")
        return picked(told, (told["verb"] == "push") & (told["outcome"] != "failure"))


def _earliest(table: pd.DataFrame, what: str = "job") -> pd.DataFrame:
    """The first record of each job, or of each process, in each file, in the order of its lines."""
    if not len(table):
        return table
    return table.sort_values(["source", "start", "event_id"]).drop_duplicates(["source", what])


def _commanded(table: pd.DataFrame) -> pd.DataFrame:
    """With `command`: the program's name and its arguments. Sudo writes its path, the kernel what was typed."""
    words = [str(text).split(" ", 1) if isinstance(text, str) else None for text in table["text"]]
    told = [None if w is None else " ".join([posixpath.basename(w[0]), *w[1:]]) for w in words]
    return table.assign(command=pd.Series(told, index=table.index, dtype=object))


def _named(table: pd.DataFrame, jobs: Callable[[Sequence[str]], list[str]]) -> pd.DataFrame:
    """Executions whose arguments name one job, with that job."""
    found = [jobs(argv) if isinstance(argv, list) else [] for argv in table["argv"]]
    one = [names[0] if len(names) == 1 else None for names in found]
    job = pd.Series(one, index=table.index, dtype=object)
    return picked(table, job.notna()).assign(job=job[job.notna()])


def _paired(rule: Rule, first: pd.DataFrame, second: pd.DataFrame) -> Iterable[_Pair]:
    """The pairs of one rule."""
    if first.empty or second.empty:
        return
    least, most = int(rule.least_s * NS_PER_S), int(rule.most_s * NS_PER_S)
    for key, ours, theirs in keyed.shared(first, second, rule.by):
        for (one, rows), (other, told) in product(ours.items(), theirs.items()):
            # Two copies of one side meet once, the smaller name first.
            if one == other or (rule.first == rule.second and one > other):
                continue
            for rank, (a, b) in enumerate(_matching(rule, rows, told, least, most)):
                if abs(b.earliest_ns - a.earliest_ns) <= FARTHEST_NS:
                    number = f" {rank}" if len(rows) > 1 or len(told) > 1 else ""
                    thing = _thing(rule, key) + number
                    entry = f"{thing} {rule.moment}"
                    yield _Pair(rule.name, thing, entry, a.event_id, b.event_id, least, most)


def _thing(rule: Rule, key: tuple[Any, ...]) -> str:
    """What a login, a run or a job is called by all rules alike: it has one voice, however many pairs it gives."""
    said = dict(zip(rule.by, key, strict=True))
    if rule.moment == "message":
        return " ".join(f"{n} {said[n]}" for n in ("pid", "verb", "text"))
    names = (
        ("job",)
        if "job" in said
        else [n for n in rule.by if n in {"pid", "account"}]
        if "pid" in said
        else rule.by
    )
    return " ".join(f"{n} {said[n]}" for n in names)


def _matching(
    rule: Rule, rows: Sequence[Record], told: Sequence[Record], least: int, most: int
) -> Iterable[tuple[Record, Record]]:
    """Which record of one source belongs to which of the other: by order, where both have as many."""
    if len(rows) == len(told):
        return zip(rows, told, strict=True)
    if not rule.aligned or max(len(rows), len(told)) > _MANY:
        return ()
    when = [np.array([r.earliest_ns for r in side], np.int64) for side in (rows, told)]
    pairs = alignment.laid_over(*when, least_ns=least, most_ns=most)
    return () if pairs is None else [(rows[i], told[j]) for i, j in pairs]
