"""A repository full of traps is read whole, described, and starts nothing: watched from within and from without."""

import hashlib
import json
import os
import shutil
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from collected import told
from repositories import Repository

from forensics.formats import git_pack, git_ref

ROOT = Path(__file__).parents[1]
REFS = int(os.environ.get("TRAPPED_REFS", "200"))
"""How many refs the trapped repository has. A million takes more than a minute of processor time, so it has them when asked for."""
WATCHED = """
import json, sys
STARTED = []
STARTS = ("os.exec", "os.posix_spawn", "os.spawn", "os.system", "os.fork", "os.forkpty", "os.startfile", "subprocess.", "pty.")
LOADS = ("socket.connect", "ctypes.dlopen", "pickle.find_class")
def seen(event, args):
    if event.startswith(STARTS) or event.startswith(LOADS):
        STARTED.append([event, repr(args)[:200]])
from pathlib import Path
from forensics import pipeline
from forensics.analysis import examine, findings  # what is imported later would be code that is loaded
from forensics.formats import registry
from forensics.readings import registry as readings
registry(), readings()
case, evidence = Path(sys.argv[1]), Path(sys.argv[2])
sys.addaudithook(seen)
pipeline.create(case)
pipeline.seal(case, [evidence])
pipeline.ingest(case, workers=1)
pipeline.analyse(case)
Path(sys.argv[3]).write_text(json.dumps(STARTED))
"""


def delta_bomb(levels=50):
    """A pack in which each object is twice the one before: fifty levels would be four exabytes."""

    def entry(kind, body, base=b""):
        size, head = len(body), []
        head.append(kind << 4 | size & 15)
        size >>= 4
        while size:
            head[-1] |= 0x80
            head.append(size & 0x7F)
            size >>= 7
        return bytes(head) + base + zlib.compress(body)

    def number(value):
        found = bytearray()
        while value >> 7:
            found.append(value & 0x7F | 0x80)
            value >>= 7
        return bytes([*found, value])

    size, entries = 4096, [entry(3, bytes(4096))]
    for _ in range(levels):
        pieces = [(at, min(size - at, 0xFFFFFF)) for at in range(0, min(size, 1 << 27), 0xFFFFFF)]
        copies = 2 * b"".join(b"\xff" + struct.pack("<I", at) + n.to_bytes(3, "little") for at, n in pieces)
        delta = number(size) + number(size * 2) + copies
        entries.append(entry(6, delta, base=bytes([len(entries[-1])])))
        size *= 2
    body = struct.pack(">4sLL", b"PACK", 2, len(entries)) + b"".join(entries)
    return body + hashlib.sha1(body, usedforsecurity=False).digest()


