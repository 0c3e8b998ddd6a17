"""Which process a process came from, as far as executions tell: by host, pid and time."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from forensics.analysis.acts import Act
from forensics.analysis.evidence import Row, Rows

_DEEPEST = 64
"""Parents that are followed; a pid that came round can close a circle."""
_COLUMNS = [
    "event_id", "verb", "host", "pid", "ppid", "session", "exe", "argv", "cwd", "object", "object_owner_uid", "earliest_ns", "latest_ns",
]  # fmt: skip


@dataclass(slots=True)
class Lineage:
    """The executions of each process number of each host, in order of time; looked up when first asked for."""

    events: pd.DataFrame
    _ran: pd.DataFrame | None = None
    _at: dict[Any, Any] = field(default_factory=dict)
    _all: Rows | None = None
    _rows: dict[tuple[str, int], list[Row]] = field(default_factory=dict)
    _told: list[Any] = field(default_factory=list)

    def _own(self, host: str | None, pid: int, at_ns: int, session: object) -> list[Row]:
        """What a process executed until a moment, the last first: of one kernel session, for numbers come round."""
        if self._ran is None:
            self._ran = _executions(self.events)
            self._at = dict(self._ran.groupby([self._ran["host"].fillna(""), "pid"], sort=False).indices)
            self._all = Rows(self._ran)
        key = host or "", pid
        if key not in self._rows:
            # A shell is above each of its session's acts: its rows are made once.
            self._rows[key] = [self._all.at(place) for place in self._at.get(key, ())] if self._all else []
        rows = self._rows[key]
        until = rows[: bisect_right(rows, at_ns, key=lambda e: int(e.earliest_ns))]
        return [e for e in reversed(until) if _same(e.session, session)]

    def _first(self, act: Act) -> tuple[Any, object, Any] | None:
        """Parent, session and moment in the first of an act's events that tells a process."""
        if not self._told:
            self._told = [
                self.events[name].to_numpy(dtype=object) for name in ("pid", "ppid", "session", "earliest_ns")
            ]
        pids, parents, sessions, moments = self._told
        index = self.events.index
        places = (index.get_loc(e) for e in act.events if e in index)
        return next(
            ((parents[at], sessions[at], moments[at]) for at in places if not pd.isna(pids[at])), None
        )

    def above(self, act: Act) -> tuple[list[Row], int | None]:
        """The executions of an act's process and of its parents, the nearest first; and the last one's parent.

        The parent is the one at a process's first execution: children of one that ended since are the first process's.
        """
        first = None if act.earliest_ns is None or act.pid is None else self._first(act)
        if first is None or act.earliest_ns is None or act.pid is None:
            return [], None
        parent, session, moment = first
        # Another clock can date the act before what the trail's dates its process.
        at_ns = act.earliest_ns if pd.isna(moment) else max(act.earliest_ns, int(moment))
        pid, top, found = act.pid, None if pd.isna(parent) else int(parent), list[Row]()
        for _ in range(_DEEPEST):
            own = self._own(act.host, pid, at_ns, session)
            found += own
            if own and not pd.isna(own[-1].ppid):
                top = int(own[-1].ppid)
            if top is None or top <= 1 or (not own and pid != act.pid):
                break
            pid = top
        return found, top


def _same(one: object, other: object) -> bool:
    """Whether two kernel sessions are one; none is as none."""
    return (one if isinstance(one, str) else None) == (other if isinstance(other, str) else None)


def _executions(events: pd.DataFrame) -> pd.DataFrame:
    """The executions that a trail tells, in order of time."""
    ran = events[(events["verb"] == "execute") & events["trail"] & (events["outcome"] != "failure")]
    kept = ran.loc[ran["pid"].notna() & ran["earliest_ns"].notna(), _COLUMNS]
    return kept.sort_values("earliest_ns", kind="stable")


def after_options(words: Sequence[str], valued: frozenset[str]) -> list[str]:
    """The words of a command line behind the options of the program that runs it."""
    at = 0
    while at < len(words) and words[at].startswith("-"):
        if words[at] == "--":
            return list(words[at + 1 :])
        at += 2 if words[at] in valued else 1
    return list(words[at:])
