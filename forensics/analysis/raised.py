"""In which session somebody asked for another account's rights, where no audit trail says so: by the terminal.

A line of sudo or su names a terminal, and a terminal is held by one session at a time. So the line is of the session
that had it on that host at that moment, where one alone can have had it and is of the account that the line says asked.
Derived, never observed. Any account can write a line to the system log that looks like sudo's: what is joined here
tells where somebody may have worked with other rights, bears nobody out and names nobody.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import pandas as pd
import pyarrow as pa

from forensics.analysis.acts import Scene
from forensics.analysis.by_verb import of_verbs
from forensics.analysis.evidence import Evidence, Row, picked, rows_of, where
from forensics.analysis.overlaps import sure
from forensics.analysis.rulebook import Rule
from forensics.analysis.sessions import Session
from forensics.core.messageevents import SYSTEM_LOGS
from forensics.core.schema import Column, Table
from forensics.core.tables import STRINGS

RULE = "terminal_of_session"
RULES = {
    RULE: Rule(
        (),
        "a terminal is held by one session at a time, and one alone of the account that asked can have held it then",
        "a line that any account can send to the system log; a terminal of tmux or screen that has the number of an earlier one",
    ),
}
MISSING = {
    "terminal_in_line": "the line names no terminal",
    "session_of_terminal": "no session on record can have held the terminal then",
    "one_session_of_terminal": "several sessions can have held the terminal then",
    "account_of_session": "what the sources tell of the session's account differs",
    "same_account": "the session that held the terminal is of another account, and no rights that were asked for there before explain it",
    "own_rights": "the account that asked was itself reached by rights asked for on the terminal before: see `after`",
}
"""Why a line is joined to no session."""
RAISED = Table(
    "raised",
    "one line by which an account asked for another's rights, outside any audit trail, and the session it can be tied to: derived",
    (
        Column("event", pa.string(), "the line"),
        Column("host", pa.string(), "host", None, "not recorded"),
        Column("account", pa.string(), "account that asked, by the line", None, "not recorded"),
        Column("effective", pa.string(), "account whose rights were asked for, by the line", None, "not recorded"),
        Column("outcome", pa.string(), "success or failure", None, "not recorded"),
        Column("tty", pa.string(), "terminal, by the line", None, "none, or not recorded"),
        Column("session", pa.string(), "session that held the terminal then", None, "see missing"),
        Column("rule", pa.string(), f"`{RULE}`"),
        Column("version", pa.int64(), "version of the rule"),
        Column("basis", pa.string(), "derived"),
        Column("inputs", STRINGS, "events that say who held the terminal, and PAM's lines of the same process"),
        Column("rivals", STRINGS, "sessions that can have held it, where it is joined to none"),
        Column("after", STRINGS, "lines on that terminal by which the account that asked was reached before"),
        Column("missing", pa.string(), "why it is joined to no session, from the closed list `MISSING`", None, "it is joined"),
    ),
)  # fmt: skip
_SU = re.compile(r"(?:\(to [^ )]+\) |Successful su |\+ )")
"""What su writes, which names no command."""
_FOR_EVER = 2**62
_SAME_PROCESS_NS = 10_000_000_000
"""PAM writes of a session of sudo in the seconds about sudo's own line."""
_ENTERS = frozenset({"login", "session_start"})


@dataclass(frozen=True, slots=True)
class Raised:
    """One row of the table."""

    event: str
    host: str | None
    account: str | None
    effective: str | None
    outcome: str | None
    tty: str | None
    text: str | None
    argv: tuple[str, ...] | None
    earliest_ns: int | None
    latest_ns: int | None
    session: Session | None = None
    inputs: tuple[str, ...] = ()
    rivals: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    missing: str | None = None

    @property
    def rule(self) -> str:
        """The rule by which it is tied, or is not."""
        return RULE

    @property
    def opens_shell(self) -> bool:
        """Whether what was asked for is a shell, and no command is told."""
        return _SU.match(self.text or "") is not None


class _Holding(NamedTuple):
    """A session can have held a terminal from one moment to another; `event` says that it did."""

    from_ns: int
    until_ns: int
    session: Session
    event: str


