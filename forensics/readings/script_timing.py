"""What the timing of a recorded terminal is taken to tell: that bytes came or went, and when, where the start is told.

The user's own program writes the file. The account is the owner of the home folder it was collected from,
where it lies in one. START_TIME counts only above the first output or input; it counts whole seconds, so
each time is a second wide.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import carried, clock, hostevents
from forensics.core.hostevents import NOTHING
from forensics.core.tables import EVENT

NOTED = ("sha256", "start", "kind", "name", "value", "delay_ns")
"""The time of an entry is a sum over those before it."""
NEEDS_ANCHOR = True
"""Every time has its year, but the recorded account can write any: it must not date other logs."""

_DATED = r"^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}[+-][0-9]{2}:[0-9]{2}$"
_KINDS = {"O": "output", "I": "input", "S": "signal", "H": "header"}
_LARGEST_NS = 2**63 - clock.NS_PER_S


class _Passed(NamedTuple):
    """Behind a row: its file, where it lies, when the session began, how long had passed (ns) and whether bytes had come or gone."""

    file: str | None = None
    place: int | None = None
    start: int | None = None
    passed: int = 0
    begun: bool = False


_STATE = pa.schema(
    [
        ("sha256", pa.string()),
        ("place", pa.int64()),
        # A moment less what had passed, and such sums, can be past int64.
        ("start_ns", pa.decimal128(38)),
        ("passed_ns", pa.decimal128(38)),
        ("begun", pa.bool_()),
    ]
)


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - a dated line has its own offset
    anchor_ns: int | None,  # noqa: ARG001 - what has no time gets none
    notes: pa.Table | None = None,
) -> Mapping[str, pa.Table]:
    """One event for each line and path."""
    rows = hostevents.placed(records, files, every_path=True)
    lines, host = rows.lines, rows.files["host"]
    account = hostevents.owners(pc.coalesce(rows.files["origin"], rows.files["path"]))
    first = pa.array(_moments(lines, _before(notes))[0], pa.int64())
    kind = pa.array([_KINDS[kind] for kind in lines["kind"].to_pylist()], pa.string())
    words = [
        pc.coalesce(pc.binary_join_element_wise(" ", lines[field].cast(pa.string()), ""), "")
        for field in ("bytes", "name", "value")
    ]
    unit = pc.if_else(pc.is_valid(lines["bytes"]), " bytes", "")
    event = EVENT.build(
        {
            **hostevents.columns(rows, "script_timing"),
            **hostevents.times(
                clock.Interval(first, pc.add(first, clock.NS_PER_S - 1)), host, rows, "script_timing"
            ),
            "verb": pa.array(["other"] * lines.num_rows, pa.string()),
            "host": host,
            "account": account,
            "account_absence": hostevents.absence(account),
            "text": hostevents.short(pc.binary_join_element_wise(kind, *words, unit, "")),
        }
    )
    return {"event": event}


def noted(records: pa.Table) -> pa.Table:
    """What times hang on."""
    return records.select(NOTED)


def lacking(noted: Sequence[pa.Table], files: pa.Table) -> Iterator[tuple[int, pa.Table]]:  # noqa: ARG001 - the records say all
    """What the lines before a slice left of the session that goes on in it."""
    return carried.lacking(noted, _STATE, _Passed(), lambda rows, before: _moments(rows, before)[1])


def _before(notes: pa.Table | None) -> _Passed:
    found = _Passed(*carried.left(notes, _Passed()))
    start = None if found.start is None else int(found.start)
    return found._replace(start=start, passed=int(found.passed))


def _moments(lines: pa.Table | pa.RecordBatch, before: _Passed) -> tuple[list[int | None], _Passed]:
    """When each row was, at the earliest; and what they leave. A row stands once for each path, next to itself."""
    start_line = pc.and_(
        pc.fill_null(pc.equal(lines["name"], "START_TIME"), False), pc.equal(lines["kind"], "H")
    )
    dated = pc.and_(start_line, pc.fill_null(pc.match_substring_regex(lines["value"], _DATED), False))
    told = clock.offsets(pc.if_else(dated, lines["value"], NOTHING), tick_ns=clock.NS_PER_S).earliest_ns
    moments: list[int | None] = []
    file, place, start, passed, begun = before
    columns = (lines["sha256"], lines["start"], lines["kind"], lines["delay_ns"], told)
    for sha256, offset, kind, delay_ns, moment in zip(*(c.to_pylist() for c in columns), strict=True):
        if sha256 != file:
            file, place, start, passed, begun = sha256, None, None, 0, False
        if offset != place:
            place = offset
            passed += delay_ns
            begun = begun or kind in {"O", "I"}
            if start is None and moment is not None and not begun:
                start = moment - passed
        known = start is not None and start + passed < _LARGEST_NS
        moments.append(start + passed if start is not None and known else None)
    return moments, _Passed(file, place, start, passed, begun)
