"""What an audit trail is taken to tell: who ran, changed, removed and signalled what. For every dialect of it.

Each different combination of type, call, flags and result is looked at once, however many events have it.
"""

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import auditevents, auditreceived, audittold, auditwho, loose, sockaddr, syscalls
from forensics.core.auditevents import Paths, Scene
from forensics.core.auditkeys import leads
from forensics.core.auditverbs import Said, outcome_of, verb_of
from forensics.core.auditwho import named
from forensics.core.coded import Bools, Coded, Ints, coded, distinct
from forensics.core.tables import EVENT

_LOST = (
    r"\b(?:audit_lost|lost)=[1-9]|backlog limit exceeded|rate limit exceeded|queue.{0,20} full|no space left"
)
_OWN_SERVICE = r"(?:^| )unit=auditd(?:\.service)?(?: |$)"
_MAY_SAY_LOST = r"^(?:DAEMON_|CONFIG_CHANGE|KERNEL)"
_SERVICES = pa.array(["SERVICE_START", "SERVICE_STOP"])
_CWD_ONLY = pa.array(["ffffff9c", "ffffffffffffff9c"])
_LONGEST_TEXT = 4096
_FLAT = (
    "sha256",
    "start",
    "stop",
    "node",
    "type",
    "earliest_ns",
    "latest_ns",
    "serial",
    "auid_set",
    "auid",
    "uid",
    "euid",
    "pid",
    "ppid",
    "ses",
    "exe",
    "comm",
    "key",
    "arch",
    "syscall",
    "syscall_name",
    "success",
    "res",
    "a0",
    "a1",
    "a2",
    "oflag",
    "auid_name",
    "uid_name",
    "euid_name",
    "id",
    "id_name",
    "acct",
    "addr",
    "rport",
    "fp",
    "tty",
    "terminal",
    "op",
    "cmd",
    "cwd",
    "saddr",
    "fields",
)
_LISTED = {
    "types": "",
    "argv": "",
    "argv_places": "",
    "spans": ".start .stop",
    "paths": ".item .name .inode .dev .ouid .nametype",
    "receivers": ".opid .ouid .ocomm",
}
COLUMNS = (
    *_FLAT,
    *(f"{name}.list.element{field}" for name, fields in _LISTED.items() for field in fields.split() or [""]),
)
"""What `events` needs of the records, as Parquet names it."""
_NOTHING = pa.scalar(None, pa.string())
_RINGS = {"URINGOP", "UNKNOWN[1336]"}
_RING_OPERATION = r"^uring_op=(?P<number>[0-9]{1,4})(?: |$)"


class _Calls:
    """The system call of each event, where it is one we know: its number among those met."""

    def __init__(self, scene: Scene) -> None:
        called = scene.call >= 0
        kinds = coded(scene.type)
        called &= ~np.array([leads(str(kind)) for kind in kinds.values])[kinds.number]
        asked = [scene.coded(name) for name in ("arch", "syscall", "syscall_name")]
        ring = _ring(scene, kinds)
        first, like = distinct(called.astype(np.int64), ring, *(column.number for column in asked))
        met = [
            syscalls.call(*(c.values[c.number[row]] for c in asked)) if called[row] else syscalls.ring_call(int(ring[row]))
            for row in first
        ]  # fmt: skip
        self.known = [*dict.fromkeys(met)]
        self.number = np.array([self.known.index(call) for call in met], np.int64)[like]

    def where(self, holds: list[bool]) -> Bools:
        """Events whose call is one of those for which `holds`."""
        return np.array(holds or [False], bool)[self.number] if len(self.number) else np.zeros(0, bool)

    def named(self, what: str) -> pa.Array:
        """What each call says of itself, such as its name; null where there is none."""
        return pa.array([getattr(call, what, None) for call in self.known], pa.string()).take(
            pa.array(self.number)
        )

    def register(self, scene: Scene, what: str) -> pa.Array:
        """The argument that each call declares as its flags, signal, pid or folder; null where it declares none."""
        found = pa.nulls(scene.count, pa.string())
        for name in ("a0", "a1", "a2"):
            own = self.where([call is not None and getattr(call, what) == name for call in self.known])
            if own.any():
                found = pc.if_else(pa.array(own), scene.at(name), found)
        return found


