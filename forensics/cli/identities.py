"""The identities."""

from forensics.cli import listing, options

EXAMPLE = "forensics identities case"
NEEDS = ("tables/",)
WRITES = False


def identities(case: options.Case, *, as_json: options.Json = False) -> None:
    """List which accounts, uids, keys and addresses belong together, from when to when, and what says so."""
    from forensics import pipeline

    listing.table(pipeline.table(case, "identities"), as_json=as_json)
