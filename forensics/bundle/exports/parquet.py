"""Parquet: the case's own tables, as they are, with their columns' meanings in the files' metadata.

Source  https://parquet.apache.org/docs/file-format/
Open    one folder for each table, as DuckDB, pandas, Spark and Arrow read them: `SELECT * FROM 'OUT/event/*.parquet'`
"""

import shutil
from pathlib import Path

from forensics.bundle.exports import Given, Told

MEANING = "every table of the case, for DuckDB, pandas, Spark and Arrow"
SUFFIX = ""


def write(given: Given, out: Path) -> Told:
    """Copy the tables into a new folder."""
    found = sorted(given.tables.glob("*/[!.]*.parquet"))
    for path in found:
        target = out / path.parent.name / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    return Told(len(found))
