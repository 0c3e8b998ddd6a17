"""The events of a large case without those that the analysis leaves out for where their logs lie, as `analysis.displaced` says.

It is asked of the table, so that what somebody left in their home, or in a shared folder, takes no more memory than a number
for each of its events.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from forensics.analysis import displaced, evidence
from forensics.core.folders import KIND, OF_A_HOST
from forensics.pipeline.counted import Unheard
from forensics.store import parquet, places
from forensics.store.places import Asked

# `displaced.without`, of logs of hosts; of the other kinds every event is held, and it is settled there.
_LEFT_OUT = """
WITH own AS (
    SELECT kind, host, min(earliest_ns) AS first_ns, max(latest_ns) AS last_ns FROM whole JOIN kinds USING (format)
    WHERE sha256 NOT IN (SELECT sha256 FROM silent) AND sha256 NOT IN (SELECT sha256 FROM nowhere)
    AND earliest_ns IS NOT NULL AND host IS NOT NULL GROUP BY ALL
), astray AS (
    SELECT place, kind, host, earliest_ns, latest_ns FROM whole JOIN kinds USING (format)
    WHERE sha256 IN (SELECT sha256 FROM nowhere)
)
SELECT place FROM whole WHERE sha256 IN (SELECT sha256 FROM silent)
UNION
SELECT astray.place FROM astray JOIN own ON astray.kind = own.kind AND (astray.host IS NULL OR astray.host = own.host)
WHERE astray.earliest_ns IS NULL OR (astray.latest_ns >= own.first_ns AND astray.earliest_ns <= own.last_ns)
"""


def silent(files: pd.DataFrame) -> set[str]:
    """The hashes of files of which no event is heard: what users can have left, of a host's logs and in folders of the evidence."""
    logs = files[files["format"].map(KIND).isin(OF_A_HOST)]
    return displaced.shared(files) | displaced.by_users(logs)


def unheard(files: pd.DataFrame, asked: Asked) -> Unheard:
    """What of the records of a trail is not heard.

    Args:
        files: schema `file`.
        asked: as `opened` gives it.
    """
    begin = {}
    for sha256 in sorted(displaced.loose(files)):
        told = asked.ask(f"SELECT start FROM part WHERE sha256 = '{sha256}'")
        begin[sha256] = np.sort(told["start"].to_numpy())
    return Unheard(pa.array(sorted(silent(files)), pa.string()), begin)


def files_of(tables: Path) -> pd.DataFrame:
    """The table `file`."""
    return evidence.frame(parquet.read(tables, "file"))


@contextmanager
def opened(tables: Path, files: pd.DataFrame) -> Iterator[Asked]:
    """The events that are heard, to be asked in bounded memory.

    Raises:
        CaseError: there are none.
    """
    out, nowhere = silent(files), displaced.loose(files)
    if not out and not nowhere:
        with places.opened(tables, "event") as asked:
            yield asked
        return
    hosts = {form: kind for form, kind in KIND.items() if kind in OF_A_HOST}
    beside = {
        "silent": pa.table({"sha256": pa.array(sorted(out), pa.string())}),
        "nowhere": pa.table({"sha256": pa.array(sorted(nowhere - out), pa.string())}),
        "kinds": pa.table({"format": pa.array([*hosts]), "kind": pa.array([*hosts.values()])}),
    }
    with places.opened(tables, "event", without=(_LEFT_OUT, beside)) as asked:
        yield asked
