"""What an audit trail is taken to tell: who ran, changed, removed and signalled what.

Lines of one host, millisecond and serial are one event, wherever they lie: between lines of others, or
in two files. The kernel wrote them, so whoever was root on the host could have forged or removed them.
The account is the login account (`auid`), which survives su and sudo; `effective` is whose rights were
used. An event says what its system call did; messages of programs (logins, sudo, PAM) are the word of a
program that ran as root. Where lines are missing, so is what they held: nothing is guessed from others.
"""

import re
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import auditevents, syscalls
from forensics.core.auditevents import Ints, Words
from forensics.core.ids import event_id
from forensics.core.tables import EVENT

NEEDS_ANCHOR = False

# A message leads its event: the system call beside it is only how the message was sent.
_MESSAGES = {
    "LOGIN": "loginuid",
    "USER_LOGIN": "login",
    "USER_AUTH": "other",
    "USER_START": "session_open",
    "USER_END": "session_close",
    "USER_CMD": "sudo",
    "CONFIG_CHANGE": "audit_config",
    "FEATURE_CHANGE": "audit_config",
    "TIME_INJOFFSET": "clock_change",
    "TIME_ADJNTPVAL": "clock_change",
}
_REFUSED = {"USER_LOGIN": "login_failed", "USER_AUTH": "login_failed"}
_OUTCOMES = {
    "yes": "success",
    "no": "failure",
    "1": "success",
    "0": "failure",
    "success": "success",
    "failed": "failure",
}
_NOBODY = re.compile(r"unset|unknown\(-?\d+\)|\(unknown\)|\(unknown user\)|\(invalid user\)|")
_TERMINAL = re.compile(r"(?:/dev/)?(?:pts/?(?P<pts>\d+)|(?P<other>tty\w+|console|hvc\d+))")
_LOST = (
    r"\b(?:audit_lost|lost)=[1-9]|backlog limit exceeded|rate limit exceeded|queue.{0,20} full|no space left"
)
_SERVICES = {"SERVICE_START", "SERVICE_STOP"}
_OWN_SERVICE = r"(?:^| )unit=auditd(?:\.service)?(?: |$)"
_OFLAG = re.compile(r"(?:^| )oflag=(0[0-7]*)")
_WATCHED_WRITES = re.compile(r"write|modif|change|tamper")
_CWD_ONLY = {"ffffff9c", "ffffffffffffff9c"}
_O_ACCMODE, _O_TRUNC = 0o3, 0o1000
_LONGEST_TEXT = 4096
_SAID_BY_BOTH = ("auid", "auid_set", "uid", "euid", "pid", "ppid", "ses", "exe", "comm", "key")


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - every time is an epoch
    anchor_ns: int | None,  # noqa: ARG001 - the same
) -> Mapping[str, pa.Table]:
    """One event for each time and serial of a host; one for each receiver where a signal had several."""
    if not records.num_rows:
        return {"event": EVENT.empty()}
    scene = auditevents.Scene(records, files)
    message = np.array([t in _MESSAGES or t.startswith("DAEMON_") for t in scene.type])
    call_row = scene.nth(np.flatnonzero(scene.type == "SYSCALL"))
    lead = scene.nth(np.flatnonzero(message))
    lead = np.where(lead >= 0, lead, np.where(call_row >= 0, call_row, scene.begins))
    calls = _calls(scene, np.where(message[lead], -1, call_row))
    said = {name: pc.coalesce(scene.at(name, lead), scene.at(name, call_row)) for name in _SAID_BY_BOTH}
    outcome = _outcome(scene, lead, call_row)
    paths = auditevents.paths(scene)
    verb = _verbs(scene, lead, calls, paths, outcome, said["key"].to_pylist(), call_row)
    acted = _acted_on(scene, verb, calls, paths, call_row)
    argv = auditevents.argv(scene)
    columns = {
        **_where_and_when(scene),
        **_who(scene, lead, call_row, verb, said),
        **acted,
        "verb": pa.array(verb, pa.string()),
        "outcome": pa.array(outcome, pa.string()),
        "argv": argv,
        "cwd": pc.coalesce(
            scene.at("cwd", scene.nth(np.flatnonzero(scene.type == "CWD"))), scene.at("cwd", lead)
        ),
        "text": _text(scene, lead, verb, calls, said, argv, paths),
        "signal": pa.array(_signals(scene, calls, call_row), pa.int64()),
    }
    return {"event": _received(scene, columns, calls, call_row)}


def _calls(scene: auditevents.Scene, rows: Ints) -> Words:
    """The system call of each event, where it is one we know."""
    asked = (scene.at(name, rows).to_pylist() for name in ("arch", "syscall", "syscall_name"))
    found = np.full(scene.count, None, object)
    for at, (arch, number, name) in enumerate(zip(*asked, strict=True)):
        found[at] = syscalls.call(arch, number, name)
    return found


