"""One record can list tens of thousands of things, each an event: they are told and put in order a bounded number at a time."""

from itertools import pairwise

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_telling_in_slices import files_of, sealed

from forensics.core import hoststates
from forensics.core.tables import EVENT
from forensics.formats import shell_startup as form
from forensics.pipeline import fresh
from forensics.readings import group, shadow, shell_startup
from forensics.store import parquet, spool


@given(st.lists(st.integers(1, 50), max_size=60), st.integers(1, 40))
def test_pieces_are_of_about_one_weight(weights, most):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parquet, "GROUP_ROWS", most)
        edges = fresh._edges(fresh.np.array(weights, dtype=fresh.np.int64))
    assert edges == sorted(set(edges))
    assert (edges[:1] + edges[-1:]) == ([0, len(weights)] if weights else edges[:1] + edges[-1:])
    for start, stop in pairwise(edges):
        assert sum(weights[start:stop]) <= 2 * most + max(weights)


def test_a_record_weighs_what_it_lists():
    records = form.parse(b"a=1;b=2;c=3\n\nls\n", 0).records
    assert fresh._weights(records).tolist() == [3, 1]
    assert fresh._weights(records.select(["text", "start"])).tolist() == [1, 1]


DATA = b"".join(b"g%d:x:%d:mei,kai\n" % (n, n) for n in range(160))


def test_what_is_said_is_put_into_columns_a_part_at_a_time(monkeypatch):
    """The events are the same, however many are said at a time."""
    records, row = sealed("group", DATA, "login01/etc/group")
    files = files_of(row, {**row, "path": "gpu01/etc/group", "host": "gpu01", "origin": "/etc/group"})
    whole = group.read(records, files, zone="UTC", anchor_ns=None)["event"]
    held = []
    columns = hoststates._columns
    monkeypatch.setattr(hoststates, "_columns", lambda events: held.append(len(events)) or columns(events))
    monkeypatch.setattr(hoststates, "MOST_SAID", 7)
    monkeypatch.setattr(hoststates, "_LINES_TOGETHER", 3)
    again = group.read(records, files, zone="UTC", anchor_ns=None)["event"]
    assert len(whole) > 300
    assert again.equals(whole)
    assert set(held[:-1]) == {7}
    assert sum(held) == len(whole)


def test_a_part_may_lack_what_another_says(monkeypatch):
    """Of these lines only some have a date, or a state."""
    data = b"kai:$6$a$b:20000:0:99999:7:::\nmei:!:::::::\nlin:*:20001::::::\n"
    records, row = sealed("shadow", data, "login01/etc/shadow")
    files = files_of(row)
    whole = shadow.read(records, files, zone="UTC", anchor_ns=None)["event"]
    monkeypatch.setattr(hoststates, "MOST_SAID", 1)
    assert shadow.read(records, files, zone="UTC", anchor_ns=None)["event"].equals(whole)
    assert whole["earliest_ns"].null_count < len(whole)


def test_of_no_records_nothing_is_told():
    records, row = sealed("shell_startup", b"#\n", "login01/home/mei/.bashrc")
    told = shell_startup.read(records, files_of(row), zone="UTC", anchor_ns=None)["event"]
    assert told.num_rows == 0
    assert told.schema.equals(EVENT.schema())


def test_rows_without_a_time_of_one_file_are_taken_a_part_at_a_time(tmp_path, monkeypatch):
    records, row = sealed("group", DATA, "login01/etc/group")
    told = group.read(records, files_of(row), zone="UTC", anchor_ns=None)["event"]
    keys = ("earliest_ns", "sha256", "start", "event_id")
    path = spool.write(tmp_path, EVENT, told.sort_by([(key, "ascending") for key in keys]), ("earliest_ns",))
    whole = list(spool.ordered([path], EVENT, keys, tmp_path / "spill"))
    monkeypatch.setattr(spool, "MERGED_ROWS", 11)
    parts = list(spool.ordered([path], EVENT, keys, tmp_path / "spill"))
    assert max(map(len, parts)) == 11
    assert pa.concat_tables(parts).to_pylist() == pa.concat_tables(whole).to_pylist()
