"""Logs of a host or a service that lie where its users write: in somebody's home, or where anybody may.

Such a file can be a copy of a true log, and can be its owner's own work. It names nobody, because its trust
domain is that of the users; nor may it take a name back, or set a clock, by telling otherwise than the log that
lies where it belongs. So where a log of its kind and host was collected from there, what the other tells is left out.
"""

import pandas as pd

from forensics.core.messageevents import SYSTEM_LOGS

KINDS = {
    "audit trail": frozenset({"auditd", "laurel", "auditbeat", "ausearch_csv"}),
    "login log": SYSTEM_LOGS,
    "login records": frozenset({"wtmp", "wtmp_aarch64", "wtmp_powerpc", "wtmp_s390", "wtmpdb"}),
    "controller": frozenset({"slurmctld", "pbs_server", "lsf_events"}),
    "accounting": frozenset(
        {"sacct", "sacct_json", "jobcomp", "jobcomp_json", "pbs_accounting", "lsf_acct", "sge_accounting"}
    ),
    "push log": frozenset({"gitolite", "gitlab_json", "gerrit_sshd", "gitea_log", "gitea_database"}),
}  # fmt: skip
"""Formats that tell of the same, none of which users write where it belongs."""
_KIND = {form: kind for kind, forms in KINDS.items() for form in forms}
_OF_A_HOST = frozenset({"audit trail", "login log", "login records"})


def displaced(files: pd.DataFrame) -> set[str]:
    """The hashes of such files: those that lie nowhere else.

    Args:
        files: schema `file`.
    """
    logs = files[files["format"].isin(_KIND.keys()) & files["domain"].notna()]
    by_user = logs["domain"].str.endswith(":user")
    return set(logs.loc[by_user, "sha256"]) - set(logs.loc[~by_user, "sha256"])


def without(rows: pd.DataFrame, files: pd.DataFrame) -> pd.DataFrame:
    """Events, or records of jobs, without what such files tell of which a log in its place tells.

    Args:
        rows: with `sha256` and `format`, and `host` where logs are of a host.
        files: schema `file`.
    """
    moved = displaced(files)
    if not moved:
        return rows
    kind = rows["format"].map(_KIND)
    host = rows["host"].fillna("").where(kind.isin(_OF_A_HOST), "") if "host" in rows else ""
    of = kind.fillna("") + "\n" + host
    astray = rows["sha256"].isin(moved) & kind.notna()
    return rows[~(astray & of.isin(set(of[~astray & kind.notna()])))]
