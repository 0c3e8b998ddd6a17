"""What a reftable is taken to tell: what refs named when it was collected, and that refs moved; by whom is asserted."""

import re
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, gitevents, hostevents
from forensics.core.hostevents import NOTHING, Placed
from forensics.core.tables import EVENT

NEEDS_ANCHOR = False
SLICED_BY = "start"
_PLACE = re.compile(r"(?:(?P<root>.*?)/)?(?P<worktree>worktrees/[^/]+/)?reftable/[^/]+")


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - a log counts seconds since 1970
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
) -> Mapping[str, pa.Table]:
    """One event for each ref, and one for each entry of a log, which are as those of `git_ref` and `git_reflog`.

    Both carry the update index at the end of what they say of objects, as `update=7`: of several files, and of
    several states of a ref, the highest counts. A ref of the repository's own says before that in which file it stands, as
    `table=0x01-0x07-a1b2c3d4.ref`: what `tables.list` beside it does not name is not the repository's any more.
    """
    is_ref = pc.is_valid(records["ref"])
    refs = hostevents.placed(records.filter(is_ref), files, every_path=True)
    logs = hostevents.placed(records.filter(pc.invert(is_ref)), files, every_path=True)
    return {"event": pa.concat_tables([_states(refs), _moves(logs)])}


def _states(rows: Placed) -> pa.Table:
    lines = rows.lines
    count = lines.num_rows
    update = pc.binary_join_element_wise(" update=", lines["update_index"].cast(pa.string()), "")
    peeled = pc.coalesce(pc.binary_join_element_wise(" peeled=", lines["peeled"], ""), "")
    target = pc.binary_join_element_wise("ref: ", lines["target"], "")
    said = pc.coalesce(lines["oid"], target, "removed")
    own = pc.binary_join_element_wise(" table=", gitevents.by_path(rows.files["path"], _table), "")
    return EVENT.build(
        {
            **hostevents.columns(rows, "git_reftable"),
            "host": rows.files["host"],
            "verb": pa.array(["other"] * count, pa.string()),
            "account_absence": pa.array(["not_applicable"] * count, pa.string()),
            "object_kind": pa.array(["ref"] * count, pa.string()),
            "object": _named(rows, lines["ref"]),
            "repository": gitevents.by_path(rows.files["path"], _repository),
            "text": hostevents.short(
                pc.binary_join_element_wise(said, peeled, pc.coalesce(own, ""), update, "")
            ),
        }
    )


def _moves(rows: Placed) -> pa.Table:
    """The entries of each block, beside the file of that block."""
    sizes = np.asarray(pc.fill_null(pc.list_value_length(rows.lines["moves"]), 0), np.int64)
    row = np.repeat(np.arange(len(sizes), dtype=np.int64), sizes)
    moves = pc.list_flatten(rows.lines["moves"])
    index = pa.array(row)
    lines = pa.RecordBatch.from_arrays([c.take(index) for c in rows.lines.columns], schema=rows.lines.schema)
    files = pa.RecordBatch.from_arrays([c.take(index) for c in rows.files.columns], schema=rows.files.schema)
    whole = Placed(lines, files, _ids(lines, len(row)))
    parts = {
        name: pc.struct_field(moves, name)
        for name in ("ref", "update_index", "old", "new", "who", "epoch_s", "message")
    }
    moved = pc.is_valid(parts["new"])
    update = pc.binary_join_element_wise("update=", parts["update_index"].cast(pa.string()), "")
    told = pc.binary_join_element_wise(
        "new=", parts["new"], " old=", parts["old"], " ", update, " ", pc.coalesce(parts["message"], ""), ""
    )
    dropped = pc.binary_join_element_wise("an entry of its log was removed", update, " ")
    more = {
        "object_kind": pc.if_else(moved, "ref", "reflog"),
        "object": _named(whole, parts["ref"]),
        "object_from": parts["old"],
        "repository": gitevents.by_path(files["path"], _repository),
        "committer": parts["who"],
        "text": hostevents.short(pc.utf8_rtrim_whitespace(pc.coalesce(told, dropped))),
    }
    verb = pc.if_else(moved, "ref_update", "other")
    when = clock.epoch(pc.if_else(moved, parts["epoch_s"], pa.scalar(None, pa.int64())))
    return hostevents.unattributed(whole, "git_reftable", verb, more, when=when)


def _ids(lines: pa.RecordBatch, count: int) -> pa.Array:
    """An id for each entry of each path: the entries of a span are its parts, in order."""
    if not count:
        return pa.array([], pa.string())
    start, stop = (lines[name].cast(pa.string()) for name in ("start", "stop"))
    span = pc.binary_join_element_wise(pc.utf8_slice_codeunits(lines["sha256"], 0, 16), start, stop, ".")
    code = np.asarray(span.dictionary_encode().indices, np.int64)
    first = np.flatnonzero(np.r_[True, code[1:] != code[:-1]])
    sizes = np.diff(np.r_[first, count])
    part = np.arange(count) - np.repeat(first, sizes)
    number = pc.if_else(pa.array(np.repeat(sizes > 1, sizes)), pa.array(part).cast(pa.string()), NOTHING)
    return pc.coalesce(pc.binary_join_element_wise(span, number, "."), span)


def _named(rows: Placed, ref: pa.Array) -> pa.Array:
    """Refs as git names them from elsewhere: those of a linked working tree below `worktrees/<name>/`."""
    tree = gitevents.by_path(rows.files["path"], _worktree)
    return pc.binary_join_element_wise(pc.coalesce(tree, ""), ref, "")


def _repository(path: str) -> str | None:
    found = _PLACE.fullmatch(path)
    return gitevents.repository(found["root"]) if found else None


def _table(path: str) -> str | None:
    """The file's name, if it is of the repository's own stack: a linked working tree has a list of its own."""
    found = _PLACE.fullmatch(path)
    return None if found is None or found["worktree"] else path.rpartition("/")[2].replace(" ", "%20")


def _worktree(path: str) -> str | None:
    found = _PLACE.fullmatch(path)
    return found["worktree"] if found else None
