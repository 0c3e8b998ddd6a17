"""What `journalctl` prints in each of its forms is one journal: the same entries, the same events, and no value looks like a field."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from drawn import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from test_formats import SAMPLES, tiles
from test_slurm import records, told, whys

from forensics import formats

NAMES = ["entry_and_sudo", "planted_by_logger", "audit_lines_between", "planted_audit_words", "audit_lines_incomplete", "slurm_daemons", "planted_slurm_entries"]  # fmt: skip
PLACE = {"sha256", "start", "stop", "format", "event_id", "citations", "clock"}
FOLDER = next(s.parent for s in SAMPLES if s.parent.name == "journal_json")
ADDRESS = {"__CURSOR", "__REALTIME_TIMESTAMP", "__MONOTONIC_TIMESTAMP", "__SEQNUM", "__SEQNUM_ID"}


def entries(name):
    lines = (FOLDER / f"{name}.json").read_text(encoding="utf-8").split("\n")
    return [json.loads(line) for line in lines if line]


def texts(value):
    """The values of a field; None where it is not printed."""
    if value is None:
        return [None]
    if isinstance(value, list):
        bytewise = all(isinstance(one, int) for one in value)
        return [None] if bytewise else [text for one in value for text in texts(one)]
    return [value]


def verbose(entry, zone=UTC, stamp_us=None):
    """An entry as `-o verbose` prints it; its stamp is of when it was sent, where that is known."""
    received = int(entry["__REALTIME_TIMESTAMP"])
    sent = entry.get("_SOURCE_REALTIME_TIMESTAMP")
    us = stamp_us if stamp_us is not None else int(sent) if isinstance(sent, str) else received
    wall = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)).astimezone(zone)
    cursor = f"s={'0a' * 16};i=9;b={entry.get('_BOOT_ID', '6b' * 16)};m={int(entry.get('__MONOTONIC_TIMESTAMP', 7)):x};t={received:x};x=9f"
    made = [f"{wall:%a %Y-%m-%d %H:%M:%S.%f %Z} [{cursor}]\n"]
    for name, value in entry.items():
        for text in texts(value) if name not in ADDRESS else ():
            lines = ["[7B blob data]"] if text is None else text.rstrip("\n").split("\n")
            made.append(f"    {name}=" + f"\n{' ' * (5 + len(name))}".join(lines) + "\n")
    return "".join(made)


FORMS = {
    "verbose": ("journal_verbose", lambda held: "".join(map(verbose, held))),
    "verbose_elsewhere": ("journal_verbose", lambda held: "".join(verbose(e, timezone(timedelta(hours=5, minutes=30), "IST")) for e in held)),
    "json-seq": ("journal_json", lambda held: "".join(f"\x1e{json.dumps(e)}\n" for e in held)),
    "json-sse": ("journal_json", lambda held: "".join(f"data: {json.dumps(e)}\n\n" for e in held)),
}  # fmt: skip


def without_place(rows):
    return [{key: value for key, value in row.items() if key not in PLACE} for row in rows]


def stripped(entry):
    """An entry as a form for people can tell it: a text that is no text is not printed, nor are newlines at its end."""
    return {
        name: value
        if name in ADDRESS
        else [text.rstrip("\n") for text in texts(value) if text is not None] or None
        for name, value in entry.items()
    }


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", NAMES)
def test_each_form_tells_what_the_others_tell(name, form):
    reader, written = FORMS[form]
    held = [e for e in entries(name) if e.get("_BOOT_ID")]
    plain = [stripped(e) for e in held] if reader == "journal_verbose" else held
    one, two = written(held), "".join(json.dumps(e) + "\n" for e in plain)
    assert whys(reader, one) == whys("journal_json", two)
    assert without_place(records(reader, one)) == without_place(records("journal_json", two))
    told_one, told_two = told(reader, one)["event"], told("journal_json", two)["event"]
    assert without_place(told_one) == without_place(told_two)
    assert told_one
    assert {e["format"] for e in told_one} == {reader}


@pytest.mark.parametrize("form", FORMS)
def test_each_form_is_recognised(form):
    reader, written = FORMS[form]
    for data in (written(entries("entry_and_sudo")), written(entries("audit_lines_between"))):
        assert formats.recognise(data.encode()[:65_536], "login01/x") == reader
    for note in ("-- Journal begins at Mon 2026-11-23 00:00:00 UTC. --\n", "-- Boot 6b --\n\n"):
        data = note + FORMS["verbose"][1](entries("entry_and_sudo"))
        assert formats.recognise(data.encode(), "login01/x") == "journal_verbose"
        assert whys("journal_verbose", data) == []


def test_what_cat_prints_is_taken_by_no_format():
    """It has neither times nor senders."""
    printed = "".join(f"{e['MESSAGE']}\n" for e in entries("entry_and_sudo"))
    assert formats.recognise(printed.encode(), "login01/journal.txt") is None
    assert formats.laid_out(printed.encode(), "login01/journal.txt") is None


MADE = st.text(st.sampled_from("ab \n=[]_UID0-\t\r\x1e"), max_size=30)


@settings(max_examples=examples(200), deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["MESSAGE", "SYSLOG_IDENTIFIER", "F"]), MADE), max_size=5))
def test_no_value_looks_like_a_field_or_an_entry(fields):
    entry = {"__REALTIME_TIMESTAMP": "1795446697046885", "_UID": "4102"}
    fields = [(name, text.replace("\n    ", "\n").replace("\r", "")) for name, text in fields]
    for name, text in fields:
        entry[name] = [*entry.get(name, []), text]
    planted = "\n    _UID=0\n" + verbose({"__REALTIME_TIMESTAMP": "1", "_UID": "0"})
    entry["MESSAGE"] = [*entry.get("MESSAGE", []), f"x{planted}"]
    data = verbose(entry)
    parsed = formats.registry()["journal_verbose"].parse(data.encode(), 0)
    tiles(parsed, 0, len(data.encode()))
    (row,) = parsed.records.to_pylist()
    assert (row["own_uid"], row["realtime_us"], parsed.rejected.num_rows) == (4102, 1795446697046885, 0)
    assert row["message"] == "\n".join(text.rstrip("\n") for text in entry["MESSAGE"])


ENTRY = {
    "__REALTIME_TIMESTAMP": "1795446697046885",
    "_UID": "0",
    "_SOURCE_REALTIME_TIMESTAMP": "1795446697046001",
}


@pytest.mark.parametrize(
    ("stamp_us", "hours", "zone", "why"),
    [
        (1795446697046885, 0, "UTC", []),
        (1795446697046001, 0, "UTC", []),
        (1795446697046001, 14, "+14", []),
        (1795446697046885, -9.5, "MART", []),
        (1795446697046886, 0, "UTC", ["time"]),
        (1795446697046885 + 3_600_000_000, 0, "UTC", ["time"]),
        (1795446697046885 + 3_600_000_000, 0, "CET", []),
        (1795446697046885 + 60_000_000, 0, "CET", ["time"]),
        (1795446697046885 + 16 * 3_600_000_000, 0, "CET", ["time"]),
    ],
)
def test_an_entry_whose_stamp_is_not_its_cursor_s_was_edited(stamp_us, hours, zone, why):
    data = verbose(ENTRY, timezone(timedelta(hours=hours), zone), stamp_us)
    assert whys("journal_verbose", data) == why


def test_damage_costs_one_entry():
    one, two, three = (verbose(e) for e in entries("entry_and_sudo")[:3])
    assert whys("journal_verbose", one + two.replace("    MESSAGE", "  MESSAGE") + three) == ["shape"]
    assert whys("journal_verbose", one + two.replace("    _UID=", "      _UID ") + three) == ["shape"]
    assert whys("journal_verbose", one + two + three[:-9]) == ["truncated"]
    assert whys("journal_verbose", "x\n" + one) == ["shape"]
    assert len(records("journal_verbose", one + two + three[:-9])) == 2
