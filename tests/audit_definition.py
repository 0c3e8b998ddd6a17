"""What an audit trail says, read slowly: the docstrings of `core.auditrecord` and `core.auditkeys`, read aloud."""

import re

from forensics.core import lines

NUMBERS = {"syscall", "exit", "items", "ppid", "pid", "gid", "argc", "rport", "item", "opid"}
IDS = {"auid", "uid", "euid", "suid", "fsuid", "ses", "old_auid", "old_ses", "id", "ouid", "oauid", "oses"}
CODED = {"comm", "exe", "key", "cwd", "proctitle", "acct", "cmd", "name", "ocomm"}
FLAT = {"syscall", "exit", "items", "ppid", "pid", "gid", "argc", "auid", "uid", "euid", "suid", "fsuid", "ses", "old-auid", "old-ses", "id", "arch", "success", "tty", "op", "hostname", "addr", "terminal", "res", "saddr", "comm", "exe", "key", "cwd", "proctitle", "acct", "cmd"}  # fmt: skip
REGISTERS = {"a0", "a1", "a2", "a3"}
WITHIN = {"op", "acct", "exe", "hostname", "addr", "terminal", "res", "cmd", "cwd", "comm", "id", "fp", "rport"}  # fmt: skip
NAMES = {"AUID", "UID", "EUID", "ID", "SYSCALL", "ARCH"}
PATH = {"item", "name", "inode", "dev", "mode", "ouid", "nametype"}
RECEIVER = {"opid", "oauid", "ouid", "oses", "ocomm"}
OWN = {
    "EXECVE": "argc",
    "CWD": "cwd",
    "PROCTITLE": "proctitle",
    "SOCKADDR": "saddr",
    "OPENAT2": "oflag",
    "UNKNOWN[1327]": "proctitle",
    "UNKNOWN[1337]": "oflag",
}
LEADING = {"LOGIN", "USER_LOGIN", "USER_AUTH", "USER_START", "USER_END", "USER_CMD", "CONFIG_CHANGE", "FEATURE_CHANGE", "TIME_INJOFFSET", "TIME_ADJNTPVAL", "UNKNOWN[1328]", "UNKNOWN[1332]", "UNKNOWN[1333]", "URINGOP", "UNKNOWN[1336]"}  # fmt: skip
HEAD = re.compile(
    rb'(?:node=([^ "\x1d]+) )?type=([A-Z0-9_]+(?:\[\d+\])?) msg=audit\((\d+)\.(\d\d\d):(\d+)\):(?= |$)'
)
UNSET = {-1, 4294967295}


def cut(text):
    """Fields and words of a stretch of a line: cut at blanks that are not in quotes."""
    fields, quoted = [b""], False
    for byte in (text[i : i + 1] for i in range(len(text))):
        quoted ^= byte == b'"'
        if byte == b" " and not quoted:
            fields.append(b"")
        else:
            fields[-1] += byte
    return fields


def parts(body):
    """(where, field) of a line: outer, then inner from msg=' on; names after the last 0x1d."""
    *front, last = body.split(b"\x1d")
    if not front:
        front, last = [last], b""
    told, where = [], "outer"
    for field in (field for stretch in front for field in cut(stretch)):
        if where == "outer" and field.startswith(b"msg='"):
            where, field = "inner", field[5:]  # noqa: PLW2901 - the frame comes off
        told.append([where, field])
    if where == "inner":
        told[-1][1] = told[-1][1].removesuffix(b"'")
    told += [["names", field] for field in cut(last)]
    return [(w, field) for w, field in told if field]


def text(raw):
    return raw.decode("utf-8", "backslashreplace")


def value(name, raw):
    """What one field says, or None."""
    bare = not (len(raw) >= 2 and raw.startswith(b'"') and raw.endswith(b'"'))
    raw = raw if bare else raw[1:-1]
    if name in NUMBERS | IDS:
        return int(raw) if re.fullmatch(rb"-?\d{1,18}", raw) else None
    if bare and raw in {b"?", b"(null)", b"(none)"} and name != "argument":
        return None
    if name in CODED | {"argument"} and bare and re.fullmatch(rb"([0-9A-F]{2})+", raw):
        raw = bytes.fromhex(raw.decode())
    return text(raw).replace("\0", " ") if name == "proctitle" else text(raw)


def column_of(where, key, kind, before):  # noqa: PLR0911 - one for each kind of line and place in it
    """The column that a key of a line fills, or None."""
    if kind in {"PATH", "OBJ_PID"}:
        own = PATH if kind == "PATH" else RECEIVER
        if where == "names":
            return (
                f"{key.lower()}_name"
                if key in {"OUID"} | ({"OAUID"} if kind == "OBJ_PID" else set())
                else None
            )
        return key if where == "outer" and key in own else None
    if kind in OWN:
        return key if where == "outer" and key == OWN[kind] else None
    if where == "names":
        return f"{key.lower()}_name" if key in NAMES else None
    if where == "inner":
        return key if key in WITHIN else None
    if key in {"auid", "ses"} and before == b"old":
        return f"old_{key}"
    if key in FLAT or (key in REGISTERS and kind == "SYSCALL"):
        return key.replace("-", "_")
    return None


