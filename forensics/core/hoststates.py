"""What readings of a host's own lists and settings fill alike: states that a file describes, told for each place.

Such a file is small. Each record is told once for each path of its file, in any number of events.
"""

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, hostevents, ids
from forensics.core.clock import NS_PER_S, Interval
from forensics.core.hostevents import Placed
from forensics.core.tables import EVENT

Row = Mapping[str, object]
Say = Callable[[Row, str], Iterable[Row]]
"""What a record, and the path of its file on the host, tell: columns of `event` for each event.

Beside those: `at_s` and `lasts_s`, seconds since 1970 and how many seconds it can have been, or `wall`,
a local wall clock as written. An account that is null is `not_recorded` unless the event says otherwise.
"""

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
    index, parts = list[int](), list[dict[str, pa.Array]]()
    every = _said(rows, say, whose)
    # As columns a part at a time: a line can tell hundreds of thousands of events, and each takes a kilobyte as it is said.
    while said := list(itertools.islice(every, MOST_SAID)):
        index += [n for n, _ in said]
        parts.append(_columns([event for _, event in said]))
    taken = _taken(rows, index)
    columns = _joined(parts, [*_WHEN, "host", "account_absence"])
    when = _when([columns.pop(name) for name in _WHEN], zone=zone, layout=layout)
    columns["host"] = pc.coalesce(columns["host"], taken.files["host"])
    columns["domain"] = _domains(taken)
    times = hostevents.times(when, taken.files["host"], taken, form)
    return EVENT.build({**hostevents.columns(taken, form), **times, **columns})


def _said(rows: Placed, say: Say, whose: Callable[[str | None], bool] | None) -> Iterator[tuple[int, Row]]:
    """Each event that rows tell, and which row does."""
    held = rows.files.to_pylist()
    for n, (line, file) in enumerate(zip(_lines(rows.lines), held, strict=True)):
        path = str(file["origin"] or file["path"])
        another = whose is not None and whose(file["origin"])
        for event in say(line, path):
            yield n, _of_another_root(event) if another else event


def _lines(rows: pa.RecordBatch) -> Iterator[Row]:
    """Rows, a few at a time: as Python has it, a list takes ten times what Arrow takes."""
    for at in range(0, rows.num_rows, _LINES_TOGETHER):
        yield from rows.slice(at, _LINES_TOGETHER).to_pylist()


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
    domains = taken.files["domain"].to_pylist()
    paths = pc.coalesce(taken.files["origin"], taken.files["path"]).to_pylist()
    return pa.array(
        [
            domain.removesuffix(":root") + ":user"
            if domain and domain.endswith(":root") and hostevents.writable(path)
            else domain
            for domain, path in zip(domains, paths, strict=True)
        ],
        pa.string(),
    )


def _column(name: str, events: list[Row]) -> pa.Array:
    return pa.array([event.get(name) for event in events], _TYPES[name])


def _taken(rows: Placed, index: list[int]) -> Placed:
    """The rows of each event, with an id of its own where a span tells several."""
    at = pa.array(index, pa.int64())
    # Of the lines only where they lie: of one that tells very many events its words would come as often.
    lines, files = (
        pa.RecordBatch.from_arrays([column.take(at) for column in batch.columns], schema=batch.schema)
        for batch in (rows.lines.select(["sha256", "start", "stop"]), rows.files)
    )
    sha256, start, stop = (rows.lines[name].to_pylist() for name in ("sha256", "start", "stop"))
    spans: list[tuple[str, int, int]] = list(zip(sha256, start, stop, strict=True))
    count, seen = Counter(spans[n] for n in index), Counter[tuple[str, int, int]]()
    names = []
    for n in index:
        span = spans[n]
        names.append(ids.event_id(*span, part=seen[span] if count[span] > 1 else None))
        seen[span] += 1
    return Placed(lines, files, pa.array(names, pa.string()))


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
