"""What can be read. A module in this folder is a format; being here is the registration."""

import pkgutil
from functools import cache
from importlib import import_module
from typing import cast

from forensics.core.model import Format


@cache
def registry() -> dict[str, Format]:
    """Every format by name, in order of name."""
    names = sorted(m.name for m in pkgutil.iter_modules(__path__))
    return {name: cast("Format", import_module(f"{__name__}.{name}")) for name in names}


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
