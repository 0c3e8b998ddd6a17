"""Two rows of moments of the same things by two clocks, laid over each other by the one shift that fits."""

import numpy as np
import numpy.typing as npt

from forensics.core.clock import NS_PER_S

FARTHEST_NS = 26 * 3600 * NS_PER_S
"""Zones lie at most 26 hours apart: what is farther off is another entry under the same number."""
_FEW = 3
"""How many records at least have to fit for rows of unequal length to be laid over each other."""


def laid_over(
    first: npt.NDArray[np.int64], second: npt.NDArray[np.int64], *, least_ns: int, most_ns: int
) -> list[tuple[int, int]] | None:
    """Which of two rows of moments belong together, by the one shift under which most of them do.

    Args:
        first: moments by one clock, in order.
        second: moments by another, in order.
        least_ns: by how much the second of a pair is later in truth, at least.
        most_ns: the same, at most.

    Returns:
        Pairs of places, at least `_FEW` and at least half of the shorter row; None where another shift,
        more than the width of the bounds away, fits more than half as many, or where too few fit.
    """
    shift = (second[None, :] - first[:, None]).ravel()
    shift = np.sort(shift[np.abs(shift) <= FARTHEST_NS])
    width = most_ns - least_ns
    if not len(shift):
        return None
    held = np.searchsorted(shift, shift + width, side="right") - np.arange(len(shift))
    best = int(np.argmax(held))
    chosen = shift[best]
    pairs = _matched(first, second, int(chosen), int(chosen) + width)
    far = held[np.abs(shift - chosen) > 2 * width]
    rival = int(far.max()) if len(far) else 0
    enough = len(pairs) >= max(_FEW, (min(len(first), len(second)) + 1) // 2)
    return pairs if enough and 2 * rival <= len(pairs) else None


def _matched(
    first: npt.NDArray[np.int64], second: npt.NDArray[np.int64], least: int, most: int
) -> list[tuple[int, int]]:
    """Pairs in order, each of the first with the earliest of the second that is left and fits."""
    pairs, at = [], 0
    for i, moment in enumerate(first.tolist()):
        while at < len(second) and second[at] - moment < least:
            at += 1
        if at < len(second) and second[at] - moment <= most:
            pairs.append((i, at))
            at += 1
    return pairs
