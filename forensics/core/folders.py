"""Which folders of the evidence were filled from a host's or a service's own place, and which can hold what users left.

What users share can have been collected into a folder of the evidence. In it, a user can have left what looks like a
host's log, like a whole host, or like a scheduler's log. Nothing in such a file tells it from a true one; only where it
lies does, and that is known to whoever collected. `places` of the case file says it. Where it is not said:

- Folders of hosts at the top of the evidence were named by whoever collected. Where there are some with logs, what looks like a
  host and lies deeper is not heard. Where there are none, and such lie in several folders, none of these can be told from the
  others: what lies in them is heard, and gives nobody a name.
- A host's log that lies in no host's file system, while others do, gives nobody a name.
- Logs of schedulers and git servers are as the host in whose file system they lie. One that lies in none is in doubt where its
  format lies in a host's file system too; or in another folder at the top, and one of these holds files of users.

A service's log in a working tree, beside or in the tree's own `.git`, is its users', unless the case file names the tree itself, or
a place in it: whoever works there can have left it, and a shared checkout is collected whole. So is one in a bare repository: whoever pushes
by a path or with a shell can write in its folder. `gl-log`, which gitolite keeps there if it is told to, is heard, and gives nobody a name.

Folders that hold the same bytes are one.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from forensics.core import hostfolders
from forensics.core.messageevents import SYSTEM_LOGS

KINDS = {
    "audit trail": frozenset({"auditd", "laurel", "auditbeat", "ausearch_csv", "ausearch_interpreted"}),
    "login log": SYSTEM_LOGS,
    "login records": frozenset({"wtmp", "wtmp_aarch64", "wtmp_powerpc", "wtmp_s390", "wtmpdb", "lastlog", "lastlog2"}),
    "process accounting": frozenset({"pacct"}),
    "sudo's own logs": frozenset({"sudo_json", "sudo_iolog", "sudo_iolog_legacy", "sudo_timing", "sudo_stream"}),
    "controller": frozenset({"slurmctld", "slurmdbd", "pbs_server", "lsf_events", "yarn_audit"}),
    "accounting": frozenset(
        {"sacct", "sacct_padded", "sacct_json", "jobcomp", "jobcomp_json", "pbs_accounting", "lsf_acct", "sge_accounting", "htcondor_history",
         "slurmdbd_dump"}
    ),
    "scheduler's answers": frozenset(
        {"sacct_script", "sacctmgr", "sacctmgr_padded", "scontrol_config", "scontrol_job", "scontrol_json", "scontrol_node", "sinfo_reasons", "slurm_state", "squeue"}
    ),
    "push log": frozenset(
        {"gitolite", "gitlab_json", "gitlab_events", "gerrit_httpd_json", "gerrit_sshd_json", "gerrit_sshd", "gerrit_replication", "gitea_log", "gitea_database", "bitbucket_access",
         "bitbucket_audit", "bitbucket_ref_changes", "github_activity", "github_audit", "github_audit_laid_out", "http_access"}
    ),
    "cluster audit": frozenset({"k8s_audit", "k8s_audit_laid_out"}),
    "gateway": frozenset({"teleport"}),
    "file system audit": frozenset({"gpfs_audit", "lustre_changelog"}),
}  # fmt: skip
"""Formats that tell of the same, none of which users write where it belongs."""
OF_A_HOST = frozenset({"audit trail", "login log", "login records", "process accounting", "sudo's own logs"})
KIND = {form: kind for kind, forms in KINDS.items() for form in forms}
HOSTS_LOGS = frozenset(form for form, kind in KIND.items() if kind in OF_A_HOST)
SERVICES_LOGS = frozenset(KIND) - HOSTS_LOGS

SHARED = ":shared"
"""Ends the trust domain of what lies where a user can have left it, and is not heard."""
UNSURE = ":unsure"
"""Ends the trust domain of what is heard, and gives nobody a name."""
_USERS = ":user"
BY_USERS = (_USERS, SHARED, UNSURE)
"""Ends of trust domains of what a host's users can have written."""


_TREES_OWN = frozenset({".git", "dot-git"})
"""What a working tree keeps its repository in, and what that is called in collected evidence."""
_KEPT = ("/objects/", "/refs/", "/logs/refs/")
_OWN_LOG = ".git/gl-log"
_MOST_TOLD = 12


class Lying(NamedTuple):
    """Where a file lies, and who vouches for it there.

    host, origin: as `custody.hosts` places it; both None where its path shows no host.
    domain: its trust domain, by what it is and by where on a host it lies; None where nothing recognises it.
    """

    sha256: str
    path: str
    host: str | None
    origin: str | None
    format: str | None
    domain: str | None

    def folder(self) -> str:
        """In a host's file system, the folder in which that host's folder lies; elsewhere, the folder at the top."""
        if self.host is not None and self.origin is not None:
            return hostfolders.shelf(self.path.removesuffix(self.origin))
        return self.path.partition("/")[0] if "/" in self.path else ""


