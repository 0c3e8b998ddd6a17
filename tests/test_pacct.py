"""Process accounting is binary, so what lies in it is checked against the kernel's structure."""

import struct
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.core.tables import FILE
from forensics.formats import pacct, recognise
from forensics.readings import pacct as reading

SAMPLES = Path(__file__).parents[1] / "sample_logs" / "formats" / "pacct"
LAYOUT = "BBHIIIIIIf8H16s"
S = 1_795_446_697
PTS_3 = 136 << 8 | 3


def record(order="<", *, flags=0, status=0, tty=0, second=S, elapsed=250.0, utime=0, name=b"train.bin"):
    version = 3 if order == "<" else 0x83
    counts = utime, 0, 0, 0, 0, 0, 0, 0
    return struct.pack(
        order + LAYOUT, flags, version, tty, status, 4101, 4150, 77, 76, second, elapsed, *counts, name
    )


def told(data):
    found = pacct.parse(data, 0).records
    sealed = found.add_column(0, "sha256", pa.array(["a" * 64] * found.num_rows, pa.string()))
    file = {
        "sha256": "a" * 64,
        "path": "gpu01/var/log/account/pacct",
        "host": "gpu01",
        "bytes": 1,
        "kind": "file",
    }
    file |= dict.fromkeys(("parsed", "rejected", "ignored"), 0) | {"held": "copied", "domain": "gpu01:root"}
    files = FILE.build({name: [file.get(name)] for name in FILE.names})
    return reading.read(sealed, files, zone="UTC", anchor_ns=None)["event"].to_pylist()


def test_a_process_ran_for_a_uid_between_two_moments():
    (e,) = told(record(tty=PTS_3))
    assert (e["verb"], e["outcome"], e["account"], e["account_absence"]) == (
        "execute",
        "success",
        None,
        "number_only",
    )
    assert (e["uid"], e["pid"], e["ppid"], e["tty"], e["exe"]) == (4101, 77, 76, "pts/3", None)
    assert (e["earliest_ns"], e["latest_ns"]) == ((S - 1) * 10**9 + 1, S * 10**9 + 2_500_000_000 + 10**9 - 1)
    assert e["text"] == "train.bin exit=0 signal=0"


@pytest.mark.parametrize(
    ("flags", "status", "verb", "outcome", "words"),
    [
        (1, 0, "other", "success", "forked, executed nothing"),
        (2, 0, "execute", "success", "used root's rights"),
        (16, 9, "execute", "failure", "signal=9"),
        (24, 11 | 128, "execute", "failure", "dumped core"),
        (0, 7 << 8, "execute", "failure", "exit=7 signal=0"),
    ],
)
def test_how_it_ended_and_with_what_rights(flags, status, verb, outcome, words):
    (e,) = told(record(flags=flags, status=status))
    assert (e["verb"], e["outcome"]) == (verb, outcome)
    assert words in e["text"]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("<>"), st.integers(0, 0xFFFF), st.integers(0, 2**32 - 1)),
        min_size=1,
        max_size=6,
    )
)
def test_each_record_says_its_own_byte_order(held):
    data = b"".join(record(order, utime=count, second=second) for order, count, second in held)
    rows = pacct.parse(data, 0).records.to_pylist()
    assert [(r["uid"], r["gid"], r["epoch_s"], r["user_ns"]) for r in rows] == [
        (4101, 4150, second, (count % 8192) * 8 ** (count // 8192) * 10_000_000) for _, count, second in held
    ]


@pytest.mark.parametrize(
    ("device", "tty"),
    [
        (0, None),
        (PTS_3, "pts/3"),
        (137 << 8 | 1, "pts/257"),
        (4 << 8 | 1, "tty1"),
        (4 << 8 | 64, "ttyS0"),
        (5 << 8, "5:0"),
    ],
)
def test_a_terminal_by_its_device(device, tty):
    assert pacct.parse(record(tty=device), 0).records["tty"].to_pylist() == [tty]


@pytest.mark.parametrize("elapsed", [float("nan"), float("inf"), -1.0, 3e38])
def test_a_time_that_cannot_be_is_rejected_and_its_neighbours_are_read(elapsed):
    parsed = pacct.parse(record() + record(elapsed=elapsed) + record(">"), 64)
    assert parsed.rejected.to_pylist() == [{"start": 128, "stop": 192, "why": "time"}]
    assert parsed.records["start"].to_pylist() == [64, 192]


def test_known_by_its_content():
    assert recognise(record(), "x") == recognise(record(">") * 3 + record(flags=0x7F), "x") == "pacct"
    assert recognise(record(name=b"a\0b"), "x") is None
    assert recognise(bytes(6400), "pacct") is None


def test_the_name_is_the_process_s_own_choice():
    """Staged: a process named itself so, and used no rights but its own after it had set them."""
    events = told((SAMPLES / "forks_signals_and_planted_name.pacct").read_bytes())
    (named,) = [e for e in events if e["text"].startswith("sshd uid=0")]
    assert (named["uid"], named["exe"], named["account"]) == (4102, None, None)
