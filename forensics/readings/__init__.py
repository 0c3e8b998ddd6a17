"""What we take records to mean. One module per format, of the same stem."""

from collections.abc import Mapping
from functools import cache
from typing import cast

from forensics.core.model import Reading
from forensics.core.registry import Modules


@cache
def registry() -> Mapping[str, Reading]:
    """Every reading by the name of its format, in order of name. Each is loaded when it is asked for."""
    return cast("Mapping[str, Reading]", Modules(__name__, list(__path__)))
