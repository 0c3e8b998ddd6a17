r"""Audit trail as laurel writes it: one JSON object for each event, its lines as members.

    {"ID":"1795446841.266:7982","NODE":"login01","SYSCALL":{"arch":"0xc000003e","syscall":62,"success":"yes",
    "exit":0,"ppid":9336,"pid":9610,"auid":4102,"uid":0,"comm":"pkill","exe":"/usr/bin/pkill","key":"signals",
    "ARGV":["0x2466","0x9","0x0","0x0"],"AUID":"kai"},"OBJ_PID":[{"opid":9318,"ouid":4101,"ocomm":"python3"}]}

Shape   {"ID":"<seconds>.<ms>:<serial>","NODE":<host>,"<type>":<fields, or a list of them>,...}, one line (folded
        above). Bytes that are not printable, `%` and `+` are percent-encoded; hexadecimal begins with 0x and
        octal with 0o; names that auditd or laurel resolved have upper-case keys. `msg` holds a program's own
        words as auditd writes them
Source  laurel 0.5.1 and 0.6.4: laurel(8), json-format.md; staged with laurel 0.5.1 from our own audit lines
Time    epoch milliseconds of the kernel that audited
Who     as in the trail itself (`auditd`): `auid` and `uid` from outside `msg`. Written by a daemon as root
Open    PID, PPID, PARENT_INFO, SCRIPT, CONTAINER and ENV are laurel's own, from its memory or /proc, not the
        kernel's: they are kept in `fields`, and nothing is read from them. Where laurel was told to shorten
        argument lists, `more` says what it left out, and the places of arguments have a gap. Order of lines
        is the writer's. With `drop-raw`, numbers are absent and names are all there is. An upper-case key that a program
        wrote of itself cannot be told from a resolved name; where both are there, one key comes twice and the
        line is rejected
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import unquote_to_bytes

from forensics.core import auditlines, auditrecord, jsonlines, sockaddr
from forensics.core.auditlines import INNER, NAMES, OUTER, Field, Line
from forensics.core.jsonlines import Object
from forensics.core.model import Parsed, Why

TABLE = auditrecord.table("laurel", "an event of an audit trail, as laurel tells it")
CUT = "line"
DOMAIN = "{host}:root"

_ID = re.compile(r"([0-9]{1,10})\.([0-9]{3}):([0-9]{1,18})")
_TYPE = re.compile(r"[A-Z0-9_]+(?:\[[0-9]{1,9}\])?")
_NOT_LINES = {"ID", "NODE", "PARENT_INFO", "CONTAINER_INFO", "ENV", "LABELS"}
_LAST_MS = 9_223_372_035_999
_NUMBER = re.compile(r"-?[0-9]{1,18}")
_HOW = {"OPENAT2", "UNKNOWN[1337]"}
"""Types of the record that has the flags of an openat2: laurel knows it by name, or not yet."""
_DIGIT_ZERO = ord("0")
_REGISTERS = ("a0", "a1", "a2", "a3")


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure where each object has an ID of an audit event."""
    found = jsonlines.first_objects(head)
    ids = [jsonlines.text(one, "ID") for one in found]
    return 95 if ids and all(i is not None and _ID.fullmatch(i) for i in ids) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    return auditrecord.spanned(jsonlines.parse(data, base, TABLE, _row))


def _row(found: Object) -> Object | Why:
    written = jsonlines.text(found, "ID")
    told = _ID.fullmatch(written or "")
    if told is None:
        return Why.SHAPE
    ms = int(told[1]) * 1000 + int(told[2])
    if ms > _LAST_MS:
        return Why.TIME
    lines = list(_lines(found))
    if not lines:
        return Why.SHAPE
    node = jsonlines.text(found, "NODE")
    row = auditlines.row(None if node is None else _decoded(node), ms, int(told[3]), lines)
    rest = [
        f"{name}={jsonlines.compact(found[name])}"
        for name in sorted(_NOT_LINES - {"ID", "NODE"})
        if name in found
    ]
    return row | {"more": [*(row["more"] or []), *rest] or None}  # type: ignore[misc]


