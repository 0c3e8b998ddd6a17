"""Which host a path as collected shows, and where on it: by the first folder on the way that a root directory holds.

    hosts/login01/var/log/wtmp                                          /var/log/wtmp of login01
    uac-login01-linux-20261123151148.tar.gz/[root]/var/log/wtmp         the same: UAC
    login01_20261123151148.tar/fs/$rootfs$/var/log/wtmp                 the same: dissect acquire
    Collection-login01-2026-11-23T15_11_48Z.zip/uploads/auto/var/log/wtmp      the same: Velociraptor
    etc/passwd                                                          /etc/passwd of a host that the path does not name
    slurm/sacct.psv                                                     neither

The layout is the collector's, so it says what whoever collected wrote.
"""

from collections.abc import Iterable

from forensics.core import hostfolders

_ROOTS = frozenset(
    "etc home var root srv opt usr tmp run proc boot lib mnt data scratch".split()  # noqa: SIM905 - one line
)
_SURE = frozenset({"etc", "var"})
"""Folders that a root directory has, and that nobody calls a folder of collected evidence."""


def roots(paths: Iterable[str]) -> frozenset[str]:
    """The folders of the evidence that are a host's root directory beyond doubt, by what lies in them.

    Whatever else lies below such a folder lies within that host. A user can make folders in which a host's file
    system seems to lie, `work/kai/login01/var/log` or what a collector's archive is called; none of these are above their own.
    """
    found: dict[str, set[str]] = {}
    for path in paths:
        parts = path.split("/")
        n = next((n for n, part in enumerate(parts) if part in _ROOTS), None)
        if n is not None and parts[n] in _SURE and n + 1 < len(parts) and ".." not in parts:
            found.setdefault("/".join(parts[:n]), set()).add(parts[n])
    # At the top, where hosts' folders lie too, it takes both.
    return frozenset(folder for folder, seen in found.items() if folder or seen == _SURE)


def place(path: str, known: frozenset[str] = frozenset()) -> tuple[str | None, str | None]:
    """The host whose file system a path as collected shows, and the path there; None for what it does not say.

    Args:
        path: as collected.
        known: the folders that are a host's root directory beyond doubt.
    """
    parts = path.split("/")
    if ".." in parts:
        return None, None
    for n, part in enumerate(parts):
        if part in _ROOTS or "/".join(parts[:n]) in known:
            return _host(parts[:n]), "/" + "/".join(parts[n:])
    return None, None


def _host(above: list[str]) -> str | None:
    above = hostfolders.without_between(above)
    return hostfolders.name(above[-1]) if above else None
