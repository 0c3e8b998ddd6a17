"""What the layout of a repository is taken to tell: states, of which nothing is followed and nobody is named."""

import re
from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import gitevents, hostevents
from forensics.core.tables import EVENT

NEEDS_ANCHOR = False

_KIND = re.compile(
    r"(?:(?P<root>.*?)/)?(?P<file>objects/info/alternates|shallow|info/grafts|FETCH_HEAD"
    r"|objects/pack/[^/]+\.promisor|(?:worktrees/[^/]+/)?reftable/tables\.list|worktrees/[^/]+/(?:gitdir|commondir|FETCH_HEAD)|\.git)"
)
_SAYS = {
    "alternates": "objects are looked for also in",
    "shallow": "history is cut here",
    "grafts": "is to be given the parents",
    "FETCH_HEAD": "fetched",
    "gitdir": "its working tree is at",
    "commondir": "shares the repository at",
    "tables.list": "refs are read from",
    ".git": "the repository of this folder is at",
}
"""By the last part of the path; a promisor's has its own."""


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - no time is written
    anchor_ns: int | None,  # noqa: ARG001 - the same
) -> Mapping[str, pa.Table]:
    """One event for each line and path; `text` begins with the file of the repository that says it."""
    rows = hostevents.placed(records, files, every_path=True)
    lines, paths = rows.lines, rows.files["path"]
    count = lines.num_rows
    told = pc.coalesce(lines["path"], lines["others"], lines["rest"], "")
    text = pc.binary_join_element_wise(gitevents.by_path(paths, _says), told, " ")
    # Where another clone's `shallow` has the bytes of a ref, that ref is read as a line of objects.
    ref = pc.if_else(pc.equal(lines["kind"], "object"), gitevents.by_path(paths, _ref), hostevents.NOTHING)
    is_ref = pc.is_valid(ref)
    event = EVENT.build(
        {
            **hostevents.columns(rows, "git_layout"),
            "host": rows.files["host"],
            "verb": pc.if_else(is_ref, "other", "setting"),
            "account_absence": pa.array(["not_applicable"] * count, pa.string()),
            "object_kind": pc.if_else(is_ref, "ref", pc.if_else(pc.is_valid(lines["oid"]), "commit", "path")),
            "object": pc.coalesce(ref, lines["oid"], lines["path"]),
            "repository": gitevents.by_path(paths, _repository),
            "text": hostevents.short(pc.if_else(is_ref, lines["oid"], text)),
        }
    )
    return {"event": event}


def _repository(path: str) -> str | None:
    found = _KIND.fullmatch(path)
    if found:
        return gitevents.repository(found["root"])
    placed = gitevents.place_of_ref(path, "")
    return placed[0] if placed else None


def _ref(path: str) -> str | None:
    found = None if _KIND.fullmatch(path) else gitevents.place_of_ref(path, "")
    return found[1] if found else None


def _says(path: str) -> str:
    found = _KIND.fullmatch(path)
    name = (found["file"] if found else path).rpartition("/")[2]
    word = "promisor" if name.endswith(".promisor") else name
    return (
        f"{word}: {_SAYS.get(word, 'the rest of this pack is elsewhere:' if word == 'promisor' else 'names')}"
    )
