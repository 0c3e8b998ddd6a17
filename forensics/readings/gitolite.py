"""What the git server's log is taken to tell: who pushed what, from where, and what was refused.

The account is the one whose key opened the connection, so it is authenticated by the server; whoever
administers the server, or its key directory, could have forged it. In a `bypass` the name is a
variable of a local process, so no account is given. An update is written just before git moves the
ref, which may still fail: the reflog of the repository says whether it moved. A request that the log's rotation
tears is put together where its files are read together, which logs of more than some 64 MB are not.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import citation, clock, neighbours
from forensics.core.citation import column
from forensics.core.tables import EVENT
from forensics.core.tabular import pandas as pd

NOTED = ("sha256", "wall", "pid", "kind", "denied", "address", "start", "stop")
"""Lines of one request lie among those of others."""
NEEDS_ANCHOR = False
ONCE = True

_LONGEST_REQUEST_NS = 3600 * clock.NS_PER_S
"""So long after its opening a request can go on in the next file; a pid comes round again."""
_OPENERS = ("ssh", "http")
_MARK = -1
"""In place of a pid: no line, but when a file began."""
_COMMAND = r"^git[- ](?P<verb>upload|receive)-pack '?/?(?P<repository>[^'\t]*?)(?:\.git)?/?'?$"
_CHANGES = ("W", "+", "C", "D", "WM", "+M")
_LONGEST_TEXT = 4096
_NO_TEXT = pa.scalar(None, pa.string())

_Flags = npt.NDArray[np.bool_]
_Rows = npt.NDArray[np.int64]


class _Request(NamedTuple):
    """The request that each line belongs to: the row that opened it, or -1, and what was refused in it."""

    opener: _Rows
    refused: _Flags
    told: _Flags


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
    notes: pa.Table | None = None,
) -> Mapping[str, pa.Table]:
    """One event for each line; a push also cites the line that opened its connection."""
    rows, own, began = _with_lacked(records, notes)
    lines, series = _in_order(rows, files, began)
    when = clock.walls(lines["wall"], layout="%Y-%m-%d.%H:%M:%S", zone=zone, tick_ns=clock.NS_PER_S)
    request = _requests(lines, series, when)
    asked = pc.extract_regex(lines["command"], pattern=_COMMAND)
    verb, outcome = _verbs(lines, request, pc.struct_field(asked, "verb"))
    host, domain = (_placed(lines, files, column) for column in ("host", "domain"))
    source = pc.binary_join_element_wise(pc.coalesce(host, domain), "gitolite", ":")
    bypass = pc.fill_null(pc.equal(lines["access"], "bypass"), False)
    account = pc.if_else(bypass, _NO_TEXT, lines["user"])
    ref = pc.if_else(pc.fill_null(pc.equal(lines["ref"], "any"), False), _NO_TEXT, lines["ref"])
    opener = pa.array(request.opener, mask=request.opener < 0)
    event = EVENT.build(
        {
            "event_id": _ids(lines),
            "earliest_ns": when.earliest_ns,
            "latest_ns": when.latest_ns,
            "clock": pc.if_else(pc.is_valid(when.earliest_ns), source, _NO_TEXT),
            "format": ["gitolite"] * lines.num_rows,
            "domain": domain,
            "verb": verb,
            "outcome": outcome,
            "host": host,
            "account": account,
            "account_absence": pc.if_else(pc.is_valid(account), _NO_TEXT, "not_recorded"),
            "pid": lines["pid"],
            "address": lines["address"].take(opener),
            "object_kind": pc.if_else(pc.is_valid(ref), "ref", _NO_TEXT),
            "object": ref,
            "object_from": lines["old"],
            "repository": pc.coalesce(lines["repository"], pc.struct_field(asked, "repository")),
            "text": _text(lines, pc.equal(verb, "push"), bypass),
            "citations": _citations(lines, request.opener),
            **{name: lines[name] for name in ("sha256", "start", "stop")},
        }
    )
    return {"event": event if own is None else event.filter(pc.is_in(event["event_id"], own))}


def _with_lacked(
    records: pa.Table, notes: pa.Table | None
) -> tuple[pa.Table, pa.Array | None, Mapping[str, str]]:
    """Records with the lines that they lack; the ids of the records' own events, where there are others; when files began, as noted."""
    if notes is None or not len(notes):
        return records, None, {}
    marks = pc.equal(notes["pid"], _MARK)
    began = notes.filter(marks).select(["sha256", "wall"]).to_pydict()
    rows, _ = neighbours.among(records, notes.filter(pc.invert(marks)).drop_columns(["begins"]))
    ids = citation.named(citation.spans(records))
    return rows, ids, dict(zip(began["sha256"], began["wall"], strict=True))


