r"""Log that rsync keeps in a file: of a daemon, who asked for which module, and each file that went in or out or was deleted.

    2026/11/23 15:11:48 [1471] rsync to data/llm from kai@login02 (10.0.0.3)
    2026/11/23 15:11:48 [1471] recv login02 [10.0.0.3] data (kai) llm/step_100.pt 4096

Shape   <date> <time> [<pid>] <message>; with `transfer logging` the second line above, unless `log format` says another
Source  rsyncd.conf(5), rsync(1) `--log-file`; rsync 3.5, log.c, clientserver.c; staged
Time    local wall clock of the host that wrote it, to the second, no zone
Who     nobody of the host: the name is one of rsync's own secrets, and most modules ask for none. The address is the peer's. A client's log
        is written by whoever ran rsync, so the file could be anybody's
Open    a control byte in a name is written `\#` and three octal digits. Paths are below the module, whose folder is in rsyncd.conf.
        Lines of another `log format`, and a client's own lines of what it moved, are kept as messages
"""

import re

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import messagetext, ownlogs
from forensics.core.lines import told
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.schema import Column, Table

TABLE = Table(
    "rsync_log",
    "a line of rsync's own log",
    (
        Column("wall", pa.string(), "local wall clock as written"),
        Column("pid", pa.int64(), "process that wrote it"),
        Column("message", pa.string(), "what follows, as written"),
        *messagetext.FIELDS,
        *SPAN,
    ),
)
CUT = "line"
DOMAIN = "{host}:user"

_PLAIN = Table(TABLE.name, TABLE.meaning, (*TABLE.columns[:3], *SPAN))
_STAMP = (
    r"[0-9]{4}/(?:0[1-9]|1[0-2])/(?:0[1-9]|[12][0-9]|3[01]) (?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)"
)
_LINE = rf"^(?P<wall>{_STAMP}) \[(?P<pid>[0-9]{{1,10}})\] (?P<message>.*)$"
_STAMPED = re.compile(rf"{_STAMP} \[[0-9]{{1,10}}\] ".encode())
_OWN = re.compile(
    rb"(?:rsyncd version |connect from |rsync (?:on|to|allowed|denied) |rsync: |rsync error: |receiving file list|building file list|module-list request"
    rb"|(?:send|recv|del\.) [^ ]+ \[|sent [0-9,]+ bytes  received |[<>ch.*][fdLDS][.+a-zA-Z?]{9} )"
)


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure where the first lines have rsync's stamp, and one of them its words."""
    first = [line for line in head[:8192].split(b"\n")[:20] if line.strip()]
    stamps = [_STAMPED.match(line) for line in first]
    fits = [stamp is not None for stamp in stamps]
    own = any(stamp and _OWN.match(line, stamp.end()) for line, stamp in zip(first, stamps, strict=True))
    return 91 if own and 2 * sum(fits) >= len(first) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    lines = told(data, base)
    found = pc.extract_regex(lines.text, pattern=_LINE)
    read = pc.is_valid(found)
    kept = found.filter(read)
    plain = {name: pc.struct_field(kept, name) for name in ("wall", "message")}
    plain["pid"] = pc.struct_field(kept, "pid").cast(pa.int64())
    why = pa.array([Why.SHAPE.value] * len(found), pa.string())
    done = lines.sorted_out(_PLAIN, plain, read=read, idle=lines.blank, why=why)
    held = {name: done.records[name] for name in _PLAIN.names}
    words = ownlogs.fields("rsyncd", *(held[name].combine_chunks() for name in ("pid", "message")))
    return done._replace(records=TABLE.build(held | words))
