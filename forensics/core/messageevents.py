"""What messages of a host's programs are taken to tell: who entered, from where, with which key, what ran for whom.

The account of an entry is the one entered; of sudo, su, runuser and polkit it is who asked, and
`effective` is whose rights were used. A name that no account has is no account: it stays in the text.
sshd says the same of one entry in several lines, and a process of its own starts the session: `child`,
the pid that the first names, is `target_pid` here. What an sftp server says of a file is `reported`: it runs as the
account itself, and which account that is only the line of its start says.

Most lines of a log repeat a few messages with other names in them. So columns are dictionaries here, and what hangs on
the kind of a message and a few of its words is found once for each set of these.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import coded, hostevents, loose
from forensics.core.coded import Coded
from forensics.core.hostevents import NOTHING

JOURNALS = frozenset({"journal_json", "journal_export", "journal_verbose"})
"""Formats of systemd's journal, which writes down itself who sent an entry."""
SYSTEM_LOGS = JOURNALS | {"syslog"}
"""Formats whose events come from messages of a host's programs."""


class Meaning(NamedTuple):
    """What a known message is taken to be; no outcome where only the fields can say."""

    verb: str
    outcome: str | None = None


MEANINGS = {
    "accepted": Meaning("login", "success"),
    "console": Meaning("login", "success"),
    "refused": Meaning("login_failed", "failure"),
    "refused_unknown": Meaning("login_failed", "failure"),
    "pam_refused": Meaning("login_failed", "failure"),
    "pam_unknown": Meaning("login_failed", "failure"),
    "pam_more": Meaning("login_failed", "failure"),
    "adopt_refused": Meaning("other", "failure"),
    "pam_opened": Meaning("session_open", "success"),
    "pam_closed": Meaning("session_close"),
    "started": Meaning("session_start"),
    "gone": Meaning("disconnect"),
    "forward_refused": Meaning("other", "failure"),
    "key_refused": Meaning("other", "failure"),
    "sftp": Meaning("reported"),
    "sudo": Meaning("sudo"),
    "sudo_group": Meaning("sudo"),
    "sudo_unclear": Meaning("sudo"),
    "su": Meaning("sudo"),
    "polkit": Meaning("sudo"),
    "cron_ran": Meaning("cron_run"),
    "at_ran": Meaning("cron_run"),
    "crontab": Meaning("cron_edit"),
    "crontab_refused": Meaning("other", "failure"),
    "fault": Meaning("fault"),
    "recovered": Meaning("fault", "recovered"),
    "clock_set": Meaning("clock_change"),
    "audit_off": Meaning("audit_config"),
    "audit_lost": Meaning("audit_lost"),
    "service": Meaning("service"),
    "account_added": Meaning("enrol_account"),
    "account_changed": Meaning("account_edit"),
    "group_added": Meaning("account_edit"),
    "group_changed": Meaning("account_edit"),
    "rsync_refused": Meaning("other", "failure"),
    "rsync_moved": Meaning("reported"),
    "group_refused": Meaning("other", "failure"),
    "change_failed": Meaning("other", "failure"),
    "list_edited": Meaning("account_edit"),
    "ticket": Meaning("other", "success"),
    "ticket_refused": Meaning("other", "failure"),
    "admitted": Meaning("other", "success"),
}
ASKED = ("sudo", "sudo_group", "sudo_unclear", "sudo_note", "sudo_continued", "su", "polkit")
ASKED_SERVICES = ("sudo", "sudo-i", "su", "su-l", "runuser", "runuser-l", "polkit-1", "doas")
NO_ACTOR = (
    "fault", "recovered", "clock_set", "clock_wrong", "audit_off", "audit_lost", "service", "listening", "cron_reload", "anacron",
)  # fmt: skip
_CHANGED = ("account_changed", "group_added", "group_changed")
# An editor that opens a crontab and leaves it writes BEGIN and END EDIT too; a change is always a REPLACE.
_CHANGES = ("REPLACE", "DELETE")


