"""The log that rsync keeps in a file tells what it tells the host's log, and names nobody of the host."""

from pathlib import Path

import pytest
from collected import told, whys

from forensics.formats import registry, rsync_log

SAMPLES = Path(__file__).parents[1] / "sample_logs" / "formats" / "rsync_log"
NS = 1_000_000_000
STAMP = "2026/11/23 15:11:48"


def events(sample, zone="UTC"):
    raw = (SAMPLES / sample).read_bytes()
    return told("rsync_log", raw, f"nas01/var/log/{sample}", zone=zone)


def test_what_went_in_and_out_is_reported_with_its_peer_and_of_nobody():
    found = events("daemon_with_transfers.log")
    moved = [(e["text"].split(" ")[0], e["address"], e["pid"]) for e in found if e["verb"] == "reported"]
    assert moved == [("recv", "10.0.0.3", 1471), ("del.", "10.0.0.3", 1471), ("send", "10.0.0.3", 1475)]
    assert {e["account"] for e in found} == {None}
    refused = [e["address"] for e in found if e["outcome"] == "failure"]
    assert refused == ["10.0.0.3", "10.0.0.3", "10.9.9.9"]


def test_a_stamp_is_a_wall_clock_of_the_host():
    first = events("daemon_with_transfers.log", zone="Europe/Amsterdam")[0]
    assert first["earliest_ns"] == (1795446696 - 3600) * NS
    assert first["latest_ns"] == (1795446697 - 3600) * NS - 1


def test_a_name_that_imitates_a_line_is_a_part_of_its_own():
    found = events("client_planted_name_crlf_torn.log")
    assert [(e["verb"], e["pid"], e["address"]) for e in found[:4]] == [
        ("other", 46, None), ("other", 46, None), ("other", 46, None), ("reported", 46, "10.1.1.1"),
    ]  # fmt: skip
    raw = (SAMPLES / "client_planted_name_crlf_torn.log").read_bytes()
    assert whys("rsync_log", raw) == ["shape", "shape"]


@pytest.mark.parametrize(
    ("message", "known"),
    [
        ("connect from login02 (10.0.0.3)", True),
        (">f+++++++++ a.pt", True),
        ("recv login02 [10.0.0.3] data (kai) a 1", True),
        ("sent 1,024 bytes  received 10 bytes  total size 1", True),
        ("anything else", False),
    ],
)
def test_it_is_known_by_its_stamp_and_a_word_of_its_own(message, known):
    line = f"{STAMP} [1471] {message}\n".encode()
    assert (rsync_log.recognise(line, "x.log") > 0) == known
    assert rsync_log.recognise(line.replace(b"[1471]", b"[error] 77#77:"), "x.log") == 0
    others = {name: form.recognise(line, "x.log") for name, form in registry().items() if name != "rsync_log"}
    assert max(others.values()) < 91
