"""Whether the tables of a case can be read: asked where reading one has failed."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from forensics import formats
from forensics.core.tables import CORE
from forensics.pipeline.parts import record_table
from forensics.store import parquet


def damaged_table(case: Path) -> Path | None:
    """The first file of the tables that cannot be read whole, or lacks a column that its table declares; None where all can."""
    declared = {table.name: table for table in CORE}
    declared |= {
        name: record_table(name) for name in parquet.names(case / "tables") if name in formats.registry()
    }
    for name in parquet.names(case / "tables"):
        for path in parquet.parts(case / "tables", name):
            if not _sound(path, set(declared[name].names) if name in declared else set()):
                return path
    return None


def _sound(path: Path, columns: set[str]) -> bool:
    try:
        with pq.ParquetFile(path) as file:
            for group in range(file.num_row_groups):
                file.read_row_group(group, use_threads=False)
            return columns <= set(file.schema_arrow.names)
    except (pa.ArrowException, OSError):
        return False
