"""Refs and logs in reftables: read from bytes alone, bounded, and as worth as loose refs and reflogs."""

import zlib

import pytest

from forensics import pipeline
from forensics.core import reftable
from forensics.core.model import Why
from forensics.store import parquet

OLD, NEW = "a" * 40, "b" * 40


def varint(value):
    """As packs write distances."""
    out = [value & 0x7F]
    while value := value >> 7:
        value -= 1
        out.append(0x80 | value & 0x7F)
    return bytes(reversed(out))


def record(name, kind, rest, before=b""):
    same = 0
    while same < min(len(name), len(before)) and name[same] == before[same]:
        same += 1
    return varint(same) + varint(len(name[same:]) << 3 | kind) + name[same:] + rest


def ref(name, update, oid=None):
    return record(name, 1 if oid else 0, varint(update) + (bytes.fromhex(oid) if oid else b""))


def block(kind, body, before):
    """A block whose records are all restarts but are not listed: one restart is enough."""
    ends = (before + 4).to_bytes(3) + (1).to_bytes(2)
    return kind + (before + 4 + len(body) + len(ends)).to_bytes(3) + body + ends


def log(ref_, update, old, new, seconds, message):
    key = ref_ + b"\0" + ((1 << 64) - 1 - update).to_bytes(8)
    data = bytes.fromhex(old) + bytes.fromhex(new) + varint(3) + b"mei" + varint(3) + b"m@x" + varint(seconds)
    return record(key, 1, data + (130).to_bytes(2) + varint(len(message)) + message)


def logs(body):
    held = body + (4).to_bytes(3) + (1).to_bytes(2)
    return b"g" + (4 + len(held)).to_bytes(3) + zlib.compress(held)


def table(*blocks):
    """A file of version 1 whose blocks are not aligned; each is made when it is known what lies before it."""
    head = b"REFT\1" + bytes(3) + (0).to_bytes(8) + (99).to_bytes(8)
    made = head
    for one in blocks:
        made += one(24 if made == head else 0) if callable(one) else one
    foot = head + bytes(40)
    return made + foot + zlib.crc32(foot).to_bytes(4)


def refs(*told):
    return lambda before: block(b"r", b"".join(ref(*one) for one in told), before)


def tiled(data, found):
    spans = [(s, e) for s, e, _ in found.rejected] + found.ignored
    spans += [(one.start, one.stop) for one in (*found.refs, *found.logs)]
    at = 0
    for start, stop in sorted(spans):
        assert (start, stop > start) == (at, True)
        at = stop
    assert at == len(data)


def test_a_name_that_grows_by_a_byte_a_record_is_refused_where_it_is_too_long(monkeypatch):
    """Five bytes can repeat a name of thousands: what names come to in all is bounded, and each by itself."""
    long = b"refs/" + b"x" * (reftable.LONGEST_NAME_BYTES - 4)
    data = table(refs((b"refs/heads/a", 1, OLD), (long, 2, OLD)))
    found = reftable.read(data)
    tiled(data, found)
    assert [one.ref for one in found.refs] == [b"refs/heads/a"]
    assert [why for *_, why in found.rejected] == [Why.TOO_LONG]
    names = [b"refs/heads/%04d" % i for i in range(100)]
    body = b"".join(record(n, 0, varint(1), names[i - 1] if i else b"") for i, n in enumerate(names))
    monkeypatch.setattr(reftable, "MOST_BYTES", 10 * len(names[0]))
    found = reftable.read(data := table(lambda before: block(b"r", body, before)))
    tiled(data, found)
    assert len(found.refs) == 10
    assert [why for *_, why in found.rejected] == [Why.TOO_LONG]


