"""Records of one host's audit trail that two files tell differently: one of them was changed.

The kernel gives a number to each record once between two boots. So two files that hold the same number of one host and moment hold
the same record, and where they do not say the same of it, which of both was changed is not told by either. Nobody is named by such
a record, and what each file says of it is shown. A file can begin or end within a record: its first and last moment are not compared.
Formats differ in what they keep: between two of them only the session, the login account and the process are compared.
"""

import numpy as np
import pandas as pd

MISSING = "agreement_of_copies"
"""What is missing where an act rests on such a record."""
_PUT_TOGETHER = frozenset({"auditd"})
"""Formats whose lines are put together into records wherever they lie (`core.auditcopies`)."""
_SAME = ["verb", "outcome", "session", "auid", "uid", "pid", "ppid", "exe", "argv", "object", "object_from", "target_pid", "signal"]  # fmt: skip
_WHO = ["session", "auid", "pid"]
_KEY = ["host", "serial", "moment"]


def told(own: pd.DataFrame) -> "pd.Series[bool]":
    """Which records of a trail are told differently by two files.

    Args:
        own: events of trails that have a host, a number, which no account can give itself, and a time.
    """
    out = pd.Series(False, index=own.index)
    if not len(own):
        return out
    keyed = own.assign(moment=own["earliest_ns"].astype("int64") // 1_000_000)
    by_file = keyed.groupby("sha256")["moment"]
    whole = (keyed["moment"] > by_file.transform("min")) & (keyed["moment"] < by_file.transform("max"))
    several = keyed.groupby(["host", "serial"])["sha256"].transform("nunique") > 1
    # Lines of one record that lie in two files were put together, unless these tell it differently.
    keyed = keyed[several & (whole | keyed["format"].isin(_PUT_TOGETHER))]
    if not len(keyed):
        return out
    words = ["\x1f".join(map(str, row)) for row in keyed[_SAME].itertuples(index=False)]
    keyed = keyed.assign(said=pd.util.hash_array(np.array(words, object)))
    # Of a record that several rows tell, the order of the rows says nothing.
    sums = keyed.groupby([*_KEY, "format", "sha256"], as_index=False)["said"].sum()
    differ = sums.groupby([*_KEY, "format"], as_index=False)["said"].nunique()
    keys = [differ.loc[differ["said"] > 1, _KEY]]
    for column in _WHO:
        known = keyed[keyed[column].notna()]
        sides = known.groupby(_KEY, as_index=False)[column].nunique()
        keys.append(sides.loc[sides[column] > 1, _KEY])
    disputed = pd.concat(keys).drop_duplicates()
    at = keyed.reset_index(names="place").merge(disputed, on=_KEY)["place"]
    out.loc[np.asarray(at)] = True
    return out
