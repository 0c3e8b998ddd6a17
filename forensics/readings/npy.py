"""What a NumPy file is taken to tell: whether it holds objects, and what a loader that is allowed to would import and call.

That anybody loaded it is not in it. NumPy refuses objects unless `allow_pickle` is given.
"""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import hostevents
from forensics.core.tables import COPY, EVENT

NEEDS_ANCHOR = False


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - no time is written
    anchor_ns: int | None,  # noqa: ARG001 - the same
) -> Mapping[str, pa.Table]:
    """One event for each file and path; one copy for each that holds a pickle."""
    rows = hostevents.placed(records, files, every_path=True)
    lines, paths = rows.lines, rows.files["path"]
    count = lines.num_rows
    told = {
        "member": lines["member"],
        "descr": lines["descr"],
        "pickled": lines["pickled"],
        "calls": lines["reduces"],
        "globals": pc.binary_join(lines["globals"], ","),
        "complete": lines["complete"],
    }
    event = EVENT.build(
        {
            **hostevents.columns(rows, "npy"),
            "host": rows.files["host"],
            "verb": pa.array(["other"] * count, pa.string()),
            "account_absence": pa.array(["not_applicable"] * count, pa.string()),
            "object_kind": pa.array(["path"] * count, pa.string()),
            "object": paths,
            "text": hostevents.pairs(told),
        }
    )
    held, where = lines.filter(lines["pickled"]), paths.filter(lines["pickled"])
    copy = COPY.build(
        {
            "path": where,
            "kind": pa.array(["pickle"] * held.num_rows, pa.string()),
            "bytes": pc.subtract(held["stop"], held["start"]),
            "globals": held["globals"],
            "format": pa.array(["npy"] * held.num_rows, pa.string()),
            **{name: held[name] for name in ("sha256", "start", "stop")},
        }
    )
    return {"event": event, "copy": copy}
