"""Compressed evidence is read through, whole where it is whole, and up to its damage where it is not."""

import gzip
import hashlib
import io
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packings import PACK, SUFFIX

from forensics import pipeline
from forensics.core.errors import CustodyError
from forensics.custody import chunks, unpack
from forensics.pipeline import files as account
from forensics.store import parquet

ROOT = Path(__file__).parents[1]
LOG = (
    ROOT / "sample_logs/incidents/script_edit/evidence/git/gitolite/logs/gitolite-2026-11.log"
).read_bytes()
LINES = b"".join(b"%d of the lines that a log holds, %d\n" % (n, n * n % 99_991) for n in range(40_000))
HOWS = ("line", "whole", "16")

packings = pytest.mark.parametrize("packed", sorted(PACK))


def unpacked(raw, packed, step=1 << 20):
    """The content, and the sealed bytes that are left; every sealed byte is hashed on the way."""
    read = unpack.Unpacked(io.BytesIO(raw), packed, len(raw))
    content = b"".join(iter(lambda: read.read(step), b""))
    left = b"".join(read.left())
    assert read.digest.hexdigest() == hashlib.sha256(raw).hexdigest()
    assert raw.endswith(left)
    return content, left


@packings
def test_a_whole_stream_is_read_whole(packed):
    raw = PACK[packed](LINES)
    assert unpack.packing(raw) == packed
    assert unpacked(raw, packed) == unpacked(raw, packed, 7_919) == (LINES, b"")


@packings
def test_several_members_are_one_content(packed):
    """As logrotate's `cat >>`, pigz, pbzip2, pixz and pzstd make them; an empty one adds nothing."""
    members = [LINES, b"", LOG, b"x", b""]
    assert unpacked(b"".join(map(PACK[packed], members)), packed) == (b"".join(members), b"")


@packings
def test_an_empty_member_has_no_content(packed):
    raw = PACK[packed](b"")
    assert unpack.packing(raw) == packed
    assert unpacked(raw, packed) == (b"", b"")


@packings
@pytest.mark.parametrize("garbage", [b"\0" * 1024, b"garbage\n" * 2000, b"\x1f\x8b\x07", b"B"])
def test_what_trails_is_left(packed, garbage):
    assert unpacked(PACK[packed](LOG) + garbage, packed) == (LOG, garbage)


@packings
@pytest.mark.parametrize("cut", [1, 30, 3000])
def test_a_truncated_stream_is_read_up_to_its_end(packed, cut):
    """Never silently: some sealed bytes are left, however little is missing."""
    raw = PACK[packed](LINES)[:-cut]
    content, left = unpacked(raw, packed)
    assert LINES.startswith(content)
    assert left
    if packed == "gzip":
        assert zlib.decompressobj(31).decompress(raw) == content


@packings
def test_damage_in_the_middle_ends_it(packed):
    """What came before is there: for gzip all of it, for the others to the last block their decoder gave."""
    whole = PACK[packed](LINES)
    members = PACK[packed](LOG) + whole
    at = len(members) - len(whole) + 40
    damaged = members[:at] + bytes(b ^ 0x5A for b in members[at : at + 64]) + members[at + 64 :]
    content, left = unpacked(damaged, packed)
    assert content.startswith(LOG)
    assert content != LOG + LINES
    assert left


def test_gzip_gives_all_up_to_the_damaged_byte():
    """A decoder that is fed more at a time gives less: what a failing call had given is lost to it."""
    deflate = zlib.compressobj(0, zlib.DEFLATED, 31)  # stored, so that each block's header can be found
    raw = deflate.compress(LINES) + deflate.flush()
    second = 10 + 5 + int.from_bytes(raw[11:13], "little")
    content, _ = unpacked(raw[:second] + b"\x06" + raw[second + 1 :], "gzip")
    assert content == LINES[: len(content)]
    assert len(content) == second - 15


@packings
@given(st.data())
def test_damage_anywhere_raises_nothing(packed, data):
    raw = bytearray(PACK[packed](LOG) * 2)
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(10, len(raw) - 1))] = data.draw(st.integers(0, 255))
    content, left = unpacked(bytes(raw[: data.draw(st.integers(10, len(raw)))]), packed)
    assert isinstance(content, bytes)
    assert isinstance(left, bytes)


