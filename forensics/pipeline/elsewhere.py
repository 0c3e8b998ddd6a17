"""A case that lies elsewhere: brought here as far as a command needs it, and what the command made put back.

A command works on a folder of this machine, whatever the case's place. What it needs is fetched first, and each file
must still have the hash that the last commit gives it. When the command has ended well, files that are new are put,
and then one commit that names all files: see `custody.commits`. A command that fails or is killed commits nothing.

A command that only reads has a folder of its own, removed at its end. One that writes has always the same, so that a
run that was broken off goes on where it was; it is removed after the commit. Both lie in the folder for temporary
files (`TMPDIR`), which has to hold the evidence while it is read, and are open to their owner alone.
"""

import fcntl
import hashlib
import json
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from forensics.core import canonical
from forensics.core.errors import CaseError, CustodyError, OutputError
from forensics.custody import commits, seal
from forensics.custody.commits import Commit, Held
from forensics.custody.place import Place, is_name

SMALL = ("ledger.jsonl", "locations.json", "inputs/", "tables/ingest.json", "findings.json", "report.pdf")
"""What every command gets. A name that ends with `/` is all that lies below it."""
ALL = ("",)
_BASE = "base.json"


@contextmanager
def brought(url: str, needs: Sequence[str], *, writes: bool) -> Iterator[Path]:
    """The folder of a case that lies elsewhere, for as long as the block runs.

    Args:
        url: its place.
        needs: what else than `SMALL` is needed, as paths or their beginnings.
        writes: whether what the block makes becomes part of the case.

    Raises:
        CaseError: something else lies there, or another run on this machine is at work on it.
        PlaceError: it cannot be reached, or another run changed it meanwhile.
        CustodyError: something there is no longer what was put.
    """
    place = Place(url)
    with ExitStack() as stack:
        if not writes:
            here = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="forensics-")))
            _fetch(place, _last(place), here / "case", (*SMALL, *needs), ())
            yield here / "case"
            return
        here = stack.enter_context(_kept(url))
        case, before, fetched = here / "case", _last(place), []
        told = _began(here)
        if told is not None and told[0] == before.name:
            fetched = told[1]
        else:  # what lies here began from another state of the case
            shutil.rmtree(case, ignore_errors=True)
        needs = (*SMALL, *needs)
        _begin(here, before, fetched)  # so that a fetch that is broken off need not begin anew
        _fetch(place, before, case, needs, fetched)
        needs = tuple(sorted({*fetched, *needs}))
        _begin(here, before, needs)
        yield case
        files = _after(before, case, needs)
        if files != before.files:
            commits.put(place, before, case, files)
        shutil.rmtree(case, ignore_errors=True)
        (here / _BASE).unlink()


def _last(place: Place) -> Commit:
    found = commits.last(place)
    if found.name is None and place.names():
        raise CaseError(f"{place.url}: holds something that is no case; name a place that is empty or absent")
    return found


def _wanted(path: str, needs: Sequence[str]) -> bool:
    return any(path == need or (path.startswith(need) and need[-1:] in {"", "/"}) for need in needs)


def _fetch(place: Place, commit: Commit, case: Path, needs: Sequence[str], have: Sequence[str]) -> None:
    """Fetch what is needed and not here; what an earlier run changed or removed here stays so."""
    for path, held in sorted(commit.files.items()):
        if not _wanted(path, needs) or _wanted(path, have):
            continue
        target = case / path
        if target.exists() and seal.sha256_of(target) == (held.sha256, held.bytes):
            continue
        place.get(held.name, target, sha256=held.sha256, size=held.bytes)
        if path.startswith("sealed/"):
            target.chmod(0o444)


def _after(before: Commit, case: Path, fetched: Sequence[str]) -> dict[str, Held]:
    """All files of the case as they are now: those that are here, and those that were never fetched."""
    files = {path: held for path, held in before.files.items() if not _wanted(path, fetched)}
    for found in sorted(case.rglob("*")):
        path = found.relative_to(case).as_posix()
        if not is_name(path) or found.is_symlink() or not found.is_file():
            continue  # a lock, or what a killed run left half written
        if path.startswith("sealed/"):
            held = Held(found.name, found.stat().st_size)
            before_held = before.files.get(path)
            if before_held is not None and before_held != held:
                raise CustodyError(f"{found}: changed since it was sealed; seal the evidence into a new case")
        else:
            held = Held(*seal.sha256_of(found))
        files[path] = held
    return dict(sorted(files.items()))


@contextmanager
def _kept(url: str) -> Iterator[Path]:
    """The folder in which commands that change this case work, ours alone until the block ends."""
    name = f"forensics-{os.getuid()}-{hashlib.sha256(url.encode()).hexdigest()[:16]}"
    here = Path(tempfile.gettempdir()) / name
    here.mkdir(mode=0o700, exist_ok=True)
    found = here.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise OutputError(
            f"{here}: is not a folder of this account alone; remove it, or set TMPDIR to another"
        )
    with (here / ".lock").open("wb") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CaseError(f"{url}: another run is at work on this case; wait until it ends") from error
        yield here


def _begin(here: Path, before: Commit, fetched: Sequence[str]) -> None:
    partial = here / f".{_BASE}"
    partial.write_text(canonical.dumps({"commit": before.name, "fetched": list(fetched)}), encoding="ascii")
    partial.rename(here / _BASE)


def _began(here: Path) -> tuple[str | None, list[str]] | None:
    """The commit from which an earlier run began whose work is here, and what it had fetched."""
    try:
        told = json.loads((here / _BASE).read_text(encoding="ascii"))
    except FileNotFoundError:
        return None
    return told["commit"], told["fetched"]


def put_tree(folder: Path, url: str) -> None:
    """Put a folder of files somewhere else, the manifest of manifests last, so that a part of it is no bundle.

    Raises:
        OutputError: something is already there.
    """
    place = Place(url)
    if place.names():
        raise OutputError(f"{url}: is already there; name a place where nothing is")
    paths = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if path.is_file()]
    for path in sorted(paths, key=lambda path: (path.startswith("tagmanifest"), path)):
        place.put(path, folder / path, sha256=seal.sha256_of(folder / path)[0])


@contextmanager
def tree(url: str) -> Iterator[Path]:
    """A folder of files that lies elsewhere, as it is, for as long as the block runs."""
    place = Place(url)
    with tempfile.TemporaryDirectory(prefix="forensics-") as here:
        folder = Path(here) / "bundle"
        for name, size in sorted(place.names().items()):
            place.copy(name, folder / name, size=size)
        yield folder
