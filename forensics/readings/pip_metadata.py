"""What a package's word of itself is taken to tell: that it is there, in which version, and what it needs. A state."""

from collections.abc import Iterable, Mapping

import pyarrow as pa

from forensics.core import hoststates
from forensics.core.hoststates import Row, listed

NEEDS_ANCHOR = False


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - there is no time in it
    anchor_ns: int | None,  # noqa: ARG001 - the same
) -> Mapping[str, pa.Table]:
    """One event for each package and environment."""
    return {"event": hoststates.told(records, files, "pip_metadata", _said)}


def _said(line: Row, path: str) -> Iterable[Row]:  # noqa: ARG001 - the place is in the file's row
    needs, urls = listed(line["requires"], between="; "), listed(line["urls"], between="; ")
    yield {
        "verb": "expected",
        "object_kind": "package",
        "object": f"{line['name']} {line['version']}",
        "text": " ".join(
            part for part in (urls and f"from {urls}", needs and f"needs {needs}") if part
        ) or None,
    }  # fmt: skip
