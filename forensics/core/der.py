"""ASN.1 as certificates and CMS messages have it: tags, lengths and what is between, within bounds, nothing decoded twice.

Source: ITU-T X.690, 8.1 (BER with definite and indefinite lengths; DER is a part of it).
"""

from typing import NamedTuple

INTEGER, BITS, OCTETS, OID, SEQUENCE, SET = 0x02, 0x03, 0x04, 0x06, 0x30, 0x31
LARGEST_BYTES = 64 << 10
_DEEPEST, _MOST = 16, 4096
_CONSTRUCTED, _INDEFINITE = 0x20, 0x80


class Node(NamedTuple):
    """One element: its identifier octet, its bytes from that on, and its content."""

    tag: int
    raw: bytes
    body: bytes


class _Budget:
    """How many elements may still be looked at: nesting without lengths is read again at each level."""

    def __init__(self) -> None:
        self.left = _MOST

    def spend(self) -> bool:
        self.left -= 1
        return self.left >= 0


def node(raw: bytes) -> Node | None:
    """The element that `raw` begins with; None where there is none that is whole."""
    found = _node(raw, 0, 0, _Budget()) if len(raw) <= LARGEST_BYTES else None
    return found[0] if found else None


def children(parent: Node | None, tag: int | None = None) -> list[Node] | None:
    """The elements of an element's content, to its end; None where it is not made of elements.

    Args:
        parent: the element; of None there is nothing to tell.
        tag: what it must be, or nothing is told.
    """
    if parent is None or not parent.tag & _CONSTRUCTED or tag not in {None, parent.tag}:
        return None
    found, at, budget = [], 0, _Budget()
    while at < len(parent.body):
        one = _node(parent.body, at, 0, budget)
        if one is None:
            return None
        found.append(one[0])
        at = one[1]
    return found


def octets(found: Node) -> bytes | None:
    """The content of an octet string, which BER may cut into pieces."""
    if found.tag & ~_CONSTRUCTED not in {OCTETS, 0x80}:
        return None
    if not found.tag & _CONSTRUCTED:
        return found.body
    pieces = children(found)
    if pieces is None or any(piece.tag != OCTETS for piece in pieces):
        return None
    return b"".join(piece.body for piece in pieces)


def number(found: Node) -> int | None:
    """A whole number; None where it is none."""
    return int.from_bytes(found.body, signed=True) if found.tag == INTEGER and found.body else None


def dotted(found: Node) -> str | None:
    """An object identifier as `1.2.840…`; None where it is none."""
    if found.tag != OID or not 0 < len(found.body) <= 64 or found.body[-1] & 0x80:
        return None
    numbers, value = list[int](), 0
    for byte in found.body:
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(value)
            value = 0
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, (first, numbers[0] - 40 * first, *numbers[1:])))


def _node(raw: bytes, at: int, depth: int, budget: _Budget) -> tuple[Node, int] | None:
    """The element at `at`, and where it stops."""
    if depth > _DEEPEST or at + 2 > len(raw) or not budget.spend() or raw[at] & 0x1F == 0x1F:
        return None
    tag, length, start = raw[at], raw[at + 1], at + 2
    if length == _INDEFINITE:
        return _unbounded(raw, at, depth, budget) if tag & _CONSTRUCTED else None
    if length > _INDEFINITE:
        width = length & 0x7F
        if width > 4 or start + width > len(raw):
            return None
        length, start = int.from_bytes(raw[start : start + width]), start + width
    stop = start + length
    return (Node(tag, raw[at:stop], raw[start:stop]), stop) if stop <= len(raw) else None


def _unbounded(raw: bytes, at: int, depth: int, budget: _Budget) -> tuple[Node, int] | None:
    """An element without a length: its content goes on until two empty bytes."""
    inner = at + 2
    while raw[inner : inner + 2] != b"\0\0":
        one = _node(raw, inner, depth + 1, budget)
        if one is None:
            return None
        inner = one[1]
    return Node(raw[at], raw[at : inner + 2], raw[at + 2 : inner]), inner + 2
