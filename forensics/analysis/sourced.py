"""What files that a shell takes in take in themselves, as far as git's blobs hold their texts: so many steps, and so many texts."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from forensics.analysis import surroundings
from forensics.analysis.homes import Home
from forensics.analysis.surroundings import Named

DEEPEST = 4
"""A file that a file takes in that a file takes in, and so on."""
MOST = 64
"""Texts that are looked at from one line on."""
Texts = Callable[[str], Sequence[str]]
"""What gives the texts that are known of a file, by its path."""


def through(told: Iterable[Named], cwd: str | None, home: Home, texts: Texts) -> Iterator[tuple[Named, bool]]:
    """What was named, and what the texts of such files name in turn; the latter with True.

    Args:
        told: what words name.
        cwd: where they are done, if that is on record.
        home: what a home's sign stands for.
        texts: the texts of a file.
    """
    seen = dict.fromkeys(told)
    yield from ((one, False) for one in seen)
    ahead, looked_at = list(seen), 0
    for _ in range(DEEPEST):
        more = dict[Named, None]()
        for one in ahead:
            if not surroundings.shell_does(one) or looked_at >= MOST:
                continue
            looked_at += 1
            lines = (line for text in texts(one.path) for line in text.splitlines())
            more |= dict.fromkeys(n for line in lines for n in surroundings.named(line, cwd=cwd, home=home))
        ahead = [one for one in more if one not in seen]
        seen |= dict.fromkeys(ahead)
        yield from ((one, True) for one in ahead)
