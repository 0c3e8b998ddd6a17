"""What a process loads that other processes are forked from (`workers`): all that reads, tells and writes."""

from forensics.core.loading import uncollected

with uncollected():
    from forensics.core import freed, tabular

    freed.keep()
    # Else Arrow would load pandas.
    tabular.not_for_arrow()

    import numpy.ma  # Arrow asks of each array of numpy's whether some of it is masked

    from forensics import formats, readings
    from forensics.pipeline import read

__all__ = ["formats", "numpy", "read", "readings"]
