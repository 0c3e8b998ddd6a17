"""The `forensics` command: which words it knows, and what a failure looks like."""

import errno
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import typer
from typer.core import TyperGroup

from forensics.cli import (
    acts,
    analyse,
    bundle,
    cite,
    claim,
    clocks,
    coverage,
    damage,
    export,
    formats,
    graph,
    identities,
    ingest,
    init,
    investigate,
    plain,
    readiness,
    report,
    seal,
    sessions,
    simulate,
    sql,
    status,
    timeline,
    validate,
    verify,
    who,
)
from forensics.cli.placed import placed
from forensics.cli.start import one_thread_for_algebra
from forensics.core.errors import ForensicsError, OutputError
from forensics.core.words import shown

COMMANDS: tuple[ModuleType, ...] = (
    investigate,
    init,
    seal,
    ingest,
    analyse,
    status,
    who,
    acts,
    sessions,
    identities,
    clocks,
    coverage,
    claim,
    damage,
    timeline,
    graph,
    report,
    cite,
    sql,
    bundle,
    verify,
    export,
    readiness,
    formats,
    simulate,
    validate,
)
"""In the order in which they are listed. Each module has a function of its own name, and an EXAMPLE.

Those that work on a case say in NEEDS what of it they read, and in WRITES whether they change it: see `placed`.
"""

INTERRUPTED = 130
CLOSED_PIPE = 141
"""Of a command whose output nobody took to its end; a shell has the same for what SIGPIPE ended."""
_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def _version(asked: bool) -> None:  # noqa: FBT001 - typer calls it so
    if asked:
        from forensics import __version__

        typer.echo(f"forensics {__version__}")
        raise typer.Exit


class _Commands(TyperGroup):
    """The commands, as one. Typer would end as with bad news where the reader of our output has gone."""

    def make_context(self, *words: Any, **named: Any) -> Any:  # noqa: ANN401 - what Typer has there is private
        """Take in what was typed, which can be answered by help."""
        with _heard():
            return super().make_context(*words, **named)

    def invoke(self, *words: Any, **named: Any) -> Any:  # noqa: ANN401 - the same
        """Run the command that was asked for."""
        with _heard():
            return super().invoke(*words, **named)


@contextmanager
def _heard() -> Iterator[None]:
    """Say all that is printed before the block is over.

    Raises:
        Exit: the reader has gone, as with `| head`. Nothing more can be said, and what was said is not the whole: neither
            that all is well, nor bad news.
    """
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(CLOSED_PIPE) from error


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


@app.callback()
def root(
    *,
    _asked: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version and stop."
    ),
) -> None:
    """From collected logs to who did what to which job, each sentence with the bytes that say so."""


def name_of(module: ModuleType) -> str:
    """The command that a module holds, as it is typed."""
    return module.__name__.rpartition(".")[2]


def summary(module: ModuleType) -> str:
    """The first sentences of what a command says of itself."""
    return " ".join((getattr(module, name_of(module)).__doc__ or "").split("\n\n")[0].split())


_RUN = {name_of(module): placed(module, name_of(module)) for module in COMMANDS}

for _module in COMMANDS:
    app.command(
        name_of(_module),
        short_help=summary(_module),
        no_args_is_help=_module is not formats,
        epilog=f"\b\nExample:\n  {_module.EXAMPLE}",
    )(_RUN[name_of(_module)])


def _fail(text: str, status: int) -> None:
    typer.echo(f"forensics: {shown(text)}", err=True)
    sys.exit(status)


def _run(words: Sequence[str]) -> None:
    """Run the command that was typed: at once where its words are plain, else as the library understands them."""
    name = words[0] if words else ""
    found = plain.understood(words[1:], _RUN[name]) if name in plain.PLAIN else None
    if found is None:
        app(prog_name="forensics")
        return
    try:
        with _heard():
            _RUN[name](**found)
    except typer.Exit as left:
        sys.exit(left.exit_code)


def main() -> None:
    """Run the command; a foreseen failure becomes one line on standard error and its own exit status."""
    # What Python and libraries warn of can quote evidence, and they put it on the terminal as it stands.
    warnings.simplefilter("ignore")
    one_thread_for_algebra()
    try:
        _run(sys.argv[1:])
    except ForensicsError as error:
        _fail(str(error), error.exit_code)
    except OSError as error:
        todo = (
            "; make room where the case lies, then run the same command again" if error.errno in _ROOM else ""
        )
        _fail(f"{error.filename or 'the operating system'}: {error.strerror}{todo}", OutputError.exit_code)
    except (KeyboardInterrupt, SystemExit) as left:
        # Typer takes an interrupt for itself, and says nothing.
        if isinstance(left, SystemExit) and left.code != INTERRUPTED:
            raise
        _fail("interrupted; run the same command again to go on", INTERRUPTED)