def _outcome(scene: auditevents.Scene, lead: Ints, call_row: Ints) -> list[str | None]:
    result = pc.coalesce(scene.at("res", lead), scene.at("success", lead), scene.at("success", call_row))
    return [_OUTCOMES.get(word or "", word) for word in result.to_pylist()]


def _verbs(
    scene: auditevents.Scene, lead: Ints, calls: Words, paths: auditevents.Paths, outcome: list[str | None], keys: list[str | None], call_row: Ints
) -> Words:  # fmt: skip
    types, verb = scene.type[lead], np.full(scene.count, "other", object)
    rest = scene.at("fields", lead)
    lost = pc.match_substring_regex(rest, _LOST, ignore_case=True).fill_null(False).to_pylist()
    own = pc.match_substring_regex(rest, _OWN_SERVICE).fill_null(False).to_pylist()
    flags = _flags(scene, calls, call_row)
    for at, (kind, call) in enumerate(zip(types, calls, strict=True)):
        if kind.startswith(("DAEMON_", "CONFIG_CHANGE", "KERNEL")) and lost[at]:
            verb[at] = "audit_lost"
        elif kind in _SERVICES and own[at]:
            verb[at] = "audit_config"
        elif kind in _MESSAGES or kind.startswith("DAEMON_"):
            verb[at] = _message_verb(kind, outcome[at])
        elif call is None:
            continue
        elif call.verb == "open" or call.name == "creat":
            verb[at] = _opening(call, flags[at], keys[at], created=bool(paths.created[at] >= 0))
        else:
            verb[at] = call.verb
    return verb


def _message_verb(kind: str, outcome: str | None) -> str:
    """A login whose result is not on record is neither a login nor a refusal."""
    if kind in _REFUSED and outcome != "success":
        return _REFUSED[kind] if outcome == "failure" else "other"
    return _MESSAGES.get(kind, "audit_config")


def _flags(scene: auditevents.Scene, calls: Words, call_row: Ints) -> list[int | None]:
    """The flags of each opening; those of openat2 have a record of their own."""
    own = {a: scene.at(a, call_row).to_pylist() for a in ("a1", "a2")}
    how = scene.at("fields", scene.nth(np.flatnonzero(scene.type == "OPENAT2"))).to_pylist()
    found: list[int | None] = [None] * scene.count
    for at, call in enumerate(calls):
        if call is None or call.verb != "open":
            continue
        told = _OFLAG.search(how[at] or "")
        found[at] = _hexadecimal(own[call.flags][at]) if call.flags else int(told[1], 8) if told else None
    return found


def _hexadecimal(text: str | None) -> int | None:
    return int(text, 16) if text and re.fullmatch(r"[0-9a-f]{1,16}", text) else None


def _opening(call: syscalls.Call, flags: int | None, key: str | None, *, created: bool) -> str:
    if created:
        return "create"
    if call.verb != "open":
        return call.verb
    if flags is None:
        return "write" if _WATCHED_WRITES.search(key or "") else "read"
    return "write" if flags & _O_ACCMODE or flags & _O_TRUNC else "read"


def _acted_on(
    scene: auditevents.Scene, verb: Words, calls: Words, paths: auditevents.Paths, call_row: Ints
) -> dict[str, pa.Array]:
    """The file that each event is about, and what a rename or link made of it."""
    row = np.where(paths.created >= 0, paths.created, paths.plain)
    row = np.where(verb == "execute", paths.first, row)
    row = np.where(verb == "delete", np.where(paths.deleted >= 0, paths.deleted, paths.plain), row)
    row = np.where(verb == "rename", paths.created, row)
    moves = verb == "rename"
    source = np.where(moves, paths.deleted, np.where(verb == "link", paths.plain, -1))
    replaced = np.where(moves, paths.also_deleted, -1)
    owned = np.where(moves, replaced, np.where(np.isin(verb.astype(str), ["create", "link"]), -1, row))
    parent = np.where(moves & (paths.other_parent >= 0), paths.other_parent, paths.parent)
    kind = pc.if_else(pa.array(row >= 0), "path", None)
    came = auditevents.absolute(scene, source, paths.parent, _folders(scene, calls, call_row, "source"))
    # What a symbolic link holds is text, and starts from the link's own directory.
    symbolic = pa.array([call is not None and call.name.startswith("symlink") for call in calls])
    return {
        "object_kind": kind,
        "object": auditevents.absolute(scene, row, parent, _folders(scene, calls, call_row, "folder")),
        "object_from": pc.if_else(symbolic, scene.at("name", source), came),
        "inode": _inode(scene, row),
        "replaced_inode": _inode(scene, replaced),
        "object_owner_uid": scene.at("ouid", owned),
    }


