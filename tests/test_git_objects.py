"""Objects and packs are read as git reads them, from bytes alone; what a hostile one does is bounded."""

import hashlib
import itertools
import re
import tracemalloc
import zlib
from pathlib import Path

import dulwich.errors
import dulwich.pack
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from repositories import Repository, entry, packed

from forensics import pipeline
from forensics.core import gitevents, gitobject, packcontent, packfile, packrows
from forensics.core.model import Why
from forensics.core.tables import FILE
from forensics.formats import git_object, git_pack
from forensics.pipeline import pieces
from forensics.readings import git_object as loose_reading
from forensics.readings import git_pack as pack_reading
from forensics.store import parquet

SAMPLES = Path(__file__).parents[1] / "sample_logs" / "formats"
BOUND = gitobject.LARGEST_BYTES


@pytest.fixture
def repository(tmp_path):
    made = Repository(tmp_path / "llm")
    long = "".join(f"layer {i}: {i * 7919 % 104729}\n" for i in range(2000))
    made.commit("Pretraining loop", train="SEED = 1234\n", model=long)
    for step in range(12):
        made.commit(
            f"Step {step}\n\nauthor root <r@x> 1 +0000", name="lin", model=long.replace("layer 9", f"w{step}")
        )
    made.git("checkout", "-qb", "side", "HEAD~3")
    made.commit("Side \N{SNOWMAN}", name="J\N{LATIN SMALL LETTER O WITH DIAERESIS}rg", note="x")
    made.git("checkout", "-q", "main")
    made.git("merge", "-q", "--no-ff", "-m", "Merge side", "side", name="kai")
    made.git("tag", "-a", "v1", "-m", "First", name="kai")
    return made


def rows(paths, form):
    read = [form.parse(path.read_bytes(), 0) for path in paths]
    assert not any(parsed.rejected.num_rows for parsed in read)
    return [row for parsed in read for row in parsed.records.to_pylist()]


def both_ways(repository):
    """The same objects loose and packed, as git lists them each time."""
    yield rows(repository.loose(), git_object), repository.listed()
    repository.git("repack", "-adfq", "--depth=50", "--window=50")
    repository.git("prune-packed")
    assert not repository.loose()
    yield rows(repository.packs(), git_pack), repository.listed()


def test_every_object_has_the_name_kind_and_size_that_git_gives(repository):
    for read, listed in both_ways(repository):
        assert sorted((r["oid"], r["kind"], str(r["size"])) for r in read) == listed


def test_commits_say_what_git_log_says(repository):
    log = "%H%x00%T%x00%P%x00%an <%ae>%x00%at%x00%cn <%ce>%x00%ct%x00%B%x01"
    out = repository.git("log", "--all", f"--format={log}").decode()
    told = {tuple(c.lstrip("\n").split("\0")) for c in out.split("\x01") if c.strip()}
    for read, _ in both_ways(repository):
        commits = [r for r in read if r["kind"] == "commit"]
        names = ("author", "author_s", "committer", "committer_s")
        said = {
            (r["oid"], r["tree"], " ".join(r["parents"]), *(str(r[n]) for n in names), r["message"])
            for r in commits
        }
        assert said == told
        assert {r["author_zone"] for r in commits} == {"+0130"}
        assert not any(r["signed"] for r in commits)


def test_trees_list_what_git_lists(repository):
    for read, _ in both_ways(repository):
        for tree in (r for r in read if r["kind"] == "tree"):
            out = repository.git("ls-tree", tree["oid"]).decode().splitlines()
            listed = [re.fullmatch(r"(\d+) \w+ (\w+)\t(.*)", line).groups() for line in out]
            assert [(e["mode"], e["oid"], e["name"]) for e in tree["entries"]] == listed


def test_blobs_and_tags_hold_what_git_holds(repository):
    for read, _ in both_ways(repository):
        for blob in (r for r in read if r["kind"] == "blob"):
            content = repository.git("cat-file", "blob", blob["oid"])
            assert blob["text"].encode() == content
            assert blob["content_sha256"] == hashlib.sha256(content).hexdigest()
        (tag,) = (r for r in read if r["kind"] == "tag")
        assert tag["tag_object"] == repository.git("rev-parse", "main").decode().strip()
        assert (tag["tag_name"], tag["tagger"], tag["message"]) == ("v1", "kai <kai@lab.example>", "First\n")


