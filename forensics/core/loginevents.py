"""What login records are taken to tell, whatever machine laid them out.

`btmp` has the same records and holds what was refused. The name in it was typed by whoever knocked, a
password typed too early among them, so it is no account: it stays in the text. A record that ends an
entry names nobody; it is given the account of the entry before it on its terminal where that entry has
the same process and no boot lies between, and then cites both.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, hostevents, neighbours
from forensics.core.hostevents import NOTHING, Placed
from forensics.core.tables import EVENT
from forensics.core.tabular import pandas as pd

# By type, 0 to 9: its name in utmp(5), and what it is taken to mean.
_TYPES = (
    ("EMPTY", "other"),
    ("RUN_LVL", "other"),
    ("BOOT_TIME", "other"),
    ("NEW_TIME", "clock_change"),
    ("OLD_TIME", "clock_change"),
    ("INIT_PROCESS", "other"),
    ("LOGIN_PROCESS", "other"),
    ("USER_PROCESS", "login"),
    ("DEAD_PROCESS", "logout"),
    ("ACCOUNTING", "other"),
)
_BOOT, _KNOCK, _ENTRY, _END = 2, 6, 7, 8
_MOVES = (_BOOT, _ENTRY, _END)
_REFUSALS = r"(?:^|/)btmp[^/]*$"
_REFUSED_LINE = "ssh:notty"
"""The line that sshd writes where no terminal was ever given: only of a refused entry."""
_TERMINAL = r"^(?:pts/|tty|hvc|console)"
_TICK_NS = 1000
NOTED = ("sha256", "type", "pid", "line", "user", "start", "stop")
"""An exit is of the entry before it on its line, which can lie in an earlier slice."""


def read(records: pa.Table, files: pa.Table, form: str, notes: pa.Table | None = None) -> pa.Table:
    """One event for each record.

    Args:
        records: the table of a format of login records, with `sha256` in front.
        files: schema `file`.
        form: the name of the format.
        notes: entries of earlier slices that records end, as `lacking` finds them.
    """
    every, own = neighbours.among(records, notes)
    return neighbours.only(_events(every, files, form), own)


def noted(records: pa.Table) -> pa.Table:
    """The rows of a slice that others can lack, or that say what those lack: the first and the last of each line, and of boots."""
    rows, _ = neighbours.among(records, None)
    kind = rows["type"].to_numpy()
    moves, boots = np.flatnonzero(np.isin(kind, _MOVES)), np.flatnonzero(kind == _BOOT)
    of = rows.select(["sha256", "line"]).take(pa.array(moves)).to_pandas()
    ends = [moves[~of.duplicated(keep=which).to_numpy()] for which in ("first", "last")]
    return rows.take(pa.array(np.unique(np.concatenate([*ends, boots[:1], boots[-1:]])), pa.int64()))


def lacking(several: Sequence[pa.Table], files: pa.Table) -> Iterator[tuple[int, pa.Table]]:  # noqa: ARG001 - each file by itself
    """The entries that a slice ends, of slices before it. Held is the last record of each line since the last boot."""
    last: dict[tuple[object, object], tuple[int, neighbours.Row]] = {}
    for number, notes in enumerate(several):
        lacked = []
        for row in notes.to_pylist():
            if row["type"] == _BOOT:
                last.clear()
            of, before = last.get((row["sha256"], row["line"]), (number, row))
            ends = row["type"] == _END and before["type"] == _ENTRY and before["pid"] == row["pid"]
            lacked += [before] if ends and of != number else []
            if row["line"] is not None:
                last[row["sha256"], row["line"]] = number, row
        yield number, neighbours.table(lacked, notes)


def _events(records: pa.Table, files: pa.Table, form: str) -> pa.Table:
    rows = hostevents.placed(records, files, every_path=False)
    lines = rows.lines
    host = rows.files["host"]
    verb = _verb(rows)
    entry = _entries(lines)
    named = pc.if_else(pc.is_in(verb, pa.array(["login", "logout"])), lines["user"], NOTHING)
    ended = pc.if_else(pc.equal(verb, "logout"), lines["user"].take(pa.array(entry, mask=entry < 0)), NOTHING)
    account = pc.coalesce(named, ended)
    cited = pc.and_(pc.is_null(named), pc.is_valid(ended))
    outcome = pc.if_else(pc.equal(verb, "login_failed"), "failure", NOTHING)
    asked = pc.is_in(verb, pa.array(["login", "logout", "login_failed"]))
    why = pc.if_else(asked, "not_recorded", "not_applicable")
    return EVENT.build(
        {
            **hostevents.columns(rows, form),
            **hostevents.times(_when(lines), host, rows, form),
            "citations": _citations(lines, np.where(np.asarray(cited), entry, -1)),
            "verb": verb,
            "outcome": pc.if_else(pc.equal(verb, "login"), "success", outcome),
            "host": host,
            "account": account,
            "account_absence": pc.if_else(pc.is_valid(account), NOTHING, why),
            "pid": pc.if_else(pc.greater(lines["pid"], 0), lines["pid"], pa.scalar(None, pa.int64())),
            "tty": _tty(lines["line"]),
            "address": pc.coalesce(lines["address"], hostevents.address(lines["remote"])),
            "text": _text(lines),
        }
    )


def _verb(rows: Placed) -> pa.Array:
    """By type; in a file of refusals every entry is a refused one, and so is one without a terminal."""
    kind = rows.lines["type"]
    verb = pa.array([verb for _, verb in _TYPES], pa.string()).take(kind)
    knock = pc.is_in(kind, pa.array([_KNOCK, _ENTRY], pa.int64()))
    refused = pc.or_(
        pc.match_substring_regex(rows.files["path"], _REFUSALS),
        pc.fill_null(pc.equal(rows.lines["line"], _REFUSED_LINE), False),
    )
    return pc.if_else(pc.and_(knock, refused), "login_failed", verb)


def _entries(lines: pa.RecordBatch) -> npt.NDArray[np.int64]:
    """For each record that ends an entry, the row of that entry; -1 where it is not plain which.

    Plain is: the record before it on the same terminal, in the same file and since the same boot, is
    an entry of the same process.
    """
    entry = np.full(lines.num_rows, -1, np.int64)
    kind = np.asarray(lines["type"])
    moves = np.flatnonzero(np.isin(kind, _MOVES))
    seen = pd.DataFrame(
        {
            "file": lines["sha256"].take(pa.array(moves)).to_pandas(),
            "line": lines["line"].take(pa.array(moves)).to_pandas(),
            "kind": kind[moves],
            "pid": np.asarray(lines["pid"])[moves],
            "row": moves,
        }
    )
    seen["boot"] = (seen["kind"] == _BOOT).groupby(seen["file"]).cumsum()
    before = seen.groupby(["file", "boot", "line"])[["kind", "pid", "row"]].shift(fill_value=-1)
    plain = (seen["kind"] == _END) & (before["kind"] == _ENTRY) & (before["pid"] == seen["pid"])
    plain &= seen["line"].notna() & (seen["pid"] > 0)
    entry[moves[plain.to_numpy()]] = before["row"][plain].to_numpy(np.int64)
    return entry


def _citations(lines: pa.RecordBatch, entry: npt.NDArray[np.int64]) -> pa.Array:
    """The record's own span, then that of the entry it was given an account from."""
    spans = [lines[name] for name in ("sha256", "start", "stop")]
    cited = pa.StructArray.from_arrays(spans, ["sha256", "start", "stop"])
    pairs = np.stack([np.arange(lines.num_rows, dtype=np.int64), entry], axis=1).reshape(-1)
    sizes = 1 + (entry >= 0).astype(np.int64)
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), cited.take(pa.array(pairs[pairs >= 0])))


def _when(lines: pa.RecordBatch) -> clock.Interval:
    second = clock.epoch(lines["epoch_s"], tick_ns=_TICK_NS)
    rest_ns = pc.multiply(lines["fraction_us"], _TICK_NS)
    return clock.Interval(pc.add(second.earliest_ns, rest_ns), pc.add(second.latest_ns, rest_ns))


def _tty(line: pa.Array) -> pa.Array:
    """A terminal, as `pts/3`; null for `~` and other words."""
    name = pc.replace_substring_regex(line, pattern="^/dev/", replacement="")
    return pc.if_else(pc.fill_null(pc.match_substring_regex(name, _TERMINAL), False), name, NOTHING)


def _text(lines: pa.RecordBatch) -> pa.Array:
    """The record's own words: its type, then what each field holds."""
    name = pa.array([name for name, _ in _TYPES], pa.string()).take(lines["type"])
    words = [
        pc.coalesce(pc.binary_join_element_wise(f" {field}=", lines[field], ""), "")
        for field in ("line", "user", "remote")
    ]
    return hostevents.short(pc.binary_join_element_wise(name, *words, ""))
