"""A pack read in stretches says what it says when it is read whole, or that it has to be read whole."""

import hashlib
import json
import shutil
import zlib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from drawn import examples
from hypothesis import example, given, settings
from hypothesis import strategies as st
from repositories import Repository, entry, packed
from test_git_history import histories, name_of

from forensics import pipeline
from forensics.core import packlayout, packpieces, packstretch
from forensics.core.errors import CustodyError
from forensics.custody import blocks, fetched
from forensics.formats import git_pack
from forensics.store import parquet

DELTAS = Path(__file__).parents[1] / "sample_logs" / "formats" / "git_pack" / "deltas.pack"


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    """A pack of files and trees that build on one another over most of its length."""
    made = Repository(tmp_path_factory.mktemp("repository") / "llm")
    long = "".join(f"layer {i}: {i * 7919 % 104729}\n" for i in range(150))
    for step in range(60):
        made.commit(
            f"Step {step}",
            model=long.replace(f"layer {step}:", f"w{step * 31}"),
            **{f"src/a{step % 7}": f"{step}\n"},
        )
    made.commit("Binary \N{SNOWMAN}", note="\N{SNOWMAN}\n", zero="a\0b")
    made.git("tag", "-a", "v1", "-m", "First", name="kai")
    return made.packed().read_bytes()


