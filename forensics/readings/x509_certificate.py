"""What a certificate is taken to tell: that there is one. Whom it names is its issuer's word, and no account."""

from collections.abc import Iterable, Mapping

import pyarrow as pa

from forensics.core import hoststates
from forensics.core.hoststates import Row

NEEDS_ANCHOR = False


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - the times in it say when it counts, not when something was
    anchor_ns: int | None,  # noqa: ARG001 - the same
) -> Mapping[str, pa.Table]:
    """One event for each certificate and path."""
    return {"event": hoststates.told(records, files, "x509_certificate", _said)}


def _said(line: Row, path: str) -> Iterable[Row]:  # noqa: ARG001 - wherever it lies it says the same
    what = "authority" if line["authority"] else "certificate"
    yield {
        "verb": "other",
        "account_absence": "not_applicable",
        "object_kind": "key",
        "object": line["fingerprint"],
        "credential": line["fingerprint"],
        "text": f"{what} of {line['subject']}, issued by {line['issuer']}, {line['not_before']} to {line['not_after']}",
    }
