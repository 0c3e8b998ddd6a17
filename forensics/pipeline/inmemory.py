"""A case that is never written: evidence through the same formats, readings and analysis, to findings.

For many small cases, such as simulated ones. Nothing is recorded, so nothing here is evidence.
"""

import hashlib
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from forensics import readings
from forensics.analysis import blind, examine, findings, trails, verdicts
from forensics.analysis import evidence as assembled
from forensics.core import roster as asked
from forensics.core.roster import Question
from forensics.core.tables import EVENT, FILE, REJECT
from forensics.custody import chunks, seal
from forensics.pipeline import files as account
from forensics.pipeline import parts, tell, twins
from forensics.pipeline.files import Known, Tally
from forensics.store import parquet, sorting

_RAW = ("git_object", "git_pack")
_FREE = 1e15
"""A cap that caps nothing."""


def investigated(
    evidence: Mapping[str, bytes], roster: bytes | None, about: bytes | None, desk: "Desk | None" = None
) -> dict[str, Any]:
    """The findings of evidence, as `findings.json` has them: made under pseudonyms, then with the names.

    Args:
        evidence: content by path as collected.
        roster: `roster.toml`.
        about: `case.toml`.
        desk: what was made of the same bytes before.
    """
    return measured(evidence, roster, about, desk)[0]


