r"""Linux audit trail: an event is several lines, which share its time and serial.

    type=SYSCALL msg=audit(1795446841.266:7982): arch=c000003e syscall=62 success=yes exit=0 a0=2466 a1=9
    a2=0 a3=0 items=0 ppid=9336 pid=9610 auid=4102 uid=0 tty=pts3 ses=54 comm="pkill" exe="/usr/bin/pkill"
    key="signals"\x1dARCH=x86_64 SYSCALL=kill AUID="kai" UID="root"

Shape   [node=<host> ]type=<type> msg=audit(<seconds>.<ms>:<serial>): <key>=<value> ..., one line (folded above).
        Programs' own words stand in `msg='...'`. With `log_format = ENRICHED` a byte 0x1d follows, then
        KEY=<name>: what auditd took numbers to mean when it wrote. A value is quoted where it holds no
        blank, quote, control or non-ASCII byte; otherwise it is upper-case hexadecimal without quotes
Source  Linux kernel, kernel/audit.c and kernel/auditsc.c; audit-userspace, auditd.conf(5), lib/audit_logging.c
        The lines of one event are one record where they lie in one frame of the file; see `core.auditrecord`
Time    epoch milliseconds of the kernel that audited; DAEMON_* carry the daemon's
Who     `auid` is the login account and survives su and sudo; `uid`, `euid` whose rights were used. Both are
        read before `msg='` only: text within it, and arguments, are typed by users. Names after 0x1d are
        by the host's own passwd
Open    a line without its newline is torn and rejected, since a number in it may have lost digits; so is a
        line that holds a second record. Of a key that comes twice the first counts, the other stays in
        `fields`. SELinux contexts and capabilities are kept there too, unread. `ausearch --raw` gives the same
        lines, event by event; what it prints by default has rules and dates between them, which are ignored,
        and no names. What it prints with -i is another format, and refused
"""

import re

import numpy as np
import pyarrow as pa

from forensics.core import auditfields, auditmerge, auditpage, auditrecord, audittext, loose
from forensics.core.auditpage import BLANK, REASONS, RECORD, Heads, Page
from forensics.core.model import IGNORED, REJECTED, Parsed, Why

CUT = "line"
DOMAIN = "{host}:root"
FRAME_BYTES = 8 << 20

TABLE = auditrecord.table(
    "auditd", "an event of an audit trail, or the part of it that lies in one frame of a file"
)

_FIRST_LINES = re.compile(auditpage.HEAD.replace("$", r"\r?$").encode(), re.MULTILINE)
_STAMPED, _FRAMED = (audittext.word(word)[0] for word in (b"msg=audi", b"msg='msg"))


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure where the file begins with an audit record; less so where one stands further down."""
    if _FIRST_LINES.match(head):
        return 97
    return 60 if b" msg=audit(" in head and _FIRST_LINES.search(head) else 0


def parse(data: bytes | memoryview, base: int) -> Parsed:
    """Read a frame of a file, columns at a time."""
    found = lightly(data, base)
    return found._replace(records=loose.strict(found.records, TABLE.schema()))


def lightly(data: bytes | memoryview, base: int) -> Parsed:
    """The same, texts of few values as numbers of these."""
    if not data:
        return Parsed(TABLE.empty(), REJECTED.empty(), IGNORED.empty())
    cut = auditpage.page(data)
    heads = auditpage.heads(cut)
    _refuse_glued(cut, heads)
    bad, blank = heads.why >= 0, heads.why == BLANK
    why = pa.array([reason.value for reason in REASONS], pa.string()).take(pa.array(heads.why[bad]))
    return Parsed(
        _records(cut, heads, base) if (heads.why == RECORD).any() else TABLE.empty(),
        REJECTED.build({**_spans(cut, bad, base), "why": why}),
        IGNORED.build(_spans(cut, blank, base)),
    )


def _records(cut: Page, heads: Heads, base: int) -> pa.Table:
    columns = auditmerge.records(cut, heads, base)
    return loose.built(TABLE.schema(), columns, len(columns["start"]))


def _spans(cut: Page, lines: audittext.Bools, base: int) -> dict[str, pa.Array]:
    return {"start": pa.array(cut.start[lines] + base), "stop": pa.array(cut.stop[lines] + base)}


def _refuse_glued(cut: Page, heads: Heads) -> None:
    """Mark lines that hold a second record: nobody can say which fields are whose."""
    records = heads.why == RECORD
    marked = cut.opening == _STAMPED
    marked |= cut.opening == _FRAMED
    # Each record has one such word, that of its own stamp.
    if np.count_nonzero(marked) == np.count_nonzero(records):
        return
    places = np.flatnonzero(marked)
    count = np.bincount(np.searchsorted(cut.token, places, "right") - 1, minlength=len(records))
    line = np.flatnonzero((count > 1) & records)
    if not len(line):
        return
    whole = audittext.sliced(cut.raw, cut.start[line], cut.stop[line])
    heads.why[line[auditfields.glued(auditfields.cut(whole, heads.body[line]))]] = REASONS.index(Why.SHAPE)
