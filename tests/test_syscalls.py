"""System calls: the tables against the kernel's own headers, and what is declared against the tables."""

import re
from pathlib import Path

import pytest

from forensics.core import syscalls
from forensics.core.syscall_numbers import NUMBERS, X32_BIT
from forensics.core.tables import VERBS

INCLUDE = Path("/usr/include")
HEADERS = {
    "x86_64": ("x86_64-linux-gnu/asm/unistd_64.h", "asm/unistd_64.h"),
    "i386": ("x86_64-linux-gnu/asm/unistd_32.h", "asm/unistd_32.h"),
    "aarch64": ("asm-generic/unistd.h",),
    "ppc64le": ("../powerpc64le-linux-gnu/include/asm/unistd_64.h",),
    "s390x": ("../s390x-linux-gnu/include/asm/unistd_64.h",),
}
X32 = ("x86_64-linux-gnu/asm/unistd_x32.h", "asm/unistd_x32.h")
NO_CALLS = {"syscalls", "arch_specific_syscall", "sync_file_range2"}
"""Definitions that are no call, or not of an architecture without a table of its own."""
KNOWN_UNTIL = 470
"""Numbers past the newest kernel that the tables follow are in some headers and not in them."""


def header(names):
    found = [INCLUDE / name for name in names if (INCLUDE / name).exists()]
    if not found:
        pytest.skip(f"the kernel's header {names[0]} is not on this machine")
    return found[0].read_text()


def declared(text):
    """Names and numbers. A generic one of both word sizes goes by its name in 64 bits, which comes first."""
    pairs = re.findall(r"^#define __NR_(\w+) __NR3264_(\w+)$", text, re.MULTILINE)
    wide = {narrow: name for name, narrow in reversed(pairs)}
    found = re.findall(r"^#define __NR(3264)?_(\w+)\s+(\d+)$", text, re.MULTILINE)
    told = {wide[name] if both else name: int(number) for both, name, number in found}
    only_32 = {name for name, number in told.items() if wide and 403 <= number <= 423}
    return {n: told[n] for n in told if told[n] < KNOWN_UNTIL and n not in only_32 | NO_CALLS}


@pytest.mark.parametrize("arch", HEADERS)
def test_numbers_are_the_kernels_own(arch):
    """Every number of the header, and no other but those of later kernels."""
    told = declared(header(HEADERS[arch]))
    assert len(told) > 250
    ours = {name: n for n, name in NUMBERS[arch].items() if n < X32_BIT and n < KNOWN_UNTIL}
    assert {name: ours.get(name) for name in told} == told
    later = {name for name, number in ours.items() if number > max(told.values())}
    assert set(ours) - set(told) - later <= {"uretprobe", "sync_file_range2"}


def test_the_x32_way_has_its_own_numbers():
    told = re.findall(r"^#define __NR_(\w+) \(__X32_SYSCALL_BIT \+ (\d+)\)$", header(X32), re.MULTILINE)
    assert len(told) > 300
    ours = {name: n for n, name in NUMBERS["x86_64"].items() if n & X32_BIT}
    assert {name: ours.get(name) for name, n in told} == {name: X32_BIT + int(n) for name, n in told}


def test_a_call_by_the_x32_way_or_in_32_bits_means_the_same():
    """A rule for one way in does not see the others, so those who hide take them."""
    assert syscalls.call("c000003e", 59, None) == syscalls.call("40000003", 11, None)
    assert syscalls.call("c000003e", X32_BIT + 520, None) == syscalls.call("c000003e", 59, None)
    assert syscalls.call("c00000b7", 129, None) == syscalls.call("c000003e", 62, None)


def test_a_number_counts_before_a_name():
    """The name is what a host took the number to mean; a number that we do not know stays unknown."""
    assert syscalls.call("c000003e", 62, "execve").name == "kill"
    assert syscalls.call("c000003e", 9999, "kill") is None
    assert syscalls.call("c00000f3", 129, "kill").verb == "signal"
    assert syscalls.call(None, None, None) is None


def test_calls_are_declared_once_and_exist():
    names = [call.name for call in syscalls.CALLS]
    assert len(names) == len(set(names))
    known = {name for table in NUMBERS.values() for name in table.values()}
    assert set(names) - known == set()
    assert {call.verb for call in syscalls.CALLS} - {"open"} <= set(VERBS)


@pytest.mark.parametrize("arch", NUMBERS)
def test_no_name_has_two_numbers(arch):
    names = [name for n, name in NUMBERS[arch].items() if n < X32_BIT]
    assert len(names) == len(set(names))
