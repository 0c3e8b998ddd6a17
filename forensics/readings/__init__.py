"""What we take records to mean. One module per format, of the same stem."""

import pkgutil
from functools import cache
from importlib import import_module
from typing import cast

from forensics.core.model import Reading


@cache
def registry() -> dict[str, Reading]:
    """Every reading by the name of its format, in order of name."""
    names = sorted(m.name for m in pkgutil.iter_modules(__path__))
    return {name: cast("Reading", import_module(f"{__name__}.{name}")) for name in names}
