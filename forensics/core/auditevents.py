"""Audit records put together into events: by host, millisecond and serial, wherever the lines lie."""

import posixpath
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.object_]


class Scene:
    """Records in order of event, then of place in the evidence; and how each event's rows are found."""

    def __init__(self, records: pa.Table, files: pa.Table) -> None:
        order, event, host, domain = _ordered(records, files)
        self.table = records.take(pa.array(order)).combine_chunks()
        self.event, self.host, self.domain = event, host, domain
        self.begins = np.flatnonzero(np.append(True, event[1:] != event[:-1])[: len(event)])
        self.count = len(self.begins)
        self.type = self.words("type")

    def column(self, name: str) -> pa.Array:
        """A column of the records."""
        return (
            self.table[name].combine_chunks() if self.table.num_rows else pa.nulls(0, self.table[name].type)
        )

    def words(self, name: str) -> Words:
        """A column of few different values as Python objects."""
        coded = self.column(name).dictionary_encode()
        held = np.array([*coded.dictionary.to_pylist(), None], object)
        return held[np.asarray(coded.indices.fill_null(len(held) - 1)).astype(np.int64)]

    def nth(self, rows: Ints, n: int = 0) -> Ints:
        """The n-th of `rows` in each event, rows given in the order that counts; -1 where there is none."""
        order = rows[np.argsort(self.event[rows], kind="stable")]
        event = self.event[order]
        rank = np.arange(len(order)) - np.searchsorted(event, event)
        found = np.full(self.count, -1, np.int64)
        found[event[rank == n]] = order[rank == n]
        return found

    def at(self, name: str, rows: Ints) -> pa.Array:
        """A column at `rows`, null at -1."""
        return self.column(name).take(pa.array(rows, mask=rows < 0))


def _ordered(records: pa.Table, files: pa.Table) -> tuple[Ints, Ints, Words, Words]:
    """The order of rows, and per row in that order the number of its event, its host and its domain."""
    first: dict[str, tuple[str | None, str]] = {}
    kept = zip(*(files[name].to_pylist() for name in ("path", "sha256", "host", "domain")), strict=True)
    for _, sha256, host, domain in sorted(kept, key=lambda row: row[:2]):
        first.setdefault(sha256, (host, domain))
    sha256, rank = np.unique(np.asarray(records["sha256"].to_pandas(), object), return_inverse=True)
    hosts = np.array([first[name][0] for name in sha256], object)[rank]
    domains = np.array([first[name][1] for name in sha256], object)[rank]
    node = np.asarray(records["node"].to_pandas().astype(object))
    host = np.where(records["node"].is_valid().to_numpy(), node, hosts)
    # Files of no known host are not put together: two machines number their events alike.
    _, machine = np.unique(
        [h if h is not None else f"\0{r}" for h, r in zip(host, rank, strict=True)], return_inverse=True
    )
    keys = [machine, records["earliest_ns"].to_numpy(), records["serial"].to_numpy()]
    order = np.lexsort((records["start"].to_numpy(), rank, keys[2], keys[1], keys[0]))
    differs = np.zeros(len(order), bool)
    for key in keys:
        differs |= np.append(False, key[order][1:] != key[order][:-1])
    return order, np.cumsum(differs), host[order], domains[order]


class Paths(NamedTuple):
    """Rows of PATH by the part they play, per event; -1 where there is none."""

    first: Ints
    created: Ints
    deleted: Ints
    also_deleted: Ints
    plain: Ints
    parent: Ints
    other_parent: Ints


def paths(scene: Scene) -> Paths:
    """The files of each event by the part they play."""
    rows = np.flatnonzero(scene.type == "PATH")
    item = np.asarray(scene.column("item").fill_null(1 << 40))
    rows = rows[np.lexsort((rows, item[rows], scene.event[rows]))]
    role = scene.words("nametype")[rows]
    of = {name: rows[role == name] for name in ("CREATE", "DELETE", "PARENT")}
    plain = scene.nth(rows[~np.isin(role.astype(str), list(of))])
    inode = scene.words("inode")
    created, deleted, also = scene.nth(of["CREATE"]), scene.nth(of["DELETE"]), scene.nth(of["DELETE"], 1)
    # Of two names that went in a rename, the file that moved is the one that came into being again.
    swapped = (
        (also >= 0) & (created >= 0) & (inode[deleted] != inode[created]) & (inode[also] == inode[created])
    )
    deleted, also = np.where(swapped, also, deleted), np.where(swapped, deleted, also)
    first = scene.nth(rows[item[rows] == 0])
    return Paths(first, created, deleted, also, plain, scene.nth(of["PARENT"]), scene.nth(of["PARENT"], 1))


def absolute(scene: Scene, row: Ints, parent: Ints, folder: list[bool]) -> pa.Array:
    """Names from the root, where the log says from where they start; else as logged.

    Args:
        scene: the events.
        row: the PATH of each name; -1 for none.
        parent: the PATH of the directory that holds it; -1 for none.
        folder: whether the name starts from a directory that the program had open.
    """
    names, parents = scene.at("name", row).to_pylist(), scene.at("name", parent).to_pylist()
    cwds = scene.at("cwd", scene.nth(np.flatnonzero(scene.type == "CWD"))).to_pylist()
    child = np.isin(scene.words("nametype")[row].astype(str), ["CREATE", "DELETE"])
    told = zip(names, parents, cwds, folder, child, strict=True)
    made = [None if name is None else _placed(name, above if below else None, cwd, opened=opened) for name, above, cwd, opened, below in told]  # fmt: skip
    return pa.array(made, pa.string())


def _placed(name: str, parent: str | None, cwd: str | None, *, opened: bool) -> str:
    if not name or name.startswith("/"):
        return _normal(name) if name else name
    # For a bare name the kernel writes the working directory as its parent, even where the name
    # starts from an open directory: then it says nothing.
    if parent and parent.startswith("/") and not (opened and cwd and _normal(parent) == _normal(cwd)):
        return _normal(f"{parent}/{posixpath.basename(name)}")
    if opened or not (cwd and cwd.startswith("/")):
        return name
    if parent and "/" not in name and not name.startswith(parent):
        return _normal(f"{cwd}/{parent}/{name}")
    return _normal(f"{cwd}/{name}")


def _normal(path: str) -> str:
    return "/" + posixpath.normpath(path).lstrip("/")


def argv(scene: Scene) -> pa.Array:
    """The arguments of each program; a long list is spread over records, and so may be one argument."""
    rows = np.flatnonzero(scene.type == "EXECVE")
    index = np.asarray(scene.column("argv_index").fill_null(0))
    rows = rows[np.lexsort((rows, index[rows], scene.event[rows]))]
    argv = scene.at("argv", scene.nth(rows))
    event, times = np.unique(scene.event[rows], return_counts=True)
    if not (times > 1).any():
        return argv
    listed = argv.to_pylist()
    for at in event[times > 1]:
        own = rows[scene.event[rows] == at]
        listed[at] = _concatenated(
            zip(index[own], scene.column("argv").take(pa.array(own)).to_pylist(), strict=True)
        )
    return pa.array(listed, argv.type)


def _concatenated(pieces: Iterable[tuple[int, list[str]]]) -> list[str]:
    """Records of one argument list put together; one that a copy of the file tells again is left out."""
    whole: list[str] = []
    for index, words in pieces:
        if index == len(whole) - 1 and words and whole[index] != words[0]:
            whole[index] += words[0]
            whole += words[1:]
        elif index >= len(whole):
            whole += words
    return whole
