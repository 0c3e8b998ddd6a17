"""What the tables of a case were made from: written last, so that a run over the same inputs has nothing to do."""

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from operator import attrgetter
from pathlib import Path

from forensics import __version__, formats
from forensics.core import canonical
from forensics.core.roster import Question
from forensics.core.tables import CORE
from forensics.custody.seal import Sealed
from forensics.pipeline import parts
from forensics.pipeline.files import Tally
from forensics.pipeline.parts import digest, record_table

STAMP = "ingest.json"
TOGETHER = 256
"""How many sealed files are named at a time."""


def inputs(question: Question, rows: Sequence[Sealed]) -> str:
    """A name for what tables are made from: of the JSON of all of it, which is never held as a whole."""
    made = hashlib.sha256(
        canonical.line([__version__, question.zone, question.window, question.places])[:-1].encode()
    )
    fields = attrgetter(*(field.name for field in dataclasses.fields(Sealed)))
    for at in range(0, max(1, len(rows)), TOGETHER):
        some = canonical.line([fields(row) for row in rows[at : at + TOGETHER]])[1:-1]
        made.update(("," if at else ",[").encode() + some.encode())
    made.update(b"]]")
    return made.hexdigest()


def put(tables: Path, named: str, total: Tally) -> None:
    """Stamp tables as made from inputs of a name."""
    made = sorted(path.relative_to(tables).as_posix() for path in tables.glob("*/*.parquet"))
    parts.settle(
        tables / STAMP, {"inputs": named, "tables": made, "layout": _layout(made), "tally": list(total)}
    )


def _layout(made: Sequence[str]) -> str | None:
    """How this version lays the tables out that were made; None where it does not know one of them."""
    core, known = {table.name: table for table in CORE}, formats.registry()
    names = sorted({name.partition("/")[0] for name in made})
    if not all(name in core or name in known for name in names):
        return None
    return digest(parts.layout(*(core[name] if name in core else record_table(name) for name in names)))


def found(case: Path, inputs: str) -> Tally | None:
    """The accounting of an earlier run over the same inputs, if all that it made is there as it is made now."""
    try:
        stamp = json.loads((case / "tables" / STAMP).read_text(encoding="ascii"))
        there = all((case / "tables" / name).exists() for name in stamp["tables"])
        same = stamp["inputs"] == inputs and stamp.get("layout") == _layout(stamp["tables"])
        return Tally(*stamp["tally"]) if there and same else None
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):  # none, or none of ours
        return None
