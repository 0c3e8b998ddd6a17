"""Folders of the evidence that are a host's: how collectors name them, and what they put between the name and the root."""

import re
from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from forensics.core import clock
from forensics.core.clock import NS_PER_S

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
_WHEN = re.compile(
    r"[-_](?P<time>[0-9]{14}|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}[_:][0-9]{2}[_:][0-9]{2})(?P<utc>Z?)$"
)
"""The time in such a name. One with an offset is not read: it is any of the zones."""


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


def collected(path: str) -> tuple[int, int] | None:
    """When what lies at a path was collected, by the time in the name of its folder or archive, in ns since 1970 UTC.

    Args:
        path: as collected: `uac-login01-linux-20261123151148.tar.gz/[root]/etc/passwd`.

    Returns:
        The first and the last moment, in whatever zone the collector ran where its name tells of none; None where no folder has one such time.
    """
    told = {digits for folder in path.split("/")[:-1] if (digits := _time(folder)) is not None}
    if len(told) != 1:
        return None
    zoned, when = next(iter(told))
    east_ns, west_ns = (0, 0) if zoned else (14 * 3600 * NS_PER_S, 12 * 3600 * NS_PER_S)
    return when - east_ns, when + west_ns + NS_PER_S - 1


def _time(folder: str) -> tuple[bool, int] | None:
    """Whether a time has the zone of UTC, and the time, of a folder that a collector named after it."""
    packed = ARCHIVE.fullmatch(folder)
    plain = packed["name"] if packed else folder
    if not any(shape.fullmatch(plain) for shape in _NAMED):
        return None
    match = _WHEN.search(plain)
    if match is None:
        return None
    digits = re.sub(r"[^0-9]", "", match["time"])
    try:
        when = clock.typed(
            f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}T{digits[8:10]}:{digits[10:12]}:{digits[12:14]}Z"
        )
    except ValueError:
        return None
    return bool(match["utc"]), (when - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1) * NS_PER_S


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
