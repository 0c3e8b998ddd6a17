"""What readings of a host's own files fill alike: the file a record came from, its id, its citation."""

import re
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import loose
from forensics.core.clock import Interval
from forensics.core.tables import EVENT, FILE

LONGEST_TEXT = 4096
NOTHING = pa.scalar(None, pa.string())
HOMES = r"(?:homes?\d*|users|u|var/lib|srv(?!/(?:r?sys)?logs?/)|opt)"
"""Pattern of the folders in which homes lie, each called as its account is."""
_HOME = re.compile(
    rf"(?P<above>.*?)(?:^|/)(?:{HOMES}/(?P<account>[^/]+)|(?P<root>root))/(?P<below>.*)", re.DOTALL
)
_ABOVE = 2
LISTS = re.compile(r"/(?:etc|usr/etc|usr/lib|var/backups|var/lib/extrausers)/[^/]+")
RULES = re.compile(r"(?:/usr(?:/local)?)?/etc/sudoers(?:[^/]*|\.d/.*)")
MOUNTS = re.compile(r"/etc/(?:fstab|mtab)[^/]*|/proc/(?:(?:self|[0-9]+)/)?mounts")
ANOTHER_ROOT = "not of this host, but of a home, a container, an image or a program"
_ANYBODYS = re.compile(r"/(?:tmp|var/tmp|dev/shm|scratch|run/user|proc/[0-9]+/root)/")
_NO_SYSTEMS = re.compile(
    r"/(?!(?:bin|boot|dev|etc|homes?\d*|lib(?:32|64|x32)?|opt|proc|root|run|sbin|srv|sys|tmp|u|users|usr|var"
    r"|(?:r?sys)?logs?|journal|live(?:_response)?|commands?|slurm|git)/)"
    r"[^/]+/(?!(?:r?sys)?logs?/)(?P<next>[^/]*)"
)
"""A folder that no system has, nor a collector makes for what commands print: shared storage, a project's, a scratch.

Logs are kept there only in a folder called so.
"""
_LEFT = re.compile(
    r"/(?:var/(?:mail|spool|crash|lock|games|www|run/(?:user|lock|screen))|run/(?:lock|screen)|dev/mqueue|git|slurm|proc/[0-9]+)/"
)
"""Where what an account hands over is put down for it, or may be put by anybody: mail, scripts of jobs, the words of a process. No log of a host lies there."""
_OWN = re.compile(
    r"/(?:(?:var|run|root|etc|usr|(?:r?sys)?logs?|journal|live(?:_response)?|commands?)/.*|[^/]*)"
)
_ADDRESS = (
    r"^(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f]{1,4}:[0-9A-Fa-f:]*(?:%[0-9A-Za-z]+)?|::[0-9A-Fa-f:.]+)$"
)


class Placed(NamedTuple):
    """Records beside the files they were read from, row by row.

    `lines` has the columns of the records, `files` those of schema `file`, `event_id` the id that
    the event of each row takes.
    """

    lines: pa.RecordBatch
    files: pa.RecordBatch
    event_id: pa.Array


def placed(records: pa.Table, files: pa.Table, *, every_path: bool) -> Placed:
    """Put each record beside the path, or the paths, that its file was collected under.

    Args:
        records: a format's table with `sha256` in front, in any order.
        files: schema `file`; holds every `sha256` of `records`.
        every_path: give a record once for each path of its file. For what is true of a place, such
            as a key in somebody's home: equal files in two places are two facts. Otherwise the
            first path stands for all.

    Returns:
        Rows in order of (sha256, start, path).
    """
    lines = _whole(in_order(records), records.schema)
    paths = _whole(files.sort_by([("sha256", "ascending"), ("path", "ascending")]), FILE.schema())
    encoded = lines["sha256"].dictionary_encode()
    known = paths["sha256"].to_pylist()
    first: dict[str, int] = {sha256: row for row, sha256 in reversed(list(enumerate(known)))}
    count = Counter(known) if every_path else dict.fromkeys(first, 1)
    distinct = encoded.dictionary.to_pylist()
    code = np.asarray(encoded.indices, np.int64)
    of = np.array([first[sha256] for sha256 in distinct], np.int64)
    many = np.array([count[sha256] for sha256 in distinct], np.int64)
    if (many == 1).all():
        return Placed(lines, _taken(paths, of[code]), _ids(lines, None))
    times = many[code]
    row = np.repeat(np.arange(len(code), dtype=np.int64), times)
    part = np.arange(len(row), dtype=np.int64) - np.repeat(np.cumsum(times) - times, times)
    taken = _taken(lines, row)
    several = pa.array(times[row] > 1, pa.bool_())
    number = pc.if_else(several, pa.array(part).cast(pa.string()), NOTHING)
    return Placed(taken, _taken(paths, of[code][row] + part), _ids(taken, number))


