"""Formats that hostile files could make look through the same bytes again and again, or hold far more than the file."""

import random
import re

import pyarrow as pa
import pytest
from test_telling_in_slices import files_of, sealed

from forensics.core import hostevents, hoststates, ids
from forensics.formats import git_push_cert, openpgp_key
from forensics.readings import shell_startup

BLOCK = re.compile(
    rb"^-----BEGIN PGP PUBLIC KEY BLOCK-----[ \t\r]*\n.*?^-----END PGP PUBLIC KEY BLOCK-----[ \t\r]*(?:\n|\Z)",
    re.MULTILINE | re.DOTALL,
)
"""What a block is, as one pattern: it looks through the rest of a file once for each beginning that has no end."""
BEGIN, END = (b"-----%s PGP PUBLIC KEY BLOCK-----" % word for word in (b"BEGIN", b"END"))


def test_blocks_of_armour_are_those_of_the_definition():
    chance = random.Random(5)  # noqa: S311 - the same files in every run
    lines = (BEGIN, END, BEGIN + b" \r", END + b"\t", b" " + BEGIN, b"x" + END, b"", b"abc", END + b"x")
    many = 0
    for _ in range(3000):
        data = b"\n".join(chance.choice(lines) for _ in range(chance.randrange(12)))
        expected = [block.span() for block in BLOCK.finditer(data)]
        assert list(openpgp_key._blocks(data)) == expected, data
        many += len(expected) > 1
    assert many > 100


class Watched:
    """A pattern of which it is counted how many bytes it looks through."""

    def __init__(self, pattern):
        self.pattern, self.looked_at = pattern, 0

    def search(self, data, at):
        found = self.pattern.search(data, at)
        self.looked_at += (len(data) if found is None else found.end()) - at
        return found


def test_a_file_of_beginnings_is_looked_through_once(monkeypatch):
    opens, ends = Watched(openpgp_key._OPENS), Watched(openpgp_key._ENDS)
    monkeypatch.setattr(openpgp_key, "_OPENS", opens)
    monkeypatch.setattr(openpgp_key, "_ENDS", ends)
    data = (BEGIN + b"\n") * 3000
    parsed = openpgp_key.parse(data, 0)
    assert (len(parsed.records), parsed.rejected["why"].to_pylist()) == (0, ["truncated"])
    assert 0 < opens.looked_at + ends.looked_at <= 2 * len(data)


def certificate(refs, signed):
    moves = b"".join(b"%040x %040x refs/heads/b%d\n" % (n, n + 1, n) for n in range(refs))
    head = b"certificate version 0.1\npusher kai <kai@lab.example> 1795446708 +0100\npushee ssh://git@gpu01/llm.git\nnonce 1-2\n\n"
    return (
        head + moves + b"-----BEGIN PGP SIGNATURE-----\n" + b"A" * signed + b"\n-----END PGP SIGNATURE-----\n"
    )


@pytest.mark.parametrize(("refs", "all_hold_it"), [(3, True), (3000, False)])
def test_a_signature_is_held_by_every_ref_only_where_that_is_little(refs, all_hold_it):
    """Of very many refs the first alone holds it: they would hold 180 MB of a file of half a megabyte."""
    records = git_push_cert.parse(certificate(refs, 60_000), 0).records.to_pylist()
    held = [row["signature"] is not None for row in records]
    assert held == [True] + [all_hold_it] * (refs - 1)
    assert {row["status"] for row in records} == {"signed"}
    assert {row["asserted"] for row in records} == {"kai <kai@lab.example>"}
    assert [row["ref"] for row in records] == [f"refs/heads/b{n}" for n in range(refs)]
    total = sum(len(str(row)) for row in records)
    assert total < git_push_cert._MOST_SHARED_BYTES


@pytest.mark.parametrize(("commands", "whole"), [(8, 8), (12, 1), (20_000, 1)])
def test_a_line_of_very_many_commands_is_not_held_by_each(commands, whole):
    """A line of 150 KB took more than six gigabytes: its text was held once for each of its commands."""
    data = b"x=1 " + b";$((" * commands + b"y" * 3000 + b"\n"
    records, row = sealed("shell_startup", data, "login01/home/mei/.bashrc")
    told = shell_startup.read(records, files_of(row), zone="UTC", anchor_ns=None)["event"].to_pylist()
    text = data.decode().rstrip("\n")[:4096]
    assert len(told) > commands
    held = [event["text"] for event in told]
    assert all(text.startswith(each) for each in held)
    assert held.count(text) == (len(told) if whole > 1 else 1)
    assert sum(map(len, held)) < 2 * shell_startup._MOST_TEXT + 64 * len(told)


def test_events_of_one_span_are_numbered_and_one_alone_is_not():
    chance = random.Random(8)  # noqa: S311 - the same rows in every run
    for _ in range(300):
        spans = [
            (chance.choice("ab") * 64, chance.randrange(3), chance.randrange(3))
            for _ in range(chance.randrange(9))
        ]
        types = {"sha256": pa.string(), "start": pa.int64(), "stop": pa.int64()}
        columns = [pa.array([span[n] for span in spans], t) for n, t in enumerate(types.values())]
        lines = pa.RecordBatch.from_arrays(columns, names=list(types))
        seen = [spans[:n].count(span) if spans.count(span) > 1 else None for n, span in enumerate(spans)]
        expected = [ids.event_id(*span, part=part) for span, part in zip(spans, seen, strict=True)]
        assert hostevents.several(lines, hoststates._parts(lines)).to_pylist() == expected
