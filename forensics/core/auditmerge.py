"""Lines of an audit trail put together into records: by host, millisecond and serial."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import auditcolumns, auditfields, auditlayout, lines
from forensics.core.auditcolumns import Slots
from forensics.core.auditforms import Forms
from forensics.core.auditkeys import (
    ARGUMENTS,
    AUID,
    CALL,
    KINDS,
    MESSAGE,
    NONE,
    PATHS,
    RECEIVERS,
    TARGETS,
    leads,
)
from forensics.core.auditpage import RECORD, Heads, Page
from forensics.core.auditpieces import Arguments, Left, Piece
from forensics.core.auditpool import Pool
from forensics.core.auditrecord import PATH, RECEIVER
from forensics.core.audittext import Bools, Ints

_UNSET_ID = 4_294_967_295
_LAST_TICK_NS = 999_999
_FIRST_CALL, _FIRST_LINE = 1, 2
_forms = Forms()


class Cast(NamedTuple):
    """Rows (lines that are records, in order of place), their events, and what part each line plays.

    `order`: rows sorted by event, then place. `begins`: where each event begins in `order`. `lead`,
    `call`: the row that leads each event and its first SYSCALL, or -1. `kind`: see `auditkeys`.
    """

    line: Ints
    event: Ints
    order: Ints
    begins: Ints
    lead: Ints
    call: Ints
    kind: Ints


def cast(heads: Heads) -> Cast:
    """Find the events and the parts that their lines play."""
    line = np.flatnonzero(heads.why == RECORD)
    event = _events(heads, line)
    order = np.arange(len(line)) if (np.diff(event) >= 0).all() else np.argsort(event, kind="stable")
    begins = np.flatnonzero(np.diff(event[order], prepend=-1))
    kinds = np.array([KINDS.get(name, MESSAGE) for name in heads.types] or [NONE])
    ranks = np.array([0 if leads(name) else _FIRST_CALL if name == "SYSCALL" else _FIRST_LINE for name in heads.types] or [0])  # fmt: skip
    kind, rank = kinds[heads.type[line]], ranks[heads.type[line]]
    first = np.minimum.reduceat(rank[order] * len(line) + order, begins) if len(line) else begins
    lead = first % max(len(line), 1)
    calls = np.where(kind[order] == CALL, order, len(line))
    call = np.minimum.reduceat(calls, begins) if len(line) else begins
    call = np.where(call < len(line), call, -1)
    free = (kind == MESSAGE) | (kind == CALL)
    free[lead] = False
    free[call[call >= 0]] = False
    kind[free] = NONE
    return Cast(line, event, order, begins, lead, call, kind)


def _events(heads: Heads, line: Ints) -> Ints:
    """The number of each line's event; events are numbered by their first line."""
    keys = [heads.node[line], heads.serial[line], heads.earliest_ns[line]]
    new = np.zeros(len(line), bool)
    new[:1] = True
    for key in keys:
        new[1:] |= key[1:] != key[:-1]
    runs = np.flatnonzero(new)
    order = np.lexsort((runs, *(key[runs] for key in keys)))
    same = np.zeros(len(order), bool)
    same[1:] = True
    for key in keys:
        held = key[runs[order]]
        same[1:] &= held[1:] == held[:-1]
    if not same.any():
        return np.asarray(np.cumsum(new) - 1)
    # The first run of an event comes first among its own, as the sort is stable.
    group = np.cumsum(~same) - 1
    number: Ints = np.empty(len(runs), np.int64)
    number[order] = np.argsort(np.argsort(order[~same], kind="stable"), kind="stable")[group]
    return np.asarray(number[np.cumsum(new) - 1])


def records(cut: Page, heads: Heads, base: int) -> dict[str, pa.Array]:
    """The columns of every record of a page.

    Args:
        cut: the page.
        heads: of its lines.
        base: offset of its first byte in the file.
    """
    scene = cast(heads)
    pool = Pool(cut.raw, cut.hold)
    _forms.page()
    laid = auditlayout.read(
        cut, pool, _forms, scene.line, scene.kind, heads.type[scene.line], 2 + (heads.node[scene.line] >= 0)
    )
    laid = laid.without(_losers(scene, laid.pieces)[0])
    while True:
        slow = _by_rules(cut, pool, heads, scene, laid.read)
        rows, tokens = _losers(scene, [*laid.pieces, *(piece for each in slow for piece in each.pieces)])
        if not len(rows):
            break
        laid = laid.without(rows)
    slow = [each.without(tokens) for each in slow]
    pieces = _by_target([*laid.pieces, *(piece for each in slow for piece in each.pieces)])
    left = [*laid.left, *(text for each in slow for text in each.left(pool))]
    return {
        **_heads(cut, heads, scene, base),
        **_flat(pool, scene, pieces),
        **_argv(scene, [*laid.arguments, *(told for each in slow for told in each.arguments)]),
        "paths": _listed(pool, scene, pieces, left, PATHS, PATH),
        "receivers": _listed(pool, scene, pieces, left, RECEIVERS, RECEIVER),
        **_rest(pool, heads, scene, left),
    }


