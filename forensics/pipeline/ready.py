"""Readiness: what the logging that the evidence shows could not have answered."""

from pathlib import Path
from typing import Any

import pyarrow.dataset as ds

from forensics.custody import seal as sealing
from forensics.pipeline.found import tables_of
from forensics.store import parquet

_LONGEST = 1 << 18


def readiness(case: Path) -> dict[str, Any]:
    """For each denial whether it could have been answered, and the configuration that is missing.

    Raises:
        CaseError: nothing was read yet.
    """
    from forensics.analysis import evidence, readiness  # noqa: PLC0415 - pandas, when needed

    tables = tables_of(case)
    events = parquet.read(tables, "event", list(readiness.COLUMNS))
    files = parquet.read(tables, "file", None, ds.field("kind") == "file")
    rules = {
        str(row["path"]): _text(case, str(row["sha256"]))
        for row in files.to_pylist()
        if str(row["path"]).endswith((".rules", "audit.rules")) and "audit" in str(row["path"])
    }
    return readiness.readiness(evidence.frame(events), evidence.frame(files), rules)


def _text(case: Path, sha256: str) -> str:
    """The beginning of a sealed file as text: rules files are short."""
    with sealing.opened(sealing.locate(case, sha256)) as read:
        return (read.read(_LONGEST) or b"").decode("utf-8", "replace")
