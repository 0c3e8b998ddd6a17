"""A place that is no folder of this machine: an object store, or whatever else pyarrow's file systems reach by a URL.

    s3://evidence/case-7      gs://…   abfs://…   hdfs://…

Names in it are relative, parts joined by `/`. What is put appears whole or not at all, under a name that is used
once; nothing is renamed and nothing is locked, for object stores can do neither.
"""

import hashlib
import os
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import pyarrow as pa
from pyarrow import fs

from forensics.core.errors import CustodyError, PlaceError, UsageError

T = TypeVar("T")

BLOCK_BYTES = 8 << 20
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
_LONGEST_NAME = 1024
_FOLDERS = frozenset({"local", "hdfs"})
"""File systems in which a folder has to be there before a file is put into it."""


def is_name(text: str) -> bool:
    """Whether a text is a name that cannot lead out of a place: no `..`, nothing hidden, nothing absolute."""
    return len(text) <= _LONGEST_NAME and _NAME.fullmatch(text) is not None


class Place:
    """Everything below a URL."""

    def __init__(self, url: str) -> None:
        """Find the file system; nothing is read yet.

        Raises:
            UsageError: it is no URL of a file system, or holds a password, which the ledger would keep.
        """
        if urlsplit(url).username is not None:
            raise UsageError(
                "the URL of a case may not hold a key or a password, as the ledger keeps it;"
                " give them as the store's own settings, such as AWS_ACCESS_KEY_ID"
            )
        try:
            self._files, root = fs.FileSystem.from_uri(url)
        except (pa.ArrowException, OSError) as error:
            raise UsageError(
                f"{url}: no place that can be reached ({error}); write s3://BUCKET/CASE"
            ) from error
        self._root = root.strip("/") if self._files.type_name != "local" else root.rstrip("/")
        if not self._root:
            raise UsageError(f"{url}: names no bucket; write s3://BUCKET/CASE")
        self.url = url

    def names(self, under: str = "") -> dict[str, int]:
        """The names of all files here, or below a folder of it, with their sizes."""
        where = f"{self._root}/{under}".rstrip("/")
        asked = fs.FileSelector(where, recursive=True, allow_not_found=True)
        found = self._told("listed", lambda: self._files.get_file_info(asked))
        start = len(self._root) + 1
        return {info.path[start:]: int(info.size) for info in found if info.type == fs.FileType.File}

    def size(self, name: str) -> int | None:
        """How large a file is; None where there is none."""
        info = self._told("asked", lambda: self._files.get_file_info(self._at(name)))
        return int(info.size) if info.type == fs.FileType.File else None

    def read(self, name: str, most_bytes: int) -> bytes:
        """A small file.

        Raises:
            CustodyError: it is larger than it may be.
        """
        raw = b"".join(self._blocks(self._at(name), most_bytes))
        if len(raw) > most_bytes:
            raise CustodyError(f"{self.url}: {name} is larger than {most_bytes} bytes; compare with a copy")
        return raw

    def get(self, name: str, target: Path, *, sha256: str, size: int) -> None:
        """Fetch a file. It appears whole, and only as what it was put as.

        Raises:
            CustodyError: it is gone, or no longer has this hash and size.
        """
        fetched, told = self._fetched(name, target, size)
        if told != (sha256, size):
            fetched.unlink()
            raise CustodyError(f"{self.url}: {name} is no longer what was put there; restore it from a copy")
        fetched.rename(target)

    def copy(self, name: str, target: Path, *, size: int) -> None:
        """Fetch a file as it is now; of one that has grown since it had this size, a byte more."""
        self._fetched(name, target, size)[0].rename(target)

    def _fetched(self, name: str, target: Path, size: int) -> tuple[Path, tuple[str, int]]:
        """A file under a name beside its target, with the hash and the size that it turned out to have."""
        at = self._at(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        fetched = target.with_name(f".{target.name}.fetched")
        digest, held = hashlib.sha256(), 0
        with fetched.open("wb") as written:
            for block in self._blocks(at, size):
                digest.update(block)
                held += len(block)
                written.write(block)
        return fetched, (digest.hexdigest(), held)

    def put(self, name: str, source: Path, *, sha256: str) -> None:
        """Put a file under a name made from its hash; one that is there, and as large, stays.

        Raises:
            CustodyError: the file no longer has this hash; nothing stays under the name.
        """
        if self.size(name) == source.stat().st_size:
            return
        digest = hashlib.sha256()

        def blocks() -> Iterator[bytes]:
            with source.open("rb") as read:
                while block := read.read(BLOCK_BYTES):
                    digest.update(block)
                    yield block

        self._write(name, blocks())
        if digest.hexdigest() != sha256:
            self.remove(name)
            raise CustodyError(f"{source}: changed while it was put to {self.url}; run the same again")

    def write(self, name: str, raw: bytes) -> None:
        """Put a few bytes."""
        self._write(name, iter([raw]))

    def remove(self, name: str) -> None:
        """Remove a file."""
        self._told("removed", lambda: self._files.delete_file(self._at(name)))

    def _blocks(self, path: str, most_bytes: int) -> Iterator[bytes]:
        """A file in blocks; of one that is larger than it may be, one byte more."""
        left = most_bytes + 1
        with self._told("opened", lambda: self._files.open_input_stream(path)) as read:
            while left and (block := self._told("read", partial(read.read, min(BLOCK_BYTES, left)))):
                left -= len(block)
                yield block

    def _write(self, name: str, blocks: Iterator[bytes]) -> None:
        path = self._at(name)
        if self._files.type_name in _FOLDERS:
            self._told("made", lambda: self._files.create_dir(os.path.dirname(path), recursive=True))  # noqa: PTH120 - a name in a store
        written = self._told("opened", lambda: self._files.open_output_stream(path))
        for block in blocks:
            self._told("written", partial(written.write, block))
        self._told("written", written.close)

    def _at(self, name: str) -> str:
        if not is_name(name):
            raise CustodyError(f"{self.url}: {name!r} is no name of a case; compare with a copy")
        return f"{self._root}/{name}"

    def _told(self, what: str, act: Callable[[], T]) -> T:
        """The result of a call to the store; its refusal in our own words."""
        try:
            return act()
        except FileNotFoundError as error:
            raise CustodyError(f"{self.url}: something is gone ({error}); restore it from a copy") from error
        except (pa.ArrowException, OSError) as error:
            reason = " ".join(str(error).split())
            raise PlaceError(
                f"{self.url}: cannot be {what} ({reason}); see that it can be reached, then run the same again"
            ) from error
