r"""Linux audit trail: one line for each record; the records of one event share its time and serial.

    type=SYSCALL msg=audit(1795446841.266:7982): arch=c000003e syscall=62 success=yes exit=0 a0=2466 a1=9
    a2=0 a3=0 items=0 ppid=9336 pid=9610 auid=4102 uid=0 tty=pts3 ses=54 comm="pkill" exe="/usr/bin/pkill"
    key="signals"\x1dARCH=x86_64 SYSCALL=kill AUID="kai" UID="root"

Shape   [node=<host> ]type=<type> msg=audit(<seconds>.<ms>:<serial>): <key>=<value> ..., one line (folded above).
        Programs' own words stand in `msg='...'`. With `log_format = ENRICHED` a byte 0x1d follows, then
        KEY=<name>: what auditd took numbers to mean when it wrote. A value is quoted where it holds no
        blank, quote, control or non-ASCII byte; otherwise it is upper-case hexadecimal without quotes
Source  Linux kernel, kernel/audit.c and kernel/auditsc.c; audit-userspace, auditd.conf(5), lib/audit_logging.c
Time    epoch milliseconds of the kernel that audited; DAEMON_* carry the daemon's
Who     `auid` is the login account and survives su and sudo; `uid`, `euid` whose rights were used. Both are
        read before `msg='` only: text within it, and arguments, are typed by users. Names after 0x1d are
        by the host's own passwd
Open    a line without its newline is torn and rejected, since a number in it may have lost digits; so is a
        line that holds a second record. Of a key that comes twice the first counts, the other stays in
        `fields`. SELinux contexts and capabilities are kept there too, unread
"""

import re
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import audittext, lines
from forensics.core.audittext import Bools, Bytes, Ints
from forensics.core.model import IGNORED, REJECTED, SPAN, Parsed, Why
from forensics.core.schema import Column, Table
from forensics.core.tables import STRINGS

CUT = "line"
DOMAIN = "{host}:root"

