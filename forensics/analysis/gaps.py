"""What is not there: serials that jump, files that end inside a record, sources that nobody collected."""

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

from forensics.analysis.evidence import Evidence, rows_of
from forensics.core.schema import Column, Table
from forensics.core.tables import STRINGS

GAP = Table(
    "gap",
    "a stretch, or a source, of which the evidence says nothing",
    (
        Column("source", pa.string(), "host and format, or the source that is missing"),
        Column("kind", pa.string(), "serial_gap, silence, truncated, clock_step or missing_source"),
        Column("earliest_ns", pa.int64(), "begins", "ns since 1970-01-01T00:00:00Z", "not bounded"),
        Column("latest_ns", pa.int64(), "ends", "ns since 1970-01-01T00:00:00Z", "not bounded"),
        Column("records", pa.int64(), "records known to be missing", None, "not countable"),
        Column("host", pa.string(), "host concerned", None, "no one host"),
        Column("events", STRINGS, "events that show it: the last before, the first after"),
    ),
)

AUDIT_TRAIL = "audit trail (auditd)"
EXPECTED = (
    (AUDIT_TRAIL, frozenset({"auditd"})),
    ("login log (sshd, in syslog)", frozenset({"syslog"})),
    ("scheduler controller log (slurmctld)", frozenset({"slurmctld"})),
    ("job accounting (sacct)", frozenset({"sacct", "sacct_json", "jobcomp"})),
    ("git server's push log", frozenset({"gitolite"})),
)
_GIT = frozenset({"git_object", "git_pack", "git_reflog"})


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


def find(evidence: Evidence) -> list[Gap]:
    """Every gap that the evidence itself shows, in a total order."""
    found = [*_serials(evidence), *_lost(evidence), *_steps(evidence), *_missing(evidence)]
    return sorted(found, key=lambda g: (g.kind, g.source, g.earliest_ns or 0, g.latest_ns or 0, g.events))


def _serials(evidence: Evidence) -> Iterable[Gap]:
    """The kernel numbers its audit events one by one: where numbers jump, lines are gone."""
    events = evidence.events[evidence.events["format"] == "auditd"]
    raw = evidence.raw.get("auditd")
    if raw is None or not len(raw):
        return
    serials = raw[["sha256", "start", "serial"]].dropna()
    told = events.merge(serials, on=["sha256", "start"], how="inner").dropna(subset=["earliest_ns"])
    for host, rows in told.groupby("host", sort=True, dropna=False):
        ordered = rows.drop_duplicates("serial").sort_values(["serial", "event_id"])
        step = ordered["serial"].diff()
        back = ordered["earliest_ns"].diff() < -60_000_000_000
        # A boot starts the numbers anew; a jump of more than a million is a boot too, or another machine.
        for at in [
            i
            for i, (s, b) in enumerate(zip(step, back, strict=True))
            if not pd.isna(s) and 1 < s < 1_000_000 and b is not True
        ]:
            before, after = ordered.iloc[at - 1], ordered.iloc[at]
            yield Gap(
                f"{host}: audit trail", "serial_gap", int(before["earliest_ns"]), int(after["latest_ns"]),
                int(after["serial"] - before["serial"] - 1), host if isinstance(host, str) else None,
                (before["event_id"], after["event_id"]),
            )  # fmt: skip


def _lost(evidence: Evidence) -> Iterable[Gap]:
    events = evidence.events[evidence.events["verb"] == "audit_lost"]
    for e in rows_of(events):
        first, last = (None, None) if pd.isna(e.earliest_ns) else (int(e.earliest_ns), int(e.latest_ns))
        yield Gap(f"{e.host}: audit trail", "serial_gap", first, last, None, e.host, (e.event_id,))


def _steps(evidence: Evidence) -> Iterable[Gap]:
    events = evidence.events[evidence.events["verb"] == "clock_change"]
    for e in rows_of(events[events["outcome"] != "failure"]):
        first, last = (None, None) if pd.isna(e.earliest_ns) else (int(e.earliest_ns), int(e.latest_ns))
        yield Gap(f"{e.host}: clock", "clock_step", first, last, None, e.host, (e.event_id,))


def _missing(evidence: Evidence) -> Iterable[Gap]:
    """Sources of which the evidence holds no record at all. A git server is expected only beside a repository."""
    window = evidence.question.window or (None, None)
    events = evidence.events
    have = set(events["format"].unique())
    for source, formats in EXPECTED:
        entered = source.startswith("login") and not len(
            events[(events["format"] == "syslog") & (events["verb"] == "login")]
        )
        if (formats & have and not entered) or ("gitolite" in formats and not have & _GIT):
            continue
        yield Gap(source, "missing_source", *window)


def truncated(rejects: pd.DataFrame) -> list[Gap]:
    """Files that end inside a record, by their rejects."""
    cut = rejects[rejects["why"] == "truncated"].sort_values(["sha256", "start"])
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
