"""Which commands ran when: looked up once, and asked for each job."""

import posixpath
from bisect import bisect_left, bisect_right

import pandas as pd

from forensics.analysis.acts import Scene
from forensics.analysis.by_verb import runs_by_name
from forensics.analysis.evidence import Row, rows_of


class Commands:
    """Executions of some programs by anybody, in order of time."""

    def __init__(self, ran: pd.DataFrame) -> None:
        self.rows = list(rows_of(ran))
        self._began = [int(e.earliest_ns) for e in self.rows]
        self._longest = max((int(e.latest_ns) - int(e.earliest_ns) for e in self.rows), default=0)

    def begun(self, first_ns: int, last_ns: int) -> list[Row]:
        """Those that begin, at the earliest, in an interval."""
        return self.rows[bisect_left(self._began, first_ns) : bisect_right(self._began, last_ns)]

    def near(self, first_ns: int, last_ns: int) -> list[Row]:
        """Those that can have been in an interval."""
        return [self.rows[n] for places in self.places(first_ns, last_ns) for n in places]

    def places(self, first_ns: int, last_ns: int) -> tuple[tuple[int, ...], range]:
        """Where in `rows` those stand that can have been in an interval: that can have begun before it, and that begin in it."""
        begins = bisect_left(self._began, first_ns)
        early = range(bisect_left(self._began, first_ns - self._longest), begins)
        within = range(begins, bisect_right(self._began, last_ns))
        return tuple(n for n in early if self.rows[n].latest_ns >= first_ns), within


def of(scene: Scene, *programs: str) -> Commands:
    """The runs of some programs that did not fail, looked up once."""
    if ("commands", programs) not in scene.memo:
        scene.memo["commands", programs] = Commands(
            runs_by_name(scene.evidence, lambda name: name in programs)
        )
    found: Commands = scene.memo["commands", programs]
    return found


def program(exe: object) -> str:
    """The name of a program by its path; empty where none is known."""
    return posixpath.basename(exe) if isinstance(exe, str) else ""