def noted(records: pa.Table) -> pa.Table:
    """The lines of a slice that others can lack, or that say what those lack, and whether each begins a request.

    That is the first and the last line of each process in each file; and of the first and the last of its requests there the first line,
    the first refusal, and the first that does not end it.
    """
    rows, _ = neighbours.among(records, None)
    denied, dies = np.asarray(pc.is_valid(column(rows, "denied")), bool), _flags(_is(rows, "die"))
    of = pd.DataFrame({name: column(rows, name).to_pandas() for name in ("sha256", "pid")})
    process = of.groupby(["sha256", "pid"], sort=False).ngroup()
    ended = pd.Series(_flags(_is(rows, "END"))).groupby(process).shift(fill_value=False)
    begins = pd.Series(_flags(_is(rows, *_OPENERS))) | ended
    request = begins.astype("int64").groupby(process).cumsum()
    ends = request.groupby(process).agg(["min", "max"]).loc[process]
    outer = (request.to_numpy() == ends["min"].to_numpy()) | (request.to_numpy() == ends["max"].to_numpy())
    one = pd.DataFrame({"process": process, "request": request})
    held = [np.flatnonzero(~process.duplicated(keep=which)) for which in ("first", "last")]
    for marked in (outer, outer & denied, outer & denied & ~dies):
        at = np.flatnonzero(marked)
        held.append(at[~one.iloc[at].duplicated().to_numpy()])
    at = np.unique(np.concatenate(held))
    return (
        rows.select(NOTED)
        .append_column("begins", pa.array(begins.to_numpy(bool)))
        .take(pa.array(at, pa.int64()))
    )


def _is(rows: pa.Table, *kinds: str) -> pa.Array:
    return pc.is_in(column(rows, "kind"), pa.array(kinds))


class _Open:
    """A request that has not ended: the lines that others of it can lack, each with its slice, and all its slices.

    What stands in another file can be of another request, as the clocks say, so lines are kept for each file anew.
    """

    def __init__(self) -> None:
        self.kept: dict[tuple[object, str], tuple[int, neighbours.Row]] = {}
        self.slices: set[int] = set()

    def add(self, number: int, row: neighbours.Row) -> None:
        self.slices.add(number)
        held, file = (number, row), row["sha256"]
        self.kept.setdefault((file, "first"), held)
        self.kept[file, "last"] = held
        if row["denied"] is not None:
            self.kept.setdefault((file, "denied"), held)
            if row["kind"] != "die":
                self.kept.setdefault((file, "refused"), held)

    def lacked(self) -> Iterator[tuple[int, neighbours.Row]]:
        """What each of its slices lacks, by number."""
        kept = {(row["sha256"], row["start"]): (of, row) for of, row in self.kept.values()}
        if len(self.slices) > 1:
            yield from ((n, row) for n in sorted(self.slices) for of, row in kept.values() if of != n)


def lacking(several: Sequence[pa.Table], files: pa.Table) -> Iterator[tuple[int, pa.Table]]:
    """The lines of its requests that a slice lacks; and when files began, where lines of several are told together.

    Held are requests that have not ended, and when each file began.
    """
    began: dict[str, str] = {}
    slices: dict[str, list[int]] = defaultdict(list)
    for number, notes in enumerate(several):
        first = notes.group_by("sha256").aggregate([("wall", "min")]).to_pydict()
        for sha256, wall in zip(first["sha256"], first["wall_min"], strict=True):
            began[sha256] = min(began.get(sha256, wall), wall)
            slices[sha256].append(number)
    folder = _folders(began, files)
    open_: dict[tuple[str, object], _Open] = {}
    of: dict[int, set[str]] = defaultdict(set)
    for sha256 in sorted(began, key=lambda sha256: (folder[sha256], began[sha256], sha256)):
        for number in slices[sha256]:
            notes = several[number]
            lacked = list(
                _ended(open_, folder[sha256], number, notes.filter(pc.equal(notes["sha256"], sha256)))
            )
            of[number].add(sha256)
            yield from _given(lacked, of, notes)
    yield from _given([one for request in open_.values() for one in request.lacked()], of, several[0])
    like = several[0]
    for number, named in of.items():
        if len(named) > 1:
            marks = (
                {"sha256": sha256, "wall": began[sha256], "pid": _MARK, "start": 0, "stop": 0}
                for sha256 in sorted(named)
            )
            yield number, neighbours.table(marks, like)


