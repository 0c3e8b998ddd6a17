"""Entries of systemd's journal, whichever way they were exported: which fields can be trusted, and what they tell.

The journal adds the fields that begin with an underscore itself, from the kernel's word on the sender;
every other field is the sender's own word. So a message is believed to be of a program only where the
trusted fields bear its name out: written by the kernel, by root, or by a program that is known to run
with another uid; and, where the journal knew the sender's file, from a file of that program's.
Lines of the kernel's audit (`_TRANSPORT=audit`, and those that the kernel printed) are no messages: they are read as
those of the trail.
"""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import (
    auditjournal,
    auditprintk,
    citation,
    hostevents,
    messageevents,
    messagetext,
    rowwise,
    slurmhostlog,
)
from forensics.core.auditjournal import Entry
from forensics.core.clock import Interval
from forensics.core.hostevents import NOTHING, Placed
from forensics.core.jsonlines import printable
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.rowwise import Line
from forensics.core.schema import Column, Table
from forensics.core.slurmhostlog import Said
from forensics.core.tables import EVENT

_NOT_GIVEN = "not in this entry"
_TEXTS = (
    ("boot", "_BOOT_ID", "boot that it is of"),
    ("machine", "_MACHINE_ID", "machine that logged it"),
    ("host", "_HOSTNAME", "host that logged it: trusted"),
    ("transport", "_TRANSPORT", "how the journal received it: trusted"),
    ("comm", "_COMM", "name of the process, which it chooses itself"),
    ("exe", "_EXE", "file of the program: trusted"),
    ("cmdline", "_CMDLINE", "its command line, which it chooses itself"),
    ("unit", "_SYSTEMD_UNIT", "unit that it ran in: trusted"),
    ("identifier", "SYSLOG_IDENTIFIER", "program, by its own word"),
    ("msgid", "MESSAGE_ID", "kind of message, by its own word"),
)
_NUMBERS = (
    ("realtime_us", "__REALTIME_TIMESTAMP", "when the journal received it", "µs since 1970-01-01T00:00:00Z"),
    ("source_us", "_SOURCE_REALTIME_TIMESTAMP", "when it was sent, where that is known: trusted", "µs since 1970-01-01T00:00:00Z"),
    ("monotonic_us", "__MONOTONIC_TIMESTAMP", "when it was received, since that boot", "µs since boot"),
    ("own_pid", "_PID", "process that sent it: trusted", None),
    ("own_uid", "_UID", "its real uid: trusted", None),
    ("loginuid", "_AUDIT_LOGINUID", "login uid of that process: trusted; 4294967295 is none", None),
    ("audit_session", "_AUDIT_SESSION", "audit session of that process: trusted; 4294967295 is none", None),
    ("audit_id", "_AUDIT_ID", "number of the kernel's audit event that the entry is a line of: trusted", None),
    ("claimed_pid", "SYSLOG_PID", "process, by its own word", None),
    ("priority", "PRIORITY", "severity, by its own word", None),
)  # fmt: skip
COLUMNS = (
    *(Column(name, pa.int64(), f"{meaning} (`{field}`)", unit, _NOT_GIVEN) for name, field, meaning, unit in _NUMBERS),
    *(Column(name, pa.string(), f"{meaning} (`{field}`)", None, _NOT_GIVEN) for name, field, meaning in _TEXTS),
    Column("program", pa.string(), "`SYSLOG_IDENTIFIER`, else `_COMM`", None, "neither is there"),
    Column("pid", pa.int64(), "`_PID`, else `SYSLOG_PID`", None, "neither is there"),
    Column("believed", pa.bool_(), "whether the trusted fields bear the program out"),
    Column("message", pa.string(), "`MESSAGE`; several are joined with a newline", None, "not in this entry, or too long to be exported"),
    Column("twice", pa.string(), "fields that have several values, none of which is taken, in order", None, "no field has"),
    *messagetext.FIELDS,
    *SPAN,
)  # fmt: skip
_UNSET = 4_294_967_295
_LARGEST = 2**63 - 1
_DIGITS = 19
_FOLDERS = (
    "/bin/", "/sbin/", "/usr/bin/", "/usr/sbin/", "/lib/systemd/", "/usr/lib/systemd/", "/usr/lib/polkit-1/",
    "/usr/libexec/", "/usr/libexec/openssh/", "/usr/lib/openssh/", "/usr/lib/cargo/bin/",
)  # fmt: skip
# Programs that anybody starts, and that act with root's rights; daemons that gave root's rights up.
_NOT_AS_ROOT = {
    "sudo", "sudo-rs", "su", "crontab", "passwd", "gpasswd", "chsh", "chfn", "chage", "polkitd", "chronyd", "ntpd", "systemd-timesyncd",
}  # fmt: skip
# Daemons that seldom run as root, but in a unit in which nobody else does.
_IN_UNITS = {"slurmctld", "slurmdbd"}
_MANAGER = {"systemd", "systemd-executor"}
_FILES = {
    "sshd": {"sshd", "sshd-session", "sshd-auth"},
    "sudo": {"sudo", "sudo-rs", "sudo.ws"},
    "CRON": {"cron", "crond"},
    "CROND": {"cron", "crond"},
    **dict.fromkeys(("(systemd)", "(sd-pam)", "(bash)", "(sh)", "(dash)", "(zsh)", "(fish)"), _MANAGER),
    "systemd": _MANAGER,
    "pam_slurm_adopt": {"sshd", "sshd-session", "su", "login"},
    "rsyncd": {"rsync"},
    "adduser": {"perl", "adduser"},
    "augenrules": {"augenrules", "bash", "dash", "logger"},
}

