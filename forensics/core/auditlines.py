r"""Lines of an audit trail one at a time, for dialects that come one event at a time; and the record that they make.

The trail itself is read columns at a time (`formats.auditd`); where it comes wrapped in JSON, or in the
lines of another log, each line costs so much already that it may be read slowly. What a field is, and
who may say it, is the same: who acted is read from before `msg='` alone, and what follows 0x1d are names.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from forensics.core import auditrecord
from forensics.core.auditkeys import leads
from forensics.core.lines import LONGEST_LINE_BYTES

OUTER, INNER, NAMES = "outer", "inner", "names"

_NUMBERS = {name for name, _ in auditrecord.NUMBERS}
_IDS = {name for name, _ in auditrecord.IDS}
_CODED = {name for name, _ in auditrecord.CODED}
_FLAT = _NUMBERS | _IDS | _CODED | {name for name, _ in auditrecord.PLAIN}
_NAMED = {key: name for key, name, _ in auditrecord.NAMED}
_EVERY = _FLAT | set(_NAMED.values())
WITHIN = {"op", "acct", "exe", "hostname", "addr", "terminal", "res", "cmd", "cwd", "comm", "id", "fp", "rport"}  # fmt: skip
_WITHIN_ONLY = {"fp", "rport"}
_PATH = {field.name for field in auditrecord.PATH} - {"ouid_name", "fields"}
_RECEIVER = {field.name for field in auditrecord.RECEIVER} - {"oauid_name", "ouid_name", "fields"}
_LISTED = {"item", "ouid", "opid", "oauid", "oses"}
_LISTED_IDS = {"ouid", "oauid", "oses"}
_LISTED_CODED = {"name", "ocomm"}
_KNOWN = _FLAT | _PATH | _RECEIVER | set(_NAMED) | {"OUID", "OAUID"}
_REGISTERS = {"a0", "a1", "a2", "a3"}
_OWN_COLUMNS: dict[str, set[str]] = {
    "PATH": set(),
    "OBJ_PID": set(),
    "CWD": {"cwd"},
    "PROCTITLE": {"proctitle"},
    "SOCKADDR": {"saddr"},
    "EXECVE": {"argc"},
    "OPENAT2": {"oflag"},
    "UNKNOWN[1327]": {"proctitle"},
    "UNKNOWN[1337]": {"oflag"},
}
_LISTS = {"PATH", "OBJ_PID"}
COUNTED = _NUMBERS | _IDS | _LISTED
"""Keys whose values are whole numbers."""
_UNSET = {-1, 4_294_967_295}
_NOTHING = {b"?", b"(null)", b"(none)"}
_ARGUMENT = re.compile(rb"a(\d{1,9})(?:\[\d+\])?")
_HEAD = re.compile(
    rb'(?:node=(?P<node>[^ "\x1d]+) )?type=(?P<type>[A-Z0-9_]+(?:\[\d+\])?) '
    rb"msg=audit\((?P<seconds>\d{1,10})\.(?P<ms>\d\d\d):(?P<serial>\d{1,18})\):(?= |$)"
)
_LAST_MS = 9_223_372_035_999


class Head(NamedTuple):
    """What a line says before its fields: node, type, ms since 1970, serial, and where the fields begin."""

    node: str | None
    type: str
    ms: int
    serial: int
    body: int


class Field(NamedTuple):
    """One field: where it stands, its key, its decoded value, and the field as it was written."""

    where: str
    key: str
    value: str | int | None
    written: str


class Line(NamedTuple):
    """One line of an event. `argv` with its `places` only where the type is EXECVE."""

    type: str
    fields: Sequence[Field]
    argv: Sequence[str] = ()
    places: Sequence[int] = ()


def head(line: bytes) -> Head | None:
    """The head of an audit line; None where it has none, or one that no kernel could have written."""
    found = _HEAD.match(line)
    if found is None or len(line) > LONGEST_LINE_BYTES or _second(line[found.end() :]):
        return None
    ms = int(found["seconds"]) * 1000 + int(found["ms"])
    if ms > _LAST_MS:
        return None
    node = None if found["node"] is None else shown(found["node"])
    return Head(node, found["type"].decode(), ms, int(found["serial"]), found.end())


def _second(body: bytes) -> bool:
    """Whether a second record stands in the line: a stamp that is a field of its own, not within quotes."""
    return b"msg=audit(" in body and any(field.startswith(b"msg=audit(") for _, field in _parts(body))


def shown(raw: bytes) -> str:
    r"""Bytes as text, `\xNN` for each that is not UTF-8."""
    return raw.decode("utf-8", "backslashreplace")


def line(kind: str, body: bytes) -> Line:
    """The fields of a line's body, as auditd writes them."""
    fields: list[Field] = []
    words: list[tuple[int, bytes]] = []
    before = b""
    for where, written in _parts(body):
        key, equals, raw = written.partition(b"=")
        place = _ARGUMENT.fullmatch(key) if kind == "EXECVE" and where == OUTER and equals else None
        if place:
            at, word = int(place[1]), _bytes("argument", raw)
            if words and words[-1][0] == at:
                words[-1] = (at, words[-1][1] + word)
            else:
                words.append((at, word))
        else:
            old = "old_" if before == b"old" and key in {b"auid", b"ses"} else ""
            name = old + shown(key).replace("old-", "old_") if equals else ""
            value = _value(name, raw) if name in _KNOWN else None
            fields.append(Field(where, name, value, shown(written)))
        before = written
    return Line(kind, fields, [shown(word) for _, word in words], [at for at, _ in words])


