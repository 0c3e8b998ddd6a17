r"""What a recorded sudo session was: the file `log` of a sudo I/O log.

    1795446697:mei:root::/dev/pts/3:24:80
    /home/mei
    /usr/bin/tail -f /var/log/slurm/slurmctld.log

Shape   <seconds>:<asked>:<as>:<group>:<terminal>[:<lines>:<columns>], then the working directory, then the command
Source  sudo 1.9.13, lib/iolog/iolog_legacy.c; the only form until 1.9.3, and written beside `log.json` since
Time    start of the command, seconds since 1970, by the clock of the host that ran sudo
Who     sudo, as root, for the account whose real uid asked; the folder and the command are the caller's
Open    a folder's name can hold a newline. Where there are more than three lines nothing says where the folder ends
        and the command begins, so neither is told. Arguments are joined by spaces and cannot be parted again
"""

import re

import pyarrow as pa

from forensics.core import wholefile
from forensics.core.lines import LONGEST_LINE_BYTES
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.schema import Column, Table

TABLE = Table(
    "sudo_iolog_legacy",
    "a recorded sudo session",
    (
        Column("epoch_s", pa.int64(), "start", "s since 1970-01-01T00:00:00Z"),
        Column("submit_user", pa.string(), "account that asked"),
        Column("run_user", pa.string(), "account whose rights were used"),
        Column("run_group", pa.string(), "group whose rights were used", None, "none named"),
        Column("tty", pa.string(), "terminal", None, "none"),
        Column("lines", pa.int64(), "lines of the terminal", None, "not recorded"),
        Column("columns", pa.int64(), "columns of the terminal", None, "not recorded"),
        Column(
            "cwd", pa.string(), "working directory it asked from", None, "cannot be told from the command"
        ),
        Column("command", pa.string(), "command with its arguments", None, "cannot be told from the folder"),
        Column("rest", pa.string(), "folder and command together", None, "told apart"),
        *SPAN,
    ),
)
CUT = "whole"
DOMAIN = "{host}:root"

_HEAD = rb"([0-9]{1,10}):([^:\n]+):([^:\n]*):([^:\n]*):([^:\r\n]*)(?::([0-9]{1,9}):([0-9]{1,9}))?\r?\n"
_FIRST = re.compile(_HEAD + rb"(?:/|unknown)[^\n]*\n/")
_WHOLE = re.compile(_HEAD + rb"((?s:.+))", re.DOTALL)
_LINES = 2


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of such a first line with two absolute paths below."""
    return 86 if _FIRST.match(head) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read a whole file: one record, or one reject."""
    return wholefile.told(data, base, TABLE, _read(data))


def _read(data: bytes) -> dict[str, object] | Why | None:
    if not data.strip():
        return None
    if len(data) > LONGEST_LINE_BYTES:
        return Why.TOO_LONG
    found = _WHOLE.fullmatch(data)
    if found is None:
        return Why.SHAPE
    second, user, run_user, group, tty, lines, columns, below = found.groups()
    parts = below.removesuffix(b"\n").removesuffix(b"\r").split(b"\n")
    if len(parts) < _LINES:
        return Why.TRUNCATED
    apart = len(parts) == _LINES
    return {
        "epoch_s": int(second),
        "submit_user": _shown(user),
        "run_user": _shown(run_user),
        "run_group": _shown(group) or None,
        "tty": _shown(tty) or None,
        "lines": int(lines) if lines else None,
        "columns": int(columns) if columns else None,
        "cwd": _shown(parts[0].removesuffix(b"\r")) if apart else None,
        "command": _shown(parts[1]) if apart else None,
        "rest": None if apart else _shown(below),
    }


def _shown(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace")
