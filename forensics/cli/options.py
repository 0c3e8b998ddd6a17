"""Arguments that several commands share, so that they read the same everywhere."""

import os
import shlex
import sys
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import unquote, urlsplit

import typer


def where(text: str) -> Path | str:
    """A folder or file of this machine, or the URL of one elsewhere, as it was typed.

    Raises:
        typer.BadParameter: it is empty, or a URL of a file on another machine, without its scheme.
    """
    _named(text)
    if "://" not in text:
        return Path(text)
    parts = urlsplit(text)
    if parts.scheme != "file":
        return text
    if parts.netloc not in {"", "localhost"}:
        raise typer.BadParameter(f"{text}: a file URL names a path of this machine: file:///PATH")
    return Path(unquote(parts.path))


def _named(text: str) -> None:
    if not text:
        raise typer.BadParameter(
            "an empty name; a variable may not be set, and the working folder is named ."
        )


def evidence(text: str) -> Path:
    """A file or folder of evidence, which must be there and be named: an empty word is the working folder to the system.

    Raises:
        typer.BadParameter: it is empty, or not there.
    """
    _named(text)
    if not os.path.exists(text):  # noqa: PTH110 - that of a path fails on a name that is too long
        raise typer.BadParameter(f"path '{text}' does not exist.")
    if not os.access(text, os.R_OK):
        raise typer.BadParameter(f"path '{text}' is not readable.")
    return Path(text)


Case = Annotated[
    Path,
    typer.Argument(
        metavar="DIR", parser=where, help="The case folder, or its URL on an object store: s3://BUCKET/CASE."
    ),
]
Evidence = Annotated[
    list[Path],
    typer.Argument(
        metavar="EVIDENCE",
        parser=evidence,
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
Rates = Annotated[
    Path | None,
    typer.Option(
        metavar="rates.toml",
        help="What an hour costs, with sources; it becomes an input of the case. Otherwise the one that it has.",
    ),
]
Lang = Annotated[
    Literal["en", "zh"],
    typer.Option(
        "--lang",
        help="The language of the report: English, which counts, or Chinese. Chinese needs the extra `zh`.",
    ),
]
Sigma = Annotated[
    Path | None,
    typer.Option(
        "--sigma",
        metavar="FOLDER",
        exists=True,
        help="Sigma rules that flag events; they become an input of the case. Otherwise those that it has. Needs the extra `sigma`.",
    ),
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
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
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


def ahead(workers: int) -> None:
    """Begin to load what other processes will have loaded, where there are to be some: it takes as long as what this one loads."""
    if workers > 1:
        from forensics.core import workers as local

        local.ahead()