def settled(lying: Sequence[Lying], places: Sequence[str] = ()) -> list[str | None]:
    """The trust domain of each file, in order, by the folder of the evidence that it lies in too.

    Args:
        lying: every file of the evidence, once for each path.
        places: folders that were filled from hosts' and services' own places, as the case file says.
    """
    in_trees = _in_repositories(lying, places)
    kept = {row for row in in_trees if row.path.endswith(_OWN_LOG) and row.format == "gitolite"}
    in_trees -= kept
    vouched = [row for row in lying if _is_vouched_for(row) and row not in in_trees]
    folder = {row: row.folder() for row in vouched}
    if places:
        silent = {row for row in vouched if not _below(row.path, places)}
        unsure: set[Lying] = set()
    else:
        silent, unsure = _hosts(vouched, folder)
        mixed = {row.path.partition("/")[0] for row in lying if "/" in row.path and _is_users(row.domain)}
        unsure |= _services([row for row in vouched if row not in silent | unsure], folder, mixed)
    unsure |= kept
    sure = {row.sha256 for row in vouched if row not in silent and row not in unsure}
    return [
        row.domain
        if row.domain is None or row.sha256 in sure
        else _ending(row, _USERS)
        if row in in_trees
        else _ending(row, SHARED)
        if row in silent
        else _ending(row, UNSURE)
        if row in unsure
        else row.domain
        for row in lying
    ]


def _in_repositories(lying: Sequence[Lying], places: Sequence[str]) -> set[Lying]:
    """The logs of services that lie in a working tree, or in a bare repository."""
    held = _trees(lying) | _bare(lying)
    held = {folder for folder in held if not any(_below(place.strip("/"), [folder]) for place in places)}
    return {row for row in lying if held and row.format in SERVICES_LOGS and _below(row.path, held)}


def _trees(lying: Sequence[Lying]) -> set[str]:
    """The working trees. A folder at the top is none: whoever collected made it."""
    trees = set()
    for row in lying:
        if ".git" in row.path or "dot-git" in row.path:
            above, parts = 2, row.path.split("/")
            while above < len(parts) and parts[above] not in _TREES_OWN:
                above += 1
            if above < len(parts):
                trees.add("/".join(parts[:above]))
    return trees


def _bare(lying: Sequence[Lying]) -> set[str]:
    """The folders that are repositories by themselves: called so, or with a HEAD beside what refs or objects there are."""
    heads, filled = set(), set()
    for row in lying:
        for below in _KEPT:
            if below in row.path:
                filled |= {row.path.partition(below)[0], row.path.rpartition(below)[0]}
        if row.path.endswith("/HEAD"):
            heads.add(row.path.removesuffix("/HEAD"))
    named = {root for root in filled | heads if root.endswith(".git")}
    plain = {root for root in filled & heads if "/" in root}
    return {root for root in named | plain if root.rpartition("/")[2] not in _TREES_OWN}


def _hosts(vouched: Sequence[Lying], folder: dict[Lying, str]) -> tuple[set[Lying], set[Lying]]:
    """The files of hosts that are not heard, and those that are in doubt."""
    of_hosts = [row for row in vouched if row.host is not None]
    logs = [row for row in of_hosts if row.format in HOSTS_LOGS]
    loose = (
        {row for row in vouched if row.host is None and row.format in HOSTS_LOGS} if logs else set[Lying]()
    )
    if any(folder[row] == "" for row in logs):
        return {row for row in of_hosts if folder[row] != ""}, loose
    doubted = _different(logs, folder)
    return set(), {row for row in of_hosts if folder[row] in doubted} | loose


def _services(vouched: Iterable[Lying], folder: dict[Lying, str], mixed: set[str]) -> set[Lying]:
    """The logs of services in no host's file system that are in doubt.

    Args:
        vouched: files that are heard.
        folder: in which folder each lies.
        mixed: folders at the top that hold files of users.
    """
    by_format: dict[str | None, list[Lying]] = defaultdict(list)
    for row in vouched:
        if row.format in SERVICES_LOGS:
            by_format[row.format].append(row)
    doubted: set[Lying] = set()
    for rows in by_format.values():
        loose = [row for row in rows if row.host is None]
        if len(loose) < len(rows):
            doubted.update(loose)
        elif (several := _different(loose, folder)) & mixed:
            doubted.update(row for row in loose if folder[row] in several)
    return doubted


def _different(rows: Iterable[Lying], folder: dict[Lying, str]) -> set[str]:
    """The folders in which some files lie, where they are several that hold different ones."""
    held: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        held[folder[row]].add(row.sha256)
    return set(held) if len(set(map(frozenset, held.values()))) > 1 else set()


def _is_vouched_for(row: Lying) -> bool:
    """Whether a host, a scheduler or a git server vouches for a file, by what it is and where on a host it lies."""
    if row.domain is None or _is_users(row.domain):
        return False
    return row.format in KIND or (row.host is not None and row.domain.startswith(f"{row.host}:"))


def _is_users(domain: str | None) -> bool:
    return domain is not None and domain.endswith((":user", ":files"))


def _below(path: str, places: Iterable[str]) -> bool:
    return any(f"{path}/".startswith(f"{place.strip('/')}/") for place in places)


def _ending(row: Lying, end: str) -> str:
    return f"{row.host or (row.domain or '').partition(':')[0]}{end}"


def misnamed(paths: Sequence[str], places: Sequence[str]) -> str | None:
    """What is wrong with the places that a case file names, if one holds nothing: all of the evidence would be left out, or much of it.

    Args:
        paths: of the evidence, as collected.
        places: as `settled` takes them.
    """
    empty = next((place for place in places if not any(_below(path, [place]) for path in paths)), None)
    if empty is None:
        return None
    tops = sorted({path.partition("/")[0] for path in paths if "/" in path})
    there = ", ".join(tops[:_MOST_TOLD]) + (
        f" and {len(tops) - _MOST_TOLD} more" if len(tops) > _MOST_TOLD else ""
    )
    return (
        f"places: no file of the evidence lies below {empty!r}; at its top are the folders {there or '(none)'}."
        " Paths begin below what was given to `seal` or `investigate`: give the folder above, or name another place"
    )
