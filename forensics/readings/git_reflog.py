"""What a reflog is taken to tell: in that copy of the repository a ref moved; by whom is asserted."""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, gitevents, hostevents

NEEDS_ANCHOR = False
EACH = True


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - a reflog counts seconds since 1970
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
) -> Mapping[str, pa.Table]:
    """One `ref_update` for each line and path: equal reflogs of two copies are two facts.

    `object` is the ref, `object_from` the object it named before, `text` ends with the message and
    begins with `new=` and the object it named then. `committer` is what the process asserted.
    """
    rows = hostevents.placed(records, files, every_path=True)
    lines, paths = rows.lines, rows.files["path"]
    moved = pc.binary_join_element_wise(
        "new=", lines["new"], " old=", lines["old"], " ", pc.coalesce(lines["message"], ""), ""
    )
    verb = pa.array(["ref_update"] * lines.num_rows, pa.string())
    more = {
        "object_kind": pa.array(["ref"] * lines.num_rows, pa.string()),
        "object": gitevents.by_path(paths, _ref),
        "object_from": lines["old"],
        "repository": gitevents.by_path(paths, _repository),
        "committer": lines["who"],
        "text": hostevents.short(pc.utf8_rtrim_whitespace(moved)),
    }
    when = clock.epoch(lines["epoch_s"])
    return {"event": hostevents.unattributed(rows, "git_reflog", verb, more, when=when)}


def _repository(path: str) -> str | None:
    found = gitevents.place_of_ref(path, "logs/")
    return found[0] if found else None


def _ref(path: str) -> str | None:
    found = gitevents.place_of_ref(path, "logs/")
    return found[1] if found else None
