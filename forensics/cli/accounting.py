"""How the commands that read evidence end: every byte accounted for, and the exit status that follows."""

from collections.abc import Mapping
from typing import Protocol

import typer

from forensics.cli import listing

UNREAD = 3
"""Exit status: done, but some evidence could not be read."""


class Tally(Protocol):
    """What became of the bytes of the evidence: parsed + rejected + ignored = bytes."""

    @property
    def bytes(self) -> int:
        """All of them."""

    @property
    def parsed(self) -> int:
        """Those that became records."""

    @property
    def rejected(self) -> int:
        """Those that should have and could not."""

    @property
    def ignored(self) -> int:
        """Those that hold nothing we read."""


def close(tally: Tally, made: Mapping[str, str], *, as_json: bool) -> None:
    """Print the accounting and what was made, and leave with the status that the rejects call for."""
    listing.record(
        {
            "bytes": tally.bytes,
            "parsed": tally.parsed,
            "rejected": tally.rejected,
            "ignored": tally.ignored,
            **made,
        },
        as_json=as_json,
    )
    if tally.rejected:
        typer.echo(
            f"forensics: {tally.rejected} bytes of evidence could not be read; `forensics status` lists them",
            err=True,
        )
        raise typer.Exit(UNREAD)
