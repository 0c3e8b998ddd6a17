"""Which of two events was first: by the kernel's numbers and by the order of lines, before by what the clocks wrote.

Everything that claims an order of two events asks here. Where the answer is open, neither is first.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol, TypeVar

import pandas as pd

from forensics.analysis.evidence import Evidence, Row, rows_of
from forensics.analysis.trails import FROM_ANYBODY, OWN_NUMBERS
from forensics.core.clock import NS_PER_S
from forensics.core.folders import BY_USERS
from forensics.core.messageevents import JOURNALS, SYSTEM_LOGS

_LATE = """\
a number is given when the kernel allocates the record, which is at the end of most calls, and a call is dated by its beginning: \
of two calls that run at once on several processors, or whose work io_uring carries out later, the effects can have come the other \
way about; what is written through a handle is dated and numbered by the handle's opening; whoever can forge the trail can forge its numbers"""
RULES = {
    "kernel_number": ("the kernel numbers the events of one host's audit trail, from its boot on", _LATE),
    "line_order": (
        "the lines of one file that one program appends to stand in the order in which it wrote them",
        "what others sent to that program stands in the order in which it arrived",
    ),
}
"""The rules, each with why it holds and where it errs."""
IN_LINE = frozenset({"auditd", "laurel"})
"""Formats of trails whose lines one program appends to a file of the host's own."""
APPENDED = (SYSTEM_LOGS - JOURNALS) | {"slurmctld", "slurmd", "slurmdbd"}
"""Other logs of which this is so."""
LATE_NS = 60 * NS_PER_S
"""A call is dated when it begins and numbered when it is told: by how much later, at most."""


class Dated(Protocol):
    """What has a moment: as an interval, and by which event, where it is that event's."""

    @property
    def earliest_ns(self) -> int: ...  # noqa: D102 - as the class says
    @property
    def latest_ns(self) -> int: ...  # noqa: D102 - the same
    @property
    def dated_by(self) -> str | None: ...  # noqa: D102 - the same


_Thing = TypeVar("_Thing", bound=Dated)


class Moment(NamedTuple):
    """A moment by itself."""

    earliest_ns: int
    latest_ns: int
    dated_by: str | None = None


def moment(event: Row) -> Moment:
    """The moment of an event that has one."""
    return Moment(int(event.earliest_ns), int(event.latest_ns), str(event.event_id))


class Made(Protocol):
    """What is made of events, such as an act: it has the moment of its first, where it rests on one alone."""

    @property
    def earliest_ns(self) -> int | None: ...  # noqa: D102 - as the class says
    @property
    def latest_ns(self) -> int | None: ...  # noqa: D102 - the same
    @property
    def events(self) -> Sequence[str]: ...  # noqa: D102 - the same


class Place(NamedTuple):
    """Where an event stands, beside what clocks that were compared make of it.

    host: whose kernel numbered it; None where it has no number. serial: that number. sha256, start: its line.
    first_ns, last_ns: as its own log wrote it. in_line: whether one program appended the lines of its file.
    """

    host: str | None
    serial: int | None
    sha256: str
    start: int
    first_ns: int
    last_ns: int
    in_line: bool


_COLUMNS = (
    "host",
    "serial",
    "sha256",
    "start",
    "written_earliest_ns",
    "written_latest_ns",
    "format",
    "reach",
    "trail",
    "verb",
    "earliest_ns",
    "latest_ns",
)


def sign(one: Place, other: Place) -> int | None:
    """Which of two events was first, by their places: -1 the one, 1 the other, 0 where it is open; None where the clocks are to say.

    Of one host's kernel

    - times that meet, or that agree with the numbers: the lower number was first;
    - times against the numbers, and lines of one file with them: the clock was set back, and the lower number was first; by no more
      than a call can take, it is open;
    - times against the numbers, otherwise: these began anew at a boot, and the clocks are to say.

    Of one file of another log that one program appends to: where times meet, or agree with the lines, the earlier line was first. Where they do not,
    the file may have been put together from others, and the clocks are to say.
    """
    if (
        one.host is not None
        and one.host == other.host
        and one.serial is not None
        and other.serial is not None
    ):
        if one.serial == other.serial:
            return None
        low, high, found = (one, other, -1) if one.serial < other.serial else (other, one, 1)
        if low.first_ns <= high.last_ns:
            return found
        if _in_line(low, high) and low.start < high.start:
            return found if low.first_ns - high.last_ns > LATE_NS else 0
        return None
    if (
        one.serial is not None
        or other.serial is not None
        or not _in_line(one, other)
        or one.start == other.start
    ):
        return None
    early, late, found = (one, other, -1) if one.start < other.start else (other, one, 1)
    return found if early.first_ns <= late.last_ns else None


