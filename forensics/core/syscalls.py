"""System calls: what each number is called on its architecture, and what those that change something are taken to mean."""

from typing import NamedTuple

from forensics.core.syscall_numbers import NUMBERS


class Call(NamedTuple):
    """One system call.

    `verb` is from `core.tables.VERBS`; "open" stands for read, write or create, as the flags tell.
    `flags`, `signal`, `pid`, `folder` and `source` name the argument that holds, as `a0` to `a3`, the
    flags of an opening, a signal number, the process it goes to, the open directory that the object's
    name starts from, and the one that the name before a rename or link starts from.
    """

    name: str
    verb: str
    flags: str | None = None
    signal: str | None = None
    pid: str | None = None
    folder: str | None = None
    source: str | None = None


ARCHITECTURES = {
    "c000003e": "x86_64",
    "40000003": "i386",
    "c00000b7": "aarch64",
    "c0000015": "ppc64le",
    "80000015": "ppc64le",
    "80000016": "s390x",
    "c00000f3": "aarch64",
    "c0000102": "aarch64",
}
"""By `arch` as audit writes it. Big-endian POWER has the numbers of little-endian; RISC-V and LoongArch have the generic ones, as 64-bit ARM has."""

# Which argument is which: Linux, include/linux/syscalls.h.
CALLS = (
    Call("execve", "execute"),
    Call("execveat", "execute", folder="a0"),
    Call("open", "open", flags="a1"),
    Call("openat", "open", flags="a2", folder="a0"),
    Call("openat2", "open", folder="a0"),
    Call("open_by_handle_at", "open", flags="a2"),
    Call("creat", "write"),
    Call("rename", "rename"),
    Call("renameat", "rename", folder="a2", source="a0"),
    Call("renameat2", "rename", folder="a2", source="a0"),
    Call("link", "link"),
    Call("linkat", "link", folder="a2", source="a0"),
    Call("symlink", "link"),
    Call("symlinkat", "link", folder="a1"),
    Call("unlink", "delete"),
    Call("unlinkat", "delete", folder="a0"),
    Call("rmdir", "delete"),
    Call("truncate", "truncate"),
    Call("ftruncate", "truncate"),
    Call("truncate64", "truncate"),
    Call("ftruncate64", "truncate"),
    Call("chmod", "attributes"),
    Call("fchmod", "attributes"),
    Call("fchmodat", "attributes", folder="a0"),
    Call("fchmodat2", "attributes", folder="a0"),
    Call("chown", "attributes"),
    Call("chown32", "attributes"),
    Call("fchown", "attributes"),
    Call("fchown32", "attributes"),
    Call("lchown", "attributes"),
    Call("lchown32", "attributes"),
    Call("fchownat", "attributes", folder="a0"),
    Call("setxattr", "attributes"),
    Call("lsetxattr", "attributes"),
    Call("fsetxattr", "attributes"),
    Call("setxattrat", "attributes", folder="a0"),
    Call("removexattr", "attributes"),
    Call("lremovexattr", "attributes"),
    Call("fremovexattr", "attributes"),
    Call("removexattrat", "attributes", folder="a0"),
    Call("file_setattr", "attributes", folder="a0"),
    Call("utime", "utimes"),
    Call("utimes", "utimes"),
    Call("futimesat", "utimes", folder="a0"),
    Call("utimensat", "utimes", folder="a0"),
    Call("utimensat_time64", "utimes", folder="a0"),
    Call("mkdir", "create"),
    Call("mkdirat", "create", folder="a0"),
    Call("mknod", "create"),
    Call("mknodat", "create", folder="a0"),
    Call("kill", "signal", signal="a1", pid="a0"),
    Call("tkill", "signal", signal="a1", pid="a0"),
    Call("tgkill", "signal", signal="a2", pid="a0"),
    Call("rt_sigqueueinfo", "signal", signal="a1", pid="a0"),
    Call("rt_tgsigqueueinfo", "signal", signal="a2", pid="a0"),
    Call("pidfd_send_signal", "signal", signal="a1"),
    Call("settimeofday", "clock_change"),
    Call("stime", "clock_change"),
    Call("adjtimex", "clock_change"),
    Call("clock_settime", "clock_change"),
    Call("clock_settime64", "clock_change"),
    Call("clock_adjtime", "clock_change"),
    Call("clock_adjtime64", "clock_change"),
    Call("ptrace", "trace", pid="a1"),
    Call("process_vm_readv", "trace", pid="a0"),
    Call("process_vm_writev", "trace", pid="a0"),
    Call("pidfd_getfd", "trace"),
    Call("connect", "connect"),
    Call("mount", "mount"),
    Call("umount", "mount"),
    Call("umount2", "mount"),
    Call("move_mount", "mount"),
    Call("pivot_root", "mount"),
    Call("init_module", "module"),
    Call("finit_module", "module"),
    Call("create_module", "module"),
    Call("delete_module", "module"),
    *(
        Call(f"{name}{wide}", "identity")
        for name in ("setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setfsuid", "setfsgid", "setgroups")
        for wide in ("", "32")
    ),
)  # fmt: skip

_BY_NAME = {call.name: call for call in CALLS}
_RING = {
    16: "connect", 18: "openat", 28: "openat2", 35: "renameat", 36: "unlinkat", 37: "mkdirat", 38: "symlinkat", 39: "linkat",
    41: "fsetxattr", 42: "setxattr", 55: "ftruncate",
}  # fmt: skip
"""The calls that a program has the kernel make through a ring (io_uring), by number of operation: Linux, include/uapi/linux/io_uring.h."""
_BY_NUMBER = {
    (arch, number): _BY_NAME.get(name) or Call(name, "other")
    for arch, names in ((arch, NUMBERS[table]) for arch, table in ARCHITECTURES.items())
    for number, name in names.items()
}
_NUMBERED = {call.name: call for call in _BY_NUMBER.values()}


def ring_call(number: int) -> Call | None:
    """The call that an operation of a ring is, where it is one we know. Its record has none of the call's arguments."""
    return _BY_NAME.get(_RING.get(number, ""))


def call(arch: str | None, number: int | None, name: str | None) -> Call | None:
    """The call of a number; its name counts only where we do not know the architecture's numbers.

    Args:
        arch: as audit writes it, such as `c000003e`.
        number: the number in that architecture's table.
        name: what the host took the number to mean, where it said so.
    """
    if arch in ARCHITECTURES and number is not None:
        return _BY_NUMBER.get((arch, number))
    return _NUMBERED.get(name or "")
