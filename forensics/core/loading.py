"""Loading many modules: what they make stays, so that to look for garbage among it, which takes a tenth of the time, finds none."""

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Look for no garbage until the block ends, and never again among what there is then.

    Processes that are forked after that share it: to look at an object is to write to its page.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
        # What libraries find left of theirs when an interpreter ends, they complain of.
        atexit.register(gc.unfreeze)
