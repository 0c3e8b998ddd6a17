"""What readings of a host's own lists and settings fill alike: states that a file describes, told for each place.

Such a file is small. Each record is told once for each path of its file, in any number of events.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

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
_OWN = {"at_s", "lasts_s", "wall"}
_FILLED = {"host", "account_absence"}


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
    held = rows.files.to_pylist()
    said = [
        (n, event)
        for n, (line, file) in enumerate(zip(rows.lines.to_pylist(), held, strict=True))
        for event in (
            say(line, str(file["origin"] or file["path"]))
            if whose is None or not whose(file["origin"])
            else map(_of_another_root, say(line, str(file["origin"])))
        )
    ]
    taken = _taken(rows, [n for n, _ in said])
    events = [event for _, event in said]
    own = {name for event in events for name in event} - _OWN - _FILLED
    columns: dict[str, object] = {name: _column(name, events) for name in sorted(own)}
    columns["host"] = pc.coalesce(_column("host", events), taken.files["host"])
    columns["account_absence"] = pa.array(
        [
            None if e.get("account") is not None else e.get("account_absence") or "not_recorded"
            for e in events
        ],
        pa.string(),
    )
    if "text" in columns:
        columns["text"] = hostevents.short(columns["text"])
    columns["domain"] = _domains(taken)
    when = _when(events, zone=zone, layout=layout)
    times = hostevents.times(when, taken.files["host"], taken, form)
    return EVENT.build({**hostevents.columns(taken, form), **times, **columns})


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
    declared = {column.name: column.type for column in EVENT.columns}
    return pa.array([event.get(name) for event in events], declared[name])


def _taken(rows: Placed, index: list[int]) -> Placed:
    """The rows of each event, with an id of its own where a span tells several."""
    at = pa.array(index, pa.int64())
    # Of the lines only where they lie: of one that tells very many events its words would come as often.
    lines, files = (
        pa.RecordBatch.from_arrays([column.take(at) for column in batch.columns], schema=batch.schema)
        for batch in (rows.lines.select(["sha256", "start", "stop"]), rows.files)
    )
    spans = [(row["sha256"], row["start"], row["stop"]) for row in lines.to_pylist()]
    count, seen = Counter(spans), Counter[tuple[str, int, int]]()
    names = []
    for span in spans:
        names.append(ids.event_id(*span, part=seen[span] if count[span] > 1 else None))
        seen[span] += 1
    return Placed(lines, files, pa.array(names, pa.string()))


def _when(events: list[Row], *, zone: str, layout: str | None) -> Interval:
    """The interval of each event; one whose end int64 cannot hold has none."""
    start = clock.epoch(pa.array([event.get("at_s") for event in events], pa.int64()))
    lasts = pa.array([event.get("lasts_s", 1) for event in events], pa.int64())
    longest = 2**63 // NS_PER_S - 2 * DAY_S
    sound = pc.fill_null(pc.less(pc.abs(pc.divide(start.earliest_ns, NS_PER_S)), longest), False)
    first = pc.if_else(sound, start.earliest_ns, pa.scalar(None, pa.int64()))
    last = pc.add(first, pc.subtract(pc.multiply(lasts, NS_PER_S), 1))
    if layout is None:
        return Interval(first, last)
    walls = pa.array([event.get("wall") for event in events], pa.string())
    read = clock.walls(walls, layout=layout, zone=zone, tick_ns=NS_PER_S)
    return Interval(pc.coalesce(first, read.earliest_ns), pc.coalesce(last, read.latest_ns))
