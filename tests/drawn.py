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


DEAR = frozenset(
    f"test_{name}.py"
    for name in (
        "altered", "badly_ended_jobs", "capability", "carried", "clocks", "commits", "common_devices", "containers",
        "deferred", "folders", "foreign_code", "git_settings", "job_ends", "lacking", "mixed_trail", "moved_refs",
        "numbers_on_two_hosts", "ordinary_jobs", "portions_of_files", "pushes", "readings", "scheduler_edits", "slurm_hostlog", "sourced",
        "surroundings", "taken_in", "trailcopies", "trails", "uncollected", "unknown_writer", "written_by_git",
    )
)  # fmt: skip
"""Files in which each row of a table is a whole analysis, or takes as long. Some keep ways in which an innocent was named: whoever changes a rule on names runs `make test-all`.

Of `test_attribution.py`, `test_frame_ups.py` and `test_innocent.py` nothing is left out.
"""


def left_out(items):
    """Of each test of `DEAR` that has more than three cases, after what `some` drew, every other one, but for the first and the last; none, if all are asked for."""
    if EVERY:
        return []
    cases = {}
    for item in items:
        if item.path.name in DEAR and hasattr(item, "callspec"):
            cases.setdefault((item.path.name, item.originalname), []).append(item)
    kept = {id(item) for own in cases.values() for item in some(own, max(3, (len(own) + 1) // 2))}
    return [item for own in cases.values() for item in own if id(item) not in kept]


def examples(most):
    """How many examples hypothesis draws: a third of so many, and never fewer than three; all, if all are asked for."""
    return most if EVERY else max(3, most // 3)
