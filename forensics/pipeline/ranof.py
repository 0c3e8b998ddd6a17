"""Who had written what the processes of acts ran: changes of these files, and what their writers ran, in a store."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from forensics.analysis import foreign_code
from forensics.pipeline import kin
from forensics.store.places import Asked, Places

_DEEPEST = 16
"""A file that was written by a program that was written by a program, and so on."""


def of(asked: Asked, wanted: Places, trail: str, mass: str, changed: str) -> tuple[Places, set[str]]:
    """The places of the events of kin, and of those by which files came to hold what kin ran, with those that are wanted already; and these files.

    Args:
        asked: the events.
        wanted: the places of those that are wanted.
        trail: the format of the audit trail.
        mass: the condition for an event to be of its mass.
        changed: the condition for an event to change a file.
    """
    loaded = "|".join(suffix.replace(".", "[.]") for suffix in foreign_code.LOADED)
    wanted = np.union1d(
        wanted,
        asked.places(
            f"WHERE {mass} AND verb = 'read' AND session IS NOT NULL AND regexp_matches(object, '({loaded})$')"
            f" AND object IN (SELECT object FROM part WHERE {changed})"
        ),
    )
    known: set[str] = set()
    for _ in range(_DEEPEST):
        wanted = kin.of(asked, wanted, trail, mass)
        ahead = _ran(asked, wanted, trail) - known
        if not ahead:
            break
        known |= ahead
        named = pa.table({"path": pa.array(sorted(ahead), pa.string())})
        below = "object IN (SELECT path FROM ran) OR object_from IN (SELECT path FROM ran)"
        found = asked.places(f"WHERE {changed} AND ({below})", {"ran": named})
        if not len(np.setdiff1d(found, wanted)):
            break
        wanted = np.union1d(wanted, found)
    return wanted, known


def _ran(asked: Asked, wanted: Places, trail: str) -> set[str]:
    """Every path whose content a process in a session can have done."""
    told = asked.rows(wanted, ["verb", "exe", "object", "argv", "cwd", "session", "format"])
    mine = pc.and_(pc.equal(told["format"], trail), pc.is_valid(told["session"]))
    told = told.filter(pc.and_(mine, pc.is_in(told["verb"], pa.array(["execute", "read"]))))
    rows = zip(*(told[name].to_pylist() for name in ("verb", "exe", "object", "argv", "cwd")), strict=True)
    return {path for row in rows for path in foreign_code.used(*row)}
