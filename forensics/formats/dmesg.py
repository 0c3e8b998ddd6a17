r"""What `dmesg` printed: the kernel's own messages, with the seconds since boot or the time that dmesg made of them.

    [Mon Nov 23 15:11:38 2026] NVRM: Xid (PCI:0000:3b:00): 79, pid=1234, GPU has fallen off the bus.

Shape   [<facility>:<level>: ][<stamp>] <message>, the stamp `[<seconds>.<microseconds>]` since boot, with `-T` `[<day> <month> <date> <time> <year>]`, with
        `--time-format iso` RFC 3339 with a comma and no brackets; with `-r` a priority in angle brackets before it
Source  dmesg(1), util-linux 2.38, sys-utils/dmesg.c; the kernel's messages as in `core/programs/host.py`
Time    the kernel counts from boot. dmesg adds the boot's time as it was when it printed: a clock that was set since, or a host that slept,
        moves all of them. `-T` is the wall clock of the host, to the second, no zone; iso has its offset. Seconds since boot alone are no time
Who     the kernel, and whoever may write to it (`/dev/kmsg`), which is root. A process that it names chose its own name
Open    the buffer is short: old messages are overwritten, and root can empty it. Differences of time (`-d`, `-e`) are not read. An audit line
        in it is kept as a message: the trail itself, or the host's log, tells it whole
"""

import re

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import messagetext, ownlogs
from forensics.core.lines import told
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.schema import Column, Table

_OTHER = "written in another way"
TABLE = Table(
    "dmesg",
    "a message of the kernel",
    (
        Column("wall", pa.string(), "local wall clock as written, without the day of the week", None, _OTHER),
        Column("iso", pa.string(), "time with its offset as written", None, _OTHER),
        Column("boot_us", pa.int64(), "since boot", "microseconds", _OTHER),
        Column("facility", pa.string(), "facility", None, "not written"),
        Column("level", pa.string(), "severity, in words or as the priority", None, "not written"),
        Column("message", pa.string(), "what follows, as written"),
        *messagetext.FIELDS,
        *SPAN,
    ),
)
CUT = "line"
DOMAIN = "{host}:root"

_PLAIN = Table(TABLE.name, TABLE.meaning, (*TABLE.columns[:6], *SPAN))
_HOUR = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-6][0-9]"
_WALL = rf"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) (?: [1-9]|[12][0-9]|3[01]) {_HOUR} [0-9]{{4}}"
_ISO = rf"[0-9]{{4}}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])T{_HOUR},[0-9]{{6}}(?:Z|[+-][0-9]{{2}}:[0-9]{{2}})"
_STAMP = (
    rf"(?:\[(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?P<wall>{_WALL})\]|(?P<iso>{_ISO})"
    r"|\[ *(?P<seconds>[0-9]{1,10})\.(?P<fraction>[0-9]{6})\](?: kernel:)?)"
)
_LEVEL = r"(?:<(?P<priority>[0-9]{1,3})>|(?P<facility>[a-z0-9]{3,8}) *:(?P<word>emerg|alert|crit|err|warn|notice|info|debug) *: ?)?"
_LINE = rf"^{_LEVEL}{_STAMP}(?: (?P<message>.*))?$"
_FIRST = re.compile(rf"{_LEVEL}{_STAMP}(?: |\r?$)".encode())
_OF_A_HOST = re.compile(rb"\[ *[0-9]+\.[0-9]+\] [^ \[\]:]+ [^ \[\]:]+\[[0-9]+\]: ")


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure where most of the first lines have one of dmesg's stamps, and none a host and a process, as the journal prints them."""
    first = [line for line in head[:8192].split(b"\n")[:20] if line.strip()]
    if any(_OF_A_HOST.match(line) for line in first):
        return 0
    fits = sum(1 for line in first if _FIRST.match(line))
    return 87 if fits and 2 * fits >= len(first) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    lines = told(data, base)
    found = pc.extract_regex(lines.text, pattern=_LINE)
    read = pc.is_valid(found)
    kept = found.filter(read)
    part = {field.name: messagetext.filled(pc.struct_field(kept, field.name)) for field in kept.type}
    seconds, fraction = (part[name].cast(pa.int64()) for name in ("seconds", "fraction"))
    plain = {
        **{name: part[name] for name in ("wall", "iso", "facility")},
        "boot_us": pc.add(pc.multiply(seconds, 1_000_000), fraction),
        "level": pc.coalesce(part["word"], part["priority"]),
        "message": pc.struct_field(kept, "message"),
    }
    why = pa.array([Why.SHAPE.value] * len(found), pa.string())
    done = lines.sorted_out(_PLAIN, plain, read=read, idle=lines.blank, why=why)
    held = {name: done.records[name] for name in _PLAIN.names}
    message = held["message"].combine_chunks()
    words = ownlogs.fields("kernel", pa.nulls(len(message), pa.int64()), message)
    return done._replace(records=TABLE.build(held | words))
