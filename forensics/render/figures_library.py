"""Loading what draws, from a folder in which nobody has put settings for it."""

from contextlib import chdir
from pathlib import Path


def load() -> None:
    """Load matplotlib, if it is not loaded. Before anything of it is imported.

    The first place where it looks for settings is the working directory, which may be evidence: what it did not
    understand of them it would put on the terminal.
    """
    with chdir(Path(__file__).parent):
        import matplotlib as mpl  # noqa: F401, PLC0415 - slow to import