@packings
def test_a_bomb_is_bounded(packed, monkeypatch):
    """The bound is exact, and what is held stays small, though one block of sealed bytes unfolds to all of it."""
    monkeypatch.setattr(unpack, "FREE_BYTES", 3_000_001)
    monkeypatch.setattr(unpack, "LARGEST_RATIO", 100)
    raw = PACK[packed](bytes(48 << 20))
    read = unpack.Unpacked(io.BytesIO(raw), packed, len(raw))
    length = 0
    tracemalloc.start()
    while piece := read.read(1 << 20):
        length += len(piece)
    held = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert length == max(3_000_001, 100 * len(raw)) < 48 << 20
    assert held < 12 << 20
    assert b"".join(read.left())
    assert read.digest.hexdigest() == hashlib.sha256(raw).hexdigest()


def test_a_content_past_the_absolute_bound_is_left(monkeypatch):
    monkeypatch.setattr(unpack, "LARGEST_BYTES", 1000)
    content, left = unpacked(PACK["gzip"](LINES), "gzip")
    assert content == LINES[:1000]
    assert left


def test_frames_to_be_skipped_are_skipped():
    skipped = b"\x5a\x2a\x4d\x18" + (5000).to_bytes(4, "little") + b"s" * 5000
    raw = skipped + PACK["zstd"](LOG) + skipped + PACK["zstd"](LINES)
    assert unpack.packing(raw) == "zstd"
    assert unpacked(raw, "zstd") == (LOG + LINES, b"")
    content, left = unpacked(raw[: len(skipped) - 1], "zstd")
    assert (content, bool(left)) == (b"", True)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        LOG,
        b"\x1f\x8b",
        zlib.compress(LOG),
        b"\x80\x04\x95",
        b"PACK\0\0\0\x02",
        b"BZh9 is how a line of text may begin",
        b"\xfd7zXZ",
    ],
)
def test_what_is_not_packed_is_not_taken_for_it(raw):
    assert unpack.packing(raw) is None


def test_a_torch_file_is_a_zip_and_not_packed():
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as written:
        written.writestr("archive/data.pkl", b"\x80\x02.")
    assert unpack.packing(held.getvalue()) is None


@packings
@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("block", [16, 4000, 1 << 22])
def test_chunks_are_those_of_the_content(packed, how, block, tmp_path):
    """The same cuts as of the plain file; the bytes handed on, and read again, are those that were cut."""
    raw, content = PACK[packed](LOG * 20) + b"tail", LOG * 20
    paths = tmp_path / "packed", tmp_path / "plain"
    for path, held in zip(paths, (raw, content), strict=True):
        path.write_bytes(held)
    found = list(chunks.cut(paths[0], hashlib.sha256(raw).hexdigest(), how, block, packed))
    plain = list(chunks.cut(paths[1], hashlib.sha256(content).hexdigest(), how, block))
    assert [c[:4] for c in found[:-1]] == [c[:4] for c in plain]
    assert found[-1][:2] == (len(content), len(content) + 4)
    assert (found[-1].readable, found[-1].why.value) == (False, "compression")
    assert b"".join(chunks.raw(paths[0], c, packed) for c in found[:-1]) == content
    again = [c._replace(content=None) for c in found[:-1]][-3:]
    assert [chunks.raw(paths[0], c, packed) for c in again] == [chunks.raw(paths[1], c) for c in plain[-3:]]


def test_a_packed_file_that_changed_is_noticed(tmp_path):
    raw = PACK["gzip"](LOG)
    path = tmp_path / "log.gz"
    path.write_bytes(raw[:4] + b"\1\1\1\1" + raw[8:])  # the time in its header: the content is the same
    with pytest.raises(CustodyError, match="no longer what was sealed"):
        list(chunks.cut(path, hashlib.sha256(raw).hexdigest(), "line", packed="gzip"))


def ingested(tmp_path, files, **how):
    """A case of these files, read."""
    folder, case = tmp_path / "evidence", tmp_path / "case"
    for path, raw in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(raw)
    pipeline.create(case)
    pipeline.seal(case, [folder])
    return case, pipeline.ingest(case, **how)