_ABSENT = "not in this record, or written as (null), (none) or ?"
_UNSET = "not in this record, or unset (4294967295, -1)"
_NUMBERS = (
    ("syscall", "number of the system call, in the architecture's own table"),
    ("exit", "what the system call returned"),
    ("items", "how many PATH records go with it"),
    ("ppid", "parent process"),
    ("pid", "process acting; the sender of a user-space message"),
    ("gid", "real gid"),
    ("item", "place of this PATH in its event"),
    ("argc", "how many arguments the program got"),
    ("opid", "process that received the signal"),
    ("rport", "port of the other side"),
)
_IDS = (
    ("auid", "login uid"),
    ("uid", "real uid"),
    ("euid", "effective uid"),
    ("suid", "saved uid"),
    ("fsuid", "uid for file access"),
    ("ses", "audit session"),
    ("ouid", "owner of the path; uid of the process that received the signal"),
    ("oauid", "login uid of the process that received the signal"),
    ("oses", "audit session of that process"),
    ("old_auid", "login uid before"),
    ("old_ses", "audit session before"),
    ("id", "uid that a program's message is about"),
)
_PLAIN = (
    ("arch", "architecture of the system call, hexadecimal"),
    ("success", "whether the system call succeeded: yes or no"),
    ("a0", "first argument of the system call, hexadecimal"),
    ("a1", "second"),
    ("a2", "third"),
    ("a3", "fourth"),
    ("tty", "terminal as the kernel names it"),
    ("inode", "inode number of the path"),
    ("dev", "device of the path, `major:minor` in hexadecimal"),
    ("mode", "mode of the path, octal"),
    ("nametype", "part the path plays: NORMAL, PARENT, CREATE, DELETE, UNKNOWN"),
    ("op", "operation a message is about"),
    ("hostname", "name of the other side: asserted, or from a resolver"),
    ("addr", "address of the other side"),
    ("terminal", "terminal as a program names it"),
    ("res", "result of the operation: success, failed, 1 or 0"),
    ("saddr", "socket address, undecoded hexadecimal"),
    ("fp", "fingerprint of a key"),
)
_CODED = (
    ("comm", "name of the task: its own words"),
    ("exe", "path of the program"),
    ("key", "key of the audit rule that matched"),
    ("name", "path as the program gave it"),
    ("cwd", "working directory"),
    ("proctitle", "command line as the process shows it: its own words, cut at 128 bytes"),
    ("acct", "account a message is about: typed, where the login failed"),
    ("cmd", "command given to sudo"),
    ("ocomm", "name of the task that received the signal"),
)
_NAMED = (
    ("AUID", "auid_name", "name of auid"),
    ("UID", "uid_name", "name of uid"),
    ("EUID", "euid_name", "name of euid"),
    ("OUID", "ouid_name", "name of ouid"),
    ("OAUID", "oauid_name", "name of oauid"),
    ("ID", "id_name", "name of id"),
    ("SYSCALL", "syscall_name", "name of the system call"),
    ("ARCH", "arch_name", "name of the architecture"),
)
TABLE = Table(
    "auditd",
    "one line of an audit trail; several lines make an event",
    (
        Column("node", pa.string(), "host that the line names", None, "auditd writes no node names"),
        Column("type", pa.string(), "record type"),
        Column("earliest_ns", pa.int64(), "start of the millisecond", "ns since 1970-01-01T00:00:00Z"),
        Column("latest_ns", pa.int64(), "end of the millisecond", "ns since 1970-01-01T00:00:00Z"),
        Column("serial", pa.int64(), "number of the event, from the kernel's boot on"),
        Column("auid_set", pa.bool_(), "whether the login uid was set", None, "no auid in this record"),
        *(Column(name, pa.int64(), meaning, None, _ABSENT) for name, meaning in _NUMBERS),
        *(Column(name, pa.int64(), meaning, None, _UNSET) for name, meaning in _IDS),
        *(Column(name, pa.string(), meaning, None, _ABSENT) for name, meaning in _PLAIN),
        *(Column(name, pa.string(), f"{meaning}, decoded", None, _ABSENT) for name, meaning in _CODED),
        Column("argv", STRINGS, "arguments in this EXECVE record, decoded", None, "not an EXECVE record"),
        Column("argv_index", pa.int64(), "place of the first of them; an argument may go on from the record before", None, "no arguments"),
        *(Column(name, pa.string(), f"{meaning}, as the host resolved it", None, "not enriched") for _, name, meaning in _NAMED),
        Column("fields", pa.string(), "the rest of the record, as written, one blank between fields", None, "no more"),
        *SPAN,
    ),
)  # fmt: skip

_HEAD = r'^(?P<head>(?:node=(?P<node>[^ "\x1d]+) )?type=(?P<type>[A-Z0-9_]+(?:\[\d+\])?) msg=audit\((?P<seconds>\d+)\.(?P<ms>\d\d\d):(?P<serial>\d+)\):)(?: |$)'
_FIRST_LINES = re.compile(_HEAD.replace("$", r"\r?$").encode(), re.MULTILINE)
_ARGUMENT = r"^a(?P<place>\d{1,9})(?P<piece>\[\d+\])?$"
_BLOCK_BYTES = 1 << 20
_LAST_SECOND = 9_223_372_035
_NS_PER_MS = 1_000_000
_UNSET_IDS = pa.array([4_294_967_295, -1], pa.int64())
_NOTHING = pa.array([b"?", b"(null)", b"(none)"], pa.large_binary())

# Who acted is read from before `msg='` alone; only these keys are read from within it.
_WITHIN = {"op", "acct", "exe", "hostname", "addr", "terminal", "res", "cmd", "cwd", "comm", "id", "fp", "rport"}  # fmt: skip
_WITHIN_ONLY = {"fp", "rport"}
_KINDS = {
    name: kind
    for kind, rows in (("number", _NUMBERS), ("id", _IDS), ("plain", _PLAIN), ("coded", _CODED))
    for name, _ in rows
}
_KINDS |= {name: "plain" for _, name, _ in _NAMED}
_FIELDS = list(_KINDS)
_KEYS = {
    name.replace("old_", "old-").encode(): (name, name in _WITHIN)
    for name in _FIELDS
    if not name.endswith("_name")
}
_SPELT = [*_KEYS, *(key.encode() for key, _, _ in _NAMED)]


