"""In which language the report speaks: our own words in it, by the English ones; what others wrote stays as it is."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from string import Formatter

from forensics.render.parts import Part, Tone, Value, parts_of

_LETTERS = re.compile("[A-Za-z]{2}")
"""Two letters in a row: a text without them is a number, an id or a mark, and says nothing in any language."""


@dataclass(frozen=True, slots=True)
class Language:
    """A language, and what it says for each English text of ours; English says nothing for it.

    Attributes:
        code: `en` or `zh`.
        says: by the English text. Both have the same named places.
        joint: what stands between two sentences.
    """

    code: str
    says: Mapping[str, str]
    joint: str = " "

    @property
    def is_english(self) -> bool:
        """Whether it is the language that everything is written in first."""
        return self.code == "en"

    def told(self, value: Value) -> list[Part]:
        """A value as stretches without places left: words of ours in this language, quotations, names and figures as they are.

        Raises:
            ValueError: there are words of ours that this language has nothing for.
        """
        return [leaf for part in parts_of(value) for leaf in self._leaves(part)]

    def text(self, value: Value) -> str:
        """A value in plain text: that has one typeface, and so no backquotes of ours."""
        told = self.told(value)
        return "".join(part.text.replace("`", "") if part.has_code else part.text for part in told)

    def _leaves(self, part: Part) -> Iterator[Part]:
        if part.tone is Tone.OURS:
            yield from self._ours(part)
        elif part.tone is Tone.GIVEN:
            known = self.is_english or part.text in self.says or not _LETTERS.search(part.text)
            yield Part(self.says.get(part.text, part.text), Tone.OURS if known else Tone.QUOTED)
        elif part.tone is Tone.RECOUNTED:
            found = Part(part.text, Tone.QUOTED) if self.is_english else (part.values or {})["told"]
            yield from self.told(found)
        elif self.is_english:
            yield part
        else:
            yield Part(getattr(part.text, "with_han", part.text), part.tone)

    def _ours(self, part: Part) -> Iterator[Part]:
        template = self.said(part.text)
        if part.values is None:
            yield Part(template)
            return
        for literal, name in _places(template):
            told = [Part(literal), *(() if name is None else self.told(part.values[name]))]
            yield from (leaf for leaf in told if leaf.text)

    def said(self, english: str) -> str:
        """What this language has for words of ours.

        Raises:
            ValueError: it has nothing.
        """
        if self.is_english:
            return english
        if english in self.says:
            return self.says[english]
        if _LETTERS.search(english):
            raise ValueError(f"no {self.code} for: {english!r}")
        return english


@cache
def _places(template: str) -> list[tuple[str, str | None]]:
    """The words of a template, each stretch with the name of the place behind it."""
    return [(literal, name) for literal, name, _, _ in Formatter().parse(template)]


ENGLISH = Language("en", {})
