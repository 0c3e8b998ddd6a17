"""Socket addresses: the columns against Python's own, one address at a time."""

import ipaddress
import struct

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.core import sockaddr


def oracle(raw):
    """`(family, address, port, path)` of the bytes of one address, as the manual pages describe them."""
    if len(raw) < 2:
        return (None,) * 4
    order = "<" if raw[0] else ">"
    (number,) = struct.unpack(order + "H", raw[:2])
    if raw[0] and raw[1]:
        number = raw[0]
    family = sockaddr.FAMILIES.get(number, str(number))
    if family == "inet" and len(raw) >= 8:
        port, held = struct.unpack("!H4s", raw[2:8])
        return family, str(ipaddress.IPv4Address(held)), port, None
    if family == "inet6" and len(raw) >= 24:
        port, _, held = struct.unpack("!HI16s", raw[2:24])
        six = ipaddress.IPv6Address(held)
        return family, str(six.ipv4_mapped or six), port, None
    if family == "vsock" and len(raw) >= 12:
        port, cid = struct.unpack(order + "II", raw[4:12])
        return family, str(cid), port, None
    if family == "unix":
        name = raw[2:]
        name = (
            b"@" + name[1:].rstrip(b"\0").replace(b"\0", b"@") if name[:1] == b"\0" else name.split(b"\0")[0]
        )
        return family, None, None, None if name in {b"", b"@"} else name.decode("utf-8", "backslashreplace")
    return family, None, None, None


FAMILY = st.sampled_from(
    [b"\1\0", b"\2\0", b"\n\0", b"\0\2", b"\0\n", b"\x28\0", b"\0\x28", b"\x10\0", b"\0\0", b"\7\0"]
)
RAW = st.binary(max_size=60) | st.builds(bytes.__add__, FAMILY, st.binary(max_size=126))


@given(raws=st.lists(RAW | st.none(), max_size=8))
def test_agrees_with_the_definition(raws):
    want = [(None,) * 4 if raw is None else oracle(raw) for raw in raws]
    got = sockaddr.of_bytes(pa.array(raws, pa.binary()))
    assert list(zip(*(column.to_pylist() for column in got), strict=True)) == want
    written = pa.array([None if raw is None else raw.hex().upper() for raw in raws], pa.string())
    assert [c.to_pylist() for c in sockaddr.of_hexadecimal(written)] == [c.to_pylist() for c in got]


SAID = [
    ("02000016C00002070000000000000000", "192.0.2.7:22"),
    ("0002270FC00002070000000000000000", "192.0.2.7:9999"),
    ("0A0001BB0000000020010DB800000000000000000000000700000000", "[2001:db8::7]:443"),
    ("0A00001600000000" + "00" * 10 + "FFFFC000020700000000", "192.0.2.7:22"),
    ("01002F72756E2F7800FFFFFF", "/run/x"),
    ("0100002F746D702F785800", "@/tmp/xX"),
    ("0100", "unix"),
    ("100000000000000000000000", "netlink"),
    ("280000005000000002000000" + "00" * 4, "2:80"),
    ("0700", "7"),
    ("02", None),
    ("0200ZZ", None),
    ("", None),
    (None, None),
]


@pytest.mark.parametrize(("written", "said"), SAID)
def test_an_address_is_named(written, said):
    assert sockaddr.of_hexadecimal(pa.array([written], pa.string())).named().to_pylist() == [said]


WORDS = [
    ("inet", "192.0.2.7", 22, None, "192.0.2.7:22"),
    ("inet6", "2001:db8::7", 443, None, "[2001:db8::7]:443"),
    ("unix", None, None, "/run/x", "/run/x"),
    ("local", None, None, "@a@b", "@a@b"),
    ("netlink", None, None, None, "netlink"),
    ("inet", "not an address", 1, None, "inet"),
    ("nonsense", None, None, None, None),
]


@pytest.mark.parametrize(("family", "address", "port", "path", "said"), WORDS)
def test_an_address_told_in_words_is_the_same(family, address, port, path, said):
    written = sockaddr.hexadecimal(family, address, port, path)
    assert sockaddr.of_hexadecimal(pa.array([written], pa.string())).named().to_pylist() == [said]
