"""An openat2 has its flags in a struct: the registers hold an address, and only a record of its own says read or write."""

import pytest
from test_slurm import SAMPLES, events

from forensics.analysis import loading, touches, trails
from forensics.core.tables import VERBS

HOWS = {
    "auditd/how_of_openat2.log": ["write", "read", "write", "open"],
    "laurel/how_of_openat2.jsonl": [
        *("write", "read", "write", "write", "read", "write", "read", "write"),
        *("open", "open", "open"),
    ],
    "auditbeat/how_of_openat2.ndjson": ["write", "read", "open", "open", "read"],
}


@pytest.mark.parametrize(("sample", "verbs"), HOWS.items())
def test_it_is_a_read_or_a_write_only_where_its_own_record_says_so(sample, verbs):
    """Laurel decodes an even number of octal digits as if they were hexadecimal text: `02` becomes one byte.

    The last of auditbeat is an openat, whose flags are in a register: an `oflag` beside it is not its own.
    """
    told = events(sample.split("/")[0], (SAMPLES / sample).read_bytes())
    assert [e["verb"] for e in told] == verbs
    assert {e["object"].rsplit("/", 1)[1] for e in told} == {"data.bin"}


def test_a_rule_that_watches_writes_says_what_the_flags_do_not():
    raw = (SAMPLES / "auditd" / "how_of_openat2.log").read_bytes().replace(b'key="data"', b'key="file_modif"')
    assert [e["verb"] for e in events("auditd", raw)] == ["write", "read", "write", "write"]


def test_the_analysis_looks_at_such_openings_wherever_it_looks_at_reads():
    assert "open" in VERBS
    assert "open" in trails.MASS
    assert {"read", "open"} <= touches._ASKED
    assert list(loading.used("open", "/usr/bin/python3", "/srv/a.py", None, "/srv")) == ["/srv/a.py"]
