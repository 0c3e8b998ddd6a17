r"""What `ausearch -i`, `ausearch --format text` and `aureport` print for people: recognised, and refused.

    type=SYSCALL msg=audit(11/23/26 15:14:01.266:7982) : arch=x86_64 syscall=kill success=yes exit=0 auid=kai comm=pkill

Shape   lines of a trail with every value interpreted; or sentences; or a table under a title and a row of `=`
Source  audit-userspace 3.0.9, ausearch(8), aureport(8); staged with both from our own trail
Time    a wall clock of the machine that made the report, in the order and zone of its locale
Who     names in place of numbers, as that machine resolves them
Open    nothing is read from such a file, and every line is rejected as `interpreted`: quotes and hexadecimal are
        gone, so a name that holds a blank imitates fields, and a name in place of a number may be another
        account's. Ask for the trail itself, or for `ausearch --raw`
"""

import re

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core.lines import told
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.schema import Table

TABLE = Table("ausearch_interpreted", "nothing: such a report is refused", SPAN)
CUT = "line"
DOMAIN = "{host}:root"

_LINE = re.compile(
    rb"^(?:node=[^ \n]+ )?type=[A-Z0-9_]+(?:\[\d+\])? msg=audit\([^)\n]*[ /][^)\n]*:\d+\) : ", re.MULTILINE
)
_TABLE = re.compile(rb"\s{0,4}[A-Za-z][A-Za-z ()/-]{0,60} [Rr]eport\r?\n={4,}\r?\n")
_SENTENCE = re.compile(
    rb"(?:On [^ \n]+ at|At) \d\d:\d\d:\d\d \d[\d/.-]{5,9} [^\n]*\b(?:successfully|unsuccessfully) "
)


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of a report's title, a sentence, or interpreted lines."""
    if _TABLE.match(head) or _SENTENCE.match(head):
        return 90
    first = head[:16_384]
    return 91 if b" msg=audit(" in first and _LINE.search(first) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Refuse every line that is not blank."""
    lines = told(data, base)
    nothing = pa.array([False] * len(lines.blank), pa.bool_())
    blank = pc.match_substring_regex(lines.text, r"^\s*$")
    idle = pc.and_not(blank, lines.long)
    why = pa.array([Why.INTERPRETED.value] * len(lines.blank), pa.string())
    return lines.sorted_out(TABLE, {}, read=nothing, idle=idle, why=why)
