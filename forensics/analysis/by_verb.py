"""The events of some verbs, and what was run: each looked up once for all who ask."""

import posixpath
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd

from forensics.analysis.evidence import Evidence, picked, places_of_each


def of_verbs(
    evidence: Evidence, *verbs: str, but: "Callable[[pd.DataFrame], pd.Series[bool]] | None" = None
) -> pd.DataFrame:
    """The events of some verbs that few events have, in their order: where they are is looked up once for all verbs. To be read only.

    Args:
        evidence: as assembled.
        verbs: one or more.
        but: of these events which to take; not asked where there is none.
    """
    at: dict[str, npt.NDArray[np.int64]] | None = evidence.memo.get("verbs")
    if at is None:
        at = evidence.memo["verbs"] = places_of_each(evidence.events["verb"].to_numpy(object))
    places = [at[verb] for verb in verbs if verb in at]
    if not places:
        return evidence.events.iloc[:0]
    found = evidence.events.iloc[places[0] if len(places) == 1 else np.sort(np.concatenate(places))]
    return found if but is None else picked(found, but(found))


def executions(evidence: Evidence, *, dated: bool = False) -> pd.DataFrame:
    """What trails say was run, and did not fail to be, in order of time; those with a moment alone, if asked. To be read only."""
    if ("executions", dated) in evidence.memo:
        kept: pd.DataFrame = evidence.memo["executions", dated]
        return kept
    events = evidence.events
    ran = picked(events, (events["verb"] == "execute") & events["trail"] & (events["outcome"] != "failure"))
    of_moment = picked(ran, ran["earliest_ns"].notna())
    if len(ran) <= _KEPT:
        evidence.memo["executions", False], evidence.memo["executions", True] = ran, of_moment
    return of_moment if dated else ran


def runs_by_name(evidence: Evidence, test: Callable[[str], bool]) -> pd.DataFrame:
    """Of `executions` with a moment those of the programs whose name, without its folder, passes a test."""
    ran = executions(evidence, dated=True)
    at: dict[str, npt.NDArray[np.int64]] | None = evidence.memo.get("programs")
    if at is None:
        called = [posixpath.basename(exe) if isinstance(exe, str) else None for exe in ran["exe"]]
        at = places_of_each(np.array(called, object))
        if len(ran) <= _KEPT:
            evidence.memo["programs"] = at
    found = [places for name, places in at.items() if test(name)]
    return ran.iloc[np.sort(np.concatenate(found))] if found else ran.iloc[:0]


_KEPT = 20_000
"""Rows of a frame that is kept for the next who asks: it is asked for a dozen times, and more would take more memory than they save time."""