_CERTAIN = ("sudo", "sudo_group", "su", "polkit")
_KNOWN_BY = ("kind", "service", "operation", "refusal")
_WORDED = ("program", "message", "kind", "operation", "command")
_TEXTS = frozenset(
    {
        "account",
        "caller",
        "target",
        "method",
        "credential",
        "tty",
        "cwd",
        "object",
        "address",
        "job",
        *_KNOWN_BY,
    }
)
_NO_TERMINALS = ("unknown", "ssh", "none", "cron")
_NOWHERE = "UNKNOWN"
"""What sshd writes for an address where the connection has none, as through a pipe."""
_REASONS = pa.array(["number_only", "not_recorded", "not_applicable"])
_BY_NUMBER, _UNSAID, _NOBODY, _NAMED = range(4)
_FEW = 64
"""Of so many values Python says sooner which they are."""
_OBJECT_KINDS = {
    "crontab": "crontab",
    "cron_reload": "crontab",
    "account_added": "account",
    "account_changed": "account",
    "key_found": "path",
    "certificate_found": "path",
    "key_refused": "path",
    "list_edited": "path",
    "sftp": "path",
}

_Bools = npt.NDArray[np.bool_]
_Ints = npt.NDArray[np.int64]


class _Sorts:
    """The lines of a log by what is looked at to know what they say: one line of each sort, and of which sort each is."""

    def __init__(self, lines: Mapping[str, pa.Array]) -> None:
        """`lines` as for `lightly`."""
        first, self._like = coded.distinct(*(coded.coded(lines[name]).number for name in _KNOWN_BY))
        at = pa.array(first)
        self.told = {name: loose.plain(lines[name].take(at)) for name in _KNOWN_BY}
        self.asked = self._where(_asked(self.told))

    def _where(self, told: pa.Array) -> _Bools:
        found: _Bools = np.asarray(told, bool)[self._like]
        return found

    def of(self, *kinds: str) -> _Bools:
        """Which lines are of some kinds."""
        return self._where(_is(self.told["kind"], kinds))

    def unknown(self) -> _Bools:
        """Which lines are of no known kind."""
        return self._where(pc.is_null(self.told["kind"]))

    def words(self, told: pa.Array) -> pa.Array:
        """A column in which each line has what is told of its sort."""
        return loose.looked_up(told, self._like)


def columns(lines: pa.RecordBatch) -> dict[str, pa.Array]:
    """The event columns that a message fills: what happened, who acted and on what, in which words.

    Args:
        lines: rows with `messagetext.FIELDS`, and `program`, `pid` and `message`.
    """
    told = lightly({name: lines[name] for name in lines.schema.names})
    return {
        name: pa.nulls(len(c), pa.string()) if pa.types.is_null(c.type) else loose.plain(c)
        for name, c in told.items()
    }


def lightly(lines: Mapping[str, pa.Array]) -> dict[str, pa.Array]:
    """The same, as `core.loose` has it.

    Args:
        lines: columns by name, as there; texts may be dictionaries, but for `message`.
    """
    held = {**lines, **{name: loose.dictionary(lines[name]) for name in _TEXTS}}
    sorts = _Sorts(held)
    own, caller, target = (coded.coded(held[name]) for name in ("account", "caller", "target"))
    account = coded.chosen(sorts.asked | sorts.of(*_CHANGED), caller, own).told(_as_written)
    uid = _uid(held, sorts, caller)
    effective = coded.chosen(sorts.asked, target.otherwise(own), _nothing(len(own.number)))
    return {
        **{name: sorts.words(told) for name, told in _verb(sorts.told).items()},
        "account": account.column(),
        "account_absence": _absence(account, uid, sorts),
        "effective": effective.column(),
        "uid": uid,
        "target_pid": held["child"],
        "target_uid": held["victim_uid"],
        "credential": _credential(held, sorts),
        "tty": loose.each(held["tty"], _tty),
        "cwd": loose.each(held["cwd"], lambda path: pc.if_else(pc.starts_with(path, "/"), path, NOTHING)),
        **_object(held, sorts, own),
        "text": _text(held, sorts),
        "address": loose.each(
            held["address"], lambda where: pc.if_else(pc.equal(where, _NOWHERE), NOTHING, where)
        ),
        **{name: held[name] for name in ("pid", "port", "job")},
    }


