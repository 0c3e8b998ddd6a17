"""What a list of signers is taken to tell: that somebody wants signatures of a key believed for a name that they typed.

It opens no account, and names nobody: whoever can write the file can put any key beside any name.
"""

from collections.abc import Iterable, Mapping

import pyarrow as pa

from forensics.core import hoststates
from forensics.core.hoststates import Row

NEEDS_ANCHOR = False


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - the times in it say when a key counts, not when something was
    anchor_ns: int | None,  # noqa: ARG001 - the same
) -> Mapping[str, pa.Table]:
    """One event for each key and path."""
    return {"event": hoststates.told(records, files, "allowed_signers", _said)}


def _said(line: Row, path: str) -> Iterable[Row]:  # noqa: ARG001 - wherever it lies it says the same
    options = f" options: {line['options']}" if line["options"] else ""
    comment = f" comment: {line['comment']}" if line["comment"] else ""
    yield {
        "verb": "other",
        "account_absence": "not_applicable",
        "object_kind": "key",
        "object": line["fingerprint"],
        "credential": line["fingerprint"],
        "text": f"signs for: {line['principals']}{options}{comment}",
    }
