"""Sealing: the bytes that are kept are the bytes that were hashed, and nothing is followed, run or changed."""

import hashlib
import os
import socket
import stat
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.core.errors import CaseError, CustodyError, UsageError
from forensics.custody import chunks, disk, hosts, ledger, outside, seal

HAND = ledger.Hand("kim (1000)", "desk", "forensics 0", "forensics seal")


@pytest.fixture
def case(tmp_path):
    folder = tmp_path / "case"
    folder.mkdir()
    ledger.append(folder / "ledger.jsonl", HAND, [("create", {})])
    return folder


@pytest.fixture
def evidence(tmp_path):
    folder = tmp_path / "evidence"
    (folder / "login01" / "var" / "log").mkdir(parents=True)
    (folder / "login01" / "var" / "log" / "wtmp").write_bytes(b"\0\1\2")
    (folder / "empty").write_bytes(b"")
    (folder / "a.log").write_bytes(b"same\n")
    (folder / "b.log").write_bytes(b"same\n")
    return folder


def sha256(raw):
    return hashlib.sha256(raw).hexdigest()


def kept(case):
    return {p.name: p.read_bytes() for p in (case / "sealed").rglob("*") if p.is_file()}


def state(folder):
    """Everything about a folder that sealing could have changed, but for access times."""
    return {
        str(p): (p.lstat().st_mode, p.lstat().st_mtime_ns, p.lstat().st_ctime_ns, p.lstat().st_ino)
        for p in [folder, *folder.rglob("*")]
    }


def test_every_file_lies_under_its_hash_read_only(case, evidence):
    rows = seal.seal(case, [evidence], HAND)
    assert [(r.path, r.kind, r.bytes, r.held) for r in rows] == [
        ("a.log", "file", 5, "copied"),
        ("b.log", "file", 5, "copied"),
        ("empty", "file", 0, "copied"),
        ("login01/var/log/wtmp", "file", 3, "copied"),
    ]
    assert {n: sha256(raw) for n, raw in kept(case).items()} == {r.sha256: r.sha256 for r in rows}
    for row in rows:
        path = case / "sealed" / row.sha256[:2] / row.sha256
        assert path == seal.locate(case, row.sha256)
        assert stat.S_IMODE(path.stat().st_mode) == 0o444


def test_the_source_is_left_as_it_was(case, evidence):
    before = state(evidence)
    seal.seal(case, [evidence], HAND)
    assert state(evidence) == before


def test_a_second_run_seals_nothing_twice(case, evidence):
    rows = seal.seal(case, [evidence], HAND)
    before = (case / "ledger.jsonl").read_bytes(), state(case / "sealed")
    assert seal.seal(case, [evidence], HAND) == rows
    assert ((case / "ledger.jsonl").read_bytes(), state(case / "sealed")) == before


def test_later_evidence_is_added(case, evidence):
    seal.seal(case, [evidence], HAND)
    (evidence / "c.log").write_bytes(b"later\n")
    assert "c.log" in [r.path for r in seal.seal(case, [evidence], HAND)]
    entries = ledger.check(case / "ledger.jsonl")
    assert len(entries) == 1 + 4 + 1
    assert entries[-1]["what"]["path"] == "c.log"


def test_one_path_with_two_contents_is_two_rows(case, tmp_path):
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "auth.log").write_bytes(name.encode())
    rows = seal.seal(case, [tmp_path / "first", tmp_path / "second"], HAND)
    assert [r.path for r in rows] == ["auth.log", "auth.log"]
    assert {r.sha256 for r in rows} == {sha256(b"first"), sha256(b"second")}


def test_order_of_arguments_does_not_matter(tmp_path, evidence):
    other = tmp_path / "other"
    other.mkdir()
    (other / "z.log").write_bytes(b"z")
    found = []
    for n, arguments in enumerate([[evidence, other], [other, evidence]]):
        case = tmp_path / f"case{n}"
        case.mkdir()
        ledger.append(case / "ledger.jsonl", HAND, [("create", {})])
        found.append(seal.seal(case, arguments, HAND))
    assert found[0] == found[1]


