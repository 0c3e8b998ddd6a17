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
    rates: options.Rates = None,
    lang: options.Lang = "en",
) -> None:
    """Write the report of a case that has been analysed. With rates, given now or before, damage is a part of it.

    The English report counts. The Chinese one is made from the same findings, and says so; it needs `-o`.
    """
    from forensics import pipeline

    pipeline.report(case, output, rates=rates, lang=lang, command=options.as_typed())
