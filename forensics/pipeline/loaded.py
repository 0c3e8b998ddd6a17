"""What a process loads that other processes are forked from (`workers`): all that reads, tells and writes."""

from forensics.core import freed, tabular

freed.keep()
tabular.not_for_arrow()

from forensics import formats, readings  # noqa: E402 - Arrow would load pandas
from forensics.pipeline import read  # noqa: E402

__all__ = ["read"]

formats.registry()
readings.registry()
