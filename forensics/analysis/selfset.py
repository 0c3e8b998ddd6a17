"""Login uids that a process without root's rights gave itself.

While no login uid is set, the kernel lets any process set one, to whatever number: in a job that a daemon started, in what a container
runs. From then on each record of what it does bears that number, and a session's, and whoever has the number did nothing. What lets
people in does so as root. So where the record of the setting bears another uid, nothing in that session tells whose it is: its
processes are taken for what they were before, of no login, and the uid that they run with stays. One that runs with another uid than
the process that set it, by `sudo` or `su`, is of the account that this process ran with: a session's number is handed down, and to
nobody else.
"""

from collections.abc import Callable, Iterable
from typing import Any

import pandas as pd

Json = dict[str, Any]
KIND = "login_uid_set_without_rights"
"""What such a setting is told as."""
_GIVEN = "loginuid"
SYSTEM = 999
"""The last number of accounts of a system's own programs, which no user enters."""


def withheld(events: pd.DataFrame) -> pd.DataFrame:
    """The events, without account and session where a process without rights chose these.

    Args:
        events: schema `event`, in order of time, with `trail`. Sessions are numbered anew from each boot: such a number is another's
            from the next time on that what runs as root is given it.

    Returns:
        `events`, its order kept. Of the record of the setting, `target_uid` is the login uid that was set, `text` the session's number.
    """
    given = events["trail"] & (events["verb"] == _GIVEN) & events["session"].notna()
    given &= (events["outcome"] != "failure") & events["earliest_ns"].notna()
    own = given & _without_rights(events)
    if not own.any():
        return events
    of = (
        events["trail"]
        & events["earliest_ns"].notna()
        & events["session"].isin(set(events.loc[own, "session"]))
    )
    chosen: list[Any] = []
    setter: list[Any] = []
    for _, rows in events[of].groupby(["host", "session"], dropna=False, sort=True):
        # Each record is of the setting that came last before it; before the first nobody knows.
        last = pd.Series(rows.index, rows.index).where(given.loc[rows.index]).ffill().dropna()
        last = last[own.loc[last].to_numpy()]
        chosen += list(last.index)
        setter += list(last)
    events = events.copy()
    setting_rows = events.index[own]
    events.loc[setting_rows, "target_uid"] = events.loc[setting_rows, "auid"]
    events.loc[setting_rows, "text"] = events.loc[setting_rows, "session"]
    began = pd.Series(events.loc[setter, "uid"].to_numpy(), index=chosen, dtype=events["uid"].dtype)
    rights = (events.loc[chosen, "uid"] != began).fillna(value=False).astype(bool)
    events.loc[chosen, ["account", "session"]] = None
    events.loc[chosen, "auid"] = began.where(rights, pd.NA)
    events.loc[chosen, "account_absence"] = "not_recorded"
    return events


def _without_rights(events: pd.DataFrame) -> "pd.Series[bool]":
    """Which records are of a process that had not root's rights: by its effective uid too, for `atd` is `daemon` by its real one."""
    plain = (events["euid"].isna() | (events["euid"] != 0)) & (events["uid"] > SYSTEM)
    return plain.fillna(value=False).astype(bool)


def contradictions(events: pd.DataFrame, cites: Callable[[Iterable[str]], list[Json]]) -> list[Json]:
    """Each such setting: what the kernel's record says of it, and what therefore nobody is told by."""
    given = events["trail"] & (events["verb"] == _GIVEN) & events["session"].isna()
    rows = events[given & events["target_uid"].notna()]
    if not len(rows):
        return []
    rows = rows[_without_rights(rows)]
    found = []
    for e in rows.sort_values("event_id").to_dict("records"):
        says = f"a process with uid {int(e['uid'])} set it, without root's rights"
        about = f"login uid {int(e['target_uid'])} of session {e['text']} of {e['host']}"
        found.append(
            {"about": about, "kind": KIND, "says": [{"what": says, "citations": cites([e["event_id"]])}]}
        )
    return found
