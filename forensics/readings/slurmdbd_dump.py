"""What a dump of the accounting database is taken to tell: who changed rights and limits, and what jobs came with.

The actor of a transaction is authenticated by the accounting daemon; whoever holds the database can have
written it. A script or an environment is a state, and is told of each job whose row leads to it: then both are cited.
"""

from collections.abc import Mapping, Sequence

import pyarrow as pa

from forensics.core import clock, schedulerevents
from forensics.core.citation import column
from forensics.core.schedulerevents import Row

WHOLE = "a job's row leads to its script and its environment, which stand anywhere in the file"
NEEDS_ANCHOR = False


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - transactions count from 1970 in UTC
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
) -> Mapping[str, pa.Table]:
    """One event for each row; a second one for a job's that leads to a script and to an environment."""
    when, rows = clock.epoch(column(records, "timestamp_s")), records.to_pylist()
    at = {
        (r["sha256"], r["table"], r["cluster"], r["number"]): n
        for n, r in sorted(enumerate(rows), key=lambda one: -int(str(one[1]["start"])))
    }
    leads = [
        [at.get((r["sha256"], f"job_{kind}_table", r["cluster"], r[name])) for r in rows]
        for kind, name in (("env", "environment"), ("script", "script"))
    ]
    both = [
        environment is not None and script is not None for environment, script in zip(*leads, strict=True)
    ]
    first = [
        script if environment is None else environment for environment, script in zip(*leads, strict=True)
    ]
    told = [
        _told(records, files, when, rows, first, part=None),
        _told(records, files, when, rows, leads[1], part=1),
    ]
    return {"event": pa.concat_tables([told[0], told[1].filter(pa.array(both, pa.bool_()))])}


def _told(
    records: pa.Table,
    files: pa.Table,
    when: clock.Interval,
    rows: Sequence[Row],
    second: Sequence[int | None],
    *,
    part: int | None,
) -> pa.Table:
    """One event for each row, with what it leads to: the place of another row, or None."""
    leads = iter([None if n is None else rows[n] for n in second])
    cited = pa.array(second, pa.int64())
    return schedulerevents.told(
        records, files, "slurmdbd_dump", when, lambda row: _tell(row, next(leads)), part=part, second=cited
    )


def _tell(row: Row, held: Row | None) -> Row:
    text = " ".join(str(row[name]) for name in ("action", "target", "text") if row[name] is not None)
    if row["table"] == "txn_table":
        return {"verb": "scheduler_edit", "account": row["actor"], "outcome": "success", "text": text}
    if row["table"] == "job_table":
        told: dict[str, object] = {"verb": "other", "job": row["job"]}
        if held is None:
            return told | {
                "text": f"script {row['script']} environment {row['environment']} of job {row['job']}"
            }
        kind = "script" if held["table"] == "job_script_table" else "environment"
        # An environment is no file of a repository, and has no object: the job is what it is told of.
        told |= {"object_kind": "source", "object": held["blob"]}
        return told | {"text": f"{kind} of job {row['job']}: {held['text'] or ''}"}
    told = {"verb": "setting", "account_absence": "not_applicable", "text": text}
    return told | {"object_kind": "source", "object": row["blob"] or f"{row['table']} {row['number']}"}
