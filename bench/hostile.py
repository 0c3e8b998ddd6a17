"""What files that were made to cost much cost: every format, in layouts that somebody who means harm can write.

    python bench/hostile.py [FORMAT …] [--mb 4] [--all]

A layout is one sample of the format with a filler behind it, a filler alone, or a record again and again. Each is read, and what
was read is told, in processes of their own, one at a time, which may hold so much memory and take so long. Printed are those
that are above the bounds, or all: format, layout, step, processor seconds for each megabyte, most memory held (MB), events or rows.
"""

import argparse
import hashlib
import os
import re
import resource
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from forensics import engine, formats, readings
from forensics.core.tables import FILE, REJECT
from forensics.custody import chunks
from forensics.pipeline import frames, parts, pieces, slicing, tell
from forensics.store import parquet

SAMPLES = Path(__file__).parents[1] / "sample_logs" / "formats"
MOST_S_PER_MB, MOST_MB = 0.1, 400
_MOST_BYTES = 6 << 30
_FILLERS = {
    "blank": b"\n",
    "letters": b"a\n",
    "line": b"a",
    "line of words": b"a ",
    "quotes": b'"',
    "quote lines": b'"\n',
    "quotes escaped": b'"\\',
    "apostrophes": b"'",
    "backslashes": b"\\",
    "backslash lines": b"\\\n",
    "zeros": b"\0",
    "ones": b"\xff\n",
    "blanks": b" ",
    "indented": b" a\n",
    "commas": b",",
    "bars": b"|",
    "colons": b":",
    "tabs": b"\t",
    "semicolons": b";",
    "equals": b"a=b ",
    "equal lines": b"a=b\n",
    "brackets": b"[",
    "objects": b'{"a":',
    "parentheses": b"(",
    "opened": b"$(",
    "returns": b"\r",
    "hashes": b"#\n",
    "percents": b"%41",
    "numbers": b"0 ",
}
_KEPT_LINES = 12


def layouts(name: str, size: int) -> Iterator[tuple[str, bytes]]:
    """Files of a format, of about a size."""
    own = sorted((SAMPLES / name).iterdir(), key=lambda path: (path.stat().st_size, path.name))
    samples = [path.read_bytes() for path in own]
    largest = samples[-1]
    for what, filler in _FILLERS.items():
        yield what, _repeated(filler, size)
        yield f"sample, {what}", largest + _repeated(filler, size)
    for path, sample in list(zip(own, samples, strict=True))[-3:]:
        yield f"again {path.name}", _repeated(sample if sample.endswith(b"\n") else sample + b"\n", size)
    for n, line in enumerate(_kinds(samples)):
        yield f"line {n} {line[:24]!r}", _repeated(line, size)
        yield f"first, line {n} {line[:24]!r}", largest.split(b"\n", 1)[0] + b"\n" + _repeated(line, size)
        if n % 4 == 0:
            yield f"numbered {n} {line[:24]!r}", _numbered(line, size)


