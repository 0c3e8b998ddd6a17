"""Rows of accounting from a seed, as `sacct --parsable2` prints them: a job, its batch step, its first step.

python bench/sacct_rows.py ROWS FILE
"""

import random
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

SEED = 20261123
BEGAN = datetime(2026, 5, 1, tzinfo=UTC)
NAMES = (
    "JobIDRaw|JobID|JobName|User|UID|Account|Partition|State|ExitCode|DerivedExitCode|Submit|Eligible|Start|End|"
    "ElapsedRaw|ReqTRES|AllocTRES|NodeList|WorkDir|SubmitLine|Comment|Cluster"
)
STATES = ("COMPLETED", "COMPLETED", "COMPLETED", "FAILED", "TIMEOUT", "CANCELLED by 4107", "OUT_OF_MEMORY")


def job(chance: random.Random, number: int) -> str:
    """Three rows."""
    uid, gpus, elapsed = (
        4100 + int(chance.random() * 400),
        1 << int(chance.random() * 5),
        int(chance.random() * 90_000),
    )
    submit = BEGAN + timedelta(seconds=number * 2)
    start, end = submit + timedelta(seconds=60), submit + timedelta(seconds=60 + elapsed)
    s, b, e = (t.strftime("%Y-%m-%dT%H:%M:%S") for t in (submit, start, end))
    state, node = STATES[int(chance.random() * len(STATES))], f"gpu{int(chance.random() * 60):02d}"
    code = "0:0" if state == "COMPLETED" else "1:0"
    tres = f"cpu={gpus * 8},gres/gpu={gpus},mem={gpus * 64}G,node=1"
    run = int(chance.random() * 20_000)
    whole = (
        f"{number}|{number}|train-{run}|u{uid}|{uid}|research|train|{state}|{code}|{code}|{s}|{s}|{b}|{e}|{elapsed}|"
        f"{tres}|{tres}|{node}|/srv/proj/llm/run{run}|sbatch --gpus={gpus} run{run}/train.sh||spark\n"
    )
    steps = (
        f"{number}.{step}|{number}.{step}|{name}|||research||{state.partition(' ')[0]}|{code}||{b}|{b}|{b}|{e}|{elapsed}|"
        f"|{tres}|{node}|||step|spark\n"
        for step, name in (("batch", "batch"), ("0", "python"))
    )
    return whole + "".join(steps)


def written(path: Path, rows: int) -> None:
    """Write a header and about so many rows."""
    chance = random.Random(SEED)  # noqa: S311 - a seed, so that every run reads the same bytes
    with path.open("w", encoding="utf-8", newline="\n") as out:
        out.write(NAMES + "\n")
        for number in range(1_000_000, 1_000_000 + rows // 3):
            out.write(job(chance, number))


if __name__ == "__main__":
    written(Path(sys.argv[2]), int(sys.argv[1]))