def test_a_single_file_has_its_own_name_as_path(case, evidence):
    rows = seal.seal(case, [evidence / "login01" / "var" / "log" / "wtmp"], HAND)
    assert [r.path for r in rows] == ["wtmp"]


@pytest.mark.parametrize("target", ["/etc/passwd", "a.log", "..", "gone", "escape\x1b[31m"])
def test_a_link_is_recorded_and_never_followed(case, evidence, target):
    (evidence / "link").symlink_to(target)
    row = next(r for r in seal.seal(case, [evidence], HAND) if r.path == "link")
    assert (row.kind, row.link, row.bytes) == ("symlink", target, 0)
    assert len(kept(case)) == 3


def test_a_link_given_as_evidence_is_not_followed_either(case, tmp_path):
    (tmp_path / "link").symlink_to("/etc")
    rows = seal.seal(case, [tmp_path / "link"], HAND)
    assert [(r.path, r.kind, r.link) for r in rows] == [("link", "symlink", "/etc")]
    assert kept(case) == {}


def test_special_files_are_recorded_and_never_opened(case, evidence):
    """Opening the pipe would wait for a writer for ever."""
    os.mkfifo(evidence / "pipe")
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(evidence / "s"))
        rows = seal.seal(case, [evidence], HAND)
    assert [(r.path, r.bytes) for r in rows if r.kind == "special"] == [("pipe", 0), ("s", 0)]


@pytest.mark.parametrize("swap", ["link", "pipe"])
def test_a_file_swapped_at_the_last_moment_is_noticed(case, evidence, monkeypatch, swap):
    """Between looking and opening, somebody puts something else in the file's place."""
    opened = seal.opened

    def swapped(path):
        if path.name == "b.log":
            path.unlink()
            path.symlink_to("/etc/passwd") if swap == "link" else os.mkfifo(path)
        return opened(path)

    monkeypatch.setattr(seal, "opened", swapped)
    with pytest.raises(CustodyError, match=r"b\.log"):
        seal.seal(case, [evidence], HAND)
    assert [r.path for r in seal.rows(case)] == ["a.log"]  # what had been sealed is a fact


@pytest.mark.skipif(os.getuid() == 0, reason="root reads everything")
def test_an_unreadable_file_is_named_with_a_remedy(case, evidence):
    (evidence / "a.log").chmod(0)
    with pytest.raises(CustodyError, match=r"a\.log: cannot be read .*right to read"):
        seal.seal(case, [evidence], HAND)


def test_a_file_that_fails_while_it_is_read_is_named():
    class Broken:
        def read(self, _size):
            raise OSError(5, "Input/output error")

    with pytest.raises(CustodyError, match=r"disk\.img: cannot be read \(Input/output error\)"):
        seal._block(Broken(), Path("disk.img"))


def test_nothing_there_is_wrong_usage(case, tmp_path):
    with pytest.raises(UsageError, match="nothing is there"):
        seal.seal(case, [tmp_path / "gone"], HAND)


@pytest.mark.parametrize("inside", [True, False])
def test_a_case_is_no_part_of_its_own_evidence(tmp_path, case, inside):
    with pytest.raises(UsageError, match="inside"):
        seal.seal(case, [tmp_path if inside else case / "sealed" / ".."], HAND)


def test_names_that_are_no_text_are_shown(case, evidence):
    (evidence / os.fsdecode(b"odd\xff\n")).write_bytes(b"x")
    assert "odd\\xff\n" in [r.path for r in seal.seal(case, [evidence], HAND)]


def test_a_sealed_file_that_changed_is_noticed_when_sealed_again(case, evidence):
    seal.seal(case, [evidence], HAND)
    path = seal.locate(case, sha256(b"same\n"))
    path.chmod(0o644)
    path.write_bytes(b"other\n")
    with pytest.raises(CustodyError, match="changed since it was sealed"):
        seal.seal(case, [evidence], HAND)


def test_what_a_killed_run_left_is_swept(case, evidence):
    (case / "sealed").mkdir()
    (case / "sealed" / ".incoming-1").write_bytes(b"half")
    seal.seal(case, [evidence], HAND)
    assert list((case / "sealed").glob(".*")) == []


