"""Acts: who changed what, on which job, each from events by a named rule.

An act has the account that the sources name, never a person: persons are the next stage's. An act
without events does not exist, and the owner of a thing is not its actor.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd
import pyarrow as pa

from forensics.analysis.by_verb import of_verbs
from forensics.analysis.evidence import Evidence, Row, Rows, picked
from forensics.analysis.hops import Hop
from forensics.analysis.identity import Directory
from forensics.analysis.jobs import Job
from forensics.analysis.sessions import Session
from forensics.core.schema import Column, Table
from forensics.core.tables import STRINGS

ACTS = {
    "submit": "asked the scheduler to run a job",
    "cancel": "asked the scheduler to end a job",
    "hold": "asked the scheduler to hold, suspend or release a job",
    "requeue": "asked the scheduler to run a job again",
    "run_beside": "ran programs on the node of a job whose memory ran out",
    "signal": "sent a signal to a process of a job",
    "modify_job": "asked the scheduler to change a job",
    "enter_job": "asked the scheduler to run a program inside a job",
    "edit_scheduler": "asked the scheduler to change a node, a queue, a reservation, a limit or a right",
    "modify_file": "changed a file in place",
    "replace_file": "put another file in a file's place",
    "delete_file": "removed a file",
    "plant": "left something that runs later: a cron entry, a timer, a hook, a startup file",
    "push": "changed a ref of a git server",
    "move_ref": "moved a ref of a git server there, by no push that is told",
    "commit": "made a commit",
    "grant": "gave a key or a right",
    "escalate": "used another account's rights",
    "wipe_log": "removed or emptied a log or a history",
    "timestomp": "set the times of a file",
    "change_clock": "set a clock",
    "change_logging": "changed what is logged",
}

_FEW_EVENTS = 64
"""What so few events of a session say is looked up each time."""
BY_ITSELF = frozenset({"cron", "at", "timer"})
"""Origins of what somebody left to run: whoever did need not have been there."""
LEFT_BY = {"cron": "cron", "crond": "cron", "anacron": "cron", "atd": "at", "systemd": "timer"}
"""What opened a session in which something ran by itself. systemd opens one for the manager of an account's units."""

ACT = Table(
    "act",
    "one act, by one rule, from the events it cites",
    (
        Column("act_id", pa.string(), "the act's first event, its kind and its object"),
        Column("act", pa.string(), "kind, from the closed list `ACTS`"),
        Column("object", pa.string(), "what was acted on"),
        Column("job", pa.string(), "job concerned", None, "none, or not established"),
        Column("link", pa.string(), "how act and job are linked: observed, derived or not_established"),
        Column("why_link", pa.string(), "rule of the link", None, "no job"),
        Column(
            "effect",
            pa.string(),
            "whether the records show that it harmed the job: shown, possible or not_shown",
            None,
            "no job, or a job that was not looked into",
        ),
        Column("rule", pa.string(), "rule that made it an act"),
        Column(
            "earliest_ns",
            pa.int64(),
            "first moment it can have been",
            "ns since 1970-01-01T00:00:00Z",
            "no time recorded",
        ),
        Column(
            "latest_ns",
            pa.int64(),
            "last moment it can have been",
            "ns since 1970-01-01T00:00:00Z",
            "no time recorded",
        ),
        Column("host", pa.string(), "host", None, "not recorded"),
        Column(
            "account",
            pa.string(),
            "account acting: the login account where one is recorded",
            None,
            "not recorded",
        ),
        Column("effective", pa.string(), "account whose rights were used", None, "not recorded"),
        Column("session_id", pa.string(), "session it was done in", None, "no session established"),
        Column(
            "origin",
            pa.string(),
            "login; cron, at or timer (of systemd), which run what was left behind; job (by the job's own process); or unknown",
        ),
        Column("author", pa.string(), "git author: asserted", None, "not git"),
        Column("committer", pa.string(), "git committer: asserted", None, "not git"),
        Column("person", pa.string(), "person it is attributed to", None, "none"),
        Column("verdict", pa.string(), "attributed, inconclusive, nobody or not_attempted"),
        Column(
            "in_question", pa.bool_(), "whether it bears on a job that is asked about, and is in the findings"
        ),
        Column("events", STRINGS, "events it rests on"),
    ),
)