def test_a_pack_of_deltas_is_full_of_deltas(repository):
    """Otherwise the tests above would say nothing about deltas."""
    repository.git("repack", "-adfq", "--depth=50", "--window=50")
    (index,) = (repository.root / ".git" / "objects" / "pack").glob("*.idx")
    depths = [line.split() for line in repository.git("verify-pack", "-v", str(index)).decode().splitlines()]
    assert sum(len(words) == 7 for words in depths) >= 10


def test_bases_given_by_name_are_found(repository):
    repository.git("-c", "repack.useDeltaBaseOffset=false", "repack", "-adfq", "--depth=50", "--window=50")
    (pack,) = repository.packs()
    data = pack.read_bytes()
    frames, _, _ = packfile.framed(data, 12, int.from_bytes(data[8:12]), 20, 1 << 30)
    assert len(frames.named) >= 10
    read = rows([pack], git_pack)
    assert sorted((r["oid"], r["kind"], str(r["size"])) for r in read) == repository.listed()


def test_reading_runs_nothing_that_the_repository_plants(repository, tmp_path):
    """A file system monitor, a pager and a filter that would each leave a mark."""
    mark = tmp_path / "planted"
    with (repository.root / ".git" / "config").open("a") as config:
        config.write(
            f'[core]\n\tfsmonitor = touch {mark}\n\tpager = touch {mark}\n[filter "x"]\n\tclean = touch {mark}\n'
        )
    (repository.root / ".gitattributes").write_text("* filter=x\n")
    assert rows(repository.loose(), git_object)
    assert not mark.exists()


def files_of(table, paths):
    count = len(paths)
    return FILE.build(
        {
            "sha256": ["a" * 64] * count,
            "path": paths,
            "bytes": [1] * count,
            "kind": ["file"] * count,
            "held": ["copied"] * count,
            "format": [table] * count,
            "domain": ["git:objects"] * count,
            **{name: [0] * count for name in ("parsed", "rejected", "ignored")},
        }
    )


def sealed(records):
    return records.add_column(0, "sha256", pa.array(["a" * 64] * records.num_rows, pa.string()))


def test_loose_and_packed_tell_the_same(repository):
    (commit,) = (
        p for p in repository.loose() if repository.git("rev-parse", "main").decode().strip()[2:] == p.name
    )
    loose = git_object.parse(commit.read_bytes(), 0).records
    repository.git("repack", "-adq")
    packed = git_pack.parse(repository.packs()[0].read_bytes(), 0).records
    one = loose_reading.read(
        sealed(loose), files_of("git_object", ["git/llm.git/objects/ab/cd"]), zone="UTC", anchor_ns=None
    )["event"].to_pylist()[0]
    many = pack_reading.read(
        sealed(packed), files_of("git_pack", ["git/llm.git/objects/pack/p.pack"]), zone="UTC", anchor_ns=None
    )["event"].to_pylist()
    (same,) = (e for e in many if e["object"] == one["object"])
    differ = {"event_id", "format", "citations", "start", "stop"}
    assert {k: v for k, v in one.items() if k not in differ} == {
        k: v for k, v in same.items() if k not in differ
    }
    assert one["verb"] == "commit"
    assert (one["account"], one["account_absence"]) == (None, "not_recorded")
    assert one["clock"] == "git:objects:committer asserted"
    assert one["latest_ns"] - one["earliest_ns"] == 999_999_999
    assert one["repository"] == "llm.git"


def test_one_object_in_two_repositories_is_two_facts():
    data = (SAMPLES / "git_object" / "text_blob.object").read_bytes()
    records = sealed(git_object.parse(data, 0).records)
    paths = ["git/worktree/.git/objects/6f/83", "git/llm.git/objects/6f/83"]
    told = loose_reading.read(records, files_of("git_object", paths), zone="UTC", anchor_ns=None)
    assert [e["event_id"].rpartition(".")[2] for e in told["event"].to_pylist()] == ["0", "1"]
    assert told["event"]["repository"].to_pylist() == ["llm.git", "git/worktree/.git"]
    assert told["copy"]["path"].to_pylist() == sorted(paths)
    assert told["copy"]["strings"].to_pylist() == [["import torch\nSEED = 0\n"]] * 2


@given(st.text(alphabet="ab\n\N{SNOWMAN}", max_size=300).map(lambda t: t * 40))
@settings(max_examples=25, deadline=None)
def test_pieces_joined_are_the_text(text):
    pieces = gitevents.pieces(text)
    assert "".join(pieces) == text
    assert all(0 < len(piece) <= 4096 for piece in pieces)


