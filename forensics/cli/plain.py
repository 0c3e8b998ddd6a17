"""Words that are what they seem, understood without the library of the command line: that loads another one to convert values, 0.07 s.

Only for commands that are over sooner than that. Whatever is not plain is left to the library, which alone says what is wrong.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from inspect import Parameter, signature
from typing import Annotated, Any, get_args, get_origin

import typer
from typer.models import ArgumentInfo, OptionInfo

PLAIN = frozenset({"ingest", "who"})
"""The commands whose words are understood here."""
_COUNT = re.compile(r"[1-9][0-9]{0,5}")


class _UnclearError(Exception):
    """The library has to look at the words."""


def understood(words: Sequence[str], command: Callable[..., None]) -> Mapping[str, object] | None:
    """The arguments of a command as they were typed after its name; None where they are not plain.

    Args:
        words: what follows the name of the command.
        command: has its arguments declared as the library wants them.
    """
    known = {name: _declared(own) for name, own in signature(command).parameters.items()}
    try:
        return _taken(words, known)
    except _UnclearError:
        return None


class _Declared:
    """How an argument is declared: its type, what the library knows of it, its default."""

    def __init__(self, kind: object, info: ArgumentInfo | OptionInfo | None, default: object) -> None:
        self.kind, self.info, self.default = kind, info, default


def _declared(own: Parameter) -> _Declared:
    if get_origin(own.annotation) is not Annotated:
        return _Declared(own.annotation, None, own.default)
    kind, *infos = get_args(own.annotation)
    info = infos[0] if len(infos) == 1 and isinstance(infos[0], ArgumentInfo | OptionInfo) else None
    return _Declared(kind, info, own.default)


def _options(name: str, info: ArgumentInfo | OptionInfo | None) -> Sequence[str]:
    """The words that an option goes by. Where it is declared beside a type, the library takes the first for its default."""
    if not isinstance(info, OptionInfo):
        return ()
    said = [word for word in (info.default, *(info.param_decls or ())) if isinstance(word, str)]
    return said or (f"--{name.replace('_', '-')}",)


def _taken(words: Sequence[str], known: Mapping[str, _Declared]) -> dict[str, object]:
    options = {option: name for name, own in known.items() for option in _options(name, own.info)}
    places = [name for name, own in known.items() if isinstance(own.info, ArgumentInfo)]
    found: dict[str, object] = {}
    left = iter(words)
    for word in left:
        name = (
            options.get(word) if word.startswith("-") else next((p for p in places if p not in found), None)
        )
        if name is None or name in found:
            raise _UnclearError
        own = known[name]
        if own.kind is bool:
            found[name] = True
        else:
            found[name] = _value(next(left, "") if word.startswith("-") else word, own)
    missing = {name: own.default for name, own in known.items() if name not in found}
    if Parameter.empty in missing.values():
        raise _UnclearError
    return found | missing


def _value(word: str, own: _Declared) -> object:
    """What a word stands for, where that is plain."""
    info: Any = own.info
    if not word or word.startswith("-"):
        raise _UnclearError
    if info.parser is not None and get_origin(own.kind) is None:
        try:
            return info.parser(word)
        except typer.BadParameter as error:
            raise _UnclearError from error
    if own.kind is int and _COUNT.fullmatch(word) and info.max is None and int(word) >= (info.min or 0):
        return int(word)
    if own.kind in (str, str | None) and info.parser is None:
        return word
    raise _UnclearError
