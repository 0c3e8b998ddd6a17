"""What a list of last logins is taken to tell: one login of each uid, its last. Which account has the uid it does not say."""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, hostevents
from forensics.core.tables import EVENT

NEEDS_ANCHOR = True
ONCE = True
"""Every time has its year, but the records go back over years: they must not date other logs."""


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - the records count seconds since 1970
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
) -> Mapping[str, pa.Table]:
    """One event for each record."""
    rows = hostevents.placed(records, files, every_path=False)
    lines, host = rows.lines, rows.files["host"]
    words = [
        pc.coalesce(pc.binary_join_element_wise(f" {field}=", lines[field].cast(pa.string()), ""), "")
        for field in ("uid", "line", "remote")
    ]
    count = lines.num_rows
    event = EVENT.build(
        {
            **hostevents.columns(rows, "lastlog"),
            **hostevents.times(clock.epoch(lines["epoch_s"]), host, rows, "lastlog"),
            "verb": pa.array(["login"] * count, pa.string()),
            "outcome": pa.array(["success"] * count, pa.string()),
            "host": host,
            "account_absence": pa.array(["number_only"] * count, pa.string()),
            "uid": lines["uid"],
            "tty": lines["line"],
            "address": hostevents.address(lines["remote"]),
            "text": hostevents.short(pc.binary_join_element_wise("last login", *words, "")),
        }
    )
    return {"event": event}
