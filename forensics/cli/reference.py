"""The reference, written from the code: `python -m forensics.cli.reference docs/reference`.

With `--check` nothing is written, and the exit status is 1 where a page is not what would be written.
"""

import ast
import pkgutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module
from inspect import cleandoc, getdoc, getsource
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import typer
from typer.main import get_command

import forensics
from forensics.cli import reference_schedulers
from forensics.cli.accounting import UNREAD
from forensics.cli.app import CLOSED_PIPE, COMMANDS, INTERRUPTED, app, name_of, summary
from forensics.cli.formats import how
from forensics.cli.verify import FAULTY
from forensics.core import tables
from forensics.core.errors import ForensicsError
from forensics.core.model import Why
from forensics.core.schema import Table
from forensics.formats import LAID_OUT, registry

_NOTE = "<!-- Written by `make docs` from the code. Change the code, not this page. -->"


def pages() -> dict[str, str]:
    """Every page of the reference by its file name."""
    return {
        "README.md": _page("Reference", _index()),
        "commands.md": _page("Commands", _commands()),
        "exit-status.md": _page("Exit status", _statuses()),
        "formats.md": _page("Formats", _formats()),
        "schedulers.md": _page("What each scheduler's log tells", reference_schedulers.page()),
        "tables.md": _page("Tables", _tables()),
        "words.md": _page("Closed lists", _lists()),
    }


def _page(title: str, lines: Iterable[str]) -> str:
    return "\n".join([_NOTE, "", f"# {title}", "", *lines]).rstrip() + "\n"


def _cells(cells: Sequence[str]) -> str:
    return "| " + " | ".join(c.replace("|", "\\|").replace("\n", " ") for c in cells) + " |"


