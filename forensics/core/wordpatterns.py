"""Patterns of messages taken apart into words, where that can be done: what stands between two blanks.

Most messages are a program's own words with names between them, and no name has a blank. A message fits such a pattern
where it has as many words and each fits its own. A field that may hold blanks (`.*`) has one word where the message has
no more words than the pattern: then there is one way alone to read it. Of longer messages such a pattern says nothing.
"""

import re
from functools import cache
from itertools import pairwise
from typing import NamedTuple

_CLASS = r"\[\^?\]?(?:\\.|[^\]\\])*\]"
_PIECE = re.compile(rf"\\.|{_CLASS}|.", re.DOTALL)
_LITERAL = re.compile(r"(?:[^\\\[\](){}.*+?|^$]|\\[^A-Za-z0-9])*")
_ANY = re.compile(r"\(\?P<(?P<name>[a-z_]+)>(?:\[\^ \]|(?P<dot>\.))(?P<many>[+*])\??\)|(?:\[\^ \]|(?P<bare_dot>\.))(?P<bare_many>[+*])")  # fmt: skip
_DIGITS = re.compile(r"\(\?P<(?P<name>[a-z_]+)>\[0-9\]\{(?P<least>[0-9]+),(?P<most>[0-9]+)\}\)")
_TAIL = re.compile(
    r"(?P<before>(?:[A-Za-z0-9=:/_-]|\\[^A-Za-z0-9])*)(?:\(\?P<(?P<name>[a-z_]+)>(?:\.|\[\^(?P<without>[^\]\\^])\])\*\)|\.\*)(?P<after>(?:\\[^A-Za-z0-9])*)"
)
_PART = re.compile(
    rf"\(\?P<(?P<name>[a-z_]+)>|(?P<close>\))|(?P<class>{_CLASS})(?P<many>[+*]|\{{[0-9]+(?:,[0-9]+)?\}})\??|(?P<literal>{_LITERAL.pattern[:-1]}+)(?![+*?{{])|(?P<odd>.)"
)
_MANY = {"+": (1, 1 << 16), "*": (0, 1 << 16)}
_MOST_FORMS = 24
_MOST_CHOICES = 8
_MOST_INDENT = 12


class Piece(NamedTuple):
    """A part of a word: these bytes; or, where there are none, so many at least and at most of the bytes of a class."""

    literal: bytes
    among: frozenset[int] = frozenset()
    least: int = 0
    most: int = 0


class Pieces(NamedTuple):
    """A word of parts, of which each ends where the next begins, in one place alone; of each field, by name, which parts it is of."""

    parts: tuple[Piece, ...]
    fields: dict[str, tuple[int, int]]


class Word(NamedTuple):
    """What one word may be.

    `literal`: these bytes; else `name`, where it is a field as a whole, of at least `least` bytes, and at most `most` digits where
    that is not None; else the first of `pieces` that fits, or else what `pattern` says. `open`: a word that may stand for several. `tail`: a field and what stands around it, to
    the end of the message: what it begins with, ends with, and which byte it must not hold.
    """

    literal: bytes | None = None
    name: str | None = None
    least: int = 0
    most: int | None = None
    pattern: re.Pattern[bytes] | None = None
    pieces: tuple[Pieces, ...] | None = None
    open: bool = False
    tail: tuple[bytes, bytes, bytes] | None = None


class Form(NamedTuple):
    """The words of a message, in order. `closed`: it has no more; else any may follow."""

    words: tuple[Word, ...]
    closed: bool

    @property
    def sure(self) -> bool:
        """Whether it also says that a message of more words does not fit."""
        return not any(word.open for word in self.words)

    def may_have(self, count: int) -> bool:
        """Whether a message of so many words can fit, as far as their number says."""
        least = len(self.words) + (not self.closed)
        return count >= least if self.reaching or not self.closed else count == least

    @property
    def reaching(self) -> bool:
        """Whether its last word reaches to the end of the message."""
        return bool(self.words) and self.words[-1].tail is not None


@cache
def forms(pattern: str) -> tuple[Form, ...] | None:
    """The forms of a pattern, in the order in which it tries them; None where it is not made of words."""
    if not pattern.startswith("^"):
        return None
    closed = pattern.endswith("$")
    text = pattern[1:-1] if closed else pattern[1:]
    # A number of blanks before the first word is a number of words without bytes.
    indents = [" " * n for n in range(_MOST_INDENT)] if text.startswith(" *") else [""]
    spelt = _spelt(text.removeprefix(" *"))
    if spelt is None or len(spelt) * len(indents) > _MOST_FORMS:
        return None
    made = []
    for words in [_words(indent + one, closed=closed) for one in spelt for indent in indents]:
        if not closed and (not words or words[-1] != Word(literal=b"")):
            return None
        known = [word for word in words if word is not None]
        if len(known) < len(words) or (not closed and any(word.open for word in known)):
            return None
        made.append(Form(tuple(known if closed else known[:-1]), closed))
    return tuple(made)


def _words(text: str, *, closed: bool) -> list[Word | None]:
    """The words of a pattern, the last of which may reach to the end, where that leaves one way alone to read a message."""
    *first, last = _split(text)
    words = [_word(word) for word in first]
    tail = _TAIL.fullmatch(last)
    if tail is None or not closed or any(word is not None and word.open for word in words):
        return [*words, _word(last)]
    bounds = (_plain(tail["before"]), _plain(tail["after"]), (tail["without"] or "").encode())
    return [*words, Word(name=tail["name"], tail=bounds)]


def _plain(text: str) -> bytes:
    return re.sub(r"\\(.)", r"\1", text).encode()


