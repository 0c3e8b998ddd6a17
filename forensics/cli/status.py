"""What is in a case."""

from forensics.cli import listing, options

EXAMPLE = "forensics status case"
NEEDS = ("tables/",)
WRITES = False


def status(case: options.Case, *, as_json: options.Json = False) -> None:
    """Show the files with their formats, the accounting of every byte, the rejects and the gaps."""
    from forensics import pipeline

    listing.sections(pipeline.status(case), as_json=as_json)
