"""Archives as collected sets: each member under its own hash, whatever its name, its size or its damage."""

import bz2
import gzip
import hashlib
import io
import lzma
import struct
import tarfile
import tracemalloc
import zipfile

import pyarrow as pa
import pytest

from forensics import pipeline
from forensics.custody import collected, ledger, seal, tarred, unpack, zipped
from forensics.pipeline import hand_over, take
from forensics.store import parquet

PASSWD = b"kai:x:4101:4101::/home/kai:/bin/bash\nmei:x:4102:4102::/home/mei:/bin/bash\n"
GROUP = b"staff:x:50:kai,mei\nadm:x:4:mei\n"
NAME = "uac-login01-linux-20261123151148.tar"


def info(name, kind=tarfile.REGTYPE, **more):
    found = tarfile.TarInfo(name)
    found.type = kind
    for key, value in more.items():
        setattr(found, key, value)
    return found


def tarred_up(*members, layout=tarfile.PAX_FORMAT):
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w", format=layout) as out:
        for member, data in members:
            member.size = len(data)
            out.addfile(member, io.BytesIO(data))
    return held.getvalue()


def zipped_up(*members, method=zipfile.ZIP_DEFLATED):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as out:
        for name, data in members:
            out.writestr(name, data)
    return held.getvalue()


def taken(tmp_path, raw, name=NAME):
    case = tmp_path / "case"
    pipeline.create(case)
    (tmp_path / name).write_bytes(raw)
    pipeline.seal(case, [tmp_path / name])
    return case


def held(case):
    """The files that lay in archives, by path: their bytes."""
    return {
        row.path: seal.locate(case, row.sha256).read_bytes()
        for row in seal.rows(case)
        if row.archive and row.kind == "file"
    }


def counted(case):
    (told,) = take.archives_of(case)
    return {name: told[name] for name in told if name not in {"archive", "form", "packing"}}


def members(raw):
    read = tarred.Tar(io.BytesIO(raw).read)
    found = [(m.name, m.kind.value, m.link, m.start, b"".join(m.blocks)) for m in read.members()]
    return found, read.whole


LOG = b"".join(
    b"Nov 23 15:11:%02d login01 sshd[%d]: Accepted password for kai from 10.0.0.3 port 4000 ssh2\n"
    % (n, 300 + n)
    for n in range(40)
)


@pytest.mark.parametrize(
    "raw",
    [
        tarred_up((info("var/log/auth.log"), LOG), (info("etc/passwd"), PASSWD)),
        gzip.compress(tarred_up((info("var/log/auth.log"), LOG), (info("etc/passwd"), PASSWD)), mtime=0),
        zipped_up(("var/log/auth.log", LOG), ("etc/passwd", PASSWD), method=zipfile.ZIP_STORED),
    ],
    ids=["tar", "tar.gz", "zip of stored members"],
)  # fmt: skip
def test_an_archive_is_no_log_because_it_begins_with_one(tmp_path, raw):
    """Its lines lie there as they were written; what each member is, its own bytes and place say."""
    case = taken(tmp_path, raw)
    assert sorted(held(case).values()) == [LOG, PASSWD]
    pipeline.ingest(case)
    files = parquet.read(case / "tables", "file").to_pylist()
    assert sorted((f["path"].partition("/")[2], f["format"], f["rejected"]) for f in files) == [
        ("", None, 0), ("etc/passwd", "passwd", 0), ("var/log/auth.log", "syslog", 0),
    ]  # fmt: skip


PACKED = {
    "": bytes,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": lambda raw: pa.compress(raw, codec="zstd", asbytes=True),
}


