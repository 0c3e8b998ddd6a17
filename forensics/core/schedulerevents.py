"""Events and job records of scheduler logs whose records are told one by one.

Logs of queues, archives and listings: some tens of thousands of records, each with its own meaning. What
a record leaves out is null; an account that it does not authenticate is never filled in from its owner.
"""

from collections.abc import Callable, Iterable, Mapping

import pyarrow as pa

from forensics.core import citation, endings
from forensics.core.clock import Interval
from forensics.core.tables import EVENT, JOB_RECORD

LONGEST_TEXT = 4096
Row = Mapping[str, object]
Tell = Callable[[Row], Row]
"""What a record says happened, as columns of an event; `account_absence` where the usual reason is not the one."""


def told(
    records: pa.Table,
    files: pa.Table,
    form: str,
    when: Interval,
    tell: Tell,
    *,
    part: int | None = None,
    second: pa.Array | None = None,
) -> pa.Table:
    """One event for each record.

    Args:
        records: the format's table with `sha256`.
        files: schema `file`.
        form: name of the format.
        when: the time of each record.
        tell: what each record says; `verb` always, and the job it names as `job`.
        part: which of several events of a record these are.
        second: for each record, the number of another that says so too, or null.
    """
    where = citation.spans(records)
    domain = citation.of_file(where["sha256"], files, "domain")
    rows = [_whole(dict(tell(row))) for row in records.to_pylist()]
    named = {name for row in rows for name in row}
    return EVENT.build(
        {
            **{name: [row.get(name) for row in rows] for name in EVENT.names if name in named},
            "verb": [row["verb"] for row in rows],
            "account_absence": [row.get("account_absence") for row in rows],
            **citation.cited(where, part=part, second=second),
            "earliest_ns": when.earliest_ns,
            "latest_ns": when.latest_ns,
            "clock": citation.clocked(when.earliest_ns, domain, form),
            "format": [form] * len(rows),
            "domain": domain,
        }
    )


def _whole(row: dict[str, object]) -> dict[str, object]:
    """A row with what follows from it: the object that a job is, and why an account is not there."""
    if row.get("job") is not None and row.get("object") is None:
        row |= {"object_kind": "job", "object": row["job"]}
    text = row.get("text")
    row["text"] = text[:LONGEST_TEXT] if isinstance(text, str) and text else None
    usual = "not_recorded" if row.get("uid") is None else "number_only"
    row["account_absence"] = None if row.get("account") is not None else row.get("account_absence", usual)
    return row


def jobs(rows: Iterable[Row], form: str, files: pa.Table) -> pa.Table:
    """Job records of rows that have `job`, `sha256`, `start` and `stop` at least; the ending is told of them.

    Args:
        rows: columns of `job_record` by name.
        form: name of the format.
        files: schema `file`, for the domain of each.
    """
    held = list(rows)
    columns: dict[str, list[object] | pa.Array] = {
        name: [row.get(name) for row in held] for name in JOB_RECORD.names
    }
    typed = {c.name: c.type for c in JOB_RECORD.columns}
    return of_jobs({name: pa.array(values, typed[name]) for name, values in columns.items()}, form, files)


def of_jobs(columns: Mapping[str, pa.Array], form: str, files: pa.Table) -> pa.Table:
    """The same of columns of `job_record`; one that is left out holds nothing."""
    size, typed = len(columns["sha256"]), {c.name: c.type for c in JOB_RECORD.columns}
    how = ("outcome", "exit_code", "exit_signal", "requestor")
    outcome, code, signal, asked = (columns.get(name, pa.nulls(size, typed[name])) for name in how)
    return JOB_RECORD.build(
        {
            **columns,
            "ending": endings.told(outcome, exit_code=code, exit_signal=signal, requestor=asked),
            "format": pa.repeat(form, size),
            "domain": citation.of_file(columns["sha256"], files, "domain"),
        }
    )
