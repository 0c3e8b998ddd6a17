"""Who entered which account, with which key, from which address, from when to when.

A session is recognised by the process that let somebody in: sshd writes its pid to syslog, the
kernel ties the same pid to an audit session, and login records keep pid and terminal. Where the
sources tell one entry differently, the session carries the contradiction; it is never voted away.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import pyarrow as pa

from forensics.analysis import entries
from forensics.analysis.evidence import Evidence, Row, flagged, groups_of, picked, rows_of, where
from forensics.analysis.selfset import SYSTEM
from forensics.analysis.trails import FROM_ANYBODY
from forensics.core.messageevents import SYSTEM_LOGS
from forensics.core.schema import Column, Table
from forensics.core.tables import STRINGS

SESSION = Table(
    "session",
    "one entry into an account on one host, or one run of cron for an account",
    (
        Column("session_id", pa.string(), "the event that opens it"),
        Column("host", pa.string(), "host entered", None, "not recorded"),
        Column("ses", pa.string(), "the kernel's audit session", None, "no audit trail of it"),
        Column("service", pa.string(), "what let it in: sshd, cron, login, su …"),
        Column("account", pa.string(), "account entered", None, "not recorded"),
        Column("pid", pa.int64(), "process that let it in", None, "not recorded"),
        Column("tty", pa.string(), "terminal", None, "none, or not recorded"),
        Column("address", pa.string(), "where it came from", None, "local, or not recorded"),
        Column("port", pa.int64(), "port there", None, "not recorded"),
        Column("credential", pa.string(), "key that opened it", None, "no key, or not recorded"),
        Column(
            "start_ns",
            pa.int64(),
            "earliest moment it can have begun",
            "ns since 1970-01-01T00:00:00Z",
            "not recorded",
        ),
        Column(
            "end_ns",
            pa.int64(),
            "latest moment it can have ended",
            "ns since 1970-01-01T00:00:00Z",
            "no end recorded",
        ),
        Column(
            "active_until_ns",
            pa.int64(),
            "latest moment of anything that the kernel recorded in it, which may be after its end",
            "ns since 1970-01-01T00:00:00Z",
            "no audit trail of it",
        ),
        Column("kept_by", STRINGS, "programs run in it that let work outlive it: tmux, screen, nohup, at …"),
        Column("channels", pa.int64(), "sessions that ran over its one connection", None, "not recorded"),
        Column(
            "via",
            pa.string(),
            "session out of which it was opened, by ssh or machinectl: derived",
            None,
            "none, or not one only",
        ),
        Column("via_events", STRINGS, "executions of the client that opened it"),
        Column("recognised_by", STRINGS, "sources that tell of it"),
        Column("domains", STRINGS, "trust domains of those sources"),
        Column("contradicts", STRINGS, "what the sources tell differently: address, account, credential"),
        Column("events", STRINGS, "events it is recognised by"),
    ),
)

ENTRY = frozenset({"login", "loginuid", "session_open", "session_close", "session_start", "logout"})
"""Verbs that make a session."""
_READ = [
    "event_id", "verb", "outcome", "format", "reach", "trail", "host", "session", "pid", "account", "address", "port",
    "credential", "tty", "exe", "uid", "earliest_ns", "latest_ns", "sha256", "start",
]  # fmt: skip
"""The columns that tell of an entry: these alone are taken along, because every selection copies them."""
_LOGIN_RECORDS = ("wtmp", "wtmp_aarch64", "wtmp_powerpc", "wtmp_s390")
_NO_PID = "wtmpdb"
"""Login records that keep no pid."""
_SAME_LOGIN_NS = 60 * 1_000_000_000
"""By how much two logs may differ on when one login began, where they share no pid."""
_LAST_WORDS_NS = 5 * 1_000_000_000
"""How long a session's own processes take to end after it."""
KEEPERS = frozenset(
    {"tmux", "screen", "nohup", "setsid", "systemd-run", "at", "batch", "dtach", "abduco", "zellij"}
)
"""Programs that let work go on after the session that began it."""
_PID_REUSE_NS = 86_400 * 1_000_000_000


