"""Whether an analysis that holds only the events which bear on the question finds what one finds that holds them all.

    python bench/both_ways.py [--seeds 1000:1030]

Each seed is a simulated incident. Its findings are made both ways, and every value that differs is printed: a
difference is a fault of the narrowing (`forensics/pipeline/narrowed.py`). It ends with status 1 where there is one.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from forensics.analysis import blind, examine, findings, trails  # noqa: E402 - this checkout's, and no other
from forensics.analysis import evidence as assembled  # noqa: E402 - the same
from forensics.core import roster as asked  # noqa: E402 - the same
from forensics.core.tables import EVENT, FILE, JOB_RECORD  # noqa: E402 - the same
from forensics.pipeline import inmemory, narrowed  # noqa: E402 - the same
from forensics.pipeline.parts import record_table  # noqa: E402 - the same
from forensics.simulation import incident, plan  # noqa: E402 - the same
from forensics.store import parquet  # noqa: E402 - the same

_SHOWN = 12


class Compared(NamedTuple):
    """What came of one incident: the events there are, those that were held, each value that differs, and what is found with all of them; and of each file, by its hash, how many events there are and how many of them were held."""

    events: int
    held: int
    differs: list[tuple[str, Any, Any]]
    found: dict[str, Any]
    of_files: dict[str, tuple[int, int]]


def compared(seed: int) -> Compared:
    """The findings of a seed's incident, made both ways."""
    made = incident.incident(plan.plan(seed))
    return of(made.evidence, made.roster, made.about)


def of(
    collected: Mapping[str, bytes], roster: bytes, about: bytes, desk: inmemory.Desk | None = None
) -> Compared:
    """The findings of what was collected, by path, made both ways; `desk` has what was read of the same bytes before."""
    with tempfile.TemporaryDirectory() as folder:
        hidden = blind.blinded(asked.roster(roster, "roster.toml"), asked.question(about, "case.toml"))
        desk = desk or inmemory.Desk(Path(folder) / "desk")
        tables, refused = desk.tables(collected, hidden.question)
        rejects = assembled.frame(refused)
        store = Path(folder) / "tables"
        parquet.write(store, EVENT, tables["event"], "0")
        parquet.write(store, FILE, tables["file"])
        for form in sorted(set(trails.TRAILS) & tables.keys()):
            parquet.write(store, record_table(form), desk.records(form), "0")
        if "job_record" in tables:
            parquet.write(store, JOB_RECORD, tables["job_record"], "0")
        trail = narrowed.trail_of(store)
        whole = examine.examine(assembled.assemble(tables, hidden.roster, hidden.question), rejects)
        rest = {name: table for name, table in tables.items() if name not in {"event", "job_record", trail}}
        done = narrowed.examined(narrowed.Case(store, rest, hidden.roster, hidden.question), rejects, trail)
        found = findings.findings(whole)
        differs = list(_differing(found, findings.findings(done), ""))
        every, held = (made.scene.events["sha256"].value_counts() for made in (whole, done))
        of_files = {str(sha256): (int(n), int(held.get(sha256, 0))) for sha256, n in every.items()}
        return Compared(len(whole.scene.events), len(done.scene.events), differs, found, of_files)


def _differing(one: Any, other: Any, at: str) -> Iterator[tuple[str, Any, Any]]:  # noqa: ANN401 - any value of findings
    """The values that differ, each by the way to it."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        for name in one:
            yield from _differing(one[name], other[name], f"{at}.{name}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for n, (mine, its) in enumerate(zip(one, other, strict=True)):
            yield from _differing(mine, its, f"{at}[{n}]")
    elif one != other:
        yield at, one, other


def main() -> None:
    """Compare incident by incident, and print what differs."""
    words = argparse.ArgumentParser(description=str(__doc__).split("\n", maxsplit=1)[0])
    words.add_argument("--seeds", default="1000:1030")
    first, _, stop = str(words.parse_args().seeds).partition(":")
    bad = 0
    for seed in range(int(first), int(stop)):
        found = compared(seed)
        said = f"held {found.held} of {found.events}, {len(found.differs)} differ"
        print(seed, plan.plan(seed).technique, said, sep="\t", flush=True)
        for at, one, other in found.differs[:_SHOWN]:
            print("", at, str(one)[:200], str(other)[:200], sep="\t", flush=True)
        bad += bool(found.differs)
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