def _lines(found: Object) -> Iterable[Line]:
    for kind, held in found.items():
        if kind in _NOT_LINES or not _TYPE.fullmatch(kind):
            continue
        for one in held if isinstance(held, list) else [held]:
            if isinstance(one, dict):
                yield _line(kind, one)


def _line(kind: str, one: Mapping[str, object]) -> Line:
    """One line: what laurel put in lists is taken apart again."""
    held = one.get("ARGV")
    listed = held if isinstance(held, list) else []
    fields = [field for key, value in one.items() for field in _fields(kind, key, value)]
    if kind == "SYSCALL":
        registers = zip(_REGISTERS, listed, strict=False)
        fields += [_field(OUTER, name, str(value).removeprefix("0x")) for name, value in registers]
    if kind == "PROCTITLE" and listed:
        fields.append(_field(OUTER, "proctitle", " ".join(_decoded(str(word)) for word in listed)))
    if kind == "SOCKADDR" and "saddr" not in one:
        fields.append(_field(OUTER, "saddr", _address(one.get("SADDR"))))
    if kind != "EXECVE":
        return Line(kind, fields)
    argv, places, skipped = _arguments(listed)
    return Line(kind, fields + skipped, argv, places)


def _address(told: object) -> str | None:
    """Where laurel told an address in words, it left out the bytes: they are made again."""
    family, path = jsonlines.text(told, "saddr_fam"), jsonlines.text(told, "path")
    address, port = jsonlines.text(told, "addr"), jsonlines.number(told, "port")
    return sockaddr.hexadecimal(family or "", address, port, None if path is None else _decoded(path))


def _arguments(listed: Sequence[object]) -> tuple[list[str], list[int], list[Field]]:
    """Words with their places; where laurel left some out it says how many."""
    argv, places, skipped, at = [], [], [], 0
    for word in listed:
        if isinstance(word, str):
            argv.append(_decoded(word))
            places.append(at)
            at += 1
        else:
            skipped.append(_field(OUTER, "skipped", jsonlines.compact(word)))
            at += max(0, jsonlines.number(word, "skipped_args") or 0)
    return argv, places, skipped


def _fields(kind: str, key: str, value: object) -> list[Field]:
    if key == "ARGV" and kind in {"SYSCALL", "EXECVE", "PROCTITLE"}:
        return []
    if key == "msg" and isinstance(value, str):
        return auditlines.inner(unquote_to_bytes(jsonlines.printable(value)))
    if key == "saddr" and isinstance(value, str):
        return [_field(OUTER, key, unquote_to_bytes(jsonlines.printable(value)).hex().upper())]
    if value is None or value == "(none)":
        return [Field(OUTER, key, None, f"{jsonlines.printable(key)}={value or '(null)'}")]
    if isinstance(value, dict | list):
        return [Field(INNER, "", None, f"{key}={jsonlines.compact(value)}")]
    where, key = NAMES if key.isupper() else OUTER, jsonlines.printable(key)
    text = _decoded(str(value))
    if key == "oflag" and kind in _HOW:
        text = _octal(str(value))
    if key in {"arch", "mode"}:
        text = text.removeprefix("0x").replace("0o", "0", 1)
    return [_field(where, key.replace("old-", "old_"), text)]


def _octal(text: str) -> str:
    """Octal digits as the kernel wrote them, `0` first. An even number of them laurel takes for hexadecimal text, and decodes."""
    raw = unquote_to_bytes(jsonlines.printable(text))
    return raw.hex() if raw and raw[0] < _DIGIT_ZERO else _decoded(text).replace("0o", "0", 1)


def _field(where: str, key: str, text: str | None) -> Field:
    number = key in auditlines.COUNTED and text is not None and _NUMBER.fullmatch(text)
    value = (int(text or "") if number else None) if key in auditlines.COUNTED else text
    return Field(where, key, value, f"{key}={text}")


def _decoded(text: str) -> str:
    return auditlines.shown(unquote_to_bytes(jsonlines.printable(text)))
