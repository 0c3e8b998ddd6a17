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
    """The hashes of such files: those that lie nowhere else.

    Args:
        files: schema `file`.
    """
    logs = files[files["format"].isin(_KIND.keys()) & files["domain"].notna()]
    by_user = logs["domain"].str.endswith(":user")
    return set(logs.loc[by_user, "sha256"]) - set(logs.loc[~by_user, "sha256"])


def without(rows: pd.DataFrame, files: pd.DataFrame) -> pd.DataFrame:
    """Events, or records of jobs, without what such files tell of a host, or of what a log in its place tells.

    Args:
        rows: with `sha256` and `format`.
        files: schema `file`.
    """
    moved = displaced(files)
    if not moved:
        return rows
    kind = rows["format"].map(_KIND)
    astray = rows["sha256"].isin(moved) & kind.notna()
    told = set(kind[~astray].dropna())
    return rows[~(astray & (kind.isin(_OF_A_HOST) | kind.isin(told)))]
