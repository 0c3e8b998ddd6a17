"""Which events are an audit trail's, whichever way it was kept: each of them once, by its strongest witness.

The kernel numbers its audit events, so two files that tell one host's event of one number and moment tell
the same event. Copies are no second witness: whoever could forge the trail on the host could forge what
was made of it there, so an event sent on to another place counts for no more than the host's root.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from forensics.analysis import disputed
from forensics.core.messageevents import SYSTEM_LOGS

WHOLE = ("auditd", "laurel", "journal_export", "journal_json", "journal_verbose", "auditbeat")
"""Formats that keep the kernel's events as they come, strongest first."""
TRAILS = (*WHOLE, "ausearch_csv", "audisp_syslog")
"""Formats that tell an audit trail: those above, what somebody chose from one, and what any account can send too."""
JOURNALS = tuple(sorted(SYSTEM_LOGS.intersection(TRAILS)))
MASS = (
    "execute", "read", "open", "write", "create", "rename", "link", "delete", "truncate", "attributes", "utimes", "connect", "identity",
    "trace", "other",
)  # fmt: skip
"""Verbs of which an audit trail tells many times over."""
FROM_ANYBODY = frozenset({"audisp_syslog"})
_ELSEWHERE = frozenset({"auditbeat"})
OWN_NUMBERS = frozenset({"audit_config", "audit_lost"})
"""Verbs of which some events are the audit daemon's own, with numbers of its own."""
_NUMBER = ("sha256", "start", "serial")
_TYPES = (pa.string(), pa.int64(), pa.int64())
_SLACK_NS = 60 * 1_000_000_000
"""A call is dated when it begins and numbered when it is told, which can be later."""


def columns(name: str) -> list[str]:
    """What `numbers` reads of a format of `TRAILS`."""
    return [*_NUMBER[:2], "transport", "message", "source_us", "audit_id"] if name in JOURNALS else [*_NUMBER]


def numbers(found: Mapping[str, pa.Table]) -> pa.Table:
    """The kernel's number of each record of a trail, by the span that it begins at.

    Args:
        found: tables by name: formats of `TRAILS`, of which a journal's records are not all of the trail.

    Returns:
        Columns `sha256`, `start`, `serial`, without null.
    """
    parts = []
    for name in TRAILS:
        table = found.get(name)
        if table is None:
            continue
        table = table.select(columns(name))
        if name in JOURNALS:
            table = table.filter(pc.equal(table["transport"], "audit")).drop_null()
            table = table.rename_columns(
                ["serial" if column == "audit_id" else column for column in table.column_names]
            )
        arrays = [table[column].cast(kind) for column, kind in zip(_NUMBER, _TYPES, strict=True)]
        parts.append(pa.table(arrays, names=list(_NUMBER)).drop_null())
    return (
        pa.concat_tables(parts)
        if parts
        else pa.table({n: pa.array([], k) for n, k in zip(_NUMBER, _TYPES, strict=True)})
    )


def settled(events: pd.DataFrame, numbered: pd.DataFrame) -> pd.DataFrame:
    """The events with what the analysis has to know of a trail, and without copies.

    Args:
        events: schema `event`, in any order.
        numbered: as `numbers` gives them.

    Returns:
        `events`, its order kept, without those that a stronger format tells too, and with `trail`, whether
        it is an audit trail's; `serial`, the kernel's number, nullable; `reach`, the trust domain whose
        people can have forged it: on the host, where it was told there first; and `disputed`, whether another
        file tells the same record differently. Such copies are all kept.
    """
    form = events["format"]
    events = events.assign(serial=_serials(events, numbered))
    trail = form.isin(TRAILS) & (~form.isin(JOURNALS) | events["serial"].notna())
    sent = trail & form.isin(_ELSEWHERE) & events["host"].notna()
    reach = events["domain"].where(~sent, events["host"].astype(str) + ":root")
    events = events.assign(trail=trail.astype(bool), reach=reach.astype(object))
    placed = events["serial"].notna() & events["host"].notna() & events["earliest_ns"].notna()
    firm = events["trail"] & placed & ~form.isin(FROM_ANYBODY) & ~events["verb"].isin(OWN_NUMBERS)
    told = events[firm]
    events = events.assign(disputed=False)
    if len(told["sha256"].unique()) > 1:
        events.loc[told.index, "disputed"] = disputed.told(told)
    if form[trail].nunique() < 2:
        return events
    kept = events.index[events["disputed"]]
    return events.drop(index=list(set(_copies(events)) - set(kept)))


def _serials(events: pd.DataFrame, numbered: pd.DataFrame) -> pd.Series:
    """The kernel's number of each event, by the span that it begins at; null where it has none."""
    if not len(numbered):
        return pd.Series(pd.NA, index=events.index, dtype="Int64")
    at = ["sha256", "start"]
    found = events[at].merge(numbered.drop_duplicates(at), how="left", on=at)["serial"]
    return pd.Series(found.to_numpy(), index=events.index).astype("Int64")


def _copies(events: pd.DataFrame) -> list[int]:
    """Events that a stronger format tells too, and those from anybody that the trail leaves no room for."""
    own = events[
        events["trail"] & events["serial"].notna() & events["host"].notna() & events["earliest_ns"].notna()
    ]
    told = own[["host", "serial", "earliest_ns", "latest_ns"]].assign(
        rank=own["format"].map({name: rank for rank, name in enumerate(TRAILS)}).astype("int64"), at=own.index
    )
    keys = ["host", "serial"]
    pairs = told[told["rank"] > 0].merge(
        told.drop(columns="at").drop_duplicates(), on=keys, suffixes=("", "_else")
    )
    same = (pairs["rank_else"] < pairs["rank"]) & (pairs["earliest_ns_else"] <= pairs["latest_ns"])
    copies = set(pairs.loc[same & (pairs["earliest_ns"] <= pairs["latest_ns_else"]), "at"])
    loose = own["format"].isin(FROM_ANYBODY)
    for host, rows in told[loose & ~own.index.isin(copies)].groupby("host", sort=True):
        firm = told[~loose & (told["host"] == host)].sort_values(["serial", "earliest_ns", "at"])
        if len(firm):
            copies |= set(rows.loc[~_room(rows, firm), "at"])
    return sorted(copies)


def _room(rows: pd.DataFrame, firm: pd.DataFrame) -> "pd.Series[bool]":
    """Whether the trail can have lost each event: before its first, after its last, or where its numbers jump."""
    at = rows["earliest_ns"].to_numpy(np.int64)
    when, number = firm["earliest_ns"].to_numpy(np.int64), firm["serial"].to_numpy(np.int64)
    place = np.searchsorted(number, rows["serial"].to_numpy(np.int64))
    below, above = np.clip(place - 1, 0, len(firm) - 1), np.clip(place, 0, len(firm) - 1)
    between = (place > 0) & (place < len(firm)) & (number[above] != rows["serial"].to_numpy(np.int64))
    jumps = between & (when[below] <= at + _SLACK_NS) & (at <= when[above] + _SLACK_NS)
    return pd.Series(jumps | (at < when.min()) | (at > when.max()), index=rows.index, dtype=bool)
