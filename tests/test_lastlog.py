"""The place of a record is its uid; what is blank is many uids at once."""

import struct

import numpy as np
import pyarrow as pa
import pytest

from forensics.core.tables import FILE
from forensics.formats import lastlog, recognise
from forensics.readings import lastlog as reading

S = 1_795_446_697
BLANK = bytes(292)


def record(second=S, line=b"pts/1", remote=b"10.0.0.11"):
    return struct.pack("<I32s256s", second, line, remote)


def test_a_record_is_of_the_uid_whose_place_it_has():
    data = BLANK * 4101 + record() + BLANK * 8
    parsed = lastlog.parse(data, 0)
    assert parsed.records.to_pylist() == [
        {
            "uid": 4101,
            "epoch_s": S,
            "line": "pts/1",
            "remote": "10.0.0.11",
            "start": 4101 * 292,
            "stop": 4102 * 292,
        }
    ]
    assert parsed.ignored.num_rows == 6


def test_blank_records_are_ignored_a_block_at_a_time_wherever_the_file_is_cut():
    data = BLANK * 5000
    whole = lastlog.parse(data, 0).ignored
    size = int(lastlog.CUT)
    parts = [lastlog.parse(data[at : at + size], at).ignored for at in range(0, len(data), size)]
    assert whole.num_rows == 5
    assert pa.concat_tables(parts).to_pylist() == whole.to_pylist()


def test_no_uid_is_past_the_largest():
    base = (2**32 - 2) * 292
    parsed = lastlog.parse(record() * 2, base)
    assert parsed.records["uid"].to_pylist() == [2**32 - 2]
    assert parsed.rejected["why"].to_pylist() == ["value"]


@pytest.mark.parametrize(
    ("data", "path", "form"),
    [
        (BLANK + record() + BLANK, "x", "lastlog"),
        (BLANK * 224, "login01/var/log/lastlog", "lastlog"),
        (BLANK * 224, "login01/var/log/wtmp", None),
        (BLANK * 9, "login01/var/log/lastlog", None),
        (record(line=b"pts/1\0x"), "lastlog", None),
        (record(line=b""), "lastlog", None),
    ],
)
def test_known_by_content_and_a_blank_one_by_its_name_too(data, path, form):
    assert recognise(data[:65536], path) == form


def test_tells_the_number_and_no_name():
    found = lastlog.parse(BLANK * 7 + record(2**32 - 1), 0).records
    sealed = found.add_column(0, "sha256", pa.array(["a" * 64], pa.string()))
    file = {
        "sha256": "a" * 64,
        "path": "login01/var/log/lastlog",
        "host": "login01",
        "bytes": 1,
        "kind": "file",
    }
    file |= dict.fromkeys(("parsed", "rejected", "ignored"), 0) | {"held": "copied", "domain": "login01:root"}
    files = FILE.build({name: [file.get(name)] for name in FILE.names})
    (e,) = reading.read(sealed, files, zone="UTC", anchor_ns=None)["event"].to_pylist()
    assert (e["verb"], e["account"], e["account_absence"], e["uid"]) == ("login", None, "number_only", 7)
    assert (e["address"], e["tty"], e["earliest_ns"]) == ("10.0.0.11", "pts/1", (2**32 - 1) * 10**9)


def test_runs_are_found_as_one_would_by_hand():
    chance = np.random.default_rng(7)
    for _ in range(20):
        blank = chance.random(60) < 0.6
        begins, ends = lastlog._runs(blank)
        spans = [place for a, b in zip(begins, ends, strict=True) for place in range(a, b)]
        assert spans == np.flatnonzero(blank).tolist()
