r"""The last login of each account of a host, kept in a database.

    mei|1795446697|pts/1|10.0.0.11|sshd

Shape   SQLite; table `Lastlog2`: Name, Time, TTY, RemoteHost, Service; one row for each account
Source  lastlog2(8), util-linux 2.40; the file format of SQLite 3, read from its bytes
Time    seconds since 1970 of the host's clock; 0, or none, where the account never came in
Who     root: the PAM module writes it, for the account that PAM let in. A login replaces the row of the one before
Open    what lies in a write-ahead log or a journal beside the file is not applied. What replaced rows left behind
        in a page is not read
"""

from collections.abc import Iterator

import pyarrow as pa

from forensics.core import sqlitetable
from forensics.core.model import Parsed, Why
from forensics.core.schema import Column
from forensics.core.sqlitetable import Values, number, text

TABLE = sqlitetable.table(
    "lastlog2",
    "the last login of an account",
    Column("user", pa.string(), "account"),
    Column("epoch_s", pa.int64(), "when", "s since 1970-01-01T00:00:00Z", "never, or not recorded"),
    Column("tty", pa.string(), "terminal", None, "none recorded"),
    Column("remote", pa.string(), "where from", None, "none recorded"),
    Column("service", pa.string(), "PAM service", None, "none recorded"),
)
CUT = "whole"
DOMAIN = "{host}:root"

_LAST_S = 9_223_372_035


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of a database with such a table."""
    return sqlitetable.recognise(head, "lastlog2", ("name", "time", "tty", "remotehost", "service"))


def parse(data: bytes, base: int) -> Parsed:
    """Read a whole database."""
    return sqlitetable.parse(data, base, TABLE, "lastlog2", _row)


def portions(data: bytes, base: int) -> Iterator[Parsed]:
    """The same, some rows at a time."""
    yield from sqlitetable.portions(data, base, TABLE, {"lastlog2": _row})


def _row(values: Values) -> dict[str, object] | Why:
    user, second = text(values, "name"), number(values, "time")
    if user is None:
        return Why.VALUE
    if not 0 <= (second or 0) <= _LAST_S or (second is None and values.get("time") is not None):
        return Why.TIME
    named: dict[str, object] = {"user": user, "epoch_s": second or None}
    return named | {
        "tty": text(values, "tty"),
        "remote": text(values, "remotehost"),
        "service": text(values, "service"),
    }
