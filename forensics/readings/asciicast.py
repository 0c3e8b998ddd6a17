"""What a recorded terminal session is taken to tell: that these keys and this output passed a terminal.

The user's own program writes the file, so it tells what its owner wanted kept. The account is the owner of
the home folder it was collected from, where it lies in one. An event's time is the header's and what passed
since; the header counts whole seconds, so each time is a second wide. A header below the first line of a file
is text like any other and dates nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import carried, clock, hostevents
from forensics.core.tables import EVENT

NOTED = ("sha256", "start", "kind", "version", "epoch_ns", "delay_ns")
"""The time of an entry is a sum over those before it."""
NEEDS_ANCHOR = True
"""Every time has its year, but the recorded account can write any: it must not date other logs."""

_SINCE_EVENT = 3
_LARGEST_NS = 2**63 - clock.NS_PER_S


class _Passed(NamedTuple):
    """Behind a row: its file, when the recording began, its version, how long had passed (ns) and where the row lies."""

    file: str | None = None
    start: int | None = None
    version: int = 0
    passed: int = 0
    place: int | None = None


_STATE = pa.schema(
    [
        ("sha256", pa.string()),
        ("start_ns", pa.int64()),
        ("version", pa.int64()),
        # Such sums can be past int64.
        ("passed_ns", pa.decimal128(38)),
        ("place", pa.int64()),
    ]
)


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - a recording counts seconds since 1970
    anchor_ns: int | None,  # noqa: ARG001 - what has no time gets none
    notes: pa.Table | None = None,
) -> Mapping[str, pa.Table]:
    """One event for the header, and one for each event of the recording, for each path."""
    rows = hostevents.placed(records, files, every_path=True)
    lines, host = rows.lines, rows.files["host"]
    before = _Passed(*carried.left(notes, _Passed()))
    first = pa.array(_moments(lines, before._replace(passed=int(before.passed)))[0], pa.int64())
    interval = clock.Interval(first, pc.add(first, clock.NS_PER_S - 1))
    account = hostevents.owners(pc.coalesce(rows.files["origin"], rows.files["path"]))
    words = [
        pc.coalesce(pc.binary_join_element_wise(f" {field}=", lines[field], ""), "")
        for field in ("title", "command")
    ]
    event = EVENT.build(
        {
            **hostevents.columns(rows, "asciicast"),
            **hostevents.times(interval, host, rows, "asciicast"),
            "verb": pa.array(["other"] * lines.num_rows, pa.string()),
            "host": host,
            "account": account,
            "account_absence": hostevents.absence(account),
            "text": hostevents.short(
                pc.binary_join_element_wise(
                    lines["kind"],
                    pc.coalesce(pc.binary_join_element_wise(" ", lines["text"], ""), ""),
                    *words,
                    "",
                )
            ),
        }
    )
    return {"event": event}


def noted(records: pa.Table) -> pa.Table:
    """What times hang on."""
    return records.select(NOTED)


def lacking(noted: Sequence[pa.Table], files: pa.Table) -> Iterator[tuple[int, pa.Table]]:  # noqa: ARG001 - the records say all
    """What the lines before a slice left of the recording that goes on in it."""
    return carried.lacking(noted, _STATE, _Passed(), lambda rows, before: _moments(rows, before)[1])


def _moments(lines: pa.Table | pa.RecordBatch, before: _Passed) -> tuple[list[int | None], _Passed]:
    """When each row was, at the earliest; and what they leave. A row stands once for each path, next to itself."""
    moments: list[int | None] = []
    file, start, version, passed, place = before
    columns = (lines[c].to_pylist() for c in NOTED)
    for sha256, offset, kind, written, epoch_ns, delay_ns in zip(*columns, strict=True):
        opens = sha256 != file
        if opens:
            file, passed, place = sha256, 0, None
            start, version = (epoch_ns, written) if kind == "header" and offset == 0 else (None, 0)
        if offset != place:
            place = offset
            passed = 0 if kind == "header" else delay_ns + (passed if version == _SINCE_EVENT else 0)
        below = kind == "header" and offset != 0
        known = start is not None and not below and start + passed < _LARGEST_NS
        moments.append(start + passed if start is not None and known else None)
    return moments, _Passed(file, start, version, passed, place)
