"""What printed login records are taken to tell: what `wtmp` would, less sharply, and as sure as who printed them.

A name that may be cut short names nobody. In the output of `lastb` the name is what somebody typed, so it
is no account; nothing in a line says that it is `lastb`'s, so the file has to: its last line, its name, or a
terminal that only refused entries have. Where a file says neither, and each of its entries ends as it starts
as those of `lastb` do, its entries are told as `other`. A year that was not printed is inferred from the
weekday and the evidence around it, and the text says so.
"""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, hostevents
from forensics.core.hostevents import NOTHING, Placed
from forensics.core.tables import EVENT
from forensics.core.tabular import pandas as pd

WHOLE = "whether a file holds refused entries shows in all its lines"
NEEDS_ANCHOR = True
ONCE = True

_WORDS = r"^(?:system boot|system down|boot time|shutdown time|run-level .*|clock change|\(to lvl .\)|~)$"
_STATES = ("LOGIN", "reboot", "shutdown", "runlevel")
_REFUSED = r"(?:^|/)(?:[^/]*lastb[^/]*|btmp[^/]*)$"
_V4 = r"^[0-9]{1,3}(?:\.[0-9]{1,3}){3}$"
_V6 = r"^[0-9A-Fa-f]{0,4}:[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]*$"
_NO_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 - what `last -i` prints where there is none
_ORIGIN_COLUMN = 16
_DAY = r"^[0-9]{1,2}[A-Z][a-z]{2}[0-9]{2}$"
_LONGEST_DAY_NS = 25 * 3600 * clock.NS_PER_S
_TERMINAL = r"^(?:pts/|tty|hvc|console)"


def read(records: pa.Table, files: pa.Table, *, zone: str, anchor_ns: int | None) -> Mapping[str, pa.Table]:
    """One event for each line."""
    rows = hostevents.placed(records, files, every_path=False)
    lines = rows.lines
    host = rows.files["host"]
    when, inferred = _when(lines["wall"], zone, anchor_ns)
    verb = _verb(rows)
    entry = pc.is_in(verb, pa.array(["login", "logout"]))
    account = pc.if_else(pc.and_not(entry, lines["cut_short"]), lines["user"], NOTHING)
    asked = pc.is_in(verb, pa.array(["login", "logout", "login_failed"]))
    absent = pc.if_else(entry, "not_readable", pc.if_else(asked, "not_recorded", "not_applicable"))
    absent = pc.if_else(pc.and_(entry, pc.is_null(lines["user"])), "not_recorded", absent)
    outcomes = {"login": "success", "login_failed": "failure"}
    event = EVENT.build(
        {
            **hostevents.columns(rows, "last_output"),
            **hostevents.times(when, host, rows, "last_output"),
            "verb": verb,
            "outcome": [outcomes.get(word) for word in verb.to_pylist()],
            "host": host,
            "account": account,
            "account_absence": pc.if_else(pc.is_valid(account), NOTHING, absent),
            "pid": lines["pid"],
            "tty": pc.if_else(_like(lines["line"], _TERMINAL), lines["line"], NOTHING),
            "address": _address(lines["remote"]),
            "text": _text(lines, inferred),
        }
    )
    return {"event": event}


def _like(text: pa.Array, pattern: str) -> pa.Array:
    return pc.fill_null(pc.match_substring_regex(text, pattern), False)


def _is(text: pa.Array, *words: str) -> pa.Array:
    return pc.fill_null(pc.is_in(text, pa.array(words)), False)


def _verb(rows: Placed) -> pa.Array:
    lines = rows.lines
    state = pc.or_(_like(lines["line"], _WORDS), _is(lines["user"], *_STATES))
    nothing = pc.or_(pc.or_(state, _is(lines["kind"], "begins")), pc.is_null(lines["wall"]))
    gone = pc.and_(_is(lines["kind"], "who"), _like(lines["comment"], r"\bexit="))
    refused, unclear = _files(rows)
    # What `w` shows of the last days has no date.
    open_now = pc.and_(_is(lines["kind"], "w"), pc.invert(_like(lines["wall"], _DAY)))
    nothing = pc.or_(nothing, pc.or_(open_now, _is(lines["kind"], "up")))
    verb = pc.if_else(
        gone, "logout", pc.if_else(refused, "login_failed", pc.if_else(unclear, "other", "login"))
    )
    return pc.if_else(nothing, "other", verb)