def _ring(scene: Scene, kinds: Coded) -> Ints:
    """The operation of a ring that an event is, by number; -1 of every other."""
    numbers = np.full(scene.count, -1, np.int64)
    rows = np.flatnonzero(np.array([kind in _RINGS for kind in kinds.values], bool)[kinds.number])
    if len(rows):
        found = pc.extract_regex(
            loose.plain(scene.leading("fields").take(pa.array(rows))), pattern=_RING_OPERATION
        )
        numbers[rows] = np.asarray(pc.struct_field(found, "number").cast(pa.int64()).fill_null(-1))
    return numbers


def events(records: pa.Table, files: pa.Table, form: str) -> pa.Table:
    """One event for each time and serial of a host; one for each receiver where a signal had several.

    Args:
        records: the columns of `auditrecord.table`, with `sha256`.
        files: schema `file`; holds every `sha256` of `records`.
        form: the format's name.

    Returns:
        Schema `event`.
    """
    return loose.strict(lightly(records, files, form), EVENT.schema())


def lightly(records: pa.Table, files: pa.Table, form: str, *, singly: bool = False) -> pa.Table:
    """The same events, in columns as `core.loose` has them; `singly`: one of each record, whatever it has in common with others."""
    if not records.num_rows:
        return EVENT.empty()
    return loose.together(_told(scene, form) for scene in auditevents.scenes(records, files, singly=singly))


def _told(scene: Scene, form: str) -> pa.Table:
    calls, paths = _Calls(scene), auditevents.paths(scene)
    outcome = scene.coded("res").otherwise(scene.coded("success"))
    verb = _verbs(scene, calls, paths, outcome)
    argv = auditevents.argv(scene)
    columns = {
        **auditwho.where_and_when(scene, form),
        **auditwho.who(scene, verb),
        **_reached(scene, _acted_on(scene, verb, calls, paths)),
        "verb": verb.column(),
        "outcome": outcome._replace(values=[outcome_of(value) for value in outcome.values]).column(),
        "argv": argv,
        "cwd": scene.first("cwd"),
        "text": _text(scene, verb, calls, argv, paths),
        "signal": _low(calls.register(scene, "signal")),
    }
    told = _received(scene, columns, calls)
    return loose.built(EVENT.schema(), told, len(told["event_id"]))


def _low(register: pa.Array) -> pa.Array:
    """Registers as numbers; the kernel looks at the low 32 bits of these."""
    held = coded(register)
    numbers = [auditevents.hexadecimal(text) for text in held.values]
    return held.mapped([None if number is None else number & 0xFFFFFFFF for number in numbers], pa.int64())


def _verbs(scene: Scene, calls: _Calls, paths: Paths, outcome: Coded) -> Coded:
    """What happened in each event."""
    kinds, keys = coded(scene.type), scene.coded("key")
    marks = _marks(scene)
    flags = coded(_flags(scene, calls))
    created = (paths.created >= 0).astype(np.int64)
    # The rule's key counts only where an opening has no flags.
    key = np.where(calls.where([call is not None and call.verb == "open" for call in calls.known]), keys.number, len(keys.values) - 1)  # fmt: skip
    first, like = distinct(kinds.number, calls.number, outcome.number, flags.number, key, created, marks)
    said = [
        Said(kinds.values[kinds.number[row]], outcome_of(outcome.values[outcome.number[row]]), calls.known[calls.number[row]], flags.values[flags.number[row]], keys.values[key[row]], bool(created[row]), bool(marks[row] & 1), bool(marks[row] & 2))
        for row in first
    ]  # fmt: skip
    names = [verb_of(one) for one in said]
    known = [*dict.fromkeys(names)]
    return Coded(np.array([known.index(name) for name in names], np.int64)[like], list(known))


