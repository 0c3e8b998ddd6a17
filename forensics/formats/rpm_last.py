"""Installed packages of a host of the Red Hat family by the time they were installed: what `rpm -qa --last` printed.

    python3-torch-2.9.1-1.el9.x86_64              Mon 23 Nov 2026 03:11:37 PM UTC

Shape   <name>-<version>-<release>.<architecture>, padded, then the time in the words of the caller's locale: as above, in
        24 hours, or as C has it (`Mon Nov 23 15:11:37 2026`)
Source  rpm 4.16, popt alias `--last`; strftime(3), `%c` of glibc's locales C and en_US
Time    when the package was installed or updated, from rpm's database, to the second, on the wall clock of whoever listed it; the zone's
        short name is shown where the locale has it, and names no zone but UTC's
Who     root of that host, whose database it is; who asked is not in it
Open    a list, not a log: what was removed, and what an update replaced, is not there. Other languages are rejected
"""

import re

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core.lines import told
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.schema import Column, Table

TABLE = Table(
    "rpm_last",
    "an installed package and when it was installed",
    (
        Column("package", pa.string(), "package with version, release and architecture"),
        Column("wall", pa.string(), "time as written, without its zone", None, "rpm knows none"),
        Column("zone", pa.string(), "short name of the zone as written", None, "not written"),
        *SPAN,
    ),
)
CUT = "line"
DOMAIN = "{host}:root"

_DAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_CLOCK = "(?:[01]?[0-9]|2[0-3]):[0-5][0-9]:[0-6][0-9]"
_WALL = rf"{_DAY} (?:[ 0-3]?[0-9] {_MONTH} [0-9]{{4}} {_CLOCK}(?: [AP]M)?|{_MONTH} [ 0-3]?[0-9] {_CLOCK} [0-9]{{4}})"
_PACKAGE = r"[A-Za-z0-9_][A-Za-z0-9+._~^-]*-[^ -]+-[^ -]+\.(?:\(none\)|[a-z0-9_]{3,12})"
_LINE = rf"^(?P<package>{_PACKAGE}) +(?:\(not installed\)|(?P<wall>{_WALL})(?: (?P<zone>[A-Z]{{2,5}}|[+-][0-9]{{2,4}}))?) *$"
_FIRST = re.compile(_LINE.encode())


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure where half of the first lines are packages with such a time."""
    first = [line.rstrip(b"\r") for line in head[:8192].split(b"\n")[:20] if line.strip()]
    fits = sum(1 for line in first if _FIRST.match(line))
    return 91 if fits and 2 * fits >= len(first) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    lines = told(data, base)
    found = pc.extract_regex(lines.text, pattern=_LINE)
    read = pc.is_valid(found)
    kept = found.filter(read)
    nothing = pa.scalar(None, pa.string())
    fields = {name: pc.struct_field(kept, name) for name in ("package", "wall", "zone")}
    records = {name: pc.if_else(pc.equal(values, ""), nothing, values) for name, values in fields.items()}
    why = pa.array([Why.SHAPE.value] * len(found), pa.string())
    return lines.sorted_out(TABLE, records, read=read, idle=lines.blank, why=why)
