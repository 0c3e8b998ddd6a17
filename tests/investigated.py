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
from forensics.analysis import evidence, examine, findings, trails
from forensics.core import canonical
from forensics.core import roster as asked
from forensics.core.tables import EVENT, REJECT
from forensics.custody import chunks, seal
from forensics.pipeline import files, read, tell
from forensics.store import parquet, spool

_HELD = tempfile.TemporaryDirectory()
NEEDED = ("git_object", "git_pack")


@cache
def _kept(content):
    """A file with that content, under its hash."""
    sha256 = hashlib.sha256(content).hexdigest()
    path = Path(_HELD.name) / sha256
    path.write_bytes(content)
    return sha256, path


@cache
def _known(sha256, path):
    """What a file is recognised as by its content and one of its paths."""
    return files._looked_at(Path(_HELD.name) / sha256, path)


@cache
def _parsed(sha256, form, packed):
    """Its records and rejects, and what became of its bytes."""
    path, tally, parts = Path(_HELD.name) / sha256, files.Tally(), []
    for chunk in chunks.cut(path, sha256, formats.registry()[form].CUT, packed=packed, hand_on=True):
        found = read.parse(read.Task("", form, sha256, path, chunk, packed, 0))
        tally = tally.plus(found.tally)
        parts.append((found.records, parquet.conformed(found.rejects, REJECT.schema())))
    if not parts:
        return read.record_table(form).empty(), REJECT.empty(), tally
    return *(pa.concat_tables(tables) for tables in zip(*parts, strict=True)), tally


class Telling:
    """Hashable by what a reading is given, so that it can be remembered what it tells."""

    def __init__(self, form, own, held, zone, anchor_ns):
        self.form, self.own, self.held, self.zone, self.anchor_ns = form, own, held, zone, anchor_ns
        self.key = json.dumps([form, own, held.to_pylist(), zone, anchor_ns])

    def __hash__(self):
        return hash(self.key)

    def __eq__(self, other):
        return self.key == other.key


@cache
def _told(asked_for):
    records = pa.concat_tables(_parsed(*own)[0] for own in asked_for.own).combine_chunks()
    reading = readings.registry()[asked_for.form]
    return reading.read(records, asked_for.held, zone=asked_for.zone, anchor_ns=asked_for.anchor_ns)


def _events(known, table, question):
    """What `pipeline.tell.events` writes: the tables that readings make, each in its order."""
    sealed = table.filter(pc.equal(table["kind"], "file"))
    told, anchor_ns = [], None
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
                told.append(_told(Telling(form, own, held, question.zone, anchor_ns)))
    made = {}
    for kind, keys in tell.ORDER.items():
        rows = [kind.empty(), *(t[kind.name] for t in told if kind.name in t)]
        made[kind.name] = spool.sorted_by([parquet.conformed(r, kind.schema()) for r in rows], keys)
    return made


def examined(collected, *, roster, about):
    """The analysis of what was collected.

    Args:
        collected: content of each file by its path as collected.
        roster, about: content of `roster.toml` and `case.toml`.
    """
    rows = sorted(seal.Sealed(path, _kept(content)[0], len(content), "file", None, "copied") for path, content in collected.items())  # fmt: skip
    known = {}
    for row in rows:
        if row.sha256 not in known or known[row.sha256].format is None:
            known[row.sha256] = _known(row.sha256, row.path)
    parsed = {s: _parsed(s, k.format, k.packed) for s, k in sorted(known.items()) if k.format is not None}
    sizes = {row.sha256: row.bytes for row in rows}
    tallies = {s: parsed[s][2] if s in parsed else files.Tally(n, 0, 0, n) for s, n in sizes.items()}
    table, question = files.table(rows, known, tallies), asked.question(about, "case.toml")
    found = {"file": table, **_events(known, table, question)}
    for form in sorted({*NEEDED, *trails.TRAILS}):
        own = [parsed[s][0] for s, k in sorted(known.items()) if k.format == form]
        if own:
            found[form] = pa.concat_tables(own)
            if form in trails.TRAILS:
                found[form] = found[form].select(trails.columns(form))
    rejects = pa.concat_tables([REJECT.empty(), *(p[1] for p in parsed.values())])
    assembled = evidence.assemble(found, asked.roster(roster, "roster.toml"), question)
    return examine.examine(assembled, evidence.frame(rejects))


def found(collected, *, roster, about):
    """Its findings, as `findings.json` holds them."""
    done = examined(collected, roster=roster, about=about)
    return json.loads(canonical.dumps(findings.findings(done)))
