r"""Values as dumps of databases write them: literals of SQL in three dialects, and the fields of PostgreSQL's COPY.

What a backslash means decides where a string ends, so a dialect is never guessed from the string itself. In MySQL's it
escapes, in the standard's it is itself, and PostgreSQL's are the standard's unless the dump switched that off or the
string begins with an E. Sources: MySQL 8.4 manual, 11.1.1 "String Literals"; PostgreSQL 17 manual, 4.1.2.1 "String Constants"
and COPY, "Text Format"; what xorm's DumpTables writes (control characters as `e'\x0a'`, `X'0a'` or `CHAR(10)`, put together); what the sqlite3 program
3.40 dumps, and src/shell.c.in of 3.50 (`replace`, `unistr`).
"""

import re
from typing import NamedTuple

Literal = tuple[bytes | None, int]
"""A value, None for NULL, and where it ends."""


class Dialect(NamedTuple):
    """How a dump writes strings. `mysql`: as MySQL does, else as the standard or PostgreSQL does; `escapes`: a backslash escapes."""

    mysql: bool
    escapes: bool


_AT_ONCE = 4096
_INSIDES = {
    (b"'", True): re.compile(rb"[^'\\]*+(?:(?:\\.|'')[^'\\]*+){0,%d}" % _AT_ONCE, re.DOTALL),
    (b"'", False): re.compile(rb"[^']*+(?:''[^']*+){0,%d}" % _AT_ONCE),
    (b'"', True): re.compile(rb'[^"\\]*+(?:(?:\\.|"")[^"\\]*+){0,%d}' % _AT_ONCE, re.DOTALL),
    (b'"', False): re.compile(rb'[^"]*+(?:""[^"]*+){0,%d}' % _AT_ONCE),
}
"""What is between quotes, escapes and doubled quotes by so many: of more the rest is asked for again, so that memory is bounded."""
_OPENS = re.compile(rb"(?:(?P<own>E)|_[a-z0-9]{1,20} ?|N)?'", re.IGNORECASE)
_HEX = re.compile(rb"X'(?P<pairs>(?:[0-9A-F]{2})*)'|0x(?P<digits>[0-9A-F]++)", re.IGNORECASE)
_BARE = re.compile(
    rb"(?:NULL|TRUE|FALSE|[-+]?[0-9]++(?:\.[0-9]*+)?(?:E[-+]?[0-9]++)?)(?![A-Z0-9_.$\x80-\xff'\"`])",
    re.IGNORECASE,
)
_JOINT = re.compile(rb" ?\|\| ?")
_CALL = re.compile(rb"(CONCAT|REPLACE|UNISTR)\(", re.IGNORECASE)
_CHAR = re.compile(rb"CHAR\(([0-9]{1,3})\)", re.IGNORECASE)
_REPLACED_BY = re.compile(rb",char\(([0-9]{1,3})\)\)", re.IGNORECASE)
_COMMA = re.compile(rb", ?")

_MYSQL_ESCAPE = re.compile(rb"\\(.)|''", re.DOTALL)
_MYSQL = {
    b"0": b"\0",
    b"b": b"\b",
    b"n": b"\n",
    b"r": b"\r",
    b"t": b"\t",
    b"Z": b"\x1a",
    b"%": b"\\%",
    b"_": b"\\_",
}
_POSTGRES_ESCAPE = re.compile(
    rb"\\(?:x(?P<hex>[0-9A-Fa-f]{1,2})|(?P<octal>[0-7]{1,3})|u(?P<u>[0-9A-Fa-f]{4})|U(?P<U>[0-9A-Fa-f]{8})|(?P<one>.))|''", re.DOTALL
)  # fmt: skip
_COPY_ESCAPE = re.compile(rb"\\(?:x(?P<hex>[0-9A-Fa-f]{1,2})|(?P<octal>[0-7]{1,3})|(?P<one>.))", re.DOTALL)
_POSTGRES = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}
_UNISTR_ESCAPE = re.compile(rb"\\(?:u?(?P<u>[0-9A-Fa-f]{4})|U(?P<U>[0-9A-Fa-f]{8})|(?P<one>\\))")
_LAST_POINT = 0x10FFFF


def literal(data: bytes, at: int, dialect: Dialect) -> Literal | None:
    """The value at a place and where it ends; None where there is no whole value of that dialect."""
    call = _CALL.match(data, at)
    if call is not None:
        return _CALLS[call[1].upper()](data, call.end(), dialect)
    found = _one(data, at, dialect)
    while found is not None and not dialect.mysql:
        joint = _JOINT.match(data, found[1])
        if joint is None:
            return found
        more = _one(data, joint.end(), dialect)
        if more is None or more[0] is None or found[0] is None:
            return None
        found = (found[0] + more[0], more[1])
    return found


