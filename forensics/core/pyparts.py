"""What Python texts do, of which many are nearly the same: what two versions of a file have in common is parsed once.

A text is cut where a function or class begins at the start of a line. Where each part is a text that parses by itself, the
whole is these one after the other. A part that does not, as a decorator, or a line within a string that begins so, is
taken together with the next; where that does not help either, the text is parsed as a whole.
"""

import re
from collections.abc import Iterator

from forensics.core import pysymbols
from forensics.core.pysymbols import Symbol

MOST_JOINED = 8
"""So many parts are taken together before the text is parsed as a whole."""
MOST_REMEMBERED = 1 << 23
"""So many characters of parts are remembered; then all are forgotten."""
_BEGINS = re.compile(r"^(?:(?:async +def|def|class)[ \t]|@)", re.MULTILINE)


class Parts:
    """What parts of texts do, as far as they were met."""

    def __init__(self) -> None:
        """Remember nothing yet."""
        self._known: dict[str, list[Symbol] | None] = {}
        self._held = 0

    def symbols(self, text: str) -> list[Symbol] | None:
        """What `pysymbols.symbols` gives."""
        # A lone carriage return is a line to Python, and no place to cut.
        if len(text) > pysymbols.LONGEST_TEXT or "\r" in text:
            return self._one(text)
        found: list[Symbol] = []
        line = 0
        for part, own in self._parts(text):
            if own is None:
                return self._one(text)
            found += [s._replace(line=s.line + line) for s in own] if line else own
            line += part.count("\n")
        return found

    def _parts(self, text: str) -> Iterator[tuple[str, list[Symbol] | None]]:
        """The parts of a text with what each does; None for what does not parse, and then no more."""
        cuts = [m.start() for m in _BEGINS.finditer(text)]
        cuts = [0, *cuts[cuts[:1] == [0] :], len(text)]
        at = 0
        while at + 1 < len(cuts):
            part, own = "", None
            for end in range(at + 1, min(at + 1 + MOST_JOINED, len(cuts))):
                part = text[cuts[at] : cuts[end]]
                own = self._one(part)
                if own is not None:
                    at = end
                    break
            yield part, own
            if own is None:
                return

    def _one(self, part: str) -> list[Symbol] | None:
        if part not in self._known:
            self._held += len(part)
            if self._held > MOST_REMEMBERED:
                self._known.clear()
                self._held = len(part)
            self._known[part] = pysymbols.symbols(part)
        return self._known[part]