def _ended(
    open_: dict[tuple[str, object], _Open], folder: str, number: int, notes: pa.Table
) -> Iterator[tuple[int, neighbours.Row]]:
    """What slices lack of the requests that lines of one end, or that those lines follow."""
    for row in notes.to_pylist():
        key = folder, row["pid"]
        if row["begins"] and key in open_:
            yield from open_.pop(key).lacked()
        request = open_.setdefault(key, _Open())
        request.add(number, row)
        if row["kind"] == "END":
            yield from open_.pop(key).lacked()


def _given(
    lacked: Sequence[tuple[int, neighbours.Row]], of: dict[int, set[str]], like: pa.Table
) -> Iterator[tuple[int, pa.Table]]:
    """What slices lack, by number, as tables; and it is kept of which files each tells lines."""
    rows: dict[int, list[neighbours.Row]] = defaultdict(list)
    for number, row in lacked:
        rows[number].append(row)
        of[number].add(str(row["sha256"]))
    yield from ((number, neighbours.table(held, like)) for number, held in rows.items())


def _folders(began: Mapping[str, str], files: pa.Table) -> dict[str, str]:
    """The folder of each file, by the first of its paths."""
    paths = files.sort_by([("sha256", "descending"), ("path", "descending")])
    place = dict(zip(*(paths[c].to_pylist() for c in ("sha256", "path")), strict=True))
    return {sha256: str(place.get(sha256, sha256)).rpartition("/")[0] for sha256 in began}


def _in_order(records: pa.Table, files: pa.Table, noted: Mapping[str, str]) -> tuple[pa.RecordBatch, _Rows]:
    """The lines by log, file and position, each column in one piece; and which log each belongs to.

    A log is turned over while requests are served, so the files of one folder are one log, in order of their first line.
    """
    first = records.group_by("sha256").aggregate([("wall", "min")]).to_pydict()
    began = {**dict(zip(first["sha256"], first["wall_min"], strict=True)), **noted}
    folder = _folders(began, files)
    ranked = sorted(began, key=lambda sha256: (folder[sha256], began[sha256], sha256))
    rank = {sha256: i for i, sha256 in enumerate(ranked)}
    number = {name: i for i, name in enumerate(sorted(set(folder.values())))}
    encoded = pc.dictionary_encode(records["sha256"].combine_chunks())
    names, code = encoded.dictionary.to_pylist(), np.asarray(encoded.indices, np.int64)
    ranks = np.array([rank[name] for name in names], np.int64)[code]
    order = np.lexsort((records["start"].to_numpy(), ranks))
    ordered = records.take(pa.array(order, pa.int64()))
    pieces = [pa.concat_arrays(c.chunks) if c.num_chunks else pa.array([], c.type) for c in ordered.columns]
    series = np.array([number[folder[name]] for name in names], np.int64)[code][order]
    return pa.RecordBatch.from_arrays(pieces, schema=ordered.schema), series


def _flags(column: pa.Array) -> _Flags:
    return np.asarray(pc.fill_null(column, False), bool)


def _placed(lines: pa.RecordBatch, files: pa.Table, column: str) -> pa.Array:
    """Host or domain of each line's file, by the first of its paths."""
    first = files.sort_by([("sha256", "descending"), ("path", "descending")])
    known = dict(zip(first["sha256"].to_pylist(), first[column].to_pylist(), strict=True))
    encoded = lines["sha256"].dictionary_encode()
    values = pa.array([known.get(sha256) for sha256 in encoded.dictionary.to_pylist()], pa.string())
    return values.take(encoded.indices)


