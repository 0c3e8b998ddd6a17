"""What hangs on all lines before it in a file, as a sum of delays: carried from one slice of records to the next.

A reading says how its state goes on over rows, and how it is told as columns. Each slice that begins inside a file is then handed one
row, what the lines before left, and so need not be told together with them.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import pyarrow as pa

FILE = "sha256"
State = TypeVar("State", bound=tuple[object, ...])


def lacking(
    noted: Sequence[pa.Table], schema: pa.Schema, begun: State, after: Callable[[pa.Table, State], State]
) -> Iterator[tuple[int, pa.Table]]:
    """For each slice that begins inside a file what the lines before left, one row.

    Args:
        noted: of each slice, in order of place, what `after` looks at; `sha256` among it.
        schema: the types of a state's values, in order; the first is `sha256`.
        begun: the state before the first line of all.
        after: the state behind some rows, from that before them. Its first value is the file of the last of them.
    """
    state = begun
    for number, rows in enumerate(noted):
        if not len(rows):
            continue
        if rows[FILE][0].as_py() == state[0]:
            values = zip(schema, state, strict=True)
            yield number, pa.table([pa.array([value], field.type) for field, value in values], schema=schema)
        state = after(rows, state)


def left(notes: pa.Table | None, begun: tuple[object, ...]) -> tuple[Any, ...]:
    """The state that a slice was handed; where it was handed none, the one before a first line."""
    if notes is None or not len(notes):
        return begun
    return tuple(column[0].as_py() for column in notes.columns)
