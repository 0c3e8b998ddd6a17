r"""Job of at: a shell script in the spool, that at wrote from what somebody gave it and from their environment.

    # atrun uid=4101 gid=4101

Shape   `#!/bin/sh`, `# atrun uid=<n> gid=<n>`, `# mail <user> <n>`, `umask <octal>`, `NAME=<value>; export NAME` for the
        environment, `cd <folder> || {` … `}`, then the commands as given. In values a backslash stands before all but
        letters and digits, and a newline is in quotes
Source  at 3.2, at.c `writefile`; staged
Time    none in it. The file's name has one: `<queue><5 hex digits of the job><8 hex digits: minutes since 1970>`, when
        it is to run. When it was written, no part of it says
Who     at writes the second line from the real uid of its caller; the environment and the commands are the caller's
Open    of the environment only names are told, and the values of those that tell where from and who; others can be secrets
"""

import re
from typing import NamedTuple

import pyarrow as pa

from forensics.core import rowwise
from forensics.core.model import IGNORED, REJECTED, SPAN, Parsed, Why
from forensics.core.rowwise import Line
from forensics.core.schema import Column, Table
from forensics.core.tables import STRINGS

TABLE = Table(
    "at_job",
    "a job of at",
    (
        Column("uid", pa.int64(), "real uid of who asked at for it"),
        Column("gid", pa.int64(), "real gid of the same"),
        Column("mail", pa.string(), "account that gets the output, as at wrote it"),
        Column("umask", pa.string(), "in octal digits", None, "not written"),
        Column("environment", STRINGS, "names of the variables kept, in order"),
        Column("telling", STRINGS, "`NAME=value` of those that say who and where from: set by the caller"),
        Column("cwd", pa.string(), "folder it runs in"),
        Column("command", pa.string(), "the commands, all their lines, as given"),
        *SPAN,
    ),
)
CUT = "whole"
DOMAIN = "{host}:root"

_TOP = re.compile(
    rb"#!/bin/(?:sh|bash)\n# atrun uid=(?P<uid>[0-9]{1,10}) gid=(?P<gid>[0-9]{1,10})\n# mail +(?P<mail>[^ \n]+) (?:[0-9]+)\n"
    rb"(?:umask (?P<umask>[0-7]{1,5})\n)?"
)
_NAME = re.compile(rb"(?P<name>[A-Za-z_][A-Za-z0-9_]*)=")
_FOLDER = re.compile(rb"cd (?P<folder>.*) \|\| \{\n[^\n]*\n[^\n]*\n\}\n")
_ESCAPED = re.compile(rb"\\(.)|\"\n\"", re.DOTALL)
_TELLING = {b"USER", b"LOGNAME", b"HOME", b"PWD", b"SUDO_USER", b"SUDO_COMMAND", b"SSH_CLIENT", b"SSH_CONNECTION", b"SSH_TTY", b"SLURM_JOB_ID"}  # fmt: skip
_LONGEST_BYTES = 16 << 20


class _Environment(NamedTuple):
    names: list[str]
    telling: list[str]
    stop: int


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of the first lines, which no other script has."""
    return 96 if _TOP.match(head) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read the whole file: it is one job, or none."""
    if not data:
        return Parsed(TABLE.empty(), REJECTED.empty(), IGNORED.empty())
    rows = rowwise.Rows(TABLE)
    rows.add([Line(base, base + len(data), b"")], _job(data))
    return rows.parsed()


def _job(data: bytes) -> dict[str, object] | Why | None:
    if len(data) > _LONGEST_BYTES:
        return Why.TOO_LONG
    top = _TOP.match(data)
    if top is None:
        return Why.SHAPE if data.strip() else None
    kept = _environment(data, top.end())
    folder = _FOLDER.match(data, kept.stop)
    if folder is None:
        return Why.TRUNCATED
    return {
        "uid": int(top["uid"]),
        "gid": int(top["gid"]),
        "mail": rowwise.shown(top["mail"]),
        "umask": rowwise.filled(top["umask"] or b""),
        "environment": kept.names,
        "telling": kept.telling,
        "cwd": rowwise.shown(_unescaped(folder["folder"])),
        "command": rowwise.shown(data[folder.end() :]),
    }


def _environment(data: bytes, at: int) -> _Environment:
    """The variables from `at` on. Each ends with the words that export it: its value can hold no such words."""
    names, telling = [], []
    while found := _NAME.match(data, at):
        end = b"; export " + found["name"] + b"\n"
        stop = data.find(end, found.end())
        if stop < 0:
            break
        name = rowwise.shown(found["name"])
        names.append(name)
        if found["name"] in _TELLING:
            telling.append(f"{name}={rowwise.shown(_unescaped(data[found.end() : stop]))}")
        at = stop + len(end)
    return _Environment(names, telling, at)


def _unescaped(raw: bytes) -> bytes:
    return _ESCAPED.sub(lambda found: found[1] or b"\n", raw)
