"""What can be read. A module in this folder is a format; being here is the registration."""

from collections.abc import Mapping
from functools import cache
from typing import cast

from forensics.core.model import Format
from forensics.core.registry import Modules


@cache
def registry() -> Mapping[str, Format]:
    """Every format by name, in order of name. Each is loaded when it is asked for."""
    return cast("Mapping[str, Format]", Modules(__name__, list(__path__)))


def recognise(head: bytes, path: str) -> str | None:
    """The format that is surest of a file, or None where none claims it.

    Args:
        head: its first bytes, at most 65,536.
        path: the path as collected.
    """
    if not head:
        return None
    sure = {name: form.recognise(head, path) for name, form in registry().items()}
    best = max(sorted(sure), key=lambda name: sure[name])
    return best if sure[best] > 10 else None
