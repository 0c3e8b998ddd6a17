"""dnf's log of packages: what was installed, upgraded or removed on a host of the Red Hat family.

    2026-11-22T10:00:00+0100 SUBDEBUG Installed: cowsay-3.7.0-10.el9.noarch

Shape   <RFC 3339 time> <level> <action>: <package>; other messages of dnf in the same log have no action
Source  dnf 4.14, dnf/logging.py `_LOG_FILE_RPM`, /var/log/dnf.rpm.log; libdnf transaction callbacks
Time    the host's clock, to the second, with its offset
Who     root of that host; which account asked is not in it: see `dnf history`, and sudo of the same seconds
Open    what a package's own scripts print follows on lines without a time; those are not read
"""

import re

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core.lines import told
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.schema import Column, Table

TABLE = Table(
    "dnf_log",
    "a line of dnf's log of packages",
    (
        Column("written", pa.string(), "time as written"),
        Column("level", pa.string(), "level of the message"),
        Column("action", pa.string(), "what was done", None, "another message"),
        Column("package", pa.string(), "package with version and architecture", None, "another message"),
        Column("rest", pa.string(), "everything after the level, as written"),
        *SPAN,
    ),
)
CUT = "line"
DOMAIN = "{host}:root"

_DAY = r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_TIME = rf"{_DAY}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-6][0-9](?:Z|[+-][0-9]{{2}}:?[0-9]{{2}})"
_LINE = rf"^(?P<written>{_TIME}) (?P<level>[A-Z]{{3,10}}) (?P<rest>.+)$"
_ACTION = r"^(?P<action>Installed|Installing|Upgraded|Upgrade|Erased|Erase|Removed|Reinstalled|Reinstall|Downgraded|Downgrade|Obsoleted|Cleanup): (?P<package>[^ ]+)$"
_FIRST = re.compile(rf"{_TIME} (?:SUBDEBUG|DEBUG|INFO|DDEBUG|WARNING|ERROR|CRITICAL) ".encode())


def recognise(head: bytes, path: str) -> int:
    """Sure of a level that only dnf has; other levels are any program's, so that the path has to say dnf too."""
    if not _FIRST.match(head):
        return 0
    ours = re.search(rb" SUBDEBUG | --- logging initialized ---", head[:8192])
    return 90 if ours else 60 if "dnf" in path else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    lines = told(data, base)
    found = pc.extract_regex(lines.text, pattern=_LINE)
    read = pc.is_valid(found)
    kept = found.filter(read)
    rest = pc.struct_field(kept, "rest")
    changed = pc.extract_regex(rest, pattern=_ACTION)
    records = {
        **{name: pc.struct_field(kept, name) for name in ("written", "level")},
        **{name: pc.struct_field(changed, name) for name in ("action", "package")},
        "rest": rest,
    }
    why = pa.array([Why.SHAPE.value] * len(found), pa.string())
    return lines.sorted_out(TABLE, records, read=read, idle=lines.blank, why=why)
