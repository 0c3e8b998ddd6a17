"""The columns of git objects, loose and packed alike."""

import pyarrow as pa

from forensics.core.model import SPAN
from forensics.core.schema import Column

ENTRIES = pa.list_(pa.struct([("mode", pa.string()), ("name", pa.string()), ("oid", pa.string())]))

CHANGES = pa.list_(
    pa.struct([(name, pa.string()) for name in ("path", "old_mode", "new_mode", "old_oid", "new_oid")])
)
_COMMIT, _TAG, _BLOB = "not a commit", "not a tag", "not a blob"
_HEADED = "of the header of a bundle"
COLUMNS = (
    Column(
        "oid",
        pa.string(),
        "its name, computed here: SHA-1 of header and content, or SHA-256 where the object itself or its pack shows that its repository uses that, in hexadecimal",
    ),
    Column(
        "oid_sha256",
        pa.string(),
        "SHA-256 of header and content: its name if its repository uses those",
        None,
        "in a pack whose names are SHA-1",
    ),
    Column("kind", pa.string(), "blob, commit, tag or tree; in a bundle also ref or prerequisite"),
    Column("size", pa.int64(), "size of the content", "bytes", _HEADED),
    Column("content_sha256", pa.string(), "SHA-256 of a blob's content without the header", None, _BLOB),
    Column("ref", pa.string(), "the ref that a bundle names the object by", None, "not a ref of a bundle"),
    Column("tree", pa.string(), "the tree that a commit names", None, _COMMIT),
    Column("parents", pa.list_(pa.string()), "the commits that a commit names as parents", None, _COMMIT),
    Column("author", pa.string(), "`name <email>`: asserted", None, _COMMIT),
    Column(
        "author_s", pa.int64(), "asserted author time", "s since 1970-01-01T00:00:00Z", "no such time written"
    ),
    Column("author_zone", pa.string(), "asserted zone, as `+0100`", None, "no such time written"),
    Column("committer", pa.string(), "`name <email>`: asserted", None, _COMMIT),
    Column(
        "committer_s",
        pa.int64(),
        "asserted committer time",
        "s since 1970-01-01T00:00:00Z",
        "no such time written",
    ),
    Column("committer_zone", pa.string(), "asserted zone, as `+0100`", None, "no such time written"),
    Column("message", pa.string(), "message of a commit or tag, at most 65,536 bytes", None, "has none"),
    Column(
        "signed",
        pa.bool_(),
        "whether a signature is there; the table `signature` says what it is worth",
        None,
        "not a commit or tag",
    ),
    Column(
        "signature",
        pa.string(),
        "the signature itself, armoured, at most 65,536 bytes",
        None,
        "not a commit or tag, or not signed",
    ),
    Column(
        "signed_sha512",
        pa.string(),
        "SHA-512 of what was signed: the content without its signature",
        None,
        "not a commit or tag, or not signed",
    ),
    Column(
        "signed_digest",
        pa.string(),
        "the digest that the signature itself says it covers, as `sha512:…`; with OpenPGP of what was signed and the signature's own statements",
        None,
        "not a commit or tag, not signed, or by a digest that is not accepted",
    ),
    Column(
        "changes",
        CHANGES,
        "files that a commit changes against its first parent, in order of path; an oid or mode is null where the file is not there on that side",
        None,
        f"{_COMMIT}, or not told here: see `lacking`; with nothing lacking, more than a commit is read for",
    ),
    Column(
        "lacking",
        pa.list_(pa.string()),
        "commits and trees that `changes` needs and this file does not hold",
        None,
        _COMMIT,
    ),
    Column(
        "entries",
        ENTRIES,
        "what a tree lists",
        None,
        "not a tree, not readable as one, or one of more than a pack's listings hold: those of its newest commits come first",
    ),
    Column("tag_object", pa.string(), "the object that a tag names", None, _TAG),
    Column("tag_name", pa.string(), "the name that a tag carries", None, _TAG),
    Column("tagger", pa.string(), "`name <email>`: asserted", None, _TAG),
    Column(
        "tagger_s", pa.int64(), "asserted tagger time", "s since 1970-01-01T00:00:00Z", "no such time written"
    ),
    Column("tagger_zone", pa.string(), "asserted zone, as `+0100`", None, "no such time written"),
    Column(
        "text", pa.string(), "content of a blob of at most 65,536 bytes", None, "binary, larger, or no blob"
    ),
    Column("binary", pa.bool_(), "whether a blob is no UTF-8 text, or holds a NUL", None, _BLOB),
    *SPAN,
)
UNTOLD = ("entries", "changes", "lacking", "signature", "signed_sha512", "signed_digest")
"""These are long, and no event needs them."""
TOLD = ["sha256", *(f"{column.name}.list.element" if column.name == "parents" else column.name for column in COLUMNS if column.name not in UNTOLD)]  # fmt: skip
"""The columns that a reading needs of objects in Parquet, as that names them."""
