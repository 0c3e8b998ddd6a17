"""The tables of a case beside what the ledger says was written.

With each run that writes tables the ledger enters a digest of every one: the hash of a line for each of its parts, with that
part's hash and name. So a table that was edited since, or that gained or lost a part, is known for it whatever its rows say.
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from pathlib import Path

from forensics import engine
from forensics.core.errors import CustodyError
from forensics.custody import ledger
from forensics.custody import seal as sealing
from forensics.store import parquet

HASHED_BYTES = 8 << 20
"""How many bytes of parts one process hashes at a time, about; of fewer in all, the others are not asked."""


def digests(tables: Path, names: Iterable[str], executor: Executor | None = None) -> dict[str, str]:
    """The digest of each of some tables, by name; of one that has no part there is none.

    Args:
        tables: the folder of tables.
        names: which.
        executor: where parts are hashed, where they are large; here, where it is None.
    """
    parts = {name: parquet.parts(tables, name) for name in sorted(names)}
    bundles = list(_bundles([part for own in parts.values() for part in own]))
    hashes = engine.run(_hashed, bundles, executor if len(bundles) > 1 else None)
    hashed = dict(pair for own in hashes for pair in own)
    found = {}
    for name, own in parts.items():
        lines = [f"{hashed[part]}  {part.name}\n" for part in own]
        if lines:
            found[name] = hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()
    return found


def _bundles(parts: Iterable[Path]) -> Iterator[list[Path]]:
    """Parts in their order, as many together as one process hashes at a time."""
    held: list[Path] = []
    size = 0
    for part in parts:
        held.append(part)
        size += part.stat().st_size
        if size >= HASHED_BYTES:
            yield held
            held, size = [], 0
    if held:
        yield held


def _hashed(parts: Sequence[Path]) -> list[tuple[Path, str]]:
    return [(part, sealing.sha256_of(part)[0]) for part in parts]


def entered(case: Path, act: str) -> dict[str, str]:
    """The digests that the ledger last entered for an act, `ingest` or `analyse`; none where it entered none."""
    entry = ledger.last(sealing.ledger_of(case), act)
    told: dict[str, str] = {} if entry is None else entry["what"].get("tables", {})
    return told


def altered(case: Path, *acts: str, only: Collection[str] | None = None) -> list[str]:
    """The tables that are not as the last runs of some acts wrote them, in order.

    Args:
        case: the case folder.
        acts: `ingest`, `analyse`.
        only: these tables alone; None for all that there are.
    """
    said = {name: digest for act in acts for name, digest in entered(case, act).items()}
    asked = {*said, *parquet.names(case / "tables")} if only is None else {*only}
    there = digests(case / "tables", asked)
    return sorted(name for name in asked if said.get(name) != there.get(name))


def check(case: Path, *acts: str, only: Collection[str] | None = None) -> None:
    """See that tables are as the last runs of some acts wrote them.

    Raises:
        CustodyError: one is not; the first in order is named.
    """
    again = f"run `forensics ingest {case}` again, which makes it anew from what is sealed, and `forensics analyse {case}`"
    for name in altered(case, *acts, only=only):
        if not any(entered(case, act) for act in acts):
            raise CustodyError(
                f"{case / 'tables' / name}: the ledger has no digest of it, as of no table that an earlier version wrote; {again}"
            )
        raise CustodyError(
            f"{case / 'tables' / name}: not the table that the ledger says was written; {again}"
        )
