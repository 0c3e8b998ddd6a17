"""Names of things, taken from their content or position: never from a counter, a clock or chance."""

import re
from collections.abc import Iterable

_ID = re.compile(r"([0-9a-f]{16})\.([0-9]{1,18})\.([0-9]{1,18})(\.[0-9]{1,18})?", re.ASCII)
"""No more digits than a file has bytes: names in evidence can look like an event's id, and count higher."""


def event_id(sha256: str, start: int, stop: int, part: int | None = None) -> str:
    """The id of the event that a span tells, `part` of it where the span tells several."""
    name = f"{sha256[:16]}.{start}.{stop}"
    return name if part is None else f"{name}.{part}"


def span_of(event: str) -> tuple[str, int, int]:
    """The first 16 of the hash, and the span, that an event id points to.

    Raises:
        ValueError: it is no event id.
    """
    parts = _ID.fullmatch(event)
    if parts is None:
        raise ValueError(event)
    return parts[1], int(parts[2]), int(parts[3])


def numbered(prefix: str, count: int) -> Iterable[str]:
    """`A0001`, `A0002` …: display names for things already in a total order."""
    return (f"{prefix}{n:04d}" for n in range(1, count + 1))
