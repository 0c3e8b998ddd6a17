"""What sudo's event log is taken to tell: who asked for whose rights, to run what, and how it ended.

An `exit` is of the account that the `accept` of the same `uuid` in the same file names; where there is
none, or two that differ, of nobody known. Times are those of the host that sudo ran on.
"""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import hostevents
from forensics.core.clock import Interval
from forensics.core.hostevents import NOTHING
from forensics.core.tables import EVENT

NEEDS_ANCHOR = False
ONCE = True
_OUTCOMES = {"accept": "success", "reject": "failure"}


def read(records: pa.Table, files: pa.Table, *, zone: str, anchor_ns: int | None) -> Mapping[str, pa.Table]:  # noqa: ARG001 - its times are UTC
    """One event for each event of sudo's."""
    rows = hostevents.placed(records, files, every_path=False)
    lines = rows.lines
    host = pc.coalesce(lines["host"], rows.files["host"])
    account = _asked_by(lines)
    kind = lines["kind"].to_pylist()
    own = pc.coalesce(lines["exit_ns"], lines["submit_ns"])
    moment = pc.coalesce(own, lines["server_ns"])
    # Without a time of the asking host's, only the writer's clock says when.
    clock_host = pc.if_else(pc.is_valid(own), host, rows.files["host"])
    event = EVENT.build(
        {
            **hostevents.columns(rows, "sudo_json"),
            **hostevents.times(Interval(moment, moment), clock_host, rows, "sudo_json"),
            "verb": ["sudo" if one in _OUTCOMES else "other" for one in kind],
            "outcome": [_OUTCOMES.get(one) for one in kind],
            "host": host,
            "account": account,
            "account_absence": hostevents.absence(account),
            "effective": lines["target"],
            "tty": pc.replace_substring_regex(lines["tty"], pattern="^/dev/", replacement=""),
            "exe": lines["command"],
            "argv": lines["argv"],
            "cwd": pc.coalesce(lines["run_cwd"], lines["cwd"]),
            "text": hostevents.short(pa.array(list(map(_text, lines.to_pylist())), pa.string())),
        }
    )
    return {"event": event}


def _asked_by(lines: pa.RecordBatch) -> pa.Array:
    """Who asked: as said, or as the `accept` that an `exit` belongs to says."""
    told: dict[tuple[str, str], set[str]] = {}
    keys = list(zip(*(lines[name].to_pylist() for name in ("sha256", "uuid", "kind", "caller")), strict=True))
    for sha256, uuid, kind, caller in keys:
        if kind == "accept" and uuid is not None and caller is not None:
            told.setdefault((sha256, uuid), set()).add(caller)
    of_exit = [
        next(iter(told[sha256, uuid])) if kind == "exit" and len(told.get((sha256, uuid), ())) == 1 else None
        for sha256, uuid, kind, _ in keys
    ]
    caller = pc.if_else(pc.equal(lines["caller"], ""), NOTHING, lines["caller"])
    return pc.coalesce(caller, pa.array(of_exit, pa.string()))


def _text(row: Mapping[str, object]) -> str | None:
    """The command with its arguments, or how it ended; before it, the reason of a refusal or an alert."""
    if row["kind"] == "exit":
        ended = f"signal {row['signal']}" if row["signal"] is not None else f"exit status {row['exit_value']}"
        return f"{ended}, of the command asked for as {row['uuid']}"
    argv = row["argv"]
    words = [str(row["command"])] if row["command"] is not None else []
    words += [str(word) for word in argv[1:]] if isinstance(argv, list) else []
    said = " ".join(words)
    return said if row["reason"] is None else f"{row['reason']}: {said}" if said else str(row["reason"])
