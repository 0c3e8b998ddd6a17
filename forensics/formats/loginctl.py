r"""What `loginctl` printed of the sessions that a host had open: `list-sessions`, `session-status` and `show-session`.

    7 - mei (4101)
               Since: Mon 2026-11-23 15:11:37 UTC; 1h 2min ago

Shape   status: `<session> - <user> (<uid>)`, then `<name>: <value>` further in, then its processes. show: lines of <name>=<value>.
        list: a line for each session under a header. Blank lines part them
Source  systemd 219 to 257: src/login/loginctl.c; loginctl(1)
Time    since when a session is open, to the second, in the zone that the line names; `list` has none, but for how long it is idle
Who     whose session it was by logind's own word, and where it came from by that of whoever let it in (`Service`); but it is a text
        that whoever ran the program, or an editor, wrote
Open    that of a session which was over by then nothing is said. What a session calls its desktop is its user's word, and a newline in
        it can begin what looks like another block. So a block that says a name twice, or no state, which stands behind that, is rejected,
        and so is all that follows it. Processes are kept as printed, for their names are typed by users; the lines of the journal that
        follow are rejected
"""

import re
from collections.abc import Iterator, Sequence

import pyarrow as pa

from forensics.core import rowwise
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.rowwise import Line, Said
from forensics.core.schema import Column, Table
from forensics.core.tables import STRINGS

_NONE = "not printed"
_TEXTS = {
    "since": "since when it is open, as written", "tty": "terminal", "remote": "host that it came from, as written",
    "remote_user": "account there, by that host's word", "service": "what let it in, as `sshd`", "type": "tty, x11, wayland, unspecified",
    "class": "user, manager, background, greeter", "state": "online, active, closing",
}  # fmt: skip
TABLE = Table(
    "loginctl",
    "a session that was open",
    (
        Column("kind", pa.string(), "`status`, `show` or `list`"),
        Column("session", pa.string(), "its id: where it is a number, that of the kernel's audit"),
        Column("user", pa.string(), "account that it is of"),
        Column("uid", pa.int64(), "its uid", None, _NONE),
        Column("leader", pa.int64(), "process that it began with", None, _NONE),
        *(Column(name, pa.string(), says, None, _NONE) for name, says in _TEXTS.items()),
        Column("processes", STRINGS, "its processes as printed: typed by users"),
        Column("others", STRINGS, "what no column holds, as `Name=value`"),
        *SPAN,
    ),
)
CUT = "whole"
DOMAIN = "{host}:user"

