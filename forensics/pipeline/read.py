"""Reading: sealed bytes into records, rejects and sums; then the readings are asked what they tell.

Files of one format are read in *parts*: runs of files in order of hash, of about as many bytes together, or
stretches of a large file. A part depends on its files and on the version of this program alone, so one that is
there need not be read again, and a run that was broken off goes on where it was. Each part is read and written
by one process (`stretches`), and told at once too where that needs no other (`fresh`, `frames`).
Neither cuts nor processes leave a trace in what is written.
"""

import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import pyarrow.compute as pc

from forensics import __version__, engine, formats, readings
from forensics.core import folders
from forensics.core.errors import CustodyError, RosterError
from forensics.core.roster import Question
from forensics.core.tables import CORE, FILE, REJECT
from forensics.custody import chunks, ledger, plain
from forensics.custody import seal as sealing
from forensics.custody.blocks import Blocks
from forensics.custody.seal import Sealed
from forensics.pipeline import (
    ahead,
    files,
    frames,
    fresh,
    packs,
    parts,
    pieces,
    stamp,
    stretches,
    take,
    tell,
    torn,
    written,
)
from forensics.pipeline.files import Known, Named, Tally
from forensics.pipeline.parts import Part, digest, record_table, unaccounted
from forensics.store import parquet

PART_BYTES = 64 << 20
UNPACKED = 8
"""What a packed file holds, about, for each byte of it."""
LOOKED_AT_ONCE = 256
"""Of how many files one process says at a time what they are."""

Progress = Callable[[str, int, int], None]
"""Told what is being read, how many bytes have been read, and how many there are."""


def ingest(
    case: Path,
    *,
    workers: int = 1,
    cluster: str | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
    block_bytes: int = chunks.BLOCK_BYTES,
    command: str | None = None,
) -> Tally:
    """Read everything that was sealed, as far as it has not been read.

    Args:
        case: the case folder.
        workers: processes that read at the same time.
        cluster: address of the scheduler of a Dask cluster to run on instead.
        executor: where to run instead.
        progress: told how far it is.
        block_bytes: how much is read at a time, about.
        command: what was typed, for the ledger.

    Returns:
        The accounting of every byte, each sealed file once.

    Raises:
        CaseError: there is no case, or another run is at work on it.
        CustodyError: sealed bytes are no longer what they were, or some are not accounted for.
        RosterError: a folder that the case file names holds nothing.
        ClusterError: the cluster cannot be reached, or cannot do the work.
    """
    case = case.absolute()  # other processes may have another working directory
    plain.check(case)
    digests: dict[str, Blocks] = {}
    entered: list[ledger.Entry] = []
    rows = sealing.rows(case, digests, entered)
    question = take.question_of(case, entered)
    wrong = folders.misnamed([row.path for row in rows], question.places) if question.places else None
    if wrong is not None:
        raise RosterError(f"{case}: {wrong}; mend the case file and give it again")
    inputs = stamp.inputs(question, rows)
    with sealing.locked(case), ExitStack() as stack:
        done, other = (
            stamp.found(case, inputs),
            written.altered(case, "ingest", only=written.entered(case, "ingest")),
        )
        if done is not None and not other:
            return done
        if cluster is not None:
            executor, workers = stack.enter_context(engine.cluster(cluster, sealing.ledger_of(case)))
        own = workers if executor is None else 1
        removal = stack.enter_context(tell.Removal())
        local = stack.enter_context(engine.processes(own))
        _forget(case)
        for name in other:
            # Its parts are read again: what edited them since could otherwise pass for what was read.
            shutil.rmtree(case / "tables" / name, ignore_errors=True)
        runs_on = Runner(executor or local, 2 * workers)
        with ahead.loading(case, rows, local, own):
            known = files.recognised(rows, lambda asked: _looked_at(case, asked, runs_on))
            plan = _plan(rows, known)
            packed = {sha256: file.packed for sha256, file in known.items()}
            # What became of the bytes of a file that is told as it is read is not known yet.
            sealed = files.placing(files.table(rows, known, defaultdict(Tally), question.places))
        framed = frames.Work(case, packed, sealed, question.zone)
        run = _Run(case, plan, packed, runs_on, _Meter(rows, progress), block_bytes, digests, {})
        told = _read_and_told(run, framed, question)
        table = files.table(rows, known, _sums(run), question.places)
        parquet.write(case / "tables", FILE, table)
        tell.events(case, told, runs_on, removal)
        _keep(case, plan)
        hashes = written.digests(case / "tables", parquet.names(case / "tables"), local)
        removal.wait()
        return _finish(case, inputs, files.total(table), hashes, command)


