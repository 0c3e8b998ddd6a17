r"""Shell history of atuin: commands with their time, duration, exit code and working directory.

    0193…|1795446697344811223|41000000|0|python train.py|/home/mei/run7|0193…|gpu01:mei

Shape   SQLite; table `history`: id, timestamp, duration, exit, command, cwd, session, hostname, deleted_at
Source  atuin 18, crates/atuin-client (migrations, database.rs); the file format of SQLite 3, read from its bytes
Time    nanoseconds since 1970, by the clock of the host that the command ran on
Who     the account whose shell wrote it, who can write anything into it. `hostname` is `<host>:<user>` as that
        shell said. Synchronised histories hold commands of other hosts and of other accounts of the same person
Open    what lies in the write-ahead log beside the file is not applied, and there are the newest commands.
        A command that was deleted has an empty text or a `deleted_at`. Duration and exit are -1 until it ended
"""

from collections.abc import Iterator

import pyarrow as pa

from forensics.core import sqlitetable
from forensics.core.model import Parsed, Why
from forensics.core.schema import Column
from forensics.core.sqlitetable import Values, number, text

TABLE = sqlitetable.table(
    "atuin",
    "a command of a shell history",
    Column("entry", pa.string(), "atuin's own id of the entry"),
    Column("epoch_ns", pa.int64(), "when it started", "ns since 1970-01-01T00:00:00Z"),
    Column("duration_ns", pa.int64(), "how long it ran", "ns", "not ended, or not recorded"),
    Column("exit_code", pa.int64(), "exit code", None, "not ended, or not recorded"),
    Column("command", pa.string(), "command line"),
    Column("cwd", pa.string(), "working directory", None, "not recorded"),
    Column("session", pa.string(), "atuin's own id of the shell", None, "not recorded"),
    Column("shell_host", pa.string(), "host, as the shell said", None, "not recorded"),
    Column("shell_user", pa.string(), "account, as the shell said", None, "not recorded"),
    Column("deleted_ns", pa.int64(), "when its user deleted it", "ns since 1970-01-01T00:00:00Z", "not deleted"),
)  # fmt: skip
CUT = "whole"
DOMAIN = "{host}:user"


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of a database with such a table."""
    columns = ("id", "timestamp", "duration", "exit", "command", "cwd", "session", "hostname")
    return sqlitetable.recognise(head, "history", columns)


def parse(data: bytes, base: int) -> Parsed:
    """Read a whole database."""
    return sqlitetable.parse(data, base, TABLE, "history", _row)


def portions(data: bytes, base: int) -> Iterator[Parsed]:
    """The same, some rows at a time."""
    yield from sqlitetable.portions(data, base, TABLE, {"history": _row})


def _row(values: Values) -> dict[str, object] | Why:
    entry, command, moment = text(values, "id"), text(values, "command"), number(values, "timestamp")
    if entry is None or command is None:
        return Why.VALUE
    if moment is None:
        return Why.TIME
    duration, code = number(values, "duration"), number(values, "exit")
    ended = duration is not None and duration >= 0
    host, colon, user = (text(values, "hostname") or "").partition(":")
    return {
        "entry": entry,
        "epoch_ns": moment,
        "duration_ns": duration if ended else None,
        "exit_code": code if ended else None,
        "command": command,
        "cwd": text(values, "cwd"),
        "session": text(values, "session"),
        "shell_host": host or None,
        "shell_user": user if colon and user else None,
        "deleted_ns": number(values, "deleted_at"),
    }
