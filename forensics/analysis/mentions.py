"""Which of many paths the texts of scripts lead to, each asked of what can be led there instead of all with all.

`wording.said` has the rule. A text names a file by its last part, whichever script it is of; and it can import a file only
where the first word of the file's dotted name is the first word of what it imports.
"""

import posixpath
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from functools import lru_cache

from forensics.analysis import wording

_PACKAGES = re.compile(r"/(?:site|dist)-packages/")
Said = tuple[str, str]
"""A path, and how a text leads to it."""


class Paths:
    """Paths to which texts can lead, put in order once."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._by_base: dict[str, list[str]] = {}
        self._packaged: dict[str, list[str]] = {}
        self._own: list[str] = []
        for path in paths:
            self._by_base.setdefault(posixpath.basename(path), []).append(path)
            if not path.endswith(".py"):
                continue
            if _PACKAGES.search(path):
                self._packaged.setdefault(_first(str(wording.module_of(path, ""))), []).append(path)
            else:
                self._own.append(path)
        self._own.sort()
        self._bases = lru_cache(maxsize=None)(self._in_text)

    def said(self, script: str, text: str) -> list[Said]:
        """Each path that a script's text leads to, and how: what `wording.said` says, for those of which it says something."""
        modules = wording.imports(text)
        folder = folder_of(script)
        own = self._own[
            bisect_left(self._own, folder) : bisect_right(self._own, folder, key=lambda p: p[: len(folder)])
        ]
        packaged = [p for first in sorted(set(map(_first, modules))) for p in self._packaged.get(first, ())]
        named = [path for base in self._bases(text) for path in self._by_base[base]]
        led = (
            (path, wording.said(path, script, text, modules))
            for path in dict.fromkeys([*own, *packaged, *named])
        )
        return [(path, why) for path, why in led if why is not None]

    def _in_text(self, text: str) -> tuple[str, ...]:
        return tuple(base for base in self._by_base if base in text)


class Texts:
    """Texts of scripts, of which one is asked whether any leads to a path."""

    def __init__(self, texts: Iterable[tuple[str, str]]) -> None:
        """`texts` are scripts, each with a text of it."""
        self._texts: dict[str, None] = {}
        self._firsts: set[str] = set()
        self._by_folder: dict[str, set[str]] = {}
        for script, text in texts:
            firsts = set(map(_first, wording.imports(text)))
            self._texts[text] = None
            self._firsts |= firsts
            self._by_folder.setdefault(folder_of(script), set()).update(firsts)

    def lead(self, path: str) -> bool:
        """Whether one does."""
        base = posixpath.basename(path)
        if any(base in text and wording.named(base, text) for text in self._texts):
            return True
        if not path.endswith(".py"):
            return False
        if _PACKAGES.search(path):
            return _first(str(wording.module_of(path, ""))) in self._firsts
        return any(
            _first(path[len(folder) :].removesuffix(".py").replace("/", ".")) in self._by_folder[folder]
            for folder in above(path)
            if folder in self._by_folder
        )


def folder_of(script: str) -> str:
    """The folder of a script, which ends in a stroke."""
    return posixpath.dirname(script).rstrip("/") + "/"


def above(path: str) -> Sequence[str]:
    """Every folder that a path is in, each ending in a stroke."""
    return [path[: at + 1] for at, sign in enumerate(path) if sign == "/"]


def _first(name: str) -> str:
    return name.split(".", 1)[0]
