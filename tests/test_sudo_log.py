"""The log that sudo keeps in a file of its own: folded entries are whole again, and nothing folded becomes a field."""

from pathlib import Path

import pytest
from collected import told, whys
from hypothesis import example, given
from hypothesis import strategies as st

from forensics.formats import sudo_log
from forensics.readings import sudo_log as reading

SAMPLES = Path(__file__).parents[1] / "sample_logs" / "formats" / "sudo_log"
CALL = "kai : TTY=pts/3 ; PWD=/home/kai ; USER=root ; COMMAND="
NS = 1_000_000_000


def events(sample):
    return told("sudo_log", (SAMPLES / sample).read_bytes(), f"login01/var/log/{sample}", zone="UTC")


def folded(text, width):
    """As sudo does: a line holds what fits of the words, and at least one; those after the first begin with four blanks."""
    lines, line = [], ""
    for word in text.split(" "):
        if line and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = "    " + word
        else:
            line = f"{line} {word}" if line else word
    return "\n".join([*lines, line]) + "\n"


WORDS = st.lists(st.text("ab;=:/CUSER", min_size=1, max_size=30), min_size=1, max_size=20)


@given(st.lists(WORDS, min_size=1, max_size=4), st.integers(10, 120))
@example([["Nov", "23", "15:11:37", ":", "mei", ":", "PWD=/"]], 20)
def test_what_was_folded_is_whole_again(commands, width):
    said = [CALL + " ".join(words) for words in commands]
    log = "".join(folded(f"Nov 23 15:11:37 : {one}", width) for one in said)
    found = sudo_log.parse(log.encode(), 0)
    assert found.records["message"].to_pylist() == said
    assert found.rejected.num_rows == found.ignored.num_rows == 0


def test_who_asked_for_whose_rights_on_which_host():
    first, ended, refused, other = events("folded_with_year_and_host.log")
    assert (first["verb"], first["account"], first["effective"], first["tty"], first["host"]) == (
        "sudo", "kai", "root", "pts/3", "login01",
    )  # fmt: skip
    assert (first["outcome"], refused["outcome"], other["outcome"]) == ("success", "failure", "failure")
    assert ended["text"] == "/usr/bin/id ; EXIT=0"
    assert first["earliest_ns"] == 1795446697 * NS
    assert first["latest_ns"] == 1795446698 * NS - 1


def test_a_log_server_s_entries_are_of_the_hosts_that_they_name():
    assert [e["host"] for e in events("of_a_log_server_and_new_year.log")] == [
        "gpu01", "gpu01", "gpu02.lab.example", "login01",
    ]  # fmt: skip


@pytest.mark.parametrize("anchor_s", [1_780_272_000, 1_811_808_000])
def test_a_year_turns_between_entries(anchor_s):
    raw = (SAMPLES / "of_a_log_server_and_new_year.log").read_bytes()
    found = told("sudo_log", raw, "login01/var/log/sudo.log", anchor_ns=anchor_s * NS)
    assert found[1]["earliest_ns"] - found[0]["earliest_ns"] == 4 * NS


def test_only_the_caller_is_read_where_a_command_imitates_fields():
    first, *_ = events("planted_fields_crlf_and_torn.log")
    assert (first["account"], first["effective"], first["cwd"]) == ("kai", None, None)
    raw = (SAMPLES / "planted_fields_crlf_and_torn.log").read_bytes()
    assert whys("sudo_log", raw) == ["shape", "shape", "shape", "truncated"]


def test_any_account_that_may_ask_sudo_could_have_written_it():
    assert sudo_log.DOMAIN == "{host}:user"
    assert reading.NEEDS_ANCHOR


def test_a_day_that_its_year_does_not_have_is_not_of_another_year():
    log = f"Feb 29 15:11:37 2026 : {CALL}x\n".encode()
    (event,) = told("sudo_log", log, "login01/var/log/sudo.log", anchor_ns=1_835_000_000 * NS)
    assert event["earliest_ns"] is None
