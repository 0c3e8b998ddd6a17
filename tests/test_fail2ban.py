"""What fail2ban found and shut out: addresses, never an account."""

from pathlib import Path

from collected import told

SAMPLES = Path(__file__).parents[1] / "sample_logs" / "formats" / "fail2ban"
AT_NS = 1_795_450_307_420_000_000


def said(sample, zone="UTC"):
    return told("fail2ban", (SAMPLES / sample).read_bytes(), f"login01/var/log/{sample}", zone=zone)


def test_addresses_are_told_and_nobody_is_named():
    events = said("found_banned_and_let_in.log")
    assert {(e["verb"], e["account"], e["outcome"]) for e in events} == {("other", None, None)}
    assert [e["address"] for e in events] == [
        None, None, "10.0.0.9", "10.0.0.9", "2001:db8::9", "10.0.0.9", "2001:db8::9", "10.0.0.9", None,
    ]  # fmt: skip
    found = events[2]
    assert (found["earliest_ns"], found["latest_ns"] - found["earliest_ns"]) == (AT_NS, 10**6 - 1)
    assert (found["pid"], found["text"]) == (1234, "INFO: [sshd] Found 10.0.0.9 - 2026-11-23 16:11:47")


def test_the_clock_is_that_of_the_hosts_zone():
    first, _ = said("before_pids_were_written_crlf.log", zone="Europe/Amsterdam")
    assert (first["earliest_ns"] - AT_NS, first["pid"], first["address"]) == (
        703 * 10**6 - 3600 * 10**9,
        None,
        "10.0.0.9",
    )


def test_what_stands_behind_the_address_is_no_other_one():
    events = said("planted_and_torn.log")
    assert [(e["address"], e["earliest_ns"] is None) for e in events] == [
        ("10.0.0.9", False), (None, False), ("10.0.0.4", True), (None, False),
    ]  # fmt: skip
