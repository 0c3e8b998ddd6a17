"""Which programs write files, and what they leave of the content before.

A copier gets its bytes from elsewhere, whole: another file, another host, a repository. An editor writes a new file
over the old one and carries the old content along. Of any other program it is not known, and the old content may live on.

    rsync                     makes a hidden file beside the target and renames it over it; with --inplace it writes into it
    scp, sftp                 `sftp-server` opens the target to write, and cuts it to its new length at the end (OpenSSH 9.2). `reput` and
                              `put -a` append to what is there, which the opening's flags alone tell, and events do not have these: so
                              with its writing, or that of internal-sftp, which is sshd itself, the old content may live on
    scp -O                    `scp -t` on the host that is copied to, the same way
    git checkout, pull        removes the file and makes it anew
"""

import posixpath
import re

from forensics.analysis.evidence import Row

COPIERS = frozenset({"mv", "cp", "install", "rsync", "scp", "dd", "tar", "wget", "curl", "unzip", "git"})
"""Programs that put a whole other content in a file's place."""
EDITORS = frozenset(
    {
        "sed",
        "perl",
        "vi",
        "vim",
        "vim.basic",
        "vim.tiny",
        "nvim",
        "nano",
        "emacs",
        "ed",
        "ex",
        "gawk",
        "patch",
        "code",
        "micro",
    }
)
"""Programs that write a new file over the old one and carry the old content along."""


_OF_SSHD = re.compile(r"/(?:dev|proc|sys|run|var/run|var/log|var/lib/lastlog)(?:/|$)|/tmp/ssh-")
"""What sshd writes for itself: terminals, login records, sockets of agents."""
_CARRIERS = {
    "sftp-server": "sftp",
    "scp": "scp",
    "rsync": "rsync",
    "git": "git",
    "wget": "wget",
    "curl": "curl",
}


def transfer(exe: str | None, path: str) -> str | None:
    """By which program that carries files from elsewhere a file was written; None where it was another.

    sshd writes nothing of its own but what `_OF_SSHD` has, so that any other file is written by sftp within it.
    """
    name = program(exe)
    if name in {"sshd", "sshd-session"}:
        return None if _OF_SSHD.match(path) else "sftp"
    return _CARRIERS.get(name)


def program(exe: str | None) -> str:
    """The name of a program by its path; empty where none is known."""
    return posixpath.basename(exe or "")


def how(verb: str, exe: str | None, *, replaced: bool) -> str:
    """What a change does to a file: create, edit (the earlier content may live on), replace (it does not) or delete."""
    if verb == "delete":
        return "delete"
    if verb == "rename":
        return "edit" if program(exe) in EDITORS else ("replace" if replaced else "create")
    if verb in {"create", "link"}:
        return "create"
    return "replace" if program(exe) in COPIERS else "edit"


def by(event: Row) -> tuple[str | None, str | None]:
    """The account that wrote, the login's where one is recorded, and the program."""
    account = event.account if isinstance(event.account, str) else event.effective
    return (account if isinstance(account, str) else None), (
        event.exe if isinstance(event.exe, str) else None
    )
