"""The fourth step: from events to findings."""

from forensics.cli import options

EXAMPLE = "forensics analyse case"
NEEDS = ("tables/",)
WRITES = True


def analyse(case: options.Case, *, sigma: options.Sigma = None) -> None:
    """Resolve identities and sessions, collect acts, test rivals and claims; write findings.json.

    What Sigma rules flag stands there beside the findings, and changes none of them.
    """
    from forensics import pipeline

    pipeline.analyse(case, sigma=sigma, command=options.as_typed())
