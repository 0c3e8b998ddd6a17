"""Kubernetes audit events that are a line each and hold no object, a whole chunk at a time.

Most events of a cluster are such. Arrow reads them as JSON under a fixed schema; it refuses a line in which a
key of that schema comes twice, and a line in which another may is not shown to it. Whatever it refuses, and every
line that is not plain, is left to be read one by one: what becomes of a line depends on that line alone.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from forensics.core import jsonstrings, jsontwice, lines
from forensics.core.kubeaudit import EXTRA

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
        "user": pa.struct(
            {
                "username": _TEXT,
                "uid": _TEXT,
                "groups": _STRINGS,
                "extra": pa.struct(dict.fromkeys(EXTRA.values(), _STRINGS)),
            }
        ),
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
_PLAIN = (b'{"kind":"Event"', b'{"annotations":')
# Objects, escapes that readers differ in, and what makes a line a list.
_APART = (b"requestObject", b"responseObject", b"\\u", b"EventList", b"logEvents", b"\x00")
_OWN_WORDS = pa.array(["exec", "attach", "binding"])
"""Parts of objects of which the request's own words tell more."""
_MOST_DIGITS = 40
_STRIDE = 8
_LONG_NUMBER = re.compile(rb"[0-9]{40}")
_MOST_BRACKETS = 60
_LONGEST_BYTES = 1 << 16


class Read(NamedTuple):
    """The lines that were read, by their number, and their columns."""

    at: npt.NDArray[np.int64]
    columns: Mapping[str, pa.Array]


def read(data: bytes, cut: lines.Lines) -> Read:
    """Read what can be read of some lines.

    Args:
        data: the lines.
        cut: where they lie in it, and their text.
    """
    start, stop, text = cut
    begins = pc.or_(*(pc.starts_with(text, word) for word in _PLAIN))
    shaped = np.asarray(pc.and_(begins, pc.ends_with(text, b"}")), bool) & (stop - start < _LONGEST_BYTES)
    shaped[_holding(data, start, stop)] = False
    raw = np.frombuffer(data, np.uint8)
    shaped[_of(_digits(data, raw), start)] = False
    brackets = _of(np.flatnonzero((raw | 32) == ord("{")), start)
    shaped &= np.bincount(brackets, minlength=len(start))[: len(start)] < _MOST_BRACKETS
    if shaped.any():
        shaped &= ~jsontwice.doubtful(data, start, jsonstrings.find(data, lines.edged(data)))
    return _joined(_halves(data, start, stop, np.flatnonzero(shaped)))


def _of(places: npt.NDArray[np.int64], start: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The line that each of some places lies in."""
    return np.searchsorted(start, places, side="right") - 1


def _holding(data: bytes, start: npt.NDArray[np.int64], stop: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The lines that hold one of `_APART`. A search of all bytes for one word is many times faster than a pattern."""
    found = []
    for word in _APART:
        at = data.find(word)
        while at >= 0:
            line = int(np.searchsorted(start, at, side="right")) - 1
            found.append(line)
            at = data.find(word, int(stop[line]))
    return np.array(found, np.int64)


def _digits(data: bytes, raw: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """Where more digits follow one another than readers agree on. Every so many bytes of such a number there is one."""
    seen = (raw[::_STRIDE] >= ord("0")) & (raw[::_STRIDE] <= ord("9"))
    often = _MOST_DIGITS // _STRIDE
    if len(seen) < often:
        return np.empty(0, np.int64)
    together = np.logical_and.reduce([seen[n : len(seen) - often + 1 + n] for n in range(often)])
    near = (np.flatnonzero(together) * _STRIDE).tolist()
    found = (_LONG_NUMBER.search(data, max(0, at - _STRIDE), at + 2 * _MOST_DIGITS) for at in near)
    return np.array([number.start() for number in found if number], np.int64)


def _halves(
    data: bytes, start: npt.NDArray[np.int64], stop: npt.NDArray[np.int64], at: npt.NDArray[np.int64]
) -> list[tuple[npt.NDArray[np.int64], pa.Table]]:
    """The lines `at` as tables; where Arrow refuses a stretch, its halves, down to a line that it refuses by itself."""
    found: list[tuple[npt.NDArray[np.int64], pa.Table]] = []
    left = [(0, len(at))]
    while left:
        first, last = left.pop()
        own = at[first:last]
        table = _table(_text(data, start, stop, own), len(own)) if len(own) else None
        if table is not None:
            found.append((own, table))
        elif len(own) > 1:
            middle = (first + last) // 2
            left += [(middle, last), (first, middle)]
    return found


def _text(
    data: bytes, start: npt.NDArray[np.int64], stop: npt.NDArray[np.int64], own: npt.NDArray[np.int64]
) -> bytes:
    """The bytes of lines, those that follow one another in one piece."""
    breaks = np.flatnonzero(np.diff(own) != 1) + 1
    firsts, lasts = own[np.append(0, breaks)], own[np.append(breaks, len(own)) - 1]
    held = memoryview(data)
    text = b"".join([held[a:b] for a, b in zip(start[firsts].tolist(), stop[lasts].tolist(), strict=True)])
    return text if text.endswith(b"\n") else text + b"\n"


def _table(text: bytes, count: int) -> pa.Table | None:
    try:
        if not text.isascii():
            text.decode("utf-8")
        table: pa.Table = pj.read_json(
            pa.BufferReader(text),
            read_options=pj.ReadOptions(use_threads=False, block_size=len(text) + 1),
            parse_options=pj.ParseOptions(explicit_schema=_SCHEMA, unexpected_field_behavior="ignore"),
        )
    except (pa.ArrowInvalid, UnicodeDecodeError):
        return None
    return table.combine_chunks() if table.num_rows == count else None


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
    columns |= {name: _only(_field(whole, ("user", "extra", key))) for name, key in EXTRA.items()}
    event = pc.and_not(event, pc.is_in(columns["subresource"], _OWN_WORDS))
    columns["received"] = pc.coalesce(columns["received"], whole["timestamp"])
    return Read(at[np.asarray(event)], {name: column.filter(event) for name, column in columns.items()})


def _one(column: pa.ChunkedArray) -> pa.Array:
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.nulls(0, column.type)


def _only(lists: pa.Array) -> pa.Array:
    """The one text of each list; null where there is none, or several, or it is empty."""
    one = np.asarray(pc.fill_null(pc.equal(pc.list_value_length(lists), 1), False), bool)
    held = pa.nulls(len(lists), pa.string())
    if not one.any():
        return held
    found = pc.list_element(lists.filter(pa.array(one)), 0)
    held = pc.replace_with_mask(held, pa.array(one), found)
    return pc.if_else(pc.equal(held, ""), pa.scalar(None, pa.string()), held)


def _field(whole: Mapping[str, pa.Array], keys: tuple[str, ...]) -> pa.Array:
    found = whole[keys[0]]
    for key in keys[1:]:
        found = pc.struct_field(found, [key])
    if not pa.types.is_string(found.type):
        return found
    return pc.if_else(pc.equal(found, ""), pa.scalar(None, pa.string()), found)
