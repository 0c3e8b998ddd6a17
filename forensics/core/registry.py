"""The modules of a folder by name, each loaded when it is first asked for."""

import pkgutil
from collections.abc import Iterator, Mapping
from importlib import import_module
from types import ModuleType


class Modules(Mapping[str, ModuleType]):
    """A folder's modules, in order of name. To know the names, and how many there are, loads none."""

    def __init__(self, package: str, paths: list[str]) -> None:
        """The modules of `package`, which lies in `paths`."""
        self._package = package
        self._names = sorted(module.name for module in pkgutil.iter_modules(paths))
        self._loaded: dict[str, ModuleType] = {}

    def __getitem__(self, name: str) -> ModuleType:
        """The module of a name.

        Raises:
            KeyError: there is none.
        """
        loaded = self._loaded.get(name)
        if loaded is None:
            if name not in self._names:
                raise KeyError(name)
            # Asked for again with every file that is to be recognised, and finding it takes longer than some answers.
            loaded = self._loaded[name] = import_module(f"{self._package}.{name}")
        return loaded

    def __contains__(self, name: object) -> bool:
        """Whether there is such a module."""
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        """Their names."""
        return iter(self._names)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._names)
