"""The main job, from collected files to a report."""

from pathlib import Path
from typing import Annotated

import typer

from forensics.cli import accounting, options, placed, progress
from forensics.core.loading import uncollected

EXAMPLE = "forensics investigate collected/ --case case --roster roster.toml --about case.toml"
NEEDS = ("",)
WRITES = True


def investigate(  # noqa: PLR0913 - the options of the command, each by name
    evidence: options.Evidence,
    *,
    case: Annotated[
        Path,
        typer.Option(
            metavar="DIR",
            parser=options.where,
            help="The case folder, or its URL on an object store: s3://BUCKET/CASE. Made where it is absent.",
        ),
    ],
    roster: options.Roster = None,
    about: options.About = None,
    sigma: options.Sigma = None,
    reference: options.Reference = False,
    workers: options.Workers = 1,
    engine: options.Engine = None,
    as_json: options.Json = False,
) -> None:
    """Seal evidence, read it, analyse it, and write findings.json and report.pdf.

    Exit status 3 says that all of this was done, and that some of the evidence could not be read:
    `forensics status` lists what.
    """
    options.ahead(workers)
    with uncollected():
        from forensics import pipeline

        investigated = pipeline.investigate
    with progress.watched("reading") as moved:
        tally = investigated(
            case,
            evidence,
            roster=roster,
            about=about,
            sigma=sigma,
            reference=reference,
            workers=workers,
            cluster=engine,
            progress=moved,
            command=options.as_typed(),
        )
    accounting.close(tally, placed.made(case), as_json=as_json)
