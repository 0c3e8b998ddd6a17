"""How fast large logs become events, beside coreutils sha256sum of the same bytes in the same run.

    python bench/logs.py [--what sacct k8s syslog] [--rows 400000] [--into docs/explanation/performance.md]

`columns` is the format alone (hashed, cut, read into columns with the span of every row, nothing written);
`ingest` is the whole: with its events, order of time and Parquet. Each step counts its start-up, of about a second.
"""

import argparse
import sys
from pathlib import Path

import ingest
import k8s_rows
import sacct_rows
import sheet
import syslog_rows
from costs import Cost, cost, least

COLUMNS = (
    "import sys, pathlib; from forensics import formats; from forensics.custody import chunks; from forensics.pipeline import parts\n"
    "path, name, sha256 = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]\n"
    "for chunk in chunks.cut(path, sha256, formats.registry()[name].CUT, hand_on=True):\n"
    "    parts.parse(parts.Task('', name, sha256, path, chunk, None))\n"
)
LOGS = {
    "sacct": ("sacct", "slurm/sacct.psv", sacct_rows.written),
    "k8s": ("k8s_audit", "kubernetes/audit.log", k8s_rows.written),
    "syslog": ("syslog", "auth.log", syslog_rows.written),
}
"""Of each log: the name of its format, where it lies, and who writes it."""
DATED = "JobID|User|State|Submit|Start|End\n7|kai|COMPLETED|2026-10-01T00:00:00|2026-10-01T00:00:00|2026-10-01T00:01:00\n"
HEADS = (
    "what", "log", "rows", "MB", "cores", "s", "processor s", "peak MB", "processor time of `sha256sum`", "its time",
)  # fmt: skip


def measured(what: str, rows: int, place: Path, repeat: int) -> list[list[str]]:
    """The lines of a table for one log of so many rows."""
    name, path, write = LOGS[what]
    log = place / f"{what}-{rows}" / "login01" / "var" / "log" / path
    if not log.exists():
        log.parent.mkdir(parents=True)
        write(log, rows)
        if what == "syslog":
            # Something with a year, for a log that writes none.
            (log.parent / "sacct.psv").write_text(DATED, encoding="ascii")
    sha256 = ingest.sha256_of(log)
    names = {"coreutils sha256sum": 1, "columns": 1, "ingest, 1 process": 1, "ingest, 2 processes": 2}
    runs: dict[str, list[Cost]] = {step: [] for step in names}
    for _ in range(repeat):
        runs["coreutils sha256sum"].append(cost(["sha256sum", log], cores=1))
        words = [sys.executable, "-c", COLUMNS, log, name, sha256]
        runs["columns"].append(cost(words, cores=1, env=ingest.HOME))
        for cores, step in enumerate(list(names)[2:], start=1):
            runs[step].append(ingest.ingested(log, place, cores, evidence=place / f"{what}-{rows}")[0])
    yard = least(runs["coreutils sha256sum"])
    lines = []
    for step, cores in names.items():
        took, size = least(runs[step]), log.stat().st_size / 1e6
        told = [sheet.number(v) for v in (took.wall, took.work, took.peak / 1e6)]
        beside = [f"{took.work / yard.work:.1f} x", f"{took.wall / yard.wall:.1f} x"]
        lines.append([step, what, f"{rows:,}", sheet.number(size), str(cores), *told, *beside])
    return lines


def main() -> None:
    """Make the logs, read them, and print what it took."""
    asked = argparse.ArgumentParser(description=str(__doc__).split("\n", maxsplit=1)[0])
    asked.add_argument("--what", nargs="*", choices=LOGS, default=list(LOGS))
    asked.add_argument("--rows", type=int, nargs="*", default=[400_000])
    asked.add_argument("--repeat", type=int, default=1, help="how often; the least time counts")
    asked.add_argument(
        "--place", type=Path, default=ingest.ROOT / "build" / "bench", help="a folder to work in"
    )
    asked.add_argument("--into", type=Path, help="a page whose table of these figures is written anew")
    words = asked.parse_args()
    lines = [
        line
        for what in words.what
        for rows in words.rows
        for line in measured(what, rows, words.place, words.repeat)
    ]
    sheet.publish("logs", sheet.grid(HEADS, lines), words.into)


if __name__ == "__main__":
    main()
