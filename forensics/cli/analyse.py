"""The fourth step: from events to findings."""

from forensics.cli import options

EXAMPLE = "forensics analyse case"
NEEDS = ("tables/",)
WRITES = True


def analyse(case: options.Case) -> None:
    """Resolve identities and sessions, collect acts, test rivals and claims; write findings.json."""
    from forensics import pipeline

    pipeline.analyse(case, command=options.as_typed())