def trapped(root, mark):
    """Everything that makes git run a planted command, or look outside of what was collected."""
    made = Repository(root / "login01" / "home" / "kai" / "llm")
    made.commit("Honest", train="SEED = 1\n")
    git, run = made.root / ".git", f"touch {mark}"
    outside = Repository(root.parent / "outside")
    outside.commit("Not evidence", note="outside the evidence\n")
    planted = (
        f"[core]\n\tfsmonitor = {run}\n\tpager = {run}\n\thooksPath = .git/hooks\n\tsshCommand = {run}\n"
        f"[include]\n\tpath = {root.parent / 'outside.inc'}\n[gpg]\n\tprogram = {run}\n[log]\n\tshowSignature = true\n"
        f'[filter "x"]\n\tclean = {run}\n\tsmudge = {run}\n[diff "x"]\n\ttextconv = {run}\n\tcommand = {run}\n'
        f'[remote "origin"]\n\turl = "ext::sh -c {mark}"\n\tpromisor = true\n[extensions]\n\tpartialClone = origin\n'
    )
    signed = made.git("cat-file", "commit", "main").replace(
        b"\n\n", b"\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n iQ==\n -----END PGP SIGNATURE-----\n\n", 1
    )
    oid = made.git("hash-object", "-t", "commit", "-w", "--stdin", given=signed).decode().strip()
    made.git("update-ref", "refs/heads/signed", oid)
    made.git("update-ref", f"refs/replace/{oid}", made.git("rev-parse", "main").decode().strip())
    for hook in (
        "post-checkout",
        "pre-commit",
        "reference-transaction",
        "post-index-change",
        "fsmonitor-watchman",
    ):
        path = git / "hooks" / hook
        path.write_text(f"#!/bin/sh\n{run}\n")
        path.chmod(0o755)
    (made.root / ".gitattributes").write_text("* filter=x diff=x\n")
    with (git / "config").open("a") as config:
        config.write(planted)
    (root.parent / "outside.inc").write_text(f"[core]\n\teditor = {run}\n")
    (git / "objects" / "info" / "alternates").write_text(f"{outside.root}/.git/objects\n")
    (git / "info" / "grafts").write_text(f"{oid}\n")
    (git / "shallow").write_text(f"{oid}\n")
    bomb = delta_bomb()
    (git / "objects" / "pack" / "pack-00.pack").write_bytes(bomb)
    (git / "objects" / "pack" / "pack-00.promisor").write_text("")
    refs = "".join(f"{oid} refs/heads/b{i:06d}\n" for i in range(REFS))
    (git / "packed-refs").write_text("# pack-refs with: peeled fully-peeled sorted \n" + refs)
    return oid


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    """The case of a trapped repository, what was started while it was read, and whether a trap sprang."""
    place = tmp_path_factory.mktemp("traps")
    mark = place / "sprung"
    oid = trapped(place / "evidence", mark)
    command = [
        sys.executable,
        "-c",
        WATCHED,
        str(place / "case"),
        str(place / "evidence"),
        str(place / "seen"),
    ]
    strace = shutil.which("strace")
    trace = [strace, "-f", "-qq", "-o", str(place / "trace"), "-e", "trace=execve,execveat"] if strace else []
    bare = {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], "HOME": str(place)}
    done = subprocess.run(
        [*trace, *command], env=bare, check=False, capture_output=True, text=True, timeout=900
    )
    if trace and "ptrace" in done.stderr and done.returncode:
        trace = []
        shutil.rmtree(place / "case", ignore_errors=True)
        done = subprocess.run(command, env=bare, check=False, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    lines = (place / "trace").read_text().splitlines() if trace else []
    return place, oid, mark, [line for line in lines if "exec" in line]


def table(place, name):
    return pq.read_table(place / "case" / "tables" / name).to_pylist()


def test_nothing_is_started(watched):
    """The first exec is the interpreter itself, which the tracer starts; there is no other."""
    place, _, mark, execs = watched
    assert not mark.exists()
    assert json.loads((place / "seen").read_text()) == []
    assert len(execs) in {0, 1}, execs


def test_the_watch_would_see_a_start(tmp_path):
    """Otherwise the test above would say nothing."""
    code = (
        WATCHED.split("from pathlib", maxsplit=1)[0]
        + "sys.addaudithook(seen)\nimport os\nos.system('true')\nprint(STARTED)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=tmp_path
    )
    assert "os.system" in done.stdout


def test_every_commit_is_read_and_nothing_from_outside(watched):
    place, oid, _, _ = watched
    events = table(place, "event")
    assert {e["text"] for e in events if e["verb"] == "commit"} == {"Honest"}
    assert oid in {e["object"] for e in events if e["verb"] == "commit"}
    assert "outside the evidence" not in json.dumps(table(place, "copy"))
    assert not [e for e in events if "editor" in (e["object"] or "")]


def test_the_traps_are_described(watched):
    place, oid, _, _ = watched
    events = table(place, "event")
    settings = {e["object"]: e["text"] for e in events if e["format"] == "git_config"}
    for name in ("core.fsmonitor", "gpg.program", "filter.x.clean", "diff.x.textconv", "core.sshcommand"):
        assert settings[name].endswith("(git runs what this names)"), name
    assert settings["include.path"].endswith("(git reads what this names)")
    told_ = {e["text"].split(":")[0]: e["object"] for e in events if e["format"] == "git_layout"}
    assert told_["alternates"].endswith("/outside/.git/objects")
    assert (told_["grafts"], told_["shallow"]) == (oid, oid)
    refs = {e["object"] for e in events if e["format"] == "git_ref"}
    assert f"refs/replace/{oid}" in refs
    assert len(refs) > REFS


def test_the_delta_bomb_is_refused_where_it_grows_too_large(watched):
    place, *_ = watched
    whys = [r["why"] for r in table(place, "reject") if r["format"] == "git_pack"]
    assert "compression" in whys
    began = time.monotonic()
    read = git_pack.parse(delta_bomb(), 0)
    assert read.records.num_rows < 20
    assert time.monotonic() - began < 20


def test_very_many_refs_are_as_many_events():
    oid = "28345a9aa4a53e1e1295ae6da6b8f235b54e98c1"
    data = b"# pack-refs with: peeled fully-peeled sorted \n" + b"".join(
        b"%s refs/heads/b%07d\n" % (oid.encode(), i) for i in range(100_000)
    )
    parsed = git_ref.parse(data, 0)
    assert (parsed.records.num_rows, parsed.rejected.num_rows) == (100_000, 0)
    few = told("git_ref", data[: 1 << 16], "git/srv/llm.git/packed-refs")
    assert {e["repository"] for e in few} == {"llm.git"}
    assert few[-2]["object"].startswith("refs/heads/b")