def _concatenated(data: bytes, at: int, dialect: Dialect) -> Literal | None:
    """What is between the parentheses of `CONCAT(…)`."""
    parts: list[bytes] = []
    while True:
        char = _CHAR.match(data, at)
        found = (bytes([int(char[1]) & 0xFF]), char.end()) if char is not None else _one(data, at, dialect)
        if found is None or found[0] is None:
            return None
        parts.append(found[0])
        comma = _COMMA.match(data, found[1])
        if comma is None:
            closed = data[found[1] : found[1] + 1] == b")"
            return (b"".join(parts), found[1] + 1) if closed else None
        at = comma.end()


def _replaced(data: bytes, at: int, dialect: Dialect, *, within: bool = False) -> Literal | None:
    r"""What is between the parentheses of `replace('a\nb','\n',char(10))`: so the sqlite3 program writes line ends, one in another."""
    call = _CALL.match(data, at)
    if call is None:
        found = _one(data, at, dialect)
    elif within or call[1].upper() != b"REPLACE":
        return None
    else:
        found = _replaced(data, call.end(), dialect, within=True)
    mark = (
        _one(data, found[1] + 1, dialect)
        if found is not None and data[found[1] : found[1] + 1] == b","
        else None
    )
    by = _REPLACED_BY.match(data, mark[1]) if mark is not None else None
    if found is None or found[0] is None or mark is None or not mark[0] or by is None:
        return None
    return found[0].replace(mark[0], bytes([int(by[1]) & 0xFF])), by.end()


def _unistr(data: bytes, at: int, dialect: Dialect) -> Literal | None:
    r"""What `unistr('a\u000ab')` gives, as the sqlite3 program writes control characters since 3.50."""
    found = _one(data, at, dialect)
    if found is None or found[0] is None or data[found[1] : found[1] + 1] != b")":
        return None
    return _UNISTR_ESCAPE.sub(_postgres, found[0]), found[1] + 1


def closed(data: bytes, at: int, quote: bytes, *, escapes: bool) -> int | None:
    """Behind the quote that ends a string; None where the file ends in it.

    Args:
        data: the dump.
        at: behind the quote that opens it.
        quote: which.
        escapes: whether a backslash escapes.
    """
    insides = _INSIDES[quote, escapes]
    while True:
        found = insides.match(data, at)
        stop = found.end() if found is not None else at
        if stop >= len(data) or (stop == at and data[at : at + 1] == b"\\" and escapes):
            return None
        if data[stop : stop + 1] == quote and data[stop + 1 : stop + 2] != quote:
            return stop + 1
        at = stop


def _one(data: bytes, at: int, dialect: Dialect) -> Literal | None:
    opens = _OPENS.match(data, at)
    if opens is not None and not (opens["own"] and dialect.mysql):
        escapes = dialect.escapes or opens["own"] is not None
        stop = closed(data, opens.end(), b"'", escapes=escapes)
        return (_unquoted(data[opens.end() : stop - 1], dialect, escapes=escapes), stop) if stop else None
    number = _HEX.match(data, at)
    if number is not None and (dialect.mysql or number["digits"] is None):
        digits = number["pairs"] or number["digits"] or b""
        return bytes.fromhex("0" * (len(digits) % 2) + digits.decode("ascii")), number.end()
    bare = _BARE.match(data, at)
    if bare is None:
        return None
    return (None if bare[0].upper() == b"NULL" else bare[0]), bare.end()


def _unquoted(inner: bytes, dialect: Dialect, *, escapes: bool) -> bytes:
    if not escapes:
        return inner.replace(b"''", b"'")
    if dialect.mysql:
        return _MYSQL_ESCAPE.sub(lambda m: b"'" if m[1] is None else _MYSQL.get(m[1], m[1]), inner)
    return _POSTGRES_ESCAPE.sub(_postgres, inner)


def _postgres(found: re.Match[bytes]) -> bytes:
    """What one escape stands for."""
    held = found.groupdict()
    if held.get("hex") is not None:
        return bytes([int(held["hex"], 16)])
    if held.get("octal") is not None:
        return bytes([int(held["octal"], 8) & 0xFF])
    point = held.get("u") or held.get("U")
    if point is not None:
        number = int(point, 16)
        return chr(number).encode("utf-8", "backslashreplace") if number <= _LAST_POINT else found[0]
    return b"'" if held["one"] is None else _POSTGRES.get(held["one"], held["one"])


def copied(line: bytes) -> list[bytes | None]:
    r"""The fields of one line of COPY's text, its newline left out; None for `\N`."""
    fields = line.split(b"\t")
    if b"\\" not in line:
        return list(fields)
    return [None if f == rb"\N" else _COPY_ESCAPE.sub(_postgres, f) if b"\\" in f else f for f in fields]


_CALLS = {b"CONCAT": _concatenated, b"REPLACE": _replaced, b"UNISTR": _unistr}
