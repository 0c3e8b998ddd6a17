"""Names of things, taken from their content or position: never from a counter, a clock or chance."""

from collections.abc import Iterable


def event_id(sha256: str, start: int, stop: int, part: int | None = None) -> str:
    """The id of the event that a span tells, `part` of it where the span tells several."""
    name = f"{sha256[:16]}.{start}.{stop}"
    return name if part is None else f"{name}.{part}"


def span_of(event: str) -> tuple[str, int, int]:
    """The first 16 of the hash, and the span, that an event id points to.

    Raises:
        ValueError: it is no event id.
    """
    parts = event.split(".")
    if len(parts) not in {3, 4} or len(parts[0]) != 16:
        raise ValueError(event)
    return parts[0], int(parts[1]), int(parts[2])


def numbered(prefix: str, count: int) -> Iterable[str]:
    """`A0001`, `A0002` …: display names for things already in a total order."""
    return (f"{prefix}{n:04d}" for n in range(1, count + 1))
