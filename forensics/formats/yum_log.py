"""yum's log of packages: what was installed, updated or erased on an older host of the Red Hat family.

    Nov 22 10:00:00 Installed: 1:cowsay-3.04-4.el7.noarch

Shape   <month> <day> <time> <action>: <package>, without host or program
Source  yum 3.4, yum/rpmtrans.py `RPMBaseCallback.filelog`, /var/log/yum.log
Time    local wall clock of the host, to the second, with neither year nor zone
Who     root of that host; which account asked is not in it
Open    an action we have not met is a record
"""

import re

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core.lines import told
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.schema import Column, Table

TABLE = Table(
    "yum_log",
    "a line of yum's log of packages",
    (
        Column("wall", pa.string(), "local wall clock as written, without a year"),
        Column("action", pa.string(), "what was done"),
        Column("package", pa.string(), "package with version"),
        *SPAN,
    ),
)
CUT = "line"
DOMAIN = "{host}:root"

_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_WALL = rf"{_MONTH} [ 0-3][0-9] (?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-6][0-9]"
_LINE = rf"^(?P<wall>{_WALL}) (?P<action>[A-Z][A-Za-z-]{{2,30}}): (?P<package>[^ ]+)$"
_FIRST = re.compile(
    rf"{_WALL} (?:Installed|Updated|Erased|Obsoleted|Dep-Installed|Reinstalled): [^ \r\n]+\r?(?:\n|$)".encode()
)


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of a stamp before one of yum's words, where a system log has its host."""
    return 91 if _FIRST.match(head) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    lines = told(data, base)
    found = pc.extract_regex(lines.text, pattern=_LINE)
    read = pc.is_valid(found)
    kept = found.filter(read)
    records = {name: pc.struct_field(kept, name) for name in ("wall", "action", "package")}
    why = pa.array([Why.SHAPE.value] * len(found), pa.string())
    return lines.sorted_out(TABLE, records, read=read, idle=lines.blank, why=why)
