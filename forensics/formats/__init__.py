"""What can be read. A module in this folder is a format; being here is the registration."""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import cast

from forensics.core.model import Format
from forensics.core.registry import Modules

_ASKED_FIRST = dict.fromkeys((b"type=", b"node="), ("auditd", "sudo_stream"))
"""By how a file begins: every format that can be as sure of such a file as `_SURE`. To load the others takes a while."""
_SURE = 97
COMMON = ("auditd", "k8s_audit", "sacct", "syslog")
"""The formats that files of many megabytes commonly are of."""
_LIKELY = 80
_NAME = re.compile(rb"[0-9a-f]{40}(?:[0-9a-f]{24})?\n?")
_OF_A_NAME = (
    *("bash_history", "git_layout", "git_ref", "pip_installer"),
    *("python_history", "sudo_stream", "zsh_history"),
)
"""Every format that takes a line that is no more than a git object's name for its own, wherever it lies: a repository has a file of such for each ref."""


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
    if _NAME.fullmatch(head):
        name, sure = _surest(_OF_A_NAME, head, path)
        return name if sure > 10 else None
    name, sure = _surest(_ASKED_FIRST.get(head[:5], ()), head, path)
    if sure < _SURE:
        name, sure = _surest(None, head, path)
    return name if sure > 10 else None


def likely(head: bytes, path: str) -> str | None:
    """Which of `COMMON` a file probably is of, for whoever can use a guess; the others are not asked. None where of none.

    Args: as for `recognise`.
    """
    name, sure = _surest(_ASKED_FIRST.get(head[:5], COMMON), head, path)
    return name if sure >= _LIKELY else None


def _surest(names: tuple[str, ...] | None, head: bytes, path: str) -> tuple[str | None, int]:
    """The first in order of name of these formats, or of all, that are surest of a file, and how sure."""
    best, most = None, -1
    for name, asked in _asked(names):
        sure = asked(head, path)
        if sure > most:
            best, most = name, sure
    return best, max(most, 0)


@cache
def _asked(names: tuple[str, ...] | None) -> tuple[tuple[str, Callable[[bytes, str], int]], ...]:
    """The formats of these names, or all, in order of name, with how each says how sure it is: looked up once, not for each file."""
    known = registry()
    return tuple(
        (name, known[name].recognise) for name in (sorted(known) if names is None else sorted(names))
    )