def inner(body: bytes) -> list[Field]:
    """The fields of a program's own words, which stand in `msg='…'` and come without that frame in some dialects."""
    return [f._replace(where=INNER) for f in line("", body).fields]


def _parts(body: bytes) -> Iterable[tuple[str, bytes]]:
    """Fields and loose words with where they stand: after the last 0x1d are names."""
    *front, last = body.split(b"\x1d")
    told = [(OUTER, field) for stretch in (front or [last]) for field in _cut(stretch)]
    opens = next((at for at, (_, field) in enumerate(told) if field.startswith(b"msg='")), len(told))
    words = [field for _, field in told[opens:]]
    if words:
        words[0] = words[0][5:]
        words[-1] = words[-1].removesuffix(b"'")
    names = _cut(last) if front else []
    told = told[:opens] + [(INNER, word) for word in words] + [(NAMES, field) for field in names]
    return [(where, field) for where, field in told if field]


def _cut(stretch: bytes) -> list[bytes]:
    """Cut at blanks outside quotes; a quote left open ends with the stretch."""
    return re.findall(rb'(?:"[^"]*(?:"|$)|[^ "])+', stretch)


def _bytes(name: str, raw: bytes) -> bytes:
    """A value out of its quotes or its hexadecimal."""
    if len(raw) >= 2 and raw.startswith(b'"') and raw.endswith(b'"'):
        return raw[1:-1]
    if (name == "argument" or name in _CODED | _LISTED_CODED) and re.fullmatch(rb"(?:[0-9A-F]{2})+", raw):
        return bytes.fromhex(raw.decode())
    return raw


def _value(name: str, raw: bytes) -> str | int | None:
    if name in COUNTED:
        bare = _bytes(name, raw)
        return int(bare) if re.fullmatch(rb"-?\d{1,18}", bare) else None
    if raw in _NOTHING:
        return None
    told = shown(_bytes(name, raw))
    return told.replace("\0", " ") if name == "proctitle" else told