def _places() -> Ints:
    """By part of the line and number of the key in `_SPELT` (the last: no such key): the column, or -1."""
    column = np.full((3, len(_SPELT) + 1), -1, np.int64)
    for key, (name, within) in enumerate(_KEYS.values()):
        column[audittext.OUTER, key] = _FIELDS.index(name) if name not in _WITHIN_ONLY else -1
        column[audittext.INNER, key] = _FIELDS.index(name) if within else -1
    for key, (_, name, _) in enumerate(_NAMED, len(_KEYS)):
        column[audittext.NAMES, key] = _FIELDS.index(name)
    return column


_COLUMN_OF = _places()


class _Heads(NamedTuple):
    """What the lines say before their fields; rows that are no record hold nothing of use.

    `why` is a reason, "" for a record, or None for a blank line; `body` is where the fields begin.
    """

    columns: dict[str, pa.Array]
    why: npt.NDArray[np.object_]
    body: Ints


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure where the file begins with an audit record; less so where one stands further down."""
    if _FIRST_LINES.match(head):
        return 97
    return 60 if _FIRST_LINES.search(head) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read a chunk in blocks of lines that the processor's cache can hold; what is read hangs on none of them."""
    read, start = [_block(b"", base)], 0
    while start < len(data):
        stop = data.find(b"\n", start + _BLOCK_BYTES) + 1 or len(data)
        read.append(_block(data[start:stop], base + start))
        start = stop
    return Parsed(*(pa.concat_tables(tables).combine_chunks() for tables in zip(*read, strict=True)))


def _block(data: bytes, base: int) -> Parsed:
    """Read lines, columns at a time: cut into fields, sorted by key, decoded by kind of key."""
    cut = lines.cut(data, base)
    if not len(cut.start):
        return Parsed(TABLE.empty(), REJECTED.empty(), IGNORED.empty())
    raw = np.frombuffer(data, np.uint8)
    heads = _heads(cut, raw)
    tokens = audittext.tokens(raw, cut, base)
    body = cut.start - base + heads.body
    body[heads.why != ""] = len(raw)
    tokens = tokens.where((tokens.stop > tokens.start) & (tokens.start >= body[tokens.line]))
    glued = tokens.line[audittext.begins(raw, tokens.start, tokens.stop, b"msg=audit(")]
    heads.why[glued] = Why.SHAPE.value
    record = heads.why == ""
    if len(glued):
        tokens = tokens.where(record[tokens.line])
    row = np.cumsum(record) - 1
    tokens = tokens._replace(line=row[tokens.line])
    kept = pa.array(np.flatnonzero(record))
    head = {name: values.take(kept) for name, values in heads.columns.items()}
    span = {"start": cut.start[record], "stop": cut.stop[record]}
    records = TABLE.build({**head, **_columns(raw, tokens, head["type"]), **span})
    return Parsed(records, *_rest(cut, heads.why))


def _rest(cut: lines.Lines, why: npt.NDArray[np.object_]) -> tuple[pa.Table, pa.Table]:
    """Rejected lines and blank lines."""
    blank = np.array([reason is None for reason in why], bool)
    bad = ~blank & (why != "")
    rejected = {"start": cut.start[bad], "stop": cut.stop[bad], "why": pa.array(why[bad], pa.string())}
    return REJECTED.build(rejected), IGNORED.build({"start": cut.start[blank], "stop": cut.stop[blank]})


