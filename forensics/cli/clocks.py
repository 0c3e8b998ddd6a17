"""The clocks."""

from forensics.cli import listing, options

EXAMPLE = "forensics clocks case"
NEEDS = ("tables/",)
WRITES = False


def clocks(case: options.Case, *, as_json: options.Json = False) -> None:
    """List the clocks that wrote the evidence, and how far each can be from the others."""
    from forensics import pipeline

    listing.table(pipeline.table(case, "clocks"), as_json=as_json)