def find(evidence: Evidence, sessions: Sequence[Session]) -> list[Raised]:
    """Every such line in order of time, each tied to the one session that can have held its terminal, or to none."""
    asked = of_verbs(evidence, "sudo", but=lambda e: ~e["trail"])
    if not len(asked):
        return []
    terminals = _Terminals(evidence, sessions)
    modules = _modules(evidence.events)
    found: list[Raised] = []
    on: dict[tuple[str | None, str | None], list[Raised]] = {}
    for e in rows_of(asked):
        said = _said(e)
        before = on.setdefault((said.host, said.tty), [])
        row = terminals.joined(said, before)
        near = modules.get((e.host, int(e.pid)), ()) if not pd.isna(e.pid) and row.inputs else ()
        told = [event for at, event in near if abs(at - int(e.earliest_ns)) <= _SAME_PROCESS_NS]
        row = replace(row, inputs=(*row.inputs, *told))
        before.append(row)
        found.append(row)
    return found


def known(scene: Scene) -> list[Raised]:
    """Those of a scene, looked up once."""
    if "raised" not in scene.memo:
        scene.memo["raised"] = find(scene.evidence, list(scene.by_id().values()))
    found: list[Raised] = scene.memo["raised"]
    return found


def before(
    rows: Iterable[Raised], rights: str | None, earliest_ns: int | None, latest_ns: int | None
) -> list[Raised]:
    """The last line of each session, or of those it can be of, by which some rights were taken before a moment in it."""
    last: dict[tuple[str, ...], Raised] = {}
    if rights is None or earliest_ns is None or latest_ns is None:
        return []
    for r in rows:
        if r.effective != rights or r.account == rights or r.outcome == "failure":
            continue
        if r.earliest_ns is None or r.earliest_ns > latest_ns:
            continue
        if r.session is not None and r.session.works(earliest_ns, latest_ns):
            last[(r.session.session_id,)] = r
        elif r.session is None and r.rivals:
            last[r.rivals] = r
    return sorted(last.values(), key=lambda r: (r.earliest_ns or 0, r.event))


def _said(e: Row) -> Raised:
    """What a line says, tied to nothing yet."""
    argv = tuple(map(str, e.argv)) if isinstance(e.argv, list) else None
    first, last = (None, None) if pd.isna(e.earliest_ns) else (int(e.earliest_ns), int(e.latest_ns))
    return Raised(
        str(e.event_id), _text(e.host), _text(e.account), _text(e.effective), _text(e.outcome), _text(e.tty), _text(e.text),
        argv, first, last,
    )  # fmt: skip


class _Terminals:
    """Who can have held each terminal of each host, and when."""

    def __init__(self, evidence: Evidence, sessions: Sequence[Session]) -> None:
        self._held, self._widest_ns = _holdings(evidence.events, sessions)
        self._sure = sure(evidence, sessions)
        placed = {h.session.session_id for rows in self._held.values() for h in rows}
        self._loose: dict[str | None, list[Session]] = {}
        for session in sessions:
            if session.session_id not in placed:
                self._loose.setdefault(session.host, []).append(session)

    def joined(self, told: Raised, before: Iterable[Raised]) -> Raised:
        """One line, tied to a session or with what is missing for it; `before` are earlier ones of its terminal."""
        first, last = told.earliest_ns, told.latest_ns
        if told.tty is None or told.host is None or first is None or last is None:
            return replace(told, missing="terminal_in_line")
        able = self._able(told.host, told.tty, first, last)
        if not able:
            return replace(told, missing="session_of_terminal")
        session = able[0].session
        names = list(dict.fromkeys(h.session.session_id for h in able))
        if not self._surely(session, first, last):
            # Where it may have been over by then, its terminal can have gone to a session whose own none is on record.
            others = self._loose.get(told.host, ())
            names += [s.session_id for s in others if s.account == told.account and s.covers(first, last)]
        row = replace(told, inputs=tuple(dict.fromkeys(h.event for h in able)))
        if len(names) > 1:
            return replace(row, missing="one_session_of_terminal", rivals=tuple(names))
        if session.account is None:
            return replace(row, missing="account_of_session", rivals=tuple(names))
        if told.account == session.account:
            return replace(row, session=session)
        since = min(h.from_ns for h in able)
        after = tuple(r.event for r in before if _reached(r, told.account, since, first))
        return replace(
            row, missing="own_rights" if after else "same_account", rivals=tuple(names), after=after
        )

    def _surely(self, session: Session, first: int, last: int) -> bool:
        """Whether a session was open all the time, whatever the clocks."""
        stay = self._sure.get(session.session_id)
        return stay is not None and stay[0] <= first and last <= stay[1]

    def _able(self, host: str, tty: str, first: int, last: int) -> list[_Holding]:
        """The holdings of a terminal that can have been at some moment of an interval, in order of their beginning."""
        rows = self._held.get((host, tty), [])
        found: list[_Holding] = []
        over: Session | None = None
        for h in reversed(rows[: bisect_right(rows, last, key=lambda h: h.from_ns)]):
            # Whoever held it before another who had it by then held it no longer than until that one's latest beginning.
            if over is not None and h.session is not over:
                break
            if first <= h.until_ns:
                found.append(h)
            if h.from_ns + self._widest_ns < first:
                over = h.session
        return found[::-1]


