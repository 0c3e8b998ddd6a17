"""Annex A: every file, or of very many those that are cited or read, the others counted, and the whole pinned by its hash."""

import hashlib

import fixtures_findings as made
import pytest

from forensics.render import document, exhibits


def files(count, *, folder="login01/home/lin/src", form=None):
    return [
        {
            "path": f"{folder}/f{n:05d}.py",
            "sha256": hashlib.sha256(f"{folder}{n}".encode()).hexdigest(),
            "bytes": 10 + n,
            "form": form,
        }
        for n in range(count)
    ]


def built(extra, flags=()):
    found, table = made.findings(), made.files()
    rows = [{k: row[k] for k in ("path", "sha256", "bytes")} for row in extra]
    found["case"]["evidence"] += rows
    found["flags"] = list(flags)
    more = table.schema.empty_table().to_pylist()
    for row in extra:
        blank = dict.fromkeys(table.schema.names)
        more.append({**blank, "kind": "file", "held": "copied", **rows[0], "path": row["path"], "sha256": row["sha256"], "bytes": row["bytes"], "format": row["form"], "parsed": 0, "rejected": 0, "ignored": row["bytes"]})  # fmt: skip
    table = type(table).from_pylist([*table.to_pylist(), *more], table.schema)
    blocks = document.build(found, events=made.events(), files=table).content["blocks"]
    return found["case"]["evidence"], blocks


def words(cell):
    return "".join("".join(r["v"]) for r in cell["runs"])


def tables(blocks):
    found = {block["head"][0]: block["rows"] for block in blocks if block["t"] == "table"}
    numbered = [[words(cell) for cell in row] for row in found["No."]]
    return numbered, [[words(cell) for cell in row] for row in found.get("Folder", [])]


def notes(blocks):
    """The files of every footnote and of Annex B."""
    if isinstance(blocks, dict):
        if "spans" in blocks and blocks["number"]:
            yield blocks["number"]
        for value in blocks.values():
            yield from notes(value)
    elif isinstance(blocks, list):
        for value in blocks:
            yield from notes(value)


def test_as_many_files_as_there_is_room_for_are_all_listed():
    some = exhibits.MOST_LISTED - len(made.findings()["case"]["evidence"])
    evidence, blocks = built(files(some))
    listed, folders = tables(blocks)
    assert len(listed) == len(evidence) == exhibits.MOST_LISTED
    assert folders == []


@pytest.mark.parametrize("form", [None, "bash_history"], ids=["read_by_nobody", "read"])
def test_of_more_the_cited_and_the_read_are_listed_and_none_is_lost(form):
    evidence, blocks = built(
        [*files(500, folder="aaa/x", form=form), *files(3, folder="zzz/y/z/w/v", form="passwd")]
    )
    listed, folders = tables(blocks)
    assert set(notes(blocks)) <= {row[0] for row in listed}
    paths = {row[1] for row in listed}
    if form is None:
        assert not any(path.startswith("aaa/") for path in paths)
        assert {path for path in paths if path.startswith("zzz/")} == {
            f"zzz/y/z/w/v/f{n:05d}.py" for n in range(3)
        }
    else:
        assert len(listed) == exhibits.MOST_LISTED
    assert len(listed) + sum(int(row[1].replace(",", "")) for row in folders) == len(evidence)
    size = sum(int(row[2].split()[0].replace(",", "")) for row in (*listed, *folders))
    assert size == sum(row["bytes"] for row in evidence)
    lines = [
        f"{row['sha256']}  {row['path']}\n"
        for row in sorted(evidence, key=lambda r: (r["path"], r["sha256"]))
    ]
    assert hashlib.sha256("".join(lines).encode()).hexdigest() in str(blocks).replace("', '", "")


def test_a_file_that_a_rule_flags_is_listed():
    many = files(500)
    event = {"event": "e", "when": None, "citations": [{"sha256": many[7]["sha256"], "start": 0, "stop": 1}]}
    rule = {"title": "t", "rule": "r", "level": None, "path": "p", "line": 1, "sha256": "0" * 64, "flagged": 1, "events": [event]}  # fmt: skip
    _, blocks = built(many, [rule])
    listed, _ = tables(blocks)
    assert many[7]["path"] in {row[1] for row in listed}
    assert set(notes(blocks)) <= {row[0] for row in listed}


def test_folders_are_few_however_many_there_are():
    many = [row for n in range(300) for row in files(2, folder=f"h{n:03d}/home/kai/x/y")]
    evidence, blocks = built(many)
    listed, folders = tables(blocks)
    assert len(folders) <= 60
    assert len(listed) + sum(int(row[1].replace(",", "")) for row in folders) == len(evidence)
    near = [row for n in range(300) for row in files(2, folder=f"login01/home/kai/p{n}")]
    _, blocks = built(near)
    assert ["login01/home/kai", "600", f"{sum(r['bytes'] for r in near):,}"] in tables(blocks)[1]