def _in_line(one: Place, other: Place) -> bool:
    return one.in_line and other.in_line and one.sha256 == other.sha256


class Order:
    """The order of the events of a case."""

    def __init__(self, events: pd.DataFrame) -> None:
        """`events` as `Evidence` has them, indexed by id."""
        self._events = events
        self._held: list[Any] = []
        self._places: dict[str, Place | None] = {}

    def before(self, one: Dated, other: Dated) -> bool:
        """Whether one is shown to have been before the other."""
        found = self.sign(one.dated_by, other.dated_by)
        return one.latest_ns < other.earliest_ns if found is None else found < 0

    def made(self, thing: Made) -> Moment | None:
        """The moment of what is made of events; none where it has no time."""
        if thing.earliest_ns is None or thing.latest_ns is None:
            return None
        first = thing.events[0]
        at = None if self._place(first) is None else self._events.index.get_loc(first)
        own = at is not None and (thing.earliest_ns, thing.latest_ns) == (
            self._held[-2][at],
            self._held[-1][at],
        )
        return Moment(thing.earliest_ns, thing.latest_ns, first if own else None)

    def arranged(self, things: Sequence[_Thing]) -> list[_Thing]:
        """Things in order of time, those put right that their places show to be otherwise."""
        found: list[_Thing] = []
        for thing in things:
            at = len(found)
            while at and (self.sign(thing.dated_by, found[at - 1].dated_by) or 0) < 0:
                at -= 1
            found.insert(at, thing)
        return found

    def rows(self, events: pd.DataFrame) -> pd.DataFrame:
        """Events that have times, in their order."""
        keys = ["earliest_ns", "host", "serial", "sha256", "start"]
        found = events.sort_values(keys, kind="stable")
        back = found["serial"].groupby(found["host"], sort=False).diff() < 0
        if not back.fillna(value=False).any():
            return found
        return found.loc[[m.dated_by for m in self.arranged([moment(e) for e in rows_of(found)])]]

    def until(self, rows: pd.DataFrame, event: Row) -> pd.DataFrame:
        """Those of some events that are not later than another: by their places, or as they begin."""
        told = zip(rows["event_id"], rows["earliest_ns"], strict=True)
        flags = [self.by(name, at, event) for name, at in told]
        return rows if all(flags) else rows.iloc[[n for n, flag in enumerate(flags) if flag]]

    def by(self, name: str, began_ns: int, event: Row) -> bool:
        """Whether an event, which can have begun then, is not later than another: by their places, or as they begin."""
        found = self.sign(name, event.event_id)
        return bool(began_ns <= event.earliest_ns) if not found else found < 0

    def numbered(self, event: str) -> str | None:
        """The host whose kernel numbered an event; None where it has no such number."""
        place = self._place(event)
        return None if place is None else place.host

    def sign(self, one: str | None, other: str | None) -> int | None:
        """Which of two events was first by their places alone, as the function `sign` has it; None where the clocks are to say."""
        if one is None or other is None:
            return None
        mine, its = self._place(one), self._place(other)
        return None if mine is None or its is None else sign(mine, its)

    def _place(self, event: str) -> Place | None:
        if event not in self._places:
            self._places[event] = self._looked_up(event)
        return self._places[event]

    def _looked_up(self, event: str) -> Place | None:
        events = self._events
        if event not in events.index:
            return None
        if not self._held:
            names = (name if name in events else name.removeprefix("written_") for name in _COLUMNS)
            self._held = [events[name].to_numpy(dtype=object) for name in names]
        at = events.index.get_loc(event)
        host, serial, sha256, start, first, last, form, reach, trail, verb = (
            values[at] for values in self._held[:-2]
        )
        if pd.isna(first) or str(reach).endswith(BY_USERS):
            return None
        numbered = trail and form not in FROM_ANYBODY and not pd.isna(serial) and verb not in OWN_NUMBERS
        known = host if numbered and isinstance(host, str) else None
        in_line = form in (IN_LINE if numbered else () if trail else APPENDED)
        return Place(
            known, int(serial) if numbered else None, sha256, int(start), int(first), int(last), in_line
        )


def of(evidence: Evidence) -> Order:
    """The order of a case's events, looked up once."""
    if "order" not in evidence.memo:
        evidence.memo["order"] = Order(evidence.events)
    found: Order = evidence.memo["order"]
    return found
