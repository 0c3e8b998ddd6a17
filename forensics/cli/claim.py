"""The test of one denial."""

from typing import Annotated

import typer

from forensics.cli import listing, options
from forensics.core.errors import UsageError

KNOWN = tuple(f"D{n:02d}" for n in range(1, 19))
EXAMPLE = "forensics claim case D01 --by kai --names lin --job 11"
NEEDS = ("tables/",)
WRITES = False


def claim(
    case: options.Case,
    claim_id: Annotated[
        str, typer.Argument(metavar="CLAIM-ID", help="D01 to D18: see docs/explanation/attribution.md.")
    ],
    *,
    by: Annotated[str | None, typer.Option(metavar="NAME", help="The person who claims it.")] = None,
    names: Annotated[
        str | None, typer.Option(metavar="NAME", help="The person whom the claim names.")
    ] = None,
    job: Annotated[str | None, typer.Option(metavar="ID", help="The job that the claim is about.")] = None,
    as_json: options.Json = False,
) -> None:
    """Test one denial: supported, contradicted, mixed or untestable, and by what."""
    if claim_id not in KNOWN:
        raise UsageError(
            f"{claim_id}: no such claim; one of {KNOWN[0]} to {KNOWN[-1]}, see docs/explanation/attribution.md"
        )
    from forensics import pipeline

    listing.sections(pipeline.claim(case, claim_id, by, names, job), as_json=as_json)
