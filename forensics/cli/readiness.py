"""What today's logging could not have answered."""

import typer

from forensics.cli import listing, options
from forensics.core.words import shown

EXAMPLE = "forensics readiness case"
NEEDS = ("",)
WRITES = False


def readiness(case: options.Case, *, as_json: options.Json = False) -> None:
    """Show which denials today's logging could not have answered, and the configuration that would.

    What is there is read off the evidence, so a source that was not collected counts as one that was not
    written. See docs/how-to/prepare-for-the-next-case.md.
    """
    from forensics import pipeline

    found = pipeline.readiness(case)
    if as_json:
        listing.record(found, as_json=True)
        return
    listing.sections({k: v for k, v in found.items() if k != "configuration"}, as_json=False)
    for part in found["configuration"]:
        typer.echo(f"\n# {part['source']}, for {', '.join(part['for'])}: {part['place']} ({part['kind']})")
        typer.echo("\n".join(shown(line) for line in part["text"].splitlines()))
