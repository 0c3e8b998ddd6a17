"""The acts."""

from typing import Annotated

import typer

from forensics.cli import listing, options

EXAMPLE = "forensics acts case --job 11 --since 2026-11-23T15:11:00Z"
NEEDS = ("tables/",)
WRITES = False


def acts(
    case: options.Case,
    *,
    job: options.Job = None,
    person: options.Person = None,
    account: Annotated[str | None, typer.Option(metavar="NAME", help="Only what this account did.")] = None,
    path: Annotated[str | None, typer.Option(metavar="PATH", help="Only what was done to this path.")] = None,
    since: options.Since = None,
    until: options.Until = None,
    as_json: options.Json = False,
) -> None:
    """List the acts: who changed what, on which job, each with the events that show it."""
    from forensics import pipeline

    listing.table(
        pipeline.table(
            case, "acts", job=job, person=person, account=account, path=path, since=since, until=until
        ),
        as_json=as_json,
    )
