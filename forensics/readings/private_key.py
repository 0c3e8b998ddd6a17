"""What a private key is taken to tell: that whoever could read that place could act with that key.

It opens nothing by itself, and lying in a home makes it nobody's key.
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
    zone: str,  # noqa: ARG001 - there is no time in it
    anchor_ns: int | None,  # noqa: ARG001 - the same
) -> Mapping[str, pa.Table]:
    """One event for each key and path."""
    return {"event": hoststates.told(records, files, "private_key", _said)}


def _said(line: Row, path: str) -> Iterable[Row]:
    cipher = line["cipher"]
    kept = (
        "no passphrase" if cipher == "none" else f"passphrase: {cipher}" if cipher else "passphrase not known"
    )
    yield {
        "verb": "other",
        "account_absence": "not_applicable",
        "object_kind": "key",
        "object": line["fingerprint"] or path,
        "text": f"a private key lies here: {line['type'] or line['form'] or 'PKCS #8'}, {kept}",
    }
