"""What a ref is taken to tell: what it named when it was collected. Nobody and no time is in it."""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import gitevents, hostevents
from forensics.core.tables import EVENT

NEEDS_ANCHOR = False
EACH = True


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - no time is written
    anchor_ns: int | None,  # noqa: ARG001 - the same
) -> Mapping[str, pa.Table]:
    """One event for each ref and path: equal files in two repositories are two facts."""
    rows = hostevents.placed(records, files, every_path=True)
    lines, paths = rows.lines, rows.files["path"]
    peeled = pc.binary_join_element_wise(" peeled=", lines["peeled"], "")
    oid = pc.binary_join_element_wise(lines["oid"], pc.coalesce(peeled, ""), "")
    # The `shallow` file of a clone of one commit has the bytes of its branch, and so is read as a ref.
    cut = pc.and_(gitevents.by_path(paths, gitevents.cut_at).is_valid(), pc.is_null(lines["ref"]))
    text = pc.coalesce(oid, pc.binary_join_element_wise("ref: ", lines["target"], ""))
    event = EVENT.build(
        {
            **hostevents.columns(rows, "git_ref"),
            "host": rows.files["host"],
            "verb": pc.if_else(cut, "setting", "other"),
            "account_absence": pa.array(["not_applicable"] * lines.num_rows, pa.string()),
            "object_kind": pc.if_else(cut, "commit", "ref"),
            "object": pc.if_else(
                cut, lines["oid"], pc.coalesce(lines["ref"], gitevents.by_path(paths, _ref))
            ),
            "repository": gitevents.by_path(paths, _repository),
            "text": hostevents.short(pc.if_else(cut, "shallow: history is cut here", text)),
        }
    )
    return {"event": event}


def _repository(path: str) -> str | None:
    found = gitevents.place_of_ref(path, "")
    return found[0] if found else gitevents.cut_at(path)


def _ref(path: str) -> str | None:
    found = gitevents.place_of_ref(path, "")
    return found[1] if found else None
