"""Rows as somebody reads them on a terminal: in columns where these fit its width, else each row as a list of its values.

What is written elsewhere (to a file, to another program) is tab-separated, and is the same on every terminal.
"""

import shutil
import sys
from collections.abc import Iterator, Sequence

GAP = "  "
UNBROKEN = 36
"""The width, in cells of a terminal, to which a column is made narrower where it has to be: an event's id fits it as a rule."""

Cell = Sequence[str]
"""What stands in a cell, line by line: one for a value, one for each value of a list."""


def watched() -> bool:
    """Whether standard output is a terminal."""
    return sys.stdout.isatty()


def drawn(heads: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Iterator[str]:
    """Lines that show `rows` under `heads`; all texts are to be safe for a terminal already."""
    wide = shutil.get_terminal_size().columns
    widths = _widths(heads, rows)
    room = wide - len(GAP) * (len(heads) - 1)
    if sum(widths) > room:
        least = [min(width, max(UNBROKEN, _cells(head))) for head, width in zip(heads, widths, strict=True)]
        if sum(least) > room:
            yield from _listed(heads, rows)
            return
        widths = _spread(widths, least, room)
    for row in [[(head,) for head in heads], *rows]:
        yield from _across(row, widths)


def named(names: Sequence[str], cells: Sequence[Cell]) -> Iterator[str]:
    """Lines that show a value behind each name, all beginning at one place."""
    wide = max(map(_cells, names), default=0)
    for name, cell in zip(names, cells, strict=True):
        for n, text in enumerate(cell):
            yield f"{_padded('' if n else name, wide)}{GAP}{text}"


def _listed(heads: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Iterator[str]:
    for n, row in enumerate(rows):
        yield f"-- {n + 1} of {len(rows)}"
        yield from named(heads, row)


def _widths(heads: Sequence[str], rows: Sequence[Sequence[Cell]]) -> list[int]:
    found = [_cells(head) for head in heads]
    for row in rows:
        for n, cell in enumerate(row):
            found[n] = max(found[n], *map(_cells, cell))
    return found


def _spread(widths: Sequence[int], least: Sequence[int], room: int) -> list[int]:
    """The widths of columns made as narrow as `least`, and what room is left given to the first that need it."""
    chosen, left = list(least), room - sum(least)
    for n, width in enumerate(widths):
        more = min(left, width - chosen[n])
        chosen[n] += more
        left -= more
    return chosen


def _across(row: Sequence[Cell], widths: Sequence[int]) -> Iterator[str]:
    """The lines of one row: as many as its highest cell has, once each text is broken to its column's width."""
    from rich.cells import chop_cells

    folded = [
        [piece for text in cell for piece in (chop_cells(text, width) if _cells(text) > width else [text])]
        for cell, width in zip(row, widths, strict=True)
    ]
    for n in range(max(map(len, folded), default=0)):
        line = [_padded(cell[n] if n < len(cell) else "", w) for cell, w in zip(folded, widths, strict=True)]
        yield GAP.join(line).rstrip()


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _cells(text))


def _cells(text: str) -> int:
    """How many cells of a terminal a text takes: two for a Chinese character."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)
