"""Copies of a host's list of accounts that were collected at different times: what the earlier and the later lack bounds the others' names.

A collector that names its folder or its archive after the time it ran (`hostfolders`) says when the list stood so. A name that
the copy before lacks was given since; one that the copy behind lacks was taken before that. Without that time two copies
of the list of one host say nothing of which is older, and a name that either has may be the number's at any time.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from forensics.analysis.identity_rules import DATED_COPIES
from forensics.core import hostfolders

if TYPE_CHECKING:
    from forensics.analysis.uids import Named


class _Copy(NamedTuple):
    """One list, when it was collected at the earliest and at the latest, and the names and numbers in it."""

    first_ns: int
    last_ns: int
    sha256: str
    has: frozenset[tuple[int, str]]


def bounded(names: Sequence["Named"], files: pd.DataFrame, origin: str) -> list["Named"]:
    """Names with the bounds that dated copies of the list give them.

    Args:
        names: as all else bounds them; those from a copy cite it first.
        files: schema `file`.
        origin: where a host looks for its list.

    Returns:
        The same, bounded where every copy of a host's list from that place is dated and they are of two times at least.
    """
    dated = _dated(files, origin)
    known = _copies(names, dated, origin)
    return [_within(one, known.get(one.host, ()), _copy_of(one, origin, dated)) for one in names]


def older(names: Iterable["Named"], files: pd.DataFrame, origin: str) -> frozenset[str]:
    """Events of names in copies that a later one of the same host has taken the place of."""
    dated = _dated(files, origin)
    names = list(names)
    known = _copies(names, dated, origin)
    last = {host: rows[-1].sha256 for host, rows in known.items()}
    passed = ((one, _copy_of(one, origin, dated)) for one in names if one.host in last)
    return frozenset(e for one, s in passed if s is not None and s != last[one.host] for e in one.events)


def _copies(
    names: Iterable["Named"], dated: Mapping[str, tuple[tuple[int, int], ...]], origin: str
) -> dict[str | None, list[_Copy]]:
    """The copies of each host in order of time, where all are dated and there are two at least."""
    held: dict[tuple[str | None, str], set[tuple[int, str]]] = {}
    for one in names:
        sha256 = _copy_of(one, origin, dated)
        if sha256 is not None:
            held.setdefault((one.host, sha256), set()).add((one.uid, one.account))
    copies: dict[str | None, list[_Copy]] = {}
    for (host, sha256), has in held.items():
        copies.setdefault(host, []).extend(
            _Copy(*when, sha256, frozenset(has)) for when in dated[sha256] or ()
        )
    return {
        host: sorted(rows)
        for host, rows in copies.items()
        if len({r.sha256 for r in rows}) > 1 and all(dated[s] for h, s in held if h == host)
    }


def _copy_of(one: "Named", origin: str, dated: Mapping[str, object]) -> str | None:
    """The copy that a name was read from; none where something else says it."""
    if one.source != origin or not one.events:
        return None
    return next((s for s in dated if s[:16] == one.events[0].partition(".")[0]), None)


def _dated(files: pd.DataFrame, origin: str) -> dict[str, tuple[tuple[int, int], ...]]:
    """When each file from that place was collected, by hash: as often as it was; empty where one path of it does not say."""
    found: dict[str, list[tuple[int, int] | None]] = {}
    own = files[files["origin"] == origin]
    for sha256, path in zip(own["sha256"], own["path"], strict=True):
        found.setdefault(str(sha256), []).append(hostfolders.collected(str(path)))
    return {
        sha256: () if None in whens else tuple(sorted(w for w in whens if w is not None))
        for sha256, whens in found.items()
    }


def _within(one: "Named", copies: Iterable[_Copy], sha256: str | None) -> "Named":
    """A name within the copies that lack it before and behind those that have it."""
    if sha256 is None or not copies:
        return one
    rows = list(copies)
    pair = (one.uid, one.account)
    own = [n for n, r in enumerate(rows) if r.sha256 == sha256]
    before = [r.first_ns for r in rows[: own[0]] if pair not in r.has]
    behind = [r.last_ns for r in rows[own[-1] + 1 :] if pair not in r.has]
    since = max([v for v in (one.from_ns, *before) if v is not None], default=None)
    until = min([v for v in (one.until_ns, *behind) if v is not None], default=None)
    if (since, until) == (one.from_ns, one.until_ns) or (
        since is not None and until is not None and since > until
    ):
        return one
    return replace(one, from_ns=since, until_ns=until, rule=one.rule or DATED_COPIES)