@dataclass(slots=True)
class Session:
    """One row of the session table while it is being put together."""

    session_id: str
    host: str | None
    ses: str | None
    service: str
    account: str | None
    pid: int | None
    start_ns: int | None
    end_ns: int | None
    tty: str | None = None
    address: str | None = None
    port: int | None = None
    credential: str | None = None
    begun_ns: int | None = None
    """The last moment at which it can have begun, by what tells most closely of that."""
    active_until_ns: int | None = None
    kept_by: set[str] = field(default_factory=set)
    channels: int | None = None
    via: str | None = None
    via_events: list[str] = field(default_factory=list)
    recognised_by: set[str] = field(default_factory=set)
    domains: set[str] = field(default_factory=set)
    contradicts: set[str] = field(default_factory=set)
    events: list[str] = field(default_factory=list)

    def entered(self) -> tuple[int | None, int | None]:
        """The first and the last moment at which it can have begun."""
        if self.start_ns is None or self.begun_ns is None:
            return self.start_ns, self.start_ns
        return self.start_ns, max(self.start_ns, self.begun_ns)

    def covers(self, earliest_ns: int, latest_ns: int) -> bool:
        """Whether it can have been open at some moment of an interval."""
        return (self.start_ns is None or self.start_ns <= latest_ns) and (
            self.end_ns is None or self.end_ns >= earliest_ns
        )

    def works(self, earliest_ns: int, latest_ns: int) -> bool:
        """Whether it can have been open, or something in it have gone on after its end, at some moment of an interval."""
        if self.covers(earliest_ns, latest_ns):
            return True
        return (
            self.outlived()
            and self.end_ns is not None
            and self.end_ns <= latest_ns
            and int(self.active_until_ns or 0) >= earliest_ns
        )

    def outlived(self) -> bool:
        """Whether something went on in it after it had ended."""
        ends = (self.end_ns, self.active_until_ns)
        return None not in ends and int(ends[1] or 0) > int(ends[0] or 0) + _LAST_WORDS_NS


def _ints(values: Iterable[Any]) -> list[int]:
    return [int(v) for v in values if v is not None and not pd.isna(v)]


def _words(values: Iterable[Any]) -> list[str]:
    return sorted({str(v) for v in values if v is not None and not pd.isna(v)})


def _settle(session: Session, what: str, values: Sequence[str]) -> str | None:
    """The one value that the sources give, or None and a contradiction where they differ."""
    if len(values) > 1:
        session.contradicts.add(what)
    return values[0] if len(values) == 1 else None


def reconstruct(evidence: Evidence) -> list[Session]:
    """Every session that the evidence tells of.

    Returns:
        Sessions in order of start, then id. An audit session joins the sshd connection of the same
        host, pid and account that lies nearest in time: nearest, not equal, because the two logs
        may run on clocks that differ. Adding later events renames nothing.
    """
    events = evidence.events.loc[evidence.events["verb"].isin(ENTRY), _READ]
    audit = [_from_audit(rows) for rows in entries.audit_groups(events)]
    syslog = picked(events, events["format"].isin(SYSTEM_LOGS) & ~events["trail"])
    told = entries.Told(rows_of(syslog))
    connections = [_from_sshd(rows, told) for rows in entries.by_pid(told.logins)]
    joined = _join(audit, connections)
    records = picked(
        events, events["format"].isin(_LOGIN_RECORDS) & events["verb"].eq("login") & events["pid"].notna()
    )
    by_pid = dict(groups_of(records, "pid"))
    for session in joined:
        _add_wtmp(session, by_pid.get(session.pid, records[:0]))
    _add_wtmpdb(joined, picked(events, events["format"] == _NO_PID))
    _add_work(joined, evidence.events)
    return sorted(joined, key=lambda s: (s.start_ns is None, s.start_ns or 0, s.session_id))


