r"""File systems of a host: what is mounted where, or is to be: `fstab`, `mtab`, and the kernel's own list.

    nfs01:/export/projects /srv/projects nfs4 rw,hard,vers=4.2 0 0

Shape   <source> <mount point> <type> <options> [<dump> [<pass>]], blanks or tabs between; a blank inside is `\040`
Source  fstab(5), proc(5) on /proc/pid/mounts
Time    none: `/proc/mounts` says what was mounted when it was collected, `fstab` what is to be mounted at boot
Who     root of that host; the kernel's list is made of what was mounted, and says nothing of who did
Open    `/proc/pid/mountinfo` has another shape and is not read. A map of autofs names its server in a file of its own, or in
        a directory service; the kernel's list has what autofs mounted as a line of its own for as long as it is mounted.
        A process can have mounts of its own
"""

import re

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core.lines import told
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.schema import Column, Table

TABLE = Table(
    "fstab",
    "a file system of a host",
    (
        Column("source", pa.string(), "device, label, or `<server>:<path>`"),
        Column("point", pa.string(), "where it is mounted; `none` where it is nowhere, as swap"),
        Column("type", pa.string(), "kind of file system"),
        Column("options", pa.string(), "options, commas between"),
        *SPAN,
    ),
)
CUT = "line"
DOMAIN = "{host}:root"

_LINE = r"^[ \t]*(?P<source>[^ \t#][^ \t]*)[ \t]+(?P<point>/[^ \t]*|none|swap)[ \t]+(?P<type>[A-Za-z][A-Za-z0-9._,-]*)[ \t]+(?P<options>[^ \t]+)(?:[ \t]+[0-9]+){0,2}[ \t]*$"
_FIRST = re.compile(_LINE.encode())
_TYPES = re.compile(
    rb"[ \t](?:ext[234]|xfs|btrfs|zfs|vfat|swap|tmpfs|devtmpfs|proc|sysfs|devpts|overlay|cgroup2?|nfs4?|cifs|lustre|gpfs|beegfs|ceph|autofs|iso9660|squashfs|securityfs|debugfs|mqueue)[ \t]"
)
_ESCAPES = (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\"))


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure where every line is one, or a comment, and one of them names a file system that there is."""
    first = [
        line for line in head[:8192].splitlines()[:40] if line.strip() and not line.lstrip().startswith(b"#")
    ]
    whole = first[:-1] if len(first) > 1 and len(head) > 8192 else first
    fits = [line for line in whole if _FIRST.fullmatch(line)]
    return 86 if whole and 4 * len(fits) >= 3 * len(whole) and any(map(_TYPES.search, fits)) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    lines = told(data, base)
    idle = pc.or_(lines.blank, pc.match_substring_regex(lines.text, r"^[ \t]*(?:#|$)"))
    idle = pc.and_not(idle, lines.long)
    found = pc.extract_regex(lines.text, pattern=_LINE)
    read = pc.and_not(pc.is_valid(found), pc.or_(idle, lines.long))
    kept = found.filter(read)
    records = {name: _plain(pc.struct_field(kept, name)) for name in ("source", "point", "type", "options")}
    why = pa.array([Why.SHAPE.value], pa.string()).take(pa.array([0] * len(lines.text), pa.int64()))
    return lines.sorted_out(TABLE, records, read=read, idle=idle, why=why)


def _plain(written: pa.Array) -> pa.Array:
    """A field with the four characters that are written as numbers in their place; the backslash last."""
    for escaped, meant in _ESCAPES:
        written = pc.replace_substring(written, escaped, meant)
    return written
