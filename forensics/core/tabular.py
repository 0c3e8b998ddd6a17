"""pandas, loaded with the first use of it: to load it takes longer than to read a small case.

Arrow looks for pandas as soon as it makes an array, and loads it where it is installed, used or not. A process
that only reads evidence can tell it not to (`not_for_arrow`). Whoever takes pandas from here after that need not
know: Arrow is told again before anything is made of it.
"""

import sys
from importlib import import_module
from importlib.abc import MetaPathFinder
from types import ModuleType
from typing import TYPE_CHECKING

import pyarrow as pa


class _Late:
    """A module that is loaded when something of it is asked for."""

    _held: ModuleType | None = None

    def __getattr__(self, name: str) -> object:
        """What the module has of that name."""
        if self._held is None:
            self._held = import_module("pandas")
            # Arrow asks again whether there is pandas where it is to make something of it.
            pa.array([0]).to_pandas()
        return getattr(self._held, name)


class _Missing(MetaPathFinder):
    """Finds no pandas, and says that there is none."""

    def find_spec(self, fullname: str, path: object, target: object = None) -> None:  # noqa: ARG002 - the protocol's
        """Leave every other module to whoever finds it.

        Raises:
            ModuleNotFoundError: it is pandas.
        """
        if fullname == "pandas":
            raise ModuleNotFoundError(fullname, name=fullname)


if TYPE_CHECKING:
    import pandas  # noqa: ICN001 - whoever takes it from here names it
else:
    pandas = _Late()

__all__ = ["not_for_arrow", "pandas"]


def not_for_arrow() -> None:
    """Have Arrow take pandas for not installed, until somebody takes it from here; where it is loaded, do nothing.

    Only for a process in which nobody imports pandas by himself: Arrow would not know a series of it.
    """
    if "pandas" in sys.modules:
        return
    missing = _Missing()
    sys.meta_path.insert(0, missing)
    try:
        pa.array([0])
    finally:
        sys.meta_path.remove(missing)
