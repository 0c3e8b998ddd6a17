r"""Audit trail as auditbeat writes it: one JSON document of the Elastic Common Schema for each event.

    {"@timestamp":"2026-11-23T15:14:01.266Z","agent":{"type":"auditbeat"},"host":{"name":"login01"},
    "event":{"module":"auditd","action":"killed-pid"},"process":{"pid":9610,"name":"pkill",
    "executable":"/usr/bin/pkill"},"user":{"audit":{"id":"4102","name":"kai"},"id":"0","name":"root"},
    "auditd":{"message_type":"syscall","sequence":7982,"session":"54","result":"success",
    "data":{"syscall":"kill","arch":"x86_64","a0":"2466","a1":"9","tty":"pts3"}},"tags":["signals"]}

Shape   one JSON object on one line (folded above): `auditd` holds what is of the audit trail alone, the other
        members what the schema has a place for. `event.original`, where auditbeat was told to keep it, holds the
        lines of the trail themselves: then they are read, and the document's own words are not. A document
        of an index stands in `_source`
Source  auditbeat 6.2 to 8.15: exported fields of the auditd module; go-libaudit aucoalesce; ecs 1.12
Time    epoch milliseconds of the kernel that audited
Who     `user.audit` is the login account; `user` whose rights were used, in system calls only: of a message it
        is a mix of the login account and the account that the message is about, and is not read. Sent
        over a network and kept by a service that others administer
Open    numbers are told as names (`exit` as EINPROGRESS, `arch` as x86_64), and records other than SYSCALL, PATH,
        CWD, EXECVE, SOCKADDR and PROCTITLE (and, of an openat2, OPENAT2) are mixed into `data`, so who received a signal is not told apart.
        A file name that is not UTF-8 was changed before it was written
"""

import re
from collections.abc import Iterable, Mapping

from forensics.core import auditlines, auditrecord, clock, jsonlines, sockaddr
from forensics.core.auditlines import COUNTED, INNER, NAMES, OUTER, Field, Line
from forensics.core.jsonlines import Object
from forensics.core.model import Parsed, Why

TABLE = auditrecord.table("auditbeat", "an event of an audit trail, as auditbeat tells it")
CUT = "line"
DOMAIN = "index:server"

