"""Lines of an account's shell histories: which can ask for a run, by its words, and which can be of a session, by their times.

Any account can write a history of as many lines as it likes: those that have the words of a run are looked up, and not sought through all.
"""

import posixpath
import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from forensics.analysis import loading, startup_lines
from forensics.analysis.evidence import Row

_BLANKS = re.compile(r"[\s'\"]+")
_MADE_UP = re.compile(r"\$(?:\w+|\{[^}]*\}|\([^)]*\))|`[^`]*`|^~[^/]*")
"""What a shell puts something else in the place of."""
_ANY = frozenset("*?[")
_SIGNS = _ANY | frozenset("$`~")
"""Without one of these in it a shell makes nothing else of a line's words."""
_PART = re.compile(r"[\w.-]+")
MOST = 50_000
"""Of so many different lines of an account those that come last are looked at; of more an act is left open rather than sought through all."""


class When(NamedTuple):
    """From when to when lines are looked for, a tick of a history more at both ends; an end that is None is open.

    `off_ns` is what the times that were written are behind those that clocks were found to mean; None where that is not held.
    """

    first_ns: int | None
    last_ns: int | None
    off_ns: int | None = None


class History:
    """The lines of an account's histories, each text once, with the times at which it stands there."""

    def __init__(self) -> None:
        self.texts: dict[str, None] = {}
        self._times: dict[str, tuple[list[int], list[int]]] = {}
        self._undated: set[str] = set()
        self._dated: list[tuple[int, str, str]] = []
        self._found: tuple[list[str], dict[str, set[int]], set[int]] | None = None

    def add(self, text: str, host: str, times: tuple[int, int] | None) -> None:
        """One line more, which is the last of those without a time, or with the time that clocks were found to mean and the one that was written."""
        self.texts.pop(text, None)
        self.texts[text] = None
        if times is None:
            self._undated.add(text)
        else:
            self._dated.append((times[0], host, text))
            for told, at in zip(self._times.setdefault(text, ([], [])), times, strict=True):
                told.append(at)
        if len(self.texts) > MOST:
            del self.texts[next(iter(self.texts))]

    def has(self, text: str, when: When) -> bool:
        """Whether one of its lines of a text can be of a time; what has no time can be of any."""
        if text in self._undated:
            return True
        self._look_up()
        meant, written = self._times[text]
        first, last, off = when
        if _between(meant, first, last):
            return True
        ends = [None if at is None or off is None else at + off for at in (first, last)]
        return off is not None and _between(written, *ends)

    def last(self, host: str | None, when: When) -> tuple[int, str] | None:
        """The moment and the text of the last line of a host with a time, by what clocks were found to mean."""
        self._look_up()
        first = 0 if when.first_ns is None else bisect_left(self._dated, (when.first_ns - startup_lines.TICK_NS,))  # fmt: skip
        end = len(self._dated) if when.last_ns is None else bisect_left(self._dated, (when.last_ns + startup_lines.TICK_NS + 1,))  # fmt: skip
        lines = (self._dated[n] for n in range(end - 1, first - 1, -1))
        return next(((at, text) for at, of, text in lines if of == host), None)

    def likely(self, name: str, words: Iterable[str]) -> Iterable[str]:
        """The lines that can have a program's name, and words, or what a shell makes these of: all that do, and few others.

        Args:
            name: of the program; empty where it need not stand there.
            words: what it was given.
        """
        texts, by_part, patterned = self._look_up()
        named = [by_part.get(part, set[int]()) for part in _PART.findall(name)]
        given = [by_part.get(part, set[int]()) for word in words for part in _PART.findall(word)]
        if not given:
            return [texts[n] for n in sorted(_in_all(named))] if named else texts
        those = _in_all([*named, *given]) | (_in_all([*named, patterned]) if named else patterned)
        return [texts[n] for n in sorted(those)]

    def _look_up(self) -> tuple[list[str], dict[str, set[int]], set[int]]:
        """The lines, where each part of words stands, and which have something that a shell makes a word of; all times in order from here on."""
        if self._found is None:
            texts, by_part, patterned = list(self.texts), dict[str, set[int]](), set[int]()
            for n, text in enumerate(texts):
                for part in _PART.findall(text):
                    by_part.setdefault(part, set()).add(n)
                if _patterns(text):
                    patterned.add(n)
            self._dated.sort()
            for told in self._times.values():
                for times in told:
                    times.sort()
            self._found = texts, by_part, patterned
        return self._found


def _between(times: Sequence[int], first: int | None, last: int | None) -> bool:
    """Whether one of some times, in order, lies between two moments."""
    n = 0 if first is None else bisect_left(times, first - startup_lines.TICK_NS)
    return n < len(times) and (last is None or times[n] <= last + startup_lines.TICK_NS)


def _in_all(sets: Iterable[set[int]]) -> set[int]:
    """What lies in each of some sets."""
    first, *rest = sorted(sets, key=len)
    return first.intersection(*rest)


def argv(e: Row) -> list[str]:
    """The words of a run; none where they are on no record."""
    return list(map(str, e.argv)) if isinstance(e.argv, (list, tuple)) else []


def likely(history: History, e: Row) -> Iterable[str]:
    """The lines that can have the words of a run, and few others."""
    words = argv(e)
    if not words:
        return ()
    return history.likely("" if _script(e, words) else posixpath.basename(words[0]), words[1:])


def asking(lines: Iterable[str], e: Row) -> list[str]:
    """The lines that have the words of a run: its program, or of a script its path, and what it was given."""
    words = argv(e)
    if not words:
        return []
    name, script = posixpath.basename(words[0]), _script(e, words)
    return [text for text in lines if (script or runs(text, name)) and has_all(text, words[1:])]


def _script(e: Row, words: Sequence[str]) -> bool:
    """Whether a run is of a script, which has its interpreter's name before its own."""
    return bool(loading.given(e.exe, words, e.cwd))


def runs(text: str, name: str) -> bool:
    """Whether a line has a program's name as a word, or at the end of a path."""
    if not name or name not in text:
        return False
    return re.search(rf"(?:^|[\s;&|(`/]){re.escape(name)}(?:$|[\s;&|)`])", text) is not None


def has_all(text: str, words: Iterable[str]) -> bool:
    """Whether a line has words, or what a shell makes these of."""
    absent = [word for word in words if not _stands(text, word)]
    if not absent:
        return True
    patterns = _patterns(text)
    return all(any(fnmatchcase(word, pattern) for pattern in patterns) for word in absent)


def _stands(text: str, word: str) -> bool:
    """Whether a line has a word, and not as a piece of a longer one."""
    if word not in text:
        return False
    before = r"(?<![\w.-])" if _PART.match(word) else ""
    behind = r"(?![\w.-])" if _PART.fullmatch(word[-1:]) else ""
    return re.search(before + re.escape(word) + behind, text) is not None


def _patterns(text: str) -> tuple[str, ...]:
    """What a shell makes other words of, of a line."""
    if _SIGNS.isdisjoint(text):
        return ()
    made = (_MADE_UP.sub("*", token) for token in _BLANKS.split(text))
    return tuple(token for token in made if not _ANY.isdisjoint(token))


def names(text: str, thing: str) -> bool:
    """Whether a line names what an act is on: a file, or a job."""
    name = posixpath.basename(thing)
    if not name or name not in text:
        return False
    # `12.0` is a step of job 12, and `a.py.old` is not a.py.
    behind = r"(?![\w-])" if name.isdigit() else r"(?![\w-]|\.\w)"
    return re.search(rf"(?<![\w.-]){re.escape(name)}{behind}", text) is not None
