r"""Login records of a host kept in a database: who was on which terminal, from when to when.

    3|mei|1795446697344811|1795450297000000|pts/1|10.0.0.11|sshd

Shape   SQLite; table `wtmp`: ID, Type, User, Login, Logout, TTY, RemoteHost, Service
Source  wtmpdb 0.50 (wtmpdb.h, sqlite.c, wtmpdb(8)); the file format of SQLite 3, read from its bytes
Time    microseconds since 1970 of the host's clock; a logout that is null is not recorded, or not yet
Who     root: the PAM module or the daemon of wtmpdb writes it, for the account that PAM let in
Open    what lies in a write-ahead log or a journal beside the file is not applied. Rows that were deleted, as by
        `wtmpdb rotate`, are not read; pages they left are rejected as `unlinked`
"""

from collections.abc import Iterator

import pyarrow as pa

from forensics.core import sqlitetable
from forensics.core.model import Parsed, Why
from forensics.core.schema import Column
from forensics.core.sqlitetable import Values, number, text

TABLE = sqlitetable.table(
    "wtmpdb",
    "a login, or a boot",
    Column("type", pa.int64(), "1 boot, 2 run level, 3 login; 0 empty"),
    Column("user", pa.string(), "account, or `reboot`"),
    Column("login_us", pa.int64(), "when it began", "microseconds since 1970-01-01T00:00:00Z"),
    Column("logout_us", pa.int64(), "when it ended", "microseconds since 1970-01-01T00:00:00Z", "not recorded"),
    Column("tty", pa.string(), "terminal, `~` for a boot", None, "none recorded"),
    Column("remote", pa.string(), "where from, or the kernel's version", None, "none recorded"),
    Column("service", pa.string(), "PAM service", None, "none recorded"),
)  # fmt: skip
CUT = "whole"
DOMAIN = "{host}:root"

_COLUMNS = ("type", "user", "login", "logout", "tty", "remotehost")
_LAST_US = 9_223_372_035_000_000
_LAST_TYPE = 3


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of a database with such a table."""
    return sqlitetable.recognise(head, "wtmp", _COLUMNS)


def parse(data: bytes, base: int) -> Parsed:
    """Read a whole database."""
    return sqlitetable.parse(data, base, TABLE, "wtmp", _row)


def portions(data: bytes, base: int) -> Iterator[Parsed]:
    """The same, some rows at a time."""
    yield from sqlitetable.portions(data, base, TABLE, {"wtmp": _row})


def _row(values: Values) -> dict[str, object] | Why:
    kind, user = number(values, "type"), text(values, "user")
    login, logout = number(values, "login"), number(values, "logout")
    if kind is None or not 0 <= kind <= _LAST_TYPE or user is None:
        return Why.VALUE
    if login is None or not 0 <= login <= _LAST_US or not 0 <= (logout or 0) <= _LAST_US:
        return Why.TIME
    named = {"type": kind, "user": user, "login_us": login, "logout_us": logout}
    return named | {
        "tty": text(values, "tty"),
        "remote": text(values, "remotehost"),
        "service": text(values, "service"),
    }
