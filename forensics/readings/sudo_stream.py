"""What the bytes of a recorded sudo session are taken to tell: that they passed, in this order.

Nobody is named: who the session is of stands in `log` or `log.json` beside them. What was shown is the word of
the programs that showed it, and a line of it that reads like a log is none.
"""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import hostevents
from forensics.core.tables import EVENT

NEEDS_ANCHOR = False

_STREAM = r"(?:^|[/.])(?P<stream>ttyin|ttyout|stdin|stdout|stderr)(?:\.gz)?$"


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - there is no clock in it
    anchor_ns: int | None,  # noqa: ARG001 - the same
) -> Mapping[str, pa.Table]:
    """One event for each piece and path. Its time, in `timing`, is of bytes and not of lines, so it gets none."""
    rows = hostevents.placed(records, files, every_path=True)
    found = pc.struct_field(pc.extract_regex(rows.files["path"], pattern=_STREAM), "stream")
    event = EVENT.build(
        {
            **hostevents.columns(rows, "sudo_stream"),
            "verb": pa.array(["other"] * rows.lines.num_rows, pa.string()),
            "host": rows.files["host"],
            "account_absence": pa.array(["not_recorded"] * rows.lines.num_rows, pa.string()),
            "text": hostevents.short(
                pc.binary_join_element_wise(pc.fill_null(found, "stream"), rows.lines["text"], ": ")
            ),
        }
    )
    return {"event": event}
