"""What readings of a host's own lists and settings fill alike: states that a file describes, told for each place.

Such a file is small. Each record is told once for each path of its file, in any number of events.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, hostevents
from forensics.core.clock import NS_PER_S, Interval
from forensics.core.hostevents import Placed
from forensics.core.tables import EVENT

Row = Mapping[str, object]
Say = Callable[[Row, str], Iterable[Row]]
"""What a record, and the path of its file on the host, tell: columns of `event` for each event.

Beside those: `at_s` and `lasts_s`, seconds since 1970 and how many seconds it can have been, or `wall`,
a local wall clock as written. An account that is null is `not_recorded` unless the event says otherwise.
"""

Numbers = npt.NDArray[np.int64]
SayTogether = Callable[[Placed], tuple[Numbers, dict[str, pa.Array]]]
"""What records tell together: of each event which row tells it, in their order, and columns of `event`, `account` among them."""

DAY_S = 86_400
MOST_SAID = 1 << 14
"""So many events are held as they are said, before they are put into columns."""
_LINES_TOGETHER = 1 << 8
_WHEN = {"at_s": pa.int64(), "lasts_s": pa.int64(), "wall": pa.string()}
_TYPES = _WHEN | {column.name: column.type for column in EVENT.columns}


def told(
    records: pa.Table,
    files: pa.Table,
    form: str,
    say: Say,
    *,
    zone: str = "UTC",
    layout: str | None = None,
    whose: Callable[[str | None], bool] | None = None,
) -> pa.Table:
    """The events of a format's records.

    Args:
        records: the format's table with `sha256` in front, in any order.
        files: schema `file`; holds every `sha256` of `records`.
        form: name of the format.
        say: what each record tells at each path; at least one event.
        zone: IANA zone of wall clocks.
        layout: `strptime` layout of `wall`.
        whose: whether what a file at a place says is about another root than the host's; it is told as such then.
    """
    rows = hostevents.placed(records, files, every_path=True)
    index, parts = [np.array([], np.int64)], list[dict[str, pa.Array]]()
    every = _said(rows, say, whose)
    # As columns a part at a time: a line can tell hundreds of thousands of events, and each takes a kilobyte as it is said.
    while said := list(itertools.islice(every, MOST_SAID)):
        index.append(np.array([n for n, _ in said], np.int64))
        parts.append(_columns([event for _, event in said]))
    columns = _joined(parts, [*_WHEN, "host", "account_absence"])
    when = _when([columns.pop(name) for name in _WHEN], zone=zone, layout=layout)
    return _events(rows, np.concatenate(index), columns, form, when)


def told_together(records: pa.Table, files: pa.Table, form: str, say: SayTogether) -> pa.Table:
    """The same of states without a time, said of all records at once: where a file can have a record on every two bytes.

    Args:
        records: as for `told`.
        files: the same.
        form: the same.
        say: what the records, each beside the file at one of its paths, tell.
    """
    rows = hostevents.placed(records, files, every_path=True)
    index, columns = say(rows)
    absence = hostevents.absence(columns["account"])
    none = pa.nulls(len(index), pa.int64())
    when = Interval(none, none)
    return _events(
        rows,
        index,
        {"host": pa.nulls(len(index), pa.string()), "account_absence": absence, **columns},
        form,
        when,
    )


def paths(rows: Placed) -> pa.DictionaryArray:
    """Where on its host the file of each row lay, or as it was collected where that does not show."""
    origin = rows.files["origin"]
    shown = pc.if_else(pc.equal(pc.fill_null(origin, ""), ""), rows.files["path"], origin)
    return shown.dictionary_encode()


def _events(
    rows: Placed, index: Numbers, columns: dict[str, pa.Array], form: str, when: Interval
) -> pa.Table:
    """Events as they were said, each with the record that says it."""
    taken = _taken(rows, index)
    columns["host"] = pc.coalesce(columns["host"], taken.files["host"])
    columns["domain"] = _domains(taken)
    times = hostevents.times(when, taken.files["host"], taken, form)
    return EVENT.build({**hostevents.columns(taken, form), **times, **columns})


def _said(rows: Placed, say: Say, whose: Callable[[str | None], bool] | None) -> Iterator[tuple[int, Row]]:
    """Each event that rows tell, and which row does."""
    held = paths(rows)
    known = held.dictionary.to_pylist()
    origins = rows.files["origin"].to_pylist() if whose else []
    for n, (line, at) in enumerate(zip(_lines(rows.lines), held.indices.to_pylist(), strict=True)):
        another = whose is not None and whose(origins[n])
        for event in say(line, known[at]):
            yield n, _of_another_root(event) if another else event


def _lines(rows: pa.RecordBatch) -> Iterator[Row]:
    """Rows, a few at a time: as Python has it, a list takes ten times what Arrow takes."""
    names = rows.schema.names
    for at in range(0, rows.num_rows, _LINES_TOGETHER):
        columns = [column.slice(at, _LINES_TOGETHER).to_pylist() for column in rows.columns]
        for values in zip(*columns, strict=True):
            yield dict(zip(names, values, strict=True))


def _columns(events: list[Row]) -> dict[str, pa.Array]:
    """What some events say, by column."""
    columns = {name: _column(name, events) for name in {name for event in events for name in event}}
    columns["account_absence"] = pa.array(
        [
            None if e.get("account") is not None else e.get("account_absence") or "not_recorded"
            for e in events
        ],
        pa.string(),
    )
    if "text" in columns:
        columns["text"] = hostevents.short(columns["text"])
    return columns


def _joined(parts: list[dict[str, pa.Array]], asked: Iterable[str]) -> dict[str, pa.Array]:
    """Columns of parts, together; null where a part lacks one, and where all lack one that is asked for."""
    sizes = [len(part["account_absence"]) for part in parts]
    names = sorted({*asked, *(name for part in parts for name in part)})
    return {
        name: pa.concat_arrays(
            [
                part[name] if name in part else pa.nulls(size, _TYPES[name])
                for part, size in zip(parts, sizes, strict=True)
            ]
            or [pa.nulls(0, _TYPES[name])]
        )
        for name in names
    }


def _of_another_root(event: Row) -> Row:
    """The same, without an account or a number that would be this host's."""
    kept = {name: event[name] for name in ("object_kind", "object", "at_s", "lasts_s") if name in event}
    who = event.get("account")
    said = f"{event['verb']}{f' {who}' if who is not None else ''}: {event.get('text') or ''}"
    return {
        "verb": "other",
        "account_absence": "not_applicable",
        "text": f"{hostevents.ANOTHER_ROOT}: {said}",
        **kept,
    }