def rows(case, name):
    return parquet.read(case / "tables", name).to_pylist()


def told(case):
    """The events without what names the file they stand in."""
    place = {"event_id", "sha256", "citations"}
    return sorted(({k: v for k, v in row.items() if k not in place} for row in rows(case, "event")), key=repr)


@packings
def test_a_packed_log_reads_as_the_plain_one(packed, tmp_path):
    plain, _ = ingested(tmp_path / "plain", {"gl.log": LOG})
    log = {f"gl.log.1{SUFFIX[packed]}": PACK[packed](LOG)}
    case, tally = ingested(tmp_path / "packed", log, block_bytes=300)
    assert told(case) == told(plain)
    (file,) = rows(case, "file")
    assert (file["format"], file["packing"]) == ("gitolite", packed)
    assert (file["bytes"], file["unpacked_bytes"]) == (len(PACK[packed](LOG)), len(LOG))
    assert file["parsed"] + file["rejected"] + file["ignored"] == file["unpacked_bytes"] == tally.bytes
    assert tally == account.total(parquet.read(case / "tables", "file"))
    for event in rows(case, "event"):
        for span in pipeline.cite(case, event["event_id"]):
            assert (span["packing"], span["ok"]) == (packed, True)
            assert span["raw"] == LOG[span["start"] : span["stop"]]


def test_the_name_decides_nothing(tmp_path):
    case, _ = ingested(tmp_path, {"gl.log": PACK["xz"](LOG), "plain.gz": LOG})
    found = {f["path"]: (f["format"], f["packing"], f["unpacked_bytes"]) for f in rows(case, "file")}
    assert found == {"gl.log": ("gitolite", "xz", len(LOG)), "plain.gz": ("gitolite", None, None)}


@packings
def test_a_damaged_log_is_read_up_to_the_damage(packed, tmp_path):
    """The rest is one reject, for its own reason; the sums are those of the content."""
    raw = PACK[packed](LOG) + b"no member\n"
    case, tally = ingested(tmp_path, {"gl.log": raw})
    last = [r for r in rows(case, "reject") if r["why"] == "compression"]
    assert [(r["start"], r["stop"], r["format"]) for r in last] == [(len(LOG), len(LOG) + 10, "gitolite")]
    assert (tally.bytes, tally.rejected) == (len(LOG) + 10, 10)


def test_a_log_packed_twice_is_not_read(tmp_path):
    """One level: what is inside the inner stream is not looked for, and the file says how it is packed."""
    raw = PACK["gzip"](PACK["gzip"](LOG))
    case, tally = ingested(tmp_path, {"gl.log.gz.gz": raw})
    (file,) = rows(case, "file")
    assert (file["format"], file["packing"], file["unpacked_bytes"]) == (None, "gzip", None)
    assert (file["ignored"], tally.bytes) == (len(raw), len(raw))


def test_what_nothing_recognises_is_ignored_as_it_was_sealed(tmp_path):
    raw = PACK["gzip"](b"a manual page\n")
    case, tally = ingested(tmp_path, {"page.1.gz": raw, "empty.gz": PACK["gzip"](b""), "cut.gz": raw[:9]})
    assert {f["path"]: f["unpacked_bytes"] for f in rows(case, "file")} == dict.fromkeys(
        ["page.1.gz", "empty.gz", "cut.gz"]
    )
    assert tally.ignored == tally.bytes == len(raw) + len(PACK["gzip"](b"")) + 9


def test_status_counts_what_was_read(tmp_path):
    case, tally = ingested(tmp_path, {"gl.log.gz": PACK["gzip"](LOG)})
    shown = pipeline.status(case)
    assert shown["bytes"] == tally.bytes == len(LOG) == shown["files"][0]["unpacked_bytes"]
    assert shown["parsed"] + shown["rejected"] + shown["ignored"] == shown["bytes"]


def test_nothing_decompressed_is_written_down(tmp_path):
    """The log's own words are nowhere in the case but in records and events, which are Parquet."""
    case, _ = ingested(tmp_path, {"gl.log.gz": gzip.compress(LOG)})
    line = LOG.splitlines()[0]
    held = [p for p in case.rglob("*") if p.is_file() and p.suffix != ".parquet" and line in p.read_bytes()]
    assert held == []