Values = Mapping[str, list[str]]
"""The fields of an entry, each with its values as text."""
MOST_FIELDS = 4096
"""An entry of more is not read: the journal takes 1,024 from a sender, and adds some."""
Told = tuple[int, int, dict[str, object] | Why | None]
"""From where to where something goes, and what it says: an entry's columns, why it cannot be read, or nothing to read."""


def portions(told: Iterable[Told], table: Table) -> Iterator[Parsed]:
    """What a journal tells, some entries at a time; of an empty file nothing, once.

    Args:
        told: all of it, in order.
        table: the format's declared table.
    """
    rows, made, begun = rowwise.Rows(table), [], -1
    spans: dict[str, list[int]] = {"start": [], "stop": []}
    for start, stop, said in told:
        begun = start if begun < 0 else begun
        if isinstance(said, dict):
            made.append(said)
            spans["start"].append(start)
            spans["stop"].append(stop)
        else:
            rows.add([Line(start, stop, b"")], said)
        if len(rows) + len(made) >= rowwise.MOST_ROWS or stop - begun >= rowwise.MOST_BYTES:
            yield rows.parsed()._replace(records=table.build({**columns(made), **spans}))
            rows, made, begun, spans = rowwise.Rows(table), [], stop, {"start": [], "stop": []}
    yield rows.parsed()._replace(records=table.build({**columns(made), **spans}))


def row(entry: Values) -> dict[str, object]:
    """An entry's columns but `messagetext.FIELDS`."""
    made: dict[str, object] = {name: _number(entry, field) for name, field, *_ in _NUMBERS}
    made |= {name: _one(entry, field) for name, field, *_ in _TEXTS}
    made["program"] = made["identifier"] if made["identifier"] is not None else made["comm"]
    made["pid"] = made["own_pid"] if made["own_pid"] is not None else made["claimed_pid"]
    messages = entry.get("MESSAGE", [])
    made["message"] = "\n".join(messages) if messages else None
    made["twice"] = " ".join(sorted(name for name, values in entry.items() if len(values) > 1)) or None
    made["believed"] = len(messages) == 1 and _believed(made)
    return made


def _one(entry: Values, field: str) -> str | None:
    values = entry.get(field, [])
    return values[0] if len(values) == 1 else None


