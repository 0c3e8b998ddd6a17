"""What a repository says is elsewhere, and what is nowhere: said as it stands, with what shows it, and never as removed."""

import subprocess
from types import SimpleNamespace

import pyarrow as pa
import pytest
from repositories import Repository

from forensics import pipeline
from forensics.analysis import oddities
from forensics.analysis.changes import Differences
from forensics.analysis.evidence import Listed
from forensics.store import parquet


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    """The facts of a shallow clone, a clone without contents, and a repository whose pack was left out, made by git."""
    place = tmp_path_factory.mktemp("absent")
    made = Repository(place / "made")
    for i in range(3):
        made.commit(f"Seed {i}", train=f"SEED = {i}\n")
    made.git("config", "uploadpack.allowfilter", "true")
    home = place / "evidence" / "login01" / "home" / "kai"
    home.mkdir(parents=True)
    for name, how in (("shallow", ["--depth=1"]), ("partial", ["--filter=blob:none", "--no-checkout"])):
        made.git("clone", "-q", "--no-local", *how, f"file://{made.root}", str(home / name))
    made.git("clone", "-q", "--no-local", f"file://{made.root}", str(home / "lost"))
    for pack in (home / "lost").glob(".git/objects/pack/*.pack"):
        pack.unlink()
    pipeline.create(place / "case")
    pipeline.seal(place / "case", [place / "evidence"])
    pipeline.ingest(place / "case")
    pipeline.analyse(place / "case")
    tip = subprocess.run(
        ["git", "-C", str(made.root), "rev-parse", "main"], check=True, capture_output=True, text=True
    )
    return place / "case", tip.stdout.strip()


def facts(case, name):
    told = [o for o in parquet.read(case / "tables", "oddity").to_pylist() if o["fact"] == name]
    assert all(o["events"] for o in told)
    assert not [o for o in told if "delete" in o["about"]]
    return told


def test_a_shallow_boundary_is_said_though_its_file_has_the_bytes_of_a_ref(odd):
    case, tip = odd
    (cut,) = facts(case, "cut_by_shallow")
    assert (cut["oid"], cut["repository"]) == (tip, "login01/home/kai/shallow/.git")
    refs = [e for e in parquet.read(case / "tables", "event").to_pylist() if e["object_kind"] == "ref"]
    assert {e["object"] for e in refs if (e["repository"] or "").endswith("shallow/.git")} >= {
        "refs/heads/main"
    }
    assert None not in {e["object"] for e in refs}


def test_a_clone_without_contents_says_who_promised_them_and_which_are_lacking(odd):
    case, tip = odd
    promised = {o["about"].split(" ")[0] for o in facts(case, "partial_clone")}
    assert {"remote.origin.promisor", "promisor:"} <= promised
    lacking = facts(case, "content_missing")
    # The newest content is in the shallow clone, so it is in the evidence.
    assert len(lacking) == 2
    assert tip not in {o["oid"] for o in lacking}
    assert {o["repository"] for o in lacking} == {"login01/home/kai/partial/.git"}


def test_an_index_whose_pack_is_not_there_says_how_much_was_in_it(odd):
    told = facts(odd[0], "pack_not_there")
    assert {o["repository"] for o in told} == {"login01/home/kai/lost/.git"}
    assert [o for o in told if "pack index version 2 of 9 objects" in o["about"]]


def test_a_commit_in_a_shallow_clone_is_told_by_the_copy_that_tells_more(odd):
    case, tip = odd
    told = [h for h in parquet.read(case / "tables", "history").to_pylist() if h["oid"] == tip]
    assert {h["changed"] for h in told} == {1}


def test_what_a_loose_commit_changed_is_told_as_git_tells_it(tmp_path, monkeypatch):
    """A commit that was pushed by itself lies loose, or in a pack without its parent."""
    made = Repository(tmp_path / "evidence" / "login01" / "home" / "kai" / "llm")
    made.commit(
        "Seed", **{"src/train.py": "LR = 1\n", "src/data.py": "x\n", "notes": "a\n", "deep/a/b": "1\n"}
    )
    made.git("gc", "-q")
    (made.root / "notes").unlink()
    made.commit("Slower", **{"src/train.py": "LR = 2\n", "notes/now": "a folder\n", "deep/a/b": "2\n"})
    made.commit("Root again", train="SEED = 1\n")
    pipeline.create(tmp_path / "case")
    pipeline.seal(tmp_path / "case", [tmp_path / "evidence"])
    pipeline.ingest(tmp_path / "case")
    held = []
    whole = oddities.find
    monkeypatch.setattr(
        oddities, "find", lambda scene, commits: held.append(commits) or whole(scene, commits)
    )
    pipeline.analyse(tmp_path / "case")
    told = {
        commit.oid: [
            (c["old_mode"], c["new_mode"], c["old_oid"], c["new_oid"], c["path"]) for c in commit.changes
        ]
        for commit in held[0].values()
    }
    assert len(told) == 3
    zero = "0" * 40
    wanted = {}
    for oid in told:
        out = made.git(
            "diff-tree", "--root", "-r", "-m", "--first-parent", "--no-renames", "--no-commit-id", oid
        ).decode()
        rows = [line.lstrip(":").replace("\t", " ").split(" ") for line in out.splitlines()]
        wanted[oid] = [
            (
                *(None if mode == "000000" else mode for mode in row[:2]),
                *(None if name == zero else name for name in row[2:4]),
                row[5],
            )
            for row in rows
        ]
    assert {oid: set(changes) for oid, changes in told.items()} == {
        oid: set(changes) for oid, changes in wanted.items()
    }
    symbols = parquet.read(tmp_path / "case" / "tables", "symbol_change").to_pylist()
    assert {s["path"] for s in symbols} >= {"src/train.py"}


def test_a_tree_whose_entries_are_not_known_is_no_empty_one():
    commit = SimpleNamespace(changes=None, parents=[], tree="t")
    for entries, changed in ((None, None), ([], [])):
        tree = SimpleNamespace(entries=Listed(pa.array([entries], pa.list_(pa.string())), 0))
        assert Differences({"t": tree}).of(commit) == changed