def _by_rules(cut: Page, pool: Pool, heads: Heads, scene: Cast, done: Bools) -> list[auditfields.Read]:
    """Read the rows that no layout took."""
    rows = np.flatnonzero(~done)
    line = scene.line[rows]
    found: list[auditfields.Read] = []
    first = 0
    for fields, at in auditfields.of_page(cut, line, heads.body[line], 2 + (heads.node[line] >= 0)):
        own = rows[at]
        found.append(auditfields.read(fields, pool, own, scene.kind[own], first))
        first += len(found[-1].claimed)
    return found


def _losers(scene: Cast, pieces: list[Piece]) -> tuple[Ints, Ints]:
    """Values that find their column taken: by the leading line, then the system call, then the earlier line.

    Returns:
        The rows of those that were read by layout, and the fields of those that were read by rule.
    """
    rows, tokens = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    twice: dict[tuple[int, ...], bool] = {}  # many columns stand in the same rows
    for same in _by_target(pieces).values():
        if TARGETS[same[0].target].within != MESSAGE:
            continue
        known = tuple(id(piece.row) for piece in same)
        if known not in twice:
            twice[known] = _met_twice(scene, [piece.row for piece in same])
        if not twice[known]:
            continue
        row = np.concatenate([piece.row for piece in same])
        event = scene.event[row]
        rank = np.where(row == scene.lead[event], 0, np.where(row == scene.call[event], 1, 2))
        order = np.lexsort((row, rank, event))
        lost = order[np.flatnonzero(np.diff(event[order], prepend=-1) == 0)]
        token = np.concatenate([np.full(len(p.row), -1) if p.token is None else p.token for p in same])
        rows.append(row[lost[token[lost] < 0]])
        tokens.append(token[lost[token[lost] >= 0]])
    return np.unique(np.concatenate(rows)), np.concatenate(tokens)


def _met_twice(scene: Cast, rows: list[Ints]) -> bool:
    """Whether two of some rows are of one event."""
    return bool((np.bincount(scene.event[rows[0] if len(rows) == 1 else np.concatenate(rows)]) > 1).any())


def _by_target(pieces: list[Piece]) -> dict[int, list[Piece]]:
    found: dict[int, list[Piece]] = {}
    for piece in pieces:
        if len(piece.row):
            found.setdefault(piece.target, []).append(piece)
    return found


def _heads(cut: Page, heads: Heads, scene: Cast, base: int) -> dict[str, pa.Array]:
    """Whose lines, when, which, and where they stand."""
    first = scene.line[scene.order[scene.begins]]
    every = scene.line[scene.order]
    bounds = _bounds(scene.begins, len(every))
    spans = pa.StructArray.from_arrays(
        [pa.array(cut.start[every] + base), pa.array(cut.stop[every] + base)], ["start", "stop"]
    )
    when = heads.earliest_ns[first]
    return {
        # The last is that of no host.
        "node": auditcolumns.dictionary(heads.node[first], [*heads.nodes, None]),
        "type": auditcolumns.dictionary(heads.type[scene.line[scene.lead]], heads.types),
        "types": pa.ListArray.from_arrays(bounds, auditcolumns.dictionary(heads.type[every], heads.types)),
        "earliest_ns": pa.array(when),
        "latest_ns": pa.array(when + _LAST_TICK_NS),
        "serial": pa.array(heads.serial[first]),
        "start": pa.array(cut.start[first] + base),
        "stop": pa.array(cut.stop[first] + base),
        "spans": pa.ListArray.from_arrays(bounds, spans),
    }


def _bounds(begins: Ints, count: int) -> pa.Array:
    return pa.array(np.append(begins, count).astype(np.int32))


def _flat(pool: Pool, scene: Cast, pieces: Mapping[int, list[Piece]]) -> dict[str, pa.Array]:
    """The flat columns, one value for each event."""
    built: dict[str, pa.Array] = {}
    slots = Slots(scene.event, len(scene.begins))
    for target, same in pieces.items():
        about = TARGETS[target]
        if about.within != MESSAGE:
            continue
        if about.written in {"number", "id"}:
            numbers, known = auditcolumns.spread(same, slots)
            was_set = known & (numbers != _UNSET_ID) & (numbers != -1)
            if target == AUID:
                built["auid_set"] = pa.array(was_set, mask=~known)
            built[about.name] = pa.array(numbers, mask=~(was_set if about.written == "id" else known))
        else:
            built[about.name] = auditcolumns.values(pool, _forms, target, same, slots)
    if "proctitle" in built:
        built["proctitle"] = pc.replace_substring(built["proctitle"], "\0", " ")
    return built


