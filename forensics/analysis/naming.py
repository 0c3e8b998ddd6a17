"""Accounts of events that a source wrote as numbers only."""

import pandas as pd

from forensics.analysis.evidence import Evidence, picked
from forensics.analysis.identity import Directory


def named(evidence: Evidence, directory: Directory) -> pd.DataFrame:
    """The events with the names that the evidence's own hosts give the uids, where a source wrote numbers only."""
    events = evidence.renaming()
    cache: dict[tuple[str | None, int | None, int | None], str | None] = {}

    def name(host: str | None, uid: int | None, at: int | None) -> str | None:
        known = None if pd.isna(uid) else uid
        # A moment is asked for only where a number changed hands.
        key = (
            host,
            known,
            int(at) if at is not None and not pd.isna(at) and directory.dated(known) else None,
        )
        if key not in cache:
            cache[key] = directory.account_of(*key)
        return cache[key]

    audit = events["trail"]
    for column, source in (("account", ("auid",)), ("effective", ("euid", "uid"))):
        bare = picked(events, audit & events[column].isna())
        for number in source:
            asked = zip(bare["host"], bare[number], bare["earliest_ns"], strict=True)
            found = [name(*each) for each in asked]
            filled = pd.Series(found, index=bare.index, dtype=object)
            take = filled.notna() & events.loc[bare.index, column].isna()
            events.loc[bare.index[take], column] = filled[take]
    return events
