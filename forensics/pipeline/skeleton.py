"""What of a trail's mass clocks, names, sessions and rights are told by, whatever is asked: the edges of its groups."""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from forensics.analysis import relevance
from forensics.analysis.evidence import Evidence
from forensics.store import places
from forensics.store.places import Asked, Places

_BASE = "regexp_extract(exe, '[^/]*$')"


def of(asked: Asked, mass: str, seen: Evidence) -> Places:
    """The places of what clocks, names, sessions and rights are told by: of each group the first and the last are enough.

    Args:
        asked: the events.
        mass: the condition for an event to be of the trail's mass.
        seen: what is held so far.
    """
    found: list[Places] = []
    short = {
        name: pa.Table.from_pandas(rows, preserve_index=False)
        for name, rows in relevance.sources(seen).items()
    }
    run = f"{mass} AND verb = 'execute'"
    found.append(
        asked.places(
            f"SEMI JOIN cron ON part.host = cron.host AND part.pid = cron.pid AND part.argv[3] = cron.text WHERE {run}",
            short,
        )
    )
    served = f"{run} AND pid IN (SELECT pid FROM served)"
    found.append(_edges(asked, ["host", "clock", "sha256", "pid"], served, short))
    oid = "regexp_extract(object, '/objects/([0-9a-f]{2}/[0-9a-f]{38})\\n?$', 1)"
    placed = (
        f"verb IN ('link', 'rename', 'create') AND contains(object, '/objects/') AND replace({oid}, '/', '')"
    )
    found.append(asked.places(f"WHERE {mass} AND {placed} IN (SELECT object FROM made)", short))
    apart = ["host", "clock", "sha256", "domain"]
    found.append(_edges(asked, [*apart, "latest_ns - earliest_ns"], mass))
    found.append(
        _edges(asked, [*apart, "auid", "account"], f"{mass} AND account IS NOT NULL AND auid IS NOT NULL")
    )
    found.append(_edges(asked, [*apart, "session"], f"{mass} AND session IS NOT NULL"))
    bare = "account IS NULL AND (auid IS NOT NULL OR uid IS NOT NULL OR euid IS NOT NULL)"
    found.append(_edges(asked, ["host", "auid", "uid", "euid"], f"{mass} AND ({bare} OR effective IS NULL)"))
    return places.merged(*found, *_rights(asked, mass, seen))


def _edges(
    asked: Asked, by: Sequence[str], where: str, beside: Mapping[str, pa.Table] | None = None
) -> Places:
    """The rows of each group that begin first or end last."""
    keys = ", ".join(f"{key} AS k{n}" for n, key in enumerate(by))
    same = " AND ".join(f"{key} IS NOT DISTINCT FROM k{n}" for n, key in enumerate(by))
    edge = asked.ask(
        f"SELECT {keys}, min(earliest_ns) AS first_ns, max(latest_ns) AS last_ns FROM part WHERE {where} GROUP BY ALL", beside
    )  # fmt: skip
    # The moments alone leave few rows, and with these rows the groups are looked up, not the other way about.
    some = "earliest_ns IN (SELECT first_ns FROM edge) OR latest_ns IN (SELECT last_ns FROM edge)"
    near = f"(SELECT * FROM part WHERE {where} AND ({some})) AS near"
    ends = "earliest_ns = first_ns OR latest_ns = last_ns"
    told = f"SELECT DISTINCT place FROM {near} JOIN edge ON {same} WHERE {ends}"
    ends_there: Places = asked.ask(told, {**(beside or {}), "edge": edge})["place"].to_numpy()
    return ends_there


def _rights(asked: Asked, mass: str, seen: Evidence) -> list[Places]:
    """Where root's rights were first used in a session, and the first use after that leaves no further trace."""
    run = f"{mass} AND verb = 'execute' AND session IS NOT NULL"
    edges = _edges(asked, ["host", "session"], f"{run} AND auid = 0")
    raisers = ", ".join(f"'{name}'" for name in sorted(relevance.RAISERS))
    raised = f"(verb = 'sudo' OR (verb = 'execute' AND ({_BASE} IN ({raisers}) OR auid = 0)))"
    since = asked.ask(
        f"SELECT host, session, min(earliest_ns) AS since_ns FROM part WHERE {raised} AND session IS NOT NULL GROUP BY ALL"
    )
    numbers = ", ".join(str(uid) for uid in sorted(relevance.root_numbers(seen)))
    root = f"(effective = 'root' OR (effective IS NULL AND (euid IN ({numbers}) OR uid IN ({numbers}))))"
    columns = "part.host, part.session, effective, euid, uid, verb, exe, argv, text, place"
    join = "JOIN since ON part.host IS NOT DISTINCT FROM since.host AND part.session = since.session"
    later = f"{run.replace('session IS', 'part.session IS')} AND earliest_ns >= since_ns AND {root}"
    found: dict[tuple[object, ...], int] = {}
    for batch in asked.stream(f"SELECT {columns} FROM part {join} WHERE {later}", {"since": since}):
        names = batch.schema.names
        for values in zip(*(batch[name].to_pylist() for name in names), strict=True):
            if values[:5] not in found and relevance.opens_everything(*values[5:9]):
                found[values[:5]] = values[9]
    return [edges, np.fromiter(found.values(), np.int64, len(found))]
