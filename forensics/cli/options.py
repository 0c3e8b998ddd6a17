"""Arguments that several commands share, so that they read the same everywhere."""

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

Case = Annotated[Path, typer.Argument(metavar="DIR", help="The case folder.")]
Evidence = Annotated[
    list[Path],
    typer.Argument(
        metavar="EVIDENCE",
        exists=True,
        help="Files and folders as they were collected. They are only ever read.",
    ),
]
Roster = Annotated[
    Path | None,
    typer.Option(
        metavar="roster.toml",
        help="Who could have acted: persons with accounts, keys and devices. Without it no person is named.",
    ),
]
About = Annotated[
    Path | None,
    typer.Option(metavar="case.toml", help="What is asked: title, cluster, time zone, window, jobs, claims."),
]
Reference = Annotated[
    bool,
    typer.Option(
        "--reference", help="Leave the evidence where it lies and record its hash, instead of copying it."
    ),
]
Workers = Annotated[
    int,
    typer.Option(min=1, metavar="N", help="Processes that read at the same time. The result is the same."),
]
Engine = Annotated[
    str | None,
    typer.Option(
        "--engine",
        metavar="ADDRESS",
        help="Read on a Dask cluster: its scheduler, as tcp://HOST:PORT or tls://HOST:PORT. The result is the same.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tab-separated lines.")]
Job = Annotated[str | None, typer.Option(metavar="ID", help="Only what touches this job.")]
Person = Annotated[
    str | None, typer.Option(metavar="NAME", help="Only what concerns this person of the roster.")
]
Since = Annotated[
    str | None,
    typer.Option(
        metavar="TIME", help="Only what can have been at or after this moment, such as 2026-11-23T15:00:00Z."
    ),
]
Until = Annotated[
    str | None, typer.Option(metavar="TIME", help="Only what can have been at or before this moment.")
]
Output = Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The file to write.")]


def as_typed() -> str:
    """The command as it was typed, for the ledger."""
    return shlex.join(["forensics", *sys.argv[1:]])
