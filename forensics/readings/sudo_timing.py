"""What the timing of a recorded session is taken to tell: that bytes came or went, and how long after the start.

The start is in another file, so no event has a time; the text says how long after the first line. What came
from the terminal was typed by whoever sat there, or sent by a program; the file does not say by whom.
"""

from collections.abc import Mapping

import pyarrow as pa

from forensics.core import hostevents
from forensics.core.tables import EVENT

WHOLE = "the time of an entry is a sum over those before it"
NEEDS_ANCHOR = False
ONCE = True

_KINDS = ("stdin", "stdout", "stderr", "ttyin", "ttyout", "window", "ttyout", "suspend")


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - there is no wall clock in it
    anchor_ns: int | None,  # noqa: ARG001 - the same
) -> Mapping[str, pa.Table]:
    """One event for each line."""
    rows = hostevents.placed(records, files, every_path=False)
    lines = rows.lines
    shown = lines.select(["kind", "bytes", "lines", "columns", "signal"]).to_pylist()
    after = _after(lines["sha256"].to_pylist(), lines["delay_ns"].to_pylist())
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


def _after(files: list[str], delays: list[int]) -> list[int]:
    """How long after the first line of its file each line came. Such sums can be past int64."""
    sums: list[int] = []
    for at, (file, delay) in enumerate(zip(files, delays, strict=True)):
        same = at > 0 and files[at - 1] == file
        sums.append(delay + (sums[-1] if same else 0))
    return sums


def _text(row: dict[str, object], after_ns: int) -> str:
    seconds, rest = divmod(after_ns, 10**9)
    size = "" if row["bytes"] is None else f" {row['bytes']} bytes"
    window = "" if row["lines"] is None else f" {row['lines']}x{row['columns']}"
    signal = f" {row['signal']}" if row["signal"] else ""
    return f"{_KINDS[int(str(row['kind']))]}{size}{window}{signal}, {seconds}.{rest:09} s after the start"
