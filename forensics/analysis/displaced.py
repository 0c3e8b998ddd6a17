"""Logs of a host or a service that lie where its users write: in somebody's home, or where anybody may.

Such a file can be a copy of a true log, and can be its owner's own work. It names nobody, because its trust
domain is that of the users; nor may it take a name back, or set a clock, by telling otherwise than another log. A trail or
a log of logins that lies so is left out altogether: what it tells would be put together with what other logs tell of the
same session, which then would have a key that only the owner of the file vouches for. Of the other kinds what it tells is left out where
a log of its kind was collected from where it belongs: who runs a scheduler's commands keeps what they print in a home.
"""

import pandas as pd

from forensics.core.messageevents import SYSTEM_LOGS

KINDS = {
    "audit trail": frozenset({"auditd", "laurel", "auditbeat", "ausearch_csv", "ausearch_interpreted"}),
    "login log": SYSTEM_LOGS,
    "login records": frozenset({"wtmp", "wtmp_aarch64", "wtmp_powerpc", "wtmp_s390", "wtmpdb", "lastlog", "lastlog2"}),
    "process accounting": frozenset({"pacct"}),
    "sudo's own logs": frozenset({"sudo_json", "sudo_iolog", "sudo_iolog_legacy", "sudo_timing", "sudo_stream"}),
    "controller": frozenset({"slurmctld", "pbs_server", "lsf_events"}),
    "accounting": frozenset(
        {"sacct", "sacct_json", "jobcomp", "jobcomp_json", "pbs_accounting", "lsf_acct", "sge_accounting"}
    ),
    "push log": frozenset({"gitolite", "gitlab_json", "gerrit_sshd", "gitea_log", "gitea_database"}),
}  # fmt: skip
"""Formats that tell of the same, none of which users write where it belongs."""
_KIND = {form: kind for kind, forms in KINDS.items() for form in forms}
_OF_A_HOST = frozenset({"audit trail", "login log", "login records", "process accounting", "sudo's own logs"})


def of_users(rows: pd.DataFrame) -> "pd.Series[bool]":
    """Which events are told by what users write: they give nobody a right or a name, and take none away."""
    return rows["domain"].str.endswith(":user").fillna(value=False).astype(bool)


def displaced(files: pd.DataFrame) -> set[str]:
    """The hashes of all logs of which something can be left out.

    Args:
        files: schema `file`.
    """
    return by_users(files) | loose(files)


def by_users(files: pd.DataFrame) -> set[str]:
    """The hashes of logs that lie where users write, and nowhere else."""
    logs = _logs(files)
    by_user = logs["domain"].str.endswith(":user")
    return set(logs.loc[by_user, "sha256"]) - set(logs.loc[~by_user, "sha256"])


def loose(files: pd.DataFrame) -> set[str]:
    """The hashes of logs of hosts that lie where no path says whose file system it is, while others of their kind lie in one.

    What users share can have been collected into a folder beside the hosts': in it, a user can have left what looks like a
    host's log, or like a whole host. Of a host, the folder that is least deep is its own.
    """
    logs = _logs(files)
    logs = logs[logs["format"].map(_KIND).isin(_OF_A_HOST) & ~logs["domain"].str.endswith(":user")]
    depth = pd.Series(
        [
            path.removesuffix(origin).count("/") if isinstance(origin, str) else None
            for path, origin in zip(logs["path"], logs["origin"], strict=True)
        ],
        index=logs.index,
        dtype="float64",
    )
    shallowest = depth.groupby(logs["host"]).transform("min")
    placed = logs["host"].notna() & (depth <= shallowest)
    kinds = set(logs.loc[placed, "format"].map(_KIND))
    astray = ~placed & logs["format"].map(_KIND).isin(kinds)
    return set(logs.loc[astray, "sha256"]) - set(logs.loc[placed, "sha256"])


def _logs(files: pd.DataFrame) -> pd.DataFrame:
    return files[files["format"].isin(_KIND.keys()) & files["domain"].notna()]


def without(rows: pd.DataFrame, files: pd.DataFrame) -> pd.DataFrame:
    """Events, or records of jobs, without what such files tell of a host, or of what a log in its place tells.

    Args:
        rows: with `sha256` and `format`.
        files: schema `file`.
    """
    moved = by_users(files)
    if "earliest_ns" in rows and (nowhere := loose(files)):
        rows = rows[~_told_in_place(rows, nowhere, moved)]
    if not moved:
        return rows
    kind = rows["format"].map(_KIND)
    astray = rows["sha256"].isin(moved) & kind.notna()
    told = set(kind[~astray].dropna())
    return rows[~(astray & (kind.isin(_OF_A_HOST) | kind.isin(told)))]


def _told_in_place(rows: pd.DataFrame, nowhere: set[str], moved: set[str]) -> pd.Series:
    """Which events of loose logs are of a time for which a log of their kind and host, or of any host where none is named, lies in its place.

    An honest copy says nothing there that the log in its place does not; beyond that time it is heard.
    """
    kind = rows["format"].map(_KIND).where(lambda k: k.isin(_OF_A_HOST))
    astray = rows["sha256"].isin(nowhere) & kind.notna()
    own = rows[~astray & kind.notna() & ~rows["sha256"].isin(moved) & rows["earliest_ns"].notna()]
    out = pd.Series(False, index=rows.index)
    of = own["format"].map(_KIND)
    for (what, host), told in own.groupby([of, own["host"]]):
        there = astray & (kind == what) & (rows["host"].isna() | (rows["host"] == host))
        undated = rows["earliest_ns"].isna()
        within = (rows["latest_ns"] >= told["earliest_ns"].min()) & (
            rows["earliest_ns"] <= told["latest_ns"].max()
        )
        out |= there & (undated | within.fillna(value=False))
    return out
