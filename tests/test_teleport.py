"""Audit events of Teleport: the account entered, and nobody where entry was refused."""

import json

import pyarrow as pa
import pytest

from forensics.core import clock
from forensics.core.tables import FILE
from forensics.formats import recognise, teleport
from forensics.readings import teleport as reading

COMMON = {"time": "2026-11-23T15:11:37.34Z", "uid": "u-1"}
SESSION = {
    "user": "mei",
    "login": "mlteam",
    "sid": "s-1",
    "server_hostname": "gpu01",
    "addr.remote": "10.0.0.11:51752",
}


def line(event, code, **more):
    return json.dumps(COMMON | {"event": event, "code": code} | more).encode() + b"\n"


def told(data):
    found = teleport.parse(data, 0).records
    sealed = found.add_column(0, "sha256", pa.array(["a" * 64] * found.num_rows, pa.string()))
    file = {
        "sha256": "a" * 64,
        "path": "events.log",
        "bytes": 1,
        "kind": "file",
        "held": "copied",
        "domain": "teleport:admin",
    }
    file |= dict.fromkeys(("parsed", "rejected", "ignored"), 0)
    files = FILE.build({name: [file.get(name)] for name in FILE.names})
    return reading.read(sealed, files, zone="UTC", anchor_ns=None)["event"].to_pylist()


def test_a_session_enters_the_account_of_the_host_and_says_whose_it_is():
    (e,) = told(line("session.start", "T2000I", **SESSION))
    assert (e["verb"], e["outcome"], e["account"], e["host"]) == ("login", "success", "mlteam", "gpu01")
    assert (e["address"], e["port"]) == ("10.0.0.11", 51752)
    assert "user=mei login=mlteam sid=s-1" in e["text"]
    assert clock.written(e["earliest_ns"]) == "2026-11-23T15:11:37.340Z"
    assert e["latest_ns"] - e["earliest_ns"] == 999_999


@pytest.mark.parametrize(
    ("data", "verb", "outcome", "account"),
    [
        (line("user.login", "T1000I", success=True, user="mei"), "login", "success", "mei"),
        (line("user.login", "T1000W", success=False, user="hunter2"), "login_failed", "failure", None),
        (line("session.start", "T2000W", success=False, **SESSION), "login_failed", "failure", None),
        (line("session.rejected", "T1006W", **SESSION), "login_failed", "failure", None),
        (line("auth", "T3007W", **SESSION), "login_failed", "failure", None),
        (line("session.end", "T2004I", **SESSION), "logout", None, "mlteam"),
        (
            line("session.start", "T2000I", **SESSION | {"login": "-teleport-internal-join"}),
            "login",
            "success",
            None,
        ),
        (line("exec", "T3002I", **SESSION, command="id", exitCode="0"), "execute", "success", "mlteam"),
        (line("exec", "T3002E", **SESSION, command="id"), "execute", "failure", "mlteam"),
        (line("exec", "T3002I", **SESSION, command="id", exitCode="2"), "execute", "failure", "mlteam"),
        (line("session.disk", "T4001I", **SESSION), "other", None, "mlteam"),
        (line("role.created", "T9000I", user="mei"), "other", None, None),
    ],
)
def test_what_each_event_tells_and_of_whom(data, verb, outcome, account):
    (e,) = told(data)
    assert (e["verb"], e["outcome"], e["account"]) == (verb, outcome, account)


def test_an_execution_says_its_program_and_arguments():
    more = {
        "path": "/usr/bin/rm",
        "program": "rm",
        "argv": ["-rf", "/data"],
        "pid": 7,
        "ppid": 6,
        "return_code": 0,
    }
    (e,) = told(line("session.command", "T4000I", **SESSION, **more))
    assert (e["exe"], e["argv"], e["pid"], e["ppid"], e["outcome"]) == (
        "/usr/bin/rm",
        ["rm", "-rf", "/data"],
        7,
        6,
        "success",
    )


@pytest.mark.parametrize(
    ("more", "why"),
    [({"code": "2000"}, "value"), ({"event": ""}, "value"), ({"uid": None}, "value"), ({"time": "now"}, "time"), ({"time": 5}, "time")],
)  # fmt: skip
def test_what_cannot_be_is_rejected(more, why):
    parsed = teleport.parse(
        line("session.start", "T2000I")
        + line("session.end", "T2004I")
        + json.dumps(COMMON | {"event": "x", "code": "T2000I"} | more).encode(),
        0,
    )
    assert (parsed.records.num_rows, parsed.rejected["why"].to_pylist()) == (2, [why])


def test_known_by_its_codes():
    assert recognise(line("session.start", "T2000I") * 2, "x") == "teleport"
    assert recognise(line("session.start", "TDB02I"), "x") == "teleport"
    assert recognise(line("session.start", "200"), "teleport.log") is None
