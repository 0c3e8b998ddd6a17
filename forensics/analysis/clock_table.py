"""The clocks of a case as the declared table, as findings hold them, and what is not known of them."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa

from forensics.analysis.bands import Int
from forensics.analysis.clocks import Compared, state, told_once
from forensics.analysis.ties import Ties
from forensics.core import clock
from forensics.core.clock import NS_PER_S
from forensics.core.schema import Column, Table
from forensics.core.tables import STRINGS

CLOCK = Table(
    "clock",
    "a clock, or a stretch of one between two settings, and how far it was from the reference clock",
    (
        Column("clock", pa.string(), "which clock: the source's host (or domain) and format"),
        Column("sha256", pa.string(), "the one sealed file that it dates", None, "it dates several"),
        Column("reference", pa.string(), "the clock that it is compared with", None, "compared with none"),
        Column("state", pa.string(), "reference, agrees, offset, zone, unsure or not_compared"),
        Column("offset_lo_ns", pa.int64(), "least that it was ahead of the reference; negative is behind", "ns", "not compared"),
        Column("offset_hi_ns", pa.int64(), "most that it was ahead of the reference", "ns", "not compared"),
        Column("drift_lo_ppb", pa.int64(), "least that it gained on the reference", "ns per s", "too few anchors, or too near together"),
        Column("drift_hi_ppb", pa.int64(), "most that it gained on the reference", "ns per s", "too few anchors, or too near together"),
        Column("applied", pa.bool_(), "whether the analysis moves its times by these bounds"),
        Column("anchors", pa.int64(), "entries that both saw and that bound the offset"),
        Column("left_out", pa.int64(), "entries that both saw, and that do not agree with the others"),
        Column("events", pa.int64(), "events that it dates"),
        Column("earliest_ns", pa.int64(), "first moment of them, as written", "ns since 1970-01-01T00:00:00Z"),
        Column("latest_ns", pa.int64(), "last moment of them, as written", "ns since 1970-01-01T00:00:00Z"),
        Column("tick_ns", pa.int64(), "how coarsely it writes, by its narrowest event", "ns"),
        Column("rules", STRINGS, "rules that found the anchors"),
        Column("residuals_ns", pa.list_(pa.int64()), "of each anchor, how far the middle of its own bounds is from the middle of the offset's, in order of lines", "ns"),
        Column("anchor_events", STRINGS, "of each anchor the two events of its narrowest pair, in the same order; at most 200 anchors"),
    ),
)  # fmt: skip

_LISTED = 200
_DRIFT_SPAN_NS, _DRIFT_ANCHORS = 3600 * NS_PER_S, 4


def table(found: list[Compared]) -> pa.Table:
    """The clocks as the declared table: a row for each stretch between two settings."""
    rows = [row for one in found for row in _rows(one)]
    return CLOCK.build({c.name: [r[c.name] for r in rows] for c in CLOCK.columns})


def _rows(one: Compared) -> Iterable[dict[str, Any]]:
    alike: dict[str, Any] = {
        "clock": one.clock, "sha256": one.sha256, "reference": one.reference if one.reference != one.clock else None,
        "applied": one.applied, "events": one.events, "earliest_ns": one.earliest_ns, "latest_ns": one.latest_ns,
        "tick_ns": one.tick_ns,
    }  # fmt: skip
    nothing = dict.fromkeys(("offset_lo_ns", "offset_hi_ns", "drift_lo_ppb", "drift_hi_ppb"))
    if one.band is None:
        yield {
            **alike, **nothing, "state": state(one, None, None), "anchors": 0, "left_out": 0, "rules": [],
            "residuals_ns": [], "anchor_events": [],
        }  # fmt: skip
        return
    left = one.band.left_out
    for stretch, (lo, hi) in zip(one.stretches(), one.spans(), strict=True):
        entries = set(stretch.entries)
        said = [v for v in one.band.votes if v.entry in entries]
        middle = (stretch.lo + stretch.hi) // 2
        drift = _drift(stretch.when, stretch.said_lo, stretch.said_hi)
        yield {
            **alike, "state": state(one, lo, hi), "offset_lo_ns": lo, "offset_hi_ns": hi,
            "drift_lo_ppb": drift[0] if drift else None, "drift_hi_ppb": drift[1] if drift else None,
            "anchors": len(said), "left_out": left, "rules": sorted({r for v in said for r in one.rules.get(v.entry, ())}),
            "residuals_ns": [(v.lo + v.hi) // 2 - int(m) for v, m in zip(said, middle, strict=True)][:_LISTED],
            "anchor_events": [e for v in said[:_LISTED] for e in one.pairs.get(v.entry, ())],
        }  # fmt: skip


def _drift(at: Int, lo: Int, hi: Int) -> tuple[int, int] | None:
    """The least and the most that a clock can have gained, in ns per s: the slopes of all lines through all bounds."""
    if len(at) < _DRIFT_ANCHORS or int(at.max() - at.min()) < _DRIFT_SPAN_NS:
        return None
    keep = np.unique(np.linspace(0, len(at) - 1, min(len(at), 512)).astype(int))
    t, low, high = (x[keep].astype(np.float64) for x in (at, lo, hi))
    span = t[None, :] - t[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        least = np.where(span > 0, (low[None, :] - high[:, None]) / span, -np.inf).max()
        most = np.where(span > 0, (high[None, :] - low[:, None]) / span, np.inf).min()
    return None if least > most else (int(np.floor(least * 1e9)), int(np.ceil(most * 1e9)))


def told(found: list[Compared]) -> list[dict[str, Any]]:
    """The rows of the table, as findings hold them: moments as text, offsets in ns."""
    rows = [row for one in found for row in _rows(one)]
    for row in rows:
        row["earliest"], row["latest"] = (clock.written(row.pop(f"{c}_ns")) for c in ("earliest", "latest"))
    return rows


def limits(found: list[Compared], tied: Ties | None = None) -> list[str]:
    """What is not known of the clocks, as codes: none is compared, some are not, nothing tells which of two is right, one account alone tells of one, nothing ties some, or too many to look at."""
    return [
        *_limits(found),
        *(["zone_told_once"] if any(told_once(one) for one in found) else []),
        *(["clock_told_by_one_account"] if any(one.alone for one in found) else []),
        *(["clocks_not_tied"] if tied is not None and len(set(tied.group.values())) > 1 else []),
        *(["clocks_not_looked_at"] if tied is not None and tied.left else []),
    ]


def _limits(found: list[Compared]) -> list[str]:
    compared = [one for one in found if one.sure]
    if not compared:
        return ["clocks_not_compared"]
    loose = any(not one.sure and state(one, None, None) != "reference" for one in found)
    open_ = any(not one.kernel and any(not a <= 0 <= b for a, b in one.spans()) for one in compared)
    return [*(["some_clocks_not_compared"] if loose else []), *(["clocks_differ"] if open_ else [])]
