"""What messages tell, a column at a time and each rule asked once of each sort of line, is what each line tells by itself."""

import hashlib
from pathlib import Path

import numpy as np
import pyarrow as pa
from hypothesis import example, given, settings
from hypothesis import strategies as st

from forensics.core import coded, hostevents, loose, messageevents, messagetext
from forensics.core.programs import PROGRAMS
from forensics.core.tables import EVENT, FILE
from forensics.formats import syslog
from forensics.readings import syslog as reading

KINDS = sorted({shape.kind for program in PROGRAMS for shape in program.shapes})
TYPES = {c.name: c.type for c in messagetext.FIELDS} | {
    "program": pa.string(),
    "pid": pa.int64(),
    "message": pa.string(),
}
WORDS = {
    "kind": st.sampled_from([*KINDS, "sudo", "sudo_unclear", "crontab", "account_added", "accepted", "started"]),
    "service": st.sampled_from(["sshd", "sudo", "su-l", "runuser", ""]),
    "account": st.sampled_from(["kai", "ROOT", "root", "LOGIN"]),
    "caller": st.sampled_from(["mei", "ROOT", "root", ""]),
    "target": st.sampled_from(["root", "lin"]),
    "method": st.sampled_from(["password", "publickey"]),
    "credential": st.sampled_from(["SHA256:one", "SHA256:two"]),
    "tty": st.sampled_from(["pts/3", "/dev/pts/3", "/dev/ssh", "unknown", "none", "cron", ""]),
    "cwd": st.sampled_from(["/home/kai", "home", "", "/"]),
    "command": st.sampled_from(["/usr/bin/id", "", "x" * 5000]),
    "refusal": st.sampled_from(["command not allowed", ""]),
    "operation": st.sampled_from(["REPLACE", "DELETE", "LIST", "BEGIN EDIT", ""]),
    "object": st.sampled_from(["kai", "/etc/crontab"]),
    "program": st.sampled_from(["sshd", "sudo"]),
    "message": st.sampled_from(["Starting session: shell on pts/3", "a message", "", "é" * 5000]),
    "uid": st.sampled_from([0, 4101]),
    "caller_uid": st.sampled_from([0, 4102]),
}  # fmt: skip
STARTED = dict.fromkeys(WORDS) | {"kind": "started", "message": "Starting session: shell on pts/3"}
LINES = st.fixed_dictionaries({name: st.none() | words for name, words in WORDS.items()})


def verb_of(line, *, asked):
    """What a line says happened, and how it ended."""
    kind, refused = line["kind"], line["refusal"] is not None
    verb, outcome = messageevents.MEANINGS.get(kind, messageevents.Meaning("other"))
    if verb == "cron_edit" and line["operation"] not in {"REPLACE", "DELETE"}:
        verb = "other"
    if verb == "login_failed" and asked:
        verb = "other"
    if kind in {"sudo", "sudo_group", "su", "polkit"} or (kind == "sudo_unclear" and refused):
        outcome = "failure" if refused else "success"
    return verb, outcome


def who_of(line, *, asked):
    """The account acting, why there is none, and its uid."""
    kind = line["kind"]
    changed = kind in {"account_changed", "group_added", "group_changed"}
    account = line["caller"] if asked or changed else line["account"]
    account = "root" if account == "ROOT" else account
    uid = line["uid"]
    if asked:
        borrowed = line["caller_uid"] == 0 and line["caller"] not in {None, "root"}
        uid = None if borrowed else line["caller_uid"]
    absence = "number_only" if uid is not None else "not_recorded"
    absence = "not_applicable" if kind in messageevents.NO_ACTOR else absence
    return account, None if account is not None else absence, uid


def object_of(line):
    """What was acted on."""
    if line["kind"] == "account_added":
        return "account", line["account"]
    what = messageevents._OBJECT_KINDS.get(line["kind"])
    return (what, line["object"]) if what and line["object"] is not None else (None, None)


def text_of(line):
    """The words of the event."""
    kind, message = line["kind"], line["message"]
    if line["command"] is not None and kind not in {"cron_output", "polkit"}:
        text = line["command"]
    elif line["operation"] is not None and kind == "crontab":
        text = line["operation"]
    elif kind is None and message is not None and line["program"] is not None:
        text = f"{line['program']}: {message}"
    elif kind == "started" and message is not None:
        text = message.removeprefix("Starting session: ")
    else:
        text = message
    return text[: hostevents.LONGEST_TEXT] or None if text is not None else None


