"""What the host's log is taken to tell: who entered, from where, with which key, and what ran for whom.

The account of an entry is the one entered; of sudo, su and runuser it is who asked, and `effective`
is whose rights were used. A name that no account has is no account: it stays in the text. sshd says
the same of one entry in several lines, and a process of its own starts the session: `child`, the pid
that the first names, is `target_pid` here. A log can be kept in two layouts; both are read, each
line an event of its own.
"""

from collections.abc import Mapping
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, hostevents
from forensics.core.hostevents import NOTHING, Placed
from forensics.core.tables import EVENT

NEEDS_ANCHOR = True


class _Meaning(NamedTuple):
    """What a known message is taken to be; no outcome where only the fields can say."""

    verb: str
    outcome: str | None = None


_MEANINGS = {
    "accepted": _Meaning("login", "success"),
    "console": _Meaning("login", "success"),
    "refused": _Meaning("login_failed", "failure"),
    "refused_unknown": _Meaning("login_failed", "failure"),
    "pam_refused": _Meaning("login_failed", "failure"),
    "pam_opened": _Meaning("session_open", "success"),
    "pam_closed": _Meaning("session_close"),
    "started": _Meaning("session_start"),
    "gone": _Meaning("disconnect"),
    "sudo": _Meaning("sudo"),
    "sudo_unclear": _Meaning("sudo"),
    "su": _Meaning("sudo"),
    "cron_ran": _Meaning("cron_run"),
    "crontab": _Meaning("cron_edit"),
    "fault": _Meaning("fault"),
    "clock_set": _Meaning("clock_change"),
    "audit_off": _Meaning("audit_config"),
    "audit_lost": _Meaning("audit_lost"),
    "account_added": _Meaning("enrol_account"),
}
_ASKED = ("sudo", "sudo_unclear", "su")
_ASKED_SERVICES = ("sudo", "sudo-i", "su", "su-l", "runuser", "runuser-l")
# An editor that opens a crontab and leaves it writes BEGIN and END EDIT too; a change is always a REPLACE.
_CHANGES = ("REPLACE", "DELETE")
_NO_ACTOR = ("fault", "clock_set", "audit_off", "audit_lost", "account_changed")


def read(records: pa.Table, files: pa.Table, *, zone: str, anchor_ns: int | None) -> Mapping[str, pa.Table]:
    """One event for each line."""
    rows = hostevents.placed(records, files, every_path=False)
    lines = rows.lines
    asked = _asked(lines)
    host = pc.coalesce(lines["host"], rows.files["host"])
    account = pc.if_else(asked, lines["caller"], lines["account"])
    effective = pc.if_else(asked, pc.coalesce(lines["target"], lines["account"]), NOTHING)
    uid = _uid(lines, asked)
    event = EVENT.build(
        {
            **hostevents.columns(rows, "syslog"),
            **hostevents.times(_when(lines, zone, anchor_ns), host, rows, "syslog"),
            **_verb(lines, asked),
            "host": host,
            "account": account,
            "account_absence": _absence(lines, account, uid),
            "effective": effective,
            "uid": uid,
            "target_pid": lines["child"],
            "credential": _credential(lines),
            "tty": _tty(lines["tty"]),
            "cwd": pc.if_else(pc.starts_with(lines["cwd"], "/"), lines["cwd"], NOTHING),
            **_object(lines),
            "text": _text(rows),
            **{name: lines[name] for name in ("pid", "address", "port", "job")},
        }
    )
    return {"event": event}


def _is(column: pa.Array, values: tuple[str, ...]) -> pa.Array:
    return pc.fill_null(pc.is_in(column, pa.array(values)), False)


def _asked(lines: pa.RecordBatch) -> pa.Array:
    """Where one account asked for the rights of another."""
    return pc.or_(_is(lines["kind"], _ASKED), _is(lines["service"], _ASKED_SERVICES))


