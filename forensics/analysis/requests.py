"""Which moves of refs a request to push can have made, where its log names the repository and no ref.

A request that was answered says that somebody asked. What it moved, or that all of it was refused, is in its body, which no
log of a web server has. So requests are counted against what other logs tell: each push that is named with its ref, and each refusal,
takes the request that is nearest to it, within a minute, and can be the same account's. One that is left is of the moves of the moment that
is nearest: of each ref of as many as there are requests, and of none that git's own server did not write.
"""

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from forensics.analysis.evidence import Row

NEAR_NS = 60_000_000_000
"""A reflog writes seconds of the server's clock, and a log of requests when a request began or ended."""
_ONE_PUSH_NS = 2_000_000_000
"""Refs that one push moves are moved at once."""
_GITS_OWN = frozenset({"http_access"})
"""Formats whose requests are those of git's own protocol, and of no page of a forge."""
_RECEIVED = re.compile(r"new=[0-9a-f]+ old=[0-9a-f]+ (?:update=[0-9]+ )?push\b")
"""What `git receive-pack` writes into the log of a ref that it moves, and a command that moves one by hand does not by itself."""


class _Near(NamedTuple):
    """A request that can be of a moment: how far from it, and its event."""

    off_ns: int
    event: str
    form: str


class Telling(NamedTuple):
    """Of moves, by their events: the request that can have made each; and one that lies near and is counted for something else."""

    made: Mapping[str, str]
    beside: Mapping[str, str]


def telling(own: Iterable[Row], asked: Iterable[Row], named: Iterable[Row]) -> Telling:
    """What requests tell of moves of refs.

    Args:
        own: the moves of refs of one repository, schema `event`.
        asked: requests to write it that name no ref; one push can leave several lines of one log, or of several.
        named: pushes to it, and refusals, that name their refs.
    """
    dated, every = _dated(own), _dated(asked)
    spent = _spent(every, _dated(named))
    times = sorted({int(m.earliest_ns) for m in dated})
    nearest: dict[int, list[_Near]] = {}
    for e in every if times else ():
        ns, off = _closest(times, int(e.earliest_ns))
        if off <= NEAR_NS and e.event_id not in spent:
            nearest.setdefault(ns, []).append(_Near(off, str(e.event_id), str(e.format)))
    made = _shared_out(dated, nearest)
    starts = [int(e.earliest_ns) for e in every]
    beside = {}
    for move in dated if every else ():
        ns, off = _closest(starts, int(move.earliest_ns))
        if off <= NEAR_NS and move.event_id not in made:
            beside[str(move.event_id)] = str(every[bisect_left(starts, ns)].event_id)
    return Telling(made, beside)


def _dated(rows: Iterable[Row]) -> list[Row]:
    return sorted((e for e in rows if not pd.isna(e.earliest_ns)), key=_in_time)


def _in_time(event: Row) -> tuple[int, str]:
    return int(event.earliest_ns), str(event.event_id)


def _closest(times: Sequence[int], at: int) -> tuple[int, int]:
    """Of some times the one that is nearest, and how far it is."""
    i = bisect_left(times, at)
    ns = min(times[max(0, i - 1) : i + 1], key=lambda ns: (abs(ns - at), ns))
    return ns, abs(ns - at)


def _spent(asked: Sequence[Row], named: Sequence[Row]) -> set[str]:
    """The requests that are told by name elsewhere: one for each, of each log, those that lie nearest together first."""
    starts = [int(e.earliest_ns) for e in asked]
    pairs = list[tuple[int, str, str, str]]()
    for one in _once(named):
        at = int(one.earliest_ns)
        near = asked[bisect_left(starts, at - NEAR_NS) : bisect_right(starts, at + NEAR_NS)]
        pairs += [
            (abs(int(e.earliest_ns) - at), str(one.event_id), str(e.format), str(e.event_id))
            for e in near
            if e.format != one.format and _can_be_one(e.account, one.account)
        ]
    taken, found = set[tuple[str, str]](), set[str]()
    for _, one, form, request in sorted(pairs):
        if (one, form) not in taken and request not in found:
            taken.add((one, form))
            found.add(request)
    return found


def _once(named: Sequence[Row]) -> Iterable[Row]:
    """The first of the lines of each request: those of one process, or where none is told, of one account and moment."""
    seen: dict[tuple[object, ...], int] = {}
    for e in named:
        at = int(e.earliest_ns)
        of = e.format, e.account, None if pd.isna(e.pid) else int(e.pid)
        near_ns = _ONE_PUSH_NS if of[2] is None else NEAR_NS
        if of not in seen or at - seen[of] > near_ns:
            yield e
        seen[of] = at


def _can_be_one(one: object, other: object) -> bool:
    """Whether two logs can mean one account: the same name, or one of them has none."""
    return one == other or not (isinstance(one, str) and isinstance(other, str))


def _shared_out(moves: Sequence[Row], nearest: Mapping[int, list[_Near]]) -> dict[str, str]:
    """Each moment's requests with the moves at it, those that are nearest to it first."""
    moments = sorted(nearest)
    found: dict[str, str] = {}
    spent: Counter[tuple[int, str]] = Counter()
    for move in sorted(
        moves if moments else (), key=lambda m: (_closest(moments, int(m.earliest_ns))[1], _in_time(m))
    ):
        at = int(move.earliest_ns)
        first, last = bisect_left(moments, at - _ONE_PUSH_NS), bisect_right(moments, at + _ONE_PUSH_NS)
        for ns in sorted(moments[first:last], key=lambda ns: (abs(ns - at), ns)):
            fits = [near for near in nearest[ns] if _can_make(near, move)]
            # One request can leave lines in several logs: it is counted where most are told.
            most = max(Counter(near.form for near in fits).values(), default=0)
            if spent[ns, str(move.object)] < most:
                spent[ns, str(move.object)] += 1
                found[str(move.event_id)] = min(fits).event
                break
    return found


def _can_make(near: _Near, move: Row) -> bool:
    """Whether a request can have made a move: of a branch, git's own server says so in the branch's log."""
    branch = str(move.object).startswith("refs/heads/")
    return near.form not in _GITS_OWN or not branch or received(move)


def received(move: Row) -> bool:
    """Whether the log of a ref has git's own word for a push at a move."""
    return _RECEIVED.match(str(move.text or "")) is not None
