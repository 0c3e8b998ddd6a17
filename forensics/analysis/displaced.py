"""Logs of a host or a service that lie where its users write: in somebody's home, or where anybody may.

Such a file can be a copy of a true log, and can be its owner's own work. It names nobody, because its trust
domain is that of the users; nor may it take a name back, or set a clock, by telling otherwise than another log. A trail or
a log of logins that lies so is left out altogether: what it tells would be put together with what other logs tell of the
same session, which then would have a key that only the owner of the file vouches for. So is a log of a scheduler's controller, of a git
server, of a cluster's or a file system's audit, or of a gateway. Of accounting what it tells is left out where some was collected from where it belongs: who runs a scheduler's commands keeps what they print in a home.
Of what lies in a folder of the evidence that users can have filled (`core.folders`), nothing is heard.
"""

import pandas as pd

from forensics.core.folders import BY_USERS, HOSTS_LOGS, KIND, OF_A_HOST, SHARED, UNSURE
from forensics.core.messageevents import SYSTEM_LOGS

_LEFT_OUT = (":user", SHARED)
NO_USERS = OF_A_HOST | {"controller", "push log", "cluster audit", "gateway", "file system audit"}
"""Kinds of logs of which users have no copy, as they have of what a scheduler's commands print."""


def of_users(rows: pd.DataFrame) -> "pd.Series[bool]":
    """Which events are told by what users write: they give nobody a right or a name, and take none away."""
    return rows["domain"].str.endswith(BY_USERS).fillna(value=False).astype(bool)


_OF_SCHEDULERS = frozenset(
    {
        "submit",
        "start",
        "end",
        "kill_request",
        "job_update",
        "scheduler_edit",
        "job_signal",
        "task_start",
        "task_exit",
    }
)
_SAID = ("uid", "job", "object_kind", "object", "address", "port", "pid", "target_pid", "signal")


def unheard(events: pd.DataFrame) -> pd.DataFrame:
    """Events without what a host's log tells in a scheduler's name where any account of the host can have written it.

    Such a line is kept as one of which nothing is known but its words: no act, no job's time, owner or process, and no trouble of a
    node rests on it. Of the journal, what its trusted fields bear out is heard.

    Args:
        events: schema `event`, with `trail`.
    """
    logged = events["format"].isin(SYSTEM_LOGS) & ~events["trail"]
    if not logged.any():
        return events
    by_name = (events["format"] == "syslog") & events["verb"].isin(_OF_SCHEDULERS)
    by_user = events["domain"].astype(str).str.endswith(":user")
    said = logged & (by_name | by_user)
    if not said.any():
        return events
    events = events.copy()
    events.loc[said, "verb"] = "other"
    for name in _SAID:
        events.loc[said, name] = None
    nobody = said & (events["account_absence"] == "number_only")
    events.loc[nobody, "account_absence"] = "not_recorded"
    return events


def by_users(files: pd.DataFrame) -> set[str]:
    """The hashes of logs that lie where users write, and nowhere else."""
    logs = _logs(files)
    by_user = logs["domain"].str.endswith(_LEFT_OUT)
    return set(logs.loc[by_user, "sha256"]) - set(logs.loc[~by_user, "sha256"])


def shared(files: pd.DataFrame) -> set[str]:
    """The hashes of files, logs or not, that lie in folders of the evidence which users can have filled, and nowhere else."""
    known = files[files["domain"].notna()]
    left = known["domain"].str.endswith(SHARED).astype(bool)
    return set(known.loc[left, "sha256"]) - set(known.loc[~left, "sha256"])


def loose(files: pd.DataFrame) -> set[str]:
    """The hashes of logs of hosts that lie where no path says whose file system it is, while others of their kind lie in one.

    What users share can have been collected into a folder beside the hosts', and a user can have left such a log in it.
    """
    logs = _logs(files)
    logs = logs[logs["format"].isin(HOSTS_LOGS) & ~logs["domain"].str.endswith(_LEFT_OUT)]
    placed = logs["host"].notna()
    kinds = set(logs.loc[placed, "format"].map(KIND))
    astray = ~placed & logs["format"].map(KIND).isin(kinds)
    return set(logs.loc[astray, "sha256"]) - set(logs.loc[placed, "sha256"])


def unsure(files: pd.DataFrame) -> set[str]:
    """The hashes of files that are heard and give nobody a name."""
    return set(files.loc[files["domain"].str.endswith(UNSURE).fillna(value=False).astype(bool), "sha256"])


def unfit(files: pd.DataFrame) -> set[str]:
    """The hashes of logs, by their formats no user's, that users can have written where they lie: no name rests on them."""
    logs = _logs(files)
    by_users_ = logs["domain"].str.endswith(BY_USERS).astype(bool)
    return set(logs.loc[by_users_, "sha256"]) - set(logs.loc[~by_users_, "sha256"])


def folders(files: pd.DataFrame, end: str) -> list[str]:
    """The folders in which files of domains of one ending lie: a host's own, or where they lie in none, theirs.

    Args:
        files: schema `file`.
        end: `SHARED` or `UNSURE`.
    """
    own = files[files["domain"].str.endswith(end).fillna(value=False).astype(bool)]
    return sorted(
        {
            path.removesuffix(origin) if isinstance(host, str) else path.rpartition("/")[0]
            for path, host, origin in zip(own["path"], own["host"], own["origin"], strict=True)
        }
    )


def _logs(files: pd.DataFrame) -> pd.DataFrame:
    return files[files["format"].isin(KIND.keys()) & files["domain"].notna()]


def without(rows: pd.DataFrame, files: pd.DataFrame) -> pd.DataFrame:
    """Events, or records of jobs, without what such files tell of a host, or of what a log in its place tells.

    Args:
        rows: with `sha256` and `format`.
        files: schema `file`.
    """
    if not len(files):
        return rows
    if left := shared(files):
        rows = rows[~rows["sha256"].isin(left)]
    moved = by_users(files)
    if "earliest_ns" in rows and (nowhere := loose(files)):
        rows = rows[~_told_in_place(rows, nowhere, moved)]
    if not moved:
        return rows
    kind = _kinds(rows)
    astray = rows["sha256"].isin(moved) & kind.notna()
    told = set(kind[~astray].dropna())
    return rows[~(astray & (kind.isin(NO_USERS) | kind.isin(told)))]


def _kinds(rows: pd.DataFrame) -> pd.Series:
    """Which kind of log tells each row; none, where it is of no such kind."""
    return pd.Series([KIND.get(form) for form in rows["format"]], rows.index, dtype=object)


def _told_in_place(rows: pd.DataFrame, nowhere: set[str], moved: set[str]) -> pd.Series:
    """Which events of loose logs are of a time for which a log of their kind and host, or of any host where none is named, lies in its place.

    An honest copy says nothing there that the log in its place does not; beyond that time it is heard.
    """
    kind = _kinds(rows).where(lambda k: k.isin(OF_A_HOST))
    astray = rows["sha256"].isin(nowhere) & kind.notna()
    own = rows[~astray & kind.notna() & ~rows["sha256"].isin(moved) & rows["earliest_ns"].notna()]
    out = pd.Series(False, index=rows.index)
    of = own["format"].map(KIND)
    for (what, host), told in own.groupby([of, own["host"]]):
        there = astray & (kind == what) & (rows["host"].isna() | (rows["host"] == host))
        undated = rows["earliest_ns"].isna()
        within = (rows["latest_ns"] >= told["earliest_ns"].min()) & (
            rows["earliest_ns"] <= told["latest_ns"].max()
        )
        out |= there & (undated | within.fillna(value=False))
    return out
