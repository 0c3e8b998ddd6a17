"""Holes that the keeping of logs leaves: a daemon that stopped, a rotated file that is not there, a source that was asked for.

That a file of a rotation is missing is seen by the numbers of the others, and says nothing of why. What was asked for and
not given stands in the case file; the program cannot know of it otherwise.
"""

import posixpath
import re
from collections.abc import Iterator
from itertools import pairwise

import pandas as pd

from forensics.analysis.evidence import Evidence, Row, picked, rows_of
from forensics.analysis.trails import MASS
from forensics.core.roster import Requested

_STOPPED = re.compile(r"^(?:DAEMON_(?:END|ABORT|ERR)\b|shutdown-audit\b|SERVICE_STOP\b.*\bunit=auditd\b)")
_ROTATED = re.compile(r"(?P<base>/.+?)(?:\.(?P<number>[0-9]{1,4}))?(?P<packed>\.(?:gz|bz2|xz|zst|lz4))?")
_MOST_NUMBERS = 1_000
ANSWERS = {
    "refused": "it was asked for and refused",
    "not_kept": "it was asked for, and is no longer kept",
    "pending": "it was asked for, and no answer has come",
}
"""Answers to a request that leave a hole; `given` leaves none."""

Hole = tuple[str, str, int | None, int | None, str | None, tuple[str, ...]]
"""Source, kind, first and last moment, host, and the events that show it."""


def find(evidence: Evidence) -> Iterator[Hole]:
    """Every such hole of a case."""
    yield from _stops(evidence)
    yield from _rotations(evidence)
    for asked in evidence.question.sources:
        if asked.answer in ANSWERS:
            yield (
                _named(asked),
                f"source_{asked.answer}",
                asked.from_ns,
                asked.until_ns,
                asked.host or None,
                (),
            )


def _named(asked: Requested) -> str:
    return f"{asked.host}: {asked.name}" if asked.host else asked.name


def _stops(evidence: Evidence) -> Iterator[Hole]:
    """From each end of the audit daemon to the next that its host's trail tells; to no end, where nothing follows."""
    events = evidence.events
    trail = picked(events, events["trail"] & ~events["verb"].isin(MASS) & events["earliest_ns"].notna())
    stopped = trail.loc[trail["verb"] == "audit_config", "host"].unique()
    for host, rows in picked(trail, trail["host"].isin(stopped)).groupby("host", sort=True):
        ordered = list(rows_of(rows.sort_values(["earliest_ns", "sha256", "start"], kind="stable")))
        for at, e in enumerate(ordered):
            if e.verb != "audit_config" or not _STOPPED.match(str(e.text or "")):
                continue
            if at and _STOPPED.match(str(ordered[at - 1].text or "")):
                # One end that two lines tell.
                continue
            after = next((x for x in ordered[at + 1 :] if not _STOPPED.match(str(x.text or ""))), None)
            until = None if after is None else int(after.latest_ns)
            shown = (str(e.event_id),) if after is None else (str(e.event_id), str(after.event_id))
            yield f"{host}: audit trail", "daemon_stop", int(e.earliest_ns), until, str(host), shown


def _rotations(evidence: Evidence) -> Iterator[Hole]:
    """Numbers that are missing between those of a rotated log: `audit.log.1` and `audit.log.3`, and no second."""
    events = evidence.events
    dated = picked(events, events["earliest_ns"].notna())
    by_file = dated.groupby("sha256")
    first_of, last_of = by_file["earliest_ns"].min().to_dict(), by_file["latest_ns"].max().to_dict()
    for (host, base), numbers in sorted(
        _families(evidence.files).items(), key=lambda kv: (str(kv[0][0]), kv[0][1])
    ):
        for one, two in pairwise(sorted(numbers)):
            if two - one > 1:
                # The higher the number, the older the file.
                first = max((int(last_of[h]) for h in numbers[two] if h in last_of), default=None)
                last = min((int(first_of[h]) for h in numbers[one] if h in first_of), default=None)
                name = f"{host or '?'}: {base}" + (
                    f".{one + 1}" if two - one == 2 else f".{one + 1} to .{two - 1}"
                )
                yield name, "rotation_hole", first, last, host, ()


def _families(files: pd.DataFrame) -> dict[tuple[str | None, str], dict[int, set[str]]]:
    """The rotated files of each log that was read, by their numbers; the current one is 0."""
    found: dict[tuple[str | None, str], dict[int, set[str]]] = {}
    read = files[(files["kind"] == "file") & files["origin"].notna() & files["format"].notna()]
    for f in rows_of(read):
        match = _ROTATED.fullmatch(f.origin)
        if match is None or posixpath.basename(match["base"]) == "":
            continue
        number = int(match["number"] or 0)
        if number <= _MOST_NUMBERS:
            found.setdefault((f.host, match["base"]), {}).setdefault(number, set()).add(f.sha256)
    # A name that merely ends in a number, such as a release, is no rotation: the current file, or the first, is there.
    return {key: own for key, own in found.items() if len(own) > 1 and min(own) <= 1 and _is_log(key[1])}


def _is_log(base: str) -> bool:
    return base.startswith(("/var/log/", "/var/adm/")) or base.endswith((".log", "log", "tmp", "messages"))


def ledger(evidence: Evidence) -> list[dict[str, object]]:
    """What was asked for, with the answer, and how many files of the host and format are there: as the case file has it."""
    files = evidence.files
    held = files[files["kind"] == "file"]
    return [
        {
            "source": _named(asked),
            "host": asked.host or None,
            "account": asked.account or None,
            "format": asked.format or None,
            "answer": asked.answer,
            "reason": asked.reason or None,
            "asked_ns": asked.asked_ns,
            "from_ns": asked.from_ns,
            "until_ns": asked.until_ns,
            "files": _there(held, asked),
        }
        for asked in evidence.question.sources
    ]


def reason(evidence: Evidence, source: str, kind: str, when: tuple[int | None, int | None]) -> str | None:
    """Why a source that was asked for is not there, in the words of the case file; None of any other hole, and where it does not say."""
    return next(
        (
            asked.reason
            for asked in evidence.question.sources
            if asked.reason
            and (source, kind, when)
            == (_named(asked), f"source_{asked.answer}", (asked.from_ns, asked.until_ns))
        ),
        None,
    )


def _there(held: pd.DataFrame, asked: Requested) -> int:
    """How many files of a request's host and format there are; of one that names neither, none is counted."""
    if not asked.host and not asked.format:
        return 0
    own: list[Row] = [
        f for f in rows_of(held) if asked.host in {"", f.host} and asked.format in {"", f.format}
    ]
    return len({f.sha256 for f in own})
