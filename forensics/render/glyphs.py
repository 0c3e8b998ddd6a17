"""Text as the report's own fonts can draw it, and where a long word may break.

The report is set in the fonts that come with the typesetter, so that every machine makes the same
bytes. They hold Latin, Greek and Cyrillic. Anything else, and every mark that combines with its
neighbour, is printed as its code point: no character is lost, and none is drawn as an empty box.
"""

import re
import unicodedata

from forensics.core.words import shown

_DRAWN = ((0x20, 0x7F), (0xA1, 0x250), (0x370, 0x400), (0x400, 0x500), (0x2010, 0x2028), (0x2030, 0x203B))
_HAN_MARKS = "\uff08\uff09\uff0c"
_CHINESE_MARKS = "\u3001\u3002\u300a\u300b\uff01\uff08\uff09\uff0c\uff1a\uff1b\uff1f"
"""Full stops, commas, brackets of Chinese. Other wide forms, which look like plain letters, stay code points."""
_PIECE = 16
_BREAK = re.compile(r"[^/\\._:,;=@+\-\s]*[/\\._:,;=@+\-\s]|[^/\\._:,;=@+\-\s]+")
LONGEST = 240
"""Characters of one quotation; the rest is told by its length and stands at the bytes cited."""


def drawn(text: str, *, han: bool = False) -> str:
    r"""`text` made safe to read (`core.words.shown`), with what the fonts lack as `\uNNNN`; `han`: in the fonts of Chinese."""
    return "".join(c if _has_glyph(c) or (han and _is_han(c)) else _escape(c) for c in shown(text))


def han(text: str) -> str:
    """Chinese words of this program's own as they are; whatever else came into their place, as code points."""
    return "".join(c if "\u4e00" <= c <= "\u9fff" or c in _HAN_MARKS else _escape(c) for c in text)


def _is_han(c: str) -> bool:
    return "\u4e00" <= c <= "\u9fa5" or c in _CHINESE_MARKS


def _has_glyph(c: str) -> bool:
    return any(a <= ord(c) < b for a, b in _DRAWN) and unicodedata.category(c)[0] not in {"M", "C"}


def _escape(c: str) -> str:
    return f"\\u{ord(c):04x}" if ord(c) < 0x10000 else f"\\U{ord(c):08x}"


class Drawn(str):
    """Evidence text as the fonts of English draw it, which knows how those of Chinese do.

    Attributes:
        whole: the text as it was given.
        longest: characters of the quotation.
    """

    __slots__ = ("longest", "whole")
    whole: str
    longest: int

    @property
    def with_han(self) -> str:
        """The same quotation, its Chinese characters as they are."""
        return _cut(getattr(self.whole, "with_han", self.whole), self.longest, han=True)


def quoted(text: str, longest: int = LONGEST) -> Drawn:
    """Evidence text as a quotation: drawn, and cut after `longest` characters, which it then says; never blank."""
    found = Drawn(_cut(text, longest, han=False))
    found.whole, found.longest = text, longest
    return found


def _cut(text: str, longest: int, *, han: bool) -> str:
    if not text.strip():
        return "（空白）" if han else "(blank)"  # noqa: RUF001 - Chinese punctuation
    safe = drawn(text[: longest * 2], han=han)
    if len(text) <= longest and len(safe) <= longest * 2:
        return safe
    told = f"……（共{len(text):,}个字符）" if han else f"… ({len(text):,} characters in all)"  # noqa: RUF001 - the same
    return f"{safe[:longest]}{told}"


def pieces(text: str) -> list[str]:
    """`text` cut where a line may break, no piece longer than a narrow column."""
    cut = [token[i : i + _PIECE] for token in _BREAK.findall(text) for i in range(0, len(token), _PIECE)]
    joined: list[str] = []
    for piece in cut:
        if joined and len(joined[-1]) + len(piece) <= _PIECE:
            joined[-1] += piece
        else:
            joined.append(piece)
    return joined
