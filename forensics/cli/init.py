"""The first step: an empty case."""

from forensics.cli import options

EXAMPLE = "forensics init case"
NEEDS = ()
WRITES = True


def init(case: options.Case) -> None:
    """Make an empty case folder with its ledger. A case that exists is left as it is."""
    from forensics import pipeline

    pipeline.create(case, command=options.as_typed())
