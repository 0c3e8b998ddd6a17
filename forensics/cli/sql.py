"""Questions of your own."""

from typing import Annotated

import typer

from forensics.cli import listing, options

EXAMPLE = 'forensics sql case "SELECT verb, count(*) AS n FROM events GROUP BY verb ORDER BY verb"'
NEEDS = ("tables/",)
WRITES = False


def sql(
    case: options.Case,
    query: Annotated[str, typer.Argument(metavar="QUERY", help="One SELECT, as DuckDB understands it.")],
    *,
    as_json: options.Json = False,
) -> None:
    """Ask the case in SQL, read-only.

    Tables: files, rejects, events, sessions, acts, jobs, identities, and one for each format, of
    the format's name. Their columns are in docs/reference/tables.md.
    """
    from forensics import pipeline

    listing.exact(pipeline.sql(case, query), as_json=as_json)
