"""What can be read. A module in this folder is a format; being here is the registration."""

import re
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from typing import cast

from forensics.core import filesigns, jsonlayout
from forensics.core.model import Format, Parsed
from forensics.core.registry import Modules

_ASKED_FIRST = dict.fromkeys((b"type=", b"node="), ("auditd", "sudo_stream"))
"""By how a file begins: every format that can be as sure of such a file as `_SURE`. To load the others takes a while."""
_SURE = 97
LAID_OUT = {
    "auditbeat": (b'"auditd"',),
    "bitbucket_audit": (b'"auditType"',),
    "bitbucket_ref_changes": (b'"refChange"',),
    "falco": (b'"output_fields"',),
    "gerrit_httpd_json": (b'"resource"',),
    "gerrit_sshd_json": (b'"session"',),
    "github_activity": (b'"activity_type"', b'"payload"'),
    "gitlab_events": (b'"action_name"',),
    "gitlab_json": (
        b'"controller"',
        b'"remote_ip"',
        b'"entity_type"',
        b'"grpc.method"',
        b'"gl_project_path"',
    ),
    "gpfs_audit": (b'"LWE_JSON"',),
    "jobcomp_json": (b'"@end"',),
    "journal_json": (b'"__REALTIME_TIMESTAMP"',),
    "laurel": (b'"ID"',),
    "osquery": (b'"hostIdentifier"',),
    "ray_event": (b'"source_type"',),
    "teleport": (b'"uid"',),
    "tetragon": (b'"process_', b'"rate_limit_info"'),
    "tlog": (b'"rec"',),
}
"""The formats of one object a line that are read where tools laid the objects out anew too (`jsonlayout`), each with bytes, one of
which stands in its objects: there is much other JSON, and most of it is not looked at further."""
_LONG_OBJECTS = LAID_OUT | {
    "conda_meta": (b'"files"',),
    **dict.fromkeys(("github_audit", "github_audit_laid_out"), (b'"action"',)),
    **dict.fromkeys(("k8s_audit", "k8s_audit_laid_out"), (b"audit", b'"methodName"')),
    **dict.fromkeys(("sacct_json", "scontrol_json"), (b'"jobs"',)),
}
"""The formats whose objects can be longer than what is seen of a file, each with bytes, one of which stands in its objects."""
_EARLY_BYTES = 1 << 14
"""So far into a file one of them is looked for: longer objects are seldom, and to look costs more than all else."""
_ARCHIVES = ("npy", "pickle")
"""The formats whose files are zip archives themselves, as checkpoints are."""
COMMON = ("auditd", "k8s_audit", "sacct", "syslog")
"""The formats that files of many megabytes commonly are of."""
_LIKELY = 80
_KEPT = 1 << 12
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
        name, sure = _surest(_possible(filesigns.lacking(head, path)), head, path)
    return name if sure > 10 else None


def of_objects(start: bytes, path: str) -> tuple[str | None, bool]:
    """The format of a file whose first object of JSON goes on behind what `recognise` sees; and whether its objects are laid out anew.

    Args:
        start: its first bytes, as many as the object has.
        path: the path as collected.
    """
    asked = tuple(name for name, signs in _LONG_OBJECTS.items() if any(sign in start for sign in signs))
    name, sure = _surest(asked, start, path)
    if sure > 10:
        return name, False
    name = _laid_out(start, start, path)
    return name, name is not None


def of_archive(head: bytes, path: str) -> str | None:
    """The format of a zip archive that is one file of a program's; None of an archive that holds files, whatever these hold.

    Lines of a log that lies in an archive as it was written are no lines of the archive's.

    Args: as for `recognise`.
    """
    name, sure = _surest(_ARCHIVES, head, path)
    return name if sure > 10 else None


def laid_out(head: bytes, path: str) -> str | None:
    """The format of one object a line that is surest of a file's objects, where these are laid out anew; None where none is.

    Asked where no format takes the file as it is.

    Args: as for `recognise`.
    """
    if not jsonlayout.begins(head):
        return None
    return _laid_out(head, head[:_EARLY_BYTES], path)


def _laid_out(head: bytes, early: bytes, path: str) -> str | None:
    """The same, where the signs of formats are looked for in `early`."""
    asked = tuple(name for name, signs in LAID_OUT.items() if any(sign in early for sign in signs))
    lines = jsonlayout.unfolded(head) if asked else b""
    name, sure = _surest(asked, lines, path) if lines else (None, 0)
    return name if sure > 10 else None


def cut(name: str, *, anew: bool) -> str:
    """How a file of a format may be cut, as the format has it; not at all, where its objects are laid out `anew`."""
    return "whole" if anew else registry()[name].CUT


def parsed(name: str, data: bytes, base: int, *, anew: bool) -> Parsed:
    """What a format makes of a chunk.

    Args:
        name: the format.
        data: the chunk.
        base: offset of its first byte in the file, in bytes.
        anew: whether its objects are laid out anew, and the chunk is the whole file.
    """
    form = registry()[name]
    return jsonlayout.parse(data, base, form.parse) if anew else form.parse(data, base)


def likely(head: bytes, path: str) -> str | None:
    """Which of `COMMON` a file probably is of, for whoever can use a guess; the others are not asked. None where of none.

    Args: as for `recognise`.
    """
    asked = _ASKED_FIRST.get(head[:5], COMMON)
    name, sure = _surest(tuple(sorted({*asked} - filesigns.lacking(head, path))), head, path)
    return name if sure >= _LIKELY else None


@lru_cache(_KEPT)
def _possible(lacking: frozenset[str]) -> tuple[str, ...]:
    """The formats but for some."""
    return tuple(name for name in registry() if name not in lacking)


def _surest(names: tuple[str, ...], head: bytes, path: str) -> tuple[str | None, int]:
    """The first in order of name of these formats that are surest of a file, and how sure."""
    best, most = None, -1
    for name, asked in _asked(names):
        sure = asked(head, path)
        if sure > most:
            best, most = name, sure
    return best, max(most, 0)


@lru_cache(_KEPT)
def _asked(names: tuple[str, ...]) -> tuple[tuple[str, Callable[[bytes, str], int]], ...]:
    """The formats of these names, in order of name, with how each says how sure it is: looked up once, not for each file."""
    known = registry()
    return tuple((name, known[name].recognise) for name in sorted(names))
