"""How fast an audit log becomes events, side by side with others in one run.

    python bench/ingest.py [--mb 10 100 1000] [--worst] [--peers] [--into docs/explanation/performance.md]

Each step runs in processes of its own, in turn with the others, and again as often as asked; of several
runs the least time counts. Times of two machines do not compare; the ratio nearly does.
"""

import argparse
import hashlib
import os
import shutil
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import audit_log
import peers
import sheet
from costs import Cost, FailedError, cost, least

ROOT = Path(__file__).parents[1]
OURS = [sys.executable, "-m", "forensics"]
BYTECODE = ROOT / "build" / "bench" / "bytecode"
# With bytecode kept, as where it is installed: to compile every module again is no part of the work.
HOME = {
    "PYTHONPATH": str(ROOT),
    "PYTHONDONTWRITEBYTECODE": "",
    "PYTHONPYCACHEPREFIX": str(BYTECODE),
}
WORST = ("irregular", "long", "rejects")
HEADS = (
    "what", "layout", "MB", "cores", "s", "MB/s", "processor s", "peak MB", "time of `sha256sum`",
    "speed of `ausearch`", "Parquet",
)  # fmt: skip


class Step(NamedTuple):
    """Something that is done to a log."""

    name: str
    layout: str
    size_bytes: int
    cores: int


def log_of(place: Path, layout: str, megabytes: int) -> Path:
    """A log of a layout and size, made where it is not there yet."""
    folder = place / f"{layout}-{megabytes}" / "login01" / "var" / "log" / "audit"
    log = folder / "audit.log"
    if not log.exists():
        folder.mkdir(parents=True, exist_ok=True)
        partial = folder.parent / "partial"
        audit_log.written(partial, layout, megabytes * 1_000_000)
        partial.rename(log)
    return log


def sha256_of(path: Path) -> str:
    """The hash of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def ingested(log: Path, place: Path, cores: int, evidence: Path | None = None) -> tuple[Cost, float]:
    """What reading a sealed log into a case takes, and the size of the Parquet to that of the log."""
    case = place / "case"
    shutil.rmtree(case, ignore_errors=True)
    cost([*OURS, "init", case], cores=1, env=HOME)
    cost([*OURS, "seal", case, evidence or log.parents[3], "--reference"], cores=1, env=HOME)
    took = cost([*OURS, "ingest", case, "--workers", str(cores)], cores=cores, env=HOME)
    stored = sum(p.stat().st_size for p in case.rglob("*.parquet"))
    shutil.rmtree(case)
    return took, stored / log.stat().st_size


class Bench:
    """The runs so far, by step."""

    def __init__(self, place: Path, *, asked: bool) -> None:
        self.place, self.peers = place, (*peers.ALWAYS, *(peers.ASKED_FOR if asked else ()))
        self.costs: dict[Step, list[Cost]] = defaultdict(list)
        self.stored: dict[Step, float] = {}

    def round(self, layout: str, megabytes: int, cores: list[int]) -> None:
        """Run everything once that knows a layout, ours last."""
        log = log_of(self.place, layout, megabytes)
        size = log.stat().st_size
        for peer in self.peers:
            yardstick = peer in peers.ALWAYS[:2]
            if (yardstick or peer.reads == layout) and megabytes <= peer.most_mb:
                self._peer(peer, log, Step(peer.name, layout, size, 1))
        for n in cores:
            step = Step("forensics ingest", layout, size, n)
            took, self.stored[step] = ingested(log, self.place, n)
            self.costs[step].append(took)

    def _peer(self, peer: peers.Peer, log: Path, step: Step) -> None:
        words = peer.command(log, self.place)
        if words is None:
            print(f"{peer.name}: not installed, so it is not compared with", file=sys.stderr)
            return
        try:
            self.costs[step].append(cost(words, cores=1))
        except FailedError as error:
            print(f"{peer.name}: {error}", file=sys.stderr)

    def rows(self) -> Iterator[list[str]]:
        """A line for each step. On one core ratios are of processor time, on several of time by the clock."""
        for step, runs in self.costs.items():
            took = least(runs)
            size = step.size_bytes / 1e6
            beside = {
                name: least(self.costs[yard])
                for name in (peers.ALWAYS[0].name, peers.ALWAYS[2].name)
                if (yard := Step(name, step.layout, step.size_bytes, 1)) in self.costs
            }
            field = "work" if step.cores == 1 else "wall"
            hashing, ausearch = (beside.get(peers.ALWAYS[n].name) for n in (0, 2))
            mine = getattr(took, field)
            yield [
                step.name, step.layout, sheet.number(size), str(step.cores), sheet.number(took.wall),
                sheet.number(size / took.wall), sheet.number(took.work), sheet.number(took.peak / 1e6),
                f"{mine / getattr(hashing, field):.1f} x" if hashing else "",
                f"{getattr(ausearch, field) / mine:.2f} x" if ausearch else "",
                f"{self.stored[step]:.1%}" if step in self.stored else "",
            ]  # fmt: skip


def main() -> None:
    """Run what is asked for, and print the table."""
    asked = argparse.ArgumentParser(description=str(__doc__).split("\n", maxsplit=1)[0])
    asked.add_argument("--mb", type=int, nargs="*", default=[10], help="sizes of the log, 10 to 10000")
    asked.add_argument("--cores", type=int, nargs="*", default=[1, min(2, os.cpu_count() or 1)])
    asked.add_argument("--repeat", type=int, default=1, help="how often; the least time counts")
    asked.add_argument("--worst", type=int, metavar="MB", help="the worst layouts too, of this size")
    asked.add_argument("--peers", action="store_true", help="other programs too; installs them (minutes)")
    asked.add_argument("--place", type=Path, default=ROOT / "build" / "bench", help="a folder to work in")
    asked.add_argument("--into", type=Path, help="a page whose table of these figures is written anew")
    words = asked.parse_args()
    words.place.mkdir(parents=True, exist_ok=True)
    bench = Bench(words.place, asked=words.peers)
    for _ in range(words.repeat):
        for size in words.mb:
            bench.round("fleet", size, words.cores)
            if words.peers and size <= max(p.most_mb for p in peers.ASKED_FOR):
                bench.round("plain", size, words.cores)
        for layout in WORST if words.worst else ():
            bench.round(layout, words.worst, words.cores[:1])
    sheet.publish("audit logs", sheet.grid(HEADS, list(bench.rows())), words.into)


if __name__ == "__main__":
    main()
