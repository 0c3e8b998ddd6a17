"""Pages being put together: headings, paragraphs, tables; each sentence with its footnote, held to the rules."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from forensics.core import canonical
from forensics.render.citing import Sources
from forensics.render.forbidden import lint
from forensics.render.glyphs import drawn, han, pieces
from forensics.render.sentences import Basis, Citation, Json, Part, Sentence, Tone

Block = dict[str, Any]


@dataclass(slots=True)
class Pages:
    """A document while it is being put together."""

    findings: Json
    sources: Sources
    events: pa.Table
    blocks: list[Block] = field(default_factory=list)
    figures: dict[str, bytes] = field(default_factory=dict)
    cited: dict[str, dict[Citation, None]] = field(default_factory=dict)
    noted: dict[str, str] = field(default_factory=dict)
    notes: int = 0

    @property
    def acts(self) -> list[Json]:
        """The acts of the findings."""
        return list(self.findings.get("acts") or ())

    def head(self, level: int, *parts: Part | str, numbered: bool = True) -> None:
        """A heading. A footnote is told once in the text below it, and then referred to."""
        self.noted.clear()
        self.blocks.append({"t": "h", "level": level, "runs": runs(parts), "numbered": numbered})

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

    def plain(self, *texts: str) -> None:
        """A paragraph on method. What stands between backticks in it is set as evidence is."""
        self.para(*(Sentence(_styled(t), basis=Basis.METHOD) for t in texts))

    def table(self, head: Sequence[str], widths: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """A table; a cell is parts, a string of ours, or a sentence (whose note it then carries)."""
        cells = [[self._cell(c) for c in row] for row in rows]
        numbers = [bool(cells) and all(_is_number(row[i]) for row in cells) for i in range(len(head))]
        table = {"t": "table", "head": list(head), "widths": list(widths), "numbers": numbers, "rows": cells}
        self.blocks.append(table)

    def _cell(self, cell: Sentence | Part | str | Sequence[Part]) -> Block:
        if isinstance(cell, Sentence):
            return self.printed(cell)
        many: Sequence[Part | str] = [cell] if isinstance(cell, (Part, str)) else cell
        return {"runs": runs(many), "note": None}

    def printed(self, sentence: Sentence) -> Block:
        """A sentence with its footnote. Our own words are held to the rules before they are printed."""
        faults = lint(sentence.ours)
        if faults:
            raise ValueError("; ".join(faults))
        if sentence.citations:
            self.cited.setdefault(sentence.about or "other", {}).update(dict.fromkeys(sentence.citations))
        return {"runs": runs(sentence.parts), "note": self._note(sentence)}

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


def _styled(text: str) -> tuple[Part, ...]:
    """Parts between backquotes as quotations: drawn here, for a word of somebody else's in the text can hold a backquote."""
    tones = (Tone.OURS, Tone.QUOTED)
    return tuple(Part(drawn(t), tones[i % 2]) for i, t in enumerate(text.split("`")) if t)


def runs(parts: Iterable[Part | str]) -> list[Block]:
    """Parts for the template: ours as text, quotations as pieces between which a line may break."""
    made: list[Block] = []
    for part in parts:
        text, tone = (part, Tone.OURS) if isinstance(part, str) else (part.text, part.tone)
        if tone is Tone.OURS:
            made.append({"k": tone.value, "v": drawn(text.replace("'", "\u2019"))})
        elif tone is Tone.HAN:
            made.append({"k": tone.value, "v": han(text)})
        else:
            made.append({"k": tone.value, "v": pieces(text)})
    return made
