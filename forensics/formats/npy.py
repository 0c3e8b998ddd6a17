r"""NumPy array, or a zip of them (`.npz`): a header in Python's words, then numbers, or a pickle.

    93 4e 55 4d 50 59 01 00 76 00 {'descr': '<f8', 'fortran_order': False, 'shape': (3,), } …

Shape   magic `\x93NUMPY`, version, length of the header (two or four bytes, little-endian), the header: a dict of `descr`,
        `fortran_order` and `shape`; then the numbers. Where `descr` has an object type (`O`) a pickle follows instead
Source  NumPy 2, numpy.lib.format "Format Specification"
Time    none
Who     nobody is named
Open    the header is read as a literal and never evaluated; the numbers are not read. A pickle in it is listed as the format
        `pickle` lists one, by opcodes: `pickletools` takes the code apart and runs none of it. Members of a zip are read up to a bound
"""

import ast
import io
import re
import zipfile
import zlib

import pyarrow as pa

from forensics.core import jsonlines, picklecode
from forensics.core.model import IGNORED, REJECTED, SPAN, Parsed, Why
from forensics.core.schema import Column, Table
from forensics.core.tables import STRINGS

TABLE = Table(
    "npy",
    "an array of a NumPy file",
    (
        Column("member", pa.string(), "its name in the zip", None, "not in a zip"),
        Column("descr", pa.string(), "kind of number, as written", None, "not readable as a literal"),
        Column("shape", pa.list_(pa.int64()), "its shape", None, "not readable as a literal"),
        Column("fortran_order", pa.bool_(), "whether columns come first", None, "not readable as a literal"),
        Column(
            "pickled",
            pa.bool_(),
            "whether it holds objects, which a loader that is allowed to would unpickle",
        ),
        Column(
            "globals",
            STRINGS,
            "names that such a loader would import, as `module.name`",
            None,
            "holds numbers",
        ),
        Column("reduces", pa.int64(), "opcodes that call what was imported", None, "holds numbers"),
        Column("complete", pa.bool_(), "whether header and pickle read to their end"),
        *SPAN,
    ),
)
CUT = "whole"
DOMAIN = "{host}:files"