def _whole(arrays: list[pa.Array]) -> pa.Array:
    return arrays[0] if len(arrays) == 1 else pa.concat_arrays(arrays)


def _listed(
    pool: Pool,
    scene: Cast,
    pieces: Mapping[int, list[Piece]],
    left: list[Left],
    kind: int,
    struct: pa.StructType,
) -> pa.Array:
    """The PATH or OBJ_PID lines of each event as a list; null where there is none."""
    own = scene.order[scene.kind[scene.order] == kind]
    slot = np.full(len(scene.line), -1, np.int64)
    slot[own] = np.arange(len(own))
    slots, found = Slots(slot, len(own)), {}
    for target, same in pieces.items():
        about = TARGETS[target]
        if about.within == kind and about.written in {"number", "id"}:
            numbers, known = auditcolumns.spread(same, slots)
            if about.written == "id":
                known &= (numbers != _UNSET_ID) & (numbers != -1)
            found[about.name] = pa.array(numbers, mask=~known)
        elif about.within == kind:
            found[about.name] = auditcolumns.values(pool, _forms, target, same, slots)
    found["fields"] = auditcolumns.texts(pool, left, slots)
    there = {name: column for name, column in found.items() if not pa.types.is_null(column.type)}
    columns = [there.get(field.name, pa.nulls(len(own), field.type)) for field in struct]
    rows = pa.StructArray.from_arrays(columns, names=struct.names)
    count = np.bincount(scene.event[own], minlength=len(scene.begins))
    return pa.ListArray.from_arrays(
        _bounds(np.cumsum(count) - count, len(own)), rows, mask=pa.array(count == 0)
    )


def _rest(pool: Pool, heads: Heads, scene: Cast, left: list[Left]) -> dict[str, pa.Array]:
    """What is left of the leading lines, and of the others that have no place of their own."""
    leading = np.full(len(scene.line), -1, np.int64)
    listed = (scene.kind == PATHS) | (scene.kind == RECEIVERS)
    leading[scene.lead] = np.arange(len(scene.lead))
    leading[listed] = -1
    other = np.full(len(scene.line), -1, np.int64)
    other[scene.order] = np.arange(len(scene.order))
    other[(leading >= 0) | listed] = -1
    text = auditcolumns.texts(pool, left, Slots(other, len(scene.order)))
    held = np.flatnonzero(np.asarray(text.is_valid()))
    row = scene.order[held]
    types = pa.array(heads.types, pa.string()).take(pa.array(heads.type[scene.line[row]]))
    more = pc.binary_join_element_wise(types, text.take(pa.array(held)), " ")
    count = np.bincount(scene.event[row], minlength=len(scene.begins))
    return {
        "fields": auditcolumns.texts(pool, left, Slots(leading, len(scene.lead))),
        "more": pa.ListArray.from_arrays(
            _bounds(np.cumsum(count) - count, len(row)), more, mask=pa.array(count == 0)
        ),
    }


def _argv(scene: Cast, told: list[Arguments]) -> dict[str, pa.Array]:
    """The arguments of each event in order of line, and their places where those are not 0, 1, 2 and so on."""
    none = np.zeros(0, np.int64)
    told = told or [Arguments(none, none, pa.array([], pa.binary()))]
    row, place = (np.concatenate([getattr(piece, name) for piece in told]) for name in ("row", "place"))
    word = lines.shown(_whole([piece.word for piece in told]))
    event = scene.event[row]
    key = event * max(len(scene.line), 1) + row
    if not (np.diff(key) >= 0).all():
        order = np.argsort(key, kind="stable")
        event, place, word = event[order], place[order], word.take(pa.array(order))
    count = np.bincount(event, minlength=len(scene.begins))
    starts = np.cumsum(count) - count
    bounds = _bounds(starts, len(word))
    odd = np.zeros(len(scene.begins), bool)
    odd[event[place != np.arange(len(place)) - starts[event]]] = True
    execve = np.zeros(len(scene.begins), bool)
    execve[scene.event[scene.kind == ARGUMENTS]] = True
    return {
        "argv": pa.ListArray.from_arrays(bounds, word, mask=pa.array(~execve)),
        "argv_places": pa.ListArray.from_arrays(bounds, pa.array(place), mask=pa.array(~odd)),
    }
