"""What an anacrontab is taken to tell: that a command is to be run every so many days, on that host as root."""

from collections.abc import Iterable, Mapping

import pyarrow as pa

from forensics.core import hoststates
from forensics.core.hoststates import Row

NEEDS_ANCHOR = False

_SYSTEM = "/etc/anacrontab"


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - there is no time in it
    anchor_ns: int | None,  # noqa: ARG001 - the same
) -> Mapping[str, pa.Table]:
    """One event for each line and path."""
    return {"event": hoststates.told(records, files, "anacrontab", _said)}


def _said(line: Row, path: str) -> Iterable[Row]:
    if line["period"] is None:
        yield {
            "verb": "setting",
            "object_kind": "task",
            "object": path,
            "text": f"{line['job']}={line['command']}",
        }
        return
    yield {
        "verb": "enrol_task",
        "effective": "root" if path == _SYSTEM else None,
        "object_kind": "task",
        "object": line["job"],
        "text": f"{line['period']} days, {line['delay']} minutes later: {line['command']}",
    }
