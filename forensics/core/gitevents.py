"""What git files are taken to tell: the repository a path belongs to, and the events of its objects.

Loose and packed objects are read to the same events. Who and when in an object are asserted, so no
account is ever named here; `author` and `committer` carry the assertion under its own name.
"""

import re
from collections.abc import Callable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, hostevents
from forensics.core.gitcolumns import UNTOLD
from forensics.core.tables import COPY, EVENT, STRINGS

LONGEST_TEXT = 4096
MOST_PIECES = 1000
_OBJECTS = re.compile(r"(?:(?P<root>.*)/)?objects/(?:[0-9a-f]{2}|pack)/[^/]*")
_LOOSE = re.compile(r"(?:^|/)objects/([0-9a-f]{2})/([0-9a-f]{38}(?:[0-9a-f]{24})?)$")
_WORKTREE = re.compile(r"(?:(?P<root>.*)/)?worktrees/(?P<name>[^/]+)")
_LFS_BEGINS = "version https://git-lfs.github.com/spec/v1\n"
_LFS = (
    r"^version https://git-lfs\.github\.com/spec/v1\n(?:ext-[^\n]*\n)*"
    r"oid (?P<oid>sha256:[0-9a-f]{64})\nsize (?P<size>[0-9]{1,18})\n?$"
)


def repository(root: str | None) -> str | None:
    """The name of the repository whose files lie below `root`.

    `git/llm.git` is `llm.git`, a name of its own; `git/worktree/.git` and other folders that many
    repositories share keep their whole path. None where the path does not reach above the files.
    """
    if not root:
        return None
    last = root.rpartition("/")[2]
    return last if last.endswith(".git") and last != ".git" else root


def place_of_ref(path: str, below: str) -> tuple[str | None, str] | None:
    """Repository and ref that a file of a repository is about; None where its path does not say.

    A linked worktree has refs of its own, in a folder of its repository: they are named as git names them
    from elsewhere, `worktrees/<name>/HEAD`.

    Args:
        path: as collected.
        below: the folder between the repository and the refs: "" or "logs/".
    """
    found = re.fullmatch(rf"(?:(?P<root>.*?)/)?{below}(?P<ref>[A-Z_]*HEAD|packed-refs|refs/.*)", path)
    if found is None:
        return None
    root, ref = found["root"], found["ref"]
    tree = _WORKTREE.fullmatch(root or "")
    if tree is not None:
        root, ref = tree["root"], f"worktrees/{tree['name']}/{ref}"
    return repository(root), ref


def cut_at(path: str) -> str | None:
    """The repository whose `shallow` file a path is, if it is one; the file can have the bytes of a ref."""
    root, _, name = path.rpartition("/")
    return repository(root) if name == "shallow" else None


def repository_of_object(path: str) -> str | None:
    """The repository that an object or a pack was collected from."""
    found = _OBJECTS.fullmatch(path)
    return repository(found["root"]) if found else None


def read_objects(records: pa.Table, files: pa.Table, form: str) -> Mapping[str, pa.Table]:
    """Say what git objects tell: commits as commits, everything else as other; blobs are copies too.

    Args:
        records: a table of `gitcolumns.COLUMNS` with `sha256` in front.
        files: schema `file`.
        form: name of the format that read them.
    """
    needed = records.select([name for name in records.column_names if name not in UNTOLD])
    rows = hostevents.placed(needed, files, every_path=True)
    return {"event": _events(rows, form), "copy": _copies(rows, form)}


def by_path(paths: pa.Array, told: Callable[[str], str | None]) -> pa.Array:
    """What each path tells, each distinct one asked once."""
    distinct = paths.dictionary_encode()
    return pa.array([told(path) for path in distinct.dictionary.to_pylist()], pa.string()).take(
        distinct.indices
    )


def _events(rows: hostevents.Placed, form: str) -> pa.Table:
    lines, nothing = rows.lines, hostevents.NOTHING
    is_commit, is_tag, is_ref = (pc.equal(lines["kind"], kind) for kind in ("commit", "tag", "ref"))
    when = clock.epoch(pc.if_else(is_commit, lines["committer_s"], lines["tagger_s"]))
    role = pc.if_else(is_commit, "committer asserted", pc.if_else(is_tag, "tagger asserted", nothing))
    source = pc.binary_join_element_wise(rows.files["domain"], role, ":")
    asserts = pc.or_(is_commit, is_tag)
    object_ = pc.if_else(is_commit, lines["oid"], pc.if_else(is_ref, lines["ref"], nothing))
    return EVENT.build(
        {
            **hostevents.columns(rows, form),
            "host": rows.files["host"],
            "earliest_ns": when.earliest_ns,
            "latest_ns": when.latest_ns,
            "clock": pc.if_else(pc.is_valid(when.earliest_ns), source, nothing),
            "verb": pc.if_else(is_commit, "commit", "other"),
            "account_absence": pc.if_else(asserts, "not_recorded", "not_applicable"),
            "object_kind": pc.if_else(is_commit, "commit", pc.if_else(is_ref, "ref", nothing)),
            "object": object_,
            "object_from": _first_parent(lines["parents"]),
            "repository": by_path(rows.files["path"], repository_of_object),
            "author": pc.if_else(is_commit, lines["author"], nothing),
            "committer": pc.if_else(is_commit, lines["committer"], lines["tagger"]),
            "text": hostevents.short(_told(rows)),
        }
    )


