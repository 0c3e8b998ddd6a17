"""What public key files are taken to tell: which key opens which account.

The path says which: `~X/.ssh/authorized_keys` opens account X of the host; a file of the git server's
key directory opens the git user it is named for, on every repository. Any other public key file opens
nothing. Equal files in two places open two accounts, so each path is told. Options and comment are
typed: they name nobody.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import hostevents
from forensics.core.hostevents import NOTHING
from forensics.core.tables import EVENT

NEEDS_ANCHOR = False

_OWN = re.compile(r"\.ssh/authorized_keys2?")
_CENTRAL = re.compile(
    r"(?:.*/)?etc/ssh/(?:authorized_keys|keys)(?:\.d)?/(?P<account>[^/]+?)(?:/authorized_keys)?"
)
# As gitolite reads it: folders do not count, nor does what follows an @ that is no mail address.
_SERVER = re.compile(r"(?:.*/)?keydir/(?:.*/)?(?P<account>[^/]+?)(?:@[^.@/]+)?\.pub")
_SERVER_ACCOUNTS = re.compile(r"git|gitolite\d?")
# On a host only: what a collector calls a folder says nothing of who could write there.
_ANYBODYS = re.compile(r"/(?:.*/)?(?:tmp|scratch|work|projects?|proj)\d*/.*")
_SERVER_DOMAIN = "git:server"


def _of_server(path: str) -> re.Match[str] | None:
    """A git server's own copy of a key. Asked first is what is asked of the end: a path can have ten thousand folders `keydir`."""
    folder, _, name = path.rpartition("/")
    return (
        _SERVER.fullmatch(path) if name.endswith(".pub") and name != ".pub" and "\n" not in folder else None
    )


class _Opens(NamedTuple):
    """The account that the keys of a file open, and whether it is one of the git server's."""

    account: str | None
    server: bool


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - there is no time in it
    anchor_ns: int | None,  # noqa: ARG001 - the same
) -> Mapping[str, pa.Table]:
    """One event for each key and path."""
    rows = hostevents.placed(records, files, every_path=True)
    lines = rows.lines
    paths = pc.coalesce(rows.files["origin"], rows.files["path"]).dictionary_encode()
    opens = [_opened(path) for path in paths.dictionary.to_pylist()]
    account = pa.array([o.account for o in opens], pa.string()).take(paths.indices)
    server = pa.array([o.server for o in opens], pa.bool_()).take(paths.indices)
    known = pc.is_valid(account)
    event = EVENT.build(
        {
            **hostevents.columns(rows, "authorized_keys"),
            "domain": pc.if_else(server, _SERVER_DOMAIN, rows.files["domain"]),
            "verb": pc.if_else(pc.and_not(known, lines["authority"]), "enrol_key", "other"),
            "host": pc.if_else(server, NOTHING, rows.files["host"]),
            "account": account,
            "account_absence": hostevents.absence(account),
            "credential": lines["fingerprint"],
            "object_kind": pa.array(["key"] * lines.num_rows, pa.string()),
            "object": pc.coalesce(account, lines["fingerprint"]),
            "repository": pc.if_else(server, "*", NOTHING),
            "text": _text(lines),
        }
    )
    return {"event": event}


def _opened(path: str) -> _Opens:
    """What the keys of the file at `path` open.

    A key directory is the server's own only outside homes and folders that anybody writes, or in the
    home of the server's account: a copy elsewhere is its owner's, who can put any key there.
    """
    home = hostevents.home(path)
    server = _of_server(path)
    if server:
        own = _SERVER_ACCOUNTS.fullmatch(home[0]) if home else not _ANYBODYS.fullmatch(path)
        return _Opens(server["account"], True) if own else _Opens(None, False)
    if home:
        return _Opens(home[0] if _OWN.fullmatch(home[1]) else None, False)
    central = _CENTRAL.fullmatch(path)
    return _Opens(central["account"] if central else None, False)


def _text(lines: pa.RecordBatch) -> pa.Array:
    """Options before comment, so that a comment cannot pass for options."""
    options = pc.coalesce(pc.binary_join_element_wise("options: ", lines["options"], " ", ""), "")
    comment = pc.coalesce(pc.binary_join_element_wise("comment: ", lines["comment"], ""), "")
    return hostevents.short(pc.binary_join_element_wise(options, comment, ""))