@pytest.mark.parametrize("suffix", PACKED)
def test_members_are_evidence(tmp_path, suffix):
    plain = tarred_up((info("[root]/etc/passwd"), PASSWD), (info("[root]/etc/group"), GROUP))
    raw = PACKED[suffix](plain)
    case = taken(tmp_path, raw, NAME + suffix)
    pipeline.ingest(case)
    files = {row["path"]: row for row in parquet.read(case / "tables", "file").to_pylist()}
    row = files[f"{NAME}{suffix}/[root]/etc/passwd"]
    assert (row["host"], row["origin"], row["format"]) == ("login01", "/etc/passwd", "passwd")
    assert row["sha256"] == hashlib.sha256(PASSWD).hexdigest()
    archive = files[NAME + suffix]
    assert row["archive"] == archive["sha256"] == hashlib.sha256(raw).hexdigest()
    assert plain[row["member_start"] :].startswith(PASSWD)
    events = parquet.read(case / "tables", "event").to_pylist()
    assert {(e["host"], e["account"] or e["object"]) for e in events} >= {
        ("login01", "kai"),
        ("login01", "mei"),
    }
    (span,) = hand_over.cite(case, next(e["event_id"] for e in events if e["format"] == "passwd"))
    assert (span["raw"], span["archive"], span["ok"]) == (PASSWD.splitlines(True)[0], archive["sha256"], True)
    assert counted(case) == {"file": 2}
    before = ledger.check(seal.ledger_of(case))
    pipeline.seal(case, [tmp_path / (NAME + suffix)])
    assert ledger.check(seal.ledger_of(case)) == before, "sealing again does nothing"


def test_a_bundle_of_an_archive_is_as_it_was_packed(tmp_path):
    case = taken(tmp_path, tarred_up((info("[root]/etc/passwd"), PASSWD)))
    pipeline.ingest(case)
    pipeline.analyse(case)
    pipeline.bundle(case, tmp_path / "bundle")
    assert pipeline.verify(tmp_path / "bundle") == []


def test_names_lead_nowhere(tmp_path):
    """Nothing is made outside of the case, nothing in it under a member's name, and no link is followed."""
    (tmp_path / "outside").write_text("mine")
    raw = tarred_up(
        (info("../outside"), b"theirs"),
        (info("/etc/passwd"), PASSWD),
        (info("a", tarfile.SYMTYPE, linkname="/etc"), b""),
        (info("a/passwd"), GROUP),
        (info("b", tarfile.LNKTYPE, linkname="../outside"), b""),
        (info("c", tarfile.CHRTYPE), b""),
        (info("d", tarfile.FIFOTYPE), b""),
        (info("e", tarfile.DIRTYPE), b""),
        (info("etc/passwd"), GROUP),
        (info("etc/passwd"), PASSWD),
        (info("new\nline"), b"x"),
        (info("caf\udce9"), b"y"),
    )  # fmt: skip
    case = taken(tmp_path, raw, "set.tar")
    assert (tmp_path / "outside").read_text() == "mine"
    made = {p.relative_to(case).as_posix() for p in case.rglob("*") if p.is_file()}
    assert all(p in {"ledger.jsonl", ".lock"} or p.startswith("sealed/") for p in made)
    rows = {(row.path, row.kind, row.link) for row in seal.rows(case) if row.archive}
    assert ("set.tar/../outside", "file", None) in rows
    assert ("set.tar/a", "symlink", "/etc") in rows
    assert ("set.tar/b", "hardlink", "../outside") in rows
    assert {("set.tar/c", "special", None), ("set.tar/d", "special", None)} < rows
    assert ("set.tar/caf\\xe9", "file", None) in rows
    twice = sorted(r.sha256 for r in seal.rows(case) if r.path == "set.tar/etc/passwd")
    assert twice == sorted(hashlib.sha256(data).hexdigest() for data in (PASSWD, GROUP))
    assert counted(case) == {
        "duplicate": 1, "file": 7, "folder": 1, "hardlink": 1, "outside": 2, "special": 2, "symlink": 1,
    }  # fmt: skip


