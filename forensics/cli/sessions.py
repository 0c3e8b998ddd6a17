"""The sessions."""

from forensics.cli import listing, options

EXAMPLE = "forensics sessions case"
NEEDS = ("tables/",)
WRITES = False


def sessions(case: options.Case, *, as_json: options.Json = False) -> None:
    """List the sessions: who entered which account, from where, with which credential, from when to when."""
    from forensics import pipeline

    listing.table(pipeline.table(case, "sessions"), as_json=as_json)
