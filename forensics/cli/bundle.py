"""What is handed over."""

from pathlib import Path
from typing import Annotated

import typer

from forensics.cli import options

EXAMPLE = "forensics bundle case -o bundle"
NEEDS = ("",)
WRITES = False


def bundle(
    case: options.Case,
    *,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="OUT",
            parser=options.where,
            help="The bundle to make: a folder, or the URL of one.",
        ),
    ],
) -> None:
    """Pack report, findings, cited evidence and a verifier that needs Python alone."""
    from forensics import pipeline

    pipeline.bundle(case, output)