def _grid(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield _cells(heads)
    yield _cells(["---"] * len(heads))
    yield from map(_cells, rows)
    yield ""


def _index() -> Iterator[str]:
    yield "These pages are written from the code, so they say what the program does, not what it was meant to do."
    yield ""
    yield "- [Commands](commands.md): every command with its options and an example."
    yield "- [Exit status](exit-status.md): one number for each failure."
    yield "- [Formats](formats.md): what can be read, how it is recognised, who could have forged it."
    yield "- [Schedulers](schedulers.md): which log of a scheduler tells which fact of a job."
    yield "- [Tables](tables.md): every column with its type, meaning, unit and what its absence means."
    yield "- [Closed lists](words.md): the verbs of events, and the reasons of rejects."


def _commands() -> Iterator[str]:
    yield "Tables are printed tab-separated under a header; `-` stands for null, and a time reads as UTC text,"
    yield "to the millisecond, under its column's name without `_ns`. `--json` keeps nanoseconds and nulls."
    yield "On a terminal columns are lined up, the values of a list one below the other; where they do not fit, each row"
    yield "is a list of names and values. For a file or another program nothing is lined up or broken."
    yield "Progress and warnings go to standard error. `NO_COLOR` is honoured."
    yield ""
    yield from _grid(
        ["command", "what it does"], ([f"[`{name_of(m)}`](#{name_of(m)})", summary(m)] for m in COMMANDS)
    )
    for module in COMMANDS:
        yield from _command(module)


def _command(module: ModuleType) -> Iterator[str]:
    name = name_of(module)
    command = next(c for n, c in vars(get_command(app))["commands"].items() if n == name)
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option"]
    words = [f"{p.metavar}..." if p.nargs == -1 else str(p.metavar) for p in arguments]
    needed = [f"{p.opts[-1]} {p.metavar}" for p in options if p.required]
    yield f"## {name}"
    yield ""
    yield "```text"
    yield " ".join(
        ["forensics", name, *words, *needed, *(["[OPTIONS]"] if len(options) > len(needed) else [])]
    )
    yield "```"
    yield ""
    yield from cleandoc(getattr(module, name).__doc__).splitlines()
    yield ""
    yield from _grid(
        ["argument or option", "meaning"],
        (
            [
                f"`{' '.join([', '.join(p.opts) if p in options else '', str(p.metavar or '')]).strip()}`",
                str(p.help),
            ]
            for p in [*arguments, *options]
        ),
    )
    yield from ["```sh", module.EXAMPLE, "```", ""]


def _statuses() -> Iterator[str]:
    fixed = [
        (0, "done", ""),
        (FAULTY, "the answer is bad news", "`verify`: the bundle is not as it was packed."),
        (2, "wrong usage", "The words on the command line are not ones that the command knows."),
        (UNREAD, "done, with rejects", "Some evidence could not be read; `status` lists it."),
        (INTERRUPTED, "interrupted", "Run the same command again to go on."),
        (CLOSED_PIPE, "closed pipe", "Nobody took the output to its end, as with `| head`."),
    ]
    failures = [(f.exit_code, f"`{f.__name__}`", " ".join((getdoc(f) or "").split())) for f in _failures()]
    yield from _grid(
        ["status", "name", "meaning"], ([str(n), name, says] for n, name, says in sorted([*fixed, *failures]))
    )


def _failures() -> list[type[ForensicsError]]:
    known = [ForensicsError]
    for failure in known:
        known.extend(failure.__subclasses__())
    return [f for f in known if f.__module__ == ForensicsError.__module__]


def _columns(table: Table) -> Iterator[str]:
    yield from _grid(
        ["column", "type", "meaning", "unit", "null means"],
        (
            [f"`{c.name}`", str(c.type), c.meaning, c.unit or "", c.absent or "never null"]
            for c in table.columns
        ),
    )


def _formats() -> Iterator[str]:
    yield "A file is read by the format that is surest of it. The content decides, not the name."
    yield ""
    for name, form in registry().items():
        module = sys.modules[f"forensics.formats.{name}"]
        yield from [f"## {name}", "", "```text", *cleandoc(module.__doc__ or "").splitlines(), "```", ""]
        yield f"- Recognised: {how(form)}"
        yield f"- Cut: {form.CUT}"
        if name in LAID_OUT:
            yield "- Laid out anew: its objects are also read over several lines, in arrays, and in a list of an object"
        yield f"- Trust domain: `{form.DOMAIN}`"
        yield ""
        yield from _columns(form.TABLE)


def declared() -> list[Table]:
    """Every table that a module of the package declares, formats apart, in order of name."""
    found: dict[str, Table] = {}
    for module in pkgutil.walk_packages(forensics.__path__, "forensics."):
        if not module.name.startswith(("forensics.formats.", "forensics.__main__")):
            held = vars(import_module(module.name)).values()
            found |= {table.name: table for table in held if isinstance(table, Table)}
    return [found[name] for name in sorted(found)]


def _tables() -> Iterator[str]:
    for table in declared():
        yield from [f"## {table.name}", "", f"One row: {table.meaning}.", ""]
        yield from _columns(table)


def _lists() -> Iterator[str]:
    yield from ["## Verbs", "", "What an event says happened (`event.verb`).", ""]
    yield from _grid(
        ["verb", "meaning"], ([f"`{verb}`", says] for verb, says in sorted(tables.VERBS.items()))
    )
    yield from ["## Reasons", "", "Why a span of evidence yielded no record (`reject.why`).", ""]
    yield from _grid(["reason", "meaning"], ([f"`{why.value}`", _meaning(why)] for why in Why))


def _meaning(why: Why) -> str:
    """The text below a member in the source: Python keeps none for a member at run time."""
    body = ast.parse(getsource(Why)).body[0]
    lines = body.body if isinstance(body, ast.ClassDef) else []
    for member, text in pairwise(lines):
        if isinstance(member, ast.Assign) and ast.unparse(member.targets[0]) == why.name:
            return str(ast.literal_eval(text.value)) if isinstance(text, ast.Expr) else ""
    return ""


def main(
    folder: Path,
    *,
    check: bool = typer.Option(False, "--check", help="Write nothing; say which pages are stale."),
) -> None:
    """Write the reference into FOLDER."""
    stale = []
    for name, text in pages().items():
        page = folder / name
        if check and (not page.exists() or page.read_text(encoding="utf-8") != text):
            stale.append(str(page))
        if not check:
            folder.mkdir(parents=True, exist_ok=True)
            page.write_text(text, encoding="utf-8")
    if stale:
        typer.echo(f"{', '.join(stale)}: not what the code says; run `make docs`", err=True)
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
