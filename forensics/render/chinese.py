"""Chinese: what it says for each English text of ours, its terms, and the typefaces that it is set in.

The catalogue is `chinese.toml`. The typefaces are Noto Serif SC and Noto Sans SC, of the extra `forensics[zh]`; a report has the
same bytes everywhere only in the very same ones, so no others are taken, those of the machine least of all.
"""

import hashlib
import importlib.util
import tomllib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files as resources
from pathlib import Path
from typing import NamedTuple

from forensics.core.errors import LanguageError
from forensics.render.languages import Language

PACKAGE = "pylopdf_fonts_zh_cn"
FONTS = {
    "NotoSansSC-Regular.otf": "faa6c9df652116dde789d351359f3d7e5d2285a2b2a1f04a2d7244df706d5ea9",
    "NotoSerifSC-Regular.otf": "e8f396decc1f0963a016a989c3d8852e863d1350996f573860a80767c83a1cd3",
}
"""The files of the typefaces, with their SHA-256."""
_REMEDY = "install it with: pip install 'forensics[zh]'"


class Term(NamedTuple):
    """A term of the report: in English, in Chinese, and what is meant by it, in Chinese."""

    english: str
    chinese: str
    meaning: str


@cache
def catalogue() -> bytes:
    """The catalogue as it stands in the package."""
    return resources(__package__).joinpath("chinese.toml").read_bytes()


@cache
def language() -> Language:
    """Chinese."""
    return Language("zh", tomllib.loads(catalogue().decode())["says"], joint="")


@cache
def terms() -> Sequence[Term]:
    """The terms, in the order in which a reader meets them."""
    return [Term(**row) for row in tomllib.loads(catalogue().decode())["term"]]


def digest() -> str:
    """The SHA-256 of the catalogue."""
    return hashlib.sha256(catalogue()).hexdigest()


@cache
def fonts() -> Path:
    """The folder of the typefaces.

    Raises:
        LanguageError: they are not installed, or are others than those that reports are set in.
    """
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise LanguageError(f"a report in Chinese needs its typefaces; {_REMEDY}")
    folder = Path(found.origin).parent
    for name, sha256 in FONTS.items():
        path = folder / name
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
            raise LanguageError(f"{path}: not the typeface that a report in Chinese is set in; {_REMEDY}")
    return folder
