"""A number of a session that was given twice: a kernel counts its sessions anew from each boot on.

A session is told by its host, the boot and the number. The kernel counts the records of its trail anew at a boot too, so that a
boot is where these numbers, in the order of the lines, fall far back. Of the sessions that bear one number, the first keeps it; each
later one is called `number@boot`, by the first moment on record of its boot. Where the trails of several hosts were put into one that does
not tell which is whose, the numbers can fall back with every few lines: what is between is called a boot each time, and no entry is joined
to another's work. Where they do not, `mixed` tells such a trail.
"""

import numpy as np
import pandas as pd

from forensics.analysis import mixed
from forensics.analysis.evidence import Evidence, groups_of, picked
from forensics.analysis.trails import FROM_ANYBODY, OWN_NUMBERS
from forensics.core import clock

_NUMBERED = [
    "host",
    "serial",
    "earliest_ns",
    "latest_ns",
    "sha256",
    "start",
    "verb",
    "session",
    "pid",
    "format",
]
_ONE = ["host", "serial", "earliest_ns"]
"""What tells a record of a kernel from its others."""
_LEAST = 100
"""Records of one kernel can stand out of order by less."""


def told_apart(evidence: Evidence) -> None:
    """Rename, in events, the sessions that bear the number of one of an earlier boot of their host; and mark, in `mixed`, what can be another host's."""
    events = evidence.renaming()
    events["mixed"] = False
    own = events["trail"] & events["host"].notna() & events["earliest_ns"].notna()
    numbered = picked(
        events,
        own
        & events["serial"].notna()
        & ~events["format"].isin(FROM_ANYBODY)
        & ~events["verb"].isin(OWN_NUMBERS),
    )
    if not len(numbered):
        return
    told = _by_boot(numbered[_NUMBERED])
    _mark(events, numbered[_NUMBERED], told)
    booted = {host for host, boot in zip(told["host"], told["boot"], strict=True) if boot}
    if not booted:
        return
    there = picked(events, own & events["host"].isin(booted) & events["session"].notna())
    held = dict(groups_of(there[["host", "session", "serial", "earliest_ns"]], "host"))
    for host, rows in groups_of(picked(told, told["host"].isin(booted)), "host"):
        if host in held:
            _rename(events, held[host], rows)


def _mark(events: pd.DataFrame, rows: pd.DataFrame, told: pd.DataFrame) -> None:
    """Mark the records that can be another host's, and their copies."""
    each = rows.drop_duplicates(["host", "serial", "earliest_ns", "verb", "session", "pid", "format"])
    # Of all hosts at once: a frame for each host takes longer to make than its records to look at.
    each = each.merge(told[[*_ONE, "every"]], on=_ONE).rename(columns={"every": "boot"})
    apart = each.loc[mixed.told(each), _ONE].drop_duplicates()
    if len(apart):
        found = rows.reset_index(names="at").merge(apart, on=_ONE)["at"]
        events.loc[found, "mixed"] = True


def _by_boot(rows: pd.DataFrame) -> pd.DataFrame:
    """The numbered records of the hosts, each once, in order, with the place of their boot: of its host, and of every host's."""
    first_of = rows.groupby(["host", "sha256"])["earliest_ns"].transform("min")
    ordered = rows.assign(first=first_of).sort_values(["host", "first", "sha256", "start"], kind="stable")
    # A file that was collected twice, or overlaps another, tells some records again.
    ordered = ordered.drop_duplicates(_ONE)
    serial, (host, _) = ordered["serial"].to_numpy(np.int64), pd.factorize(ordered["host"])
    other = np.r_[True, host[1:] != host[:-1]]
    back = np.r_[False, (serial[:-1] > 2 * serial[1:]) & (serial[:-1] - serial[1:] > _LEAST)]
    every = np.cumsum(back | other) - 1
    return ordered.assign(boot=every - every[other][host], every=every)


def _rename(events: pd.DataFrame, there: pd.DataFrame, told: pd.DataFrame) -> None:
    """Call each session after its boot whose number an earlier boot gave to another."""
    began = told.drop_duplicates("boot")
    starts = np.maximum.accumulate(began["earliest_ns"].to_numpy(np.int64))
    known = dict(zip(zip(told["serial"], told["earliest_ns"], strict=True), told["boot"], strict=True))
    # What has no number of its own is of the boot that had begun by then.
    by_time = np.searchsorted(starts, there["earliest_ns"].to_numpy(np.int64), side="right") - 1
    keys = zip(there["serial"], there["earliest_ns"], strict=True)
    boots = [known.get(key, max(0, int(at))) for key, at in zip(keys, by_time, strict=True)]
    first = there.assign(boot=boots).groupby("session")["boot"].min().to_dict()
    named = [f"@{clock.written(int(ns))}" for ns in began["earliest_ns"]]
    names = [name if named.count(name) == 1 else f"{name}.{n}" for n, name in enumerate(named)]
    given = [
        number if boot == first[number] else number + names[boot]
        for number, boot in zip(there["session"], boots, strict=True)
    ]
    events.loc[there.index, "session"] = pd.Series(given, index=there.index, dtype=object)
