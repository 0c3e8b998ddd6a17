"""What a derived file is taken to tell: what it is of, as a state; of a cruft pack, when its objects were last written."""

import re
from collections.abc import Mapping

import pyarrow as pa

from forensics.core import clock, gitevents, hostevents
from forensics.core.tables import EVENT

NEEDS_ANCHOR = False
_PLACE = re.compile(r"(?:(?P<root>.*?)/)?(?:objects/(?:pack|info)/.*|index|worktrees/[^/]+/index)")
_OF = {"commit graph": "commits", "index": "files", "bitmap": "commits that are mapped"}


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - times are in seconds since 1970
    anchor_ns: int | None,  # noqa: ARG001 - the same
) -> Mapping[str, pa.Table]:
    """One event for each file and path, whose `text` says what it is of. Times of a cruft pack are in it: they date no act."""
    rows = hostevents.placed(records, files, every_path=True)
    lines = rows.lines
    texts = [_told(row) for row in lines.to_pylist()]
    event = EVENT.build(
        {
            **hostevents.columns(rows, "git_derived"),
            "host": rows.files["host"],
            "verb": pa.array(["other"] * len(texts), pa.string()),
            "account_absence": pa.array(["not_applicable"] * len(texts), pa.string()),
            "repository": gitevents.by_path(rows.files["path"], _repository),
            "text": hostevents.short(pa.array(texts, pa.string())),
        }
    )
    return {"event": event}


def _told(row: Mapping[str, object]) -> str:
    number = "a number of" if row["count"] is None else row["count"]
    parts = [f"{row['kind']} version {row['version']} of {number} {_OF.get(str(row['kind']), 'objects')}"]
    if row["pack"] is not None:
        whose = "pack or multi-pack index" if row["kind"] == "bitmap" else "pack"
        parts.append(f"of the {whose} with checksum {row['pack']}")
    if isinstance(row["packs"], list):
        parts.append(f"in {len(row['packs'])} packs")
    if row["kind"] == "cruft times":
        parts.append("to which no ref led")
        if isinstance(row["earliest_s"], int) and isinstance(row["latest_s"], int):
            first, last = (
                clock.written(second * clock.NS_PER_S) for second in (row["earliest_s"], row["latest_s"])
            )
            parts.append(f"their files last written from {first} to {last}")
    if not row["sound"]:
        parts.append("whose checksum is not that of its bytes")
    return ", ".join(parts)


def _repository(path: str) -> str | None:
    found = _PLACE.fullmatch(path)
    return gitevents.repository(found["root"]) if found else None