def measured(
    evidence: Mapping[str, bytes], roster: bytes | None, about: bytes | None, desk: "Desk | None" = None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The findings, and beside them what no case shows: by act, everybody's standing with no cap on the ratios.

    The cap is drawn from a validation, so that a validation has to see what it would cut off.
    """
    if desk is None:
        with tempfile.TemporaryDirectory() as folder:
            return measured(evidence, roster, about, Desk(Path(folder)))
    hidden = blind.blinded(
        asked.Roster() if roster is None else asked.roster(roster, "roster.toml"),
        Question() if about is None else asked.question(about, "case.toml"),
    )
    tables, rejects = desk.tables(evidence, hidden.question)
    done = examine.examine(
        assembled.assemble(tables, hidden.roster, hidden.question), assembled.frame(rejects)
    )
    told = blind.locked(findings.findings(done), hidden.names)
    free = {
        said["id"]: verdicts.standings(done.judged[act.act_id], cap=_FREE)
        for said, act in zip(told["acts"], done.in_question, strict=True)
    }
    return told, blind.unblinded(free, hidden.names)


class _Parsed(NamedTuple):
    """What a file holds."""

    records: pa.Table
    rejects: pa.Table
    tally: Tally


class Desk:
    """Where files lie while they are read; what was made of bytes that were met before is not made again.

    So of a case of which one log was altered, that log is read, and told, and the analysis runs.
    """

    def __init__(self, folder: Path) -> None:
        """`folder` takes the files; it can go when the desk is no longer used."""
        self._folder = folder
        self._kept: dict[bytes, str] = {}
        self._known: dict[tuple[str, str], Known] = {}
        self._parsed: dict[tuple[str, Known], _Parsed] = {}
        self._told: dict[str, Mapping[str, pa.Table]] = {}
        self._last: Mapping[str, Known] = {}

    def tables(
        self, evidence: Mapping[str, bytes], question: Question
    ) -> tuple[dict[str, pa.Table], pa.Table]:
        """The tables that an analysis reads, by name, and the rejects."""
        rows = sorted(
            seal.Sealed(path, self._sealed(content), len(content), "file", None, "copied")
            for path, content in evidence.items()
        )
        known = account.recognised(rows, lambda asked: [self._recognised(*one) for one in asked])
        self._last = known
        read = {s: self._read(s, k) for s, k in sorted(known.items()) if k.format is not None}
        tallies = {
            row.sha256: read[row.sha256].tally if row.sha256 in read else Tally(row.bytes, 0, 0, row.bytes)
            for row in rows
        }
        files = account.table(rows, known, tallies, question.places)
        tables = {FILE.name: files, **self._events(known, account.placing(files), question)}
        for form in sorted({*_RAW, *trails.TRAILS}):
            own = [read[s].records for s, k in sorted(known.items()) if k.format == form]
            if own:
                records = pa.concat_tables(own)
                tables[form] = records.select(trails.columns(form)) if form in trails.TRAILS else records
        return tables, pa.concat_tables([REJECT.empty(), *(one.rejects for one in read.values())])

    def records(self, form: str) -> pa.Table:
        """The records of every file of a format, of what `tables` was asked for last."""
        own = [self._read(s, k).records for s, k in sorted(self._last.items()) if k.format == form]
        return pa.concat_tables([parts.record_table(form).empty(), *own])

    def _sealed(self, content: bytes) -> str:
        """The hash of a file with that content, which lies where a case has it."""
        if content not in self._kept:
            sha256 = hashlib.sha256(content).hexdigest()
            path = seal.sealed_path(self._folder, sha256)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            self._kept[content] = sha256
        return self._kept[content]

    def _recognised(self, sha256: str, path: str) -> Known:
        """What a file is by its content and one of its paths."""
        key = sha256, path
        if key not in self._known:
            self._known[key] = account.looked_at(seal.locate(self._folder, sha256), path)
        return self._known[key]

    def _read(self, sha256: str, known: Known) -> _Parsed:
        """Its records and rejects, and what became of its bytes."""
        key = sha256, known
        if key not in self._parsed:
            form, path = str(known.format), seal.locate(self._folder, sha256)
            cut = chunks.cut(path, sha256, known.how, packed=known.packed, hand_on=True)
            tally = Tally()
            records, rejects = [parts.record_table(form).empty()], [REJECT.empty()]
            for chunk in cut:
                found = parts.parse(parts.Task("", form, sha256, path, chunk, known.packed, known.anew))
                tally = tally.plus(found.tally)
                records.append(parquet.conformed(found.records, parts.record_table(form).schema()))
                rejects.append(parquet.conformed(found.rejects, REJECT.schema()))
            self._parsed[key] = _Parsed(pa.concat_tables(records), pa.concat_tables(rejects), tally)
        return self._parsed[key]

    def _events(self, known: Mapping[str, Known], files: pa.Table, question: Question) -> dict[str, pa.Table]:
        """What `pipeline.tell.events` writes: the tables that readings make, each in its order.

        Dated formats are read first, whose median moment places logs without a year.
        """
        registry = readings.registry()
        alike, told = twins.found(self._folder, files), list[Mapping[str, pa.Table]]()
        anchor_ns = None
        forms = sorted({found.format for found in known.values() if found.format is not None})
        for late in (False, True):
            if late:
                anchor_ns = _anchor(told, question)
            for form in forms:
                if registry[form].NEEDS_ANCHOR is late:
                    own = {s: k for s, k in sorted(known.items()) if k.format == form}
                    told.append(self._telling(form, own, files, question.zone, anchor_ns, alike))
        made = {}
        for kind, keys in tell.ORDER.items():
            rows = [kind.empty(), *(t[kind.name] for t in told if kind.name in t)]
            made[kind.name] = sorting.sorted_by([parquet.conformed(r, kind.schema()) for r in rows], keys)
        return made

    def _telling(
        self,
        form: str,
        own: Mapping[str, Known],
        files: pa.Table,
        zone: str,
        anchor_ns: int | None,
        alike: twins.Twins,
    ) -> Mapping[str, pa.Table]:
        """What the reading of a format makes of all its records."""
        here = pc.and_(pc.equal(files["kind"], "file"), pc.is_in(files["sha256"], pa.array(own, pa.string())))
        held, same = files.filter(here), twins.within(alike, set(own))
        key = json.dumps(
            [form, [[s, k.packed] for s, k in own.items()], held.to_pylist(), zone, anchor_ns, same]
        )
        if key not in self._told:
            records = pa.concat_tables(self._read(s, k).records for s, k in own.items()).combine_chunks()
            records = twins.once(records, same)
            self._told[key] = tell.made(form, records, held, zone, anchor_ns, same)
        return self._told[key]


def _anchor(told: list[Mapping[str, pa.Table]], question: Question) -> int | None:
    """The (lower) median moment of what was told; else the middle of the window; else none."""
    found = [np.asarray(made[EVENT.name]["earliest_ns"].drop_null(), np.int64) for made in told]
    moments = np.concatenate([np.empty(0, np.int64), *found])
    if len(moments):
        return int(np.partition(moments, (len(moments) - 1) // 2)[(len(moments) - 1) // 2])
    return None if question.window is None else sum(question.window) // 2
