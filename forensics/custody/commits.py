"""A case in a place without folders: objects named by their hash, and a chain of commits that say what the case is.

    objects/<aa>/<sha256>                   content of a file of the case; never changed, never removed
    commits/<n, 8 digits>.<sha256>.json     all files of the case after a run: path, hash, size; and the commit before

A commit is named by the hash of its own bytes and holds the name of the one before, so the chain cannot be changed
in the middle. The case is what the last commit says: until a run puts its commit, nothing of it has happened.

One writer at a time. There are no locks and no conditional puts here, as not every store has them. Instead a
run looks before it commits whether the last commit still is the one that it began from; puts its own; and looks
again. Of two that do so at the same moment at least the later sees the other and takes its own back. (This needs
a store that lists what was put before: S3, since December 2020, MinIO, Google and Azure do.) Where a run dies
between its put and its second look, two commits can be left that both follow the same one. Then nobody
chooses: every run says so until one of them is removed by hand.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from forensics.core import canonical
from forensics.core.errors import CustodyError, PlaceError
from forensics.custody.place import Place, is_name

FOLDER = "commits"
LARGEST_BYTES = 256 << 20
_COMMIT = re.compile(r"commits/([0-9]{8})\.([0-9a-f]{64})\.json")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Held:
    """A file of the case: its content's hash and size."""

    sha256: str
    bytes: int

    @property
    def name(self) -> str:
        """Where its content lies."""
        return f"objects/{self.sha256[:2]}/{self.sha256}"


@dataclass(frozen=True, slots=True)
class Commit:
    """What the case is: its files by path. Number 0, without a name, is a place in which nothing is."""

    number: int
    name: str | None
    files: Mapping[str, Held]


def last(place: Place) -> Commit:
    """The last commit.

    Raises:
        PlaceError: two runs committed at the same time.
        CustodyError: the chain of commits is broken.
    """
    numbered: dict[int, list[str]] = {}
    for name in place.names(FOLDER):
        found = _COMMIT.fullmatch(name)
        if found is None:
            raise CustodyError(f"{place.url}: {name} is no commit of a case; compare with a copy")
        numbered.setdefault(int(found[1]), []).append(name)
    if not numbered:
        return Commit(0, None, {})
    for number in range(1, max(numbered) + 1):
        names = sorted(numbered.get(number, []))
        if not names:
            raise CustodyError(f"{place.url}: commit {number} is gone; restore it from a copy")
        if len(names) > 1:
            raise PlaceError(
                f"{place.url}: two runs committed at the same time, as {' and '.join(names)};"
                " wait until both have ended, and if both are still there remove one and run it again"
            )
    number = max(numbered)
    return _read(place, number, numbered)


def _read(place: Place, number: int, numbered: Mapping[int, list[str]]) -> Commit:
    name = numbered[number][0]
    raw = place.read(name, LARGEST_BYTES)
    faulty = CustodyError(f"{place.url}: {name} is no longer what was put there; restore it from a copy")
    if hashlib.sha256(raw).hexdigest() != name.split(".")[1]:
        raise faulty
    try:
        told = json.loads(raw)
        files = {path: Held(str(sha256), int(size)) for path, (sha256, size) in told["files"].items()}
        previous = told["previous"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise faulty from error
    if previous != (numbered[number - 1][0] if number > 1 else None):
        raise CustodyError(f"{place.url}: {name} does not follow from the commit before; compare with a copy")
    if not all(
        is_name(path) and _SHA256.fullmatch(held.sha256) and held.bytes >= 0 for path, held in files.items()
    ):
        raise faulty
    return Commit(number, name, files)


def put(place: Place, before: Commit, folder: Path, files: Mapping[str, Held]) -> Commit:
    """Put the files of a case that are not there yet, and then the commit that says so.

    Args:
        place: where the case lies.
        before: the commit that the run began from.
        folder: where files that are new lie, by their path.
        files: all files of the case.

    Raises:
        PlaceError: somebody else has committed meanwhile.
        CustodyError: a file changed while it was put.
    """
    there = {held.sha256 for held in before.files.values()}
    for path, held in sorted(files.items()):
        if held.sha256 not in there:
            place.put(held.name, folder / path, sha256=held.sha256)
            there.add(held.sha256)
    raw = canonical.dumps(
        {"files": {path: [held.sha256, held.bytes] for path, held in files.items()}, "previous": before.name}
    ).encode()
    number = before.number + 1
    name = f"{FOLDER}/{number:08}.{hashlib.sha256(raw).hexdigest()}.json"
    if _beyond(place, before.number):
        raise _overtaken(place)
    place.write(name, raw)
    same = f"{FOLDER}/{number:08}."
    found = _beyond(place, before.number)
    if [other for other in found if other.startswith(same)] != [name]:
        if all(other.startswith(same) for other in found):  # nothing rests on ours yet
            place.remove(name)
        raise _overtaken(place)
    return Commit(number, name, dict(files))


def _beyond(place: Place, number: int) -> list[str]:
    """The commits after the one with this number."""
    return sorted(
        name for name in place.names(FOLDER) if (found := _COMMIT.fullmatch(name)) and int(found[1]) > number
    )


def _overtaken(place: Place) -> PlaceError:
    return PlaceError(f"{place.url}: another run has changed this case meanwhile; run the same command again")
