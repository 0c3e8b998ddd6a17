"""How many of what is alike a run of the tests takes.

Many tests ask one thing of case after case, and each case is a whole analysis. On the build server, which has a quarter
of an hour, they take some of them; `make test-all`, which nobody waits for, takes all.
"""

import os

EVERY = os.environ.get("FORENSICS_ALL_CASES") == "1"


def some(every, most):
    """Of things in their order at most so many, the first and the last and as even between as can be; all, if all are asked for."""
    every = list(every)
    if EVERY or most >= len(every):
        return every
    if most == 1:
        return every[:1]
    return [every[n * (len(every) - 1) // (most - 1)] for n in range(most)]


def examples(most):
    """How many examples hypothesis draws: a third of so many, and never fewer than three; all, if all are asked for."""
    return most if EVERY else max(3, most // 3)
