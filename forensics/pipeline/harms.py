"""What can bear on the end of an ordinary job, beside what it did itself.

That is a request by somebody else, a change of its node or of its owner's limits, and programs of others where its memory ran
out. It is asked of a large case whose case file names no job, so that such jobs are looked at.
"""

from collections.abc import Collection, Iterable, Mapping

import pyarrow as pa

from forensics.analysis import memory, nodes, scheduler_edits
from forensics.analysis.alignment import FARTHEST_NS
from forensics.analysis.scheduler_acts import SLURM
from forensics.store.places import Asked

NEAR_NS = FARTHEST_NS + 120_000_000_000
"""How far apart two clocks can write what was at one time, and a little more."""
_HOUR_NS = 3600_000_000_000
_BASE = "coalesce(regexp_extract(exe, '[^/]*$'), '')"
_RAN = f"last_ns >= part.submit_ns AND first_ns <= coalesce(part.end_ns, {2**62})"
_WELL = "outcome IN ('COMPLETED', 'PENDING', 'PREEMPTED', 'RUNNING') AND coalesce(exit_signal, 0) = 0"
"""Jobs whose end nobody asks about, whatever bears on it."""
CONDITIONS = f"""
ANTI JOIN request ON part.job = request.job AND NOT ({_WELL}) AND NOT coalesce(part.requestor IS NOT NULL
    AND (request.uid IS NULL OR request.uid = part.owner_uid) AND (request.account IS NULL OR request.account = part.owner), false)
ANTI JOIN changed ON NOT ({_WELL}) AND part.nodes = changed.name AND {_RAN}
ANTI JOIN crowded ON part.outcome = 'OUT_OF_MEMORY' AND part.nodes = crowded.name AND {_RAN}
ANTI JOIN limited ON NOT ({_WELL}) AND part.owner = limited.name AND {_RAN}
"""
"""Conditions on a record of a job, over the tables that `beside` gives."""

Moments = Mapping[str, Collection[int]]


def beside(asked: Asked, records: Asked) -> dict[str, pa.Table]:
    """The tables that `CONDITIONS` are over.

    Args:
        asked: the events.
        records: the records of jobs.

    Returns:
        `request`: job, uid and account of each request to end one. By list of nodes (`changed`, `crowded`) and by account
        (`limited`), as `name`, the stretches `first_ns` to `last_ns` of which something can have borne on jobs there.
    """
    requests = "SELECT job, uid, account FROM part WHERE verb = 'kill_request' AND (uid IS NOT NULL OR account IS NOT NULL)"
    changed, limited = _edited(asked)
    bad, short = f"NOT ({_WELL})", "outcome = 'OUT_OF_MEMORY'"
    return {
        "request": asked.ask(requests),
        "changed": _timed(_of_lists(changed, records, bad)),
        "crowded": _timed(_of_lists(_crowded(asked), records, short)),
        "limited": _timed(limited),
    }


def _edited(asked: Asked) -> tuple[Moments, Moments]:
    """When which nodes, and which accounts' limits, can have been changed."""
    forms, editors = _listed(SLURM), _listed(scheduler_edits.EDITORS)
    ran = f"verb = 'execute' AND {_BASE} IN ({editors})"
    told = f"verb = 'scheduler_edit' OR (verb = 'fault' AND format IN ({forms}) AND starts_with(text, 'update_node:'))"
    rows = asked.ask(
        f"SELECT exe, argv, text, {_hours()} FROM part WHERE earliest_ns IS NOT NULL AND ({told} OR ({ran})) GROUP BY exe, argv, text"
    )
    nodes_, accounts = dict[str, set[int]](), dict[str, set[int]]()
    for exe, argv, text, hours in zip(*(column.to_pylist() for column in rows.columns), strict=True):
        for found, names in zip((nodes_, accounts), scheduler_edits.reach(exe, argv, text), strict=True):
            for name in names:
                found.setdefault(name, set()).update(hours)
    return nodes_, accounts


def _crowded(asked: Asked) -> Moments:
    """When on which hosts programs were run from logins, small ones of daily use left out."""
    rows = asked.ask(
        f"SELECT host, {_hours()} FROM part WHERE verb = 'execute' AND session IS NOT NULL AND host IS NOT NULL"
        f" AND earliest_ns IS NOT NULL AND {_BASE} NOT IN ({_listed(memory.SMALL)}) GROUP BY host"
    )
    return dict(zip(rows["host"].to_pylist(), rows["hours"].to_pylist(), strict=True))


def _hours() -> str:
    """The hours of some events: there are few, however many events there are."""
    return f"list(DISTINCT earliest_ns // {_HOUR_NS}) AS hours"


def _of_lists(found: Moments, records: Asked, where: str) -> Moments:
    """The same of lists of nodes as jobs' records have them."""
    if not found:
        return {}
    told = records.ask(f"SELECT DISTINCT nodes FROM part WHERE nodes IS NOT NULL AND {where}")
    made = {}
    for written in told["nodes"].to_pylist():
        hours = {hour for node in nodes.expanded(written) for hour in found.get(node, ())}
        if hours:
            made[written] = hours
    return made


def _timed(found: Moments) -> pa.Table:
    """By name, the stretches about some hours."""
    rows = [
        (name, first, last)
        for name, hours in sorted(found.items())
        for first, last in stretches(
            edge for hour in hours for edge in (hour * _HOUR_NS, (hour + 1) * _HOUR_NS)
        )
    ]
    names, kinds = ("name", "first_ns", "last_ns"), (pa.string(), pa.int64(), pa.int64())
    return pa.table({name: pa.array([row[n] for row in rows], kinds[n]) for n, name in enumerate(names)})


def stretches(moments: Iterable[int]) -> list[tuple[int, int]]:
    """The times within `NEAR_NS` of some moments, those that touch as one."""
    made: list[tuple[int, int]] = []
    for at in sorted(moments):
        first, last = at - NEAR_NS, at + NEAR_NS
        if made and first <= made[-1][1]:
            made[-1] = (made[-1][0], last)
        else:
            made.append((first, last))
    return made


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f"'{word}'" for word in sorted(words))
