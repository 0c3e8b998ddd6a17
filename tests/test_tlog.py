"""Recorded terminal sessions: what was typed and shown, and nobody named on the recorder's word."""

import json
import re
from pathlib import Path

import pyarrow as pa
import pytest

from forensics.core.tables import FILE
from forensics.formats import recognise, tlog
from forensics.readings import tlog as reading

UPSTREAM = Path(__file__).parents[2] / "shared" / "samples" / "tlog" / "lib" / "tlitest" / "journal-good.txt"
S = 1_795_446_697
MESSAGE = {
    "ver": "2.3", "host": "login01", "rec": "r-1", "user": "mei", "term": "xterm", "session": 5, "id": 1, "pos": 0,
    "time": S + 0.5, "timing": "<2+61>2+12", "in_txt": "ls", "in_bin": [], "out_txt": "ls", "out_bin": [],
}  # fmt: skip


def message(**more):
    return json.dumps(MESSAGE | more).encode() + b"\n"


def told(data):
    found = tlog.parse(data, 0).records
    sealed = found.add_column(0, "sha256", pa.array(["a" * 64] * found.num_rows, pa.string()))
    file = {
        "sha256": "a" * 64,
        "path": "login01/var/log/tlog.json",
        "host": "login01",
        "bytes": 1,
        "kind": "file",
    }
    file |= dict.fromkeys(("parsed", "rejected", "ignored"), 0) | {"held": "copied", "domain": "login01:user"}
    files = FILE.build({name: [file.get(name)] for name in FILE.names})
    return reading.read(sealed, files, zone="UTC", anchor_ns=None)["event"].to_pylist()


def test_a_message_lasts_as_long_as_its_events_and_names_nobody():
    (e,) = told(message())
    assert (e["earliest_ns"], e["latest_ns"]) == (S * 10**9 + 500_000_000, S * 10**9 + 574_000_000 - 1)
    assert (e["verb"], e["account"], e["account_absence"], e["session"]) == (
        "other",
        None,
        "not_recorded",
        None,
    )
    assert e["text"] == "recording=r-1 message=1 user=mei session=5 typed=ls shown=ls"


def test_an_older_message_has_no_time():
    older = {key: value for key, value in MESSAGE.items() if key != "time"}
    (e,) = told(json.dumps(older | {"ver": "2.2"}).encode())
    assert (e["earliest_ns"], e["clock"]) == (None, None)


def test_an_audit_session_that_is_unset_is_none():
    assert tlog.parse(message(session=2**32 - 1), 0).records["session"].to_pylist() == [None]


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"timing": ">2 +1"}, "value"),
        ({"timing": None}, "value"),
        ({"user": 7}, "value"),
        ({"id": 2**64}, "value"),
        ({"time": "soon"}, "time"),
        ({"time": 1e11}, "time"),
    ],
)
def test_what_cannot_be_is_rejected(more, why):
    parsed = tlog.parse(message() + message(**more), 0)
    assert (parsed.records.num_rows, parsed.rejected["why"].to_pylist()) == (1, [why])


@pytest.mark.skipif(
    not UPSTREAM.exists(), reason="the samples of other projects are not beside this checkout"
)
def test_agrees_with_tlog_on_the_messages_of_its_journal():
    """The journal's text export is another format; its messages are one object a line."""
    held = re.findall(rb"^MESSAGE=(\{\"ver\".*)$", UPSTREAM.read_bytes(), re.MULTILINE)
    data = b"\n".join(held) + b"\n"
    assert recognise(data[:65536], "x") == "tlog"
    parsed = tlog.parse(data, 0)
    assert parsed.rejected.num_rows == 0
    names = {
        "ver": "version",
        "rec": "recording",
        "id": "message",
        "pos": "pos_ms",
        "in_txt": "typed",
        "out_txt": "shown",
    }
    for line, row in zip(held, parsed.records.to_pylist(), strict=True):
        said = json.loads(line)
        for key in ("ver", "host", "rec", "user", "term", "session", "id", "pos", "timing"):
            assert row[names.get(key, key)] == said[key]
        assert (row["typed"] or "", row["shown"] or "") == (said["in_txt"], said["out_txt"])
        counted = [int(n) for n in re.findall(r"(?:[<>]|[\[\]]\d+/)(\d+)", said["timing"])]
        assert sum(counted) >= len(said["in_txt"]) + len(said["out_txt"])
