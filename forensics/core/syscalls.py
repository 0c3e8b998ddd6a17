"""System calls that touch files, processes or clocks: their numbers, and what each is taken to mean."""

from typing import NamedTuple


class Call(NamedTuple):
    """One system call.

    `verb` is from `core.tables.VERBS`; "open" stands for read, write or create, as the flags tell.
    `flags`, `signal`, `pid`, `folder` and `source` name the argument that holds, as `a0` to `a3`, the
    flags of an opening, a signal number, the process it goes to, the open directory that the object's
    name starts from, and the one that the name before a rename or link starts from.
    """

    name: str
    x86_64: int | None
    i386: int | None
    aarch64: int | None
    verb: str
    flags: str | None = None
    signal: str | None = None
    pid: str | None = None
    folder: str | None = None
    source: str | None = None


ARCHITECTURES = {"c000003e": "x86_64", "40000003": "i386", "c00000b7": "aarch64"}
"""By `arch` as audit writes it."""

# Numbers: Linux, arch/x86/entry/syscalls/syscall_{64,32}.tbl and include/uapi/asm-generic/unistd.h
CALLS = (
    Call("execve", 59, 11, 221, "execute"),
    Call("execveat", 322, 358, 281, "execute", folder="a0"),
    Call("open", 2, 5, None, "open", flags="a1"),
    Call("openat", 257, 295, 56, "open", flags="a2", folder="a0"),
    Call("openat2", 437, 437, 437, "open", folder="a0"),
    Call("creat", 85, 8, None, "write"),
    Call("rename", 82, 38, None, "rename"),
    Call("renameat", 264, 302, 38, "rename", folder="a2", source="a0"),
    Call("renameat2", 316, 353, 276, "rename", folder="a2", source="a0"),
    Call("link", 86, 9, None, "link"),
    Call("linkat", 265, 303, 37, "link", folder="a2", source="a0"),
    Call("symlink", 88, 83, None, "link"),
    Call("symlinkat", 266, 304, 36, "link", folder="a1"),
    Call("unlink", 87, 10, None, "delete"),
    Call("unlinkat", 263, 301, 35, "delete", folder="a0"),
    Call("rmdir", 84, 40, None, "delete"),
    Call("truncate", 76, 92, 45, "truncate"),
    Call("ftruncate", 77, 93, 46, "truncate"),
    Call("truncate64", None, 193, None, "truncate"),
    Call("ftruncate64", None, 194, None, "truncate"),
    Call("chmod", 90, 15, None, "attributes"),
    Call("fchmod", 91, 94, 52, "attributes"),
    Call("fchmodat", 268, 306, 53, "attributes", folder="a0"),
    Call("fchmodat2", 452, 452, 452, "attributes", folder="a0"),
    Call("chown", 92, 182, None, "attributes"),
    Call("chown32", None, 212, None, "attributes"),
    Call("fchown", 93, 95, 55, "attributes"),
    Call("fchown32", None, 207, None, "attributes"),
    Call("lchown", 94, 16, None, "attributes"),
    Call("lchown32", None, 198, None, "attributes"),
    Call("fchownat", 260, 298, 54, "attributes", folder="a0"),
    Call("setxattr", 188, 226, 5, "attributes"),
    Call("lsetxattr", 189, 227, 6, "attributes"),
    Call("fsetxattr", 190, 228, 7, "attributes"),
    Call("removexattr", 197, 235, 14, "attributes"),
    Call("lremovexattr", 198, 236, 15, "attributes"),
    Call("fremovexattr", 199, 237, 16, "attributes"),
    Call("utime", 132, 30, None, "utimes"),
    Call("utimes", 235, 271, None, "utimes"),
    Call("futimesat", 261, 299, None, "utimes", folder="a0"),
    Call("utimensat", 280, 320, 88, "utimes", folder="a0"),
    Call("utimensat_time64", None, 412, None, "utimes", folder="a0"),
    Call("mkdir", 83, 39, None, "create"),
    Call("mkdirat", 258, 296, 34, "create", folder="a0"),
    Call("mknod", 133, 14, None, "create"),
    Call("mknodat", 259, 297, 33, "create", folder="a0"),
    Call("kill", 62, 37, 129, "signal", signal="a1", pid="a0"),
    Call("tkill", 200, 238, 130, "signal", signal="a1", pid="a0"),
    Call("tgkill", 234, 270, 131, "signal", signal="a2", pid="a0"),
    Call("rt_sigqueueinfo", 129, 178, 138, "signal", signal="a1", pid="a0"),
    Call("rt_tgsigqueueinfo", 297, 335, 240, "signal", signal="a2", pid="a0"),
    Call("pidfd_send_signal", 424, 424, 424, "signal", signal="a1"),
    Call("settimeofday", 164, 79, 170, "clock_change"),
    Call("stime", None, 25, None, "clock_change"),
    Call("adjtimex", 159, 124, 171, "clock_change"),
    Call("clock_settime", 227, 264, 112, "clock_change"),
    Call("clock_settime64", None, 404, None, "clock_change"),
    Call("clock_adjtime", 305, 343, 266, "clock_change"),
    Call("clock_adjtime64", None, 405, None, "clock_change"),
)

_BY_NUMBER = {
    (arch, getattr(call, column)): call
    for arch, column in ARCHITECTURES.items()
    for call in CALLS
    if getattr(call, column) is not None
}
_BY_NAME = {call.name: call for call in CALLS}


def call(arch: str | None, number: int | None, name: str | None) -> Call | None:
    """The call of a number; its name counts only where we do not know the architecture's numbers.

    Args:
        arch: as audit writes it, such as `c000003e`.
        number: the number in that architecture's table.
        name: what the host took the number to mean, where it said so.
    """
    if arch in ARCHITECTURES and number is not None:
        return _BY_NUMBER.get((arch, number))
    return _BY_NAME.get(name or "")