def test_a_run_killed_before_the_ledger_was_written_is_taken_up(case, evidence, monkeypatch):
    """The bytes are there, no line says so: the next run says so."""
    monkeypatch.setattr(seal, "_enter", lambda *_: None)
    seal.seal(case, [evidence], HAND)
    monkeypatch.undo()
    assert seal.rows(case) == []
    assert len(seal.seal(case, [evidence], HAND)) == 4


@pytest.mark.parametrize("together", [1, 2, 256])
def test_the_ledger_names_what_lies_on_the_disk_under_its_hash(case, evidence, monkeypatch, together):
    """Small files wait for one another, and the ledger for all of them; a disk that fails leaves no word of them."""
    flushed, named, asked, append = set(), [], os.fsync, ledger.append

    def flush(descriptor):
        flushed.add(os.fstat(descriptor).st_ino)
        asked(descriptor)

    def enter(path, hand, acts):
        for _, row in acts:
            named.append(row["sha256"])
            assert seal.sealed_path(case, row["sha256"]).stat().st_ino in flushed
            assert seal.sealed_path(case, row["sha256"]).parent.stat().st_ino in flushed
        append(path, hand, acts)

    monkeypatch.setattr(seal, "ENTERED_TOGETHER", together)
    monkeypatch.setattr(os, "fsync", flush)
    monkeypatch.setattr(ledger, "append", enter)
    assert len(seal.seal(case, [evidence], HAND)) == len(named) == 4
    assert len(kept(case)) == 3


def test_a_disk_that_fails_leaves_nothing_that_the_ledger_names(case, evidence, monkeypatch):
    def full(_):
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="Input/output"):
            seal.seal(case, [evidence], HAND)
    assert seal.rows(case) == []
    assert len(seal.seal(case, [evidence], HAND)) == 4
    assert set(kept(case)) == {row.sha256 for row in seal.rows(case)}


@pytest.mark.parametrize("together", [1, 2, 256])
def test_a_disk_that_fails_once_is_not_believed_when_it_is_asked_again(case, evidence, monkeypatch, together):
    asked, failed = os.fsync, []

    def flush(descriptor):
        place = Path(f"/proc/self/fd/{descriptor}").readlink()
        if not failed and place.name.startswith(".incoming"):
            failed.append(sha256(place.read_bytes()))
            raise OSError(5, "Input/output error")
        asked(descriptor)

    monkeypatch.setattr(seal, "ENTERED_TOGETHER", together)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", flush)
        with pytest.raises(OSError, match="Input/output"):
            seal.seal(case, [evidence], HAND)
    assert {row.sha256 for row in seal.rows(case)} <= {*kept(case)} - {*failed}
    assert len(seal.seal(case, [evidence], HAND)) == 4


