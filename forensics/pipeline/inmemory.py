"""A case that is never written: evidence in memory, through the same formats, readings and analysis, to findings.

For many small cases, such as simulated ones. Nothing is sealed, so nothing here is evidence.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from forensics import formats, readings
from forensics.analysis import blind, examine, findings, verdicts
from forensics.analysis import evidence as assembled
from forensics.core import roster as asked
from forensics.core.roster import Question
from forensics.core.tables import COPY, EVENT, FILE, JOB_RECORD, REJECT
from forensics.custody import seal
from forensics.pipeline import files as account
from forensics.pipeline.files import Known, Tally
from forensics.pipeline.parts import record_table
from forensics.store import parquet

_RAW = ("git_object", "git_pack", "auditd", "laurel", "auditbeat", "ausearch_csv", "audisp_syslog")


_FREE = 1e15
"""A cap that caps nothing."""


def investigated(evidence: Mapping[str, bytes], roster: bytes | None, about: bytes | None) -> dict[str, Any]:
    """The findings of evidence, as `findings.json` has them: made under pseudonyms, then with the names.

    Args:
        evidence: content by path as collected.
        roster: `roster.toml`.
        about: `case.toml`.
    """
    return measured(evidence, roster, about)[0]


def measured(
    evidence: Mapping[str, bytes], roster: bytes | None, about: bytes | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The findings, and beside them what no case shows: by act, everybody's standing with no cap on the ratios.

    The cap is drawn from a validation, so that a validation has to see what it would cut off.
    """
    hidden = blind.blinded(
        asked.Roster() if roster is None else asked.roster(roster, "roster.toml"),
        Question() if about is None else asked.question(about, "case.toml"),
    )
    records, rejects, files = _read(evidence)
    found = _told(records, account.placing(files), hidden.question)
    found |= {name: table for name, table in records.items() if name in _RAW}
    found[FILE.name] = files
    done = examine.examine(
        assembled.assemble(found, hidden.roster, hidden.question), assembled.frame(rejects)
    )
    told = blind.locked(findings.findings(done), hidden.names)
    free = {
        said["id"]: verdicts.standings(done.judged[act.act_id], cap=_FREE)
        for said, act in zip(told["acts"], done.in_question, strict=True)
    }
    return told, blind.unblinded(free, hidden.names)


def _read(evidence: Mapping[str, bytes]) -> tuple[dict[str, pa.Table], pa.Table, pa.Table]:
    """Records by format, rejects, and the table of files."""
    rows: list[seal.Sealed] = []
    known: dict[str, Known] = {}
    tallies: dict[str, Tally] = {}
    records: dict[str, list[pa.Table]] = {}
    rejects = [REJECT.empty()]
    for path, held in sorted(evidence.items()):
        sha256 = hashlib.sha256(held).hexdigest()
        rows.append(seal.Sealed(path, sha256, len(held), "file", None, "copied"))
        if sha256 in known and known[sha256].format is not None:
            continue
        name = formats.recognise(held[: account.HEAD_BYTES], path)
        known[sha256] = Known(name, None)
        tallies[sha256] = Tally(len(held), 0, 0, len(held))
        if name is None:
            continue
        parsed = formats.registry()[name].parse(held, 0)
        told = parquet.conformed(_under(sha256, parsed.records), record_table(name).schema())
        records.setdefault(name, []).append(told)
        refused = parsed.rejected.append_column(
            "format", pa.array([name] * len(parsed.rejected), pa.string())
        )
        rejects.append(parquet.conformed(_under(sha256, refused).select(REJECT.names), REJECT.schema()))
        tallies[sha256] = Tally(len(held), *(_bytes(spans) for spans in parsed))
    tables = {name: pa.concat_tables(parts) for name, parts in sorted(records.items())}
    return tables, pa.concat_tables(rejects), account.table(rows, known, tallies)


def _under(sha256: str, rows: pa.Table) -> pa.Table:
    return rows.sort_by("start").add_column(0, "sha256", pa.array([sha256] * len(rows), pa.string()))


def _bytes(rows: pa.Table) -> int:
    spans = rows["spans"].combine_chunks().flatten() if "spans" in rows.column_names else rows
    start, stop = (
        spans.field(name) if isinstance(spans, pa.Array) else spans[name] for name in ("start", "stop")
    )
    return int(np.sum(np.asarray(stop) - np.asarray(start)))


def _told(records: Mapping[str, pa.Table], files: pa.Table, question: Question) -> dict[str, pa.Table]:
    """Events, job records and copies: dated formats first, whose median moment places logs without a year."""
    known = readings.registry()
    made: dict[str, list[pa.Table]] = {table.name: [table.empty()] for table in (EVENT, JOB_RECORD, COPY)}
    for late in (False, True):
        anchor_ns = _anchor(made[EVENT.name], question) if late else None
        for name, table in records.items():
            if known[name].NEEDS_ANCHOR is late:
                told = known[name].read(table, files, zone=question.zone, anchor_ns=anchor_ns)
                for kind, rows in told.items():
                    made[kind].append(rows)
    return {kind: pa.concat_tables(parts) for kind, parts in made.items()}


def _anchor(events: list[pa.Table], question: Question) -> int | None:
    moments = np.concatenate([np.asarray(part["earliest_ns"].drop_null(), np.int64) for part in events])
    if len(moments):
        return int(np.partition(moments, (len(moments) - 1) // 2)[(len(moments) - 1) // 2])
    return None if question.window is None else sum(question.window) // 2