def columns(rows: Placed, form: str) -> dict[str, object]:
    """The event columns that say where an event was read: id, format, domain, citation and span."""
    lines = rows.lines
    spans = [lines[name] for name in ("sha256", "start", "stop")]
    cited = pa.StructArray.from_arrays(spans, ["sha256", "start", "stop"])
    offsets = pa.array(np.arange(lines.num_rows + 1), pa.int32())
    return {
        "event_id": rows.event_id,
        "format": pa.array([form] * lines.num_rows, pa.string()),
        "domain": rows.files["domain"],
        "citations": pa.ListArray.from_arrays(offsets, cited),
        **{name: lines[name] for name in ("sha256", "start", "stop")},
    }


def times(when: Interval, host: pa.Array, rows: Placed, form: str) -> dict[str, pa.Array]:
    """The event columns that say when, and by whose clock: that of `host`, else of the trust domain."""
    source = pc.binary_join_element_wise(pc.coalesce(host, rows.files["domain"]), form, ":")
    return {
        "earliest_ns": when.earliest_ns,
        "latest_ns": when.latest_ns,
        "clock": pc.if_else(pc.is_valid(when.earliest_ns), source, NOTHING),
    }


def short(text: pa.Array) -> pa.Array:
    """As much of a text as an event holds; an empty one is null."""
    size = pc.min_max(pc.binary_length(text)).as_py()
    most = size["max"]
    cut = text if most is None or most <= LONGEST_TEXT else pc.utf8_slice_codeunits(text, 0, LONGEST_TEXT)
    return cut if size["min"] else pc.if_else(pc.equal(cut, ""), NOTHING, cut)


def pairs(values: Mapping[str, pa.Array]) -> pa.Array:
    """`name=value` of each value that is there, a space between them, as much as an event holds; null where none is.

    Args:
        values: columns of equal length by name; a name of no letters shows the bare value.
    """
    parts = []
    for name, column in values.items():
        text = column.cast(pa.string())
        shown = text if not name.strip() else pc.binary_join_element_wise(name, text, "=")
        parts.append(pc.coalesce(pc.binary_join_element_wise(shown, "", " "), ""))
    return short(pc.utf8_rtrim(pc.binary_join_element_wise(*parts, ""), " "))


def unattributed(
    rows: Placed, form: str, verb: pa.Array, more: Mapping[str, pa.Array], *, when: Interval | None = None
) -> pa.Table:
    """Events of a source that names no account which its writer has checked.

    Args:
        rows: from `placed`.
        form: the format's name.
        verb: one for each row.
        more: other event columns; `host` is the file's where it is not among them, `account_absence` is `not_recorded`.
        when: their times; None for states, which have none.
    """
    host = more.get("host", rows.files["host"])
    why = pa.array(["not_recorded"] * len(verb), pa.string())
    dated = {} if when is None else times(when, host, rows, form)
    columns_ = {**columns(rows, form), **dated, "verb": verb, "host": host, "account_absence": why}
    return EVENT.build({**columns_, **more})


def address(remote: pa.Array) -> pa.Array:
    """An origin that is a network address; null where it is a name, a display or the like."""
    literal = pc.fill_null(pc.match_substring_regex(remote, _ADDRESS), False)
    return pc.if_else(literal, remote, NOTHING)


def absence(account: pa.Array, uid: pa.Array | None = None, *, none: str = "not_recorded") -> pa.Array:
    """Why `account` is null: only a number is known, or the word that `none` gives."""
    why = pa.array([none] * len(account), pa.string())
    if uid is not None:
        why = pc.if_else(pc.is_valid(uid), "number_only", why)
    return pc.if_else(pc.is_valid(account), NOTHING, why)


def home(path: str) -> tuple[str, str] | None:
    """The account whose home a path lies in, and the rest of the path; None where no home shows.

    The first home on the way down counts, and its folder's name is the account's: whoever makes a
    folder `home/mei` inside their own home makes nothing of mei's.
    """
    found = _HOME.fullmatch(path)
    if found is None or found["above"].strip("/").count("/") >= _ABOVE:
        return None
    return found["account"] or found["root"], found["below"]


