"""The log of the daemon whose credentials Slurm trusts: refusals, the client's uid, and whose log it is not."""

import pytest
from collected import rows, told

from forensics.formats import recognise

PATH = "login01/var/log/munge/munged.log"
START = b"2026-11-26 16:12:19 +0000 Notice:    Starting munge-0.5.15 daemon (pid 22213)\n"


def line(message, level=b"Info:      "):
    return b"2026-10-25 02:30:00 +0100 " + level + message + b"\n"


@pytest.mark.parametrize(
    ("message", "uid", "absence", "address", "outcome"),
    [
        (b"Unauthorized credential for client UID=4102 GID=4103", 4102, "number_only", None, "failure"),
        (b"Replayed credential from 10.0.0.7", None, "not_recorded", "10.0.0.7", "failure"),
        (b"Invalid credential", None, "not_recorded", None, "failure"),
        (b"Created 2 work threads", None, "not_recorded", None, None),
        (b'Created socket "/x" Invalid credential', None, "not_recorded", None, None),
    ],
)
def test_a_refusal_has_the_clients_number_and_no_account(message, uid, absence, address, outcome):
    (e,) = told("munged", line(message), PATH)
    assert (e["uid"], e["account"], e["account_absence"]) == (uid, None, absence)
    assert (e["address"], e["outcome"], e["verb"], e["host"]) == (address, outcome, "other", "login01")
    assert e["text"] == f"Info: {message.decode()}"


def test_the_hour_that_comes_twice_is_told_by_its_offset():
    (e,) = told("munged", line(b"Invalid credential"), PATH)
    assert e["earliest_ns"] == 1_792_891_800 * 10**9
    assert e["latest_ns"] == e["earliest_ns"] + 10**9 - 1


def test_it_is_no_log_of_a_host_whose_name_is_an_offset():
    assert recognise(START, PATH) == "munged"
    assert recognise(START, "x") == "munged"
    assert recognise(line(b"Wrote 1024 bytes", b"Info:      "), PATH) == "munged"
    assert recognise(line(b"Wrote 1024 bytes", b"Info: ") * 9, "x") is None
    assert rows("munged", START)[0]["message"] == "Starting munge-0.5.15 daemon (pid 22213)"
