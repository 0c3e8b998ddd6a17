"""Listings of Slurm's commands for people: columns of a set width, under a header and a line of dashes.

    JobID           JobName    Account      State ExitCode
    ------------ ---------- ---------- ---------- --------
    10           llm-pretr+   research CANCELLED+      0:0

A column is as many bytes wide as its dashes, and a blank follows it. A text that is longer is cut, and its last byte is then `+`: who
was meant cannot be told from it. A name of a column, a date or a time is cut without a mark, and a number is not cut: that row no
longer stands in the columns.

Source: Slurm 17.11 to 26.05, src/common/print_fields.c (print_fields_header, print_fields_str, print_fields_uint32).
"""

import re
from collections.abc import Callable, Iterator
from itertools import chain, pairwise
from typing import NamedTuple

from forensics.core import rowwise
from forensics.core.lines import LONGEST_LINE_BYTES
from forensics.core.model import Why
from forensics.core.rowwise import Line

_DASHES = re.compile(rb"(?:-{1,65535} ){1,1023}-{1,65535} ?|-{1,65535} ?")
_NAME = re.compile(r"[A-Za-z#][A-Za-z0-9 /#]{0,29}")


class Layout(NamedTuple):
    """The columns of a listing: their names, where each begins and ends in a line, in bytes, and whether lines have lost the blanks at their ends."""

    names: list[str]
    edges: list[tuple[int, int]]
    stripped: bool


class Row(NamedTuple):
    """A row: its lines, the text of each column or None, and the names of those that are cut."""

    line: Line
    values: dict[str, str | None]
    cut: frozenset[str]


class Listing(NamedTuple):
    """What a listing holds: rows in order, lines that cannot be read with the reason, and lines that hold nothing to read."""

    rows: list[Row]
    rejected: list[tuple[Line, Why]]
    ignored: list[Line]


def layout(first: bytes, second: bytes) -> Layout | None:
    """The columns that a header and the line of dashes below it announce; None where they are none."""
    if len(second) > LONGEST_LINE_BYTES or not _DASHES.fullmatch(second):
        return None
    edges = [(found.start(), found.end()) for found in re.finditer(rb"-+", second)]
    stripped = not second.endswith(b" ")
    cells = _cells(first, edges, stripped=stripped)
    names = [rowwise.shown(cell.strip()) for cell in cells] if cells else []
    if not names or len(set(names)) < len(names) or not all(_NAME.fullmatch(name) for name in names):
        return None
    return Layout(names, edges, stripped)


def _cells(raw: bytes, edges: list[tuple[int, int]], *, stripped: bool) -> list[bytes]:
    """The columns of a line, each as wide as it is; none where the line does not stand in them."""
    width = edges[-1][1] + 1
    # A line that is short where others are not was ended by a newline in what somebody typed.
    whole = raw.ljust(width) if stripped else raw
    between = all(whole[stop : stop + 1] == b" " for _, stop in edges)
    return [whole[start:stop] for start, stop in edges] if len(whole) == width and between else []


def announced(head: bytes) -> Layout | None:
    """The columns that the first two lines of a file announce, of which the second may be cut; blank lines before them are passed over."""
    found: list[bytes] = []
    for line in rowwise.each(head, 0):
        if found or line.raw.strip():
            found.append(line.raw)
        if len(found) == 2:
            return layout(found[0], found[1])
    return None


def read(data: bytes, base: int, known: Callable[[Layout], bool]) -> Iterator[Listing]:
    """The rows of a file, each under the header that stands last before it, some lines at a time; of an empty file none, once.

    Args:
        data: the whole file.
        base: offset of its first byte in the file, in bytes.
        known: whether columns are of a listing that is asked for.
    """
    listing, begun = Listing([], [], []), base
    for count, (line, said) in enumerate(_said(data, base, known), start=1):
        if isinstance(said, Row):
            listing.rows.append(said)
        elif said is None:
            listing.ignored.append(line)
        else:
            listing.rejected.append((line, said))
        if count % rowwise.MOST_ROWS == 0 or line.stop - begun >= rowwise.MOST_BYTES:
            yield listing
            listing, begun = Listing([], [], []), line.stop
    yield listing


def _said(data: bytes, base: int, known: Callable[[Layout], bool]) -> Iterator[tuple[Line, Row | Why | None]]:
    """Each line: a row, why it cannot be read, or None where it holds nothing to read."""
    now, dashes = None, -1
    torn = base + len(data) if data and not data.endswith(b"\n") else -1
    for line, below in pairwise(chain(rowwise.each(data, base), (None,))):
        if line is None:
            continue
        if line.start == dashes:
            yield line, None
        elif line.stop == torn:
            yield line, Why.TRUNCATED
        elif rowwise.too_long([line]):
            yield line, Why.TOO_LONG
        elif not line.raw.strip():
            yield line, None
        elif below is not None and (found := layout(line.raw, below.raw)) is not None and known(found):
            now, dashes = found, below.start
            yield line, None
        elif now is None or not (cells := _cells(line.raw, now.edges, stripped=now.stripped)):
            yield line, Why.SHAPE
        else:
            yield line, _row(line, now, cells)


def _row(line: Line, found: Layout, cells: list[bytes]) -> Row:
    told = {name: rowwise.filled(cell.strip()) for name, cell in zip(found.names, cells, strict=True)}
    cut = frozenset(
        name
        for name, cell in zip(found.names, cells, strict=True)
        if cell.endswith(b"+") and not cell.startswith(b" ")
    )
    return Row(line, told, cut)


def whole(word: str, known: tuple[str, ...]) -> str | None:
    """The one word of a closed list that a cut one can be the beginning of; itself where it is not cut."""
    if not word.endswith("+"):
        return word
    found = [one for one in known if one.startswith(word[:-1])]
    return found[0] if len(found) == 1 else None
