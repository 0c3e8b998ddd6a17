r"""Login records of a host: who was on which terminal, from when to when.

    07 00 00 00 05 0c 00 00 "pts/1" … "ts/1" "mei" … "127.0.0.11" … a9 57 04 6b eb 42 05 00 7f 00 00 0b …

Shape   records of 384 bytes, one after the other: type, pid, line, id, user, host, exit, session, time, address.
        Little-endian, as on x86_64, i386, 32-bit arm, little-endian powerpc64 and riscv64
Source  utmp(5); glibc bits/utmp.h with 32-bit times, unsigned since glibc 2.40
Time    seconds and microseconds since 1970. The seconds end in 2106; until glibc 2.40 programs that read
        them as signed showed those after 2038-01-19 as before 1970, which no Linux clock can be
Who     root, or a program of group utmp, for the account named; a text ends at its first zero byte. In
        `btmp` the account is what somebody typed who was then refused
Open    an address of version 6 that ends in twelve zero bytes looks like one of version 4. Machines with
        other layouts: `wtmp_aarch64`, `wtmp_powerpc`, `wtmp_s390`
"""

from forensics.core import loginrecords
from forensics.core.model import Parsed

TABLE = loginrecords.table("wtmp")
CUT = "384"
DOMAIN = "{host}:root"

_LAYOUT = loginrecords.layout("<", wide=False)


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure where the first records can be records of this layout, and texts are filled up with zeros."""
    return loginrecords.recognise(head, _LAYOUT)


def parse(data: bytes, base: int) -> Parsed:
    """Read whole records, columns at a time."""
    return loginrecords.parse(data, base, TABLE, _LAYOUT)
