"""Large repositories: blobs and trees that nothing is asked of are not held, and every answer is the same."""

import json
import shutil
from pathlib import Path

import pyarrow as pa
import pytest
from drawn import some
from repositories import Repository

from forensics import pipeline
from forensics.analysis import git_tables, gitfound
from forensics.pipeline import answer, githeld, narrowed
from forensics.store import parquet

STAGED = Path(__file__).parents[1] / "sample_logs" / "staged" / "pulled_commit"


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    """A staged incident with its own loose objects, beside a packed repository, of which one commit lies away from its parent."""
    place = tmp_path_factory.mktemp("held")
    shutil.copytree(STAGED / "evidence", place / "evidence")
    made = Repository(place / "evidence" / "git01" / "srv" / "git" / "llm")
    for n in range(6):
        made.commit(f"Step {n}", **{"train.py": f"SEED = {n}\n", f"lib/part{n % 2}.py": f"x = {n}\n"})
    made.commit("Names", **{".mailmap": "Mei <mei@lab.example> <kai@lab.example>\n"})
    made.packed()
    made.commit("Later", **{"lib/part1.py": "# only a comment\nx = 5\n"})
    pipeline.create(place / "case")
    given = {"roster": STAGED / "roster.toml", "about": STAGED / "case.toml"}
    pipeline.seal(place / "case", [place / "evidence"], **{k: v for k, v in given.items() if v.exists()})
    pipeline.ingest(place / "case")
    return place / "case"


def analysed(case, monkeypatch, objects, events):
    """The findings, the tables of git, and how many events of objects were held."""
    held, whole = [], answer.examined

    def seen(*given):
        done, names = whole(*given)
        held.append(int(done.scene.events["format"].isin(gitfound.SOURCES).sum()))
        return done, names

    monkeypatch.setattr(answer, "examined", seen)
    monkeypatch.setattr(githeld, "MOST_OBJECTS", objects)
    monkeypatch.setattr(narrowed, "WHOLE_EVENTS", events)
    pipeline.analyse(case)
    monkeypatch.undo()
    tables = {t.name: parquet.read(case / "tables", t.name).to_pylist() for t in git_tables.TABLES}
    return json.loads((case / "findings.json").read_text()), tables, held[0]


def test_what_is_not_held_changes_no_answer(case, monkeypatch):
    plain, tables, everything = analysed(case, monkeypatch, 10**6, 10**9)
    assert {o["fact"] for o in tables["oddity"]} >= {"joined_by_mailmap"}
    assert tables["symbol_change"]
    assert "checked_out_for_job" in {a["why_link"] for a in plain["acts"]}
    for events in some((0, 10**9), 1):
        found, told, held = analysed(case, monkeypatch, 0, events)
        assert held < everything * 0.8
        assert {k: v for k, v in found.items() if v != plain[k]} == {}
        assert {k for k, v in told.items() if v != tables[k]} == set()


def test_trees_are_held_where_no_pack_says_what_a_commit_changed(case, monkeypatch):
    monkeypatch.setattr(githeld, "MOST_OBJECTS", 0)
    found = githeld.objects(case / "tables")
    rows = pa.concat_tables(
        [found[name].select(["oid", "kind"]) for name in gitfound.SOURCES if name in found]
    ).to_pylist()
    trees = {row["oid"] for row in rows if row["kind"] == "tree"}
    assert trees
    assert "blob" not in {row["kind"] for row in rows}
    assert trees < set(found[gitfound.NAME]["oid"].to_pylist())


def test_texts_and_names_are_those_of_the_tables():
    rows = [
        {"oid": "a" * 40, "kind": "blob", "text": "one", "oid_sha256": None, "content_sha256": "c" * 64},
        {"oid": "b" * 40, "kind": "blob", "text": None, "oid_sha256": "d" * 64, "content_sha256": None},
        {"oid": "e" * 40, "kind": "commit", "text": None, "oid_sha256": None, "content_sha256": None},
    ]  # fmt: skip
    blobs = gitfound.blobs({"git_object": pa.Table.from_pylist(rows)})
    assert blobs.there(["a" * 40, "d" * 64, "e" * 40, "f" * 40]) == {"a" * 40, "d" * 64}
    assert blobs.contents(["a" * 40, "b" * 40]) == {"a" * 40: "c" * 64}
    assert blobs.of_content(["c" * 64]) == {"a" * 40: "c" * 64}
    assert blobs.texts(["a" * 40, "b" * 40, "f" * 40]) == blobs.texts(["a" * 40]) == {"a" * 40: "one"}
    assert not gitfound.blobs({})