def _looked_at(case: Path, asked: Sequence[Named], runs_on: "Runner") -> Iterator[Known]:
    """What files are, found by several processes where they are many."""
    executor = runs_on.executor if len(asked) > LOOKED_AT_ONCE else None
    tasks = ((case, asked[at : at + LOOKED_AT_ONCE]) for at in range(0, len(asked), LOOKED_AT_ONCE))
    for found in engine.run(files.look, tasks, executor, in_flight=runs_on.in_flight):
        yield from found


def _read_and_told(run: "_Run", framed: frames.Work, question: Question) -> list[Path]:
    """Read all parts, and tell their records: first those that are dated, then those that go by when the others lie."""
    known = readings.registry()
    (run.case / "work" / "parts").mkdir(parents=True, exist_ok=True)
    dated = [part for part in run.plan if not known[part.format].NEEDS_ANCHOR]
    rest = [part for part in run.plan if known[part.format].NEEDS_ANCHOR]
    told = [*_told(run, framed, dated, None), *_mended(framed, dated, run.runs_on)]
    return [*told, *(_told(run, framed, rest, tell.anchor(told, question)) if rest else ())]


def _told(run: "_Run", framed: frames.Work, own: Sequence[Part], anchor_ns: int | None) -> list[Path]:
    """Read some parts, all that there are of their formats, and tell their records; folders with what they tell."""
    at_once = fresh.plan(framed, own, anchor_ns)
    _read_parts(run._replace(plan=own, told=at_once), framed)
    later = [part for part in own if not (frames.framed(part.format) or part.name in at_once)]
    chunked = [(part.format, part.name, part.files) for part in later]
    told = fresh.told(framed, own, at_once, run.runs_on)
    sealed = framed.files
    if any(run.packed[sha256] for part in later for sha256 in part.files):
        sealed = files.measured(sealed, _sums_of(run.case, later))
    return [*told, *tell.told(run.case, chunked, sealed, framed.zone, anchor_ns, run.runs_on)]


def _mended(framed: frames.Work, plan: Sequence[Part], runs_on: "Runner") -> list[Path]:
    """The events that were told as they were read, those that frames tear put together."""
    whole = []
    for name, own in groupby((part for part in plan if frames.framed(part.format)), key=lambda p: p.format):
        told = [
            (frames.told_of(framed, part), framed.case / "tables" / name / f"{part.name}.parquet")
            for part in own
        ]
        files = framed.files.filter(pc.equal(framed.files["format"], name))
        into = framed.case / "work" / "told" / f"{name}-again"
        whole += torn.mended(name, told, files, framed.zone, into, runs_on)
    return whole


class Runner(NamedTuple):
    """Where work runs, and how much of it at a time."""

    executor: Executor | None
    in_flight: int


class _Meter:
    """How far a run is: each sealed file counts once."""

    def __init__(self, rows: Sequence[Sealed], progress: Progress | None) -> None:
        self.sizes = {row.sha256: row.bytes for row in rows if row.kind == "file"}
        self._whole, self._done, self._progress = sum(self.sizes.values()), 0, progress

    def add(self, what: str, count: int) -> None:
        self._done += count
        if self._progress is not None:
            self._progress(what, self._done, self._whole)


