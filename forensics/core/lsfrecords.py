"""The record that LSF's log files share: fields with a blank between, text in double quotes."""

import re
from typing import NamedTuple

_FIELD = re.compile(r'"((?:[^"]|"")*)"|([^\s"]+)')
_MOST_FIELDS = 20_000
DONE, EXIT = 64, 32
_ENDED_BY = {
    1: "PREEMPTED", 5: "TIMEOUT", 6: "TIMEOUT", 12: "TIMEOUT", 16: "OUT_OF_MEMORY", 20: "OUT_OF_MEMORY",
    8: "CANCELLED", 9: "CANCELLED", 14: "CANCELLED", 15: "CANCELLED",
}  # fmt: skip
BY_OWNER = {8, 14}
"""Reasons that say that the job's owner ended it; another one that says `CANCELLED` is an administrator's."""


class Exit(NamedTuple):
    """How a job ended: outcome, exit code, signal; each null where the record does not say."""

    outcome: str | None
    code: int | None
    signal: int | None


def fields(line: str) -> list[str] | None:
    """The fields of a line, text without its quotes; None where it is no such line."""
    found: list[str] = []
    at = 0
    while at < len(line):
        match = _FIELD.match(line, at)
        if match is None or len(found) >= _MOST_FIELDS:
            return None
        found.append(match[1].replace('""', '"') if match[1] is not None else match[2])
        at = match.end()
        if at < len(line):
            if line[at] != " ":
                return None
            at += 1
    return found


def number(found: list[str], at: int) -> int | None:
    """A whole number among the fields; None where there is none, or int64 does not hold it."""
    text = found[at] if 0 <= at < len(found) else ""
    return int(text) if re.fullmatch(r"-?[0-9]{1,18}", text) else None


def ended(status: int | None, wait: int | None, why: int | None) -> Exit:
    """How a job ended, by its state, its wait status and the reason that LSF gives."""
    if status is None or not status & (DONE | EXIT):
        return Exit(None, None, None)
    code, signal = (None, None) if wait is None or wait < 0 else (wait >> 8 & 0xFF, wait & 0x7F or None)
    if status & DONE:
        return Exit("COMPLETED", code, None)
    return Exit(_ENDED_BY.get(why or 0, "FAILED"), code, signal)
