"""What settings of the ssh client are taken to tell: each setting, and the block that it holds in.

A file in a home is told of its account, which can write anything into it; the system's is nobody's.
"""

import re
from collections.abc import Iterable, Mapping

import pyarrow as pa

from forensics.core import hostevents, hoststates
from forensics.core.hoststates import Row

EACH = True
NEEDS_ANCHOR = False

_OWN = re.compile(r"\.ssh/(?:config|config\.d/[^/]+)")


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - there is no time in it
    anchor_ns: int | None,  # noqa: ARG001 - the same
) -> Mapping[str, pa.Table]:
    """One event for each setting and path."""
    return {"event": hoststates.told(records, files, "ssh_config", _said)}


def _said(line: Row, path: str) -> Iterable[Row]:
    home = hostevents.home(path)
    within = f"in {line['block']}: " if line["block"] and line["keyword"] not in {"host", "match"} else ""
    yield {
        "verb": "setting",
        "account": home[0] if home and _OWN.fullmatch(home[1]) else None,
        "object_kind": "setting",
        "object": f"ssh {line['keyword']}",
        "text": f"{within}{line['keyword']} {line['value']}",
    }
