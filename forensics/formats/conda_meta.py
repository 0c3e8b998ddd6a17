r"""What conda installed: one file for each package of an environment, with the hash of every file of it.

    {"build": "py311_0", "build_number": 0, "channel": "https://conda.anaconda.org/conda-forge/noarch", "name": "tqdm", …

Shape   one JSON object; `files` lists paths below the environment, `paths_data` their hashes and sizes
Source  conda 24, conda/models/records.py `PrefixRecord`, `PathDataV1`; conda/core/prefix_data.py
Time    `timestamp`: when the package was built, by its builder's clock, in ms; nothing says when it was installed
Who     whoever may write the environment; whoever changes a file of it can write the new hash here too
Open    `sha256_in_prefix` is of the file as installed, `sha256` of the file in the package: they differ where
        the environment's own path was written into the file. `requested_spec` was typed by a user
"""

import re

import pyarrow as pa

from forensics.core import jsonlines
from forensics.core.jsonlines import Object
from forensics.core.model import IGNORED, REJECTED, SPAN, Parsed, Why
from forensics.core.schema import Column, Table

PATH = pa.struct(
    [("path", pa.string()), ("kind", pa.string()), ("sha256", pa.string()), ("sha256_in_prefix", pa.string()), ("size", pa.int64())]
)  # fmt: skip
TABLE = Table(
    "conda_meta",
    "an installed package of a conda environment",
    (
        Column("name", pa.string(), "package"),
        Column("version", pa.string(), "its version", None, "not recorded"),
        Column("build", pa.string(), "its build", None, "not recorded"),
        Column("channel", pa.string(), "where it came from", None, "not recorded"),
        Column("url", pa.string(), "address it was fetched from", None, "not recorded"),
        Column("archive_sha256", pa.string(), "SHA-256 of the package as fetched", None, "not recorded"),
        Column("built_ms", pa.int64(), "when it was built", "ms since 1970-01-01T00:00:00Z", "not recorded"),
        Column("requested", pa.string(), "what was asked for: typed by a user", None, "not asked for by name"),
        Column("link", pa.string(), "folder that its files were linked or copied from", None, "not recorded"),
        Column("paths", pa.list_(PATH), "its files, each below the environment; a hash or size that is not recorded is null"),
        *SPAN,
    ),
)  # fmt: skip
CUT = "whole"
DOMAIN = "{host}:files"

_KEYS = re.compile(rb'"(?:extracted_package_dir|paths_data|requested_specs?|package_tarball_full_path)"\s*:')
_LARGEST_BYTES = 64 << 20
_DIGEST = re.compile(r"[0-9a-f]{64}")


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of the keys that only an installed package has beside its build number."""
    opens = head.lstrip().startswith(b"{")
    return 90 if opens and re.search(rb'"build_number"\s*:', head) and _KEYS.search(head) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read one file, which is one record."""
    span = {"start": [base], "stop": [base + len(data)]}
    if not data.strip():
        return Parsed(TABLE.empty(), REJECTED.empty(), IGNORED.build(span) if data else IGNORED.empty())
    row = _row(data)
    if isinstance(row, Why):
        return Parsed(TABLE.empty(), REJECTED.build({**span, "why": [row.value]}), IGNORED.empty())
    columns = {name: [row.get(name)] for name in TABLE.names if name not in span}
    return Parsed(TABLE.build({**columns, **span}), REJECTED.empty(), IGNORED.empty())


def _row(data: bytes) -> Object | Why:
    if len(data) > _LARGEST_BYTES:
        return Why.TOO_LONG
    found = jsonlines.loaded(data)
    if isinstance(found, Why):
        whole = data.rstrip().endswith(b"}") or not data.lstrip().startswith(b"{")
        return found if whole or found is not Why.SHAPE else Why.TRUNCATED
    name = jsonlines.text(found, "name")
    if not name:
        return Why.VALUE
    return {
        "name": name,
        **{key: jsonlines.text(found, key) for key in ("version", "build", "channel", "url")},
        "archive_sha256": _digest(found, "sha256"),
        "built_ms": jsonlines.number(found, "timestamp"),
        "requested": jsonlines.text(found, "requested_spec") or None,
        "link": jsonlines.text(found, "link", "source"),
        "paths": _paths(found),
    }


def _digest(found: object, key: str) -> str | None:
    written = jsonlines.text(found, key)
    return written if written is not None and _DIGEST.fullmatch(written) else None


def _paths(found: Object) -> list[Object]:
    """The files that have hashes, in their order, then those that are listed only."""
    known = jsonlines.at(found, "paths_data", "paths")
    rows: list[Object] = []
    for item in known if isinstance(known, list) else []:
        path = jsonlines.text(item, "_path")
        if path:
            hashes = {key: _digest(item, key) for key in ("sha256", "sha256_in_prefix")}
            kind, size = jsonlines.text(item, "path_type"), jsonlines.number(item, "size_in_bytes")
            rows.append({"path": path, "kind": kind, **hashes, "size": size})
    told = {row["path"] for row in rows}
    bare = [path for path in jsonlines.words(found, "files") or [] if path and path not in told]
    return rows + [{"path": path, **dict.fromkeys(("kind", "sha256", "sha256_in_prefix", "size"))} for path in bare]  # fmt: skip