@pytest.mark.parametrize(
    ("blocks", "whys", "moves"),
    [
        ([logs(log(b"HEAD", 1, OLD, NEW, 5, b"x"))], [], 1),
        ([b"g" + (200).to_bytes(3) + zlib.compress(bytes(100_000))], [Why.COMPRESSION], 0),
        ([b"g" + (0xFFFFFF).to_bytes(3) + zlib.compress(bytes(10))], [Why.COMPRESSION], 0),
        ([b"g" + (50).to_bytes(3) + b"no deflated bytes"], [Why.COMPRESSION], 0),
        ([b"g" + (3).to_bytes(3)], [Why.SHAPE], 0),
        ([b"x" + (50).to_bytes(3) + bytes(50)], [Why.SHAPE], 0),
        ([b"r" + (0xFFFFFF).to_bytes(3) + bytes(50)], [Why.TRUNCATED], 0),
        ([lambda before: block(b"r", b"\1\x08", before)], [Why.VALUE], 0),
        ([lambda before: block(b"r", b"\0" + b"\xff" * 11, before)], [Why.VALUE], 0),
        ([lambda before: block(b"r", record(b"refs/x", 5, varint(1)), before)], [Why.VALUE], 0),
        ([logs(log(b"HEAD", 1, OLD, NEW, 5, b"x") + b"\0\xff")], [], 1),
        ([logs(b"\0\xff")], [Why.TRUNCATED], 0),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_raised(blocks, whys, moves):
    data = table(*blocks)
    found = reftable.read(data)
    tiled(data, found)
    assert [why for *_, why in found.rejected] == whys
    assert sum(len(one.moves) for one in found.logs) == moves


def test_a_block_that_ends_in_something_else_says_so():
    (one,) = reftable.read(table(logs(log(b"HEAD", 1, OLD, NEW, 5, b"x") + b"\0\xff"))).logs
    assert not one.whole


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    """A stack of two files: a branch moved, and another was removed, by the second."""
    place = tmp_path_factory.mktemp("reftable")
    folder = place / "evidence" / "git01" / "srv" / "git" / "llm.git" / "reftable"
    folder.mkdir(parents=True)
    first = table(refs((b"refs/heads/gone", 1, OLD), (b"refs/heads/main", 1, OLD)))
    moved = log(b"refs/heads/main", 2, OLD, NEW, 1_795_446_000, b"update=9 commit: not by git") + log(
        b"refs/heads/main", 1, "0" * 40, OLD, 1_795_446_000, b"push"
    )
    second = table(refs((b"refs/heads/gone", 3), (b"refs/heads/main", 2, NEW)), logs(moved))
    (folder / "0x01-0x01-aa.ref").write_bytes(first)
    (folder / "0x02-0x03-bb.ref").write_bytes(second)
    (folder / "0x09-0x09-cc.ref").write_bytes(
        table(refs((b"refs/heads/main", 9, OLD), (b"refs/heads/old", 9, OLD)))
    )
    (folder / "tables.list").write_text("0x01-0x01-aa.ref\n0x02-0x03-bb.ref\n")
    pipeline.create(place / "case")
    pipeline.seal(place / "case", [place / "evidence"])
    pipeline.ingest(place / "case")
    pipeline.analyse(place / "case")
    return place / "case"


def test_the_last_update_of_a_ref_counts_and_one_that_was_removed_leads_nowhere(case):
    (odd,) = [
        o for o in parquet.read(case / "tables", "oddity").to_pylist() if o["fact"] == "ref_without_object"
    ]
    assert (odd["oid"], odd["repository"]) == (NEW, "llm.git")
    assert odd["about"] == f"refs/heads/main names {NEW}"


def test_a_table_that_is_not_listed_is_stale(case):
    """A file of refs that git reads no more is told, and what it says is not what refs name, however high it counts."""
    found = [o for o in parquet.read(case / "tables", "oddity").to_pylist() if o["fact"] == "stale_table"]
    assert [(o["about"], o["repository"], len(o["events"])) for o in found] == [
        ("0x09-0x09-cc.ref", "llm.git", 1)
    ]


def test_the_same_is_found_where_there_are_too_many_to_hold(case, monkeypatch):
    before = parquet.read(case / "tables", "oddity").to_pylist()
    monkeypatch.setattr("forensics.pipeline.tips.MOST_REFS", 0)
    pipeline.analyse(case)
    assert parquet.read(case / "tables", "oddity").to_pylist() == before


def test_moves_are_those_of_a_reflog(case):
    told = parquet.read(case / "tables", "event").to_pylist()
    moves = [e for e in told if e["verb"] == "ref_update"]
    assert [(e["object"], e["object_from"], e["committer"]) for e in moves] == [
        ("refs/heads/main", OLD, "mei <m@x>"),
        ("refs/heads/main", "0" * 40, "mei <m@x>"),
    ]
    assert len({e["event_id"] for e in moves}) == 2
    assert moves[0]["text"] == f"new={NEW} old={OLD} update=2 update=9 commit: not by git"
    assert {(m["ref"], m["told_by"]) for m in parquet.read(case / "tables", "ref_move").to_pylist()} == {
        ("refs/heads/main", "nothing")
    }
    assert [e["object"] for e in told if str(e["text"]).startswith("tables.list:")] == [
        "0x01-0x01-aa.ref", "0x02-0x03-bb.ref",
    ]  # fmt: skip
