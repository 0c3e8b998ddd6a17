"""A case in other programs' formats."""

from pathlib import Path
from typing import Annotated

import typer

from forensics.cli import listing, options

EXAMPLE = "forensics export case --to timesketch -o timeline.jsonl"
NEEDS = ("tables/",)
WRITES = False


def export(
    case: options.Case,
    *,
    to: Annotated[
        str,
        typer.Option(metavar="FORMAT", help="timesketch, case, prov, l2tcsv, bodyfile, graphml or parquet."),
    ],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="OUT", help="The file to write; for parquet, the folder."),
    ],
    as_json: options.Json = False,
) -> None:
    """Write a case in the format of another program.

    Events that have no time are left out of timelines, and counted.
    """
    from forensics import pipeline

    told = pipeline.export(case, to, output)
    listing.record({"written": told.written, "undated": told.undated, "output": str(output)}, as_json=as_json)
