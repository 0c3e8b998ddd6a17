"""What an installed Python package says of itself: its name and version, what it needs, where it says it comes from.

    Metadata-Version: 2.1

Shape   `<Field>: <value>` lines, some fields several times; after a blank line a description
Source  Core metadata specifications 2.4 of the Python Packaging User Guide; `METADATA` in a `.dist-info`, `PKG-INFO` in an
        `.egg-info` or a source archive
Time    none: it says what was so when the file was collected
Who     whoever made the package wrote it, and whoever may write the environment can change it
Open    the description is part of the record and is not read. That a package is installed it does not say: the folder does
"""

import re

import pyarrow as pa

from forensics.core import rowwise, wholefile
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.schema import Column, Table

TABLE = Table(
    "pip_metadata",
    "an installed Python package",
    (
        Column("name", pa.string(), "package"),
        Column("version", pa.string(), "its version"),
        Column("author", pa.string(), "who is said to have made it, name or address", None, "not said"),
        Column("urls", pa.list_(pa.string()), "addresses that it names"),
        Column("requires", pa.list_(pa.string()), "packages that it needs, as written"),
        *SPAN,
    ),
)
CUT = "whole"
DOMAIN = "{host}:files"

_LARGEST_BYTES = 16 << 20
_FIELD = re.compile(rb"(?P<field>[A-Za-z][A-Za-z0-9-]*):[ \t]*(?P<value>.*)", re.DOTALL)
_FIRST = re.compile(rb"Metadata-Version: [0-9]\.[0-9]+\r?\n")
_ANY = re.compile(rb"[A-Z][A-Za-z-]*:")
_URLS = ("home-page", "download-url", "project-url")


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of the field that every such file has, in front."""
    for line in head[:2048].splitlines(keepends=True):
        if _FIRST.fullmatch(line):
            return 92
        if not _ANY.match(line):
            return 0
    return 0


def parse(data: bytes, base: int) -> Parsed:
    """Read one file, which is one record."""
    return wholefile.told(data, base, TABLE, _row(data) if data.strip() else None)


def _row(data: bytes) -> dict[str, object] | Why:
    if len(data) > _LARGEST_BYTES:
        return Why.TOO_LONG
    fields: dict[str, list[str]] = {}
    for line in data.splitlines():
        if not line.strip():
            break
        found = _FIELD.fullmatch(line)
        if found:
            fields.setdefault(found["field"].decode().lower(), []).append(
                rowwise.shown(found["value"]).strip()
            )
        elif not line[:1].isspace():
            return Why.SHAPE
    name, version = fields.get("name", []), fields.get("version", [])
    if "metadata-version" not in fields:
        return Why.SHAPE
    if len(name) != 1 or len(version) != 1 or not name[0] or not version[0]:
        return Why.VALUE
    author = fields.get("author", []) + fields.get("author-email", [])
    return {
        "name": name[0],
        "version": version[0],
        "author": " ".join(author) or None,
        "urls": [url for field in _URLS for url in fields.get(field, [])],
        "requires": fields.get("requires-dist", []),
    }
