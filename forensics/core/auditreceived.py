"""A signal to several processes: one event for each of them, without as many copies of all that the lines say.

One call can signal every process of a host, and has a line for each. Were each of its events to cite all lines, and hold all
words, what is told would grow by the square of what was logged; a file of a megabyte, made for it, would take gigabytes. So of a
call that would tell more than `MOST_COPIED_BYTES` the first event holds and cites all; each of the others cites its first line,
those that lead it and that of its own process, and holds nothing that other lines say, and no text of more than `LONG_BYTES`.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core.auditevents import Scene
from forensics.core.coded import Bools, Ints

MOST_COPIED_BYTES = 1 << 18
"""So much the events of one call hold together, about, before they hold less: some hundred receivers of a plain one."""
LONG_BYTES = 256
_SPAN_BYTES = 16
_RECEIVED = "OBJ_PID"
_OF_OTHER_LINES = frozenset({"argv", "citations", "cwd", "inode", "object", "object_from", "object_kind", "object_owner_uid", "replaced_inode"})  # fmt: skip
_Place = tuple[str, int, int]
_Line = tuple[str | None, _Place]


class Aims(NamedTuple):
    """The events to tell: of each the event of the scene, and its receiver among all that are listed, -1 for none.

    `number`: which of its event's it is; None where no event has several.
    """

    event: Ints
    row: Ints
    number: Ints | None


def aims(scene: Scene) -> Aims:
    """Each different process that each event signals, in order of line."""
    said, event = scene.listed("receivers")
    pid = np.asarray(pc.struct_field(said, "opid").fill_null(-1)).astype(np.int64)
    pairs = np.stack([event, pid], axis=1)
    rows = np.sort(np.unique(pairs, axis=0, return_index=True)[1]) if len(pairs) else event
    several = np.maximum(np.bincount(event[rows], minlength=scene.count), 1)
    target = np.full(scene.count, -1, np.int64)
    target[event[rows]] = rows
    if not (several > 1).any():
        return Aims(np.arange(scene.count), target, None)
    index = np.repeat(np.arange(scene.count), several)
    own = np.isin(index, event[rows])
    target = np.full(len(index), -1, np.int64)
    target[own] = rows
    return Aims(index, target, np.arange(len(index)) - np.repeat(np.cumsum(several) - several, several))


def told(scene: Scene, columns: dict[str, pa.Array], aims: Aims) -> dict[str, pa.Array]:
    """What events say, for each event to tell; of those of a large call only the first all of it."""
    count = np.bincount(aims.event, minlength=scene.count)
    large = (count > 1) & (count * _bytes(columns, scene.count) > MOST_COPIED_BYTES)
    spared = large[aims.event] & (aims.number != 0)
    at = pa.array(aims.event)
    if not spared.any():
        return {name: values.take(at) for name, values in columns.items()}
    made = {}
    for name, values in columns.items():
        left_out = spared if name in _OF_OTHER_LINES else spared & _long(values)[aims.event]
        made[name] = values.take(pa.array(aims.event, mask=left_out))
    made["citations"] = _cited(scene, made["citations"], aims, np.flatnonzero(spared))
    return made


def _bytes(columns: dict[str, pa.Array], count: int) -> Ints:
    """How many bytes each event holds that are not the same for all, about."""
    size = np.zeros(count, np.int64)
    for values in columns.values():
        if pa.types.is_list(values.type):
            size += np.asarray(pc.list_value_length(values).fill_null(0), np.int64) * _SPAN_BYTES
            words = pc.list_flatten(values)
            if pa.types.is_string(words.type):
                owner = np.asarray(pc.list_parent_indices(values)).astype(np.int64)
                size += np.bincount(owner, _lengths(words), count).astype(np.int64)
        elif pa.types.is_string(values.type) or pa.types.is_dictionary(values.type):
            size += _lengths(values)
    return size


def _long(values: pa.Array) -> Bools:
    """Which texts are too long to be held again."""
    if pa.types.is_string(values.type) or pa.types.is_dictionary(values.type):
        return _lengths(values) > LONG_BYTES
    return np.zeros(len(values), bool)


def _lengths(values: pa.Array) -> Ints:
    """Bytes of each text; 0 of a null."""
    if pa.types.is_dictionary(values.type):
        each = np.append(_lengths(values.dictionary), 0)
        return each[np.asarray(values.indices.fill_null(len(each) - 1), np.int64)]
    return np.asarray(pc.binary_length(values).fill_null(0), np.int64)


def _cited(scene: Scene, cited: pa.Array, aims: Aims, spared: Ints) -> pa.Array:
    """Citations, those of some events the lines without which these would say nothing."""
    with_file = cited.type.value_type.get_field_index("sha256") >= 0
    names = ("sha256", "start", "stop") if with_file else ("start", "stop")
    events = np.unique(aims.event[spared])
    heads = dict(zip(events.tolist(), _heads(scene, events), strict=True))
    made = []
    for event, line in zip(aims.event[spared].tolist(), _lines(scene, aims.row[spared]), strict=True):
        spans = dict.fromkeys((*heads[event], line))
        made.append([dict(zip(names, span[-len(names) :], strict=True)) for span in spans])
    number = np.arange(len(cited))
    number[spared] = len(cited) + np.arange(len(spared))
    return pa.concat_arrays([cited, pa.array(made, cited.type)]).take(pa.array(number))


def _heads(scene: Scene, events: Ints) -> Iterator[list[_Place]]:
    """Of each event its first line, the one that leads it, and that of its system call."""
    first, lead, call = (rows[events] for rows in (scene.begins, scene.lead, scene.call))
    kinds = scene.column("type").take(pa.array(lead)).to_pylist()
    told = (_of_lines(scene, rows) for rows in (first, lead, np.maximum(call, 0)))
    for row, kind, begun, leads, called in zip(call.tolist(), kinds, *told, strict=True):
        found = [(None, begun[0][1]), _first(leads, kind), *([_first(called, "SYSCALL")] if row >= 0 else [])]
        yield [place for _, place in found]


def _first(lines: list[_Line], kind: str) -> _Line:
    """The first line of a type; where none is said to be, the first."""
    return next((line for line in lines if line[0] == kind), lines[0])


def _lines(scene: Scene, receivers: Ints) -> Iterator[_Place]:
    """Where the line of each of some receivers lies; where its record does not say, that begins."""
    owner = np.asarray(pc.list_parent_indices(scene.column("receivers"))).astype(np.int64)
    own = owner[receivers]
    rows = np.unique(own)
    named = [[place for kind, place in lines if kind == _RECEIVED] for lines in _of_lines(scene, rows)]
    starts = [place for ((_, place), *_) in _of_lines(scene, rows)]
    known = dict(zip(rows.tolist(), zip(named, starts, strict=True), strict=True))
    for row, at in zip(own.tolist(), (receivers - np.searchsorted(owner, own)).tolist(), strict=True):
        lines, start = known[row]
        yield lines[at] if at < len(lines) else start


def _of_lines(scene: Scene, rows: Ints) -> Iterator[list[_Line]]:
    """The type and the place of each line of some records; a record that is one span has one, of no type."""
    at = pa.array(rows)
    columns = (scene.column(name).take(at).to_pylist() for name in ("types", "spans", "sha256"))
    for types, spans, sha256 in zip(*columns, strict=True):
        said = types if len(types) == len(spans) else [None] * len(spans)
        yield [(kind, (sha256, span["start"], span["stop"])) for kind, span in zip(said, spans, strict=True)]
