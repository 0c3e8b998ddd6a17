"""What PBS's numbers mean: how a job ended, and which request was refused."""

from typing import NamedTuple

LAYOUT = "%m/%d/%Y %H:%M:%S"
_SIGNAL = 256
_MOST_SIGNAL = 64
_OWN = {-26: "OUT_OF_MEMORY", -27: "OUT_OF_MEMORY", -28: "TIMEOUT", -29: "TIMEOUT"}
REQUESTS = {
    1: "submit", 5: "submit", 6: "kill_request", 7: "job_update", 8: "job_update", 11: "job_update", 12: "job_update",
    13: "job_update", 14: "job_update", 18: "kill_request", 9: "scheduler_edit", 58: "kill_request", 89: "job_update",
}  # fmt: skip
"""The verb of each batch request that changes a job or the server, by its number."""


class Exit(NamedTuple):
    """How a job ended: outcome, exit code, signal; each null where the status does not say."""

    outcome: str | None
    code: int | None
    signal: int | None


def ended(status: object) -> Exit:
    """An exit status: 256 and a signal where a signal ended the job's shell, below 0 where the server did."""
    if not isinstance(status, int):
        return Exit(None, None, None)
    if status < 0:
        return Exit(_OWN.get(status, "OTHER"), None, None)
    if _SIGNAL < status <= _SIGNAL + _MOST_SIGNAL:
        return Exit("FAILED", None, status - _SIGNAL)
    return Exit("COMPLETED" if status == 0 else "FAILED", status, None)
