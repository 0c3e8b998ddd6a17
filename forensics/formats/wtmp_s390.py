r"""Login records of a big-endian host with 64-bit times: who was on which terminal, from when to when.

    00 07 00 00 00 00 0c 05 "pts/1" … "ts/1" "mei" … "10.0.0.11" … 00 00 00 00 6b 04 57 a9 00 00 00 00 00 05 42 eb …

Shape   records of 400 bytes, big-endian, as on s390 and s390x: as `wtmp_aarch64` in the other byte order
Source  utmp(5); glibc sysdeps/unix/sysv/linux/s390/bits/utmp.h; 31-bit programs convert, so the file is the same
Time    seconds and microseconds since 1970, 64 bits each
Who     root, or a program of group utmp, for the account named. In `btmp` it is what was typed
Open    none of these was staged on such a machine: the layout is read from the C library's source
"""

from forensics.core import loginrecords
from forensics.core.model import Parsed

TABLE = loginrecords.table("wtmp_s390")
CUT = "400"
DOMAIN = "{host}:root"

_LAYOUT = loginrecords.layout(">", wide=True)


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure where the first records can be records of this layout, and texts are filled up with zeros."""
    return loginrecords.recognise(head, _LAYOUT)


def parse(data: bytes, base: int) -> Parsed:
    """Read whole records, columns at a time."""
    return loginrecords.parse(data, base, TABLE, _LAYOUT)
