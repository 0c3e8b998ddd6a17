"""What the accounting daemon's log is taken to tell: requests it refused, with the authenticated uid, and its own words."""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import citation, slurmlog
from forensics.core.citation import column
from forensics.core.tables import EVENT

NEEDS_ANCHOR = False
ONCE = True

_REFUSALS = pa.array(["refused", "violation", "range"])
_LONGEST_TEXT = 4096


def read(records: pa.Table, files: pa.Table, *, zone: str, anchor_ns: int | None) -> Mapping[str, pa.Table]:
    """One event for each line."""
    where = citation.spans(records)
    uid = column(records, "uid")
    when = slurmlog.placed(column(records, "wall"), zone=zone, anchor_ns=anchor_ns)
    domain = citation.of_file(where["sha256"], files, "domain")
    refused = pc.fill_null(pc.is_in(column(records, "kind"), _REFUSALS), False)
    event = EVENT.build(
        {
            **citation.cited(where),
            "earliest_ns": when.earliest_ns,
            "latest_ns": when.latest_ns,
            "clock": citation.clocked(when.earliest_ns, domain, "slurmdbd"),
            "format": ["slurmdbd"] * len(uid),
            "domain": domain,
            "verb": ["other"] * len(uid),
            "outcome": pc.if_else(refused, "failure", pa.scalar(None, pa.string())),
            "account_absence": pc.if_else(pc.is_valid(uid), "number_only", "not_recorded"),
            "uid": uid,
            "address": column(records, "address"),
            "port": column(records, "port"),
            "text": pc.utf8_slice_codeunits(column(records, "message"), 0, _LONGEST_TEXT),
        }
    )
    return {"event": event}