def _from_audit(rows: list[Row]) -> Session:
    """One audit session: the account is the login uid's, the service the program that opened it."""
    first = rows[0]
    base = [r for r in rows if r.verb in {"login", "loginuid", "session_open"}] or rows
    login = [r for r in rows if r.verb == "login"]
    # The program that opened the session: sudo and su open PAM sessions of their own inside it later.
    ordered = sorted(base, key=lambda r: (*entries.dated(r), r.start))
    # What lets people in runs as root, or as the system's own. Whoever is in can call a program of their own `sshd`.
    exe = [r.exe for r in ordered if isinstance(r.exe, str) and int(entries.known(r.uid) or 0) <= SYSTEM][:1]
    service = exe[0].rsplit("/", 1)[-1] if exe else "unknown"
    pids = {entries.known(r.pid) for r in base}
    closes = [r for r in rows if r.verb == "session_close" and entries.known(r.pid) in pids]
    # PAM closes sudo's session inside this one too: only the process that opened it ends it.
    closes = [r for r in closes if r.exe in exe] if exe else closes
    session = Session(
        session_id=str(first.event_id),
        host=first.host,
        ses=str(first.session),
        service=service,
        account=None,
        pid=next(iter(_ints(entries.of(login or base, "pid"))), None),
        start_ns=min(_ints(entries.of(rows, "earliest_ns")), default=None),
        end_ns=max(_ints(entries.of(closes, "latest_ns")), default=None),
    )
    session.begun_ns = min(_ints(entries.of(base, "latest_ns")), default=None)
    session.account = _settle(session, "account", _words(entries.of(rows, "account")))
    entered = login or [r for r in base if r.verb != "loginuid"]
    session.address = _settle(session, "address", _words(entries.of(entered, "address")))
    session.tty = next((t for t in _words(entries.of(login, "tty")) if t.startswith(("pts/", "tty"))), None)
    session.recognised_by.add("auditd")
    session.domains.update(_words(entries.of(rows, "reach")))
    session.events = [*_words(entries.of(base, "event_id")), *_words(entries.of(closes, "event_id"))]
    return session


def _from_sshd(rows: list[Row], told: entries.Told) -> Session:
    first = rows[0]
    session = Session(
        session_id=str(first.event_id),
        host=first.host,
        ses=None,
        service="sshd",
        account=None,
        pid=next(iter(_ints(entries.of(rows, "pid"))), None),
        start_ns=min(_ints(entries.of(rows, "earliest_ns")), default=None),
        end_ns=None,
        port=next(iter(_ints(entries.of(rows, "port"))), None),
    )
    session.begun_ns = min(_ints(entries.of(rows, "latest_ns")), default=None)
    for what in ("account", "address", "credential"):
        setattr(session, what, _settle(session, what, _words(entries.of(rows, what))))
    # What is not known is equal to nothing.
    by, over = (session.host, session.pid, session.account), (session.host, session.port, session.address)
    closed = [] if None in by else told.closed.get(by, [])
    after = [
        v for v in _ints(entries.of(closed, "latest_ns")) if session.start_ns is None or v >= session.start_ns
    ]
    session.end_ns = min(after, default=None)
    started = [] if None in over else told.started.get(over, [])
    session.tty = next(iter(_words(entries.of(started, "tty"))), None)
    # One connection can carry several sessions (ControlMaster); a copy of the log tells each of them again.
    session.channels = max(Counter(entries.of(started, "sha256")).values(), default=None)
    session.recognised_by.add("sshd")
    session.domains.update(_words(entries.of(rows, "reach")))
    session.events = [
        *_words(entries.of(rows, "event_id")), *_words(entries.of(started, "event_id")), *_words(entries.of(closed, "event_id")),
    ]  # fmt: skip
    return session


def _join(audit: list[Session], connections: list[Session]) -> list[Session]:
    """Give each audit session its sshd connection; what finds no partner stays as it is."""
    left: dict[tuple[str | None, int], list[Session]] = {}
    for connection in connections:
        if connection.pid is not None:
            left.setdefault((connection.host, connection.pid), []).append(connection)
    taken: set[int] = set()
    numbered: dict[tuple[str | None, int | None], list[Session]] = {}
    for session in audit:
        numbered.setdefault((session.host, session.pid), []).append(session)
    for session in audit:
        mates = left.get((session.host, session.pid), []) if session.pid is not None else []
        if session.service != "sshd" or not mates:
            continue
        mate = min(mates, key=lambda c: (abs((c.start_ns or 0) - (session.start_ns or 0)), c.session_id))
        rivals = [s.start_ns for s in numbered[session.host, session.pid] if s is not session]
        span = session.start_ns, session.end_ns
        twins = [c for c in mates if c is not mate and entries.of_one_process(*span, c.start_ns, rivals)]
        mates[:] = [c for c in mates if c is not mate and c not in twins]
        taken.update(map(id, (mate, *twins)))
        _merge(session, mate)
        _dispute(session, [mate, *twins])
    return [*audit, *(c for c in connections if id(c) not in taken)]


def _dispute(session: Session, connections: Iterable[Session]) -> None:
    """Take from a session what connections of its one process tell differently: sshd lets one in by a process, and any account can write its lines."""
    for what in ("account", "address", "credential"):
        if len(_words(getattr(c, what) for c in connections)) > 1:
            session.contradicts.add(what)
            setattr(session, what, None)
    for twin in connections:
        session.events += [e for e in twin.events if e not in session.events]


