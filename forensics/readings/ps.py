"""What a listing of processes is taken to tell: that there was such a process, and, where it is dated, when it had started.

The owner of a process is not who started it, and what it runs it says of itself: nobody is named.
"""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, hostevents
from forensics.core.hostevents import NOTHING
from forensics.core.tables import EVENT

EACH = True
NEEDS_ANCHOR = False
ONCE = True
_DATED = r"^[A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-3][0-9] [0-9:]{8} [0-9]{4}$"


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,
    anchor_ns: int | None,  # noqa: ARG001 - what has no date is given none
) -> Mapping[str, pa.Table]:
    """One event for each process."""
    rows = hostevents.placed(records, files, every_path=False)
    lines, host = rows.lines, rows.files["host"]
    dated = pc.fill_null(pc.match_substring_regex(lines["started"], _DATED), False)
    when = clock.walls(
        pc.if_else(dated, lines["started"], NOTHING),
        layout="%a %b %d %H:%M:%S %Y",
        zone=zone,
        tick_ns=clock.NS_PER_S,
    )
    words = [
        pc.coalesce(pc.binary_join_element_wise(before, lines[name], ""), "")
        for name, before in (
            ("user", " of "),
            ("started", " started "),
            ("used", " used "),
            ("command", ": "),
        )
    ]
    event = EVENT.build(
        {
            **hostevents.columns(rows, "ps"),
            **hostevents.times(when, host, rows, "ps"),
            "verb": pa.array(["other"] * lines.num_rows, pa.string()),
            "host": host,
            "account_absence": pa.array(["not_recorded"] * lines.num_rows, pa.string()),
            "pid": lines["pid"],
            "ppid": lines["ppid"],
            "tty": lines["tty"],
            "text": hostevents.short(pc.binary_join_element_wise("process", *words, "")),
        }
    )
    return {"event": event}
