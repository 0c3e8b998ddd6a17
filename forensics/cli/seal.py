"""The second step: evidence under its hash."""

from forensics.cli import options

EXAMPLE = "forensics seal case collected/ --roster roster.toml --about case.toml"
NEEDS = ()
WRITES = True


def seal(
    case: options.Case,
    evidence: options.Evidence,
    *,
    reference: options.Reference = False,
    roster: options.Roster = None,
    about: options.About = None,
) -> None:
    """Copy evidence into the case under its SHA-256, read-only, with a line in the ledger for each file.

    Sealing the same file again does nothing.
    """
    from forensics import pipeline

    pipeline.seal(case, evidence, reference=reference, roster=roster, about=about, command=options.as_typed())
