"""Records that no one kernel can have written between two boots: logs of several hosts were put into one, or a clock was set far back.

An audit log need not name its host (`name_format`), so that a log copied together from two hosts reads as one. A kernel gives each
number to one record, and each session's number to one process; and what it numbers later is not dated earlier, but by as long as a call
can have waited, or a clock was set back. Where a number is given twice, all that the trail tells of that boot can be of either host.
Where only number and time run apart, those records can. Their session may be another of the same number: nobody is named by them.
"""

import numpy as np
import pandas as pd

MISSING = "trail_of_one_host"
"""What is missing where an act, or its session, rests on such a record."""
_SLACK_NS = 60 * 1_000_000_000
"""A call is dated when it begins and numbered when it is told, which can be later by less."""


def told(rows: pd.DataFrame) -> "pd.Series[bool]":
    """Which numbered records of one host's trail can be of another's.

    Args:
        rows: each record once, with `serial`, `earliest_ns`, `latest_ns`, `boot`, `verb`, `session`, `pid` and `format`.
    """
    rows = rows.sort_values(["boot", "serial", "earliest_ns"], kind="stable")
    twice = _moments(rows) | rows["boot"].isin(_processes(rows))
    both = twice.groupby(rows["boot"]).transform("any")
    before = rows.groupby("boot")["earliest_ns"].cummax()
    return both | (before - rows["earliest_ns"] > _SLACK_NS)


def _moments(rows: pd.DataFrame) -> "pd.Series[bool]":
    """Where a number is that of an earlier moment too; formats keep time more or less finely, so that each is beside its own kind."""
    by = rows.groupby(["boot", "format", "serial"])["latest_ns"]
    ends = (
        by.cummax()
        .groupby([rows["boot"], rows["format"], rows["serial"]])
        .shift(fill_value=np.iinfo(np.int64).max)
    )
    return rows["earliest_ns"] > ends


def _processes(rows: pd.DataFrame) -> set[int]:
    """Boots in which one session's number was given to several processes."""
    given = rows[(rows["verb"] == "loginuid") & rows["session"].notna() & rows["pid"].notna()]
    several = given.groupby(["boot", "session"])["pid"].nunique()
    return {int(boot) for boot, _ in several[several > 1].index}