_TYPE = re.compile(r"[a-z0-9_]+(?:\[[0-9]{1,9}\])?")
_NUMBER = re.compile(r"-?[0-9]{1,18}")
_STAMP = re.compile(r"[0-9T:+-]{15,25}\.[0-9]{3}(?:Z|[+-][0-9:]{4,6})")
_MS = 1_000_000
# By key of the trail, where the schema has its own place for it.
_IDS = (
    ("auid", "AUID", ("user", "audit")),
    ("uid", "UID", ("user",)),
    ("euid", "EUID", ("user", "effective")),
    ("suid", "SUID", ("user", "saved")),
    ("fsuid", "FSUID", ("user", "filesystem")),
    ("gid", "GID", ("user", "group")),
)
_OLDER = (
    ("auid", "AUID"),
    ("uid", "UID"),
    ("euid", "EUID"),
    ("suid", "SUID"),
    ("fsuid", "FSUID"),
    ("gid", "GID"),
)
"""As auditbeat before 7 has them: `user.auid`, its name in `user.name_map.auid`."""
_WITH_HOW = frozenset({"openat2", "437"})
"""Calls whose flags are in a record of their own, which auditbeat mixes into `data`."""
_PROCESS = (("pid", ("pid",)), ("ppid", ("ppid",)), ("ppid", ("parent", "pid")), ("comm", ("name",)), ("exe", ("executable",)))  # fmt: skip


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure where each document has a number of an audit event."""
    found = [_document(one) for one in jsonlines.first_objects(head)]
    return (
        94 if found and all(jsonlines.number(one, "auditd", "sequence") is not None for one in found) else 0
    )


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    return auditrecord.spanned(jsonlines.parse(data, base, TABLE, _row))


def _document(found: Object) -> Object:
    inner = found.get("_source")
    return inner if isinstance(inner, dict) else found


def _row(found: Object) -> Object | Why:
    document = _document(found)
    serial = jsonlines.number(document, "auditd", "sequence")
    written = jsonlines.text(document, "@timestamp")
    if serial is None or written is None or not 0 <= serial < 10**18:
        return Why.SHAPE
    placed = clock.instant(written) if _STAMP.fullmatch(written) else None
    if placed is None or placed < 0:
        return Why.TIME
    lines = _original(document, placed // _MS, serial) or list(_lines(document))
    node = jsonlines.text(document, "host", "hostname") or jsonlines.text(document, "host", "name")
    node = node or jsonlines.text(document, "beat", "hostname")
    return auditlines.row(node, placed // _MS, serial, lines)


def _original(document: Object, ms: int, serial: int) -> list[Line]:
    """The lines of the trail, where the document keeps them all and they are of this event."""
    held = jsonlines.text(document, "event", "original")
    kept = [held] if held is not None else jsonlines.words(document, "event", "original") or []
    told: list[Line] = []
    for text in kept:
        raw = text.encode()
        head = auditlines.head(raw)
        if head is None or (head.ms, head.serial) != (ms, serial):
            return []
        told.append(auditlines.line(head.type, raw[head.body :]))
    return told


def _lines(document: Object) -> Iterable[Line]:
    """The lines that the document was made of, as far as it tells."""
    kind = jsonlines.text(document, "auditd", "message_type") or jsonlines.text(document, "event", "type")
    kind = kind.upper() if kind and _TYPE.fullmatch(kind) else "UNKNOWN"
    data = jsonlines.at(document, "auditd", "data")
    data = data if isinstance(data, dict) else {}
    called = kind == "SYSCALL" or "syscall" in data
    yield Line(kind, [*_who(document, called=called), *_said(document, data, called=called)])
    how = data.get("oflag")
    if _with_how(data.get("syscall")) and isinstance(how, str):
        yield Line("OPENAT2", [_field("oflag", jsonlines.printable(how))])
    argv = jsonlines.words(document, "process", "args")
    if argv is not None and kind != "USER_CMD":
        yield Line("EXECVE", [], argv, range(len(argv)))
    for key, where, type_ in (("cwd", ("process", "working_directory"), "CWD"), ("proctitle", ("process", "title"), "PROCTITLE")):  # fmt: skip
        value = jsonlines.text(document, *where)
        if value is not None:
            yield Line(type_, [_field(key, value)])
    if isinstance(data.get("socket"), dict):
        yield Line("SOCKADDR", [_field("saddr", _address(data["socket"]))])
    paths = jsonlines.at(document, "auditd", "paths")
    for path in paths if isinstance(paths, list) else []:
        if isinstance(path, dict):
            yield Line("PATH", _path(path))


def _who(document: Object, *, called: bool) -> list[Field]:
    """Uids and their names. Of a message only the login account: `user.id` is there not what the kernel saw."""
    told: list[Field] = []
    allowed = _IDS if called else _IDS[:1]
    for key, name, where in allowed:
        told += _named(
            key, name, jsonlines.text(document, *where, "id"), jsonlines.text(document, *where, "name")
        )
    for key, name in _OLDER:
        told += _named(
            key,
            name,
            jsonlines.text(document, "user", key),
            jsonlines.text(document, "user", "name_map", key),
        )
    if not any(field.key == "auid" for field in told):
        unset = jsonlines.text(document, "auditd", "summary", "actor", "primary") == "unset"
        told += [Field(OUTER, "auid", -1, "auid=unset")] if unset else []
    session = jsonlines.text(document, "auditd", "session")
    return told + ([_field("ses", session)] if session not in {None, "unset"} else [])


def _named(key: str, name: str, number: str | None, word: str | None) -> list[Field]:
    unset = number == "unset"
    told = (
        [Field(OUTER, key, -1, f"{key}=unset") if unset else _field(key, number)]
        if number is not None
        else []
    )
    return told + ([Field(NAMES, name, word, f"{name}={word}")] if word is not None else [])


def _with_how(syscall: object) -> bool:
    return isinstance(syscall, str) and syscall in _WITH_HOW


def _said(document: Object, data: Mapping[str, object], *, called: bool) -> list[Field]:
    """The rest of the leading line; the call's name stands where the trail has its number."""
    told: list[Field] = []
    for key, where in _PROCESS:
        value = jsonlines.at(document, "process", *where)
        if isinstance(value, str | int):
            told.append(_field(key, jsonlines.printable(str(value))))
    for key, value in data.items():
        key = jsonlines.printable(key)  # noqa: PLW2901 - half a surrogate is shown
        if key == "oflag" and isinstance(value, str) and _with_how(data.get("syscall")):
            continue
        if key in {"syscall", "arch"} and isinstance(value, str):
            told.append(Field(NAMES, key.upper(), jsonlines.printable(value), f"{key}={value}"))
        elif isinstance(value, str):
            within = not called and key in auditlines.WITHIN
            told.append(_field(key, jsonlines.printable(value), INNER if within else OUTER))
        elif key != "socket":
            told.append(Field(OUTER, "", None, f"{key}={jsonlines.compact(value)}"))
    result = jsonlines.text(document, "auditd", "result")
    if result is not None:
        word = {"success": "yes", "fail": "no"} if called else {"fail": "failed"}
        told.append(_field("success" if called else "res", word.get(result, result)))
    tags = jsonlines.words(document, "tags") or []
    told += [_field("key", "\x01".join(tags))] if tags else []
    source = jsonlines.text(document, "source", "ip")
    return told + (
        [_field("addr", source)] if source is not None and not called and "addr" not in data else []
    )


def _path(path: Mapping[str, object]) -> list[Field]:
    named = {jsonlines.printable(k): jsonlines.printable(v) for k, v in path.items() if isinstance(v, str)}
    if "nametype" not in named and "objtype" in named:
        named["nametype"] = named.pop("objtype")
    return [_field(key, value) for key, value in named.items()]


def _address(told: object) -> str | None:
    family = {"ipv4": "inet", "ipv6": "inet6"}.get(jsonlines.text(told, "family") or "", jsonlines.text(told, "family") or "")  # fmt: skip
    words = (jsonlines.text(told, "addr"), jsonlines.number(told, "port"), jsonlines.text(told, "path"))
    return sockaddr.hexadecimal(family, *words)


def _field(key: str, text: str | None, where: str = OUTER) -> Field:
    number = text is not None and _NUMBER.fullmatch(text)
    value = (int(text or "") if number else None) if key in COUNTED else text
    return Field(where, key, None if text in {"(none)", "(null)", "?"} else value, f"{key}={text}")
