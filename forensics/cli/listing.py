"""Printing rows: tab-separated with a header, or JSON, or in columns on a terminal.

Nothing from the evidence reaches the terminal unescaped.
"""

import base64
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import typer

from forensics.cli import columns as drawn
from forensics.core import canonical
from forensics.core.words import cell

if TYPE_CHECKING:
    import pyarrow as pa

NULL = "-"
"""What a null is printed as. A text that is a hyphen prints as `'-`, so the two differ."""

MOMENTS = frozenset(
    f"{name}_ns" for name in ("earliest", "latest", "submit", "start", "end", "from", "until")
)
"""Columns that hold a moment. Others in nanoseconds are lengths of time, and are printed as numbers."""

Rows = Iterable[Mapping[str, object]]


def rows(columns: Sequence[str], listed: Rows, *, as_json: bool) -> None:
    """Print rows under a header, or as a JSON list; a column that a row lacks is null."""
    if as_json:
        typer.echo(canonical.dumps([{c: plain(row.get(c)) for c in columns} for row in listed]), nl=False)
        return
    heads = [cell(c) for c in columns]
    if drawn.watched():
        _echoed(drawn.drawn(heads, [[in_lines(row.get(c)) for c in columns] for row in listed]))
        return
    typer.echo("\t".join(heads))
    for row in listed:
        typer.echo("\t".join(written(row.get(c)) for c in columns))


def table(listed: "pa.Table", *, as_json: bool) -> None:
    """Print a table, its columns in their own order.

    In tab-separated output a time reads as UTC text, to the millisecond, under its column's name
    without `_ns`; JSON keeps the nanoseconds.
    """
    if as_json:
        rows(listed.column_names, listed.to_pylist(), as_json=True)
        return
    from forensics.core import clock

    heads = {c: c.removesuffix("_ns") if c in MOMENTS else c for c in listed.column_names}
    spelled = (
        {heads[c]: clock.written(v) if c in MOMENTS and isinstance(v, int) else v for c, v in row.items()}
        for row in listed.to_pylist()
    )
    rows(list(heads.values()), spelled, as_json=False)


def exact(listed: "pa.Table", *, as_json: bool) -> None:
    """Print a table as it stands, its numbers untouched."""
    rows(listed.column_names, listed.to_pylist(), as_json=as_json)


def sections(shown: Mapping[str, object], *, as_json: bool) -> None:
    """Print an answer of several parts: names and values first, then each list as rows under its title."""
    if as_json:
        record(shown, as_json=True)
        return
    lists = {name: _as_rows(value) for name, value in shown.items() if _tabular(value)}
    record({name: value for name, value in shown.items() if name not in lists}, as_json=False)
    for name, listed in lists.items():
        typer.echo(f"\n# {cell(name)}")
        rows(list(dict.fromkeys(c for row in listed for c in row)), listed, as_json=False)


def _tabular(value: object) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(v, Mapping) for v in value)


def _as_rows(value: object) -> list[Mapping[str, object]]:
    return [v for v in value if isinstance(v, Mapping)] if isinstance(value, list | tuple) else []


def record(shown: Mapping[str, object], *, as_json: bool) -> None:
    """Print one thing: a name and a value on each line, or a JSON object."""
    if as_json:
        typer.echo(canonical.dumps(plain(shown)), nl=False)
        return
    if drawn.watched():
        leaves = list(flat(shown))
        _echoed(drawn.named([cell(name) for name, _ in leaves], [in_lines(value) for _, value in leaves]))
        return
    for name, value in flat(shown):
        typer.echo(f"{cell(name)}\t{written(value)}")


def _echoed(lines: Iterable[str]) -> None:
    for line in lines:
        typer.echo(line)


def flat(shown: Mapping[str, object], prefix: str = "") -> Iterable[tuple[str, object]]:
    """The leaves of nested mappings, each under the names that lead to it, joined by dots."""
    for name in shown:
        value = shown[name]
        if isinstance(value, Mapping):
            yield from flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def plain(value: object) -> object:
    """`value` as JSON can hold it: bytes in base64, no NaN, anything foreign as its text."""
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, str | int) else str(value)


def written(value: object) -> str:
    """One cell of tab-separated output."""
    safe = plain(value)
    if safe is None:
        return NULL
    if isinstance(safe, str):
        return cell(safe)
    return cell(canonical.line(safe)) if isinstance(safe, list | dict) else canonical.line(safe)


def in_lines(value: object) -> list[str]:
    """The lines of one cell on a terminal: of a list each value by itself, so that none is broken that fits."""
    if (
        isinstance(value, list | tuple)
        and value
        and not any(isinstance(v, Mapping | list | tuple) for v in value)
    ):
        return [written(v) for v in value]
    return [written(value)]
