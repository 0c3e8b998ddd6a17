r"""Socket addresses as the kernel holds them in memory, columns at a time.

    02000016C0000207 0000000000000000      IPv4, port 22 of 192.0.2.7
    01002F72756E2F7800                     unix, /run/x

Shape   two bytes of family in the machine's own order, then what the family wants; ports are in network order
Source  Linux, include/linux/socket.h and include/uapi/linux/{in,in6,un,netlink,vm_sockets}.h; unix(7)
Open    what follows a path's NUL is whatever was in memory, and is left out. A family that we do not decode has
        its name or number alone
"""

import ipaddress
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import lines

FAMILIES = {
    0: "unspecified",
    1: "unix",
    2: "inet",
    10: "inet6",
    16: "netlink",
    17: "packet",
    29: "can",
    31: "bluetooth",
    38: "alg",
    40: "vsock",
    44: "xdp",
}
_OCTETS = pa.array([str(n) for n in range(256)], pa.string())
_NOTHING = pa.scalar(None, pa.string())
_LONGEST_BYTES = 128
"""The kernel's `struct sockaddr_storage`."""


class Addresses(NamedTuple):
    """Four columns, one row for each address; null where the family has no such part, or the bytes end before it.

    `family`: a name, or a number in decimal. `address`, `port`: of the other side, or of the own end of a
    bind. `path`: of a unix socket; an abstract one begins with `@`, and its NULs are shown as `@` too.
    """

    family: pa.Array
    address: pa.Array
    port: pa.Array
    path: pa.Array

    def named(self) -> pa.Array:
        """One text for each: `192.0.2.7:22`, `[2001:db8::7]:22`, a path, or the family."""
        port = self.port.cast(pa.string())
        host = pc.if_else(
            pc.match_substring(self.address, ":"),
            pc.binary_join_element_wise("[", self.address, "]", ""),
            self.address,
        )
        return pc.coalesce(self.path, pc.binary_join_element_wise(host, port, ":"), self.family)


def of_hexadecimal(saddr: pa.Array) -> Addresses:
    """The addresses that audit writes as hexadecimal (string, nullable); one that is none is null throughout."""
    coded = saddr.dictionary_encode()
    fits = pc.match_substring_regex(coded.dictionary, r"^(?:[0-9A-Fa-f]{2}){2,128}$").to_pylist()
    held = [
        bytes.fromhex(t) if ok else None for t, ok in zip(coded.dictionary.to_pylist(), fits, strict=True)
    ]
    return Addresses(*(column.take(coded.indices) for column in of_bytes(pa.array(held, pa.binary()))))


def of_bytes(raw: pa.Array) -> Addresses:
    """The addresses that these bytes hold (binary, nullable)."""
    size = np.asarray(pc.binary_length(raw).fill_null(0)).astype(np.int64)
    first = np.frombuffer(
        b"".join((v or b"")[:_LONGEST_BYTES].ljust(_LONGEST_BYTES, b"\0") for v in raw.to_pylist()), np.uint8
    ).reshape(len(raw), _LONGEST_BYTES)
    wide = first.astype(np.int64)
    # No family has a number of 256 or more, so the byte that is not zero says which order the machine has.
    family = np.where(size >= 2, np.where(wide[:, 0] > 0, wide[:, 0], wide[:, 1]), -1)
    big = (wide[:, 0] == 0) & (wide[:, 1] > 0)
    address, port = pa.nulls(len(raw), pa.string()), np.full(len(raw), -1, np.int64)
    four, six = (family == 2) & (size >= 8), (family == 10) & (size >= 24)
    inner = four | six
    port[inner] = (wide[inner, 2] << 8) | wide[inner, 3]
    address = pc.replace_with_mask(address, pa.array(four), _dotted(first[four]))
    address = pc.replace_with_mask(address, pa.array(six), _colons(first[six]))
    vsock = (family == 40) & (size >= 12)
    port[vsock] = _word(wide[vsock], 4, big[vsock])
    cid = pa.array([str(n) for n in _word(wide[vsock], 8, big[vsock])], pa.string())
    address = pc.replace_with_mask(address, pa.array(vsock), cid)
    paths = [
        _path(v) if f == 1 and v is not None else None for v, f in zip(raw.to_pylist(), family, strict=True)
    ]
    return Addresses(
        pa.array([None if f < 0 else FAMILIES.get(int(f), str(f)) for f in family], pa.string()),
        address,
        pa.array(port, mask=port < 0),
        lines.shown(pa.array(paths, pa.binary())),
    )


def hexadecimal(family: str, address: str | None, port: int | None, path: str | None) -> str | None:
    """An address that a dialect tells in words, in the form that the kernel of a little-endian machine has for it."""
    if path is not None:
        name = path.encode("utf-8", "surrogatepass").replace(b"@", b"\0", 1 if path.startswith("@") else 0)
        return (b"\1\0" + name[: _LONGEST_BYTES - 2]).hex().upper()
    try:
        host = ipaddress.ip_address(address or "")
    except ValueError:
        number = next((n for n, name in FAMILIES.items() if name == family), None)
        return None if number is None else f"{number:02X}00"
    held = (port or 0) & 0xFFFF
    if isinstance(host, ipaddress.IPv4Address):
        return f"0200{held:04X}{int(host):08X}{0:016X}"
    return f"0A00{held:04X}{0:08X}{int(host):032X}{0:08X}"


def _dotted(first: npt.NDArray[np.uint8]) -> pa.Array:
    return pc.binary_join_element_wise(*(_OCTETS.take(pa.array(first[:, at])) for at in range(4, 8)), ".")


def _colons(first: npt.NDArray[np.uint8]) -> pa.Array:
    """IPv6 as RFC 5952 has it; an IPv4 address within one is shown as IPv4."""
    found = [ipaddress.IPv6Address(row[8:24].tobytes()) for row in first]
    return pa.array([str(a.ipv4_mapped or a) for a in found], pa.string())


def _word(wide: npt.NDArray[np.int64], at: int, big: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Four bytes in the machine's order as a number."""
    places = range(4)
    little = sum((wide[:, at + n] << (8 * n) for n in places), np.zeros(len(wide), np.int64))
    large = sum((wide[:, at + n] << (8 * (3 - n)) for n in places), np.zeros(len(wide), np.int64))
    return np.where(big, large, little)


def _path(raw: bytes) -> bytes | None:
    name = raw[2:]
    if name.startswith(b"\0"):
        kept = name.rstrip(b"\0")
        return kept.replace(b"\0", b"@") or None
    return name.partition(b"\0")[0] or None
