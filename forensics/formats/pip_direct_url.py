r"""Where an installed Python package came from, when it was not by name: a folder, a repository, or an address.

    {"url": "https://git.example.org/ml/hooks.git", "vcs_info": {"vcs": "git", "commit_id": "0f3c…", "requested_revision": "main"}}

Shape   one JSON object with `url` and one of `vcs_info`, `archive_info`, `dir_info`
Source  PEP 610; Python Packaging User Guide, "Recording the Direct URL Origin of installed distributions"
Time    none: it says what was so when the package was installed
Who     whoever may write the environment; the installer writes what its user named
Open    an editable package (`dir_info.editable`) is the folder itself: what is changed there later is what runs
"""

import re

import pyarrow as pa

from forensics.core import jsonlines, wholefile
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.schema import Column, Table

TABLE = Table(
    "pip_direct_url",
    "the origin of an installed Python package",
    (
        Column("url", pa.string(), "where it came from, as its user named it"),
        Column("kind", pa.string(), "`vcs`, `archive` or `dir`"),
        Column("vcs", pa.string(), "version control, such as git", None, "not from a repository"),
        Column("commit", pa.string(), "commit that was installed", None, "not from a repository"),
        Column("revision", pa.string(), "branch, tag or commit that was asked for", None, "none was"),
        Column("digest", pa.string(), "`<algorithm>=<digest>` of the archive", None, "no archive, or none recorded"),
        Column("editable", pa.bool_(), "whether the folder itself is what is imported", None, "no folder"),
        Column("subdirectory", pa.string(), "folder in it that was installed", None, "its root"),
        *SPAN,
    ),
)  # fmt: skip
CUT = "whole"
DOMAIN = "{host}:files"

_LARGEST_BYTES = 1 << 20
_KINDS = ("vcs", "archive", "dir")
_OPENS = re.compile(rb"\s*\{")
_KEYS = (rb'"url"\s*:', rb'"(?:vcs_info|archive_info|dir_info)"\s*:\s*\{')


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of an address beside one of the three infos, in a small object."""
    return (
        91 if len(head) < 1 << 14 and _OPENS.match(head) and all(re.search(key, head) for key in _KEYS) else 0
    )


def parse(data: bytes, base: int) -> Parsed:
    """Read one file, which is one record."""
    return wholefile.told(data, base, TABLE, _row(data) if data.strip() else None)


def _row(data: bytes) -> dict[str, object] | Why:
    if len(data) > _LARGEST_BYTES:
        return Why.TOO_LONG
    found = jsonlines.loaded(data)
    if isinstance(found, Why):
        opened = data.lstrip().startswith(b"{") and not data.rstrip().endswith(b"}")
        return Why.TRUNCATED if found is Why.SHAPE and opened else found
    url = jsonlines.text(found, "url")
    kinds = [kind for kind in _KINDS if isinstance(found.get(f"{kind}_info"), dict)]
    if not url or len(kinds) != 1:
        return Why.VALUE
    hashes = jsonlines.at(found, "archive_info", "hashes")
    several = (
        [f"{name}={jsonlines.text(hashes, name)}" for name in sorted(hashes)]
        if isinstance(hashes, dict)
        else []
    )
    return {
        "url": url,
        "kind": kinds[0],
        "vcs": jsonlines.text(found, "vcs_info", "vcs"),
        "commit": jsonlines.text(found, "vcs_info", "commit_id"),
        "revision": jsonlines.text(found, "vcs_info", "requested_revision"),
        "digest": " ".join(several) or jsonlines.text(found, "archive_info", "hash"),
        # Its absence means no, by PEP 610.
        "editable": jsonlines.truth(found, "dir_info", "editable") is True if kinds == ["dir"] else None,
        "subdirectory": jsonlines.text(found, "subdirectory"),
    }
