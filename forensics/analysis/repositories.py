"""What a server, a path and an address call a repository, and whether two such names can mean one."""

from collections.abc import Iterable, Sequence
from itertools import takewhile


def parts(repository: object) -> tuple[str, ...]:
    """The parts of a repository's name or path, without what only says that it is git's; none for no name."""
    if not isinstance(repository, str):
        return ()
    name = repository.strip("/").removesuffix("/.git").removesuffix("/dot-git").rstrip("/")
    return tuple(part for part in name.removesuffix(".git").split("/") if part)


def short_name(repository: object) -> str | None:
    """The name by which a server, a path and an address all know a repository; None for none."""
    found = parts(repository)
    return found[-1] if found else None


def alike(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two names, in parts, can be of one repository: the shorter is the end of the longer.

    `llm`, `team/llm` and `/srv/git/team/llm.git` can; `kai/llm`, which is a fork, and `team/llm` cannot.
    """
    most = min(len(one), len(other))
    return bool(most) and tuple(one[-most:]) == tuple(other[-most:])


def fitting(names: Iterable[str], repository: object) -> frozenset[str]:
    """Of the names of one short name that logs have, those that fit a repository's path best: most parts from the end are alike.

    So a fork tells of a repository of the same short name only where no log has a name that fits it better. What a web
    server puts before a name fits as well as nothing does; a user's own pages (`~kai`) are no such thing.
    """
    path = parts(repository)
    ranked = {name: _fit(parts(name), path) for name in names}
    best = max(ranked.values(), default=0)
    return frozenset(name for name, rank in ranked.items() if rank == best and rank)


def _fit(name: Sequence[str], path: Sequence[str]) -> int:
    pairs = zip(reversed(name), reversed(path), strict=False)
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    return 0 if any(part.startswith("~") for part in name[: len(name) - same]) else same
