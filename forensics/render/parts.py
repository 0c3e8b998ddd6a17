"""Stretches of print, each with who speaks in it; what is ours to say is English with named places, so that it can be said in another language."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple, Union

from forensics.render.glyphs import quoted


class Tone(StrEnum):
    """Who speaks in a part of a sentence."""

    OURS = "ours"
    """A closed template or table of this package: it has its counterpart in every language."""
    FIGURE = "figure"
    """A number, a code or a currency: printed as ours, and the same in every language."""
    GIVEN = "given"
    """Words of the findings: ours, and another language's where it has them; else it quotes them as they stand."""
    RECOUNTED = "recounted"
    """A text that the findings hold whole: quoted in English; elsewhere its value `told` stands for it."""
    QUOTED = "quoted"
    """Evidence or input: shown as written, in another typeface."""
    PERSON = "person"
    """A person's name, from the roster."""
    HAN = "han"
    """A term of the verbal scale in Chinese, in a typeface that has its characters and no others."""


class Part(NamedTuple):
    """A stretch of a sentence in one tone; where it has values, its text is a template with a place for each."""

    text: str
    tone: Tone = Tone.OURS
    values: Mapping[str, "Value"] | None = None

    @property
    def has_code(self) -> bool:
        """Whether our own words have names of commands, files or fields in them, between backquotes."""
        return self.tone is Tone.OURS and self.text.count("`") % 2 == 0 and "`" in self.text


Value = Union[Sequence[Part], Part, str]  # noqa: UP007 - it names itself before it is made
"""What fills a place: a plain string is ours; evidence and names come as parts, in their own tone."""


def put(text: str, /, **values: Value) -> Part:
    """Words of ours: the English of them, with a value for each name in it."""
    return Part(text, values=values or None)


def figure(text: object) -> Part:
    """A number, a code, a currency: the same in every language."""
    return Part(str(text), Tone.FIGURE)


def given(text: object) -> Part:
    """Words that the findings hold."""
    return Part(str(text), Tone.GIVEN)


def quote(value: object, longest: int = 240) -> Part:
    """Evidence text as a quotation."""
    return Part(quoted(str(value), longest), Tone.QUOTED)


def person(value: object) -> Part:
    """A person's name."""
    return Part(quoted(str(value), 80), Tone.PERSON)


def parts_of(value: Value) -> Sequence[Part]:
    """A value as parts."""
    if isinstance(value, str):
        return (Part(value),)
    return (value,) if isinstance(value, Part) else value


def listed(values: Sequence[Value], last: str = " and ") -> list[Part]:
    """Several values in a row, as English writes them."""
    found: list[Part] = []
    for i, value in enumerate(values):
        if i:
            found.append(Part(last if i == len(values) - 1 else ", "))
        found.extend(parts_of(value))
    return found


def clauses(values: Sequence[Value]) -> list[Part]:
    """Several clauses in a row: in English as other things are, elsewhere perhaps not."""
    found: list[Part] = []
    for i, value in enumerate(values):
        last = i == len(values) - 1
        joined = put(" and {clause}", clause=value) if last else put(", {clause}", clause=value)
        found.extend(parts_of(joined if i else value))
    return found


MOST_NAMED = 40
"""As many persons are named in a row."""


def few(names: Sequence[str]) -> list[Part]:
    """Persons in a row; of very many, the first and how many more."""
    more = len(names) - MOST_NAMED
    shown: list[Value] = [person(name) for name in names[:MOST_NAMED]]
    return listed([*shown, put("{count} more of those listed", count=f"{more:,}")] if more > 0 else shown)