@pytest.mark.parametrize("layout", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_every_layout_tells_the_same(layout):
    long = "a" * 90 + "/" + "b" * 90
    raw = tarred_up((info(long), PASSWD), (info("x"), b""), layout=layout)
    found, whole = members(raw)
    assert whole
    assert [(name, kind, data) for name, kind, _, _, data in found] == [
        (long.encode(), "file", PASSWD),
        (b"x", "file", b""),
    ]


def test_a_hard_link_has_no_bytes_whatever_its_size_says():
    raw = info("b", tarfile.LNKTYPE, linkname="a", size=99).tobuf(tarfile.USTAR_FORMAT)
    found, whole = members(raw + tarred_up((info("c"), PASSWD)))
    assert (found, whole) == ([(b"b", "hardlink", b"a", 512, b""), (b"c", "file", None, 1024, PASSWD)], True)


def test_large_sizes_are_read_in_either_form():
    for layout in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        header = info("huge", size=1 << 40).tobuf(layout)
        found, whole = members(header + b"x" * 100)
        assert (found[0][4], whole) == (b"x" * 100, False)


def test_sparse_members_are_told_and_not_put_together(tmp_path):
    old = bytearray(info("old", size=512).tobuf(tarfile.GNU_FORMAT))
    old[156:157] = b"S"
    old[482:483] = b"\1"
    old[483:495] = b"%011o\0" % (1 << 32)
    old[148:156] = b"%06o\0 " % (sum(old[:148]) + 256 + sum(old[156:]))
    more = bytearray(512)
    pax = info("new", size=512, pax_headers={"GNU.sparse.major": "1", "GNU.sparse.name": "lastlog"})
    raw = bytes(old) + bytes(more) + b"d" * 512 + pax.tobuf(tarfile.PAX_FORMAT) + b"e" * 512
    raw += tarred_up((info("after"), PASSWD))
    assert [m[:2] for m in members(raw)[0]] == [
        (b"old", "sparse"),
        (b"lastlog", "sparse"),
        (b"after", "file"),
    ]
    case = taken(tmp_path, raw)
    assert held(case) == {f"{NAME}/after": PASSWD}
    assert counted(case) == {"file": 1, "sparse": 2}


def test_a_header_of_any_size_is_not_held():
    header = info("pax", tarfile.XHDTYPE, size=64 << 20).tobuf(tarfile.GNU_FORMAT)
    raw = header + b"x" * (64 << 20) + tarred_up((info("after"), PASSWD))
    source = io.BytesIO(raw)
    tracemalloc.start()
    read = tarred.Tar(source.read)
    found = [(m.name, b"".join(m.blocks)) for m in read.members()]
    assert tracemalloc.get_traced_memory()[1] < 8 << 20
    tracemalloc.stop()
    assert (found, read.whole) == ([(b"after", PASSWD)], False)


@pytest.mark.parametrize("cut", [600, 1100, 1536, 2000])
def test_a_torn_archive_is_read_up_to_the_tear(tmp_path, cut):
    raw = tarred_up((info("etc/passwd"), PASSWD), (info("etc/group"), GROUP), layout=tarfile.USTAR_FORMAT)
    case = taken(tmp_path, raw[:cut])
    assert counted(case)["damaged"] == 1
    assert held(case)[f"{NAME}/etc/passwd"] == PASSWD[: cut - 512]


def test_what_lies_behind_the_end_is_noticed(tmp_path):
    case = taken(tmp_path, tarred_up((info("etc/passwd"), PASSWD)) + b"hidden")
    assert counted(case) == {"damaged": 1, "file": 1}


def test_a_bomb_stops_at_its_bound(tmp_path, monkeypatch):
    monkeypatch.setattr(unpack, "FREE_BYTES", 1 << 16)
    monkeypatch.setattr(unpack, "LARGEST_RATIO", 2)
    raw = zipped_up(("a", bytes(1 << 20)), ("b", PASSWD))
    case = taken(tmp_path, raw, "bomb.zip")
    assert held(case) == {"bomb.zip/a": bytes(1 << 16)}
    assert counted(case)["past_bound"] == 1


def test_too_many_members_are_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(collected, "MOST_MEMBERS", 3)
    case = taken(tmp_path, tarred_up(*((info(f"f{n}"), b"%d" % n) for n in range(9))))
    assert counted(case) == {"file": 3, "past_bound": 1}


def test_zip_members_are_evidence(tmp_path):
    link = zipfile.ZipInfo("uploads/auto/etc/alternatives")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    raw = zipped_up(
        ("uploads/auto/etc/passwd", PASSWD), (link, "/etc/passwd"), ("../../up", b"x"), ("folder/", b"")
    )
    name = "Collection-login01-2026-11-23T15_11_48Z.zip"
    case = taken(tmp_path, raw, name)
    assert held(case) == {f"{name}/uploads/auto/etc/passwd": PASSWD, f"{name}/../../up": b"x"}
    assert counted(case) == {"file": 2, "folder": 1, "outside": 1, "symlink": 1}
    pipeline.ingest(case)
    (row,) = [r for r in parquet.read(case / "tables", "file").to_pylist() if r["format"] == "passwd"]
    assert (row["host"], row["origin"]) == ("login01", "/etc/passwd")


def told(raw):
    read = zipped.Zip(io.BytesIO(raw), len(raw))
    return [(m.name, m.kind.value, b"".join(m.blocks)) for m in read.members()], read.whole


def test_zip_damage_is_noticed():
    raw = zipped_up(("etc/passwd", PASSWD), method=zipfile.ZIP_STORED)
    whole = [(b"etc/passwd", "file", PASSWD)]
    assert told(raw) == (whole, True)
    assert told(b"#!/bin/sh\n" + raw) == (whole, True), "something in front moves everything"
    assert told(raw.replace(b"etc/passwd", b"etc/shadow", 1)) == (whole, False), "two names for one member"
    flipped = raw.replace(PASSWD, PASSWD.replace(b"kai", b"lin"))
    assert told(flipped) == ([(b"etc/passwd", "file", PASSWD.replace(b"kai", b"lin"))], False)
    assert told(raw[:-30])[1] is False
    assert told(raw[: len(raw) // 2]) == ([], False)


def test_an_encrypted_member_is_told():
    raw = bytearray(zipped_up(("secret", PASSWD)))
    at = raw.find(b"PK\x01\x02")
    struct.pack_into("<H", raw, at + 8, 1)
    assert told(bytes(raw)) == ([(b"secret", "unread", b"")], True)


def test_wide_zip_fields_are_read():
    held_ = io.BytesIO()
    with (
        zipfile.ZipFile(held_, "w") as out,
        out.open(zipfile.ZipInfo("etc/passwd"), "w", force_zip64=True) as f,
    ):
        f.write(PASSWD)
    assert told(held_.getvalue()) == ([(b"etc/passwd", "file", PASSWD)], True)


@pytest.mark.parametrize("seed", range(40))
def test_damage_never_raises(seed):
    for raw, read in (
        (tarred_up((info("a"), PASSWD), (info("b"), GROUP)), members),
        (zipped_up(("a", PASSWD), ("b", GROUP)), told),
    ):
        noise = bytearray(raw)
        for n in range(1 + seed % 5):
            noise[int.from_bytes(hashlib.sha256(b"%d %d" % (seed, n)).digest()[:4]) % len(noise)] ^= 1 + seed
        found, _ = read(bytes(noise))
        assert sum(len(member[-1]) for member in found) <= 2 * len(raw)


def test_what_is_no_collected_set_stays_closed(tmp_path):
    """An archive in somebody's home is theirs; one within an archive is one level too deep."""
    folder = tmp_path / "evidence" / "login01" / "home" / "kai"
    folder.mkdir(parents=True)
    inner = tarred_up((info("etc/passwd"), PASSWD))
    (folder / "x.tar").write_bytes(inner)
    (tmp_path / "evidence" / "outer.tar").write_bytes(tarred_up((info("inner.tar"), inner)))
    case = tmp_path / "case"
    pipeline.create(case)
    pipeline.seal(case, [tmp_path / "evidence"])
    assert held(case) == {"outer.tar/inner.tar": inner}


def test_what_is_not_here_is_not_looked_into(tmp_path):
    """Of a case that lies elsewhere, only what is new is here while more is sealed."""
    case = taken(tmp_path, b"no archive\n", "notes.txt")
    (row,) = seal.rows(case)
    seal.sealed_path(case, row.sha256).unlink()
    (tmp_path / "more.txt").write_bytes(b"more\n")
    pipeline.seal(case, [tmp_path / "more.txt"])
    assert len(seal.rows(case)) == 2


def test_a_killed_run_is_finished_by_the_next(tmp_path, monkeypatch):
    append = ledger.append

    def killed(path, hand, acts):
        if acts[0][0] == "unpack":
            raise KeyboardInterrupt
        append(path, hand, acts)

    raw = tarred_up((info("etc/passwd"), PASSWD))
    monkeypatch.setattr(ledger, "append", killed)
    with pytest.raises(KeyboardInterrupt):
        taken(tmp_path, raw)
    monkeypatch.setattr(ledger, "append", append)
    case = taken(tmp_path, raw)
    assert counted(case) == {"file": 1}
    assert [r.path for r in seal.rows(case)] == [NAME, f"{NAME}/etc/passwd"]
