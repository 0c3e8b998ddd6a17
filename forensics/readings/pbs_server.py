"""What a PBS server's log is taken to tell: what was asked of it, by whom, and what it refused."""

import re
import signal
from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, pbsjobs, schedulerevents
from forensics.core.citation import column
from forensics.core.schedulerevents import Row

NEEDS_ANCHOR = False

_VERBS = {
    "queue": "submit", "run": "start", "delete": "kill_request", "signal": "kill_request", "modify": "job_update",
    "hold": "job_update", "release": "job_update", "rerun": "job_update", "move": "job_update",
    "suspend": "job_update", "ended": "end", "started": "service", "stopped": "service", "node_down": "fault",
}  # fmt: skip
_SERVER = re.compile(r"(?:Scheduler|PBS_Server|pbs_server|Server)", re.IGNORECASE)
_US = 1_000


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
) -> Mapping[str, pa.Table]:
    """One event for each line."""
    wall = column(records, "wall")
    fine = pc.match_substring(wall, ".")
    whole = clock.walls(
        pc.if_else(fine, None, wall), layout=pbsjobs.LAYOUT, zone=zone, tick_ns=clock.NS_PER_S
    )
    part = clock.walls(pc.if_else(fine, wall, None), layout=f"{pbsjobs.LAYOUT}.%f", zone=zone, tick_ns=_US)
    when = clock.Interval(*(pc.coalesce(a, b) for a, b in zip(whole, part, strict=True)))
    return {"event": schedulerevents.told(records, files, "pbs_server", when, _tell)}


def _tell(row: Row) -> Row:
    kind, user = str(row["kind"]), row["user"]
    of_job = row["object_kind"] == "Job"
    own = isinstance(user, str) and _SERVER.fullmatch(user) is not None
    verb = _VERBS.get(kind, "other")
    if kind == "refused":
        verb = pbsjobs.REQUESTS.get(row["request"] if isinstance(row["request"], int) else 0, "other")
    elif not of_job and kind == "modify":
        verb = "scheduler_edit"
    if own and verb == "kill_request":
        verb = "job_signal"
    told: dict[str, object] = {"verb": verb, "text": f"{row['object'] or ''} {row['message']}".strip()}
    # The server and its scheduler ask too, under names that are no account.
    told |= {"account": None if own else user, "host": None if own else row["user_host"]}
    told |= {"job": row["object"] if of_job else None, "signal": _number(row["signal"])}
    if kind == "refused":
        return told | {"outcome": "failure"}
    if kind == "ended":
        how = pbsjobs.ended(row["exit_status"])
        word = {"COMPLETED": "success", "FAILED": "failure"}.get(str(how.outcome), how.outcome)
        return told | {"outcome": word, "signal": how.signal}
    return told | ({"outcome": "success"} if user is not None else {})


def _number(written: object) -> int | None:
    """A signal's number: by its name, or as it stands."""
    if not isinstance(written, str):
        return None
    name = written if written.startswith("SIG") else f"SIG{written}"
    if name in signal.Signals.__members__:
        return int(signal.Signals[name])
    return int(written) if re.fullmatch(r"[0-9]{1,2}", written) else None