def number(value):
    found = bytearray()
    while value >> 7:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def test_a_chain_of_deltas_has_an_end(monkeypatch):
    """Each object builds on the one before; those deeper than the bound are rejected, the others are read."""
    monkeypatch.setattr(packcontent, "DEEPEST_CHAIN", 3)
    entries = [entry(3, b"0123456789")]
    for step in range(6):
        delta = number(10) + number(10) + b"\x90\x09\x01" + str(step).encode()
        entries.append(entry(6, delta, base=bytes([len(entries[-1])])))
    read = git_pack.parse(packed(7, *entries), 0)
    assert read.records["text"].to_pylist() == ["0123456789", "0123456780", "0123456781", "0123456782"]
    assert read.rejected["why"].to_pylist() == [Why.VALUE.value] * 3


def test_what_builds_on_itself_or_on_nothing_is_rejected():
    """A distance of nothing, in a short header and at the end; one to before the pack, and to the middle of an object."""
    base, delta = entry(3, b"0123456789"), number(10) + number(10) + b"\x90\x0a"
    for distance, padding in itertools.product((b"\0", b"\x7f", b"\x01"), (b"", bytes(range(100)))):
        read = git_pack.parse(packed(3, base, entry(6, delta, base=distance), entry(3, padding)), 0)
        assert read.records["size"].to_pylist() == [10, len(padding)]
        assert read.rejected["why"].to_pylist() == [Why.VALUE.value]


def test_no_more_is_inflated_than_the_bounds_allow(monkeypatch):
    """Small deltas that each copy their base many times: the sum is bounded, not only each object."""
    monkeypatch.setattr(packfile, "FREE_BYTES", 100_000)
    monkeypatch.setattr(packfile, "FOLD", 0)
    base = entry(3, b"x" * 40_000)
    bombs, back = [], len(base)
    for _ in range(4):
        distance = bytes([back]) if back < 128 else bytes([0x80 | ((back >> 7) - 1), back & 0x7F])
        bombs.append(entry(6, number(40_000) + number(40_000) + b"\xb0\x40\x9c", base=distance))
        back += len(bombs[-1])
    read = git_pack.parse(packed(5, base, *bombs), 0)
    assert read.records.num_rows == 2
    assert read.rejected["why"].to_pylist() == [Why.COMPRESSION.value] * 3


def test_no_more_is_made_again_than_the_bounds_allow(monkeypatch):
    """A base that is not held is made again for each delta: of many small ones, too, the sum is bounded."""
    monkeypatch.setattr(packfile, "FREE_BYTES", 100_000)
    monkeypatch.setattr(packfile, "FOLD", 0)
    monkeypatch.setattr(packcontent, "HELD_BYTES", 0)
    entries, back = [entry(3, bytes(40_000))], 0
    for step in range(4):
        back += len(entries[-1])
        distance = bytes([back]) if back < 128 else bytes([0x80 | ((back >> 7) - 1), back & 0x7F])
        entries.append(entry(6, number(40_000) + number(10) + b"\x90\x09\x01" + b"%d" % step, base=distance))
    read = git_pack.parse(packed(5, *entries), 0)
    assert read.records["size"].to_pylist() == [40_000, 10, 10]
    assert read.rejected["why"].to_pylist() == [Why.COMPRESSION.value] * 2