def _marks(scene: Scene) -> Ints:
    """1 where the rest of the line says that records were lost, 2 where it names the audit daemon's own service."""
    rest, found = scene.leading("fields"), np.zeros(scene.count, np.int64)
    may_be_lost = loose.each(scene.type, lambda kinds: pc.match_substring_regex(kinds, _MAY_SAY_LOST))
    tries = ((1, may_be_lost, _LOST), (2, pc.is_in(scene.type, _SERVICES), _OWN_SERVICE))
    for bit, may, pattern in tries:
        rows = np.flatnonzero(np.asarray(may))
        said = pc.match_substring_regex(rest.take(pa.array(rows)), pattern, ignore_case=bit == 1).fill_null(
            False
        )
        found[rows] |= bit * np.asarray(said).astype(np.int64)
    return found


def _flags(scene: Scene, calls: _Calls) -> pa.Array:
    """The flags of each opening; those of openat2 have a line of their own."""
    flags = _low(calls.register(scene, "flags"))
    own = calls.where([call is not None and call.verb == "open" and not call.flags for call in calls.known])
    if not own.any():
        return flags
    how = coded(scene.first("oflag"))
    octal = [
        int(found[0], 8) if (found := re.fullmatch(r"0[0-7]{0,20}", str(text))) else None
        for text in how.values
    ]
    return pc.if_else(pa.array(own), how.mapped(octal, pa.int64()), flags)


def _acted_on(scene: Scene, verb: Coded, calls: _Calls, paths: Paths) -> dict[str, pa.Array]:
    """The file that each event is about, and what a rename or link made of it."""
    moves, row = named(verb, "rename"), np.where(paths.created >= 0, paths.created, paths.plain)
    row = np.where(named(verb, "execute"), paths.first, row)
    row = np.where(named(verb, "delete"), np.where(paths.deleted >= 0, paths.deleted, paths.plain), row)
    row = np.where(moves, paths.created, row)
    source = np.where(moves, paths.deleted, np.where(named(verb, "link"), paths.plain, -1))
    replaced = np.where(moves, paths.also_deleted, -1)
    owned = np.where(moves, replaced, np.where(named(verb, "create", "link"), -1, row))
    parent = np.where(moves & (paths.other_parent >= 0), paths.other_parent, paths.parent)
    came = auditevents.absolute(scene, paths, source, paths.parent, _opened(scene, calls, "source"))
    # What a symbolic link holds is text, and starts from the link's own directory.
    symbolic = pa.array(
        calls.where([call is not None and call.name.startswith("symlink") for call in calls.known])
    )
    return {
        "object_kind": pc.if_else(pa.array(row >= 0), "path", _NOTHING),
        "object": auditevents.absolute(scene, paths, row, parent, _opened(scene, calls, "folder")),
        "object_from": pc.if_else(symbolic, paths.at("name", source), came),
        "inode": _inode(paths, row),
        "replaced_inode": _inode(paths, replaced),
        "object_owner_uid": paths.at("ouid", owned),
    }


def _reached(scene: Scene, acted: dict[str, pa.Array]) -> dict[str, pa.Array]:
    """The socket address that a call was about, where no file was: it is what was acted on, not where the actor came from."""
    saddr = scene.first("saddr")
    rows = np.flatnonzero(np.asarray(pc.and_(saddr.is_valid(), acted["object_kind"].is_null())))
    found = sockaddr.of_hexadecimal(saddr.take(pa.array(rows)))
    told = pc.or_(found.address.is_valid(), found.path.is_valid())
    mask = np.zeros(scene.count, bool)
    mask[rows[np.asarray(told)]] = True
    if not mask.any():
        return acted
    kind = pc.if_else(found.path.is_valid(), "path", "address")
    reached = {"object_kind": kind.filter(told), "object": found.named().filter(told)}
    return acted | {name: pc.replace_with_mask(acted[name], pa.array(mask), own) for name, own in reached.items()}  # fmt: skip


def _opened(scene: Scene, calls: _Calls, which: str) -> Bools:
    """Whether each name starts from a directory that the program had open, not from its working directory."""
    declared = calls.where([getattr(call, which, None) is not None for call in calls.known])
    here = pc.is_in(calls.register(scene, which), _CWD_ONLY)
    return np.asarray(declared & ~np.asarray(here))


def _inode(paths: Paths, row: Ints) -> pa.Array:
    return pc.binary_join_element_wise(paths.at("dev", row), paths.at("inode", row), ":")


