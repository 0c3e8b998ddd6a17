"""What the accounting daemon's log is taken to tell: requests it refused, with the authenticated uid, and its own words."""

from collections.abc import Mapping

import pyarrow as pa

from forensics.core import citation, slurmlog, slurmmeaning
from forensics.core.citation import column
from forensics.core.tables import EVENT

NEEDS_ANCHOR = False
ONCE = True


def read(records: pa.Table, files: pa.Table, *, zone: str, anchor_ns: int | None) -> Mapping[str, pa.Table]:
    """One event for each line."""
    where = citation.spans(records)
    when = slurmlog.placed(column(records, "wall"), zone=zone, anchor_ns=anchor_ns)
    domain = citation.of_file(where["sha256"], files, "domain")
    event = EVENT.build(
        {
            **citation.cited(where),
            "earliest_ns": when.earliest_ns,
            "latest_ns": when.latest_ns,
            "clock": citation.clocked(when.earliest_ns, domain, "slurmdbd"),
            "format": ["slurmdbd"] * records.num_rows,
            "domain": domain,
            **slurmmeaning.accounting(
                {name: column(records, name) for name in slurmmeaning.ACCOUNTING_COLUMNS}
            ),
        }
    )
    return {"event": event}
