"""Cases for other programs: one module per foreign format, and being in the folder is the registration.

Each has `MEANING`, what is written and for whom; `SUFFIX`, what its file is called by, empty for a folder; and
`write(given, out)`. Each docstring says where the format is described, and what of a case it cannot hold.
"""

import pkgutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Given:
    """What can be exported.

    findings: as `findings.json` holds them.
    events: gives the events in their order, each as a mapping of the columns of schema `event`; asked for once or never.
    tables: the folder of the case's tables.
    """

    findings: Json
    events: Callable[[], Iterable[Json]]
    tables: Path


@dataclass(frozen=True, slots=True)
class Told:
    """How much was written, and how many events the format has no place for because they have no time."""

    written: int
    undated: int = 0


def registry() -> dict[str, ModuleType]:
    """The formats by name."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return {name: import_module(f"{__name__}.{name}") for name in names}