def _merge(session: Session, mate: Session) -> None:
    for what in ("account", "address"):
        one, other = getattr(session, what), getattr(mate, what)
        if one is not None and other is not None and one != other:
            session.contradicts.add(what)
            setattr(session, what, None)
        elif one is None and what not in session.contradicts:
            setattr(session, what, other)
    session.credential, session.port, session.channels = mate.credential, mate.port, mate.channels
    session.tty = session.tty or mate.tty
    session.begun_ns = min(_ints((session.begun_ns, mate.begun_ns)), default=None)
    session.end_ns = session.end_ns if session.end_ns is not None else mate.end_ns
    session.recognised_by |= mate.recognised_by
    session.domains |= mate.domains
    session.contradicts |= mate.contradicts
    session.events = [*session.events, *mate.events]


def _add_wtmp(session: Session, records: pd.DataFrame) -> None:
    """Login records keep the same pid and terminal; they speak of address and account once more."""
    if session.pid is None or not len(records):
        return
    own = flagged(
        records,
        [
            (not isinstance(host, str) or host == session.host)
            and (
                session.start_ns is None
                or (not pd.isna(at) and abs(int(at) - session.start_ns) < _PID_REUSE_NS)
            )
            for host, at in zip(records["host"], records["earliest_ns"], strict=True)
        ],
    )
    if len(own):
        _add_records(session, own, "wtmp")


def _add_wtmpdb(sessions: list[Session], records: pd.DataFrame) -> None:
    """Records without a pid are of the one session that began on their terminal about then, if it is one."""
    by_tty: dict[str, list[Session]] = {}
    for session in sessions:
        if session.tty is not None:
            by_tty.setdefault(session.tty, []).append(session)
    own = picked(
        records, (records["verb"] == "login") & records["tty"].notna() & records["earliest_ns"].notna()
    )
    for at in own.index:
        row = own.loc[[at]]
        tty, host, began = row["tty"].iloc[0], row["host"].iloc[0], int(row["earliest_ns"].iloc[0])
        near = [
            s
            for s in by_tty.get(tty, [])
            if (not isinstance(host, str) or s.host == host)
            and s.start_ns is not None
            and abs(s.start_ns - began) < _SAME_LOGIN_NS
        ]
        if len(near) == 1:
            _add_records(near[0], row, _NO_PID)


def _add_work(sessions: list[Session], events: pd.DataFrame) -> None:
    """How long the kernel recorded anything in each session, and which programs in it outlive one."""
    own = picked(events, events["trail"] & events["session"].notna() & ~events["format"].isin(FROM_ANYBODY))
    last = own.groupby(["host", "session"])["latest_ns"].max().dropna()
    ran = where(
        picked(own, own["verb"] == "execute"), "exe", lambda e: isinstance(e, str) and _base(e) in KEEPERS
    )
    kept: dict[tuple[str | None, str | None], set[str]] = {}
    for host, ses, exe in zip(ran["host"], ran["session"], ran["exe"], strict=True):
        kept.setdefault((host, ses), set()).add(_base(exe))
    until = {key: int(moment) for key, moment in last.items()}
    for session in sessions:
        session.active_until_ns = until.get((session.host, session.ses))
        session.kept_by |= kept.get((session.host, session.ses), set())


def _base(exe: str) -> str:
    return exe.rsplit("/", 1)[-1]


def _add_records(session: Session, own: pd.DataFrame, source: str) -> None:
    """What login records of a session say; where they say otherwise, nothing is settled."""
    for what in ("account", "address"):
        told, known = _words(own[what]), getattr(session, what)
        if known is not None and told and told != [known]:
            session.contradicts.add(what)
            setattr(session, what, None)
    session.recognised_by.add(source)
    session.domains.update(_words(own["reach"]))
    session.events = [*session.events, *_words(own["event_id"])]


def table(sessions: list[Session]) -> pa.Table:
    """The sessions as the declared table."""
    sets = {"recognised_by", "domains", "contradicts", "kept_by"}
    data = {
        c.name: [sorted(getattr(s, c.name)) if c.name in sets else getattr(s, c.name) for s in sessions]
        for c in SESSION.columns
    }
    return SESSION.build(data)
