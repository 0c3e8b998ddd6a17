"""What keys of known hosts are taken to tell: that an account's ssh once accepted that key for that host.

Whoever can write the file can put any line there: it is a hint where to look, and no visit.
"""

import re
from collections.abc import Iterable, Mapping

import pyarrow as pa

from forensics.core import hostevents, hoststates
from forensics.core.hoststates import Row

NEEDS_ANCHOR = False

_OWN = re.compile(r"\.ssh/known_hosts2?(?:\.old)?")


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - there is no time in it
    anchor_ns: int | None,  # noqa: ARG001 - the same
) -> Mapping[str, pa.Table]:
    """One event for each host and path. Its account is the one in whose home the file lies."""
    return {"event": hoststates.told(records, files, "known_hosts", _said)}


def _said(line: Row, path: str) -> Iterable[Row]:
    home = hostevents.home(path)
    marker = f"{line['marker']} " if line["marker"] else ""
    comment = f" comment: {line['comment']}" if line["comment"] else ""
    yield {
        "verb": "other",
        "account": home[0] if home and _OWN.fullmatch(home[1]) else None,
        "object_kind": "key",
        "object": line["fingerprint"],
        "text": f"{marker}host: {line['hosts']} {line['type']}{comment}",
    }
