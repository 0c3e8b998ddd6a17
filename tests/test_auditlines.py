"""Audit lines read one at a time: the same records as the trail's own reader makes of them."""

from pathlib import Path

import pytest
from audit_definition import by_definition, told
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.core import auditlines, auditrecord
from forensics.core.schema import Table
from forensics.formats import auditd

ROOT = Path(__file__).parents[1]
SAMPLES = sorted((ROOT / "sample_logs" / "formats" / "auditd").iterdir())
INCIDENTS = sorted((ROOT / "sample_logs" / "incidents").glob("*/evidence/login01/var/log/audit/audit.log"))
COLUMNS = Table("columns", "without spans", auditrecord.COLUMNS)
PLACES = {"start", "stop", "spans"}


def slowly(data):
    """Records of the lines that have a head, put together by node, time and serial."""
    events = {}
    for raw in data.splitlines(keepends=True):
        line = raw.removesuffix(b"\n").removesuffix(b"\r")
        head = auditlines.head(line) if raw.endswith(b"\n") else None
        if head is not None:
            key = (head.node, head.ms, head.serial)
            events.setdefault(key, []).append(auditlines.line(head.type, line[head.body :]))
    rows = [auditlines.row(*key, lines) for key, lines in events.items()]
    return told(COLUMNS.build({name: [row.get(name) for row in rows] for name in COLUMNS.names}))


def by_trail(data):
    return [{k: v for k, v in row.items() if k not in PLACES} for row in told(auditd.parse(data, 0).records)]


@pytest.mark.parametrize("log", [*SAMPLES, *INCIDENTS], ids=lambda p: f"{p.parts[-7]}/{p.name}")
def test_makes_the_records_that_the_trail_makes(log):
    data = log.read_bytes()
    assert slowly(data) == by_trail(data)


NOISE = st.binary(max_size=6) | st.sampled_from(
    [b'"', b"\x1d", b"msg='", b"'", b" auid=0", b"=", b" ", b" old auid=7"]
)


BETWEEN = b'type=PATH msg=audit(1.000:1): item=0\x1d name="a" ouid=4101 ogid=4100\n'
GLUED = b'type=LOGIN msg=audit(1.000:1): uid=0\x1dUID="type=SYSCALL msg=audit(1.000:2): auid=0\n'
UNCLEAR = b"type=SYSCALL msg=audit(1.000:1): s auid=0cess=yes auid=4102 pid=7\n"


@pytest.mark.parametrize("data", [BETWEEN, GLUED, UNCLEAR], ids=["names_between", "glued_in_quotes", "first_is_no_number"])  # fmt: skip
def test_makes_the_same_of_what_damage_showed(data):
    """A number behind 0x1d is no name; a stamp within quotes is no record; the first of two keys counts."""
    assert slowly(data) == by_trail(data)


@settings(max_examples=60, deadline=None)
@given(
    sample=st.sampled_from(SAMPLES),
    place=st.integers(0, 4000),
    cut=st.integers(0, 40),
    noise=st.lists(NOISE, max_size=3),
)
def test_makes_the_same_of_damage(sample, place, cut, noise):
    data = sample.read_bytes()
    place = min(place, len(data))
    damaged = data[:place] + b"".join(noise).replace(b"\n", b"").replace(b"\r", b"") + data[place + cut :]
    assert slowly(damaged) == [
        {k: v for k, v in row.items() if k not in PLACES} for row in by_definition(damaged)[0]
    ]