def test_processes_and_cuts_change_nothing(tmp_path):
    logs = {f"gl.log.{n}{SUFFIX[p]}": PACK[p](LOG * (n + 1)) for n, p in enumerate(sorted(PACK))}
    logs["torn.gz"] = PACK["gzip"](LOG)[:-30]
    found = []
    for n, how in enumerate([{}, {"workers": 2, "block_bytes": 200}]):
        case, _ = ingested(tmp_path / str(n), logs, **how)
        tables = case / "tables"
        found.append({p.relative_to(tables): p.read_bytes() for p in tables.rglob("*") if p.is_file()})
    assert found[0] == found[1]


def test_progress_counts_sealed_bytes_once(tmp_path):
    heard = []
    raw = PACK["gzip"](LOG * 50)
    ingested(
        tmp_path, {"gl.log.gz": raw, "noise": b"noise"}, block_bytes=500, progress=lambda *t: heard.append(t)
    )
    assert [done for _, done, _ in heard] == sorted(done for _, done, _ in heard)
    assert heard[-1][1:] == (len(raw) + 5, len(raw) + 5)


TEXT = LOG.decode().replace("\n", "\r\n")
MARKED = {
    "utf-16 of Windows": ("utf-16", TEXT.encode("utf-16-le").join([b"\xff\xfe", b""]), TEXT.encode()),
    "utf-16 the other way": ("utf-16", b"\xfe\xff" + TEXT.encode("utf-16-be"), TEXT.encode()),
    "utf-8 with a mark": ("utf-8-bom", b"\xef\xbb\xbf" + LOG, LOG),
}
marked = pytest.mark.parametrize(("packed", "raw", "content"), MARKED.values(), ids=MARKED)


@marked
def test_text_with_a_mark_reads_as_the_text(packed, raw, content, tmp_path):
    """Nothing is read otherwise than of the same text in plain UTF-8, and every place leads to its bytes there."""
    plain, _ = ingested(tmp_path / "plain", {"gl.log": content})
    case, tally = ingested(tmp_path / "marked", {"gl.log": raw}, block_bytes=300)
    assert told(case) == told(plain)
    (file,) = rows(case, "file")
    assert (file["format"], file["packing"], file["bytes"]) == ("gitolite", packed, len(raw))
    assert file["unpacked_bytes"] == len(content) == tally.bytes == tally.parsed
    for event in rows(case, "event"):
        for span in pipeline.cite(case, event["event_id"]):
            assert (span["packing"], span["ok"]) == (packed, True)
            assert span["raw"] == content[span["start"] : span["stop"]]


def test_no_letter_is_lost_between_two_blocks():
    """One of four bytes in either encoding stands at every place of a block in turn."""
    for ahead in range(8):
        text = "x" * (2040 + ahead) + "\U0001f511" * 8 + "\n"
        raw = b"\xff\xfe" + text.encode("utf-16-le")
        assert unpacked(raw, "utf-16", 7) == (text.encode(), b"")


@pytest.mark.parametrize(
    "damage", [b"\x00", b"\x00\xdcx\x00" * 5000, b"\x3d\xd8"], ids=["half a letter", "no text", "half a pair"]
)
def test_what_is_no_utf_16_is_left(damage):
    """Every byte is content or left, and what is left ends the file."""
    raw = MARKED["utf-16 of Windows"][1]
    content, left = unpacked(raw + damage, "utf-16")
    assert TEXT.encode().startswith(content)
    assert left.endswith(damage)
    assert raw.endswith(left[: -len(damage)])
    assert b"\xff\xfe" + content.decode().encode("utf-16-le") + left == raw + damage


@pytest.mark.parametrize(
    "raw",
    [
        b"\xff\xfe\x00\x00" * 40,
        b"\xff\xfe" + bytes(range(1, 255)),
        b"\xef\xbb\xbf" + bytes(60),
        b"\xff\xfe\x00\xdc" * 9,
    ],
)
def test_numbers_that_begin_as_a_mark_are_no_text(raw):
    assert unpack.packing(raw) is None