@pytest.mark.parametrize("apply", [dulwich.pack.apply_delta, dulwich.pack._apply_delta_py])
def test_a_delta_that_makes_more_than_it_claims_is_dropped_at_once(monkeypatch, apply):
    """Compiled or not: an older dulwich copied on and compared sizes at the end."""
    monkeypatch.setattr(packfile, "_library", lambda: (apply, dulwich.errors.ApplyDeltaError))
    content = bytes(65_536)
    name = bytes.fromhex(gitobject.name_of("blob", content))
    base = entry(3, content)
    delta = entry(7, number(65_536) + number(65_536) + b"\x80" * 3000, base=name)
    tracemalloc.start()
    read = git_pack.parse(packed(2, base, delta), 0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert read.rejected["why"].to_pylist() == [Why.VALUE.value]
    assert peak < 5 << 20


def test_a_delta_that_copies_what_is_not_there_is_no_object():
    """As the library says, by whatever it fails with."""
    base = entry(3, b"little")
    delta = entry(
        7, number(6) + number(40) + b"\x90\x28", base=bytes.fromhex(gitobject.name_of("blob", b"little"))
    )
    assert git_pack.parse(packed(2, base, delta), 0).rejected["why"].to_pylist() == [Why.VALUE.value]


@pytest.mark.parametrize("keep", [True, False])
def test_the_bound_is_exact(keep):
    """And what follows the stream is not part of it."""
    stream = zlib.compress(bytes(200_000))
    fits = gitobject.inflate(b"before" + stream + b"after", 6, 200_000, keep=keep)
    assert (fits.why, fits.size, fits.stop) == (None, 200_000, 6 + len(stream))
    assert len(fits.content) == (200_000 if keep else 0)
    assert gitobject.inflate(stream, 0, 199_999, keep=keep).why == Why.COMPRESSION
    assert gitobject.inflate(stream[:-1], 0, 200_000, keep=keep).why == Why.TRUNCATED


@pytest.mark.parametrize("size", [BOUND + 1, 12])
def test_a_loose_bomb_is_refused_and_never_held(size):
    """Whether it admits its size or lies about it."""
    machine = zlib.compressobj(9)
    bomb = machine.compress(b"blob %d\0" % size) + b"".join(
        machine.compress(bytes(1 << 20)) for _ in range(65)
    )
    read = git_object.parse(bomb + machine.flush(), 0)
    assert read.rejected["why"].to_pylist() == [Why.COMPRESSION.value]
    assert read.records.num_rows == 0


@given(st.data())
@settings(max_examples=50, deadline=None)
def test_a_damaged_pack_is_accounted_for(data):
    raw = (SAMPLES / "git_pack" / "deltas.pack").read_bytes()
    i, j = sorted((data.draw(st.integers(0, len(raw))), data.draw(st.integers(0, len(raw)))))
    raw = raw[:i] + data.draw(st.binary(max_size=20)) + raw[j:]
    spans = sorted(
        (row["start"], row["stop"])
        for table in git_pack.parse(raw, 0)
        for row in table.select(["start", "stop"]).to_pylist()
    )
    assert [0, *(stop for _, stop in spans)] == [*(start for start, _ in spans), len(raw)]


@pytest.mark.parametrize("case", ["colors.js", "event-stream"])
def test_a_pack_of_a_public_incident_reads_whole(case):
    bundle = (
        Path(__file__).parents[1].parent
        / "shared"
        / "samples"
        / "incident-git"
        / case
        / "repo-blobless.bundle"
    )
    if not bundle.exists():
        pytest.skip("the shared samples are not on this machine")
    raw = bundle.read_bytes()
    read = git_pack.parse(raw[raw.index(b"PACK\0\0\0\x02") :], 0)
    assert read.rejected.num_rows == 0
    commits = [line.split("\t")[0] for line in (bundle.parent / "commits.tsv").read_text().splitlines()]
    oids = {c for c in commits if re.fullmatch(r"[0-9a-f]{40}", c)}
    assert oids
    assert oids <= set(read.records["oid"].to_pylist())


def test_a_pack_is_told_a_group_of_its_objects_at_a_time(tmp_path, monkeypatch):
    """How many bytes make a group shows in no event and no copy: files in a pack can be of any size."""
    told = []
    for size in (1, 1 << 40):
        monkeypatch.setattr(pieces, "GROUP_BYTES", size)
        monkeypatch.setattr(packrows, "BATCH_ROWS", 3)
        folder = tmp_path / f"evidence{size}" / "git01" / "objects" / "pack"
        folder.mkdir(parents=True)
        (folder / "p.pack").write_bytes((SAMPLES / "git_pack" / "deltas.pack").read_bytes())
        case = tmp_path / f"case{size}"
        pipeline.create(case)
        pipeline.seal(case, [tmp_path / f"evidence{size}"])
        pipeline.ingest(case, workers=1)
        (records,) = (case / "tables" / "git_pack").glob("*.parquet")
        told.append(pq.ParquetFile(records).num_row_groups)
        told.append(
            [parquet.read(case / "tables", name).to_pylist() for name in ("event", "copy", "git_pack")]
        )
    assert told[0] > told[2] == 1
    assert told[1] == told[3]


@pytest.mark.parametrize("sample", sorted((SAMPLES / "git_pack").glob("*.pack")), ids=lambda path: path.name)
def test_how_many_objects_are_looked_at_together_changes_nothing(sample, monkeypatch):
    data = sample.read_bytes()
    whole = git_pack.parse(data, 0)
    for together, size in ((1, 1 << 20), (2, 1 << 20), (256, 1)):
        for module in (packcontent, packrows):
            monkeypatch.setattr(module, "TOGETHER", together)
            monkeypatch.setattr(module, "TOGETHER_BYTES", size)
        assert git_pack.parse(data, 0) == whole
