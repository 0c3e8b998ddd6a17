"""Commands on a case that lies elsewhere: each works on a folder of this machine, which is brought and put back for it."""

from collections.abc import Callable
from functools import wraps
from inspect import signature
from pathlib import Path
from types import ModuleType

import typer

from forensics.cli.readable import Readable
from forensics.core.errors import ForensicsError, UsageError

_BROUGHT: dict[Path, str] = {}
"""The places of the cases that were brought, by the folders they were brought to."""


def placed(module: ModuleType, name: str) -> Callable[..., None]:
    """A command that takes a URL too for its `case`.

    Args:
        module: holds the command; NEEDS, what of the case it reads beyond what every command does; and WRITES, whether
            it changes the case.
        name: of the command.
    """
    command: Callable[..., None] = getattr(module, name)
    if "case" not in signature(command).parameters:
        return command

    @wraps(command)
    def run(**words: object) -> None:
        url = words["case"]
        if isinstance(url, Path):
            with Readable(url):
                command(**words)
            return
        if words.get("reference"):
            raise UsageError(
                "--reference leaves evidence where it lies, and a case that lies elsewhere cannot find it"
            )
        _run_on(str(url), command, words, needs=module.NEEDS, writes=module.WRITES)

    return run


def made(case: Path) -> dict[str, str]:
    """Where the results of a case lie, for whoever reads what is printed."""
    if case in _BROUGHT:
        return {"case": _BROUGHT[case]}
    return {"findings": str(case / "findings.json"), "report": str(case / "report.pdf")}


def _run_on(
    url: str, command: Callable[..., None], words: dict[str, object], *, needs: tuple[str, ...], writes: bool
) -> None:
    from forensics import pipeline

    left = None
    with pipeline.brought(url, needs, writes=writes) as here:
        _BROUGHT[here] = url
        try:
            with Readable(here):
                command(**{**words, "case": here})
        except typer.Exit as status:  # what was done is done, though some of the evidence could not be read
            left = status
        except ForensicsError as error:
            raise type(error)(str(error).replace(str(here), url)) from error
    if left is not None:
        raise left