@dataclass(slots=True)
class Act:
    """One act while it is being put together."""

    act: str
    object: str
    rule: str
    events: list[str]
    earliest_ns: int | None
    latest_ns: int | None
    host: str | None = None
    account: str | None = None
    effective: str | None = None
    session: Session | None = None
    origin: str = "unknown"
    job: str | None = None
    link: str = "not_established"
    why_link: str | None = None
    effect: str | None = None
    author: str | None = None
    committer: str | None = None
    credential: str | None = None
    address: str | None = None
    pid: int | None = None
    planters: list["Act"] = field(default_factory=list)
    typed_from: list[Session] = field(default_factory=list)
    against: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    rival_accounts: set[str] = field(default_factory=set)
    senders: int = 0
    """How many commands can have sent a request, where `events` has only those nearest to it; else 0."""
    program_owners: set[str] = field(default_factory=set)
    can_hold: list[str] = field(default_factory=list)
    """Events by which others changed before what its session can have taken in, where what would tell of that was not collected."""
    in_question: bool = False
    verdict: str = "not_attempted"
    person: str | None = None

    @property
    def act_id(self) -> str:
        """A name that depends on nothing but the act."""
        return f"{self.events[0]}:{self.act}:{self.object}:{self.job or ''}"

    def span(self) -> tuple[int | None, int | None]:
        """The first and the last moment at which it can have been."""
        return self.earliest_ns, self.latest_ns

    def linked(self, job: str, link: str, why: str, events: Iterable[str]) -> "Act":
        """The same act, said of a job."""
        return replace(
            self, job=job, link=link, why_link=why, events=list(dict.fromkeys([*self.events, *events])),
            planters=list(self.planters), typed_from=list(self.typed_from), against=list(self.against), missing=list(self.missing),
            program_owners=set(self.program_owners), can_hold=list(self.can_hold),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scene:
    """What the rules look at: the evidence with its people, sessions, jobs, and commits and trees by id."""

    evidence: Evidence
    directory: Directory
    sessions: dict[tuple[str | None, str], Session]
    jobs: dict[str, Job]
    git_objects: Mapping[str, Row]
    led: Sequence[Hop] = ()
    """Sessions that can have led to others."""

    memo: dict[Any, Any] = field(init=False, default_factory=dict, repr=False, compare=False)
    """What was looked up once, by what looks it up."""

    @property
    def events(self) -> pd.DataFrame:
        """The events, indexed by id."""
        return self.evidence.events

    def row(self, event: str) -> Row:
        """One event; looked up once, for each act asks several times for its own."""
        if "rows" not in self.memo:
            self.memo["rows"] = Rows(self.events)
        key = "row", event
        if key not in self.memo:
            self.memo[key] = self.memo["rows"].at(self.events.index.get_loc(event))
        return self.memo[key]

    def runs_of(self, host: object, pid: object) -> pd.DataFrame:
        """The executions by a process of a host, in the order of the events."""
        if "runs" not in self.memo:
            ran = picked(self.events, self.events["verb"] == "execute")
            self.memo["runs"] = ran, _places(zip(ran["host"], ran["pid"], strict=True))
        ran, at = self.memo["runs"]
        found: pd.DataFrame = ran.iloc[at.get((host, pid), [])]
        return found

    def ran_by(self, host: object, pid: object) -> Sequence[tuple[str, int, str | None]]:
        """The same, of each execution its event, when it can have begun, and its audit session."""
        if "ran" not in self.memo:
            ran = picked(self.events, self.events["verb"] == "execute")
            keys = zip(ran["host"], ran["pid"], strict=True)
            told = [*zip(ran["event_id"], ran["earliest_ns"], ran["session"], strict=True)]
            self.memo["ran"] = {key: [told[n] for n in at] for key, at in _places(keys).items()}
        found: Sequence[tuple[str, int, str | None]] = self.memo["ran"].get((host, pid), ())
        return found

    def told_of(self, job: str) -> pd.DataFrame:
        """The events that name a job, in their order."""
        if "told" not in self.memo:
            told = picked(self.events, self.events["job"].notna())
            self.memo["told"] = told, _places(zip(told["job"], strict=True))
        told, at = self.memo["told"]
        found: pd.DataFrame = told.iloc[at.get((job,), [])]
        return found

    def faults_of(self, job: str) -> int:
        """How many faults of a machine are told of a job."""
        if "faults" not in self.memo:
            told = of_verbs(self.evidence, "fault")["job"]
            self.memo["faults"] = Counter(job for job in told if isinstance(job, str))
        return int(self.memo["faults"][job])

    def known(self, cited: Iterable[str]) -> list[str]:
        """Those of some events that are in the evidence, once each, in their order."""
        there = self.evidence.events.index
        return [e for e in dict.fromkeys(cited) if e in there]

    def values(self, cited: Iterable[str], column: str) -> list[Any]:
        """What a column says of each of some events that are in the evidence."""
        return [told for (told,) in self.cells(cited, column)]

    def cells(self, cited: Iterable[str], *columns: str) -> list[tuple[Any, ...]]:
        """What some columns say of each of some events that are in the evidence.

        Looked up event by event: an act cites a few, and a frame of them takes longer to make than to read.
        """
        events = self.events
        for name in columns:
            if ("cells", name) not in self.memo:
                self.memo["cells", name] = events[name].to_numpy(dtype=object)
        held = [self.memo["cells", name] for name in columns]
        return [tuple([values[at] for values in held]) for at in self._at(cited)]

    def _at(self, cited: Iterable[str]) -> list[int]:
        """Where those of some events stand that are in the evidence; each is looked up once, for acts of one session cite the same."""
        index, known = self.events.index, self.memo.setdefault("at", {})
        asked = dict.fromkeys(cited)
        for event in asked:
            if event not in known:
                known[event] = index.get_loc(event) if event in index else None
        return [known[event] for event in asked if known[event] is not None]

    def entered(self, session: Session, *columns: str) -> list[tuple[Any, ...]]:
        """What some columns say of the events of a session; of many events it is looked up once, for each act in it asks."""
        if len(session.events) <= _FEW_EVENTS:
            return self.cells(session.events, *columns)
        key = "entered", session.session_id, len(session.events), columns
        if key not in self.memo:
            self.memo[key] = self.cells(session.events, *columns)
        found: list[tuple[Any, ...]] = self.memo[key]
        return found

    def by_id(self) -> dict[str, Session]:
        """The sessions by their ids."""
        if "by_id" not in self.memo:
            self.memo["by_id"] = {s.session_id: s for s in self.sessions.values()}
        found: dict[str, Session] = self.memo["by_id"]
        return found

    def session_of(self, event: Row) -> Session | None:
        """The session whose kernel number an event carries."""
        ses = getattr(event, "session", None)
        return None if not isinstance(ses, str) else self.sessions.get((getattr(event, "host", None), ses))

    def job_of(self, host: str | None, pid: int | None, at_ns: int | None) -> Job | None:
        """The job whose process a pid was at a moment."""
        if pid is None or pd.isna(pid):
            return None
        if "processes" not in self.memo:
            held: dict[tuple[str | None, int], list[Job]] = {}
            for job in self.jobs.values():
                for process in job.processes:
                    held.setdefault(process, []).append(job)
            self.memo["processes"] = held
        for job in self.memo["processes"].get((host, int(pid)), ()):
            first, last = job.window()
            if at_ns is None or first <= at_ns <= last:
                found: Job = job
                return found
        return None

    def act(self, kind: str, thing: str, rule: str, event: Row) -> Act:
        """An act made of one audit event: account, session and origin as the kernel recorded them."""
        e = event
        session = self.session_of(e)
        earliest, latest = moment(e)
        act = Act(kind, thing, rule, [str(e.event_id)], earliest, latest, host=e.host)
        act.account, act.effective, act.session = e.account, e.effective, session
        act.pid = None if pd.isna(e.pid) else int(e.pid)
        if session is not None:
            act.origin = LEFT_BY.get(session.service, "login")
            act.account = act.account or session.account
        elif self.job_of(act.host, act.pid, earliest) is not None:
            act.origin = "job"
            act.account = act.account or act.effective
        else:
            act.account = act.account or act.effective
        return act


def _places(keys: Iterable[tuple[Any, ...]]) -> dict[tuple[Any, ...], list[int]]:
    """Where each key stands, but for those of which a part is not known."""
    found: dict[tuple[Any, ...], list[int]] = {}
    for n, key in enumerate(keys):
        found.setdefault(key, []).append(n)
    return {key: at for key, at in found.items() if not any(part is None or part is pd.NA for part in key)}


def moment(event: Row) -> tuple[int | None, int | None]:
    """When an event can have been; nothing, where no time could be placed."""
    first, last = event.earliest_ns, event.latest_ns
    return (None, None) if pd.isna(first) else (int(first), int(last))


def table(acts: list[Act]) -> pa.Table:
    """The acts as the declared table."""
    simple = {c.name: [getattr(a, c.name, None) for a in acts] for c in ACT.columns if c.name != "session_id"}
    simple["session_id"] = [a.session.session_id if a.session else None for a in acts]
    return ACT.build(simple)
