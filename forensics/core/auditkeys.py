"""Which key of which line of an audit trail fills which column of a record."""

import re
from typing import NamedTuple

import numpy as np

from forensics.core.auditrecord import CODED, FLAT, IDS, NAMED, NUMBERS, PATH, RECEIVER
from forensics.core.audittext import INNER, NAMES, OUTER, Ints

# What a line can fill: everything flat (with a0 to a3 where it is a system call), columns of its own, or none.
MESSAGE, CALL, PATHS, RECEIVERS, ARGUMENTS, CWD, PROCTITLE, SOCKADDR, OPENAT2, NONE = range(10)
KINDS = {
    "SYSCALL": CALL,
    "PATH": PATHS,
    "OBJ_PID": RECEIVERS,
    "EXECVE": ARGUMENTS,
    "CWD": CWD,
    "PROCTITLE": PROCTITLE,
    "SOCKADDR": SOCKADDR,
    "OPENAT2": OPENAT2,
    "UNKNOWN[1327]": PROCTITLE,
    "UNKNOWN[1337]": OPENAT2,
}
"""By type; every other type is a message. An older auditd writes the number of a type that it has no name for."""

LEADING = {
    "LOGIN",
    "USER_LOGIN",
    "USER_AUTH",
    "USER_START",
    "USER_END",
    "USER_CMD",
    "CONFIG_CHANGE",
    "FEATURE_CHANGE",
    "TIME_INJOFFSET",
    "TIME_ADJNTPVAL",
    "UNKNOWN[1328]",
    "UNKNOWN[1332]",
    "UNKNOWN[1333]",
    "URINGOP",
    "UNKNOWN[1336]",
}
"""Types that lead their event, beside all DAEMON_*: the system call beside them is only how they were sent."""

TYPE = re.compile(r"[A-Z0-9_]+(?:\[\d+\])?")
# Who acted is read from before `msg='` alone; only these keys are read from within it.
_WITHIN = {"op", "acct", "exe", "hostname", "addr", "terminal", "res", "cmd", "cwd", "comm", "id", "fp", "rport"}  # fmt: skip
_NOT_OUTSIDE = {"fp", "rport", "oflag"}
_REGISTERS = {"a0", "a1", "a2", "a3"}
_OWN = {ARGUMENTS: "argc", CWD: "cwd", PROCTITLE: "proctitle", SOCKADDR: "saddr", OPENAT2: "oflag"}


class Target(NamedTuple):
    """A column: flat, or one of a list of paths or receivers; and how its value is written."""

    name: str
    within: int
    """MESSAGE where it is flat, else PATHS or RECEIVERS."""
    written: str
    """number, id, plain or coded."""


def _written(name: str) -> str:
    for kind, rows in (("number", NUMBERS), ("id", IDS), ("coded", CODED)):
        if name in {n for n, _ in rows}:
            return kind
    return "plain"


def _listed(within: int, struct: object) -> list[Target]:
    other = {"item": "number", "opid": "number", "ouid": "id", "oauid": "id", "oses": "id", "name": "coded", "ocomm": "coded"}  # fmt: skip
    names = [field.name for field in struct if field.name != "fields"]  # type: ignore[attr-defined]
    return [Target(name, within, other.get(name, "plain")) for name in names]


TARGETS = (
    *(Target(name, MESSAGE, _written(name)) for name in FLAT),
    *_listed(PATHS, PATH),
    *_listed(RECEIVERS, RECEIVER),
)
_FEW = {"arch", "success", "tty", "op", "hostname", "addr", "terminal", "res", "comm", "exe", "key", "cwd", "acct", "dev", "mode", "nametype", "ocomm"}  # fmt: skip
FEW = frozenset(
    at for at, target in enumerate(TARGETS) if target.name in _FEW or target.name.endswith("_name")
)
"""Columns that have few different values in most logs."""
_NUMBER = {(target.name, target.within): at for at, target in enumerate(TARGETS)}
AUID = _NUMBER["auid", MESSAGE]
OLD = {_NUMBER[name, MESSAGE]: _NUMBER[f"old_{name}", MESSAGE] for name in ("auid", "ses")}
"""Kernels before 3.15 wrote `old auid=0 new auid=4101`: the column of such a key."""


def _spelt() -> dict[tuple[int, int], dict[bytes, int]]:
    """By kind and part of line: the keys that fill a column."""
    told = {
        name: at for (name, within), at in _NUMBER.items() if within == MESSAGE and not name.endswith("_name")
    }
    outer = {
        name.replace("old_", "old-").encode(): at
        for name, at in told.items()
        if name not in _NOT_OUTSIDE | _REGISTERS
    }
    names = {key.encode(): _NUMBER[name, MESSAGE] for key, name, _ in NAMED}
    registers = {name.encode(): told[name] for name in sorted(_REGISTERS)}
    found = {(MESSAGE, OUTER): outer, (CALL, OUTER): outer | registers}
    found |= {
        (kind, INNER): {name.encode(): told[name] for name in sorted(_WITHIN)} for kind in (MESSAGE, CALL)
    }
    found |= {(kind, NAMES): names for kind in (MESSAGE, CALL)}
    for kind in (PATHS, RECEIVERS):
        own = {t.name: _NUMBER[t.name, kind] for t in TARGETS if t.within == kind}
        found[kind, OUTER] = {n.encode(): at for n, at in own.items() if not n.endswith("_name")}
        found[kind, NAMES] = {
            n.removesuffix("_name").upper().encode(): at for n, at in own.items() if n.endswith("_name")
        }
    return found | {(kind, OUTER): {name.encode(): told[name]} for kind, name in _OWN.items()}  # fmt: skip


SPELT = _spelt()
KEYS = sorted({key for keys in SPELT.values() for key in keys})
"""Every key that fills a column somewhere."""


def _places() -> Ints:
    column = np.full((NONE + 1, 3, len(KEYS) + 1), -1, np.int64)
    for (kind, part), keys in SPELT.items():
        for key, target in keys.items():
            column[kind, part, KEYS.index(key)] = target
    return column


PLACES = _places()
"""By kind and part of line and number of the key in `KEYS` (the last: no such key): the column, or -1."""


def leads(kind: str) -> bool:
    """Whether a line of this type leads its event whatever stands beside it."""
    return kind in LEADING or kind.startswith("DAEMON_")