def _requests(lines: pa.RecordBatch, series: _Rows, when: clock.Interval) -> _Request:
    """Which lines belong together.

    Pids come round again: a request is the lines of one pid from one opening, or from the end of the
    request before, to its end. What stands in a later file is of the opening before only if it follows soon.
    """
    sha256, pid = lines["sha256"].to_pandas(), lines["pid"].to_pandas()
    opens = _flags(pc.is_in(lines["kind"], pa.array(_OPENERS)))
    dies = _flags(pc.equal(lines["kind"], "die"))
    denied = np.asarray(pc.is_valid(lines["denied"]), bool)
    ended = pd.Series(_flags(pc.equal(lines["kind"], "END"))).groupby([series, pid]).shift(fill_value=False)
    moment = pd.Series(np.asarray(pc.fill_null(when.earliest_ns, 0), np.int64))
    before = moment.groupby([series, pid]).shift(fill_value=0)
    other = sha256.groupby([series, pid]).shift().ne(sha256).to_numpy(bool)
    stale = other & ((moment - before).abs() > _LONGEST_REQUEST_NS).to_numpy(bool)
    count = pd.Series(opens | stale | ended.to_numpy(bool)).astype("int64").groupby([series, pid]).cumsum()
    request = pd.DataFrame({"series": series, "pid": pid, "count": count}).groupby(["series", "pid", "count"])
    one = request.ngroup()
    rows = pd.Series(np.where(opens, np.arange(lines.num_rows), -1)).astype("int64")
    opener = rows.groupby(one).transform("max").to_numpy(np.int64)
    refused = pd.Series(denied).groupby(one).transform("any").to_numpy(bool)
    earlier = pd.Series(denied & ~dies).groupby(one).transform("any").to_numpy(bool)
    return _Request(opener, refused, earlier & dies)


def _verbs(lines: pa.RecordBatch, request: _Request, asked: pa.Array) -> tuple[pa.Array, pa.Array]:
    """What each line says happened. A refusal told twice is one denied push."""
    denied = np.asarray(pc.is_valid(lines["denied"]), bool)
    changes = _flags(pc.is_in(lines["access"], pa.array(_CHANGES)))
    push = np.asarray(pc.is_valid(lines["new"]), bool) & ~denied
    fetch = _flags(pc.equal(asked, "upload"))
    cases = [denied & changes & ~request.told, push, fetch & ~request.refused]
    verb = np.select(cases, ["push_denied", "push", "fetch"], "other")
    failure = denied | (fetch & request.refused)
    outcome = np.select([failure, push], ["failure", "success"], "")
    return pa.array(verb, pa.string()), pa.array(outcome, pa.string(), mask=outcome == "")


def _text(lines: pa.RecordBatch, push: pa.Array, bypass: pa.Array) -> pa.Array:
    """The line's own words; of a push, the object that the ref is to name."""
    words = pc.replace_substring(lines["rest"], "\t", " ")
    moved = pc.binary_join_element_wise("new=", lines["new"], " access=", lines["access"], "")
    typed = pc.binary_join_element_wise(moved, lines["user"], " user=")
    return pc.utf8_slice_codeunits(
        pc.if_else(push, pc.coalesce(pc.if_else(bypass, typed, moved), moved), words), 0, _LONGEST_TEXT
    )


def _ids(lines: pa.RecordBatch) -> pa.Array:
    """`core.ids.event_id`, a column at a time."""
    start, stop = (lines[name].cast(pa.string()) for name in ("start", "stop"))
    return pc.binary_join_element_wise(pc.utf8_slice_codeunits(lines["sha256"], 0, 16), start, stop, ".")


def _citations(lines: pa.RecordBatch, opener: _Rows) -> pa.Array:
    """The line itself, then the line that opened its connection."""
    own = np.arange(lines.num_rows)
    two = (opener >= 0) & (opener != own)
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(1 + two.astype(np.int64))])
    cited = np.empty(offsets[-1], np.int64)
    cited[offsets[:-1]] = own
    cited[offsets[:-1][two] + 1] = opener[two]
    columns = [lines[name].take(pa.array(cited)) for name in ("sha256", "start", "stop")]
    spans = pa.StructArray.from_arrays(columns, ["sha256", "start", "stop"])
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), spans)
