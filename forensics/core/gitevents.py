"""What git files are taken to tell: the repository a path belongs to, and the events of its objects.

Loose and packed objects are read to the same events. Who and when in an object are asserted, so no
account is ever named here; `author` and `committer` carry the assertion under its own name.
"""

import re
from collections.abc import Hashable, Mapping

import pandas as pd
import pyarrow as pa

from forensics.core import clock
from forensics.core.ids import event_id
from forensics.core.tables import COPY, EVENT

LONGEST_TEXT = 4096
MOST_PIECES = 1000
_OBJECTS = re.compile(r"(?:(?P<root>.*)/)?objects/(?:[0-9a-f]{2}|pack)/[^/]*")
_TIMED = {"commit": "committer", "tag": "tagger"}


def repository(root: str | None) -> str | None:
    """The name of the repository whose files lie below `root`.

    `git/llm.git` is `llm.git`, a name of its own; `git/worktree/.git` and other folders that many
    repositories share keep their whole path. None where the path does not reach above the files.
    """
    if not root:
        return None
    last = root.rpartition("/")[2]
    return last if last.endswith(".git") and last != ".git" else root


def repository_of_object(path: str) -> str | None:
    """The repository that an object or a pack was collected from."""
    found = _OBJECTS.fullmatch(path)
    return repository(found["root"]) if found else None


def placed(records: pa.Table, files: pa.Table) -> pd.DataFrame:
    """Each record once for each path that its file was collected under.

    A sealed file can stand for several: two refs that point at one commit have equal bytes.

    Args:
        records: a format's table, with `sha256`, `start` and `stop`.
        files: schema `file`.

    Returns:
        The columns of `records`, the file's `path`, `host` and `domain`, and `event_id`; sorted by
        (sha256, start, path).
    """
    paths = files.select(["sha256", "path", "host", "domain"]).to_pandas()
    paths = paths.sort_values(["sha256", "path"])
    paths["part"] = paths.groupby("sha256").cumcount()
    paths["several"] = paths.groupby("sha256")["part"].transform("size") > 1
    lines = pd.DataFrame({name: records[name].to_pylist() for name in records.column_names}, dtype=object)
    both = lines.merge(paths.astype(object), on="sha256", how="inner")
    both = both.sort_values(["sha256", "start", "part"], ignore_index=True)
    spans = zip(both["sha256"], both["start"], both["stop"], both["part"], both["several"], strict=True)
    both["event_id"] = pd.Series(
        [event_id(s, a, z, part if several else None) for s, a, z, part, several in spans], dtype=object
    )
    return both.astype(object).where(both.notna(), None)


def columns(rows: pd.DataFrame, form: str) -> dict[str, object]:
    """The event columns that every git reading fills alike: id, citation, format, domain and host."""
    spans = zip(rows["sha256"], rows["start"], rows["stop"], strict=True)
    return {
        "event_id": _text(rows["event_id"]),
        "format": [form] * len(rows),
        "domain": _text(rows["domain"]),
        "host": _text(rows["host"]),
        "citations": [[{"sha256": s, "start": a, "stop": z}] for s, a, z in spans],
        "sha256": _text(rows["sha256"]),
        "start": pa.array(rows["start"].tolist(), pa.int64()),
        "stop": pa.array(rows["stop"].tolist(), pa.int64()),
    }


def read_objects(records: pa.Table, files: pa.Table, form: str) -> Mapping[str, pa.Table]:
    """Say what git objects tell: commits as commits, everything else as other; blobs are copies too.

    Args:
        records: a table of `gitobject.COLUMNS` with `sha256` in front.
        files: schema `file`.
        form: name of the format that read them.
    """
    # Entries are long and no event needs them.
    rows = placed(records.drop_columns(["entries"]), files)
    return {"event": _events(rows, form), "copy": _copies(rows, form)}


def _text(values: pd.Series) -> pa.Array:
    return pa.array(values.tolist(), pa.string())


def _events(rows: pd.DataFrame, form: str) -> pa.Table:
    is_commit = rows["kind"] == "commit"
    seconds = rows["committer_s"].where(is_commit, rows["tagger_s"])
    when = clock.epoch(pa.array(seconds.tolist(), pa.int64()))
    role = rows["kind"].map(_TIMED)
    clocks = [
        None if ns is None else f"{domain}:{who} asserted"
        for ns, domain, who in zip(when.earliest_ns.to_pylist(), rows["domain"], role, strict=True)
    ]
    parents = [p[0] if p is not None and len(p) else None for p in rows["parents"]]
    commits = {name: _text(rows[name].where(is_commit, None)) for name in ("author", "oid")}
    absence = is_commit | (rows["kind"] == "tag")
    return EVENT.build(
        {
            **columns(rows, form),
            "earliest_ns": when.earliest_ns,
            "latest_ns": when.latest_ns,
            "clock": pa.array(clocks, pa.string()),
            "verb": ["commit" if c else "other" for c in is_commit],
            "account_absence": ["not_recorded" if a else "not_applicable" for a in absence],
            "object_kind": pa.array(["commit" if c else None for c in is_commit], pa.string()),
            "object": commits["oid"],
            "object_from": pa.array(parents, pa.string()),
            "repository": pa.array([repository_of_object(p) for p in rows["path"]], pa.string()),
            "author": commits["author"],
            "committer": _text(rows["committer"].where(is_commit, rows["tagger"])),
            "text": pa.array([_told(row) for row in rows.to_dict("records")], pa.string()),
        }
    )


def _told(row: Mapping[Hashable, object]) -> str:
    """First line of a commit's message; of anything else, what it is and its name."""
    subject = str(row["message"] or "").split("\n", 1)[0]
    if row["kind"] == "commit":
        return subject[:LONGEST_TEXT]
    named = f"{row['kind']} {row['oid'] or 'unnamed'}"
    if row["kind"] == "tag":
        return f"{named} {row['tag_name'] or ''} of {row['tag_object'] or '?'}: {subject}"[:LONGEST_TEXT]
    return f"{named} of {row['size']} bytes"


def _copies(rows: pd.DataFrame, form: str) -> pa.Table:
    blobs = rows[rows["kind"] == "blob"]
    return COPY.build(
        {
            "sha256": _text(blobs["sha256"]),
            "path": _text(blobs["path"]),
            "kind": ["blob"] * len(blobs),
            "bytes": pa.array(blobs["size"].tolist(), pa.int64()),
            "blob": _text(blobs["oid"]),
            "strings": [None if t is None else pieces(t) for t in blobs["text"]],
            "format": [form] * len(blobs),
            "start": pa.array(blobs["start"].tolist(), pa.int64()),
            "stop": pa.array(blobs["stop"].tolist(), pa.int64()),
        }
    )


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
