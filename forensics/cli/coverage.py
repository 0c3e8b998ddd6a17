"""The coverage."""

from forensics.cli import listing, options

EXAMPLE = "forensics coverage case"
NEEDS = ("tables/",)
WRITES = False


def coverage(case: options.Case, *, as_json: options.Json = False) -> None:
    """List which source speaks for which host and time, so that a silence can be told from a gap."""
    from forensics import pipeline

    listing.table(pipeline.table(case, "coverage"), as_json=as_json)
