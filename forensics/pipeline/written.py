"""The tables of a case beside what the ledger says was written.

With each run that writes tables the ledger enters a digest of every one: the hash of a line for each of its parts, with that
part's hash and name. So a table that was edited since, or that gained or lost a part, is known for it whatever its rows say.
"""

import hashlib
from collections.abc import Collection, Iterable
from pathlib import Path

from forensics.core.errors import CustodyError
from forensics.custody import ledger
from forensics.custody import seal as sealing
from forensics.store import parquet


def digests(tables: Path, names: Iterable[str]) -> dict[str, str]:
    """The digest of each of some tables, by name; of one that has no part there is none."""
    found = {}
    for name in sorted(names):
        lines = [f"{sealing.sha256_of(part)[0]}  {part.name}\n" for part in parquet.parts(tables, name)]
        if lines:
            found[name] = hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()
    return found


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