def _heads(cut: lines.Lines, raw: Bytes) -> _Heads:
    """Node, type, time and serial of every line, and why a line is no record."""
    size = cut.stop - cut.start
    found = pc.extract_regex(pc.if_else(pa.array(size > lines.LONGEST_LINE_BYTES), b"", cut.text), _HEAD)
    missing = np.asarray(found.is_null())
    text = dict(zip((field.name for field in found.type), found.flatten(), strict=True))
    seconds, late = _counted(text["seconds"], 10)
    serial, unreadable = _counted(text["serial"], 18)
    late |= seconds > _LAST_SECOND
    first = (np.where(late, 0, seconds) * 1000 + _counted(text["ms"], 3)[0]) * _NS_PER_MS
    why = np.full(len(size), "", object)
    why[unreadable] = Why.VALUE.value
    why[late] = Why.TIME.value
    why[missing] = Why.SHAPE.value
    if raw[-1] != ord("\n") and cut.text[-1].as_py().startswith((b"type=", b"node=")):
        why[-1] = Why.TRUNCATED.value
    empty = pc.match_substring_regex(cut.text.filter(pa.array(missing)), r"^[ \t]*$")
    why[np.flatnonzero(missing)[np.asarray(empty)]] = None
    why[size > lines.LONGEST_LINE_BYTES] = Why.TOO_LONG.value
    node = pc.if_else(pc.equal(pc.binary_length(text["node"]), 0), None, text["node"])
    said = {"node": lines.shown(node), "type": lines.shown(text["type"]), "serial": pa.array(serial)}
    when = {"earliest_ns": pa.array(first), "latest_ns": pa.array(first + _NS_PER_MS - 1)}
    body = np.asarray(pc.binary_length(text["head"]).fill_null(0)).astype(np.int64)
    return _Heads(said | when, why, body)


def _counted(digits: pa.Array, longest: int) -> tuple[Ints, Bools]:
    """Digits as numbers; 0, and marked, where they are too many."""
    size = pc.binary_length(digits).fill_null(0)
    fits = pc.and_(pc.greater(size, 0), pc.less_equal(size, longest))
    numbers = pc.if_else(fits, digits, b"0").cast(pa.string()).cast(pa.int64())
    return np.asarray(numbers), ~np.asarray(fits)


def _columns(raw: Bytes, tokens: audittext.Tokens, types: pa.Array) -> dict[str, pa.Array]:
    """Every declared column that a field of these lines fills, and the rest of each line."""
    column = _claims(raw, tokens, types)
    arguments = _arguments(raw, tokens, np.asarray(pc.equal(types, "EXECVE")))
    column[arguments] = -1
    order = np.argsort(column, kind="stable")
    line, sorted_column = tokens.line[order], column[order]
    again = np.append(False, (line[1:] == line[:-1]) & (sorted_column[1:] == sorted_column[:-1]))
    claimed = (column >= 0) | arguments
    claimed[order[again & (sorted_column >= 0)]] = False
    bounds = np.searchsorted(sorted_column, np.arange(len(_FIELDS) + 1))
    built: dict[str, pa.Array] = {}
    for at, name in enumerate(_FIELDS):
        own = order[bounds[at] : bounds[at + 1]]
        own = own[claimed[own]]
        if not len(own):
            continue
        values = _decoded(raw, tokens.where(own), _KINDS[name])
        if name == "auid":
            unset = pc.is_in(values, _UNSET_IDS)
            built["auid_set"] = _spread(
                pc.if_else(values.is_null(), None, pc.invert(unset)), tokens.line[own], len(types)
            )
        if _KINDS[name] in {"number", "id"}:
            claimed[own[np.asarray(values.is_null())]] = False
        if _KINDS[name] == "id":
            values = pc.if_else(pc.is_in(values, _UNSET_IDS), None, values)
        built[name] = _spread(values, tokens.line[own], len(types))
    if "proctitle" in built:
        built["proctitle"] = pc.replace_substring(built["proctitle"], "\0", " ")
    built |= _argv(raw, tokens.where(arguments), len(types), np.asarray(pc.equal(types, "EXECVE")))
    return built | {"fields": _left(raw, tokens.where(~claimed), len(types))}


def _spread(values: pa.Array, line: Ints, count: int) -> pa.Array:
    """One value per line, null where the line has none."""
    place = np.full(count, -1, np.int64)
    place[line] = np.arange(len(line))
    return values.take(pa.array(place, mask=place < 0))