_HEAD = re.compile(r"(?P<session>[A-Za-z0-9]{1,20}) - (?P<user>[^ ()]{1,64}) \((?P<uid>[0-9]{1,10})\)")
_SAID = re.compile(r" {2,40}(?P<name>[A-Z][A-Za-z ]{1,20}): (?P<value>.*)")
_TREE = re.compile(r" +[│├└|`].*")
_PROPERTY = re.compile(r"(?P<name>[A-Z][A-Za-z]{1,40})=(?P<value>.*)")
_LIST = re.compile(r" *SESSION +UID +USER(?: +[A-Z]+)* *")
_LISTED = re.compile(
    r" *(?P<session>[A-Za-z0-9]{1,20}) +(?P<uid>[0-9]{1,10}) (?P<user>[^ ]{1,64})(?P<rest>(?: .*)?)"
)
_COUNT = re.compile(r"[0-9]{1,6} sessions listed\.")
_TERMINAL = re.compile(r"(?:^| )(tty[0-9A-Za-z]{1,8}|pts/[0-9]{1,6})(?= |$)")
_SESSION_WORDS = {
    "Since": "since", "Timestamp": "since", "TTY": "tty", "Remote": "remote", "RemoteHost": "remote", "RemoteUser": "remote_user",
    "Service": "service", "Type": "type", "Class": "class", "State": "state", "Leader": "leader", "Id": "session", "Name": "user", "User": "uid",
}  # fmt: skip
_NUMBER = re.compile(r"[0-9]{1,10}")
_BESIDE = re.compile(r"; (type|class) ([a-z-]{1,20})")


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of a session's head over what is said of it, of the properties of a session, or of a list of sessions under its header."""
    lines = [rowwise.shown(line.removesuffix(b"\r")) for line in head[:4096].lstrip(b"\r\n").split(b"\n", 40)]
    if len(lines) > 1 and _HEAD.fullmatch(lines[0]):
        return 92 if (said := _SAID.fullmatch(lines[1])) is not None and said["name"] == "Since" else 0
    if lines[0].startswith("Id="):
        names = {found["name"] for line in lines if (found := _PROPERTY.fullmatch(line)) is not None}
        return 92 if {"Id", "User", "Name", "State"} <= names and names & {"Leader", "Audit", "Scope"} else 0
    return 92 if _LIST.fullmatch(lines[0]) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read a whole file: a record for each session."""
    return rowwise.whole(portions(data, base))


def portions(data: bytes, base: int) -> Iterator[Parsed]:
    """The same, some rows at a time."""
    yield from rowwise.portions(_told_of(data, base), TABLE)


def _told_of(data: bytes, base: int) -> Iterator[Said]:
    """The lines of each session, and what they say."""
    group, listing, sound = list[Line](), False, True
    torn = bool(data) and not data.endswith(b"\n")
    for line in rowwise.each(data, base):
        text = rowwise.shown(line.raw)
        goes_on = bool(group) and _goes_on(group, text)
        if group and not goes_on:
            block = _block(group)
            yield group, block if sound else Why.SHAPE
            group, sound = [], sound and block is not Why.VALUE
        if goes_on or _HEAD.fullmatch(text) or text.startswith("Id="):
            rowwise.grow(group, line)
            listing = False
        elif not text.strip() or _COUNT.fullmatch(text):
            yield [line], None
        elif _LIST.fullmatch(text):
            listing = True
            yield [line], None
        elif torn and line.stop == base + len(data):
            yield [line], Why.TRUNCATED
        else:
            yield [line], _listed(text) if listing else Why.SHAPE
    if group:
        yield group, Why.TRUNCATED if torn else _block(group) if sound else Why.SHAPE


def _goes_on(group: Sequence[Line], text: str) -> bool:
    """Whether a line is of the block that these begin."""
    if group[0].raw.startswith(b"Id="):
        return _PROPERTY.fullmatch(text) is not None and not text.startswith("Id=")
    return _SAID.fullmatch(text) is not None or _TREE.fullmatch(text) is not None


def _block(group: Sequence[Line]) -> dict[str, object] | Why:
    """What a block says of its session, or why it cannot be read."""
    if rowwise.too_long(group):
        return Why.TOO_LONG
    lines = [rowwise.shown(line.raw) for line in group]
    head = _HEAD.fullmatch(lines[0])
    shape = _PROPERTY if head is None else _SAID
    said = [
        found
        for line in (lines if head is None else lines[1:])
        if (found := shape.fullmatch(line)) is not None
    ]
    names = [found["name"] for found in said]
    if len(set(names)) < len(names):
        return Why.VALUE
    told = {found["name"]: found["value"] for found in said}
    trees = [line.strip() for line in lines if head is not None and _TREE.fullmatch(line)]
    row = _row(told) if head is None else _row(told) | {**head.groupdict(), "uid": int(head["uid"])}
    if not (row.get("session") and row.get("user") and row.get("state")):
        return Why.VALUE
    return row | {"kind": "show" if head is None else "status", "processes": trees}


def _row(told: dict[str, str]) -> dict[str, object]:
    """The columns of what is said by name."""
    if told.get("Remote") in {"yes", "no"}:
        told = {name: value for name, value in told.items() if name != "Remote"}
    row: dict[str, object] = {}
    others = []
    for name, value in told.items():
        column = _SESSION_WORDS.get(name)
        if column in {"uid", "leader"}:
            number = _NUMBER.match(value)
            row[column] = int(number[0]) if number else None
        elif column is not None and value:
            row[column] = value
        elif value:
            others.append(f"{name}={value}")
    service = str(row.get("service", ""))
    row |= dict(_BESIDE.findall(service))
    if service:
        row["service"] = service.partition(";")[0]
    user, at, host = str(row.get("remote", "")).rpartition("@")
    return row | ({"remote": host, "remote_user": user} if at else {}) | {"others": others}


def _listed(text: str) -> dict[str, object] | Why:
    """A session of a list."""
    found = _LISTED.fullmatch(text)
    if found is None:
        return Why.SHAPE
    tty, rest = _TERMINAL.search(found["rest"]), " ".join(found["rest"].split())
    row = {"kind": "list", "session": found["session"], "user": found["user"], "uid": int(found["uid"])}
    return row | {"tty": tty[1] if tty else None, "processes": [], "others": [f"rest={rest}"] if rest else []}
