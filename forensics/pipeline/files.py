"""The table `file`: what each sealed file is, and what became of its bytes."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from forensics import formats
from forensics.core import folders, hostevents, jsonlayout
from forensics.core.folders import Lying
from forensics.core.tables import FILE
from forensics.custody import hosts, tarred, unpack, zipped
from forensics.custody import seal as sealing
from forensics.custody.seal import Sealed

HEAD_BYTES = 1 << 16
OBJECT_BYTES = 1 << 21
"""So much is looked at of a file that begins with an object of JSON which is longer than `HEAD_BYTES`: an object in Kubernetes may have 1.5 MB."""
UNPLACED = "unplaced"
ROWS_TOGETHER = 1 << 14
"""So many rows of the table are made together."""
_SERVICES = frozenset(
    "git gitolite gitolite3 gitea forgejo gerrit gerrit2 gitlab slurm pbs lsfadmin sgeadmin condor yarn".split()  # noqa: SIM905 - one line
)
"""Accounts that a service commonly runs as. What lies in such a home is the service's word; of root's word it is none."""


class Tally(NamedTuple):
    """What became of bytes: parsed + rejected + ignored = bytes.

    Bytes are those that were read: of a packed file that was read through, its content.
    """

    bytes: int = 0
    parsed: int = 0
    rejected: int = 0
    ignored: int = 0

    def plus(self, other: "Tally") -> "Tally":
        """Both together."""
        return Tally(*(a + b for a, b in zip(self, other, strict=True)))


class Known(NamedTuple):
    """What a sealed file was recognised as.

    `packed`: how it is compressed. `format`: of its content, where it is packed; None where nothing
    recognises that, and then the file is not read. `anew`: whether its objects of JSON are laid out anew (`core.jsonlayout`).
    """

    format: str | None
    packed: str | None
    anew: bool = False

    @property
    def how(self) -> str:
        """How it may be cut."""
        return formats.cut(self.format or "", anew=self.anew)


Named = tuple[str, str]
"""Hash of a sealed file, and one of the paths that it was collected under."""


def recognised(
    rows: Sequence[Sealed], looked: Callable[[Sequence[Named]], Iterable[Known]]
) -> dict[str, Known]:
    """What each sealed file is, by hash: what the first of its paths, in order, is recognised as.

    Paths where only administrators write come first: what somebody copies elsewhere changes nothing.

    Args:
        rows: what was sealed.
        looked: what files are, each by its hash and one of its paths, in their order.
    """
    known: dict[str, Known] = {}
    held = [row for row in rows if row.kind == "file"]
    roots = hosts.roots(row.path for row in rows)
    held.sort(key=lambda row: (hostevents.writable(hosts.place(row.path, roots)[1] or ""), row))
    while held:
        asked, later = dict[str, str](), []
        for row in held:
            if row.sha256 in asked:
                later.append(row)
            else:
                asked[row.sha256] = row.path
        known |= dict(zip(asked, looked(list(asked.items())), strict=True))
        held = [row for row in later if known[row.sha256].format is None]
    return known


def look(many: tuple[Path, Sequence[Named]]) -> list[Known]:
    """What files of a case are recognised as, each by its hash and one of its paths."""
    case, asked = many
    return [looked_at(sealing.locate(case, sha256), path) for sha256, path in asked]


def looked_at(path: Path, named: str) -> Known:
    """What a sealed file is recognised as by its content and one of its paths."""
    with sealing.opened(path) as read:
        head = read.read(HEAD_BYTES) or b""
    packed = unpack.packing(head)
    if packed is not None:
        head, named = unpack.stretch(path, packed, 0, HEAD_BYTES), unpack.inner_name(named, packed)
    if tarred.is_tar(head) or zipped.is_zip(head):
        return Known(formats.of_archive(head, named), packed)
    form = formats.recognise(head, named)
    if form is not None:
        return Known(form, packed)
    form = formats.laid_out(head, named)
    if form is None and len(head) == HEAD_BYTES and jsonlayout.begins(head):
        # Its first object goes on behind what was seen, as one with all that was asked of a cluster does.
        form, anew = formats.of_objects(_start(path, packed), named)
        return Known(form, packed, anew=anew)
    return Known(form, packed, anew=form is not None)


def _start(path: Path, packed: str | None) -> bytes:
    """The first bytes of a file, or of its content, as many as an object of JSON may have."""
    if packed is not None:
        return unpack.stretch(path, packed, 0, OBJECT_BYTES)
    with sealing.opened(path) as read:
        return read.read(OBJECT_BYTES) or b""


def table(
    rows: Sequence[Sealed],
    known: Mapping[str, Known],
    tallies: Mapping[str, Tally],
    places: Sequence[str] = (),
) -> pa.Table:
    """The table, a row for each path that was collected.

    Args:
        rows: what was sealed.
        known: what each file is, by hash.
        tallies: what became of its bytes, by hash.
        places: folders that were filled from hosts' and services' own places, as the case file says.
    """
    lying = _lying(rows, known)
    domains = folders.settled(lying, places)
    # Some at a time: as Python's values they take many times as much.
    some = (slice(at, at + ROWS_TOGETHER) for at in range(0, max(1, len(rows)), ROWS_TOGETHER))
    return pa.concat_tables(
        [_table(rows[own], lying[own], domains[own], known, tallies) for own in some]
    ).combine_chunks()


def _table(
    rows: Sequence[Sealed],
    lying: Sequence[Lying],
    domains: Sequence[str | None],
    known: Mapping[str, Known],
    tallies: Mapping[str, Tally],
) -> pa.Table:
    found = []
    for row, lies, domain in zip(rows, lying, domains, strict=True):
        is_file = row.kind == "file"
        form, packed, _ = known[row.sha256] if is_file else Known(None, None)
        tally = tallies[row.sha256] if is_file else Tally()
        found.append(
            (
                row.sha256,
                row.path,
                lies.host,
                lies.origin,
                row.bytes,
                packed,
                tally.bytes if packed and form else None,
                row.kind,
                row.link,
                row.held,
                row.archive,
                row.member_start,
                form,
                domain,
                *tally[1:],
            )
        )
    columns = zip(*found, strict=True) if found else [()] * len(FILE.names)
    return FILE.build(dict(zip(FILE.names, map(list, columns), strict=True)))


def _lying(rows: Sequence[Sealed], known: Mapping[str, Known]) -> list[Lying]:
    """Where each file lies, and who vouches for it there."""
    roots = hosts.roots(row.path for row in rows)
    found = []
    for row in rows:
        form = known[row.sha256].format if row.kind == "file" else None
        host, origin = hosts.place(row.path, roots)
        domain = _domain(form, host, origin) if form else None
        found.append(Lying(row.sha256, row.path, host, origin, form, domain))
    return found


def _domain(form: str, host: str | None, origin: str | None) -> str:
    """Who could have forged a file: who writes such logs, or any user where it lies at a place that users write.

    A log that lies in somebody's home can be a copy of a true one, and can be that person's own work.
    """
    named = formats.registry()[form].DOMAIN
    domain = named.format(host=host or UNPLACED)
    services = frozenset() if named == "{host}:root" else _SERVICES
    if origin is not None and form in folders.HOSTS_LOGS and hostevents.left(origin):
        return f"{host or UNPLACED}:user"
    if _lowered(named) and origin is not None and hostevents.writable(origin, services=services):
        return f"{host or UNPLACED}:user"
    return domain


def _lowered(named: str) -> bool:
    """Whether where a file lies can take from a domain: not what users write anyway, nor what its own name hashes."""
    return not named.endswith((":user", ":files")) and named not in {"git:objects", "git:reflog"}


def placing(files: pa.Table) -> pa.Table:
    """The files by whose paths records are placed: without a user's copy of bytes that lie where no user writes.

    Such a copy adds nothing to them, and must not take host, place or trust from them either.
    """
    forms, domains = (files[name].combine_chunks().dictionary_encode() for name in ("format", "domain"))
    lowered = [
        form is not None and _lowered(formats.registry()[form].DOMAIN)
        for form in forms.dictionary.to_pylist()
    ]
    users = [
        domain is not None and domain.endswith(folders.BY_USERS) for domain in domains.dictionary.to_pylist()
    ]
    copied = pc.and_(_of_each(lowered, forms.indices), _of_each(users, domains.indices))
    if not pc.any(copied).as_py():
        return files
    held = pc.is_in(files["sha256"], pc.unique(files["sha256"].filter(pc.invert(copied))))
    return files.filter(pc.invert(pc.and_(copied, held)))


def _of_each(said: Sequence[bool], codes: pa.Array) -> pa.Array:
    """What is said of the value of each row; no, where it has none."""
    return pc.fill_null(pa.array(said, pa.bool_()).take(codes), False)


def measured(files: pa.Table, tallies: Mapping[str, Tally]) -> pa.Table:
    """Files, with how many bytes those of them hold that are packed and were read."""
    rows = files.select(["sha256", "packing", "unpacked_bytes"]).to_pylist()
    held = [
        tallies[row["sha256"]].bytes if row["packing"] and row["sha256"] in tallies else row["unpacked_bytes"]
        for row in rows
    ]
    at = files.column_names.index("unpacked_bytes")
    return files.set_column(at, files.schema.field(at), pa.array(held, pa.int64()))


def total(files: pa.Table) -> Tally:
    """What became of all bytes, each sealed file counted once."""
    own = files.filter(pc.equal(files["kind"], "file"))
    # A file's rows all say the same.
    coded = own["sha256"].combine_chunks().dictionary_encode()
    first = np.unique(np.asarray(coded.indices), return_index=True)[1]
    each = own.take(pa.array(first))
    read = pc.coalesce(each["unpacked_bytes"], each["bytes"])
    columns = [read, *(each[name] for name in ("parsed", "rejected", "ignored"))]
    return Tally(*(pc.sum(column).as_py() or 0 for column in columns))


def read_bytes(row: Mapping[str, int | None]) -> int:
    """How many bytes of a file were read: those of its content, where it was read through."""
    found = row["bytes"] if row["unpacked_bytes"] is None else row["unpacked_bytes"]
    return found or 0
