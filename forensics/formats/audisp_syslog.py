r"""Audit trail that went through syslog: each line of it after a syslog stamp, host and program.

    Nov 23 15:14:01 login01 audispd: node=login01 type=SYSCALL msg=audit(1795446841.266:7982): arch=c000003e
    syscall=62 success=yes exit=0 a0=2466 a1=9 ppid=9336 pid=9610 auid=4102 uid=0 comm="pkill" key=(null)#035AUID="kai"

Shape   <stamp> <host> <program>[<pid>]: <a line of the trail>, one line (folded above); RFC 5424 has more before
        the line. rsyslog writes a control byte as `#` and three octal digits, so 0x1d stands as `#035`
Source  audit-userspace 2.8 (audispd's builtin_syslog) and 3.0.9 (audisp-syslog(8)); rsyslog 8, property replacer
        and EscapeControlCharactersOnReceive; staged from our own trail
Time    epoch milliseconds of the kernel that audited, from the line itself; the stamp is the relay's, and is kept
        in `more`
Who     as in the trail (`auditd`), but any account of the host may send such a line to syslog under any program
        name (`logger -t audispd`): only the trail itself is root's alone. `node` is that of the line, else the
        host that syslog names
Open    a relay cuts long messages without a mark, so the last number or argument of a line of some 8,000 bytes
        may be short. The last `#035` is taken for 0x1d where nothing but names follows it. With `interpret` the plug-in
        writes for people: such lines are rejected
"""

import re

from forensics.core import auditlines, auditrecord, lines
from forensics.core.model import IGNORED, REJECTED, Parsed, Why

TABLE = auditrecord.table("audisp_syslog", "a line of an audit trail, as syslog carried it")
CUT = "line"
DOMAIN = "{host}:user"

_STAMP = rb"(?:[A-Z][a-z]{2} [ 0-9][0-9] [0-9]{2}:[0-9]{2}:[0-9]{2}|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,18}(?:Z|[+-][0-9]{2}:?[0-9]{2}))"
_PROGRAM = rb"(?:audispd|audisp-syslog|audisp|auditd|audit)"
_WRAP = re.compile(
    rb"(?P<wrap>(?:<[0-9]{1,3}>)?(?:1 )?" + _STAMP + rb" (?P<host>[^ ]{1,255}) "
    + _PROGRAM + rb"(?:(?:\[[0-9]{1,10}\])?:| [0-9-]{1,10} [^ ]{1,32} -) {0,2})(?=(?:node=[^ ]+ )?type=)"
)  # fmt: skip
_INTERPRETED = re.compile(rb'(?:node=[^ "]+ )?type=[A-Z0-9_]+(?:\[\d+\])? msg=audit\([^)]*[ /][^)]*\) ?:')
_ESCAPED = b"#035"
_NAMES = re.compile(rb'(?:[A-Z][A-Z0-9_-]*=(?:"[^"]*"|\{[^"{}]*\}|(?!\{[^"{}]*\}(?: |$))[^ "]*)(?: |$))+')


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure where most of the first lines are lines of a trail within lines of syslog."""
    first = [line for line in head[:16_384].splitlines()[:20] if line.strip()]
    fits = sum(1 for line in first if _WRAP.match(line))
    return 93 if first and 2 * fits > len(first) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, one at a time: each was carried by itself, and becomes one record."""
    cut = lines.cut(data, base)
    rows: list[dict[str, object]] = []
    rejected: list[dict[str, object]] = []
    ignored: list[dict[str, object]] = []
    for start, stop, text in zip(cut.start.tolist(), cut.stop.tolist(), cut.text, strict=True):
        raw = text.as_py() if stop - start <= lines.LONGEST_LINE_BYTES else None
        torn = stop == base + len(data) and not data.endswith(b"\n")
        row = Why.TOO_LONG if raw is None else _row(raw, torn=torn) if raw.strip() else None
        span: dict[str, object] = {"start": start, "stop": stop}
        if row is None:
            ignored.append(span)
        elif isinstance(row, Why):
            rejected.append(span | {"why": row.value})
        else:
            rows.append(row | span)
    made = (
        table.build({name: [row.get(name) for row in held] for name in table.names})
        for table, held in ((TABLE, rows), (REJECTED, rejected), (IGNORED, ignored))
    )
    return auditrecord.spanned(Parsed(*made))


def _row(raw: bytes, *, torn: bool) -> dict[str, object] | Why:
    wrap = _WRAP.match(raw)
    if wrap is None:
        return Why.SHAPE
    if torn:
        return Why.TRUNCATED
    line = _parted(raw[wrap.end() :])
    head = auditlines.head(line)
    if head is None:
        return Why.INTERPRETED if _INTERPRETED.match(line) else Why.SHAPE
    row = auditlines.row(
        head.node or auditlines.shown(wrap["host"]),
        head.ms,
        head.serial,
        [auditlines.line(head.type, line[head.body :])],
    )
    return row | {"more": [auditlines.shown(b"syslog " + wrap["wrap"]).strip()]}


def _parted(line: bytes) -> bytes:
    """The line with 0x1d where the last `#035` stands for it: nothing but names follows."""
    at = line.rfind(_ESCAPED)
    names = at + len(_ESCAPED)
    return line[:at] + b"\x1d" + line[names:] if at >= 0 and _NAMES.fullmatch(line, names) else line