def head(line):  # noqa: PLR0911 - one for each outcome
    """What comes before the fields, and the fields; a reason; or None for a blank line."""
    if len(line) > lines.LONGEST_LINE_BYTES:
        return "too_long"
    said = line.removesuffix(b"\n").removesuffix(b"\r")
    if re.fullmatch(rb"[ \t]*|----|time->[ -~]{1,64}", said):
        return None
    if not line.endswith(b"\n") and said.startswith((b"type=", b"node=")):
        return "truncated"
    found = HEAD.match(said)
    if not found:
        return "shape"
    node, kind, seconds, ms, serial = found.groups()
    if len(seconds) > 10 or int(seconds) > 9_223_372_035:
        return "time"
    if len(serial) > 18:
        return "value"
    fields = parts(said[found.end() :])
    if any(field.startswith(b"msg=audit(") for _, field in fields):
        return "shape"
    start = (int(seconds) * 1000 + int(ms)) * 10**6
    return (node and text(node), start, int(serial)), text(kind), fields


def leads(kind):
    return kind in LEADING or kind.startswith("DAEMON_")


def record(key, held):
    """One event: its lines as (span, type, fields), in order."""
    kinds = [kind for _, kind, _ in held]
    calls = [at for at, kind in enumerate(kinds) if kind == "SYSCALL"]
    lead = [*(at for at, kind in enumerate(kinds) if leads(kind)), *calls, 0][0]
    call = [*calls, -1][0]
    row = {"node": key[0], "type": kinds[lead], "types": kinds, "earliest_ns": key[1], "serial": key[2]}
    row |= {"latest_ns": key[1] + 10**6 - 1, "start": held[0][0]["start"], "stop": held[0][0]["stop"]}
    row["spans"] = [span for span, _, _ in held]
    filled, left, arguments, lists = {}, {}, [], {"PATH": [], "OBJ_PID": []}
    for at in sorted(range(len(held)), key=lambda at: (at != lead, at != call, at)):
        kind, fields = kinds[at], held[at][2]
        deaf = kind not in {*OWN, *lists} and at not in {lead, call}
        into = {} if kind in lists else filled
        rest, own = line_of(fields, kind, into, deaf=deaf)
        arguments += [(at, *argument) for argument in own]
        left[at] = text(b" ".join(rest)) or None
        if kind in lists:
            lists[kind].append((at, settled(into) | {"fields": left[at]}))
    if "auid" in filled:
        row["auid_set"] = filled["auid"] not in UNSET
    row |= settled(filled)
    for kind, name in (("PATH", "paths"), ("OBJ_PID", "receivers")):
        row[name] = [{k: v for k, v in said.items() if v is not None} for _, said in sorted(lists[kind], key=lambda one: one[0])] or None  # fmt: skip
    listed = {at for at, kind in enumerate(kinds) if kind in lists}
    row["fields"] = left[lead] if lead not in listed else None
    row["more"] = [
        f"{kinds[at]} {left[at]}" for at in range(len(held)) if at not in {lead, *listed} and left[at]
    ] or None
    if "EXECVE" in kinds:
        arguments.sort(key=lambda one: one[0])
        row["argv"] = [text(word) for _, _, word in arguments]
        places = [place for _, place, _ in arguments]
        row["argv_places"] = places if places != list(range(len(places))) else None
    return {name: got for name, got in row.items() if got is not None}


def settled(filled):
    return {name: None if name in IDS and got in UNSET else got for name, got in filled.items()}


def line_of(fields, kind, filled, *, deaf):
    """Fill columns that are free; what is left, and the arguments."""
    left, arguments, seen, before = [], [], set(), b""
    for where, field in fields:
        key, equals, raw = field.partition(b"=")
        argument = (
            re.fullmatch(rb"a(\d{1,9})(\[\d+\])?", key) if kind == "EXECVE" and where == "outer" else None
        )
        name = column_of(where, text(key), kind, before) if equals and b'"' not in key and not deaf else None
        before = field
        if argument and equals:
            place, word = int(argument[1]), unhexed(raw)
            if arguments and arguments[-1][0] == place:
                arguments[-1] = (place, arguments[-1][1] + word)
            else:
                arguments.append((place, word))
        elif (
            name is None
            or name in filled
            or name in seen
            or (name in NUMBERS | IDS and value(name, raw) is None)
        ):
            left.append(field)
        else:
            filled[name] = value(name, raw)
        seen.add(name)
    return left, arguments


def unhexed(raw):
    if len(raw) >= 2 and raw.startswith(b'"') and raw.endswith(b'"'):
        return raw[1:-1]
    return bytes.fromhex(raw.decode()) if re.fullmatch(rb"([0-9A-F]{2})+", raw) else raw


def by_definition(data):
    """Records, rejects and blank lines of a frame."""
    events, rejected, ignored, at = {}, [], [], 0
    for line in re.findall(rb"[^\n]*\n|[^\n]+$", data):
        span = {"start": at, "stop": at + len(line)}
        at += len(line)
        got = head(line)
        if got is None:
            ignored.append(span)
        elif isinstance(got, str):
            rejected.append(span | {"why": got})
        else:
            key, kind, fields = got
            events.setdefault(key, []).append((span, kind, fields))
    return [record(key, held) for key, held in events.items()], rejected, ignored


def told(records):
    """Rows of a table without what is null."""

    def bare(found):
        if isinstance(found, dict):
            return {name: bare(one) for name, one in found.items() if one is not None}
        return [bare(one) for one in found] if isinstance(found, list) else found

    return [bare(row) for row in records.to_pylist()]
