r"""Login records of a big-endian host with 32-bit times: who was on which terminal, from when to when.

    00 07 00 00 00 00 0c 05 "pts/1" … "ts/1" "mei" … "10.0.0.11" … 6b 04 57 a9 00 05 42 eb 0a 00 00 0b …

Shape   records of 384 bytes, big-endian, as on powerpc64, sparc64 and mips64: as `wtmp` in the other byte order
Source  utmp(5); glibc bits/utmp.h with 32-bit times, unsigned since glibc 2.40
Time    seconds and microseconds since 1970; the seconds end in 2106
Who     root, or a program of group utmp, for the account named. In `btmp` it is what was typed
Open    none of these was staged on such a machine: the layout is read from the C library's source
"""

from forensics.core import loginrecords
from forensics.core.model import Parsed

TABLE = loginrecords.table("wtmp_powerpc")
CUT = "384"
DOMAIN = "{host}:root"

_LAYOUT = loginrecords.layout(">", wide=False)


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure where the first records can be records of this layout, and texts are filled up with zeros."""
    return loginrecords.recognise(head, _LAYOUT)


def parse(data: bytes, base: int) -> Parsed:
    """Read whole records, columns at a time."""
    return loginrecords.parse(data, base, TABLE, _LAYOUT)
