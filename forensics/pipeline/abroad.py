"""Exporting: a case in the formats of other programs."""

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from forensics.bundle import exports
from forensics.core.errors import OutputError, UsageError
from forensics.pipeline.found import findings_of, tables_of
from forensics.store import parquet

_ROWS = 1 << 14


def export(case: Path, to: str, out: Path) -> exports.Told:
    """Write a case in one format. What is there already is left alone.

    Raises:
        CaseError: it was not analysed.
        UsageError: there is no such format.
        OutputError: something is there already, or it cannot be written.
    """
    known = exports.registry()
    if to not in known:
        raise UsageError(f"{to}: no such format; one of {', '.join(known)}")
    given = exports.Given(findings_of(case), lambda: _events(tables_of(case)), tables_of(case))
    if out.exists():
        raise OutputError(f"{out}: is there already; name another")
    partial = out.with_name(f".{out.name}.partial")
    try:
        told: exports.Told = known[to].write(given, partial)
        partial.rename(out)
    except OSError as error:
        raise OutputError(f"{out}: cannot be written ({error.strerror}); name another place") from error
    finally:
        if partial.is_dir():
            shutil.rmtree(partial)
        else:
            partial.unlink(missing_ok=True)
    return told


def formats() -> dict[str, str]:
    """The formats by name, each with what it holds."""
    return {name: module.MEANING for name, module in exports.registry().items()}


def _events(tables: Path) -> Iterable[dict[str, Any]]:
    """The events in their order, never all at once."""
    for batch in parquet.dataset(tables, "event").to_batches(batch_size=_ROWS):
        yield from batch.to_pylist()
