"""How fast a repository's history becomes tables, beside `git log --raw -z --all` of the same repository.

    python bench/git_history.py [--commits 100000]

`history` is every commit with the files that it changed, from the bytes of the pack: what `git log --raw` tells, and
no git is run. `every object` is the format as ingest calls it: also each tree and blob, named by its hash, with its
span and its text. Git itself only makes the repository, and is the yardstick.
"""

import argparse
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import ingest
import sheet
from costs import cost, least

_READ = (
    "import sys, pathlib; from forensics.formats import git_pack\n"
    "data = pathlib.Path(sys.argv[1]).read_bytes()\n"
)
WAYS = {"history": _READ + "git_pack.history(data)\n", "every object": _READ + "git_pack.parse(data, 0)\n"}
HEADS = ("what", "commits", "s", "processor s", "peak MB", "processor time of `git log`")
_CHANGED = 3


def stream(commits: int) -> Iterator[bytes]:
    """A history for `git fast-import`: the same bytes every time."""
    chance = random.Random(7)  # noqa: S311 - the same history in every run
    paths = [f"{a}/{b}/f{i}.py" for a in ("src", "lib", "conf", "tests") for b in "xyz" for i in range(25)]
    lines = {path: [f"line {i} of {path} {chance.random()}" for i in range(12)] for path in paths}
    now = 1_700_000_000
    for commit in range(1, commits + 1):
        now += chance.randint(30, 900)
        who = chance.choice(["kai", "lin", "mei", "dao"])
        head = f"commit refs/heads/main\nmark :{commit}\ncommitter {who} <{who}@lab.example> {now} +0100\n"
        yield f"{head}data 7\nChange\n{f'from :{commit - 1}' if commit > 1 else ''}\n".encode()
        for path in chance.sample(paths, _CHANGED) if commit > 1 else paths:
            lines[path][chance.randrange(12)] = f"line {commit} of {path} {chance.random()}"
            text = "\n".join(lines[path]) + "\n"
            yield f"M 100644 inline {path}\ndata {len(text)}\n{text}".encode()


def made(root: Path, commits: int) -> Path:
    """A bare repository of one pack."""
    if not root.exists():
        root.mkdir(parents=True)
        subprocess.run(["git", "init", "-q", "--bare", root], check=True)  # noqa: S607 - git, as found
        with subprocess.Popen(["git", "-C", root, "fast-import", "--quiet"], stdin=subprocess.PIPE) as child:  # noqa: S607 - the same
            for part in stream(commits) if child.stdin is not None else ():
                child.stdin.write(part)
        subprocess.run(["git", "-C", root, "repack", "-adfq", "--window=10", "--depth=50"], check=True)  # noqa: S607 - the same
    return next((root / "objects" / "pack").glob("*.pack"))


def main() -> None:
    """Make the history, read it, and print what it took."""
    asked = argparse.ArgumentParser(description=str(__doc__).split("\n", maxsplit=1)[0])
    asked.add_argument("--commits", type=int, default=100_000)
    asked.add_argument("--repeat", type=int, default=1, help="how often; the least time counts")
    asked.add_argument(
        "--place", type=Path, default=ingest.ROOT / "build" / "bench", help="a folder to work in"
    )
    asked.add_argument("--ways", nargs="*", default=list(WAYS), choices=list(WAYS))
    asked.add_argument("--into", type=Path, help="a page whose table of these figures is written anew")
    words = asked.parse_args()
    root = words.place / f"git-{words.commits}"
    pack = made(root, words.commits)
    log = ["git", "-C", root, "log", "--raw", "-z", "--all"]
    runs = {"git log --raw -z --all": [cost(log, cores=1) for _ in range(words.repeat)]}
    for way in words.ways:
        command = [sys.executable, "-c", WAYS[way], pack]
        runs[way] = [cost(command, cores=1, env=ingest.HOME) for _ in range(words.repeat)]
    yard = least(runs["git log --raw -z --all"]).work
    lines = []
    for name, costs in runs.items():
        took = least(costs)
        told = [sheet.number(v) for v in (took.wall, took.work, took.peak / 1e6)]
        lines.append([name, f"{words.commits:,}", *told, f"{took.work / yard:.1f} x"])
    sheet.publish("git", sheet.grid(HEADS, lines), words.into)


if __name__ == "__main__":
    main()