def _folders(scene: auditevents.Scene, calls: Words, call_row: Ints, which: str) -> list[bool]:
    """Whether each name starts from a directory that the program had open, not from its working directory."""
    registers = {a: scene.at(a, call_row).to_pylist() for a in ("a0", "a1", "a2")}
    named = [None if call is None else getattr(call, which) for call in calls]
    return [a is not None and registers[a][at] not in _CWD_ONLY for at, a in enumerate(named)]


def _inode(scene: auditevents.Scene, row: Ints) -> pa.Array:
    return pc.binary_join_element_wise(scene.at("dev", row), scene.at("inode", row), ":")


def _where_and_when(scene: auditevents.Scene) -> dict[str, pa.Array]:
    host, domain = scene.host[scene.begins], scene.domain[scene.begins]
    spans = pa.StructArray.from_arrays(
        [scene.column(n) for n in ("sha256", "start", "stop")], ["sha256", "start", "stop"]
    )
    bounds = pa.array(np.append(scene.begins, len(scene.event)), pa.int32())
    return {
        **{
            name: scene.at(name, scene.begins)
            for name in ("earliest_ns", "latest_ns", "sha256", "start", "stop")
        },
        "clock": pa.array([f"{h or d}:auditd" for h, d in zip(host, domain, strict=True)], pa.string()),
        "format": pa.array(["auditd"] * scene.count, pa.string()),
        "domain": pa.array(domain, pa.string()),
        "host": pa.array(host, pa.string()),
        "citations": pa.ListArray.from_arrays(bounds, spans),
    }


def _named(names: pa.Array) -> pa.Array:
    """Names of accounts; null where the host could not name the number, or there was none."""
    coded = names.dictionary_encode()
    held = [None if _NOBODY.fullmatch(name) else name for name in coded.dictionary.to_pylist()]
    return pa.array(held, pa.string()).take(coded.indices)


def _who(
    scene: auditevents.Scene, lead: Ints, call_row: Ints, verb: Words, said: Mapping[str, pa.Array]
) -> dict[str, pa.Array]:
    """The login account, and whose rights were used."""
    login = _named(pc.coalesce(scene.at("auid_name", lead), scene.at("auid_name", call_row)))
    rights = pc.coalesce(
        *(
            _named(scene.at(n, r))
            for n, r in (("euid_name", call_row), ("uid_name", lead), ("uid_name", call_row))
        )
    )
    about = pc.coalesce(_named(scene.at("acct", lead)), _named(scene.at("id_name", lead)))
    is_in = {name: pa.array(np.isin(verb.astype(str), names)) for name, names in (("entry", ["login"]), ("refused", ["login_failed"]), ("pam", ["session_open", "session_close"]), ("sudo", ["sudo"]))}  # fmt: skip
    account = pc.if_else(is_in["entry"], pc.coalesce(about, login), login)
    account = pc.if_else(is_in["refused"], pc.coalesce(login, about), account)
    # sudo names no target in USER_CMD, and the rights of the asker are not those that were used.
    effective = pc.if_else(pc.or_(is_in["sudo"], is_in["refused"]), None, rights)
    effective = pc.if_else(pc.or_(is_in["pam"], is_in["entry"]), pc.coalesce(about, account), effective)
    numbered = pc.if_else(said["auid"].is_valid(), "number_only", "not_recorded")
    absence = pc.if_else(
        pc.equal(said["auid_set"], pa.scalar(value=False)).fill_null(False), "not_applicable", numbered
    )
    told = {name: said[name] for name in ("auid", "uid", "euid", "pid", "ppid", "exe")}
    address = scene.at("addr", lead)
    print_ = scene.at("fp", lead)
    return {
        **told,
        "account": account,
        "account_absence": pc.if_else(account.is_null(), absence, None),
        "effective": effective,
        "session": said["ses"].cast(pa.string()),
        "tty": _terminals(
            pc.coalesce(scene.at("tty", lead), scene.at("tty", call_row), scene.at("terminal", lead))
        ),
        "address": pc.if_else(
            pc.match_substring_regex(address, r"^[0-9A-Fa-f.:]*[.:][0-9A-Fa-f.:%\w]*$"), address, None
        ),
        "port": scene.at("rport", lead),
        "credential": pc.if_else(pc.starts_with(print_, "SHA256:"), print_, None),
    }


