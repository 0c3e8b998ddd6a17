"""Bytes shown as text: all of a column at once says what each of its values says by itself."""

import random

import pyarrow as pa

from forensics.core import lines

PIECES = (
    b"a",
    b"\xff",
    b"\xe2\x82\xac",
    b"\xe2\x82",
    b"\xc3",
    b"\xa9",
    b"\xf0\x9f\x98\x80",
    b"\xed\xa0\x80",
    b"\r",
    b"\0",
    b"\n",
)


def by_definition(value):
    return None if value is None else value.decode("utf-8", "backslashreplace")


def test_bytes_that_are_no_text_are_shown_as_each_is_by_itself():
    """A character that is begun at the end of one value is not ended by the next; with newlines, with nulls, and without."""
    chance, escaped = random.Random(2), 0  # noqa: S311 - the same values in every run
    for n in range(3000):
        pieces = PIECES if n % 3 == 0 else PIECES[:-1]
        values = [b"".join(chance.choices(pieces, k=chance.randrange(5))) for _ in range(chance.randrange(6))]
        values += [None] if n % 4 == 0 else []
        expected = [by_definition(value) for value in values]
        assert lines.shown(pa.array(values, pa.binary())).to_pylist() == expected, values
        held = pa.array([b"x", *values, b"y"], pa.binary()).slice(1, len(values))
        assert lines.shown(held).to_pylist() == expected
        escaped += any("\\x" in text for text in expected if text)
    assert escaped > 500
