"""The records of entries into accounts, put together by who let somebody in: a kernel's session, or a process of sshd."""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from forensics.analysis.evidence import Row, picked, rows_of
from forensics.analysis.trails import FROM_ANYBODY

_PID_REUSE_NS = 86_400 * 1_000_000_000


class Told:
    """What sshd and PAM wrote of entries, found by process and by connection, in the order of the events."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.logins: list[Row] = []
        self.closed: dict[tuple[Any, ...], list[Row]] = {}
        self.started: dict[tuple[Any, ...], list[Row]] = {}
        for row in rows:
            if row.verb == "login" and row.outcome != "failure":
                self.logins.append(row)
            elif row.verb == "session_close":
                self.closed.setdefault((row.host, known(row.pid), row.account), []).append(row)
            elif row.verb == "session_start":
                self.started.setdefault((row.host, known(row.port), row.address), []).append(row)


def known(value: Any) -> Any:  # noqa: ANN401 - a value of any column
    """A value, or None where there is none."""
    return None if value is None or pd.isna(value) else value


def of(rows: Iterable[Row], column: str) -> list[Any]:
    """One column of rows."""
    return [getattr(row, column) for row in rows]


def dated(row: Row) -> tuple[bool, int]:
    """A key that puts rows in order of time, those without one last."""
    return (True, 0) if pd.isna(row.earliest_ns) else (False, int(row.earliest_ns))


def audit_groups(events: pd.DataFrame) -> Iterable[list[Row]]:
    """The events of each audit session: of the trail alone where it tells of the session, else from anybody too."""
    own = picked(events, events["trail"] & events["session"].notna())
    loose = own["format"].isin(FROM_ANYBODY)
    if loose.any():
        firm = pd.MultiIndex.from_frame(own.loc[~loose, ["host", "session"]])
        own = picked(own, ~loose | ~pd.MultiIndex.from_frame(own[["host", "session"]]).isin(firm))
    groups: dict[tuple[str | None, str], list[Row]] = {}
    for row in rows_of(own):
        groups.setdefault((row.host, row.session), []).append(row)
    # A host that is not recorded comes last.
    return [groups[key] for key in sorted(groups, key=lambda key: (key[0] is None, key[0] or "", key[1]))]


def by_pid(logins: Iterable[Row]) -> Iterable[list[Row]]:
    """Sshd's logins, those of one host and pid together unless a pid can have come round again."""
    groups: dict[tuple[str | None, int | None], list[Row]] = {}
    for row in logins:
        groups.setdefault((row.host, known(row.pid)), []).append(row)
    # What is not recorded comes last.
    for key in sorted(groups, key=lambda k: (k[0] is None, k[0] or "", k[1] is None, k[1] or 0)):
        rows = sorted(groups[key], key=lambda r: (*dated(r), r.event_id))
        runs: dict[tuple[int, int], list[Row]] = {}
        again, before = 0, None
        for row in rows:
            at = known(row.earliest_ns)
            again += before is not None and at is not None and at - before > _PID_REUSE_NS
            before = at
            # Another port is another connection: a pid that came round, not one entry told twice.
            port = known(row.port)
            runs.setdefault((again, -1 if port is None else int(port)), []).append(row)
        yield from (runs[run] for run in sorted(runs))


_BEFORE_NS = 10 * 1_000_000_000
"""Sshd says whom it lets in before the session begins."""
_LIVES_NS = 3600 * 1_000_000_000
"""How long the number of a process is taken to be its own where no record tells that it ended."""


def of_one_process(
    start_ns: int | None, end_ns: int | None, told_ns: int | None, others: Iterable[int | None]
) -> bool:
    """Whether a connection that a log tells is of the process that opened a session: its number is given to no other while that lives.

    Where the kernel tells of another session of that number, which began nearer to it, the number was given anew.

    Args:
        start_ns: of the session.
        end_ns: of the session; none where no record tells.
        told_ns: when the connection began.
        others: when other sessions of that number began.
    """
    if start_ns is None or told_ns is None:
        return False
    away = abs(told_ns - start_ns)
    if any(at is not None and abs(told_ns - at) < away for at in others):
        return False
    return start_ns - _BEFORE_NS <= told_ns <= (start_ns + _LIVES_NS if end_ns is None else end_ns)