def by_stretches(data, size):
    """What stretches of about a size say together; None where the pack is not plain."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(packlayout, "STRETCH_BYTES", size)

        def fetch(start, stop):
            return data[start:stop]

        layout = packlayout.laid_out(fetch, len(data))
        if layout is None:
            return None
        stretches = [git_pack.stretch(fetch, layout, n) for n in range(layout.stretches)]
        rows = [list(own) for own in stretches]
        if not all(own.plain for own in stretches):
            return None
        links = [own.links() for own in stretches]
        told = git_pack.joined(fetch, len(data), layout, links)
        if told is None:
            return None
        every = [done for own, said in zip(rows, told, strict=True) for done in git_pack.completed(own, said)]
        return links, pa.concat_tables([git_pack.TABLE.empty(), *every]).combine_chunks()


def whole(data):
    return git_pack.parse(data, 0).records.combine_chunks()


@pytest.mark.parametrize("size", [400, 1500, 1 << 20])
def test_stretches_say_what_the_whole_says(pack, size, monkeypatch):
    monkeypatch.setattr(packlayout, "_SURE", 2)
    monkeypatch.setattr(packpieces, "BATCH_ROWS", 7)
    links, records = by_stretches(pack, size)
    assert records == whole(pack)
    filled = [one for one in links if len(one.objects)]
    # Otherwise nothing is said of stretches, nor of what builds on those before.
    assert (len(filled) > 4) == (size < 2000)
    assert any(len(one.outside) for one in filled) == (size < 2000)


@given(histories(), st.integers(20, 400))
@settings(max_examples=examples(40), deadline=None)
def test_histories_that_git_does_not_make_are_told_the_same(drawn, size):
    """Trees that are missing, torn, or list one name twice are told as they are from the whole."""
    trees, chosen = drawn
    commits, before = [], None
    for name in chosen:
        head = b"tree %s\n" % name.hex().encode() + (b"parent %s\n" % before.encode() if before else b"")
        commits.append(head + b"author k <k@x> 1 +0000\ncommitter k <k@x> 1 +0000\n\nm\n")
        before = name_of("commit", commits[-1])
    objects = [(2, content) for content in trees.values()] + [(1, content) for content in commits]
    data = packed(len(objects), *(entry(kind, content) for kind, content in objects))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(packlayout, "_SURE", 1)
        links, records = by_stretches(data, size)
    assert records == whole(data)
    assert sum(len(one.objects) for one in links) == len(objects)


@given(st.data())
@settings(max_examples=examples(60), deadline=None)
def test_a_damaged_pack_is_read_whole_or_says_the_same(data):
    raw = DELTAS.read_bytes()
    i, j = sorted((data.draw(st.integers(0, len(raw))), data.draw(st.integers(0, len(raw)))))
    raw = raw[:i] + data.draw(st.binary(max_size=20)) + raw[j:]
    found = by_stretches(raw, data.draw(st.sampled_from([50, 300, 1 << 20])))
    assert found is None or found[1] == whole(raw)


def sum_anew(data):
    return data[:-20] + hashlib.sha1(data[:-20], usedforsecurity=False).digest()


def delta(back, base, *more):
    """An object that is all of another, so many bytes before it."""
    body = bytes([len(base), len(base), 0x90, len(base), *more])
    head, digits = bytes([(6 << 4) | len(body)]), [back & 0x7F]
    while back := back >> 7:
        back -= 1
        digits.insert(0, 0x80 | back & 0x7F)
    return head + bytes(digits) + zlib.compress(body)


BLOB = b"what is built on"


def test_a_delta_on_an_object_of_another_stretch_is_made(monkeypatch):
    monkeypatch.setattr(packlayout, "_SURE", 1)
    blobs = [entry(3, BLOB), *(entry(3, b"blob %d" % n) for n in range(9))]
    data = packed(11, *blobs, delta(sum(map(len, blobs)), BLOB))
    links, records = by_stretches(data, 60)
    assert [place for one in links for place in one.outside["start"].to_pylist()] == [12]
    assert records == whole(data)
    assert records["oid"][10] == records["oid"][0]


def test_a_delta_on_what_only_looks_like_an_object_is_left_to_the_whole(monkeypatch):
    """A file can hold the bytes of an object, stored as they are, and a delta of another stretch can name the place."""
    monkeypatch.setattr(packlayout, "_SURE", 1)
    inner = entry(3, BLOB)
    outer = bytes([0x80 | (3 << 4) | (len(inner) & 15), len(inner) >> 4]) + zlib.compress(inner, 0)
    blobs = [outer, *(entry(3, b"blob %d" % n) for n in range(9))]
    back = sum(map(len, blobs)) - outer.index(inner)
    data = packed(11, *blobs, delta(back, BLOB))
    assert by_stretches(data, 60) is None
    assert git_pack.parse(data, 0).rejected["why"].to_pylist() == ["value"]


@pytest.mark.parametrize(
    "what", ["checksum", "count", "less", "name", "size", "guess", "kind", "bound", "again", "torn"]
)
def test_what_is_not_plain_is_left_to_the_whole(what, pack, monkeypatch):
    data, size = pack, 1500
    if what == "checksum":
        data = pack[:-1] + bytes([pack[-1] ^ 1])
    elif what in {"count", "less"}:
        count = int.from_bytes(pack[8:12]) + (1 if what == "count" else -1)
        data = sum_anew(pack[:8] + count.to_bytes(4) + pack[12:])
    elif what == "name":
        data = packed(2, entry(3, BLOB), entry(7, bytes([16, 16, 0x90, 16]), base=bytes(20)))
    elif what == "size":
        data = packed(2, entry(3, BLOB, size=len(BLOB) - 1), entry(3, b"x"))
    elif what == "kind":
        data = packed(2, entry(3, BLOB), entry(5, b"x"))
    elif what == "guess":
        monkeypatch.setattr(packlayout, "_begins", lambda _, place, end: min(place, end))
    elif what == "bound":
        monkeypatch.setattr(packstretch, "FREE_BYTES", 100)
        monkeypatch.setattr(packstretch, "FOLD", 0)
    elif what == "again":
        monkeypatch.setattr(packlayout, "_SURE", 2)
        monkeypatch.setattr(packstretch.Chains, "_again", lambda *_: None)
    else:
        data = pack[:-40]
    assert by_stretches(data, size) is None


def test_no_more_is_made_again_than_the_bounds_allow():
    data = packed(2, entry(3, BLOB), delta(len(entry(3, BLOB)), BLOB))
    last = 12 + len(entry(3, BLOB))

    def content(budget):
        return packstretch.Chains(lambda start, stop: data[start:stop], budget).content(last)

    needed = 2 * len(BLOB) + len(BLOB) + 4
    assert content(needed) == BLOB
    assert content(needed - len(BLOB)) is None


def test_a_chain_of_deltas_has_an_end(monkeypatch):
    monkeypatch.setattr(packstretch, "DEEPEST_CHAIN", 5)
    for links, plain in ((5, True), (6, False)):
        deltas = [delta(len(entry(3, BLOB)), BLOB)]
        while len(deltas) < links:
            deltas.append(delta(len(deltas[-1]), BLOB))
        data = packed(1 + links, entry(3, BLOB), *deltas)
        assert (by_stretches(data, 1 << 20) is not None) == plain


@example([b"\xe2\x98", b"\x83"])  # a character, of which each has a part
@example([b"", b"\xe2\x98\x83", b"\xe2\x98\x83", b""])
@given(st.lists(st.binary(max_size=12) | st.text(max_size=6).map(str.encode), min_size=1, max_size=8))
@settings(deadline=None)
def test_texts_looked_at_together_are_those_of_each(contents):
    binary, text = packpieces.texts(contents)
    told = [git_pack.parse(packed(1, entry(3, one)), 0).records.to_pylist()[0] for one in contents]
    assert [(b, t) for b, t in zip(binary.to_pylist(), text.to_pylist(), strict=True)] == [
        (one["binary"], one["text"]) for one in told
    ]


def evidence(place, data):
    folder = place / "git01" / "objects" / "pack"
    folder.mkdir(parents=True)
    (folder / "p.pack").write_bytes(data)
    return place


def ingested(case, data, workers=1):
    pipeline.create(case)
    pipeline.seal(case, [evidence(case.with_name(f"{case.name}-evidence"), data)])
    return pipeline.ingest(case, workers=workers)


def tables(case, names=("event", "copy", "git_pack", "reject", "file")):
    return {name: parquet.read(case / "tables", name).to_pylist() for name in names}


def written(case):
    return {
        path.relative_to(case): path.read_bytes() for path in sorted((case / "tables").glob("*/*.parquet"))
    }


@pytest.fixture
def small(monkeypatch):
    for module in (packlayout, git_pack):
        monkeypatch.setattr(module, "STRETCH_BYTES", 1500)
    monkeypatch.setattr(packlayout, "_SURE", 2)


@pytest.mark.parametrize("how", ["plain", "damaged"])
def test_a_case_says_the_same_whichever_way_its_pack_is_read(how, pack, tmp_path, request):
    data = pack if how == "plain" else pack[:2000] + b"damage" + pack[2006:]
    tally = ingested(tmp_path / "whole", data)
    request.getfixturevalue("small")
    assert ingested(tmp_path / "stretches", data) == tally
    ingested(tmp_path / "two", data, workers=2)
    assert tables(tmp_path / "stretches") == tables(tmp_path / "whole")
    assert written(tmp_path / "stretches") == written(tmp_path / "two")
    paths = sorted((tmp_path / "stretches" / "tables" / "git_pack").glob("*.parquet"))
    rows = [pq.read_metadata(path).num_rows for path in paths]
    assert len(rows) > 4
    assert all(rows[1:4]) == (how == "plain")
    assert not (tmp_path / "stretches" / "work" / "stretches").exists() or not any(
        (tmp_path / "stretches" / "work" / "stretches").iterdir()
    )


@pytest.mark.usefixtures("small")
def test_a_run_that_was_broken_off_goes_on(pack, tmp_path):
    case = tmp_path / "case"
    ingested(case, pack)
    before = written(case)
    (case / "tables" / "ingest.json").unlink()
    marker = min((case / "work" / "parts").glob("*-000002.json"))
    marker.unlink()
    kept = min((case / "tables" / "git_pack").glob("*-000001.parquet")).stat().st_mtime_ns
    pipeline.ingest(case, workers=1)
    assert written(case) == before
    assert min((case / "tables" / "git_pack").glob("*-000001.parquet")).stat().st_mtime_ns == kept


@pytest.mark.usefixtures("small")
def test_many_paths_are_told_in_smaller_slices(pack, tmp_path):
    """The pack of many repositories is one file, of which each path is told: not all of it while it is read."""
    case = tmp_path / "case"
    pipeline.create(case)
    place = evidence(tmp_path / "e", pack)
    for n in range(20):
        shutil.copytree(place / "git01", place / f"fork{n:02d}")
    pipeline.seal(case, [place])
    pipeline.ingest(case, workers=1)
    assert len(tables(case, ["event"])["event"]) == 21 * len(tables(case, ["git_pack"])["git_pack"])


def digests(raw, size):
    made = [hashlib.sha256(raw[at : at + size]).digest() for at in range(0, len(raw), size)]
    return blocks.Blocks(hashlib.sha256(raw).hexdigest(), len(raw), size, b"".join(made))


@given(
    st.binary(min_size=1, max_size=200),
    st.integers(1, 60),
    st.lists(st.tuples(st.integers(0, 220), st.integers(0, 90))),
)
@settings(max_examples=examples(60), deadline=None)
def test_bytes_are_fetched_from_any_place(tmp_path_factory, raw, size, asked):
    path = tmp_path_factory.mktemp("sealed") / "file"
    path.write_bytes(raw)
    for sealed in (digests(raw, size), None):
        with fetched.Fetched(path, hashlib.sha256(raw).hexdigest(), sealed) as held:
            assert [held.between(at, at + many) for at, many in asked] == [
                raw[at : at + many] for at, many in asked
            ]


def test_a_block_that_is_another_is_never_given(tmp_path):
    raw = bytes(range(100))
    path = tmp_path / "file"
    sealed = digests(raw, 10)
    path.write_bytes(raw[:55] + b"x" + raw[56:])
    with fetched.Fetched(path, sealed.sha256, sealed) as held:
        assert held.between(0, 50) == raw[:50]
        with pytest.raises(CustodyError, match="between bytes 50 and 60"):
            held.between(48, 52)
    path.write_bytes(raw + b"x")
    for own in (sealed, None):
        with pytest.raises(CustodyError, match=sealed.sha256), fetched.Fetched(path, sealed.sha256, own):
            pytest.fail("it was opened")


@pytest.mark.usefixtures("small")
def test_a_sealed_pack_that_changed_is_not_read(pack, tmp_path):
    case = tmp_path / "case"
    pipeline.create(case)
    pipeline.seal(case, [evidence(tmp_path / "e", pack)])
    name = json.loads((case / "ledger.jsonl").read_text().splitlines()[1])["what"]["sha256"]
    path = case / "sealed" / name[:2] / name
    path.chmod(0o600)
    path.write_bytes(pack[:3000] + bytes([pack[3000] ^ 1]) + pack[3001:])
    with pytest.raises(CustodyError):
        pipeline.ingest(case, workers=1)
