"""Folders of the evidence that are a host's: how collectors name them, and what they put between the name and the root."""

import re
from collections.abc import Collection

BETWEEN = (["[root]"], ["fs", "$rootfs$"], ["uploads", "auto"], ["uploads", "file"])
"""Folders that collectors put between the host's name and its root."""
ARCHIVE = re.compile(
    r"(?P<name>.+?)(?:\.tar(?:\.(?:gz|bz2|xz|zst|zstd))?|\.tgz|\.tbz2?|\.txz|\.zip)", re.IGNORECASE
)
_NAMED = (
    re.compile(r"uac-(?P<host>.+)-[a-z]+-[0-9]{14}"),
    re.compile(r"Collection-(?P<host>.+?)-[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9_:]+(?:Z|[+-][0-9_:]+)?"),
    re.compile(r"(?P<host>.+)_[0-9]{14}"),
)
"""How collectors name what they make: UAC, Velociraptor, dissect acquire."""


def without_between(above: list[str]) -> list[str]:
    """The folders above a host's root, without those that a collector put under the host's name."""
    between = next((folders for folders in BETWEEN if above[-len(folders) :] == folders), [])
    return above[: len(above) - len(between)]


def name(folder: str) -> str:
    """The host that a folder, or an archive, is called after."""
    packed = ARCHIVE.fullmatch(folder)
    plain = packed["name"] if packed else folder
    found = next((match["host"] for shape in _NAMED if (match := shape.fullmatch(plain))), None)
    return found or plain


def shelf(root: str) -> str:
    """The folder in which the folder of a host lies; the empty text is the top of the evidence.

    An archive of one host that holds a folder of the host's name is that host's folder.

    Args:
        root: the host's root directory, as collected: `hosts/login01`, `uac-login01-linux-20261123151148.tar.gz/[root]`.
    """
    above = without_between(root.split("/"))
    while len(above) > 1 and name(above[-2]) == name(above[-1]):
        above = above[:-1]
    return "/".join(above[:-1])


def same(host: str, folder: str, known: Collection[str] = ()) -> bool:
    """Whether a name that a log gives a host can be of the host that a folder is called after.

    One has to hold the other as words of their own: `login01` can be of `login01.lab` and of `uac-login01`, `gpu1` cannot be of `gpu10`.

    Args:
        host: as the log names it, perhaps with its domain.
        folder: as it is called.
        known: all such folders. Where one has the very name, no other is of that host.
    """
    full, own = host.casefold(), folder.casefold()
    short = full.partition(".")[0]
    if own in {full, short}:
        return True
    if any(one.casefold() in {full, short} for one in known):
        return False
    return _holds(own, short) or _holds(short, own)


def _holds(name: str, word: str) -> bool:
    return bool(word) and re.search(rf"(?<![^\W_]){re.escape(word)}(?![^\W_])", name) is not None
