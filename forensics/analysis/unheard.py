"""Holes of a host's audit trail before an act: who wrote what the session took in can be in them.

An alias, a modulefile, a module that an interpreter finds by itself: what another left there acts in the account, with the key and from
the device, of whoever takes it in, and only the record of its writing tells of that other. Where the trail lacks a time, nobody can say
that there was none.
"""

from collections.abc import Iterable, Mapping, Sequence

from forensics.analysis import ordinary, placing
from forensics.analysis.acts import Act
from forensics.analysis.evidence import Evidence
from forensics.analysis.gaps import TRAIL, Gap
from forensics.analysis.sessions import Session

MISSING = "trail_of_time_before_act"
"""What is missing where there is such a hole."""
Since = Mapping[str | None, int]
"""By host, from when on its trail tells everything of the time asked about, at the earliest."""


def since(evidence: Evidence, gaps: Iterable[Gap]) -> Since:
    """The end of the first hole that the trail of each host shows itself in the time asked about.

    That time begins with the window, or without one where the first job asked about was submitted. What any account can bring about
    by a line in a log (a login that the trail does not tell, a word of lost records) is no such hole, nor what only records show
    that are none of the host's own.
    """
    window, named = evidence.question.window, evidence.question.jobs
    records = ordinary.records(evidence, ["job", "submit_ns"])
    begun = (records[records["job"].isin(named)] if named else records)["submit_ns"].dropna()
    first = window[0] if window is not None else int(begun.min()) if len(begun) else None
    own = evidence.events["trail"]
    ends: dict[str | None, int] = {}
    for gap in gaps:
        if (
            gap.latest_ns is None
            or not gap.source.endswith(TRAIL)
            or (first is not None and gap.latest_ns < first)
        ):
            continue
        shown = gap.events and all(bool(own.get(event, default=False)) for event in gap.events)
        holed = gap.kind in {"daemon_stop", "silence"} or (gap.kind == "serial_gap" and gap.records)
        if shown and holed and _of_host_itself(gap, evidence):
            ends[gap.host] = min(gap.latest_ns, ends.get(gap.host, gap.latest_ns))
    return ends


def _of_host_itself(gap: Gap, evidence: Evidence) -> bool:
    """Whether a host's own records show a hole: where others bound it, whether its own stand on both sides, by the kernel's numbers."""
    if not placing.foreign(evidence, gap.events):
        return True
    if gap.kind != "serial_gap":
        return False
    events = evidence.events
    numbers = events.loc[list(gap.events), "serial"]
    told = events[events["trail"] & (events["host"] == gap.host) & events["serial"].notna()]
    return all(
        len(side) > len(placing.foreign(evidence, side["event_id"]))
        for side in (told[told["serial"] <= numbers.min()], told[told["serial"] >= numbers.max()])
    )


def before(act: Act, sessions: Sequence[Session], known: Since) -> bool:
    """Whether a login's session did an act after such a hole of its host's trail."""
    if act.origin != "login" or act.earliest_ns is None:
        return False
    return any(s.host in known and known[s.host] <= act.earliest_ns for s in sessions)
