"""Who did what to a job."""

from typing import Annotated

import typer

from forensics.cli import listing, options

EXAMPLE = "forensics who case --job 11"
NEEDS = ()
WRITES = False


def who(
    case: options.Case,
    *,
    job: Annotated[str, typer.Option(metavar="ID", help="The job asked about.")],
    as_json: options.Json = False,
) -> None:
    """Show the acts on one job: by which account, by whom as far as that can be said, and by which bytes."""
    from forensics import pipeline

    listing.sections(pipeline.who(case, job), as_json=as_json)
