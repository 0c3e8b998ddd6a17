"""How often the program is right, measured on incidents whose truth is known."""

import json
from pathlib import Path
from typing import Annotated

import typer

from forensics.cli import options

EXAMPLE = "forensics validate --seeds 0:1000 --workers 2 -o validation/"


def validate(
    *,
    out: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Where the report goes.")],
    seeds: Annotated[
        str, typer.Option(metavar="A:B", help="Incidents of the seeds from A up to B.")
    ] = "0:1000",
    workers: Annotated[
        int, typer.Option("--workers", "--jobs", min=1, metavar="N", help="Processes at the same time.")
    ] = 1,
    held_back: Annotated[
        bool, typer.Option("--held-back", help="Only incidents of techniques that nothing was tuned on.")
    ] = False,
    report_only: Annotated[
        bool, typer.Option("--report-only", help="Try nothing; report on what the folder holds.")
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Try the analysis on simulated incidents, and write the error rates that come of it.

    Writes validation.json, validation.md, the figures, and results.jsonl with a line for each incident.
    A run that was interrupted goes on where it was, if it is given the same folder.
    What simulation cannot show is in docs/explanation/validation.md.
    """
    from forensics import pipeline

    told = pipeline.validate(
        out, pipeline.seeds(seeds), workers=workers, held_back=held_back, report_only=report_only
    )
    if as_json:
        typer.echo(json.dumps(told, indent=1, sort_keys=True))
        return
    for group in ("all", "tuned", "held_back"):
        share = told[group]["false_attribution"]
        typer.echo(f"{group}\t{share['hits']}\t{share['of']}\t{share['upper_one_sided']}")