def by_itself(line):
    """What one line tells."""
    kind = line["kind"]
    asked = kind in messageevents.ASKED or line["service"] in messageevents.ASKED_SERVICES
    verb, outcome = verb_of(line, asked=asked)
    account, absence, uid = who_of(line, asked=asked)
    what, which = object_of(line)
    used = line["credential"] or ("password" if line["method"] == "password" else None)
    tty = None if line["tty"] is None else line["tty"].removeprefix("/dev/")
    return {
        "verb": verb,
        "outcome": outcome,
        "account": account,
        "account_absence": absence,
        "effective": (line["target"] or line["account"]) if asked else None,
        "uid": uid,
        "credential": used if kind == "accepted" else None,
        "tty": None if tty in {"unknown", "ssh", "none", "cron"} else tty,
        "cwd": line["cwd"] if (line["cwd"] or "").startswith("/") else None,
        "object_kind": what,
        "object": which,
        "text": text_of(line),
    }


@settings(max_examples=40, deadline=None)
@given(st.lists(LINES, max_size=30))
@example([STARTED])
def test_columns_tell_what_each_line_tells(told):
    rows = [dict.fromkeys(TYPES) | line for line in told]
    columns = {name: pa.array([row[name] for row in rows], kind) for name, kind in TYPES.items()}
    wanted = [by_itself(row) for row in rows]
    plain = messageevents.columns(pa.RecordBatch.from_pydict(columns))
    # As they are read back: texts are codes, among them of values that no row here has.
    coded = {
        name: pa.concat_arrays([column, pa.array(["a value of no row"])])
        .dictionary_encode()
        .slice(0, len(rows))
        if column.type == pa.string() and name != "message"
        else column
        for name, column in columns.items()
    }
    light = {name: loose.plain(column) for name, column in messageevents.lightly(coded).items()}
    for found in (plain, light):
        for name in wanted[0] if wanted else ():
            assert found[name].to_pylist() == [row[name] for row in wanted], name


def test_codes_of_several_files_tell_what_each_file_tells():
    """Texts as codes, and files together in one table, as they are read back."""
    logs = sorted((Path(__file__).parents[1] / "sample_logs" / "formats" / "syslog").iterdir())
    records, rows = [], []
    for log in logs:
        sha256 = hashlib.sha256(log.read_bytes()).hexdigest()
        found = syslog.parse(log.read_bytes(), 0).records.sort_by("start")
        records.append(found.add_column(0, "sha256", pa.array([sha256] * len(found), pa.string())))
        host = None if "rfc5424" in log.name else "login01"
        row = {"sha256": sha256, "path": f"login01/{log.name}", "host": host, "domain": "login01:root"}
        sums = dict.fromkeys(("bytes", "parsed", "rejected", "ignored"), 0)
        rows.append(row | sums | {"kind": "file", "held": "copied", "format": "syslog"})
    files = FILE.build({name: [row.get(name) for row in rows] for name in FILE.names})
    how = {"zone": "Europe/Amsterdam", "anchor_ns": 1_795_446_697_000_000_000}
    alone = pa.concat_tables([reading.read(one, files, **how)["event"] for one in records])
    together = pa.concat_tables(records).select(reading.COLUMNS).combine_chunks()
    coded = [
        together[name].dictionary_encode() if name in reading.CODED else together[name]
        for name in together.column_names
    ]
    light = pa.Table.from_arrays(coded, names=together.column_names)
    made = loose.strict(reading.lightly(light, files, **how)["event"], EVENT.schema())
    assert made.sort_by("event_id").to_pylist() == alone.sort_by("event_id").to_pylist()
    assert {"login01:syslog", "login01:root:syslog"} <= set(made["clock"].to_pylist())


NUMBERS = st.integers(0, 9)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(NUMBERS, NUMBERS), max_size=20), st.sampled_from([1, 1 << 20]))
def test_rows_that_stand_for_all_are_the_first_of_each_combination(pairs, worth):
    """Of few combinations and of many, which are found in two ways."""
    numbers = [np.array([pair[n] for pair in pairs], np.int64) * worth for n in (0, 1)]
    first, like = coded.distinct(*numbers)
    assert [pairs[n] for n in first] == sorted(set(pairs))
    assert [pairs[first[n]] for n in like] == pairs
    assert all(pairs.index(pairs[n]) == n for n in first)
