r"""Login records of a host with 64-bit times: who was on which terminal, from when to when.

    07 00 00 00 05 0c 00 00 "pts/1" … "ts/1" "mei" … "10.0.0.11" … a9 57 04 6b 00 00 00 00 eb 42 05 00 00 00 00 00 …

Shape   records of 400 bytes, little-endian, as on aarch64 and loongarch64: as `wtmp`, but session and time
        have 64 bits each
Source  utmp(5); glibc bits/utmp.h where `__WORDSIZE_TIME64_COMPAT32` is 0
Time    seconds and microseconds since 1970, 64 bits each
Who     root, or a program of group utmp, for the account named. In `btmp` it is what was typed
Open    none of these was staged on such a machine: the layout is read from the C library's source
"""

from forensics.core import loginrecords
from forensics.core.model import Parsed

TABLE = loginrecords.table("wtmp_aarch64")
CUT = "400"
DOMAIN = "{host}:root"

_LAYOUT = loginrecords.layout("<", wide=True)


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure where the first records can be records of this layout, and texts are filled up with zeros."""
    return loginrecords.recognise(head, _LAYOUT)


def parse(data: bytes, base: int) -> Parsed:
    """Read whole records, columns at a time."""
    return loginrecords.parse(data, base, TABLE, _LAYOUT)
