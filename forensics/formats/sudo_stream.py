r"""What passed a recorded sudo session: the files `ttyin`, `ttyout`, `stdin`, `stdout` and `stderr` of a sudo I/O log.

    root@login01:~# chown kai /srv/proj/train.py

Shape   bytes as they passed. Enter is a carriage return in what came from the keys, a carriage return and a newline in what was shown
Source  sudo 1.9.13, sudoers(5) "I/O log files"; sudoreplay(8)
Time    none here: `timing`, beside it, has how many bytes came when
Who     sudo wrote them, as root; what the bytes say was typed by somebody, or shown by a program that anybody may have written
Open    nothing in the bytes tells this file from another, so its place does: below a folder named for the sequence number
        (`00/00/01/ttyout`). There it is this, whatever it looks like: a session can show lines of any log, made up or real.
        A log whose folders are named otherwise (`iolog_dir`, `iolog_file`) is known by `ttyin` and `ttyout` alone, and only where
        no other format knows the content. Typed passwords are not logged where the terminal did not echo them (`log_passwords` off)
"""

import re

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import lines
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.schema import Column, Table

TABLE = Table(
    "sudo_stream",
    "what passed a recorded session, up to the next end of a line",
    (
        Column("text", pa.string(), "what was typed or shown, control characters and all"),
        *SPAN,
    ),
)
CUT = "line"
DOMAIN = "{host}:root"

_PLACE = re.compile(r"(?:^|/)(?:[0-9A-Z]{2}/){3}(?:ttyin|ttyout|stdin|stdout|stderr)(?:\.gz)?$")
_NAME = re.compile(r"(?:^|[/.])(?:ttyin|ttyout)(?:\.gz)?$")
_BY_NAME = 20


def recognise(head: bytes, path: str) -> int:
    """Sure of the place, whatever the bytes are; of a name alone only a little, and not where bytes are zero."""
    if _PLACE.search(path):
        return 100
    return _BY_NAME if _NAME.search(path) and b"\0" not in head else 0


def parse(data: bytes, base: int) -> Parsed:
    r"""Read up to each `\n`, `\r\n` or `\r`, a chunk at a time."""
    told = lines.told(data, base, returns=True)
    read = pc.invert(pc.or_(told.long, told.blank))
    why = pa.array([Why.SHAPE.value] * len(read), pa.string())
    return told.sorted_out(TABLE, {"text": told.text.filter(read)}, read=read, idle=told.blank, why=why)
