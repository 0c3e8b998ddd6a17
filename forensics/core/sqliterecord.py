"""What one SQLite record holds: numbers of varying length, values by serial type, declared columns."""

import re
import struct
from collections.abc import Iterator

Value = int | float | str | bytes | None

MOST_COLUMNS = 2000
_LAST_BYTE = 8
_MORE = 0x80
_INTEGER_BYTES = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
_NULL, _FLOAT, _ZERO, _ONE, _BLOB = 0, 7, 8, 9, 12
_CONSTANTS: dict[int, Value] = {_NULL: None, _ZERO: 0, _ONE: 1}
_NAME = re.compile(r'\s*(?:"((?:[^"]|"")*)"|`([^`]*)`|\[([^\]]*)\]|([^\s,()"`\[\]]+))')
# A quote that is never closed takes the rest, so that no text makes the search longer than itself.
_MARK = re.compile(
    r"""'(?:[^']|'')*(?:'|\Z)|"(?:[^"]|"")*(?:"|\Z)|`[^`]*(?:`|\Z)|\[[^\]]*(?:\]|\Z)|--[^\n]*|[(),]"""
)
_ALIAS = re.compile(r"\s*integer\b[^,]*\bprimary\s+key\b(?!\s+desc\b)", re.IGNORECASE)
_CONSTRAINTS = ("constraint", "primary", "unique", "check", "foreign")


class Damage(ValueError):  # noqa: N818 - a place in the file, not a failure of ours
    """Bytes that no SQLite writes."""


def varint(data: bytes, at: int, end: int) -> tuple[int, int]:
    """A number of up to nine bytes, signed, and where it ends.

    Raises:
        Damage: it does not end before `end`.
    """
    value = 0
    for step in range(_LAST_BYTE + 1):
        if at + step >= end:
            raise Damage
        byte = data[at + step]
        if step == _LAST_BYTE:
            value = value << 8 | byte
            break
        value = value << 7 | byte & 0x7F
        if byte < _MORE:
            break
    return value - (1 << 64) if value >= 1 << 63 else value, at + step + 1


def values(payload: bytes, encoding: str) -> list[Value]:
    """The columns of a record. Bytes that are no text of that encoding are shown as such.

    Raises:
        Damage: it is none.
    """
    size, at = varint(payload, 0, len(payload))
    if not at <= size <= len(payload):
        raise Damage
    body, found = size, list[Value]()
    while at < size:
        kind = payload[at]
        kind, at = (kind, at + 1) if kind < _MORE else varint(payload, at, size)
        value, body = _value(payload, kind, body, encoding)
        found.append(value)
        if len(found) > MOST_COLUMNS:
            raise Damage
    return found


def _value(payload: bytes, kind: int, at: int, encoding: str) -> tuple[Value, int]:
    """One value by its serial type, and where it ends."""
    if kind in _CONSTANTS:
        return _CONSTANTS[kind], at
    width = (kind - _BLOB) // 2 if kind >= _BLOB else _INTEGER_BYTES.get(kind, 8 if kind == _FLOAT else -1)
    raw = payload[at : at + max(0, width)]
    if width < 0 or len(raw) < width:
        raise Damage
    if kind == _FLOAT:
        return float(struct.unpack(">d", raw)[0]), at + width
    if kind < _BLOB:
        return int.from_bytes(raw, "big", signed=True), at + width
    return raw.decode(encoding, "backslashreplace") if kind % 2 else raw, at + width


def columns(sql: str) -> tuple[tuple[str, ...], str | None]:
    """The column names of a CREATE TABLE in small letters, and the one that stands for the row's number.

    A row's number named by a constraint of the table, and not of its column, is not seen as such.
    """
    names: list[str] = []
    alias = None
    for part in _parts(sql[sql.find("(") + 1 :]):
        found = _NAME.match(part)
        if found is None:
            continue
        name = next(group for group in found.groups() if group is not None).replace('""', '"').lower()
        if found[4] is not None and name in _CONSTRAINTS:
            break
        if len(names) == MOST_COLUMNS:
            break
        names.append(name)
        if _ALIAS.match(part[found.end() :]):
            alias = name
    return tuple(names), alias


def _parts(body: str) -> Iterator[str]:
    """What stands between the commas of the outermost brackets."""
    depth = start = 0
    for mark in _MARK.finditer(body):
        if mark[0] == "(":
            depth += 1
        elif mark[0] in {",", ")"} and depth == 0:
            yield body[start : mark.start()]
            start = mark.end()
            if mark[0] == ")":
                return
        elif mark[0] == ")":
            depth -= 1