def _verb(lines: pa.RecordBatch, asked: pa.Array) -> dict[str, pa.Array]:
    """What each line says happened, and how it ended."""
    kinds = lines["kind"].dictionary_encode()
    meanings = [_MEANINGS.get(kind, _Meaning("other")) for kind in kinds.dictionary.to_pylist()]
    verb = pa.array([m.verb for m in meanings], pa.string()).take(kinds.indices)
    outcome = pa.array([m.outcome for m in meanings], pa.string()).take(kinds.indices)
    looked = pc.and_not(_is(verb, ("cron_edit",)), _is(lines["operation"], _CHANGES))
    # A refused password of sudo's is no refused entry: the caller is in already.
    inside = pc.and_(_is(verb, ("login_failed",)), asked)
    verb = pc.if_else(pc.or_(looked, inside), "other", pc.fill_null(verb, "other"))
    told = pc.if_else(pc.is_valid(lines["refusal"]), "failure", "success")
    certain = _is(lines["kind"], ("sudo", "sudo_unclear", "su"))
    return {"verb": verb, "outcome": pc.if_else(certain, told, outcome)}


def _when(lines: pa.RecordBatch, zone: str, anchor_ns: int | None) -> clock.Interval:
    """Stamps of both layouts on the one axis; each as wide as its last digit."""
    distinct = lines["wall"].dictionary_encode()
    wall = distinct.dictionary
    dated = pc.match_substring_regex(wall, "^[0-9]")
    local = clock.yearless(pc.if_else(dated, NOTHING, wall), zone=zone, anchor_ns=anchor_ns)
    moment = clock.offsets(pc.if_else(dated, wall, NOTHING), tick_ns=1).earliest_ns
    fraction = pc.struct_field(pc.extract_regex(wall, pattern=r"\.(?P<digits>[0-9]+)"), "digits")
    digits = pc.fill_null(pc.utf8_length(fraction), 0)
    tick_ns = pc.cast(
        pc.power(pa.scalar(10, pa.int64()), pc.subtract(pa.scalar(9, pa.int32()), digits)), pa.int64()
    )
    end = pc.add(moment, pc.subtract(tick_ns, 1))
    return clock.Interval(
        pc.if_else(dated, moment, local.earliest_ns).take(distinct.indices),
        pc.if_else(dated, end, local.latest_ns).take(distinct.indices),
    )


def _uid(lines: pa.RecordBatch, asked: pa.Array) -> pa.Array:
    """The uid of the account acting. Of a named caller other than root, 0 is the program's own uid."""
    nothing = pa.scalar(None, pa.int64())
    borrowed = pc.and_(pc.equal(lines["caller_uid"], 0), pc.not_equal(lines["caller"], "root"))
    caller = pc.if_else(pc.fill_null(borrowed, False), nothing, lines["caller_uid"])
    return pc.if_else(asked, caller, lines["uid"])


def _absence(lines: pa.RecordBatch, account: pa.Array, uid: pa.Array) -> pa.Array:
    why = hostevents.absence(account, uid)
    nobody = pc.and_(_is(lines["kind"], _NO_ACTOR), pc.is_valid(why))
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


def _object(lines: pa.RecordBatch) -> dict[str, pa.Array]:
    """What was acted on: a crontab, an account, or the file in which a key was found."""
    kind, added = lines["kind"], _is(lines["kind"], ("account_added",))
    what = pc.if_else(_is(kind, ("crontab",)), "crontab", NOTHING)
    what = pc.if_else(pc.or_(added, _is(kind, ("account_changed",))), "account", what)
    what = pc.if_else(_is(kind, ("key_found",)), "path", what)
    return {"object_kind": what, "object": pc.if_else(added, lines["account"], lines["object"])}


def _text(rows: Placed) -> pa.Array:
    """A command or an operation alone; of a message that we do not know, the program too."""
    lines = rows.lines
    start = pc.replace_substring_regex(lines["message"], pattern="^Starting session: ", replacement="")
    message = pc.if_else(_is(lines["kind"], ("started",)), start, lines["message"])
    named = pc.binary_join_element_wise(lines["program"], lines["message"], ": ")
    message = pc.if_else(pc.is_null(lines["kind"]), pc.coalesce(named, message), message)
    return hostevents.short(pc.coalesce(lines["command"], lines["operation"], message))
