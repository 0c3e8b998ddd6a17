"""An investigation in memory, for tests that make hundreds: the stages themselves, without a case's files between them.

A stage is a function of what it is given, so what was made of bytes that were met before is not made again: of a
case of which one log was altered, that log is read, and the analysis runs. `test_altered.py` shows that the answer
is the one that `pipeline.investigate` writes.
"""

import hashlib
import json
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from forensics import formats, readings
from forensics.analysis import blind, evidence, examine, findings, trails
from forensics.core import canonical
from forensics.core import roster as asked
from forensics.core.tables import EVENT, REJECT
from forensics.custody import chunks, seal
from forensics.pipeline import files, parts, tell, twins
from forensics.store import parquet, spool

_HELD = tempfile.TemporaryDirectory()
CASE = Path(_HELD.name)
"""Holds the sealed files of all investigations."""
NEEDED = ("git_object", "git_pack")


@cache
def _kept(content):
    """The hash of a file with that content, which lies where a case has it."""
    sha256 = hashlib.sha256(content).hexdigest()
    path = seal.sealed_path(CASE, sha256)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return sha256


@cache
def _known(sha256, path):
    """What a file is recognised as by its content and one of its paths."""
    return files._looked_at(seal.locate(CASE, sha256), path)


@cache
def _parsed(sha256, form, packed):
    """Its records and rejects, and what became of its bytes."""
    path, tally, made = seal.locate(CASE, sha256), files.Tally(), []
    for chunk in chunks.cut(path, sha256, formats.registry()[form].CUT, packed=packed, hand_on=True):
        found = parts.parse(parts.Task("", form, sha256, path, chunk, packed, 0))
        tally = tally.plus(found.tally)
        made.append((found.records, parquet.conformed(found.rejects, REJECT.schema())))
    if not made:
        return parts.record_table(form).empty(), REJECT.empty(), tally
    return *(pa.concat_tables(tables) for tables in zip(*made, strict=True)), tally


class Telling:
    """Hashable by what a reading is given, so that it can be remembered what it tells."""

    def __init__(self, form, own, held, zone, anchor_ns, alike):
        self.form, self.own, self.held, self.zone, self.anchor_ns, self.alike = (
            form,
            own,
            held,
            zone,
            anchor_ns,
            alike,
        )
        self.key = json.dumps([form, own, held.to_pylist(), zone, anchor_ns, alike])

    def __hash__(self):
        return hash(self.key)

    def __eq__(self, other):
        return self.key == other.key


@cache
def _told(asked_for):
    records = pa.concat_tables(_parsed(*own)[0] for own in asked_for.own).combine_chunks()
    records = twins.once(records, asked_for.alike)
    reading = readings.registry()[asked_for.form]
    made = reading.read(records, asked_for.held, zone=asked_for.zone, anchor_ns=asked_for.anchor_ns)
    return made | {EVENT.name: twins.cited(made[EVENT.name], asked_for.alike)}


def _events(known, table, question):
    """What `pipeline.tell.events` writes: the tables that readings make, each in its order."""
    sealed = table.filter(pc.equal(table["kind"], "file"))
    alike, told, anchor_ns = twins.found(CASE, table), [], None
    forms = sorted({found.format for found in known.values() if found.format is not None})
    for needs in (False, True):
        if needs:
            found = [np.asarray(made[EVENT.name]["earliest_ns"].drop_null()) for made in told]
            moments = np.sort(np.concatenate([np.empty(0, np.int64), *found]))
            middle = None if question.window is None else sum(question.window) // 2
            anchor_ns = int(moments[(len(moments) - 1) // 2]) if len(moments) else middle
        for form in forms:
            if needs == readings.registry()[form].NEEDS_ANCHOR:
                own = sorted((s, form, k.packed) for s, k in known.items() if k.format == form)
                held = sealed.filter(
                    pc.is_in(sealed["sha256"], pa.array([s for s, _, _ in own], pa.string()))
                )
                same = twins.within(alike, {s for s, _, _ in own})
                told.append(_told(Telling(form, own, held, question.zone, anchor_ns, same)))
    made = {}
    for kind, keys in tell.ORDER.items():
        rows = [kind.empty(), *(t[kind.name] for t in told if kind.name in t)]
        made[kind.name] = spool.sorted_by([parquet.conformed(r, kind.schema()) for r in rows], keys)
    return made


def found(collected, *, roster, about):
    """The findings of what was collected, as `findings.json` holds them.

    Args:
        collected: content of each file by its path as collected.
        roster, about: content of `roster.toml` and `case.toml`.
    """
    rows = sorted(seal.Sealed(path, _kept(content), len(content), "file", None, "copied") for path, content in collected.items())  # fmt: skip
    known = {}
    for row in rows:
        if row.sha256 not in known or known[row.sha256].format is None:
            known[row.sha256] = _known(row.sha256, row.path)
    parsed = {s: _parsed(s, k.format, k.packed) for s, k in sorted(known.items()) if k.format is not None}
    sizes = {row.sha256: row.bytes for row in rows}
    tallies = {s: parsed[s][2] if s in parsed else files.Tally(n, 0, 0, n) for s, n in sizes.items()}
    table, question = files.placing(files.table(rows, known, tallies)), asked.question(about, "case.toml")
    tables = {"file": table, **_events(known, table, question)}
    for form in sorted({*NEEDED, *trails.TRAILS}):
        own = [parsed[s][0] for s, k in sorted(known.items()) if k.format == form]
        if own:
            tables[form] = pa.concat_tables(own)
            if form in trails.TRAILS:
                tables[form] = tables[form].select(trails.columns(form))
    rejects = pa.concat_tables([REJECT.empty(), *(p[1] for p in parsed.values())])
    hidden = blind.blinded(asked.roster(roster, "roster.toml"), question)
    done = examine.examine(evidence.assemble(tables, hidden.roster, hidden.question), evidence.frame(rejects))
    return json.loads(canonical.dumps(blind.locked(findings.findings(done), hidden.names)))