def _text(scene: Scene, verb: Coded, calls: _Calls, argv: pa.Array, paths: Paths) -> pa.Array:
    """The command line; for sudo the command; else what called, by which rule, and what else the line says."""
    command = pc.if_else(pa.array(named(verb, "execute")), pc.binary_join(argv, " "), _NOTHING)
    command = pc.if_else(pa.array(named(verb, "sudo")), scene.leading("cmd"), command)
    rest = np.flatnonzero(np.asarray(command.is_null()))
    at = pa.array(rest)
    kind = loose.plain(scene.type.take(at))
    alone = (paths.plain[rest] < 0) & (paths.created[rest] < 0) & (paths.deleted[rest] < 0)
    folder = paths.at("name", np.where(alone, paths.parent[rest], -1))
    parts = (
        pc.coalesce(calls.named("name").take(at), kind),
        pc.coalesce(scene.some("comm", at), scene.some("exe", at)),
        scene.some("op", at, leading=True),
        *audittold.changed(scene, at, pa.array(named(verb, "account_edit")[rest]), auditwho.accounts),
        pc.binary_join_element_wise("key", scene.some("key", at), "="),
        pc.binary_join_element_wise("in", folder, " "),
        pc.if_else(pc.equal(kind, "SYSCALL"), _NOTHING, scene.leading("fields").take(at)),
    )
    told = pc.binary_join_element_wise(*parts, audittold.beside(scene).take(at), " ", null_handling="skip")
    told = pc.coalesce(audittold.typed(kind, scene.leading("fields").take(at)), told)
    text = pc.replace_with_mask(command, command.is_null(), told)
    if (pc.max(pc.binary_length(text)).as_py() or 0) <= _LONGEST_TEXT:
        return text
    return pc.utf8_slice_codeunits(text, 0, _LONGEST_TEXT)


def _received(scene: Scene, columns: dict[str, pa.Array], calls: _Calls) -> dict[str, pa.Array]:
    """The columns of the events; a signal to several processes is one for each of them."""
    said = scene.listed("receivers")[0]
    aims = auditreceived.aims(scene)
    asked = pa.array(
        calls.where([call is not None and call.verb in {"signal", "trace"} for call in calls.known])
    )
    low = _low(calls.register(scene, "pid"))
    # A number that is negative as the kernel reads it is a group, and 0 is the sender's own.
    aimed = pc.if_else(pc.and_(pc.greater(low, 0), pc.less(low, 1 << 31)), low, pa.scalar(None, pa.int64()))
    part: pa.Array = pa.nulls(scene.count, pa.string())
    if aims.number is not None:
        several = np.bincount(aims.event, minlength=scene.count)[aims.event] > 1
        part = pc.if_else(pa.array(several), pa.array(aims.number).cast(pa.string()), _NOTHING)
        columns = auditreceived.told(scene, columns, aims)
        at = pa.array(aims.event)
        asked, aimed = asked.take(at), aimed.take(at)
    return {**columns, **_targets(said, aims.row, columns, asked, aimed), "event_id": _ids(columns, part)}


def _targets(
    said: pa.StructArray, target: Ints, columns: dict[str, pa.Array], asked: pa.Array, aimed: pa.Array
) -> dict[str, pa.Array]:
    """The process that received a signal: as the kernel told it, else as it was asked for."""
    at = pa.array(target, mask=target < 0)
    process = pc.or_(asked, pa.array(target >= 0))
    return {
        "object_kind": pc.if_else(process, "process", columns["object_kind"]),
        "object": pc.coalesce(loose.plain(pc.struct_field(said, "ocomm").take(at)), columns["object"]),
        "target_pid": pc.coalesce(pc.struct_field(said, "opid").take(at), aimed),
        "target_uid": pc.struct_field(said, "ouid").take(at),
    }


def _ids(columns: dict[str, pa.Array], part: pa.Array) -> pa.Array:
    """`core.ids.event_id`, a column at a time."""
    sha256 = columns["sha256"]
    file = pc.utf8_slice_codeunits(sha256.dictionary, 0, 16).take(sha256.indices)
    span = pc.binary_join_element_wise(file, *(columns[n].cast(pa.string()) for n in ("start", "stop")), ".")
    if part.null_count == len(part):
        return span
    return pc.coalesce(pc.binary_join_element_wise(span, part, "."), span)
