"""The raw bytes behind an event."""

import sys
from collections.abc import Mapping, Sequence
from typing import Annotated

import typer

from forensics.cli import listing, options
from forensics.core.errors import CustodyError, UsageError
from forensics.core.words import shown

EXAMPLE = "forensics cite case 0123456789abcdef.4096.4311"
NEEDS = ("",)
WRITES = False


def cite(
    case: options.Case,
    event: Annotated[str, typer.Argument(metavar="EVENT", help="The event's id, as every table gives it.")],
    *,
    raw: Annotated[
        bool, typer.Option("--raw", help="Write the exact bytes, and nothing else, to a file or a pipe.")
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Show the bytes that an event rests on, after hashing their sealed file again.

    Where the sealed file is compressed, the bytes count in what it decompresses to, and the head says so.
    On a terminal every character that could deceive it is shown as its number.
    """
    if raw and sys.stdout.isatty():
        raise UsageError(
            "--raw writes evidence as it is, which a terminal could obey; send it to a file: > FILE"
        )
    from forensics import pipeline

    spans = pipeline.cite(case, event)
    if raw:
        for span in spans:
            sys.stdout.buffer.write(_bytes(span))
    elif as_json:
        listing.rows(
            ["sha256", "path", "packing", "archive", "start", "stop", "ok", "raw", "text"],
            map(_texted, spans),
            as_json=True,
        )
    else:
        _show(spans)
    broken = sorted({str(span["path"]) for span in spans if not span["ok"]})
    if broken:
        raise CustodyError(
            f"{', '.join(broken)}: no longer the bytes that were sealed; collect the file again"
        )


def _texted(span: Mapping[str, object]) -> dict[str, object]:
    return {**span, "text": "\n".join(_lines(span))}


def _bytes(span: Mapping[str, object]) -> bytes:
    raw = span["raw"]
    return raw if isinstance(raw, bytes) else b""


def _lines(span: Mapping[str, object]) -> list[str]:
    text = _bytes(span).decode("utf-8", "backslashreplace")
    return [shown(line) for line in text.removesuffix("\n").split("\n")]


def _show(spans: Sequence[Mapping[str, object]]) -> None:
    for span in spans:
        verdict = "hash agrees" if span["ok"] else "HASH DIFFERS"
        where = f" in the decompressed bytes ({span['packing']})" if span["packing"] else ""
        if span["archive"]:
            where += f" of a member of the archive sealed as {span['archive']}"
        typer.echo(
            f"# {shown(str(span['path']))}  bytes {span['start']} to {span['stop']}{where}  sha256 {span['sha256']}  {verdict}"
        )
        for line in _lines(span):
            typer.echo(line)
