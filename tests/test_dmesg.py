"""What dmesg printed tells what the host's log tells of the kernel, at the times that it was given and no others."""

from pathlib import Path

import pytest
from collected import told, whys

from forensics.formats import dmesg, registry

SAMPLES = Path(__file__).parents[1] / "sample_logs" / "formats" / "dmesg"
NS = 1_000_000_000


def events(sample, zone="UTC"):
    return told("dmesg", (SAMPLES / sample).read_bytes(), f"gpu01/live/{sample}", zone=zone)


def test_faults_of_a_host_are_told_with_the_job_they_hit():
    found = events("wall_clocks_and_levels.txt")
    assert [(e["verb"], e["outcome"], e["job"]) for e in found] == [
        ("other", None, None), ("fault", None, None), ("fault", None, "11"), ("fault", None, None),
        ("fault", "recovered", None), ("other", None, None), ("fault", None, None),
    ]  # fmt: skip
    assert {e["account"] for e in found} == {None}


def test_a_stamp_is_a_wall_clock_or_has_its_offset():
    found = events("wall_clocks_and_levels.txt", zone="Europe/Amsterdam")
    assert found[0]["earliest_ns"] == (1795446697 - 20 * 86400 - 3600) * NS
    assert found[1]["earliest_ns"] == (1795446698 - 3600) * NS
    assert found[1]["latest_ns"] - found[1]["earliest_ns"] == NS - 1
    assert found[6]["earliest_ns"] == 1795446703 * NS + 123456_000
    assert found[6]["latest_ns"] - found[6]["earliest_ns"] == 999


def test_seconds_since_boot_are_no_time():
    found = events("since_boot_planted_crlf_torn.txt")
    assert {e["earliest_ns"] for e in found} == {None}
    raw = (SAMPLES / "since_boot_planted_crlf_torn.txt").read_bytes()
    records = registry()["dmesg"].parse(raw, 0).records
    assert records["boot_us"].to_pylist()[:2] == [0, 12_345_678_901]
    assert whys("dmesg", raw) == ["shape", "shape"]
    assert found[1]["target_pid"] == 9610
    assert found[2]["text"].startswith("x, UID:0 pgt invoked")


@pytest.mark.parametrize(
    ("line", "known"),
    [
        ("[12345.678901] usb 1-1: new high-speed USB device", True),
        ("kern  :err   : [Mon Nov 23 15:11:38 2026] x", True),
        ("", False),
        ("<3>[12345.678901] x", True),
        ("[12345.678901] kernel: x", True),
        ("[12345.678901] login01 sshd[3077]: Accepted password for mei", False),
        ("[2026-11-23T15:11:37.123] error: x", False),
        ('[0.03178, "o", "hi"]', False),
    ],
)
def test_it_is_known_by_its_stamps(line, known):
    assert (dmesg.recognise(f"{line}\n".encode(), "dmesg.txt") > 0) == known