def _number(entry: Values, field: str) -> int | None:
    text = _one(entry, field)
    if text is None or not text.isascii() or not text.isdigit() or len(text) > _DIGITS:
        return None
    number = int(text)
    return number if number <= _LARGEST else None


def _believed(made: Mapping[str, object]) -> bool:
    """Whether the trusted fields bear out that the sender is the program that it says."""
    program, exe, transport = made["identifier"], made["exe"], made["transport"]
    if transport == "kernel":
        return program == "kernel"
    if program == "kernel" or transport == "audit" or not isinstance(program, str):
        return False
    if not isinstance(exe, str):
        return made["own_uid"] == 0
    folder, _, name = exe.removesuffix(" (deleted)").rpartition("/")
    if (daemon := slurmhostlog.daemon_of(program)) is not None:
        # Debian keeps two builds of each. What users run on a node can be in slurmd's unit.
        of_unit = daemon in _IN_UNITS and made["unit"] == f"{daemon}.service"
        return name in {daemon, f"{daemon}-wlm"} and (made["own_uid"] == 0 or of_unit)
    fits = name in _FILES.get(program, {program})
    return fits and (made["own_uid"] == 0 or (program in _NOT_AS_ROOT and f"{folder}/" in _FOLDERS))


def columns(rows: list[dict[str, object]]) -> dict[str, pa.Array]:
    """All columns but the spans, of entries in order."""
    plain = [column for column in COLUMNS if column not in messagetext.FIELDS and column not in SPAN]
    told = {column.name: pa.array([made[column.name] for made in rows], column.type) for column in plain}
    program = pc.if_else(told["believed"], told["program"], NOTHING)
    return told | messagetext.fields(program, told["pid"], told["message"])


def text(raw: bytes) -> str:
    r"""A value as text: UTF-8 where it is, and `\xNN` for each byte that is not."""
    return printable(raw.decode("utf-8", "backslashreplace"))


def events(records: pa.Table, files: pa.Table, form: str) -> pa.Table:
    """What the entries tell: lines of the kernel's audit as in the trail, every other entry as one event.

    Args:
        records: the columns `COLUMNS`, with `sha256`.
        files: schema `file`; holds every `sha256` of `records`.
        form: the format's name.

    Returns:
        Schema `event`; every entry is cited.
    """
    rows = hostevents.placed(records, files, every_path=False)
    entry, sent = _audit(rows.lines)
    trail, rest = auditjournal.events(entry, files, form)
    unread = {(one.sha256, one.start) for one in rest}
    sent[sent] = [(one.sha256, one.start) not in unread for one in entry]
    own = pa.array(~sent)
    kept = _only(rows, own)
    told, others = _schedulers(kept, form)
    return pa.concat_tables([_messages(_only(kept, others), form), *told, trail])


def _only(rows: Placed, own: pa.Array) -> Placed:
    return Placed(rows.lines.filter(own), rows.files.filter(own), rows.event_id.filter(own))


def _of_scheduler(rows: Placed, said: Said, form: str, *, users: bool) -> pa.Table:
    """The events of what one daemon sent; `users` where its host's users can have typed it."""
    logged = pc.coalesce(rows.lines["host"], rows.files["host"])
    where = {name: rows.lines[name] for name in ("sha256", "start", "stop")}
    domain = rows.files["domain"]
    return EVENT.build(
        {
            **hostevents.columns(rows, form),
            **citation.cited(where, second=said.refusal, names=rows.event_id),
            **hostevents.times(_when(rows.lines), logged, rows, form),
            **said.told,
            "domain": pc.replace_substring_regex(domain, ":root$", ":user") if users else domain,
            "host": pc.coalesce(said.told["host"], logged) if "host" in said.told else logged,
        }
    )


