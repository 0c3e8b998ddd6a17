"""What is not there: serials that jump, files that end inside a record, sources that nobody collected."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from forensics.analysis import holes, ordinary, placing
from forensics.analysis.by_verb import of_verbs
from forensics.analysis.channels import PUSH_LOGS
from forensics.analysis.evidence import Evidence, picked, rows_of
from forensics.analysis.sessions import Session
from forensics.analysis.trails import TRAILS, WHOLE
from forensics.core.messageevents import SYSTEM_LOGS
from forensics.core.schema import Column, Table
from forensics.core.tables import STRINGS

GAP = Table(
    "gap",
    "a stretch, or a source, of which the evidence says nothing",
    (
        Column("source", pa.string(), "host and format, or the source that is missing"),
        Column(
            "kind",
            pa.string(),
            "serial_gap, silence, daemon_stop, rotation_hole, truncated, clock_step, missing_source, or source_ with the answer to a request",
        ),
        Column("earliest_ns", pa.int64(), "begins", "ns since 1970-01-01T00:00:00Z", "not bounded"),
        Column("latest_ns", pa.int64(), "ends", "ns since 1970-01-01T00:00:00Z", "not bounded"),
        Column("records", pa.int64(), "records known to be missing", None, "not countable"),
        Column("host", pa.string(), "host concerned", None, "no one host"),
        Column("events", STRINGS, "events that show it: the last before, the first after"),
    ),
)

_BACK_NS, _BOOT = 60_000_000_000, 1_000_000
TRAIL, _LOGINS = "audit trail", "login log"
AUDIT_TRAIL = "audit trail (auditd)"
CONTROLS = frozenset(
    {
        "slurmctld",
        "pbs_server",
        "lsf_events",
        "k8s_audit",
        "k8s_audit_laid_out",
        "htcondor_event",
        "yarn_audit",
    }
)
ACCOUNTS = frozenset(
    {
        "sacct",
        "sacct_padded",
        "sacct_json",
        "jobcomp",
        "jobcomp_json",
        "pbs_accounting",
        "lsf_acct",
        "sge_accounting",
        "k8s_audit",
        "k8s_audit_laid_out",
    }
    | {"htcondor_history", "htcondor_event", "yarn_audit"}
)
LOGIN_LOG = "login log (sshd, in syslog)"
EXPECTED = (
    (AUDIT_TRAIL, frozenset(TRAILS)),
    (LOGIN_LOG, SYSTEM_LOGS),
    ("scheduler controller log (slurmctld)", CONTROLS),
    ("job accounting (sacct)", ACCOUNTS),
    ("git server's push log", PUSH_LOGS),
)
_GIT = frozenset({"git_object", "git_pack", "git_reflog", "git_reftable"})


@dataclass(frozen=True, slots=True)
class Gap:
    """One row of the gap table."""

    source: str
    kind: str
    earliest_ns: int | None
    latest_ns: int | None
    records: int | None = None
    host: str | None = None
    events: tuple[str, ...] = ()

    def touches(self, earliest_ns: int | None, latest_ns: int | None) -> bool:
        """Whether it can hold something of an interval."""
        if earliest_ns is None or latest_ns is None:
            return False
        return (self.earliest_ns is None or self.earliest_ns <= latest_ns) and (
            self.latest_ns is None or self.latest_ns >= earliest_ns
        )


def find(evidence: Evidence, sessions: Iterable[Session]) -> list[Gap]:
    """Every gap that the evidence itself shows, in a total order."""
    silent = _silences(evidence, list(sessions))
    found = [
        *_serials(evidence), *_lost(evidence), *_steps(evidence), *_missing(evidence), *silent, *_before(evidence),
        *(Gap(source, kind, first, last, None, host, events) for source, kind, first, last, host, events in holes.find(evidence)),
    ]  # fmt: skip
    return sorted(found, key=lambda g: (g.kind, g.source, g.earliest_ns or 0, g.latest_ns or 0, g.events))


def _serials(evidence: Evidence) -> Iterable[Gap]:
    """The kernel numbers its audit events one by one: where numbers jump, lines are gone.

    Only what keeps all events is looked at: a table has those that somebody asked for, and a line that any
    account can send may bear any number.
    """
    events = evidence.events[["event_id", "trail", "format", "host", "serial", "earliest_ns", "latest_ns"]]
    kept = events["trail"] & events["format"].isin(WHOLE)
    told = picked(events, kept & events["serial"].notna() & events["earliest_ns"].notna())
    jumps = evidence.totals.jumps if evidence.totals is not None else None
    of_host, hosts = pd.factorize(told["host"], use_na_sentinel=False)
    serial, first, last = (told[c].to_numpy(np.int64) for c in ("serial", "earliest_ns", "latest_ns"))
    # Of events of one number on one host the first is looked at.
    at = np.lexsort((serial, of_host))
    again = (np.diff(of_host[at], prepend=-1) == 0) & (np.diff(serial[at], prepend=-1) == 0)
    at = at[~again]
    step, later = np.diff(serial[at]), np.diff(first[at])
    # A boot starts the numbers anew; a jump of more than a million is a boot too, or another machine.
    jumped = (np.diff(of_host[at]) == 0) & (step > 1) & (step < _BOOT) & (later >= -_BACK_NS)
    names = told["event_id"].to_numpy(object)
    for n, one, other in zip(np.flatnonzero(jumped), at[:-1][jumped], at[1:][jumped], strict=True):
        host, before, after = hosts[of_host[one]], int(serial[one]), int(serial[other])
        known = host if isinstance(host, str) else None
        # Where not all events are held, what lies between two of them may be there all the same.
        if jumps is None or (known, before, after) in jumps:
            yield Gap(
                f"{known or '?'}: audit trail", "serial_gap", int(first[one]), int(last[other]),
                int(step[n]) - 1, known, (names[one], names[other]),
            )  # fmt: skip


def _lost(evidence: Evidence) -> Iterable[Gap]:
    events = of_verbs(evidence, "audit_lost")
    for e in rows_of(events):
        first, last = (None, None) if pd.isna(e.earliest_ns) else (int(e.earliest_ns), int(e.latest_ns))
        yield Gap(f"{e.host or '?'}: audit trail", "serial_gap", first, last, None, e.host, (e.event_id,))


def _steps(evidence: Evidence) -> Iterable[Gap]:
    events = of_verbs(evidence, "clock_change", but=lambda e: e["outcome"] != "failure")
    for e in rows_of(events):
        first, last = (None, None) if pd.isna(e.earliest_ns) else (int(e.earliest_ns), int(e.latest_ns))
        yield Gap(f"{e.host}: clock", "clock_step", first, last, None, e.host, (e.event_id,))


def controlled(events: pd.DataFrame) -> bool:
    """Whether a scheduler's controller is heard at all: in a log of its own, or by what it sent to a host's journal."""
    asked = events["verb"].isin({"submit", "kill_request", "job_update", "scheduler_edit"})
    return bool((events["format"].isin(CONTROLS) | (events["format"].isin(SYSTEM_LOGS) & asked)).any())


def _missing(evidence: Evidence) -> Iterable[Gap]:
    """Sources of which the evidence holds no record at all. A git server is expected only beside a repository."""
    window = evidence.question.window or (None, None)
    events = evidence.events
    trail = events["trail"]
    have = set(events.loc[~trail, "format"])
    audited = set(events.loc[trail, "format"])
    told = of_verbs(evidence, "login", but=lambda e: e["format"].isin(SYSTEM_LOGS) & ~e["trail"])
    for source, formats in EXPECTED:
        entered = source.startswith("login") and not len(told)
        here = formats & (audited if source == AUDIT_TRAIL else have)
        if formats is CONTROLS and controlled(events):
            continue
        if (here and not entered) or ("gitolite" in formats and not have & _GIT):
            continue
        yield Gap(source, "missing_source", *window)


def _silences(evidence: Evidence, sessions: list[Session]) -> Iterable[Gap]:
    """Logins that one log tells and another, which tells others of that host, does not: it is silent there."""
    entered = [s for s in sessions if s.service == "sshd" and s.start_ns is not None]
    for name, word in ((TRAIL, "auditd"), (_LOGINS, "sshd")):
        heard = {s.host for s in sessions if word in s.recognised_by}
        if word == "auditd":
            heard |= set(evidence.events.loc[evidence.events["trail"], "host"].unique())
        runs: dict[str, list[Gap]] = {}
        for s in sorted(entered, key=lambda s: (s.start_ns or 0, s.session_id)):
            if word in s.recognised_by or s.host not in heard or s.host is None:
                continue
            end_ns = s.end_ns if s.end_ns is not None else s.start_ns
            gap = Gap(f"{s.host}: {name}", "silence", s.start_ns, end_ns, None, s.host, (s.session_id,))
            if evidence.question.window is None or gap.touches(*evidence.question.window):
                _extend(runs.setdefault(s.host, []), gap)
        for host in sorted(runs):
            yield from runs[host]


def _before(evidence: Evidence) -> Iterable[Gap]:
    """Trails that begin after the jobs asked about, or well after the window: what was done on that host before is on no record.

    Only of hosts where an account that owns such a job is seen, before the window ends; of all, where no record says who owns one.
    """
    named = evidence.question.jobs
    records = ordinary.records(evidence, ["job", "submit_ns", "owner"])
    own = records[records["job"].isin(named)] if named else records
    window = evidence.question.window
    begun = [] if window is None else [(window[0], _QUIET_NS)]
    if own["submit_ns"].notna().any():
        begun.append((int(own["submit_ns"].min()), 0))
    events = evidence.events[["event_id", "trail", "host", "account", "sha256", "earliest_ns"]]
    told = picked(events, events["trail"] & events["earliest_ns"].notna() & events["host"].notna())
    owners = set(own["owner"].dropna())
    # Where no accounting says whose the jobs are, it can be any host's account.
    seen = told[told["account"].isin(owners)] if owners else told
    if window is not None:
        seen = seen[seen["earliest_ns"] <= window[1]]
    first = _first(evidence, told)
    for e in rows_of(first[first["host"].isin(seen["host"].unique())]):
        since = [at for at, quiet in begun if e.earliest_ns - at > quiet]
        if since:
            gap = f"{e.host}: {TRAIL}"
            yield Gap(gap, "silence", min(since), int(e.earliest_ns), None, e.host, (e.event_id,))


def _first(evidence: Evidence, told: pd.DataFrame) -> pd.DataFrame:
    """The first record of each host's trail, by host: of those that are its own, where there are such; a line that lies elsewhere can bear any host and time."""
    order = np.argsort(told["earliest_ns"].to_numpy(np.int64), kind="stable")
    hosts, names, files = (told[c].to_numpy(object)[order] for c in ("host", "event_id", "sha256"))
    when = told["earliest_ns"].to_numpy(np.int64)[order].tolist()
    # The first of each host and file: of keys that are laid out in order of time, what comes last backwards.
    by_file = dict(
        zip(zip(hosts[::-1], files[::-1], strict=True), range(len(order) - 1, -1, -1), strict=True)
    )
    elsewhere = placing.foreign(evidence, [str(names[n]) for n in by_file.values()])
    first: dict[str, tuple[bool, int, str, int]] = {}
    for (host, sha256), n in by_file.items():
        one = names[n] in elsewhere, when[n], str(sha256), int(order[n])
        first[host] = min(one, first.get(host, one))
    return told.iloc[[first[host][-1] for host in sorted(first)]]


