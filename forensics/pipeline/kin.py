"""What the processes of events that are wanted ran, and where those of no session came from: parents of parents, in a store."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from forensics.analysis import relevance
from forensics.pipeline import owned
from forensics.pipeline.owned import columns
from forensics.store.places import Asked, Places

_DEEPEST = 64


def of(asked: Asked, wanted: Places, trail: str, mass: str) -> Places:
    """The places of the events of kin, with those that are wanted already.

    Args:
        asked: the events.
        wanted: the places of those that are wanted.
        trail: the format of the audit trail.
        mass: the condition for an event to be of its mass.
    """
    found = _Kin(asked, wanted, trail, mass)
    found.processes()
    return found.wanted


class _Kin:
    def __init__(self, asked: Asked, wanted: Places, trail: str, mass: str) -> None:
        self.asked, self.wanted, self.trail, self.mass = asked, wanted, trail, mass

    def _want(self, where: str, beside: Mapping[str, pa.Table]) -> None:
        self.wanted = np.union1d(self.wanted, self.asked.places(where, beside))

    def processes(self) -> None:
        """What the processes of the events that are wanted ran, and where those of no session came from."""
        told = self.asked.rows(self.wanted, ["verb", "host", "pid", "target_pid", "session", "format"])
        rows = told.filter(pc.equal(told["format"], self.trail)).to_pandas(integer_object_nulls=True)
        acting = rows[rows["verb"].isin({*relevance.CHANGES, "signal"}) & rows["pid"].notna()]
        pairs = owned.pairs(zip(acting["host"], acting["pid"], strict=True))
        own = "part.host IS NOT DISTINCT FROM acting.host AND part.pid = acting.pid"
        self._want(f"SEMI JOIN acting ON {own} WHERE {self.mass} AND verb = 'execute'", {"acting": pairs})
        loose = rows[rows["session"].isna() & rows["verb"].isin({*relevance.CHANGES, "signal", "execute"})]
        hit = rows[rows["target_pid"].notna()]
        ahead = {
            *zip(loose["host"], loose["pid"], strict=True),
            *zip(hit["host"], hit["target_pid"], strict=True),
        }
        self._ancestors({(host, pid) for host, pid in ahead if not pd.isna(pid)})
        self._lineage()

    def _lineage(self) -> None:
        """Whatever the processes of acts ran, and their parents, and so on, each within its kernel session."""
        told = self.asked.rows(self.wanted, ["verb", "exe", "host", "pid", "ppid", "session", "format"])
        told = told.filter(pc.and_(pc.equal(told["format"], self.trail), pc.is_valid(told["pid"])))
        ahead = owned.family(told)
        known: set[tuple[str | None, int, str | None]] = set()
        same = " AND ".join(
            f"part.{key} IS NOT DISTINCT FROM family.{key}" for key in ("host", "pid", "session")
        )
        for _ in range(_DEEPEST):
            ahead -= known
            if not ahead:
                return
            known |= ahead
            family = columns(sorted(ahead, key=str), owned.FAMILY, (pa.string(), pa.int64(), pa.string()))
            found = self.asked.ask(
                f"SELECT part.place, part.host, ppid, part.session FROM part SEMI JOIN family ON {same}"
                f" WHERE {self.mass} AND verb = 'execute'",
                {"family": family},
            )
            self.wanted = np.union1d(self.wanted, found["place"].to_numpy())
            rows = zip(*(found[name].to_pylist() for name in ("host", "ppid", "session")), strict=True)
            ahead = {(host, ppid, session) for host, ppid, session in rows if ppid is not None and ppid > 1}

    def _ancestors(self, ahead: set[tuple[str | None, int]]) -> None:
        """The first and the last event of each process in a quarter of a day, and of its parent, and so on."""
        known: set[tuple[str | None, int]] = set()
        for _ in range(_DEEPEST):
            ahead -= known
            if not ahead:
                return
            known |= ahead
            mine = "part.host IS NOT DISTINCT FROM process.host AND part.pid = process.pid"
            bucket = "earliest_ns // 21600000000000"
            ends = self.asked.ask(
                f"SELECT part.host, ppid, arg_min(place, earliest_ns) AS first, arg_max(place, earliest_ns) AS last FROM part"
                f" SEMI JOIN process ON {mine} WHERE format = '{self.trail}' AND session IS NULL AND ppid IS NOT NULL"
                f" GROUP BY part.host, part.pid, ppid, {bucket}",
                {"process": owned.pairs(ahead)},
            )
            self.wanted = np.union1d(
                self.wanted,
                pc.unique(
                    pa.chunked_array([*ends["first"].chunks, *ends["last"].chunks], pa.int64())
                ).to_numpy(),
            )
            ahead = set(zip(ends["host"].to_pylist(), ends["ppid"].to_pylist(), strict=True))