def placed(host: pa.Array, pid: pa.Array, lines: Mapping[str, pa.Array]) -> tuple[pa.Array, pa.Array]:
    """The host that each message is about, and the process there: those that logged it, but where sudo names another host.

    sudo_logsrvd logs for many hosts: of those the process that wrote is none.

    Args:
        host: the host that logged it, as text, perhaps as a dictionary.
        pid: the process that logged it.
        lines: columns by name, with `on_host`. A name that differs in its domain alone is the same host.
    """
    named = lines["on_host"]
    if named.null_count == len(named):
        return host, pid
    logged, named = loose.plain(host), loose.plain(named)
    short = [pc.utf8_lower(pc.replace_substring_regex(one, r"\..*", "")) for one in (logged, named)]
    other = pc.and_(pc.is_valid(named), pc.fill_null(pc.not_equal(*short), True))
    return pc.if_else(other, named, logged), pc.if_else(other, pa.scalar(None, pa.int64()), loose.plain(pid))


def _is(column: pa.Array, values: tuple[str, ...]) -> pa.Array:
    if len(column) <= _FEW:
        return pa.array([value in values for value in column.to_pylist()], pa.bool_())
    return pc.fill_null(pc.is_in(column, pa.array(values)), False)


def _nothing(rows: int) -> Coded:
    return Coded(np.zeros(rows, np.int64), [None])


def _as_written(account: object) -> object:
    """An account as the host has it: login(1) shouts, and sshd doubles the backslash behind a domain."""
    if account == "ROOT":
        return "root"
    return account.replace("\\\\", "\\") if isinstance(account, str) else account


def _asked(lines: Mapping[str, pa.Array]) -> pa.Array:
    """Where one account asked for the rights of another."""
    return pc.or_(_is(lines["kind"], ASKED), _is(lines["service"], ASKED_SERVICES))


def _verb(lines: Mapping[str, pa.Array]) -> dict[str, pa.Array]:
    """What each line says happened, and how it ended."""
    kinds = lines["kind"].dictionary_encode()
    meanings = [MEANINGS.get(kind, Meaning("other")) for kind in kinds.dictionary.to_pylist()]
    verb = pa.array([m.verb for m in meanings], pa.string()).take(kinds.indices)
    outcome = pa.array([m.outcome for m in meanings], pa.string()).take(kinds.indices)
    looked = pc.and_not(_is(verb, ("cron_edit",)), _is(lines["operation"], _CHANGES))
    # A refused password of sudo's is no refused entry: the caller is in already.
    inside = pc.and_(_is(verb, ("login_failed",)), _asked(lines))
    verb = pc.if_else(pc.or_(looked, inside), "other", pc.fill_null(verb, "other"))
    told = pc.if_else(pc.is_valid(lines["refusal"]), "failure", "success")
    refused = pc.and_(_is(lines["kind"], ("sudo_unclear",)), pc.is_valid(lines["refusal"]))
    return {
        "verb": verb,
        "outcome": pc.if_else(pc.or_(_is(lines["kind"], _CERTAIN), refused), told, outcome),
    }