def listed(found: object, *, between: str = ", ") -> str:
    """A list of words as a text; empty for none."""
    return between.join(str(word) for word in found) if isinstance(found, list) else ""


def _domains(taken: Placed) -> pa.Array:
    """Who could have forged each file: not root alone where it lies in somebody's home, or where anybody writes."""
    domains, held = (
        taken.files["domain"],
        pc.coalesce(taken.files["origin"], taken.files["path"]).dictionary_encode(),
    )
    loose = pa.array([hostevents.writable(path) for path in held.dictionary.to_pylist()], pa.bool_()).take(
        held.indices
    )
    anybodys = pc.replace_substring_regex(domains, ":root\\z", ":user")
    return pc.if_else(loose, anybodys, domains)


def _column(name: str, events: list[Row]) -> pa.Array:
    return pa.array([event.get(name) for event in events], _TYPES[name])


def _taken(rows: Placed, index: Numbers) -> Placed:
    """The rows of each event, with an id of its own where a span tells several."""
    at = pa.array(index, pa.int64())
    # Of the lines only where they lie: of one that tells very many events its words would come as often.
    lines, files = (
        pa.RecordBatch.from_arrays([column.take(at) for column in batch.columns], schema=batch.schema)
        for batch in (rows.lines.select(["sha256", "start", "stop"]), rows.files)
    )
    return Placed(lines, files, hostevents.several(lines, _parts(lines)))


def _parts(lines: pa.RecordBatch) -> pa.Array:
    """Of each span that comes again, which of those it is, from 0; null where it comes once."""
    file = lines["sha256"].dictionary_encode().indices
    spans = [np.asarray(column, np.int64) for column in (lines["stop"], lines["start"], file)]
    order = np.lexsort(spans)
    new = np.ones(len(order), bool)
    new[1:] = np.any([np.diff(span[order]) != 0 for span in spans], axis=0)
    first = np.flatnonzero(new)
    count = np.diff(np.append(first, len(order)))
    part, many = np.empty(len(order), np.int64), np.empty(len(order), bool)
    part[order] = np.arange(len(order)) - np.repeat(first, count)
    many[order] = np.repeat(count > 1, count)
    return pa.array(part, mask=~many)


def _when(said: list[pa.Array], *, zone: str, layout: str | None) -> Interval:
    """The interval of each event by when it was, how long, and its wall clock; one whose end int64 cannot hold has none."""
    at_s, lasts_s, wall = said
    start, lasts = clock.epoch(at_s), pc.fill_null(lasts_s, 1)
    longest = 2**63 // NS_PER_S - 2 * DAY_S
    sound = pc.fill_null(pc.less(pc.abs(pc.divide(start.earliest_ns, NS_PER_S)), longest), False)
    first = pc.if_else(sound, start.earliest_ns, pa.scalar(None, pa.int64()))
    last = pc.add(first, pc.subtract(pc.multiply(lasts, NS_PER_S), 1))
    if layout is None:
        return Interval(first, last)
    read = clock.walls(wall, layout=layout, zone=zone, tick_ns=NS_PER_S)
    return Interval(pc.coalesce(first, read.earliest_ns), pc.coalesce(last, read.latest_ns))
