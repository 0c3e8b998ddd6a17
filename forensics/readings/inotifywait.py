"""What inotifywait's lines are taken to tell: that something was done to a path, by nobody that it names.

The audit trail may tell the same act, which is why the verb is `reported`. Where a line reads in two ways no path is told.
"""

import posixpath
from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, hostevents
from forensics.core.clock import NS_PER_S, Interval
from forensics.core.hostevents import NOTHING

NEEDS_ANCHOR = False
ONCE = True


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,
    anchor_ns: int | None,  # noqa: ARG001 - what is undated stays so
) -> Mapping[str, pa.Table]:
    """One event for each line. `text` begins with what happened."""
    rows = hostevents.placed(records, files, every_path=False)
    lines = rows.lines
    paths = pa.array(map(_path, lines["watched"].to_pylist(), lines["name"].to_pylist()), pa.string())
    known = pc.is_valid(paths)
    happened = pc.binary_join(lines["events"], ",")
    more = {
        "object_kind": pc.if_else(known, "path", NOTHING),
        "object": hostevents.short(paths),
        "text": hostevents.short(pc.binary_join_element_wise(happened, lines["text"], ": ")),
    }
    verb = pa.array(["reported"] * lines.num_rows, pa.string())
    when = _when(lines["written"], zone)
    return {"event": hostevents.unattributed(rows, "inotifywait", verb, more, when=when)}


def _path(watched: str | None, name: str | None) -> str | None:
    if watched is None:
        return None
    path = posixpath.join(watched, name or "")
    return posixpath.normpath(path) if path.startswith("/") else path


def _when(written: pa.Array, zone: str) -> Interval:
    """Times by their form: with an offset, a wall clock, or seconds; each as wide as a second."""
    iso = pc.replace_substring(written, " ", "T", max_replacements=1)
    iso = pc.replace_substring_regex(iso, r"([+-][0-9]{2})([0-9]{2})$", r"\1:\2")
    forms = {
        form: pc.if_else(pc.fill_null(pc.match_substring_regex(iso, pattern), False), iso, NOTHING)
        for form, pattern in {
            "offset": "T.*(?:Z|[+-][0-9:]+)$",
            "wall": "T[0-9:.]+$",
            "epoch": "^[0-9]+$",
        }.items()
    }
    told = [
        clock.offsets(forms["offset"], tick_ns=NS_PER_S),
        clock.dated_walls(forms["wall"], zone=zone, tick_ns=NS_PER_S),
        clock.epoch(forms["epoch"].cast(pa.int64())),
    ]
    return Interval(*(pc.coalesce(*ends) for ends in zip(*told, strict=True)))
