"""Making evidence text safe to show. Evidence is hostile: it may hold escape codes, bidi marks, formulas."""

import unicodedata

_KEEP = {" "}


def shown(text: str) -> str:
    r"""`text` with every character that a terminal or a reader's eye could be deceived by made visible.

    Control, format (bidi, zero-width), surrogate, private and unassigned characters, and separators
    other than the plain space, become `\xNN`, `\uNNNN` or `\UNNNNNNNN`.
    """
    if text.isprintable():  # by the same categories, and most is
        return text
    return "".join(c if c in _KEEP or not _hides(c) else _escape(c) for c in text)


def cell(text: str) -> str:
    """`text` for a tab-separated or CSV cell: shown, and never read as a formula."""
    safe = shown(text)
    return "'" + safe if safe[:1] in {"=", "+", "-", "@"} else safe


def _hides(c: str) -> bool:
    return unicodedata.category(c)[0] in {"C", "Z"}


def _escape(c: str) -> str:
    n = ord(c)
    return f"\\x{n:02x}" if n < 0x100 else f"\\u{n:04x}" if n < 0x10000 else f"\\U{n:08x}"
