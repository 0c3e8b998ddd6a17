"""Acts on logs, clocks and logging, asked about once for each other act: by host and by whose account, however many there are."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from forensics.analysis.acts import Act

Owners = frozenset[str]
_TRAIL = "/log/audit/"


@dataclass(slots=True)
class Tampering:
    """Acts by which records can have been changed, in their order; `owners_of` says who owns an act's account at its time.

    Whoever can set a clock can set it ten thousand times, and each time is an act, of which everybody's hold is asked. So
    of one host and the same owners it is asked first whether any of their acts is late enough.
    """

    acts: Sequence[Act]
    owners_of: Callable[[Act], Owners]
    _owners: list[Owners] = field(init=False)
    _latest: dict[tuple[str | None, Owners], int | None] = field(default_factory=dict)
    _cuts: dict[tuple[str | None, Owners], Act] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._owners = [frozenset(self.owners_of(act)) for act in self.acts]
        for act, owners in zip(self.acts, self._owners, strict=True):
            key = act.host, owners
            last = self._latest.get(key, act.latest_ns)
            # What has no time can have been at any, and late enough for all.
            unknown = last is None or act.latest_ns is None
            self._latest[key] = None if unknown else max(last or act.latest_ns or 0, act.latest_ns or 0)
            if act.act == "wipe_log" and _TRAIL in act.object:
                self._cuts[key] = min(self._cuts.get(key, act), act, key=_first)

    def by_others(
        self, hosts: Iterable[str | None], since_ns: int | None, person: str
    ) -> list[tuple[Act, Owners]]:
        """The acts on some hosts that can have been from a moment on and are not this person's alone, each with its owners."""
        there = {key for key in self._late(hosts, since_ns) if key[1] != {person}}
        if not there:
            return []
        return [
            (act, owners)
            for act, owners in zip(self.acts, self._owners, strict=True)
            if (act.host, owners) in there and _late(act.latest_ns, since_ns)
        ]

    def cut_before(self, hosts: Iterable[str | None], act: Act, person: str) -> list[tuple[Act, Owners]]:
        """The first of each host and owners by which its trail was cut before an act of a login's session, not this person's alone.

        What is gone can be who wrote what the session ran.
        """
        wanted = set(hosts) if act.origin == "login" else set()
        return [
            (cut, owners)
            for (host, owners), cut in self._cuts.items()
            if host in wanted and owners != {person} and not _after(cut, act)
        ]

    def disturbs(
        self, hosts: Iterable[str | None], since_ns: int | None, person: str | None, sparing: str | None
    ) -> bool:
        """Whether there is one, from a moment on, by this person or by nobody known; what is `sparing`'s own does not count."""
        return any(
            owners != {sparing} and (person is None or not owners or person in owners)
            for _, owners in self._late(hosts, since_ns)
        )

    def _late(self, hosts: Iterable[str | None], since_ns: int | None) -> list[tuple[str | None, Owners]]:
        wanted = set(hosts)
        return [key for key, last in self._latest.items() if key[0] in wanted and _late(last, since_ns)]


def _late(latest_ns: int | None, since_ns: int | None) -> bool:
    return since_ns is None or latest_ns is None or latest_ns >= since_ns


def _first(act: Act) -> tuple[bool, int]:
    """By its moment; what has none can have been before all."""
    return act.earliest_ns is not None, act.earliest_ns or 0


def _after(one: Act, act: Act) -> bool:
    return one.earliest_ns is not None and act.latest_ns is not None and one.earliest_ns > act.latest_ns
