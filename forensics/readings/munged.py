"""What munged's log is taken to tell: that a credential was refused, to which uid, or where it was made. It names no account."""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, hostevents

NEEDS_ANCHOR = False


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - every time has its offset
    anchor_ns: int | None,  # noqa: ARG001 - and its year
) -> Mapping[str, pa.Table]:
    """One event for each line. A refusal is a failure; its uid is the client's, whose connection the kernel vouched for."""
    rows = hostevents.placed(records, files, every_path=True)
    lines = rows.lines
    refused = pc.is_valid(lines["refused"])
    more = {
        "outcome": pc.if_else(refused, "failure", hostevents.NOTHING),
        "uid": lines["uid"],
        "address": lines["address"],
        "account_absence": hostevents.absence(pa.nulls(lines.num_rows, pa.string()), lines["uid"]),
        "text": hostevents.short(pc.binary_join_element_wise(lines["level"], lines["message"], ": ")),
    }
    day, time, offset = (pc.list_element(pc.split_pattern(lines["written"], " "), n) for n in range(3))
    written = pc.binary_join_element_wise(pc.binary_join_element_wise(day, time, "T"), offset, "")
    when = clock.offsets(written, tick_ns=clock.NS_PER_S)
    verb = pa.array(["other"] * lines.num_rows, pa.string())
    return {"event": hostevents.unattributed(rows, "munged", verb, more, when=when)}