def row(node: str | None, ms: int, serial: int, lines: Sequence[Line]) -> dict[str, object]:
    """The record of an event's lines, without its spans: the columns of `auditrecord.COLUMNS`.

    Args:
        node: the host that the lines name.
        ms: their time, ms since 1970.
        serial: their number.
        lines: at least one, in order.
    """
    lead = _lead(lines)
    call = next((at for at, one in enumerate(lines) if one.type == "SYSCALL"), None)
    told: dict[str, object] = {
        "node": node,
        "type": lines[lead].type,
        "types": [one.type for one in lines],
        "earliest_ns": ms * 1_000_000,
        "latest_ns": ms * 1_000_000 + 999_999,
        "serial": serial,
    }
    filled: dict[str, object] = {}
    left: dict[int, list[str]] = {}
    for at in dict.fromkeys((lead, *([] if call is None else [call]), *range(len(lines)))):
        left[at] = _fill(filled, lines[at], allowed=_allowed(lines[at].type, leading=at in {lead, call}))
    if "auid" in filled:
        told["auid_set"] = filled["auid"] not in _UNSET
    told |= {name: None if name in _IDS and got in _UNSET else got for name, got in filled.items()}
    told |= _lists(lines)
    more = [" ".join((lines[at].type, *rest)) for at, rest in sorted(left.items()) if rest and at != lead and lines[at].type not in _LISTS]  # fmt: skip
    fields = [] if lines[lead].type in _LISTS else left[lead]
    return told | {"fields": " ".join(fields) or None, "more": more or None}


def _lead(lines: Sequence[Line]) -> int:
    types = [one.type for one in lines]
    messages = [at for at, kind in enumerate(types) if leads(kind)]
    return messages[0] if messages else types.index("SYSCALL") if "SYSCALL" in types else 0


def _allowed(kind: str, *, leading: bool) -> set[str]:
    """The flat columns that a line may fill: one that does not lead has at most one of its own."""
    return _OWN_COLUMNS.get(kind, _EVERY if leading else set())


def _fill(filled: dict[str, object], one: Line, *, allowed: set[str]) -> list[str]:
    """Fill columns that are free; the rest of the line, as written.

    Of a key that comes twice the first counts, even where it is no number: what follows it in the line
    may have been put there.
    """
    left: list[str] = []
    seen: set[str] = set()
    for field in one.fields:
        name = _column(field, one.type)
        again = name in seen
        if name is not None and name in allowed:
            seen.add(name)
        if (
            name is None
            or again
            or name in filled
            or name not in allowed
            or (name in COUNTED and field.value is None)
        ):
            left.append(field.written)
        else:
            filled[name] = field.value
    return left


def _column(field: Field, kind: str) -> str | None:
    if field.where == NAMES:
        return _NAMED.get(field.key)
    if field.where == INNER:
        return field.key if field.key in WITHIN else None
    if field.key in _REGISTERS and kind != "SYSCALL":
        return None
    if field.key == "oflag" and kind not in {"OPENAT2", "UNKNOWN[1337]"}:
        return None
    return field.key if field.key in _FLAT - _WITHIN_ONLY else None


def _lists(lines: Sequence[Line]) -> dict[str, object]:
    """Arguments, paths and receivers of signals."""
    words = [(word, place) for one in lines for word, place in zip(one.argv, one.places, strict=True)]
    execve = any(one.type == "EXECVE" for one in lines)
    places = [place for _, place in words]
    paths = [_item(one, _PATH, ("ouid",)) for one in lines if one.type == "PATH"]
    receivers = [_item(one, _RECEIVER, ("ouid", "oauid")) for one in lines if one.type == "OBJ_PID"]
    return {
        "argv": [word for word, _ in words] if execve else None,
        "argv_places": places if execve and places != list(range(len(places))) else None,
        "paths": paths or None,
        "receivers": receivers or None,
    }


def _item(one: Line, keys: set[str], named: Sequence[str]) -> Mapping[str, object]:
    """What a PATH or OBJ_PID line says."""
    told: dict[str, object] = {}
    left: list[str] = []
    for field in one.fields:
        name = field.key
        if field.where == NAMES:
            # Names are written in capitals; a number's own key behind 0x1d is no name of it.
            known = name in {key.upper() for key in named}
            name = f"{name.lower()}_name"
        else:
            known = field.where == OUTER and name in keys
        if not known or name in told or (name in COUNTED and field.value is None):
            left.append(field.written)
        else:
            told[name] = field.value
    settled = {name: None if name in _LISTED_IDS and got in _UNSET else got for name, got in told.items()}
    return settled | {"fields": " ".join(left) or None}