def writable(path: str, *, services: frozenset[str] = frozenset()) -> bool:
    """Whether somebody without an administrator's rights can write at a path on a host.

    In a home, where anybody may, and where a cluster keeps what its users share.

    Args:
        path: the path on the host, from its root.
        services: accounts of programs, whose homes nobody else writes; root's is never meant.
    """
    whose, shared = home(path), _NO_SYSTEMS.match(path)
    return (
        _ANYBODYS.match(path) is not None
        or (whose is not None and whose[0] not in services | {"root"})
        or (whose is None and shared is not None and shared["next"] not in services)
    )


def left(path: str) -> bool:
    """Whether a user can have had something put at a path on a host where no log of the host lies: a mail, the script of a job."""
    return _LEFT.match(path) is not None


def own(path: str) -> bool:
    """Whether a host keeps logs of itself at a path on it: not in a folder for those of others, such as `/srv/rsyslog`."""
    return _OWN.fullmatch(path) is not None


def elsewhere(origin: str | None, own: re.Pattern[str] = LISTS) -> bool:
    """Whether a list of accounts, rules of sudo, or a list of mounts lies where no host looks for its own.

    A home, the root of a container, an image or a chroot, and what programs bring along have such lists too. They say
    nothing about the accounts of the host on whose file system they lie, and in a home anybody writes them.

    Args:
        origin: the path on the host, from its root; null where it does not show, as of what a collector printed.
        own: where a host looks for such: `LISTS` of accounts and groups, `RULES` of sudo, `MOUNTS`.
    """
    return origin is not None and own.fullmatch(origin) is None


def which_elsewhere(origins: pa.Array, own: re.Pattern[str] = LISTS) -> pa.Array:
    """The same of each path, as a mask."""
    distinct = origins.dictionary_encode(null_encoding="encode")
    lie = [elsewhere(origin, own) for origin in distinct.dictionary.to_pylist()]
    return pa.array(lie, pa.bool_()).take(distinct.indices)


def owners(paths: pa.Array) -> pa.Array:
    """Whose home each path lies in; null where the path does not say."""
    distinct = paths.dictionary_encode()
    homes = [home(path) for path in distinct.dictionary.to_pylist()]
    return pa.array([found[0] if found else None for found in homes], pa.string()).take(distinct.indices)


def in_order(records: pa.Table) -> pa.Table:
    """Records in order of (sha256, start). Those of one part mostly are, as they were read."""
    start = records["start"].to_numpy()
    chunks = [loose.dictionary(chunk) for chunk in records["sha256"].chunks]
    sha256 = pa.chunked_array(chunks, pa.dictionary(pa.int32(), pa.string())).unify_dictionaries()
    if not len(start):
        return records
    known = sha256.chunk(0).dictionary
    rank = np.empty(len(known), np.int64)
    rank[np.asarray(pc.sort_indices(known))] = np.arange(len(known))
    file = rank[np.concatenate([np.asarray(chunk.indices) for chunk in sha256.chunks])]
    after = (file[1:] > file[:-1]) | ((file[1:] == file[:-1]) & (start[1:] > start[:-1]))
    return records if after.all() else records.take(pa.array(np.lexsort((start, file))))


def _whole(table: pa.Table, schema: pa.Schema) -> pa.RecordBatch:
    """A table with each column in one piece."""
    pieces = [pa.concat_arrays(c.chunks) if c.num_chunks else pa.array([], c.type) for c in table.columns]
    return pa.RecordBatch.from_arrays(pieces, schema=schema)


def _taken(batch: pa.RecordBatch, rows: npt.NDArray[np.int64]) -> pa.RecordBatch:
    index = pa.array(rows, pa.int64())
    return pa.RecordBatch.from_arrays([c.take(index) for c in batch.columns], schema=batch.schema)


def several(lines: pa.RecordBatch, part: pa.Array) -> pa.Array:
    """`core.ids.event_id` of each line; `part` is the number among several of one, null where there is one."""
    return _ids(lines, part.cast(pa.string()))


def _ids(lines: pa.RecordBatch, part: pa.Array | None) -> pa.Array:
    """`core.ids.event_id`, a column at a time; `part` is the number among several of one line."""
    start, stop = (lines[name].cast(pa.string()) for name in ("start", "stop"))
    names = lines["sha256"].dictionary_encode()
    short = pc.utf8_slice_codeunits(names.dictionary, 0, 16).take(names.indices)
    span = pc.binary_join_element_wise(short, start, stop, ".")
    return span if part is None else pc.coalesce(pc.binary_join_element_wise(span, part, "."), span)
