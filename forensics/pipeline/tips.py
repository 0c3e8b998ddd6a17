"""Refs, of which a repository can have a million: which of their events an analysis needs, and what is counted of the others.

A ref has no time and nobody in it. It says which object it leads to, and so of many that lead to one object, one says
as much as all; that an object is not in the evidence is told by a few examples and a number.
"""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from forensics.analysis import tips
from forensics.core.tables import EVENT
from forensics.store import parquet, places
from forensics.store.places import Asked, Places

MOST_REFS = 50_000
"""Up to so many events of refs are all held."""
_REF = "format IN ({formats}) AND object_kind = 'ref' AND verb = 'other' AND earliest_ns IS NULL"
_SAID = """
WITH ref AS (
    SELECT place, host, repository, object, regexp_replace(text, '( table=[^ ]*)? update=[0-9]+$', '') AS text,
           CASE WHEN format = 'git_reftable' THEN nullif(regexp_extract(text, ' table=([^ ]*) update=[0-9]+$', 1), '') END AS file,
           CASE WHEN format = 'git_reftable' THEN coalesce(TRY_CAST(regexp_extract(text, ' update=([0-9]+)$', 1) AS BIGINT), -1) END AS number
    FROM part WHERE {ref}
), list AS (
    SELECT DISTINCT host, repository, object AS file FROM part WHERE format = 'git_layout' AND starts_with(text, '{listed}')
), obeyed AS (
    SELECT DISTINCT list.host, list.repository FROM list JOIN ref ON ref.file = list.file AND ref.host IS NOT DISTINCT FROM list.host
           AND ref.repository IS NOT DISTINCT FROM list.repository
), stale AS (
    SELECT ref.place, ref.host, ref.repository, ref.file FROM ref
    JOIN obeyed ON ref.host IS NOT DISTINCT FROM obeyed.host AND ref.repository IS NOT DISTINCT FROM obeyed.repository
    LEFT JOIN list ON ref.file = list.file AND ref.host IS NOT DISTINCT FROM list.host AND ref.repository IS NOT DISTINCT FROM list.repository
    WHERE ref.file IS NOT NULL AND list.file IS NULL
), last AS (
    SELECT host, repository, object, max(number) AS number FROM ref WHERE number IS NOT NULL AND place NOT IN (SELECT place FROM stale) GROUP BY host, repository, object HAVING count(*) > 1
), said AS (
    SELECT ref.place, ref.host, ref.repository, ref.text,
           ref.text IS NULL OR starts_with(ref.text, 'ref: ') OR regexp_extract(ref.text, '^[0-9a-f]+') IN (SELECT oid FROM known) AS found,
           coalesce(starts_with(ref.object, '{replace}') AND substr(ref.object, {after}) IN (SELECT oid FROM known), false) AS replacing,
           ref.number IS NULL OR (ref.number = coalesce(last.number, ref.number) AND ref.text IS DISTINCT FROM 'removed'
           AND ref.place NOT IN (SELECT place FROM stale)) AS stands
    FROM ref LEFT JOIN last ON ref.number IS NOT NULL AND ref.host IS NOT DISTINCT FROM last.host
         AND ref.repository IS NOT DISTINCT FROM last.repository AND ref.object = last.object
)
"""
_SUMS = "SELECT host, repository, count(*) AS refs, count(*) FILTER (NOT found AND stands) AS lost FROM said GROUP BY ALL"
_KEPT = """
SELECT host, repository, found, min(place) AS place FROM said WHERE stands AND found AND NOT replacing GROUP BY host, repository, found, text
UNION ALL SELECT host, repository, found, place FROM said WHERE stands AND replacing
UNION ALL SELECT host, repository, found, unnest(min(place, {examples})) FROM said WHERE stands AND NOT found AND NOT replacing
          GROUP BY host, repository, found
UNION ALL SELECT host, repository, true AS found, min(place) AS place FROM stale GROUP BY host, repository, file
"""


class Apart(NamedTuple):
    """The events of refs that are not held: their places, and what is counted of them."""

    places: Places
    counted: Mapping[tips.Place, tips.Left]


def apart(tables: Path, asked: Asked, found: Mapping[str, pa.Table]) -> Apart:
    """The events of refs that need not be held; none where there are few.

    Args:
        tables: the folder of tables.
        asked: the events.
        found: tables by name, those of git objects among them where there are any.
    """
    if _few(tables, MOST_REFS):
        return Apart(np.empty(0, np.int64), {})
    known = pa.table({"oid": tips.objects(found)})
    which = _REF.format(formats=", ".join(f"'{name}'" for name in tips.FORMATS))
    said = _SAID.format(ref=which, replace=tips.REPLACE, after=len(tips.REPLACE) + 1, listed=tips.LISTED)
    beside = {"known": known}
    kept = asked.ask(said + _KEPT.format(examples=tips.MOST_EXAMPLES), beside)
    own: Counter[tips.Place] = Counter()
    lost: Counter[tips.Place] = Counter()
    for row in kept.select(["host", "repository", "found"]).to_pylist():
        own[row["host"], row["repository"]] += 1
        lost[row["host"], row["repository"]] += not row["found"]
    counted = {}
    for row in asked.ask(said + _SUMS, beside).to_pylist():
        place = row["host"], row["repository"]
        counted[place] = tips.Left(row["refs"] - own[place], row["lost"] - lost[place])
    left = places.less(asked.places(f"WHERE {which}"), places.merged(kept["place"].to_numpy()))
    return Apart(left, counted)


def held(tables: Path, found: Mapping[str, pa.Table]) -> tuple[pa.Table, Mapping[tips.Place, tips.Left]]:
    """The events of a case, and what is counted of those of refs that are not among them.

    Raises:
        CaseError: there are none.
    """
    if _few(tables, MOST_REFS):
        return parquet.read(tables, "event"), {}
    with places.opened(tables, "event") as asked:
        left = apart(tables, asked, found)
        kept = places.less(asked.places(""), left.places)
        return asked.rows(kept, EVENT.names), left.counted


def _few(tables: Path, most: int) -> bool:
    return sum(parquet.count(tables, name) for name in tips.FORMATS) <= most