@pytest.mark.parametrize("written", range(3))
def test_a_small_file_that_the_disk_has_no_room_for_gets_no_name(case, evidence, monkeypatch, written):
    """Half of it under the hash of all of it would stop every later run."""
    poured, asked = [], disk.poured

    def pour(block, out):
        poured.append(block)
        if len(poured) <= written:
            return asked(block, out)
        asked(block[: len(block) // 2], out)
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(disk, "poured", pour)
        with pytest.raises(OSError, match="No space"):
            seal.seal(case, [evidence], HAND)
    assert len(poured) == written + 1
    named = {name: sha256(content) for name, content in kept(case).items() if not name.startswith(".")}
    assert {row.sha256 for row in seal.rows(case)} <= {*named}
    assert all(name == content for name, content in named.items())
    assert len(seal.seal(case, [evidence], HAND)) == 4


def test_referenced_evidence_stays_where_it_is(case, evidence):
    rows = seal.seal(case, [evidence], HAND, reference=True)
    assert {r.held for r in rows} == {"referenced"}
    assert kept(case) == {}
    assert seal.locate(case, sha256(b"\0\1\2")) == evidence / "login01/var/log/wtmp"
    assert str(evidence) not in (case / "ledger.jsonl").read_text()
    assert str(evidence) in (case / "locations.json").read_text()


def test_places_of_referenced_evidence_are_written_and_read_few_times(case, evidence, monkeypatch):
    """A repository can have a million refs, most of them equal, and each is looked for when it is read."""
    for n in range(300):
        (evidence / f"{n:03d}").write_text(f"{n % 30}\n")
    monkeypatch.setattr(seal, "ENTERED_TOGETHER", 2)
    written, parsed = [], []
    dumps, loads = outside.canonical.dumps, outside.json.loads
    monkeypatch.setattr(outside.canonical, "dumps", lambda value: written.append(1) or dumps(value))
    monkeypatch.setattr(outside.json, "loads", lambda text: parsed.append(1) or loads(text))
    rows = seal.seal(case, [evidence], HAND, reference=True)
    assert len(written) < 30
    parsed.clear()
    assert {seal.locate(case, row.sha256).read_bytes() for row in rows if row.bytes} >= {b"7\n", b"29\n"}
    outside._held.clear()
    assert seal.locate(case, sha256(b"7\n")) == evidence / "007"
    assert len(parsed) == 1
    assert outside.places(case)[sha256(b"7\n")] == sorted(
        str(evidence / f"{n:03d}") for n in range(7, 300, 30)
    )
    before = (case / "locations.json").stat().st_ino
    assert seal.seal(case, [evidence], HAND, reference=True) == rows
    assert (case / "locations.json").stat().st_ino == before


def test_referenced_evidence_can_be_copied_later(case, evidence):
    seal.seal(case, [evidence], HAND, reference=True)
    rows = seal.seal(case, [evidence], HAND)
    assert {r.held for r in rows} == {"copied"}
    assert seal.locate(case, rows[0].sha256).is_relative_to(case)


def test_evidence_that_went_away_is_named(case, evidence):
    seal.seal(case, [evidence / "a.log"], HAND, reference=True)
    (evidence / "a.log").unlink()
    with pytest.raises(CustodyError, match=r"put .*a\.log back"):
        seal.locate(case, sha256(b"same\n"))


def test_two_runs_do_not_meet(case):
    with seal.locked(case), pytest.raises(CaseError, match="another run"), seal.locked(case):
        pass
    with seal.locked(case):
        assert True


def test_reading_a_pipe_in_a_file_s_place_does_not_wait(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    failed = []

    def attempt():
        try:
            seal.opened(tmp_path / "pipe")
        except CustodyError as error:
            failed.append(str(error))

    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(5)
    assert len(failed) == 1


def test_access_times_are_left_alone_where_the_system_allows(tmp_path, monkeypatch):
    (tmp_path / "f").write_bytes(b"x")
    asked = []

    def refusing(path, flags):
        asked.append(flags)
        if flags & os.O_NOATIME:
            raise PermissionError(1, "Operation not permitted")
        return real(path, flags)

    real = os.open
    monkeypatch.setattr(os, "open", refusing)
    with seal.opened(tmp_path / "f") as read:
        assert read.read(1) == b"x"
    assert [bool(flags & os.O_NOATIME) for flags in asked] == [True, False]


@pytest.mark.parametrize(
    ("path", "host", "origin"),
    [
        ("login01/var/log/auth.log", "login01", "/var/log/auth.log"),
        ("rack2/gpu01/etc/passwd", "gpu01", "/etc/passwd"),
        ("var/log/wtmp", None, "/var/log/wtmp"),
        ("login01/home/kai/var/x", "login01", "/home/kai/var/x"),
        ("slurm/sacct.psv", None, None),
        ("git/llm.git/HEAD", None, None),
        ("wtmp", None, None),
        ("uac-login01-linux-20261123151148.tar.gz/[root]/var/log/wtmp", "login01", "/var/log/wtmp"),
        ("uac-login01-linux-20261123151148/[root]/var/log/wtmp", "login01", "/var/log/wtmp"),
        ("login01_20261123151148.tar/fs/$rootfs$/etc/passwd", "login01", "/etc/passwd"),
        (
            "Collection-gpu01-2026-11-23T15_11_48Z.zip/uploads/auto/home/kai/.ssh/id",
            "gpu01",
            "/home/kai/.ssh/id",
        ),
        ("login01.tar.zst/etc/passwd", "login01", "/etc/passwd"),
        ("login01.tar/../gpu01/etc/passwd", None, None),
        ("login01/home/kai/x.tar/[root]/etc/passwd", "login01", "/home/kai/x.tar/[root]/etc/passwd"),
        ("auto/etc/passwd", "auto", "/etc/passwd"),
    ],
)
def test_the_place_of_a_path(path, host, origin):
    assert hosts.place(path) == (host, origin)


CONTENT = st.lists(st.sampled_from([b"a", b"bc\n", b"\n", b"\r\n", b"0123456789" * 3]), max_size=40).map(
    b"".join
)


@settings(max_examples=50, deadline=None)
@given(raw=CONTENT, block=st.integers(1, 50), how=st.sampled_from(["line", "headed", "whole", "7"]))
def test_chunks_tile_the_file_and_end_where_they_may(tmp_path_factory, raw, block, how):
    path = tmp_path_factory.mktemp("chunks") / "file"
    path.write_bytes(raw)
    found = list(chunks.cut(path, sha256(raw), how, block))
    assert b"".join(chunks.raw(path, chunk) for chunk in found) == raw
    assert all(chunk.start < chunk.stop and chunk.readable for chunk in found)
    for chunk in found[:-1]:
        assert how != "whole"
        assert raw[chunk.stop - 1] == 10 if how in {"line", "headed"} else chunk.stop % 7 == 0


@settings(max_examples=50, deadline=None)
@given(raw=CONTENT, longest=st.integers(1, 40), blocks=st.tuples(st.integers(1, 60), st.integers(1, 60)))
def test_a_line_too_long_is_set_aside_whole_whatever_the_block(tmp_path_factory, raw, longest, blocks):
    path = tmp_path_factory.mktemp("chunks") / "file"
    path.write_bytes(raw)
    lines, at = [], 0
    for line in raw.split(b"\n"):
        size = len(line) + 1
        if size > longest and min(len(raw), at + size) - at > longest:
            lines.append((at, min(len(raw), at + size)))
        at += size
    for block in blocks:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(chunks, "LONGEST_LINE_BYTES", longest)
            found = list(chunks.cut(path, sha256(raw), "line", block))
        assert [(c.start, c.stop) for c in found if not c.readable] == lines
        assert [c.start for c in found] == [0, *(c.stop for c in found[:-1])][: len(found)]


def test_a_large_file_that_cannot_be_cut_is_set_aside(tmp_path, monkeypatch):
    (tmp_path / "f").write_bytes(b"12345")
    monkeypatch.setattr(chunks, "LARGEST_WHOLE_BYTES", 4)
    assert [c.readable for c in chunks.cut(tmp_path / "f", sha256(b"12345"), "whole")] == [False]


@pytest.mark.parametrize("how", ["line", "headed", "whole", "3"])
def test_a_changed_file_is_noticed(tmp_path, how):
    (tmp_path / "f").write_bytes(b"12\n45")
    with pytest.raises(CustodyError, match="no longer what was sealed"):
        list(chunks.cut(tmp_path / "f", sha256(b"12\n46"), how, 2))


def test_a_chunk_that_changes_after_it_was_cut_is_noticed(tmp_path):
    (tmp_path / "f").write_bytes(b"12\n45")
    chunk = next(chunks.cut(tmp_path / "f", sha256(b"12\n45"), "line", 3))
    (tmp_path / "f").write_bytes(b"13\n45")
    with pytest.raises(CustodyError, match="changed while it was read"):
        chunks.raw(tmp_path / "f", chunk)


@pytest.mark.parametrize("how", ["line", "headed", "3"])
def test_bytes_handed_on_are_those_whose_hash_is_checked(tmp_path, how):
    (tmp_path / "f").write_bytes(b"12\n45\n6")
    given, held = chunks.cut(tmp_path / "f", sha256(b"12\n45\n7"), how, 3, hand_on=True), []
    with pytest.raises(CustodyError, match="no longer what was sealed"):
        held.extend(given)
    held = list(chunks.cut(tmp_path / "f", sha256(b"12\n45\n6"), how, 3, hand_on=True))
    (tmp_path / "f").write_bytes(b"changed since")
    assert b"".join(chunks.raw(tmp_path / "f", chunk) for chunk in held) == b"12\n45\n6"
