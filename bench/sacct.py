"""How fast accounting becomes events, beside coreutils sha256sum of the same bytes in the same run.

    python bench/sacct.py [--rows 400000] [--into docs/explanation/performance.md]

`columns` is the format alone (hashed, cut, read into columns with the span of every row, nothing written);
`ingest` is the whole: with its events, job records, order of time and Parquet.
"""

import argparse
import sys
from pathlib import Path

import ingest
import sacct_rows
import sheet
from costs import Cost, cost, least

COLUMNS = (
    "import sys, pathlib; from forensics.custody import chunks; from forensics.pipeline import read\n"
    "path, sha256 = pathlib.Path(sys.argv[1]), sys.argv[2]\n"
    "for chunk in chunks.cut(path, sha256, 'headed'): read.parse(read.Task('', 'sacct', sha256, path, chunk, None, path.stat().st_size))\n"
)
HEADS = ("what", "rows", "MB", "cores", "s", "processor s", "peak MB", "processor time of `sha256sum`")


def main() -> None:
    """Make the rows, read them, and print what it took."""
    asked = argparse.ArgumentParser(description=str(__doc__).split("\n", maxsplit=1)[0])
    asked.add_argument("--rows", type=int, nargs="*", default=[400_000])
    asked.add_argument("--repeat", type=int, default=1, help="how often; the least time counts")
    asked.add_argument(
        "--place", type=Path, default=ingest.ROOT / "build" / "bench", help="a folder to work in"
    )
    asked.add_argument("--into", type=Path, help="a page whose table of these figures is written anew")
    words = asked.parse_args()
    lines = []
    for rows in words.rows:
        path = words.place / f"sacct-{rows}" / "login01" / "var" / "log" / "slurm" / "sacct.psv"
        if not path.exists():
            path.parent.mkdir(parents=True)
            sacct_rows.written(path, rows)
        sha256 = ingest.sha256_of(path)
        names = {"coreutils sha256sum": 1, "columns": 1, "ingest, 1 process": 1, "ingest, 2 processes": 2}
        runs: dict[str, list[Cost]] = {name: [] for name in names}
        for _ in range(words.repeat):
            runs["coreutils sha256sum"].append(cost(["sha256sum", path], cores=1))
            runs["columns"].append(
                cost([sys.executable, "-c", COLUMNS, path, sha256], cores=1, env=ingest.HOME)
            )
            for n, name in enumerate(list(names)[2:], start=1):
                runs[name].append(ingest.ingested(path, words.place, n)[0])
        yard = least(runs["coreutils sha256sum"]).work
        for name, cores in names.items():
            took, size = least(runs[name]), path.stat().st_size / 1e6
            told = [sheet.number(v) for v in (took.wall, took.work, took.peak / 1e6)]
            lines.append(
                [name, f"{rows:,}", sheet.number(size), str(cores), *told, f"{took.work / yard:.1f} x"]
            )
    sheet.publish("sacct", sheet.grid(HEADS, lines), words.into)


if __name__ == "__main__":
    main()
