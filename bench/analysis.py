"""What it takes to analyse a case, and to ask it who did something, as the store grows around one incident.

    python bench/analysis.py [--events 1000000 10000000 100000000] [--into docs/explanation/performance.md]

The incident is a staged one, read as any evidence is; around it lie the events of a busy cluster (`cluster.py`). Who
is found to have done what to the incident's job has to be the same as without them.
"""

import argparse
import json
import shutil
import sys
from pathlib import Path

import sheet
from costs import cost

ROOT = Path(__file__).parents[1]
INCIDENT = ROOT / "sample_logs" / "incidents" / "script_edit"
HEADS = ("events", "what", "s", "processor s", "peak MB", "GB of tables")


def made(place: Path, count: int) -> Path:
    """A case of the incident alone, or with so many events around it; made where it is not there yet."""
    case = place / f"analysis-{count}"
    if (case / "made").exists():
        return case
    shutil.rmtree(case, ignore_errors=True)
    sys.path.insert(0, str(ROOT))
    from forensics import pipeline  # noqa: PLC0415 - the process that measures others has to stay small

    pipeline.investigate(
        case, [INCIDENT / "evidence"], roster=INCIDENT / "roster.toml", about=INCIDENT / "case.toml"
    )
    if count:
        import cluster  # noqa: PLC0415 - the same

        cluster.written(case / "tables", count)
    (case / "made").touch()
    return case


def named(case: Path) -> list[tuple[str, ...]]:
    """Every act in the findings, and who is named for it."""
    found = json.loads((case / "findings.json").read_text(encoding="utf-8"))
    return [
        (a["act"], a["object"], str(a["job"]), str(a["person"]["name"]), str(a["person"]["strength"]))
        for a in found["acts"]
    ]


def main() -> None:
    """Make the cases, analyse each, ask each, and print what it took."""
    asked = argparse.ArgumentParser(description=str(__doc__).split("\n", maxsplit=1)[0])
    asked.add_argument("--events", type=int, nargs="*", default=[1_000_000])
    asked.add_argument("--cores", type=int, default=2)
    asked.add_argument("--place", type=Path, default=ROOT / "build" / "bench", help="a folder to work in")
    asked.add_argument("--make", type=int, help="make the case of so many events, and measure nothing")
    asked.add_argument("--into", type=Path, help="a page whose table of these figures is written anew")
    words = asked.parse_args()
    if words.make is not None:
        made(words.place, words.make)
        return
    rows, own = [], None
    for count in [0, *words.events]:
        cost([sys.executable, __file__, "--place", words.place, "--make", str(count)], cores=words.cores)
        case = words.place / f"analysis-{count}"
        held = sum(path.stat().st_size for path in (case / "tables").rglob("*.parquet"))
        job = json.loads((INCIDENT / "truth.json").read_text(encoding="utf-8"))
        job = next(str(act["job"]) for act in job["acts"] if "job" in act)
        for what, command in (
            ("analyse", ["analyse", case]),
            (f"who --job {job}", ["who", case, "--job", job]),
        ):
            took = cost(
                [sys.executable, "-m", "forensics", *command],
                cores=words.cores,
                env={"PYTHONPATH": str(ROOT)},
            )
            told = (
                sheet.number(took.wall),
                sheet.number(took.work),
                sheet.number(took.peak / 1e6),
                sheet.number(held / 1e9),
            )
            rows.append([f"{count:,}", what, *told])
            print(rows[-1], file=sys.stderr, flush=True)
        own = own or named(case)
        if named(case) != own:
            raise SystemExit(f"{count:,} events around the incident change what is found of it")
    sheet.publish("analysis", sheet.grid(HEADS, rows), words.into)


if __name__ == "__main__":
    main()
