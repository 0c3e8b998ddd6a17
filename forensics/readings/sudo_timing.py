"""What the timing of a recorded session is taken to tell: that bytes came or went, and how long after the start.

The start is in another file, so no event has a time; the text says how long after the first line. What came
from the terminal was typed by whoever sat there, or sent by a program; the file does not say by whom.
"""

from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa

from forensics.core import carried, hostevents
from forensics.core.tables import EVENT

NOTED = ("sha256", "delay_ns")
"""The time of an entry is a sum over those before it."""
NEEDS_ANCHOR = False
ONCE = True

_KINDS = ("stdin", "stdout", "stderr", "ttyin", "ttyout", "window", "ttyout", "suspend")
_Passed = tuple[str | None, int]
"""Behind a row: its file, and how long had passed (ns). Such sums can be past int64."""
_BEGUN: _Passed = (None, 0)
_STATE = pa.schema([("sha256", pa.string()), ("passed_ns", pa.decimal128(38))])


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - there is no wall clock in it
    anchor_ns: int | None,  # noqa: ARG001 - the same
    notes: pa.Table | None = None,
) -> Mapping[str, pa.Table]:
    """One event for each line."""
    rows = hostevents.placed(records, files, every_path=False)
    lines = rows.lines
    shown = lines.select(["kind", "bytes", "lines", "columns", "signal"]).to_pylist()
    file, passed = carried.left(notes, _BEGUN)
    after, _ = _after(lines, (file, int(passed)))
    event = EVENT.build(
        {
            **hostevents.columns(rows, "sudo_timing"),
            "verb": pa.array(["other"] * lines.num_rows, pa.string()),
            "host": rows.files["host"],
            "account_absence": pa.array(["not_recorded"] * lines.num_rows, pa.string()),
            "text": pa.array([_text(row, ns) for row, ns in zip(shown, after, strict=True)], pa.string()),
        }
    )
    return {"event": event}


def noted(records: pa.Table) -> pa.Table:
    """What sums are of."""
    return records.select(NOTED)


def lacking(noted: Sequence[pa.Table], files: pa.Table) -> Iterator[tuple[int, pa.Table]]:  # noqa: ARG001 - the records say all
    """How long had passed before a slice of the session that goes on in it."""
    return carried.lacking(noted, _STATE, _BEGUN, lambda rows, before: _after(rows, before)[1])


def _after(lines: pa.Table | pa.RecordBatch, before: _Passed) -> tuple[list[int], _Passed]:
    """How long after the first line of its file each line came; and what they leave."""
    sums: list[int] = []
    known, passed = before
    for file, delay in zip(lines["sha256"].to_pylist(), lines["delay_ns"].to_pylist(), strict=True):
        passed = delay + (passed if file == known else 0)
        known = file
        sums.append(passed)
    return sums, (known, passed)


def _text(row: dict[str, object], after_ns: int) -> str:
    seconds, rest = divmod(after_ns, 10**9)
    size = "" if row["bytes"] is None else f" {row['bytes']} bytes"
    window = "" if row["lines"] is None else f" {row['lines']}x{row['columns']}"
    signal = f" {row['signal']}" if row["signal"] else ""
    return f"{_KINDS[int(str(row['kind']))]}{size}{window}{signal}, {seconds}.{rest:09} s after the start"