def _files(rows: Placed) -> tuple[pa.Array, pa.Array]:
    """For each line, whether its file holds refused entries, and whether it may and nothing says."""
    lines = rows.lines
    begins = _is(lines["kind"], "begins")
    sign = pc.or_(pc.and_(begins, _like(lines["line"], "^btmp")), _is(lines["line"], "ssh:notty"))
    entry = _is(lines["kind"], "last")
    told = pd.DataFrame(
        {
            "file": lines["sha256"].to_pandas(),
            "refused": np.asarray(pc.or_(sign, pc.match_substring_regex(rows.files["path"], _REFUSED))),
            "named": np.asarray(pc.or_(begins, _is(lines["kind"], "who", "w"))),
            "lasting": np.asarray(pc.and_not(entry, _momentary(lines))),
        }
    )
    by_file = told.groupby("file")[["refused", "named", "lasting"]].transform("any")
    unclear = ~(by_file["named"] | by_file["lasting"])
    return pa.array(by_file["refused"].to_numpy(bool)), pa.array(unclear.to_numpy(bool))


def _momentary(lines: pa.RecordBatch) -> pa.Array:
    """Where an entry ends as it starts, to the digit, as every one of `lastb` does."""
    size = pc.utf8_length(lines["ended"]).to_pylist()
    starts = lines["wall"].to_pylist()
    same = [
        n is not None and wall is not None and wall[-n:] == end
        for n, wall, end in zip(size, starts, lines["ended"].to_pylist(), strict=True)
    ]
    return pa.array(same, pa.bool_())


def _when(wall: pa.Array, zone: str, anchor_ns: int | None) -> tuple[clock.Interval, pa.Array]:
    """Times of every layout on the one axis, and where the year is inferred. A zone by its letters is no zone."""
    undated = _like(wall, r"^(?:[A-Z][a-z]{2} )?[A-Z][a-z]{2} [0-9]{1,2} [0-9]{2}:[0-9]{2}$")
    seconds, offset, minute = (
        _like(wall, shape) for shape in (r"^[A-Z].*:[0-9]{2} [0-9]{4}$", "^[0-9-]+T", "^[0-9-]+ ")
    )
    day = _like(wall, _DAY)
    full, iso, short = (pc.if_else(own, wall, NOTHING) for own in (seconds, offset, minute))
    tick_ns = 60 * clock.NS_PER_S
    parts = (
        (undated, clock.undated(pc.if_else(undated, wall, NOTHING), zone=zone, anchor_ns=anchor_ns)),
        (seconds, clock.walls(full, layout="%a %b %d %H:%M:%S %Y", zone=zone, tick_ns=clock.NS_PER_S)),
        (offset, clock.offsets(iso, tick_ns=clock.NS_PER_S)),
        (minute, clock.walls(short, layout="%Y-%m-%d %H:%M", zone=zone, tick_ns=tick_ns)),
        (
            day,
            clock.walls(pc.if_else(day, wall, NOTHING), layout="%d%b%y", zone=zone, tick_ns=_LONGEST_DAY_NS),
        ),
    )
    first = last = pa.nulls(len(wall), pa.int64())
    for own, when in parts:
        first = pc.if_else(own, when.earliest_ns, first)
        last = pc.if_else(own, when.latest_ns, last)
    return clock.Interval(first, last), undated


def _address(remote: pa.Array) -> pa.Array:
    """An origin that is an address. One of version 6 that fills its column may be cut short."""
    whole = pc.or_(
        _like(remote, _V4), pc.and_(_like(remote, _V6), pc.not_equal(pc.utf8_length(remote), _ORIGIN_COLUMN))
    )
    return pc.if_else(pc.and_not(pc.fill_null(whole, False), _is(remote, *_NO_ADDRESS)), remote, NOTHING)


def _text(lines: pa.RecordBatch, inferred: pa.Array) -> pa.Array:
    """The line's own words, field by field."""
    words = [
        pc.coalesce(pc.binary_join_element_wise(f" {field}=", lines[field], ""), "")
        for field in ("user", "line", "remote", "wall", "ended", "comment")
    ]
    cut = pc.if_else(lines["cut_short"], " (name may be cut short)", "")
    year = pc.if_else(inferred, " (year inferred)", "")
    return hostevents.short(pc.binary_join_element_wise(lines["kind"], *words, cut, year, ""))
