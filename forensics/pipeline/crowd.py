"""What hosts' own logs tell many times over and nothing asks for: refused entries, and sessions that PAM opens for what runs by the clock.

A host that the world can reach is knocked at all day, and cron opens a session each minute: of months of host logs these are most lines. No
rule asks for them by what they are. What asks for lines whatever they are finds the same without them: the first and the last
of each file and host stand; so do lines at which a log goes back, with those beside them, lines of files that can be copies
of one another, and lines that two logs tell. Of PAM's sessions, those stand whose process anything else tells of.
"""

from collections import Counter
from collections.abc import Mapping
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from forensics.analysis import anchors, copies, corrections
from forensics.store.places import Asked, Places

REFUSED = "login_failed"
PAM = ("session_open", "session_close")
_OF = (
    f"format = 'syslog' AND earliest_ns IS NOT NULL AND NOT ends_with(domain, ':user') AND job IS NULL"
    f" AND (verb = '{REFUSED}' OR (verb IN {PAM} AND effective IS NULL AND pid IS NOT NULL))"
)
# A line that goes back by less than counts, or whose hour comes twice, can go back by more once those before it are left out.
_FOUND = f"""
WITH line AS (
    SELECT place, verb, host, pid, text, clock, sha256, domain, effective, job, earliest_ns, latest_ns, format,
           earliest_ns < lag(earliest_ns) OVER own OR lead(earliest_ns) OVER own < earliest_ns AS back,
           greatest(latest_ns - earliest_ns, lag(latest_ns - earliest_ns) OVER own, lead(latest_ns - earliest_ns) OVER own) AS wide_ns
    FROM part WHERE format = 'syslog' AND earliest_ns IS NOT NULL
    WINDOW own AS (PARTITION BY clock, sha256 ORDER BY start, event_id)
), crowd AS (
    SELECT * FROM line WHERE {_OF} AND coalesce(back, false) = false AND wide_ns <= {{wide_ns}}
    AND sha256 NOT IN (SELECT sha256 FROM twin)
), other AS (
    SELECT DISTINCT hash(host, pid) AS key FROM part WHERE pid IS NOT NULL AND (({_OF}) IS NOT TRUE)
    UNION SELECT DISTINCT hash(host, target_pid) FROM part WHERE target_pid IS NOT NULL
), recorded AS (
    SELECT DISTINCT pid FROM part WHERE pid IS NOT NULL AND format IN (SELECT format FROM records)
), twice AS (
    SELECT hash(host, pid, verb, text) AS key FROM line WHERE verb IN {PAM} GROUP BY key
    HAVING min(hash(clock, sha256)) <> max(hash(clock, sha256))
), edge AS (
    SELECT host, clock, sha256, domain, latest_ns - earliest_ns AS wide_ns, min(earliest_ns) AS first_ns, max(latest_ns) AS last_ns
    FROM line GROUP BY ALL
)
SELECT place, crowd.clock || ' ' || crowd.sha256 AS source FROM crowd JOIN edge
ON crowd.host IS NOT DISTINCT FROM edge.host AND crowd.clock = edge.clock AND crowd.sha256 = edge.sha256
AND crowd.domain = edge.domain AND crowd.latest_ns - crowd.earliest_ns = edge.wide_ns
WHERE earliest_ns <> first_ns AND latest_ns <> last_ns AND (verb = '{REFUSED}' OR (
    hash(crowd.host, pid) NOT IN (SELECT key FROM other) AND pid NOT IN (SELECT pid FROM recorded)
    AND hash(crowd.host, pid, verb, text) NOT IN (SELECT key FROM twice)))
"""
_SPANS = """
SELECT sha256, host, min(earliest_ns) AS first_ns, max(earliest_ns) AS last_ns FROM part
WHERE format = 'syslog' AND earliest_ns IS NOT NULL GROUP BY ALL
"""


class Crowd(NamedTuple):
    """The lines that are left out.

    places: where they stand. sources: by source of time, how many they are.
    """

    places: Places
    sources: Mapping[str, int]


def found(asked: Asked, files: pd.DataFrame) -> Crowd:
    """What of hosts' logs is counted instead of held.

    Args:
        asked: all events that are heard.
        files: schema `file`.
    """
    beside = {
        "twin": pa.table({"sha256": pa.array(sorted(_twins(asked, files)), pa.string())}),
        "records": pa.table({"format": pa.array(sorted(anchors.LOGIN_RECORDS), pa.string())}),
    }
    told = asked.ask(_FOUND.format(wide_ns=corrections.BACK_NS), beside)
    sources = Counter[str]()
    for row in told["source"].value_counts().to_pylist():
        sources[row["values"]] = row["counts"]
    return Crowd(np.sort(told["place"].to_numpy()), sources)


def _twins(asked: Asked, files: pd.DataFrame) -> set[str]:
    """Files that can be copies of one another: of one name, which tell of one host and of one time (`copies`)."""
    names = copies.names_of(files)
    told = asked.ask(_SPANS).to_pylist()
    hosts: dict[str | None, list[dict[str, Any]]] = {}
    for row in told:
        hosts.setdefault(row["host"], []).append(row)
    return {
        str(row["sha256"])
        for rows in hosts.values()
        for one, other in combinations(rows, 2)
        if names.get(one["sha256"], set()) & names.get(other["sha256"], set())
        and max(one["first_ns"], other["first_ns"]) < min(one["last_ns"], other["last_ns"])
        for row in (one, other)
    }
