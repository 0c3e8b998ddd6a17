"""Questions to a store of many events, each in a process of its own.

python bench/queries.py [--events 1000000 10000000 100000000] [--into docs/explanation/performance.md]
"""

import argparse
import sys
import time
from collections.abc import Callable, Sized
from pathlib import Path

import sheet
from costs import Cost, cost, least

ROOT = Path(__file__).parents[1]
PATH = "/srv/proj/run4711/train.py"
HOUR_NS = 3_600_000_000_000
HEADS = ("question", "events", "s, with start-up", "processor s, beyond start-up", "peak MB")


class Store:
    """The questions, put to a table of so many events."""

    def __init__(self, place: Path, count: int) -> None:
        # Loaded here only: the process that measures others has to stay small.
        sys.path.insert(0, str(ROOT))
        import events  # noqa: PLC0415 - see above

        from forensics.store import company, slices  # noqa: PLC0415 - see above

        self.slices, self.company, self.events, self.count = slices, company, events, count
        self.tables = events.written(place / f"events-{count}", count)
        self.middle_ns = events.BEGAN_NS + count // 2 * events.EVERY_NS
        self.job = str(1_000_000 + count // 2 // (200 * events.JOB_EVENTS))

    def _path(self, **window: int) -> Sized:
        return self.slices.select(self.tables, "event", only={"object": PATH}, **window)

    def ask(self, question: str) -> int:
        """How many rows a question is answered with."""
        slices, tables, until_ns = self.slices, self.tables, self.middle_ns + 60 * HOUR_NS
        asked: dict[str, Callable[[], Sized]] = {
            NOTHING: list,
            "path in 60 hours": lambda: self._path(since_ns=self.middle_ns, until_ns=until_ns),
            "path, all time": self._path,
            "events of a job": lambda: slices.select(tables, "event", only={"job": self.job}),
            "a hundred events by id": lambda: slices.named(
                tables, self.events.block(0, 100)["event_id"].to_pylist()
            ),
            "runs of activity, 30 min": lambda: self.company.spells(tables, gap_ns=HOUR_NS // 2),
            "runs of activity, 60 s": lambda: self.company.spells(tables, gap_ns=HOUR_NS // 60),
            "events beside each job": lambda: self.company.beside(
                tables, self.events.stays(self.count, max(1000, self.count // 100))
            ),
        }
        return len(asked[question]())


NOTHING = "nothing: start-up alone"
QUESTIONS = (
    NOTHING,
    "path in 60 hours",
    "path, all time",
    "events of a job",
    "a hundred events by id",
    "runs of activity, 30 min",
    "runs of activity, 60 s",
    "events beside each job",
)


def main() -> None:
    """Make the tables where they are not, put every question, and print what each took."""
    asked = argparse.ArgumentParser(description=str(__doc__).split("\n", maxsplit=1)[0])
    asked.add_argument("--events", type=int, nargs="*", default=[1_000_000])
    asked.add_argument("--cores", type=int, default=2)
    asked.add_argument("--repeat", type=int, default=1, help="how often; the least time counts")
    asked.add_argument("--place", type=Path, default=ROOT / "build" / "bench", help="a folder to work in")
    asked.add_argument("--ask", help="put one question in this process and print its answer")
    asked.add_argument("--into", type=Path, help="a page whose table of these figures is written anew")
    words = asked.parse_args()
    if words.ask:
        began = time.perf_counter()
        print(Store(words.place, words.events[0]).ask(words.ask), f"{time.perf_counter() - began:.2f} s")
        return
    rows = []
    for count in words.events:
        self = [sys.executable, __file__, "--place", words.place, "--events", str(count), "--ask"]
        cost([*self, NOTHING], cores=words.cores)
        idle = Cost(0, 0, 0)
        for question in QUESTIONS:
            took = least([cost([*self, question], cores=words.cores) for _ in range(words.repeat)])
            # Start-up, which the first question measures, is paid once by who asks more than once; by the
            # clock it is not steady enough to be taken off.
            work = max(0.0, took.work - idle.work)
            told = (sheet.number(took.wall), sheet.number(work), sheet.number(took.peak / 1e6))
            idle = took if question == NOTHING else idle
            rows.append([question, f"{count:,}", *told])
    sheet.publish("queries", sheet.grid(HEADS, rows), words.into)


if __name__ == "__main__":
    main()