def _uid(lines: Mapping[str, pa.Array], sorts: _Sorts, caller: Coded) -> pa.Array:
    """The uid of the account acting. Of a named caller other than root, 0 is the program's own uid."""
    other = np.array([name is not None and name != "root" for name in caller.values], bool)[caller.number]
    borrowed = pc.and_(pc.equal(lines["caller_uid"], 0), pa.array(other))
    asking = pc.if_else(pc.fill_null(borrowed, False), pa.scalar(None, pa.int64()), lines["caller_uid"])
    return pc.if_else(pa.array(sorts.asked), asking, lines["uid"])


def _absence(account: Coded, uid: pa.Array, sorts: _Sorts) -> pa.Array:
    """Why there is no account, as `hostevents.absence` has it; of what no account does, there is none to be told."""
    why = np.where(np.asarray(uid.is_valid()), _BY_NUMBER, _UNSAID)
    why[sorts.of(*NO_ACTOR)] = _NOBODY
    named = np.array([name is not None for name in account.values], bool)[account.number]
    return pa.DictionaryArray.from_arrays(pa.array(why.astype(np.int32), mask=named), _REASONS)


def _credential(lines: Mapping[str, pa.Array], sorts: _Sorts) -> pa.Array:
    """What an entry was made with. Anybody can offer a public key that is not theirs: only success shows it held."""
    password = coded.coded(lines["method"]).told(lambda how: how if how == "password" else None)
    used = coded.coded(lines["credential"]).otherwise(password)
    return coded.chosen(sorts.of("accepted"), used, _nothing(len(used.number))).column()


def _tty(written: pa.Array) -> pa.Array:
    """A terminal without `/dev/`; null for the words that programs write where there is none."""
    name = pc.replace_substring_regex(written, pattern="^/dev/", replacement="")
    return pc.if_else(_is(name, _NO_TERMINALS), NOTHING, name)


def _object(lines: Mapping[str, pa.Array], sorts: _Sorts, account: Coded) -> dict[str, pa.Array]:
    """What was acted on: a crontab, an account, or the file in which a key was found."""
    added = sorts.of("account_added")
    rows = len(added)
    if not (added.any() or sorts.of(*_OBJECT_KINDS).any()):
        return {name: pa.nulls(rows) for name in ("object_kind", "object")}
    what = coded.coded(lines["kind"]).told(lambda kind: _OBJECT_KINDS.get(str(kind)))
    named = coded.coded(lines["object"])
    held = np.array([name is not None for name in named.values], bool)[named.number]
    known = np.array([kind is not None for kind in what.values], bool)[what.number]
    nothing = _nothing(rows)
    return {
        "object_kind": coded.chosen(held | added, what, nothing).column(),
        "object": coded.chosen(added, account, coded.chosen(held & known, named, nothing)).column(),
    }


def _text(lines: Mapping[str, pa.Array], sorts: _Sorts) -> pa.Array:
    """A command or an operation on a crontab alone; of a message that we do not know, the program too; else the message."""
    message = lines["message"]
    other = sorts.unknown() | sorts.of("started", "crontab") | np.asarray(lines["command"].is_valid())
    if not other.any():
        return hostevents.short(message)
    own = {name: loose.plain(lines[name].filter(pa.array(other))) for name in _WORDED}
    text = pc.replace_with_mask(message, pa.array(other), _worded(own))
    return hostevents.short(text)


def _worded(lines: Mapping[str, pa.Array]) -> pa.Array:
    message, began = lines["message"], _is(lines["kind"], ("started",))
    if pc.any(began).as_py():
        start = pc.replace_substring_regex(message, pattern="^Starting session: ", replacement="")
        message = pc.if_else(began, start, message)
    named = pc.binary_join_element_wise(lines["program"], lines["message"], ": ")
    message = pc.if_else(pc.is_null(lines["kind"]), pc.coalesce(named, message), message)
    operation = pc.if_else(_is(lines["kind"], ("crontab",)), lines["operation"], NOTHING)
    command = pc.if_else(_is(lines["kind"], ("cron_output", "polkit")), NOTHING, lines["command"])
    return pc.coalesce(command, operation, message)
