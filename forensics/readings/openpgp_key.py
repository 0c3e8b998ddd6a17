"""What an exported OpenPGP key is taken to tell: that there is such a key. Its user ids are typed and name nobody."""

from collections.abc import Iterable, Mapping

import pyarrow as pa

from forensics.core import hoststates
from forensics.core.hoststates import Row

NEEDS_ANCHOR = False


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - when a key was made is its maker's word, and no event
    anchor_ns: int | None,  # noqa: ARG001 - the same
) -> Mapping[str, pa.Table]:
    """One event for each record and path."""
    return {"event": hoststates.told(records, files, "openpgp_key", _said)}


def _said(line: Row, path: str) -> Iterable[Row]:  # noqa: ARG001 - wherever it lies it says the same
    keys = line["fingerprints"]
    first = keys[0] if isinstance(keys, list) and keys else None
    yield {
        "verb": "other",
        "account_absence": "not_applicable",
        "object_kind": "key",
        "object": first,
        "credential": first,
        "text": f"public keys {hoststates.listed(keys)} of: {hoststates.listed(line['names'], between='; ')}",
    }
