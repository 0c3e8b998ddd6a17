"""What journalctl prints as lines: each stamp placed as exactly as it is written, and dmesg's own lines left to dmesg."""

from pathlib import Path

import pytest
from collected import rows, told, whys

from forensics import formats

FOLDER = Path(__file__).parents[1] / "sample_logs" / "formats"
DAY = 1_795_730_156  # 2026-11-26 21:55:56 UTC
ANCHOR_NS = DAY * 10**9
SAID = "ctl01 sshd[71]: Accepted password for mei from 127.0.0.11 port 49063 ssh2"


def at(stamp, *, zone="UTC", anchor_ns=ANCHOR_NS):
    (event,) = told(
        "syslog", f"{stamp} {SAID}\n".encode(), "ctl01/root/journal.txt", zone=zone, anchor_ns=anchor_ns
    )
    assert (event["verb"], event["account"], event["host"]) == ("login", "mei", "ctl01")
    return event["earliest_ns"], event["latest_ns"]


def span(us, width_us):
    return us * 1000, (us + width_us) * 1000 - 1


@pytest.mark.parametrize(
    ("stamp", "zone", "us", "width_us"),
    [
        ("Nov 26 21:55:56", "UTC", DAY * 10**6, 10**6),
        ("Nov 26 21:55:56.662709", "UTC", DAY * 10**6 + 662709, 1),
        ("Nov 26 22:55:56.662709", "Europe/Amsterdam", DAY * 10**6 + 662709, 1),
        ("2026-11-26T21:55:56+0000", "Asia/Tokyo", DAY * 10**6, 10**6),
        ("2026-11-26T21:55:56.662709+0000", "Asia/Tokyo", DAY * 10**6 + 662709, 1),
        ("Thu 2026-11-26 21:55:56 UTC", "Asia/Tokyo", DAY * 10**6, 10**6),
        ("Thu 2026-11-26 22:55:56 CET", "Europe/Amsterdam", DAY * 10**6, 10**6),
        ("Thu 2026-11-26 23:55:56 +02", "Asia/Tokyo", DAY * 10**6, 10**6),
        ("Thu 2026-11-26 16:25:56 -0530", "Asia/Tokyo", DAY * 10**6, 10**6),
        ("1795730156.662709", "Asia/Tokyo", DAY * 10**6 + 662709, 1),
        ("0.000000", "Asia/Tokyo", 0, 1),
    ],
)
def test_a_stamp_is_placed_as_exactly_as_it_is_written(stamp, zone, us, width_us):
    assert at(stamp, zone=zone) == span(us, width_us)


def test_an_hour_that_came_twice_is_two_sided_to_the_microsecond():
    """Clocks went back at 03:00 on 2026-10-25 in Amsterdam: 02:30 was twice, an hour apart."""
    first, last = at("Oct 25 02:30:00.000007", zone="Europe/Amsterdam")
    early = 1_792_888_200 * 10**6 + 7
    assert (first, last) == (early * 1000, (early + 3_600_000_000 + 1) * 1000 - 1)


def test_a_stamp_without_a_year_is_placed_nowhere_without_an_anchor():
    assert at("Nov 26 21:55:56.662709", anchor_ns=None) == (None, None)
    assert at("1795730156.662709", anchor_ns=None) == span(DAY * 10**6 + 662709, 1)


@pytest.mark.parametrize(
    "stamp",
    ["[12220.509015]", "[    0.000001]", "[12220.509015 <    0.000020 >]", "[    0.000000                ]"],
)
def test_seconds_since_boot_are_no_time_of_day(stamp):
    assert at(stamp) == (None, None)


def test_a_past_the_end_of_times_is_no_time():
    assert at("99999999999.999999") == (None, None)


def test_the_turn_of_the_year_is_seen_across_both_ways_of_writing_a_stamp():
    lines = [
        f"{stamp} {SAID}\n"
        for stamp in ("Dec 31 23:59:58.000001", "Dec 31 23:59:59", "Jan  1 00:00:00.000001")
    ]
    events = told("syslog", "".join(lines).encode(), "ctl01/root/j.txt", anchor_ns=1_798_761_600 * 10**9)
    years = [e["earliest_ns"] // 10**9 - 1_798_761_600 for e in sorted(events, key=lambda e: e["start"])]
    assert years == [-2, -1, 0]


def best(data):
    found = {name: form.recognise(data, "ctl01/x.txt") for name, form in formats.registry().items()}
    return max(found, key=lambda name: (found[name], name))


def test_lines_since_boot_are_the_journal_s_where_all_name_one_host():
    kernel = (
        b"[    0.000000] ctl01 kernel: Linux version 6.1\n[    0.100000] ctl01 kernel: Command line: quiet\n"
    )
    assert best(kernel) == "syslog"
    assert best(b"-- Boot " + b"6" * 32 + b" --\n" + kernel) == "syslog"
    bare = b"[    0.000000] Linux version 6.1\n[    0.100000] usb 1-1: new device\n[    0.200000] usb 1-2: new device\n"
    assert best(bare) == "dmesg"
    assert best(b"[    0.100000] usb 1-1: new device\n[    0.200000] ata 1.00: ready\n") == "dmesg"
    for sample in (FOLDER / "dmesg").iterdir():
        assert best(sample.read_bytes()) == "dmesg"


def test_what_journalctl_itself_says_between_entries_is_passed_over_and_nothing_else_is():
    said = f"-- Boot {'6' * 32} --\n-- No entries --\n-- Reboot --\n".encode()
    assert whys("syslog", said) == []
    assert rows("syslog", said) == []
    assert whys("syslog", f"-- Boot {'6' * 32} -- sshd[71]: x\n-- x --\n".encode()) == ["shape"] * 2
