"""What pip installed: for each file of a package, the hash and size that it had when it was installed.

    torch/serialization.py,sha256=4MOv5BMn5cK5TTEYmRgrIWSnoOlWgLbFWqPTTSLGxBk,51743

Shape   <path>,<algorithm>=<digest>,<size>, as CSV; digest and size may be empty
Source  Python Packaging User Guide, "Recording installed projects", The RECORD file; PEP 376, PEP 427, PEP 627
Time    none: it says what was so when the package was installed
Who     whoever may write the environment; whoever changes a file of it can write the new hash here too
Open    the digest is base64 in the alphabet for URLs, without padding, and shown here in hexadecimal. The
        file itself and what is compiled at run time have none. A path is relative to the folder above the
        `.dist-info`; one that is quoted over several lines is not read
"""

import base64
import binascii
import re

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core.lines import told
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.schema import Column, Table

TABLE = Table(
    "pip_record",
    "a file of an installed package",
    (
        Column("path", pa.string(), "path as written: relative to the packages' folder, or absolute"),
        Column("algorithm", pa.string(), "hash algorithm", None, "no digest recorded"),
        Column("digest", pa.string(), "digest, in hexadecimal", None, "none recorded"),
        Column("size", pa.int64(), "size of the file", "bytes", "not recorded"),
        *SPAN,
    ),
)
CUT = "line"
DOMAIN = "{host}:files"

_LINE = (
    r'^(?:"(?P<quoted>(?:[^"]|"")+)"|(?P<plain>[^",]+)),'
    r"(?:(?P<algorithm>[a-z0-9_]{1,16})=(?P<digest>[A-Za-z0-9_=-]{1,200}))?,(?P<size>[0-9]{0,18})$"
)
_FIRST = re.compile(
    rb'(?:"(?:[^"]|"")+"|[^",\s][^",]*),(?P<digest>(?:sha(?:256|384|512)|md5)=[\w=-]+)?,\d{0,18}'
)
_DIGEST = re.compile(rb",(?:sha(?:256|384|512)|md5)=")
_SIZES = {"md5": 16, "sha1": 20, "sha224": 28, "sha256": 32, "sha384": 48, "sha512": 64}


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure where every line is a path with a digest or without, and some of them have one."""
    if not _DIGEST.search(head):
        return 0
    lines = head.splitlines()
    whole = [line for line in (lines[:-1] if len(lines) > 1 and not head.endswith(b"\n") else lines) if line][
        :50
    ]
    found = [_FIRST.fullmatch(line) for line in whole]
    fits = sum(1 for match in found if match)
    signed = any(match and match["digest"] for match in found)
    return 90 if signed and 4 * fits >= 3 * len(found) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    lines = told(data, base)
    found = pc.extract_regex(lines.text, pattern=_LINE)
    shaped = pc.fill_null(pc.is_valid(found), False)
    algorithm, digest = (_filled(pc.struct_field(found, name)) for name in ("algorithm", "digest"))
    decoded = pa.array(map(_hexadecimal, algorithm.to_pylist(), digest.to_pylist()), pa.string())
    sound = pc.or_(pc.is_null(algorithm), pc.is_valid(decoded))
    read = pc.and_(shaped, sound)
    quoted = pc.replace_substring(pc.struct_field(found, "quoted"), '""', '"')
    records = {
        "path": pc.coalesce(_filled(quoted), pc.struct_field(found, "plain")).filter(read),
        "algorithm": algorithm.filter(read),
        "digest": decoded.filter(read),
        "size": _filled(pc.struct_field(found, "size")).cast(pa.int64()).filter(read),
    }
    why = pc.if_else(shaped, Why.VALUE.value, Why.SHAPE.value)
    return lines.sorted_out(TABLE, records, read=read, idle=lines.blank, why=why)


def _filled(values: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(values, ""), pa.scalar(None, pa.string()), values)


def _hexadecimal(algorithm: str | None, digest: str | None) -> str | None:
    """A digest as hexadecimal; None where it is not one of that algorithm's size. Old tools wrote hexadecimal."""
    if algorithm is None or digest is None:
        return None
    size = _SIZES.get(algorithm)
    if size is not None and re.fullmatch(rf"[0-9a-fA-F]{{{2 * size}}}", digest):
        return digest.lower()
    try:
        raw = base64.urlsafe_b64decode(digest.rstrip("=") + "=" * (-len(digest.rstrip("=")) % 4))
    except binascii.Error:
        return None
    return raw.hex() if size in {None, len(raw)} else None
