"""The record of an audit trail: the lines of one event that lie near each other, in one row.

An event's lines share the host's name, the millisecond and the serial. They are put together where they
lie in one frame of a file (see `formats.auditd`); lines of one event further apart, or in two files, are
put together when the events are read. Every dialect of the trail fills these columns, so that one
reading serves them all.

One line *leads* the record: the first that is a message of its own (a login, sudo, a change of the rules),
else the first SYSCALL, else the first line. Flat columns hold what the leading line says, and where it
says nothing what the first SYSCALL says; CWD, PROCTITLE, SOCKADDR, EXECVE and OPENAT2 fill columns of
their own. PATH and OBJ_PID come several times in an event, so each has a list. What finds no column is
kept as written: of the leading line in `fields`, of a PATH or OBJ_PID in its own `fields`, of any other
line in `more`.
"""

import pyarrow as pa

from forensics.core.model import SPAN, Parsed
from forensics.core.schema import Column, Table
from forensics.core.tables import STRINGS

_ABSENT = "not in these lines, or written as (null), (none) or ?"
_UNSET = "not in these lines, or unset (4294967295, -1)"

NUMBERS = (
    ("syscall", "number of the system call, in the architecture's own table"),
    ("exit", "what the system call returned"),
    ("items", "how many PATH lines go with it"),
    ("ppid", "parent process"),
    ("pid", "process acting; the sender of a user-space message"),
    ("gid", "real gid"),
    ("argc", "how many arguments the program got"),
    ("rport", "port of the other side"),
)
IDS = (
    ("auid", "login uid"),
    ("uid", "real uid"),
    ("euid", "effective uid"),
    ("suid", "saved uid"),
    ("fsuid", "uid for file access"),
    ("ses", "audit session"),
    ("old_auid", "login uid before"),
    ("old_ses", "audit session before"),
    ("id", "uid that a program's message is about"),
)
PLAIN = (
    ("arch", "architecture of the system call, hexadecimal"),
    ("success", "whether the system call succeeded: yes or no"),
    ("a0", "first argument of the system call, hexadecimal"),
    ("a1", "second"),
    ("a2", "third"),
    ("a3", "fourth"),
    ("tty", "terminal as the kernel names it"),
    ("op", "operation a message is about"),
    ("hostname", "name of the other side: asserted, or from a resolver"),
    ("addr", "address of the other side"),
    ("terminal", "terminal as a program names it"),
    ("res", "result of the operation: success, failed, 1 or 0"),
    ("saddr", "socket address, undecoded hexadecimal"),
    ("fp", "fingerprint of a key"),
    ("oflag", "flags of an openat2, octal"),
)
CODED = (
    ("comm", "name of the task: its own words"),
    ("exe", "path of the program"),
    ("key", "key of the audit rule that matched"),
    ("cwd", "working directory"),
    ("proctitle", "command line as the process shows it: its own words, cut at 128 bytes"),
    ("acct", "account a message is about: typed, where the login failed"),
    ("cmd", "command given to sudo"),
)
NAMED = (
    ("AUID", "auid_name", "name of auid"),
    ("UID", "uid_name", "name of uid"),
    ("EUID", "euid_name", "name of euid"),
    ("ID", "id_name", "name of id"),
    ("SYSCALL", "syscall_name", "name of the system call"),
    ("ARCH", "arch_name", "name of the architecture"),
)
FLAT = (*(n for n, _ in (*NUMBERS, *IDS, *PLAIN, *CODED)), *(n for _, n, _ in NAMED))
"""The flat columns that fields of lines fill, in order."""

PATH = pa.struct(
    [
        ("item", pa.int64()),
        ("name", pa.string()),
        ("inode", pa.string()),
        ("dev", pa.string()),
        ("mode", pa.string()),
        ("ouid", pa.int64()),
        ("ouid_name", pa.string()),
        ("nametype", pa.string()),
        ("fields", pa.string()),
    ]
)
"""One PATH line: its place, the path as the program gave it, inode, device, mode (octal), owner, part it plays."""
RECEIVER = pa.struct(
    [
        ("opid", pa.int64()),
        ("oauid", pa.int64()),
        ("oauid_name", pa.string()),
        ("ouid", pa.int64()),
        ("ouid_name", pa.string()),
        ("oses", pa.int64()),
        ("ocomm", pa.string()),
        ("fields", pa.string()),
    ]
)
"""One OBJ_PID line: the process that received a signal, its login uid, uid, session and name."""
SPANS = pa.list_(pa.struct([("start", pa.int64()), ("stop", pa.int64())]))

COLUMNS = (
    Column("node", pa.string(), "host that the lines name", None, "they name none"),
    Column("type", pa.string(), "type of the leading line"),
    Column("types", STRINGS, "type of every line, in order"),
    Column("earliest_ns", pa.int64(), "start of the millisecond", "ns since 1970-01-01T00:00:00Z"),
    Column("latest_ns", pa.int64(), "end of the millisecond", "ns since 1970-01-01T00:00:00Z"),
    Column("serial", pa.int64(), "number of the event, from the kernel's boot on"),
    Column("auid_set", pa.bool_(), "whether the login uid was set", None, "no auid in these lines"),
    *(Column(name, pa.int64(), meaning, None, _ABSENT) for name, meaning in NUMBERS),
    *(Column(name, pa.int64(), meaning, None, _UNSET) for name, meaning in IDS),
    *(Column(name, pa.string(), meaning, None, _ABSENT) for name, meaning in PLAIN),
    *(Column(name, pa.string(), f"{meaning}, decoded", None, _ABSENT) for name, meaning in CODED),
    *(Column(name, pa.string(), f"{meaning}, as the host resolved it", None, "not enriched") for _, name, meaning in NAMED),
    Column("argv", STRINGS, "arguments in the EXECVE lines, decoded, in order of line and place", None, "no EXECVE line"),
    Column("argv_places", pa.list_(pa.int64()), "place of each of them; a long argument may go on in the next line", None, "0, 1, 2 and so on"),
    Column("paths", pa.list_(PATH), "the PATH lines, in order of line", None, "no PATH line"),
    Column("receivers", pa.list_(RECEIVER), "the OBJ_PID lines, in order of line", None, "no OBJ_PID line"),
    Column("fields", pa.string(), "the rest of the leading line, as written, one blank between fields", None, "no more"),
    Column("more", STRINGS, "for each other line with something left: its type and the rest, as written", None, "nothing left"),
)  # fmt: skip
SPANNED = (*SPAN, Column("spans", SPANS, "every line, in order; the first is `start` to `stop`", "bytes"))


def table(name: str, meaning: str) -> Table:
    """The declared table of one dialect of the trail."""
    return Table(name, meaning, (*COLUMNS, *SPANNED))


def spanned(parsed: Parsed) -> Parsed:
    """Records that are one span each, with that span in `spans` too."""
    records = parsed.records
    start, stop = (records[name].combine_chunks() for name in ("start", "stop"))
    spans = pa.StructArray.from_arrays([start, stop], ["start", "stop"])
    listed = pa.ListArray.from_arrays(pa.array(range(len(spans) + 1), pa.int32()), spans)
    place = records.schema.get_field_index("spans")
    return parsed._replace(records=records.set_column(place, records.schema.field(place), listed))