MOST_BYTES = 64 << 20
_MAGIC = b"\x93NUMPY"
_LONGEST_HEADER = 1 << 16
_MOST_MEMBERS, _MOST_AXES = 256, 64
_OBJECT = re.compile(r"[|<>=]?O[0-9]*")
_UNREAD_OBJECT = re.compile(r"['\"][|<>=]?O[0-9]*['\"]")
_UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError)
_NOT_LITERAL = (SyntaxError, ValueError, TypeError, RecursionError, MemoryError)


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of the magic, or of a zip whose first member is an array."""
    if head[:6] == _MAGIC:
        return 95
    return (
        91
        if head[:4] == b"PK\x03\x04"
        and head[30 : 30 + int.from_bytes(head[26:28], "little")].endswith(b".npy")
        else 0
    )


def parse(data: bytes, base: int) -> Parsed:
    """One record for an array, or for each array of a zip: those share the span of the file, so there is one for all."""
    if not data:
        return Parsed(TABLE.empty(), REJECTED.empty(), IGNORED.empty())
    row = _zipped(data) if data[:4] == b"PK\x03\x04" else _array(data, None)
    if isinstance(row, Why):
        spans = {"start": [base], "stop": [base + len(data)], "why": [row.value]}
        return Parsed(TABLE.empty(), REJECTED.build(spans), IGNORED.empty())
    row |= {"start": base, "stop": base + len(data)}
    return Parsed(
        TABLE.build({name: [row.get(name)] for name in TABLE.names}), REJECTED.empty(), IGNORED.empty()
    )


def _array(data: bytes, member: str | None) -> dict[str, object] | Why:
    """What one array says of itself."""
    if data[:6] != _MAGIC or len(data) < 10:
        return Why.TRUNCATED if _MAGIC.startswith(data[:6]) else Why.SHAPE
    width = 2 if data[6] == 1 else 4
    size = int.from_bytes(data[8 : 8 + width], "little")
    stop = 8 + width + size
    if size > _LONGEST_HEADER or stop > len(data):
        return Why.TOO_LONG if size > _LONGEST_HEADER else Why.TRUNCATED
    header = data[8 + width : stop].decode("utf-8", "backslashreplace")
    said = _literal(header)
    descr = said.get("descr")
    row: dict[str, object] = {
        "member": member,
        "descr": None if descr is None else repr(descr)[:_LONGEST_HEADER],
        "shape": _shape(said.get("shape")),
        "fortran_order": said["fortran_order"] if isinstance(said.get("fortran_order"), bool) else None,
        "pickled": _holds_objects(descr) if said else bool(_UNREAD_OBJECT.search(header)),
        "complete": bool(said),
    }
    # Whatever the header says: a pickle that stands where numbers should is told too.
    if row["pickled"] or re.match(rb"\x80[\x02-\x05]", data[stop : stop + 2]):
        listing = picklecode.Listing()
        _, why = picklecode.listed(data[stop:], 0, listing)
        row |= {
            "globals": list(listing.names),
            "reduces": listing.reduces,
            "complete": bool(said) and why is None,
        }
        row["pickled"] = True
    return row


def _holds_objects(descr: object) -> bool:
    """Whether a kind of number is an object, or has a field that is; the names of fields do not count."""
    todo = [descr]
    while todo:
        one = todo.pop()
        if isinstance(one, str) and _OBJECT.fullmatch(one):
            return True
        if isinstance(one, list):
            todo += [field[1] for field in one if isinstance(field, tuple) and len(field) > 1]
        elif isinstance(one, tuple):
            todo += one[:1]
    return False


def _shape(value: object) -> list[int] | None:
    if not isinstance(value, tuple) or len(value) > _MOST_AXES:
        return None
    axes = [n for n in value if isinstance(n, int) and not isinstance(n, bool) and 0 <= n < 2**63]
    return axes if len(axes) == len(value) else None


def _literal(header: str) -> dict[str, object]:
    """The header as a literal; empty where it is none: a name or a call in it is never looked up."""
    try:
        found = ast.literal_eval(header.strip())
    except _NOT_LITERAL:
        return {}
    return {k: v for k, v in found.items() if isinstance(k, str)} if isinstance(found, dict) else {}


def _zipped(data: bytes) -> dict[str, object] | Why:
    """The arrays of a zip, told as one: those that hold objects first in importance, so their names are all listed."""
    told: list[dict[str, object]] = []
    left, whole = MOST_BYTES, True
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [m for m in archive.infolist() if m.filename.endswith(".npy")]
            whole = len(members) <= _MOST_MEMBERS
            for member in members[:_MOST_MEMBERS]:
                if member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
                    whole = False
                    continue
                with archive.open(member) as source:
                    found = source.read(left + 1)
                row = _array(found[:left], member.filename)
                whole &= len(found) <= left
                left -= min(len(found), left)
                told += [] if isinstance(row, Why) else [row]
                whole &= not isinstance(row, Why)
    except _UNREADABLE:
        whole = False
    if not told:
        return Why.COMPRESSION if not whole else Why.SHAPE
    names = {name: None for row in told for name in _names(row)}
    pickled = [row for row in told if row["pickled"]]
    reduces = sum(int(str(row["reduces"])) for row in pickled)
    shown = ", ".join(str(row["member"]) for row in told)
    one = told[0] if len(told) == 1 else {"descr": None, "shape": None, "fortran_order": None}
    return {
        **one,
        "member": jsonlines.printable(shown)[:4096],
        "pickled": bool(pickled),
        "globals": list(names) if pickled else None,
        "reduces": reduces if pickled else None,
        "complete": whole and all(bool(row["complete"]) for row in told),
    }


def _names(row: dict[str, object]) -> list[str]:
    names = row.get("globals")
    return names if isinstance(names, list) else []