_QUIET_NS = 600 * 1_000_000_000
"""For how long a host that runs may write nothing: what runs by the hour, and who comes and goes, is recorded."""


def _extend(run: list[Gap], gap: Gap) -> None:
    """Put a silence behind those before it, as one with the last where they overlap."""
    if run and run[-1].touches(gap.earliest_ns, gap.latest_ns):
        last = run.pop()
        latest = max(last.latest_ns or 0, gap.latest_ns or 0)
        gap = replace(last, latest_ns=latest, events=(*last.events, *gap.events))
    run.append(gap)


_FAR_NS = 2**63 - 1
_SET_BACK_NS = 86_400 * 1_000_000_000
"""By how much a clock is taken to have been set back at most, where it is not known."""


class Cover:
    """Of which times a source tells everything, for all that is known: made of the gaps once, and asked for each job."""

    def __init__(self, found: Sequence[Gap], source: str) -> None:
        """`found` are the gaps; `source` is one of `EXPECTED`."""
        set_then = [g for g in found if g.kind == "clock_step" and g.source.endswith(": clock")]
        short = f": {source.partition(' (')[0]}"
        holes = [
            g
            for g in found
            if g.kind in {"missing_source", "silence", "serial_gap", "daemon_stop"}
            and (g.source == source or g.source.endswith(short))
        ]
        self._missing = any(g.kind == "missing_source" for g in holes)
        self._set, self._holes = Spans(set_then), Spans(holes)

    def whole(self, earliest_ns: int | None, latest_ns: int | None) -> bool:
        """Whether no gap is known that an interval touches, and no clock was set in it.

        Where a host's clock was set, what the source tells cannot be put in order with what another host tells. The
        clock of one log that was off by a bounded time is read by its bounds, and hides nothing. A clock can have been
        set back: what another host did before the moment that is written can have come after it.
        """
        late = None if latest_ns is None else latest_ns + _SET_BACK_NS
        return not (
            self._missing or self._set.touch(earliest_ns, late) or self._holes.touch(earliest_ns, latest_ns)
        )


