"""A case of very many small files: what is done for each is little, and nothing is done for each beside all others."""

import unicodedata
from collections import Counter
from dataclasses import astuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics import __version__, formats, pipeline
from forensics.core import words
from forensics.core.errors import CustodyError
from forensics.core.roster import Question
from forensics.core.tables import FILE
from forensics.custody import ledger
from forensics.custody.seal import Sealed
from forensics.pipeline import files, fresh, stamp, tell
from forensics.pipeline.files import Tally
from forensics.pipeline.parts import digest

REFS = 300


def refs_of(place, count, commits):
    """A repository of loose refs, of which so many name different commits."""
    heads = place / "srv" / "git" / "llm.git" / "refs" / "heads"
    heads.mkdir(parents=True)
    for n in range(count):
        (heads / f"b{n:04d}").write_text(f"{n % commits:040x}\n")
    return place


def sealed(case, evidence):
    pipeline.create(case)
    pipeline.seal(case, [evidence])
    return case


def written(case):
    return {
        path.relative_to(case): path.read_bytes() for path in sorted((case / "tables").glob("*/*.parquet"))
    }


@pytest.mark.parametrize("commits", [REFS, 7])
def test_refs_are_told_together_and_say_what_each_says(commits, tmp_path, monkeypatch):
    evidence, told, asked = refs_of(tmp_path / "e", REFS, commits), tell.made, []

    def counted(form, records, held, *rest, **more):
        asked.append((form, len(records), len(held)))
        return told(form, records, held, *rest, **more)

    monkeypatch.setattr(tell, "made", counted)
    case = sealed(tmp_path / "together", evidence)
    pipeline.ingest(case, workers=1)
    assert [one for one in asked if one[0] == "git_ref"] == [("git_ref", commits, REFS)]
    monkeypatch.setattr(fresh, "FEW_ROWS", 0)
    case = sealed(tmp_path / "each", evidence)
    pipeline.ingest(case, workers=1)
    assert written(tmp_path / "each") == written(tmp_path / "together")
    # Each by itself is told beside its own paths alone.
    if commits == REFS:
        assert asked[1:] == [("git_ref", 1, 1)] * REFS


def test_of_files_with_many_paths_few_are_told_together(tmp_path, monkeypatch):
    """A hundred thousand refs can name one commit, and each path is told."""
    asked, told = [], tell.made
    monkeypatch.setattr(tell, "SLICE_ROWS", 84)
    monkeypatch.setattr(
        tell,
        "made",
        lambda form, *more, **said: (asked.append((form, len(more[0]))), told(form, *more, **said))[1],
    )
    pipeline.ingest(sealed(tmp_path / "case", refs_of(tmp_path / "e", REFS, 7)), workers=1)
    assert [many for form, many in asked if form == "git_ref"] == [2, 2, 2, 1]


def test_a_group_of_records_is_told_when_it_is_there(tmp_path, monkeypatch):
    monkeypatch.setattr("forensics.store.parquet.GROUP_ROWS", 100)
    case = sealed(tmp_path / "case", refs_of(tmp_path / "e", REFS, REFS))
    sizes, told = [], fresh.Teller._tell
    monkeypatch.setattr(
        fresh.Teller, "_tell", lambda own, records: (sizes.append(len(records)), told(own, records))
    )
    pipeline.ingest(case, workers=1)
    assert sizes == [100, 100, 100]


def test_the_chain_is_checked_once_for_each_run(tmp_path, monkeypatch):
    passes, told = Counter(), ledger.told
    evidence = refs_of(tmp_path / "e", 3, 3)
    about = tmp_path / "case.toml"
    about.write_text('title = "Refs"\ncluster = "c"\nzone = "UTC"\n')
    case = tmp_path / "case"
    pipeline.create(case)
    pipeline.seal(case, [], about=about)

    def counted(path):
        passes["chain"] += 1
        return told(path)

    monkeypatch.setattr(ledger, "told", counted)
    pipeline.seal(case, [evidence])
    assert passes.pop("chain") == 1
    pipeline.ingest(case, workers=1)
    assert passes.pop("chain") == 1
    assert pipeline.status(case)["case"] == "Refs"
    assert passes.pop("chain") == 1


def test_a_broken_chain_stops_each_run(tmp_path):
    case = sealed(tmp_path / "case", refs_of(tmp_path / "e", 3, 3))
    path = case / "ledger.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:1], *lines[2:]]))
    for run in (lambda: pipeline.seal(case, [tmp_path / "e"]), lambda: pipeline.ingest(case, workers=1)):
        with pytest.raises(CustodyError, match="line 2 does not follow"):
            run()


@given(st.text() | st.text(st.characters(max_codepoint=0x2FF)))
def test_text_is_shown_as_character_by_character(text):
    each = (words._escape(c) if c != " " and unicodedata.category(c)[0] in "CZ" else c for c in text)
    assert words.shown(text) == "".join(each)


ROWS = st.builds(
    Sealed,
    path=st.text(max_size=5),
    sha256=st.sampled_from(["a" * 64, "b" * 64]),
    bytes=st.integers(0, 9),
    kind=st.sampled_from(["file", "symlink"]),
    link=st.none() | st.text(max_size=3),
    held=st.just("copied"),
    archive=st.none() | st.just("c" * 64),
    member_start=st.none() | st.integers(0, 9),
)


@given(st.lists(ROWS, max_size=7), st.integers(1, 8))
@settings(deadline=None)
def test_inputs_are_named_as_if_they_were_held_whole(rows, together):
    question = Question(zone="Europe/Amsterdam")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(stamp, "TOGETHER", together)
        named = stamp.inputs(question, rows)
    assert named == digest(
        [__version__, question.zone, question.window, question.places, [list(astuple(row)) for row in rows]]
    )


def file_rows(rows):
    made = [
        {
            "sha256": sha256,
            "path": str(n),
            "bytes": size,
            "unpacked_bytes": unpacked,
            "kind": kind,
            "held": "copied",
            "format": form,
            "domain": form and domain,
            "parsed": size,
            "rejected": 0,
            "ignored": 1,
        }
        for n, ((sha256, size, unpacked, kind), form, domain) in enumerate(rows)
    ]
    return (
        FILE.build({name: [row.get(name) for row in made] for name in FILE.names}) if made else FILE.empty()
    )


KINDS = st.sampled_from(
    [
        ("a" * 64, 3, None, "file"),
        ("b" * 64, 5, 50, "file"),
        ("c" * 64, 0, None, "symlink"),
        ("d" * 64, 7, None, "file"),
    ]
)
FORMS = st.sampled_from([None, "auditd", "git_ref", "bash_history", "wtmp"])
DOMAINS = st.sampled_from(["h:root", "h:user", "git:objects"])


@given(st.lists(st.tuples(KINDS, FORMS, DOMAINS), max_size=9))
@settings(deadline=None)
def test_files_are_summed_and_placed_as_row_by_row(rows):
    table = file_rows(rows)
    listed = table.to_pylist()
    found = Tally()
    for row in {row["sha256"]: row for row in listed if row["kind"] == "file"}.values():
        found = found.plus(Tally(files.read_bytes(row), row["parsed"], row["rejected"], row["ignored"]))
    assert files.total(table) == found
    copied = [
        row["format"] is not None
        and files._lowered(formats.registry()[row["format"]].DOMAIN)
        and row["domain"].endswith(":user")
        for row in listed
    ]
    held = {row["sha256"] for row, copy in zip(listed, copied, strict=True) if not copy}
    kept = [row for row, copy in zip(listed, copied, strict=True) if not copy or row["sha256"] not in held]
    assert files.placing(table).to_pylist() == kept
