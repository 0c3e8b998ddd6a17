"""What messages of a host's programs are taken to tell: who entered, from where, with which key, what ran for whom.

The account of an entry is the one entered; of sudo, su, runuser and polkit it is who asked, and
`effective` is whose rights were used. A name that no account has is no account: it stays in the text.
sshd says the same of one entry in several lines, and a process of its own starts the session: `child`,
the pid that the first names, is `target_pid` here.
"""

from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import hostevents
from forensics.core.hostevents import NOTHING

SYSTEM_LOGS = frozenset({"syslog", "journal_json", "journal_export"})
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
}
ASKED = ("sudo", "sudo_group", "sudo_unclear", "sudo_note", "sudo_continued", "su", "polkit")
ASKED_SERVICES = ("sudo", "sudo-i", "su", "su-l", "runuser", "runuser-l")
NO_ACTOR = (
    "fault", "recovered", "clock_set", "clock_wrong", "audit_off", "audit_lost", "service", "listening", "cron_reload", "anacron",
)  # fmt: skip
_CHANGED = ("account_changed", "group_added", "group_changed")
# An editor that opens a crontab and leaves it writes BEGIN and END EDIT too; a change is always a REPLACE.
_CHANGES = ("REPLACE", "DELETE")


def columns(lines: pa.RecordBatch) -> dict[str, pa.Array]:
    """The event columns that a message fills: what happened, who acted and on what, in which words.

    Args:
        lines: rows with `messagetext.FIELDS`, and `program`, `pid` and `message`.
    """
    asked = _asked(lines)
    account = pc.if_else(pc.or_(asked, _is(lines["kind"], _CHANGED)), lines["caller"], lines["account"])
    account = pc.if_else(pc.equal(account, "ROOT"), "root", account)  # as login(1) shouts
    uid = _uid(lines, asked)
    return {
        **_verb(lines, asked),
        "account": account,
        "account_absence": _absence(lines, account, uid),
        "effective": pc.if_else(asked, pc.coalesce(lines["target"], lines["account"]), NOTHING),
        "uid": uid,
        "target_pid": lines["child"],
        "target_uid": lines["victim_uid"],
        "credential": _credential(lines),
        "tty": _tty(lines["tty"]),
        "cwd": pc.if_else(pc.starts_with(lines["cwd"], "/"), lines["cwd"], NOTHING),
        **_object(lines),
        "text": _text(lines),
        **{name: lines[name] for name in ("pid", "address", "port", "job")},
    }


def _is(column: pa.Array, values: tuple[str, ...]) -> pa.Array:
    return pc.fill_null(pc.is_in(column, pa.array(values)), False)


def _asked(lines: pa.RecordBatch) -> pa.Array:
    """Where one account asked for the rights of another."""
    return pc.or_(_is(lines["kind"], ASKED), _is(lines["service"], ASKED_SERVICES))


def _verb(lines: pa.RecordBatch, asked: pa.Array) -> dict[str, pa.Array]:
    """What each line says happened, and how it ended."""
    kinds = lines["kind"].dictionary_encode()
    meanings = [MEANINGS.get(kind, Meaning("other")) for kind in kinds.dictionary.to_pylist()]
    verb = pa.array([m.verb for m in meanings], pa.string()).take(kinds.indices)
    outcome = pa.array([m.outcome for m in meanings], pa.string()).take(kinds.indices)
    looked = pc.and_not(_is(verb, ("cron_edit",)), _is(lines["operation"], _CHANGES))
    # A refused password of sudo's is no refused entry: the caller is in already.
    inside = pc.and_(_is(verb, ("login_failed",)), asked)
    verb = pc.if_else(pc.or_(looked, inside), "other", pc.fill_null(verb, "other"))
    told = pc.if_else(pc.is_valid(lines["refusal"]), "failure", "success")
    certain = _is(lines["kind"], ("sudo", "sudo_group", "su", "polkit"))
    refused = pc.and_(_is(lines["kind"], ("sudo_unclear",)), pc.is_valid(lines["refusal"]))
    return {"verb": verb, "outcome": pc.if_else(pc.or_(certain, refused), told, outcome)}


def _uid(lines: pa.RecordBatch, asked: pa.Array) -> pa.Array:
    """The uid of the account acting. Of a named caller other than root, 0 is the program's own uid."""
    nothing = pa.scalar(None, pa.int64())
    borrowed = pc.and_(pc.equal(lines["caller_uid"], 0), pc.not_equal(lines["caller"], "root"))
    caller = pc.if_else(pc.fill_null(borrowed, False), nothing, lines["caller_uid"])
    return pc.if_else(asked, caller, lines["uid"])


def _absence(lines: pa.RecordBatch, account: pa.Array, uid: pa.Array) -> pa.Array:
    why = hostevents.absence(account, uid)
    nobody = pc.and_(_is(lines["kind"], NO_ACTOR), pc.is_valid(why))
    return pc.if_else(nobody, "not_applicable", why)


def _credential(lines: pa.RecordBatch) -> pa.Array:
    """What an entry was made with. Anybody can offer a public key that is not theirs: only success shows it held."""
    password = pc.fill_null(pc.equal(lines["method"], "password"), False)
    used = pc.coalesce(lines["credential"], pc.if_else(password, "password", NOTHING))
    return pc.if_else(_is(lines["kind"], ("accepted",)), used, NOTHING)


def _tty(written: pa.Array) -> pa.Array:
    """A terminal without `/dev/`; null for the words that programs write where there is none."""
    name = pc.replace_substring_regex(written, pattern="^/dev/", replacement="")
    return pc.if_else(_is(name, ("unknown", "ssh", "none", "cron")), NOTHING, name)


_OBJECT_KINDS = {
    "crontab": "crontab",
    "cron_reload": "crontab",
    "account_added": "account",
    "account_changed": "account",
    "key_found": "path",
    "certificate_found": "path",
}


def _object(lines: pa.RecordBatch) -> dict[str, pa.Array]:
    """What was acted on: a crontab, an account, or the file in which a key was found."""
    kinds = lines["kind"].dictionary_encode()
    known = [_OBJECT_KINDS.get(kind) for kind in kinds.dictionary.to_pylist()]
    what = pc.if_else(pc.is_valid(lines["object"]), pa.array(known, pa.string()).take(kinds.indices), NOTHING)
    added = _is(lines["kind"], ("account_added",))
    named = pc.if_else(added, lines["account"], pc.if_else(pc.is_valid(what), lines["object"], NOTHING))
    return {"object_kind": pc.if_else(added, "account", what), "object": named}


def _text(lines: pa.RecordBatch) -> pa.Array:
    """A command or an operation on a crontab alone; of a message that we do not know, the program too."""
    message, began = lines["message"], _is(lines["kind"], ("started",))
    if pc.any(began).as_py():
        start = pc.replace_substring_regex(message, pattern="^Starting session: ", replacement="")
        message = pc.if_else(began, start, message)
    named = pc.binary_join_element_wise(lines["program"], lines["message"], ": ")
    message = pc.if_else(pc.is_null(lines["kind"]), pc.coalesce(named, message), message)
    operation = pc.if_else(_is(lines["kind"], ("crontab",)), lines["operation"], NOTHING)
    command = pc.if_else(_is(lines["kind"], ("cron_output", "polkit")), NOTHING, lines["command"])
    return hostevents.short(pc.coalesce(command, operation, message))