def _first_parent(parents: pa.Array) -> pa.Array:
    some = pc.greater(pc.fill_null(pc.list_value_length(parents), 0), 0)
    first = pc.list_flatten(pc.list_slice(parents.filter(some), 0, 1))
    return pc.replace_with_mask(pa.nulls(len(parents), pa.string()), some, first)


def _told(rows: hostevents.Placed) -> pa.Array:
    """First line of a commit's message; of anything else, what it is and its name."""
    lines, kind = rows.lines, rows.lines["kind"]
    subject = pc.list_element(pc.split_pattern(pc.coalesce(lines["message"], ""), "\n", max_splits=1), 0)
    named = pc.binary_join_element_wise(kind, pc.coalesce(_own_name(rows), lines["oid"]), " ")
    size = pc.binary_join_element_wise(named, " of ", lines["size"].cast(pa.string()), " bytes", "")

    def tag(own: pa.Array) -> pa.Array:
        of = pc.coalesce(lines["tag_object"].filter(own), "?")
        name = pc.coalesce(lines["tag_name"].filter(own), "")
        return _joined(named.filter(own), " ", name, " of ", of, ": ", subject.filter(own))

    def pointer(own: pa.Array) -> pa.Array:
        lfs = pc.extract_regex(lines["text"].filter(own), pattern=_LFS)
        oid, of = (pc.struct_field(lfs, field) for field in ("oid", "size"))
        plain = size.filter(own)
        return pc.coalesce(_joined(plain, ": LFS pointer to ", oid, " of ", of, " bytes"), plain)

    told = pc.if_else(pc.equal(kind, "commit"), subject, size)
    told = _otherwise(told, pc.starts_with(lines["text"], _LFS_BEGINS), pointer)
    told = _otherwise(told, pc.equal(kind, "tag"), tag)
    told = _otherwise(told, pc.equal(kind, "ref"), lines["oid"].filter)
    told = _otherwise(
        told,
        pc.equal(kind, "prerequisite"),
        lambda own: pc.binary_join_element_wise(
            "builds on", lines["oid"].filter(own), subject.filter(own), " "
        ),
    )
    return _otherwise(
        told,
        _misnamed(rows),
        lambda own: _joined(told.filter(own), " (stored under the name of another object)"),
    )


def _joined(*parts: object) -> pa.Array:
    return pc.binary_join_element_wise(*parts, "")


def _otherwise(told: pa.Array, own: pa.Array, say: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """Texts, those of some rows said otherwise; in most packs there are none of them, and nothing is made."""
    mask = pc.fill_null(own, False)
    return pc.replace_with_mask(told, mask, say(mask)) if pc.any(mask).as_py() else told


def _own_name(rows: hostevents.Placed) -> pa.Array:
    """The SHA-256 name of a loose object whose path says that its repository uses those; else null."""
    wide = by_path(rows.files["path"], lambda path: "yes" if len(_loose_name(path) or "") == 64 else None)
    return pc.if_else(pc.is_valid(wide), rows.lines["oid_sha256"], hostevents.NOTHING)


def _misnamed(rows: hostevents.Placed) -> pa.Array:
    """Whether a loose object lies under a name that is not its own; null where the path gives no name."""
    name = by_path(rows.files["path"], _loose_name)
    return pc.and_(
        pc.not_equal(name, rows.lines["oid"]),
        pc.fill_null(pc.not_equal(name, rows.lines["oid_sha256"]), True),
    )


def _loose_name(path: str) -> str | None:
    found = _LOOSE.search(path)
    return found[1] + found[2] if found else None


def _copies(rows: hostevents.Placed, form: str) -> pa.Table:
    mask = pc.equal(rows.lines["kind"], "blob")
    own = ("sha256", "start", "stop")
    blobs = {name: rows.lines[name].filter(mask) for name in ("size", "oid", "text", *own)}
    count = len(blobs["oid"])
    return COPY.build(
        {
            "path": rows.files["path"].filter(mask),
            "kind": pa.array(["blob"] * count, pa.string()),
            "bytes": blobs["size"],
            "blob": blobs["oid"],
            "strings": _in_pieces(blobs["text"]),
            "format": pa.array([form] * count, pa.string()),
            **{name: blobs[name] for name in own},
        }
    )


def _in_pieces(texts: pa.Array) -> pa.Array:
    """`pieces` of each text; most are one as they are."""
    size = np.asarray(pc.fill_null(pc.binary_length(texts), 0))
    count = (size > 0).astype(np.int64)
    long = np.flatnonzero(size > LONGEST_TEXT)
    cut = [pieces(text) for text in texts.take(pa.array(long)).to_pylist()]
    count[long] = [len(parts) for parts in cut]
    short = np.flatnonzero((size > 0) & (size <= LONGEST_TEXT))
    values = pa.concat_arrays(
        [texts.take(pa.array(short)), pa.array([piece for parts in cut for piece in parts], pa.string())]
    )
    order = np.argsort(np.concatenate([short, np.repeat(long, count[long])]), kind="stable")
    offsets = pa.array(np.concatenate([[0], np.cumsum(count)]), pa.int32())
    rows = values.take(pa.array(order)) if len(long) else values
    return pa.ListArray.from_arrays(offsets, rows, type=STRINGS, mask=texts.is_null())


def pieces(text: str) -> list[str]:
    """`text` in pieces of at most 4,096 characters, cut after a newline where there is one; joined, they are it."""
    found: list[str] = []
    at = 0
    while at < len(text) and len(found) < MOST_PIECES:
        stop = at + LONGEST_TEXT
        if stop < len(text):
            stop = text.rfind("\n", at, stop) + 1 or stop
        found.append(text[at:stop])
        at = stop
    return found
