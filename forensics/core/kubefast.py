"""Kubernetes audit events that are a line each and hold no object, a whole chunk at a time.

Most events of a cluster are such. Arrow reads them as JSON under a fixed schema; it refuses a line in which a
key of that schema comes twice. Whatever it refuses, and every line that is not plain, is left to be read one
by one: what becomes of a line depends on that line alone.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

_TEXT = pa.string()
_STRINGS = pa.list_(pa.string())
_SCHEMA = pa.schema(
    {
        "kind": _TEXT,
        "apiVersion": _TEXT,
        "level": _TEXT,
        "auditID": _TEXT,
        "stage": _TEXT,
        "verb": _TEXT,
        "userAgent": _TEXT,
        "requestReceivedTimestamp": _TEXT,
        "stageTimestamp": _TEXT,
        "timestamp": _TEXT,
        "user": pa.struct({"username": _TEXT, "uid": _TEXT, "groups": _STRINGS}),
        "impersonatedUser": pa.struct({"username": _TEXT}),
        "sourceIPs": _STRINGS,
        "objectRef": pa.struct(
            dict.fromkeys(("apiGroup", "resource", "subresource", "namespace", "name", "uid"), _TEXT)
        ),
        "responseStatus": pa.struct({"code": pa.int64(), "reason": _TEXT}),
        "annotations": pa.struct({"authorization.k8s.io/decision": _TEXT}),
    }
)
_PLACES = {
    "audit_id": ("auditID",), "stage": ("stage",), "level": ("level",), "verb": ("verb",),
    "received": ("requestReceivedTimestamp",), "staged": ("stageTimestamp",), "user": ("user", "username"),
    "user_uid": ("user", "uid"), "groups": ("user", "groups"), "impersonated": ("impersonatedUser", "username"),
    "addresses": ("sourceIPs",), "agent": ("userAgent",), "api_group": ("objectRef", "apiGroup"),
    "resource": ("objectRef", "resource"), "subresource": ("objectRef", "subresource"),
    "namespace": ("objectRef", "namespace"), "name": ("objectRef", "name"), "object_uid": ("objectRef", "uid"),
    "code": ("responseStatus", "code"), "reason": ("responseStatus", "reason"),
    "decision": ("annotations", "authorization.k8s.io/decision"),
}  # fmt: skip
_PLAIN = r'^\{"(?:kind":"Event"|annotations":).*\}$'
# Objects, parts that need the request's own words, escapes that readers differ in, and numbers of any length.
_APART = r'requestObject|responseObject|"(?:exec|attach|binding)"|\\u|"items"|logEvents|protoPayload|[0-9]{40}|\x00'
_MOST_BRACKETS = 60
_LONGEST_BYTES = 1 << 16


class Read(NamedTuple):
    """The lines that were read, by their number, and their columns."""

    at: npt.NDArray[np.int64]
    columns: Mapping[str, pa.Array]


def read(text: pa.Array) -> Read:
    """Read what can be read of the lines of a chunk, without terminators, as bytes."""
    size = pc.binary_length(text)
    shaped = pc.and_(pc.less(size, _LONGEST_BYTES), pc.match_substring_regex(text, _PLAIN))
    shaped = pc.and_not(shaped, pc.match_substring_regex(text, _APART))
    brackets = pc.add(pc.count_substring(text, "{"), pc.count_substring(text, "["))
    at = np.flatnonzero(np.asarray(pc.and_(shaped, pc.less(brackets, _MOST_BRACKETS))))
    return _joined(_halves(text.take(pa.array(at)), at))


def _halves(text: pa.Array, at: npt.NDArray[np.int64]) -> list[tuple[npt.NDArray[np.int64], pa.Table]]:
    """The lines as tables; where Arrow refuses a stretch, its halves, down to a line that it refuses by itself."""
    found: list[tuple[npt.NDArray[np.int64], pa.Table]] = []
    left = [(0, len(at))]
    while left:
        start, stop = left.pop()
        table = _table(text.slice(start, stop - start)) if stop > start else None
        if table is not None:
            found.append((at[start:stop], table))
        elif stop - start > 1:
            middle = (start + stop) // 2
            left += [(middle, stop), (start, middle)]
    return found


def _table(text: pa.Array) -> pa.Table | None:
    try:
        text.cast(pa.string())
        data = b"\n".join(text.to_pylist()) + b"\n"
        table: pa.Table = pj.read_json(
            pa.BufferReader(data),
            read_options=pj.ReadOptions(use_threads=False, block_size=len(data) + 1),
            parse_options=pj.ParseOptions(explicit_schema=_SCHEMA, unexpected_field_behavior="ignore"),
        )
    except pa.ArrowInvalid:
        return None
    return table.combine_chunks() if table.num_rows == len(text) else None


def _joined(found: list[tuple[npt.NDArray[np.int64], pa.Table]]) -> Read:
    """The events among the lines; a line that Arrow reads and that is no event is left to be read by itself."""
    if not found:
        return Read(np.empty(0, np.int64), {})
    at = np.concatenate([lines for lines, _ in found])
    table = pa.concat_tables([table for _, table in found]).combine_chunks()
    whole = {name: _one(table[name]) for name in table.column_names}
    dated = pc.fill_null(pc.starts_with(whole["apiVersion"], "audit.k8s.io/"), False)
    event = pc.and_(pc.equal(whole["kind"], "Event"), pc.or_(dated, pc.is_valid(whole["auditID"])))
    # A null is either written or left out; the ones that decide are read apart where they are not there.
    event = pc.and_(pc.fill_null(event, False), pc.fill_null(pc.not_equal(whole["verb"], ""), False))
    columns = {name: _field(whole, keys) for name, keys in _PLACES.items()}
    columns["received"] = pc.coalesce(columns["received"], whole["timestamp"])
    return Read(at[np.asarray(event)], {name: column.filter(event) for name, column in columns.items()})


def _one(column: pa.ChunkedArray) -> pa.Array:
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.nulls(0, column.type)


def _field(whole: Mapping[str, pa.Array], keys: tuple[str, ...]) -> pa.Array:
    found = whole[keys[0]]
    for key in keys[1:]:
        found = pc.struct_field(found, [key])
    if not pa.types.is_string(found.type):
        return found
    return pc.if_else(pc.equal(found, ""), pa.scalar(None, pa.string()), found)
