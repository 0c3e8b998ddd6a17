"""What the origin of a package is taken to tell: from where it was installed; which package, the folder's name says.

A state without a time. An editable package runs what lies in that folder now.
"""

import re
from collections.abc import Iterable, Mapping

import pyarrow as pa

from forensics.core import hoststates
from forensics.core.hoststates import Row

NEEDS_ANCHOR = False

_PACKAGE = re.compile(r"(?:.*/)?(?P<name>[^/-]+)-(?P<version>[^/]+)\.dist-info/[^/]+")
_TOLD = ("vcs", "commit", "revision", "digest", "subdirectory")


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - there is no time in it
    anchor_ns: int | None,  # noqa: ARG001 - the same
) -> Mapping[str, pa.Table]:
    """One event for each package and environment."""
    return {"event": hoststates.told(records, files, "pip_direct_url", _said)}


def _said(line: Row, path: str) -> Iterable[Row]:
    package = _PACKAGE.fullmatch(path)
    more = [f"{name}={line[name]}" for name in _TOLD if line[name] is not None]
    yield {
        "verb": "expected",
        "object_kind": "package" if package else "source",
        "object": f"{package['name']} {package['version']}" if package else line["url"],
        "text": " ".join([f"from {line['url']}", *(["editable"] if line["editable"] else []), *more]),
    }
