"""The check of a bundle."""

import os
from pathlib import Path
from typing import Annotated

import typer

from forensics.cli import listing, options

EXAMPLE = "forensics verify bundle"

FAULTY = 1
"""Exit status: the check was made, and the bundle failed it."""


def _there(text: str) -> Path | str:
    found = options.where(text)
    if isinstance(found, Path) and not os.path.lexists(found):
        raise typer.BadParameter(f"Path '{text}' does not exist.")
    return found


def verify(
    bundle: Annotated[
        Path, typer.Argument(metavar="OUT", parser=_there, help="The bundle: a folder, or the URL of one.")
    ],
    *,
    as_json: options.Json = False,
) -> None:
    """Check that every file of a bundle is the one that was packed and every citation leads to its bytes.

    Prints the faults, one on each line. What this Python cannot check, such as spans of a zstd file before
    Python 3.14, is said on standard error. Exit status 1 says that there are some.
    """
    from forensics import pipeline

    notes: list[str] = []
    faults = pipeline.verify(bundle, notes)
    listing.rows(["fault"], ({"fault": fault} for fault in faults), as_json=as_json)
    for note in notes:
        typer.echo(f"forensics: not checked: {note}", err=True)
    typer.echo(
        f"forensics: {len(faults)} faults; the bundle is not as it was packed"
        if faults
        else "forensics: the bundle is as it was packed",
        err=True,
    )
    if faults:
        raise typer.Exit(FAULTY)