def _reached(row: Raised, account: str | None, since_ns: int, until_ns: int) -> bool:
    """Whether an earlier line tells how an account was reached on a terminal, while one session held it."""
    return (
        row.effective == account
        and row.outcome != "failure"
        and row.earliest_ns is not None
        and since_ns <= row.earliest_ns <= until_ns
        and (row.session is not None or bool(row.after))
    )


def _holdings(
    events: pd.DataFrame, sessions: Sequence[Session]
) -> tuple[dict[tuple[str | None, str], list[_Holding]], int]:
    """Which sessions held a terminal of a host, from when to when: until they end, or somebody else gets it.

    Returns:
        By host and terminal, in order of the beginnings; and by how much the latest beginning of one can be after the earliest.
    """
    told = picked(events, events["verb"].isin(_ENTERS | {"logout"}) & events["earliest_ns"].notna())
    told = picked(told, told["tty"].notna() & told["host"].notna())
    of = {event: s for s in sessions for event in s.events}
    own: dict[tuple[str | None, str], list[tuple[int, int, str, Session | None]]] = {}
    for e in rows_of(where(told, "tty", lambda tty: tty.startswith(("pts/", "tty")))):
        session = of.get(str(e.event_id)) if e.verb in _ENTERS and e.outcome != "failure" else None
        moments = (int(e.earliest_ns), int(e.latest_ns))
        own.setdefault((e.host, e.tty), []).append((*moments, str(e.event_id), session))
    found: dict[tuple[str | None, str], list[_Holding]] = {}
    for key, rows in own.items():
        until, after = _FOR_EVER, _FOR_EVER
        who: Session | None = None
        for first, last, event, session in reversed(rows):
            # `after` is when the next row of anybody can have been at the latest, `until` when another than `who` came.
            until = until if session is who and session is not None else after
            after, who = last, session
            if session is not None:
                end = _FOR_EVER if session.end_ns is None else session.end_ns
                found.setdefault(key, []).append(_Holding(first, min(end, until), session, event))
        found.get(key, []).reverse()
    widest = max((last - first for rows in own.values() for first, last, _, _ in rows), default=0)
    return found, widest


def _modules(events: pd.DataFrame) -> dict[tuple[str | None, int], list[tuple[int, str]]]:
    """PAM's lines that a session of sudo or su was opened, by the process that wrote them."""
    opened = events["format"].isin(SYSTEM_LOGS) & (events["verb"] == "session_open")
    told = picked(
        events, opened & events["effective"].notna() & events["pid"].notna() & events["earliest_ns"].notna()
    )
    found: dict[tuple[str | None, int], list[tuple[int, str]]] = {}
    for e in rows_of(told):
        found.setdefault((e.host, int(e.pid)), []).append((int(e.earliest_ns), str(e.event_id)))
    return found


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def table(found: Iterable[Raised]) -> pa.Table:
    """The rows as the declared table."""
    rows = list(found)
    same = ("event", "host", "account", "effective", "outcome", "tty", "missing")
    return RAISED.build({
        **{name: [getattr(r, name) for r in rows] for name in same},
        "session": [r.session.session_id if r.session is not None else None for r in rows],
        "rule": [RULE for _ in rows],
        "version": [RULES[RULE].version for _ in rows],
        "basis": ["derived" for _ in rows],
        **{name: [list(getattr(r, name)) for r in rows] for name in ("inputs", "rivals", "after")},
    })  # fmt: skip
