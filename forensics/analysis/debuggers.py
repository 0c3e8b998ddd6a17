"""Programs that attach to a process and can make it do what they are told, and which process their words name."""

import re
from collections.abc import Iterator

PROGRAMS = frozenset(
    {"gdb", "lldb", "reptyr", "injcode", "frida", "frida-inject", "pyrasite", "edb", "radare2", "r2"}
)
"""A tracer that only prints (`strace`, `ltrace`) is not among them."""
_JOINED = re.compile(r"(?:-p|--pid=|--pid |-pid=|attach )(\d{1,10})")
_ALONE = re.compile(r"\d{1,10}")


def targets(argv: object) -> Iterator[int]:
    """The numbers of processes that a debugger's words can name: `-p 812`, `--pid=812`, `prog 812`, `-ex 'attach 812'`.

    Args:
        argv: the words of an execution, the program's first.
    """
    words = list(map(str, argv[1:])) if isinstance(argv, (list, tuple)) else []
    for word in words:
        found = _JOINED.fullmatch(word) or _ALONE.fullmatch(word)
        if found is not None:
            yield int(found[found.lastindex or 0])
