"""Many refs: of those that lead to one object one is held, and what was left out changes no answer."""

import json

import pytest
from repositories import Repository

from forensics import pipeline
from forensics.analysis import tips as told
from forensics.pipeline import answer, tips
from forensics.store import parquet

GONE = 300


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    """A repository with hundreds of refs to one commit, and hundreds to objects that are nowhere."""
    place = tmp_path_factory.mktemp("tips")
    made = Repository(place / "evidence" / "git01" / "srv" / "git" / "llm")
    made.commit("Honest", train="SEED = 1\n")
    oid = made.git("rev-parse", "main").decode().strip()
    refs = [f"{oid} refs/heads/b{i:04d}" for i in range(300)]
    refs += [f"{i:040x} refs/heads/gone{i:04d}" for i in range(1, GONE + 1)]
    refs += [f"{'ab' * 20} refs/replace/{oid}", f"{oid} refs/tags/v1"]
    (made.root / ".git" / "packed-refs").write_text("# pack-refs with: peeled\n" + "\n".join(refs) + "\n")
    (made.root / "old-head").write_text(
        "ref: refs/heads/main\n"
    )  # whose path names neither repository nor ref
    pipeline.create(place / "case")
    pipeline.seal(place / "case", [place / "evidence"])
    pipeline.ingest(place / "case")
    return place / "case"


def analysed(case, monkeypatch, most):
    """The findings and the oddities, and how many events of refs were held."""
    held, whole = [], answer.examined

    def seen(*given):
        done, names = whole(*given)
        held.append(int(done.scene.events["format"].isin(told.FORMATS).sum()))
        return done, names

    monkeypatch.setattr(answer, "examined", seen)
    monkeypatch.setattr(tips, "MOST_REFS", most)
    pipeline.analyse(case)
    monkeypatch.undo()
    odd = parquet.read(case / "tables", "oddity").to_pylist()
    return json.loads((case / "findings.json").read_text()), odd, held[0]


def test_what_is_held_does_not_grow_with_the_refs_and_tells_the_same(case, monkeypatch):
    plain, all_odd, everything = analysed(case, monkeypatch, 10**6)
    found, odd, held = analysed(case, monkeypatch, 10)
    assert everything > 600
    # HEAD and its copy, one ref of those to the commit, the replacement, and the examples.
    assert held <= 4 + told.MOST_EXAMPLES
    assert found == plain
    assert odd == all_odd


def test_refs_to_objects_that_are_nowhere_are_told_once_with_their_number(case):
    (one,) = [
        o for o in parquet.read(case / "tables", "oddity").to_pylist() if o["fact"] == "ref_without_object"
    ]
    assert one["about"].startswith(f"{GONE + 1} refs, of which refs/")
    assert len(one["events"]) == told.MOST_EXAMPLES
    assert "deleted" not in json.dumps(one)
    replaced = [
        o["oid"] for o in parquet.read(case / "tables", "oddity").to_pylist() if o["fact"] == "replaced"
    ]
    assert len(replaced) == 1
