"""What a listing of the scheduler's settings is taken to tell: each setting, as it was when it was asked for."""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import citation, clock
from forensics.core.citation import column
from forensics.core.tables import EVENT

EACH = True
NEEDS_ANCHOR = False

_LONGEST_TEXT = 4096


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
) -> Mapping[str, pa.Table]:
    """One event for each setting."""
    where = citation.spans(records)
    wall, key, value = (column(records, name) for name in ("as_of_wall", "key", "value"))
    when = clock.walls(wall, layout="%Y-%m-%dT%H:%M:%S", zone=zone, tick_ns=clock.NS_PER_S)
    domain = citation.of_file(where["sha256"], files, "domain")
    text = pc.binary_join_element_wise(key, pc.fill_null(value, "(null)"), " = ")
    event = EVENT.build(
        {
            **citation.cited(where),
            "earliest_ns": when.earliest_ns,
            "latest_ns": when.latest_ns,
            "clock": citation.clocked(when.earliest_ns, domain, "scontrol_config"),
            "format": ["scontrol_config"] * len(key),
            "domain": domain,
            "verb": ["other"] * len(key),
            "account_absence": ["not_applicable"] * len(key),
            "text": pc.utf8_slice_codeunits(text, 0, _LONGEST_TEXT),
        }
    )
    return {"event": event}
