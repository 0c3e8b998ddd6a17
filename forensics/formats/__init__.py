"""What can be read. A module in this folder is a format; being here is the registration."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import cast

from forensics.core.model import Format
from forensics.core.registry import Modules

_ASKED_FIRST = dict.fromkeys((b"type=", b"node="), ("auditd", "sudo_stream"))
"""By how a file begins: every format that can be as sure of such a file as `_SURE`. To load the others takes a while."""
_SURE = 97


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
    name, sure = _surest(_ASKED_FIRST.get(head[:5], ()), head, path)
    if sure < _SURE:
        name, sure = _surest(registry(), head, path)
    return name if sure > 10 else None


def _surest(names: Iterable[str], head: bytes, path: str) -> tuple[str | None, int]:
    """The first in order of name of the formats that are surest of a file, and how sure."""
    sure = {name: registry()[name].recognise(head, path) for name in sorted(names)}
    return max(sure.items(), key=lambda item: item[1], default=(None, 0))
