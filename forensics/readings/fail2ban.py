"""What fail2ban's log is taken to tell: that an address was found failing, was shut out or let in again. It names no account."""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, hostevents

NEEDS_ANCHOR = False

_MS = 1_000_000


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
) -> Mapping[str, pa.Table]:
    """One event for each line. That an address was found failing is what another log says, and is not told as a login."""
    rows = hostevents.placed(records, files, every_path=True)
    lines = rows.lines
    more = {
        "pid": lines["pid"],
        "address": lines["address"],
        "text": hostevents.short(pc.binary_join_element_wise(lines["level"], lines["message"], ": ")),
    }
    written = pc.replace_substring(lines["written"], ",", ".")
    when = clock.walls(written, layout="%Y-%m-%d %H:%M:%S.%f", zone=zone, tick_ns=_MS)
    verb = pa.array(["other"] * lines.num_rows, pa.string())
    return {"event": hostevents.unattributed(rows, "fail2ban", verb, more, when=when)}
