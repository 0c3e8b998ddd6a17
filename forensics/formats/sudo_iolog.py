r"""What a recorded sudo session was: the file `log.json` of a sudo I/O log.

    {"timestamp": {"seconds": 1795446697, "nanoseconds": 344811223}, "submituser": "mei", "runuser": "root", …}

Shape   one JSON object over many lines; beside it lie `timing` and the streams `ttyin`, `ttyout`, `stdin` …
Source  sudo 1.9.13, sudoers(5) "I/O log files", lib/iolog/iolog_json.c; written since 1.9.4
Time    start of the command, nanoseconds since 1970, by the clock of the host that ran sudo
Who     sudo, as root, or sudo_logsrvd of another host, for the account whose real uid asked (`submituser`); what it ran
        and where it stood are the caller's: `command`, `runargv`, `submitcwd`, and most of `runenv`
Open    the streams beside it are raw bytes that nothing marks as such: they are not read as a format. A log server
        writes what the client told it about itself: `submithost` is then asserted
"""

import re

import pyarrow as pa

from forensics.core import jsonlines, wholefile
from forensics.core.lines import LONGEST_LINE_BYTES
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.schema import Column, Table
from forensics.core.tables import STRINGS

TABLE = Table(
    "sudo_iolog",
    "a recorded sudo session",
    (
        Column("epoch_ns", pa.int64(), "start", "ns since 1970-01-01T00:00:00Z"),
        Column("submit_user", pa.string(), "account that asked"),
        Column("submit_host", pa.string(), "host it asked on", None, "not recorded"),
        Column("submit_cwd", pa.string(), "working directory it asked from", None, "not recorded"),
        Column("tty", pa.string(), "terminal", None, "none, or not recorded"),
        Column("run_user", pa.string(), "account whose rights were used", None, "not recorded"),
        Column("run_uid", pa.int64(), "its uid", None, "not recorded"),
        Column("run_group", pa.string(), "group whose rights were used", None, "not recorded"),
        Column("run_gid", pa.int64(), "its gid", None, "not recorded"),
        Column("run_cwd", pa.string(), "working directory of the command", None, "not recorded"),
        Column("command", pa.string(), "path of the command"),
        Column("argv", STRINGS, "its arguments", None, "not recorded"),
        Column("environment", STRINGS, "its environment: mostly the caller's own", None, "not recorded"),
        Column("lines", pa.int64(), "lines of the terminal", None, "not recorded"),
        Column("columns", pa.int64(), "columns of the terminal", None, "not recorded"),
        Column("rest", pa.string(), "what no column holds, as compact JSON", None, "nothing"),
        *SPAN,
    ),
)
CUT = "whole"
DOMAIN = "{host}:root"

_FIRST = re.compile(rb'\s*\{\s*"timestamp"\s*:\s*\{\s*"seconds"\s*:\s*[0-9]+\s*,')
_TEXTS = {
    "submit_user": "submituser", "submit_host": "submithost", "submit_cwd": "submitcwd", "tty": "ttyname",
    "run_user": "runuser", "run_group": "rungroup", "run_cwd": "runcwd", "command": "command",
}  # fmt: skip
_NUMBERS = {"run_uid": "runuid", "run_gid": "rungid", "lines": "lines", "columns": "columns"}
_WORDS = {"argv": "runargv", "environment": "runenv"}
_LAST_S = 9_223_372_035


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of an object that begins with such a time and says who submitted what."""
    said = any(word in head for word in (b'"submituser"', b'"runargv"'))
    return 88 if said and _FIRST.match(head) and b'"command"' in head else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read a whole file: one record, or one reject."""
    return wholefile.told(data, base, TABLE, _read(data))


def _read(data: bytes) -> dict[str, object] | Why | None:
    if not data.strip():
        return None
    if len(data) > LONGEST_LINE_BYTES:
        return Why.TOO_LONG
    found = jsonlines.loaded(data)
    if isinstance(found, Why):
        torn = found is Why.SHAPE and data.lstrip().startswith(b"{") and not data.rstrip().endswith(b"}")
        return Why.TRUNCATED if torn else found
    seconds, rest = (jsonlines.number(found, "timestamp", part) for part in ("seconds", "nanoseconds"))
    if seconds is None or not 0 <= seconds <= _LAST_S or not 0 <= (rest or 0) < 10**9:
        return Why.TIME
    row: dict[str, object] = {"epoch_ns": seconds * 10**9 + (rest or 0)}
    row |= {name: jsonlines.text(found, key) for name, key in _TEXTS.items()}
    row |= {name: jsonlines.number(found, key) for name, key in _NUMBERS.items()}
    row |= {name: jsonlines.words(found, key) for name, key in _WORDS.items()}
    if not row["submit_user"] or row["command"] is None:
        return Why.VALUE
    held = {"timestamp", *_TEXTS.values(), *_NUMBERS.values(), *_WORDS.values()}
    left = {key: value for key, value in found.items() if key not in held}
    return row | {"rest": jsonlines.compact(left or None)}