def _plan(rows: Sequence[Sealed], known: Mapping[str, Known]) -> list[Part]:
    sizes = {row.sha256: row.bytes for row in rows if row.kind == "file"}
    plan = []
    for name in sorted({file.format for file in known.values() if file.format is not None}):
        together: list[str] = []
        held = 0
        most = PART_BYTES if frames.framed(name) else min(PART_BYTES, stretches.PART_BYTES)
        for sha256 in sorted(s for s, file in known.items() if file.format == name):
            file, stretch = known[sha256], _stretch_bytes(name, sizes[sha256])
            packed = file.packed
            count = 1 if stretch is None or packed or file.anew else -(-sizes[sha256] // stretch)
            size = sizes[sha256] * (1 if packed is None or frames.framed(name) else UNPACKED)
            other = together and known[together[0]].anew is not file.anew
            if together and (held + size > most or count > 1 or other):
                plan.append(_part(name, together, anew=known[together[0]].anew))
                together, held = [], 0
            if count > 1:
                plan += [_part(name, [sha256], at) for at in range(count)]
            else:
                together.append(sha256)
                held += size
        plan += [_part(name, together, anew=known[together[0]].anew)] if together else []
    return plan


def _stretch_bytes(name: str, size: int) -> int | None:
    """How much of a file of a size one part holds, about, where it is larger; None where all of it."""
    if pieces.pieced(name):
        return packs.stretch_bytes(name, size)
    return frames.stretch_bytes(name) or stretches.stretch_bytes(name)


def _part(name: str, files: Sequence[str], stretch: int | None = None, *, anew: bool = False) -> Part:
    # In order of name, the parts of a table are in order of hash, and of place.
    made = [__version__, *parts.layout(record_table(name), REJECT), list(files)]
    own = f"{files[0][:16]}-{digest(made)[:8]}"
    return Part(own if stretch is None else f"{own}-{stretch:06d}", name, tuple(files), stretch, anew)


class _Run(NamedTuple):
    """What the steps of one run share."""

    case: Path
    plan: Sequence[Part]
    packed: Mapping[str, str | None]
    runs_on: Runner
    meter: _Meter
    block_bytes: int
    digests: Mapping[str, Blocks]
    told: Mapping[str, fresh.Told]

    @property
    def here(self) -> bool:
        """Whether work is done in this process, so that bytes can be handed on as they are read."""
        return self.runs_on.executor is None


def _read_parts(run: _Run, framed: frames.Work) -> None:
    """Read the parts that are not there."""
    _read_stretches(run)
    _read_frames(run, framed)
    _read_pieces(run)


def _sums(run: _Run) -> dict[str, Tally]:
    """What became of the bytes of every file, by hash. Those of which no part was read are hashed again."""
    case, meter, sums = run.case, run.meter, _sums_of(run.case, run.plan)
    tallies = {sha256: Tally() for sha256 in meter.sizes} | sums
    for sha256 in sorted(set(meter.sizes) - set(sums)):
        found_sha256, size = sealing.sha256_of(sealing.locate(case, sha256))
        if found_sha256 != sha256:
            raise CustodyError(f"{case}: {sha256} is no longer what was sealed; restore it from a copy")
        tallies[sha256] = Tally(size, 0, 0, size)
        meter.add("unrecognised", size)
    return tallies


def _read_stretches(run: _Run) -> None:
    """Read the parts of formats that are cut into chunks."""
    own = [part for part in run.plan if not (frames.framed(part.format) or pieces.pieced(part.format))]
    tasks = stretches.tasks(run.case, own, run.packed, run.digests, run.block_bytes, run.told, here=run.here)
    for part, sums in engine.run(
        stretches.read, tasks, run.runs_on.executor, in_flight=run.runs_on.in_flight
    ):
        _told_of(run, part, sums)
    _see_all(run, own)


def _told_of(run: _Run, part: Part, sums: Mapping[str, Tally]) -> None:
    """Tell how far the run is, by a part that was read."""
    for sha256, tally in sums.items():
        run.meter.add(part.format, run.meter.sizes[sha256] if run.packed[sha256] else tally.bytes)


def _see_all(run: _Run, own: Sequence[Part]) -> None:
    """See that parts account for every byte of their files.

    Raises:
        CustodyError: they do not.
    """
    for sha256, tally in _sums_of(run.case, own).items():
        if run.packed[sha256] is None and tally.bytes != run.meter.sizes[sha256]:
            raise unaccounted(run.case, sha256)


def _sums_of(case: Path, own: Sequence[Part]) -> dict[str, Tally]:
    """What became of the bytes of the files of some parts, by hash."""
    sums: dict[str, Tally] = {}
    for part in own:
        for sha256, tally in (parts.sums(case, part) or {}).items():
            sums[sha256] = sums.get(sha256, Tally()).plus(tally)
    return sums


def _read_frames(run: _Run, framed: frames.Work) -> None:
    """Read and tell the parts of formats that are read in frames, each in one go."""
    own = [part for part in run.plan if frames.framed(part.format)]
    tasks = frames.tasks(framed, own, run.digests, here=run.here)
    if own and not run.here:
        # What frames tear is told here.
        tasks = ahead.meanwhile(tasks, sorted({part.format for part in own}))
    for done in engine.run(frames.read, tasks, run.runs_on.executor, in_flight=run.runs_on.in_flight):
        if done.was_read:
            _told_of(run, done.part, done.sums)
    _see_all(run, own)


def _read_pieces(run: _Run) -> None:
    """Read the parts of formats that give what their files hold in pieces."""
    own = [part for part in run.plan if pieces.pieced(part.format)]
    tasks = pieces.tasks(run.case, own, run.packed)
    for part, sums in engine.run(pieces.read, tasks, run.runs_on.executor, in_flight=run.runs_on.in_flight):
        for sha256, tally in sums.items():
            if run.packed[sha256] is None and tally.bytes != run.meter.sizes[sha256]:
                raise unaccounted(run.case, sha256)
            run.meter.add(part.format, run.meter.sizes[sha256])
    _read_packs(run, [part for part in own if part.stretch is not None])


def _read_packs(run: _Run, own: Sequence[Part]) -> None:
    """Read the stretches of files of such formats, one file after another."""
    for (sha256,), every in groupby(own, key=lambda part: part.files):
        missing = [part for part in every if parts.sums(run.case, part) is None]
        if missing:
            file = packs.file_of(run.case, missing[0], run.meter.sizes[sha256], run.digests)
            asked = packs.writes(file, missing, run.told, run.runs_on)
            for part, sums in engine.run(
                packs.write, asked, run.runs_on.executor, in_flight=run.runs_on.in_flight
            ):
                _told_of(run, part, sums)
            shutil.rmtree(file.left, ignore_errors=True)
    _see_all(run, own)


def _forget(case: Path) -> None:
    """Remove what was concluded from tables that are about to change, the stamp first."""
    tables = case / "tables"
    tables.mkdir(exist_ok=True)
    for path in (tables / stamp.STAMP, case / "findings.json", case / "report.pdf"):
        path.unlink(missing_ok=True)
    kept = {*(table.name for table in CORE), *formats.registry()}
    for folder in sorted(tables.iterdir()):
        if folder.name not in kept:
            shutil.rmtree(folder)


def _keep(case: Path, plan: Sequence[Part]) -> None:
    """Remove parts that are no longer asked for."""
    tables = case / "tables"
    for name in formats.registry():
        parquet.keep_only(tables, name, [part.name for part in plan if part.format == name])
    parquet.keep_only(tables, REJECT.name, [part.name for part in plan])
    if not plan:
        # Where nothing was recognised nothing was rejected, and that is a table too.
        parquet.write(tables, REJECT, REJECT.empty())
    for marker in sorted((case / "work" / "parts").glob("*.json")):
        if marker.stem not in {part.name for part in plan}:
            marker.unlink()


def _finish(case: Path, inputs: str, total: Tally, digests: Mapping[str, str], command: str | None) -> Tally:
    """Enter the tables, and stamp them as done."""
    entry = {"inputs": inputs, **total._asdict(), "tables": digests}
    ledger.append(sealing.ledger_of(case), take.hand(command), [("ingest", entry)])
    stamp.put(case / "tables", inputs, total)
    return total