def _schedulers(rows: Placed, form: str) -> tuple[list[pa.Table], pa.Array]:
    """The events of what Slurm's daemons sent, and which other entries there are.

    A daemon's standard error becomes an entry for each line, and a name that a user typed can hold the end of one: of what came that
    way the host's users are taken to be able to write it.
    """
    lines = rows.lines
    held = {name: lines[name] for name in ("sha256", "message")} | {"program": lines["identifier"]}
    asked = slurmhostlog.asked(held)
    own = np.ones(lines.num_rows, bool)
    if not pc.any(asked).as_py():
        return [], pa.array(own)
    asked, made = pc.and_(asked, lines["believed"]), []
    typed = pc.fill_null(pc.equal(lines["transport"], "stdout"), False)
    # Apart, so that no line of the one kind is taken to refuse a request of the other.
    for among, users in ((pc.and_not(asked, typed), False), (pc.and_(asked, typed), True)):
        for said in slurmhostlog.said(held, among, whole=True):
            own[said.rows] = False
            mask = np.zeros(lines.num_rows, bool)
            mask[said.rows] = True
            made.append(_of_scheduler(_only(rows, pa.array(mask)), said, form, users=users))
    return made, pa.array(own)


def _audit(lines: pa.RecordBatch) -> tuple[list[Entry], npt.NDArray[np.bool_]]:
    """The entries that the kernel's audit sent, one message in each; and for each entry whether it is among them."""
    several = pc.match_substring_regex(lines["twice"], r"(?:^| )MESSAGE(?: |$)")
    printed = pc.and_(pc.equal(lines["transport"], "kernel"), lines["believed"])
    printed = pc.and_(printed, pc.match_substring_regex(lines["message"], auditprintk.PATTERN))
    asked = pc.or_kleene(pc.equal(lines["transport"], "audit"), pc.fill_null(printed, False))
    own = np.array(pc.and_not(asked, pc.fill_null(several, False)).fill_null(False).to_pylist(), bool)
    columns = ("sha256", "start", "stop", "host", "source_us", "audit_id", "message")
    told = (lines[name].filter(pa.array(own)).to_pylist() for name in columns)
    entries = [Entry(*values) for values in zip(*told, strict=True)]
    return [auditprintk.entry(one) or one for one in entries], own


def _messages(rows: Placed, form: str) -> pa.Table:
    """One event for each entry.

    Who acted is the message's to say where its program is believed; else only the number of the
    sender's uid is known. The login uid and the audit session are the sender's in every case.
    """
    lines = rows.lines
    told = messageevents.columns(lines)
    host = pc.coalesce(lines["host"], rows.files["host"])
    uid = pc.if_else(pc.is_null(lines["kind"]), lines["own_uid"], told["uid"])
    number = pc.and_(pc.equal(told["account_absence"], "not_recorded"), pc.is_valid(uid))
    session = _set(lines["audit_session"]).cast(pa.string())
    of = messageevents.placed(host, told["pid"], {"on_host": lines["on_host"]})
    return EVENT.build(
        {
            **hostevents.columns(rows, form),
            **hostevents.times(_when(lines), host, rows, form),
            **told,
            "host": of[0],
            "pid": of[1],
            "uid": uid,
            "account_absence": pc.if_else(
                pc.fill_null(number, False), "number_only", told["account_absence"]
            ),
            "auid": _set(lines["loginuid"]),
            "session": session,
            "exe": lines["exe"],
        }
    )


def _set(numbers: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(numbers, _UNSET), pa.scalar(None, pa.int64()), numbers)


def _when(lines: pa.RecordBatch) -> Interval:
    """From when it was sent, where that is known, to when it was received; a microsecond wide at the least."""
    received = lines["realtime_us"]
    sent = pc.coalesce(lines["source_us"], received)
    held = pc.and_(pc.less(received, _LARGEST // 1000), pc.less(sent, _LARGEST // 1000))
    first, last = pc.min_element_wise(received, sent), pc.max_element_wise(received, sent)
    nothing = pa.scalar(None, pa.int64())
    kept = [pc.if_else(pc.fill_null(held, False), at, nothing) for at in (first, last)]
    return Interval(pc.multiply(kept[0], 1000), pc.add(pc.multiply(kept[1], 1000), 999))