def _terminals(written: pa.Array) -> pa.Array:
    """Terminals by one name: `pts5`, `/dev/pts/5` and `pts/5` are the same. `ssh` or `cron` is none."""
    coded = written.dictionary_encode()
    found = [_TERMINAL.fullmatch(name) for name in coded.dictionary.to_pylist()]
    held = [None if f is None else f["other"] or f"pts/{f['pts']}" for f in found]
    return pa.array(held, pa.string()).take(coded.indices)


def _signals(scene: auditevents.Scene, calls: Words, call_row: Ints) -> list[int | None]:
    """Signal numbers; the kernel looks at the low 32 bits of the argument."""
    registers = {a: scene.at(a, call_row).to_pylist() for a in ("a1", "a2")}
    sent = [
        None if call is None or call.signal is None else _hexadecimal(registers[call.signal][at])
        for at, call in enumerate(calls)
    ]
    return [None if number is None else number & 0xFFFFFFFF for number in sent]


def _text(
    scene: auditevents.Scene, lead: Ints, verb: Words, calls: Words, said: Mapping[str, pa.Array], argv: pa.Array, paths: auditevents.Paths
) -> pa.Array:  # fmt: skip
    """The command line; for sudo the command; else what called, by which rule, and what else the record says."""
    types = scene.type[lead]
    label = pa.array(
        [t if call is None else call.name for t, call in zip(types, calls, strict=True)], pa.string()
    )
    key = pc.binary_join_element_wise("key", said["key"], "=")
    acct = pc.binary_join_element_wise("acct", scene.at("acct", lead), "=")
    folder = pc.binary_join_element_wise("in", scene.at("name", paths.parent), " ")
    bare = pc.coalesce(said["comm"], said["exe"])
    rest = pc.if_else(pa.array(types == "SYSCALL"), None, scene.at("fields", lead))
    failed = pc.if_else(pa.array((paths.plain < 0) & (paths.created < 0) & (paths.deleted < 0)), folder, None)
    parts = (label, bare, scene.at("op", lead), acct, key, failed, rest)
    text = pc.binary_join_element_wise(*parts, " ", null_handling="skip")
    command = pc.binary_join(argv, " ")
    text = pc.if_else(pc.and_(pa.array(verb == "execute"), command.is_valid()), command, text)
    text = pc.if_else(pa.array(verb == "sudo"), pc.coalesce(scene.at("cmd", lead), text), text)
    return pc.utf8_slice_codeunits(text, 0, _LONGEST_TEXT)


def _received(
    scene: auditevents.Scene, columns: dict[str, pa.Array], calls: Words, call_row: Ints
) -> pa.Table:
    """The events; a signal to several processes is one for each of them."""
    rows = np.flatnonzero(scene.type == "OBJ_PID")
    rows = rows[np.lexsort((rows, scene.event[rows]))]
    pid = np.asarray(scene.column("opid").fill_null(-1))
    pairs = np.stack([scene.event[rows], pid[rows]], axis=1)
    rows = rows[np.sort(np.unique(pairs, axis=0, return_index=True)[1])] if len(rows) else rows
    several = np.maximum(np.bincount(scene.event[rows], minlength=scene.count), 1)
    event = np.repeat(np.arange(scene.count), several)
    target = np.full(len(event), -1, np.int64)
    part = np.arange(len(event)) - np.repeat(np.cumsum(several) - several, several)
    held = np.isin(event, scene.event[rows])
    target[held] = rows
    built = {name: values.take(pa.array(event)) for name, values in columns.items()}
    spans = zip(
        *(built[name].to_pylist() for name in ("sha256", "start", "stop")), part, several[event], strict=True
    )
    ids = [event_id(sha256, start, stop, int(n) if of > 1 else None) for sha256, start, stop, n, of in spans]
    asked = pa.array(
        [_asked(call, a0) for call, a0 in zip(calls, scene.at("a0", call_row).to_pylist(), strict=True)],
        pa.int64(),
    )
    process = pa.array(held | np.array([c is not None and c.verb == "signal" for c in calls])[event])
    built["object_kind"] = pc.if_else(process, "process", built["object_kind"])
    built["object"] = pc.coalesce(scene.at("ocomm", target), built["object"])
    built["target_pid"] = pc.coalesce(scene.at("opid", target), asked.take(pa.array(event)))
    built["target_uid"] = scene.at("ouid", target)
    return EVENT.build({**built, "event_id": pa.array(ids, pa.string())})


def _asked(call: syscalls.Call | None, register: str | None) -> int | None:
    """The process that a signal was meant for, where the argument names one and not a group."""
    number = None if call is None or call.pid is None else _hexadecimal(register)
    low = None if number is None else number & 0xFFFFFFFF
    return low if low is not None and 0 < low < 1 << 31 else None
