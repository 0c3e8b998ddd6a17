"""What refs lead to, and refs that lead to nothing in the evidence: not collected is one reason of several, so none is given."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

FORMATS = ("git_ref", "git_reftable", "git_layout")
"""Formats whose events say what a ref names; lines of a repository's layout can have the bytes of a ref."""
REPLACE = "refs/replace/"
MOST_EXAMPLES = 20
"""So many refs of a repository are shown of those whose object is nowhere."""
_UPDATE = r"(?: table=([^ ]*))? update=([0-9]{1,18})$"
LISTED = "tables.list: "
"""How an event begins that says which files a repository reads its refs from."""
_OID = r"^(?P<oid>[0-9a-f]{40}(?:[0-9a-f]{24})?)(?: |$)"
_NAMES = (
    ("git_object", "oid"),
    ("git_object", "oid_sha256"),
    ("git_pack", "oid"),
    ("git_blob", "oid"),
    ("git_blob", "oid_sha256"),
    ("git_name", "oid"),
)

Place = tuple[str | None, str | None]
"""Host and repository."""


class Left(NamedTuple):
    """How many events of refs are not held, and how many of those name an object that is not in the evidence."""

    all: int
    lost: int


class Lost(NamedTuple):
    """The refs of one repository that name objects which are not in the evidence: how many, and the first of them."""

    host: str | None
    repository: str | None
    number: int
    examples: tuple[tuple[str, str, str], ...]
    """Ref, object and event of each."""


def listed(events: pd.DataFrame) -> pd.DataFrame:
    """Of events, those that say which files a repository reads its refs from."""
    said = events["format"].eq("git_layout") & events["text"].str.startswith(LISTED).fillna(
        value=False
    ).astype(bool)
    return events.loc[said, ["host", "repository", "object"]]


def stale(rows: pd.DataFrame, lists: pd.DataFrame) -> "pd.Series[Any]":
    """Of each row the file of refs that it is of, where the repository's list names other such files and not this one; else null.

    Args:
        rows: as for `standing`.
        lists: as `listed` gives them.
    """
    file = rows["text"].astype("string").str.extract(_UPDATE)[0].where(rows["format"].eq("git_reftable"))
    named = {tuple(map(str, row)) for row in lists.itertuples(index=False)}
    of = list(zip(rows["host"].map(str), rows["repository"].map(str), file.map(str), strict=True))
    obeyed = {row[:2] for row in of if row in named}
    gone = [row[:2] in obeyed and row not in named for row in of]
    return file.where(pd.Series(gone, index=rows.index, dtype=bool))


def standing(rows: pd.DataFrame, lists: pd.DataFrame) -> "pd.Series[bool]":
    """Whether each row is what its ref names: of a reftable's states of one ref the last counts, if it is not that there is none.

    Files of refs that the repository's list does not name are not read by git, and their states do not count.

    Args:
        rows: `host`, `repository`, `object`, `text` and `format` of events of refs.
        lists: as `listed` gives them.
    """
    of_table = rows["format"].eq("git_reftable")
    if not of_table.any():
        return ~of_table
    told, gone = rows["text"].astype("string"), stale(rows, lists).notna()
    update = told.str.extract(_UPDATE)[1].astype("Int64").fillna(-1).astype("int64").mask(gone, -2)
    last = update.groupby(
        [rows[name].astype(object) for name in ("host", "repository", "object")], dropna=False
    ).transform("max")
    removed = told.str.startswith("removed ").fillna(value=False)
    return ~of_table | (~gone & (update == last) & ~removed.astype(bool))


def objects(found: Mapping[str, pa.Table]) -> pa.Array:
    """The names of all objects in the evidence, of either kind, each once."""
    names = [
        found[table][column]
        for table, column in _NAMES
        if table in found and column in found[table].column_names
    ]
    return pc.unique(
        pa.chunked_array([chunk for name in names for chunk in name.chunks], pa.string())
    ).drop_null()


def lost(found: Mapping[str, pa.Table], left: Mapping[Place, Left]) -> tuple[Lost, ...]:
    """The refs whose object is nowhere, by repository, in order.

    Args:
        found: tables by name, `event` among them.
        left: what was counted of events of refs that are not among these.
    """
    events = found["event"]
    of_ref = pc.and_(pc.equal(events["verb"], "other"), pc.equal(events["object_kind"], "ref"))
    refs = events.filter(pc.and_(pc.is_in(events["format"], pa.array(FORMATS)), of_ref))
    if not len(refs):
        return ()
    layout = events.filter(
        pc.and_(pc.equal(events["format"], "git_layout"), pc.starts_with(events["text"], LISTED))
    )
    lists, events = layout.select(["host", "repository", "object"]).to_pandas(), refs
    told = events.select(["host", "repository", "object", "text", "format"]).to_pandas()
    events = events.filter(pa.array(standing(told, lists).to_numpy(bool)))
    oid = pc.struct_field(pc.extract_regex(events["text"], pattern=_OID), "oid")
    nowhere = pc.and_(pc.is_valid(oid), pc.invert(pc.is_in(oid, value_set=objects(found))))
    own = ["host", "repository", "object", "sha256", "start", "event_id"]
    rows = events.select(own).append_column("oid", oid).filter(nowhere)
    rows = rows.sort_by([(name, "ascending") for name in ("sha256", "start", "event_id")])
    by_place: dict[Place, list[tuple[str, str, str]]] = {}
    for row in rows.to_pylist():
        by_place.setdefault((row["host"], row["repository"]), []).append(
            (str(row["object"]), row["oid"], row["event_id"])
        )
    return tuple(
        Lost(*place, len(refs) + left.get(place, Left(0, 0)).lost, tuple(refs[:MOST_EXAMPLES]))
        for place, refs in sorted(by_place.items(), key=lambda item: (item[0][0] or "", item[0][1] or ""))
    )
