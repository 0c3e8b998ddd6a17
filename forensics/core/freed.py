"""Memory that a process freed and will need again."""

import numpy as np
import pyarrow as pa

_LARGEST_BYTES = 8 << 20
"""The largest block of freed memory that stays with the process."""


def keep() -> None:
    """Have Arrow take memory from the C library, as numpy does, so that what one frees the other takes, and have that keep it.

    Arrow's own allocator gives the arrays of each block back to the system and asks for them anew: a fifth
    of all processor time went into pages that the kernel had to clear.
    """
    pa.set_memory_pool(pa.system_memory_pool())
    # A block that large, once freed, has the C library of GNU keep others up to its size, and twice as much at the top
    # of its memory (mallopt(3), M_MMAP_THRESHOLD).
    largest = np.empty(_LARGEST_BYTES, np.uint8)
    del largest
