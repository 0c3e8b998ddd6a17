"""Digests of the blocks of a large file, made in the read that seals it, so that whoever reads a part can check that part alone.

    {"act":"blocks","what":{"block_bytes":4194304,"blocks":["5c1f…","09ab…"],"bytes":1000000000,"sha256":"77aa…"},…}

The ledger holds them behind the entry `seal` of the file, whose SHA-256 stays its name. Each block but the last is of `block_bytes`.
What was sealed by an earlier version has none, and is checked as a whole.
"""

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from forensics.core.errors import CustodyError

BYTES = 4 << 20
LEAST_BYTES = 32 << 20
"""Of files that are no larger none are made: one process reads such a file, and hashes all of it."""
_AHEAD = 4
_DIGEST_BYTES = 32

Held = bytes | memoryview


class Blocks(NamedTuple):
    """Digests of blocks of a sealed file, one behind the other: of all, or of some that follow one another.

    sha256, whole: hash and size of the file. size: of a block. first: which block the digests begin with.
    """

    sha256: str
    whole: int
    size: int
    digests: bytes
    first: int = 0

    def around(self, start: int, stop: int) -> "Blocks":
        """Those of the blocks in which some bytes lie."""
        first, behind = start // self.size, -(-stop // self.size)
        held = self.digests[(first - self.first) * _DIGEST_BYTES : (behind - self.first) * _DIGEST_BYTES]
        return self._replace(digests=held, first=first)


def entered(sha256: str, size: int, found: Iterable[str]) -> dict[str, object]:
    """What the ledger says of a file's blocks."""
    return {"sha256": sha256, "bytes": size, "block_bytes": BYTES, "blocks": list(found)}


def told(what: Mapping[str, Any]) -> Blocks:
    """What an entry of the ledger says."""
    return Blocks(what["sha256"], what["bytes"], what["block_bytes"], bytes.fromhex("".join(what["blocks"])))


def passing(pieces: Iterable[bytes], found: list[str], size: int) -> Iterator[bytes]:
    """Pieces of a file as they come, of which the digests of blocks are taken beside; they are in `found` after the last.

    They take a second thread, since whoever takes the pieces hashes too: with two processors it takes no longer than without.

    Args:
        pieces: the file.
        found: where the digests go, in hexadecimal; nothing, where the file is small.
        size: how large the file is, about.
    """
    if size <= LEAST_BYTES:
        yield from pieces
        return
    made: list[bytes] = []
    taken = Taken(BYTES, made.append)
    waiting = deque[Future[None]]()
    with ThreadPoolExecutor(1) as beside:
        for piece in pieces:
            waiting.append(beside.submit(taken.update, piece))
            yield piece
            if len(waiting) > _AHEAD:
                waiting.popleft().result()
        for future in waiting:
            future.result()
    taken.close()
    found += [digest.hex() for digest in made]


class Taken:
    """Takes the digest of each block of bytes that come in any pieces."""

    def __init__(self, size: int, say: Callable[[bytes], None]) -> None:
        self._size, self._say = size, say
        self._digest, self._held = hashlib.sha256(), 0

    def update(self, raw: Held) -> None:
        """Take further bytes; each block that they fill is told."""
        view = memoryview(raw)
        while view:
            piece = view[: self._size - self._held]
            self._digest.update(piece)
            self._held += len(piece)
            view = view[len(piece) :]
            if self._held == self._size:
                self.close()

    def close(self) -> None:
        """Tell the block that is begun, if one is."""
        if self._held:
            self._say(self._digest.digest())
            self._digest, self._held = hashlib.sha256(), 0


class Check:
    """Compares bytes, as they come, with the digests of their blocks. The first that comes is the first of a block."""

    def __init__(self, path: Path, sealed: Blocks) -> None:
        self._path, self._sealed = path, sealed
        self._next = sealed.first
        self._taken = Taken(sealed.size, self._compare)

    def update(self, raw: Held) -> None:
        """Take further bytes.

        Raises:
            CustodyError: a block that they fill is no longer what was sealed.
        """
        self._taken.update(raw)

    def close(self) -> None:
        """See that the last block is whole too.

        Raises:
            CustodyError: it is no longer what was sealed.
        """
        self._taken.close()

    def _compare(self, digest: bytes) -> None:
        sealed, own = self._sealed, self._next - self._sealed.first
        if digest != sealed.digests[own * _DIGEST_BYTES : (own + 1) * _DIGEST_BYTES]:
            raise changed(self._path, sealed, self._next * sealed.size)
        self._next += 1


def changed(path: Path, sealed: Blocks, start: int) -> CustodyError:
    """What is raised where the block that begins at a byte is no longer what was sealed."""
    stop = min(start + sealed.size, sealed.whole)
    return CustodyError(
        f"{path}: no longer what was sealed as {sealed.sha256}, between bytes {start} and {stop}; restore it from a copy"
    )
