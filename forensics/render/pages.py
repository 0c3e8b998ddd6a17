"""Pages being put together: headings, paragraphs, tables; each sentence with its footnote, held to the rules."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

import pyarrow as pa

from forensics.core import canonical
from forensics.render.citing import Sources
from forensics.render.forbidden import lint, lint_chinese
from forensics.render.glyphs import drawn, pieces, quoted
from forensics.render.glyphs import han as drawn_han
from forensics.render.languages import ENGLISH, Language
from forensics.render.parts import Part, Tone, Value
from forensics.render.sentences import Basis, Citation, Json, Sentence, ours

Block = dict[str, Any]


@dataclass(slots=True)
class Pages:
    """A document while it is being put together."""

    findings: Json
    sources: Sources
    events: pa.Table
    language: Language = ENGLISH
    blocks: list[Block] = field(default_factory=list)
    figures: dict[str, bytes] = field(default_factory=dict)
    cited: dict[str, dict[Citation, None]] = field(default_factory=dict)
    noted: dict[str, str] = field(default_factory=dict)
    notes: int = 0

    @property
    def acts(self) -> list[Json]:
        """The acts of the findings."""
        return list(self.findings.get("acts") or ())

    def head(self, level: int, said: Value, *, numbered: bool = True) -> None:
        """A heading. A footnote is told once in the text below it, and then referred to."""
        self.noted.clear()
        self.blocks.append({"t": "h", "level": level, "runs": self.runs(said), "numbered": numbered})

    def para(self, *said: Sentence | None) -> None:
        """A paragraph of sentences; those that are none are left out."""
        printed = [self.printed(s) for s in said if s is not None]
        if printed:
            self.blocks.append({"t": "p", "s": printed})

    def items(self, rows: Iterable[Sequence[Sentence | None]]) -> None:
        """A list, each entry some sentences."""
        entries = [[self.printed(s) for s in row if s is not None] for row in rows]
        if entries:
            self.blocks.append({"t": "ul", "items": entries})

    def plain(self, *texts: Value) -> None:
        """A paragraph on method."""
        self.para(*(Sentence(t, basis=Basis.METHOD) for t in texts))

    def table(self, head: Sequence[Value], widths: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """A table; a cell is parts, a string of ours, or a sentence (whose note it then carries)."""
        cells = [[self._cell(c) for c in row] for row in rows]
        numbers = [bool(cells) and all(_is_number(row[i]) for row in cells) for i in range(len(head))]
        heads = [self.language.text(h) for h in head]
        table = {"t": "table", "head": heads, "widths": list(widths), "numbers": numbers, "rows": cells}
        self.blocks.append(table)

    def _cell(self, cell: Sentence | Value) -> Block:
        if isinstance(cell, Sentence):
            return self.printed(cell)
        return {"runs": self.runs(cell), "note": None}

    def runs(self, said: Value) -> list[Block]:
        """Words, quotations and names for the template."""
        return runs(self.language.told(said), han=not self.language.is_english)

    def printed(self, sentence: Sentence) -> Block:
        """A sentence with its footnote. Our own words are held to the rules before they are printed."""
        told = sentence.told(self.language)
        faults = (
            lint(ours(told))
            if self.language.is_english
            else [*lint(sentence.ours), *lint_chinese(ours(told))]
        )
        if faults:
            raise ValueError("; ".join(faults))
        if sentence.citations:
            self.cited.setdefault(sentence.about or "other", {}).update(dict.fromkeys(sentence.citations))
        return {"runs": runs(told, han=not self.language.is_english), "note": self._note(sentence)}

    def _note(self, sentence: Sentence) -> Json | None:
        note = self.sources.note(sentence)
        if note is None or "mark" in note:
            return note
        told = canonical.line(note)
        if told in self.noted:
            return {"again": self.noted[told]}
        self.notes += 1
        self.noted[told] = f"note{self.notes}"
        return {**note, "id": self.noted[told]}


def _is_number(cell: Block) -> bool:
    return all(str(r["v"]).replace(",", "").isdigit() for r in cell["runs"])


def _styled(part: Part, *, han: bool) -> list[Part]:
    """What of our own words stands between backquotes, set as quotations are; a word of somebody else's can hold a backquote."""
    if not part.has_code:
        return [part]
    ours, code = part.text.split("`")[::2], [quoted(t, len(t)) for t in part.text.split("`")[1::2]]
    shown = [Part(c.with_han if han else c, Tone.QUOTED) for c in code]
    return [p for pair in zip_longest(map(Part, ours), shown) for p in pair if p is not None and p.text]


def runs(parts: Iterable[Part], *, han: bool = False) -> list[Block]:
    """Told parts for the template: ours as text, quotations as pieces between which a line may break; `han`: in Chinese.

    Words between backquotes, of ours, are set as quotations are: no backquote of ours is printed.
    """
    made: list[Block] = []
    for text, tone, _ in (p for part in parts for p in _styled(part, han=han)):
        if tone in {Tone.OURS, Tone.FIGURE}:
            apart = text if han else text.replace("'", "\u2019")
            made.append({"k": Tone.OURS.value, "v": drawn(apart, han=han)})
        elif tone is Tone.HAN:
            made.append({"k": tone.value, "v": drawn_han(text)})
        else:
            made.append({"k": tone.value, "v": pieces(text)})
    return made
