"""What the word in INSTALLER is taken to tell: which program installed the package that the folder names. A state."""

import re
from collections.abc import Iterable, Mapping

import pyarrow as pa

from forensics.core import hoststates
from forensics.core.hoststates import Row

EACH = True
NEEDS_ANCHOR = False

_PACKAGE = re.compile(r"(?:.*/)?(?P<name>[^/-]+)-(?P<version>[^/]+)\.dist-info/[^/]+")


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - there is no time in it
    anchor_ns: int | None,  # noqa: ARG001 - the same
) -> Mapping[str, pa.Table]:
    """One event for each package and environment."""
    return {"event": hoststates.told(records, files, "pip_installer", _said)}


def _said(line: Row, path: str) -> Iterable[Row]:
    package = _PACKAGE.fullmatch(path)
    yield {
        "verb": "expected",
        "object_kind": "package" if package else "source",
        "object": f"{package['name']} {package['version']}" if package else "INSTALLER",
        "text": f"installed by {line['program']}",
    }