def _spelt(text: str, *, every: bool = False) -> list[str] | None:
    """A pattern without groups that hold a blank, or without any but fields: one for each choice they leave, in order of trial."""
    group = _unnamed(text) if every else _group(text)
    if group is None:
        return [text]
    start, stop = group
    after = text[stop:]
    maybe = after.startswith("?")
    if not text.startswith("(?:", start) or after[:1] in {"*", "+", "{"} or after[:2] == "??":
        return None
    choices = _choices(text[start + 3 : stop - 1]) + ([""] if maybe else [])
    found: list[str] = []
    for choice in choices:
        more = _spelt(text[:start] + choice + after[maybe:], every=every)
        if more is None or len(found) > _MOST_FORMS:
            return None
        found += more
    return found


def _group(text: str) -> tuple[int, int] | None:
    """Where the first group of a pattern lies that holds a blank, outside of any other."""
    depth, start, blank = 0, 0, False
    for piece in _PIECE.finditer(text):
        if piece[0] == "(":
            start, blank = (piece.start(), False) if not depth else (start, blank)
            depth += 1
        elif piece[0] == ")":
            depth -= 1
            if not depth and blank:
                return start, piece.end()
        elif piece[0] == " " and depth:
            blank = True
    return None


def _unnamed(text: str) -> tuple[int, int] | None:
    """Where the first group of a pattern lies that is no field, be it within one."""
    depth, start = 0, None
    for piece in _PIECE.finditer(text):
        if piece[0] == "(":
            start = piece.start() if start is None and text.startswith("(?:", piece.start()) else start
            depth += start is not None
        elif piece[0] == ")" and start is not None:
            depth -= 1
            if not depth:
                return start, piece.end()
    return None


def _choices(text: str) -> list[str]:
    """What `|` parts in the content of a group."""
    found, depth, start = [], 0, 0
    for piece in _PIECE.finditer(text):
        depth += {"(": 1, ")": -1}.get(piece[0], 0)
        if piece[0] == "|" and not depth:
            found.append(text[start : piece.start()])
            start = piece.end()
    return [*found, text[start:]]


def _split(text: str) -> list[str]:
    """The words of a pattern that holds blanks outside of groups and classes alone."""
    found, start = [], 0
    for piece in _PIECE.finditer(text):
        if piece[0] == " ":
            found.append(text[start : piece.start()])
            start = piece.end()
    return [*found, text[start:]]


@cache
def _word(text: str) -> Word | None:
    """What a pattern says of one word; None where it could reach over a blank."""
    if _LITERAL.fullmatch(text):
        return Word(literal=_plain(text))
    if whole := _ANY.fullmatch(text):
        many = whole["many"] or whole["bare_many"]
        return Word(name=whole["name"], least=int(many == "+"), open=bool(whole["dot"] or whole["bare_dot"]))
    if number := _DIGITS.fullmatch(text):
        return Word(name=number["name"], least=int(number["least"]), most=int(number["most"]))
    if not _within(text):
        return None
    return Word(pattern=re.compile(text.encode(), re.ASCII), pieces=_pieces(text))


def _pieces(text: str) -> tuple[Pieces, ...] | None:
    """The parts of a word, for each choice that its groups leave, in order of trial; None where one of them could end in several places."""
    choices = _spelt(text, every=True)
    if choices is None or len(choices) > _MOST_CHOICES:
        return None
    found = [_parts(choice, alone=len(choices) == 1) for choice in choices]
    told = tuple(one for one in found if one is not None)
    return told if len(told) == len(found) else None


def _parts(text: str, *, alone: bool) -> Pieces | None:
    """The parts of a word without groups; `alone` where there is no other choice."""
    parts: list[Piece] = []
    fields: dict[str, tuple[int, int]] = {}
    name, began = "", 0
    for found in _PART.finditer(text):
        said = found.lastgroup
        if said == "name":
            name, began = found["name"], len(parts)
        elif said == "close":
            fields[name] = began, len(parts)
        elif said == "many":
            least, most = _MANY.get(found["many"]) or [int(n) for n in found["many"][1:-1].split(",") * 2][:2]
            parts.append(Piece(b"", _among(found["class"]), least, most))
        elif said == "literal":
            parts.append(Piece(_plain(found["literal"])))
        else:
            return None
    # What follows the last part that is no literal says where that one ends, since the word is over then. Where there are
    # choices, such a part could end elsewhere in each, and which is tried first would not be known.
    last = max((n for n, part in enumerate(parts) if not part.literal), default=0)
    for part, after in pairwise(parts[: last + 1] if alone else parts):
        if not part.literal and (not after.literal or after.literal[0] in part.among):
            return None
    return Pieces(tuple(parts), fields)


@cache
def _among(class_: str) -> frozenset[int]:
    """The bytes of a class."""
    known = re.compile(class_.encode())
    return frozenset(n for n in range(256) if known.match(bytes([n])))


def _within(text: str) -> bool:
    """Whether a pattern matches no blank, and of each byte says what it says of a character."""
    pieces = [piece[0] for piece in _PIECE.finditer(text)]
    for piece, after in zip(pieces, [*pieces[1:], ""], strict=True):
        odd = piece in {".", "^", "$"} or (piece.startswith("\\") and piece[1:].isalnum())
        negated = piece.startswith("[^")
        blank = len(piece) > 1 and piece.startswith("[") and (" " in piece) != negated
        if odd or blank or "\\" in piece[1:] or not piece.isascii() or (negated and after == "{"):
            return False
    return text[:1] not in {"*", "+", "?", "{"} and len(_choices(text)) == 1