def _claims(raw: Bytes, tokens: audittext.Tokens, types: pa.Array) -> Ints:
    """The column that each field belongs to by its key and where it stands, or -1."""
    keyed = tokens.equals > tokens.start
    keys = audittext.sliced(raw, tokens.start, np.where(keyed, tokens.equals, tokens.start))
    number = np.asarray(pc.index_in(keys, pa.array(_SPELT, pa.large_binary())).fill_null(len(_SPELT)))
    column: Ints = _COLUMN_OF[tokens.part, number]
    registers = [_FIELDS.index(name) for name in ("a0", "a1", "a2", "a3")]
    called = np.asarray(pc.equal(types, "SYSCALL"))[tokens.line]
    column[np.isin(column, registers) & ~called] = -1
    # Kernels before 3.15 wrote `old auid=0 new auid=4101`.
    old = np.flatnonzero((tokens.equals < 0) & audittext.begins(raw, tokens.start, tokens.stop, b"old"))
    old = old[(tokens.stop[old] - tokens.start[old] == 3) & (old + 1 < len(column))] + 1
    for name in ("auid", "ses"):
        column[old[column[old] == _FIELDS.index(name)]] = _FIELDS.index(f"old_{name}")
    return column


def _decoded(raw: Bytes, tokens: audittext.Tokens, kind: str) -> pa.Array:
    """Values by kind of key: numbers, or text out of its quotes or its hexadecimal."""
    start, stop, quoted = audittext.unquoted(raw, tokens)
    values = audittext.sliced(raw, start, stop)
    if kind in {"number", "id"}:
        return audittext.integers(values)
    values = pc.if_else(pc.and_(pc.is_in(values, _NOTHING), pa.array(~quoted)), None, values)
    if kind == "coded":
        values = audittext.unhexed(values, ~quoted)
    return lines.shown(values.cast(pa.binary()))


def _arguments(raw: Bytes, tokens: audittext.Tokens, execve: Bools) -> Bools:
    """Which fields are arguments of an EXECVE record: a0, a1, and a long one in pieces as a2[0], a2[1]."""
    found: Bools = execve[tokens.line] & (tokens.part == audittext.OUTER) & (tokens.equals > tokens.start)
    at = np.flatnonzero(found)
    keys = audittext.sliced(raw, tokens.start[at], tokens.equals[at])
    found[at] = np.asarray(pc.match_substring_regex(keys, _ARGUMENT))
    return found


def _argv(raw: Bytes, tokens: audittext.Tokens, count: int, execve: Bools) -> dict[str, pa.Array]:
    """The arguments of each EXECVE line, pieces put together."""
    keys = audittext.sliced(raw, tokens.start, tokens.equals)
    split = pc.extract_regex(keys, _ARGUMENT)
    place, _ = _counted(split.flatten()[0], 9)
    start, stop, quoted = audittext.unquoted(raw, tokens)
    pieces = audittext.unhexed(audittext.sliced(raw, start, stop), ~quoted)
    again = np.append(False, (tokens.line[1:] == tokens.line[:-1]) & (place[1:] == place[:-1]))[: len(place)]
    begins = np.flatnonzero(~again)
    listed = pa.LargeListArray.from_arrays(pa.array(np.append(begins, len(place))), pieces)
    words = lines.shown(pc.binary_join(listed, pa.scalar(b"", pa.large_binary())).cast(pa.binary()))
    bounds = np.searchsorted(tokens.line[begins], np.arange(count + 1)).astype(np.int32)
    argv = pa.ListArray.from_arrays(pa.array(bounds), words, mask=pa.array(~execve))
    some = bounds[1:] > bounds[:-1]
    index = np.append(place[begins], 0)[np.where(some, bounds[:-1], -1)]
    return {"argv": argv, "argv_index": pa.array(index, mask=~some)}


def _left(raw: Bytes, tokens: audittext.Tokens, count: int) -> pa.Array:
    """What no column took, joined again."""
    words = audittext.sliced(raw, tokens.start, tokens.stop)
    bounds = pa.array(np.searchsorted(tokens.line, np.arange(count + 1)))
    text = pc.binary_join(pa.LargeListArray.from_arrays(bounds, words), pa.scalar(b" ", pa.large_binary()))
    return lines.shown(pc.if_else(pc.equal(pc.binary_length(text), 0), None, text).cast(pa.binary()))
