"""What passed a recorded sudo session: known by its place, whatever it looks like."""

import gzip

import pytest

from forensics import pipeline
from forensics.formats import recognise, registry
from forensics.store import query

SSHD = b"Nov 23 15:11:37 login01 sshd[71]: Accepted publickey for mei from 127.0.0.11 port 50022 ssh2: ED25519 SHA256:x\r\n"


@pytest.mark.parametrize("name", ["ttyin", "ttyout", "stdout"])
def test_its_place_tells_what_it_is_even_where_it_shows_lines_of_a_log(name):
    """Else whoever may print to a recorded terminal could write a login into the evidence."""
    assert recognise(SSHD, f"login01/var/log/sudo-io/00/00/01/{name}") == "sudo_stream"


def test_a_name_alone_yields_to_a_content_that_is_known():
    assert recognise(SSHD, "login01/ttyout") == "syslog"
    assert recognise(b"# ls\r\n", "login01/stdout") is None


def test_each_end_of_a_line_as_terminals_write_it_ends_a_record_once():
    """A carriage return, a newline, both, and both the other way round."""
    parsed = registry()["sudo_stream"].parse(b"a\rb\nc\r\nd\n\re", 5)
    assert parsed.records["text"].to_pylist() == ["a", "b", "c", "d", "e"]
    spans = [parsed.records[c].to_pylist() for c in ("start", "stop")]
    assert list(zip(*spans, strict=True)) == [(5, 7), (7, 9), (9, 12), (12, 14), (15, 16)]
    assert (parsed.ignored["start"].to_pylist(), parsed.rejected.num_rows) == ([14], 0)


def test_a_packed_stream_is_read_in_its_place_and_told_by_its_name(tmp_path):
    """sudo packs the files and gives them no suffix."""
    folder = tmp_path / "evidence/login01/var/log/sudo-io/00/00/01"
    folder.mkdir(parents=True)
    (folder / "ttyin").write_bytes(gzip.compress(b"id\rexit\r", mtime=0))
    (folder / "ttyout").write_bytes(gzip.compress(SSHD, mtime=0))
    case = tmp_path / "case"
    pipeline.create(case)
    pipeline.seal(case, [tmp_path / "evidence"])
    pipeline.ingest(case)
    events = query.sql(case / "tables", "select verb, account, text from event").to_pylist()
    assert sorted(e["text"] for e in events) == [
        "ttyin: exit",
        "ttyin: id",
        "ttyout: " + SSHD.decode().strip(),
    ]
    assert {(e["verb"], e["account"]) for e in events} == {("other", None)}
