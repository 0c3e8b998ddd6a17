"""The report."""

from pathlib import Path
from typing import Annotated

import typer

from forensics.cli import options

EXAMPLE = "forensics report case -o report.pdf"
NEEDS = ("tables/",)
WRITES = True


def report(
    case: options.Case,
    *,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE.pdf", help="Where to; otherwise report.pdf in the case."
        ),
    ] = None,
) -> None:
    """Write the report of a case that has been analysed."""
    from forensics import pipeline

    pipeline.report(case, output, command=options.as_typed())