def _repeated(what: bytes, size: int) -> bytes:
    return what * max(1, size // max(1, len(what)))


def _numbered(line: bytes, size: int) -> bytes:
    """A line again and again, its last number another each time."""
    found = list(re.finditer(rb"\d+", line))
    if not found or len(line) > 400:
        return _repeated(line.rstrip(b"\n") + b"1\n", size)
    start, stop = found[-1].span()
    width = stop - start
    return b"".join(
        b"%s%0*d%s" % (line[:start], width, n % 10**width, line[stop:]) for n in range(size // len(line))
    )


def _kinds(samples: list[bytes]) -> list[bytes]:
    """Lines that look unlike each other, the shortest first."""
    found: dict[bytes, bytes] = {}
    for line in sorted({line for sample in samples for line in sample.splitlines(keepends=True)}, key=len):
        kind = re.sub(rb"[A-Za-z]+", b"a", re.sub(rb"\d+", b"0", line))[:10]
        if line.strip():
            found.setdefault(kind, line.rstrip(b"\n") + b"\n")
    return list(found.values())[:_KEPT_LINES]


def measured(work: Callable[[], int], most_s: int) -> tuple[float, float, str]:
    """Processor seconds, most memory (MB) and what became of some work, done in a process of its own."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.close(read)
        resource.setrlimit(resource.RLIMIT_AS, (_MOST_BYTES, _MOST_BYTES))
        resource.setrlimit(resource.RLIMIT_CPU, (most_s, most_s + 1))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        said = "failed"
        try:
            said = str(work())
        finally:  # whatever failed is said by what this one printed, and the next begins all the same
            os.write(write, said.encode())
            os._exit(0)
    os.close(write)
    said = os.read(read, 400).decode()
    os.close(read)
    _, status, used = os.wait4(child, 0)
    if os.WIFSIGNALED(status):
        said = signal.Signals(os.WTERMSIG(status)).name
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, said


def read(name: str, path: Path, case: Path) -> int:
    """Read a file, and write what it holds; how many rows."""
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    form, rows = formats.registry()[name], 0
    block = form.FRAME_BYTES if frames.framed(name) else chunks.BLOCK_BYTES
    told = parts.pieces if pieces.pieced(name) else parts.portions
    with (
        parquet.Part(case / "tables", parts.record_table(name), "x") as records,
        parquet.Part(case / "tables", REJECT, "x") as rejects,
    ):
        written = pieces.Written(records, rejects, {sha256: parts.Tally()})
        for chunk in chunks.cut(path, sha256, form.CUT, block, None, hand_on=True):
            for found in told(parts.Task("x", name, sha256, path, chunk, None)):
                rows += len(found.records)
                if pieces.pieced(name):
                    written.add(found)
                else:
                    records.add(found.records)
                    rejects.add(found.rejects)
                del found
                engine.give_back(engine.MOST_HELD_BYTES)
    return rows


def told(name: str, size: int, sha256: str, case: Path) -> int:
    """Tell what was read; how many events. What records in slices lack of one another is left out."""
    row = {
        "sha256": sha256,
        "path": f"login01/home/mei/{name}",
        "host": "login01",
        "origin": f"/home/mei/{name}",
        "format": name,
    }
    row |= {"bytes": size, "kind": "file", "held": "copied", "domain": "d"} | dict.fromkeys(
        ("parsed", "rejected", "ignored"), 0
    )
    files = FILE.build({column: [row.get(column)] for column in FILE.names})
    path, events = case / "tables" / name / "x.parquet", 0
    reading = readings.registry()[name]
    for own in slicing.slices(name, [path], tell.SLICE_ROWS):
        found = tell.made(
            name, slicing.read(own, reading), files, "Europe/Amsterdam", 1_795_446_697_000_000_000
        )
        tell.put(case / "told", found)
        shutil.rmtree(case / "told", ignore_errors=True)
        events += len(found["event"])
        del found
        engine.give_back(engine.MOST_HELD_BYTES)
    return events


def main() -> None:
    """Print what costs more than it may."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("formats", nargs="*")
    asked.add_argument("--mb", type=int, default=4)
    asked.add_argument("--most-s", type=int, default=0)
    asked.add_argument("--only", default="")
    asked.add_argument("--into")
    asked.add_argument("--all", action="store_true")
    given = asked.parse_args()
    for name in given.formats or sorted(formats.registry()):
        readings.registry()[name]
        for what, data in layouts(name, given.mb << 20):
            if given.only in what:
                one(name, what, data, given)


def one(name: str, what: str, data: bytes, given: argparse.Namespace) -> None:
    """Print what one file costs."""
    case = Path(tempfile.mkdtemp(dir=given.into))
    (path := case / "file").write_bytes(data)
    sha256 = hashlib.sha256(data).hexdigest()
    size, megabytes = len(data), len(data) / (1 << 20)
    del data
    most_s = given.most_s or max(5, int(megabytes))
    for step, work in (
        ("read", lambda: read(name, path, case)),
        ("told", lambda: told(name, size, sha256, case)),
    ):
        seconds, held, said = measured(work, most_s)
        bad = seconds / megabytes > MOST_S_PER_MB or held > MOST_MB or not said.isdecimal()
        if bad or given.all:
            print(name, what, step, f"{seconds / megabytes:.3f}", f"{held:.0f}", said, sep="\t", flush=True)
        if not said.isdecimal():
            break
    shutil.rmtree(case)


if __name__ == "__main__":
    main()
