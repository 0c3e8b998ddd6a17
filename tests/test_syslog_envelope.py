"""What stands around a message: the quick way to read it is the slow one, and layouts do not mix."""

import re
from pathlib import Path

import pyarrow as pa
import pytest
from drawn import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.core import cuttings, envelope, lines
from forensics.formats import syslog

SAMPLES = sorted((Path(__file__).parents[1] / "sample_logs" / "formats" / "syslog").iterdir())


def told(columns):
    return [
        dict(zip(columns, row, strict=True))
        for row in zip(*(c.to_pylist() for c in columns.values()), strict=True)
    ]


def agree(lines):
    """The quick way gives, for the lines that it takes, what the patterns give."""
    text = pa.array(lines, pa.string())
    rows, columns, _ = envelope._quick(cuttings.lying(text))
    slow = told(envelope.by_pattern(text))
    assert told(columns) == [slow[row] for row in rows.tolist()]
    assert all(re.search(envelope._TIME, slow[row]["wall"]) for row in rows.tolist())
    return len(rows)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda p: p.name)
def test_quick_is_slow_on_samples(sample):
    lines = sample.read_bytes().decode("utf-8", "replace").splitlines()
    agree(lines)


def test_most_lines_go_the_quick_way():
    lines = (SAMPLES[0].parent / "ssh_session.log").read_text().splitlines()
    assert agree(lines) == len(lines)
    assert agree([f"Nov 23 15:11:37 login01 sshd[{10**n}]: a message" for n in range(18)]) == 18


DOUBTFUL = [
    "Nov 32 15:11:37 login01 sshd[1]: a message that is long enough",
    "Nov  0 15:11:37 login01 sshd[1]: a message that is long enough",
    "Nov 23 24:11:37 login01 sshd[1]: a message that is long enough",
    "Nov 23 15:60:37 login01 sshd[1]: a message that is long enough",
    "Nov 23 15:11:61 login01 sshd[1]: a message that is long enough",
    "Nov 23 15.11:37 login01 sshd[1]: a message that is long enough",
    "Noe 23 15:11:37 login01 sshd[1]: a message that is long enough",
    "Nov 23 15:11:37 login01 sshd[]: a message that is long enough",
    "Nov 23 15:11:37 login01 sshd[1234567890123456789]: a message",
    "Nov 23 15:11:37 login01 a-line-that-has-no-blank-more",
]


def test_a_line_in_doubt_goes_the_slow_way():
    """Also beside others, whose words it must not take for its own."""
    after = "Nov 23 15:11:37 login01 sshd[1]: a message"
    lines = [line for one in DOUBTFUL for line in (one, after)]
    assert agree(lines) == len(DOUBTFUL)
    assert (
        agree(["Feb 30 15:11:60 login01 sshd[1]: a message", "Nov  3 15:11:37 login01 sshd: a message"]) == 2
    )


PIECES = st.sampled_from(
    ["Nov 23 15:11:37", "2026-11-23T15:11:37.046885+00:00", "2026-11-23 15:11:37,046", "<38>", "<38>1 ", " ", "  ", ": ", ":",
     "login01", "2001:db8::1", "INFO", "sshd[1]", "sshd", "[", "]", "kai <Info>", "<", "é", "\t", "-", "message with: colon",
     "a" * 30]
)  # fmt: skip


@settings(max_examples=examples(300), deadline=None)
@given(st.lists(st.lists(PIECES, max_size=9).map("".join), max_size=6))
def test_quick_is_slow_on_anything(lines):
    agree(lines)


def records(line):
    return syslog.parse(line.encode(), 0).records.to_pylist()


def test_structured_data_is_kept_as_written_and_ends_where_it_ends():
    (row,) = records('<13>1 2026-11-23T15:11:39Z h app 7 ID1 [a@1 x="1\\] y \\" z"][b@1] sshd[1]: text\n')
    assert (row["structured"], row["message"]) == ('[a@1 x="1\\] y \\" z"][b@1]', "sshd[1]: text")
    assert (row["host"], row["program"], row["pid"], row["msgid"], row["priority"]) == (
        "h",
        "app",
        7,
        "ID1",
        13,
    )


def test_a_byte_order_mark_is_no_part_of_the_message():
    (row,) = records("<13>1 2026-11-23T15:11:39Z h app - - - \ufefftext\n")
    assert row["message"] == "text"


def test_nothing_said_is_null():
    (row,) = records("<13>1 - - - - - -\n")
    assert [row[name] for name in ("wall", "host", "program", "pid", "msgid", "structured", "message")] == [
        None
    ] * 7


@pytest.mark.parametrize(
    ("line", "why"),
    [("<192>1 2026-11-23T15:11:39Z h app - - - x", "value"), ("<999>Nov 23 15:11:37 h app: x", "value"), ("<1234>Nov 23 15:11:37 h app: x", "shape"), ("Nov 32 15:11:37 h app: x", "time"), ("x", "shape")],
)  # fmt: skip
def test_what_is_no_line_says_why(line, why):
    assert syslog.parse(line.encode(), 0).rejected["why"].to_pylist() == [why]


def test_a_line_that_stands_for_several_says_so_and_is_one():
    (row,) = records(
        "Nov 23 15:11:46 h sshd[9]: message repeated 4 times: [ Failed password for root from 10.9.9.9 port 1 ssh2]\n"
    )
    assert (row["repeated"], row["kind"], row["account"]) == (4, "refused", "root")
    (row,) = records(
        "Nov 23 15:11:46 h sshd[9]: message repeated 4 times: [ Failed password for root from 10.9.9.9 port 1 ssh2] or so\n"
    )
    assert (row["repeated"], row["kind"], row["account"]) == (None, None, None)


LINE = b"Nov 23 15:11:37 login01 sshd[1]: Connection from 10.0.0.12 port 49063 on 10.0.0.1 port 22"


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\n", b" ", b"\r\n", LINE, LINE + b"\n", LINE + b"\r\n\r\n" + LINE, b"\n".join([LINE, b"", b"x", b"<38>" + LINE]),
        LINE + "é\n".encode() + LINE[:-1], LINE.replace(b"[1]", b"[12345678]") + b"\n" + LINE.replace(b"[1]", b"[123456789]") + b"\n",
        LINE.replace(b"h", "é".encode()), b"\n".join(LINE.replace(b"[1]", b"[%d]" % 10**n) for n in range(20)),
    ],
)  # fmt: skip
def test_lines_are_read_where_they_lie_as_those_that_were_cut_out(data, monkeypatch):
    """A byte that is no text, or a line that is too long, has all lines of a chunk cut out first."""
    told = syslog.lightly(data, 3)
    monkeypatch.setattr(lines, "is_text", lambda _: False)
    assert [rows.to_pylist() for rows in told] == [rows.to_pylist() for rows in syslog.lightly(data, 3)]