class Spans:
    """The times of gaps, of which one is asked whether it touches an interval, as `Gap.touches` has it."""

    def __init__(self, found: Iterable[Gap]) -> None:
        times = sorted((_bound(g.earliest_ns, -1), _bound(g.latest_ns, 1)) for g in found)
        self._starts = [first for first, _ in times]
        self._last = list(accumulate((last for _, last in times), max))

    def touch(self, earliest_ns: int | None, latest_ns: int | None) -> bool:
        """Whether one does; an interval without bounds is touched by none."""
        if earliest_ns is None or latest_ns is None:
            return False
        before = bisect_right(self._starts, latest_ns)
        return before > 0 and self._last[before - 1] >= earliest_ns


MOST_BORNE_ON = 200
"""No more acts are named that one gap bears on; they are counted."""


class Bearing:
    """Which acts a gap bears on, by how far each reaches, as `Gap.touches` has it.

    Ten thousand times that a clock was set bear on as many acts each: named are the first `MOST_BORNE_ON`, those on a
    job before the others, and where there are more it is said how many.
    """

    def __init__(self, acts: Sequence[tuple[str, bool, int | None, int | None]]) -> None:
        """`acts`: name, whether it is on a job, and the first and last ns that matter to it; without both no gap bears on it."""
        placed = [(name, on, first, last) for name, on, first, last in acts if None not in (first, last)]
        self._names = [name for name, *_ in placed]
        self._first = np.array([first for *_, first, _ in placed], np.int64)
        self._last = np.array([last for *_, last in placed], np.int64)
        self._rest = ~np.array([on for _, on, *_ in placed], bool)

    def of(self, gap: Gap) -> dict[str, Any]:
        """`matters_for`, names in their order; with `matters_for_count` where not all are named."""
        touched = (self._first <= _bound(gap.latest_ns, 1)) & (self._last >= _bound(gap.earliest_ns, -1))
        rows = np.flatnonzero(touched)
        told = (
            rows
            if len(rows) <= MOST_BORNE_ON
            else np.sort(rows[np.argsort(self._rest[rows], kind="stable")[:MOST_BORNE_ON]])
        )
        found: dict[str, Any] = {"matters_for": [self._names[n] for n in told]}
        return found | ({"matters_for_count": len(rows)} if len(told) < len(rows) else {})


def _bound(ns: int | None, sign: int) -> int:
    return sign * _FAR_NS if ns is None else ns


def truncated(rejects: pd.DataFrame) -> list[Gap]:
    """Files that end inside a record, by their rejects."""
    cut = picked(rejects, rejects["why"] == "truncated").sort_values(["sha256", "start"])
    return [
        Gap(f"{r.format}: {r.sha256[:16]}", "truncated", None, None, None, None, ()) for r in rows_of(cut)
    ]


def table(gaps: list[Gap]) -> pa.Table:
    """The gaps as the declared table."""
    return GAP.build(
        {
            c.name: [list(getattr(g, c.name)) if c.name == "events" else getattr(g, c.name) for g in gaps]
            for c in GAP.columns
        }
    )
