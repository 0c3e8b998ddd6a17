"""Copies of one log that differ: what one of two keeps of a time and the other does not, or keeps otherwise.

Two files are taken for copies of one log where their names are those of one log, they are of one format, and most that either
tells of one host, in the time that both cover, stands in the other too. A log that was rotated shares no line with the
next. Of an audit trail's mass (programs run, files read and written) nothing is compared: not all of it need be held.
"""

import posixpath
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from itertools import chain, combinations
from typing import Any, NamedTuple

import pandas as pd

from forensics.analysis.acts import Act
from forensics.analysis.evidence import Evidence, Row, picked, rows_of
from forensics.analysis.trails import MASS, TRAILS
from forensics.core.messageevents import SYSTEM_LOGS

Json = dict[str, Any]
LOGS = (
    frozenset(TRAILS)
    | SYSTEM_LOGS
    | {"slurmctld", "slurmd", "slurmdbd", "gitolite", "wtmp", "pbs_server", "lsf_events"}
)
_ROTATED = re.compile(r"(?:\.[0-9]{1,8}|-[0-9]{8})?(?:\.(?:gz|bz2|xz|zst|lz4))?$")
_SAME = (
    "verb",
    "outcome",
    "account",
    "effective",
    "pid",
    "session",
    "tty",
    "address",
    "port",
    "credential",
    "object",
    "text",
    "job",
)
_LEAST = 5
"""Lines that two files have to share at least, to be taken for copies."""
_MOST_TOLD = 5
_MOST_RECORDS = 20
"""Records of a trail that two files tell differently that are shown."""
_MOST_FILES = 40
"""Files of one log and host that are compared with each other."""


class Differ(NamedTuple):
    """Two copies of one log: how much both tell, and what one of them alone tells of the time that both cover."""

    host: str | None
    name: str
    one: str
    other: str
    shared: int
    only_one: tuple[str, ...]
    only_other: tuple[str, ...]


def find(evidence: Evidence) -> list[Differ]:
    """Every pair of copies that differ, in a total order."""
    events, files = evidence.events, evidence.files
    names = names_of(files)
    if len(names) < 2:
        return []
    told = picked(events, events["format"].isin(LOGS) & events["earliest_ns"].notna())
    told = picked(told, ~(told["trail"] & told["verb"].isin(MASS)))
    found = []
    for (form, host), rows in told.groupby(["format", "host"], sort=True, dropna=False):
        del form
        own = sorted(str(sha) for sha in rows["sha256"].unique() if sha in names)[:_MOST_FILES]
        pairs = [(one, other) for one, other in combinations(own, 2) if names[one] & names[other]]
        # Mostly no two files of a host are called alike, and what their lines say need not be read.
        lines = {sha: _Lines(rows[rows["sha256"] == sha]) for sha in dict.fromkeys(chain(*pairs))}
        for one, other in pairs:
            differ = _compared(lines[one], lines[other])
            if differ is not None:
                at = host if isinstance(host, str) else None
                found.append(Differ(at, min(names[one] & names[other]), one, other, *differ))
    return found


def names_of(files: pd.DataFrame) -> dict[str, set[str]]:
    """The names of the logs among some files, by hash, as they are called whichever of a rotation they are: copies share one."""
    placed = files[(files["kind"] == "file") & files["format"].isin(LOGS)]
    names: dict[str, set[str]] = {}
    for f in rows_of(placed):
        names.setdefault(f.sha256, set()).add(_ROTATED.sub("", posixpath.basename(f.path)))
    return names


class _Lines:
    """What one file tells of one host: its lines by what they say, and from when to when."""

    def __init__(self, rows: pd.DataFrame) -> None:
        # Times as the log wrote them: two copies of one log can be of files that were compared with other clocks.
        written = "written_earliest_ns" if "written_earliest_ns" in rows.columns else "earliest_ns"
        self.first, self.last = int(rows[written].min()), int(rows[written].max())
        self.said: dict[tuple[object, ...], list[str]] = {}
        for e in rows_of(rows[["event_id", written, *_SAME]]):
            self.said.setdefault(tuple(None if pd.isna(v) else v for v in e[2:]), []).append(str(e.event_id))

    def within(self, first: int, last: int) -> Counter[tuple[object, ...]]:
        """How often each line stands in a time, without its first and last moment: a copy can begin and end within one."""
        return Counter({k: len(v) for k, v in self.said.items() if first < int(str(k[0])) < last})


def _compared(one: _Lines, other: _Lines) -> tuple[int, tuple[str, ...], tuple[str, ...]] | None:
    first, last = max(one.first, other.first), min(one.last, other.last)
    if first >= last:
        return None
    mine, theirs = one.within(first, last), other.within(first, last)
    shared = (mine & theirs).total()
    # Both ends of the time that both cover are of one of them at least, and lie in both where they are copies.
    if shared < _LEAST or 2 * shared < min(mine.total(), theirs.total()) or mine == theirs:
        return None
    return shared, _ids(one, mine - theirs), _ids(other, theirs - mine)


def _ids(lines: _Lines, left: Mapping[tuple[object, ...], int]) -> tuple[str, ...]:
    return tuple(sorted(e for key, count in left.items() for e in lines.said[key][:count]))


def contradictions(evidence: Evidence, cites: Callable[[Iterable[str]], list[Json]]) -> list[Json]:
    """Each pair that differs, with what each alone tells and where; of many lines the first few are cited."""
    return [
        {
            "about": f"copies of {d.name} of {d.host or 'an unknown host'}, which share {d.shared} lines of the time that both cover",
            "kind": "copies_differ",
            "says": [
                {
                    "what": f"copy {sha[:16]} alone has {len(only)} lines of it",
                    "citations": cites(only[:_MOST_TOLD]),
                }
                for sha, only in ((d.one, d.only_one), (d.other, d.only_other))
            ],
        }
        for d in find(evidence)
    ]


def of_records(
    evidence: Evidence, acts: Iterable[Act], cites: Callable[[Iterable[str]], list[Json]]
) -> list[Json]:
    """Each disputed record that acts, or their sessions, rest on, with what each file says of it."""
    events = evidence.events
    if not events["disputed"].any():
        return []
    cited = {
        e
        for act in acts
        for a in (act, *act.planters)
        for e in (*a.events, *(a.session.events if a.session is not None else ()))
    }
    told = picked(events, events["disputed"])
    keys = picked(told, told["event_id"].isin(cited))[["host", "serial"]].drop_duplicates()
    found = []
    for host, serial in list(keys.sort_values(["host", "serial"]).itertuples(index=False))[:_MOST_RECORDS]:
        rows = picked(told, (told["host"] == host) & (told["serial"] == serial)).sort_values("event_id")
        says = [
            {"what": _said(next(rows_of(own))), "citations": cites(own["event_id"])}
            for _, own in rows.groupby("sha256", sort=True)
        ]
        about = f"record {int(serial)} of the audit trail of {host}"
        found.append({"about": about, "kind": "records_differ", "says": says})
    return found


def _said(e: Row) -> str:
    session, auid, pid = ("?" if pd.isna(v) else str(v).partition("@")[0] for v in (e.session, e.auid, e.pid))
    return f"copy {e.sha256[:16]}: session {session}, login uid {auid}, process {pid}, {e.verb} {e.object or '?'}"
