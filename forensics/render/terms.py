"""What only a translation says: that the English text is the authoritative one, and which term stands for which."""

from forensics.render import chinese
from forensics.render.pages import Block, Pages
from forensics.render.parts import figure, put, quote
from forensics.render.sentences import Basis, Sentence

NOTICE = (
    "This report exists in English and in Chinese. Where the two differ, the English text counts.",
    "Both are made from the same findings: numbers, hashes, ids, times, paths and citations are the same in both.",
    "What the evidence or the input says is quoted as it stands, in whatever language that is; so are names.",
    "The terms used are in the last annex.",
)
MADE = (
    "The Chinese text is made by the program from a catalogue with the SHA-256 {catalogue}, and set in {fonts}.",
    "No text of the evidence is translated.",
)


def notice(p: Pages) -> list[Block] | None:
    """What stands under the title of a translation; nothing under that of the English text."""
    if p.language.is_english:
        return None
    return [p.printed(Sentence(put(text), basis=Basis.METHOD)) for text in NOTICE]


def section(p: Pages) -> None:
    """The terms of the report in both languages, and what the translation is made from."""
    if p.language.is_english:
        return
    flagged = bool(p.findings.get("flags"))
    p.head(1, put("Annex D. Terms") if flagged else put("Annex C. Terms"), numbered=False)
    first, *rest = MADE
    names = figure("Noto Serif SC, Noto Sans SC")
    p.plain(put(first, catalogue=quote(chinese.digest()), fonts=names), *rest)
    rows = [(figure(t.english), figure(t.chinese), figure(t.meaning)) for t in chinese.terms()]
    p.table(("English term", "Chinese term", "What is meant"), ("10em", "9em", "1fr"), rows)
